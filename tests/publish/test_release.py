"""The switch, leftovers, retention and pins, on folders small enough to see through."""

import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from pipelines.publish import diff, release
from pipelines.publish.hashes import table_hash
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
    release.register(settings, {"release_id": "r00041-19990101"})
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
    release.register(settings, release.register_entry(first))
    orphan = settings.releases / "r00002-20260101"
    build(settings, "b").rename(orphan)
    assert orphan.name in release.clean(settings)
    assert [r.id for r in release.releases(settings)] == [first.name]


def test_a_torn_register_loses_one_line_only(settings: Settings) -> None:
    release.switch(settings, build(settings, "a"))
    (settings.marts / "register.jsonl").write_text('{"release_id": "r0', encoding="utf-8")
    release.clean(settings)
    assert [str(e["release_id"])[:6] for e in release.registered(settings)] == ["r00001"]


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


def test_the_last_digits_of_a_figure_are_no_change() -> None:
    old = pl.DataFrame({"k": [1, 2, 3], "v": [0.1 + 0.2, 1.0, None]})
    new = pl.DataFrame({"k": [1, 2, 3], "v": [0.3, 1.0 + 1e-9, 0.0]})
    assert [c["key"] for c in diff.compare(old, new, ("k",))["cells"]] == [[2], [3]]


def test_the_register_outlives_the_releases(settings: Settings) -> None:
    for n in range(4):
        candidate = build(settings, str(n))
        release.register(settings, {**release.register_entry(release.switch(settings, candidate)), "seed": n})
        release.prune(settings)
    assert len(release.releases(settings)) == settings.retention
    assert [e["seed"] for e in release.registered(settings)] == [0, 1, 2, 3]


def test_table_hash_sees_every_cell_and_no_file_detail() -> None:
    frame = pl.DataFrame({"a": [1, None], "b": ["x", ""]})
    assert table_hash(frame) == table_hash(frame.clone())
    for other in (
        frame.with_columns(a=pl.Series([1, 0])),
        frame.with_columns(b=pl.Series(["x", None])),
        frame.rename({"a": "c"}),
    ):
        assert table_hash(other) != table_hash(frame)
