"""Several processes share deadlines and outbox: each due thing is done once, and the work is really shared."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

from conftest_service import Running
from sqlmodel import select

from app.db.engine import open_engine
from app.db.tables import ActRow, DeadlineRow, OutboxRow, ShopRow
from app.db.writer import Writer
from app.usecases.act_on_due import act_on_due
from app.usecases.deliver import claim_letters

BUYERS = 60
PROCESSES = 3


def fill(running: Running) -> None:
    running.post(
        [
            running.message(f"m{n}", "请问那个颜色的第三个尺寸在不在那边呀", session=f"s{n}", buyer=f"b{n}")
            for n in range(BUYERS)
        ]
    )


def all_at_once(running: Running, work: Any) -> list[list[Any]]:
    """Run `work(writer)` in several writers on engines of their own, at the same time."""
    url = running.service.settings.resolved_database_url
    done: list[list[Any]] = [[] for _ in range(PROCESSES)]
    start = threading.Barrier(PROCESSES)
    failures: list[BaseException] = []

    def process(number: int) -> None:
        engine = open_engine(url)
        writer = Writer(engine)
        try:
            start.wait()
            done[number] = work(writer)
        except BaseException as error:
            failures.append(error)
        finally:
            writer.close()
            engine.dispose()

    threads = [threading.Thread(target=process, args=(number,)) for number in range(PROCESSES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    return done


def test_each_due_item_is_worked_on_by_exactly_one(running: Running) -> None:
    fill(running)
    running.clock.forward(156)

    def work(writer: Writer) -> list[int]:
        handled = []
        for _ in range(200):
            done = writer.submit(
                lambda db: act_on_due(db, running.service.knowledge, running.clock(), limit=5)
            ).result(30)
            handled.append(done.handled)
        return handled

    done = all_at_once(running, work)
    # Every item has three steps behind it: both warnings and the holding reply.
    assert sum(sum(handled) for handled in done) == 3 * BUYERS
    with running.db() as db:
        acts = Counter(row.kind for row in db.exec(select(ActRow)))
        assert acts == {"warned": BUYERS, "warned_last": BUYERS, "offered": BUYERS}
        assert {row.step for row in db.exec(select(DeadlineRow))} == {"miss"}
        assert len(db.exec(select(OutboxRow)).all()) == BUYERS


def test_each_reply_is_claimed_by_exactly_one(running: Running) -> None:
    def give_callback(db: Any) -> None:
        shop = db.get(ShopRow, "demo")
        shop.callback_url, shop.callback_secret = (
            "http://127.0.0.1:9/",
            "whsec_QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB",
        )
        db.add(shop)

    running.service.writer.submit(give_callback).result(10)
    fill(running)
    running.clock.forward(156)
    while running.run_due().handled:
        pass

    def work(writer: Writer) -> list[str]:
        claimed: list[str] = []
        for _ in range(100):
            letters = writer.submit(
                lambda db: claim_letters(db, running.service.knowledge, running.clock(), limit=3)
            ).result(30)
            claimed += [letter.id for letter in letters]
        return claimed

    claimed = [name for part in all_at_once(running, work) for name in part]
    assert len(claimed) == BUYERS
    assert len(set(claimed)) == BUYERS
