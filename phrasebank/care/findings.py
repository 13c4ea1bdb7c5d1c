"""What is found in a bank, and the one act that would put it right."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import orjson

from phrasebank.phrase import Phrase


class Kind(StrEnum):
    """What can be found. The values are for ever; Chinese names are in `KIND_NAMES`."""

    DUPLICATE = "duplicate"
    NEAR_DUPLICATE = "near-duplicate"
    CODE = "code"
    EXAMPLE = "example"
    SELF_EXCLUDED = "self-excluded"
    CONTRADICTED = "contradicted"
    KEYWORD_SHARED = "keyword-shared"
    KEYWORD_CONTAINED = "keyword-contained"
    KEYWORD_DENIED = "keyword-denied"
    KEYWORD_COMMON = "keyword-common"
    UNREACHABLE = "unreachable"
    EXPIRED = "expired"
    EXPIRING = "expiring"
    NEVER_USED = "never-used"
    UNANSWERED = "unanswered"
    EXAMPLE_SUGGESTED = "example-suggested"
    KEYWORD_SUGGESTED = "keyword-suggested"


KIND_NAMES: Mapping[Kind, str] = {
    Kind.DUPLICATE: "内容相同",
    Kind.NEAR_DUPLICATE: "内容相近",
    Kind.CODE: "快捷码重复",
    Kind.EXAMPLE: "例句重复",
    Kind.SELF_EXCLUDED: "排除词挡住自己的例句",
    Kind.CONTRADICTED: "例句也是反例",
    Kind.KEYWORD_SHARED: "关键词重复",
    Kind.KEYWORD_CONTAINED: "关键词被包含",
    Kind.KEYWORD_DENIED: "关键词永远不生效",
    Kind.KEYWORD_COMMON: "关键词太宽",
    Kind.UNREACHABLE: "找不到的话术",
    Kind.EXPIRED: "已过期",
    Kind.EXPIRING: "快到期",
    Kind.NEVER_USED: "从未用过",
    Kind.UNANSWERED: "还没有话术的咨询",
    Kind.EXAMPLE_SUGGESTED: "建议加例句",
    Kind.KEYWORD_SUGGESTED: "建议加关键词",
}


class Do(StrEnum):
    """What an action does; see `phrasebank.care.actions`."""

    MERGE = "merge"
    RETIRE = "retire"
    EXTEND = "extend"
    CLEAR_CODE = "clear-code"
    ADD_EXAMPLES = "add-examples"
    REMOVE_EXAMPLES = "remove-examples"
    ADD_KEYWORDS = "add-keywords"
    REMOVE_KEYWORDS = "remove-keywords"
    KEYWORDS_TO_EXAMPLES = "keywords-to-examples"
    ADD_NOT_KEYWORDS = "add-not-keywords"
    REMOVE_NOT_KEYWORDS = "remove-not-keywords"
    DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class Action:
    """One act on the bank.

    `ids` are the phrases that are changed (with `merge`: that go into `into`; with `draft`: the new one). `texts` are the examples,
    keywords or not-keywords meant. `until` is the new last day of `extend`, ISO. `title` and `text` are those of a `draft`.
    `seen` has, for each phrase on which the finding rests, its digest as it stood then (`digest_of`).
    """

    do: Do
    ids: tuple[str, ...]
    into: str = ""
    texts: tuple[str, ...] = ()
    until: str = ""
    title: str = ""
    text: str = ""
    seen: Mapping[str, str] = field(default_factory=dict, hash=False)

    def to_json(self) -> dict[str, Any]:
        """The action as a caller sends it back; what is empty is left out."""
        record: dict[str, Any] = {"do": self.do.value, "ids": list(self.ids)}
        for name in ("into", "until", "title", "text"):
            if value := getattr(self, name):
                record[name] = value
        if self.texts:
            record["texts"] = list(self.texts)
        return {**record, "seen": dict(self.seen)}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at. `ids` are the phrases concerned, `reason` says in Chinese what is the matter.

    `subject` is the code, keyword or example that it is about, `column` the column of the phrase; `detail` holds figures and
    texts for show, as JSON. `action` would put it right, `others` are different ways to do so.
    """

    kind: Kind
    ids: tuple[str, ...]
    reason: str
    action: Action
    subject: str = ""
    column: str = ""
    others: tuple[Action, ...] = ()
    detail: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def id(self) -> str:
        """The same for the same matter, however often it is looked for."""
        what = "\x1f".join((self.kind, self.subject, *sorted(self.ids)))
        return f"c-{hashlib.blake2b(what.encode(), digest_size=8).hexdigest()}"

    @property
    def state(self) -> str:
        """A short hash of the phrases on which it rests, as they stand: another one once one of them was changed."""
        told = {
            **self.action.seen,
            **{one: digest for other in self.others for one, digest in other.seen.items()},
        }
        content = orjson.dumps(told, option=orjson.OPT_SORT_KEYS)
        return hashlib.blake2b(content, digest_size=8).hexdigest()

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "state": self.state,
            "kind": self.kind.value,
            "name": KIND_NAMES[self.kind],
            "ids": list(self.ids),
            "subject": self.subject,
            "column": self.column,
            "reason": self.reason,
            "action": self.action.to_json(),
            "others": [action.to_json() for action in self.others],
            "detail": dict(self.detail),
        }


def digest_of(phrase: Phrase) -> str:
    """A short hash of all that the phrase says: equal phrases have equal digests."""
    content = orjson.dumps(phrase.to_json(), option=orjson.OPT_SORT_KEYS, default=str)
    return hashlib.blake2b(content, digest_size=8).hexdigest()


def seen(phrases: Iterable[Phrase]) -> dict[str, str]:
    """The digests of `phrases` by id, for `Action.seen`."""
    return {phrase.id: digest_of(phrase) for phrase in phrases}
