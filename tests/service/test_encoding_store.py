"""The vectors of a bank outlive the process, without its texts, and go when the bank no longer needs them."""

from __future__ import annotations

import numpy as np
from conftest_service import Running
from sqlmodel import col, select

from app.db.encodings import EncodingStore, digest_of
from app.db.tables import EncodingRow


def store(running: Running, encoder: str = "e-1") -> EncodingStore:
    return EncodingStore(running.service.engine, running.service.writer, "demo", encoder)


def vectors(*texts: str) -> dict[str, np.ndarray]:
    return {text: np.array([len(text), 0.1], dtype=np.float32) for text in texts}


def kept(running: Running) -> list[tuple[str, str]]:
    with running.db() as db:
        return sorted(
            (row.encoder, row.digest)
            for row in db.exec(select(EncodingRow).order_by(col(EncodingRow.digest)))
        )


def test_what_is_kept_is_read_exactly(running: Running) -> None:
    many = vectors(*(f"第{number}句" for number in range(1_200)))
    store(running).keep(many)
    found = store(running).read([*many, "没有的"])
    assert found.keys() == many.keys()
    assert all(np.array_equal(found[text], many[text]) for text in many)
    assert store(running, "e-2").read([*many]) == {}


def test_keeping_again_replaces(running: Running) -> None:
    store(running).keep(vectors("一"))
    store(running).keep({"一": np.array([9, 9], dtype=np.float32)})
    assert store(running).read(["一"])["一"].tolist() == [9, 9]


def test_no_text_is_in_the_table(running: Running) -> None:
    store(running).keep(vectors("库里的一句话"))
    with running.db() as db:
        row = db.exec(select(EncodingRow)).one()
    assert "库里的一句话".encode() not in row.vector
    assert "库里的一句话" not in row.digest


def test_what_the_bank_no_longer_asks_for_is_dropped(running: Running) -> None:
    store(running, "e-0").keep(vectors("一"))
    store(running).keep(vectors("一", "二"))
    now = store(running)
    now.read(["二", "三"])
    now.keep(vectors("三"))
    now.forget_others()
    assert kept(running) == sorted([("e-1", digest_of("二")), ("e-1", digest_of("三"))])
