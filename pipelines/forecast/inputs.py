"""What is not known of a county, said to its readers: the features that stand at their expectation given the others."""

from __future__ import annotations

from typing import Final

import numpy as np

from pipelines.forecast.cohorts import Floats, Texts
from pipelines.forecast.errors import Problem
from pipelines.forecast.features import FEATURES, MIGRANTS, OF_BOOK

UNKNOWN: Final = "features_unknown"
GROUPS: Final = (
    (("地级市", "prefecture"), tuple(n for n in FEATURES if "prefecture" in n)),
    (("省", "province"), tuple(n for n in FEATURES if n.startswith("province_"))),
    (("迁入来源", "migrants by origin"), MIGRANTS),
    (("家庭户", "households"), tuple(n for n in FEATURES if "household" in n)),
    (("民族", "minorities"), ("minority_share",)),
    (("户籍人口", "registered population"), ("resident_to_registered",)),
    (("出生死亡率", "vital rates"), ("birth_rate", "death_rate")),
)
"""What features are of, in words, and which they are: those of the census book, then those a county may lack of its own."""


def unknown_flags(codes: Texts, known: Floats) -> tuple[Problem, ...]:
    """A flag for every county of which a feature of the census book is unknown (NaN in `known`, (n, len(FEATURES)))."""
    gaps = np.isnan(known)
    return tuple(_flag(str(codes[row]), gaps[row]) for row in np.flatnonzero(gaps[:, OF_BOOK].any(axis=1)))


def _flag(code: str, gaps: np.typing.NDArray[np.bool_]) -> Problem:
    unknown = {name for name, gap in zip(FEATURES, gaps, strict=True) if gap}
    named = [words for words, names in GROUPS if unknown.intersection(names)]
    zh, en = "、".join(w[0] for w in named), ", ".join(w[1] for w in named)
    n, of = int(gaps.sum()), len(FEATURES)
    return Problem(
        UNKNOWN,
        code,
        f"{of}项特征中{n}项未知（{zh}），按其余特征的条件期望计，区间加宽",
        f"{n} of {of} features unknown ({en}): taken at their expectation given the others, intervals wider",
    )
