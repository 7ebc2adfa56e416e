"""The public profile: the tables of a release in, the same tables out without small counts of persons and without anything
that would reveal them. Left-out values are empty with status `suppressed`; where a text is required it reads ``[…]``.

What is left out is decided in disclosure.py over the cells of counts.py. Facts are masked here. Targets and comparisons are
then made again from the masked facts, so that they have never seen what was left out; contradictions stay as they are only if
the rules find them again in the masked facts. Nothing is read from or written to a release."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import polars as pl

from pipelines import registry
from pipelines.core import builder
from pipelines.evaluate.targets import evaluate
from pipelines.publish import areas, audit, counts, pattern, projected
from pipelines.publish.counts import FACTS, Member, Tables
from pipelines.publish.disclosure import DisclosureError
from pipelines.publish.memory import SUPPRESSED, VALUES
from pipelines.publish.pattern import Rules
from pipelines.reconcile.facts import Facts
from pipelines.reconcile.ledger import FOUND
from pipelines.reconcile.rules import findings, frame
from pipelines.staging.quantities import numbers_named, people_named

MASK = "[…]"
_FIRST = re.compile(r"[0-9][0-9,]*(?:\.[0-9]+)?")
_NUMERAL = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_PEOPLE_DONE = re.compile(r"(?:persons_[a-z]+|households)\s*=\s*([0-9]+(?:\.[0-9]+)?)")
_ANY_NUMBER = re.compile(r"[0-9][0-9,]*(?:\.[0-9]+)?|[零〇一二两三四五六七八九十百千]+")
_SPOKEN = r"\p{N}|[零〇一二两三四五六七八九十百千]"
_TEXTS = ("left_value", "right_value", "computation", "resolution", "resolution_en", "review_note")
_PLACES = ("left_line", "right_line", "lines")
_UNGRADED = "medium"  # the severity of a contradiction depends on how far its numbers are apart
_TOLD = (
    "fct_observation",
    "fct_project",
    "fct_project_mention",
    "fct_project_funding",
    "fct_project_output",
    "fct_project_progress",
)
_NAMES = ("name_zh", "name_en", "name_as_printed")  # lose their telling numbers and keep their words
_OWN = ("value_as_printed", "total_investment_wan_as_printed")  # print the number of their row
HIDDEN_FINDING = (
    "前后不一致（待核实）：涉及已隐去的人数，说明从略。",
    "Inconsistent (to be verified): it rests on suppressed counts of persons; words left out.",
)


@dataclass(frozen=True)
class Protected:
    """The public tables, the rows whose values were left out, those of them that an earlier public release told, and the counties
    all of whose counts of persons were, with what could not be protected one by one (`pattern.Pattern`)."""

    tables: dict[str, pl.DataFrame]
    hidden: frozenset[Member]
    told: frozenset[Member]
    whole: Mapping[str, tuple[str, ...]]


def protect(tables: Tables, rules: Rules) -> Protected:
    """Every published table (meta tables excepted) by name → the public ones, in registered order. Tables without small counts
    come back as they are. Raises DisclosureError when a small count cannot be protected."""
    whole: Mapping[str, tuple[str, ...]] = {}
    while True:
        chosen = pattern.decide(tables, rules, whole)
        try:
            masked = _masked(tables, _Hidden.of(tables, chosen.members, rules.threshold, chosen.whole), rules)
        except DisclosureError as error:  # what a county's projections need cannot be had
            if error.county is None or error.county in chosen.whole:
                raise
            whole = {**chosen.whole, error.county: (str(error),)}
        else:
            break
    _audited(masked, rules)
    found = audit.checks(tables, masked, rules, chosen.whole)
    if failed := found.filter(~pl.col("passed") & (pl.col("severity") == "critical"))["message_zh"].to_list():
        raise DisclosureError("\n".join(failed))
    masked["mart_quality"] = pl.concat([masked["mart_quality"], found], how="diagonal_relaxed")
    return Protected(
        {n: builder.canonical(n, f, suppressed=True) for n, f in masked.items()},
        chosen.members,
        chosen.members & rules.told,
        chosen.whole,
    )


def hidden_rows(tables: Tables, rules: Rules) -> frozenset[Member]:
    """The rows whose values must be left out, county by county."""
    return pattern.decide(tables, rules).members


@dataclass(frozen=True)
class _Hidden:
    """What is left out, in the shapes that the tables ask for."""

    threshold: int
    members: Collection[Member]
    rows: Mapping[str, pl.DataFrame]  # table → keys of its left-out rows
    census: Mapping[str, pl.DataFrame]  # the same for figures of a census, estimates excepted
    numerals: pl.DataFrame  # county_code, source_line, occurrence
    lines: Mapping[str, frozenset[int]]  # county → document lines with a left-out numeral or statement
    printed: Mapping[str, frozenset[str]]  # county → left-out numbers, as printed and as read
    aged: frozenset[str]  # counties with a left-out age cell
    whole: frozenset[str]  # counties of whose census nothing is told

    @classmethod
    def of(cls, tables: Tables, hidden: Collection[Member], threshold: int, whole: Collection[str] = ()) -> _Hidden:
        keys = {n: tables[n].select(registry.table(n).key).clear() for n in VALUES}
        rows = {n: pl.DataFrame([k for t, k in hidden if t == n], schema=keys[n].schema, orient="row") for n in VALUES}
        facts = [i for n, key in FACTS.items() for i in rows[n][key]]
        place = ("county_code", "source_line", "occurrence")
        fed = tables["fct_figure_fact"].filter(
            pl.col("fact_id").is_in(facts) & (pl.col("column_name") == "value_as_printed")
        )
        numerals = fed.select(place).unique()
        said = [_stating(tables, tables[n]).join(rows[n], on=FACTS[n], how="semi") for n in FACTS]
        printed = tables["fct_source_figure"].join(numerals, on=place, how="semi").select("county_code", "printed")
        read = [
            s.select("county_code", pl.col(VALUES[n][0]).cast(pl.String).alias("printed"))
            for n, s in zip(FACTS, said, strict=True)
        ]
        texts = [*(s.select("county_code", printed="value_as_printed") for s in said), printed, *read]
        at = [*(s.select("county_code", "source_line") for s in said), numerals.select("county_code", "source_line")]
        census = {n: rows[n] for n in ("fct_population", "fct_census_covariate")}
        census["mart_elderly_outlook"] = counts.base_rows(tables, rows["mart_elderly_outlook"])
        aged = frozenset(code for keys in census.values() for code in keys["county_code"])
        lines, numbers = _by_county(at), _numerals(texts)
        return cls(threshold, hidden, rows, census, numerals, lines, numbers, aged, frozenset(whole))

    def touches(self, county: str, lines: Collection[int], *texts: str | None) -> bool:
        """Whether something speaks of a line with a left-out count, prints the same number as one, or names a small number of people."""
        found = frozenset[str]().union(*map(numbers_named, texts))
        if any(0 < n < self.threshold for text in texts for n in people_named(text)):
            return True
        return bool(self.lines.get(county, frozenset()).intersection(lines)) or bool(
            self.printed.get(county, frozenset()) & found
        )


def _stating(tables: Tables, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with the county that they are about."""
    if "county_code" in rows.columns:
        return rows
    owner = tables["fct_project"].select("project_id", "county_code")
    return rows.join(owner, on="project_id", how="left", maintain_order="left")


def _by_county(frames: list[pl.DataFrame]) -> dict[str, frozenset[int]]:
    grouped = pl.concat(frames).drop_nulls().group_by("county_code").agg("source_line")
    return {code: frozenset(lines) for code, lines in grouped.iter_rows()}


def _numerals(frames: list[pl.DataFrame]) -> dict[str, frozenset[str]]:
    grouped = pl.concat(frames).drop_nulls().group_by("county_code").agg("printed")
    return {code: frozenset[str]().union(*map(numbers_named, texts)) for code, texts in grouped.iter_rows()}


def _masked(tables: Tables, hidden: _Hidden, rules: Rules) -> dict[str, pl.DataFrame]:
    out = {name: tables[name] for name in (t.name for t in registry.published() if t.layer != "meta")}
    for name in (n for n in VALUES if n != "mart_elderly_outlook"):
        out[name] = _left_out(out[name], hidden.rows[name], registry.table(name).key, VALUES[name])
    out["fct_observation"] = _words_of(out["fct_observation"], hidden)
    out["fct_project_output"] = _as(
        out["fct_project_output"], pl.col("status") == SUPPRESSED, value_as_printed=pl.lit(MASK)
    )
    out |= {n: _texts(tables, n, out[n], hidden) for n in _TOLD}
    out["fct_source_figure"] = _figures(out["fct_source_figure"], hidden)
    out["fct_correction"] = _corrections(out["fct_correction"], hidden)
    around = areas.left_out(tables, hidden.census, rules.threshold)
    for name, keys in around.items():
        out[name] = _left_out(out[name], keys, registry.table(name).key, areas.AREAS[name][:1])
    out |= _untold(out, hidden.whole)
    out |= _projections(tables, out, hidden, around, rules)
    out["mart_target"] = _targets(tables, out)
    out["mart_county_comparison"] = _comparison(pattern.without_census(tables, hidden.whole), out)
    out["fct_discrepancy"] = _contradictions(tables, out, hidden)
    out["mart_elderly_outlook"] = _outlook(out["mart_elderly_outlook"], hidden, rules)
    out["fct_project_progress"] = _progress(out, rules.threshold)
    out["mart_quality"] = _results(tables, out)
    out["mart_held_back"] = _without_hashes(out["mart_held_back"])
    out["dim_source"] = _as(out["dim_source"], pl.col("county_code").is_in(list(hidden.lines)), sha256=pl.lit(None))
    return out


def _as(rows: pl.DataFrame, where: pl.Expr, **values: pl.Expr) -> pl.DataFrame:
    """Rows with some columns set where a condition holds."""
    return rows.with_columns(pl.when(where).then(v).otherwise(pl.col(c)).alias(c) for c, v in values.items())


def _left_out(rows: pl.DataFrame, keys: pl.DataFrame, key: tuple[str, ...], columns: tuple[str, ...]) -> pl.DataFrame:
    mark = keys.unique().with_columns(__out=pl.lit(True))
    found = rows.join(mark, on=key, how="left", maintain_order="left", nulls_equal=True)
    if "status" not in found.columns:
        found = found.with_columns(status=pl.lit(None, dtype=pl.String))
    empty = {c: pl.lit(None, dtype=rows.schema[c]) for c in columns}
    return _as(found, pl.col("__out").fill_null(False), **empty, status=pl.lit(SUPPRESSED)).drop("__out")


def _words_of(rows: pl.DataFrame, hidden: _Hidden) -> pl.DataFrame:
    """Print and notes of left-out statements, and the notes beside them on the same lines."""
    out = _as(rows, pl.col("status") == SUPPRESSED, value_as_printed=pl.lit(MASK), note=pl.lit(None, dtype=pl.String))
    near = pl.struct("county_code", "source_line", "note").map_elements(
        lambda r: hidden.touches(r["county_code"], [r["source_line"]], r["note"]), return_dtype=pl.Boolean
    )
    return _as(out, pl.col("note").is_not_null() & near, note=pl.lit(None, dtype=pl.String))


def _texts(tables: Tables, name: str, rows: pl.DataFrame, hidden: _Hidden) -> pl.DataFrame:
    """Free texts of a table. One that names a small number of people, or a left-out number of its county, is left out; a name loses
    that number alone, and what prints the number of its own row is judged by what it says besides."""
    codes = _stating(tables, rows)["county_code"]

    def quiet(column: str, county: str, text: str) -> str:
        if column in _NAMES:
            return _without(text, lambda words: hidden.touches(county, (), words))
        besides = (
            _FIRST.sub("", text, count=1) if column in _OWN else text
        )  # `105（其中女性4人）` says `（其中女性4人）`
        return MASK if hidden.touches(county, (), besides) else text

    for column in (c.name for c in registry.table(name).columns if c.free_text):
        spoken = rows[column].str.contains(_SPOKEN).fill_null(False)
        said = [quiet(column, c, t) if s else t for c, t, s in zip(codes, rows[column], spoken, strict=True)]
        rows = rows.with_columns(pl.Series(column, said, dtype=pl.String))
    return rows


def _without(text: str, tells: Callable[[str], bool]) -> str:
    """A text with a mask in place of each number that tells something together with the words up to the next one; nothing but a mask
    where the whole still does."""
    each = ((c, unicodedata.normalize("NFKC", c)) for c in text)
    plain = "".join(like if len(like) == 1 else c for c, like in each)  # the same places as in the text
    numbers = list(_ANY_NUMBER.finditer(plain))
    ends = [*(m.start() for m in numbers[1:]), len(plain)]
    for number, end in reversed(list(zip(numbers, ends, strict=False))):
        if tells(plain[number.start() : end]):
            text = text[: number.start()] + MASK + text[number.end() :]
    return MASK if tells(text) else text


def _figures(rows: pl.DataFrame, hidden: _Hidden) -> pl.DataFrame:
    mark = hidden.numerals.with_columns(__out=pl.lit(True))
    found = rows.join(mark, on=hidden.numerals.columns, how="left", maintain_order="left")
    values = {"printed": pl.lit(MASK), "status": pl.lit(SUPPRESSED), "reason": pl.lit(None, dtype=pl.String)}
    return _as(found, pl.col("__out").fill_null(False), **values).drop("__out")


def _corrections(rows: pl.DataFrame, hidden: _Hidden) -> pl.DataFrame:
    """Repairs of left-out rows, and those whose words name a line or a numeral that is left out."""
    facts = {str(i) for n, key in FACTS.items() for i in hidden.rows[n][key]}
    cells = ("printed", "corrected", "reason_zh", "reason_en", "evidence")

    def meant(r: dict[str, str]) -> bool:
        spoken = [int(n) for c in cells for n in _NUMERAL.findall(r[c] or "") if n.isdigit()]
        return f"{r['county_code']}-{r['row_key']}" in facts or hidden.touches(
            r["county_code"], spoken, *(r[c] for c in cells)
        )

    mark = pl.Series([meant(r) for r in rows.iter_rows(named=True)], dtype=pl.Boolean)
    return _as(rows, pl.lit(mark), **{c: pl.lit(MASK) for c in cells})


def _targets(tables: Tables, out: Tables) -> pl.DataFrame:
    """Targets judged again on the masked statements; a baseline that is gone says why."""
    outlooks = {
        k: out[f"mart_{n}"]
        for k, n in (("beds", "bed_outlook"), ("graves", "cemetery_class_outlook"), ("elderly", "elderly_outlook"))
    }
    judged = evaluate(out["fct_observation"], tables["dim_indicator"], sources=tables["dim_source"], **outlooks)
    before = tables["mart_target"].select("target_id", __had=pl.col("baseline").is_not_null())
    found = judged.join(before, on="target_id", how="left", maintain_order="left")
    gone = pl.col("baseline").is_null() & pl.col("__had").fill_null(False)
    return _as(found, gone, baseline_status=pl.lit(SUPPRESSED)).drop("__had")


def _comparison(tables: Tables, out: Tables) -> pl.DataFrame:
    """Counties compared again on the masked statements. Residents and elderly are those of the internal release: their sums
    are published (counts.KNOWN_FROM) and never left out."""
    with builder.connect() as con:
        builder.attach_registry(con)
        for table in registry.in_layer("core"):
            builder.load(con, table.name, out[table.name] if table.name == "fct_observation" else tables[table.name])
        builder.build(con, "pipelines.marts", ["mart_county_comparison"])
        return builder.ordered(con, "mart_county_comparison")


def _contradictions(tables: Tables, out: Tables, hidden: _Hidden) -> pl.DataFrame:
    """A contradiction keeps its words if the rules find the same one in the masked facts. One that the rules do not find here
    at all (readers' notes, mentions of projects) keeps them if it names no line and no numeral that is left out."""
    rows = tables["fct_discrepancy"]
    columns = [c for c in FOUND if c not in ("severity", "domain")]
    internal, public = (_found(t, hidden).select(columns).unique() for t in (tables, out))
    lost = internal.join(public, on=columns, how="anti", nulls_equal=True)
    again = rows.join(public, on=columns, how="semi", nulls_equal=True)["discrepancy_id"]
    gone = rows.join(lost, on=columns, how="semi", nulls_equal=True)["discrepancy_id"]

    def meant(r: dict[str, str | int | None]) -> bool:
        places = [int(n) for n in _NUMERAL.findall(str(r["lines"] or "")) if n.isdigit()]
        at = [n for n in (r["left_line"], r["right_line"], *places) if isinstance(n, int)]
        return hidden.touches(
            str(r["county_code"]), at, *(str(r[c] or "") for c in (*_TEXTS, "description_zh", "description_en"))
        )

    silent = rows.filter(~pl.col("discrepancy_id").is_in(again.implode()))
    named = [
        str(r["discrepancy_id"]) for r in silent.iter_rows(named=True) if r["county_code"] in hidden.whole or meant(r)
    ]
    masked = pl.col("discrepancy_id").is_in([*gone, *named])
    shown = rows.filter(~masked)
    told = [hidden.touches(code, (), said) for code, said in shown.select("county_code", "review_note").iter_rows()]
    shown = _as(shown, pl.lit(pl.Series(told, dtype=pl.Boolean)), review_note=pl.lit(MASK))
    return pl.concat([shown, _unnamed(rows.filter(masked))])


def _unnamed(rows: pl.DataFrame) -> pl.DataFrame:
    """Contradictions without words, places, severity and the id that is worked out from them: whoever tried every value of a gap
    would find the one that gives the id. They are numbered by county and rule in the order of what is left of them."""
    words = {"description_zh": pl.lit(HIDDEN_FINDING[0]), "description_en": pl.lit(HIDDEN_FINDING[1])}
    texts = {c: pl.when(pl.col(c).is_not_null()).then(pl.lit(MASK)) for c in _TEXTS}
    places = {c: pl.lit(None, dtype=rows.schema[c]) for c in _PLACES}
    left = rows.with_columns(**words, **texts, **places, severity=pl.lit(_UNGRADED))
    number = pl.int_range(1, pl.len() + 1).over("county_code", "rule_id").cast(pl.String).str.zfill(3)
    id_ = pl.concat_str("county_code", "rule_id", number, separator="-")
    return left.sort(pl.exclude("discrepancy_id")).with_columns(discrepancy_id=id_)


def _found(tables: Tables, hidden: _Hidden) -> pl.DataFrame:
    """What the rules find in a set of facts; no census where ages are left out."""
    needed = ("dim_indicator", "dim_source", "fct_observation", "fct_project", "fct_project_output", "fct_project_funding",
              "fct_figure_fact", "fct_source_figure", "fct_population")  # fmt: skip
    facts = {n: tables[n] for n in needed}
    facts["fct_population"] = facts["fct_population"].filter(
        pl.col("persons").is_not_null() & ~pl.col("county_code").is_in(list(hidden.aged))
    )
    return frame(findings(Facts.of(**facts)))


def _projections(tables: Tables, out: Tables, hidden: _Hidden, around: Tables, rules: Rules) -> dict[str, pl.DataFrame]:
    """What is projected from ages and plans, made again where an age, the area of a county or a figure of beds is left out."""
    known = set(tables["mart_elderly_outlook"]["county_code"])
    people = hidden.aged | set(areas.touched(tables, around, known))
    beds = known & projected.resting_on(tables, hidden.rows["fct_observation"])
    codes = sorted((people | beds) - hidden.whole)
    if not codes:
        return {}
    own = counts.read(tables, codes, rules.threshold, rules.kept, rules.told)
    again = projected.marked(tables, projected.again(out, own, hidden.members, seed=rules.seed), beds - people)
    here = pl.col("county_code").is_in(codes)
    calm = {name: out[name].filter(~here) for name in again}
    return {n: builder.canonical(n, pl.concat([calm[n], f], how="diagonal_relaxed")) for n, f in again.items()}


def _untold(out: Tables, whole: Collection[str]) -> dict[str, pl.DataFrame]:
    """The marts that would tell a census that is left out: nothing projected from it, no money a head."""
    if not whole:
        return {}
    here = pl.col("county_code").is_in(list(whole))
    none = dict.fromkeys(("per_resident_yuan", "per_60plus_yuan"), pl.lit(None, dtype=pl.Float64))
    marts = {name: out[name].filter(~here) for name in projected.tables_of_forecast()}
    return {**marts, "mart_investment": _as(out["mart_investment"], here, **none)}


def _outlook(rows: pl.DataFrame, hidden: _Hidden, rules: Rules) -> pl.DataFrame:
    """Left-out sums of the base year, and estimates below the threshold: of both sexes where it is one, because men and women of
    an estimate add up, and of all where both together leave no room."""
    name, band = "mart_elderly_outlook", ["county_code", "year", "age_band"]
    key, one = registry.table(name).key, pl.col("sex") != "both"
    said = (pl.col("p50") > 0) & (pl.col("p50") < rules.threshold)
    few = pl.concat([rows.filter(said).select(key), hidden.rows[name]])
    sexes = rows.filter(one).join(few.filter(one), on=band, how="semi")
    narrow = rows.filter(~one & (pl.col("p50") < rules.threshold + rules.width)).join(sexes, on=band, how="semi")
    return _left_out(rows, pl.concat([few, sexes.select(key), narrow.select(key)]), key, VALUES[name])


def _progress(out: Tables, threshold: int) -> pl.DataFrame:
    """What a project has completed is free text: left out where the project has a left-out output, or where it counts few people."""
    gone = out["fct_project_output"].filter(pl.col("status") == SUPPRESSED)["project_id"].unique()
    few = pl.col("outputs_completed").map_elements(
        lambda said: any(0 < float(n) < threshold for n in (*_PEOPLE_DONE.findall(said), *people_named(said))),
        return_dtype=pl.Boolean,
    )
    named = (pl.col("project_id").is_in(gone.implode()) | few) & pl.col("outputs_completed").is_not_null()
    return _as(out["fct_project_progress"], named.fill_null(False), outputs_completed=pl.lit(MASK))


def _without_hashes(rows: pl.DataFrame) -> pl.DataFrame:
    """A left-out number could be found by trying which one gives the hash of the raw folder."""
    hashes = ("input_hash", "used_input_hash")
    return _as(rows, pl.lit(True), **{c: pl.when(pl.col(c).is_not_null()).then(pl.lit(MASK)) for c in hashes})


def _results(tables: Tables, out: Tables) -> pl.DataFrame:
    """The checks of the internal release; a failing one names rows and values, so its words are left out. Of a table that is another
    one here it is not told either how many rows fail (whoever counts those of the public table would know of the others), nor
    which figures a passed check of no table's own expects."""
    rows = out["mart_quality"]
    expecting = pl.col("passed") & ~pl.col("suite").is_in(list(registry.tables()))
    told = sorted(set(rows.filter(~pl.col("passed") | expecting)["table_name"]))
    other = pl.col("table_name").is_in([n for n in told if n in out and not _alike(n, tables[n], out[n])])
    for which, zh, en in (
        (expecting & other, "{}：通过，明细见内部版", "{}: passed, see the internal release"),
        (~pl.col("passed") & ~other, "{}：{} 行不合格，明细见内部版", "{}: {} rows fail, see the internal release"),
        (~pl.col("passed") & other, "{}：有的行不合格，明细见内部版", "{}: some rows fail, see the internal release"),
    ):
        said = ("table_name", "failing_rows")[: zh.count("{}")]
        rows = _as(rows, which, message_zh=pl.format(zh, *said), message_en=pl.format(en, *said))
    return _as(rows, ~pl.col("passed") & other, failing_rows=pl.lit(None))


def _alike(name: str, one: pl.DataFrame, other: pl.DataFrame) -> bool:
    """Whether two versions of a table hold the same rows."""
    key = registry.table(name).key
    return one.sort(key).equals(other.select(one.columns).sort(key))


def _audited(masked: Tables, rules: Rules) -> None:
    """No count below the threshold is left in any table. Raises DisclosureError."""
    left = [*counts.counties_with_small({**masked}, rules.threshold), *areas.small(masked, rules.threshold)]
    if left:
        raise DisclosureError(f"仍有小数 / small counts are left in {', '.join(left)}")
