"""Messy tables come in whole: encodings, headers, totals, full-width digits, Excel."""

from pathlib import Path

import polars as pl
import pytest

from pipelines.ingest.contract import typed
from pipelines.ingest.problems import InputError
from pipelines.ingest.reader import ROW, read_cells, read_table

ACTUALS = "指标编号,年份,分组,数值,单位,来源,上报日期\nelderly_care_beds,2023,,1200,beds,民政统计台账,2024-01-15\n"


def _actuals(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_encodings_and_chinese_headers(tmp_path: Path, encoding: str) -> None:
    frame = read_table(_actuals(tmp_path / "actuals_2023.csv", ACTUALS, encoding), "actuals")
    assert frame["indicator_id"].to_list() == ["elderly_care_beds"]
    assert frame["source_note"].to_list() == ["民政统计台账"]


def test_full_width_thousands_and_total_row(tmp_path: Path) -> None:
    text = ACTUALS.replace(",1200,", ',"１，２００",') + "合计,,,1200,,,\n"
    frame = typed(read_cells(_actuals(tmp_path / "actuals_2023.csv", text), "actuals"), "actuals", "f.csv")
    assert frame.height == 1
    assert frame["value"].to_list() == [1200.0]


def test_title_and_merged_header_rows(tmp_path: Path) -> None:
    text = "某县年度实绩,,,,,,\n指标编号,年份,分组,填报,,来源,上报日期\n,,,数值,单位,,\nelderly_care_beds,2023,,1200,beds,台账,2024-01-15\n"
    frame = read_table(_actuals(tmp_path / "actuals_2023.csv", text), "actuals")
    assert frame.row(0, named=True)["value"] == "1200"
    assert frame[ROW].to_list() == [4]


def test_excel_equals_csv(tmp_path: Path) -> None:
    csv = read_table(_actuals(tmp_path / "actuals_2023.csv", ACTUALS), "actuals")
    csv.drop(ROW).write_excel(tmp_path / "actuals_2023.xlsx")
    assert read_table(tmp_path / "actuals_2023.xlsx", "actuals").equals(csv)


@pytest.mark.parametrize(
    ("text", "rule", "row"),
    [
        (ACTUALS.replace("1200", "约1200张"), "not_a_number", 2),
        (ACTUALS.replace("数值,", "").replace("1200,", ""), "missing_column", 1),
        (ACTUALS.replace("单位", "量纲"), "unknown_column", 1),
        (ACTUALS.replace("2024-01-15", "去年"), "not_a_date", 2),
        (ACTUALS.replace(",2023,", ",2023.5,"), "not_an_integer", 2),
        (ACTUALS.replace("民政统计台账", ""), "missing_value", 2),
        (ACTUALS.replace(",beds,", ",床,"), "unknown_code", 2),
        (ACTUALS + ACTUALS.splitlines()[1] + "\n", "duplicate_key", 2),
        (ACTUALS.replace("民政统计台账", "530425199001011234"), "identity_number", 2),
        (ACTUALS.replace("民政统计台账", "电话13888888888"), "identity_number", 2),
        (ACTUALS.splitlines()[0] + "\n", "empty_file", 0),
    ],
)
def test_every_problem_names_row_and_rule(tmp_path: Path, text: str, rule: str, row: int) -> None:
    path = _actuals(tmp_path / "actuals_2023.csv", text)
    with pytest.raises(InputError) as caught:
        typed(read_cells(path, "actuals"), "actuals", path.name)
    found = [(p.rule, p.row) for p in caught.value.problems]
    assert (rule, row) in found
    message = str(caught.value)
    assert "actuals_2023.csv" in message
    assert "To do:" in message


def test_all_problems_at_once(tmp_path: Path) -> None:
    text = ACTUALS + "elderly_care_beds,二零二三,,abc,床,台账,x\n"
    with pytest.raises(InputError) as caught:
        typed(read_cells(_actuals(tmp_path / "actuals_2023.csv", text), "actuals"), "actuals", "f.csv")
    assert {p.rule for p in caught.value.problems} == {"not_a_number", "unknown_code", "not_a_date"}


def test_binary_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "actuals_2023.csv").write_bytes(b"\xff\xfe\x00\x00\x81")
    with pytest.raises(InputError, match="encoding"):
        read_table(tmp_path / "actuals_2023.csv", "actuals")


def test_broken_excel_is_refused(tmp_path: Path) -> None:
    (tmp_path / "actuals_2023.xlsx").write_bytes(b"not a workbook")
    with pytest.raises(InputError, match="unreadable"):
        read_table(tmp_path / "actuals_2023.xlsx", "actuals")


def test_frames_are_text_until_typed(tmp_path: Path) -> None:
    frame = read_table(_actuals(tmp_path / "actuals_2023.csv", ACTUALS), "actuals")
    assert set(frame.drop(ROW).dtypes) == {pl.String}


@pytest.mark.parametrize("last", ["", "合计,,,1200,,,,备注在表外\n", ",,,,,,,备注在表外\n", ",,,,,,,,,\n"])
def test_rows_of_any_length_are_read_but_not_beyond_the_header(tmp_path: Path, last: str) -> None:
    short = ACTUALS.splitlines()[1].removesuffix(",2024-01-15").replace("2023", "2024")
    blank = "\n,,\n"
    path = _actuals(tmp_path / "actuals_2023.csv", ACTUALS + blank + short + "\n" + last)
    cells = read_cells(path, "actuals")
    assert list(cells.rows) == [2, 5]
    assert [list(cells.columns[name]) for name in ("year", "reported_on")] == [["2023", "2024"], ["2024-01-15", ""]]
    path.write_text(path.read_text(encoding="utf-8") + short + ",,多,余\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_cells(path, "actuals")
    (problem,) = caught.value.problems
    assert (problem.rule, problem.row, problem.value) == ("unreadable", 6 + bool(last), "多 余")


def test_the_registry_s_own_header_is_the_header_whatever_follows(tmp_path: Path) -> None:
    names = "indicator_printed,indicator_id\n"
    path = _actuals(tmp_path / "indicator_map.csv", names + "床位,elderly_care_beds\n" + names)
    cells = read_cells(path, "indicator_map")
    assert list(cells.rows) == [2, 3] and list(cells.columns["indicator_printed"]) == ["床位", "indicator_printed"]
