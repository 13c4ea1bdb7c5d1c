"""The example of `docs/consoles.md` is an adapter that works."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from pathlib import Path
from typing import Any

import pytest
from conftest_service import Running
from console_samples import address, dump, use_console
from fake_api import FakeApi

from app.core.sessions import fold_session
from app.db.journal import events_about_sessions
from app.gateways.consoles import ADAPTERS, Console, Desk, Reply
from app.gateways.outbound import Failed

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "consoles.md"
SETTINGS = {"secret": "s", "url": "https://sandbar.example", "token": "t"}


@pytest.fixture
def sandbar(monkeypatch: pytest.MonkeyPatch) -> Console:
    (source,) = re.findall(
        r"^```python\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    assert len(source.splitlines()) < 100
    module: dict[str, Any] = {"__name__": "sandbar"}
    exec(compile(source, "sandbar.py", "exec"), module)
    console = module["Sandbar"]()
    monkeypatch.setitem(ADAPTERS, "sandbar", console)  # type: ignore[misc]
    return console


@pytest.mark.parametrize("guide", ["consoles.zh.md", "operations.md"])
def test_the_settings_that_the_guides_name_are_there(guide: str) -> None:
    commands = re.findall(
        r"shop console set \w+ (\w+)(.*)", (GUIDE.parent / guide).read_text(encoding="utf-8")
    )
    assert commands
    for adapter, rest in commands:
        known = {setting.name for setting in ADAPTERS[adapter].settings}
        assert set(re.findall(r"--set \"?(\w+)=", rest)) <= known


def said(**more: Any) -> dict[str, Any]:
    return {
        "kind": "said",
        "id": 5,
        "room": 7,
        "guest": {"id": "g1"},
        "by": "guest",
        "words": "什么时候发货",
        "at": 1795320000,
    } | more


def post(running: Running, payload: Any, secret: str = "s", late: int = 0) -> Any:
    body = dump(payload)
    stamp = str(int(running.clock().timestamp()) - late)
    signature = hmac.new(secret.encode(), stamp.encode() + body, hashlib.sha256).hexdigest()
    headers = {"x-sandbar-signature": signature, "x-sandbar-time": stamp}
    return running.client.post(address("sandbar"), content=body, headers=headers)


def test_it_believes_and_reads(on_sqlite: Running, sandbar: Console) -> None:
    use_console(on_sqlite, "sandbar", SETTINGS)
    (result,) = post(on_sqlite, said()).json()["results"]
    assert (result["id"], result["status"]) == ("sandbar:5", "accepted")
    assert result["decision"]["clock"]["counted"]
    assert post(on_sqlite, {"kind": "typing"}).json() == {"results": []}
    assert post(on_sqlite, said(room=None)).status_code == 400
    assert post(on_sqlite, said(), secret="other").json()["reason"] == "bad_signature"
    assert post(on_sqlite, said(), late=301).json()["reason"] == "stale_signature"
    assert on_sqlite.client.post(address("sandbar"), content=b"{}").json()["reason"] == "missing_signature"


def test_its_echo_is_no_person(on_sqlite: Running, sandbar: Console) -> None:
    use_console(on_sqlite, "sandbar", SETTINGS)
    post(on_sqlite, said())
    post(on_sqlite, said(id=6, by="staff", staff={"id": 2}, words="请稍等", request_id="mh-1"))
    post(on_sqlite, said(id=7, by="staff", staff={"id": 2}, words="今天发"))
    with on_sqlite.db() as db:
        session = fold_session(events_about_sessions(db, "demo", "sandbar:g1", ["sandbar:7"]))
    told = [(message.sender, message.by_machine, message.agent) for message in session.messages[1:]]
    assert told == [("robot", True, "2"), ("agent", False, "2")]


def test_it_replies(sandbar: Console, api: FakeApi) -> None:
    reply = Reply("mh-1", "sandbar:7", "sandbar:g1", "sandbar:5", "亲，请稍等", "robot")

    async def run() -> Failed | None:
        desk = Desk({api.pair}, lambda: None)  # type: ignore[arg-type, return-value]
        try:
            return await sandbar.reply(reply, SETTINGS | {"url": api.url}, desk)
        finally:
            await desk.close()

    assert asyncio.run(run()) is None
    (asked,) = api.asked
    assert (asked.path, asked.headers["authorization"]) == ("/rooms/7/say", "Bearer t")
    assert asked.json() == {"request_id": "mh-1", "words": "亲，请稍等"}
    api.answer = lambda asked: (404, {})
    failed = asyncio.run(run())
    assert isinstance(failed, Failed)
    assert failed.gone
