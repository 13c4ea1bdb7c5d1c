"""The pages of the policy over HTTP, as a browser without a script uses them."""

from __future__ import annotations

from typing import Any

import pytest
from conftest_service import Running
from live_markup import Element, read
from policy_fields import typed

from app.core.auto_reply import Purpose
from app.core.guards import GUARDS
from app.core.ladder import Step
from app.core.policies import Policy
from app.usecases.administration import add_key
from app.usecases.policy_versions import PolicyVersion, read_policy, read_versions
from app.web.policy_forms import shown_of
from app.web.policy_pages import PURPOSE_NAMES, SILENCE_NAMES, STEP_NAMES

PARTS = {"x-part": "1"}


@pytest.fixture
def desk(on_sqlite: Running) -> Running:
    """Somebody is signed in."""
    assert on_sqlite.client.post("/sign-in", data={"key": on_sqlite.key}).status_code == 200
    return on_sqlite


def form(desk: Running, **changes: Any) -> dict[str, Any]:
    """The fields of the form as it is shown now, with changes."""
    page = read(desk.client.get("/policies").text)
    based_on = shown(page, "input", name="based_on")
    token = page.one("body").attributes["data-token"]
    fields = typed(shown_of(current(desk).policy.to_json()))
    return {"token": token, "based_on": based_on, **fields} | changes


def shown(page: Element, tag: str = "", attribute: str = "value", **wanted: str) -> str | None:
    """An attribute of the one element that is wanted."""
    return page.one(tag, **wanted).attributes[attribute]


def current(desk: Running) -> PolicyVersion:
    with desk.db() as db:
        return read_policy(db, "demo")


def test_the_page_shows_every_knob_with_its_help(desk: Running) -> None:
    page = desk.client.get("/policies").text
    for name, value in shown_of(Policy().to_json()).items():
        assert f'data-knob="{name}"' in page
        assert f'id="help-{name}"' in page
        if isinstance(value, str) and "\n" not in value:
            assert value in page


def test_a_changed_policy_is_saved_with_who_and_why(desk: Running) -> None:
    answer = desk.client.post("/policies/save", data=form(desk, hold_before_s="30", why="双十一"))
    assert answer.status_code == 200
    assert "已保存" in answer.text
    now = current(desk)
    assert (now.number, now.why, now.policy) == (2, "双十一", Policy(hold_before_s=30))
    assert now.by


def test_faults_stand_beside_their_knobs_and_nothing_typed_is_lost(desk: Running) -> None:
    data = form(desk, hold_before_s="三十", quiet_hours="25:00-26:00", handover_words="叫老板", why="试试")
    answer = desk.client.post("/policies/save", data=data)
    page = read(answer.text)
    assert answer.status_code == 422
    for knob in ("hold_before_s", "quiet_hours"):
        assert page.one(id=f"fault-{knob}").text.strip()
        assert shown(page, "", "aria-invalid", id=f"f-{knob}") == "true"
    assert shown(page, id="f-hold_before_s") == "三十"
    assert page.one(id="f-handover_words").text.strip() == "叫老板"
    assert shown(page, "input", name="why") == "试试"
    assert current(desk).number == 1


def test_two_editors_meet_and_neither_loses_a_change(desk: Running) -> None:
    mine = form(desk, hold_before_s="30", learn="clicks")
    assert (
        desk.client.post(
            "/policies/save", data=form(desk, hold_before_s="35", typing_pause_s="90")
        ).status_code
        == 200
    )
    answer = desk.client.post("/policies/save", data=mine)
    assert answer.status_code == 409
    page = read(answer.text)
    assert shown(page, id="f-hold_before_s") == "30"
    assert shown(page, id="f-typing_pause_s") == "90"
    assert shown(page, "input", name="based_on") == "2"
    assert current(desk).policy == Policy(hold_before_s=35, typing_pause_s=90)
    merged = mine | {"typing_pause_s": "90", "based_on": "2", "disputed": "hold_before_s"}
    taken = desk.client.post("/policies/save", data=merged | {"take": "hold_before_s"})
    assert (taken.status_code, shown(read(taken.text), id="f-hold_before_s")) == (409, "35")
    assert current(desk).number == 2
    assert desk.client.post("/policies/save", data=merged).status_code == 200
    assert current(desk).policy == Policy(hold_before_s=30, typing_pause_s=90, learn="clicks")


def test_a_dry_run_shows_the_difference_and_stores_nothing(desk: Running) -> None:
    desk.post(desk.message("m1"))
    desk.clock.forward(600)
    part = desk.client.post("/policies/try", data=form(desk, answer="at_once", days="1"), headers=PARTS)
    assert part.status_code == 200
    assert "<html" not in part.text
    assert "说法或时间变了" in part.text
    assert "什么时候发货" in part.text
    whole = desk.client.post("/policies/try", data=form(desk, answer="at_once", why="还没存"))
    page = read(whole.text)
    assert shown(page, "input", name="why") == "还没存"
    assert current(desk).number == 1
    same = desk.client.post("/policies/try", data=form(desk), headers=PARTS).text
    assert 'data-same="yes"' in same


def test_a_policy_that_cannot_be_used_is_not_tried(desk: Running) -> None:
    data = form(desk, hold_before_s="x")
    assert desk.client.post("/policies/try", data=data, headers=PARTS).status_code == 422
    assert 'id="fault-hold_before_s"' in desk.client.post("/policies/try", data=data).text


def test_an_old_version_is_restored_from_the_history(desk: Running) -> None:
    desk.client.post("/policies/save", data=form(desk, learn="off", why="先别学"))
    token = form(desk)["token"]
    assert "先别学" in desk.client.get("/policies/history").text
    answer = desk.client.post("/policies/restore", data={"token": token, "number": "1"})
    assert "已恢复" in answer.text
    assert (current(desk).number, current(desk).policy) == (3, Policy())
    assert desk.client.post("/policies/restore", data={"token": token, "number": "9"}).status_code == 404


def test_a_version_that_is_no_longer_allowed_says_why(desk: Running) -> None:
    desk.ask("POST", "/v1/phrases", json={"id": "ours", "text": "亲，马上就来"})
    desk.ask("PATCH", "/v1/policy", json={"changes": {"holding_phrases": ["ours"]}})
    desk.ask("PATCH", "/v1/policy", json={"changes": {"holding_phrases": ["hold-wait"]}})
    desk.ask("DELETE", "/v1/phrases/ours")
    answer = desk.client.post("/policies/restore", data={"token": form(desk)["token"], "number": "2"})
    assert answer.status_code == 422
    assert "ours" in answer.text


def test_the_machine_is_silenced_with_one_form_from_either_page(desk: Running) -> None:
    token = form(desk)["token"]
    data = {"token": token, "on": "0", "back": "live"}
    live = desk.client.post("/policies/switch", data=data)
    assert "自动回复已停" in live.text
    assert 'id="robot-switch"' in live.text
    now = current(desk)
    assert (now.policy.robot_on, now.why) == (False, "一键停止自动回复")
    page = desk.client.post("/policies/switch", data={"token": token, "on": "1"})
    assert "机器正在自动回复" in page.text
    with desk.db() as db:
        assert [version.policy.robot_on for version in read_versions(db, "demo")] == [True, False, True]


def test_the_stream_tells_the_other_pages_that_the_machine_is_silent(desk: Running) -> None:
    assert "自动回复已开" in desk.client.get("/live/acts").text
    desk.client.post("/policies/switch", data={"token": form(desk)["token"], "on": "0"})
    assert "自动回复已停" in desk.client.get("/live/acts").text


def test_every_step_guard_and_purpose_has_a_name_for_people() -> None:
    assert {guard.code for guard in GUARDS} <= set(SILENCE_NAMES)
    assert {step.value for step in Step} - {Step.HOLD.value} == set(STEP_NAMES)
    assert {purpose.value for purpose in Purpose} == set(PURPOSE_NAMES)


POSTS = ("save", "try", "restore", "switch")


@pytest.mark.parametrize("path", POSTS)
def test_a_form_needs_its_token_its_own_page_and_a_sign_in(desk: Running, path: str) -> None:
    data = form(desk)
    address = f"/policies/{path}"
    assert desk.client.post(address, data=data | {"token": "x"}).status_code == 403
    foreign = {"sec-fetch-site": "cross-site"}
    assert desk.client.post(address, data=data, headers=foreign).status_code == 403
    desk.client.cookies.clear()
    assert desk.client.post(address, data=data).status_code == 401
    assert current(desk).number == 1


@pytest.mark.parametrize("path", POSTS)
def test_a_key_without_the_scope_sees_the_policy_and_changes_nothing(on_sqlite: Running, path: str) -> None:
    scopes = ["dashboard", "read", "phrases"]
    key = on_sqlite.service.writer.submit(
        lambda db: add_key(db, "demo", on_sqlite.clock(), scopes=scopes)
    ).result(10)
    on_sqlite.client.post("/sign-in", data={"key": key})
    page = on_sqlite.client.get("/policies").text
    assert "data-save>" not in page
    assert "立即停止" not in page
    assert "robot-switch" not in on_sqlite.client.get("/").text
    data = form(on_sqlite, on="0", number="1")
    assert on_sqlite.client.post(f"/policies/{path}", data=data).status_code == 403
    assert current(on_sqlite).number == 1


def test_without_a_sign_in_the_pages_lead_to_it(on_sqlite: Running) -> None:
    for path in ("/policies", "/policies/history"):
        answer = on_sqlite.client.get(path, follow_redirects=False)
        assert answer.headers["location"] == "/sign-in"
