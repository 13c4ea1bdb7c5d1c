"""Vectors from an OpenAI-compatible address: in order, checked, tried again where that may help, and never with the key told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from embeddings_server import Answer, EmbeddingsServer, good, of, serving, vector_of

from app.gateways.embeddings import TRIES, Endpoint, EndpointEncoder
from phrasebank.encoding import EncodingError

KEY = "sk-do-not-tell-anybody"


@pytest.fixture
def server() -> Iterator[EmbeddingsServer]:
    with serving() as server:
        yield server


@pytest.fixture
def encoder(server: EmbeddingsServer) -> Iterator[EndpointEncoder]:
    yield from encoder_for(server)


def encoder_for(server: EmbeddingsServer, **more: Any) -> Iterator[EndpointEncoder]:
    allow = frozenset({f"127.0.0.1:{server.port}"})
    encoder = EndpointEncoder(Endpoint(server.url, "m-1", KEY, **({"allow": allow} | more)))
    yield encoder
    encoder.close()


def directions(texts: list[str]) -> np.ndarray:
    vectors = np.array([vector_of(text) for text in texts], dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def answering(*entries: dict[str, Any]) -> Any:
    return lambda _: of({"data": list(entries)})


def entry(index: int, *numbers: float | None) -> dict[str, Any]:
    return {"index": index, "embedding": list(numbers)}


def failing(status: int, **headers: str) -> Any:
    def reply(request: dict[str, Any]) -> Answer:
        return of({"error": {"message": f"{KEY} {request['input']}"}}, status, **headers)

    return reply


def test_texts_become_rows_of_length_one_and_blank_ones_rows_of_nothing(
    encoder: EndpointEncoder, server: EmbeddingsServer
) -> None:
    vectors = encoder.encode(["什么时候发货", "", "怎么退货", "  "])
    assert vectors.dtype == np.float32
    assert np.allclose(vectors[[0, 2]], directions(["什么时候发货", "怎么退货"]), atol=1e-6)
    assert not vectors[[1, 3]].any()
    assert encoder.dimensions == 8
    (request,) = server.asked
    assert request == {
        "path": "/v1/embeddings",
        "model": "m-1",
        "input": ["什么时候发货", "怎么退货"],
        "encoding_format": "float",
    }
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"


def test_no_text_asks_nothing_but_the_length(encoder: EndpointEncoder, server: EmbeddingsServer) -> None:
    assert encoder.encode([]).shape == (0, 8)
    assert encoder.encode([""]).shape == (1, 8)
    assert len(server.asked) == 1


def test_an_answer_in_another_order_is_put_right(encoder: EndpointEncoder, server: EmbeddingsServer) -> None:
    def shuffled(request: dict[str, Any]) -> Answer:
        entries = [entry(place, *vector_of(text)) for place, text in enumerate(request["input"])]
        return of({"data": entries[::-1]})

    server.replies = [shuffled]
    texts = ["一", "二", "三"]
    assert np.allclose(encoder.encode(texts), directions(texts), atol=1e-6)


def test_many_texts_go_in_batches_with_prefix_and_dimensions(server: EmbeddingsServer) -> None:
    for encoder in encoder_for(server, batch=2, prefix="query: ", dimensions=8):
        assert encoder.dimensions == 8
        assert server.asked == []
        assert encoder.encode(["一", "二", "三\ud800"]).shape == (3, 8)
    assert [request["input"] for request in server.asked] == [
        ["query: 一", "query: 二"],
        ["query: 三?"],
    ]
    assert {request["dimensions"] for request in server.asked} == {8}


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_what_may_pass_is_tried_again(
    encoder: EndpointEncoder, server: EmbeddingsServer, status: int
) -> None:
    server.replies = [failing(status, retry_after="0"), failing(status, retry_after="0")]
    assert encoder.encode(["一"]).any()
    assert len(server.asked) == 3


def test_what_does_not_pass_ends_with_what_to_do(encoder: EndpointEncoder, server: EmbeddingsServer) -> None:
    server.replies = [failing(503, retry_after="0")] * TRIES
    with pytest.raises(EncodingError, match="请稍后再试"):
        encoder.encode(["一"])
    assert len(server.asked) == TRIES


def test_an_endpoint_that_wants_a_long_pause_is_given_up(
    encoder: EndpointEncoder, server: EmbeddingsServer
) -> None:
    server.replies = [failing(429, retry_after="3600")]
    with pytest.raises(EncodingError, match="429"):
        encoder.encode(["一"])
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (400, "模型名"),
        (401, "MIAOHUI_EMBEDDINGS_KEY"),
        (403, "MIAOHUI_EMBEDDINGS_KEY"),
        (404, "MIAOHUI_EMBEDDINGS_URL"),
        (413, "MIAOHUI_EMBEDDINGS_BATCH"),
        (302, "MIAOHUI_EMBEDDINGS_URL"),
    ],
)
def test_a_refusal_says_what_to_do_and_neither_key_nor_text(
    encoder: EndpointEncoder, server: EmbeddingsServer, status: int, remedy: str
) -> None:
    server.replies = [failing(status, location="http://127.0.0.1:9/")]
    with pytest.raises(EncodingError, match=remedy) as caught:
        encoder.encode(["买家的话"])
    assert str(status) in str(caught.value)
    assert KEY not in f"{caught.value}{encoder.name}{encoder._endpoint}"
    assert "买家的话" not in str(caught.value)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (lambda _: (200, {}, b"<html>"), "不是 OpenAI 格式"),
        (lambda _: of({"data": "x"}), "不是 OpenAI 格式"),
        (lambda _: of([]), "不是 OpenAI 格式"),
        (answering({"index": 0}, {"index": 1}), "不是 OpenAI 格式"),
        (answering(entry(0, 1.0, 2.0), entry(1, 1.0)), "不是 OpenAI 格式"),
        (
            lambda _: (200, {}, b'{"data":[{"index":0,"embedding":[NaN]},{"index":1,"embedding":[1]}]}'),
            "不是 OpenAI 格式",
        ),
        (answering(entry(0, 1.0)), "要了 2 个向量"),
        (answering(entry(0, 1.0), entry(0, 1.0)), "要了 2 个向量"),
        (answering(entry(0, 1.0), entry(2, 1.0)), "要了 2 个向量"),
        (answering({"index": 0, "embedding": 1.0}, {"index": 1, "embedding": 2.0}), "要了 2 个向量"),
        (answering(entry(0, None, 1.0), entry(1, 1.0, 1.0)), "无效的数值"),
        (answering(entry(0, 1e300, 1.0), entry(1, 1.0, 1.0)), "无效的数值"),
    ],
)
def test_an_answer_that_is_no_vectors_is_refused(
    encoder: EndpointEncoder, server: EmbeddingsServer, reply: Any, message: str
) -> None:
    server.replies = [reply]
    with pytest.raises(EncodingError, match=message):
        encoder.encode(["一", "二"])


def test_vectors_of_another_length_are_refused(encoder: EndpointEncoder, server: EmbeddingsServer) -> None:
    encoder.encode(["一"])
    server.replies = [answering(entry(0, 1.0, 2.0))]
    with pytest.raises(EncodingError, match="向量有 2 维，应是 8 维"):
        encoder.encode(["二"])
    for told in encoder_for(server, dimensions=16):
        with pytest.raises(EncodingError, match="向量有 8 维，应是 16 维"):
            told.encode(["一"])


def test_an_endpoint_that_does_not_answer_is_left_in_time(server: EmbeddingsServer) -> None:
    released = threading.Event()

    def silent(request: dict[str, Any]) -> Answer:
        released.wait(30)
        return good(request)

    server.replies = [silent] * TRIES
    for encoder in encoder_for(server, timeout_s=0.05):
        with pytest.raises(EncodingError, match="MIAOHUI_EMBEDDINGS_TIMEOUT_S"):
            encoder.encode(["一"])
        released.set()
        assert len(server.asked) == TRIES


def test_nobody_there_is_said_so(encoder: EndpointEncoder) -> None:
    gone = Endpoint("http://127.0.0.1:1/v1", "m-1", allow=frozenset({"127.0.0.1:1"}))
    with pytest.raises(EncodingError, match="连不上"):
        EndpointEncoder(gone).encode(["一"])


def test_an_internal_address_must_be_allowed(server: EmbeddingsServer) -> None:
    for encoder in encoder_for(server, allow=frozenset()):
        with pytest.raises(EncodingError, match="MIAOHUI_EMBEDDINGS_ALLOW"):
            encoder.encode(["一"])
    assert server.asked == []


def test_closing_ends_what_waits_for_another_try(encoder: EndpointEncoder, server: EmbeddingsServer) -> None:
    server.replies = [failing(503, retry_after="20")]
    errors: list[EncodingError] = []

    def encode() -> None:
        try:
            encoder.encode(["一"])
        except EncodingError as error:
            errors.append(error)

    waiting = threading.Thread(target=encode)
    waiting.start()
    encoder.close()
    waiting.join(10)
    assert not waiting.is_alive()
    assert errors
