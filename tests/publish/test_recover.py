"""The attacker of attacker.py against the public tables of the five real counties and of the planted root. The true values come in
only to judge what was found."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

from pipelines import registry
from pipelines.core.builder import canonical
from pipelines.publish import protect, release
from pipelines.publish.protect import Rules
from tests.conftest import Once
from tests.publish import attacker
from tests.publish.attacker import Attacker
from tests.publish.planted import COUNTY, THRESHOLD, WIDTH, Planted
from tests.quality.good import PARQUET, build

Tables = dict[str, pl.DataFrame]
LISTED = {f"{COUNTY}-s9050": tuple(f"{COUNTY}-s90{n}" for n in range(51, 63))}  # a dozen parts of one count


def read(folder: Path) -> Tables:
    return {p.stem: pl.read_parquet(p) for p in folder.glob("*.parquet")}


def written(tables: Tables, folder: Path) -> Path:
    folder.mkdir()
    for name, frame in tables.items():
        frame.write_parquet(folder / f"{name}.parquet")
    return folder


def found(
    shown: Path, county: str, true: dict[str, float], told: dict[str, float], **more: dict[str, tuple[str, ...]]
) -> dict[str, float]:
    """Left-out counts of people (rows, and small rests that no row states) and how uncertain they are to somebody who is `told`
    the others; a rest that is told by name does not count."""
    reader = Attacker(shown, county, told, **more)
    truth = reader.complete(true)
    rests = [n for n in reader.unsaid if 0 < truth.get(n, 0) < THRESHOLD]
    ends = {n: reader.interval(n, truth) for n in (*reader.people(), *rests) if n in truth.keys() - told}
    assert all(low - 1e-3 <= truth[n] <= high + 1e-3 for n, (low, high) in ends.items())
    return {n: high - low for n, (low, high) in ends.items()}


def read_in_words(shown: Path, county: str, true: dict[str, float]) -> dict[str, float]:
    """Left-out rows whose number stands in a text about them."""
    return {n: true[n] for n, said in Attacker(shown, county).read_in_words().items() if true.get(n) in said}


@pytest.fixture(scope="module")
def real(once: Once) -> Path:
    """The internal tables of the five counties."""
    return once("good", build) / PARQUET


@pytest.fixture(scope="module")
def shown(real: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The public ones."""
    quality = canonical("mart_quality", pl.DataFrame({"suite": []}, schema={"suite": pl.String}))
    tables = protect.protect({**read(real), "mart_quality": quality}, Rules()).tables
    return written(tables, tmp_path_factory.mktemp("public") / "parquet")


@pytest.fixture(scope="module")
def counties(shown: Path) -> list[str]:
    """Those with something left out."""
    codes = pl.read_parquet(shown / "fct_observation.parquet").filter(status="suppressed")["county_code"]
    return sorted(set(codes))


def test_the_attacker_uses_nothing_of_the_product() -> None:
    source = Path(attacker.__file__).read_text(encoding="utf-8")
    assert re.findall(r"^\s*(?:from|import)\s+(\w+)", source, re.MULTILINE)
    assert not re.search(r"^\s*(?:from|import)\s+(?:pipelines|tests)", source, re.MULTILINE)


def test_no_count_of_the_five_counties_comes_nearer_than_promised(real: Path, shown: Path, counties: list[str]) -> None:
    """Not even with what names, notes and places say of numbers that were left out together with counts of people."""
    attacked = 0
    for county in counties:
        true = Attacker(real, county).values
        told = read_in_words(shown, county, true)
        assert not set(told) & set(Attacker(shown, county).people())
        for known in ({}, told):
            widths = found(shown, county, true, known)
            assert {n: w for n, w in widths.items() if w < Rules().width} == {}
            attacked += len(widths)
    assert attacked > 10


def test_a_name_that_tells_what_was_left_out_with_it_is_found(real: Path, shown: Path, tmp_path: Path) -> None:
    """“社会工作站项目7个”: with the names as printed the attacker counts the stations, and by them the children."""
    names = {n: pl.read_parquet(real / f"{n}.parquet") for n in ("fct_project", "fct_project_mention")}
    printed = written({**read(shown), **names}, tmp_path / "parquet")
    true = Attacker(real, COUNTY).values
    told = read_in_words(printed, COUNTY, true)
    assert set(told) == {f"{COUNTY}-o006", f"{COUNTY}-o040"}
    widths = found(printed, COUNTY, true, told)
    assert {n for n, w in widths.items() if w < Rules().width} == {f"{COUNTY}-s00{n}" for n in (57, 58, 61)}


def test_no_count_of_the_planted_root_comes_nearer_than_promised(planted: Planted, folder: Path) -> None:
    """Words are left aside: numbers below a thousand stand in every other text by chance."""
    inside = release.current_folder(planted.settings)
    assert inside is not None
    true = Attacker(inside / "parquet", COUNTY).values
    widths = found(folder / "parquet", COUNTY, true, {}, sums=LISTED)
    assert {n: w for n, w in widths.items() if w < WIDTH} == {}
    assert len(widths) > 25


def test_the_attacker_finds_what_is_left_out_alone(planted: Planted, tmp_path: Path) -> None:
    """Small counts without the others that protect them."""
    inside = release.current_folder(planted.settings)
    assert inside is not None
    tables, people = read(inside / "parquet"), [u.code for u in registry.units().values() if u.counts_people]
    true = Attacker(inside / "parquet", COUNTY).values
    for name, value in (("fct_observation", "value"), ("fct_population", "persons")):
        few = (pl.col(value) > 0) & (pl.col(value) < THRESHOLD)
        few &= pl.col("unit").is_in(people) if name == "fct_observation" else True
        state = pl.when(few).then(pl.lit("suppressed"))
        tables[name] = tables[name].with_columns(
            pl.when(~few).then(pl.col(value)).alias(value),
            status=state.otherwise("status") if "status" in tables[name].columns else state,
        )
    alone = found(written(tables, tmp_path / "parquet"), COUNTY, true, {}, sums=LISTED)
    exact = {n for n, w in alone.items() if w < 2}
    assert {f"{COUNTY}-s90{n}" for n in ("07", "09", "16", "34", "38", "42", "44", "51")} <= exact
    assert any(n.startswith("2020 resident male") for n in exact)
    assert any(n.startswith("unsaid") for n in exact)  # a rest that no row states
