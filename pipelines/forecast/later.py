"""The forecast from the 2020 base against official figures published since: elderly of provinces and prefectures at
year-ends, and deaths of calendar years, of the nation too.

Annual figures come from sample surveys and differ from the census: within ±5 % for 60+ and ±2.5 % for 65+ is what can
be asked (FORECAST §3). None of these figures was used in fitting. They test the national path and the shrinkage: areas are carried
on by their own ratios, without an expectation from other counties and without the half weight of an own record.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from pipelines.forecast import annual, panel
from pipelines.forecast.bands import NORMAL
from pipelines.forecast.cohorts import BANDS, DECADE, Floats
from pipelines.forecast.project import QUANTILE_NAMES, national_log_path
from pipelines.forecast.ratios import deviations
from pipelines.forecast.shipped import ForecastModel

TOLERANCE: Final = {"60+": 5.0, "65+": 2.5}
YEAR_END: Final = 1 / 6
"""31 December lies two of twelve months after 1 November."""
FACTS_FILE: Final = Path(__file__).with_name("later_facts.csv")
DEATHS_FILE: Final = Path(__file__).with_name("later_deaths.csv")
BASE: Final = 2020
NATION: Final = "100000"


def later_facts(folder: Path, model: ForecastModel, facts: pl.DataFrame | None = None) -> pl.DataFrame:
    """Official figures with our forecast beside: facts plus `forecast, error_pct, tolerance_pct, within`.

    folder: a panel with prefecture and province rows of both censuses (county rows do not add up to them). An area
    is carried on from its own 2010-20 cohort ratios, shrunk to the nation as counties are.
    """
    table = pl.read_csv(FACTS_FILE, schema_overrides={"area_code": pl.String}) if facts is None else facts
    areas, factor, path = _carried_on(folder, model, table)
    shares = annual.within_group_shares(model.nation(BASE).single_ages)
    bands = np.einsum("ntsg,tbsg->ntb", factor, annual.band_weights(shares, path))
    made = [
        (bands[areas.index(code), year - BASE : year - BASE + 2, list(BANDS).index(band)] @ [1 - YEAR_END, YEAR_END])
        for code, year, band in table.select("area_code", "year", "age_band").iter_rows()
    ]
    error = (pl.col("forecast") / pl.col("persons") - 1) * 100
    return (
        table.with_columns(pl.Series("forecast", made, dtype=pl.Float64))
        .with_columns(
            error.alias("error_pct"),
            pl.col("age_band").replace_strict(TOLERANCE, default=None).alias("tolerance_pct"),
        )
        .with_columns((pl.col("error_pct").abs() <= pl.col("tolerance_pct")).alias("within"))
    )


def later_deaths(folder: Path, model: ForecastModel, facts: pl.DataFrame | None = None) -> pl.DataFrame:
    """Official deaths of calendar years with our forecast beside: facts plus `forecast, error_pct, p10, p90, within`.

    Areas are carried on as in `later_facts`, the nation (`NATION`) as it is. p10, p90: the 80 % interval that a county of
    these deaths is given by the scatter of death rates alone (the published one is wider); within: the official figure lies in it.
    """
    table = pl.read_csv(DEATHS_FILE, schema_overrides={"area_code": pl.String}) if facts is None else facts
    areas, factor, path = _carried_on(folder, model, table)
    shares = annual.within_group_shares(model.nation(BASE).single_ages)
    deaths = annual.ages_and_deaths(factor, shares, path, model.mortality, BASE)[1].sum(axis=2)
    made = [
        deaths[areas.index(code), year - BASE : year - BASE + 2] @ [1 - YEAR_END, YEAR_END]
        for code, year in table.select("area_code", "year").iter_rows()
    ]
    spread = float(np.exp(NORMAL[QUANTILE_NAMES.index("p90")] * model.death_spread))
    official, forecast = pl.col("deaths"), pl.col("forecast")
    return (
        table.with_columns(pl.Series("forecast", made, dtype=pl.Float64))
        .with_columns(
            (forecast / official * 100 - 100).alias("error_pct"), p10=forecast / spread, p90=forecast * spread
        )
        .with_columns(official.is_between("p10", "p90").alias("within"))
    )


def _carried_on(folder: Path, model: ForecastModel, table: pl.DataFrame) -> tuple[list[str], Floats, Floats]:
    """Areas of a table, their persons of 2020 times the deviations of their own ratios (n, T+1, 2, 18), and the national path
    to the year after the table's last."""
    areas = sorted(table["area_code"].unique().to_list())
    now, before = _area_persons(folder, BASE, areas), _area_persons(folder, BASE - DECADE, areas)
    years = int(str(table["year"].max())) + 1 - BASE
    deviation = deviations(before, now, model.national)
    factor = np.exp(annual.deviation_path(deviation, model.persistence, years))[:, :, None, :] * now[:, None]
    return areas, factor, national_log_path(model, model.mortality, BASE, years)


def _area_persons(folder: Path, year: int, areas: list[str]) -> Floats:
    book = panel.read_book(folder, year)
    whole = {NATION: book.nation}
    return np.stack(
        [
            whole[a] if a in whole else book.provinces[a[:2]] if a.endswith("0000") else book.prefectures[a[:4]]
            for a in areas
        ]
    )
