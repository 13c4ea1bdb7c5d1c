"""Every guard asked about one situation, whether or not an earlier one already said no."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.core.auto_reply import Sources, candidates
from app.core.guards import GUARDS, Guard, Needs, Question, Refusal, verdicts
from app.core.situations import Moment, Purpose, Situation

NOT_ASKED = "没有问到：前面已有不行的"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a guard says. `passed` is None where it was not asked, since there were no words to ask about."""

    code: str
    name: str
    passed: bool | None
    why: str


@dataclass(frozen=True, slots=True)
class Examined:
    """All guards that watch over a purpose, in order."""

    purpose: Purpose
    moment: Moment
    guards: tuple[Verdict, ...]


def examine(situation: Situation, purpose: Purpose, moment: Moment, sources: Sources) -> Examined:
    """Ask every guard about the situation and the match, and those about words of the wording that came furthest."""
    question = Question(situation, purpose, moment, sources.found, sources.linter)
    known = [_verdict(one) for one in verdicts(question, Needs.SITUATION, Needs.MATCH)]
    of_words = _of_words(question, sources) if all(one.passed for one in known) else None
    if of_words is None:
        of_words = [
            Verdict(guard.code, guard.name, None, NOT_ASKED)
            for guard in GUARDS
            if guard.needs is Needs.WORDS and purpose in guard.purposes
        ]
    return Examined(purpose, moment, (*known, *of_words))


def _of_words(question: Question, sources: Sources) -> list[Verdict] | None:
    """The verdicts on the first words that all guards let go, else on the last ones; None where there are no words."""
    found: list[Verdict] | None = None
    for words in candidates(question, sources):
        found = [_verdict(one) for one in verdicts(replace(question, words=words), Needs.WORDS)]
        if all(one.passed for one in found):
            break
    return found


def _verdict(verdict: Guard | Refusal) -> Verdict:
    if isinstance(verdict, Refusal):
        return Verdict(verdict.guard.code, verdict.guard.name, False, verdict.no.reason)
    return Verdict(verdict.code, verdict.name, True, verdict.name)
