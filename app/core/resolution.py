"""Is the buyer's matter settled? What is still open in a session, and what says that it is done.

Read from the words of both sides by short lists: promises to come back, refunds under way, questions back to the buyer,
closing words. A first reading: a list that finds nothing says nothing, so `resolved` also wants a sign that it is done.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.core.courtesy import infer_courtesy
from app.core.events import Kind, Sender
from app.core.sessions import HUMAN_SENDERS, Message, Session

QUIET: Final = timedelta(minutes=5)
"""A buyer who asks nothing for so long after an answer has, as far as anybody can see, got it."""

_BACK = (
    r"(?:回复|回復|回覆|答复|答覆|联系|聯繫|联络|通知|告知|告诉|告訴|回电|回電|致电|致電|跟进|跟進|反馈|回饋)"
)
_PROMISED_LATER = re.compile(
    rf"(?:稍后|稍後|稍晚|晚点|晚點|晚些|一会儿?|一會兒?|待会|待會|回头|回頭|明天|明日|后天|今天|今晚|尽快|盡快|第一时间|第一時間|(?<!\d)\d{{1,3}}\s?[个個]?(?:小时|小時|工作日|天)(?:之?内|之?內)?|有(?:了)?(?:结果|結果|消息|进展|進展))[^。！？!?\n请請如若]{{0,16}}{_BACK}"
    r"|(?:已|已经|已經|这边|這邊|帮您|幫您)[^。！？!?\n]{0,6}(?:登记|登記|上报|上報|升级|升級|反馈给|反饋給|提交)[^。！？!?\n]{0,30}(?:处理|處理|核实|核實|联系|聯繫|回复|回復)"
)
_PROMISED_NOW = re.compile(
    r"(?:帮|幫|为|為|给|給)(?:您|你|亲|親)?[^。！？!?\n]{0,4}(?:查|看|核实|核實|核对|核對|问|問|确认|確認)(?:一下|下|看|询|詢)"
    r"|(?:我|这边|這邊)(?:去|先|来|來)?(?:查|看|核实|核實|问|問|确认|確認)(?:一下|下)"
    r"|(?:请|請|您|麻烦|麻煩)?稍等|稍候|等一下|等一会|等一會|正在(?:为|為|帮|幫|给|給)?(?:您|你)?(?:查|核|处理|處理)"
)
_DELIVERED = re.compile(
    r"(?:已经?|已經)(?:[^。！？!?\n]{0,8})(?:查到|核实|核實|处理好|處理好|解决|解決|安排|发出|發出|退款?|修改|更改|取消|补发|補發|改好|办好|辦好|开好|開好|到账|到賬)"
    r"|(?:查到了|查询到|查詢到|核实到|核實到|处理好了|處理好了|弄好了|改好了|搞定|办好了|結果是|结果是|到账了|到賬了)"
)
_REFUND_PENDING = re.compile(
    r"(?:退款|退货|退貨|退钱|退錢|款项|款項|售后|售後)[^。！？!?\n]{0,14}(?:审核中|審核中|处理中|處理中|进行中|進行中|申请中|申請中|待审核|待處理|会在|會在|将在|將在|预计|預計|工作日|之内|之內|小时内|小時內|天内|天內)"
    r"|(?:工作日|小时|小時|天)(?:之?内|之?內)?[^。！？!?\n]{0,8}(?:退款|到账|到賬|退回|原路)"
)
_REFUND_DONE = re.compile(
    r"(?:退款|钱|錢|款项|款項)?[^。！？!?\n]{0,6}(?:已经?|已經)?(?:到账了?|到賬了?|退款成功|退款完成|收到退款|退回来了|退回來了)|(?:退款|钱|錢)[^。！？!?\n]{0,4}收到了"
)
_FUTURE = re.compile(
    r"预计|預計|工作日|会在|會在|将在|將在|(?:小时|小時|天)(?:之?内|之?內)|未到|没到|沒到|还没|還沒|没收到|沒收到|什么时候|什麼時候|多久|吗|嗎|[?？]"
)
_QUESTION_BACK = re.compile(
    r"[?？]|吗|嗎|(?:请|請|麻烦|麻煩|方便)[^。！？!?\n]{0,8}(?:提供|告知|告诉|告訴|发|發|说|說|拍|选择|選擇|确认|確認)"
)
_ANYTHING_ELSE = re.compile(
    r"(?:还有|還有|是否|有没有|有沒有|没有)?(?:其他|其它|别的|別的|什么|什麼)[^。！？!?\n]{0,10}(?:问题|問題|帮|幫|需要|疑问|疑問|咨询|諮詢|效劳|效勞)"
    r"|(?:祝您|祝你|祝亲|祝親|感谢您的?|感謝您的?|谢谢您的?|謝謝您的?)[^。！？!?\n]{0,12}(?:愉快|支持|咨询|諮詢|理解|光临|光臨|开心|開心|配合)"
    r"|不客气|不客氣|再见|再見|应该的|應該的"
)
_SETTLED = re.compile(
    r"谢|謝|感谢|感謝|多谢|thx|thank|辛苦|解决了|解決了|搞定|可以了|收到了|弄好了|好用了|没问题了|沒問題了|没有其他|沒有其他|没有了|沒有了|没了$|没事了|沒事了|不用了|明白了|懂了|清楚了|知道了|再见|再見|拜拜|满意|滿意",
    re.IGNORECASE,
)
_NOT_SETTLED = re.compile(
    r"(?:没|沒|未|不)(?:有)?(?:解决|解決|搞定|收到|明白|懂|弄好|满意|滿意|清楚|知道)|[?？]|吗|嗎|怎么|怎麼|为什么|為什麼|但是|可是|不过|不過"
)
_REQUEST = re.compile(
    r"帮我|幫我|帮忙|幫忙|给我|給我|请(?!放心)|請(?!放心)|麻烦(?!你?您?了)|麻煩(?!你?您?了)|我(?:想|要)|能|记得|記得|尽快|盡快|赶紧|趕緊|快点|快點|不要|别|別|改|换|換|催|查|什么|什麼|多少|哪|退(?!款(?:到|成功|收到|已))"
)
"""Words that ask for more in the same breath as the thanks."""
_COMPLAINT = re.compile(
    r"(?<![不没沒别別无無撤])(?<!不会)(?<!不會)(?<!不想)(?<!不用)(?<!不是)(?<!取消)(?<!撤销)(?:投诉|投訴|举报|舉報|差评|差評|曝光|起诉|起訴|报警|報警)(?!率|电话是|電話是)|12315|消协|消協|工商局|骗子|騙子|黑店|律师|律師"
)


@dataclass(frozen=True, slots=True)
class Resolution:
    """Where a matter stands. `open_reasons` (Chinese) says what is open, most pressing first; `signs` what says that it is done.

    `unanswered` are the ids of the buyer's messages that wait for an answer; closing thanks are none of them.
    """

    unanswered: tuple[str, ...] = ()
    courtesies: tuple[str, ...] = ()
    """Ids of closing words (thanks, "solved") that came after the last answer."""
    handover_unanswered: bool = False
    promise: str | None = None
    """The words in which the shop promised to come back, and has not."""
    refund_pending: bool = False
    asked_back: bool = False
    """The agent asked something and the buyer has not said."""
    complaint: str | None = None
    """A threat or complaint of the buyer that no thanks followed."""
    signs: tuple[str, ...] = ()

    @property
    def open_reasons(self) -> tuple[str, ...]:
        reasons = []
        if self.unanswered:
            reasons.append(f"买家还有 {len(self.unanswered)} 条消息没有回复")
        if self.handover_unanswered:
            reasons.append("已转人工，还没有人工回复")
        if self.promise is not None:
            reasons.append(f"答应过买家的事还没有回音（“{self.promise}”）")
        if self.refund_pending:
            reasons.append("退款或售后还在处理中")
        if self.asked_back:
            reasons.append("客服的提问买家还没有回答")
        return tuple(reasons)

    @property
    def resolved(self) -> bool:
        """Nothing is open and something says that it is done."""
        return not self.open_reasons and bool(self.signs)


def resolve(session: Session, now: datetime) -> Resolution:
    """Read where the matter of a session stands at `now`."""
    messages = [m for m in session.standing if m.at <= now]
    human = [m for m in messages if m.sender in HUMAN_SENDERS]
    answers = human if session.reached_human else [m for m in messages if m.sender is Sender.ROBOT]
    waiting = _after(messages, answers[-1] if answers else None)
    from_buyer = [m for m in waiting if m.by_buyer and m.spam is None]
    courtesies = tuple(m.id for m in from_buyer if is_courtesy(m) or _says_settled(m))
    unanswered = tuple(m.id for m in from_buyer if m.id not in courtesies)
    last_human = human[-1] if human else None
    return Resolution(
        unanswered=unanswered,
        courtesies=courtesies,
        handover_unanswered=bool(session.handovers)
        and session.handovers[-1] <= now
        and (last_human is None or last_human.at < session.handovers[-1]),
        promise=_open_promise(messages),
        refund_pending=_refund_pending(messages),
        asked_back=_asked_back(messages, last_human),
        complaint=_complaint(messages),
        signs=_signs(session, messages, last_human, now),
    )


def is_courtesy(message: Message) -> bool:
    """A closing thanks, by the console's hint or else by its words."""
    if message.courtesy is not None:
        return message.courtesy
    return infer_courtesy(message.text, message.kind)


def _after(messages: list[Message], mark: Message | None) -> list[Message]:
    return messages if mark is None else messages[messages.index(mark) + 1 :]


def _open_promise(messages: list[Message]) -> str | None:
    promise: str | None = None
    lasting = False
    for message in messages:
        if message.by_buyer:
            if promise is not None and not is_courtesy(message) and _says_settled(message):
                # A bare thanks answers the promise; that it is solved keeps it.
                solved = re.search(r"解决了|解決了|收到了|搞定|可以了|弄好了|到账|到賬", message.text)
                promise = None if solved else promise
            continue
        if message.sender not in HUMAN_SENDERS:
            continue
        later, at_once = _PROMISED_LATER.search(message.text), _PROMISED_NOW.search(message.text)
        delivered = _DELIVERED.search(message.text)
        if later is not None:
            promise, lasting = later.group(), True
        elif delivered is not None:
            promise = None
        elif at_once is not None and not _says_more(message.text, at_once):
            promise, lasting = (
                (promise, True) if promise is not None and lasting else (at_once.group(), False)
            )
        elif promise is not None and not lasting and not _ANYTHING_ELSE.search(message.text):
            promise = None
    return promise


def _says_more(text: str, promise: re.Match[str]) -> bool:
    """Does the message hold the answer beside the promise ("帮您看了下，今天已发出")?"""
    rest = re.sub(r"[\W_]+", "", text[promise.end() :])
    return len(rest) >= 12


def _refund_pending(messages: list[Message]) -> bool:
    pending = asked = False
    for message in messages:
        text = message.text
        if message.sender in HUMAN_SENDERS:
            if _REFUND_PENDING.search(text):
                pending, asked = True, False
            # In one message too: "refund in three days. Anything else?"
            asked = asked or bool(_ANYTHING_ELSE.search(text))
        elif message.by_buyer and asked and _says_settled(message):
            # Told when the money comes, asked whether anything is left, and content: the shop owes no more words.
            pending = False
        if _REFUND_DONE.search(text) and not _FUTURE.search(text):
            pending = False
    return pending


def _asked_back(messages: list[Message], last_human: Message | None) -> bool:
    if last_human is None or any(m.by_buyer for m in _after(messages, last_human)):
        return False
    return bool(_QUESTION_BACK.search(last_human.text)) and not _ANYTHING_ELSE.search(last_human.text)


def _complaint(messages: list[Message]) -> str | None:
    complaint: str | None = None
    for message in messages:
        if not message.by_buyer:
            continue
        if (found := _COMPLAINT.search(message.text)) is not None:
            complaint = found.group()
        elif _says_settled(message):
            complaint = None
    return complaint


def _says_settled(message: Message) -> bool:
    text = message.text
    return bool(_SETTLED.search(text)) and not _NOT_SETTLED.search(text) and not _REQUEST.search(text)


def _signs(
    session: Session, messages: list[Message], last_human: Message | None, now: datetime
) -> tuple[str, ...]:
    if last_human is None:
        return ()
    signs = []
    last = next((m for m in reversed(messages) if m.by_buyer), None)
    after_answer = last is not None and messages.index(last) > messages.index(
        next(m for m in messages if m.sender in HUMAN_SENDERS)
    )
    if last is not None and after_answer and last.kind in (Kind.TEXT, Kind.EMOJI):
        if _says_settled(last):
            signs.append("买家已道谢或确认没有问题了")
        elif is_courtesy(last):
            signs.append("买家已表示收到")
    if _ANYTHING_ELSE.search(last_human.text):
        signs.append("客服已问过还有没有其他问题")
    answered = last is None or messages.index(last) < messages.index(last_human)
    if answered and now - last_human.at >= QUIET:
        signs.append(f"回答后 {int((now - last_human.at).total_seconds() // 60)} 分钟买家没有再追问")
    if session.closed_at is not None and session.closed_at <= now:
        signs.append("会话已结束")
    return tuple(signs)
