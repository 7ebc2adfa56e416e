"""Processes for tests that need many: an interpreter loads what costs seconds once and forks for every order, so that each order is
a real process, which can be killed, without its imports. `Forks` is the side of the tests, `serve` that of the interpreter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from pipelines.settings import PROJECT


class Forks:
    """A module that ends in `serve`, started; it ends with this process."""

    def __init__(self, module: str, **environment: str) -> None:
        command = [sys.executable, "-W", "ignore", "-m", module]
        env = {**os.environ, "DAGSTER_DISABLE_TELEMETRY": "1", **environment}
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            command, cwd=PROJECT, env=env, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
        )

    def order(self, **what: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()

    def answer(self) -> int:
        """The exit code of the fork, negative when it was killed."""
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())


def serve(obey: Callable[[dict[str, Any]], int]) -> None:
    """Fork for every line of JSON; answer each with the exit code of its fork."""
    for line in sys.stdin:
        child = os.fork()
        if not child:
            os._exit(obey(json.loads(line)))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
