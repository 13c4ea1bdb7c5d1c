"""What a phrase learns from verdicts on it: accepted messages become examples, rejected ones not-examples.

A fold: the same verdicts in any order, and any number of times, teach the same; a verdict that is left out teaches as if
it had never been given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Final

from phrasebank.chitchat import is_junk, without_chat
from phrasebank.folding import folded
from phrasebank.phrase import Phrase

LEARNED_AT_MOST: Final = 40
"""Examples, and not-examples, that one phrase keeps from verdicts; the oldest go first."""
LONGEST_LESSON: Final = 60
"""Folded characters. A longer message tells a story in which the question is a small part."""
_LEANING: Final = re.compile(
    r"怎么(?:办|样|弄|搞|操作|回事)?|咋(?:办|样|弄|整|回事)?|如何|什么时候|啥时候|几时|何时|为什么|为啥|什么|多久|几天|哪里|哪儿|在哪|哪个"
    r"|可以|可不可以|能不能|行不行|有没有|是不是|还没有?|没有?|已经|现在|刚才|刚刚|之前|然后|那个?|这个?|[那这哪]些|之类|怎样"
    r"|[我你您他她它]们?|自己|还是|还|就|也|都|再|又|要|想|会|能|不|没|是|有|的|地|得|了|过|吗|呢|吧|啊|呀|嘛|么|哦|个|下|点|到|在|行|好|对|嗯"
    r"|收到|[弄搞办看说用来去给帮做]"
)
"""Words that name no subject: 还没到 and 怎么弄 are answered by what was said before, 有货吗 and 怎么退 by themselves."""


class Unteachable(Enum):
    """Why nothing is learned from a message; the value says it to people."""

    NO_TEXT = "没有可学的文字（表情、号码、卡片等）"
    COURTESY = "只是寒暄，学了会答非所问"
    FRAGMENT = "单看这句看不出在问什么，是靠上文才答对的"
    TOO_LONG = "太长，问题只是其中一小部分"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Somebody took a phrase for a buyer's message, or turned it down. `text` is the message, masked."""

    id: str
    about: str
    """Names the message, where it is known by name; several verdicts about one message are one."""
    at: datetime
    accepted: bool
    text: str
    by_person: bool = True
    """False: inferred from what was sent, which never outweighs what a person said."""


@dataclass(frozen=True, slots=True)
class Lessons:
    """What verdicts taught one phrase, the oldest first."""

    examples: tuple[str, ...] = ()
    not_examples: tuple[str, ...] = ()


def unteachable(text: str) -> Unteachable | None:
    """Why a message is no example of anything; None if it can be one."""
    if is_junk(text):
        return Unteachable.NO_TEXT
    words = lesson_words(text)
    if not words:
        return Unteachable.COURTESY
    if len(words) > LONGEST_LESSON:
        return Unteachable.TOO_LONG
    if len(words) < 2 or not _LEANING.sub("", words):
        return Unteachable.FRAGMENT
    return None


def lesson_words(text: str) -> str:
    """The folded words of a message without courtesies, by which two lessons are the same."""
    return without_chat(folded(text))[0]


def effective(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """The one verdict that counts about each message, in order of time: a person's before an inferred one, then the latest."""
    by_message: dict[str, Verdict] = {}
    for verdict in verdicts:
        known = by_message.get(verdict.about)
        if known is None or _weight(known) < _weight(verdict):
            by_message[verdict.about] = verdict
    return sorted(by_message.values(), key=lambda verdict: (verdict.at, verdict.id))


def lessons_of(verdicts: Iterable[Verdict], limit: int = LEARNED_AT_MOST) -> Lessons:
    """What all verdicts on one phrase teach it: of messages with the same words the latest verdict stands."""
    by_words: dict[str, Verdict] = {}
    for verdict in effective(verdicts):
        if unteachable(verdict.text) is None:
            words = lesson_words(verdict.text)
            by_words.pop(words, None)
            by_words[words] = verdict
    taken = [verdict.text for verdict in by_words.values() if verdict.accepted]
    denied = [verdict.text for verdict in by_words.values() if not verdict.accepted]
    return Lessons(tuple(taken[-limit:]) if limit else (), tuple(denied[-limit:]) if limit else ())


def taught(phrase: Phrase, before: Lessons, after: Lessons) -> Phrase:
    """The phrase with the lessons `after` in the place of the lessons `before`.

    What the owner wrote stays as it is, is not repeated, and is not overruled: a message among his examples becomes no
    not-example, nor the other way round.
    """
    own = [text for text in phrase.examples if text not in before.examples]
    own_not = [text for text in phrase.not_examples if text not in before.not_examples]
    said = {lesson_words(text) for text in (*own, *own_not)}
    return replace(
        phrase,
        examples=(*own, *(text for text in after.examples if lesson_words(text) not in said)),
        not_examples=(*own_not, *(text for text in after.not_examples if lesson_words(text) not in said)),
    )


def _weight(verdict: Verdict) -> tuple[bool, datetime, str]:
    return verdict.by_person, verdict.at, verdict.id
