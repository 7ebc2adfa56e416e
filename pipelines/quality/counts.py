"""Keeps `expectations/row_counts.json`: the rows per county and table that git says there must be.
After a deliberate change: ``python -m pipelines.quality.counts [FOLDER]``, then commit. FOLDER is a release, the report of a
refused candidate (which keeps its counts), or a folder of Parquet files; without it the newest of the first two is taken."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pipelines import settings
from pipelines.quality.candidate import open_candidate
from pipelines.quality.checks import COUNTS
from pipelines.settings import PROJECT, Settings

Counts = dict[str, dict[str, int]]


def count(candidate: Path, suites: Path) -> Counts:
    """Rows per county and raw-derived table of a candidate, by the query of the rule that compares them."""
    with open_candidate(candidate, suites / COUNTS) as con:
        con.execute("DELETE FROM expected_rows")
        con.execute("INSERT INTO expected_rows (county_code, table_name, rows) VALUES ('', '', 0)")  # none of a county
        found = con.execute((suites / "rules" / "rows_more.sql").read_text(encoding="utf-8")).fetchall()
    counts: Counts = {}
    for place, rows, _ in sorted(found):
        county, _, table = place.partition("/")
        counts.setdefault(county, {})[table] = rows
    return counts


def save(candidate: Path, suites: Path) -> None:
    """Keep the counts of a candidate beside its quality report, which stays when the candidate is refused."""
    folder = candidate / "quality"
    folder.mkdir(exist_ok=True)
    (folder / COUNTS).write_text(json.dumps(count(candidate, suites), indent=2) + "\n", encoding="utf-8")


def newest(s: Settings) -> Path:
    """The folder with the counts of the newest candidate, refused or published. Raises FileNotFoundError."""
    kept = [*s.marts.glob(f"rejected/*/{COUNTS}"), *s.releases.glob(f"r*/quality/{COUNTS}")]
    if not kept:
        raise FileNotFoundError("没有候选版本的行数 / no candidate has been counted yet: minzheng run")
    return max(kept, key=lambda p: p.stat().st_mtime).parent


def update(folder: Path, suites: Path, counted: Path | None = None) -> list[str]:
    """Write the counts of a release, a refused candidate or a folder of Parquet to `counted` (by default those of the suites);
    counties that it does not hold keep theirs. Returns what changed, line by line."""
    target = counted or suites / COUNTS
    saved = next((p for p in (folder / COUNTS, folder / "quality" / COUNTS) if p.is_file()), None)
    found: Counts = json.loads(saved.read_text(encoding="utf-8")) if saved else count(folder, suites)
    kept: Counts = json.loads(target.read_text(encoding="utf-8")) if target.exists() else {}
    counts = dict(sorted({**kept, **found}.items()))
    target.write_text(json.dumps(counts, indent=2) + "\n", encoding="utf-8")
    places = sorted({(c, t) for side in (kept, counts) for c, of in side.items() for t in of})
    pairs = [(c, t, kept.get(c, {}).get(t, 0), counts.get(c, {}).get(t, 0)) for c, t in places]
    return [f"{c} {t}: {old} → {new}" for c, t, old, new in pairs if old != new]


def main() -> None:
    """Update the counts that belong to the raw data of the settings and say what changed."""
    s = settings.load()
    try:
        folder = Path(sys.argv[1]) if sys.argv[1:] else newest(s)
    except FileNotFoundError as error:
        sys.exit(str(error))
    changed = update(folder, PROJECT / "expectations", s.row_counts)
    print(f"{folder}\n" + ("\n".join(changed) or "没有变化 / nothing changed"))


if __name__ == "__main__":
    main()
