"""Two refreshes at once, ten readers during five refreshes, a clock that runs backwards, a notebook kernel that dies."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from threading import Timer

import pytest

from pipelines.publish import release
from pipelines.settings import PROJECT, Settings
from tests.commands import minzheng
from tests.faults.conftest import Driver, tidy, whole

HOLDER = """
import sys
from pathlib import Path
from threading import Timer
from pipelines.publish import release
from pipelines.settings import Settings
release.hold(Settings(data_root=Path(sys.argv[1])), "minzheng run")
print("held", flush=True)
sys.stdin.read()
"""

READERS = 10
READER = """
import os, sys, time
from pathlib import Path
from threading import Timer
import duckdb
from pipelines import open_marts

def read(stop):
    seen, errors = [], []
    while not stop.exists():
        try:
            with open_marts() as con:
                first = con.execute("SELECT release_id, content_hash FROM meta_release").fetchall()
                rows = con.execute("SELECT count(*) FROM fct_observation").fetchall()
                listed = con.execute("SELECT row_count FROM meta_table WHERE table_name = 'fct_observation'").fetchall()
                time.sleep(0.3)
                again = con.execute("SELECT release_id, content_hash FROM meta_release").fetchall()
            if rows != listed or first != again or len(first) != 1:
                errors.append(f"mixed: {rows} {listed} {first} {again}")
            seen.append(first[0][0])
        except Exception as error:
            errors.append(repr(error))
        time.sleep(0.3)
    told = f"{len(seen)} {len(set(seen))} {int(seen == sorted(seen))} {errors[:3]}\\n"
    os.write(1, told.encode())  # in one piece: all of them write into one pipe

readers = []
for _ in range(int(sys.argv[2])):
    reader = os.fork()
    if not reader:
        read(Path(sys.argv[1]))
        os._exit(0)
    readers.append(reader)
for reader in readers:
    os.waitpid(reader, 0)
"""
"""So many processes that open the marts again and again; one interpreter loads what they need and forks."""


def test_second_refresh_says_who_holds_the_lock(root: Path) -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(root)], stdin=pipe, stdout=pipe, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "held"
        second = minzheng(root, "run", "--force")
        assert second.returncode == 1
        assert f"minzheng run (pid {holder.pid})" in second.stderr
        holder.kill()
    whole(root)


def test_who_has_only_just_taken_the_lock_is_named(tmp_path: Path) -> None:
    s = Settings(data_root=tmp_path)
    s.marts.mkdir(parents=True)
    with (s.marts / ".lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        late = Timer(0.3, lambda: print("minzheng run (pid 7)", file=lock, flush=True))
        late.start()
        with pytest.raises(release.LockedError, match=r"another refresh is running: minzheng run \(pid 7\)$"):
            release.hold(s, "another")
        late.join()


def test_who_ended_is_not_named(tmp_path: Path) -> None:
    s = Settings(data_root=tmp_path)
    release.hold(s, "minzheng run")
    release.let_go(s)
    assert (s.marts / ".lock").read_text(encoding="utf-8") == ""


def test_clock_going_backwards(driver: Driver, root: Path) -> None:
    before = whole(root)
    assert driver(root, days=-4000) == 0, driver.said()
    after = whole(root)
    assert after > before
    assert after[-8:] < before[-8:]
    assert [r.id for r in release.releases(Settings(data_root=root))] == [after, before]
    tidy(root)


@pytest.mark.slow(seconds=25)
def test_ten_readers_during_five_refreshes(driver: Driver, root: Path, tmp_path: Path) -> None:
    stop = tmp_path / "stop"
    env = {**os.environ, "MINZHENG_DATA_ROOT": str(root), "MINZHENG_RETENTION": "2"}
    command = [sys.executable, "-c", READER, str(stop), str(READERS)]
    with subprocess.Popen(command, cwd=PROJECT, env=env, stdout=subprocess.PIPE, text=True) as readers:
        try:
            for _ in range(5):
                assert driver(root) == 0, driver.said()
        finally:
            stop.touch()
            said = readers.communicate()[0]
    answers = [line.split(maxsplit=3) for line in said.splitlines()]
    assert len(answers) == READERS
    for queries, releases, in_order, errors in answers:
        assert errors.strip() == "[]"
        assert (int(queries) > 5, int(releases) >= 2, in_order) == (True, True, "1")


@pytest.mark.slow(seconds=30)
def test_two_real_refreshes_at_once(published: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(published, tmp_path / "data", symlinks=True))
    before = whole(root)
    env = {
        **os.environ,
        "MINZHENG_DATA_ROOT": str(root),
        "DAGSTER_HOME": str(root / "dagster"),
        "MINZHENG_NOTEBOOKS": "0",
    }
    command = [sys.executable, "-m", "pipelines.cli", "run", "--force"]
    runs = [subprocess.Popen(command, cwd=PROJECT, env=env, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [r.communicate()[1] for r in runs]
    assert sorted(r.returncode for r in runs) == [0, 1], said
    assert any("another refresh is running: minzheng run (pid " in words for words in said), said
    assert [r.id for r in release.releases(Settings(data_root=root))] == [whole(root), before]
    tidy(root)


@pytest.mark.slow(seconds=15)
def test_interrupted_notebook_kernel(driver: Driver, root: Path) -> None:
    before = whole(root)
    driver.order(root=str(root), notebooks=1)
    kernel = wait_for_kernel(driver.process.pid)
    os.kill(kernel, 9)
    assert driver.answer() == 1
    assert whole(root) == before
    assert driver(root, notebooks=1) == 0, driver.said()
    tidy(root)


def wait_for_kernel(ancestor: int, seconds: int = 120) -> int:
    """The process id of the first notebook kernel below a process."""
    for _ in range(seconds * 10):
        listed = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
        rows = [line.split(maxsplit=2) for line in listed.splitlines()[1:]]
        below = {ancestor}
        for pid, parent, _ in rows:
            if int(parent) in below:
                below.add(int(pid))
        for pid, _, words in rows:
            if int(pid) in below and "ipykernel_launcher" in words:
                return int(pid)
        time.sleep(0.1)
    raise AssertionError("no kernel was started")
