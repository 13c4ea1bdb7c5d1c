"""A real console that nobody here wrote: ejabberd reports what is said in it, and our reply arrives in it in time.

Its time is moved into the shop's working day on the way; all else goes as it would.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from conftest_service import Running, run_service
from console_samples import address, use_console
from ejabberd_server import CONTROL, EjabberdServer
from sqlmodel import select

from app.core.sessions import Message, fold_session
from app.db.journal import events_about_sessions
from app.db.tables import OutboxRow
from app.usecases.knowledge import Knowledge

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        CONTROL is None or os.geteuid() != 0,
        reason="ejabberd and ejabberd-mod-post-log (Debian) are not installed, or this is not root",
    ),
]
UNKNOWN = "请问那个颜色的第三个尺寸在不在那边呀"


class Way:
    """Where ejabberd reports to: it hands each request on to the service, at the service's time of day."""

    def __init__(self) -> None:
        self.running: Running | None = None
        self.seen: list[tuple[str, str, str]] = []
        """(from, to, text) of what the service took."""
        here = self
        one_at_a_time = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                running = here.running
                assert running is not None
                at = datetime.fromisoformat(self.headers["x-message-timestamp"].replace(" ", "T"))
                moved = running.clock() + (at - datetime.now(UTC))
                headers = {
                    "x-message-timestamp": f"{moved:%Y-%m-%d %H:%M:%S.%f}Z",
                    "content-type": "text/xml",
                }
                with one_at_a_time:
                    answer = running.client.post(
                        self.path.replace("the-key", running.key), content=body, headers=headers
                    )
                stanza = fromstring(body)
                if answer.status_code == 200 and answer.json()["results"][0]["status"] == "accepted":
                    text = stanza.findtext("{jabber:client}body") or ""
                    here.seen.append((stanza.get("from", ""), stanza.get("to", ""), text))
                self.send_response(answer.status_code)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def wait_for(what: Any) -> Any:
    until = time.monotonic() + 60
    while not (found := what()):
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)
    return found


@pytest.fixture(params=["send_message", "send_stanza"])
def live(
    request: pytest.FixtureRequest, sqlite_url: str, knowledge: Knowledge
) -> Iterator[tuple[Running, EjabberdServer, Way]]:
    way = Way()
    console = EjabberdServer(f"{way.url}{address('ejabberd', {'key': 'the-key'})}")
    settings = {"workers_run_jobs": True, "callback_allow": frozenset({console.pair})}
    service = run_service(sqlite_url, knowledge, settings)
    running = next(service)
    way.running = running
    set_up = {"agents": "agent@localhost", "url": f"http://{console.pair}/api/{request.param}"}
    use_console(running, "ejabberd", set_up)
    try:
        yield running, console, way
    finally:
        console.close()
        service.close()
        way.close()


def said(running: Running, buyer: str) -> list[Message]:
    name = f"ejabberd:{buyer}@localhost"
    with running.db() as db:
        return list(fold_session(events_about_sessions(db, "demo", name, [name])).messages)


def test_the_holding_reply_arrives_in_time_unless_the_agent_types_first(
    live: tuple[Running, EjabberdServer, Way],
) -> None:
    running, console, way = live
    console.say("buyer", "agent", UNKNOWN)
    console.say("buyer2", "agent", UNKNOWN)
    wait_for(lambda: len(way.seen) == 2)
    running.clock.forward(20)
    console.say("agent", "buyer2", "在的，您说")
    wait_for(lambda: len(way.seen) == 3)
    running.clock.forward(140)

    ends = ("agent@localhost", "buyer@localhost")
    wait_for(lambda: [seen for seen in way.seen if seen[:2] == ends])
    with running.db() as db:
        (row,) = db.exec(select(OutboxRow)).all()
    assert row.session == "ejabberd:buyer@localhost"
    assert row.text in {text for *seen, text in way.seen if tuple(seen) == ends}
    wait_for(lambda: len([m for m in said(running, "buyer") if m.by_machine]) == 1)
    (reply,) = [message for message in said(running, "buyer") if not message.by_buyer]
    assert (reply.sender, reply.text, reply.by_machine) == ("robot", row.text, True)
    assert reply.at <= row.expires_at
    assert [message.sender for message in said(running, "buyer2")] == ["buyer", "agent"]
