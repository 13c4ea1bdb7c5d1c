"""Is the buyer a robot, or are we talking to ourselves? Told by how it behaves, hardly by its words.

An impatient person repeats 在吗 too, but before we have said anything; a robot repeats itself in answer to us.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from typing import Final

from app.core.sessions import SHOP_SENDERS, Message, Session
from phrasebank.folding import bare

QUICK: Final = timedelta(seconds=2)
"""Nobody reads a reply and writes another within this time."""
QUICK_TIMES: Final = 3
"""Once or twice it is a coincidence: the buyer was writing already."""
SAME_ANSWERS: Final = 3
"""The same words as an answer to so many replies of ours are a machine's; people put it differently, or give up."""
SAME_TIMES: Final = 5
"""The same sentence so often is a machine's, whatever we said."""
SENTENCE: Final = 6
"""Characters, without punctuation, from which words are a sentence that does not come twice by chance."""
OWN_WORDS: Final = 10
"""Characters from which words that we have said ourselves are ours and not the buyer's."""
_MARK: Final = re.compile(r"\s*[\[【（(〔「『]\s*(?:系统)?(?:自动回复|自动应答|自動回覆|智能客服|机器人)\s*[\]】）)〕」』:：]|\s*(?:自动回复|自动应答|自動回覆)[:：]")  # fmt: skip


def robot_signs(session: Session) -> str | None:
    """What shows that the buyer of the session is a machine, for people to read; None if nothing does."""
    standing = session.standing
    asked = [message for message in standing if message.by_buyer]
    if not asked:
        return None
    if _MARK.match(asked[-1].text):
        return "对方的消息带有自动回复标记"
    if not any(message.sender in SHOP_SENDERS for message in standing):
        return _repeats(asked)
    return _own_words(standing) or _quick_answers(standing) or _same_answers(standing) or _repeats(asked)


def _own_words(standing: tuple[Message, ...]) -> str | None:
    """Does the newest message of the buyer say what we had said? A console may also report our words as the buyer's."""
    said: set[str] = set()
    echoed = False
    for message in standing:
        if message.sender in SHOP_SENDERS:
            said.add(bare(message.text))
        elif message.by_buyer:
            words = bare(message.text)
            echoed = len(words) >= OWN_WORDS and words in said
    return "对方发来的是我们自己说过的话" if echoed else None


def _quick_answers(standing: tuple[Message, ...]) -> str | None:
    """Were our machine's replies answered faster than anybody reads, again and again?"""
    quick = sum(
        later.by_buyer and earlier.by_machine and later.at - earlier.at <= QUICK
        for earlier, later in pairwise(standing)
    )
    return f"对方 {quick} 次在 {QUICK.seconds} 秒内回应自动回复" if quick >= QUICK_TIMES else None


def _same_answers(standing: tuple[Message, ...]) -> str | None:
    """Did the buyer answer several replies of our machine with the same words, the newest among them?"""
    answers = [
        bare(later.text) for earlier, later in pairwise(standing) if later.by_buyer and earlier.by_machine
    ]
    newest = next(bare(message.text) for message in reversed(standing) if message.by_buyer)
    if len(newest) < SENTENCE or answers.count(newest) < SAME_ANSWERS:
        return None
    return f"对方 {answers.count(newest)} 次用同一句话回应自动回复"


def _repeats(asked: list[Message]) -> str | None:
    newest = bare(asked[-1].text)
    times = Counter(bare(message.text) for message in asked)[newest]
    return f"同一句话发了 {times} 次" if len(newest) >= SENTENCE and times >= SAME_TIMES else None
