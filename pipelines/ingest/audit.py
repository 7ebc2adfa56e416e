"""Re-reads a user's own copy of a plan document: is it the same text, and is every numeral accounted for? On a new document
the answer is the worklist: every numeral in its context."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path

from pipelines.ingest.folder import empty, find
from pipelines.ingest.problems import InputError
from pipelines.ingest.reader import read_table
from pipelines.settings import Settings

NUMERAL = re.compile(r"[0-9]+(\.[0-9]+)?")
_CONTEXT = 18


def numerals(text: str) -> dict[tuple[int, int], tuple[str, str]]:
    """(line, occurrence) → (numeral, its context) for every Arabic numeral; lines split on newline, both 1-based."""
    found = {}
    for line, words in enumerate(text.split("\n"), start=1):
        for occurrence, match in enumerate(NUMERAL.finditer(words), start=1):
            around = words[max(match.start() - _CONTEXT, 0) : match.end() + _CONTEXT].strip()
            found[line, occurrence] = (match.group(), around)
    return found


def audit(settings: Settings, county: str, document: Path) -> tuple[str, bool]:
    """(report, whether every numeral is accounted for and the text is the one that was transcribed).

    Raises KeyError for an unknown county and FileNotFoundError for a missing document.
    """
    folder = settings.county_folders().get(county)
    if folder is None:
        raise KeyError(f"没有这个县 / no such county: {county}")
    data = document.read_bytes()
    source = tomllib.loads((folder / "source.toml").read_text(encoding="utf-8"))
    same = hashlib.sha256(data).hexdigest() == source.get("sha256")
    printed = numerals(data.decode("utf-8"))
    ledger = _ledger(folder)
    missing = {k: v for k, v in printed.items() if ledger.get(k) != v[0]}
    stray = {k: v for k, v in ledger.items() if k not in printed}
    lines = [
        f"{county}  {document.name}",
        "文本与登记一致 / the text is the registered one"
        if same
        else "文本与登记的 sha256 不同 / the text differs from the registered sha256",
        f"数字 / numerals: {len(printed)}；已登记 / in the ledger: {len(printed) - len(missing)}；未登记 / unaccounted: {len(missing)}；多出 / stray: {len(stray)}",
        *(f"  第{line}行 / line {line}, #{n}: {value}    …{around}…" for (line, n), (value, around) in missing.items()),
        *(f"  多出 / stray: line {line}, #{n}: {value}" for (line, n), value in stray.items()),
    ]
    return "\n".join(lines), same and not missing and not stray


def _ledger(folder: Path) -> dict[tuple[int, int], str]:
    path = find(folder, "figures")
    try:
        frame = read_table(path, "figures") if path else empty("figures")
    except InputError:
        frame = empty("figures")
    return {(int(r["line"]), int(r["occurrence"])): r["printed"] for r in frame.iter_rows(named=True)}
