"""Rules on projects: funding against investment, prose and box against the project table, parts against totals, count ×
unit cost, ratios out of range (averages.csv), years."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from pipelines import registry
from pipelines.reconcile.facts import Facts, Figure, Mention, Output, Project, Statement, Subject, grouped
from pipelines.reconcile.finding import CHECK, Finding, Side, plain, quoted, severity

_KEPT = ("总数与分项均照印，不以一方改另一方", "Total and parts kept as printed; neither corrects the other")
_NEAR = 0.005
_AVERAGES = registry.rows("averages", "pipelines.reconcile")
_START = re.compile(r"(20\d\d)年(?:底前)?开工")
_PARTS = ("floor_area_m2", "land_area_mu", "land_area_m2", "years")
_COUNTED = ("facilities", "projects_per_year", "beds", "households", "graves", "vehicles", "equipment_sets")


def funding_to_total(facts: Facts) -> Iterator[Finding]:
    """The funding amounts of one project against its investment."""
    for project_id, rows in grouped(facts.funding, lambda f: f.project_id).items():
        project = facts.project[project_id]
        total, parts = facts.total(project), [f.figure for f in sorted(rows, key=lambda f: f.position)]
        if total.value and not _near(_total(parts), total.value):
            yield Finding(
                project.subject, "funding_to_total", _severity(total, _total(parts)), Side.of(total), Side.of(*parts),
                "各项资金之和与总投资不符", "the funding parts do not add up to the investment",
                f"{_sum(parts)}；{_minus(_total(parts), total.value)}", _KEPT,
            )  # fmt: skip


def mention_investment(facts: Facts) -> Iterator[Finding]:
    """The investment of one project in prose or box against the project table."""
    for project_id, mentions in facts.project_mentions.items():
        listed = [facts.investment(m) for m in mentions if m.investment_wan and m.mention == "table"]
        loose = [facts.investment(m) for m in mentions if m.investment_wan and m.mention != "table"]
        for left in (f for f in loose if listed and not _near(f.value, listed[0].value)):
            yield Finding(
                facts.project[project_id].subject, "prose_to_table", _severity(left, listed[0].value),
                Side.of(left), Side.of(listed[0]), "正文所列投资与项目表不符",
                "the investment in the text differs from the project table", _minus(left.value, listed[0].value), CHECK,
            )  # fmt: skip


def mention_outputs(facts: Facts) -> Iterator[Finding]:
    """What one project delivers, in prose or box against the project table; several places of one value are one finding."""
    for outputs in grouped(facts.outputs, lambda o: (o.project_id, o.output)).values():
        listed = [o for o in outputs if o.mention == "table"]
        pairs = [(o, t) for o in outputs if o.mention != "table" and (t := _counterpart(o, outputs, listed))]
        apart = [(o, t) for o, t in pairs if o.quantity != t.quantity]
        for same in grouped(apart, lambda p: (p[0].quantity, p[1].output_id)).values():
            left, right = same[0]
            agreeing = [o for o, t in pairs if t is right and o.quantity == right.quantity]
            others = [*(o for o, _ in same[1:]), *agreeing]
            yield _outputs_differ(facts.project[left.project_id], left, right, others)


def box_to_annex(facts: Facts) -> Iterator[Finding]:
    """Facilities of one label: promised in a box outside the project table, built by another project inside it."""
    for outputs in facts.county_outputs.values():
        facilities = [o for o in outputs if o.output == "facilities"]
        listed = {_bare(o.label): o for o in reversed(facilities) if o.mention == "table"}
        for left in facilities:
            right, project = listed.get(_bare(left.label)), facts.project[left.project_id]
            if right and not project.in_annex and left.mention != "table" and right.quantity != left.quantity:
                yield _outputs_differ(project, left, right, [])


def output_parts(facts: Facts) -> Iterator[Finding]:
    """An area (or span of years) against the parts printed behind it in the same row."""
    areas = (o for o in facts.outputs if o.output in _PARTS)
    for rows in grouped(areas, lambda o: (o.project_id, o.output, o.source_line)).values():
        totals, parts = [o for o in rows if o.counted], [o for o in rows if not o.counted]
        if len(totals) == 1 and len(parts) > 1 and not _add_up(totals[0], parts):
            total, figures = totals[0].figure, [o.figure for o in parts]
            yield Finding(
                facts.project[rows[0].project_id].subject, "parts_to_total", "medium", Side.of(total), Side.of(*figures),
                f"{totals[0].label}的各部分之和与总数不符",
                f"the parts of the {registry.label('output', totals[0].output, 'en')} do not add up",
                f"{_sum(figures)}；{_minus(total.value, _total(figures))}", _KEPT,
            )  # fmt: skip


def breakdown_parts(facts: Facts) -> Iterator[Finding]:
    """A count against the rows that break it down by one dimension in the same line."""
    counts = (s for s in facts.first if s.additivity != "non_additive")
    for rows in grouped(counts, _quantity).values():
        totals = [s for s in rows if not s.breakdown]
        for parts in grouped((s for s in rows if s.breakdown), _dimension).values():
            figures = [p.figure for p in parts]
            if totals and len(parts) > 1 and not _near(_total(figures), totals[0].value):
                yield Finding(
                    totals[0].subject, "parts_to_total", "medium", Side.of(totals[0].figure), Side.of(*figures),
                    "的分项之和与合计不符", "the parts do not add up to the total",
                    f"{_sum(figures)}；{_minus(totals[0].value, _total(figures))}", _KEPT,
                )  # fmt: skip


def project_unit_cost(facts: Facts) -> Iterator[Finding]:
    """Count × unit cost against the yearly budget or the investment: no printed count of the project fits any amount."""
    outputs = grouped((o for o in facts.outputs if o.output in _COUNTED and o.quantity), lambda o: o.project_id)
    for project_id, rows in grouped((s for s in facts.first if s.project_id), lambda s: s.project_id or "").items():
        project, counts = facts.project[project_id], [o.figure for o in outputs.get(project_id, [])]
        prices = [s.figure for s in rows if s.unit == "wan_yuan" and not _yearly(s)]
        amounts = [s.figure for s in rows if _yearly(s)] + [facts.total(project)] * bool(project.total_investment_wan)
        if prices and counts and amounts and not _fits(prices[0].value, counts, amounts, _duration(project)):
            count, price, amount = counts[0], prices[0], amounts[0]
            product = f"{plain(count.value)}×{plain(price.value)}={plain(count.value * price.value)}"
            yield Finding(
                project.subject, "unit_cost", _severity(amount, count.value * price.value),
                Side.of(amount), Side((count, price), product), "数量乘以单价与金额不符",
                "count times unit cost is not the amount", f"{product} ≠ {plain(amount.value)}", CHECK,
            )  # fmt: skip


def implausible_ratio(facts: Facts) -> Iterator[Finding]:
    """Investment per m², m² per bed… outside the range of averages.csv; one finding per project, the first that fails."""
    outputs = grouped((o for o in facts.outputs if o.counted and o.quantity), lambda o: o.project_id)
    for project in facts.projects:
        figures = grouped(outputs.get(project.project_id, []), lambda o: o.output)
        known = {kind: [o.figure for o in rows] for kind, rows in figures.items()}
        known["investment"] = [facts.total(project)] * bool(project.total_investment_wan)
        failing = (f for ratio in _AVERAGES if (f := _out_of_range(project, ratio, known)))
        yield from islice(failing, 1)


def mention_years(facts: Facts) -> Iterator[Finding]:
    """Years in the text against the construction years of the project table."""
    for project_id, mentions in facts.project_mentions.items():
        listed = next((m for m in mentions if m.mention == "table" and m.start_year), None)
        apart = [m for m in mentions if listed and m.mention != "table" and m.end_year and not _within(m, listed)]
        if listed and apart:
            left, *others = (_years(facts, m) for m in apart)
            right = _years(facts, listed)
            yield Finding(
                facts.project[project_id].subject, "date_conflict", "medium", Side.of(left), Side.of(right),
                "正文所述年份与项目表建设年限不同", "the years in the text differ from the years of the project table",
                f"{left.printed} ≠ {right.printed}", ("年限照印，核实后再排时间", "Years kept as printed until checked"),
                tuple(others),
            )  # fmt: skip


def start_and_finish(facts: Facts) -> Iterator[Finding]:
    """Works that start, by the project table, only in the year in which the text has them finished."""
    for project_id, mentions in facts.project_mentions.items():
        started = {
            int(y[1]): m for m in mentions if m.mention == "table" and (y := _START.search(m.progress_printed or ""))
        }
        for year, listed in started.items():
            finished = [_years(facts, m) for m in mentions if m.mention != "table" and m.end_year == year]
            start = Figure(f"{listed.key}.progress", listed.line, f"{year}年开工", float(year))
            if finished:
                yield Finding(
                    facts.project[project_id].subject, "date_conflict", "medium", Side.of(finished[0]), Side.of(start),
                    "正文要求当年完成，项目表当年才开工", "to be finished in the year in which the project table has it start",
                    f"{year} = {year}", ("作为进度风险提示", "Flag as a risk to the schedule"), tuple(finished[1:]),
                )  # fmt: skip


def years_before_issue(facts: Facts) -> Iterator[Finding]:
    """Projects whose construction years were over when the plan was issued; one finding per county. Those whose years
    the text contradicts are left to mention_years."""
    doubtful = {m.project for m in facts.mentions if m.mention != "table" and m.end_year}
    for county, projects in facts.county_projects.items():
        issued = facts.issued.get(county, 0)
        past = [p for p in projects if p.in_annex and p.project_id not in doubtful and (p.end_year or issued) < issued]
        if past:
            ends = [_end(facts, p) for p in past]
            years = "、".join(sorted({f.printed for f in ends}))
            issue = Figure(f"{county}.issued", None, f"{issued}年发文", float(issued))
            yield Finding(
                Subject(county, past[0].domain), "date_conflict", "low", Side(tuple(ends), years), Side.of(issue),
                f"{len(past)}个项目的建设年限在规划发文之前已结束", f"{len(past)} projects end before the plan was issued",
                f"{years} < {issued}", ("核实项目是否已建成", "Check whether these projects are finished"),
            )  # fmt: skip


def span_beyond_plan(facts: Facts) -> Iterator[Finding]:
    """Works laid out over far more years than the construction years, with one amount for all."""
    for output in (o for o in facts.outputs if o.output == "years" and o.counted):
        project = facts.project[output.project_id]
        years = _duration(project)
        if years and (output.quantity or 0) > 2 * years:
            at = facts.year_line(project.project_id, project.end_year, project.source_line or 0)
            span = Figure(f"{project.project_id}.years", at, f"{project.start_year}-{project.end_year}", years)
            yield Finding(
                project.subject, "date_conflict", "medium", Side.of(output.figure), Side.of(span),
                "开发年限远超建设年限，总投资属哪几年未说明",
                "the works span far more years than the construction years; how much falls in the plan is not said",
                f"{output.value_as_printed} > {years}", ("不作分期推算，请补充分期投资", "Not split by phase; supply amounts per phase"),
                (facts.total(project),),
            )  # fmt: skip


def _outputs_differ(project: Project, left: Output, right: Output, others: list[Output]) -> Finding:
    one, two = left.figure, right.figure
    grade, doubt = severity([one, two], headline=True, promise=True), _both_may_hold(left, right)
    kind = registry.label("output", right.output, "en")
    label = right.label or registry.label("output", right.output, "zh")
    return Finding(
        project.subject, "prose_to_table", _LOWER[grade] if doubt else grade, Side.of(one), Side.of(two),
        f"的{label}在正文（专栏）与项目表中数量不同" + (doubt[0] if doubt else ""),
        f"text and project table give different numbers ({kind}: {quoted(label)})" + (doubt[1] if doubt else ""),
        _minus(one.value, two.value), CHECK, tuple(o.figure for o in others),
    )  # fmt: skip


_LOWER = {"high": "medium", "medium": "low", "low": "low"}


def _both_may_hold(left: Output, right: Output) -> tuple[str, str] | None:
    """Why two different numbers need not exclude each other: a lower bound that the other one meets, or another scope."""
    if left.qualifier in (">=", ">") and (right.quantity or 0.0) >= (left.quantity or 0.0):
        return "（前者印作下限，两数可以相容）", " (the first is a lower bound: both may hold)"
    if left.increment != right.increment:
        return "（范围可能不同：新建与改扩建）", " (the scope may differ: new, or new and rebuilt)"
    return None


def _out_of_range(project: Project, ratio: dict[str, str], known: dict[str, list[Figure]]) -> Finding | None:
    above, below = known.get(ratio["numerator"]), known.get(ratio["denominator"])
    if not above or not below or project.domain not in ratio["domains"].split(";"):
        return None
    value = float(ratio["factor"]) * _total(above) / _total(below)
    if float(ratio["minimum"]) <= value <= float(ratio["maximum"]):
        return None
    built = project.spend_kind in (None, "construction")  # equipment and services are not priced by floor area or bed
    grade = ratio["severity"] if built else _LOWER[ratio["severity"]]
    return Finding(
        project.subject, "implausible_average", grade, Side.of(*above), Side.of(*below),
        f"{ratio['zh']}明显异常", f"implausible {ratio['en']}",
        f"{plain(_total(above))}÷{plain(_total(below))}={plain(value)} {ratio['unit']} ∉ [{ratio['minimum']}, {ratio['maximum']}]",
        ("核实金额、面积或床位数所含内容", "Check what the amount, area or beds include"),
    )  # fmt: skip


def _counterpart(output: Output, outputs: list[Output], listed: list[Output]) -> Output | None:
    """The row of the project table that an output of the text stands for: same label, or the only one on both sides."""
    same = next((t for t in listed if _bare(t.label) == _bare(output.label)), None)
    alone = len(listed) == 1 and sum(o.mention == output.mention for o in outputs) == 1
    return same or (listed[0] if alone else None)


def _add_up(total: Output, parts: list[Output]) -> bool:
    """Some consecutive parts make the total; parts printed 余 may stay a little below."""
    values, wanted = [p.quantity or 0.0 for p in parts], total.quantity or 0.0
    room = 1 + max(_NEAR, *(p.figure.slack for p in parts))
    sums = (sum(values[i:j]) for i in range(len(values)) for j in range(i + 1, len(values) + 1))
    return any(s <= wanted * (1 + _NEAR) and s * room >= wanted for s in sums)


def _fits(price: float, counts: list[Figure], amounts: list[Figure], years: int | None) -> bool:
    """Whether some count × price, once or in every year, is some amount."""
    products = [price * c.value * n for c in counts for n in (1, years or 1, 5)]
    return any(_near(p, a.value) for p in products for a in amounts)


def _within(text: Mention, listed: Mention) -> bool:
    """A completion year may lie anywhere up to the last construction year; a span must start no earlier."""
    early = text.start_year != text.end_year and (text.start_year or 0) < (listed.start_year or 0)
    return not early and (text.end_year or 0) <= (listed.end_year or 0)


def _years(facts: Facts, m: Mention) -> Figure:
    return Figure(
        f"{m.key}.years", facts.year_line(m.project, m.end_year, m.line), m.years_printed or "", float(m.end_year or 0)
    )


def _end(facts: Facts, p: Project) -> Figure:
    line = facts.year_line(p.project_id, p.end_year, p.source_line or 0)
    return Figure(f"{p.project_id}.end", line, str(p.end_year), float(p.end_year or 0))


def _quantity(s: Statement) -> tuple[object, ...]:
    return s.county_code, s.indicator_id, s.source_line, s.period_end, s.measure, s.target_level, s.project_id


def _dimension(s: Statement) -> str:
    """The dimension of a breakdown with one pair; bounds and several pairs stand alone."""
    name, _, value = (s.breakdown or "").partition("=")
    return s.breakdown or "" if name == "bound" or ";" in value else name


def _yearly(s: Statement) -> bool:
    return "/年" in (s.unit_as_printed or "")


def _duration(project: Project) -> int | None:
    return project.end_year - project.start_year + 1 if project.start_year and project.end_year else None


def _bare(label: str | None) -> str:
    return re.sub(r"[（(].*?[）)]", "", label or "")


def _near(a: float, b: float) -> bool:
    return abs(a - b) <= _NEAR * max(abs(a), abs(b))


def _total(figures: list[Figure]) -> float:
    return sum(f.value for f in figures)


def _sum(figures: list[Figure]) -> str:
    return f"{'+'.join(plain(f.value) for f in figures)}={plain(_total(figures))}"


def _minus(a: float, b: float) -> str:
    return f"{plain(a)}-{plain(b)}={plain(a - b)}"


def _severity(figure: Figure, other: float) -> str:
    """Severity of an amount against a computed one."""
    return severity([figure, Figure("", None, "", other, figure.unit)], headline=True, promise=True)
