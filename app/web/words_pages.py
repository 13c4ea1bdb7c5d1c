"""The pages of words: a text tried out, the rules, and what agents really sent. Values in, HTML out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlencode

from app.core.events import Sender
from app.usecases.past_findings import FindingFilter, FindingsReport, PastFinding, ReviewedSession
from app.web.date_ranges import DateRange, Shortcut
from app.web.phrase_pages import Frame
from app.web.rendering import ENVIRONMENT, render
from lint import CHANNELS, Exempted, Finding, Linter, Report, Rule
from lint.findings import rank
from lint.rewriting import Rewrites, clears

MAX_TEXT: Final = 20_000
"""Code points of a text, as `POST /lint` takes it."""
CHANNEL_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {"live": "人工聊天", "template": "话术模板", "auto": "自动回复", "listing": "商品页面"}
)
CATEGORY_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ad-law": "广告用语",
        "tone": "语气态度",
        "red-line": "平台红线",
        "medical-claim": "医疗功效",
        "template": "话术模板",
    }
)
SENDER_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        Sender.BUYER.value: "买家",
        Sender.AGENT.value: "客服",
        Sender.ROBOT.value: "机器人",
        Sender.ROBOT_ASSIST.value: "机器代答",
        Sender.WELCOME.value: "欢迎语",
        Sender.SYSTEM.value: "系统",
    }
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text under the same findings. `tone` is that of the gravest of them, "" for none.

    `ends` are the numbers of the findings that end with it; `spared` tells that a hit in it is exempted.
    """

    text: str
    tone: str = ""
    ends: tuple[int, ...] = ()
    spared: bool = False


@dataclass(frozen=True, slots=True)
class Tried:
    """What the linter says of a text. `better` is the text with every safe rewrite, "" if there is none."""

    report: Report
    pieces: tuple[Piece, ...]
    rewrites: Mapping[int, str]
    """Number of a finding (from 1) -> what its words may become."""
    better: str = ""


@dataclass(frozen=True, slots=True)
class TryForm:
    """The form with a text to be tried. `earlier` is one message a line."""

    text: str = ""
    channel: str = "live"
    platform: str = ""
    earlier: str = ""
    problem: str = ""
    tried: Tried | None = None


@dataclass(frozen=True, slots=True)
class FindingsView:
    """The page of what agents sent. `agents` and `rules` are the choices of the form."""

    days: DateRange
    shortcuts: Sequence[Shortcut]
    wanted: FindingFilter
    start: int
    report: FindingsReport
    timezone: str

    def address(self, **changed: str) -> str:
        """The query of the same page with some of it changed; a changed filter begins at its first page."""
        given = {
            "from": self.days.first.isoformat(),
            "to": self.days.last.isoformat(),
            "agent": self.wanted.agent,
            "rule": self.wanted.rule,
            "severity": self.wanted.severity,
        }
        return urlencode({key: value for key, value in (given | changed).items() if value}, errors="replace")


def try_page(frame: Frame, form: TryForm) -> str:
    """The form with what the linter says of the text in it."""
    return render("words/try.html", frame=frame, form=form)


def tried_part(form: TryForm) -> str:
    """What the linter says, for a swap below the open form."""
    return render("words/parts/tried.html", form=form)


def rules_page(frame: Frame, rules: Sequence[Rule], words: str, category: str, every: Sequence[Rule]) -> str:
    """The rules found; `every` are all there are."""
    categories = [(key, sum(rule.category == key for rule in every)) for key in CATEGORY_NAMES]
    return render(
        "words/rules.html", frame=frame, rules=rules, words=words, category=category, categories=categories
    )


def rule_page(frame: Frame, rule: Rule) -> str:
    """All about one rule."""
    grounds = tuple(dict.fromkeys(exemption.reason for exemption in rule.exemptions))
    return render("words/rule.html", frame=frame, rule=rule, grounds=grounds)


def findings_page(frame: Frame, view: FindingsView) -> str:
    """What the linter found in what agents sent."""
    return render("words/findings.html", frame=frame, view=view)


def overrides_page(
    frame: Frame, overrides: Sequence[Mapping[str, Any]], agent: str, most: int, timezone: str
) -> str:
    """The texts that the linter stopped and a person sent all the same; `agent` is the one wanted, "" for all."""
    shown = [dict(one) | {"at": datetime.fromisoformat(one["at"])} for one in overrides]
    return render(
        "words/overrides.html", frame=frame, overrides=shown, agent=agent, most=most, timezone=timezone
    )


def session_page(frame: Frame, found: ReviewedSession, timezone: str) -> str:
    """A session as it was said, with the findings marked."""
    return render(
        "words/session.html",
        frame=frame,
        session=found.session,
        findings=found.findings,
        marked=_marked,
        timezone=timezone,
    )


def tried(linter: Linter, text: str, channel: str, platform: str | None, earlier: Sequence[str]) -> Tried:
    """Lint a text as it would go out, and try the rewrites that the rules know."""

    def check(words: str) -> Report:
        return linter.check(words, channel=channel, platform=platform, earlier=earlier)

    report = check(text)
    rewrites = Rewrites(linter.rules).of(report, check)
    return Tried(
        report,
        pieces_of(text, report.findings, report.exempted),
        {number + 1: rewrite.new for number, rewrite in rewrites.items()},
        _better(report, rewrites, check),
    )


def _better(report: Report, rewrites: Mapping[int, Any], check: Callable[[str], Report]) -> str:
    """The text with its rewrites, all at once where they agree; "" where there is none."""
    chosen: list[Any] = []
    for number, rewrite in sorted(rewrites.items(), key=lambda pair: pair[1].start):
        if not chosen or chosen[-1][1].end <= rewrite.start:
            chosen.append((report.findings[number], rewrite))
    while chosen and not clears(report, chosen, check):
        chosen.pop()
    text = report.text
    for _, rewrite in reversed(chosen):
        text = text[: rewrite.start] + rewrite.new + text[rewrite.end :]
    return text if chosen else ""


def pieces_of(
    text: str, findings: Sequence[Finding | PastFinding], exempted: Sequence[Exempted] = ()
) -> tuple[Piece, ...]:
    """The text in pieces, whose texts make it up again; findings are numbered from 1 as they come."""
    spans = [(min(max(hit.start, 0), len(text)), min(max(hit.end, 0), len(text))) for hit in findings]
    spared = [(hit.start, hit.end) for hit in exempted]
    edges = sorted({0, len(text), *(edge for span in (*spans, *spared) for edge in span)})
    pieces = []
    for start, end in pairwise(edges):
        here = [
            (number, findings[number - 1])
            for number, span in enumerate(spans, 1)
            if span[0] <= start and end <= span[1]
        ]
        worst = max((hit.severity for _, hit in here), key=rank, default=None)
        pieces.append(
            Piece(
                text[start:end],
                "" if worst is None else _TONES[worst],
                tuple(number for number, _ in here if spans[number - 1][1] == end),
                any(span[0] <= start and end <= span[1] for span in spared),
            )
        )
    return tuple(pieces)


_TONES: Final = {"error": "bad", "warning": "warn", "info": "calm"}


def _marked(text: str, findings: Iterable[PastFinding]) -> tuple[Piece, ...]:
    return pieces_of(text, tuple(findings))


def found_rules(rules: Sequence[Rule], words: str, category: str) -> list[Rule]:
    """The rules of a category ("" for all) whose code, name, reasons or examples hold all the words."""
    wanted = words.lower().split()
    return [
        rule
        for rule in rules
        if category in {"", rule.category} and all(word in _all_of(rule) for word in wanted)
    ]


def _all_of(rule: Rule) -> str:
    return "\n".join((rule.code, rule.name, rule.why, rule.suggestion, rule.source, *rule.bad)).lower()


ENVIRONMENT.globals.update(
    channel_names=CHANNEL_NAMES,
    category_names=CATEGORY_NAMES,
    sender_names=SENDER_NAMES,
    lint_channels=CHANNELS,
)
