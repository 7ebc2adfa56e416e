"""The switch, leftovers, retention and pins, on folders small enough to see through."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from pipelines import cli, registry
from pipelines.core.hashes import table_hash
from pipelines.core.renamed import TYPES
from pipelines.desk import past
from pipelines.publish import diff, register, release
from pipelines.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_root=tmp_path, retention=2)


def build(settings: Settings, name: str) -> Path:
    candidate = settings.candidate(name)
    release.begin(settings, candidate)
    (candidate / "datapackage.json").write_text(json.dumps({"resources": []}), encoding="utf-8")
    (candidate / "marts.duckdb").write_text(name, encoding="utf-8")
    return candidate


def test_switch_publishes_frozen_files_and_moves_the_pointer(settings: Settings) -> None:
    folder = release.switch(settings, build(settings, "a"))
    assert release.current_id(settings) == folder.name
    assert (settings.marts / "current").resolve() == folder
    assert not (folder / "marts.duckdb").stat().st_mode & 0o222


def test_ids_grow_whatever_the_clock_says(settings: Settings) -> None:
    first = release.switch(settings, build(settings, "a")).name
    register.append(settings, {"release_id": "r00041-19990101"})
    second = release.switch(settings, build(settings, "b")).name
    assert (first[:6], second[:6]) == ("r00001", "r00042")


def test_begin_removes_leftovers_of_killed_runs(settings: Settings) -> None:
    build(settings, "killed")
    (settings.marts / ".CURRENT.new").write_text("half", encoding="utf-8")
    candidate = build(settings, "next")
    assert list(settings.releases.iterdir()) == [candidate]
    assert not (settings.marts / ".CURRENT.new").exists()


def test_retention_keeps_current_and_pinned(settings: Settings) -> None:
    names = [release.switch(settings, build(settings, n)).name for n in "abcd"]
    release.pin(settings, names[0])
    assert set(release.prune(settings)) == {names[1]}
    assert {r.id for r in release.releases(settings)} == {names[0], names[2], names[3]}


def test_a_release_that_never_became_current_is_removed(settings: Settings) -> None:
    first = release.switch(settings, build(settings, "a"))
    register.remember(settings, first)
    orphan = settings.releases / "r00002-20260101"
    build(settings, "b").rename(orphan)
    assert orphan.name in release.clean(settings)
    assert [r.id for r in release.releases(settings)] == [first.name]


def test_a_torn_register_loses_one_line_only(settings: Settings) -> None:
    release.switch(settings, build(settings, "a"))
    (settings.marts / "register.jsonl").write_text('{"release_id": "r0', encoding="utf-8")
    release.clean(settings)
    assert [str(e["release_id"])[:6] for e in register.entries(settings)] == ["r00001"]


def test_use_rolls_back_and_refuses_the_unknown(settings: Settings) -> None:
    first = release.switch(settings, build(settings, "a")).name
    release.switch(settings, build(settings, "b"))
    release.use(settings, first)
    assert release.current_id(settings) == first
    with pytest.raises(FileNotFoundError):
        release.use(settings, "r09999-20990101")


def test_a_refusal_says_what_failed(settings: Settings) -> None:
    candidate = build(settings, "a")
    (candidate / "quality").mkdir()
    failed = {"severity": "critical", "passed": False, "message_zh": "少了行 x", "message_en": "row x is gone"}
    results = [
        failed,
        {**failed, "severity": "warning", "message_en": "w"},
        {**failed, "passed": True, "message_en": "p"},
    ]
    (candidate / "quality" / "results.json").write_text(json.dumps({"results": results * 12}), encoding="utf-8")
    said = release.refusal(release.reject(settings, candidate))
    assert said[0] == "✗ 少了行 x\n  row x is gone"
    assert said[10:] == ["…… 另有 2 项 / 2 more"]


def test_the_newest_reports_of_refused_candidates_stay(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "_REJECTED_KEPT", 2)
    for n in range(4):
        kept = settings.marts / release.REJECTED / f"r0000{n}-x"
        kept.mkdir(parents=True)
        os.utime(kept, (n, n))
    candidate = build(settings, "a")
    (candidate / "quality").mkdir()
    kept = release.reject(settings, candidate)
    assert {p.name for p in kept.parent.iterdir()} == {kept.name, "r00003-x"}


def test_rejected_candidate_keeps_only_its_report(settings: Settings) -> None:
    candidate = build(settings, "a")
    (candidate / "quality").mkdir()
    (candidate / "quality" / "index.html").write_text("red", encoding="utf-8")
    kept = release.reject(settings, candidate)
    assert (kept / "index.html").read_text(encoding="utf-8") == "red"
    assert not candidate.exists()
    assert release.current_id(settings) is None


def test_second_writer_is_told_who_holds_the_lock(settings: Settings) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom pipelines.publish import release\nfrom pipelines.settings import Settings\n"
        "release.hold(Settings(data_root=Path(sys.argv[1])), 'first')\nprint('held', flush=True)\nsys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(settings.data_root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == "held"
        with pytest.raises(release.LockedError, match=f"first .pid {other.pid}."):
            release.hold(settings, "second")
        other.kill()
    release.hold(settings, "second")
    release.let_go(settings)


def test_diff_names_added_removed_and_changed_cells() -> None:
    old = pl.DataFrame({"k": ["a", "b", "c"], "v": [1, 2, None]})
    new = pl.DataFrame({"k": ["b", "c", "d"], "v": [2, 3, 4]})
    found = diff.compare(old, new, ("k",))
    assert (found["added"], found["removed"], found["changed"]) == (1, 1, 1)
    assert found["cells"] == [{"key": ["c"], "column": "v", "before": None, "after": 3}]


def test_aligned_tables_are_compared_cell_by_cell() -> None:
    old = pl.DataFrame({"k": ["a", "b", "c"], "v": [1, None, 3], "w": ["x", "y", "z"]})
    new = old.with_columns(v=pl.Series([1, 2, None]), u=pl.lit(1)).drop("w")
    found = diff.compare(old, new, ("k",))
    assert (found["added"], found["removed"], found["changed"], found["cells_total"]) == (0, 0, 2, 2)
    assert [(c["key"], c["before"], c["after"]) for c in found["cells"]] == [(["b"], None, 2), (["c"], 3, None)]
    assert (found["new_columns"], found["lost_columns"]) == (["u"], ["w"])


def test_equal_files_are_not_read_and_others_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = registry.table("fct_correction")
    frame = pl.DataFrame({c.name: ["a"] for c in table.columns})
    for n in ("one", "two"):
        (tmp_path / n / "parquet").mkdir(parents=True)
        frame.write_parquet(tmp_path / n / "parquet" / "fct_correction.parquet")
    with monkeypatch.context() as patched:
        patched.setattr(pl, "read_parquet", None)
        assert diff.between(tmp_path / "one", tmp_path / "two", table)["changed"] == 0
    frame.with_columns(printed=pl.lit("b")).write_parquet(tmp_path / "two" / "parquet" / "fct_correction.parquet")
    assert diff.between(tmp_path / "one", tmp_path / "two", table)["changed"] == 1


def test_the_last_digits_of_a_figure_are_no_change() -> None:
    old = pl.DataFrame({"k": [1, 2, 3], "v": [0.1 + 0.2, 1.0, None]})
    new = pl.DataFrame({"k": [1, 2, 3], "v": [0.3, 1.0 + 1e-9, 0.0]})
    assert [c["key"] for c in diff.compare(old, new, ("k",))["cells"]] == [[2], [3]]


MORTALITY = registry.table("fct_mortality")


@pytest.mark.parametrize(
    ("changed", "seen"),
    [
        (lambda rows: rows.with_columns(pl.col("death_rate").replace(3, None)), True),
        (lambda rows: rows.with_columns(pl.col("death_rate") * 2, pl.col("source_id") + "x"), True),
        (lambda rows: rows.with_columns(pl.col("death_rate") * (1 + 1e-15)), False),
        (lambda rows: rows.reverse(), False),
        (lambda rows: rows.head(-2), True),
        (lambda rows: rows.clear(), True),
        (lambda rows: rows.drop("source_id"), True),
        (lambda rows: rows.drop("age_from"), True),
        (lambda rows: rows.with_columns(pl.col("death_rate").cast(pl.Float32)), False),
    ],
)
def test_files_are_compared_as_their_rows_are(
    tmp_path: Path, changed: Callable[[pl.DataFrame], pl.DataFrame], seen: bool
) -> None:
    numbers = pl.Series(range(8), dtype=pl.Int64)
    new = pl.DataFrame({c.name: numbers.cast(TYPES[c.type]) for c in MORTALITY.columns})
    old = changed(new)
    for name, rows in (("one", old), ("two", new)):
        (tmp_path / name / "parquet").mkdir(parents=True)
        rows.write_parquet(tmp_path / name / "parquet" / "fct_mortality.parquet")
    told = diff.between(tmp_path / "one", tmp_path / "two", MORTALITY)
    assert told == diff.compare(old, new, MORTALITY.key)
    assert (told != diff.compare(new, new, MORTALITY.key)) == seen


def test_the_register_outlives_the_releases(settings: Settings) -> None:
    for n in range(4):
        candidate = build(settings, str(n))
        register.remember(settings, release.switch(settings, candidate))
        release.prune(settings)
    assert len(release.releases(settings)) == settings.retention
    assert [str(e["release_id"])[:6] for e in register.entries(settings)] == ["r00001", "r00002", "r00003", "r00004"]


def forecast(candidate: Path, persons: float) -> None:
    """The forecast tables of a candidate, so far as the register keeps them."""
    (candidate / "parquet").mkdir()
    row = {
        "county_code": ["530425"],
        "year": [2030],
        "age_band": ["60+"],
        "sex": ["both"],
        "p50": [persons],
        "method_version": ["m-1"],
    }
    pl.DataFrame(row).write_parquet(candidate / "parquet" / "mart_elderly_outlook.parquet")
    beds = {
        "county_code": ["530425"],
        "year": [2030],
        "estimator": ["observed_use"],
        "demand_p50": [680.0],
        "first_year_short": [2033],
    }
    pl.DataFrame(beds).write_parquet(candidate / "parquet" / "mart_bed_outlook.parquet")


def test_last_year_s_forecast_is_answered_after_its_release_is_gone(settings: Settings) -> None:
    names = []
    for n, persons in enumerate((43_800.0, 43_900.0, 43_900.0, 44_100.0)):
        candidate = build(settings, str(n))
        forecast(candidate, persons)
        folder = release.switch(settings, candidate)
        register.remember(settings, folder)
        release.prune(settings)
        names.append(folder.name)
    assert not (settings.releases / names[0]).exists()
    then = past.past_outlook("530425", names[0], settings.marts)
    assert (then.elderly["p50"].item(), then.name) == (43_800, names[0])
    assert then.beds["first_year_short"].item() == 2033 and then.graves.is_empty()
    assert past.forecasts(settings.marts)["release_id"].to_list() == names
    files = sorted(p.name.split("-")[0] for p in (settings.marts / "register").iterdir())
    assert files == ["mart_bed_outlook"] + ["mart_elderly_outlook"] * 3, "equal tables are kept once"
    with pytest.raises(KeyError, match="r99999"):
        past.past_outlook("530425", "r99999", settings.marts)
    with pytest.raises(ValueError, match="620722"):
        past.past_outlook("620722", names[0], settings.marts)


def test_a_change_in_one_county_keeps_its_province_again_and_nothing_else(settings: Settings) -> None:
    codes, kept, names = ["110101", "530129", "530425", "620722"], [], []
    for n, changed in enumerate((0.0, 0.0, 7.0)):
        candidate = build(settings, str(n))
        forecast(candidate, 1.0)
        path = candidate / "parquet" / "mart_elderly_outlook.parquet"
        one = pl.read_parquet(path).drop("county_code")
        rows = [
            one.with_columns(county_code=pl.lit(c), p50=pl.lit(100.0 + i + changed * (c == "620722")))
            for i, c in enumerate(codes)
        ]
        pl.concat(rows).write_parquet(path)
        folder = release.switch(settings, candidate)
        register.remember(settings, folder)
        names.append(folder.name)
        kept.append({p.name for p in (settings.marts / "register").iterdir()})
    assert kept[0] == kept[1] and len(kept[0]) == 3 + 1, "three provinces of people, one of beds"
    (again,) = kept[2] - kept[1]
    assert set(pl.read_parquet(settings.marts / "register" / again)["county_code"]) == {"620722"}
    told = [past.past_outlook("620722", name, settings.marts).elderly["p50"].item() for name in names]
    assert told == [103.0, 103.0, 110.0]
    assert past.past_outlook("110101", names[2], settings.marts).elderly["p50"].item() == 100.0


def test_entries_that_name_one_file_a_table_still_answer(settings: Settings) -> None:
    candidate = build(settings, "a")
    forecast(candidate, 43_800.0)
    (settings.marts / "register").mkdir(parents=True)
    path = settings.marts / "register" / "mart_elderly_outlook-0123456789abcdef.parquet"
    path.write_bytes((candidate / "parquet" / "mart_elderly_outlook.parquet").read_bytes())
    register.append(settings, {"release_id": "r00001-19990101", "forecast": {"mart_elderly_outlook": path.name}})
    assert past.past_outlook("530425", "r00001-19990101", settings.marts).elderly["p50"].item() == 43_800.0


def assumed(candidate: Path, occupancy: float) -> None:
    row = {"parameter_id": ["occupancy", "second"], "name_zh": ["入住率", "二次安葬"], "name_en": ["occupancy", "second burials"],
           "unit": ["pct", "pct"], "distribution": ["triangular", "fixed"], "value": [occupancy, 5.0], "low": [40.0, 5.0],
           "high": [80.0, 5.0]}  # fmt: skip
    pl.DataFrame(row).write_parquet(candidate / "parquet" / "dim_parameter.parquet")


def test_what_an_earlier_forecast_assumed_is_told_beside_what_is_assumed_now(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = []
    for n, occupancy in enumerate((50.0, 50.0, 60.0)):
        candidate = build(settings, str(n))
        forecast(candidate, 43_800.0)
        assumed(candidate, occupancy)
        names.append(release.switch(settings, candidate).name)
        register.remember(settings, settings.releases / names[-1])
    assert past.past_parameters(names[0], settings.marts).filter(parameter_id="occupancy")["value"].item() == 50.0
    changed = past.changed_parameters(names[0], settings.marts)
    assert changed.select("parameter_id", "release_id", "value").rows() == [
        ("occupancy", names[0], 50.0),
        ("occupancy", names[2], 60.0),
    ]
    assert past.changed_parameters(names[2], settings.marts).is_empty()
    with pytest.raises(KeyError, match="r99999"):
        past.changed_parameters("r99999", settings.marts)
    register.append(settings, {"release_id": "r00000-19990101", "elderly_outlook": []})
    assert past.past_parameters("r00000-19990101", settings.marts).is_empty(), "kept none"
    monkeypatch.setenv("MINZHENG_DATA_ROOT", str(settings.data_root))
    assert cli.main(["release", "past", "r00000-19990101"]) == 0
    assert "入住率" not in capsys.readouterr().out


def test_the_command_line_tells_changed_assumptions(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MINZHENG_DATA_ROOT", str(settings.data_root))
    for n, occupancy in enumerate((50.0, 60.0)):
        candidate = build(settings, str(n))
        forecast(candidate, 43_800.0)
        assumed(candidate, occupancy)
        folder = release.switch(settings, candidate)
        register.remember(settings, folder)
    first, newest = past.forecasts(settings.marts)["release_id"]
    assert cli.main(["release", "past", first]) == 0
    said = capsys.readouterr().out
    assert f"{first}  入住率 / occupancy: 50 (40–80) pct, triangular" in said
    assert f"{newest}  入住率 / occupancy: 60 (40–80) pct, triangular" in said and "二次安葬" not in said
    assert cli.main(["release", "past", newest]) == 0
    assert "入住率" not in capsys.readouterr().out


def test_entries_of_earlier_versions_still_answer_for_the_elderly(settings: Settings) -> None:
    settings.marts.mkdir(parents=True)
    row = ["530425", 2030, "60+", None, 42_000.0, 43_900.0, 45_800.0, None, "m-0"]
    register.append(settings, {"release_id": "r00001-19990101", "elderly_outlook": [row]})
    then = past.past_outlook("530425", "r00001-19990101", settings.marts)
    assert then.elderly.select("year", "p50", "sex").row(0) == (2030, 43_900.0, "both") and then.beds.is_empty()


def test_table_hash_sees_every_cell_and_no_file_detail() -> None:
    frame = pl.DataFrame({"a": [1, None], "b": ["x", ""]})
    assert table_hash(frame) == table_hash(frame.clone())
    for other in (
        frame.with_columns(a=pl.Series([1, 0])),
        frame.with_columns(b=pl.Series(["x", None])),
        frame.rename({"a": "c"}),
    ):
        assert table_hash(other) != table_hash(frame)
