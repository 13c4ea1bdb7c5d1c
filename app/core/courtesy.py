"""Hints that a console did not give: is this message a closing thanks, was it left while nobody was online?

The list is short and honest: only whole messages made of these words are courtesy; anything that asks, names a
thing or holds a digit is not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace

from app.core.events import Event, EventType, Kind, Sender, tidy

_CLOSING = (
    "谢谢|谢谢你|谢谢您|谢谢啦|谢谢了|谢了|多谢|感谢|非常感谢|辛苦|辛苦了|辛苦啦|麻烦了|麻烦你了|"
    "麻烦您了|谢|謝謝|謝謝你|謝謝您|多謝|感謝|麻煩了|麻煩你了|thx|thanks|thankyou|好|"
    "好的|好滴|好哒|好嘞|好吧|好呀|好啊|好的呢|行吧|行的|没事|没事了|没有了|没了|不用了|不客气|"
    "沒事|沒事了|沒有了|不客氣|嗯|嗯嗯|嗯呢|恩|恩恩|哦|哦哦|噢|噢噢|喔|哈哈|呵呵|ok|okay|"
    "okk|收到|知道|知道了|明白|明白了|了解|了解了|懂了|晓得了|清楚了|再见|再見|拜拜|bye|"
    "byebye|晚安|回见|回聊"
)
_BESIDE = "亲|哈|呢|啦|哟|呀|啊|了|那|行|可以|可以了|没问题|沒問題|thank|you"
"""Words that a courtesy may hold beside a closing one. 可以 alone may be a consent that wants an act."""
_SIGNS = "👌👍🙏😊😄😁🌹❤🤝💐🎉😘🥰☺🙂✌👋💪😀😃😆🤗"
_CODE = re.compile(
    r"[\[【(]/?(?:ok|微笑|玫瑰|抱拳|强|握手|爱心|鲜花|呲牙|愉快|再见|鼓掌|赞|谢谢|好的|感谢)[\]】)]",
    re.IGNORECASE,
)
_NOISE = re.compile(r"[\s,.!~、。,!·…\-_^*]+")
_ASKS = re.compile(r"[??]|吗|嗎|呢$|么$|麼$|什么|怎|几|多少|哪|谁|能不能|可不可以|是不是|有没有")
_ANY_CLOSING = re.compile(_CLOSING)
_LONGEST_FIRST = sorted(f"{_CLOSING}|{_BESIDE}".split("|"), key=len, reverse=True)
_WHOLE = re.compile("(?:" + "|".join(_LONGEST_FIRST) + ")++")  # possessive: 嗯嗯嗯嗯… must not backtrack


def infer_courtesy(text: str, kind: Kind | str | None = Kind.TEXT) -> bool:
    """Is a buyer's message nothing but a closing courtesy (谢谢, 好的, 嗯嗯, 👌, 再见…)?

    Only for kinds `text` and `emoji`; False for an empty text, for anything that asks, and for anything that holds
    more than courtesy.
    """
    if kind is not None and Kind(kind) not in (Kind.TEXT, Kind.EMOJI):
        return False
    folded = unicodedata.normalize("NFKC", text).lower().strip()
    if not folded or len(folded) > 30:
        return False
    bare = _CODE.sub("", folded)
    signs = bare != folded
    stripped = "".join(
        char for char in bare if char not in _SIGNS and char not in "\ufe0f\u200d" and not _is_tone(char)
    )
    signs = signs or stripped != bare
    words = _NOISE.sub("", stripped)
    if not words:
        return signs
    if _ASKS.search(words.removesuffix("好的呢").removesuffix("嗯呢")):
        return False
    return _WHOLE.fullmatch(words) is not None and _ANY_CLOSING.search(words) is not None


def _is_tone(char: str) -> bool:
    """Skin tones of emoji."""
    return "\U0001f3fb" <= char <= "\U0001f3ff"


def infer_hints(events: Iterable[Event]) -> list[Event]:
    """The events, tidy, with `courtesy` and `offline` filled in where the console was silent.

    `offline` is told from `agent_online` and `agent_offline`: a buyer message is a leave-message if agents are known
    to come and go and none is online at its time; before the first such event nothing is known. Spam is not inferred:
    only the platform's mark and an upheld report count.
    """
    online: set[str] = set()
    known = False
    out = []
    for event in tidy(events):
        if event.type is EventType.AGENT_ONLINE and event.agent is not None:
            online.add(event.agent)
            known = True
        elif event.type is EventType.AGENT_OFFLINE and event.agent is not None:
            online.discard(event.agent)
            known = True
        filled = event
        if event.type is EventType.MESSAGE and event.sender is Sender.BUYER:
            if event.courtesy is None and infer_courtesy(event.text, event.kind):
                filled = replace(filled, courtesy=True)
            if event.offline is None and known and not online:
                filled = replace(filled, offline=True)
        out.append(filled)
    return out
