"""The forecast from the 2020 base against official figures published since: provinces and prefectures, year-ends.

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
from pipelines.forecast.cohorts import BANDS, Floats
from pipelines.forecast.project import national_log_path
from pipelines.forecast.ratios import deviations
from pipelines.forecast.shipped import ForecastModel

TOLERANCE: Final = {"60+": 5.0, "65+": 2.5}
YEAR_END: Final = 1 / 6
"""31 December lies two of twelve months after 1 November."""
FACTS_FILE: Final = Path(__file__).with_name("later_facts.csv")


def later_facts(folder: Path, model: ForecastModel, facts: pl.DataFrame | None = None) -> pl.DataFrame:
    """Official figures with our forecast beside: facts plus `forecast, error_pct, tolerance_pct, within`.

    folder: a panel with prefecture and province rows of both censuses (county rows do not add up to them). An area
    is carried on from its own 2010-20 cohort ratios, shrunk to the nation as counties are.
    """
    table = pl.read_csv(FACTS_FILE, schema_overrides={"area_code": pl.String}) if facts is None else facts
    areas = sorted(table["area_code"].unique().to_list())
    now, before = _area_persons(folder, 2020, areas), _area_persons(folder, 2010, areas)
    years = int(str(table["year"].max())) + 1 - 2020
    path = national_log_path(model, model.mortality, 2020, years)
    shares = annual.within_group_shares(model.nation(2020).single_ages)
    deviation = deviations(before, now, model.national)
    factor = np.exp(annual.deviation_path(deviation, model.persistence, years))[:, :, None, :] * now[:, None]
    bands = np.einsum("ntsg,tbsg->ntb", factor, annual.band_weights(shares, path))
    made = [
        (bands[areas.index(code), year - 2020 : year - 2018, list(BANDS).index(band)] @ [1 - YEAR_END, YEAR_END])
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


def _area_persons(folder: Path, year: int, areas: list[str]) -> Floats:
    book = panel.read_book(folder, year)
    return np.stack([book.provinces[a[:2]] if a.endswith("0000") else book.prefectures[a[:4]] for a in areas])
