"""To whom a buyer should go: the agent who knows him, else the least loaded of the right group, else nobody and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.faults import FaultsError
from app.core.roster import Roster, WhenOffline, read_roster
from app.core.routing import AgentNow, Enquiry, Request, Rule, advise_routing, members, select_group

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
THREE_DAYS = timedelta(hours=72)
TWO_GROUPS = read_roster(
    {
        "agents": [
            {"id": "小林", "groups": ["售前"], "limit": 4},
            {"id": "阿美", "groups": ["售后"], "limit": 4},
        ],
        "groups": [
            {"id": "售前", "select": {"entries": ["商品页"]}, "fallback": "售后"},
            {
                "id": "售后",
                "name": "售后组",
                "select": {"order_states": ["退款中"], "items": ["7"], "keywords": ["退货"]},
                "offline": "leave",
            },
        ],
        "default_group": "售前",
    }
)


def asked(hours_ago: float | None = None, agent: str = "小林", **enquiry: Any) -> Request:
    earlier = [] if hours_ago is None else [(NOW - timedelta(hours=hours_ago), agent)]
    return Request(NOW, Enquiry(**enquiry), earlier, THREE_DAYS)


def agent(name: str, load: int = 0, limit: int | None = 4, *, online: bool = True, **more: Any) -> AgentNow:
    return AgentNow(name, online, load, limit, **more)


def test_a_returning_buyer_goes_to_the_same_agent() -> None:
    found = advise_routing(asked(72), [agent("小林", 3), agent("阿美")], Roster())
    assert (found.agent, found.rule) == ("小林", Rule.RETURNING)
    assert found.reason == "72 小时内由同一位客服接待过"


@pytest.mark.parametrize(
    ("request_", "before", "said"),
    [
        (asked(72.01), agent("小林"), "接待最少"),
        (asked(1), agent("小林", online=False), "原客服 小林 不在线"),
        (asked(1), agent("小林", 4), "原客服 小林 已接满（4/4 位）"),
        (Request(NOW, earlier=[(NOW, "小林")], returning_within=timedelta(0)), agent("小林", 3), "接待最少"),
    ],
)
def test_else_to_the_least_loaded_with_the_reason(request_: Request, before: AgentNow, said: str) -> None:
    found = advise_routing(request_, [before, agent("阿美", 1 if before.load else 0)], Roster())
    assert found.agent in {"阿美", "小林"}
    assert said in found.reason


def test_of_several_earlier_agents_the_last_one_counts() -> None:
    request = Request(
        NOW,
        earlier=[(NOW - timedelta(hours=1), "阿美"), (NOW - timedelta(hours=2), "小林")],
        returning_within=THREE_DAYS,
    )
    assert advise_routing(request, [agent("小林"), agent("阿美", 3)], Roster()).agent == "阿美"


def test_load_is_compared_with_what_each_can_take() -> None:
    found = advise_routing(asked(), [agent("小林", 3, 10), agent("阿美", 2, 4)], Roster())
    assert found.agent == "小林"
    assert found.reason == "在线客服中接待最少（3/10 位）"


def test_who_takes_no_buyers_gets_none() -> None:
    found = advise_routing(asked(), [agent("主账号", 0, 0), agent("小林", 3)], Roster())
    assert found.agent == "小林"
    assert advise_routing(asked(), [agent("主账号", 0, 0)], Roster()).rule is Rule.OFFLINE


@pytest.mark.parametrize(
    ("enquiry", "group"),
    [
        ({"item": "7", "entry": "商品页"}, "售后"),
        ({"order_state": "退款中", "entry": "商品页"}, "售后"),
        ({"entry": "商品页", "text": "可以退货吗"}, "售前"),
        ({"text": "可以退货吗"}, "售后"),
        ({"text": "在吗"}, "售前"),
    ],
)
def test_item_goes_before_order_state_before_entry_page_before_words(
    enquiry: dict[str, str], group: str
) -> None:
    found, _ = select_group(Enquiry(**enquiry), TWO_GROUPS)
    assert found is not None
    assert found.id == group


BEFORE, AFTER = agent("小林", groups=("售前",)), agent("阿美", groups=("售后",))


def test_the_selected_group_serves_even_where_another_has_less_to_do() -> None:
    busy = agent("阿美", 3, groups=("售后",))
    found = advise_routing(asked(order_state="退款中"), [BEFORE, busy], TWO_GROUPS)
    assert (found.agent, found.group, found.rule) == ("阿美", "售后", Rule.LEAST_LOADED)
    assert found.reason == "订单状态“退款中”，售后组 在线客服中接待最少（3/4 位）"


def test_another_group_takes_over_where_the_roster_says_so() -> None:
    full = agent("小林", 4, groups=("售前",))
    found = advise_routing(asked(), [full, AFTER], TWO_GROUPS)
    assert (found.agent, found.rule, found.group) == ("阿美", Rule.FALLBACK, "售前")
    back = advise_routing(asked(item="7"), [BEFORE, agent("阿美", 4, groups=("售后",))], TWO_GROUPS)
    assert (back.agent, back.rule) == (None, Rule.FULL)


def test_a_full_group_says_what_would_help() -> None:
    found = advise_routing(
        asked(item="7"),
        [agent("阿美", 4, groups=("售后",)), agent("小周", online=False, on_shift=True, groups=("售后",))],
        TWO_GROUPS,
    )
    assert (found.agent, found.rule, found.offline) == (None, Rule.FULL, None)
    assert found.hints == ("小周 在班但不在线，可请上线", "阿美 已到上限 4/4 位，顾得过来可调到 5 位")


def test_with_nobody_online_the_group_s_offline_rule_holds() -> None:
    found = advise_routing(
        asked(item="7"), [BEFORE, agent("阿美", online=False, groups=("售后",))], TWO_GROUPS
    )
    assert (found.agent, found.rule) == (None, Rule.OFFLINE)
    assert found.offline is not None
    assert found.offline.rule is WhenOffline.LEAVE
    assert "没有客服在线，按离线规则处理：按留言处理" in found.reason
    assert found.hints == ("没有可以召回的在班客服；可临时安排人上线",)


def test_who_is_in_no_group_serves_every_group() -> None:
    assert members([agent("新人")], TWO_GROUPS.group("售后")) == [agent("新人")]


def test_an_agent_who_is_not_listed_belongs_to_the_default_group() -> None:
    assert TWO_GROUPS.groups_of(TWO_GROUPS.agent("新人")) == ("售前",)


@pytest.mark.parametrize(
    ("document", "places"),
    [
        (None, [""]),
        ({"agent": []}, ["agent"]),
        ({"agents": [{"name": "小林"}]}, ["agents[0].id"]),
        ({"agents": [{"id": "a"}, {"id": "a"}]}, ["agents[1].id"]),
        ({"agents": [{"id": "a", "limit": -1}]}, ["agents[0].limit"]),
        ({"agents": [{"id": "a", "limit": True}]}, ["agents[0].limit"]),
        ({"agents": [{"id": "a", "groups": ["x"]}]}, ["agents[0].groups[0]"]),
        ({"agents": {"id": "a"}}, ["agents"]),
        ({"default_group": "x"}, ["default_group"]),
        ({"default_limit": "5"}, ["default_limit"]),
        ({"groups": [{"id": "a", "fallback": "x"}]}, ["groups[0].fallback"]),
        (
            {"groups": [{"id": "a", "fallback": "b"}, {"id": "b", "fallback": "a"}]},
            ["groups[0].fallback", "groups[1].fallback"],
        ),
        ({"groups": [{"id": "a", "select": {"words": ["x"]}}]}, ["groups[0].select.words"]),
        ({"groups": [{"id": "a", "select": {"items": [7]}}]}, ["groups[0].select.items[0]"]),
        ({"offline": "sleep"}, ["offline.rule"]),
        ({"offline": {"rule": "agent"}}, ["offline.agent"]),
        ({"offline": {"rule": "queue", "agent": "a"}}, ["offline.agent"]),
    ],
)
def test_every_fault_of_a_roster_is_told_by_its_place(document: Any, places: list[str]) -> None:
    with pytest.raises(FaultsError) as caught:
        read_roster(document)
    assert [fault.where for fault in caught.value.faults] == places


def test_a_roster_reads_back_equal() -> None:
    assert read_roster(TWO_GROUPS.to_json()) == TWO_GROUPS
    assert read_roster(Roster().to_json()) == Roster()


# Properties

AGENTS = st.lists(
    st.builds(
        AgentNow,
        id=st.sampled_from(["a", "b", "c", "d", "e"]),
        online=st.booleans(),
        load=st.integers(0, 6),
        limit=st.sampled_from([None, 0, 1, 4, 6]),
        groups=st.sampled_from([(), ("售前",), ("售后",), ("售前", "售后")]),
        on_shift=st.sampled_from([None, True, False]),
    ),
    unique_by=lambda each: each.id,
    max_size=5,
)
REQUESTS = st.builds(
    asked,
    st.sampled_from([None, 1.0, 100.0]),
    agent=st.sampled_from(["a", "b", "gone"]),
    item=st.sampled_from([None, "7"]),
    entry=st.sampled_from([None, "商品页"]),
    text=st.sampled_from(["在吗", "我要退货"]),
)


@given(REQUESTS, AGENTS, st.sampled_from([Roster(), TWO_GROUPS]))
def test_only_an_agent_who_is_online_and_not_full_is_advised(
    request_: Request, agents: list[AgentNow], roster: Roster
) -> None:
    found = advise_routing(request_, agents, roster)
    chosen = [each for each in agents if each.id == found.agent]
    assert bool(chosen) == (found.agent is not None)
    assert all(each.online and not each.full for each in chosen)
    assert found.reason
    if found.rule is Rule.LEAST_LOADED:
        group, _ = select_group(request_.enquiry, roster)
        rivals = [each for each in members(agents, group) if each.online and not each.full]
        assert chosen[0].share == min(each.share for each in rivals)


@given(REQUESTS, AGENTS)
def test_somebody_is_advised_wherever_somebody_is_free(request_: Request, agents: list[AgentNow]) -> None:
    free = any(each.online and not each.full for each in agents)
    assert (advise_routing(request_, agents, Roster()).agent is not None) == free


@given(REQUESTS, AGENTS, st.randoms())
def test_the_order_of_the_agents_plays_no_part(
    request_: Request, agents: list[AgentNow], random: Any
) -> None:
    other = list(agents)
    random.shuffle(other)
    mine, theirs = (advise_routing(request_, each, TWO_GROUPS) for each in (agents, other))
    assert (mine.agent, mine.rule, mine.reason) == (theirs.agent, theirs.rule, theirs.reason)
