"""Who serves a shop's buyers: agents with their limits, and groups with what selects them and what holds when nobody is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from app.core.faults import Faults
from app.core.fields import MAX_ID_LENGTH

MAX_AGENTS: Final = 500
MAX_GROUPS: Final = 50
MAX_LIMIT: Final = 1000
MAX_RETURNING_HOURS: Final = 24 * 90
_NOTE: Final = 500


class WhenOffline(StrEnum):
    """What becomes of a buyer while nobody of the group is online (离线分流规则)."""

    QUEUE = "queue"
    """The buyer waits for whoever comes online first."""
    LEAVE = "leave"
    """The message is a leave-message, answered at the next opening."""
    AGENT = "agent"
    """The buyer is kept for one agent, who answers when he is back."""


@dataclass(frozen=True, slots=True)
class OfflineRule:
    rule: WhenOffline = WhenOffline.QUEUE
    agent: str | None = None
    """For whom the buyer is kept."""

    @property
    def text(self) -> str:
        if self.rule is WhenOffline.AGENT:
            return f"留给 {self.agent}，上线后回复"
        return "按留言处理，下次营业时回复" if self.rule is WhenOffline.LEAVE else "排队，等客服上线"


@dataclass(frozen=True, slots=True)
class Selector:
    """What brings a buyer to a group: the item, the state of the order, the page he came from, words he wrote."""

    items: tuple[str, ...] = ()
    order_states: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """`fallback` is the group that takes over when nobody of this one is free."""

    id: str
    name: str = ""
    select: Selector = Selector()
    fallback: str | None = None
    offline: OfflineRule | None = None
    """None: the roster's own rule."""

    @property
    def title(self) -> str:
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class Agent:
    """`limit` is how many buyers he serves at a time: 0 for none, None for the roster's own limit."""

    id: str
    name: str = ""
    groups: tuple[str, ...] = ()
    limit: int | None = None
    skills: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Roster:
    """An agent who is not listed, or in no group, belongs to the `default_group`; without one, to every group's buyers.

    `default_limit` is the limit of agents who have none of their own; None is no limit. `returning_buyer_hours`: within how
    many hours a buyer goes back to his agent; None as the platform does it, 0 never.
    """

    agents: tuple[Agent, ...] = ()
    groups: tuple[Group, ...] = ()
    default_group: str | None = None
    default_limit: int | None = None
    returning_buyer_hours: int | None = None
    offline: OfflineRule = OfflineRule()

    def agent(self, agent_id: str) -> Agent:
        """The agent of that id, as far as he is known."""
        return next((agent for agent in self.agents if agent.id == agent_id), Agent(agent_id))

    def group(self, group_id: str | None) -> Group | None:
        return next((group for group in self.groups if group.id == group_id), None)

    def groups_of(self, agent: Agent) -> tuple[str, ...]:
        if agent.groups or self.default_group is None:
            return agent.groups
        return (self.default_group,)

    def limit_of(self, agent: Agent) -> int | None:
        return self.default_limit if agent.limit is None else agent.limit

    def after(self, group: Group) -> tuple[Group, ...]:
        """The group and those that take over from it, in turn."""
        chain = [group]
        while (following := self.group(chain[-1].fallback)) is not None and following not in chain:
            chain.append(following)
        return tuple(chain)

    def to_json(self) -> dict[str, Any]:
        """The document that `read_roster` reads back as an equal roster."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain


def read_roster(raw: object) -> Roster:
    """Read the document. Raises `FaultsError` with all that is wrong."""
    faults = Faults()
    table = faults.table(raw, "", frozenset(Roster.__slots__))
    if raw is None:
        faults.add("", "必须是一个对象 / must be an object")
    agents = [
        _agent(faults, entry, place)
        for place, entry in faults.entries(table.get("agents"), "agents", MAX_AGENTS)
    ]
    groups = [
        _group(faults, entry, place)
        for place, entry in faults.entries(table.get("groups"), "groups", MAX_GROUPS)
    ]
    read = Roster(
        agents=tuple(agents),
        groups=tuple(groups),
        default_group=faults.words(table, "default_group", "") or None,
        default_limit=faults.whole(table.get("default_limit"), "default_limit", 0, MAX_LIMIT),
        returning_buyer_hours=faults.whole(
            table.get("returning_buyer_hours"), "returning_buyer_hours", 0, MAX_RETURNING_HOURS
        ),
        offline=_offline(faults, table.get("offline"), "offline") or OfflineRule(),
    )
    _check_names(faults, read)
    faults.check()
    return read


def _agent(faults: Faults, raw: object, where: str) -> Agent:
    table = faults.table(raw, where, frozenset(Agent.__slots__))
    return Agent(
        id=faults.words(table, "id", where, required=True, limit=MAX_ID_LENGTH),
        name=faults.words(table, "name", where),
        groups=faults.names(table.get("groups"), f"{where}.groups", MAX_GROUPS),
        limit=faults.whole(table.get("limit"), f"{where}.limit", 0, MAX_LIMIT),
        skills=faults.names(table.get("skills"), f"{where}.skills"),
        note=faults.words(table, "note", where, limit=_NOTE),
    )


def _group(faults: Faults, raw: object, where: str) -> Group:
    table = faults.table(raw, where, frozenset(Group.__slots__))
    select = faults.table(table.get("select"), f"{where}.select", frozenset(Selector.__slots__))
    return Group(
        id=faults.words(table, "id", where, required=True),
        name=faults.words(table, "name", where),
        select=Selector(
            **{
                name: faults.names(select.get(name), f"{where}.select.{name}", limit=MAX_ID_LENGTH)
                for name in Selector.__slots__
            }
        ),
        fallback=faults.words(table, "fallback", where) or None,
        offline=_offline(faults, table.get("offline"), f"{where}.offline"),
    )


def _offline(faults: Faults, raw: object, where: str) -> OfflineRule | None:
    if raw is None:
        return None
    table = faults.table({"rule": raw} if isinstance(raw, str) else raw, where, frozenset({"rule", "agent"}))
    rule = table.get("rule", WhenOffline.QUEUE.value)
    if rule not in list(WhenOffline):
        faults.add(f"{where}.rule", f"只能是 {'、'.join(WhenOffline)} / must be one of these")
        return None
    agent = faults.words(table, "agent", where, limit=MAX_ID_LENGTH) or None
    if (rule == WhenOffline.AGENT) != (agent is not None):
        faults.add(f"{where}.agent", "rule 为 agent 时填客服 id，其他时候不填 / belongs to the rule agent")
    return OfflineRule(WhenOffline(rule), agent)


def _check_names(faults: Faults, read: Roster) -> None:
    """Names are there once, and what is named is there."""
    for where, ids in (("agents", [a.id for a in read.agents]), ("groups", [g.id for g in read.groups])):
        for number, each in enumerate(ids):
            if each and each in ids[:number]:
                faults.add(f"{where}[{number}].id", f"{each} 已经有了 / is there twice")
    known = {group.id for group in read.groups}

    def check(where: str, group_id: str | None) -> None:
        if group_id is not None and group_id not in known:
            faults.add(where, f"没有分组 {group_id}；请在 groups 里先列出 / unknown group")

    check("default_group", read.default_group)
    for number, agent in enumerate(read.agents):
        for place, group_id in enumerate(agent.groups):
            check(f"agents[{number}].groups[{place}]", group_id)
    for number, group in enumerate(read.groups):
        check(f"groups[{number}].fallback", group.fallback)
        if group.fallback is not None and _leads_back(read.groups, group):
            faults.add(
                f"groups[{number}].fallback", "接替的分组绕了一圈 / the fallbacks lead back to the group"
            )


def _leads_back(groups: Sequence[Group], start: Group) -> bool:
    following = {group.id: group.fallback for group in groups}
    at, seen = start.fallback, set[str]()
    while at is not None and at not in seen:
        if at == start.id:
            return True
        seen.add(at)
        at = following.get(at)
    return False


def _plain(value: Any) -> Any:
    """Tuples as lists, and enumerated words as words."""
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value.value if isinstance(value, StrEnum) else value
