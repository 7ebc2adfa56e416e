"""The shipped model: small, without rows of the panel, with its record, and the parts it is made of."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from pipelines.forecast.counties import counties_from_frames, on_their_own
from pipelines.forecast.features import FEATURES, OF_BOOK, features, unknown_of_book
from pipelines.forecast.own import FULL_WITHIN, NONE_FROM, own_part, redescending
from pipelines.forecast.panel import corrections
from pipelines.forecast.project import ten_year_deviations
from pipelines.forecast.ratios import WINSOR, winsorised
from pipelines.forecast.shipped import LARGEST_FILE, MODEL_FILE, fingerprint, saved_arrays
from pipelines.forecast.training import METHOD, sources


def test_the_file_is_small_and_recorded(model):
    assert MODEL_FILE.stat().st_size <= LARGEST_FILE
    assert {"method_version", "panel_sha256", "code_sha256", "pairs", "scores"} <= set(model.record)
    assert "k-fold 60+" in model.record["scores"]


def test_no_array_has_a_row_per_county(model):
    pairs = model.record["pairs"]
    with np.load(MODEL_FILE) as arrays:
        assert all(pairs not in arrays[name].shape for name in arrays.files)
        widest = {
            name: arrays[name].dtype.itemsize // 4
            for name in arrays.files
            if arrays[name].dtype.kind == "U" and arrays[name].ndim
        }
    assert widest == {"expectation.prefectures": 4, "band_errors.provinces": 2}  # no six-digit code of a county


def test_the_version_is_that_of_all_arrays(model):
    with np.load(MODEL_FILE) as file:
        arrays = {name: file[name] for name in file.files}
    assert model.method_version == f"{METHOD}+{fingerprint(arrays)}"
    assert set(saved_arrays(model)) | {"record"} == set(arrays)
    for name in set(arrays) - {"record"}:
        changed = np.frombuffer(bytes([arrays[name].tobytes()[0] ^ 1]) + arrays[name].tobytes()[1:], arrays[name].dtype)
        other = arrays | {name: changed.reshape(arrays[name].shape)}
        assert fingerprint(other) != fingerprint(arrays), name


def test_the_code_of_the_record_is_what_training_imports():
    assert {"training", "model", "bands", "intervals", "panel", "mortality", "kernel"} <= sources("training")
    assert sources("training").isdisjoint({"graves", "beds", "commands", "record"})
    assert sources("training") < sources("backtest")


def test_a_county_known_on_its_own_lacks_the_features_of_the_book_and_is_wider(model, county):
    counties = counties_from_frames(county())
    alone = on_their_own(counties)
    nation = model.nation(2020)
    known = features(alone.codes, alone.latest, nation.persons, nation.covariates)
    assert np.isnan(known[:, OF_BOOK]).all() and unknown_of_book(known) == pytest.approx(1)
    persons = alone.latest.persons
    made, plain = (ten_year_deviations(alone, persons, m).offsets for m in (model, replace(model, book_factor=1.0)))
    assert made[:, :, [0, 1, 3, 4]] / plain[:, :, [0, 1, 3, 4]] == pytest.approx(model.book_factor)


def test_features_and_parameters_fit(model):
    assert model.expectation.mean.shape == (len(FEATURES),)
    assert 0 < model.persistence < 1
    assert model.thin_factor >= 1


def test_own_record_redescends():
    mean = np.array([0.0, FULL_WITHIN, (FULL_WITHIN + NONE_FROM) / 2, NONE_FROM, 1.0])
    residuals = np.repeat(mean[:, None], 16, axis=1)
    assert redescending(residuals) == pytest.approx([1.0, 1.0, 0.5, 0.0, 0.0])
    assert (own_part(np.full((1, 16), np.nan), 0.5) == 0).all()


def test_winsorising_draws_in():
    assert winsorised(np.array([-2.0, 0.1, 2.0]), np.zeros(3)).tolist() == [-WINSOR, 0.1, WINSOR]


def test_corrections_are_data():
    table = corrections()
    assert set(table["kind"]) == {"code_reuse", "swapped_rows", "swapped_names", "misprint", "code_typo"}
    assert table.select(pl.col("evidence").is_null().sum()).item() == 0
