"""No telemetry, nothing fetched, nothing listening beyond this machine: settings say so, and a whole refresh runs with the
network cut."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.run import DAGSTER_YAML
from pipelines.settings import PROJECT
from tests.commands import fresh_root
from tests.faults.conftest import whole

CUT = ["unshare", "--net", "--", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]


def test_telemetry_is_off_everywhere() -> None:
    deployed = (PROJECT / "deploy" / "dagster.yaml").read_text(encoding="utf-8")
    assert all("telemetry:\n  enabled: false" in text for text in (DAGSTER_YAML, deployed))
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    assert "export DAGSTER_DISABLE_TELEMETRY := 1" in makefile
    for quiet in ("--LabApp.news_url=None ", "--LabApp.extension_manager=readonly", "NeverCheckForUpdate"):
        assert quiet in makefile, "JupyterLab asks its project for news, extensions and updates otherwise"
    assert 'os.environ["GX_ANALYTICS_ENABLED"] = "false"' in (
        PROJECT / "pipelines" / "quality" / "adapter.py"
    ).read_text(encoding="utf-8")


def test_servers_listen_on_loopback() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    workspace = (PROJECT / "deploy" / "workspace.yaml").read_text(encoding="utf-8")
    units = {p.stem: p.read_text(encoding="utf-8") for p in (PROJECT / "deploy").glob("*.service")}
    assert re.search(r"jupyter lab --ip 127\.0\.0\.1", makefile)
    assert re.search(r"dg dev --host 127\.0\.0\.1", makefile)
    assert len(units) == 4
    serving = [u for name, u in units.items() if name != "minzheng-daemon"]
    assert all(re.search(r"^ExecStart=.* -h 127\.0\.0\.1 ", unit, re.MULTILINE) for unit in serving)
    assert set(re.findall(r"host: (\S+)", workspace)) == {"127.0.0.1"}
    assert "0.0.0.0" not in makefile + workspace + "".join(units.values())


@pytest.mark.parametrize("unit", sorted(p.name for p in (PROJECT / "deploy").glob("*.service")))
def test_systemd_reads_the_units(unit: str) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    command = ["systemd-analyze", "verify", str(PROJECT / "deploy" / unit)]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stderr.splitlines()
    assert [line for line in said if unit in line and "is not executable" not in line] == []


@pytest.mark.slow(seconds=30)
def test_a_whole_refresh_with_the_network_cut(tmp_path: Path) -> None:
    if subprocess.run([*CUT, "true"], check=False, capture_output=True).returncode:
        pytest.skip("cutting the network (unshare --net) is not allowed here")
    root = fresh_root(tmp_path / "data")
    env = {**os.environ, "MINZHENG_DATA_ROOT": str(root), "DAGSTER_HOME": str(root / "dagster")}
    command = [*CUT, sys.executable, "-m", "pipelines.cli", "run"]
    done = subprocess.run(command, cwd=PROJECT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    whole(root)
