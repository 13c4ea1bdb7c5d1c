"""`--encoder endpoint`: commands by the operator's own embeddings address."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result
from embeddings_server import EmbeddingsServer, good, of, serving

from app.cli import main
from phrasebank import Phrase, write_bank


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    path = tmp_path / "bank.jsonl"
    phrases = [
        Phrase("eta", "一般三天左右送到。", examples=("多久能收到货",)),
        Phrase("invoice", "发票随订单开。", examples=("能开发票吗",)),
    ]
    write_bank(path, phrases)
    return path


def run(server: EmbeddingsServer, *arguments: object, stdin: str) -> Result:
    environment = {
        "MIAOHUI_EMBEDDINGS_URL": server.url,
        "MIAOHUI_EMBEDDINGS_MODEL": "m-1",
        "MIAOHUI_EMBEDDINGS_ALLOW": f'["127.0.0.1:{server.port}"]',
    }
    words = [str(argument) for argument in (*arguments, "--encoder", "endpoint")]
    return CliRunner().invoke(main, words, input=stdin.encode(), env=environment)


def test_a_search_goes_by_the_meanings_of_the_endpoint(bank: Path) -> None:
    with serving() as server:
        server.usual = partial(good, same_as={"когда": "多久能收到货"})
        result = run(server, "phrases", "search", "--bank", bank, stdin="когда\n")
    assert result.exit_code == 0
    assert [hit["id"] for hit in orjson.loads(result.stdout)["hits"]][:1] == ["eta"]


def test_enquiries_are_put_together_by_the_meanings_of_the_endpoint() -> None:
    with serving() as server:
        server.usual = partial(good, same_as={"когда": "多久可以送到"})
        result = run(server, "cluster", "-", stdin="когда\n多久可以送到\n能开发票吗\n")
    clusters = {one["text"]: one["cluster"] for one in map(orjson.loads, result.stdout.splitlines())}
    assert clusters["когда"] == clusters["多久可以送到"] == 0
    assert clusters["能开发票吗"] is None


def test_an_endpoint_that_refuses_ends_with_one_line(bank: Path) -> None:
    with serving() as server:
        server.usual = lambda _: of({}, 401)
        result = run(server, "phrases", "search", "--bank", bank, stdin="多久能收到货\n")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "MIAOHUI_EMBEDDINGS_KEY" in result.stderr
    assert len(result.stderr.splitlines()) == 1
