"""What the demo plays, read from `shop.yaml` and `dialogues.yaml` beside this module.

`shop.yaml` has `name`, `platform`, `agents` (each `id` and `name`) and `shifts` (`agent`, `from`, `to`; "HH:MM" of the
shop's day). `dialogues.yaml` has a list under `dialogues`; each has `id`, `buyer`, `arrive` ("HH:MM"), `turns`, `rate`
(the label that the buyer would give if asked, or null) with its `reason`, and `spam`. A turn has `from` (buyer or
agent), `text` and `after_s` (the pause before it); a buyer's turn may have a `kind` and `withdraw_after_s`; an agent's
turn with `draft: true` is a first wording that the linter should object to, and `final` is what goes out instead. A
dialogue without any agent's turn is one that nobody answers. Other keys are for people.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import groupby
from typing import Any, Final

import yaml

from app.core.events import Kind

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DEFAULT_PAUSE_S: Final = 8.0
CLOSING_WORDS: Final = (
    "好的亲，有需要随时找我们。",
    "好嘞，后面有问题随时留言，我们都在。",
    "收到，祝您生活愉快，有事随时叫我们。",
)
"""An agent's last words where the script leaves the buyer's unanswered: several platforms count that as a miss."""
LATE_WORDS: Final = "让您久等了，刚才咨询的人比较多，您的问题我现在就为您处理"
"""What an agent says who takes up a chat that nobody answered in time."""
_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?", re.ASCII)


class ScriptError(ValueError):
    """A script that cannot be played; the message names the place and the remedy."""


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a script. `text` is what is first written, `final` what replaces it if the linter objects."""

    sender: str
    text: str
    kind: str = "text"
    after_s: float = DEFAULT_PAUSE_S
    """The pause before it, in seconds."""
    final: str | None = None
    by_hand: bool = False
    """Always typed, never replaced by a suggestion."""
    withdraw_after_s: float | None = None
    """The buyer takes the message back so many seconds later."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A run of a buyer's messages, and what the agent answers to them: nothing, if nobody does."""

    asked: tuple[Line, ...]
    answers: tuple[Line, ...]

    @property
    def answered(self) -> bool:
        return bool(self.answers)


@dataclass(frozen=True, slots=True)
class ScriptedRating:
    label: str
    reason: str | None = None
    after_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One buyer's conversation. `arrives_s` is in seconds of the shop's day."""

    id: str
    buyer: str
    arrives_s: float
    exchanges: tuple[Exchange, ...]
    rating: ScriptedRating | None = None
    spam: bool = False

    @property
    def answered(self) -> bool:
        """Does a person answer the first thing that the buyer says?"""
        return self.exchanges[0].answered


@dataclass(frozen=True, slots=True)
class Shift:
    """An agent is at work from `starts_s` to `ends_s`, in seconds of the shop's day."""

    agent: str
    starts_s: float
    ends_s: float


@dataclass(frozen=True, slots=True)
class Script:
    name: str
    platform: str
    shifts: tuple[Shift, ...]
    dialogues: tuple[Dialogue, ...]

    @property
    def agents(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(shift.agent for shift in self.shifts))


def load_script() -> Script:
    """The script that comes with the package. Raises `ScriptError`."""
    folder = resources.files("app.demo")
    shop, dialogues = (
        yaml.load(folder.joinpath(name).read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506  (a safe loader)
        for name in ("shop.yaml", "dialogues.yaml")
    )
    return read_script(shop, dialogues)


def read_script(shop: object, dialogues: object) -> Script:
    """Read parsed YAML. Raises `ScriptError`."""
    about = _mapping(shop, "shop.yaml")
    if isinstance(dialogues, Mapping):
        dialogues = dialogues.get("dialogues")
    made = tuple(
        _dialogue(raw, number) for number, raw in enumerate(_list(dialogues, "dialogues.yaml"), start=1)
    )
    names = [each.id for each in made]
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ScriptError(f"dialogues.yaml：id 重复 {'、'.join(twice)} / ids must be unique")
    return Script(
        _text(about.get("name"), "shop.yaml name"),
        _text(about.get("platform"), "shop.yaml platform"),
        _shifts(about),
        made,
    )


def _shifts(about: Mapping[str, Any]) -> tuple[Shift, ...]:
    """The shifts, agents by the names that people call them."""
    names: dict[str, str] = {}
    for raw in _list(about.get("agents"), "shop.yaml agents"):
        agent = _mapping(raw, "shop.yaml agents")
        name = _text(agent.get("id"), "shop.yaml agents id")
        names[name] = _text(agent.get("name", name), "shop.yaml agents name")
    shifts = []
    for raw in _list(about.get("shifts"), "shop.yaml shifts"):
        shift = _mapping(raw, "shop.yaml shifts")
        agent_id = shift.get("agent")
        if agent_id not in names:
            raise ScriptError(f"shop.yaml shifts：没有客服 {agent_id} / unknown agent")
        starts_s = _clock(shift.get("from"), "shop.yaml shifts from")
        ends_s = _clock(shift.get("to"), "shop.yaml shifts to")
        if starts_s >= ends_s:
            raise ScriptError("shop.yaml shifts：from 要早于 to / a shift ends after it begins")
        shifts.append(Shift(names[agent_id], starts_s, ends_s))
    if not shifts:
        raise ScriptError("shop.yaml：shifts 至少要有一班 / at least one shift")
    return tuple(shifts)


def _dialogue(raw: object, number: int) -> Dialogue:
    where = f"dialogues.yaml 第 {number} 段"
    about = _mapping(raw, where)
    name = _text(about.get("id"), f"{where} id")
    where = f"dialogues.yaml {name}"
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise ScriptError(f"{where}：id 只能用字母、数字、- 和 _ / letters, digits, - and _ only")
    lines = [
        _line(turn, f"{where} 第 {index} 句")
        for index, turn in enumerate(_list(about.get("turns"), where), 1)
    ]
    return Dialogue(
        id=name,
        buyer=_text(about.get("buyer"), f"{where} buyer"),
        arrives_s=_clock(about.get("arrive"), f"{where} arrive"),
        exchanges=_exchanges(lines, where),
        rating=_rating(about, where),
        spam=about.get("spam") is True,
    )


def _exchanges(lines: Sequence[Line], where: str) -> tuple[Exchange, ...]:
    """Runs of the buyer, each with the agent's run that follows; a thanks at the end is answered in any case."""
    runs = [(sender, tuple(run)) for sender, run in groupby(lines, key=lambda line: line.sender)]
    if not runs or runs[0][0] != "buyer":
        raise ScriptError(f"{where}：第一句要由买家说 / the buyer speaks first")
    asked = [run for sender, run in runs if sender == "buyer"]
    answers = [run for sender, run in runs if sender == "agent"]
    if answers and len(answers) < len(asked):
        answers.append((Line("agent", CLOSING_WORDS[len(where + lines[-1].text) % len(CLOSING_WORDS)]),))
    return tuple(
        Exchange(run, answers[index] if index < len(answers) else ()) for index, run in enumerate(asked)
    )


def _line(raw: object, where: str) -> Line:
    about = _mapping(raw, where)
    sender = about.get("from")
    if sender not in ("buyer", "agent"):
        raise ScriptError(f"{where}：from 只能是 buyer 或 agent / from is buyer or agent")
    kind = about.get("kind", "text")
    if kind not in list(Kind):
        raise ScriptError(f"{where}：kind 只能是 {'、'.join(Kind)} / unknown kind")
    words, final, withdrawn = about.get("text"), about.get("final"), about.get("withdraw_after_s")
    draft = about.get("draft") is True
    if draft and final is None:
        raise ScriptError(f"{where}：draft 要有 final / a draft needs its final wording")
    return Line(
        sender=sender,
        text=_text(words, f"{where} text") if kind == "text" or words else "",
        kind=kind,
        after_s=_seconds(about.get("after_s", DEFAULT_PAUSE_S), f"{where} after_s"),
        final=None if final is None else _text(final, f"{where} final"),
        by_hand=draft,
        withdraw_after_s=None if withdrawn is None else _seconds(withdrawn, f"{where} withdraw_after_s"),
    )


def _rating(about: Mapping[str, Any], where: str) -> ScriptedRating | None:
    if about.get("rate") is None:
        return None
    reason = about.get("reason")
    return ScriptedRating(
        _text(about["rate"], f"{where} rate"),
        None if reason is None else _text(reason, f"{where} reason"),
    )


def _clock(raw: object, where: str) -> float:
    match = _CLOCK.fullmatch(raw) if isinstance(raw, str) else None
    if match is None:
        raise ScriptError(f'{where}：时间要写成 "09:30"（带引号） / a time of day in quotes')
    return int(match[1]) * 3600.0 + int(match[2]) * 60 + int(match[3] or 0)


def _seconds(raw: object, where: str) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not 0 <= raw <= 86_400:
        raise ScriptError(f"{where}：要一个秒数 / a number of seconds")
    return float(raw)


def _text(raw: object, where: str) -> str:
    if not isinstance(raw, str) or not raw.strip():
        raise ScriptError(f"{where}：要有文字 / a text is needed")
    return raw


def _mapping(raw: object, where: str) -> Mapping[str, Any]:
    if not isinstance(raw, Mapping):
        raise ScriptError(f"{where}：要是一个映射 / must be a mapping")
    return raw


def _list(raw: object, where: str) -> Sequence[Any]:
    if not isinstance(raw, list):
        raise ScriptError(f"{where}：要是一个列表 / must be a list")
    return raw
