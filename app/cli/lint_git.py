"""Which lines of which files changed since a git revision, for `--changed-since`.

As a merge request shows it: the working tree against the commit where this branch left that revision. New and
untracked files are changed as a whole, and so are binary files; of a renamed file only the lines that differ.
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NoReturn

from app.cli.output import cannot
from lint.unit import Unit

_HUNK: Final = re.compile(rb"@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@")
_QUOTED: Final = re.compile(rb"\\([0-7]{3}|.)")
_ESCAPES: Final = {b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r"}
_DIFF: Final = (
    "diff", "--unified=0", "--no-color", "--no-ext-diff", "--no-textconv", "--find-renames", "--diff-filter=d",
    "--ignore-submodules=all", "--src-prefix=a/", "--dst-prefix=b/", "--no-relative",
)  # fmt: skip


@dataclass(slots=True)
class FileChange:
    """The lines of one file that changed. `cuts` are lines after which something was taken away."""

    whole: bool = False
    lines: list[tuple[int, int]] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)

    def touches(self, unit: Unit) -> bool:
        """Whether a line of this text changed."""
        if self.whole or unit.document is None:
            return True
        first, last = unit.lines()
        return any(start <= last and first <= end for start, end in self.lines) or any(
            first <= cut < last for cut in self.cuts
        )


class Changes:
    """Asks git once for each repository that the paths lie in. Ends with exit 2 where git cannot answer."""

    def __init__(self, revision: str) -> None:
        self._revision = revision
        self._trees: dict[str, dict[str, FileChange]] = {}
        self._tops: dict[str, str] = {}

    def of(self, file: Path) -> FileChange | None:
        """What changed in this file, or None if nothing did."""
        folder = os.path.realpath(file.parent)
        top = self._top_of(folder)
        if top not in self._trees:
            self._trees[top] = self._changed(top)
        return self._trees[top].get(os.path.join(folder, file.name))

    def _top_of(self, folder: str) -> str:
        """The repository of a folder; git is asked only where a repository begins, not for every folder."""
        passed = []
        at = folder
        while at not in self._tops:
            passed.append(at)
            above = os.path.dirname(at)
            if os.path.lexists(os.path.join(at, ".git")) or above == at:
                self._tops[at] = self._top(folder)
                break
            at = above
        for inner in passed:
            self._tops[inner] = self._tops[at]
        return self._tops[at]

    def _top(self, folder: str) -> str:
        done = _git(folder, "rev-parse", "--show-toplevel")
        if done.returncode:
            cannot(
                f"--changed-since 要在 git 仓库里用，{folder} 不在仓库里或仓库不可用："
                f"{_words(done)} / not in a usable git repository"
            )
        return os.path.realpath(os.fsdecode(done.stdout.rstrip(b"\n")))

    def _changed(self, top: str) -> dict[str, FileChange]:
        base = self._base(top)
        changed: dict[str, FileChange] = {}
        listed = _git(top, "-c", "core.quotePath=false", *_DIFF, base, "--")
        names = _git(top, *_DIFF[:1], *_DIFF[2:], "--name-status", "-z", base, "--")
        others = _git(top, "ls-files", "--others", "--exclude-standard", "-z")
        for done in (listed, names, others):
            if done.returncode:
                self._refuse(done)
        for name, whole in _named(names.stdout):
            changed[os.path.join(top, name)] = FileChange(whole=whole)
        for name, change in _hunks(listed.stdout):
            known = changed.setdefault(os.path.join(top, name), FileChange())
            known.whole = known.whole or change.whole
            known.lines, known.cuts = change.lines, change.cuts
        for raw in others.stdout.split(b"\0"):
            if raw:
                changed[os.path.join(top, os.fsdecode(raw))] = FileChange(whole=True)
        return {
            name: change for name, change in changed.items() if change.whole or change.lines or change.cuts
        }

    def _base(self, top: str) -> str:
        found = _git(
            top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{self._revision}^{{commit}}"
        )
        if found.returncode:
            cannot(
                f"git 里没有版本 {self._revision}，请检查名字；在 CI 里要先取到它"
                "（git fetch origin 分支，或 fetch-depth: 0） / unknown revision"
            )
        commit = found.stdout.decode().strip()
        base = _git(top, "merge-base", commit, "HEAD")
        if base.returncode == 0:
            return base.stdout.decode().split()[0]
        if _git(top, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true":
            cannot(
                f"仓库取得太浅，找不到与 {self._revision} 的分叉点，请 git fetch --unshallow 或设 fetch-depth: 0"
                " / the clone is too shallow to find the merge base"
            )
        if base.returncode != 1:
            self._refuse(base)
        return commit  # histories without a common commit

    def _refuse(self, done: subprocess.CompletedProcess[bytes]) -> NoReturn:
        cannot(f"git 出错：{_words(done)}；请在仓库里手工试一次 git diff {self._revision} / git failed")


def _git(folder: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    # Inside a hook git sets these for its own folder; the repository of a file is found from the file.
    inherited = {
        k: v for k, v in os.environ.items() if k not in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")
    }
    try:
        return subprocess.run(  # noqa: S603 -- no shell; the revision is only passed after --end-of-options
            ["git", "-C", folder, *arguments],  # noqa: S607 -- the user's own git
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**inherited, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"},
        )
    except FileNotFoundError:
        cannot("--changed-since 需要 git，没有找到 git 命令，请先安装 / git is not installed")
    except OSError as error:
        cannot(f"运行不了 git：{error.strerror} / cannot run git")


def _words(done: subprocess.CompletedProcess[bytes]) -> str:
    return " ".join(done.stderr.decode("utf-8", "replace").split()) or f"exit {done.returncode}"


def _named(output: bytes) -> list[tuple[str, bool]]:
    """Names of `--name-status -z`, each with whether the file is new."""
    fields = iter(output.split(b"\0"))
    found = []
    for status in fields:
        if not status:
            break
        name = next(fields)
        if status[:1] in b"RC":
            name = next(fields)
        found.append((os.fsdecode(name), status[:1] in b"AT"))
    return found


def _hunks(output: bytes) -> list[tuple[str, FileChange]]:
    """Changed lines of a unified diff without context, file by file."""
    found: list[tuple[str, FileChange]] = []
    change = FileChange()
    header = False
    for line in output.split(b"\n"):
        if line.startswith(b"diff --git "):
            change, header = FileChange(), True
        elif header and line.startswith(b"+++ "):
            name = _unquoted(line[4:])
            found.append((os.fsdecode(name.removeprefix(b"b/")), change))
        elif header and line.startswith(b"Binary files ") and line.endswith(b" differ"):
            new = line.removesuffix(b" differ").rsplit(b" and ", 1)[1]
            found.append((os.fsdecode(_unquoted(new).removeprefix(b"b/")), FileChange(whole=True)))
        elif line.startswith(b"@@ ") and (hunk := _HUNK.match(line)):
            header = False
            start, count = int(hunk.group(1)), int(hunk.group(2) or 1)
            if count:
                change.lines.append((start, start + count - 1))
            else:
                change.cuts.append(start)
    return found


def _unquoted(name: bytes) -> bytes:
    """A name as git writes it: in quotes with escapes where it has odd characters, else perhaps with a tab behind."""
    if not name.startswith(b'"'):
        return name.removesuffix(b"\t")

    def letter(found: re.Match[bytes]) -> bytes:
        escaped = found.group(1)
        return bytes([int(escaped, 8)]) if len(escaped) == 3 else _ESCAPES.get(escaped, escaped)

    return _QUOTED.sub(letter, name.rstrip(b"\t")[1:-1])
