"""Enquiries that ask the same are put together, and what asks nothing stands alone."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from phrasebank.clustering import MAX_CLUSTERS, cluster, clusters_of

ENQUIRIES = [
    "什么时候发货",
    "啥时候发货呢",
    "怎么退货",
    "今天天气",
    "哈哈",
    "我要退货",
    "能退货吗",
    "多久发货",
    "退货",
    "在吗",
    "發貨時間",
]


def test_the_same_question_is_one_cluster() -> None:
    numbers = dict(zip(ENQUIRIES, cluster(ENQUIRIES), strict=True))
    assert numbers["什么时候发货"] == numbers["啥时候发货呢"] == numbers["多久发货"]
    assert numbers["怎么退货"] == numbers["我要退货"] == numbers["能退货吗"] == numbers["退货"]
    assert numbers["什么时候发货"] != numbers["怎么退货"]


def test_what_asks_nothing_or_is_alone_has_no_cluster() -> None:
    numbers = dict(zip(ENQUIRIES, cluster(ENQUIRIES), strict=True))
    assert numbers["哈哈"] is numbers["在吗"] is numbers["今天天气"] is None


def test_clusters_are_numbered_by_size_and_named_by_a_text_of_theirs() -> None:
    found = clusters_of(ENQUIRIES)
    assert [one.number for one in found] == list(range(len(found)))
    assert [one.size for one in found] == sorted((one.size for one in found), reverse=True)
    numbers = cluster(ENQUIRIES)
    for one in found:
        members = [text for text, number in zip(ENQUIRIES, numbers, strict=True) if number == one.number]
        assert one.size == len(members)
        assert {one.name, *one.examples} <= set(members)


def test_nothing_gives_nothing() -> None:
    assert cluster([]) == []
    assert cluster(["", "？", "哈哈"]) == [None, None, None]
    assert clusters_of([]) == []


def test_a_text_said_twice_is_a_cluster() -> None:
    assert cluster(["能开发票吗", "能开发票吗"]) == [0, 0]


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.sampled_from([*ENQUIRIES, "发票", "开发票吗", "改地址"]) | st.text(max_size=12), max_size=40)
)
def test_any_texts_are_clustered_the_same_way_twice(texts: list[str]) -> None:
    numbers = cluster(texts)
    assert len(numbers) == len(texts)
    assert numbers == cluster(texts)
    used = {number for number in numbers if number is not None}
    assert used == set(range(len(used)))


def test_many_texts_make_no_more_clusters_than_a_person_can_read() -> None:
    texts = [f"{chr(0x4E00 + n)}{chr(0x4E00 + n // 3)}{chr(0x5000 + n % 97)}" for n in range(2_100)]
    numbers = cluster(texts)
    assert len({number for number in numbers if number is not None}) <= MAX_CLUSTERS
    assert len(numbers) == 2_100
