"""What a message of a service talk does: promise, deliver, ask back, ask for more, thank, complain.

Short lists over the levelled text (half width, simplified script), so that both scripts are read alike. A message is read once;
what is read of it says nothing of the talk around it, which `app.core.resolution` looks at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from phrasebank.folding import levelled

_IN: Final = r"[^。!?\n]"
"""Within a sentence."""
_TERM: Final = r"(?<!\d)\d{1,3}\s?个?(?:小时|工作日|天)(?:之?内)?"

_BACK: Final = r"(?:回复|回覆|答复|联系|联络|通知|告知|告诉|回电|致电|跟进|反馈|回馈)(?!我(?!们))"
_LATER: Final = (
    rf"(?:稍后|稍晚|晚点|晚些|一会儿?|待会|回头|明天|明日|后天|今天|今晚|尽快|第一时间|{_TERM}"
    r"|有(?:了)?(?:结果|消息|进展))"
)
_PROMISES_LATER: Final = re.compile(
    rf"{_LATER}(?!您|你|下单|付款|提交|提供|申请|确认|是)[^。!?\n请如若]{{0,16}}{_BACK}"
    rf"|{_LATER}[^。!?\n请如若]{{0,4}}(?:给|为|帮)(?:您|你|亲)[^。!?\n]{{0,6}}(?:退款|退钱|打款|补发|补差)"
    rf"|(?:已|已经|这边|帮您|为您){_IN}{{0,6}}(?:登记|上报|升级|反馈|提交){_IN}{{0,30}}(?:处理|核实|联系|回复|耐心等)"
    rf"|(?:会|将){_IN}{{0,3}}(?:尽快|马上|第一时间){_IN}{{0,6}}(?:处理|核实|解决)(?!好|完)"
    rf"|(?:告知|通知|催|联系)了?{_IN}{{0,8}}(?:专员|站点|仓库|师傅|商家){_IN}{{0,8}}(?:处理|核实|联系您)"
    rf"|(?:专员|主管|同事){_IN}{{0,6}}(?:会|将|为您|给您|与您){_IN}{{0,8}}(?:退款|处理|联系|回复|回电)"
)
_PROMISES_NOW: Final = re.compile(
    rf"(?:帮|为|给)(?:您|你|亲)?{_IN}{{0,4}}(?:查|看|核实|核对|问|确认)(?:一下|下|看|询)"
    r"|(?:我|这边)(?:去|先|来)?(?:查|看|核实|问|确认)(?:一下|下)"
    r"|(?:请|您|麻烦)?稍等|稍候|等一下|等一会|正在(?:为|帮|给)?(?:您|你)?(?:查|核|处理)"
)
_DELIVERS: Final = re.compile(
    rf"已经?{_IN}{{0,8}}(?:查到|核实|处理好|解决|安排|发出|退款?|修改|更改|取消|补发|改好|办好|开好|到账)"
    r"|查到了|查询到|核实到|处理好了|弄好了|改好了|搞定|办好了|结果是|到账了|(?:申请|修改|取消|提交|办理)(?:成功|完成|好了)"
)
_MONEY: Final = r"(?:退款|货款|退钱|款项|差价|押金|钱)"
_MONEY_COMES: Final = r"(?:到账|原路|退回|返还|打款|退到|退给)"
_REFUND_PENDING: Final = re.compile(
    rf"(?:{_MONEY}|售后|退货|换货|维修){_IN}{{0,10}}(?:审核中|处理中|进行中|申请中|待审核|待处理|正在(?:审核|处理))"
    rf"|{_MONEY}{_IN}{{0,20}}(?:工作日|小时|天)(?:之?内)?(?!可|都|支持|无理由){_IN}{{0,8}}(?:{_MONEY_COMES}|处理|审核)"
    rf"|(?:预计|大约|大概|会在|将在|一般|需|要|等|\d|\]){_IN}{{0,6}}(?:工作日|小时|天)(?:之?内)?(?!可|都|支持|无理由)"
    rf"{_IN}{{0,8}}{_MONEY_COMES}"
)
_REFUND_DONE: Final = re.compile(
    rf"(?:{_MONEY}{_IN}{{0,6}})?(?:已经?)?(?:到账了?|退款成功|退款完成|收到退款|退回来了)|(?:退款|钱){_IN}{{0,4}}收到了"
)
_NOT_YET: Final = re.compile(
    r"预计|工作日|会在|将在|(?:小时|天)(?:之?内)|未到|没到|还没|没收到|什么时候|多久|吗|\?"
)
_ASKS_BACK: Final = re.compile(
    rf"\?|吗|(?:(?<!申)请|麻烦|方便){_IN}{{0,8}}(?:提供|告知|告诉|发|说|拍|选择|确认)"
)
_ASKS_FOR_MORE: Final = re.compile(
    rf"还有(?:什么)?(?:可以|能){_IN}{{0,6}}(?:帮|服务|为您)|还有(?:问题|疑问)|"
    rf"(?:其他|其它|别的|什么){_IN}{{0,12}}(?:问题|帮|需要|疑问|咨询|效劳|解答|服务|为您|处理)"
    rf"|(?:是否|有没有){_IN}{{0,10}}(?:解决|清楚|明白)"
)
_FAREWELL: Final = re.compile(
    rf"(?:祝您|祝你|祝亲|感谢您的?|谢谢您的?){_IN}{{0,12}}(?:愉快|支持|咨询|理解|光临|开心|配合)|不客气|客气了|再见|应该的"
)
_REFUSES: Final = re.compile(r"无法|不支持|不符合|没办法|不可以|抱歉|对不起|见谅|谅解|实在不好意思")
_ASKS_FOR_RATING: Final = re.compile(
    rf"(?:给|点|做|作|打|参与|麻烦|邀请){_IN}{{0,14}}(?:评价|评分|打分|好评)|(?:评价|打分){_IN}{{0,4}}(?:一下|可以吗|好吗)"
)

_THANKS_OR_DONE: Final = re.compile(
    r"谢|多谢|thx|thank|辛苦|解决了|搞定|可以了|收到了|弄好了|处理好了|好用了|没问题了|没有其他|没有了|没了$|没事了|不用了"
    r"|明白了|懂了|清楚了|知道了|再见|拜拜|满意"
)
_NOT_DONE: Final = re.compile(
    r"算了|放弃|(?:没|未|不)(?:有)?(?:解决|搞定|收到|明白|懂|弄好|满意|清楚|知道)|\?|吗|怎么|为什么|但是|可是|不过"
)
_REQUESTS: Final = re.compile(
    r"帮我|帮忙|给我|请(?!放心)|麻烦(?!你?您?了)|我(?:想|要)|能|记得|尽快|赶紧|快点|不要|别|改|换|催|查|什么|多少|哪"
    r"|退(?!款(?:到|成功|收到|已))"
)
"""Words that ask for more in the same breath as the thanks."""
_SOLVED: Final = re.compile(r"解决了|收到了|搞定|可以了|弄好了|到账")
_NOTHING_LEFT: Final = re.compile(
    r"(?:嗯|恩|好的?|哦|暂时|目前|现在|\W)*(?:没有?|木有|无|不用|不需要|不必|没事|没啥)"
    r"(?:了|啦|咯|喽|哈|呢|呀|的|别的|其[他它]的?|问题|要问的?|什么|事|谢+|你|您|再见|辛苦|打扰|\W)*"
)
"""A whole message that says no to "anything else?"."""
_DISPLEASED: Final = re.compile(
    r"没用|不行|不来(?:了|这|你)|算了|坑|差劲|失望|垃圾|无语|太慢|不满意|生气|什么破|骗人|敷衍|推脱|推卸|搞笑|服了|离谱|不想说"
)
_UNSAID: Final = "不没别无撤"
_COMPLAINS: Final = re.compile(
    rf"(?<![{_UNSAID}])(?<!不会)(?<!不想)(?<!不用)(?<!不是)(?<!取消)(?<!撤销)"
    r"(?:投诉|举报|起诉|曝光(?!度|补偿|时间|率|量)|报警(?!器|声|灯|音|装置|提示|功能))(?!率|电话是)"
    r"|12315|消协|工商局|(?<!遇到)(?<!怕)(?<!防)骗子|黑店|律师"
    rf"|(?:给|打|写|留|上)(?:你们?|您|个|一个|他们?)?(?:家|店)?(?:个|一个)?差评(?!{_IN}{{0,4}}(?:删|改|怎么))|差评(?:伺候|警告|走起|见|等着)"
)
_ABOUT_OTHERS: Final = re.compile(r"(?:顾客|客户|买家|别人|人家)[^。!?\n]{0,10}(?:差评|投诉|举报)")
"""Somebody else complains, of whom the buyer speaks."""
_BETWEEN_SENTENCES: Final = re.compile(r"(?<=[。!?\n~;])")
_WORDLESS: Final = re.compile(
    r"(?:#e-[a-z](?:\d+|\[[^\[\]]{1,6}\])?|\[[^\[\]]{1,6}\]|/:[!-.0-~]{1,9}|[^\w?])+"
)


@dataclass(frozen=True, slots=True)
class ShopWords:
    """What a message of the shop does. Quoted words are as the shop wrote them."""

    promises_later: str | None
    """The words that promise to come back to the buyer after this talk."""
    promises_now: str | None
    """The words that ask for a moment's patience, where the message does not go on to give the answer."""
    delivers: bool
    refund_pending: bool
    refund_done: bool
    asks_back: bool
    """Asks the buyer something but whether anything is left, or for a rating."""
    asks_for_more: bool
    closes: bool
    """Asks whether anything is left, or takes leave."""
    asks_for_rating: bool
    refuses: bool
    """Refuses or begs pardon."""


@dataclass(frozen=True, slots=True)
class BuyerWords:
    """What a message of the buyer does. Quoted words are as the buyer wrote them."""

    settles: bool
    """Thanks or says that it is done, and asks nothing in the same breath."""
    says_solved: bool
    """That it is done, and not merely thanks."""
    nothing_left: bool
    """A no, if it answers "anything else?"."""
    refund_done: bool
    displeased: str | None
    complains: str | None
    wordless: bool
    """Only signs or emoji, and no question mark."""


@lru_cache(maxsize=8192)  # a session is read again with every message that comes
def shop_words(text: str) -> ShopWords:
    """Read a message of the shop."""
    level = levelled(text)
    asks_for_rating = _ASKS_FOR_RATING.search(level) is not None
    now = _PROMISES_NOW.search(level)
    # "帮您看了下，今天已发出" holds the answer beside the promise.
    answered = now is not None and len(re.sub(r"[\W_]+", "", level[now.end() :])) >= _AN_ANSWER
    asks_for_more = _ASKS_FOR_MORE.search(level) is not None
    return ShopWords(
        promises_later=_quoted(text, level, _PROMISES_LATER.search(level)),
        promises_now=None if answered else _quoted(text, level, now),
        delivers=_DELIVERS.search(level) is not None,
        refund_pending=_REFUND_PENDING.search(level) is not None,
        refund_done=_refund_done(level),
        # "Could you do me a favour? ... rate me" asks for the rating.
        asks_back=not asks_for_rating and any(map(_asks_back, _BETWEEN_SENTENCES.split(level))),
        asks_for_more=asks_for_more,
        closes=asks_for_more or _FAREWELL.search(level) is not None,
        asks_for_rating=asks_for_rating,
        refuses=_REFUSES.search(level) is not None,
    )


@lru_cache(maxsize=8192)
def buyer_words(text: str) -> BuyerWords:
    """Read a message of the buyer."""
    level = levelled(text)
    settles = (
        _THANKS_OR_DONE.search(level) is not None
        and _NOT_DONE.search(level) is None
        and _REQUESTS.search(level) is None
    )
    complains = None if _ABOUT_OTHERS.search(level) else _COMPLAINS.search(level)
    return BuyerWords(
        settles=settles,
        says_solved=settles and _SOLVED.search(level) is not None,
        nothing_left=_NOTHING_LEFT.fullmatch(level) is not None,
        refund_done=_refund_done(level),
        displeased=None if settles else _quoted(text, level, _DISPLEASED.search(level)),
        complains=_quoted(text, level, complains),
        wordless=_WORDLESS.fullmatch(level) is not None,
    )


_AN_ANSWER: Final = 12
"""Characters after a promise from which on they are taken for the answer."""


def _asks_back(sentence: str) -> bool:
    return _ASKS_FOR_MORE.search(sentence) is None and _ASKS_BACK.search(sentence) is not None


def _refund_done(level: str) -> bool:
    return _REFUND_DONE.search(level) is not None and _NOT_YET.search(level) is None


def _quoted(text: str, level: str, found: re.Match[str] | None) -> str | None:
    """The words as they were written, where levelling kept every character in its place."""
    if found is None:
        return None
    return text[found.start() : found.end()] if len(text) == len(level) else found.group()
