"""deploy/dagster.yaml against a real PostgreSQL (Debian's `postgresql`), by a real refresh."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.assets.conftest import PASSWORD, asked
from tests.commands import fresh_root, minzheng

pytestmark = pytest.mark.slow(seconds=20)


def test_refresh_with_postgres_storage(postgres: int, dagster_home: Path, tmp_path: Path) -> None:
    root = fresh_root(tmp_path / "data", "530425")
    storage = {"DAGSTER_HOME": str(dagster_home), "MINZHENG_PG_PASSWORD": PASSWORD, "MINZHENG_NOTEBOOKS": "0"}
    done = minzheng(root, "run", "--raw", str(root / "raw"), **storage)
    assert done.returncode == 0, done.stdout + done.stderr
    stored = asked(postgres, "SELECT status, (SELECT count(*) > 100 FROM event_logs) FROM runs")
    assert stored == ["SUCCESS|t"]
    assert not list(dagster_home.rglob("*.db"))
