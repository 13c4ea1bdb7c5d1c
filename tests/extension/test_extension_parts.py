"""The parts of the extension that take values and give values, and its outbox, as Chromium runs them."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from browser_site import MARKS
from extension_rig import CHROMIUM, EXTENSION
from standardwebhooks import Webhook

playwright_api = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
pytestmark = MARKS

NOW = datetime(2026, 11, 22, 2, 30, 20, tzinfo=UTC)
"""10:30:20 in Shanghai, where the browser of these tests is."""


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    """A page beside the files of the extension; `await part(path)` gives a module."""

    class Files(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Files, directory=str(EXTENSION)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), headless=True)
        page = browser.new_context(timezone_id="Asia/Shanghai").new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/manifest.json")
        page.evaluate("() => { window.part = (path) => import(`/${path}`); }")
        yield page
        browser.close()
    server.shutdown()
    server.server_close()


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def test_a_signature_is_the_one_of_standard_webhooks(page: Any) -> None:
    secret, name, body = (
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        '{"test": 2432232314}',
    )
    headers = page.evaluate(
        "async ([secret, id, at, body]) => (await part('worker/signing.js')).signedHeaders(secret, id, at, body)",
        [secret, name, 1614265330_000, body],
    )
    # The vector of the specification.
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    chinese = '{"text":"亲，在的"}'
    headers = page.evaluate(
        "async ([secret, id, at, body]) => (await part('worker/signing.js')).signedHeaders(secret, id, at, body)",
        [secret, name, ms(NOW), chinese],
    )
    assert headers["webhook-signature"] == Webhook(secret).sign(name, NOW, chinese)


@pytest.mark.parametrize(
    ("shown", "at", "unit"),
    [
        ("2026-11-22T02:30:05.123Z", NOW.replace(second=5, microsecond=123_000), 1),
        ("2026-11-22T10:30:05+08:00", NOW.replace(second=5), 1),
        ("1795314605", datetime.fromtimestamp(1795314605, UTC), 1000),
        ("1795314605123", datetime.fromtimestamp(1795314605.123, UTC), 1),
        ("2026-11-22 10:30:05", NOW.replace(second=5), 1000),
        ("2026年11月21日 22:05", datetime(2026, 11, 21, 14, 5, tzinfo=UTC), 60_000),
        ("11/21 09:05", datetime(2026, 11, 21, 1, 5, tzinfo=UTC), 60_000),
        ("12-31 23:59", datetime(2025, 12, 31, 15, 59, tzinfo=UTC), 60_000),
        ("10:29", NOW.replace(minute=29, second=0), 60_000),
        ("10:30", NOW.replace(second=0), 60_000),
        ("23:50", datetime(2026, 11, 21, 15, 50, tzinfo=UTC), 60_000),
        ("昨天 18:05", datetime(2026, 11, 21, 10, 5, tzinfo=UTC), 60_000),
        ("上午9:05", datetime(2026, 11, 22, 1, 5, tzinfo=UTC), 60_000),
        ("昨天 下午6:05", datetime(2026, 11, 21, 10, 5, tzinfo=UTC), 60_000),
        ("12:05 AM", datetime(2026, 11, 21, 16, 5, tzinfo=UTC), 60_000),
        ("刚刚", NOW, 60_000),
    ],
)
def test_times_are_read_as_consoles_show_them(page: Any, shown: str, at: datetime, unit: int) -> None:
    read = page.evaluate(
        "async ([shown, now]) => (await part('content/moments.js')).readMoment(shown, now)", [shown, ms(NOW)]
    )
    assert read == {"at": ms(at), "unit": unit}


@pytest.mark.parametrize("shown", ["", "已读", "25:00", "10:75", "3"])
def test_what_is_no_time_is_not_taken_for_one(page: Any, shown: str) -> None:
    assert (
        page.evaluate(
            "async ([shown, now]) => (await part('content/moments.js')).readMoment(shown, now)",
            [shown, ms(NOW)],
        )
        is None
    )


JOIN = """
async (windows) => {
  const { join } = await part("content/sequence.js");
  let known = [];
  return windows.map((window) => {
    const joined = join(known, window);
    known = joined.known;
    return joined.fresh.map(({ index, entry, after }) => [window[index], entry.ordinal, after]);
  });
}
"""


@pytest.mark.parametrize(
    ("windows", "fresh"),
    [
        pytest.param(["ab", "ab", "abc"], ["ab", "", "c"], id="drawn anew"),
        pytest.param(["abc", "bcd", "cde"], ["abc", "d", "e"], id="only the end is shown"),
        pytest.param(["cd", "abcd"], ["cd", "ab"], id="scrolled back"),
        pytest.param(["aab", "abaa"], ["aab", "aa"], id="the same words again"),
        pytest.param(["abc", "ac", "acd"], ["abc", "", "d"], id="one taken back"),
        pytest.param(["ab", "", "ab"], ["ab", "", ""], id="empty for a moment"),
    ],
)
def test_what_is_new_in_a_window_is_told_once(page: Any, windows: list[str], fresh: list[str]) -> None:
    told = page.evaluate(JOIN, [list(window) for window in windows])
    assert ["".join(like for like, _, _ in each) for each in told] == fresh
    named = [(like, ordinal) for each in told for like, ordinal, _ in each]
    assert len(set(named)) == len(named)


def test_what_was_there_before_is_told_from_what_came(page: Any) -> None:
    _, fresh = page.evaluate(JOIN, [["c", "d"], ["a", "b", "c", "d", "e"]])
    assert fresh == [["a", 0, False], ["b", 0, False], ["e", 0, True]]


def test_keys_are_the_same_everywhere_and_differ_where_messages_do(page: Any) -> None:
    keys = page.evaluate(
        """async () => {
          const { keyByContent, keyById, sessionOf } = await part("content/keys.js");
          const long = "长".repeat(300);
          const day = Date.parse("2026-11-22T15:59:59Z");
          return [
            keyById("desk", "小王", "m1"), keyById("desk", "小王", "m1"), keyById("desk", "小李", "m1"), keyById("desk", long, long),
            keyByContent("desk", "小王", "在吗", day, 0), keyByContent("desk", "小王", "在吗", day, 1),
            keyByContent("desk", "小王", "在吗", day + 1000, 0),
            sessionOf("desk", "小王", day, ""), sessionOf("desk", "小王", day + 1000, ""), sessionOf("desk", "小王", day, "s-7"),
          ];
        }"""
    )
    assert keys[0] == keys[1] == "desk:小王:m1"
    assert len(set(keys)) == 9
    assert max(len(key) for key in keys) < 200
    assert keys[-3:] == ["desk:小王:2026-11-22", "desk:小王:2026-11-23", "desk:s-7"]


def test_messages_become_events_of_the_log(page: Any) -> None:
    message = {"key": "desk:b:1", "at": NOW.isoformat(), "sender": "buyer", "kind": "text", "text": "在吗"}
    old = {**message, "key": "desk:b:0", "at": (NOW - timedelta(hours=25)).isoformat()}
    reply = {**message, "key": "desk:b:2", "sender": "agent", "text": "在的"}
    given = {
        "session": "desk:b:2026-11-22",
        "buyer": "b",
        "buyer_name": "小王",
        "messages": [old, message, reply],
    }
    events = page.evaluate(
        "async ([given, now]) => (await part('worker/events.js')).eventsOf(given, 'xiaozhou', now)",
        [given, ms(NOW)],
    )
    assert [(event["type"], event["at"]) for event in events[:2]] == [
        ("session_opened", NOW.isoformat()),
        ("assigned", NOW.isoformat()),
    ]
    assert events[2:] == [
        {
            "id": "desk:b:1",
            "type": "message",
            "at": NOW.isoformat(),
            "session": given["session"],
            "buyer": "b",
            "buyer_name": "小王",
            "sender": "buyer",
            "kind": "text",
            "text": "在吗",
        },
        {
            "id": "desk:b:2",
            "type": "message",
            "at": NOW.isoformat(),
            "session": given["session"],
            "buyer": "b",
            "buyer_name": "小王",
            "sender": "agent",
            "kind": "text",
            "text": "在的",
            "agent": "xiaozhou",
        },
    ]


@pytest.mark.parametrize(
    ("answer", "size", "attempts", "outcome"),
    [
        ({"status": 200, "body": {"results": [{"id": "a", "status": "accepted"}]}}, 1, 0, {"act": "settle", "refused": []}),
        (
            {"status": 200, "body": {"results": [{"id": "a", "status": "rejected", "reason": "conflict", "message": "x"}]}},
            1, 0, {"act": "settle", "refused": [{"id": "a", "reason": "conflict", "message": "x"}]},
        ),
        ({"status": 200, "body": None}, 1, 0, {"act": "wait", "ms": 1000, "link": "down", "why": "HTTP 200"}),
        ({"status": 0, "body": None}, 5, 3, {"act": "wait", "ms": 8000, "link": "down", "why": ""}),
        ({"status": 503, "body": None, "retryAfter": "7"}, 5, 0, {"act": "wait", "ms": 7000, "link": "down", "why": "HTTP 503"}),
        ({"status": 429, "body": {"title": "慢点"}, "retryAfter": "99999"}, 5, 0, {"act": "wait", "ms": 900_000, "link": "down", "why": "慢点"}),
        ({"status": 500, "body": None}, 5, 40, {"act": "wait", "ms": 30_000, "link": "down", "why": "HTTP 500"}),
        ({"status": 401, "body": {"title": "密钥"}}, 5, 0, {"act": "wait", "ms": 30_000, "link": "refused", "why": "密钥"}),
        ({"status": 422, "body": {"reason": "bad"}}, 2, 0, {"act": "split"}),
        ({"status": 409, "body": {"reason": "conflict", "title": "t"}}, 1, 0, {"act": "refuse", "reason": "conflict", "message": "t"}),
    ],
)  # fmt: skip
def test_what_becomes_of_a_batch(
    page: Any, answer: dict[str, Any], size: int, attempts: int, outcome: dict[str, Any]
) -> None:
    given = {"retryAfter": None, **answer}
    assert (
        page.evaluate(
            "async (given) => (await part('worker/outcomes.js')).outcomeOf(...given)", [given, size, attempts]
        )
        == outcome
    )


def test_the_outbox_gives_back_in_order_what_was_put_in_once(page: Any) -> None:
    told = page.evaluate(
        """async () => {
          const outbox = await part("worker/outbox.js");
          const entry = (n, kind = "event") => ({ id: `e${n}`, kind, body: { id: `e${n}` } });
          const all = Array.from({ length: 150 }, (_, n) => entry(n));
          const added = [await outbox.add(all, 1), await outbox.add([entry(3), entry(200, "override"), entry(201, "override"), entry(202)], 1)];
          const batches = [];
          for (;;) {
            const batch = await outbox.nextBatch(["override"]);
            if (batch === null) break;
            const again = await outbox.nextBatch(["override"]); // after a crash before the answer
            batches.push({ ids: batch.ids, same: JSON.stringify(again) === JSON.stringify(batch) });
            if (batch.ids.length === 100) await outbox.split(batch);
            else await outbox.settle(batch, batch.ids.includes("e7") ? [{ id: "e7", reason: "conflict", message: "m" }] : [], 1);
          }
          const refused = await outbox.refusedEntries(10);
          const before = await outbox.counts();
          await outbox.prune(4 * 24 * 3600 * 1000);
          return { added, batches, refused, before, after: await outbox.counts(), again: await outbox.add([entry(1)], 1) };
        }"""
    )
    assert told["added"] == [150, 3]
    assert all(batch["same"] for batch in told["batches"])
    settled = [each for batch in told["batches"] if len(batch["ids"]) < 100 for each in batch["ids"]]
    assert settled == [*(f"e{n}" for n in range(150)), "e200", "e201", "e202"]
    assert [batch["ids"] for batch in told["batches"][-3:]] == [["e200"], ["e201"], ["e202"]]
    assert [(each["id"], each["reason"], each["body"]) for each in told["refused"]] == [
        ("e7", "conflict", {"id": "e7"})
    ]
    assert (told["before"], told["after"]) == ({"waiting": 0, "refused": 1}, {"waiting": 0, "refused": 0})
    assert told["again"] == 1


def test_the_agent_is_called_out_once_and_not_where_he_is_at_work(page: Any) -> None:
    def waiting(session: str, left: int, agent: str | None = None, counted: bool = True) -> dict[str, Any]:
        deadline = (NOW + timedelta(seconds=left)).isoformat()
        return {"session": session, "agent": agent, "counted": counted, "deadline_at": deadline}

    board = [
        waiting("mine", 60, "xiaozhou"), waiting("nobodys", 79), waiting("early", 81), waiting("late", -1),
        waiting("another's", 60, "xiaoli"), waiting("uncounted", 60, counted=False), waiting("open", 60),
    ]  # fmt: skip
    due = "async ([waiting, given]) => (await part('worker/notices.js')).dueNotices(waiting, given).map(({ session }) => session)"
    given = {
        "agent": "xiaozhou",
        "open": {"session": "open", "active_at": ms(NOW) - 5_000},
        "told": [],
        "now": ms(NOW),
    }
    assert page.evaluate(due, [board, given]) == ["mine", "nobodys"]
    given["told"] = [f"mine {board[0]['deadline_at']}"]
    given["open"]["active_at"] = ms(NOW) - 60_000
    assert page.evaluate(due, [board, given]) == ["nobodys", "open"]


@pytest.mark.parametrize(
    "message",
    [
        None, "draft/check", {"type": "nothing"}, {"type": "toString"}, {"type": "draft/check", "console": "c", "session": "s"},
        {"type": "draft/check", "console": "c", "session": "s", "text": 7}, {"type": "draft/check", "console": "", "session": "s", "text": ""},
        {"type": "draft/check", "console": "c", "session": "s" * 201, "text": ""},
        {"type": "draft/check", "console": "c", "session": "s", "text": "长" * 20_001},
        {"type": "console/messages", "console": "c", "session": "s", "buyer": "b", "messages": [{"key": "k"}]},
        {"type": "console/messages", "console": "c", "session": "s", "buyer": "b", "messages": {}},
    ],
)  # fmt: skip
def test_a_message_of_another_shape_is_none(page: Any, message: object) -> None:
    read = "async (message) => { const { FROM_CONTENT, read } = await part('shared/protocol.js'); return read(FROM_CONTENT, message); }"
    assert page.evaluate(read, message) is None


def test_of_a_message_only_the_fields_of_its_shape_are_read(page: Any) -> None:
    read = "async (message) => { const { FROM_CONTENT, read } = await part('shared/protocol.js'); return read(FROM_CONTENT, message); }"
    message = {"type": "draft/check", "console": "c", "session": "s", "text": "好"}
    assert page.evaluate(read, {**message, "__proto__x": 1, "key": "mh_"}) == message
