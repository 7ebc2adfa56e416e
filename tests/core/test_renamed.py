"""A table that is another one as it is comes out as if a database had been filled with it and sorted."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines import registry
from pipelines.core import builder, renamed
from pipelines.core.builder import BuildError, canonical

NAME = "mart_bed_supply"
AS_IT_IS = "-- what it is\n-- in words\nSELECT * FROM stated\n"


def rows(*years: int) -> pl.DataFrame:
    """Rows of the table in this order, whole numbers as wide as polars makes them, one column that may be empty left out."""
    kinds = {"VARCHAR": "x", "DOUBLE": 1.5, "BOOLEAN": True, "INTEGER": 1}
    columns = [c for c in registry.table(NAME).columns if c.name != "unstated_lines"]
    made = [{c.name: year if c.name == "year" else kinds[c.type] for c in columns} for year in years]
    return pl.DataFrame(made).with_columns(
        beds=pl.when(pl.col("year") == 2021).then(float("nan")).otherwise(pl.col("beds"))
    )


def saved(frame: pl.DataFrame, folder: Path) -> dict[str, list[Path]]:
    frame.write_parquet(folder / "stated.parquet")
    return {"stated": [folder / "stated.parquet"]}


@pytest.mark.parametrize("years", [(2020, 2021, 2022), (2022, 2020, 2021), (2020,), ()])
def test_rows_are_those_of_a_database(years: tuple[int, ...]) -> None:
    frame = rows(*years) if years else rows(2020).clear()
    found = renamed.registered(NAME, frame)
    assert_frame_equal(found, canonical(NAME, frame))
    assert found["year"].to_list() == sorted(years)


def test_which_queries_only_rename(tmp_path: Path) -> None:
    files = saved(rows(2020), tmp_path)
    assert renamed.source(NAME, AS_IT_IS, files) == files["stated"][0]
    for more in (
        "SELECT * FROM stated WHERE year > 2020",
        "SELECT year FROM stated",
        "SELECT * FROM a, stated",
        "SELECT * FROM b",
    ):
        assert renamed.source(NAME, more, files) is None, more


@pytest.mark.parametrize(
    "other",
    [
        rows(2020).drop("year"),  # a column that must be filled is not there
        rows(2020).with_columns(pl.col("beds").cast(pl.String)),  # another type
        rows(2020).with_columns(more=1),  # a column that the table does not know
    ],
)
def test_what_does_not_fit_goes_through_the_database(other: pl.DataFrame, tmp_path: Path) -> None:
    assert renamed.source(NAME, AS_IT_IS, saved(other, tmp_path)) is None


def built(frame: pl.DataFrame, folder: Path, monkeypatch: pytest.MonkeyPatch) -> pl.DataFrame:
    monkeypatch.setattr(builder, "query", lambda package, name: AS_IT_IS)
    with builder.connect() as con:
        assert builder.build_and_save(con, "pipelines.marts", [NAME], folder, saved(frame, folder)) == {
            NAME: frame.height
        }
    return pl.read_parquet(folder / f"{NAME}.parquet")


def test_the_file_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_frame_equal(built(rows(2021, 2020), tmp_path, monkeypatch), canonical(NAME, rows(2020, 2021)))


def test_a_key_twice_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BuildError, match=f"{NAME}: key occurs twice"):
        built(rows(2021, 2020, 2021), tmp_path, monkeypatch)


def test_a_required_cell_that_is_empty_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = rows(2020).with_columns(status=pl.lit(None, pl.String))
    with pytest.raises(BuildError, match=f"{NAME}: NULL in status"):
        built(empty, tmp_path, monkeypatch)


def test_a_number_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BuildError, match=NAME):
        built(rows(2**40), tmp_path, monkeypatch)
