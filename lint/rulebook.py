"""Rules as data: reading them from YAML, refusing a broken one with file, line and remedy.

A rule file holds one rule. The keys are listed in `docs/rules/README.md`; in short: `rule`, `name`, `category`,
`severity`, `message`, `why`, `source`, `suggestion`, `match`, `exempt`, `platforms`, `bad`, `good`, `known_misses`, `fix`.
A file named `_exempt.yaml` holds exemptions for every rule of its folder.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final, Literal, NoReturn

import re2
import yaml

from lint.findings import CHANNELS, SEVERITIES, Channel, Severity
from lint.folding import PLAIN, fold_word

_Loader: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CODE: Final = re.compile(r"[a-z][a-z0-9-]*/[a-z][a-z0-9-]*")
_DATED: Final = re.compile(r"(19|20)\d\d")
_RULE_KEYS: Final = {
    "rule", "name", "category", "severity", "message", "why", "source", "suggestion", "match", "exempt",
    "platforms", "bad", "good", "known_misses", "fix",
}  # fmt: skip
_KINDS: Final = ("terms", "whole", "pattern", "repeat", "longer_than", "model")
MODELS: Final = ("attitude",)
_MATCH_KEYS: Final = {*_KINDS, "needs", "view", "evasion", "near", "check"}
_EXEMPT_KEYS: Final = {"words", "left", "right", "near", "for", "reason"}
CHECKS: Final = ("id-number", "bank-card")
# How an `ad-law` rule weighs in each channel unless it says so itself: a one-to-one chat is as a rule outside the
# advertising law (执法指南（一）第六条), a stored or broadcast text inside.
_AD_LAW_SEVERITY: Final[dict[str, dict[Channel, Severity]]] = {
    "error": {"live": "warning", "template": "error", "auto": "error", "listing": "error"},
    "warning": {"live": "info", "template": "warning", "auto": "warning", "listing": "warning"},
}


class RuleError(ValueError):
    """A rule file that cannot be used. `str()` names file, line, what is wrong and what to do."""

    def __init__(self, path: str, line: int, problem: str, remedy: str) -> None:
        super().__init__(f"{path}:{line}: {problem}。{remedy}")
        self.path, self.line, self.problem, self.remedy = path, line, problem, remedy


@dataclass(frozen=True, slots=True)
class Matcher:
    """One way in which a rule is hit. Words are folded; patterns are compiled and see the folded text.

    `terms`: words anywhere; `whole`: words that are the entire message; `pattern`: a linear-time expression, whose
    `needs` are also looked for in disguise (for `needs: digits`, tried only where the text has a number). `near` must
    match within 20 characters of a term. `repeat`: likeness in percent to an earlier message of the session;
    `longer_than`: more code points than this; `model`: what `lint.attitude` thinks rude where nothing else of the category
    was found. A pattern reads the text as it was written (`raw`), folded (`plain`), or
    folded and without noise, every clause break a comma (`tight`).
    """

    kind: Literal["terms", "whole", "pattern", "repeat", "longer_than", "model"]
    terms: tuple[str, ...] = ()
    pattern: Any = None
    needs: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    needs_digits: bool = False
    limit: int = 0
    view: Literal["raw", "plain", "tight"] = "plain"
    evasion: bool = True
    near: Any = None
    check: str | None = None


@dataclass(frozen=True, slots=True)
class Exemption:
    """Clears a hit by what stands around it: a longer word that contains it, or patterns left and right of it."""

    reason: str
    words: tuple[str, ...] = ()
    left: Any = None
    right: Any = None
    near: Any = None
    only_for: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, as read from its file. A channel without a severity is one where the rule is off."""

    code: str
    name: str
    category: str
    severity: Mapping[Channel, Severity]
    message: str
    why: str
    source: str
    suggestion: str
    matchers: tuple[Matcher, ...]
    exemptions: tuple[Exemption, ...] = ()
    platforms: frozenset[str] = frozenset()
    bad: tuple[str, ...] = ()
    good: tuple[str, ...] = ()
    known_misses: tuple[str, ...] = ()
    # Words that can be replaced without a look at the sentence, for `--fix`.
    fix: Mapping[str, str] = field(default_factory=dict)
    path: str = field(default="", compare=False)


class _Reader:
    """One YAML document with a way from a key's path to its line."""

    def __init__(self, path: str, text: str) -> None:
        self.path, self.text = path, text
        try:
            self.data = yaml.load(text, Loader=_Loader)  # noqa: S506 -- a safe loader, see above
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = mark.line + 1 if mark else 1
            problem = getattr(error, "problem", None) or "not YAML"
            raise RuleError(
                path, line, f"不是合法的 YAML：{problem}", "请检查缩进、引号和冒号后的空格"
            ) from error

    def line(self, *keys: str | int) -> int:
        node = yaml.compose(self.text, Loader=_Loader)
        line = 1
        for key in keys:
            if isinstance(node, yaml.MappingNode):
                for name, value in node.value:
                    if name.value == key:
                        line, node = name.start_mark.line + 1, value
                        break
                else:
                    return line
            elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
                node = node.value[key]
                line = node.start_mark.line + 1
        return line

    def refuse(self, keys: tuple[str | int, ...], problem: str, remedy: str) -> NoReturn:
        raise RuleError(self.path, self.line(*keys), problem, remedy)

    def text_at(self, where: Mapping[str, Any], keys: tuple[str | int, ...]) -> str:
        value = where.get(str(keys[-1]))
        if not isinstance(value, str) or not value.strip():
            self.refuse(keys, f"缺少 {keys[-1]}，或不是文字", f"请写一行：{keys[-1]}: …")
        return value.strip()

    def list_at(
        self, where: Mapping[str, Any], keys: tuple[str | int, ...], *, least: int = 0
    ) -> tuple[str, ...]:
        value = where.get(str(keys[-1]), [])
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            self.refuse(keys, f"{keys[-1]} 应是文字的列表", "数字和 是/否 请加引号，空项请删去")
        if len(value) < least:
            self.refuse(keys, f"{keys[-1]} 至少要有 {least} 项", "规则要带得上自己的例句")
        return tuple(value)

    def known_keys(
        self, where: object, allowed: Iterable[str], keys: tuple[str | int, ...]
    ) -> dict[str, Any]:
        if not isinstance(where, dict):
            self.refuse(keys, "应是键和值", f"可用的键：{'、'.join(sorted(allowed))}")
        for key in where:
            if key not in allowed:
                self.refuse((*keys, key), f"不认识的键 {key}", f"可用的键：{'、'.join(sorted(allowed))}")
        return where

    def pattern_at(
        self,
        where: Mapping[str, Any],
        keys: tuple[str | int, ...],
        wrap: str = "(?:{})",
        *,
        folded: bool = True,
    ) -> Any:
        source = self.text_at(where, keys)
        if re.search(r"[^\x00-\x7f]-[^\x00-\x7f]", source):
            self.refuse(keys, "不能用汉字区间", r"汉字请写 \p{Han}")
        if re.search(r"\\[Az]", source):
            self.refuse(keys, r"不能用 \A 和 \z", "请用 ^ 和 $")
        try:
            return re2.compile(wrap.format(fold_pattern(source) if folded else source), _options())
        except re2.error as error:
            problem = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else error
            self.refuse(keys, f"表达式有误：{problem}", "只支持 RE2 语法：没有环视和反向引用")


def _options() -> Any:
    options = re2.Options()
    options.max_mem = 8 << 20
    options.log_errors = False
    return options


def fold_pattern(source: str) -> str:
    """A pattern as authors write it, in the letters of the folded text (simplified, half width, 一 as 1)."""
    folded = []
    for char in source:
        to = PLAIN.get(ord(char), char) if char > "\x7f" else char
        folded.append(to if to == char else re.escape(to))
    return "".join(folded)


def read_exemptions(reader: _Reader, data: Any, keys: tuple[str | int, ...]) -> tuple[Exemption, ...]:
    """The list under `exempt`."""
    if data is None:
        return ()
    if not isinstance(data, list):
        reader.refuse(keys, "exempt 应是列表", "每项以 - 开头")
    exemptions = []
    for index, raw in enumerate(data):
        at = (*keys, index)
        entry = reader.known_keys(raw, _EXEMPT_KEYS, at)
        words = reader.list_at(entry, (*at, "words"))
        sides = {
            side: reader.pattern_at(entry, (*at, side), wrap) if side in entry else None
            for side, wrap in (("left", "(?:{})$"), ("right", "^(?:{})"), ("near", "(?:{})"))
        }
        if not words and not any(sides.values()):
            reader.refuse(at, "豁免没有条件", "请写 words、left、right 或 near 之一")
        exemptions.append(
            Exemption(
                reason=reader.text_at(entry, (*at, "reason")),
                words=tuple(map(fold_word, words)),
                only_for=frozenset(map(fold_word, reader.list_at(entry, (*at, "for")))),
                **sides,
            )
        )
    return tuple(exemptions)


def _read_matcher(reader: _Reader, raw: Any, at: tuple[str | int, ...]) -> Matcher:
    entry = reader.known_keys(raw, _MATCH_KEYS, at)
    kinds = [kind for kind in _KINDS if kind in entry]
    if len(kinds) != 1:
        reader.refuse(at, f"每项 match 要有且只有 {'、'.join(_KINDS)} 之一", "请拆成几项")
    if kinds[0] in ("repeat", "longer_than"):
        limit = entry[kinds[0]]
        if not isinstance(limit, int) or limit < 1:
            reader.refuse((*at, kinds[0]), f"{kinds[0]} 应是正整数", f"例如 {kinds[0]}: 90")
        return Matcher(kind="repeat" if kinds[0] == "repeat" else "longer_than", limit=limit)
    if kinds[0] == "model":
        if entry["model"] not in MODELS:
            reader.refuse((*at, "model"), f"没有名为 {entry['model']} 的模型", f"可用：{'、'.join(MODELS)}")
        return Matcher(kind="model")
    check = entry.get("check")
    if check is not None and check not in CHECKS:
        reader.refuse((*at, "check"), f"没有名为 {check} 的校验", f"可用：{'、'.join(CHECKS)}")
    if kinds[0] == "pattern":
        on_digits = entry.get("needs") == "digits"
        needs = () if on_digits else reader.list_at(entry, (*at, "needs"), least=1)
        view = entry.get("view", "plain")
        if view not in ("raw", "plain", "tight"):
            reader.refuse((*at, "view"), f"没有名为 {view} 的视图", "可用：raw、plain、tight")
        return Matcher(
            kind="pattern",
            pattern=reader.pattern_at(entry, (*at, "pattern"), folded=view != "raw"),
            needs=tuple(word for need in needs if (word := fold_word(need))),
            marks=tuple(need for need in needs if not fold_word(need)),
            needs_digits=on_digits,
            view=view,
            check=check,
        )
    terms = reader.list_at(entry, (*at, kinds[0]), least=1)
    folded = tuple(map(fold_word, terms))
    for term, word in zip(terms, folded, strict=True):
        if not word or (len(word) == 1 and len(term) > 1):
            reader.refuse(
                (*at, kinds[0]),
                f"“{term}”里的符号会被当作干扰去掉，只剩“{word}”",
                "请改用 pattern 并写 view: plain",
            )
    return Matcher(
        kind="terms" if kinds[0] == "terms" else "whole",
        terms=folded,
        evasion=bool(entry.get("evasion", True)),
        near=reader.pattern_at(entry, (*at, "near")) if "near" in entry else None,
    )


def _read_severity(reader: _Reader, data: Mapping[str, Any], category: str) -> Mapping[Channel, Severity]:
    value = data.get("severity")
    if isinstance(value, str) and value in SEVERITIES:
        if category == "ad-law" and value in _AD_LAW_SEVERITY:
            return _AD_LAW_SEVERITY[value]
        return dict.fromkeys(CHANNELS, value)
    # YAML reads a bare off as false.
    levels = (*SEVERITIES, False, "off")
    if not (
        isinstance(value, dict)
        and set(value) == set(CHANNELS)
        and all(level in levels for level in value.values())
    ):
        reader.refuse(
            ("severity",),
            "severity 应是 error、warning、info 之一，或每个渠道各写一个（off 为不查）",
            f"渠道：{'、'.join(CHANNELS)}",
        )
    return {channel: level for channel, level in value.items() if level in SEVERITIES}


def _read_fixes(reader: _Reader, data: Mapping[str, Any], matchers: tuple[Matcher, ...]) -> Mapping[str, str]:
    """What `--fix` writes in place of a word: letters only, so that it can stand in a file of any format."""
    fixes = data.get("fix", {})
    if not isinstance(fixes, dict):
        reader.refuse(("fix",), "fix 应是词和替换", "写成 fix: {顶级: 优质}")
    terms = {term for matcher in matchers for term in matcher.terms}
    for word, new in fixes.items():
        at = ("fix", word)
        if not isinstance(word, str) or fold_word(word) not in terms:
            reader.refuse(at, f"fix 里的“{word}”不是这条规则的词", "只能替换 terms 或 whole 里写着的词")
        if not isinstance(new, str) or not new or not all(c.isalnum() or c in "，。！？、～" for c in new):
            reader.refuse(
                at, f"“{word}”的替换应是一个词", "只用字母、数字和中文标点，不能为空；要删词请改句子"
            )
    return fixes


def read_rule(path: str, text: str, shared: tuple[Exemption, ...] = ()) -> Rule:
    """One rule from the text of its file. Raises RuleError."""
    reader = _Reader(path, text)
    data = reader.known_keys(reader.data, _RULE_KEYS, ())
    code = reader.text_at(data, ("rule",))
    category = reader.text_at(data, ("category",))
    if not _CODE.fullmatch(code) or not code.startswith(category + "/"):
        reader.refuse(("rule",), f"规则代码 {code} 不合规", f"应写成 {category}/小写英文-连字符")
    source = reader.text_at(data, ("source",))
    if not _DATED.search(source):
        reader.refuse(("source",), "source 没有日期", "请写明出处的年份，如 2023-02-25")
    matches = data.get("match")
    if not isinstance(matches, list) or not matches:
        reader.refuse(("match",), "缺少 match", "至少写一项 terms、whole 或 pattern")
    own = read_exemptions(reader, data.get("exempt"), ("exempt",))
    matchers = tuple(_read_matcher(reader, raw, ("match", index)) for index, raw in enumerate(matches))
    return Rule(
        code=code,
        name=reader.text_at(data, ("name",)),
        category=category,
        severity=_read_severity(reader, data, category),
        message=reader.text_at(data, ("message",)),
        why=reader.text_at(data, ("why",)),
        source=source,
        suggestion=reader.text_at(data, ("suggestion",)),
        matchers=matchers,
        exemptions=own + shared,
        platforms=frozenset(reader.list_at(data, ("platforms",))),
        bad=reader.list_at(data, ("bad",), least=1),
        good=reader.list_at(data, ("good",), least=1),
        known_misses=reader.list_at(data, ("known_misses",)),
        fix=_read_fixes(reader, data, matchers),
        path=path,
    )


@functools.cache
def builtin_rules() -> tuple[Rule, ...]:
    """The rules that come with the linter."""
    return read_folder(resources.files("lint").joinpath("rules"))


def rules_of(*folders: str | Path, builtin: bool = True) -> tuple[Rule, ...]:
    """The rules of some folders, beside the built-in ones unless `builtin` is false.

    A rule with the code of an earlier one replaces it. Raises RuleError for a broken file.
    """
    rules = {rule.code: rule for rule in (builtin_rules() if builtin else ())}
    for folder in folders:
        rules.update((rule.code, rule) for rule in read_folder(Path(folder)))
    return tuple(rules.values())


def read_folder(folder: Traversable) -> tuple[Rule, ...]:
    """Every rule below a folder, sorted by path. Raises RuleError, also where two files give the same code."""
    rules: list[Rule] = []
    _walk(folder, str(folder), rules)
    seen: dict[str, str] = {}
    for rule in rules:
        if rule.code in seen:
            raise RuleError(rule.path, 1, f"规则代码 {rule.code} 已被 {seen[rule.code]} 使用", "请换一个代码")
        seen[rule.code] = rule.path
    return tuple(rules)


def _walk(folder: Traversable, shown: str, rules: list[Rule]) -> None:
    entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    shared: tuple[Exemption, ...] = ()
    for entry in entries:
        if entry.name == "_exempt.yaml":
            reader = _Reader(f"{shown}/{entry.name}", _read(entry, shown))
            data = reader.known_keys(reader.data, {"exempt"}, ())
            shared = read_exemptions(reader, data.get("exempt"), ("exempt",))
    for entry in entries:
        if entry.is_dir():
            _walk(entry, f"{shown}/{entry.name}", rules)
        elif entry.name.endswith((".yaml", ".yml")) and not entry.name.startswith("_"):
            rules.append(read_rule(f"{shown}/{entry.name}", _read(entry, shown), shared))


def _read(entry: Traversable, shown: str) -> str:
    try:
        return entry.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError(f"{shown}/{entry.name}", 1, f"读不了：{error}", "请存为 UTF-8 并检查权限") from error
