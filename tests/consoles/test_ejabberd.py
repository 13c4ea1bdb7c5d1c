"""ejabberd: stanzas as captured from 23.01, and replies by its HTTP API."""

from __future__ import annotations

import asyncio

import pytest
from console_samples import EJABBERD, NOW, hook, xmpp_headers, xmpp_message
from fake_api import FakeApi

from app.core.events import Event, parse_event
from app.gateways.consoles import ADAPTERS, ConsoleError, Desk, ProofError, Reply
from app.gateways.outbound import Failed

ejabberd = ADAPTERS["ejabberd"]
REPLY = Reply(
    "mh-1", "ejabberd:buyer@localhost", "ejabberd:buyer@localhost", "ejabberd:x", "亲 <请> & 稍等", "robot"
)


def read(body: bytes, at: str = "2026-11-22 04:00:00.378692Z") -> list[Event]:
    return [parse_event(raw) for raw in ejabberd.read(hook(body, xmpp_headers(at)), EJABBERD).events]


def test_a_buyers_message_is_read() -> None:
    (event,) = read(xmpp_message("1 &lt; 2 &amp; 3"))
    assert (event.session, event.buyer) == ("ejabberd:buyer@localhost", "ejabberd:buyer@localhost")
    assert (event.sender, event.text) == ("buyer", "1 < 2 & 3")
    assert event.at.isoformat() == "2026-11-22T04:00:00.378692+00:00"


@pytest.mark.parametrize(
    ("speaker", "sender"),
    [("agent@localhost", "agent"), ("Agent@LOCALHOST/web", "agent"), ("bot@localhost", "robot")],
)
def test_who_works_for_the_shop_is_configured(speaker: str, sender: str) -> None:
    (event,) = read(xmpp_message(speaker=speaker, hearer="buyer@localhost"))
    assert (event.sender, event.session) == (sender, "ejabberd:buyer@localhost")
    assert event.agent == speaker.partition("/")[0].lower()


@pytest.mark.parametrize(
    "body",
    [
        xmpp_message(None, inside="<composing xmlns='http://jabber.org/protocol/chatstates'/>"),
        xmpp_message(""),
        xmpp_message(type="groupchat"),
        xmpp_message(type="error"),
        xmpp_message(speaker="zhang@localhost", hearer="agent@localhost"),
        xmpp_message(speaker="one@localhost", hearer="two@localhost"),
        xmpp_message(speaker=""),
        b"<presence xmlns='jabber:client' from='buyer@localhost' to='agent@localhost'/>",
        b"<message from='buyer@localhost' to='agent@localhost'><body>other namespace</body></message>",
    ],
)
def test_what_does_not_concern_us_is_nothing(body: bytes) -> None:
    assert read(body) == []


def test_clients_that_number_alike_are_told_apart() -> None:
    one, again = read(xmpp_message(id="1")), read(xmpp_message(id="1"))
    later = read(xmpp_message(id="1"), "2026-11-22 04:00:09.000000Z")
    assert one[0].id == again[0].id != later[0].id


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<message",
        xmpp_message()[:-4],
        b"\xff\xfe\x00",
        b'<?xml version="1.0" encoding="nonsense"?><a/>',
        b'<!DOCTYPE a [<!ENTITY l "lol"><!ENTITY m "&l;&l;&l;&l;&l;&l;&l;&l;&l;">]><message>&m;</message>',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><message>&x;</message>',
    ],
)
def test_what_is_no_xml_is_refused(body: bytes) -> None:
    with pytest.raises(ConsoleError) as refused:
        read(body)
    assert refused.value.reason == "not_xml"


def test_without_a_time_it_is_refused_and_without_a_key_never_believed() -> None:
    with pytest.raises(ConsoleError, match="X-Message-Timestamp"):
        ejabberd.read(hook(xmpp_message()), EJABBERD)
    with pytest.raises(ProofError, match=r"\?key="):
        ejabberd.verify(hook(xmpp_message(), xmpp_headers()), EJABBERD)


def send(api: FakeApi, command: str, **more: str) -> Failed | None:
    async def run() -> Failed | None:
        desk = Desk({api.pair}, lambda: NOW)
        try:
            settings = EJABBERD | {"url": f"{api.url}/api/{command}"} | more
            return await ejabberd.reply(REPLY, settings, desk)
        finally:
            await desk.close()

    return asyncio.run(run())


def test_a_reply_by_send_message(api: FakeApi) -> None:
    assert send(api, "send_message", speaker="bot@localhost", bearer="tok") is None
    assert api.asked[0].path == "/api/send_message"
    assert api.asked[0].headers["authorization"] == "Bearer tok"
    assert api.asked[0].json() == {
        "type": "chat",
        "from": "bot@localhost",
        "to": "buyer@localhost",
        "subject": "",
        "body": "亲 <请> & 稍等",
    }


def test_a_reply_by_send_stanza_is_known_when_it_comes_back(api: FakeApi) -> None:
    assert send(api, "send_stanza") is None
    asked = api.asked[0].json()
    assert (asked["from"], asked["to"]) == ("agent@localhost", "buyer@localhost")
    inside = asked["stanza"].removeprefix('<message type="chat" id="mh-1">').removesuffix("</message>")
    wrapped = f"<message from='agent@localhost' to='buyer@localhost' type='chat' id='mh-1' xmlns='jabber:client'>{inside}</message>"
    (echo,) = read(wrapped.encode())
    assert (echo.sender, echo.extra["echo_of"], echo.text) == ("robot", "mh-1", "亲 <请> & 稍等")


def test_a_refusal_is_for_good_and_a_fault_is_not(api: FakeApi) -> None:
    for status, gone in ((400, True), (403, True), (500, False)):
        api.answer = lambda asked, status=status: (status, {})
        failed = send(api, "send_message")
        assert isinstance(failed, Failed)
        assert failed.gone is gone
