"""`miaohui lint`: check service texts in files, folders or standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import orjson

from app.cli.output import EXIT_FINDINGS, cannot, default_format, emit, read_lines, say
from lint import CHANNELS, Linter, Report, Rule, RuleError, to_sarif
from lint.findings import rank
from lint.formats import to_github, to_gitlab, to_junit, to_lines
from lint.sarif import Located
from lint.units import READERS, Unit, UnreadableError, read_units, unescape

FORMATS = ("text", "jsonl", "json", "sarif", "github", "gitlab", "junit")


@dataclass(frozen=True, slots=True)
class _Checked:
    source: str
    unit: Unit
    report: Report

    def located(self) -> Located:
        place = f"{self.unit.sheet}!{self.unit.cell}" if self.unit.cell is not None else None
        uri = "stdin" if self.source == "-" else Path(self.source).as_posix()
        return Located(self.report, uri, self.unit.line or 1, self.unit.column or 1, place)

    def record(self) -> dict[str, object]:
        place = {"line": self.unit.line} if self.source == "-" else self.unit.place()
        return {"source": self.source, **place, **self.report.to_json()}


@click.command(
    "lint",
    help="检查话术：广告法用语、服务态度、高压线、模板变量。从标准输入读时一行一条，行内可写 \\n 表示换行。"
    "退出码：0 没有问题，1 有问题，2 没能运行。/ Lint service texts; `-` reads one text per line.",
)
@click.argument("paths", nargs=-1, metavar="[PATH…|-]")
@click.option(
    "--channel",
    type=click.Choice(CHANNELS),
    default="template",
    show_default=True,
    help="文字从哪里发出 / where it goes out",
)
@click.option("--platform", metavar="P", help="平台 / platform, such as kuaishou, douyin, tmall")
@click.option(
    "--format", "output_format", type=click.Choice(FORMATS), default=default_format, help="输出格式"
)
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning"]),
    default="error",
    show_default=True,
    help="达到这个级别时退出码为 1 / exit 1 from this severity on",
)
@click.option(
    "--rules",
    "folders",
    multiple=True,
    type=click.Path(exists=True, file_okay=False),
    help="自定义规则文件夹，可多次给出 / folder of your own rules",
)
@click.option("--explain", metavar="RULE", help="说明一条规则后退出 / explain a rule and exit")
def command(
    paths: tuple[str, ...],
    channel: str,
    platform: str | None,
    output_format: str,
    fail_on: str,
    folders: tuple[str, ...],
    explain: str | None,
) -> None:
    try:
        linter = Linter.from_folder(*folders) if folders else Linter.default()
    except RuleError as error:
        cannot(str(error))
    if explain is not None:
        _explain(linter, explain)
        return
    checked = _check(linter, paths or ("-",), channel, platform)
    worst = _write(checked, linter.rules, output_format, fail_on)
    if worst >= rank(fail_on):
        sys.stdout.flush()
        raise SystemExit(EXIT_FINDINGS)


def _explain(linter: Linter, code: str) -> None:
    rule = linter.rule(code)
    if rule is None:
        near = [other.code for other in linter.rules if code.rsplit("/", maxsplit=1)[-1] in other.code]
        cannot(f"没有规则 {code}{'，是不是 ' + '、'.join(near) if near else ''} / no such rule")
    say(f"{rule.code}  {rule.name}")
    say("级别  " + "，".join(f"{channel} {rule.severity.get(channel, '不查')}" for channel in CHANNELS))
    for label, text in (("为什么", rule.why), ("怎么改", rule.suggestion), ("依据  ", rule.source)):
        say(f"{label}  {text}")
    for label, examples in (("会提示", rule.bad), ("不提示", rule.good), ("漏掉的", rule.known_misses)):
        for example in examples:
            say(f"{label}  {example}")
    for ground in dict.fromkeys(exemption.reason for exemption in rule.exemptions):
        say(f"豁免    {ground}")


def _check(linter: Linter, paths: Iterable[str], channel: str, platform: str | None) -> Iterator[_Checked]:
    for source, unit in _units(paths):
        yield _Checked(source, unit, linter.check(unit.text, channel=channel, platform=platform))


def _units(paths: Iterable[str]) -> Iterator[tuple[str, Unit]]:
    for path in paths:
        if path == "-":
            for number, line in enumerate(read_lines("-"), start=1):
                yield "-", Unit(unescape(line), number, 1)
            continue
        for file in _files(Path(path)):
            try:
                data = file.read_bytes()
            except OSError as error:
                cannot(f"读不了 {file}：{error.strerror} / cannot read {file}")
            try:
                for unit in read_units(file.name, data):
                    yield str(file), unit
            except UnreadableError as error:
                cannot(f"读不了 {file}：{error} / cannot read {file}")


def _files(path: Path) -> Iterator[Path]:
    """The file itself, or every file below the folder that we can read, in order; hidden ones are left out."""
    if not path.exists():
        cannot(f"找不到 {path} / no such file or folder")
    if not path.is_dir():
        yield path
        return
    for folder, inner, names in os.walk(path):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith((".", "~$")) and Path(name).suffix.lower() in READERS:
                yield Path(folder, name)


def _write(checked: Iterable[_Checked], rules: tuple[Rule, ...], output_format: str, fail_on: str) -> int:
    """Print in the format asked for; the rank of the worst finding, or -1."""
    worst = -1
    texts = found = 0

    def watched() -> Iterator[_Checked]:
        nonlocal worst, texts, found
        for item in checked:
            texts += 1
            found += len(item.report.findings)
            if item.report.worst is not None:
                worst = max(worst, rank(item.report.worst))
            yield item

    located = (item.located() for item in watched())
    if output_format == "jsonl":
        for item in watched():
            emit(item.record())
    elif output_format == "json":
        _dump([item.record() for item in watched()])
    elif output_format == "sarif":
        _dump(to_sarif(located, rules))
    elif output_format == "gitlab":
        _dump(to_gitlab(located))
    elif output_format == "junit":
        say(to_junit(located, fail_on))
    elif output_format == "github":
        for line in to_github(located):
            say(line)
    else:
        for line in to_lines(located):
            say(line)
        say(
            f"查了 {texts} 条，{'没有问题' if not found else f'{found} 处问题'} / {texts} texts, {found} findings"
        )
    return worst


def _dump(value: object) -> None:
    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n")
