"""The office of docs/operate.md, by the very commands of deploy/: webserver, daemon and two code servers as processes of their
own on PostgreSQL. Its sensors are turned on: raw data start a refresh, a release the job of the other code location. A person starts
a second refresh meanwhile, an analyst that job by hand."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.assets.automation import RAW
from pipelines.publish import package, release
from pipelines.settings import PROJECT, Settings
from tests.assets.conftest import DEPLOY, PASSWORD, asked, free_port
from tests.commands import fresh_root

pytestmark = pytest.mark.slow(seconds=90)
STARTED = ((("code", "analysts"), ("4266", "4267")), (("daemon", "webserver"), ("3000",)))
"""Units started together, and the ports that must listen before the next ones."""
PORTS = tuple(port for _, ports in STARTED for port in ports)
COUNTIES = ("530425", "620722")
RANGE = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"

LAUNCH = """mutation ($params: ExecutionParams!) { launchRun(executionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
START = "mutation ($sensor: SensorSelector!) { startSensor(sensorSelector: $sensor) { __typename ... on PythonError { message } } }"
DRY_RUN = """mutation ($schedule: ScheduleSelector!, $at: Float!) { scheduleDryRun(selectorData: $schedule, timestamp: $at) {
  ... on DryRunInstigationTick { evaluationResult { error { message } runRequests { tags { key value } } } }
  ... on PythonError { message } } }"""
RUNS = "{ runsOrError { ... on Runs { results { runId status jobName startTime endTime tags { key value } } } } }"
LOCATIONS = "{ workspaceOrError { ... on Workspace { locationEntries { name loadStatus locationOrLoadError { __typename } } } } }"


class Office:
    """The four processes of deploy/*.service on free ports, and what people do in the browser."""

    def __init__(self, home: Path, root: Path, log: Path) -> None:
        self.ports = {port: free_port() for port in PORTS}
        (home / "workspace.yaml").write_text(
            self._moved((DEPLOY / "workspace.yaml").read_text(encoding="utf-8")), encoding="utf-8"
        )
        self.env = {
            **os.environ, "DAGSTER_HOME": str(home), "MINZHENG_RAW_FOLDER": str(root / "raw"), "MINZHENG_PG_PASSWORD": PASSWORD, "MINZHENG_NOTEBOOKS": "0",
            "PYTHONPATH": str(PROJECT), "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }  # fmt: skip
        self.home, self.log, self.processes = home, log, {}

    def open(self) -> None:
        """Make Dagster's tables, then start the units in their order; a failure leaves what was started to `close`."""
        tables = [str(Path(sys.executable).parent / "dagster"), "instance", "migrate"]
        subprocess.run(tables, env=self.env, cwd=PROJECT, check=True, capture_output=True)
        for units, ports in STARTED:
            for unit in units:
                self.processes[unit] = self._start(unit)
            for port in ports:
                self.listens(port)

    def _moved(self, text: str) -> str:
        return re.sub("|".join(PORTS), lambda m: str(self.ports[m[0]]), text)

    def _start(self, unit: str) -> subprocess.Popen[bytes]:
        text = (DEPLOY / f"minzheng-{unit}.service").read_text(encoding="utf-8")
        (line,) = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)
        program, *rest = shlex.split(
            self._moved(line).replace("deploy/workspace.yaml", str(self.home / "workspace.yaml"))
        )
        command = [str(Path(sys.executable).parent / Path(program).name), *rest]
        with self.log.open("ab") as out:
            return subprocess.Popen(command, cwd=PROJECT, env=self.env, stdout=out, stderr=out)

    def listens(self, port: str) -> None:
        def open_() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.ports[port])) == 0

        self.wait(open_, 300)

    def wait(self, true: Callable[[], bool], seconds: float) -> None:
        end = time.monotonic() + seconds
        while not true():
            dead = [name for name, p in self.processes.items() if p.poll() is not None]
            assert not dead, f"{dead} died\n{self.said()}"
            assert time.monotonic() < end, self.said()
            time.sleep(0.5)

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-6000:]

    def ask(self, query: str, **variables: object) -> Any:
        body = json.dumps({"query": query, "variables": variables}).encode()
        url = f"http://127.0.0.1:{self.ports['3000']}/graphql"
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            found = json.load(answer)
        assert "errors" not in found, found
        return next(iter(found["data"].values()))

    def launch(self, location: str, job: str, tags: dict[str, str]) -> str:
        selector = {"repositoryLocationName": location, "repositoryName": "__repository__", "jobName": job}
        params = {
            "selector": selector,
            "runConfigData": {},
            "executionMetadata": {"tags": [{"key": k, "value": v} for k, v in tags.items()]},
        }
        answer = self.ask(LAUNCH, params=params)
        assert answer["__typename"] == "LaunchRunSuccess", answer
        return str(answer["run"]["runId"])

    def turn_on(self, location: str, sensor: str) -> None:
        """As on Dagster's Automation page."""
        selector = {"repositoryLocationName": location, "repositoryName": "__repository__", "sensorName": sensor}
        assert self.ask(START, sensor=selector)["__typename"] == "Sensor"

    def runs(self) -> dict[str, dict[str, Any]]:
        return {r["runId"]: r for r in self.ask(RUNS)["results"]}

    def close(self) -> None:
        for process in reversed(self.processes.values()):
            process.send_signal(signal.SIGINT)
        for process in self.processes.values():
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture
def office(postgres: int, dagster_home: Path, tmp_path: Path) -> Iterator[Office]:
    made = Office(dagster_home, fresh_root(tmp_path / "data", *COUNTIES), tmp_path / "log.txt")
    try:
        made.open()
        yield made
    finally:
        made.close()


def tags(of: dict[str, Any]) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in of["tags"]}


def alone(runs: dict[str, dict[str, Any]], first: str, second: str) -> bool:
    """Whether the first refresh is over; until then the second must wait, however often the daemon looks at its queue."""
    assert over(runs, first) or runs[second]["status"] == "QUEUED"
    return over(runs, first)


def over(runs: dict[str, dict[str, Any]], *wanted: str) -> bool:
    """Whether these runs have ended, well or not."""
    return {runs[run]["status"] for run in wanted} <= {"SUCCESS", "FAILURE", "CANCELED"}


def test_sensors_start_what_they_are_for_refreshes_queue_and_an_analyst_works_beside_them(
    office: Office, postgres: int, tmp_path: Path
) -> None:
    s = Settings(data_root=tmp_path / "data")
    entries = {e["name"]: e["locationOrLoadError"]["__typename"] for e in office.ask(LOCATIONS)["locationEntries"]}
    assert entries == {"minzheng": "RepositoryLocation", "analysts": "RepositoryLocation"}
    codes = sorted(s.county_folders())
    assert codes == [*COUNTIES]
    wanted = dict(zip(RANGE, (codes[0], codes[-1]), strict=True)) | {"minzheng/writer": "one"}
    office.turn_on("analysts", "after_release")
    office.turn_on("minzheng", "raw_changed")

    office.wait(lambda: any(r["status"] == "STARTED" for r in office.runs().values()), 300)
    ((first, started),) = office.runs().items()
    assert wanted.items() <= tags(started).items() and tags(started)["dagster/sensor_name"] == "raw_changed"
    second = office.launch("minzheng", "refresh", wanted)
    assert office.runs()[second]["status"] == "QUEUED"
    schedule = {"repositoryLocationName": "minzheng", "repositoryName": "__repository__", "scheduleName": "daily"}
    (nightly,) = office.ask(DRY_RUN, schedule=schedule, at=time.time())["evaluationResult"]["runRequests"]
    assert {n: tags(nightly)[n] for n in (*RANGE, RAW)} == {n: tags(started)[n] for n in (*RANGE, RAW)}
    office.wait(lambda: alone(office.runs(), first, second), 900)
    analyst = office.launch("analysts", "analysis", {})
    office.wait(lambda: over(office.runs(), second, analyst), 900)

    done = office.runs()
    assert done[first]["endTime"] <= done[second]["startTime"]
    assert done[analyst]["startTime"] < done[second]["endTime"], "the analyst had to wait for the writer"
    one, two = sorted(r.id for r in release.releases(s))
    assert release.current_id(s) == two
    assert package.verify(s.releases / two) == []
    tables = s.data_root / "analysis" / "beds_short_2030"
    assert (tables / f"{one}.csv").exists()
    office.wait((tables / f"{two}.csv").exists, 120)  # the sensor looks every half a minute
    office.wait(lambda: over(now := office.runs(), *now), 120)
    done = office.runs()
    assert {r["status"] for r in done.values()} == {"SUCCESS"}, office.said()
    assert {
        r["jobName"]: tags(r).get("dagster/sensor_name") for run, r in done.items() if run not in (second, analyst)
    } == {
        "refresh": "raw_changed",
        "analysis": "after_release",
    }
    assert asked(postgres, "SELECT count(*) FROM runs WHERE status = 'SUCCESS'") == [str(len(done))]
    office.close()
    for port in office.ports.values():
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
