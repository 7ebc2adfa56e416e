"""The forecast record for readers: how far off the method was, from the scores, later facts and training record that ship
with the model. Every figure is read from those files; what misses its gate or tolerance is marked as such."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from pipelines.desk import words
from pipelines.desk.charts.base import CENSUS, bars, source_of
from pipelines.desk.style import HATCHES, SERIES, Cell, Chart, Spec, Table, axis
from pipelines.desk.words import Language, Words, same
from pipelines.forecast.backtest import BROAD_AGES, OWN_ROWS
from pipelines.forecast.baselines import TITLES
from pipelines.forecast.gates import GATES, LEAST_GAIN, MEASURES, NOT_IN_BOOK, gate_reached
from pipelines.forecast.shipped import MODEL_FILE, load_model

OURS: Final = "cohort_ratios"
UNSEEN: Final = "k-fold"  # other counties of the same province are seen
PROVINCE_OUT: Final = "leave one province out"
BANDS: Final = ("60+", "65+", "80+")
COVERAGE_ALL, COVERAGE_TYPE, COVERAGE_95 = (77.0, 86.0), (72.0, 90.0), (93.0, 97.0)  # FORECAST §3, per cent
LARGEST_BIAS: Final = 1.0  # FORECAST §3: |MALPE| in k-fold, per cent
GAP: Final = "\u00a0/\u00a0"  # four limits stay on one line

SETTINGS: Final = {
    UNSEEN: Words("k折", "k-fold"),
    NOT_IN_BOOK: Words("k折，本县不在普查资料中", NOT_IN_BOOK),
    OWN_ROWS: Words("k折，仅有本县基本数据", OWN_ROWS),
    BROAD_AGES: Words("k折，仅有本县基本数据和四个大年龄组", BROAD_AGES),
    PROVINCE_OUT: Words("逐省留出", "province out"),
    "ex-ante": Words("事前", "ex-ante"),
}
GROUPS: Final = {
    "all": Words("全部", "all"),
    "county or city": Words("县和县级市", "counties, cities"),
    "district": Words("市辖区", "districts"),
    "district, unit changed in prefecture": Words(
        "市辖区，所在地级市有单位设撤", "districts, a unit appeared or vanished in the prefecture"
    ),
    "district, prefecture unchanged": Words("市辖区，所在地级市无设撤", "districts, prefecture unchanged"),
    "<200k": Words("20万人以下", "under 200,000 people"),
    "200-400k": Words("20万—40万人", "200,000–400,000"),
    "400-700k": Words("40万—70万人", "400,000–700,000"),
    ">=700k": Words("70万人及以上", "700,000 and more"),
}
PROVINCES: Final = {
    "11": Words("北京", "Beijing"), "12": Words("天津", "Tianjin"), "13": Words("河北", "Hebei"), "14": Words("山西", "Shanxi"),
    "15": Words("内蒙古", "Inner Mongolia"), "21": Words("辽宁", "Liaoning"), "22": Words("吉林", "Jilin"), "23": Words("黑龙江", "Heilongjiang"),
    "31": Words("上海", "Shanghai"), "32": Words("江苏", "Jiangsu"), "33": Words("浙江", "Zhejiang"), "34": Words("安徽", "Anhui"),
    "35": Words("福建", "Fujian"), "36": Words("江西", "Jiangxi"), "37": Words("山东", "Shandong"), "41": Words("河南", "Henan"),
    "42": Words("湖北", "Hubei"), "43": Words("湖南", "Hunan"), "44": Words("广东", "Guangdong"), "45": Words("广西", "Guangxi"),
    "46": Words("海南", "Hainan"), "50": Words("重庆", "Chongqing"), "51": Words("四川", "Sichuan"), "52": Words("贵州", "Guizhou"),
    "53": Words("云南", "Yunnan"), "54": Words("西藏", "Tibet"), "61": Words("陕西", "Shaanxi"), "62": Words("甘肃", "Gansu"),
    "63": Words("青海", "Qinghai"), "64": Words("宁夏", "Ningxia"), "65": Words("新疆", "Xinjiang"),
}  # fmt: skip
REACHED: Final = {
    "very good": Words("✓ 优良", "✓ very good"),
    "must": Words("✓ 仅必须", "✓ must only"),
    "missed": Words("✗ 未达到", "✗ missed"),
}
WITHIN: Final = {True: Words("✓ 容差内", "✓ within"), False: Words("✗ 容差外", "✗ outside")}
IN_INTERVAL: Final = {True: Words("✓ 区间内", "✓ inside"), False: Words("✗ 区间外", "✗ beyond")}
METHOD_NAMES: Final = {OURS: Words("本方法", "this method")} | {k: Words(*v) for k, v in TITLES.items()}
CITED: Final = {
    "Yunnan provincial statistical bulletin 2022": "云南省2022年统计公报",
    "Yunnan Daily 2024-03-31, provincial bulletin 2023": "《云南日报》2024年3月31日，省2023年统计公报",
    "municipal bulletin 2023, quoted by psic.org.cn": "市2023年统计公报，psic.org.cn转引",
    "municipal bulletin 2024, quoted by psic.org.cn": "市2024年统计公报，psic.org.cn转引",
    "prefecture statistics bureau, bulletin 2024": "州统计局2024年统计公报",
}
SETTING, UNITS, BAND, N, METHOD = (
    Words("检验方式", "setting"), Words("单位", "units"), Words("年龄", "ages"), Words("单位数", "number of units"), Words("方法", "method"),
)  # fmt: skip
ERRORS: Final = (
    Words("误差中位数 MdAPE（%）", "median error MdAPE (%)"),
    Words("平均误差 MAPE（%）", "mean error MAPE (%)"),
    Words("九成在此以内 P90（%）", "nine in ten under P90 (%)"),
    Words("误差≥10%的单位（%）", "units off ≥10 % (%)"),
)
BIAS = Words("平均偏差 MALPE（%）", "mean signed error MALPE (%)")
COVERS: Final = (
    Words("80%区间覆盖（%）", "80 % interval covers (%)"),
    Words("95%区间覆盖（%）", "95 % interval covers (%)"),
)
SHELF_LIFE: Final = Words("有效年限（年，八成单位误差在10%以内）", "shelf life (years; four in five within 10 %)")
GAINS: Final = (
    Words("Winkler 80 改进（%）", "Winkler 80 gain (%)"),
    Words("Winkler 95 改进（%）", "Winkler 95 gain (%)"),
)


NOT_TESTED_LATER: Final = Words(
    "各地区按自身2010—2020年的变化收缩外推，因此这里不检验由其他县得出的期望，也不检验本县记录的½权重。",
    " Areas are carried on by their own change of 2010–20, shrunk: the expectation from other counties and the half weight of a "
    "county's own record are not tested here.",
)


def scores() -> pl.DataFrame:
    """All backtest scores that ship with the model, in per cent."""
    return pl.read_csv(MODEL_FILE.with_name("scores.csv"), schema_overrides={"group": pl.String})


def later_facts() -> pl.DataFrame:
    """Official figures published since 2020 with our forecast, its error and the tolerance."""
    return pl.read_csv(MODEL_FILE.with_name("later_scores.csv"), schema_overrides={"area_code": pl.String})


def source() -> Words:
    """The source line of every backtest table and chart."""
    model = load_model()
    return source_of(
        CENSUS,
        Words(
            f"回测得分 scores.csv（方法 {model.method_version}）",
            f"backtest scores.csv (method {model.method_version})",
        ),
    )


def headline(data: pl.DataFrame | None = None) -> Words:
    """One sentence: how far off the method was for counties it had not seen."""
    table = scores() if data is None else data
    seen, alone, out, ante = (
        _ours(table, s).filter(pl.col("by") == "all", pl.col("age_band") == "60+").to_dicts()[0]
        for s in (UNSEEN, OWN_ROWS, PROVINCE_OUT, "ex-ante")
    )
    n, share = words.number(seen["n"]), words.number(seen["share10"], 1)
    median, mean = _one(seen, "MdAPE"), _one(seen, "MAPE")
    return Words(
        f"对未参与学习的县，由2010年推到2020年的60岁及以上人数误差中位数{median}%、平均{mean}%（{n}个县、市、区），"
        f"{share}%的单位误差在10%以上；若被评县只有自己的年龄、户籍、城镇人口和出生死亡率，误差中位数{_one(alone, 'MdAPE')}%；全省都未参与学习时误差中位数{_one(out, 'MdAPE')}%，只用2010年可知的信息时{_one(ante, 'MdAPE')}%。",
        f"For counties it had not learned from, the forecast from 2010 of people aged 60+ in 2020 was off by {median} % in the median and "
        f"{mean} % on average ({n} units), and by 10 % or more in {share} % of them; with no more known "
        f"of them than their own ages, registered and urban population and vital rates the median error was {_one(alone, 'MdAPE')} %, with the whole province unseen the median error was "
        f"{_one(out, 'MdAPE')} %, with only what was known in 2010 it was {_one(ante, 'MdAPE')} %.",
    )


def gates(data: pl.DataFrame | None = None) -> Table:
    """Accuracy by setting and band against the project's gates: very good, must, or missed."""
    table = _ours(scores() if data is None else data)
    rows = [(r, gate_reached(r)) for r in table.filter(pl.col("by").is_in(["all", "type"])).iter_rows(named=True)]
    headers = (
        SETTING, UNITS, BAND, N, Words("达到", "reached"), *ERRORS, Words("优良线", "very good"), Words("必须线", "must"), BIAS,
        Words("偏差要求", "bias asked"),
    )  # fmt: skip
    return Table(headers, tuple(_gate_row(r, reached) for r, reached in rows if reached))


def _gate_row(r: dict[str, Any], reached: str) -> tuple[Cell, ...]:
    limits = GATES[(r["setting"], r["group"], "60+" if r["age_band"] == "65+" else r["age_band"])]
    good, must = (same(GAP.join(f"{x:g}" for x in part)) for part in limits)
    bias: Cell = None
    if r["setting"] == UNSEEN:
        bias = Words("✓ ±1%内", "✓ within ±1 %") if abs(r["MALPE"]) <= LARGEST_BIAS else Words("✗ 超±1%", "✗ over ±1 %")
    errors = [r[m] for m in MEASURES]
    return (
        SETTINGS[r["setting"]], _group(r), _band(r), r["n"], REACHED[reached], *errors, good, must, r["MALPE"], bias,
    )  # fmt: skip


def baselines(data: pl.DataFrame | None = None) -> Table:
    """This method beside simple ones, same unseen counties."""
    rows = _beside(scores() if data is None else data).iter_rows(named=True)
    body = tuple((_band(r), METHOD_NAMES[r["method"]], *(r[m] for m in MEASURES), r["MALPE"], r["n"]) for r in rows)
    return Table((BAND, METHOD, *ERRORS, BIAS, N), body)


def baseline_chart(data: pl.DataFrame | None = None) -> Chart:
    """MdAPE of this method and of simple ones, three age bands."""
    table = scores() if data is None else data
    rows = _beside(table)
    first = rows.filter(pl.col("age_band") == "60+")
    mine = first.filter(pl.col("method") == OURS)["MdAPE"][0]
    best = first.filter(pl.col("method") != OURS).sort("MdAPE").to_dicts()[0]
    name = METHOD_NAMES[best["method"]]
    title = Words(
        f"60岁及以上误差中位数：本方法{_one({'v': mine}, 'v')}%，最好的简单方法“{name.zh}”{_one(best, 'MdAPE')}%",
        f"Median error for 60+: this method {_one({'v': mine}, 'v')} %, the best simple one, {name.en}, {_one(best, 'MdAPE')} %",
    )
    order = [m for m in METHOD_NAMES if m in set(first["method"])]

    def draw(language: Language) -> Spec:
        names = [METHOD_NAMES[m].to(language) for m in order]
        found = {(r["age_band"], r["method"]): r["MdAPE"] for r in rows.iter_rows(named=True)}
        data = [
            bars(names, [found.get((b, m)) for m in order], words.code("age_band", b).to(language), SERIES[i], HATCHES[i], unit="%")
            for i, b in enumerate(BANDS)
        ]  # fmt: skip
        across = axis(Words("误差中位数（%）", "median error (%)").to(language), showgrid=True, rangemode="tozero")
        down = axis("", categoryorder="array", categoryarray=names[::-1], showgrid=False, type="category")
        return {"data": data, "layout": {"barmode": "group", "height": 480, "xaxis": across, "yaxis": down}}

    return Chart(
        "forecast-baselines",
        title,
        Words("误差中位数 MdAPE，%", "median absolute error MdAPE, %"),
        source(),
        title,
        baselines(table),
        draw,
        Words("k折：被评的县未参与学习；各方法评同样的单位。", "k-fold: scored counties were not learned from; all methods are scored on the same units."),
    )  # fmt: skip


def coverage(data: pl.DataFrame | None = None) -> Table:
    """How many counties the 80 % and 95 % intervals covered, by type, and the Winkler gain over size-class intervals."""
    table = scores() if data is None else data
    part = _ours(table).filter(pl.col("coverage80").is_not_null())
    all_units = part.filter(pl.col("by") == "all")
    types = part.filter(pl.col("by") == "type", pl.col("setting") == UNSEEN)
    headers = (SETTING, UNITS, BAND, Words("与要求相比", "against what is asked"), *COVERS, *GAINS, N)
    return Table(headers, tuple(_coverage_row(r) for r in pl.concat([all_units, types]).iter_rows(named=True)))


def coverage_summary(data: pl.DataFrame | None = None) -> Words:
    """What the intervals of all units cover, with the county unseen and with its whole province unseen."""
    table = _ours(scores() if data is None else data).filter(pl.col("by") == "all")

    def span(setting: str, level: str) -> tuple[str, str]:
        found = table.filter(pl.col("setting") == setting)[level].to_list()
        return words.number(min(found), 1), words.number(max(found), 1)

    def errors(setting: str) -> str:
        rows = table.filter(pl.col("setting") == setting).iter_rows(named=True)
        return "; ".join(f"{r['age_band']} " + " / ".join(words.number(r[m]) for m in MEASURES) for r in rows)

    part, own, broad = errors(NOT_IN_BOOK), errors(OWN_ROWS), errors(BROAD_AGES)
    (t, u), (v, w) = span(BROAD_AGES, "coverage80"), span(BROAD_AGES, "coverage95")
    (i, j), (k, m) = span(OWN_ROWS, "coverage80"), span(OWN_ROWS, "coverage95")
    (p, q), (r, s) = span(NOT_IN_BOOK, "coverage80"), span(NOT_IN_BOOK, "coverage95")
    (a, b), (c, d) = span(UNSEEN, "coverage80"), span(PROVINCE_OUT, "coverage80")
    (e, f), (g, h) = span(UNSEEN, "coverage95"), span(PROVINCE_OUT, "coverage95")
    return Words(
        f"全部单位，三个年龄：80%区间在k折中覆盖{a}—{b}%，全省都未参与学习时{c}—{d}%；95%区间为{e}—{f}%和{g}—{h}%。"
        "县页上注明特征未知的县，不按k折一行，而按以下三种情形（区间已加宽；误差依次为中位数、平均、P90、误差≥10%的单位，%）："
        f"缺迁入来源、家庭户和民族特征（60项中9项）时，80%区间覆盖{p}—{q}%，95%区间{r}—{s}%，误差{part.replace('; ', '；')}；"
        f"地级市和省的特征也缺（共31项）时，80%区间覆盖{i}—{j}%，95%区间{k}—{m}%，误差{own.replace('; ', '；')}；"
        f"年龄也只有0—14、15—59、60+、65+四组时，80%区间覆盖{t}—{u}%，95%区间{v}—{w}%，误差{broad.replace('; ', '；')}。",
        f"All units, three ages: the 80 % interval covers {a}–{b} % in k-fold and {c}–{d} % with the whole province unseen; "
        f"the 95 % interval {e}–{f} % and {g}–{h} %. "
        "A county whose page says that features are unknown is not of the k-fold row but of one of three others (intervals are widened; "
        "errors are median, mean, P90 and share ≥10 %, in %): without migrants by origin, households and minorities (9 of 60 features) "
        f"the 80 % interval covers {p}–{q} % and the 95 % interval {r}–{s} %, errors {part}; without prefecture and province as well "
        f"(31) {i}–{j} % and {k}–{m} %, errors {own}; with no ages but 0–14, 15–59, 60+ and 65+ {t}–{u} % and {v}–{w} %, errors {broad}.",
    )


def _coverage_row(r: dict[str, Any]) -> tuple[Cell, ...]:
    asked = {
        ("80%", "80 %"): _inside(r["coverage80"], COVERAGE_ALL if r["by"] == "all" else COVERAGE_TYPE),
        ("95%", "95 %"): _inside(r["coverage95"], COVERAGE_95),
        ("Winkler 80", "Winkler 80"): r["winkler80_gain"] >= LEAST_GAIN,
        ("Winkler 95", "Winkler 95"): r["winkler95_gain"] >= LEAST_GAIN,
    }
    off = [Words(*name) for name, good in asked.items() if not good]
    verdict = (
        Words("✗ 未达：", "✗ missed: ") + words.joined(off, "、", ", ") if off else Words("✓ 全部达到", "✓ all met")
    )
    numbers = [r[k] for k in ("coverage80", "coverage95", "winkler80_gain", "winkler95_gain")]
    return (SETTINGS[r["setting"]], _group(r), _band(r), verdict, *numbers, r["n"])


def _inside(value: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= value <= limits[1]


def classes(by: str, data: pl.DataFrame | None = None) -> Table:
    """Errors and coverage in unseen counties by `type`, `size` or `province` (in the order of the code, never ranked)."""
    part = _ours(scores() if data is None else data, UNSEEN).filter(pl.col("by") == by)
    body = tuple(
        (_group(r), _band(r), r["n"], *(r[m] for m in (*MEASURES, "MALPE", "coverage80", "coverage95", "shelf_life")))
        for r in part.iter_rows(named=True)
    )
    return Table((UNITS, BAND, N, *ERRORS, BIAS, *COVERS, SHELF_LIFE), body)


def later(data: pl.DataFrame | None = None) -> Table:
    """Official figures published since beside the forecast from 2020; what lies outside the tolerance says so."""
    rows = (later_facts() if data is None else data).iter_rows(named=True)
    headers = (
        Words("地区", "area"), Words("年末", "year-end"), BAND, Words("是否在容差内", "within tolerance"),
        Words("官方数（人）", "official (persons)"), Words("预测（人）", "forecast (persons)"), Words("误差（%，正为偏高）", "error (%, positive: too high)"),
        Words("容差（±%）", "tolerance (± %)"), Words("出处", "source"), Words("等级", "grade"),
    )  # fmt: skip
    return Table(headers, tuple(_later_row(r) for r in rows))


def _later_row(r: dict[str, Any]) -> tuple[Cell, ...]:
    cited = Words(CITED.get(r["source"], r["source"]), r["source"])
    return (
        Words(r["name_zh"], r["name_en"]), same(str(r["year"])), _band(r), WITHIN[bool(r["within"])], r["persons"], round(r["forecast"]), r["error_pct"],
        r["tolerance_pct"], cited, words.code("grade", r["grade"]),
    )  # fmt: skip


def later_summary(data: pl.DataFrame | None = None) -> Words:
    """How many later facts lie within tolerance, and which do not."""
    table = later_facts() if data is None else data
    out = [
        Words(
            f"{r['name_zh']}{r['year']}年{words.code('age_band', r['age_band']).zh}（{r['error_pct']:+.1f}%，容差±{r['tolerance_pct']:g}%）",
            f"{r['name_en']} {r['age_band']} at the end of {r['year']} ({r['error_pct']:+.1f} %, tolerance ±{r['tolerance_pct']:g} %)",
        )
        for r in table.filter(~pl.col("within")).iter_rows(named=True)
    ]
    n, inside = table.height, table.height - len(out)
    said = words.joined(out, "、", ", ")
    start = Words(f"{n}个官方数中{inside}个在容差内", f"{inside} of {n} official figures are within tolerance")
    if not out:
        return start + Words("。", ".") + NOT_TESTED_LATER
    outside = Words(f"；容差外：{said.zh}。", f"; outside: {said.en}.")
    return start + outside + words.joined(_pace_apart(table), "", "") + NOT_TESTED_LATER


def _pace_apart(table: pl.DataFrame) -> list[Words]:
    """For what lies outside: how the official figure and the forecast moved over the last year, and what cannot be settled."""
    pairs = table.filter(~pl.col("within")).join(
        table.with_columns(pl.col("year") + 1), on=["area_code", "year", "age_band"], suffix="_before"
    )
    said = []
    for r in pairs.iter_rows(named=True):
        told, made = (100 * (r[c] / r[f"{c}_before"] - 1) for c in ("persons", "forecast"))
        year, band = r["year"], r["age_band"]
        said.append(
            Words(
                f"{year - 1}—{year}年，{r['name_zh']}{words.code('age_band', band).zh}官方数变动{told:+.1f}%，预测为{made:+.1f}%。"
                "2020年五岁组按全国出生曲线分到单岁；本省1958—1960年出生的起落是否与全国不同，手头没有分省单岁数据可查，因此不为凑合官方数而调整。",
                f" From {year - 1} to {year} the official figure for {r['name_en']} {band} moved by {told:+.1f} %, the forecast by {made:+.1f} %. "
                "Five-year groups of 2020 are split by the nation's births; whether the province's births of 1958–60 rose and fell otherwise "
                "cannot be checked without its single ages, so nothing was adjusted to fit the official figure.",
            )
        )
    return said


def later_deaths_facts() -> pl.DataFrame:
    """Official deaths of calendar years since 2020 with our forecast, its error and the interval of a county."""
    return pl.read_csv(MODEL_FILE.with_name("later_deaths_scores.csv"), schema_overrides={"area_code": pl.String})


def later_deaths(data: pl.DataFrame | None = None) -> Table:
    """Official deaths beside the forecast from 2020, and whether they lie in the interval a county is given."""
    rows = (later_deaths_facts() if data is None else data).iter_rows(named=True)
    headers = (
        Words("地区", "area"), Words("年份", "year"), Words("是否在80%区间内", "within the 80 % interval"),
        Words("官方死亡数（人）", "official deaths"), Words("预测（人）", "forecast"), Words("误差（%，正为偏高）", "error (%, positive: too high)"),
        Words("80%区间下限", "80 % interval from"), Words("80%区间上限", "to"), Words("出处", "source"), Words("等级", "grade"),
    )  # fmt: skip
    return Table(headers, tuple(_death_row(r) for r in rows))


def _death_row(r: dict[str, Any]) -> tuple[Cell, ...]:
    return (
        Words(r["name_zh"], r["name_en"]), same(str(r["year"])), IN_INTERVAL[bool(r["within"])], r["deaths"], round(r["forecast"]), r["error_pct"],
        round(r["p10"]), round(r["p90"]), Words(r["source_zh"], r["source"]), words.code("grade", r["grade"]),
    )  # fmt: skip


def later_deaths_summary(data: pl.DataFrame | None = None) -> Words:
    """How far off deaths are by area, how many lie in the interval, and why no factor is applied."""
    table = later_deaths_facts() if data is None else data
    areas = table.group_by("name_zh", "name_en", maintain_order=True).agg(
        pl.col("error_pct").min().alias("low"), pl.col("error_pct").max().alias("high")
    )
    told = [
        Words(f"{r['name_zh']}{_span(r)}%", f"{r['name_en']} {_span(r, ' to ')} %") for r in areas.iter_rows(named=True)
    ]
    said, n, inside = words.joined(told, "、", ", "), table.height, int(table["within"].sum())
    mended = Words(
        "各地偏高偏低不一，按任何一地校正都会使另一地偏离更远，因此不作校正；宜看上升过程，不宜看水平。",
        " Some are too high and some too low: a factor fitted to one would take another further off, so none is applied. Read the rise "
        "rather than the level.",
    )
    one_way = bool((areas["low"] > 0).all() or (areas["high"] < 0).all())
    start = Words(
        f"死亡人数：误差{said.zh}；{n}个官方数中{inside}个在县的80%区间内。",
        f"Deaths: errors {said.en}; {inside} of {n} official figures lie in the 80 % interval of a county.",
    )
    return start if one_way else start + mended


def _span(r: dict[str, Any], to: str = "至") -> str:
    low, high = f"{r['low']:+.1f}", f"{r['high']:+.1f}"
    return low if low == high else f"{low}{to}{high}"


def training() -> Table:
    """What the shipped model was learned from, with fingerprints."""
    record = load_model().record
    rows: tuple[tuple[Cell, ...], ...] = (
        (Words("方法版本", "method version"), same(record["method_version"])),
        (Words("普查年份", "censuses"), same(" / ".join(map(str, record["censuses"])))),
        (Words("学习所用的县对（2010、2020年各一行）", "pairs of counties learned from (2010 and 2020)"), same(words.number(record["pairs"]))),
        (Words("面板数据 sha256", "panel sha256"), same(record["panel_sha256"])),
        (Words("学习代码 sha256（前12位）", "sha256 of the training code (first 12)"), same(record["code_sha256"])),
        (Words("死亡率", "mortality"), same(record["mortality"])),
        (Words("模型文件（字节）", "model file (bytes)"), same(words.number(MODEL_FILE.stat().st_size))),
    )  # fmt: skip
    return Table((Words("项目", "item"), Words("内容", "value")), rows)


def _ours(data: pl.DataFrame, setting: str | None = None) -> pl.DataFrame:
    mine = data.filter(pl.col("method") == OURS)
    return mine if setting is None else mine.filter(pl.col("setting") == setting)


def _beside(data: pl.DataFrame) -> pl.DataFrame:
    part = data.filter(pl.col("setting") == UNSEEN, pl.col("by") == "all", pl.col("method").is_in(list(METHOD_NAMES)))
    return part.sort("age_band", "MdAPE")


def _group(r: dict[str, Any]) -> Words:
    return PROVINCES.get(r["group"]) or GROUPS.get(r["group"]) or same(r["group"])


def _band(r: dict[str, Any]) -> Words:
    return same(r["age_band"])


def _one(r: dict[str, Any], key: str) -> str:
    return words.number(r[key])
