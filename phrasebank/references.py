"""What only points at something: a bare number, an address, a shared link, an order or product card of a console."""

from __future__ import annotations

import re
from typing import Final

from phrasebank.cues import cues_of
from phrasebank.folding import ADDRESS, folded, levelled

_NUMBER: Final = re.compile(r"[a-z]{0,4}\d+(?:\.\d+)?|第?[一二三四五六七八九十百两]+个?")
_CARD_LABEL: Final = re.compile(
    r"订单号|订单编号|订单金额|商品编号|商品id|sku|下单时间|付款时间|成交时间|交易时间|实付|实收款|订单状态|订单类型|物流单号|运单号|"
    r"(?:快递|售后|退款)(?:单号|编号)(?=[:\s]*[a-z]{0,4}\d)|共\d+件|已售|月销|券后|到手价|价格:|合计|库存\d|[¥￥]\d"
)
_CARD_WORDS: Final = re.compile(
    r"[【\[]?(?:订单|商品|宝贝|订单卡片|商品卡片)[】\]]|我(?:想|要)?咨询(?:一下)?(?:这个|该|的)?(?:商品|订单|宝贝)"
    r"|^.{0,40}发送:|咨询(?:订单|商品)|交易(?:成功|关闭)|待(?:发货|付款|收货)|单号|编号|商品|元|的"
)
_CARD_HEAD: Final = re.compile(
    r"\s*(?:我正在看|当前用户来自|用户正在浏览|[您你]?正在(?:咨询|浏览)的?商品|商品:|[【\[](?:订单|商品|宝贝)(?:卡片|链接)?[】\]])"
)
"""With such a beginning the name of a product may follow, of any length."""
_VALUES: Final = re.compile(r"[\d.:/\-]+|[a-z]+\d[a-z0-9]*")

_SHARING: Final = re.compile(
    r"点击链接直接打开|(?:或者)?(?:淘宝|京东|抖音|拼多多|快手)?搜索直接打开|长按复制|复制(?:此条|这条|此|该)?(?:消息|信息|口令)?|"
    r"(?:去|再)?打开(?:手机)?(?:淘宝|天猫|京东|抖音|拼多多|快手|小红书)(?:搜索|app)?(?:即可看到|看看|查看)?|查看商品详情"
)
"""What a shop app writes around the link that it lets people share."""
_TOKEN: Final = re.compile(r"[¥₤$€][a-z0-9]{6,16}[¥₤$€]")
_TITLE: Final = re.compile(r"[【「『][^】」』\n]{1,60}[】」』]")
_ASKING_ENDS: Final = ("吗", "呢", "么", "没", "看")

_EMOJI: Final = re.compile(r"#E-|/:|[\[［][\u3400-\u9fff]{1,4}[\]］]")


def is_reference(text: str) -> bool:
    """Whether `text` only points at something: a bare number, an address, a shared link, an order or product card.

    It asks nothing by itself, but the buyer who was asking before now says which order is meant.
    """
    words = folded(text)
    if not words:
        return any(char.isalnum() for char in text) and not _EMOJI.search(text)
    level = levelled(text)
    return bool(_NUMBER.fullmatch(words)) or _is_card(level) or _is_share(level)


def _is_card(level: str) -> bool:
    """Whether levelled text is what a console sends for an order or product card, and nothing that the buyer wrote."""
    labels = _CARD_LABEL.findall(level)
    head = _CARD_HEAD.match(level)
    if not labels and not head:
        return False
    if len(labels) == 1 and not head and not any(char.isdigit() for char in level):
        return False  # 订单号？ asks for it
    rest = folded(_VALUES.sub("", _CARD_WORDS.sub("", _CARD_LABEL.sub("", _CARD_HEAD.sub("", level)))))
    return not _asks(rest) and (bool(head) or len(rest) <= (3 if len(labels) == 1 else 12))


def _is_share(level: str) -> bool:
    """Whether levelled text is a link or pass-phrase as the shop apps share it, with the product's name and nothing of the buyer's own."""
    title, address = _TITLE.search(level), "." in level and ADDRESS.search(level)
    if _TOKEN.search(level) or ((title or address) and _SHARING.search(level)):
        return not _asks(folded(_SHARING.sub(" ", _TITLE.sub(" ", _TOKEN.sub(" ", level)))))
    return bool(address) and not folded(_TITLE.sub(" ", level))


def _asks(words: str) -> bool:
    return bool(cues_of(words)) or words.endswith(_ASKING_ENDS)
