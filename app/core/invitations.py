"""What to say beside the card that asks for a rating. It asks for an opinion and offers nothing for it."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Sequence
from typing import Final

from phrasebank import Phrase

INVITATION: Final = Phrase(
    id="built-in-invitation",
    title="邀请评价",
    text="亲，这次的服务您觉得怎么样？方便的话请给个评价，您的意见我们会认真看。",
    variants=(
        "感谢您的耐心配合。麻烦您抽空对这次服务做个评价，按您的真实感受来就好。",
        "很高兴能帮到您。如果方便，请为这次服务打个分，有不足的地方也欢迎直接告诉我。",
        "这边就不多打扰您了，方便时请评价一下本次服务，帮我们继续改进。",
        "您的感受对我们很重要，欢迎对刚才的服务做个评价，怎么想就怎么评。",
        "您好，本次咨询先到这里。若有空，请点一下服务评价，后面有问题随时找我们。",
    ),
)
"""The invitation of a shop that has chosen none of its own."""
INVITATIONS: Final = (INVITATION.text, *INVITATION.variants)


def in_turn(wordings: Sequence[str], buyer: str, read: Sequence[str]) -> tuple[str, ...]:
    """The wordings in the order in which they should be offered to a buyer, who has `read` some, the newest last.

    Buyers begin with different ones. What was read comes after what was not, the longer ago the sooner, so that nobody reads
    the same twice in a row while there is another.
    """
    if not wordings:
        return ()
    start = zlib.crc32(buyer.encode()) % len(wordings)
    turned = (*wordings[start:], *wordings[:start])
    last_read = {text: place for place, text in enumerate(read)}
    return tuple(sorted(dict.fromkeys(turned), key=lambda text: last_read.get(text, -1)))


def invitations_read(wordings: Collection[str], texts: Sequence[str]) -> list[str]:
    """Those of the texts that a buyer was sent, oldest first, which are invitations."""
    return [text for text in texts if text in wordings]
