"""Every change of a policy is a version with who and why; two editors never lose each other's change; on each kind of database."""

from __future__ import annotations

from typing import Any

import pytest
from conftest_service import Running
from sqlalchemy import text
from sqlmodel import select

from app.core.policies import Policy
from app.db.tables import PolicyVersionRow, ShopRow
from app.usecases.administration import add_key, add_shop
from app.usecases.shops import read_shop

DEFAULTS = Policy().to_json()


def policy(running: Running) -> dict[str, Any]:
    return dict(running.ask("GET", "/v1/policy").json())


def patch(running: Running, changes: dict[str, Any], **more: Any) -> Any:
    return running.ask("PATCH", "/v1/policy", json={"changes": changes} | more)


def in_force(running: Running) -> Policy:
    with running.db() as db:
        return read_shop(db, running.service.knowledge.profiles, "demo").policy


def test_a_shop_begins_with_version_one(running: Running) -> None:
    assert policy(running) == {
        "number": 1,
        "at": running.clock().isoformat(),
        "by": "",
        "why": "新建店铺",
        "policy": DEFAULTS,
    }


def test_each_change_is_a_version_with_who_and_why_and_is_in_force_at_once(running: Running) -> None:
    running.clock.forward(60)
    first = patch(running, {"hold_before_s": 30}, why="双十一")
    assert (first.status_code, first.json()["number"]) == (200, 2)
    running.clock.forward(60)
    whole = running.ask(
        "PUT", "/v1/policy", json={"policy": {"learn": "off"}, "based_on": 2, "why": "先别学"}
    )
    assert whole.json()["number"] == 3
    assert in_force(running) == Policy(learn="off")
    page = running.ask("GET", "/v1/policy/versions").json()
    told = [(v["number"], v["why"], [c["knob"] for c in v["changes"]]) for v in page["versions"]]
    assert told == [
        (3, "先别学", ["hold_before_s", "learn"]),
        (2, "双十一", ["hold_before_s"]),
        (1, "新建店铺", []),
    ]
    assert page["next"] is None
    assert page["versions"][1]["changes"] == [{"knob": "hold_before_s", "before": 25, "after": 30}]
    assert all(version["by"] for version in page["versions"][:2])


def test_versions_are_read_page_by_page(running: Running) -> None:
    for seconds in (30, 31, 32):
        patch(running, {"hold_before_s": seconds})
    page = running.ask("GET", "/v1/policy/versions?limit=2").json()
    assert [version["number"] for version in page["versions"]] == [4, 3]
    assert [len(version["changes"]) for version in page["versions"]] == [1, 1]
    page = running.ask("GET", f"/v1/policy/versions?limit=2&before={page['next']}").json()
    assert [version["number"] for version in page["versions"]] == [2, 1]


def test_a_change_that_changes_nothing_makes_no_version(running: Running) -> None:
    assert patch(running, {"hold_before_s": 25}).json()["number"] == 1
    assert patch(running, {}).json()["number"] == 1
    with running.db() as db:
        assert len(db.exec(select(PolicyVersionRow)).all()) == 1


def test_whoever_started_from_an_old_version_is_told_what_changed_meanwhile(running: Running) -> None:
    patch(running, {"hold_before_s": 30}, based_on=1)
    for answer in (
        patch(running, {"learn": "off"}, based_on=1),
        running.ask("PUT", "/v1/policy", json={"policy": {}, "based_on": 1}),
        running.ask("POST", "/v1/policy/versions/1/restore", json={"based_on": 1}),
    ):
        problem = answer.json()
        assert (answer.status_code, problem["reason"]) == (409, "changed_meanwhile")
        assert problem["changes"] == [{"knob": "hold_before_s", "before": 25, "after": 30}]
        assert problem["current"]["number"] == 2
    assert in_force(running) == Policy(hold_before_s=30)
    unknown = patch(running, {"learn": "off"}, based_on=77).json()
    assert (unknown["reason"], unknown["changes"]) == ("changed_meanwhile", [])


def test_an_old_version_is_restored_as_a_new_one(running: Running) -> None:
    patch(running, {"hold_before_s": 30, "learn": "off"})
    patch(running, {"robot_on": False})
    answer = running.ask("POST", "/v1/policy/versions/1/restore", json={})
    assert (answer.status_code, answer.json()["number"], answer.json()["why"]) == (200, 4, "恢复到第 1 版")
    assert in_force(running) == Policy()
    assert running.ask("POST", "/v1/policy/versions/99/restore", json={}).status_code == 404


def test_everything_that_is_wrong_is_told_by_knob_and_nothing_is_stored(running: Running) -> None:
    wrong = {
        "hold_before_s": 180,
        "last_warn_before_s": 0,
        "warn_after_s": -1,
        "nonsense": 1,
        "holding_phrases": ["never-there"],
    }
    answer = patch(running, wrong)
    problem = answer.json()
    assert (answer.status_code, problem["reason"]) == (422, "bad_policy")
    assert [fault["knob"] for fault in problem["faults"]] == [
        "warn_after_s",
        "holding_phrases",
        "hold_before_s",
        "nonsense",
    ]
    assert policy(running)["policy"] == DEFAULTS


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"state": "draft"}, "没启用"),
        ({"state": "retired"}, "已停用"),
        ({"owner": "小林"}, "个人话术"),
        ({"images": ["a.png"]}, "带图片"),
        ({"platforms": ["douyin"]}, "不在这个平台"),
        ({"valid_until": "2026-11-21"}, "已过期"),
    ],
)
def test_only_a_phrase_that_may_be_said_unattended_is_taken(
    on_sqlite: Running, change: dict[str, Any], told: str
) -> None:
    phrase = {"id": "ours", "text": "亲，马上就来"}
    assert on_sqlite.ask("POST", "/v1/phrases", json=phrase).status_code == 201
    assert patch(on_sqlite, {"holding_phrases": ["ours"]}).status_code == 200
    assert on_sqlite.ask("PATCH", "/v1/phrases/ours", json=change).status_code == 200
    (fault,) = patch(on_sqlite, {"hold_before_s": 30}).json()["faults"]
    assert fault["knob"] == "holding_phrases"
    assert told in fault["message"]


def test_the_machine_can_be_silenced_whatever_else_is_wrong(on_sqlite: Running) -> None:
    with on_sqlite.service.engine.begin() as connection:
        connection.execute(
            text("""UPDATE shop SET policy = '{"holding_phrases": ["gone"], "hold_before_s": 9999}'""")
        )
    assert patch(on_sqlite, {"learn": "off"}).status_code == 422
    assert patch(on_sqlite, {"robot_on": False}).status_code == 200
    assert in_force(on_sqlite) == Policy(robot_on=False, holding_phrases=("gone",), hold_before_s=9999)


def test_the_knobs_are_told_with_the_policy_on_request(on_sqlite: Running) -> None:
    groups = on_sqlite.ask("GET", "/v1/policy?with=knobs").json()["groups"]
    assert {knob["name"] for group in groups for knob in group["knobs"]} == set(DEFAULTS)
    assert "groups" not in policy(on_sqlite)


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("PUT", {"policy": {}}),
        ("PUT", {"policy": [], "based_on": 1}),
        ("PUT", {"policy": {}, "based_on": "1"}),
        ("PATCH", {"changes": {}, "based_on": True}),
        ("PATCH", {}),
        ("PATCH", {"changes": {}, "why": 5}),
        ("PATCH", {"changes": {}, "why": "长" * 501}),
    ],
)
def test_a_body_of_another_shape_is_refused_by_field(
    on_sqlite: Running, method: str, body: dict[str, Any]
) -> None:
    answer = on_sqlite.ask(method, "/v1/policy", json=body)
    assert answer.status_code == 422
    assert answer.json()["field"] in {"policy", "changes", "based_on", "why"}


def test_a_shop_changes_and_reads_only_its_own_policy(running: Running) -> None:
    service = running.service

    def second(db: Any) -> str:
        add_shop(db, service.knowledge, running.clock(), shop_id="other", name="别家", platform="douyin")
        return add_key(db, "other", running.clock())

    headers = {"authorization": f"Bearer {service.writer.submit(second).result(10)}"}
    patch(running, {"handover_words": ["叫老板"]}, why="canary")
    body = {"changes": {"robot_on": False}}
    assert running.client.request("PATCH", "/v1/policy", json=body, headers=headers).json()["number"] == 2
    assert "canary" not in running.client.get("/v1/policy/versions", headers=headers).text
    assert in_force(running) == Policy(handover_words=("叫老板",))


def test_the_policy_of_the_last_version_is_the_one_in_force(running: Running) -> None:
    patch(running, {"robot_on": False})
    running.ask("POST", "/v1/policy/versions/1/restore", json={})
    patch(running, {"learn": "clicks"})
    with running.db() as db:
        shop = db.get(ShopRow, "demo")
        last = db.exec(select(PolicyVersionRow).order_by(PolicyVersionRow.number.desc())).first()  # type: ignore[attr-defined]
        assert shop is not None
        assert last is not None
        assert shop.policy == last.policy
