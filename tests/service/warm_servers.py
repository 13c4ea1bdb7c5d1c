"""Servers that start in a moment: each is forked from one process that has imported and built everything before.

A start from nothing costs seconds of computing, and a test that kills dozens of servers would spend its time on nothing else.
What happens from the reading of the settings on is the same.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

FORKING = """
import json, os, sys
from app.cli import main, serve
from app.usecases.knowledge import Knowledge

knowledge = Knowledge.load()
Knowledge.load = lambda: knowledge
for line in sys.stdin:
    asked = json.loads(line)
    if "waited_for" in asked:
        ended, status = os.waitpid(asked["waited_for"], asked["options"])
        answer = os.waitstatus_to_exitcode(status) if ended else None
    elif answer := os.fork():
        pass
    else:
        os.environ.update(asked["environment"])
        log = os.open(asked["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for stream, to in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(stream, to)
        sys.argv = ["miaohui", "serve", "--port", str(asked["port"])]
        exec(asked["program"], {"__name__": "__main__"})
    print(json.dumps(answer), flush=True)
"""


class WarmServers:
    """The process that servers are forked from."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", FORKING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def start(self, port: int, environment: dict[str, str], log: Path, program: str) -> int:
        """Run `miaohui serve` by this program; the id of its process."""
        return int(self._ask({"port": port, "environment": environment, "log": str(log), "program": program}))

    def exit_code(self, pid: int, *, wait: bool) -> int | None:
        """None while it runs, if it is not to be waited for; afterwards minus the signal that ended it, or its own."""
        code = self._ask({"waited_for": pid, "options": 0 if wait else os.WNOHANG})
        return None if code is None else int(code)

    def _ask(self, what: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@functools.cache
def warm_servers() -> WarmServers:
    """The one of this test run. It ends when our end of its input closes."""
    return WarmServers()
