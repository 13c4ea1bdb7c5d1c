from __future__ import annotations

import asyncio
import socket
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2 as httpx
import orjson
import pytest
from contract_server import API_KEY, CALLBACK_SECRET, WEBHOOK_SECRET, Contract, clock_in
from standardwebhooks import Webhook

from app.core.events import Sender, parse_event
from app.core.sessions import fold_session
from app.demo.player import LATE_WORDS, DemoShop, Player, schedule
from app.demo.script import Dialogue, Exchange, Line, Script, ScriptedRating, Shift
from app.demo.tempo import HEAD_STARTS_S, Tempo

AT_ONCE = Tempo(arrivals=1e9, pauses=1e9, hands=1e9)
RATING = ScriptedRating("满意", after_s=1)


def dialogue(
    name: str,
    *exchanges: tuple[str, str | Line],
    arrives_s: float = 9 * 3600,
    rating: ScriptedRating | None = None,
) -> Dialogue:
    made = []
    for asked, answer in exchanges:
        line = answer if isinstance(answer, Line) else Line("agent", answer)
        made.append(Exchange((Line("buyer", asked),), (line,) if line.text else ()))
    return Dialogue(name, f"买家{name}", arrives_s, tuple(made), rating)


TWO_SHIFTS = (Shift("小青", 8 * 3600, 17 * 3600), Shift("小白", 8 * 3600, 23 * 3600))


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


@pytest.fixture
def make_player(contract: Contract, told: list[str]) -> Callable[..., Player]:
    def make(
        *dialogues: Dialogue,
        tempo: Tempo = AT_ONCE,
        callback_port: int | None = None,
        alone_s: float = HEAD_STARTS_S[0] + 2,
        shifts: tuple[Shift, ...] = TWO_SHIFTS,
    ) -> Player:
        port = callback_port or free_port()
        shop = DemoShop("demo", API_KEY, WEBHOOK_SECRET, CALLBACK_SECRET, port)
        return Player(
            Script("小店", "kuaishou", shifts, dialogues),
            shop,
            contract.url,
            tempo=tempo,
            tell=told.append,
            retry_waits_s=(0.0,) * 5,
            alone_s=alone_s,
        )

    return make


def by_session(contract: Contract) -> dict[str, list[dict[str, Any]]]:
    sessions: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for event in contract.events.values():
        if "session" in event:
            sessions[event["session"]].append(event)
    return sessions


async def test_a_day_is_played_to_its_end(contract: Contract, make_player: Callable[..., Player]) -> None:
    player = make_player(
        dialogue("a", ("有货吗", "有的"), ("谢谢", "不客气")),
        dialogue("b", ("几天到", "三天左右")),
    )
    await asyncio.wait_for(player.play(once=True), 20)
    assert sorted(contract.texts("buyer")) == sorted(["有货吗", "谢谢", "几天到"])
    assert sorted(contract.texts("agent")) == sorted(["有的", "不客气", "三天左右"])
    assert contract.refused == []
    assert len(contract.of_type("agent_online")) == len(contract.of_type("agent_offline")) == 2
    assert len(contract.of_type("session_closed")) == 2


async def test_every_event_can_be_parsed_and_each_session_reads_like_the_script(
    contract: Contract, make_player: Callable[..., Player]
) -> None:
    await asyncio.wait_for(
        make_player(dialogue("a", ("有货吗", "有的"), ("谢谢", "不客气"), rating=RATING)).play(once=True), 20
    )
    for event in contract.events.values():
        parse_event(event)
    (events,) = by_session(contract).values()
    session = fold_session([parse_event(event) for event in events])
    assert [message.text for message in session.messages] == ["有货吗", "有的", "谢谢", "不客气"]
    assert [message.sender for message in session.messages] == [Sender.BUYER, Sender.AGENT] * 2
    assert session.agent in ("小青", "小白")


async def test_event_ids_bear_run_dialogue_and_number_and_a_second_day_conflicts_with_nothing(
    contract: Contract, make_player: Callable[..., Player], told: list[str]
) -> None:
    for _ in range(2):
        await asyncio.wait_for(make_player(dialogue("a", ("有货吗", "有的"))).play(once=True), 20)
        await asyncio.sleep(0.002)
    ids = [event["id"] for event in contract.of_type("message")]
    assert len(ids) == 4
    runs = {event_id.split("-")[1] for event_id in ids}
    assert len(runs) == 2
    assert {event_id.split("-", 2)[2].split("-")[0] for event_id in ids} == {"a"}
    assert not [line for line in told if line.startswith("✗")]


async def test_without_once_a_second_day_follows(
    contract: Contract, make_player: Callable[..., Player]
) -> None:
    playing = asyncio.ensure_future(make_player(dialogue("a", ("有货吗", "有的"))).play())
    await contract.until(lambda: len(contract.texts("buyer")) >= 3)
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing


async def test_the_buyer_with_the_least_time_left_is_answered_first(
    contract: Contract, make_player: Callable[..., Player]
) -> None:
    left = {"甲": 90.0, "乙": 30.0, "丙": -5.0, "丁": 60.0}
    contract.decide = lambda event: (
        {"clock": clock_in(left[event["text"]])} if event.get("sender") == "buyer" else {}
    )
    dialogues = [dialogue(name, (name, f"答{name}")) for name in left]
    # The only agent comes two seconds after everybody has written.
    one = (Shift("小青", 10 * 3600, 23 * 3600),)
    player = make_player(*dialogues, tempo=Tempo(1800, 1e9, 1e9), shifts=one)
    await asyncio.wait_for(player.play(once=True), 20)
    assert contract.texts("agent") == ["答乙", "答丁", "答甲", "答丙"]


@pytest.mark.parametrize(
    ("suggestion", "taken"),
    [
        ({"text": "有现货的", "score": 0.9}, True),
        ({"text": "有现货的", "score": 0.3}, False),
        ({"text": "预计 {eta} 到", "score": 0.9}, False),
        ({"text": "有现货的", "score": 0.9, "missing": ["eta"]}, False),
        ({"text": "", "score": 0.9}, False),
        ({"text": "有现货的"}, False),
        ({"text": "请稍等", "score": 0.9, "category": "稍等"}, False),
    ],
)
async def test_an_agent_takes_a_good_and_complete_suggestion(
    contract: Contract, make_player: Callable[..., Player], suggestion: dict[str, Any], taken: bool
) -> None:
    contract.decide = lambda event: {"suggestions": [suggestion] if event.get("sender") == "buyer" else []}
    dialogues = [dialogue(f"d{number}", ("有货吗", "打字")) for number in range(12)]
    await asyncio.wait_for(make_player(*dialogues).play(once=True), 20)
    assert (suggestion["text"] in contract.texts("agent")) is taken
    assert "打字" in contract.texts("agent"), "not every reply is a click"


async def test_an_agent_says_the_better_words_where_the_linter_objects(
    contract: Contract, make_player: Callable[..., Player]
) -> None:
    contract.forbidden = ("全网最低",)
    answer = Line("agent", "我们全网最低价", final="这款活动价很合适")
    await asyncio.wait_for(
        make_player(dialogue("a", ("贵吗", answer), ("哦", "欢迎下单"))).play(once=True), 20
    )
    assert contract.texts("agent") == ["这款活动价很合适", "欢迎下单"]
    assert [asked["text"] for asked in contract.linted] == ["我们全网最低价", "欢迎下单"]
    assert contract.linted[1]["earlier"] == ["这款活动价很合适"]


@pytest.mark.parametrize(("advice", "invited"), [("invite", True), ("wait", False), ("no", False)])
async def test_a_rating_is_asked_for_only_where_it_is_advised(
    contract: Contract, make_player: Callable[..., Player], advice: str, invited: bool
) -> None:
    contract.decide = lambda event: {"rating_advice": {"advice": advice, "p_satisfied": 0.9, "reasons": []}}
    await asyncio.wait_for(make_player(dialogue("a", ("谢谢", "不客气"), rating=RATING)).play(once=True), 20)
    invites, ratings = contract.of_type("invite_sent"), contract.of_type("rating")
    assert len(invites) == len(ratings) == int(invited)
    if invited:
        assert invites[0]["by"] == "agent"
        assert ratings[0]["label"] == "满意"
        assert ratings[0]["invited_at"] == invites[0]["at"]


async def test_faults_of_the_service_lose_and_repeat_nothing(
    contract: Contract, make_player: Callable[..., Player]
) -> None:
    contract.faults = [500, "lost", 503, "lost"]
    await asyncio.wait_for(
        make_player(dialogue("a", ("有货吗", "有的"), ("谢谢", "不客气"))).play(once=True), 20
    )
    assert contract.texts("buyer") == ["有货吗", "谢谢"]
    assert contract.texts("agent") == ["有的", "不客气"]


async def test_a_machine_reply_is_shown_once_and_reported_as_an_echo(
    contract: Contract, make_player: Callable[..., Player]
) -> None:
    port = free_port()
    player = make_player(dialogue("a", ("在吗", "")), callback_port=port)
    playing = asyncio.ensure_future(player.play(once=True))
    await contract.until(lambda: bool(contract.texts("buyer")))
    (asked,) = contract.of_type("message")
    letter = {
        "type": "reply.send",
        "id": "mh-7",
        "shop": "demo",
        "session": asked["session"],
        "buyer": asked["buyer"],
        "text": "您好，客服马上来",
        "purpose": "holding",
        "sender": "robot",
        "created_at": asked["at"],
        "expires_at": asked["at"],
    }
    body = orjson.dumps(letter)
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "mh-7",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(CALLBACK_SECRET).sign("mh-7", now, body.decode()),
    }
    async with httpx.AsyncClient(trust_env=False) as console:
        for _ in range(3):
            answer = await console.post(f"http://127.0.0.1:{port}/callback", content=body, headers=headers)
            assert answer.status_code == 204
    await asyncio.wait_for(playing, 20)
    (echo,) = [event for event in contract.of_type("message") if event["sender"] == "robot"]
    assert (echo["id"], echo["echo_of"], echo["text"]) == ("echo-mh-7", "mh-7", "您好，客服马上来")
    assert (echo["session"], echo["buyer"]) == (asked["session"], asked["buyer"])
    assert contract.texts("agent") == [LATE_WORDS]


async def test_whom_nobody_answers_is_left_alone_until_the_window_is_over(
    contract: Contract, make_player: Callable[..., Player]
) -> None:
    alone_s = HEAD_STARTS_S[0] + 1.5
    await asyncio.wait_for(make_player(dialogue("a", ("在吗", "")), alone_s=alone_s).play(once=True), 20)
    asked, answered = contract.of_type("message")
    waited = datetime.fromisoformat(answered["at"]) - datetime.fromisoformat(asked["at"])
    assert waited >= timedelta(seconds=alone_s)
    assert answered["text"] == LATE_WORDS


async def test_advertising_is_flagged_and_not_answered(
    contract: Contract, make_player: Callable[..., Player]
) -> None:
    advert = replace(dialogue("ad", ("代运营", "")), spam=True)
    await asyncio.wait_for(make_player(advert, dialogue("a", ("有货吗", "有的"))).play(once=True), 20)
    assert [event["flag"] for event in contract.of_type("buyer_flagged")] == ["spam_system"]
    assert contract.texts("agent") == ["有的"]


async def test_a_message_can_be_taken_back(contract: Contract, make_player: Callable[..., Player]) -> None:
    regret = Line("buyer", "发错了", withdraw_after_s=5)
    day = Dialogue("a", "买家", 0, (Exchange((Line("buyer", "在吗"), regret), (Line("agent", "在的"),)),))
    await asyncio.wait_for(make_player(day).play(once=True), 20)
    (withdrawal,) = contract.of_type("message_withdrawn")
    assert contract.events[withdrawal["message"]]["text"] == "发错了"


async def test_the_second_reply_of_a_run_comes_later_from_the_same_agent(
    contract: Contract, make_player: Callable[..., Player]
) -> None:
    day = Dialogue(
        "a",
        "买家",
        0,
        (Exchange((Line("buyer", "到哪了"),), (Line("agent", "我查查"), Line("agent", "在路上"))),),
    )
    await asyncio.wait_for(make_player(day).play(once=True), 20)
    assert contract.texts("agent") == ["我查查", "在路上"]
    assert len({event["agent"] for event in contract.of_type("message") if event["sender"] == "agent"}) == 1


async def test_after_the_first_shift_only_the_other_agent_answers(
    contract: Contract, make_player: Callable[..., Player]
) -> None:
    late = [dialogue(f"d{number}", ("几点下班", "还在"), arrives_s=20 * 3600 + number) for number in range(6)]
    early = dialogue("a", ("早", "早上好"))
    # 11 hours of the shop's day pass in less than a second.
    await asyncio.wait_for(make_player(early, *late, tempo=Tempo(50_000, 1e9, 1e9)).play(once=True), 20)
    evening = [event for event in contract.of_type("message") if event["text"] == "还在"]
    assert {event["agent"] for event in evening} == {"小白"}
    offline = [event["agent"] for event in contract.of_type("agent_offline")]
    assert offline == ["小青", "小白"]


async def test_an_unanswered_buyer_has_waited_already_when_the_demo_starts(
    contract: Contract, make_player: Callable[..., Player]
) -> None:
    before = datetime.now(UTC)
    playing = asyncio.ensure_future(make_player(dialogue("a", ("在吗", ""))).play(once=True))
    await contract.until(lambda: bool(contract.texts("buyer")))
    playing.cancel()
    (asked,) = contract.of_type("message")
    ahead = timedelta(seconds=HEAD_STARTS_S[0])
    assert abs(datetime.fromisoformat(asked["at"]) - (before - ahead)) < timedelta(seconds=30)
    assert ahead <= timedelta(minutes=2)


def test_the_schedule_starts_with_the_unanswered_and_keeps_the_gaps() -> None:
    hour = 3600.0
    day = [
        dialogue("noon", ("a", "b"), arrives_s=12 * hour),
        dialogue("nine", ("a", "b"), arrives_s=9 * hour),
        dialogue("alone", ("a", ""), arrives_s=11 * hour),
        dialogue("late", ("a", "b"), arrives_s=21 * hour),
    ]
    planned = [(each.id, begins_s, ahead_s) for each, begins_s, ahead_s in schedule(day, Tempo.of_speed(60))]
    assert planned == [
        ("nine", 0.0, 0.0),
        ("alone", 0.0, HEAD_STARTS_S[0]),
        ("noon", 180.0, 0.0),
        ("late", 720.0, 0.0),
    ]


def test_more_unanswered_buyers_than_head_starts_come_at_their_hour() -> None:
    day = [dialogue("first", ("a", "b"), arrives_s=0)]
    day += [dialogue(f"u{number}", ("a", ""), arrives_s=60.0 * number) for number in range(6)]
    planned = {each.id: (begins_s, ahead_s) for each, begins_s, ahead_s in schedule(day, Tempo.of_speed(1))}
    assert [planned[f"u{number}"] for number in range(4)] == [(0.0, ahead) for ahead in HEAD_STARTS_S]
    assert planned["u4"] == (240.0, 0.0)
    assert planned["u5"] == (300.0, 0.0)


@pytest.mark.parametrize("dialogues", [[], [dialogue("u", ("a", ""))]])
def test_a_short_day_can_be_scheduled(dialogues: list[Dialogue]) -> None:
    assert len(schedule(dialogues, Tempo.of_speed(60))) == len(dialogues)
