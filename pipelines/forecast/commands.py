"""Backtest and forecast from files to files, as the command line calls them; also `python -m pipelines.forecast.commands`."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import polars as pl

from pipelines.core.duck import DUCKDB
from pipelines.core.slices import Run
from pipelines.core.tables import staged_inputs
from pipelines.forecast import panel
from pipelines.forecast.backtest import Forecasts, forecast_frame, predict, run_setting, score_frame
from pipelines.forecast.batch import flag_frame
from pipelines.forecast.counties import Counties
from pipelines.forecast.features import features
from pipelines.forecast.gates import MEASURES, gate_reached
from pipelines.forecast.inputs import unknown_flags
from pipelines.forecast.product import PERSONS, read_core
from pipelines.forecast.shipped import load_model
from pipelines.forecast.slices import project_core_in_slices, project_in_slices
from pipelines.forecast.training import learn, method_version
from pipelines.ingest.problems import InputError
from pipelines.settings import Settings, load
from pipelines.staging import store
from pipelines.staging.held import HeldBack

BASE_YEAR: Final = 2010
FEWEST_DRAWS: Final = 40
"""A 2.5 % quantile has one draw beyond it."""


def run_backtest(train: Path, score: Path | None, out: Path, by: str | None = None) -> pl.DataFrame:
    """Backtest on a panel folder, or forecast the counties of a score folder.

    Without `score`: k-fold on `train` (or leave one province out with by='province'), prints the table of scores with
    baselines, writes every county's forecast with what came to `out` and all scores beside it (`<out>.scores.parquet`).
    With `score`: learns from `train`, reads the score folder's 2010 census and nothing else of it, writes the
    forecasts for 2020 to `out` and what must be told of their input beside it (`<out>.flags.csv`). Returns the frame written to `out`. Raises FileNotFoundError for a folder without the
    census files needed.
    """
    panel.must_hold(train, BASE_YEAR, BASE_YEAR + 10, others=panel.OTHER_FILES if score is None else panel.LEARNED_FROM)
    if score is not None:
        panel.must_hold(score, BASE_YEAR)
    out.parent.mkdir(parents=True, exist_ok=True)
    frame = _backtest(train, out, by) if score is None else _score_folder(train, score, out)
    frame.write_parquet(out)
    print(f"{frame.height:,} 行写入 {out} / {frame.height:,} rows written to {out}")
    return frame


def run_forecast(
    panel_folder: Path | None,
    draws: int,
    to: int,
    out: Path,
    counties: Counties | None = None,
    seed: int | None = None,
    run: Run = map,
) -> dict[str, Path]:
    """Forecast every county of a panel folder from its latest census, or given counties, with the shipped model, in slices
    that `run` works on: one after the other here, or those of an engine.

    Without both, the counties of the project's raw folder, exactly as a release has them. seed: by default that of the
    settings. Writes elderly.parquet, ages.parquet, deaths.parquet,
    pooled.parquet (urban areas of prefectures with a district in doubt) and flags.csv into `out` and returns their paths by name.
    """
    if draws < FEWEST_DRAWS:
        raise ValueError(
            f"--draws 须不少于 {FEWEST_DRAWS}（95% 区间的两端各须有抽样在外），给出的是 {draws}；缺省为 1000 / "
            f"--draws must be at least {FEWEST_DRAWS} (an end of the 95 % interval needs a draw beyond it), not {draws}; default 1000"
        )
    chosen: dict[str, Any] = {"to": to, "draws": draws, "seed": load().seed if seed is None else seed, "run": run}
    if counties is None and panel_folder is not None:
        counties = _panel_counties(panel_folder)
    tables = (
        project_core_in_slices(raw_core(load()), **chosen)
        if counties is None
        else project_in_slices(counties, **chosen)
    )
    absent = () if counties is None else counties.flags_of_others
    told = pl.concat([flag_frame(absent), tables.pop("flags")]).unique(maintain_order=True)
    out.mkdir(parents=True, exist_ok=True)
    files = {name: out / f"{name}.parquet" for name in tables} | {"flags": out / "flags.csv"}
    _tell_flags(told, files["flags"])
    for name, frame in tables.items():
        frame.write_parquet(files[name])
    method, number = load_model().method_version, tables["elderly"]["county_code"].n_unique()
    print(
        f"{number} 个县（市、区）的预测写入 {out}，方法 {method} / "
        f"forecasts of {number} counties written to {out}, method {method}"
    )
    return files


def _panel_counties(folder: Path) -> Counties:
    panel.must_hold(folder, BASE_YEAR, BASE_YEAR + 10, others=(panel.CROSSWALK_FILE,))
    return panel.latest_counties(folder)


def raw_core(settings: Settings) -> dict[str, pl.DataFrame]:
    """The core tables `PERSONS` of the project's raw folder, staged apart from what a refresh has staged. Raises InputError
    where a county's folder is not in order."""
    with tempfile.TemporaryDirectory() as scratch:
        apart = replace(settings, data_root=Path(scratch), raw_folder=str(settings.raw))
        staged = store.stage_counties(apart, apart.county_folders())
        if refused := [p for county in staged if isinstance(county, HeldBack) for p in county.problems]:
            raise InputError(refused)
        inputs = staged_inputs(store.tables(apart), store.stage_reference(apart).folder)
        DUCKDB.build(inputs, "pipelines.core", list(PERSONS), apart.staging)
        return read_core(apart.staging, PERSONS)


def backtest_table(scores: pl.DataFrame) -> str:
    """The table of FORECAST §3: ours against both gates, and the baselines, as text."""
    lines = [
        f"{'setting':<24}{'group':<16}{'band':<6}{'method':<20}{'n':>5}"
        + "".join(f"{m:>8}" for m in (*MEASURES, "MALPE"))
        + f"{'cov80':>7}{'cov95':>7}  gate"
    ]
    shown = scores.filter(pl.col("by").is_in(["all", "type"])).sort("setting", "by", "group", "age_band", "method")
    for row in shown.iter_rows(named=True):
        coverage = "".join(
            f"{row[c]:>7.1f}" if row.get(c) is not None else f"{'':>7}" for c in ("coverage80", "coverage95")
        )
        numbers = "".join(f"{row[m]:>8.2f}" for m in (*MEASURES, "MALPE"))
        lines.append(
            f"{row['setting']:<24}{row['group'][:15]:<16}{row['age_band']:<6}{row['method']:<20}"
            f"{row['n']:>5}{numbers}{coverage}  {gate_reached(row)}"
        )
    return "\n".join(lines)


def _backtest(train: Path, out: Path, by: str | None) -> pl.DataFrame:
    if by not in (None, "province"):
        raise ValueError(f"--by 只接受 province / accepts only province, not {by}")
    setting = "k-fold" if by is None else "leave one province out"
    mortality = load_model().mortality
    test = run_setting(train, setting, mortality)
    before = run_setting(train, "ex-ante", mortality)
    scores = pl.concat([score_frame(test, setting), score_frame(before, "ex-ante")], how="diagonal")
    scores.write_parquet(out.with_suffix(".scores.parquet"))
    print(backtest_table(scores))
    written = forecast_frame(test.forecasts, BASE_YEAR + 10, method_version())
    return written.with_columns(pl.Series("observed", test.observed.reshape(-1)), pl.lit(setting).alias("setting"))


def _score_folder(train: Path, score: Path, out: Path) -> pl.DataFrame:
    book, _, pairs = panel.read_pairs(train)
    scored = panel.read_book(score, BASE_YEAR, context=train).counties
    overlap = set(scored.codes.tolist()) & set(pairs.base.codes.tolist())
    if overlap:
        seen = ~pl.Series(pairs.base.codes).is_in(list(overlap)).to_numpy()
        pairs = pairs.take(seen)
    made: Forecasts = predict(learn(pairs, book, panel.centroids(train)), book, scored)
    known = features(scored.codes, scored.latest, book.nation, book.national_covariates)
    _tell_flags(flag_frame(scored.flags + unknown_flags(scored.codes, known)), out.with_suffix(".flags.csv"))
    return forecast_frame(made, BASE_YEAR + 10, method_version())


def _tell_flags(flags: pl.DataFrame, file: Path) -> None:
    """Write what must be told of the input of counties, and print how many of each kind with the first of them."""
    flags.write_csv(file)
    for (kind,), rows in flags.group_by(["flag"], maintain_order=True):
        first = rows.row(0, named=True)
        print(
            f"[{kind}] ×{rows.height}：{first['county_code']} {first['message_zh']}（{file.name}） / "
            f"×{rows.height}: {first['county_code']} {first['message_en']} ({file.name})"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m pipelines.forecast.commands backtest|forecast|train …`."""
    parser = argparse.ArgumentParser(prog="pipelines.forecast.commands")
    actions = parser.add_subparsers(dest="action", required=True)
    back = actions.add_parser("backtest", help="回测 / backtest")
    back.add_argument("--train", type=Path, required=True)
    back.add_argument("--score", type=Path)
    back.add_argument("--out", type=Path, required=True)
    back.add_argument("--by", choices=["province"])
    ahead = actions.add_parser("forecast", help="预测 / forecast")
    ahead.add_argument("--panel", type=Path)
    ahead.add_argument("--draws", type=int, default=1000)
    ahead.add_argument("--to", type=int, default=2035)
    ahead.add_argument("--out", type=Path, default=Path("forecast"))
    ship = actions.add_parser("train", help="重新训练并保存模型 / learn the shipped model anew")
    ship.add_argument("--panel", type=Path, required=True)
    ship.add_argument("--demography", type=Path, required=True)
    ship.add_argument("--docs", type=Path, help="write the result tables here")
    given = parser.parse_args(arguments)
    if given.action == "backtest":
        run_backtest(given.train, given.score, given.out, given.by)
    elif given.action == "forecast":
        run_forecast(given.panel, given.draws, given.to, given.out)
    else:
        from pipelines.forecast.record import train_and_record

        train_and_record(given.panel, given.demography, given.docs)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
