"""How the phrase bank grows: time per message, memory, building and one-phrase updates, beside rapidfuzz WRatio and `cdist`.

    python benchmarks/matching_scale.py [--sizes 1000,10000,100000,1000000] [--texts composed,random] [--messages 400] [--alone] [--cpu]

Each bank is made and measured in a process of its own. Its phrases have 1 to 10 examples, three as a rule. `composed` texts are
sentences put together from the lists below, by Zipf's law, so that a few are said very often and many differ by a word only;
`random` ones are characters drawn by Zipf's law. The messages: six in ten are examples with some characters lost, added or
changed; the others in equal parts have two characters, are among the most usual questions, are examples as they stand, or have
500 characters. On a machine that others use too, `--cpu` counts the time that the processor spends on the process. WRatio (`process.extract` over all examples and texts, what one would do first) and a scan with `cdist` and plain
`ratio` get the first of the same messages, fewer the larger the bank. `--alone` leaves them out.

Columns: times in milliseconds; `MB` is what the bank adds to the memory of the process that holds the phrases, `peak` the most
that it added while it was built; `update` the time of `with_phrases` with one phrase until a search finds it, at a bank that has taken
in hundreds; `same` the share of examples as they stand whose first hit has that example, `found` the share of changed ones
where one of three hits has it.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

import numpy as np
from rapidfuzz import fuzz, process

from phrasebank import Bank, Phrase
from phrasebank.folding import folded

SEED: Final = 20261101
UPDATES: Final = 300
COMPARED: Final = {1_000: 60, 10_000: 30, 100_000: 10}
"""Messages that WRatio and `cdist` get, by the size of the bank; 3 beyond."""

GOODS: Final = "羽绒服 保温杯 电饭煲 儿童书包 跑步鞋 蓝牙耳机 床上四件套 洗面奶 猫粮 行李箱 雨伞 台灯 加湿器 牛仔裤 连衣裙 充电宝 手机壳 键盘 咖啡豆 坚果礼盒 瑜伽垫 帐篷 钓鱼竿 空气炸锅 剃须刀 电动牙刷 枕头 窗帘 地毯 拼图 婴儿车 奶瓶 尿不湿 扫地机 吹风机 投影仪 显示器 路由器 硬盘 相机包 吉他 毛笔 茶具 砂锅 菜刀 收纳箱 鱼缸 盆栽 春联 口红".split()  # noqa: SIM905
KINDS: Final = "黑色的 白色的 红色的 蓝色的 灰色的 粉色的 大号的 中号的 小号的 加厚的 薄款的 新款的 旧款的 带盖子的 不带盖的 两件装的 三件装的 单买的 礼盒装的 儿童用的 老人用的 男款的 女款的 纯棉的 不锈钢的 木头的 能折叠的 防水的 静音的 便携的".split()  # noqa: SIM905
PLACES: Final = "广州 深圳 上海 北京 成都 重庆 武汉 西安 杭州 南京 苏州 长沙 郑州 沈阳 哈尔滨 昆明 贵阳 南宁 海口 拉萨 乌鲁木齐 兰州 银川 呼和浩特 太原 石家庄 济南 青岛 合肥 南昌 福州 厦门 香港 台湾 我们县城 乡下 学校 公司 小区驿站 老家".split()  # noqa: SIM905
DAYS: Final = "今天 明天 后天 昨天 前天 周末 周一 下周 这个月底 月初 节前 节后 晚上 中午 上午 三天前 一星期前 半个月前".split()  # noqa: SIM905
OPENINGS: Final = ["", "", "", "", "请问", "你好", "您好，", "老板", "亲", "那个", "麻烦问下", "客服在吗，", "我想问", "帮我看看"]  # fmt: skip
ENDINGS: Final = ["", "", "", "", "呢", "啊", "呀", "？", "吗", "谢谢", "急", "麻烦了", "，在线等", "哦"]
QUESTIONS: Final = [
    "{kind}{good}什么时候发货", "{kind}{good}{day}能发出来不", "{good}发到{place}要几天", "寄{place}的快递多少钱", "{place}包邮不包邮",
    "{day}买的{good}怎么还没动静", "{day}下单的{kind}{good}到哪里了", "我的{good}物流停在{place}不走了", "{good}寄到{place}了怎么没通知我取",
    "{kind}{good}还有没有货", "{good}缺货几时补", "{kind}{good}和{kind2}{good}哪个好", "{kind}{good}跟{good2}一起买能便宜点吗", "{good}保修多长时间",
    "{good}坏了怎么修", "收到的{good}是破的", "{good}少了一个配件", "发错了，我要的是{kind}{good}", "{good}跟图片上的不一样", "{kind}{good}会不会褪色",
    "{good}有味道正常吗", "{good}怎么用", "{good}说明书发我一份", "{kind}{good}能退不", "退{good}的邮费谁付", "{day}寄回去的{good}收到没有",
    "退款{day}能到账吗", "{good}换成{kind}的行不行", "{good}换大一码要补差价吗", "{good}能不能开发票", "发票抬头写错了能改吗", "地址写成{place}了帮我改一下",
    "改送到{place}可以吗", "{good}降价了能补给我吗", "{good}有优惠券吗", "{good}{day}搞活动吗", "买两个{good}打几折", "{good}送不送{good2}",
    "{kind}{good}适合送长辈吗", "{good}有多重", "{good}尺寸是多少", "身高一米六穿{kind}{good}哪个码", "{good}几个人用合适", "{good}插上电没反应",
    "{good}声音很大", "{good}盖子打不开", "{good}洗了缩水", "{good}能带上飞机吗", "{good}是哪里产的", "{good}保质期到哪天",
]  # fmt: skip
REPLIES: Final = [
    "亲，{kind}{good}{day}为您安排寄出，单号会在订单里显示", "您好，到{place}一般三到五天，路上如有变化我们会联系您", "非常抱歉让您久等了，{good}的包裹我们马上去催",
    "这款{good}支持七天无理由，请保持配件齐全", "{kind}{good}暂时没有库存，预计{day}补上", "请您拍一张{good}的照片发来，我们为您登记处理", "发票会在您确认收货后开出，抬头可以随时改",
    "已经把地址改为{place}，请您放心", "{good}的用法在盒内的说明书第二页，也可以看店里的视频", "退款在收到{good}后两天内原路退回，请留意{day}的到账提醒",
]  # fmt: skip
USUAL: Final = ["什么时候发货", "到哪了", "怎么退货", "有货吗", "包邮吗", "多少钱", "怎么还没到", "能便宜点吗", "退款多久到账", "怎么用"]  # fmt: skip
SHORT: Final = ["发货", "退款", "快递", "有货", "包邮", "发票", "尺码", "换货", "优惠", "地址"]
KEYWORDS: Final = ["发货", "退货", "退款", "发票", "地址", "包邮", "几天&到", "补差价", "保修", "尺寸", "优惠券", "说明书", "破了", "少发", "催", *GOODS, *PLACES]  # fmt: skip


class Composed:
    """Sentences put together from the lists above; the earlier an entry stands, the oftener it is drawn."""

    def __init__(self, draw: random.Random) -> None:
        self._draw = draw
        self._weights: dict[int, list[float]] = {}

    def question(self) -> str:
        return self._one(OPENINGS) + self._filled(self._one(QUESTIONS)) + self._one(ENDINGS)

    def reply(self) -> str:
        return self._filled(self._one(REPLIES))

    def keywords(self) -> tuple[str, ...]:
        return tuple({self._one(KEYWORDS) for _ in range(self._draw.randrange(4))})

    def usual(self) -> str:
        return self._draw.choice(USUAL)

    def short(self) -> str:
        return self._draw.choice(SHORT)

    def _filled(self, frame: str) -> str:
        return frame.format(
            good=self._one(GOODS), good2=self._one(GOODS), kind=self._one(KINDS), kind2=self._one(KINDS),
            place=self._one(PLACES), day=self._one(DAYS),
        )  # fmt: skip

    def _one(self, entries: Sequence[str]) -> str:
        weights = self._weights.get(len(entries))
        if weights is None:
            weights = self._weights[len(entries)] = list(
                accumulate(1 / (rank + 3) for rank in range(len(entries)))
            )
        return self._draw.choices(entries, cum_weights=weights)[0]


class Random:
    """Characters drawn by Zipf's law, without any order."""

    CHARACTERS: Final = [chr(0x4E00 + place) for place in range(3_000)]
    WEIGHTS: Final = list(accumulate(1 / (rank + 5) for rank in range(3_000)))

    def __init__(self, draw: random.Random) -> None:
        self._draw = draw

    def question(self) -> str:
        return self._text(self._draw.randint(6, 20))

    def reply(self) -> str:
        return self._text(self._draw.randint(20, 40))

    def keywords(self) -> tuple[str, ...]:
        return tuple(self._text(2) for _ in range(self._draw.randrange(4)))

    def usual(self) -> str:
        return self._text(5)

    def short(self) -> str:
        return "".join(self.CHARACTERS[:2])

    def _text(self, length: int) -> str:
        return "".join(self._draw.choices(self.CHARACTERS, cum_weights=self.WEIGHTS, k=length))


TEXTS: Final[dict[str, Callable[[random.Random], Composed | Random]]] = {
    "composed": Composed,
    "random": Random,
}


def phrases_of(size: int, texts: Composed | Random, draw: random.Random) -> list[Phrase]:
    counts = [1, 1, 2, 2, 3, 3, 3, 4, 6, 10]
    return [
        Phrase(
            f"p{number}",
            texts.reply(),
            title=texts.question() if draw.random() < 0.3 else "",
            keywords=texts.keywords(),
            examples=tuple(texts.question() for _ in range(draw.choice(counts))),
        )
        for number in range(size)
    ]


def messages_of(
    count: int, phrases: Sequence[Phrase], texts: Composed | Random, draw: random.Random
) -> list[tuple[str, str]]:
    """(kind, message) in a mixed order."""

    def example() -> str:
        return draw.choice(draw.choice(phrases).examples)

    makers: dict[str, Callable[[], str]] = {
        "changed": lambda: changed(example(), draw),
        "same": example,
        "usual": texts.usual,
        "short": texts.short,
        "long": lambda: "，".join(example() for _ in range(60))[:500],
    }
    kinds = draw.choices(list(makers), [6, 1, 1, 1, 1], k=count)
    return [(kind, makers[kind]()) for kind in kinds]


def changed(text: str, draw: random.Random) -> str:
    """`text` with about one character in six lost, doubled or swapped with the next."""
    characters = list(text)
    for place in range(len(characters) - 1):
        match draw.randrange(18):
            case 0:
                characters[place] = ""
            case 1:
                characters[place] *= 2
            case 2:
                characters[place], characters[place + 1] = characters[place + 1], characters[place]
    return "".join(characters)


def measured(size: int, kind: str, count: int, *, alone: bool) -> dict[str, Any]:
    """All figures of one bank; a process does this once."""
    draw = random.Random(SEED)
    texts = TEXTS[kind](draw)
    phrases = phrases_of(size, texts, draw)
    messages = messages_of(count, phrases, texts, draw)
    gc.collect()
    gc.freeze()
    before = memory()
    bank, built = timed(lambda: Bank(phrases))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before
    gc.collect()
    figures: dict[str, Any] = {"size": size, "build": built, "mb": memory() - before, "peak": max(peak, 0.0)}
    for _, message in messages[:20]:
        bank.search(message)
    gc.collect()
    gc.freeze()
    times = [timed(lambda message=message: bank.search(message)) for _, message in messages]
    spent = np.array([one for _, one in times]) * 1e3
    figures["p50"], figures["p99"] = np.percentile(spent, [50, 99]).tolist()
    figures["by_kind"] = {
        kind: np.percentile(spent[[own == kind for own, _ in messages]], [50, 99]).tolist()
        for kind in sorted({kind for kind, _ in messages})
    }
    figures |= hit_rates(bank, phrases, draw)
    updates = updated(bank, texts)
    figures["update_p50"], figures["update_p99"], figures["update_max"] = np.percentile(
        updates, [50, 99, 100]
    ).tolist()
    if not alone:
        figures |= compared(phrases, [message for _, message in messages[: COMPARED.get(size, 3)]], times)
    return figures


def hit_rates(bank: Bank, phrases: Sequence[Phrase], draw: random.Random) -> dict[str, float]:
    chosen = [draw.choice(draw.choice(phrases).examples) for _ in range(100)]

    def asked(text: str) -> str:
        query = bank.query_of(text)
        return query.words if query else text

    def held(text: str, message: str, top: int) -> bool:
        hits = bank.search(message, top=top).hits
        return any(asked(text) == asked(example) for hit in hits for example in hit.phrase.examples)

    return {
        "same": sum(held(text, text, 1) for text in chosen) / len(chosen),
        "found": sum(held(text, changed(text, draw), 3) for text in chosen) / len(chosen),
    }


def updated(bank: Bank, texts: Composed | Random) -> list[float]:
    """Milliseconds until a search finds a new phrase, and no longer an old one that goes with the same change."""
    times = []
    for number in range(UPDATES):
        marks = "".join(chr(0x9000 + number * 7 + step) for step in range(4))
        phrase = Phrase(f"new{number}", texts.reply(), examples=(marks, texts.question(), texts.question()))
        began = clock()
        bank = bank.with_phrases([phrase], [f"p{number}"], rebuild=False)
        first = bank.search(marks).hits[0].phrase
        times.append((clock() - began) * 1e3)
        assert first is phrase
        assert f"p{number}" not in bank
    return times


def compared(
    phrases: Sequence[Phrase], messages: Sequence[str], ours: Sequence[tuple[Any, float]]
) -> dict[str, float]:
    """Medians of WRatio and `cdist` over the messages, and of ours over the same ones."""
    every = [text for phrase in phrases for text in (*phrase.examples, phrase.text)]
    bare = [folded(text) for text in every]
    wratio = [
        timed(lambda message=message: process.extract(message, every, scorer=fuzz.WRatio, limit=3))
        for message in messages
    ]
    cdist = [
        timed(
            lambda message=message: process.cdist(
                [folded(message)], bare, scorer=fuzz.ratio, dtype=np.float32
            ).argmax()
        )
        for message in messages
    ]
    medians = {
        name: float(np.median([one for _, one in found]) * 1e3)
        for name, found in (("wratio", wratio), ("cdist", cdist), ("ours", ours[: len(messages)]))
    }
    return {
        **medians,
        "times_wratio": medians["wratio"] / medians["ours"],
        "times_cdist": medians["cdist"] / medians["ours"],
    }


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    began = clock()
    result = work()
    return result, clock() - began


def clock() -> float:
    return time.process_time() if "--cpu" in sys.argv else time.perf_counter()


def memory() -> float:
    """Megabytes of this process that are in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default="1000,10000,100000,1000000")
    parser.add_argument("--texts", default="composed,random")
    parser.add_argument("--messages", type=int, default=400)
    parser.add_argument("--alone", action="store_true")
    parser.add_argument("--cpu", action="store_true")
    parser.add_argument("--one", nargs=2, metavar=("SIZE", "TEXTS"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        size, kind = chosen.one
        print(json.dumps(measured(int(size), kind, chosen.messages, alone=chosen.alone)))
        return
    print(f"{'texts':10}{'phrases':>9}{'build s':>9}{'MB':>7}{'peak':>7}{'p50':>8}{'p99':>8}{'update':>8}{'p99':>7}{'same':>6}{'found':>7}{'WRatio':>10}{'cdist':>9}{'times WRatio':>14}{'cdist':>7}")  # fmt: skip
    for kind in chosen.texts.split(","):
        for size in chosen.sizes.split(","):
            command = [sys.executable, __file__, "--one", size, kind, "--messages", str(chosen.messages)]
            done = subprocess.run(
                [*command, *(f"--{name}" for name in ("alone", "cpu") if getattr(chosen, name))],
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                sys.exit(done.stderr)
            show(kind, json.loads(done.stdout))


def show(kind: str, one: dict[str, Any]) -> None:
    line = f"{kind:10}{one['size']:9}{one['build']:9.2f}{one['mb']:7.0f}{one['peak']:7.0f}{one['p50']:8.2f}{one['p99']:8.2f}"
    line += f"{one['update_p50']:8.1f}{one['update_p99']:7.1f}{one['same']:6.2f}{one['found']:7.2f}"
    if "wratio" in one:
        line += (
            f"{one['wratio']:10.1f}{one['cdist']:9.1f}{one['times_wratio']:14.0f}{one['times_cdist']:7.0f}"
        )
    print(line)
    parts = (f"{name} {p50:.2f}/{p99:.2f}" for name, (p50, p99) in one["by_kind"].items())
    print(
        f"{'':10}p50/p99 by message: {', '.join(parts)}; slowest update {one['update_max']:.0f} ms",
        flush=True,
    )


if __name__ == "__main__":
    main()
