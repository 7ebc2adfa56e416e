"""Rules on single statements: one quantity printed twice, targets against baselines and higher levels, units, dates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from pipelines.reconcile.facts import RATES, Facts, Statement, grouped
from pipelines.reconcile.finding import CHECK, Finding, Side, plain, severity
from pipelines.staging.quantities import unit_code

_BASIS = ("照印保留，请核实口径", "Kept as printed; check the definition")
_SIGN = ("以指标表或先印处的限定词为准，待核实", "Take the sign of the table or of the first place until checked")
_MIXED = re.compile(r"人[（(]次[）)]")
_LEVELS = {"county": "县", "city": "州（市）", "province": "省", "national": "国家"}
_STEEP = 4.0


def same_quantity(facts: Facts) -> Iterator[Finding]:
    """One quantity of one period, printed with different values: the most authoritative place against the farthest."""
    for group in _same(facts.first):
        values = {s.value: s for s in reversed(group)}
        if len(values) > 1 and len({_unit(s) for s in group}) == 1:
            chief = min(group, key=lambda s: s.rank)
            others = sorted(
                (s for v, s in values.items() if v != chief.value), key=lambda s: -abs(s.value - chief.value)
            )
            yield _different(facts, chief, others)


def qualifier_lost(facts: Facts) -> Iterator[Finding]:
    """The same value once as a bound (不低于, 余) and once as an exact number."""
    for group in _same(facts.statements):
        chief = min(group, key=lambda s: s.rank)
        other = next((s for s in group if s.value == chief.value and s.qualifier != chief.qualifier), None)
        if other and other.source_line != chief.source_line:
            yield Finding(
                chief.subject, "same_quantity", "low", _signed(chief), _signed(other),
                "两处数值相同，限定词不同", "same value, different qualifier",
                f"{chief.qualifier}{plain(chief.value)} / {other.qualifier}{plain(other.value)}", _SIGN,
            )  # fmt: skip


def unit_conflict(facts: Facts) -> Iterator[Finding]:
    """One printed number with two units: per household and per hundred households, persons and person-times."""
    for group in _same(facts.statements):
        chief = min(group, key=lambda s: s.source_line or 0)
        other = next((s for s in group if _unit(s) != _unit(chief) and _number(s) == _number(chief)), None)
        if other:
            low, high = sorted((chief.value, other.value))
            times = f"（×{plain(high / low)}）" if low and high != low else ""
            yield Finding(
                chief.subject, "unit_conflict", "medium", _side(chief), _side(other), "两处单位不一致", "units differ",
                f"{_side(chief).text} ≠ {_side(other).text}{times}", _BASIS,
            )  # fmt: skip


def mixed_unit(facts: Facts) -> Iterator[Finding]:
    """Persons and person-times printed as one unit: 人(次)."""
    for s in facts.first:
        if _MIXED.search(s.unit_as_printed or ""):
            yield Finding(
                s.subject, "unit_conflict", "low", _side(s), Side((s.figure,), "人 / 人次"),
                "的单位把人与人次并写，无法判断是人数还是人次", "persons and person-times in one unit",
                f"{_side(s).text} = 人 / 人次 ?", ("核实后分列人数与人次", "State persons and person-times apart once checked"),
            )  # fmt: skip


def target_to_baseline(facts: Facts) -> Iterator[Finding]:
    """A county target that is worse than its baseline (high), or equal to it (low); one finding per target value."""
    for rows in facts.by_indicator.values():
        ranked = sorted(filter(_county_target, rows), key=lambda s: s.rank, reverse=True)
        for target in {(s.breakdown, s.value): s for s in ranked}.values():
            baseline = _baseline(target, rows)
            if baseline and not _improves(target, baseline):
                yield _not_above(target, baseline)


def level_comparison(facts: Facts) -> Iterator[Finding]:
    """A county target below the target of its own city, province or the nation, for rates, as its own plan prints them."""
    rates = (s for s in facts.first if s.tense == "promise" and s.unit in RATES)
    for group in grouped(rates, lambda s: (s.county_code, s.indicator_id, s.breakdown, s.period_end)).values():
        higher = [s for s in group if s.target_level != "county"]
        for own in {s.value: s for s in reversed(group) if s.target_level == "county"}.values():
            behind = [h for h in higher if _falls_short(own, h)]
            if behind:
                yield _below(own, sorted(behind, key=lambda h: -_gap(own, h)), headline=any(s.headline for s in group))


def target_dates(facts: Facts) -> Iterator[Finding]:
    """The same target value with two printed deadlines."""
    dated = (s for s in facts.first if s.tense == "promise" and s.target_level == "county" and not s.period_inferred)
    for group in grouped(dated, lambda s: (s.county_code, s.indicator_id, s.breakdown, s.value)).values():
        early, *_, late = sorted([*group, group[0]], key=lambda s: s.period_end or 0)
        if early.period_end != late.period_end:
            yield Finding(
                early.subject, "date_conflict", "medium", _dated(early), _dated(late),
                "同一目标值写有两个完成年份", "one target value with two deadlines",
                f"{early.period_end} ≠ {late.period_end}", CHECK,
            )  # fmt: skip


def steep_standard(facts: Facts) -> Iterator[Finding]:
    """A standard in money that grew more than fourfold within one plan period."""
    standards = (s for s in facts.first if s.tense == "standard" and s.unit.startswith("yuan"))
    for group in grouped(standards, lambda s: (s.county_code, s.indicator_id, s.breakdown)).values():
        first, *_, last = sorted([*group, group[0]], key=lambda s: s.period_end or 0)
        if first.value and last.value / first.value > _STEEP and (last.period_end or 0) - (first.period_end or 0) <= 5:
            yield Finding(
                first.subject, "implausible_average", "medium", _side(first), _side(last),
                "增长倍数明显异常" + "，起点年份未印" * first.period_inferred, "implausible growth within one plan period",
                f"{plain(last.value)}÷{plain(first.value)}={plain(last.value / first.value)}",
                ("核实起点数的年份与口径", "Check the year and the definition of the starting value"),
            )  # fmt: skip


def _same(statements: list[Statement]) -> list[list[Statement]]:
    """Statements of the same quantity, period, kind and level, in groups of two or more."""
    return [g for g in grouped(statements, _identity).values() if len(g) > 1]


def _identity(s: Statement) -> tuple[object, ...]:
    start = s.period_start if s.measure in ("cumulative", "planned") else None
    measure = "promise" if s.tense == "promise" else s.measure
    return s.county_code, s.indicator_id, s.breakdown, s.target_level, measure, start, s.period_end, s.project_id


def _different(facts: Facts, chief: Statement, others: list[Statement]) -> Finding:
    headline = any(s.headline for s in (chief, *others)) or chief.county_code not in facts.county_headlines
    figures = [s.figure for s in (chief, *others)]
    far = others[0].value
    return Finding(
        chief.subject, "same_quantity", severity(figures, headline=headline, promise=chief.tense == "promise"),
        _side(chief), _side(others[0]), "各处数值不同", "printed with different values",
        f"{' ≠ '.join(plain(f.value) for f in figures)}；{plain(chief.value)}-{plain(far)}={plain(chief.value - far)}",
        CHECK, tuple(s.figure for s in others[1:]),
    )  # fmt: skip


def _side(s: Statement) -> Side:
    return Side.of(s.figure)


def _signed(s: Statement) -> Side:
    """A statement with its sign in front, where the sign is the point; 余 and 多 speak for themselves."""
    sign = {">=": "≥", "<=": "≤", "=": ""}.get(s.qualifier, s.qualifier)
    return Side((s.figure,), ("" if s.figure.vague else sign) + s.figure.printed)


def _dated(s: Statement) -> Side:
    return Side((s.figure,), f"{s.period_end}年{s.figure.printed}")


def _unit(s: Statement) -> str:
    """The printed unit as a code, or as it stands when it is none of the known spellings; a mere 个 says nothing."""
    printed = re.sub(r"m\^2|m²|㎡", "平方米", (s.unit_as_printed or "").strip("（）()"))
    known = unit_code(printed) if printed and not _MIXED.search(printed) else None
    code = known[0] if known else printed
    return s.unit if code in ("", "count", "m2") or _MIXED.search(printed) else code


def _number(s: Statement) -> str:
    return re.sub(r"[^0-9.]", "", s.value_as_printed or "")


def _county_target(s: Statement) -> bool:
    return s.measure == "target" and s.target_level == "county"


def _baseline(target: Statement, rows: list[Statement]) -> Statement | None:
    """The latest actual before the target year on the same breakdown; table before prose."""
    past = [
        s for s in rows if s.measure == "actual" and s.target_level == "county" and s.breakdown == target.breakdown
        and (s.period_end or 0) < (target.period_end or 0)
    ]  # fmt: skip
    return min(past, key=lambda s: (-(s.period_end or 0), s.rank), default=None)


def _improves(target: Statement, baseline: Statement) -> bool:
    """Whether the target is better; a quantity without a direction is expected to grow."""
    downward = target.better == "lower" or target.qualifier == "<="
    return target.value < baseline.value if downward else target.value > baseline.value


def _not_above(target: Statement, baseline: Statement) -> Finding:
    gap = f"{plain(target.value)}-{plain(baseline.value)}={plain(target.value - baseline.value)}"
    finding = Finding(
        target.subject, "target_to_baseline", "high", _dated(baseline), _dated(target), "的目标低于基期，方向相反",
        "the target is worse than the baseline", gap, ("核实目标值或基期值", "Check target or baseline"),
    )  # fmt: skip
    if target.value != baseline.value:
        return finding
    return replace(
        finding, severity="low", zh="的目标等于基期，属于保持而非提高", en="the target equals the baseline: kept, not raised",
        resolution=("按保持性目标评价", "Judge as maintenance"),
    )  # fmt: skip


def _gap(own: Statement, higher: Statement) -> float:
    return own.value - higher.value if own.better == "lower" else higher.value - own.value


def _falls_short(own: Statement, higher: Statement) -> bool:
    stricter = higher.qualifier in (">", "<") and own.qualifier != higher.qualifier
    return _gap(own, higher) > 0 or (_gap(own, higher) == 0 and stricter)


def _below(own: Statement, behind: list[Statement], *, headline: bool) -> Finding:
    """High when a headline target falls a quarter, or 20 points, short; low when only the sign is weaker."""
    top, gap = behind[0], _gap(own, behind[0])
    level = "low" if gap == 0 else "high" if headline and gap >= max(20.0, top.value / 4) else "medium"
    shown = "，".join(_LEVELS[h.target_level] + _signed(h).text for h in behind)
    return Finding(
        own.subject, "level_comparison", level, _of_level(own), _of_level(top),
        f"的县级目标低于{_LEVELS[top.target_level]}级目标", f"the county target is below the {top.target_level} target",
        f"县{_signed(own).text} < {shown}", ("与上级主管部门核对分解目标", "Check the target assigned by the higher level"),
        tuple(_of_level(h) for h in behind[1:]),
    )  # fmt: skip


def _of_level(s: Statement) -> Side:
    """A target with whose it is: 县级第87行“30%”, 州（市）级第116行“60%”."""
    return replace(_signed(s), label=(f"{_LEVELS[s.target_level]}级", f"{s.target_level},"))
