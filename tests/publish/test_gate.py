"""The gate between releases: what is lost or moves too far needs somebody's word, and a word given once is spent."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from pipelines import registry
from pipelines.ingest.problems import InputError
from pipelines.publish import diff, gate, package
from pipelines.publish.gate import Change, Inputs
from pipelines.settings import Settings
from pipelines.staging import store

MOVED = Inputs(same=False, same_raw_and_method=False)
CHECKS = {"suite": pl.String, "table_name": pl.String, "expectation": pl.String, "severity": pl.String, "passed": pl.Boolean,
          "message_zh": pl.String, "message_en": pl.String}  # fmt: skip
HEAD = "table,key,column,reason,accepted_by,accepted_on\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "raw" / "530425-yimen").mkdir(parents=True)
    return Settings(data_root=tmp_path)


@pytest.fixture
def before(core: Path, tmp_path: Path) -> Path:
    """The core tables of the project as a previous release; derived tables are empty."""
    folder = tmp_path / "before"
    shutil.copytree(core, folder / "parquet")
    for table in registry.in_layer("reconcile", "mart"):
        pl.DataFrame(schema={c.name: pl.String for c in table.columns}).write_parquet(
            folder / "parquet" / f"{table.name}.parquet"
        )
    return folder


@pytest.fixture
def after(before: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(before, tmp_path / "after"))


def judge(
    settings: Settings, before: Path | None, after: Path, inputs: Inputs
) -> tuple[pl.DataFrame, list[gate.Change]]:
    return gate.judge(settings, before, after, inputs, diff.tables(before, after))


def change(folder: Path, table: str, **columns: pl.Expr) -> None:
    path = folder / "parquet" / f"{table}.parquet"
    pl.read_parquet(path).with_columns(**columns).write_parquet(path)


def drop(folder: Path, table: str, rows: pl.Expr) -> int:
    path = folder / "parquet" / f"{table}.parquet"
    frame = pl.read_parquet(path)
    frame.filter(~rows).write_parquet(path)
    return frame.filter(rows).height


def failed(settings: Settings, before: Path, after: Path, inputs: Inputs = MOVED) -> dict[str, str]:
    rows, _ = judge(settings, before, after, inputs)
    return dict(rows.filter(~pl.col("passed")).select("expectation", "message_zh").iter_rows())


def first_figure(folder: Path) -> str:
    frame = pl.read_parquet(folder / "parquet" / "fct_observation.parquet")
    return str(frame.filter((pl.col("county_code") == "530425") & (pl.col("value") > 0))["observation_id"][0])


def times(key: str, factor: float) -> pl.Expr:
    return pl.when(pl.col("observation_id") == key).then(pl.col("value") * factor).otherwise(pl.col("value"))


def test_equal_releases_pass(settings: Settings, before: Path, after: Path) -> None:
    rows, changes = judge(settings, before, after, Inputs(same=True, same_raw_and_method=True))
    assert rows["passed"].all()
    assert changes == []
    assert rows.height == rows.select("suite", "expectation").unique().height


def test_first_release_passes_with_the_same_words(settings: Settings, before: Path, after: Path) -> None:
    alone, _ = judge(settings, None, after, MOVED)
    beside, _ = judge(settings, before, after, MOVED)
    assert alone.equals(beside)


def derived(folder: Path, persons: str, beds: str, demand: float) -> None:
    """The forecasts of persons and beds of a release, by these versions of their methods."""
    at = {"county_code": ["530425"], "year": [2030]}
    people = {**at, "age_band": ["60+"], "sex": ["both"], "p50": [43_900.0], "method_version": [persons]}
    pl.DataFrame(people).write_parquet(folder / "parquet" / "mart_elderly_outlook.parquet")
    need = {**at, "scenario": ["natural"], "estimator": ["observed_use"], "bed_type": ["all"], "definition": ["none"],
            "demand_p50": [demand], "method_version": [beds]}  # fmt: skip
    pl.DataFrame(need).write_parquet(folder / "parquet" / "mart_bed_outlook.parquet")


@pytest.mark.parametrize(("beds", "blocked"), [("ccr-1|beds.1|default@a", True), ("ccr-1|beds.2|default@a", False)])
def test_the_version_of_every_method_counts(
    settings: Settings, before: Path, after: Path, beds: str, blocked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beds that moved under the same raw data block, unless the method of beds has a new version; that of persons has not."""
    for name, value in (("inputs_used", {"530425": "a"}), ("inputs_read", {}), ("inputs_hash", "code of today")):
        monkeypatch.setattr(store, name, lambda *_, v=value: v)
    (before / "datapackage.json").write_text(json.dumps({"inputs": store.inputs_used(settings), "release": {"seed": settings.seed, "method_version": "ccr-1"}}), encoding="utf-8")  # fmt: skip
    derived(before, "ccr-1", "ccr-1|beds.1|default@a", 680.0)
    derived(after, "ccr-1", beds, 700.0)
    compared = package.inputs_compared(settings, before, after)
    assert compared.same_raw_and_method == blocked
    assert ("mart_bed_outlook.derived_stable" in failed(settings, before, after, compared)) == blocked
    diff.write(before, after, pl.DataFrame(schema=CHECKS), [], diff.tables(before, after))
    told = json.loads((after / diff.FILE).read_text(encoding="utf-8"))["method"]
    assert told == ({"before": "", "after": ""} if blocked else {"before": "ccr-1|beds.1|default@a", "after": beds})


@pytest.mark.parametrize(
    ("factor", "rule"), [(10, True), (3.5, True), (0.2, True), (-1, True), (2.5, False), (0.5, False)]
)
def test_a_figure_may_not_move_by_more_than_the_factor(
    settings: Settings, before: Path, after: Path, factor: float, rule: bool
) -> None:
    key = first_figure(after)
    change(after, "fct_observation", value=times(key, factor))
    found = failed(settings, before, after)
    assert ("fct_observation.figures_near" in found) == rule
    if rule:
        message = found["fct_observation.figures_near"]
        assert f"fct_observation,{key},value,<理由>" in message
        assert "raw/530425-yimen/corrections.csv" in message
        assert key.removeprefix("530425-") in message


def test_a_lost_row_blocks_until_accepted(settings: Settings, before: Path, after: Path) -> None:
    key = first_figure(after)
    drop(after, "fct_observation", pl.col("observation_id") == key)
    assert list(failed(settings, before, after)) == ["fct_observation.rows_kept"]
    (settings.raw / "accepted_changes.csv").write_text(
        f"{HEAD}fct_observation,{key},,重复登记,王某,2026-01-05\n", encoding="utf-8"
    )
    assert failed(settings, before, after) == {}
    _, (found,) = judge(settings, before, after, MOVED)
    assert found == Change(
        "fct_observation", key, "", accepted="accepted_changes.csv: 王某 2026-01-05 重复登记", county="530425"
    )


def test_a_word_given_once_is_spent(settings: Settings, before: Path, after: Path) -> None:
    (settings.raw / "accepted_changes.csv").write_text(
        f"{HEAD}*,530425*,*,全县重录,王某,2026-01-05\n", encoding="utf-8"
    )
    assert drop(after, "fct_project", pl.col("county_code") == "530425") > 0
    assert failed(settings, before, after) == {}
    shutil.copytree(after / "quality", before / "quality")
    assert list(failed(settings, before, after)) == ["fct_project.rows_kept"]


def test_a_new_correction_explains_its_row(settings: Settings, before: Path, after: Path) -> None:
    key = first_figure(after)
    change(after, "fct_observation", value=times(key, 10))
    row = {
        "correction_id": "530425-c99",
        "county_code": "530425",
        "table_name": "statistics",
        "row_key": key[7:],
        "column_name": "value_printed",
    }
    path = after / "parquet" / "fct_correction.parquet"
    pl.concat([pl.read_parquet(path), pl.DataFrame([row])], how="diagonal").write_parquet(path)
    assert failed(settings, before, after) == {}
    shutil.copy(path, before / "parquet")
    assert list(failed(settings, before, after)) == ["fct_observation.figures_near"]


def test_a_county_held_back_without_data_is_not_a_loss(settings: Settings, before: Path, after: Path) -> None:
    """Every row of it is gone from every table, those too whose key does not begin with the county."""
    for table in registry.in_layer("core"):
        if table.name in gate.FROM_REGISTRY:
            continue
        columns = [c.name for c in table.columns]
        mine = (
            pl.col("county_code") == "530425"
            if "county_code" in columns
            else pl.col(table.key[0]).str.starts_with("530425")
        )
        drop(after, table.name, mine.fill_null(False))
    lost = failed(settings, before, after)
    assert {"fct_project.rows_kept", "dim_source.rows_kept", "dim_county.rows_kept"} <= set(lost)
    row = pl.DataFrame(
        {"county_code": ["530425"], "used_input_hash": [None]}, schema_overrides={"used_input_hash": pl.String}
    )
    row.write_parquet(after / "parquet" / "mart_held_back.parquet")
    assert failed(settings, before, after) == {}
    row.with_columns(used_input_hash=pl.lit("abc")).write_parquet(after / "parquet" / "mart_held_back.parquet")
    assert failed(settings, before, after) == lost


@pytest.mark.parametrize(
    ("inputs", "rule"),
    [(Inputs(True, True), "derived_stable"), (Inputs(False, True), "derived_stable"), (MOVED, None)],
)
def test_derived_tables_may_not_move_alone(
    settings: Settings, before: Path, after: Path, inputs: Inputs, rule: str | None
) -> None:
    path = after / "parquet" / "mart_target.parquet"
    pl.DataFrame({c: ["x"] for c in pl.read_parquet(path).columns}).write_parquet(path)
    found = failed(settings, before, after, inputs)
    assert list(found) == ([f"mart_target.{rule}"] if rule else [])
    (settings.raw / "accepted_changes.csv").write_text(
        f"{HEAD}mart_target,*,*,改正算法,王某,2026-01-05\n", encoding="utf-8"
    )
    assert failed(settings, before, after, inputs) == {}
    if rule:
        assert ("程序变了" in found["mart_target.derived_stable"]) != inputs.same


def test_a_damaged_acceptance_file_is_refused_in_words(settings: Settings, before: Path, after: Path) -> None:
    (settings.raw / "accepted_changes.csv").write_text(f"{HEAD}fct_project,x,,,王某,yesterday\n", encoding="utf-8")
    with pytest.raises(InputError, match="accepted_changes"):
        judge(settings, before, after, MOVED)


def test_checks_that_changed_state() -> None:
    def results(*passed: bool) -> pl.DataFrame:
        n = len(passed)
        return pl.DataFrame(
            {"suite": ["s"] * n, "table_name": ["t"] * n, "expectation": [str(i) for i in range(n)], "severity": ["warning"] * n,
             "passed": passed, "message_zh": ["甲"] * n, "message_en": ["a"] * n}
        )  # fmt: skip

    found = diff.checks(results(True, False, True), results(True, True, False, False))
    assert [(c["expectation"], c["before"], c["after"]) for c in found] == [
        ("1", False, True),
        ("2", True, False),
        ("3", None, False),
    ]
