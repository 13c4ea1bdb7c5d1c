"""The platform profiles, read from the data files beside this module.

Every file is read once and checked as a whole: a rule that cites no source, an unknown key, an edition that overlaps
another or a definition that cannot be taken is refused with the file, the place and the remedy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from importlib import resources
from itertools import pairwise
from types import MappingProxyType
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import yaml

from app.core.definitions import (
    RATING_KNOBS,
    REPLY_KNOBS,
    Definition,
    DefinitionError,
    MeasureKind,
)
from app.core.profiles import (
    DEFAULT_GOAL,
    Edition,
    InviteRules,
    Limit,
    Line,
    Measure,
    OnlineTime,
    Penalty,
    PenaltyLevel,
    PenaltyTier,
    PeriodUse,
    Profile,
    Provenance,
    ResponseWindow,
    Routing,
    Rule,
    SendQuota,
    SessionEnd,
    SmsLimits,
    Status,
    Suspension,
)
from app.core.spans import Span

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class ProfileError(ValueError):
    """A profile that is refused; the message names the file, the place and the remedy."""


class Catalog(Mapping[str, Profile]):
    """The profiles by id; a known alias (`taobao`) finds its profile too, but is not counted or listed."""

    def __init__(self, profiles: Mapping[str, Profile]) -> None:
        self._profiles = MappingProxyType(dict(profiles))
        self._aliases = {alias: profile for profile in profiles.values() for alias in profile.aliases}

    def __getitem__(self, name: str) -> Profile:
        return self._profiles[name] if name in self._profiles else self._aliases[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._profiles)

    def __len__(self) -> int:
        return len(self._profiles)


ORDER = ("kuaishou", "douyin", "pinduoduo", "tmall", "jd", "xiaohongshu", "wechat_kf", "taojiji")
"""The order in which platforms are listed; others follow by name."""


@cache
def load_profiles() -> Mapping[str, Profile]:
    """All profiles, by id, read once. Raises `ProfileError`."""
    found: dict[str, Profile] = {}
    for entry in sorted(resources.files(__package__).iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".yaml"):
            profile = read_profile(entry.read_text(encoding="utf-8"), entry.name)
            if profile.platform in found:
                raise ProfileError(
                    f"{entry.name}: platform {profile.platform} 已有别的文件，请合并 / is there twice"
                )
            found[profile.platform] = profile
    rank = {name: index for index, name in enumerate(ORDER)}
    return Catalog(dict(sorted(found.items(), key=lambda pair: (rank.get(pair[0], len(rank)), pair[0]))))


def read_profile(text: str, file: str) -> Profile:
    """Read one profile from YAML. Raises `ProfileError` that begins with `file`."""
    try:
        raw = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader, in C where it is built
    except yaml.YAMLError as error:
        raise ProfileError(f"{file}: 不是 YAML / not YAML: {error}") from error
    return _profile(_Place(file, "").table(raw))


Value = TypeVar("Value")
_REQUIRED = object()


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in which file we read, for error messages."""

    file: str
    path: str

    def error(self, message: str) -> ProfileError:
        return ProfileError(f"{self.file}: {self.path or 'top level'}: {message}")

    def table(self, raw: object) -> _Table:
        if not isinstance(raw, Mapping) or not all(isinstance(key, str) for key in raw):
            raise self.error("这里要写键值对 / expected a mapping")
        return _Table(self, raw)


class _Table:
    """A mapping of the file that is read key by key; keys left unread are refused by `end`."""

    def __init__(self, place: _Place, raw: Mapping[str, Any]) -> None:
        self.place = place
        self._raw = raw
        self._read: set[str] = set()

    def at(self, key: str) -> _Place:
        return _Place(self.place.file, f"{self.place.path}.{key}" if self.place.path else key)

    def get(self, key: str, kinds: type[Value] | tuple[type, ...], default: object = _REQUIRED) -> Any:
        self._read.add(key)
        value = self._raw.get(key)
        if value is None:
            if default is _REQUIRED:
                raise self.place.error(f"缺少 {key}，请补上 / {key} is missing")
            return default
        if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is int):
            raise self.at(key).error(f"类型不对 / wrong type: {value!r}")
        return value

    def text(self, key: str) -> str:
        value = self.get(key, str)
        assert isinstance(value, str)
        return value

    def maybe_text(self, key: str) -> str | None:
        value = self.get(key, str, None)
        assert value is None or isinstance(value, str)
        return value

    def day(self, key: str) -> date | None:
        value = self.get(key, date, None)
        assert value is None or isinstance(value, date)
        return value

    def known_day(self, key: str) -> date:
        value = self.get(key, date)
        assert isinstance(value, date)
        return value

    def count(self, key: str) -> int:
        value = self.get(key, int)
        assert isinstance(value, int)
        return value

    def maybe_count(self, key: str) -> int | None:
        value = self.get(key, int, None)
        assert value is None or isinstance(value, int)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.get(key, list, [])
        if not all(isinstance(item, str) for item in value):
            raise self.at(key).error("要写文字列表 / expected a list of texts")
        return tuple(value)

    def status(self) -> Status:
        value = self.text("status")
        try:
            return Status(value)
        except ValueError:
            raise self.at("status").error(
                f"{value!r} 不行，可用：{'、'.join(Status)} / unknown status"
            ) from None

    def span(self, key: str) -> Span:
        pair = self.get(key, list)
        try:
            spans = Definition.from_json({"hours": pair}).hours
        except DefinitionError as error:
            raise self.at(key).error(error.message) from error
        if len(spans) != 1:
            raise self.at(key).error("要写一个时段 / expected one span")
        return spans[0]

    def maybe(self, key: str, read: Callable[[_Table], Value]) -> Value | None:
        value = self.get(key, Mapping, None)
        return None if value is None else read(self.at(key).table(value))

    def each(self, key: str, read: Callable[[_Table], Value], *, required: bool = False) -> tuple[Value, ...]:
        values = self.get(key, list) if required else self.get(key, list, [])
        return tuple(
            read(_Place(self.place.file, f"{self.at(key).path}[{n}]").table(v)) for n, v in enumerate(values)
        )

    def provenance(self) -> tuple[Provenance, ...]:
        self._read.add("provenance")
        if not self._raw.get("provenance"):
            raise self.place.error(
                "没有出处：请在 provenance 下写 quote 和 source+line 或 url / cites no source: give provenance with "
                "a quote and a source with its line, or a url"
            )
        return self.each("provenance", _provenance)

    def end(self) -> None:
        if unread := sorted(set(self._raw) - self._read):
            raise self.place.error(f"不认识的键 {'、'.join(unread)}，请改名或删去 / unknown keys")


def _provenance(table: _Table) -> Provenance:
    read = Provenance(
        quote=table.text("quote"),
        source=table.maybe_text("source"),
        line=table.maybe_count("line"),
        url=table.maybe_text("url"),
        date=table.day("date"),
        fact=table.maybe_text("fact"),
        grade=table.maybe_text("grade"),
        doubt=table.maybe_text("doubt"),
    )
    table.end()
    if (read.source is None) == (read.url is None) or not read.quote.strip():
        raise table.place.error(
            "出处要有 quote，并且 source 与 url 二选一 / a quote and either source or url"
        )
    if read.source is not None and read.line is None:
        raise table.place.error("出自文件的要写 line / a source needs its line")
    return read


def _line(table: _Table) -> Line:
    op, exact = table.text("op"), _share(table, "value")
    relative_to = table.maybe_text("relative_to")
    table.end()
    if op not in (">=", ">", "<=", "<"):
        raise table.place.error("op 只能是 >= > <= < / op out of range")
    return Line(op, exact, relative_to)


def _share(table: _Table, key: str) -> Fraction:
    value = table.text(key)
    try:
        exact = Fraction(value)
    except (ValueError, ZeroDivisionError):
        raise table.place.error(
            f'{key} 要写成文字，例如 "0.70"，不是 {value!r} / an exact number as text'
        ) from None
    if not 0 <= exact <= 1:
        raise table.place.error(f"{key} 要在 0 到 1 之间 / {key} out of range")
    return exact


def _period_use(table: _Table) -> PeriodUse:
    use = table.text("use")
    if use not in ("governance", "score"):
        raise table.at("use").error("只能是 governance 或 score / unknown value")
    below = table.get("only_below", str, None)
    read = PeriodUse(
        period=table.text("period"),
        use=use,
        only_below=None if below is None else _share(table, "only_below"),
    )
    table.end()
    return read


def _periods(table: _Table) -> tuple[tuple[str, ...], tuple[PeriodUse, ...]]:
    """A period is a text, or a mapping where it is known what the platform does with it."""
    names: list[str] = []
    uses: list[PeriodUse] = []
    for number, raw in enumerate(table.get("periods", list, [])):
        if isinstance(raw, str):
            names.append(raw)
            continue
        uses.append(_period_use(_Place(table.place.file, f"{table.at('periods').path}[{number}]").table(raw)))
        names.append(uses[-1].period)
    return tuple(names), tuple(uses)


def _open_knobs(table: _Table, kind: MeasureKind) -> tuple[str, ...]:
    known = REPLY_KNOBS if kind is MeasureKind.REPLY else RATING_KNOBS
    named = table.texts("calibrate")
    if unknown := sorted(set(named) - known):
        raise table.at("calibrate").error(f"没有旋钮 {'、'.join(unknown)} / unknown knobs")
    return named


def _edition(table: _Table) -> Edition:
    raw = table.get("definition", Mapping)
    try:
        definition = Definition.from_json(raw)
    except DefinitionError as error:
        raise table.at(f"definition.{error.knob}").error(error.message) from error
    penalty_line = table.maybe("penalty_line", _line)
    platform_target = table.maybe("platform_target", _line)
    own_goal = table.maybe("own_goal", _line)
    periods, period_uses = _periods(table)
    read = Edition(
        id=table.text("id"),
        from_day=table.day("from"),
        to_day=table.day("to"),
        status=table.status(),
        definition=definition,
        penalty_line=penalty_line,
        platform_target=platform_target,
        own_goal=own_goal or _default_goal(penalty_line, platform_target),
        provenance=table.provenance(),
        periods=periods,
        note=table.maybe_text("note"),
        period_uses=period_uses,
        assessed_from=table.maybe_count("assessed_from"),
        settles_days=table.maybe_count("settles_days"),
        rating_sources=table.texts("rating_sources"),
        calibrate=_open_knobs(table, definition.kind),
    )
    table.end()
    if read.from_day is not None and read.to_day is not None and read.from_day > read.to_day:
        raise table.place.error("from 晚于 to / from is after to")
    return read


def _default_goal(penalty_line: Line | None, platform_target: Line | None) -> Line:
    if platform_target is not None:
        return platform_target
    if penalty_line is not None and (not penalty_line.higher_is_better or penalty_line.value >= DEFAULT_GOAL):
        return penalty_line
    return Line(">=", DEFAULT_GOAL)


def _measure(table: _Table) -> Measure:
    editions = table.each("editions", _edition, required=True)
    if not editions:
        raise table.place.error("至少要有一个版本 / a measure has at least one edition")
    kinds = {edition.definition.kind for edition in editions}
    if len(kinds) > 1:
        raise table.place.error("一个指标的各版本要同类 / editions of several kinds")
    if len({edition.id for edition in editions}) < len(editions):
        raise table.place.error("版本 id 重复 / edition ids repeat")
    for earlier, later in pairwise(editions):
        if earlier.to_day is None or later.from_day is None or later.from_day <= earlier.to_day:
            raise table.place.error(
                f"版本 {earlier.id} 与 {later.id} 的日期重叠或顺序不对 / editions overlap or are out of order"
            )
        if later.from_day > earlier.to_day + timedelta(days=1):
            raise table.place.error(f"版本 {earlier.id} 与 {later.id} 之间有空档 / a gap between editions")
    read = Measure(
        id=table.text("id"),
        name=table.text("name"),
        kind=kinds.pop(),
        editions=editions,
        primary=table.get("primary", bool, default=False),
        note=table.maybe_text("note"),
        variant_of=table.maybe_text("variant_of"),
    )
    table.end()
    return read


def _invite(table: _Table) -> InviteRules:
    read = InviteRules(
        once_per=table.texts("once_per"),
        hours=table.span("hours"),
        valid_hours=table.maybe_count("valid_hours"),
        robot_ratings_count=table.get("robot_ratings_count", bool),
        status=table.status(),
        provenance=table.provenance(),
        guidance=table.texts("guidance"),
    )
    table.end()
    if not read.once_per or not {"session", "buyer_agent_day"}.issuperset(read.once_per):
        raise table.at("once_per").error("只能是 session、buyer_agent_day 或两者 / unknown value")
    return read


def _sms(table: _Table) -> SmsLimits:
    read = SmsLimits(
        hours=table.span("hours"),
        unhandled_over_s=table.count("unhandled_over_s"),
        max_per_hour=table.count("max_per_hour"),
        max_per_day=table.count("max_per_day"),
        who_can_switch=table.maybe_text("who_can_switch"),
        status=table.status(),
        provenance=table.provenance(),
    )
    table.end()
    return read


def _response_window(table: _Table) -> ResponseWindow:
    read = ResponseWindow(
        id=table.text("id"),
        name=table.text("name"),
        hours=table.count("hours"),
        on_timeout=table.maybe_text("on_timeout"),
        status=table.status(),
        provenance=table.provenance(),
    )
    table.end()
    return read


def _send_quota(table: _Table) -> SendQuota:
    read = SendQuota(
        id=table.text("id"),
        after=table.text("after"),
        messages=table.count("messages"),
        within_s=table.count("within_s"),
        status=table.status(),
        provenance=table.provenance(),
    )
    table.end()
    return read


def _routing(table: _Table) -> Routing:
    read = Routing(
        returning_buyer_hours=table.maybe_count("returning_buyer_hours"),
        rules=table.texts("rules"),
        status=table.status(),
        provenance=table.provenance(),
    )
    table.end()
    return read


def _session_end(table: _Table) -> SessionEnd:
    read = SessionEnd(
        agent_silent_minutes=table.maybe_count("agent_silent_minutes"),
        buyer_silent_minutes=table.maybe_count("buyer_silent_minutes"),
        status=table.status(),
        provenance=table.provenance(),
        buyer_silent_choice=_least_most(table, "buyer_silent_choice"),
    )
    table.end()
    return read


def _online_time(table: _Table) -> OnlineTime:
    read = OnlineTime(
        hours_per_day=table.count("hours_per_day"),
        status=table.status(),
        provenance=table.provenance(),
    )
    table.end()
    return read


def _least_most(table: _Table, key: str) -> tuple[int, int] | None:
    pair = table.get(key, list, None)
    if pair is None:
        return None
    if len(pair) != 2 or not all(type(each) is int for each in pair) or not 0 <= pair[0] <= pair[1]:
        raise table.at(key).error("要写 [最少, 最多] / expected [least, most]")
    return pair[0], pair[1]


def _limit(table: _Table) -> Limit:
    days = _least_most(table, "days")
    if days is None:
        raise table.at("days").error("要写 [最少, 最多] / expected [least, most]")
    read = Limit(action=table.text("action"), days=days)
    table.end()
    return read


def _penalty_level(table: _Table) -> PenaltyLevel:
    limits = table.each("limits", _limit)
    read = PenaltyLevel(
        level=table.text("level"),
        actions=table.texts("actions") + tuple(limit.text for limit in limits),
        fine_cny=_least_most(table, "fine_cny"),
        points=table.maybe_count("points"),
        limits=limits,
        when=table.maybe_text("when"),
        misses=table.maybe_count("misses"),
        rate=table.maybe("rate", _line),
    )
    table.end()
    return read


def _suspension(table: _Table) -> Suspension:
    read = Suspension(
        from_day=table.known_day("from"),
        to_day=table.known_day("to"),
        status=table.status(),
        provenance=table.provenance(),
    )
    table.end()
    if read.from_day > read.to_day:
        raise table.place.error("from 晚于 to / from is after to")
    return read


def _penalty_tier(table: _Table) -> PenaltyTier:
    read = PenaltyTier(
        volume_over=table.count("volume_over"),
        volume_up_to=table.maybe_count("volume_up_to"),
        rate=table.each("rate", _line, required=True),
        fine_cny=table.count("fine_cny"),
    )
    table.end()
    return read


def _penalty(table: _Table) -> Penalty:
    read = Penalty(
        id=table.text("id"),
        name=table.text("name"),
        measures=table.texts("measures"),
        from_day=table.day("from"),
        to_day=table.day("to"),
        status=table.status(),
        severity=table.maybe_text("severity"),
        levels=table.each("levels", _penalty_level),
        tiers=table.each("tiers", _penalty_tier),
        provenance=table.provenance(),
        line=table.maybe("line", _line),
        suspended=table.each("suspended", _suspension),
    )
    table.end()
    return read


def _rule(table: _Table) -> Rule:
    read = Rule(
        id=table.text("id"),
        topic=table.text("topic"),
        text=table.text("text"),
        values=MappingProxyType(dict(table.get("values", Mapping, {}))),
        status=table.status(),
        provenance=table.provenance(),
    )
    table.end()
    return read


def _doubtful(table: _Table) -> Rule:
    read = _rule(table)
    if not all(each.doubt for each in read.provenance):
        raise table.place.error("doubtful 的出处要写 doubt，说明疑在哪里 / say what is doubtful")
    return read


def _profile(table: _Table) -> Profile:
    read = Profile(
        platform=table.text("platform"),
        name=table.text("name"),
        timezone=table.text("timezone"),
        status=table.status(),
        measures=table.each("measures", _measure, required=True),
        aliases=table.texts("aliases"),
        rating_labels=table.texts("rating_labels"),
        positive_labels=frozenset(table.texts("positive_labels")),
        label_synonyms=MappingProxyType(dict(table.get("label_synonyms", Mapping, {}))),
        invite=table.maybe("invite", _invite),
        sms=table.maybe("sms", _sms),
        warn_after_s=table.count("warn_after_s"),
        response_windows=table.each("response_windows", _response_window),
        send_quotas=table.each("send_quotas", _send_quota),
        routing=table.maybe("routing", _routing),
        session_end=table.maybe("session_end", _session_end),
        penalties=table.each("penalties", _penalty),
        rules=table.each("rules", _rule),
        online_time=table.maybe("online_time", _online_time),
        doubtful=table.each("doubtful", _doubtful),
    )
    table.end()
    _check_whole(read, table)
    return read


def _check_whole(profile: Profile, table: _Table) -> None:
    try:
        ZoneInfo(profile.timezone)
    except (KeyError, ValueError, OSError):
        raise table.at("timezone").error("没有这个时区 / no such zone") from None
    ids = [measure.id for measure in profile.measures]
    if len(set(ids)) < len(ids):
        raise table.at("measures").error("指标 id 重复 / measure ids repeat")
    for kind, least in ((MeasureKind.REPLY, 1), (MeasureKind.RATING, 0)):
        primaries = [measure.id for measure in profile.measures if measure.kind is kind and measure.primary]
        if not least <= len(primaries) <= 1:
            raise table.at("measures").error(f"{kind} 类要有且只有一个 primary / one primary {kind} measure")
    for measure in profile.measures:
        if measure.variant_of is not None and measure.variant_of not in set(ids) - {measure.id}:
            raise table.at(f"measures.{measure.id}").error(
                f"variant_of 没有指标 {measure.variant_of} / unknown measure"
            )
    for name in ("response_windows", "send_quotas", "penalties", "rules", "doubtful"):
        named = [each.id for each in getattr(profile, name)]
        if len(set(named)) < len(named):
            raise table.at(name).error("id 重复 / ids repeat")
    if not profile.positive_labels <= set(profile.rating_labels):
        raise table.at("positive_labels").error("有选项不在 rating_labels 里 / not among rating_labels")
    for penalty in profile.penalties:
        if unknown := sorted(set(penalty.measures) - set(ids)):
            raise table.at(f"penalties.{penalty.id}").error(
                f"没有指标 {'、'.join(unknown)} / unknown measures"
            )
