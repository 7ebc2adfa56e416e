"""The storage block of docs/operate.md against a real PostgreSQL (Debian's `postgresql`), by a real refresh."""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.settings import PROJECT
from tests.e2e.conftest import fresh_root, minzheng

pytestmark = pytest.mark.slow


def program(name: str) -> str:
    found = shutil.which(name) or next(
        (str(p) for p in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), None
    )
    return found or pytest.skip(f"{name} is not installed (apt-get install postgresql)")


@pytest.fixture
def port() -> Iterator[int]:
    """A private PostgreSQL with the role and the database of docs/operate.md. It refuses to run as root, so that root
    lends it the user `postgres`."""
    if importlib.util.find_spec("dagster_postgres") is None:
        pytest.skip("dagster-postgres is not installed")
    initdb, pg_ctl, psql = program("initdb"), program("pg_ctl"), program("psql")
    user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    home = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    shutil.chown(home, user)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number = probe.getsockname()[1]

    def run(*command: str) -> None:
        subprocess.run(command, user=user if os.getuid() == 0 else None, cwd=home, check=True, capture_output=True)

    run(initdb, "-D", f"{home}/data", "-U", "admin", "--auth=trust")
    run(pg_ctl, "-D", f"{home}/data", "-w", "-l", f"{home}/log", "-o", f"-p {number} -h 127.0.0.1 -k {home}", "start")
    try:
        for statement in re.findall(r"^CREATE .*;$", operate(), re.MULTILINE):
            run(psql, "-h", "127.0.0.1", "-p", str(number), "-U", "admin", "-d", "postgres", "-c", statement)
        yield number
    finally:
        run(pg_ctl, "-D", f"{home}/data", "-m", "immediate", "stop")
        shutil.rmtree(home)


def operate() -> str:
    return (PROJECT / "docs" / "operate.md").read_text(encoding="utf-8")


def test_refresh_with_postgres_storage(port: int, tmp_path: Path) -> None:
    (documented,) = re.findall(r"```yaml\n(.*?)```", operate(), re.DOTALL)
    home = tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text(documented.replace("5432", str(port)), encoding="utf-8")
    root = fresh_root(tmp_path / "data")
    done = minzheng(root, "run", DAGSTER_HOME=str(home), MINZHENG_PG_PASSWORD="change-me", MINZHENG_NOTEBOOKS="0")
    assert done.returncode == 0, done.stdout + done.stderr
    query = "SELECT status, (SELECT count(*) > 100 FROM event_logs) FROM runs"
    command = [
        program("psql"),
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
        "-U",
        "minzheng",
        "-d",
        "minzheng_dagster",
        "-Atc",
        query,
    ]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() == ["SUCCESS|t"]
    assert not list(home.rglob("*.db"))
