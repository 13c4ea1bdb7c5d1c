"""Which files `miaohui lint` looks at, and their texts."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lint.selection import glob_expression
from lint.units import READERS


def printable(path: str | Path) -> str:
    """A path that can be written as UTF-8, whatever bytes its name has."""
    return os.fsencode(path).decode("utf-8", "replace")


@dataclass(slots=True)
class Globs:
    """Patterns of paths, each relative to the folder of what named it."""

    expressions: list[tuple[Path, re.Pattern[str]]] = field(default_factory=list)

    def add(self, base: Path, patterns: Iterable[str]) -> None:
        self.expressions.extend((base.absolute(), glob_expression(pattern)) for pattern in patterns)

    def match(self, path: Path) -> bool:
        """Whether a pattern matches this path or a folder above it."""
        full = path.absolute()
        return any(
            expression.fullmatch(Path(os.path.relpath(full, base)).as_posix()) is not None
            for base, expression in self.expressions
        )


def find_files(
    named: str, excluded: Globs, complain: Callable[[str, str], None], seen: set[str]
) -> Iterator[Path]:
    """The file named, or those below the folder named that we can read, in order, if not `seen` before.

    Hidden files are left out unless named. `complain` is told of a path that cannot be looked at, and why.
    """
    path = Path(named)
    if not path.exists():
        complain(named, f"找不到 {printable(named)}，请检查路径 / no such file or folder")
        return
    for file in _below(path, excluded, complain) if path.is_dir() else [path]:
        full = os.path.abspath(file)
        if full not in seen and not excluded.match(file):
            seen.add(full)
            yield file


def _below(folder: Path, excluded: Globs, complain: Callable[[str, str], None]) -> Iterator[Path]:
    def unreadable(error: OSError) -> None:
        name = str(error.filename)
        complain(
            name, f"读不了文件夹 {printable(name)}：{error.strerror}，请检查权限 / cannot read this folder"
        )

    for at, inner, names in os.walk(folder, onerror=unreadable):
        inner[:] = sorted(
            name
            for name in inner
            if not name.startswith(".") and not (excluded.expressions and excluded.match(Path(at, name)))
        )
        for name in sorted(names):
            file = Path(at, name)
            known = file.suffix.lower() in READERS and not name.startswith((".", "~$"))
            if known and (file.is_file() or file.is_symlink()):
                yield file
