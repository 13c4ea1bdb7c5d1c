"""What a message asks of its subject: 不要发货, 怎么还没发货 and 什么时候发货 share their subject and nothing else."""

from __future__ import annotations

import re
from typing import Final

_CUES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        # refusal: the buyer does not want it
        r"不要(?!紧)|不想|先不|别(?!的|人|墅|家|处|克)|不需要|取消|不用|不买|不收|拒",
        # it has not happened, or stopped happening
        r"(?<!有)没(?!有问题|问题|事|关系)|未(?!来)|还不|一直不|迟迟",
        # it cannot be done, or was refused
        r"不能|不了|无法|不行|不可以|不让|失败|不到|不上|不成功|不支持|没法|不给",
        # when, how long
        r"什么时候|啥时候|几时|多久|多长时间|几天|何时|哪天|几点|时间|多会",
        # how is it done
        r"怎么(?!样|回事|还|没|不|会|就|这么|那么)|如何|咋(?!回事|还|没|不)|怎样(?!的)",
        # why, complaint
        r"为什么|为啥|为何|怎么(?:回事|还|没|不|会|就|这么|那么)|咋(?:回事|还|没|不)|原因|什么意思|凭什么",
        # how much
        r"多少|几块|价格|贵|便宜|费用|收费|几个点",
        # where
        r"哪里|哪儿|在哪|什么地方|何处",
        # has it been done
        r"了吗|了没|了么|没有$|好没|是否已",
    )
)
CUE_COUNT: Final = len(_CUES)

_REFUSED: Final = re.compile(r"(?:不要|不想要?|先别|别|先不|不用|不需要|不必)(?:再|给我|帮我|着急|急着|先)?$")


def cues_of(words: str) -> int:
    """The cues of folded `words`, one bit each."""
    bits = 0
    for position, cue in enumerate(_CUES):
        if cue.search(words):
            bits |= 1 << position
    return bits


def refused(words: str, part: str) -> bool:
    """Whether every place where `part` occurs in folded `words` follows a refusal: 发货 in 先不要发货."""
    at = words.find(part)
    while at >= 0:
        if not _REFUSED.search(words[max(0, at - 6) : at]):
            return False
        at = words.find(part, at + 1)
    return True
