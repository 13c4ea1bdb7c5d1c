"""Train the mood model and write `app/core/data/mood.npz` (hashed 8-bit weights; no sentence can be read from them).

    python tools/train_mood.py --data ../shared/data [--out app/core/data/mood.npz]

Needs the `build-data` extra (scikit-learn, OpenCC). The sets are described in docs/mood-data-sheet.md. With the same sets and
versions the same file comes out. The figures, cross-validated by dialogue, are taken by benchmarks/mood.py.
"""

from __future__ import annotations

import argparse
import json
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from opencc import OpenCC
from scipy import sparse
from scipy.optimize import minimize, minimize_scalar
from sklearn.linear_model import LogisticRegression

from app.core import mood

SATISFIED, NEUTRAL, DISSATISFIED = 2, 1, 0
CHAT_C, REVIEW_C, GATE_C, SESSION_C = 2.0, 2.0, 1.0, 0.2
FOLDS = 6
SEED_WEIGHT = 1.0
RARE_CLASSES = 0.55
"""How far rare classes are weighed up: 0 not at all (best calibrated), 1 to a fair share (best macro-F1)."""
GATE_SHARPNESS, GATE_DOUBT = 3.0, 4.0
"""A chat turn must hardly ever be read as a review: the gate's logit is multiplied by one, then lowered by the other."""

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
    """The labelled turns, and every dialogue whole."""

    texts: list[str]
    labels: NDArray[np.int64]
    dialogue: NDArray[np.int64]
    dialogues: list[list[str]]
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
        dialogues=[[turn["user"] for turn in dialogue["turns"]] for dialogue in dialogues],
        overall=np.array([dialogue["overall_sat"] for dialogue in dialogues]),
    )


def read_reviews(path: Path) -> tuple[list[str], NDArray[np.int64]]:
    rows = [line.split("\t") for line in path.read_text("utf-8").split("\n")[1:] if line]
    return [row[2].removeprefix("\ufeff") for row in rows], np.array([int(row[1]) for row in rows])


def fold_table() -> NDArray[np.uint16]:
    """What each code point below 0x20000 is read as; 0 drops it."""
    simplify = OpenCC("t2s").convert
    table = np.zeros(0x20000, np.uint16)
    for code in range(0x20000):
        sign = chr(code)
        if 0xD800 <= code <= 0xDFFF:
            table[code] = 0xFFFD
            continue
        if 0xE001 <= code <= 0xE008:
            table[code] = code
            continue
        plain = unicodedata.normalize("NFKC", sign)
        plain = plain if len(plain) == 1 else sign
        plain = plain.lower() if len(plain.lower()) == 1 else plain
        if 0x3400 <= ord(plain) <= 0x9FFF and len(simple := simplify(plain)) == 1:
            plain = simple
        kind = unicodedata.category(sign)
        if kind in {"Cf", "Mn", "Me"} or 0x1F3FB <= code <= 0x1F3FF:
            value = 0
        elif kind == "Nd" or "0" <= plain <= "9":
            value = ord("0")
        elif kind in {"Zs", "Zl", "Zp", "Cc"}:
            value = ord(" ")
        elif sign in mood.GLAD_EMOJI:
            value = ord(mood.GLAD)
        elif sign in mood.CROSS_EMOJI:
            value = ord(mood.CROSS)
        elif ord(plain) > 0xFFFF:
            value = ord(mood.PICTURE) if code >= 0x1F000 else ord(mood.OTHER)
        else:
            value = ord(plain)
        table[code] = value
    return table


class Features:
    """Texts to rows: gram counts by hash, divided by the root of how many grams there are."""

    def __init__(self, texts: list[str], table: NDArray[np.uint16]) -> None:
        self.folded = [mood.fold(text, table) for text in texts]
        self._hashes = [mood.grams(folded.codes) for folded in self.folded]

    def rows(self, bits: int) -> sparse.csr_matrix:
        mask = np.uint32((1 << bits) - 1)
        ends = np.cumsum([0, *map(len, self._hashes)])
        values = np.concatenate([np.full(len(hashes), len(hashes) ** -0.5) for hashes in self._hashes])
        rows = sparse.csr_matrix(
            (values, (np.concatenate(self._hashes) & mask).astype(np.int32), ends),
            shape=(len(self._hashes), 1 << bits),
        )
        rows.sum_duplicates()
        return rows


def quantised(weights: NDArray[np.float64]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Weights as 8-bit numbers and the scale per column (or the one scale)."""
    scale = np.maximum(np.abs(weights).max(axis=0), 1e-9) / 127
    return np.round(weights / scale).astype(np.int8), np.asarray(scale, np.float32)


@dataclass(frozen=True, slots=True)
class Reviews:
    """The review model: a weight per hash, bias and temperature."""

    weights: NDArray[np.float64]
    bias: float
    temperature: float

    def scores(self, features: Features) -> NDArray[np.float64]:
        return features.rows(mood.REVIEW_BITS) @ self.weights + self.bias


def _log_odds(rows: sparse.csr_matrix, good: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How one-sided each gram is (naive Bayes log ratio, absolute); 0 for those in fewer than three texts."""
    seen = (rows > 0).astype(np.float64)
    plus, minus = 1 + np.asarray(seen[good].sum(0)).ravel(), 1 + np.asarray(seen[~good].sum(0)).ravel()
    odds = np.abs(np.log((plus / plus.sum()) / (minus / minus.sum())))
    odds[np.asarray(seen.sum(0)).ravel() < 3] = 0
    return odds


def train_reviews(features: Features, labels: NDArray[np.int64]) -> Reviews:
    rows = features.rows(mood.REVIEW_BITS)

    def fit(chosen: NDArray[np.bool_]) -> tuple[NDArray[np.float64], float]:
        odds = _log_odds(rows[chosen], labels[chosen] == 1)
        model = LogisticRegression(C=REVIEW_C, solver="liblinear").fit(
            rows[chosen] @ sparse.diags(odds), labels[chosen]
        )
        return model.coef_[0] * odds, float(model.intercept_[0])

    held_out = np.arange(len(labels)) % 5 == 0
    weights, bias = fit(~held_out)
    scores, truth = rows[held_out] @ weights + bias, labels[held_out]
    temperature = minimize_scalar(
        lambda t: np.mean(np.logaddexp(0, -(2 * truth - 1) * scores / t)), bounds=(0.2, 5), method="bounded"
    ).x
    return Reviews(*fit(np.ones(len(labels), bool)), float(temperature))


def chat_rows(features: Features, reviews: Reviews, used: NDArray[np.intp]) -> sparse.csr_matrix:
    """The grams at the places `used`, and the traits."""
    known = [
        mood.traits(folded, score)
        for folded, score in zip(features.folded, reviews.scores(features), strict=True)
    ]
    return sparse.hstack([features.rows(mood.CHAT_BITS)[:, used], sparse.csr_matrix(np.array(known))]).tocsr()


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@dataclass(frozen=True, slots=True)
class Ground:
    """What no dialogue changes: the fold table, the review model, and the review texts for the gate."""

    table: NDArray[np.uint16]
    reviews: Reviews
    review_features: Features
    clauses: Features


def prepare(data: Path) -> Ground:
    table = fold_table()
    texts, labels = read_reviews(data / "online_shopping_reviews_sample.tsv")
    features = Features(texts, table)
    # First clauses of reviews, or the gate would look at length alone.
    clauses = Features([text.replace("。", "，").split("，")[0][:40] for text in texts[::4]], table)
    return Ground(table, train_reviews(features, labels), features, clauses)


def train_mood(chat: Chat, ground: Ground) -> dict[str, NDArray]:
    """All arrays of the model file."""
    table, reviews = ground.table, ground.reviews
    changed = np.flatnonzero(table != np.arange(len(table)))
    own = [(text, label) for label, texts in OWN_TURNS.items() for text in texts]
    texts = [*chat.texts, *(text for text, _ in own)]
    labels = np.concatenate([chat.labels, [label for _, label in own]])
    # Our own turns are in every training fold; no figure is ever taken on them.
    groups = np.concatenate([chat.dialogue, np.full(len(own), -1)])
    features = Features(texts, table)
    seen = np.asarray((features.rows(mood.CHAT_BITS)[groups >= 0] > 0).sum(0)).ravel()
    ours = np.asarray((features.rows(mood.CHAT_BITS)[groups < 0] > 0).sum(0)).ravel()
    used = np.flatnonzero((seen > 1) | (ours > 0))
    rows = chat_rows(features, reviews, used)
    counts = np.bincount(chat.labels, minlength=3)
    by_class = (len(chat.labels) / 3 / counts) ** RARE_CLASSES
    sample = by_class[labels] * np.where(groups < 0, SEED_WEIGHT, 1.0)

    def fit(chosen: NDArray[np.bool_]) -> LogisticRegression:
        return LogisticRegression(C=CHAT_C, max_iter=200, tol=1e-3).fit(
            rows[chosen], labels[chosen], sample_weight=sample[chosen]
        )

    # Out-of-fold scores of every turn, for the temperature and for the session model.
    fold_of = np.random.default_rng(7).permutation(len(chat.dialogues)) % FOLDS
    all_turns = [turn for turns in chat.dialogues for turn in turns]
    owner = np.repeat(np.arange(len(chat.dialogues)), [len(turns) for turns in chat.dialogues])
    gate_weights, gate_bias = train_gate(features, ground)
    turn_features = Features(all_turns, table)
    turn_rows = chat_rows(turn_features, reviews, used)
    logits = np.zeros((len(all_turns), 3))
    labelled = np.zeros((len(chat.labels), 3))
    for number in range(FOLDS):
        model = fit((groups < 0) | (fold_of[groups] != number))
        logits[fold_of[owner] == number] = model.decision_function(turn_rows[fold_of[owner] == number])
        inside = fold_of[chat.dialogue] == number
        labelled[inside] = model.decision_function(rows[: len(chat.labels)][inside])
    temperature = float(
        minimize_scalar(
            lambda t: (
                -np.mean(np.log(softmax(labelled / t)[np.arange(len(chat.labels)), chat.labels] + 1e-12))
            ),
            bounds=(0.5, 3),
            method="bounded",
        ).x
    )
    share = 1 / (1 + np.exp(-(turn_features.rows(mood.GATE_BITS) @ gate_weights + gate_bias)))
    good = 1 / (1 + np.exp(-reviews.scores(turn_features) / reviews.temperature))
    chances = softmax(logits / temperature)
    balance = (1 - share) * (chances[:, 2] - chances[:, 0]) + share * (2 * good - 1)
    known = np.array(
        [
            mood.aggregates(
                [b for b, t in zip(balance[owner == n], turns, strict=True) if t and not t.isspace()]
            )
            for n, turns in enumerate(chat.dialogues)
        ]
    )
    session_weights, session_lines = train_session(known, chat.overall)
    final = fit(np.ones(len(labels), bool))
    weights = np.zeros((1 << mood.CHAT_BITS, 3))
    weights[used] = final.coef_[:, : len(used)].T
    chat_bytes, chat_scale = quantised(weights)
    review_bytes, review_scale = quantised(reviews.weights)
    gate_bytes, gate_scale = quantised(gate_weights)
    prior = counts / counts.sum()
    return {
        "fold_from": changed.astype(np.uint32),
        "fold_to": table[changed],
        "chat": chat_bytes,
        "chat_scale": chat_scale,
        "chat_bias": final.intercept_.astype(np.float32),
        "chat_traits": final.coef_[:, len(used) :].astype(np.float32),
        "chat_temperature": np.float32(temperature),
        "review": review_bytes,
        "review_scale": review_scale,
        "review_bias": np.float32(reviews.bias),
        "review_temperature": np.float32(reviews.temperature),
        "gate": gate_bytes,
        "gate_scale": gate_scale,
        "gate_bias": np.float32(gate_bias),
        "session_weights": session_weights.astype(np.float32),
        "session_lines": session_lines.astype(np.float32),
        "prior": np.array([prior[SATISFIED], prior[DISSATISFIED]], np.float32),
    }


def train_session(
    known: NDArray[np.float64], overall: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A cumulative logit model: weights of the aggregates, and the two lines between the three ratings."""
    middle, spread = known.mean(axis=0), known.std(axis=0)
    scaled = (known - middle) / spread

    def lines(values: NDArray[np.float64]) -> tuple[float, float]:
        return float(values[3]), float(values[3] + np.exp(values[4]))

    def loss(values: NDArray[np.float64]) -> float:
        level = scaled @ values[:3]
        lower, upper = lines(values)
        bad, good = 1 / (1 + np.exp(level - lower)), 1 / (1 + np.exp(upper - level))
        chances = np.stack([bad, 1 - bad - good, good], axis=1)[np.arange(len(overall)), overall]
        penalty = 0.5 / SESSION_C * float(values[:3] @ values[:3])
        return float(-np.log(np.maximum(chances, 1e-12)).sum() + penalty)

    found = minimize(loss, np.array([0.0, 0.0, 0.0, -2.0, 0.0])).x
    weights = found[:3] / spread
    return weights, np.array(lines(found)) + weights @ middle


def train_gate(chat: Features, ground: Ground) -> tuple[NDArray[np.float64], float]:
    """Does a text read like a review rather than a chat turn?"""
    parts = (chat, ground.review_features, ground.clauses)
    rows = sparse.vstack([part.rows(mood.GATE_BITS) for part in parts]).tocsr()
    sizes = [len(part.folded) for part in parts]
    labels = np.repeat([0, 1, 1], sizes)
    sample = np.repeat([1.0, sizes[0] / sizes[1] / 2, sizes[0] / sizes[2] / 8], sizes)
    model = LogisticRegression(C=GATE_C, solver="liblinear").fit(rows, labels, sample_weight=sample)
    return model.coef_[0] * GATE_SHARPNESS, float(model.intercept_[0]) * GATE_SHARPNESS - GATE_DOUBT


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--out", type=Path, default=Path("app/core/data/mood.npz"))
    options = parser.parse_args()
    chat = read_chat(options.data / "uss_jddc_valid.jsonl")
    weights = train_mood(chat, prepare(options.data))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(options.out, **weights)
    print(f"{options.out}: {options.out.stat().st_size:,} bytes")
    for name in ("chat_temperature", "review_temperature", "session_weights", "session_lines"):
        print(name, np.round(weights[name], 3).tolist())


if __name__ == "__main__":
    main()
