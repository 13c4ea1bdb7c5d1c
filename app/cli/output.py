"""How every subcommand speaks: JSON Lines or text on stdout, messages on stderr, exit 2 when it could not run."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import click
import orjson

EXIT_FINDINGS = 1
EXIT_COULD_NOT_RUN = 2


def emit(record: Mapping[str, Any]) -> None:
    """Write one object as a line of JSON, in UTF-8 whatever the terminal's encoding."""
    sys.stdout.buffer.write(orjson.dumps(record) + b"\n")


def say(text: str = "") -> None:
    """Write a line for people to stdout."""
    sys.stdout.buffer.write(text.encode("utf-8", "replace") + b"\n")


def cannot(message: str) -> NoReturn:
    """End with one clear line on stderr and exit code 2."""
    sys.stdout.flush()
    sys.stderr.buffer.write(f"miaohui: {message}\n".encode("utf-8", "replace"))
    sys.stderr.flush()
    raise SystemExit(EXIT_COULD_NOT_RUN)


def one_line(error: BaseException) -> str:
    """An error's own words on one line; of a database's, what its driver said."""
    return " ".join(str(getattr(error, "orig", None) or error).split())


def read_lines(path: str) -> Iterator[str]:
    """The lines of a UTF-8 file, or of standard input for `-`, without their line ends.

    Only a line feed (with or without a carriage return) ends a line, so U+2028 and the like stay inside. Ends the
    program with exit 2 if the file cannot be read or is not UTF-8.
    """
    try:
        stream: Iterable[bytes] = sys.stdin.buffer if path == "-" else Path(path).open("rb")  # noqa: SIM115
    except OSError as error:
        cannot(f"读不了 {path}：{error.strerror} / cannot read {path}")
    try:
        for number, raw in enumerate(stream, start=1):
            line = raw.removesuffix(b"\n").removesuffix(b"\r")
            try:
                yield line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError:
                cannot(f"{path} 第 {number} 行不是 UTF-8，请转换编码 / line {number} is not UTF-8")
    except OSError as error:
        cannot(f"读不了 {path}：{error.strerror} / cannot read {path}")
    finally:
        if path != "-":
            stream.close()  # type: ignore[attr-defined]


def default_format() -> str:
    """`text` on a terminal, `jsonl` elsewhere."""
    return "text" if sys.stdout.isatty() else "jsonl"


format_option = click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "jsonl"]),
    default=default_format,
    help="text 给人看（终端默认），jsonl 给程序看 / output for people or programs",
)
