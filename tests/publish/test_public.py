"""The public release of a root with planted small counts: nothing of them is left in any file, nothing can be worked out, and
everything else is as in the internal release."""

from __future__ import annotations

import hashlib
import json
import math
import re
import shutil
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.optimize import linprog

from pipelines import registry
from pipelines.core.builder import canonical
from pipelines.core.hashes import file_hash, table_hash
from pipelines.ingest.contract import POLARS
from pipelines.publish import areas, counts, diff, memory, package, projected, protect, public, release
from pipelines.publish.disclosure import DisclosureError
from pipelines.publish.protect import MASK, SUPPRESSED, Rules
from pipelines.reconcile import ledger
from tests.publish.planted import COUNTY, THRESHOLD, WIDTH, YEAR, Planted, texts, tokens

Tables = dict[str, pl.DataFrame]
_DIGEST = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{8,64}(?![0-9A-Za-z])")


def read(folder: Path) -> Tables:
    return {p.stem: pl.read_parquet(p) for p in (folder / "parquet").glob("*.parquet")}


def digests(folder: Path) -> set[str]:
    """What may be a hash, or the beginning of one, in any file of a release."""
    return {word.lower() for _, text in texts(folder) for word in _DIGEST.findall(text)}


@pytest.fixture(scope="module")
def inside(planted: Planted) -> Tables:
    found = release.current_folder(planted.settings)
    assert found is not None
    return read(found)


@pytest.fixture(scope="module")
def outside(folder: Path) -> Tables:
    return read(folder)


def test_the_internal_release_keeps_what_was_planted(planted: Planted) -> None:
    found = release.current_folder(planted.settings)
    assert found is not None
    shown = set().union(*(tokens(t) for _, t in texts(found)))
    assert {str(n) for n in planted.small.values()} <= shown


def test_no_file_of_the_public_release_holds_a_planted_count(planted: Planted, folder: Path, outside: Tables) -> None:
    """Pages round projections, so one of them may happen to be a planted number; that they do not depend on what is left out has a
    test of its own. Every table, workbook and other file is free of all planted numbers, pages of all that no projection shows."""
    secret = {str(n): what for what, n in planted.small.items()}
    rounded = {
        str(round(v))
        for t in projected.tables_of_forecast()
        for c in outside[t].iter_columns()
        if c.dtype.is_float()
        for v in c.drop_nulls()
    }
    assert secret.keys() - rounded, "no planted number is left to look for on pages"
    leaks = [
        (name, secret[n], around)
        for name, text in texts(folder)
        for n, around in tokens(text).items()
        if n in secret and not (name.startswith("site/") and n in rounded)
    ]
    assert not leaks


def test_left_out_values_say_so(planted: Planted, outside: Tables) -> None:
    said = outside["fct_observation"].filter(
        pl.col("observation_id").str.contains("-s90(03|04|05|07|09|12|16|17|21|48)$")
    )
    assert said.height == 10
    assert said["value"].null_count() == 10
    assert set(said["status"]) == {SUPPRESSED}
    assert set(said["value_as_printed"]) == {MASK}
    assert registry.label("absence", SUPPRESSED) != SUPPRESSED
    trained = outside["fct_project_output"].filter(pl.col("output_id") == f"{COUNTY}-o901")
    assert trained.select("quantity", "status", "value_as_printed").row(0) == (None, SUPPRESSED, MASK)


def test_no_small_count_is_left_in_any_table(outside: Tables) -> None:
    people = {u.code for u in registry.units().values() if u.counts_people}
    stated = outside["fct_observation"].join(
        outside["dim_indicator"].select("indicator_id", "nature"), on="indicator_id"
    )
    counted = stated.filter(
        pl.col("unit").is_in(people) & pl.col("nature").is_in(["stock", "flow"]) & (pl.col("measure") != "standard")
    )
    assert counted.filter((pl.col("value") > 0) & (pl.col("value") < THRESHOLD)).is_empty()
    assert outside["fct_population"].filter(pl.col("persons") < THRESHOLD).is_empty()


def value(tables: Tables, key: str) -> float | None:
    found: float | None = tables["fct_observation"].filter(pl.col("observation_id") == f"{COUNTY}-{key}")["value"][0]
    return found


@pytest.mark.parametrize(
    "sum_",
    [
        ("s9001", "s9002", "s9003", "s9004"),  # a declared sum with two small parts
        ("s9013", "s9014", "s9015", "s9016"),  # the same with one
        ("s9006", "s9007", "s9008"),  # a breakdown
        ("s9009", "s9010", "s9011"),  # a count, its base and its share
        ("s9031", "s9033", "s9034"),  # a total that is printed with another value, too
        ("s9035", "s9037", "s9038"),  # five years beside the last of them
        ("s9039", "s9040", "s9041", "s9042"),  # parts by two dimensions
        ("s9043", "s9044", "s9045"),  # years and their sum
        tuple(f"s90{n}" for n in range(50, 63)),  # a dozen parts on one line
    ],
)
def test_subtraction_and_shares_do_not_help(inside: Tables, outside: Tables, sum_: tuple[str, ...]) -> None:
    assert all(value(inside, key) is not None for key in sum_)
    assert sum(value(outside, key) is None for key in sum_) >= 2


def test_a_small_rest_that_is_printed_nowhere_is_not_left_by_subtraction(inside: Tables, outside: Tables) -> None:
    total, urban = (value(inside, key) for key in ("s9046", "s9047"))
    assert total is not None and urban is not None and 0 < total - urban < THRESHOLD
    assert None in {value(outside, key) for key in ("s9046", "s9047")}


def test_ages_cannot_be_taken_from_the_totals(inside: Tables, outside: Tables) -> None:
    """Every published total less every published age of 2020 leaves the sum of two gaps or more, as wide as asked for."""

    def ages(tables: Tables, sex: str, age: int) -> pl.DataFrame:
        own = pl.col("county_code") == COUNTY
        return tables["fct_population"].filter(
            own & (pl.col("year") == 2020) & (pl.col("sex") == sex) & (pl.col("age_from") >= age)
        )

    assert ages(outside, "male", 85)["persons"].to_list() == [None]
    for band, age in (("80+", 80), ("65+", 65), ("60+", 60)):
        for sex in ("male", "female"):
            shown = outside["mart_elderly_outlook"].filter(
                (pl.col("county_code") == COUNTY)
                & (pl.col("year") == 2020)
                & (pl.col("age_band") == band)
                & (pl.col("sex") == sex)
            )["p50"][0]
            gaps = ages(outside, sex, age)["persons"].null_count()
            rest = ages(inside, sex, age)["persons"].sum() - ages(outside, sex, age)["persons"].sum()
            assert gaps == 0 or shown is None or (gaps > 1 and rest > WIDTH)
    everybody = ages(outside, "male", 0)["persons"].null_count() + ages(outside, "female", 0)["persons"].null_count()
    assert everybody > 1


def test_words_about_left_out_counts_are_gone(planted: Planted, inside: Tables, outside: Tables) -> None:
    repair = outside["fct_correction"].filter(pl.col("correction_id") == f"{COUNTY}-c901")
    assert repair.select("printed", "corrected", "evidence").row(0) == (MASK, MASK, MASK)
    target = outside["mart_target"].filter(pl.col("target_id") == f"{COUNTY}-s9020").row(0, named=True)
    assert (
        target["baseline"],
        target["baseline_status"],
        target["latest_actual"],
        target["required_yearly_change"],
    ) == (None, SUPPRESSED, None, None)
    assert inside["mart_target"].filter(pl.col("target_id") == f"{COUNTY}-s9020")["baseline"][0] is not None
    hidden = outside["fct_discrepancy"].filter(pl.col("left_value") == MASK)
    assert 0 < hidden.height < outside["fct_discrepancy"].height
    assert hidden.select("left_line", "right_line", "lines", "severity").unique().rows() == [
        (None, None, None, "medium")
    ]
    assert outside["fct_discrepancy"].height == inside["fct_discrepancy"].height
    assert f"{COUNTY}-s9003" not in set(outside["mart_county_comparison"]["row_id"])


def test_a_target_of_graves_is_judged_again_with_its_outlook(inside: Tables, outside: Tables) -> None:
    one, other = (t["mart_target"].filter(pl.col("target_id") == f"{COUNTY}-s9022") for t in (inside, outside))
    assert one["indicator_id"].to_list() == ["graves_built"]
    assert one["demand_consistency"][0] is not None
    assert one.equals(other.select(one.columns))


def test_counties_without_ages_left_out_keep_their_projections(inside: Tables, outside: Tables) -> None:
    calm = sorted(
        set(inside["fct_population"]["county_code"])
        - set(outside["fct_population"].filter(pl.col("persons").is_null())["county_code"])
    )
    rough = outside["mart_elderly_outlook"].filter(pl.col("county_code") == COUNTY)
    assert rough["method_version"].str.ends_with("(left-out ages estimated)").all()
    near = rough.join(
        inside["mart_elderly_outlook"], on=("county_code", "year", "age_band", "sex"), suffix="_inside"
    ).filter(pl.col("p50").is_not_null())
    away = (near["p50"] / near["p50_inside"] - 1).abs()
    assert away.max() < 0.25
    assert away.filter(near["sex"] == "both").max() < 0.1
    assert away.filter((near["year"] == 2020) & (near["sex"] == "both")).max() < 1e-6
    closed = set(outside["fct_area_population"].filter(pl.col("persons").is_null())["area_code"])
    assert {COUNTY[:4] + "00", COUNTY[:2] + "0000"} <= closed
    for code in calm:
        if code[:4] + "00" in closed:
            again = outside["mart_elderly_outlook"].filter(county_code=code)["method_version"]
            assert again.str.ends_with("(left-out area not used)").all()
            continue
        for table in ("mart_elderly_outlook", "mart_bed_outlook", "mart_bed_supply"):
            mine = [
                t[table].filter(pl.col("county_code") == code).drop("status", strict=False) for t in (inside, outside)
            ]
            assert mine[0].equals(mine[1])


def test_projections_are_the_same_whatever_was_left_out(planted: Planted, inside: Tables, outside: Tables) -> None:
    """The model, its parameters and its seed are open. So somebody could run it on every value that a gap may have and keep the one
    that gives the published projections: three persons are moved between two left-out ages, and every public table stays the same."""
    gaps = outside["fct_population"].filter(
        (pl.col("county_code") == COUNTY)
        & (pl.col("year") == 2020)
        & (pl.col("sex") == "male")
        & pl.col("persons").is_null()
        & (pl.col("age_from") >= 80)
    )
    assert gaps.height > 1
    one, other = (
        pl.struct("county_code", "year", "sex", "age_from") == r
        for r in [
            pl.struct(
                pl.lit(COUNTY).alias("county_code"),
                pl.lit(2020, pl.Int32).alias("year"),
                pl.lit("male").alias("sex"),
                pl.lit(age, pl.Int32).alias("age_from"),
            )
            for age in (gaps["age_from"].min(), gaps["age_from"].max())
        ]
    )
    moved = pl.when(one).then(pl.col("persons") + 3).when(other).then(pl.col("persons") - 3).otherwise("persons")
    other_truth = {**plain(inside), "fct_population": inside["fct_population"].with_columns(persons=moved)}
    assert not other_truth["fct_population"].equals(inside["fct_population"])
    of_other = protect.protect(other_truth, Rules(THRESHOLD, WIDTH, seed=planted.settings.seed)).tables
    for name, frame in of_other.items():
        assert frame.equals(outside[name]), name
    assert not outside["mart_bed_outlook"].equals(inside["mart_bed_outlook"])


def found_by_trying(rows: pl.DataFrame, secret: set[str], published: set[str]) -> set[str]:
    """An attacker who knows everything about each contradiction but one number tries every value from 1 to the threshold for it, and
    takes the one whose id or any of its beginnings is published. Returns the secrets that come out."""
    found = set()
    for row in rows.iter_rows(named=True):
        sides = {c: str(row[c] or "") for c in ("left_value", "right_value")}
        for number in secret & set(tokens(" ".join(sides.values()))):
            for guess in map(str, range(1, THRESHOLD)):
                tried = {c: side.replace(number, guess) or row[c] for c, side in sides.items()}
                if ledger._identity({**row, **tried}).rpartition("-")[2] in published:
                    found.add(f"{number}={guess}")
    return found


def test_no_id_of_a_contradiction_confirms_a_guess(planted: Planted, folder: Path, inside: Tables) -> None:
    secret = {str(n) for n in planted.small.values()}
    rows = inside["fct_discrepancy"]
    internal = set(rows["discrepancy_id"].str.split("-").list.last())
    by_id = found_by_trying(rows, secret, internal)
    assert by_id
    assert {f.split("=")[0] for f in by_id} == {f.split("=")[1] for f in by_id}, (
        "the attack must work where ids are told"
    )
    assert found_by_trying(rows, secret, digests(folder)) == set()


def test_no_hash_of_anything_left_out_is_published(
    planted: Planted, folder: Path, inside: Tables, outside: Tables
) -> None:
    """Neither of a raw file, nor of an internal table or one of its rows, nor of a document with a left-out number."""
    told = digests(folder)
    assert len(told) > 50
    other = {n: f for n, f in plain(inside).items() if not f.equals(outside[n])}
    assert {"fct_observation", "fct_population", "fct_discrepancy", "fct_source_figure"} <= other.keys()
    files = [
        p for p in planted.settings.data_root.parent.rglob("*") if p.is_file() and folder.parents[2] not in p.parents
    ]
    changed = {
        p for p in files if p.stem in {*other, "statistics", "population", "notes", "corrections", "figures", "marts"}
    }
    whole = {table_hash(f) for f in other.values()} | {file_hash(p) for p in changed}
    documents = inside["dim_source"].filter(pl.col("county_code") == COUNTY)["sha256"].drop_nulls()
    of_rows = {
        hashlib.sha256(separator.join(map(str, row)).encode()).hexdigest()
        for n, f in other.items()
        for row in f.join(outside[n], on=f.columns, how="anti", nulls_equal=True).iter_rows()
        for separator in ("|", ",", "")
    }
    assert len(changed) > 5
    assert documents.len() == 1
    beginnings = {h[:n] for h in {*whole, *documents, *of_rows} for n in (8, 12, 16, 64)}
    assert not told & beginnings


def test_the_number_of_a_contradiction_without_words_does_not_depend_on_its_values() -> None:
    """Other values, other lines, another grade, the other order: the same rows, one number each."""
    row = {"county_code": "530425", "review_status": "open", "domain": "elderly_care"}
    one, other = (
        [{**row, "discrepancy_id": f"530425-{rule}-{n * k}", "rule_id": rule, "severity": grade, "left_line": n * k, "left_value": str(n * k),
          "right_line": 90 - n * k, "lines": f"{n};{k}", "reviewed_by": who}
         for n, (rule, who) in enumerate((("a", "x"), ("a", None), ("b", None), ("a", None)), start=1)]
        for k, grade in ((1, "low"), (7, "high"))
    )  # fmt: skip
    schema = {c.name: POLARS[c.type] for c in registry.table("fct_discrepancy").columns}
    unnamed = [protect._unnamed(pl.DataFrame(rows, schema=schema)) for rows in (one, other[::-1])]
    assert unnamed[0].equals(unnamed[1])
    assert sorted(unnamed[0]["discrepancy_id"]) == ["530425-a-001", "530425-a-002", "530425-a-003", "530425-b-001"]


def test_the_package_is_whole_and_gives_no_hash_of_raw_files(planted: Planted, folder: Path) -> None:
    assert package.verify(folder) == []
    manifest = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    assert manifest["protection"] == {"profile": "public", "threshold": THRESHOLD, "width": WIDTH, "whole": []}
    assert manifest["release"]["made_from"] == "r00001-20260101"
    assert not {"inputs", "held_back"} & manifest.keys()
    assert release.current_id(planted.settings) == "r00001-20260101"
    assert planted.settings.public.marts.parent == planted.settings.marts


def test_what_was_left_out_once_stays_left_out(inside: Tables, outside: Tables) -> None:
    """With a lower threshold the next release must not tell what the last one left out."""
    kept = memory.kept(memory.of(outside))
    again = protect.hidden_rows(inside, Rules(2, 2, kept))
    assert again >= kept
    assert not protect.hidden_rows(inside, Rules(2, 2)) >= kept


def test_without_an_internal_release_nothing_is_made(planted: Planted, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="r09999"):
        public.publish(replace(planted.settings, data_root=tmp_path), "r09999")
    assert not list(tmp_path.iterdir())


def test_tables_without_small_counts_come_back_as_they_are(inside: Tables) -> None:
    """At a threshold of 1 nothing is small; only columns of absence may be new."""
    same = protect.protect({n: f for n, f in inside.items() if not n.startswith("meta_")}, Rules(1, 1))
    assert same.hidden == frozenset()
    for name, frame in same.tables.items():
        if name != "mart_quality":
            assert frame.select(c for c in inside[name].columns if c in frame.columns).equals(inside[name]), name


def test_the_year_of_the_planted_statements_is_told(outside: Tables) -> None:
    assert outside["fct_observation"].filter(pl.col("observation_id") == f"{COUNTY}-s9003")["period_end"][0] == YEAR


def plain(tables: Tables) -> Tables:
    return {n: f for n, f in tables.items() if not n.startswith("meta_")}


@dataclass(frozen=True)
class Successor:
    """The tables of a public release after `folder`, at a higher threshold, what they leave out, and what of it was told before."""

    tables: Tables
    gaps: frozenset[counts.Member]
    told: frozenset[counts.Member]


@pytest.fixture(scope="module")
def successor(planted: Planted, folder: Path, inside: Tables) -> Successor:
    published = memory.recall(planted.settings.public)
    told = memory.told(published, plain(inside))
    made = protect.protect(
        plain(inside), Rules(THRESHOLD + 6000, WIDTH, memory.kept(published), told, planted.settings.seed)
    )
    return Successor(made.tables, made.hidden, made.told)


@pytest.mark.slow
def test_the_changes_do_not_repeat_what_is_left_out_now(folder: Path, successor: Successor, tmp_path: Path) -> None:
    """A count that stood in the last release and is left out of this one stands in no list of differences."""
    ids = {str(key[0]) for table, key in successor.told if table == "fct_observation"}
    assert read(folder)["fct_observation"].filter(pl.col("observation_id").is_in(list(ids)))["value"].null_count() == 0
    assert f"{COUNTY}-s9002" in ids  # 5003
    (tmp_path / "parquet").mkdir()
    for name, frame in successor.tables.items():
        frame.write_parquet(tmp_path / "parquet" / f"{name}.parquet")
    compared = public.changes(folder, tmp_path)
    diff.write(folder, tmp_path, successor.tables["mart_quality"], [], compared)
    written = json.loads((tmp_path / diff.FILE).read_text(encoding="utf-8"))["tables"]
    cells = [c for c in written["fct_observation"]["cells"] if c["key"][0] in ids]
    assert {c["column"] for c in cells} >= {"value", "value_as_printed", "status"}
    assert {c["before"] for c in cells} <= {MASK, None}
    found = written["fct_discrepancy"]
    assert found["removed"] > 0
    assert found["removed_keys"] == []  # the id of one that lost its words was made of its values
    assert not [c for c in found["cells"] if c["after"] in protect.HIDDEN_FINDING and c["before"] != MASK]
    assert '"before": 5003.0' not in (tmp_path / diff.FILE).read_text(encoding="utf-8")


def test_a_comparison_of_internal_releases_tells_both_values() -> None:
    old, new = (pl.DataFrame({"k": ["a"], "v": [v]}, schema={"k": pl.String, "v": pl.Float64}) for v in (5.0, None))
    told = diff.compare(old, new, ("k",))
    assert told["cells"][0]["before"] == 5.0
    assert diff._untold(told, ())["cells"][0]["before"] == 5.0
    assert diff._untold(told, (MASK,))["cells"][0]["before"] == MASK


@pytest.mark.slow
def test_nothing_is_hidden_behind_a_count_that_was_told(inside: Tables, successor: Successor) -> None:
    """A reader fills the values of the earlier release into the gaps of this one; small counts stay as uncertain as promised."""
    own = counts.read(plain(inside), [COUNTY], THRESHOLD)[COUNTY]
    gaps = successor.gaps - successor.told
    secret = [c for c in own.primary if gaps.intersection(own.members[c])]
    assert len(secret) > 5
    for cell in secret:
        low, high = bounds(own, gaps, cell)
        assert high - low >= WIDTH - 1e-6, cell


FAR = 1e9


def bounds(own: counts.Counts, gaps: frozenset[counts.Member], cell: str) -> tuple[float, float]:
    """A reader with a linear solver who knows every relation and every value but those of the rows in `gaps`; counts are at least
    one. A relation is of no use to this reader when a rate that it rests on is a gap."""
    block, unknown = own.block, {c for c, rows in own.members.items() if not rows or gaps.intersection(rows)}
    names, left, right = sorted(unknown & block.values.keys()), [], []
    for relation in block.relations:
        terms = dict(relation.terms)
        if unknown.isdisjoint(terms) or not unknown.isdisjoint(relation.carriers):
            continue
        known = sum(k * block.values[c] for c, k in terms.items() if c not in unknown)
        for sign, limit in ((1.0, relation.upper), (-1.0, -relation.lower)):
            if math.isfinite(limit):
                left.append([sign * terms.get(n, 0.0) for n in names])
                right.append(limit - sign * known + 1e-6)
    goal = np.array([1.0 if n == cell else 0.0 for n in names])
    found = [linprog(s * goal, A_ub=left or None, b_ub=right or None, bounds=(1, FAR)) for s in (1.0, -1.0)]
    return found[0].fun, -found[1].fun


def test_small_counts_are_as_uncertain_as_promised(inside: Tables, outside: Tables) -> None:
    """The same reader with the first release alone."""
    own, gaps = counts.read(plain(inside), [COUNTY], THRESHOLD)[COUNTY], memory.kept(memory.of(outside))
    assert own.primary <= {c for c, rows in own.members.items() if gaps.issuperset(rows)}
    for cell in own.primary:
        low, high = bounds(own, gaps, cell)
        assert high - low >= WIDTH - 1e-6, cell


def test_the_reader_of_these_tests_finds_what_is_left_open(inside: Tables) -> None:
    """Small counts left out alone, without the others that protect them, are found out."""
    own = counts.read(plain(inside), [COUNTY], THRESHOLD)[COUNTY]
    alone = {c: bounds(own, frozenset(own.members[c]), c) for c in own.primary}
    found = {c for c, (low, high) in alone.items() if high - low < 1}
    assert {f"{COUNTY}-s9003", f"{COUNTY}-s9007", f"{COUNTY}-s9009", f"{COUNTY}-s9016"} <= found
    assert any(c.startswith("population") for c in found)


def test_what_is_remembered_was_published(planted: Planted, folder: Path, outside: Tables) -> None:
    """The file that outlives retention holds what the releases show and leave out, and nothing else, after the first one already."""
    assert folder.parent == planted.settings.public.releases
    stored, shown = pl.read_parquet(planted.settings.public.marts / memory.FILE), memory.of(outside)
    assert stored.sort(stored.columns).equals(shown.unique().sort(stored.columns))
    assert stored.filter(pl.col("value").is_null()).height > 10
    assert memory.recall(replace(planted.settings.public, data_root=folder)).is_empty()


def test_a_county_held_back_gives_no_hash(inside: Tables) -> None:
    row = {"county_code": COUNTY, "name_zh": "甲", "name_en": "A", "since": date(2026, 1, 1), "input_hash": "a" * 64, "used_input_hash": None,
           "files": "statistics.csv", "problems": 1, "message_zh": "甲", "message_en": "a"}  # fmt: skip
    held = pl.DataFrame(
        [row, {**row, "county_code": "530112", "used_input_hash": "b" * 64}], schema=inside["mart_held_back"].schema
    )
    same = protect.protect({**plain(inside), "mart_held_back": held}, Rules(1, 1)).tables["mart_held_back"]
    assert same.sort("county_code").select("input_hash", "used_input_hash").rows() == [(MASK, MASK), (MASK, None)]


def test_verify_finds_a_small_count_and_another_profile(planted: Planted, folder: Path, tmp_path: Path) -> None:
    assert public.verify(folder) == []
    internal = release.current_folder(planted.settings)
    assert internal is not None
    assert "not a public release" in public.verify(internal)[0]
    shutil.copytree(folder / "parquet", tmp_path / "parquet")
    path = tmp_path / "parquet" / "fct_population.parquet"
    path.chmod(0o644)
    ages = pl.read_parquet(path)
    ages.with_columns(
        persons=pl.when(pl.int_range(pl.len()) == 0).then(7).otherwise("persons").cast(ages.schema["persons"])
    ).write_parquet(path)
    assert "below the threshold" in public.verify(tmp_path)[0]


def test_sdmx_of_the_public_release_says_what_is_left_out(folder: Path, outside: Tables) -> None:
    """Read back by a library of others: no value, OBS_STATUS Q (missing, suppressed), and every other value as in the table."""
    sdmx = pytest.importorskip("sdmx")
    structure = sdmx.read_sdmx(folder / "sdmx" / "structure.xml").structure["OBSERVATIONS"]
    (data,) = sdmx.read_sdmx(folder / "sdmx" / "observations.csv", structure=structure).data
    read_back = {o.dimension.STATEMENT.value: o for o in data.obs}
    stated = outside["fct_observation"]
    assert len(read_back) == stated.height
    left_out = set(stated.filter(pl.col("status") == SUPPRESSED)["observation_id"])
    assert {i for i, o in read_back.items() if o.attached_attribute["OBS_STATUS"].value == "Q"} == left_out
    assert all(read_back[i].value in (None, "") for i in left_out)
    shown = dict(stated.filter(pl.col("value").is_not_null()).select("observation_id", "value").iter_rows())
    assert {i: float(read_back[i].value) for i in shown} == shown


@pytest.mark.slow
def test_frictionless_finds_the_public_package_valid(folder: Path) -> None:
    frictionless = pytest.importorskip("frictionless")
    report = frictionless.validate(str(folder / "datapackage.json"))
    assert report.valid, report.flatten(["type", "note"])[:3]


def test_the_public_package_requires_no_value_that_may_be_left_out(folder: Path) -> None:
    listed = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    fields = {
        f["name"]: f
        for r in listed["resources"]
        if r["path"] == "parquet/fct_population.parquet"
        for f in r["schema"]["fields"]
    }
    assert "constraints" not in fields["persons"], "a value that may be left out is not required"
    assert fields["county_code"]["constraints"] == {"required": True}


def test_free_text_that_counts_few_people_is_left_out(inside: Tables) -> None:
    """Notes and what projects report as done are words; a small number of people in them goes, other words stay."""
    rows = inside["fct_observation"].sort("observation_id")
    first, second = rows["observation_id"][:2]
    note = {first: "另有三名儿童未计入", second: "含3所敬老院"}
    noted = rows.with_columns(note=pl.col("observation_id").replace_strict(note, default=None, return_dtype=pl.String))
    project = inside["fct_project"].row(0, named=True)["project_id"]
    like = {"project_id": project, "stage": "completed", "source_id": rows["source_id"][0]}
    done = [
        {**like, "as_of": date(2023, 1, n), "outputs_completed": said}
        for n, said in ((1, "persons_trained=5;beds=4"), (2, "beds=4"))
    ]
    progress = canonical("fct_project_progress", pl.DataFrame(done))
    tables = {**plain(inside), "fct_observation": noted, "fct_project_progress": progress}
    public_ones = protect.protect(tables, Rules(10, 10)).tables
    kept = dict(public_ones["fct_observation"].select("observation_id", "note").iter_rows())
    assert (kept[first], kept[second]) == (None, note[second])
    assert public_ones["fct_project_progress"].sort("as_of")["outputs_completed"].to_list() == [MASK, "beds=4"]


@pytest.mark.parametrize(
    ("column", "told", "calm"),
    [
        ("value_as_printed", "105（其中女性4人）", "105余"),
        ("unit_as_printed", "人（含5名孤儿）", "人次"),
        ("indicator_as_printed", "有2名社工的社区数", "60岁以上老年人"),
    ],
)
def test_a_print_that_counts_few_people_beside_its_number_is_left_out(
    inside: Tables, column: str, told: str, calm: str
) -> None:
    rows = inside["fct_observation"].sort("observation_id")
    shown = rows.filter(pl.col("value") > 5000, pl.col("county_code") != COUNTY)["observation_id"]
    said = {shown[0]: told, shown[1]: calm}
    printed = pl.col("observation_id").replace_strict(said, default=pl.col(column), return_dtype=pl.String)
    after = protect.protect(
        {**plain(inside), "fct_observation": rows.with_columns(printed.alias(column))}, Rules(10, 10)
    ).tables["fct_observation"]
    kept = {r["observation_id"]: r for r in after.iter_rows(named=True)}
    assert (kept[shown[0]][column], kept[shown[1]][column]) == (MASK, calm)
    assert kept[shown[0]]["value"] is not None


def test_remarks_on_projects_that_count_few_people_are_left_out(inside: Tables) -> None:
    """Progress, what exactly an output is, and why a funder is taken."""
    said = {
        "fct_project": ("progress_as_printed",), "fct_project_output": ("label",), "fct_project_funding": ("reason_zh", "reason_en"),
    }  # fmt: skip
    words = ("已救助三名儿童", "2022年开工", "for 5 persons")
    told = {
        name: inside[name].with_columns(
            pl.Series([words[n % 3] for n in range(inside[name].height)]).alias(c) for c in columns
        )
        for name, columns in said.items()
    }
    shown = protect.protect({**plain(inside), **told}, Rules(10, 10)).tables
    for name, columns in said.items():
        for column in columns:
            before, after = (t[name].sort(registry.table(name).key)[column].to_list() for t in (told, shown))
            assert after == [words[1] if w == words[1] else MASK for w in before], (name, column)


def test_a_review_that_counts_few_people_is_left_out(inside: Tables) -> None:
    """The words of a contradiction that names no left-out number stay; what the reviewer wrote beside them does not."""
    shown = protect.protect(plain(inside), Rules(10, 10)).tables["fct_discrepancy"].filter(pl.col("left_value") != MASK)
    reviewed, calm = shown["discrepancy_id"][:2]
    note = {reviewed: "实为三名儿童", calm: "已核实"}
    noted = inside["fct_discrepancy"].with_columns(
        review_note=pl.col("discrepancy_id").replace_strict(note, default=None, return_dtype=pl.String)
    )
    after = protect.protect({**plain(inside), "fct_discrepancy": noted}, Rules(10, 10)).tables["fct_discrepancy"]
    assert dict(after.drop_nulls("review_note").select("discrepancy_id", "review_note").iter_rows()) == {
        reviewed: MASK, calm: "已核实",
    }  # fmt: skip


def whole_prefecture(inside: Tables) -> Tables:
    """The internal tables as if the county with left-out ages were all of its prefecture: the area's rows are its own."""
    area = COUNTY[:4] + "00"
    own = inside["fct_population"].filter(county_code=COUNTY, basis="resident").rename({"county_code": "area_code"})
    rest = inside["fct_area_population"].filter(pl.col("area_code") != area)
    mine = own.with_columns(area_code=pl.lit(area)).select(rest.columns)
    return {**plain(inside), "fct_area_population": pl.concat([rest, mine.cast(rest.schema)])}


def test_a_left_out_age_cannot_be_taken_from_the_area_around_it(planted: Planted, inside: Tables) -> None:
    """All counties of a prefecture in one release, as bad as can be: one. Nor from the forecasts that were made with the area."""
    rules = Rules(THRESHOLD, WIDTH, seed=planted.settings.seed)
    area, truth = COUNTY[:4] + "00", whole_prefecture(inside)
    shown = protect.protect(truth, rules).tables
    ages = shown["fct_area_population"]
    around = pl.col("area_code").is_in([area, COUNTY[:2] + "0000"])
    assert ages.filter(around)["persons"].is_null().all() and set(ages.filter(around)["status"]) == {SUPPRESSED}
    gaps = shown["fct_population"].filter(
        (pl.col("county_code") == COUNTY) & (pl.col("year") == 2020) & (pl.col("sex") == "male"), pl.col("persons").is_null() & (pl.col("age_from") >= 80)
    )["age_from"]  # fmt: skip
    one, other = int(gaps.min()), int(gaps.max())
    assert one != other
    moves = {one: 3, other: -3}

    def moved(rows: pl.DataFrame, code: str, *values: str) -> pl.DataFrame:
        here = (pl.col(code).is_in(values)) & (pl.col("year") == 2020) & (pl.col("sex") == "male")
        by = pl.col("age_from").replace_strict(moves, default=0, return_dtype=pl.Int32)
        return rows.with_columns(persons=pl.when(here).then(pl.col("persons") + by).otherwise("persons"))

    lie = {
        **truth,
        "fct_population": moved(truth["fct_population"], "county_code", COUNTY),
        "fct_area_population": moved(truth["fct_area_population"], "area_code", area, COUNTY[:2] + "0000"),
    }
    other_truth = protect.protect(lie, rules).tables
    for name, frame in shown.items():
        assert frame.equals(other_truth[name]), name


def test_neighbours_are_forecast_without_an_area_that_is_left_out(planted: Planted, inside: Tables) -> None:
    """A county of the same prefecture with nothing left out of it is projected again, says why, and nobody else is."""
    other, home = "530112", COUNTY[:4]
    rows = {"fct_population": pl.DataFrame({"county_code": [COUNTY]})}
    few = 10  # nobody's count of an area is as small as that
    closed = areas.left_out(inside, rows, few)
    assert set(closed["fct_area_population"]["area_code"]) == {home + "00", COUNTY[:2] + "0000"}
    assert closed["fct_area_covariate"].is_empty()
    assert areas.touched(inside, closed, [COUNTY, home + "99", other, "620722"]) == sorted([COUNTY, home + "99"])
    hidden = {
        v: {"fct_census_covariate": pl.DataFrame({"county_code": [COUNTY], "variable": [v]})}
        for v in ("registered", "migrants_within_county")
    }
    assert all(keys.is_empty() for keys in areas.left_out(inside, hidden["migrants_within_county"], few).values())
    ratio = areas.left_out(inside, hidden["registered"], few)
    assert areas.touched(inside, ratio, [COUNTY, other, "620722"]) == sorted([COUNTY, other])  # the province's ratio
    masked = {
        n: protect._left_out(inside[n], keys, registry.table(n).key, areas.AREAS[n][:1]) for n, keys in closed.items()
    }
    own = counts.read(inside, [COUNTY], THRESHOLD)
    again = projected.again({**inside, **masked}, own, frozenset(), seed=planted.settings.seed)["mart_elderly_outlook"]
    assert again["method_version"].str.ends_with(projected.AREA_NOTE).all()
    assert not again["p50"].equals(inside["mart_elderly_outlook"].filter(county_code=COUNTY)["p50"])


def test_counties_of_other_prefectures_keep_their_projections(planted: Planted, inside: Tables) -> None:
    """One small age in one county: its prefecture and province are left out, it alone is projected again."""
    few = (
        (pl.col("county_code") == COUNTY)
        & (pl.col("year") == 2010)
        & (pl.col("age_from") == 85)
        & (pl.col("sex") == "male")
    )
    ages = inside["fct_population"].with_columns(persons=pl.when(few).then(5).otherwise("persons").cast(pl.Int32))
    tables = {**plain(inside), "fct_population": ages}
    assert {key[0] for name, key in protect.hidden_rows(tables, Rules()) if name == "fct_population"} == {COUNTY}
    shown = protect.protect(tables, Rules(seed=planted.settings.seed)).tables
    closed = shown["fct_area_population"].filter(pl.col("persons").is_null())["area_code"]
    assert set(closed) == {COUNTY[:4] + "00", COUNTY[:2] + "0000"}
    assert shown["fct_area_covariate"]["value"].null_count() == 0
    versions = shown["mart_elderly_outlook"].group_by("county_code").agg(pl.col("method_version").unique())
    assert {code for code, v in versions.rows() if v[0].endswith(")")} == {COUNTY}
    others = pl.col("county_code") != COUNTY
    assert (
        shown["mart_elderly_outlook"].filter(others)["p50"].equals(inside["mart_elderly_outlook"].filter(others)["p50"])
    )


def test_an_area_with_a_small_count_is_left_out_with_its_province(inside: Tables) -> None:
    few = pl.when((pl.col("area_code") == "530100") & (pl.col("age_from") == 85)).then(3).otherwise("persons")
    ages = inside["fct_area_population"].with_columns(persons=few.cast(pl.Int32))
    tables = {**inside, "fct_area_population": ages}
    assert areas.small(tables, 10) == ["530100"] and not areas.small(inside, 10)
    closed = areas.left_out(tables, {}, 10)
    assert {a for keys in closed.values() for a in keys["area_code"]} == {"530100", "530000"}
    with pytest.raises(DisclosureError, match="530100"):
        protect._audited(tables, Rules(10, WIDTH))
