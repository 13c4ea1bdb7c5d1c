"""Print a run in the format asked for, as it goes along where the format allows."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Iterable, Iterator
from typing import Final

import orjson

from app.cli.lint_run import Checked, Run
from app.cli.output import emit, say
from lint.findings import rank
from lint.formats import to_github, to_gitlab, to_junit, to_lines
from lint.sarif import Located, to_sarif

FORMATS: Final = ("text", "jsonl", "json", "sarif", "github", "gitlab", "junit")


class Tally:
    """What passed by on its way to the output."""

    def __init__(self, checked: Iterable[Checked]) -> None:
        self._checked = checked
        self.worst = -1
        self.texts = self.found = self.suppressed = 0

    def __iter__(self) -> Iterator[Checked]:
        for item in self._checked:
            self.texts += item.unit is not None
            self.found += len(item.report.findings)
            self.suppressed += len(item.suppressed)
            if item.report.worst is not None:
                self.worst = max(self.worst, rank(item.report.worst))
            yield item

    def located(self) -> Iterator[Located]:
        return (item.located() for item in self)


def write(checked: Iterable[Checked], run: Run, output_format: str, fail_on: str) -> int:
    """Print; the rank of the worst finding, or -1."""
    tally = Tally(checked)
    if output_format == "jsonl":
        for item in tally:
            emit(item.record())
    elif output_format == "json":
        _array(tally)
    elif output_format == "sarif":
        log = to_sarif(
            tally.located(),
            run.rules(),
            version=importlib.metadata.version("miaohui"),
            failures=run.failures,
        )
        _dump(log)
    elif output_format == "gitlab":
        _dump(to_gitlab(tally.located()))
    elif output_format == "junit":
        say(to_junit(tally.located(), fail_on, run.failures))
    elif output_format == "github":
        for line in to_github(tally.located(), run.failures):
            say(line)
    else:
        for line in to_lines(tally.located()):
            run.voice.make_way()
            say(line)
        run.voice.make_way()
        say(_summary(tally))
    return tally.worst


def _summary(tally: Tally) -> str:
    found = f"{tally.found} 处问题" if tally.found else "没有问题"
    aside = f"，{tally.suppressed} 处已忽略" if tally.suppressed else ""
    aside_en = f", {tally.suppressed} suppressed" if tally.suppressed else ""
    return f"查了 {tally.texts} 条，{found}{aside} / {tally.texts} texts, {tally.found} findings{aside_en}"


def _array(tally: Tally) -> None:
    """One array, an object a line, without holding it all."""
    out = sys.stdout.buffer
    opened = False
    for item in tally:
        out.write(b",\n" if opened else b"[\n")
        out.write(orjson.dumps(item.record()))
        opened = True
    out.write(b"\n]\n" if opened else b"[]\n")


def _dump(value: object) -> None:
    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n")
