"""The attitude model: many texts at once, nothing over their borders, and clear cases both ways."""

from __future__ import annotations

import numpy as np
import pytest

from lint import attitude
from lint.batch import Batch
from lint.folding import coded, fold

RUDE = [
    "你到底有没有看我发的，眼睛长哪去了",
    "你急什么急，又不是不给你发",
    "自己弄坏的怪谁啊",
    "那是快递的事，别来找我",
    "您可真会挑，八块钱的东西也要求这么多",
    "说了多少遍了还问，烦不烦",
    "爱买不买，不买拉倒",
    "没钱就别买，穷讲究什么",
    "你以为你是谁啊",
    "不知道，自己去问",
]
FINE = [
    "您好，请问有什么可以帮您",
    "亲，您方便把订单号发我一下吗，我帮您查",
    "非常抱歉给您添麻烦了，马上给您补发",
    "你放心，今天下午就给你安排发货",
    "您自己选一下颜色就可以的哦",
    "抱歉这款没有货了，您可以看看另外一款",
    "请问您是哪天收到的呢，外包装有破损吗",
    "需要您自己承担一下运费的哦",
    "别着急，我帮您联系快递员",
    "您不知道怎么安装的话，我发视频给您",
    "这个价格没办法再优惠了呢，请您谅解",
    "退款一般三天左右原路退回",
]


def _scores(texts: list[str]) -> attitude.Floats:
    tight = Batch(texts).view("tight")
    return attitude.scores(tight.codes, tight.starts)


def _alone(text: str) -> float:
    tight = fold(text, "tight")
    return float(attitude.scores(coded(tight), [0, len(tight) + 1])[0])


def test_one_score_a_text_between_nought_and_one() -> None:
    found = _scores([*RUDE, *FINE])
    assert found.shape == (len(RUDE) + len(FINE),)
    assert ((found >= 0) & (found <= 1)).all()
    assert 0 < attitude.THRESHOLD < 1


@pytest.mark.parametrize("text", RUDE)
def test_rude_replies_are_reported(text: str) -> None:
    assert _alone(text) > attitude.THRESHOLD


@pytest.mark.parametrize("text", FINE)
def test_courteous_replies_are_not(text: str) -> None:
    assert _alone(text) < attitude.THRESHOLD


def test_a_batch_scores_as_each_text_alone() -> None:
    texts = [*RUDE, "", *FINE, "😀", "吗", "好的", "", "你", *RUDE[::-1]]
    assert _scores(texts).tolist() == [_alone(text) for text in texts]


def test_runs_do_not_reach_over_borders() -> None:
    # Whatever stands beside a text, it scores the same, and the halves of a text are not read as one.
    rude = RUDE[0]
    for neighbour in (*FINE, "", "你", "滚"):
        assert _scores([neighbour, rude, neighbour])[1] == _alone(rude)
    halves = ["你到底有完", "没完了啊你"]
    assert _scores(halves).tolist() == [_alone(half) for half in halves]
    assert _alone("".join(halves)) not in _scores(halves)


@pytest.mark.parametrize("texts", [[""], ["", ""], ["", "，。！", "😀😀", ""]])
def test_texts_without_characters_score_nothing(texts: list[str]) -> None:
    assert _scores(texts).tolist() == [0.0] * len(texts)


def test_texts_of_a_few_characters_are_left_to_the_rules() -> None:
    assert _scores(["滚吧你", "哈！哈，哈", "滚吧你！吧"]).tolist()[:2] == [0.0, 0.0]
    assert _alone("滚吧你吧") > 0


def test_no_texts_no_scores() -> None:
    assert attitude.scores(coded(""), [0]).shape == (0,)


def test_spelling_that_folding_makes_equal_makes_no_difference() -> None:
    assert _alone("妳以為妳是誰啊！！") == _alone("你以为你是谁啊")


@pytest.mark.parametrize("text", [*RUDE, *FINE, "你", "吗啊", "谁啊你", "a" * 5000, "\U0001f600x\ud800y"])
def test_the_heaviest_span_lies_inside_and_is_not_empty(text: str) -> None:
    tight = fold(text, "tight")
    start, end = attitude.heaviest(tight)
    assert 0 <= start < end <= len(tight)
    assert end - start >= min(4, len(tight))


def test_the_heaviest_span_of_nothing_is_empty() -> None:
    assert attitude.heaviest("") == (0, 0)


@pytest.mark.parametrize(
    ("before", "rude", "after"),
    [
        ("您好这款面料是纯棉的今天下单明天发货", "你是不是看不懂字啊", ""),
        ("", "爱买不买不买拉倒", "快递一般三天左右送到您手里请您注意查收"),
        ("亲亲您好订单已经为您查询过了", "你有完没完烦死了", "退款原路返回请您留意账户"),
    ],
)
def test_the_heaviest_span_meets_the_rude_part(before: str, rude: str, after: str) -> None:
    start, end = attitude.heaviest(before + rude + after)
    inside = min(end, len(before) + len(rude)) - max(start, len(before))
    assert inside >= (end - start) / 2


def test_scores_do_not_depend_on_the_order_of_texts() -> None:
    texts = [*RUDE, *FINE]
    turned = _scores(texts[::-1])[::-1]
    assert np.array_equal(_scores(texts), turned)


def test_surrogates_and_signs_beyond_the_basic_plane_are_read() -> None:
    assert 0 < float(attitude.scores(coded("\ud800\U00020000吗啊"), [0, 5])[0]) < 1
