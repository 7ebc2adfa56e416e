"""A private PostgreSQL as deploy/postgres.sql wants it, and a DAGSTER_HOME with deploy/dagster.yaml that points at it."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.settings import PROJECT

DEPLOY = PROJECT / "deploy"
PASSWORD = "change-me"


def program(name: str) -> str:
    """A program of PostgreSQL: Debian keeps the server's out of the path, one folder a version."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name), reverse=True)
    found = shutil.which(name, path=os.pathsep.join(map(str, folders))) or shutil.which(name)
    return found or pytest.skip(f"{name} is not installed (apt-get install postgresql)")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def postgres() -> Iterator[int]:
    """The port of a running server. It refuses to run as root, so that root lends it the user `postgres`."""
    if importlib.util.find_spec("dagster_postgres") is None:
        pytest.skip("dagster-postgres is not installed (pip install -c constraints.txt '.[postgres]')")
    initdb, pg_ctl, psql = program("initdb"), program("pg_ctl"), program("psql")
    user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    home = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    shutil.chown(home, user)
    port = free_port()

    def run(*command: str) -> None:
        subprocess.run(command, user=user if os.getuid() == 0 else None, cwd=home, check=True, capture_output=True)

    run(initdb, "-D", f"{home}/data", "-U", "admin", "--auth=trust")
    run(pg_ctl, "-D", f"{home}/data", "-w", "-l", f"{home}/log", "-o", f"-p {port} -h 127.0.0.1 -k {home}", "start")
    try:
        shutil.copy(DEPLOY / "postgres.sql", home)
        run(psql, "-h", "127.0.0.1", "-p", str(port), "-U", "admin", "-d", "postgres", "-f", f"{home}/postgres.sql")
        yield port
    finally:
        run(pg_ctl, "-D", f"{home}/data", "-m", "immediate", "stop")
        shutil.rmtree(home)


@pytest.fixture
def dagster_home(postgres: int, tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    documented = (DEPLOY / "dagster.yaml").read_text(encoding="utf-8")
    assert "port: 5432" in documented
    (home / "dagster.yaml").write_text(documented.replace("5432", str(postgres)), encoding="utf-8")
    return home


def asked(port: int, query: str) -> list[str]:
    """Rows of a query to Dagster's database."""
    command = [program("psql"), "-h", "127.0.0.1", "-p", str(port), "-U", "minzheng", "-d", "minzheng_dagster", "-Atc"]
    return subprocess.run([*command, query], capture_output=True, text=True, check=True).stdout.splitlines()
