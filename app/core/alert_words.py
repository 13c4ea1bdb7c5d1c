"""What a message to the shop's own people says: the worst first, buyers by half their names, and what was held back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.core.alerts import Kind, Occasion

SIGN: Final = "【秒回】"
"""Every message begins with it: groups that let only messages with a keyword pass can take 秒回."""
MAX_WORDS: Final = 30
MAX_NAME: Final = 20
MAX_BYTES: Final = {Kind.WECOM: 1900, Kind.SMS: 400, Kind.BARK: 2000, Kind.NTFY: 3000}
"""The longest text of a message in UTF-8; WeCom's robots take 2048 bytes, and a Chinese text message of 400 counts as two."""
DEFAULT_MAX_BYTES: Final = 6000
_SEVERITY: Final = {occasion: rank for rank, occasion in enumerate(Occasion)}


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing to tell of. `words`: the buyer's last, personal data masked; `buyer` is the whole id."""

    occasion: Occasion
    buyer: str
    agent: str | None
    words: str
    opened_at: datetime | None = None
    deadline_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A title of one line and a body. The first `named` matters have lines of their own."""

    title: str
    body: str
    named: int


def urgency(matter: Matter) -> tuple[int, float]:
    """Sorts the worst first: by what has gone wrong, then by how long the buyer waits."""
    since = matter.opened_at.timestamp() if matter.opened_at is not None else float("inf")
    return -_SEVERITY[matter.occasion], since


def compose(
    shop_name: str,
    matters: Sequence[Matter],
    now: datetime,
    *,
    kind: Kind,
    settled: int = 0,
    link: str = "",
) -> Message:
    """A message about `matters` (at least one, sorted by `urgency`), as long as the channel takes.

    Matters for which there is no room are told as a number, and so are the `settled` things that the limits of the channel
    held back until somebody had seen to them.
    """
    title = f"{SIGN}{_plain(shop_name, MAX_NAME)}：{_headline(matters, now)}"
    foot = [f"查看：{link}"] if link and kind is not Kind.SMS else []
    if settled:
        foot.insert(0, f"另有 {settled} 条提醒因发送限额没有发出，现在已有人处理")
    room = MAX_BYTES.get(kind, DEFAULT_MAX_BYTES) - _size([title, *foot]) - _size([_rest(len(matters))])
    lines: list[str] = []
    for number, matter in enumerate(matters, start=1):
        line = f"{number}. {_line(matter, now)}"
        room -= _size([line])
        if room < 0 and lines:
            break
        lines.append(line)
    if rest := len(matters) - len(lines):
        lines.append(_rest(rest))
    return Message(title, "\n".join(lines + foot), len(matters) - rest)


def trial(shop_name: str, channel_name: str) -> Message:
    """The message of a channel's test button."""
    return Message(
        f"{SIGN}{_plain(shop_name, MAX_NAME)}：这是一条测试",
        f"渠道“{channel_name}”通了。以后有买家等太久，会发到这里。",
        0,
    )


def masked_name(name: str) -> str:
    """Enough of a buyer's id to find them in the console, and no more."""
    if len(name) <= 2:
        return name[:1] + "*"
    keep = 1 if len(name) < 6 else 2
    return f"{name[:keep]}***{name[-keep:]}"


def _headline(matters: Sequence[Matter], now: datetime) -> str:
    waiting = [matter for matter in matters if matter.occasion is not Occasion.DEAD]
    late = sum(_is_late(matter, now) for matter in waiting)
    parts = []
    if late:
        parts.append(f"{late} 位买家超时未回复")
    if len(waiting) > late:
        parts.append(f"{len(waiting) - late} 位买家快到时限")
    if len(matters) > len(waiting):
        parts.append(f"{len(matters) - len(waiting)} 条自动回复没有送达")
    return "，".join(parts)


def _is_late(matter: Matter, now: datetime) -> bool:
    """Has the time passed, whatever the occasion was?"""
    if matter.occasion in {Occasion.MISSED, Occasion.ESCALATED}:
        return True
    return matter.deadline_at is not None and matter.deadline_at < now


def _line(matter: Matter, now: datetime) -> str:
    who = f"买家 {_plain(masked_name(matter.buyer), MAX_NAME)}"
    if matter.agent:
        who += f"（{_plain(matter.agent, MAX_NAME)}）"
    words = _plain(matter.words, MAX_WORDS)
    quote = f"：{words}" if words else ""
    return f"{_standing(matter, now)} {who}{quote}"


def _plain(text: str, longest: int) -> str:
    """What a stranger wrote, on one line, cut, and without the brackets in which robots look for commands."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    line = line.replace("<", "＜").replace(">", "＞")
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _standing(matter: Matter, now: datetime) -> str:
    if matter.occasion is Occasion.DEAD:
        return "自动回复没有送达，请人工回复"
    if matter.opened_at is None or matter.deadline_at is None:
        return "等待回复"
    waited = f"已等 {_span(now - matter.opened_at)}"
    left = matter.deadline_at - now
    return f"{waited}，还剩 {_span(left)}" if left.total_seconds() > 0 else f"{waited}，已超时"


def _span(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    if seconds < 3600:
        return f"{seconds // 60}:{seconds % 60:02}"
    return f"{seconds // 3600} 小时 {seconds // 60 % 60} 分"


def _rest(count: int) -> str:
    return f"另有 {count} 位买家，请打开秒回查看"


def _size(lines: Iterable[str]) -> int:
    return sum(len(line.encode()) + 1 for line in lines)
