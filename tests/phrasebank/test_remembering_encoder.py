"""An encoder with a memory asks for each text once, and lets only the bank's own texts out of the process."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from phrasebank.encoders.remembering import BATCH, REMEMBERED, RememberingEncoder, Vector
from phrasebank.encoding import EncodingError, Vectors, encodable


class Lengths:
    """Tells texts by their length, and notes what it was asked."""

    name = "lengths-1"
    dimensions = 2

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.fails = False

    def encode(self, texts: Sequence[str]) -> Vectors:
        if self.fails:
            raise EncodingError("歇业")
        self.asked += texts
        return np.array([[1.0, len(text)] for text in texts], dtype=np.float32).reshape(-1, 2)


class Kept(dict[str, Vector]):
    """A store in memory."""

    def read(self, texts: Sequence[str]) -> Mapping[str, Vector]:
        return {text: self[text] for text in texts if text in self}

    def keep(self, vectors: Mapping[str, Vector]) -> None:
        self.update(vectors)


def unheard(done: int, total: int) -> None:
    pass


def test_each_text_is_encoded_once_and_the_rows_follow_the_texts() -> None:
    source = Lengths()
    encoder = RememberingEncoder(source)
    assert (encoder.name, encoder.dimensions) == ("lengths-1", 2)
    assert encoder.encode(["一", "二二", "一"])[:, 1].tolist() == [1, 2, 1]
    assert encoder.encode(["二二", "三三三"])[:, 1].tolist() == [2, 3]
    assert source.asked == ["一", "二二", "三三三"]
    assert encoder.encode([]).shape == (0, 2)


def test_what_was_used_least_lately_is_forgotten_first() -> None:
    source = Lengths()
    encoder = RememberingEncoder(source)
    encoder.encode(["旧", "常用"])
    for number in range(REMEMBERED - 1):
        encoder.encode(["常用", f"第{number}句"])
    source.asked.clear()
    encoder.encode(["常用", "旧"])
    assert source.asked == ["旧"]


def test_only_what_is_encoded_while_keeping_reaches_the_store() -> None:
    source, store = Lengths(), Kept()
    encoder = RememberingEncoder(source)
    with encoder.keeping(store, unheard):
        encoder.encode(["库里的话"])
        other = threading.Thread(target=encoder.encode, args=(["另一线程里买家的话"],))
        other.start()
        other.join()
    encoder.encode(["买家的话"])
    assert list(store) == ["库里的话"]


def test_what_the_store_has_is_not_encoded_again_unless_its_length_is_another() -> None:
    source = Lengths()
    store = Kept(有=np.array([7, 7], dtype=np.float32), 旧=np.array([7], dtype=np.float32))
    encoder = RememberingEncoder(source)
    with encoder.keeping(store, unheard):
        assert encoder.encode(["有", "旧", "新"]).tolist() == [[7, 7], [1, 1], [1, 1]]
    assert source.asked == ["旧", "新"]
    assert store["旧"].tolist() == [1, 1]


def test_progress_is_told_batch_by_batch_and_a_stop_keeps_what_is_done() -> None:
    store, told = Kept(), []
    encoder = RememberingEncoder(Lengths())
    texts = [f"第{number}句" for number in range(2 * BATCH + 1)]

    def stop_at_the_second(done: int, total: int) -> None:
        told.append((done, total))
        if len(told) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), encoder.keeping(store, stop_at_the_second):
        encoder.encode(texts)
    assert told == [(BATCH, len(texts)), (2 * BATCH, len(texts))]
    assert list(store) == texts[: 2 * BATCH]
    with encoder.keeping(store, lambda done, total: told.append((done, total))):
        encoder.encode(texts)
    assert told[2:] == [(1, 1)]


def test_a_failure_is_not_remembered() -> None:
    source = Lengths()
    encoder = RememberingEncoder(source)
    source.fails = True
    with pytest.raises(EncodingError):
        encoder.encode(["一"])
    source.fails = False
    assert encoder.encode(["一"]).any()


def test_what_no_encoder_can_take_is_taken_out() -> None:
    assert encodable("发货\0了\ud83d吗") == "发货 了?吗"
    assert encodable("发货了吗😀") == "发货了吗😀"
