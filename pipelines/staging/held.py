"""Counties held back: their raw folder is damaged, so their last good staging (or none) is used, and everybody is told."""

from __future__ import annotations

import json
import tomllib
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from pipelines import registry
from pipelines.ingest import quarantine
from pipelines.ingest.contract import POLARS
from pipelines.ingest.problems import Problem
from pipelines.settings import Settings

RECORD = "HELD_BACK.json"
FILE = "held_back"  # what the marts read; published as:
TABLE = "mart_held_back"
_SHOWN = 5


@dataclass(frozen=True)
class HeldBack:
    """A county whose raw folder (content hash `input_hash`) was refused on `since`; `used` is the content hash of the raw
    data that stands in for it, empty when the county is absent."""

    name: str
    folder: Path
    since: date
    input_hash: str
    used: str
    problems: list[Problem]

    @property
    def files(self) -> list[str]:
        return sorted({p.file for p in self.problems})

    @property
    def names(self) -> tuple[str, str]:
        """Chinese and English name as far as the damaged folder still tells."""
        try:
            facts = tomllib.loads((self.folder / "county.toml").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            facts = {}
        slug = self.folder.name.partition("-")[2]
        return str(facts.get("name_zh") or slug), str(facts.get("name_en") or slug)

    def message(self, language: str) -> str:
        """What readers are told."""
        zh, en = self.names
        if language == "zh":
            shown = "沿用上一份合格数据" if self.used else "尚无合格数据，本版本不含该县"
            what = f"{'、'.join(self.files)} 有 {len(self.problems)} 处问题"
            return f"{zh}（{self.name}）自 {self.since} 起暂缓更新：{what}。{shown}。"
        shown = (
            "The last good data are shown." if self.used else "There are no good data yet; this release leaves it out."
        )
        what = f"{len(self.problems)} problem(s) in {', '.join(self.files)}"
        return f"{en} ({self.name}) is held back since {self.since}: {what}. {shown}"

    def words(self) -> str:
        """What the office is told: the message and the first problems in full."""
        more = len(self.problems) - _SHOWN
        rest = [f"…… 另有 {more} 处 / {more} more"] if more > 0 else []
        return "\n".join([self.message("zh"), self.message("en"), *map(str, self.problems[:_SHOWN]), *rest])


def hold_back(
    settings: Settings, code: str, raw: Path, input_hash: str, problems: list[Problem], *, books: bool = True
) -> None:
    """Remember that a county is held back, since when and why, and write the files for its clerk (workbooks only with `books`)."""
    quarantine.write(settings.quarantine / code, raw, input_hash, problems, books=books)
    today = datetime.now(ZoneInfo(settings.time_zone)).date().isoformat()
    record = {
        "since": _read(settings, code).get("since", today),
        "input_hash": input_hash,
        "problems": [asdict(p) for p in problems],
    }
    path = _path(settings, code)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{RECORD}")
    fresh.write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")
    fresh.replace(path)


def release(settings: Settings, code: str) -> None:
    """The county is whole again."""
    _path(settings, code).unlink(missing_ok=True)


def codes(settings: Settings) -> set[str]:
    """The counties of which it is remembered that they are held back."""
    return {record.parent.name for record in settings.staging.glob(f"*/{RECORD}")}


def find(settings: Settings, code: str, raw: Path, used: str) -> HeldBack | None:
    """The county if it is held back."""
    record = _read(settings, code)
    if not record:
        return None
    problems = [Problem(**p) for p in record["problems"]]
    return HeldBack(code, raw, date.fromisoformat(record["since"]), record["input_hash"], used, problems)


def frame(counties: list[HeldBack]) -> pl.DataFrame:
    """Rows of `mart_held_back`."""
    rows = [
        {
            "county_code": h.name,
            "name_zh": h.names[0],
            "name_en": h.names[1],
            "since": h.since,
            "input_hash": h.input_hash,
            "used_input_hash": h.used or None,
            "files": "; ".join(h.files),
            "problems": len(h.problems),
            "message_zh": h.message("zh"),
            "message_en": h.message("en"),
        }
        for h in counties
    ]
    return pl.DataFrame(rows, schema={c.name: POLARS[c.type] for c in registry.table(TABLE).columns})


def _path(settings: Settings, code: str) -> Path:
    return settings.staging / code / RECORD


def _read(settings: Settings, code: str) -> dict[str, Any]:
    path = _path(settings, code)
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return record
