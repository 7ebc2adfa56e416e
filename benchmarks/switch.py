"""The switch: how long readers could notice it, and how many errors ten readers meet while releases change under them. The
floor is one atomic replacement of a file of one line."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pipelines.publish import release
from pipelines.settings import PROJECT, Settings, load

SWITCHES = 20
READER = """
import sys
from pathlib import Path
from pipelines import open_marts
stop, queries, errors = Path(sys.argv[1]), 0, 0
while not stop.exists():
    try:
        with open_marts() as con:
            a = con.execute("SELECT release_id FROM meta_release").fetchall()
            con.execute("SELECT sum(value) FROM fct_observation").fetchall()
            errors += a != con.execute("SELECT release_id FROM meta_release").fetchall()
        queries += 1
    except Exception:
        errors += 1
print(queries, errors)
"""


def main() -> None:
    """Needs a current release (`make run`)."""
    current = release.current_folder(load())
    if current is None:
        print("  no release yet: make run")
        return
    with tempfile.TemporaryDirectory() as folder:
        s = Settings(data_root=Path(folder))
        for name in (current.name, "r99999-20990101"):
            shutil.copytree(current, s.releases / name)
        release.use(s, current.name)
        stop = s.data_root / "stop"
        command = [sys.executable, "-c", READER, str(stop)]
        env = {**os.environ, "MINZHENG_DATA_ROOT": folder}
        readers = [
            subprocess.Popen(command, cwd=PROJECT, env=env, stdout=subprocess.PIPE, text=True) for _ in range(10)
        ]
        time.sleep(5)
        took = [seconds(s, name) for name in ("r99999-20990101", current.name) * (SWITCHES // 2)]
        stop.touch()
        answers = [tuple(map(int, r.communicate()[0].split())) for r in readers]
        floor = statistics.median(replaced(s.data_root) for _ in range(SWITCHES))
        print(
            f"  {statistics.median(took) * 1000:6.1f} ms the switch (ratio {statistics.median(took) / floor:.1f} to one replaced file)"
        )
        print(
            f"  {sum(e for _, e in answers):6d} errors of ten readers in {sum(q for q, _ in answers)} rounds during {SWITCHES} switches"
        )


def seconds(s: Settings, name: str) -> float:
    started = time.perf_counter()
    release.use(s, name)
    took = time.perf_counter() - started
    time.sleep(0.2)
    return took


def replaced(folder: Path) -> float:
    started = time.perf_counter()
    (folder / "new").write_text("x\n", encoding="utf-8")
    (folder / "new").replace(folder / "old")
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
