"""Raw folders that the last refresh has read are known again without reading them, and only then."""

import json
import os
import time
from pathlib import Path

import pytest

from pipelines.ingest import folder as reading
from pipelines.ingest.folder import content_hash, known_hash
from pipelines.settings import Settings
from pipelines.staging import store

NAME = "990101-hill"
NOTES = "a,b\n1,2\n"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(reading, "_SEEN", {})
    monkeypatch.setattr(reading, "_REST", 0)
    (tmp_path / "raw" / NAME).mkdir(parents=True)
    (tmp_path / "raw" / NAME / "notes.csv").write_text(NOTES, encoding="utf-8")
    time.sleep(0.02)  # it rests
    return Settings(tmp_path)


def next_process(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Forget what this process knows, recall what is kept. Returns the folders that are read from then on."""
    read: list[Path] = []

    def noted(path: Path) -> str:
        read.append(path)
        return content_hash(path)

    monkeypatch.setattr(reading, "_SEEN", {})
    monkeypatch.setattr(reading, "content_hash", noted)
    store.recall(settings)
    return read


def test_an_untouched_folder_is_not_read_by_the_next_process(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    county = settings.raw / NAME
    first = known_hash(county)
    store.remember(settings)
    read = next_process(settings, monkeypatch)
    assert known_hash(county) == first == content_hash(county)
    assert not read


def test_a_change_of_the_same_size_and_date_is_read(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    county = settings.raw / NAME
    first, file = known_hash(county), county / "notes.csv"
    store.remember(settings)
    before = file.stat()
    file.write_text(NOTES.replace("2", "3"), encoding="utf-8")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))  # as a program that keeps dates leaves it
    read = next_process(settings, monkeypatch)
    assert known_hash(county) != first
    assert read == [county]


def test_a_file_changed_a_moment_ago_is_read_again(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_REST", 3_600_000_000_000)
    known_hash(settings.raw / NAME)
    store.remember(settings)
    read = next_process(settings, monkeypatch)
    for _ in range(2):
        known_hash(settings.raw / NAME)
    assert read == [settings.raw / NAME] * 2


def test_everything_is_read_again_on_demand(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    known_hash(settings.raw / NAME)
    store.remember(settings)
    store.forget(settings)
    read = next_process(settings, monkeypatch)
    known_hash(settings.raw / NAME)
    assert read == [settings.raw / NAME]


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", '{"code": "of another version"}', '{"folders": []}'])
def test_what_cannot_be_recalled_is_read(settings: Settings, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    county = settings.raw / NAME
    known_hash(county)
    store.remember(settings)
    kept = settings.staging / "seen.json"
    whole = json.loads(kept.read_text(encoding="utf-8"))
    text = json.dumps(whole | json.loads(damage)) if ":" in damage else damage
    kept.write_text(text, encoding="utf-8")
    read = next_process(settings, monkeypatch)
    assert known_hash(county) == content_hash(county)
    assert read == [county]


def test_folders_that_are_gone_are_not_kept(settings: Settings) -> None:
    known_hash(settings.raw / NAME)
    store.remember(settings)
    (settings.raw / NAME).rename(settings.data_root / "gone")
    store.remember(settings)
    assert json.loads((settings.staging / "seen.json").read_text(encoding="utf-8"))["folders"] == {}
