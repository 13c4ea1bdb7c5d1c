"""`miaohui phrases`: find a reply in a bank, and look after the files that banks come in."""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import click
import orjson

from app.cli.encoders import encoder_of, encoder_option, telling
from app.cli.output import EXIT_FINDINGS, cannot, emit, format_option, read_lines, say
from app.gateways import wall_clock
from app.settings import EncoderKind
from phrasebank import Bank, Phrase, Problem, ReadResult, Result, read_bank, starter_bank, write_bank
from phrasebank.care import FAULTS, Kind, care_of
from phrasebank.columns import MappingError, mapping_of
from phrasebank.encoders.builtin import BUILTIN
from phrasebank.encoding import Encoder
from phrasebank.files.delimited import ENCODINGS
from phrasebank.formats import MAX_BYTES, WRITTEN, FormatError, parse_bank, render_bank
from phrasebank.merging import Change, Merged, Prefer, merge
from phrasebank.starting import starter_phrases

_SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
_SHOWN_NOTES: Final = 20
_SHOWN_ROWS: Final = 8


@click.group()
def command() -> None:
    """话术库：查找、导入、导出、检查 / the phrase bank: search, import, export, check."""


column_option = click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="列名=字段",
    help="认不出的列是什么，如 --column '应答语=text'；可重复 / what an unknown column means",
)
progress_option = click.option(
    "--progress/--no-progress",
    default=None,
    help="在 stderr 显示进度，缺省只在终端上 / progress on stderr",
)


def _mapping(columns: Sequence[str]) -> dict[str, str]:
    try:
        return mapping_of(columns)
    except MappingError as error:
        cannot(f"--column：{error}")


def _read(
    path: str, columns: Mapping[str, str] | None = None, on_row: Callable[[int], None] | None = None
) -> ReadResult:
    try:
        if path == "-":
            return parse_bank(sys.stdin.buffer.read(MAX_BYTES + 1), "", columns=columns, on_row=on_row)
        return read_bank(path, columns=columns, on_row=on_row)
    except OSError as error:
        cannot(f"读不了 {path}：{error.strerror} / cannot read {path}")
    except FormatError as error:
        cannot(f"{path}：{error}")


def _write(path: str, phrases: Iterable[Phrase], **how: Any) -> None:
    try:
        write_bank(path, phrases, **how)
    except OSError as error:
        cannot(f"写不了 {path}：{error.strerror} / cannot write {path}")
    except FormatError as error:
        cannot(f"{path}：{error}")


def _warn(path: str, problems: Iterable[Problem]) -> None:
    for problem in problems:
        column = f"「{problem.column}」" if problem.column else ""
        click.echo(f"miaohui: {path} {problem.place}{column}：{problem.reason}", err=True)


def _tell_notes(path: str, notes: Iterable[Problem]) -> None:
    """What was read otherwise than it stands there; the same said of many rows is said once."""
    rows: dict[tuple[str, str, str], list[Problem]] = defaultdict(list)
    for note in notes:
        rows[note.sheet, note.column, note.reason].append(note)
    for (_, column, reason), said in list(rows.items())[:_SHOWN_NOTES]:
        places = "、".join(str(note.row) for note in said[:_SHOWN_ROWS])
        more = f" 等 {len(said)} 处" if len(said) > _SHOWN_ROWS else ""
        where = str(said[0].place) if len(said) == 1 else f"第 {places} {said[0].unit}{more}"
        named = f"「{column}」" if column else ""
        click.echo(f"说明: {path} {'' if said[0].row == 0 else where}{named}：{reason}", err=True)
    if len(rows) > _SHOWN_NOTES:
        click.echo(f"说明: {path} 还有 {len(rows) - _SHOWN_NOTES} 种说明，用 --format jsonl 看全部", err=True)


class _Progress:
    """A sign of life on stderr while a long file is read: one line that is written over on a terminal, else a line a second."""

    _AFTER_S: Final = 0.5
    _STEP: Final = 256

    def __init__(self, path: str, wanted: bool | None) -> None:
        self._path = path
        self._terminal = sys.stderr.isatty()
        self._wanted = self._terminal if wanted is None else wanted
        self._said = time.monotonic() + self._AFTER_S - 1
        self._shown = False

    def __call__(self, done: int, what: str = "已读 {} 行 / rows read") -> None:
        if not self._wanted or done % self._STEP:
            return
        now = time.monotonic()
        if now - self._said < (0.1 if self._shown else 1):
            return
        self._said = now
        line = f"{self._path}：{what.format(done)}"
        click.echo(f"\r\x1b[2K{line}" if self._terminal else line, err=True, nl=not self._terminal)
        self._shown = self._terminal

    def hide(self) -> None:
        if self._shown:
            click.echo("\r\x1b[2K", err=True, nl=False)
            self._shown = False


@contextmanager
def _progress(path: str, wanted: bool | None) -> Iterator[_Progress]:
    progress = _Progress(path, wanted)
    try:
        yield progress
    finally:
        progress.hide()


# search


def query_of(line: str) -> tuple[str, tuple[str, ...]]:
    """The query of a line and the buyer's earlier texts: the line itself, or a JSON object `{"query","context"}`.

    A line that starts like an object and is none is a text as any other.
    """
    if line.lstrip().startswith("{"):
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError:
            record = None
        if isinstance(record, dict) and isinstance(record.get("query"), str):
            context = record.get("context") or []
            texts = context if isinstance(context, list) else [context]
            return record["query"], tuple(text for text in texts if isinstance(text, str))
    return line, ()


@command.command()
@click.option(
    "--bank", "bank_path", metavar="FILE", help="话术库文件，缺省用自带的话术库 / default: the starter bank"
)
@click.option(
    "--queries", metavar="FILE|-", default="-", show_default=True, help='每行一句，或 {"query","context"}'
)
@click.option(
    "--top", type=click.IntRange(1, 100), default=10, show_default=True, help="最多给几条 / hits at most"
)
@click.option("--platform", help="只要适用于该平台的话术 / phrases for this platform only")
@click.option("--item", metavar="ID", help="买家在看的商品；专用话术优先 / the item in question")
@click.option("--agent", metavar="ID", help="连同这位客服的个人话术 / with this agent's own phrases")
@click.option(
    "--today",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="只要这一天有效的话术，缺省不看日期 / only what holds on this day",
)
@encoder_option
@progress_option
@format_option
def search(
    bank_path: str | None,
    queries: str,
    top: int,
    platform: str | None,
    item: str | None,
    agent: str | None,
    today: datetime | None,
    kind: EncoderKind,
    progress: bool | None,
    output_format: str,
) -> None:
    """为每句买家的话找话术 / find replies for buyers' messages, one a line."""
    day = today.date() if today is not None else None
    with encoder_of(kind) as encoder:
        with _progress(bank_path or "话术库", progress) as on_texts, telling(encoder, on_texts):
            bank = bank_of(bank_path, encoder)
        for line in read_lines(queries):
            query, context = query_of(line)
            result = bank.search(
                query, context=context, top=top, platform=platform, item=item, agent=agent, today=day
            )
            if output_format == "jsonl":
                emit(_record(result))
            else:
                _show(result)


def _is_starter(path: str) -> bool:
    """Whether the bank that comes with the program is meant, and no file of that name."""
    return path == "starter" and not Path(path).exists()


def bank_of(path: str | None, encoder: Encoder | None) -> Bank:
    """The bank of a file, its bad rows named on stderr; without a path the one that comes with the program."""
    if path is None:
        return starter_bank() if encoder is BUILTIN else Bank(starter_phrases(), encoder)
    read = _read(path)
    _warn(path, read.problems)
    return Bank(read.phrases, encoder)


def _record(result: Result) -> dict[str, Any]:
    hits = [{"id": hit.phrase.id, "score": hit.score, "why": list(hit.why)} for hit in result.hits]
    return {"query": result.query, "hits": hits, "confident": result.confident}


def _show(result: Result) -> None:
    say(f"{result.query}{'  [可自动回复]' if result.confident else ''}")
    for hit in result.hits:
        say(f"  {hit.score:4.0%}  {hit.phrase.id}  {hit.phrase.text[:40]}  （{'；'.join(hit.why)}）")
    if not result.hits:
        say("  没有合适的话术 / nothing fits")


# check


_BAD_ROW: Final = "row"
_CHECKED: Final = (_BAD_ROW, *(kind.value for kind in Kind if kind in FAULTS))


@command.command()
@click.argument("file")
@column_option
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice(_CHECKED),
    help="只查这几类，可重复；缺省全查 / these kinds only",
)
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    help="按哪一天看有效期，缺省今天 / the day by which phrases expire",
)
@progress_option
@format_option
def check(
    file: str,
    columns: tuple[str, ...],
    kinds: tuple[str, ...],
    as_of: datetime | None,
    progress: bool | None,
    output_format: str,
) -> None:
    """检查话术库：坏行、重复、撞车的关键词和快捷码、过期、找不到的 / find what is wrong with a bank; exit 1 if anything."""
    with _progress(file, progress) as on_row:
        read = (
            ReadResult(starter_bank().phrases, ())
            if _is_starter(file)
            else _read(file, _mapping(columns), on_row)
        )
    wanted = set(kinds or _CHECKED)
    today = as_of.date() if as_of else wall_clock.now().astimezone(_SHANGHAI).date()
    problems = read.problems if _BAD_ROW in wanted else ()
    findings = care_of(read.phrases, today, kinds={kind for kind in FAULTS if kind in wanted})
    for problem in problems:
        if output_format == "jsonl":
            emit(_checked(_BAD_ROW, problem.row, problem.column, (), problem.reason))
        else:
            say(f"{problem.place}  {problem.reason}")
    for finding in findings:
        if output_format == "jsonl":
            record = _checked(finding.kind.value, None, finding.column, finding.ids, finding.reason)
            emit({**record, "subject": finding.subject, "action": finding.action.to_json()})
        else:
            say(finding.reason)
    _tell_notes(file, read.notes)
    count = len(problems) + len(findings)
    click.echo(f"{len(read.phrases)} 条话术，{count} 处问题 / {count} findings", err=True)
    if count:
        raise SystemExit(EXIT_FINDINGS)


def _checked(kind: str, row: int | None, column: str, ids: Sequence[str], message: str) -> dict[str, Any]:
    return {"kind": kind, "row": row, "column": column, "ids": list(ids), "message": message}


# import


@command.command("import")
@click.argument("incoming", metavar="FILE|-")
@click.option("--into", "bank_path", required=True, metavar="BANK", help="并入的话术库文件，没有则新建")
@click.option("--dry-run", is_flag=True, help="只说会怎样，不写 / say what would change, write nothing")
@column_option
@click.option(
    "--prefer",
    type=click.Choice(["bank", "file"]),
    default="bank",
    show_default=True,
    help="同一条两边都有值时听谁的；file 先按编号认话术 / whose value stands; file matches by id first",
)
@click.option("--strict", is_flag=True, help="有坏行或违规用语（error）就整份不导入 / all or nothing")
@click.option("--lint/--no-lint", default=True, show_default=True, help="导入时检查用语 / lint the phrases")
@click.option(
    "--all", "everything", is_flag=True, help="库里原样不动的也列出 / list what stays untouched too"
)
@progress_option
@format_option
def import_(
    incoming: str,
    bank_path: str,
    dry_run: bool,
    columns: tuple[str, ...],
    prefer: Prefer,
    strict: bool,
    lint: bool,
    everything: bool,
    progress: bool | None,
    output_format: str,
) -> None:
    """把文件并入话术库：按分类和内容合并，原有的一条不少 / merge by category and text; nothing is dropped."""
    with _progress(incoming, progress) as on_row:
        new = _read(incoming, _mapping(columns), on_row)
        findings = _lint(new.phrases, on_row) if lint else [()] * len(new.phrases)
    _warn(incoming, new.problems)
    _tell_notes(incoming, new.notes)
    errors = _tell_findings(incoming, new, findings)
    merged = merge(_existing(bank_path), new.phrases, prefer=prefer, unsaid=new.unsaid)
    refused = strict and bool(new.problems or errors)
    if not dry_run and not refused:
        _write(bank_path, merged.phrases)
    if output_format == "jsonl":
        _emit_changes(merged, new, findings, everything)
    else:
        _say_changes(merged, everything)
        _say_counts(merged, new, "演练，未写入：" if dry_run else "没有导入：" if refused else "")
    if refused:
        click.echo(
            f"miaohui: --strict：{len(new.problems)} 个坏行、{errors} 处违规用语，{bank_path} 没有动 / nothing was imported",
            err=True,
        )
    if new.problems or refused:
        raise SystemExit(EXIT_FINDINGS)


def _lint(phrases: Sequence[Phrase], on_row: _Progress) -> list[tuple[dict[str, Any], ...]]:
    # Imported here because the rules take long to load, and the other commands need none.
    from app.usecases.bank_care import findings_in
    from lint import Linter

    findings = []
    for done, found in enumerate(findings_in(Linter.default(), phrases), start=1):
        findings.append(found)
        on_row(done, "已检查 {} 条用语 / phrases linted")
    return findings


def _tell_findings(path: str, read: ReadResult, findings: Sequence[Sequence[Mapping[str, Any]]]) -> int:
    """Say what the linter found, row by row; the number of errors."""
    errors = 0
    for place, found in zip(read.places, findings, strict=True):
        for finding in found:
            is_error = finding["severity"] == "error"
            errors += is_error
            click.echo(
                f"{'违规' if is_error else '提醒'}: {path} {place}「{finding['match']}」"
                f"{finding['message']} [{finding['rule']}]",
                err=True,
            )
    return errors


def _existing(path: str) -> tuple[Phrase, ...]:
    """The bank to merge into. One that would lose something by being written back is refused."""
    if not Path(path).exists():
        return ()
    read = _read(path)
    if read.problems:
        _warn(path, read.problems)
        cannot(
            f"{path} 有读不了的行，写回会丢失，请先修好 / mend {path} first, or its bad rows would be lost"
        )
    if read.notes:
        _tell_notes(path, read.notes)
        cannot(
            f"{path} 不能原样写回，请先导出成新的话术库：miaohui phrases export {path} 新文件.jsonl / export it first"
        )
    return read.phrases


_CHANGE_NAMES: Final = {"added": "新增", "extended": "补充", "changed": "改动", "unchanged": "相同"}


def _emit_changes(
    merged: Merged, read: ReadResult, findings: Sequence[Sequence[Mapping[str, Any]]], everything: bool
) -> None:
    notes: dict[tuple[str, int], list[Problem]] = defaultdict(list)
    for note in read.notes:
        notes[note.sheet, note.row].append(note)
    for change, place, found in zip(merged.changes, read.places, findings, strict=True):
        said = notes.pop((place.sheet, place.row), [])
        emit(
            {
                **change.to_json(),
                "row": place.row,
                **({"sheet": place.sheet} if place.sheet else {}),
                "findings": list(found),
                "notes": [{"column": note.column, "reason": note.reason} for note in said],
            }
        )
    for note in (note for said in notes.values() for note in said):
        emit({"change": "note", **note.to_json()})
    for problem in read.problems:
        emit({"change": "refused", **problem.to_json()})
    for phrase in merged.untouched if everything else ():
        emit({"change": "untouched", "id": phrase.id, "columns": []})


def _say_changes(merged: Merged, everything: bool) -> None:
    for change in merged.changes:
        columns = f"（{'、'.join(change.columns)}）" if change.columns else ""
        say(f"{_CHANGE_NAMES[change.kind]}  {change.phrase.id}  {_short(change.phrase.text)}{columns}")
        _say_differences(change)
    for phrase in merged.untouched if everything else ():
        say(f"未动  {phrase.id}  {_short(phrase.text)}")


def _say_differences(change: Change) -> None:
    for difference in change.differences:
        if not difference.taken:
            say(
                f"      {difference.column}：库里是 {_short(difference.before)}，"
                f"文件里的 {_short(difference.after)} 没有采用（--prefer file 可改用文件的）"
            )
        elif change.kind == "changed":
            say(f"      {difference.column}：{_short(difference.before)} → {_short(difference.after)}")


def _short(value: Any) -> str:
    text = "|".join(map(str, value)) if isinstance(value, list) else str(value)
    line = " ".join(text.split())
    return line if len(line) <= 40 else line[:39] + "…"


def _say_counts(merged: Merged, read: ReadResult, before: str) -> None:
    changed = f"改动 {merged.count('changed')}，" if merged.count("changed") else ""
    line = (
        f"{before}新增 {merged.count('added')}，补充 {merged.count('extended')}，{changed}"
        f"相同 {merged.count('unchanged')}，坏行 {len(read.problems)}；共 {len(merged.phrases)} 条"
    )
    if merged.untouched:
        line += f"，其中 {len(merged.untouched)} 条文件里没有，原样不动"
    if count := merged.not_taken():
        line += f"；文件里有 {count} 个值没有采用"
    say(line)


# export


@command.command()
@click.argument("bank_path", metavar="BANK")
@click.argument("out", metavar="OUT|-")
@click.option("--to", "kind", type=click.Choice(list(WRITTEN)), help="OUT 写 - 时的格式 / the format for -")
@click.option(
    "--encoding",
    type=click.Choice(ENCODINGS),
    default="utf-8-sig",
    show_default=True,
    help="csv、tsv 的编码；gb18030 即 GBK 的超集 / of csv and tsv",
)
@click.option(
    "--delimiter",
    type=click.Choice(["comma", "tab", "semicolon"]),
    help="csv、tsv 的分隔符 / of csv and tsv",
)
@column_option
def export(
    bank_path: str, out: str, kind: str | None, encoding: str, delimiter: str | None, columns: tuple[str, ...]
) -> None:
    """把话术库写成另一种格式，由扩展名决定；BANK 写 starter 即自带话术库 / write a bank in another format."""
    if _is_starter(bank_path):
        phrases = starter_bank().phrases
    else:
        read = _read(bank_path, _mapping(columns))
        if read.problems:
            _warn(bank_path, read.problems)
            cannot(f"{bank_path} 有读不了的行，导出会丢失，请先修好 / mend {bank_path} first")
        _tell_notes(bank_path, read.notes)
        phrases = read.phrases
    sign = {"comma": ",", "tab": "\t", "semicolon": ";", None: None}[delimiter]
    if out != "-":
        if kind is not None:
            cannot("--to 只用于写到 -；写文件时格式由扩展名决定 / --to goes with OUT -")
        _write(out, phrases, encoding=encoding, delimiter=sign)
    else:
        try:
            content = render_bank(phrases, kind or "jsonl", encoding=encoding, delimiter=sign)
        except FormatError as error:
            cannot(str(error))
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
    click.echo(f"{len(phrases)} 条话术 -> {out}", err=True)
