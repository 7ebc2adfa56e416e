"""The accuracy gates of FORECAST §3, and which of them a score reaches."""

from __future__ import annotations

from typing import Final

NOT_IN_BOOK: Final = "k-fold, county not in the book"
_ASKED: Final = {  # FORECAST §3: (MdAPE, MAPE, P90, share10) very good, must
    ("k-fold", "all", "60+"): ((3.5, 7.1, 17, 19.5), (4.1, 7.8, 18, 21.5)),
    ("k-fold", "all", "80+"): ((5.0, 8.4, 18, 24), (6.0, 9.5, 20, 30)),
    ("k-fold", "county or city", "60+"): ((2.7, 4.4, 9.5, 9), (3.2, 5.0, 10.5, 11)),
    ("k-fold", "county or city", "80+"): ((4.1, 6.5, 14, 17.5), (5.3, 7.5, 16, 23)),
    ("leave one province out", "all", "60+"): ((4.3, 7.9, 18, 22.5), (4.8, 8.4, 20, 24.5)),
    ("leave one province out", "all", "80+"): ((6.6, 10.0, 21, 33), (7.3, 10.8, 22.5, 36)),
    ("ex-ante", "all", "60+"): ((5.9, 10.4, 25, 32), (6.5, 11, 26, 36)),
    ("ex-ante", "all", "80+"): ((8.5, 12.5, 26, 43), (10, 14, 32, 50)),
}
GATES: Final = _ASKED | {(NOT_IN_BOOK, *of): gate for (setting, *of), gate in _ASKED.items() if setting == "k-fold"}
"""Those of §3; a county of which only the book's own rows are unknown is held to the gates of k-fold."""
LEAST_GAIN: Final = 10.0
"""FORECAST §3: how much better than size-class intervals the Winkler score must be, per cent."""
MEASURES: Final = ("MdAPE", "MAPE", "P90", "share10")


def gate_reached(row: dict[str, object]) -> str:
    """`very good`, `must` or `missed` for a row of ours that has a gate (65+ takes the gate of 60+), else empty."""
    band = "60+" if row["age_band"] == "65+" else row["age_band"]
    gate = GATES.get((str(row["setting"]), str(row["group"]), str(band)))
    if gate is None or row["method"] != "cohort_ratios":
        return ""
    for name, limits in zip(("very good", "must"), gate, strict=True):
        if all(float(str(row[m])) <= limit for m, limit in zip(MEASURES, limits, strict=True)):
            return name
    return "missed"
