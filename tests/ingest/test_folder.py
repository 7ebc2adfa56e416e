"""County folders: every problem of every file at once, and the yearly reports."""

import re
import shutil
from pathlib import Path

import pytest

from pipelines.ingest import folder as reading
from pipelines.ingest.folder import content_hash, known_hash, read_county
from pipelines.ingest.problems import InputError
from pipelines.settings import Settings
from pipelines.staging.county import stage
from pipelines.staging.validate import validate

REPORT = "indicator_id,year,breakdown,value,unit,source_note,reported_on\n"


@pytest.fixture
def county(raw: Path, tmp_path: Path) -> Path:
    """A scratch copy of one real county folder."""
    first = sorted(raw.glob("[0-9]*-*"))[0]
    return Path(shutil.copytree(first, tmp_path / first.name))


def test_real_counties_are_clean(raw: Path) -> None:
    for folder in sorted(raw.glob("[0-9]*-*")):
        assert validate(folder) == [], folder.name


def test_problems_of_several_files_at_once(county: Path) -> None:
    (county / "projects.csv").unlink()
    statistics = (county / "statistics.csv").read_text(encoding="utf-8")
    (county / "statistics.csv").write_text(statistics.replace(",actual,", ",achieved,", 1), encoding="utf-8")
    (county / "county.toml").write_text('code = "999999"\n', encoding="utf-8")
    rules = {(p.file, p.rule) for p in validate(county)}
    assert {
        ("projects.csv", "missing_file"),
        ("statistics.csv", "unknown_code"),
        ("county.toml", "unknown_county"),
    } <= rules


def test_yearly_report_becomes_an_observation(county: Path) -> None:
    (county / "actuals_2023.csv").write_text(
        REPORT + "elderly_care_beds,2023,,1300,beds,台账,2024-02-01\n", encoding="utf-8"
    )
    reported = stage(read_county(county))["statistics"].filter(place="actuals").row(0, named=True)
    assert (reported["value"], reported["period_end"], reported["measure"]) == (1300.0, 2023, "actual")
    assert reported["source_id"].startswith("actuals-")


def test_progress_names_the_report_it_came_from(county: Path) -> None:
    before = stage(read_county(county))
    assert before["source"].height == 1 and before["progress"].is_empty()
    key = before["projects"]["project"][0].rpartition("-")[2]
    columns = "project,as_of,stage,funds_arrived_wan,invested_wan,outputs_completed,source_note"
    told = f"{columns}\n{key},2023-06-30,under_construction,,,,台账\n"
    (county / "progress.csv").write_text(told, encoding="utf-8")
    staged = stage(read_county(county))
    named = staged["progress"]["source_id"].item()
    source = staged["source"].filter(source_id=named).row(0, named=True)
    assert named.startswith("progress-") and source["sha256"] is None
    assert (source["title_zh"], source["period_start"], source["period_end"]) == ("项目进展上报", 2023, 2023)


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("nursing_bed_share,2023,,380,pct,台账,2024-02-01", "out_of_range"),
        ("nursing_bed_share,2023,,38,persons,台账,2024-02-01", "wrong_unit"),
        ("no_such_indicator,2023,,38,pct,台账,2024-02-01", "unknown_code"),
        ("nursing_bed_share,2022,,38,pct,台账,2024-02-01", "out_of_range"),
        ("nursing_bed_share,2023,,-1,pct,台账,2024-02-01", "out_of_range"),
    ],
)
def test_bad_report_is_refused(county: Path, row: str, rule: str) -> None:
    path = county / "actuals_2023.csv"
    path.write_text(REPORT + row + "\n", encoding="utf-8")
    assert rule in {p.rule for p in validate(county)}


def test_single_file_is_checked_by_its_name(county: Path) -> None:
    assert validate(county / "statistics.csv") == []
    path = county / "actuals_2023.csv"
    path.write_text(REPORT + "nursing_bed_share,2023,,380,pct,台账,2024-02-01\n", encoding="utf-8")
    assert [p.rule for p in validate(path)] == ["out_of_range"]
    assert validate(county / "nothing.csv")[0].rule == "missing_file"
    odd = county / "whatever.csv"
    odd.write_text("a,b\n1,2\n", encoding="utf-8")
    assert validate(odd)[0].rule == "unreadable"


def test_corrections_guard(county: Path) -> None:
    key = (county / "projects.csv").read_text(encoding="utf-8").splitlines()[1].split(",")[0]
    head = "correction_id,table,row_key,column,printed,corrected,reason_code,reason_zh,reason_en,evidence,status\n"
    row = "c01,projects,{key},investment_printed,不是原文,1,ocr_character,测试,test,line 1,applied\n"
    (county / "corrections.csv").write_text(head + row.format(key=key), encoding="utf-8")
    assert [p.rule for p in validate(county)] == ["guard_mismatch"]
    (county / "corrections.csv").write_text(head + row.format(key="m999"), encoding="utf-8")
    assert [p.rule for p in validate(county)] == ["bad_correction"]


def test_ledger_must_agree_with_its_rows(county: Path) -> None:
    lines = (county / "figures.csv").read_text(encoding="utf-8").splitlines()
    i = next(i for i, line in enumerate(lines) if ".value_printed" in line)
    cells = lines[i].split(",")
    cells[2] = "987654321"
    lines[i] = ",".join(cells)
    (county / "figures.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert "numeral_mismatch" in {p.rule for p in validate(county)}


def test_unknown_file_types_do_not_count_as_counties(tmp_path: Path) -> None:
    (tmp_path / "raw" / "notes").mkdir(parents=True)
    assert Settings(data_root=tmp_path).county_folders() == {}


def test_input_error_lists_every_problem(county: Path) -> None:
    for name in ("figures.csv", "population.csv"):
        (county / name).unlink()
    with pytest.raises(InputError) as caught:
        read_county(county)
    assert {p.file for p in caught.value.problems} >= {"figures.csv", "population.csv"}


def test_a_folder_is_read_once_while_nothing_in_it_is_touched(county: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_REST", -3_600_000_000_000)  # whatever has just been written has rested
    first = known_hash(county)
    assert first == content_hash(county)
    with monkeypatch.context() as patched:
        patched.setattr(reading, "content_hash", lambda path: "read again")
        assert known_hash(county) == first
        (county / "notes.csv").touch()
        assert known_hash(county) == "read again"
    path = county / "county.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("a", "b"), encoding="utf-8")  # of the same length
    assert known_hash(county) == content_hash(county) != first
    (county / "new.csv").write_text("", encoding="utf-8")
    assert known_hash(county) == content_hash(county)


@pytest.mark.parametrize(
    ("file", "fact", "value", "rule"),
    [
        ("county.toml", "valid_from", "2020-12", "not_a_date"),
        ("county.toml", "kind", "County seat", "unknown_code"),
        ("source.toml", "period_start", "二〇二一", "not_a_number"),
        ("source.toml", "quality_grade", "Z", "unknown_code"),
        ("source.toml", "source_id", "plan-999999", "not_its_own"),
    ],
)
def test_facts_are_held_against_their_contract(county: Path, file: str, fact: str, value: str, rule: str) -> None:
    path = county / file
    facts = path.read_text(encoding="utf-8")
    path.write_text(re.sub(rf"(?m)^{fact} = .*$", f'{fact} = "{value}"', facts), encoding="utf-8")
    (problem,) = validate(county)
    assert (problem.file, problem.column, problem.value, problem.rule) == (file, fact, value, rule)


def test_a_kind_may_be_said_in_words(county: Path) -> None:
    path = county / "county.toml"
    path.write_text(re.sub(r"(?m)^kind = .*$", 'kind = "市辖区"', path.read_text(encoding="utf-8")), encoding="utf-8")
    assert stage(read_county(county))["county"]["kind"].item() == "district"
