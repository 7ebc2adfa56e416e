"""Hold-back: a damaged county keeps its last good staging or is absent; its clerk gets workbooks; the hash tells the truth."""

from __future__ import annotations

import json
import shutil
from dataclasses import fields, replace
from pathlib import Path

import fastexcel
import openpyxl
import polars as pl
import pytest

from pipelines.ingest import quarantine
from pipelines.ingest.folder import RawCounty
from pipelines.ingest.problems import InputError, Problem
from pipelines.settings import Settings
from pipelines.staging import held, store
from pipelines.staging.county import Tables, staged
from pipelines.staging.held import HeldBack

CODE = "530425"


@pytest.fixture
def settings(raw: Path, tmp_path: Path) -> Settings:
    for pattern in ("reference", f"{CODE}-*", "530112-*"):
        folder = next(raw.glob(pattern))
        shutil.copytree(folder, tmp_path / "raw" / folder.name)
    made = Settings(data_root=tmp_path)
    store.stage_reference(made)
    return made


NOT_CONTENT = {
    "schedule_hour", "time_zone", "language", "retention", "memory_limit", "reader_memory_limit", "reuse_megabytes", "spark_master", "profile",
    "protection_threshold", "protection_width",  # of the public profile, which is made anew each time
    "alert_webhook", "alert_mail_to", "alert_mail_from", "alert_smtp", "alert_smtp_user", "alert_smtp_password",
}  # fmt: skip
OTHERS = {f.name: "7" for f in fields(Settings) if f.name not in ("data_root", "raw_folder")}
"""A value of every setting but the folders, which is not its default. A new setting that is not content belongs above."""


def damage(settings: Settings, old: str = ",actual,", new: str = ",achieved,") -> None:
    path = settings.county_folders()[CODE] / "statistics.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")


def now(settings: Settings) -> str:
    return store.inputs_hash(settings, store.inputs_now(settings))


def read(settings: Settings) -> str:
    return store.inputs_hash(settings, store.inputs_read(settings))


def stage_all(settings: Settings) -> list[HeldBack]:
    return [h for h in store.stage_counties(settings, settings.county_folders()) if isinstance(h, HeldBack)]


def test_last_good_staging_stays_and_comes_back(settings: Settings) -> None:
    assert stage_all(settings) == []
    good = store.current(settings, CODE)
    damage(settings)
    (county,) = stage_all(settings)
    assert (county.name, county.used, county.files) == (CODE, good.input_hash, ["statistics.csv"])
    assert store.current(settings, CODE) == good
    assert {s.name for s in store.publishable(settings)} == {CODE, "530112"}
    damage(settings, ",achieved,", ",actual,")
    assert stage_all(settings) == []
    assert store.held_back(settings) == []


def test_absent_without_good_data(settings: Settings) -> None:
    damage(settings)
    (county,) = stage_all(settings)
    assert county.used == ""
    assert [s.name for s in store.publishable(settings)] == ["530112"]
    row = held.frame([county]).row(0, named=True)
    assert (row["name_zh"], row["used_input_hash"]) == ("易门县", None)
    assert "不含该县" in row["message_zh"]


def test_since_is_the_first_day(settings: Settings) -> None:
    damage(settings)
    stage_all(settings)
    path = settings.staging / CODE / held.RECORD
    path.write_text(json.dumps({**json.loads(path.read_text()), "since": "2020-01-01"}), encoding="utf-8")
    damage(settings)
    assert str(stage_all(settings)[0].since) == "2020-01-01"


def test_nothing_to_publish_when_every_county_is_damaged(settings: Settings) -> None:
    shutil.rmtree(settings.county_folders()["530112"])
    stage_all(settings)
    damage(settings)
    stage_all(settings)
    with pytest.raises(InputError, match=r"statistics\.csv"):
        store.publishable(settings)


def test_a_county_without_its_toml_is_damaged_not_forgotten(settings: Settings) -> None:
    stage_all(settings)
    (settings.county_folders()[CODE] / "county.toml").unlink()
    assert stage_all(settings)[0].files == ["county.toml"]


def test_the_unforeseen_holds_back_one_county_only(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def unlucky(raw: RawCounty) -> Tables:
        return staged(raw) if raw.code != CODE else {}["unforeseen"]

    monkeypatch.setattr(store, "staged", unlucky)
    (county,) = stage_all(settings)
    assert [p.rule for p in county.problems] == ["cannot_stage"]


def test_hash_covers_what_was_read_not_what_lies_there_now(settings: Settings) -> None:
    stage_all(settings)
    assert read(settings) == now(settings)
    damage(settings)
    assert read(settings) != now(settings)
    stage_all(settings)
    assert read(settings) == now(settings)
    assert store.inputs_used(settings)[settings.county_folders()[CODE].name] == store.current(settings, CODE).input_hash


def test_unchanged_counties_are_named(settings: Settings) -> None:
    stage_all(settings)
    assert store.unchanged(settings) == ["530112", CODE]
    damage(settings)
    assert store.unchanged(settings) == ["530112"]


def test_settings_and_acceptances_change_the_hash(settings: Settings) -> None:
    stage_all(settings)
    before = now(settings)
    for name, other in OTHERS.items():
        changed = replace(settings, **{name: type(getattr(settings, name))(other)})
        assert (now(changed) != before) == (name not in NOT_CONTENT), name
    (settings.raw / store.ACCEPTED).write_text("table,key\n", encoding="utf-8")
    assert now(settings) != before


def test_expected_rows_beside_other_raw_data_change_the_hash(settings: Settings) -> None:
    elsewhere = replace(settings, raw_folder=str(settings.raw))
    stage_all(elsewhere)
    before = now(elsewhere)
    elsewhere.row_counts.write_text("{}", encoding="utf-8")
    assert now(elsewhere) != before


def test_the_clerk_gets_rows_and_reasons(settings: Settings) -> None:
    damage(settings)
    path = settings.county_folders()[CODE] / "statistics.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    cells = lines[1].split(",")
    lines[1] = ",".join([cells[0], cells[1], "=HYPERLINK(1)", *cells[3:]])
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    (county,) = stage_all(settings)
    folder = settings.quarantine / CODE / county.input_hash[:12]
    book = fastexcel.read_excel(folder / "statistics.xlsx")
    rejected = book.load_sheet(0, dtypes="string").to_polars()
    assert {"原因与处理", "reasons and what to do"} <= set(rejected.columns)
    assert any("代码不在码表内" in str(v) for v in rejected["原因与处理"])
    assert "=HYPERLINK(1)" in rejected["指标名称"].to_list()
    cells = [
        c for sheet in openpyxl.load_workbook(folder / "statistics.xlsx") for row in sheet.iter_rows() for c in row
    ]
    assert {c.data_type for c in cells} <= {"s", "n"}
    assert all(c.quotePrefix for c in cells if str(c.value).startswith("="))
    assert book.sheet_names[1] == "全部问题 problems"
    listed = json.loads((folder / "problems.json").read_text(encoding="utf-8"))
    assert {"file", "row", "column", "value", "rule", "message"} <= set(listed[0])


def test_quarantine_keeps_the_newest_five(settings: Settings) -> None:
    home, raw = settings.quarantine / CODE, settings.county_folders()[CODE]
    for i in range(8):
        quarantine.write(home, raw, f"{i:012}", [Problem("projects.csv", 0, "", "", "missing_file")])
    assert len(list(home.iterdir())) == 5
    assert (home / f"{7:012}" / "projects.xlsx").is_file()


def test_many_damaged_counties_get_lists_but_few_get_workbooks(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "BOOKS", 1)
    for folder in settings.county_folders().values():
        (folder / "county.toml").unlink()
    held_now = [c for c in store.stage_counties(settings, settings.county_folders()) if isinstance(c, HeldBack)]
    files = [sorted(p.name for p in (settings.quarantine / c.name / c.input_hash[:12]).iterdir()) for c in held_now]
    assert files == [["county.xlsx", "problems.json"], ["problems.json"]]


def test_the_same_damage_is_not_written_again(settings: Settings) -> None:
    damage(settings)
    (county,) = stage_all(settings)
    book = settings.quarantine / CODE / county.input_hash[:12] / "statistics.xlsx"
    before = book.stat().st_mtime_ns
    stage_all(settings)
    assert book.stat().st_mtime_ns == before
    book.unlink()
    stage_all(settings)
    assert book.exists()


def test_identity_numbers_do_not_travel_in_messages(settings: Settings) -> None:
    path = settings.county_folders()[CODE] / "statistics.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    cells = lines[1].split(",")
    lines[1] = ",".join([cells[0], cells[1], "张某530425198001011234", *cells[3:]])
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    (county,) = stage_all(settings)
    assert "identity_number" in {p.rule for p in county.problems}
    assert "530425198001011234" not in county.words()
    assert "530425198001011234" not in "".join(str(v) for v in held.frame([county]).row(0))


def test_frame_of_nobody_has_the_registered_columns() -> None:
    assert held.frame([]).schema["since"] == pl.Date


def test_a_copy_of_a_county_s_folder_holds_the_county_back_until_it_is_gone(settings: Settings) -> None:
    assert stage_all(settings) == []
    good, folder, now = store.current(settings, CODE), settings.county_folders()[CODE], store.inputs_now(settings)
    copy = Path(shutil.copytree(folder, folder.with_name(f"{folder.name} - 副本")))
    assert store.inputs_now(settings) != now
    (county,) = stage_all(settings)
    assert (county.name, county.used, set(county.files)) == (CODE, good.input_hash, {folder.name, copy.name})
    assert {p.rule for p in county.problems} == {"county_twice"}
    assert store.inputs_read(settings) == store.inputs_now(settings)
    shutil.rmtree(copy)
    assert stage_all(settings) == [] and store.inputs_now(settings) == now


def test_folders_that_are_nobody_s_are_known(settings: Settings) -> None:
    for name in ("620722minle", "530112 西山 (1)", ".hidden"):
        (settings.raw / name).mkdir()
    assert [p.name for p in settings.folders_not_read()] == ["530112 西山 (1)", "620722minle"]
