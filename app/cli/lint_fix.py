"""`--fix` and `--diff`: safe rewrites, written atomically in the file's own encoding, or only shown."""

from __future__ import annotations

import contextlib
import difflib
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

from app.cli.lint_files import printable
from app.cli.lint_git import FileChange
from app.cli.lint_run import Run
from lint.document import Document
from lint.rewriting import Edit, edits_of, rewritten
from lint.suppression import Ledger
from lint.unit import Contents
from lint.units import UnreadableError, read_file

_ROUNDS: Final = 20  # a rewrite may bring to light another; each round makes at least one


class Fixer:
    """Mends one file after the other; with `show`, a difference is shown instead and nothing is written."""

    def __init__(self, run: Run, show: Callable[[str], None] | None = None) -> None:
        self._run, self._show = run, show
        self.places = self.files = 0
        self._in_workbooks = 0

    def __call__(self, file: Path, data: bytes, change: FileChange | None) -> bytes:
        """The bytes of the file afterwards."""
        try:
            contents = read_file(file.name, data)
        except UnreadableError:  # is told when the file is checked
            return data
        document = contents.document
        if document is None:
            self._in_workbooks += self._fixable(file, contents, change)
            return data
        if document.encode(document.text) != data:
            self._run.voice.tell(f"{printable(file)} 的编码不能原样写回，不改 / not rewritten: its encoding")
            return data
        text, places = self._mended(file, contents, document, change)
        if not places:
            return data
        mended = document.encode(text)
        if self._show is not None:
            self._show(difference(printable(file), document.text, text))
        else:
            try:
                write_atomically(file, mended, expected=data)
            except OSError as error:
                self._run.fail(
                    str(file),
                    f"写不了 {printable(file)}：{error.strerror or error}，请检查权限 / cannot write",
                )
                return data
        self.places += places
        self.files += 1
        return mended if self._show is None else data

    def summary(self) -> None:
        """Say what was done."""
        voice = self._run.voice
        if self._show is None:
            voice.tell(
                f"改了 {self.files} 个文件，{self.places} 处 / fixed {self.places} in {self.files} files"
            )
        else:
            voice.tell(
                f"可以改 {self.files} 个文件，{self.places} 处；用 --fix 写入"
                f" / {self.places} in {self.files} files can be fixed"
            )
        if self._in_workbooks:
            voice.tell(
                f"xlsx 不自动改（会丢失图片、批注等），其中有 {self._in_workbooks} 处可改，请在表格软件里替换"
                f" / {self._in_workbooks} in workbooks, which are not rewritten"
            )

    def _mended(
        self, file: Path, contents: Contents, document: Document, change: FileChange | None
    ) -> tuple[str, int]:
        shape = (len(contents.units), len(contents.remarks))
        places = 0
        for _ in range(_ROUNDS):
            edits = self._edits(file, contents, change)
            if not edits:
                break
            text = rewritten(document, edits)
            try:
                contents = read_file(file.name, document.encode(text))
            except UnreadableError:
                break
            if (len(contents.units), len(contents.remarks)) != shape or contents.document is None:
                break
            document = contents.document
            places += len(edits)
        return document.text, places

    def _edits(self, file: Path, contents: Contents, change: FileChange | None) -> list[Edit]:
        run = self._run
        desk = run.desk(str(file))
        ledger = Ledger(contents, known=desk.known, require_reason=run.require_reason)
        edits: list[Edit] = []
        with self._baseline_aside():
            for unit, report, _ in run.judged(str(file), contents, ledger, change):
                if report.findings:
                    edits += edits_of(unit, report, desk.rewrites(report), desk.check)
        return edits

    def _fixable(self, file: Path, contents: Contents, change: FileChange | None) -> int:
        """How many places of a workbook could be rewritten."""
        run = self._run
        desk = run.desk(str(file))
        ledger = Ledger(contents, known=desk.known, require_reason=run.require_reason)
        with self._baseline_aside():
            judged = run.judged(str(file), contents, ledger, change)
            return sum(len(desk.rewrites(report)) for _, report, _ in judged)

    def _baseline_aside(self) -> contextlib.AbstractContextManager[object]:
        """Looking for rewrites must not count as meeting what the baseline knows."""
        return _Uncounted(self._run)


class _Uncounted:
    def __init__(self, run: Run) -> None:
        self._baseline = run.baseline

    def __enter__(self) -> None:
        if self._baseline is not None:
            self._met, self._baseline.met = self._baseline.met, Counter()

    def __exit__(self, *_: object) -> None:
        if self._baseline is not None:
            self._baseline.met = self._met


def difference(name: str, old: str, new: str) -> str:
    """A unified difference that `patch -p0` understands."""
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        for line in difflib.unified_diff(_lines(old), _lines(new), name, name)
    )


def _lines(text: str) -> list[str]:
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1].removesuffix("\n")
    return lines if lines[-1] else lines[:-1]


def write_atomically(file: Path, data: bytes, *, expected: bytes | None = None) -> None:
    """Put new content in place of a file at once, with its permissions; a link stays a link.

    Raises OSError, also where the file is no longer what was read (`expected`).
    """
    target = Path(os.path.realpath(file))
    if expected is not None and target.read_bytes() != expected:
        raise OSError("文件刚被别的程序改过，请重试 / changed meanwhile")
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(13, "只读 / read-only")
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if target.exists():
            shutil.copymode(target, name)
        else:
            mask = os.umask(0)
            os.umask(mask)
            os.chmod(name, 0o666 & ~mask)
        os.replace(name, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
