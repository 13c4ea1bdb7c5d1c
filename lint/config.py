"""Settings of the linter from TOML: `[tool.miaohui.lint]` in pyproject.toml or `[lint]` in .miaohui.toml.

What is unknown or of the wrong type is refused with its line and what to do.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from lint.findings import CHANNELS, SEVERITIES, Severity
from lint.read_toml import KeyAt, scan
from lint.rulebook import Rule
from lint.selection import known_selectors, nearest

FAIL_ON: Final = ("error", "warning")
_LEVELS: Final = (*SEVERITIES, "off")


class ConfigError(ValueError):
    """Settings that cannot be used. `str()` names file, line, what is wrong and what to do."""

    def __init__(self, path: str, line: int, problem: str, remedy: str) -> None:
        super().__init__(f"{path}:{line}: {problem}。{remedy}")
        self.path, self.line = path, line


@dataclass(frozen=True, slots=True)
class Settings:
    """What a settings file says; paths are still as written there."""

    channel: str | None = None
    platform: str | None = None
    fail_on: str | None = None
    rules: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    disable: tuple[str, ...] = ()
    severity: Mapping[str, Severity | None] = field(default_factory=dict)
    per_file_disable: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    baseline: str | None = None
    require_reason: bool = True
    path: str = ""
    lines: Mapping[tuple[str, ...], int] = field(default_factory=dict, repr=False, compare=False)

    def check_names(self, rules: Sequence[Rule]) -> None:
        """Refuse codes and categories that do not exist. Raises ConfigError."""
        known = known_selectors(rules)
        named: list[tuple[tuple[str, ...], str]] = [(("disable",), name) for name in self.disable]
        named += [(("severity", name), name) for name in self.severity]
        named += [
            (("per-file-disable", glob), name)
            for glob, names in self.per_file_disable.items()
            for name in names
        ]
        for keys, name in named:
            if name not in known:
                meant = nearest(name, known)
                raise ConfigError(
                    self.path,
                    self.lines.get(keys, 1),
                    f"{keys[0]} 里的 {name} 不是规则或类别 / no such rule or category",
                    f"是不是 {'、'.join(meant)}？" if meant else "用 miaohui lint --list-rules 查代码",
                )


class _Reader:
    def __init__(self, path: str, text: str, section: tuple[str, ...]) -> None:
        self.path, self.section = path, section
        self.lines: dict[tuple[str, ...], int] = {}
        for event in scan(text):
            if isinstance(event, KeyAt):
                self.lines.setdefault(event.keys, text.count("\n", 0, event.first) + 1)

    def line(self, *keys: str) -> int:
        full = (*self.section, *keys)
        for size in range(len(full), 0, -1):
            if full[:size] in self.lines:
                return self.lines[full[:size]]
        return 1

    def refuse(self, keys: tuple[str, ...], problem: str, remedy: str) -> NoReturn:
        raise ConfigError(self.path, self.line(*keys), problem, remedy)

    def choice(self, table: Mapping[str, Any], key: str, allowed: Sequence[str]) -> str | None:
        value = table.get(key)
        if value is not None and value not in allowed:
            self.refuse((key,), f"{key} 不能是 {value!r}", f"可以写：{'、'.join(allowed)}")
        return value

    def text(self, table: Mapping[str, Any], key: str) -> str | None:
        value = table.get(key)
        if value is not None and (not isinstance(value, str) or not value.strip()):
            self.refuse((key,), f"{key} 应是一段文字", f'例如 {key} = "…"')
        return value

    def flag(self, table: Mapping[str, Any], key: str, default: bool) -> bool:
        value = table.get(key, default)
        if not isinstance(value, bool):
            self.refuse((key,), f"{key} 应是 true 或 false", f"例如 {key} = {str(default).lower()}")
        return value

    def texts(self, keys: tuple[str, ...], value: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
            self.refuse(keys, f"{keys[-1]} 应是文字的列表", f'例如 {keys[-1]} = ["…", "…"]')
        return tuple(value)

    def table(self, table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        value = table.get(key, {})
        if not isinstance(value, dict):
            self.refuse((key,), f"{key} 应是一张表", f"另起一节 [{'.'.join(self.section)}.{key}]")
        return value


_KEYS: Final = (
    "channel", "platform", "fail-on", "rules", "exclude", "disable", "severity", "per-file-disable", "baseline",
    "require-reason",
)  # fmt: skip


def read_settings(path: str, text: str, section: tuple[str, ...]) -> Settings | None:
    """The settings of one section, or None where the file has no such section. Raises ConfigError."""
    try:
        root = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = getattr(error, "lineno", None) or _line_of(error)
        raise ConfigError(path, line, f"不是合法的 TOML：{error}", "请改正，或用 --no-config 跳过") from error
    table: Any = root
    for name in section:
        if not isinstance(table, dict) or name not in table:
            table = None
            break
        table = table[name]
    reader = _Reader(path, text, section)
    if section == ("lint",) and set(root) - {"lint"}:
        key = next(key for key in root if key != "lint")
        raise ConfigError(
            path, reader.lines.get((key,), 1), f"不认识的键 {key} / unknown key", "设置都写在 [lint] 一节里"
        )
    if table is None:
        return None
    if not isinstance(table, dict):
        reader.refuse((), f"{'.'.join(section)} 应是一节", f"写成 [{'.'.join(section)}]")
    for key in table:
        if key not in _KEYS:
            near = difflib.get_close_matches(key.replace("_", "-"), _KEYS, n=1, cutoff=0.5)
            reader.refuse(
                (key,),
                f"不认识的键 {key} / unknown key",
                f"是不是 {near[0]}？" if near else f"可用的键：{'、'.join(_KEYS)}",
            )
    severity: dict[str, Severity | None] = {}
    for name, level in reader.table(table, "severity").items():
        if level not in _LEVELS:
            reader.refuse(
                ("severity", name), f"{name} 的级别不能是 {level!r}", f"可以写：{'、'.join(_LEVELS)}"
            )
        severity[name] = None if level == "off" else level
    return Settings(
        channel=reader.choice(table, "channel", CHANNELS),
        platform=reader.text(table, "platform"),
        fail_on=reader.choice(table, "fail-on", FAIL_ON),
        rules=reader.texts(("rules",), table.get("rules", [])),
        exclude=reader.texts(("exclude",), table.get("exclude", [])),
        disable=reader.texts(("disable",), table.get("disable", [])),
        severity=severity,
        per_file_disable={
            glob: reader.texts(("per-file-disable", glob), names)
            for glob, names in reader.table(table, "per-file-disable").items()
        },
        baseline=reader.text(table, "baseline"),
        require_reason=reader.flag(table, "require-reason", True),
        path=path,
        lines={
            keys[len(section) :]: line
            for keys, line in reader.lines.items()
            if keys[: len(section)] == section
        },
    )


def _line_of(error: tomllib.TOMLDecodeError) -> int:
    """Before Python 3.14 the line stands only in the message."""
    words = str(error).replace(",", " ").split()
    return next(
        (int(words[i + 1]) for i, word in enumerate(words[:-1]) if word == "line" and words[i + 1].isdigit()),
        1,
    )
