"""When places for the dead are full, in words: a year inside the forecast as it is, one after it as what it is (carried on at the
use of the last year), and none by name where that was carried on for longer than anybody can know. The marts keep every year."""

from __future__ import annotations

from collections.abc import Iterable

from pipelines.desk.ahead import LAST_YEAR
from pipelines.desk.words import Words

CARRIED = 30  # years after the forecast that are named
FAR = LAST_YEAR + CARRIED
AT_USE = Words(f"按{LAST_YEAR}年用量推算", f"at the use of {LAST_YEAR}")


def full(medians: Iterable[int], low: int, high: int) -> Words:
    """约2033年（80%区间2031—2034年） / in about 2033 (80 % interval 2031–2034); 2035年以后（按2035年用量推算约2057年，…） / after 2035
    (about 2057 at the use of 2035; …). medians: of one scenario or several; low, high: the ends of the 80 % interval over them."""
    first, last = min(known := list(medians)), max(known)
    about = _span(first, last)
    interval = Words("80%区间", "80 % interval ") + _span(low, high)
    if first > FAR:
        return about + _brackets(AT_USE + Words("，", "; ") + interval)
    if first > LAST_YEAR:
        carried = Words(f"{AT_USE.zh}约{about.zh}，", f"about {about.en} {AT_USE.en}; ")
        return Words(f"{LAST_YEAR}年以后", f"after {LAST_YEAR}") + _brackets(carried + interval)
    if max(last, high) > LAST_YEAR:
        interval += Words(f"，{LAST_YEAR}年以后的{AT_USE.zh}", f"; years after {LAST_YEAR} {AT_USE.en}")
    return Words("约", "in about ") + about + _brackets(interval)


def _span(low: int, high: int) -> Words:
    """2057—2060年 / 2057–2060; what lies too far ahead has no year: 2057年至2065年以后 / 2057 to after 2065."""
    far = Words(f"{FAR}年以后", f"after {FAR}")
    if low > FAR:
        return far
    if high > FAR:
        return Words(f"{low}年至", f"{low} to ") + far
    return Words(f"{low}年", f"{low}") if low == high else Words(f"{low}—{high}年", f"{low}–{high}")


def _brackets(inside: Words) -> Words:
    return Words("（", " (") + inside + Words("）", ")")
