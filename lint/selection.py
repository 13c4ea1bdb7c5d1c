"""Which rules are on, for which files, and how grave they are."""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from lint.findings import CHANNELS, Severity
from lint.rulebook import Rule

_PART: Final = re.compile(r"\*\*/|\*\*|\*|\?|\[!?[^\]]+\]|.", re.DOTALL)


def covers(selector: str, code: str) -> bool:
    """Whether a rule's code or category, as people name it, covers this code."""
    return selector == code or selector == code.split("/", 1)[0]


def known_selectors(rules: Iterable[Rule]) -> frozenset[str]:
    """All codes and categories."""
    return frozenset(name for rule in rules for name in (rule.code, rule.category))


def nearest(selector: str, known: Iterable[str]) -> list[str]:
    """What was probably meant."""
    names = sorted(known)
    same_end = [
        name for name in names if "/" in name and name.rsplit("/", 1)[1] == selector.rsplit("/", 1)[-1]
    ]
    return list(dict.fromkeys([*same_end, *difflib.get_close_matches(selector, names, n=3, cutoff=0.6)]))[:3]


def selected(
    rules: Sequence[Rule], disabled: Iterable[str], severity: Mapping[str, Severity | None]
) -> tuple[Rule, ...]:
    """The rules that are on, with the severities wanted; a rule's own code weighs more than its category."""
    off = tuple(disabled)
    kept = []
    for rule in rules:
        if any(covers(selector, rule.code) for selector in off):
            continue
        wanted = next((name for name in (rule.code, rule.category) if name in severity), None)
        if wanted is not None:
            level = severity[wanted]
            if level is None:
                continue
            kept.append(dataclasses.replace(rule, severity=dict.fromkeys(CHANNELS, level)))
        else:
            kept.append(rule)
    return tuple(kept)


def glob_expression(pattern: str) -> re.Pattern[str]:
    """A pattern as in .gitignore, to match a path relative to its base.

    Without a slash it is the name of a file or folder at any depth; with one it starts at the base. What lies below a
    folder that matches is matched too. `*` stays within a name, `**` does not.
    """
    bare = pattern.strip().removeprefix("./").rstrip("/")
    anchored = "/" in bare
    parts = []
    for part in _PART.findall(bare.removeprefix("/")):
        if part == "**/":
            parts.append("(?:.*/)?")
        elif part == "**":
            parts.append(".*")
        elif part == "*":
            parts.append("[^/]*")
        elif part == "?":
            parts.append("[^/]")
        elif part[0] == "[" and len(part) > 1:
            parts.append("[^" + part[2:] if part[1] == "!" else part)
        else:
            parts.append(re.escape(part))
    return re.compile(("" if anchored else "(?:.*/)?") + "".join(parts) + "(?:/.*)?", re.DOTALL)
