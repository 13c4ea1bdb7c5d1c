"""The sets that the mood model is trained on, and turns of our own for what they lack."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.core.said import Said

SATISFIED, NEUTRAL, DISSATISFIED = 2, 1, 0

# Sentences of our own, for what the sets lack: emoji and emoticon codes, plain anger, plain delight, irony.
OWN_TURNS: dict[int, tuple[str, ...]] = {
    SATISFIED: (
        "👍", "👍👍👍", "😊", "🙏", "❤", "谢谢😊", "好的谢谢🙏", "[强]", "[玫瑰]", "[比心]", "[呲牙]", "/:^_^", "收到👌", "👌", "😄", "🌹",
        "太感谢了", "非常感谢", "感谢感谢", "谢啦", "多谢", "3q", "thx", "thanks", "辛苦了", "服务真好", "你们服务态度真好", "回复真快", "解决了，谢谢",
        "可以了，谢谢你", "搞定了", "已经收到了，很满意", "很满意", "满意", "给你好评", "五星好评", "必须好评", "你真有耐心", "太好了", "好棒", "赞", "赞赞赞",
        "问题解决了", "好用，下次还来", "客服小姐姐人真好", "麻烦你了谢谢", "明白了，谢谢", "懂了，谢谢啦", "好哒好哒", "好滴，谢谢亲", "质量很好很喜欢",
        "收到货了，很喜欢", "放心了", "那我就放心了，谢谢", "点赞", "爱了爱了", "么么哒", "先谢谢了", "ok谢谢", "没问题了，谢谢",
    ),
    DISSATISFIED: (
        "😡", "😡😡😡", "🤬", "👎", "😤", "💔", "[怒]", "[发怒]", "[抓狂]", "[弱]", "[鄙视]", "😒", "🙄", "无语🙄", "你们怎么回事😡", "生气😠",
        "垃圾", "垃圾店", "垃圾客服", "骗子", "你们就是骗子", "骗人的吧", "差评", "我要给差评", "等着收差评吧", "我要投诉", "投诉你们", "投诉你", "我要打12315",
        "我要去消协投诉", "什么态度", "什么破服务", "什么破东西", "什么玩意", "太差了", "太慢了", "太过分了", "太让人失望了", "失望", "很不满意", "不满意",
        "无语", "无语了", "真无语", "服了", "我真是服了", "呵呵", "呵呵哒", "真是醉了", "有病吧", "神经病", "滚", "不要脸", "没人理吗", "没人回吗", "人呢", "还有人吗",
        "怎么还不回", "怎么不理人", "说了多少遍了", "我都说了三遍了", "能不能看清楚我说的", "答非所问", "别复制粘贴了", "你是机器人吗", "转人工转人工", "推来推去",
        "踢皮球", "一直推脱", "到底什么时候发货", "到底能不能退", "等了一个星期了还没到", "拖了这么多天", "催了好几次了都没用", "再也不来了", "再也不会买了", "退钱", "赶紧退钱",
        "你们可真行", "真是好服务啊，三天不回一句", "谢谢你们让我白等一天", "可真是快呢，等了十天", "你可真会解决问题", "厉害了，又让我等", "气死我了", "烦死了", "假货", "卖假货",
        "质量太差了", "用一次就坏了", "收到就是坏的", "坑人", "黑店", "欺负消费者", "霸王条款", "虚假宣传", "没有一次能说清楚的", "浪费我时间", "服务太差",
    ),
    NEUTRAL: (
        "有货吗", "什么时候发货", "包邮吗", "有什么颜色", "尺码怎么选", "能便宜点吗", "发什么快递", "在吗", "你好", "怎么退货", "保修多久", "可以开发票吗", "什么材质的",
        "这个和那个有什么区别", "我再看看", "嗯", "知道了", "地址发错了能改吗", "订单号是0", "帮我查一下物流", "[链接]", "📦", "🤔", "?", "我的订单",
        "有黑色的吗", "有大码吗", "有没有小一号的", "还有红色吗", "这款有现货吗", "什么时候补货", "会不会掉色", "会缩水吗", "可以机洗吗", "是正品吗", "有赠品吗", "满减怎么用",
        "优惠券在哪里领", "今天下单几号到", "能指定快递吗", "可以货到付款吗", "身高0体重0穿多大", "鞋子偏大还是偏小", "孕妇能用吗", "小孩可以吃吗", "保质期到什么时候",
        "怎么安装", "怎么使用", "有说明书吗", "能改地址吗", "可以合并发货吗", "帮我备注一下", "我想换个颜色", "怎么换货", "运费谁出", "退货地址发我一下", "发票抬头怎么写",
        "这个多少钱", "两件有优惠吗", "活动到几号", "能用在苹果手机上吗", "电池多大", "有线下店吗", "支持分期吗", "会员有折扣吗", "第一次买", "我选第一个", "那我拍这个", "已拍",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chat:
    """The labelled turns, and every dialogue whole with its own rating."""

    texts: list[str]
    labels: NDArray[np.int64]
    dialogue: NDArray[np.int64]
    dialogues: list[list[Said]]
    overall: NDArray[np.int64]


def read_chat(path: Path) -> Chat:
    dialogues = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    rows = [
        (turn["user"], turn["sat"], number)
        for number, dialogue in enumerate(dialogues)
        for turn in dialogue["turns"]
        if turn["sat"] is not None
    ]
    return Chat(
        texts=[text for text, _, _ in rows],
        labels=np.array([label for _, label, _ in rows]),
        dialogue=np.array([number for *_, number in rows]),
        dialogues=[
            [
                Said(by_buyer, text)
                for turn in dialogue["turns"]
                for by_buyer, text in ((True, turn["user"]), (False, turn["agent_after"]))
                if text
            ]
            for dialogue in dialogues
        ],
        overall=np.array([dialogue["overall_sat"] for dialogue in dialogues]),
    )


def read_reviews(path: Path) -> tuple[list[str], NDArray[np.int64]]:
    rows = [line.split("\t") for line in path.read_text("utf-8").split("\n")[1:] if line]
    return [row[2].removeprefix("\ufeff") for row in rows], np.array([int(row[1]) for row in rows])
