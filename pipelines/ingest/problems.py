"""What is wrong with a raw file, in words: file, row, column, value, rule and remedy, in Chinese and English."""

from __future__ import annotations

from dataclasses import dataclass

RULES: dict[str, tuple[str, str, str, str]] = {
    # rule: (what is wrong zh, en, what to do zh, en)
    "missing_file": ("缺少文件", "the file is missing", "请补交该文件", "hand in this file"),
    "unreadable": (
        "文件无法读取",
        "the file cannot be read",
        "请另存为 UTF-8 的 CSV 或 XLSX 后重交",
        "save it as UTF-8 CSV or XLSX and hand it in again",
    ),
    "encoding": (
        "编码既非 UTF-8 也非 GB18030",
        "the encoding is neither UTF-8 nor GB18030",
        "请另存为 UTF-8",
        "save the file as UTF-8",
    ),
    "empty_file": ("文件没有数据行", "the file has no data rows", "请填写数据或删除该文件", "fill it in or remove it"),
    "missing_column": (
        "缺少字段",
        "a column is missing",
        "请按模板补上该列（minzheng template）",
        "add the column, see minzheng template",
    ),
    "unknown_column": (
        "未知字段",
        "the column is not known",
        "请删除该列或改用模板中的列名",
        "remove it or use the template's name",
    ),
    "missing_value": ("必填项为空", "a required cell is empty", "请填写", "fill it in"),
    "not_a_number": (
        "不是数字",
        "this is not a number",
        "只填数字，单位写在单位列",
        "write digits only, the unit goes into its own column",
    ),
    "not_an_integer": ("不是整数", "this is not a whole number", "请填整数", "write a whole number"),
    "not_a_boolean": ("应为 0 或 1", "this must be 0 or 1", "请填 0 或 1", "write 0 or 1"),
    "not_a_date": ("日期格式不对", "this is not a date", "请写成 2025-12-31", "write it like 2025-12-31"),
    "unknown_code": (
        "代码不在码表内",
        "the code is not in the code list",
        "请从允许的代码中选用",
        "use one of the allowed codes",
    ),
    "unknown_reference": (
        "引用的对象不存在",
        "it refers to something that does not exist",
        "请核对编号",
        "check the key",
    ),
    "duplicate_key": (
        "主键重复",
        "the key occurs twice",
        "请删除重复行或改正编号",
        "remove the duplicate or correct the key",
    ),
    "out_of_range": (
        "数值超出合理范围",
        "the value is outside its range",
        "请核对数值与单位",
        "check the value and its unit",
    ),
    "wrong_unit": (
        "单位与指标不符",
        "the unit does not fit the indicator",
        "请按指标的单位填报",
        "report in the indicator's unit",
    ),
    "identity_number": (
        "出现身份证号或手机号，本系统拒收个人信息",
        "an identity-card or phone number: personal data are refused",
        "请删除个人信息，只报汇总数",
        "remove it and report totals only",
    ),
    "unknown_county": (
        "未知的区划代码",
        "the county code is not known",
        "请核对文件夹名与 county.toml（先用 minzheng new-county 建立）",
        "check the folder name and county.toml (minzheng new-county)",
    ),
    "guard_mismatch": (
        "修正登记的原文与现有原始值不符",
        "a declared repair no longer matches the raw cell",
        "请核对修正是否仍然需要",
        "check whether the repair is still needed",
    ),
    "bad_correction": (
        "修正登记没有对应的行或字段",
        "a declared repair matches no row or column",
        "请核对表名、行键和字段",
        "check table, row key and column",
    ),
    "outside_folder": (
        "链接指向文件夹之外",
        "the link leads out of the folder",
        "请交文件本身，不要交链接",
        "hand in the file itself, not a link",
    ),
    "too_large": (
        "文件（或其解压后的内容）过大",
        "the file, or what it unpacks to, is too large",
        "请只交数据，删去图片和空白行列后重交",
        "hand in data only: remove pictures and empty rows and columns",
    ),
    "bad_name": (
        "名称只可用小写字母、数字和连字符，文件名不可含路径",
        "a name takes lower-case letters, digits and hyphens only; a file name takes no path",
        "请改名",
        "rename it",
    ),
    "not_its_own": (
        "来源编号须含本县区划代码，否则会与别县的相同",
        "a source id holds the code of its county: another county might have the same",
        "请写成 plan-530425 的样子",
        "write it like plan-530425",
    ),
    "county_twice": (
        "同一区划代码有两个文件夹，不知以哪个为准",
        "two folders have the same county code, and nobody can know which one counts",
        "请把副本或备份移出 raw/，只留一个",
        "move the copy or backup out of raw/ and leave one",
    ),
    "changed_while_read": (
        "读取过程中文件有变动",
        "the files changed while they were read",
        "请待文件写完后重新运行",
        "run again when the files are complete",
    ),
    "cannot_stage": (
        "数据无法处理",
        "the data cannot be processed",
        "请核对最近改动的文件；仍不明白时把本消息交给维护人员",
        "check the files changed last; if that does not help, hand this message to the maintainer",
    ),
    "numeral_mismatch": (
        "数字台账与所指数据不符",
        "the numeral ledger and the row it points to disagree",
        "请回到原文该行核对",
        "go back to the line and check",
    ),
}


@dataclass(frozen=True, order=True)
class Problem:
    """One problem. `row` is the row of the file as a spreadsheet shows it (header = 1); 0 means the whole file."""

    file: str
    row: int
    column: str
    value: str
    rule: str
    detail_zh: str = ""
    detail_en: str = ""

    def __str__(self) -> str:
        zh, en, do_zh, do_en = RULES[self.rule]
        where = self.file + (f" 第{self.row}行" if self.row else "") + (f" [{self.column}]" if self.column else "")
        place = self.file + (f" row {self.row}" if self.row else "") + (f" [{self.column}]" if self.column else "")
        value = f" 值“{self.value}”" if self.value else ""
        quoted = f" value {self.value!r}" if self.value else ""
        return (
            f"{where}{value}：{zh}{'，' + self.detail_zh if self.detail_zh else ''}。{do_zh}。\n"
            f"  {place}{quoted}: {en}{', ' + self.detail_en if self.detail_en else ''}. To do: {do_en}. ({self.rule})"
        )


class InputError(Exception):
    """Raw input that cannot be used; carries every problem found, not only the first."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(problems)
        super().__init__(
            f"{len(problems)} 处问题 / {len(problems)} problem(s):\n" + "\n".join(str(p) for p in self.problems)
        )
