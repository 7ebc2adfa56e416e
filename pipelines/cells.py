"""Text that a spreadsheet would run as a formula stays words in CSV exports."""

from __future__ import annotations

import csv
import io
import re

_NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")


def neutral(text: str) -> str:
    """The text with an apostrophe in front when a spreadsheet would take it for a formula; numbers stay numbers."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) and not _NUMBER.fullmatch(text) else text


def neutral_csv(text: str) -> str:
    """A CSV document with every cell neutral."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([neutral(c) for c in row] for row in csv.reader(io.StringIO(text)))
    return out.getvalue().rstrip("\n")
