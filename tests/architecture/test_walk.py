"""ARCHITECTURE.md's walk of one message is the way that a message really takes."""

from __future__ import annotations

import re
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

from conftest_service import run_service

from app.usecases.knowledge import Knowledge
from app.usecases.lint_reports import LintReports
from app.usecases.searches import Searches
from phrasebank import starter_bank

REPO = Path(__file__).resolve().parents[2]
PARTS = ("app/", "lint/", "phrasebank/")
FIRST = "app/web/plain_headers.py"
"""Where a request enters. What the writer's thread still does about the one before is no part of the walk."""


class Trace:
    """Notes the project's files in the order in which a function of theirs is first entered, over all threads."""

    def __init__(self) -> None:
        self.files: list[str] = []
        self.on = False
        self._seen: set[str] = set()

    def __call__(self, frame: FrameType, kind: str, _argument: Any) -> None:
        if not self.on or kind != "call":
            return
        code = frame.f_code
        if (
            code.co_filename in self._seen
            or not code.co_filename.startswith(str(REPO))
            or code.co_name[0] == "<"
        ):
            return
        name = str(Path(code.co_filename).relative_to(REPO))
        if not self.files and name != FIRST:
            return
        self._seen.add(code.co_filename)
        if name.startswith(PARTS):
            self.files.append(name)


def walk_in_the_document() -> list[str]:
    text = (REPO / "ARCHITECTURE.md").read_text(encoding="utf-8")
    section = text.split("## The walk of one message", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^\d+\. `([a-z_/]+\.py)`", section, flags=re.MULTILINE)


def test_one_message_walks_as_the_document_says(tmp_path: Path, knowledge: Knowledge) -> None:
    trace = Trace()
    threading.setprofile(trace)
    sys.setprofile(trace)
    try:
        running = run_service(f"sqlite:///{tmp_path / 'walk.db'}", knowledge, policy={"answer": "at_once"})
        service = next(running)
        # Once before, so that what is loaded at the first need is loaded.
        invoice = starter_bank().get("invoice-have")
        assert invoice is not None
        service.post(service.message("m0", invoice.examples[0], session="s0", buyer="b0"))
        # What was asked and linted before is remembered, and a message that nobody has asked yet shall be traced.
        service.service.knowledge.searches = Searches()
        service.service.knowledge.reports = LintReports(knowledge.linter)
        trace.on = True
        answer = service.post(service.message("m1", invoice.examples[0]))
        trace.on = False
        running.close()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    decision = answer.json()["results"][0]["decision"]
    assert decision["clock"]
    assert decision["auto_reply"]["text"] in {invoice.text, *invoice.variants}
    assert trace.files == walk_in_the_document()
