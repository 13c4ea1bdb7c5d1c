"""`miaohui phrases`: find a reply in a bank, and look after the files that banks come in."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
import orjson

from app.cli.output import EXIT_FINDINGS, cannot, emit, format_option, read_lines, say
from phrasebank import Bank, Phrase, Problem, ReadResult, Result, read_bank, starter_bank, write_bank
from phrasebank.formats import FormatError
from phrasebank.merging import Merged, merge
from phrasebank.review import Finding, review


@click.group()
def command() -> None:
    """话术库：查找、导入、导出、检查 / the phrase bank: search, import, export, check."""


def _read(path: str) -> ReadResult:
    try:
        return read_bank(path)
    except OSError as error:
        cannot(f"读不了 {path}：{error.strerror} / cannot read {path}")
    except FormatError as error:
        cannot(f"{path}：{error}")


def _write(path: str, phrases: Iterable[Phrase]) -> None:
    try:
        write_bank(path, phrases)
    except OSError as error:
        cannot(f"写不了 {path}：{error.strerror} / cannot write {path}")
    except FormatError as error:
        cannot(f"{path}：{error}")


def _warn(path: str, problems: Iterable[Problem]) -> None:
    for problem in problems:
        column = f"「{problem.column}」" if problem.column else ""
        click.echo(f"miaohui: {path} 第 {problem.row} 行{column}：{problem.reason}", err=True)


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
@click.option(
    "--encoder",
    type=click.Choice(["builtin", "semantic", "none"]),
    default="builtin",
    show_default=True,
    help="builtin 目前等同 none：按字面（关键词、字词、例句）匹配；semantic 尚未提供 / builtin is lexical for now",
)
@format_option
def search(
    bank_path: str | None, queries: str, top: int, platform: str | None, encoder: str, output_format: str
) -> None:
    """为每句买家的话找话术 / find replies for buyers' messages, one a line."""
    if encoder == "semantic":
        cannot("语义编码器还没有安装，请用 --encoder builtin / the semantic encoder is not installed")
    bank = _bank(bank_path)
    for line in read_lines(queries):
        query, context = query_of(line)
        result = bank.search(query, context=context, top=top, platform=platform)
        if output_format == "jsonl":
            emit(_record(result))
        else:
            _show(result)


def _bank(path: str | None) -> Bank:
    if path is None:
        return starter_bank()
    read = _read(path)
    _warn(path, read.problems)
    return Bank(read.phrases)


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


@command.command()
@click.argument("file")
@format_option
def check(file: str, output_format: str) -> None:
    """检查话术库文件：坏行、重复、撞码 / find bad rows, duplicates and colliding codes; exit 1 if any."""
    read = _read(file)
    findings = [Finding("row", problem.reason, (), problem.row, problem.column) for problem in read.problems]
    findings += review(read.phrases)
    for finding in findings:
        if output_format == "jsonl":
            emit(
                {
                    "kind": finding.kind,
                    "row": finding.row,
                    "column": finding.column,
                    "ids": list(finding.ids),
                    "message": finding.message,
                }
            )
        else:
            say(f"{f'第 {finding.row} 行  ' if finding.row else ''}{finding.message}")
    click.echo(f"{len(read.phrases)} 条话术，{len(findings)} 处问题 / {len(findings)} findings", err=True)
    if findings:
        raise SystemExit(EXIT_FINDINGS)


# import and export


@command.command("import")
@click.argument("incoming")
@click.option("--into", "bank_path", required=True, metavar="BANK", help="并入的话术库文件，没有则新建")
@click.option("--dry-run", is_flag=True, help="只说会怎样，不写 / say what would change, write nothing")
@format_option
def import_(incoming: str, bank_path: str, dry_run: bool, output_format: str) -> None:
    """把文件并入话术库：按分类和内容合并，原有的一条不少 / merge by category and text; nothing is dropped."""
    new = _read(incoming)
    _warn(incoming, new.problems)
    old = _existing(bank_path)
    merged = merge(old, new.phrases)
    if not dry_run:
        _write(bank_path, merged.phrases)
    _tell(merged, new.problems, dry_run, output_format)
    if new.problems:
        raise SystemExit(EXIT_FINDINGS)


def _existing(path: str) -> tuple[Phrase, ...]:
    """The bank to merge into. One with bad rows is refused, since writing it back would lose them."""
    if not Path(path).exists():
        return ()
    read = _read(path)
    if read.problems:
        _warn(path, read.problems)
        cannot(
            f"{path} 有读不了的行，写回会丢失，请先修好 / mend {path} first, or its bad rows would be lost"
        )
    return read.phrases


def _tell(merged: Merged, problems: tuple[Problem, ...], dry_run: bool, output_format: str) -> None:
    if output_format == "jsonl":
        for change in merged.changes:
            emit({"change": change.kind, "id": change.phrase.id, "columns": list(change.columns)})
        return
    for change in merged.changes:
        names = {"added": "新增", "extended": "补充", "unchanged": "相同"}
        columns = f"（{'、'.join(change.columns)}）" if change.columns else ""
        say(f"{names[change.kind]}  {change.phrase.id}  {change.phrase.text[:40]}{columns}")
    counts = {
        kind: sum(change.kind == kind for change in merged.changes)
        for kind in ("added", "extended", "unchanged")
    }
    say(
        f"{'演练，未写入：' if dry_run else ''}新增 {counts['added']}，补充 {counts['extended']}，"
        f"相同 {counts['unchanged']}，坏行 {len(problems)}；共 {len(merged.phrases)} 条"
    )


@command.command()
@click.argument("bank_path", metavar="BANK")
@click.argument("out")
def export(bank_path: str, out: str) -> None:
    """把话术库写成另一种格式，由扩展名决定；BANK 写 starter 即自带话术库 / write a bank in another format."""
    if bank_path == "starter" and not Path(bank_path).exists():
        phrases = starter_bank().phrases
    else:
        read = _read(bank_path)
        if read.problems:
            _warn(bank_path, read.problems)
            cannot(f"{bank_path} 有读不了的行，导出会丢失，请先修好 / mend {bank_path} first")
        phrases = read.phrases
    _write(out, phrases)
    click.echo(f"{len(phrases)} 条话术 -> {out}", err=True)
