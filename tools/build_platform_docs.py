"""Write `docs/platforms/` from the platform profiles. Run as `python tools/build_platform_docs.py`.

One page per platform, an index, and `facts.md`: for every fact of the source documents where it lives in a profile, or why not
(`docs/platforms/elsewhere.yaml`). The list of facts lies in the folder `shared` beside the repository; where it is absent,
`facts.md` is left as it is. With `--check` nothing is written; the exit code is 1 if a page is missing, stale or left over.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from app.core.definitions import (  # noqa: E402
    AssessBy,
    Burst,
    ClockStart,
    Closing,
    CrossDay,
    Dedupe,
    Definition,
    MeasureKind,
    OfflineLeave,
    Robot,
    RobotOnly,
    SessionRule,
    Spam,
    Unit,
    Welcome,
    Withdrawn,
)
from app.core.profiles import (  # noqa: E402
    Edition,
    Line,
    Measure,
    Penalty,
    PenaltyLevel,
    Profile,
    Provenance,
    Rule,
    Status,
)
from app.platforms.catalog import load_profiles  # noqa: E402

FOLDER = ROOT / "docs" / "platforms"
ELSEWHERE = FOLDER / "elsewhere.yaml"
FACTS = ROOT.parent / "shared" / "facts" / "platform_facts.yaml"
GENERATED = "由 `tools/build_platform_docs.py` 生成，请勿手改。 / Generated, do not edit."
QUOTE_LENGTH = 60

STATUS = {
    Status.STATED: "原始文档写明 stated",
    Status.REPORTED: "外部转载 reported",
    Status.SUPERSEDED: "已被取代 superseded",
    Status.UNKNOWN: "未知 unknown",
    Status.ASSUMED: "推定 assumed",
    Status.DEFUNCT: "平台已停运 defunct",
}
STATUS_MEANING = {
    Status.STATED: "项目最初依据的文档里写明的",
    Status.REPORTED: "在别的网页读到的，平台自己的规则页没有读到",
    Status.SUPERSEDED: "曾经有效，已有新版本",
    Status.UNKNOWN: "知道有这条规则，内容没有读到",
    Status.ASSUMED: "没有任何来源写明，是我们的理解，要用平台导出校准",
    Status.DEFUNCT: "平台已停运，只作测试用",
}
PERIOD = {
    "natural_day": "自然日",
    "previous_day": "前一日",
    "natural_week": "自然周",
    "natural_month": "自然月",
    "trailing_7d": "近 7 天",
    "trailing_30d": "近 30 天",
}
PERIOD_USE = {"governance": "治理", "score": "评分"}
LEVEL = {
    "light": "情节轻微",
    "severe": "情节严重",
    "especially_severe": "情节特别严重",
    "any": "不分级",
    "below_line": "低于标准",
    "warning": "预警",
    "first_day": "首日",
    "three_days_in_month": "当月 3 次",
    "two_months": "连续 2 个月",
    "absent": "连续未登录",
    "hint": "提示",
    "study": "学习",
    "limited": "限流",
    "negative_service": "消极服务",
    "abuse": "辱骂",
}
RATING_SOURCE = {
    "user_initiated": "买家主动",
    "merchant_invited": "商家邀请",
    "system_pushed": "系统推送",
}


# What a definition says, in words. Each knob that matters to the reader gives one clause.

UNIT = {
    Unit.MESSAGE: "按买家消息计",
    Unit.TURN: "按轮次计",
    Unit.SESSION: "按会话计",
    Unit.PERSON: "按人计",
}
SESSION_RULE = {
    SessionRule.ALL_ITEMS: "每一条都及时才算达标",
    SessionRule.FIRST_ITEM: "只看第一条是否及时",
    SessionRule.AVG_WAIT: "平均等待不超过时窗才算达标",
}
ROBOT = {
    Robot.IGNORE: "只认人工回复",
    Robot.ASSIST_ONLY: "人工回复和智能辅助的回复都算，机器人独自的回复不算",
    Robot.COUNTS: "机器人的回复也算",
}
CLOCK_START = {
    ClockStart.BUYER_MESSAGE: "从买家发消息起算",
    ClockStart.TRANSFER: "转人工的会话从转人工起算",
    ClockStart.ASSIGNED: "最早从会话分给客服起算",
}
SPAM = {
    Spam.KEEP: "",
    Spam.DROP_SYSTEM: "系统标记的垃圾消息不计",
    Spam.DROP_SYSTEM_AND_REPORTED: "系统标记的和举报成立的都不计",
}


def _window(seconds: int) -> str:
    if seconds >= 86_399:
        return "当天"
    return f"{seconds // 60} 分钟内" if seconds % 60 == 0 else f"{seconds} 秒内"


def _hours(definition: Definition) -> str:
    spans = "、".join("–".join(text.removesuffix(":00") for text in s.to_json()) for s in definition.hours)
    return spans + ("（含末刻）" if definition.hours_end_inclusive else "")


def _reply_clauses(definition: Definition) -> Iterator[str]:
    grouped = definition.unit in (Unit.SESSION, Unit.PERSON)
    yield UNIT[definition.unit] + (f"，{SESSION_RULE[definition.session_rule]}" if grouped else "")
    if definition.unit is Unit.PERSON:
        yield "同一买家每天计一次" if definition.dedupe is Dedupe.DAY else "同一买家每个周期计一次"
    yield f"{_window(definition.window_s)}回复算及时" + ("" if definition.inclusive else "（恰好到时不算）")
    if definition.burst is Burst.FIRST:
        yield "连着发的几条算一条，从第一条起算"
    start = "的会话（按会话开始）" if definition.assess_by is AssessBy.SESSION_START else "的买家消息"
    yield f"考核 {_hours(definition)} {start}"
    yield ROBOT[definition.robot]
    yield "系统欢迎语也算回复" if definition.welcome is Welcome.COUNTS else "系统欢迎语不算回复"
    if definition.robot_only is RobotOnly.EXCLUDE:
        yield "只有机器人接待、没到过人工的会话不计"
    yield CLOCK_START[definition.clock_start]
    yield SPAM[definition.spam]
    if definition.closing is Closing.IGNORE_COURTESY:
        yield "没有回复的结束客套话不计"
    if definition.withdrawn is Withdrawn.DROP_IF_BEFORE_REPLY:
        yield "回复前撤回的不计"
    if definition.cross_day is CrossDay.DROP_IF_REPLY_OTHER_DAY:
        yield "隔天才回复的不计"
    if definition.offline_leave is OfflineLeave.DROP:
        yield "无人在线时的留言不计"
    for days in definition.suspended:
        yield f"{days.from_day} 至 {days.to_day} 不考核"


def _rating_clauses(definition: Definition) -> Iterator[str]:
    counted = "、".join(definition.counted) or "所有评价"
    reason = f"，且原因是“{'、'.join(definition.reason)}”" if definition.reason else ""
    yield f"分子：{'、'.join(definition.positive)}{reason}"
    yield f"分母：{counted}"
    yield "对机器人的评价也计入" if definition.robot_ratings else "只计对人工的评价"
    if _hours(definition) != "00:00–24:00":
        yield f"只计 {_hours(definition)} 发出的评价卡片"
    if definition.valid_hours is not None:
        yield f"卡片发出后 {definition.valid_hours} 小时内评的才算"
    if definition.last_only:
        yield "同一买家、客服、自然日只取最后一次"


def in_words(definition: Definition) -> str:
    """A definition as one Chinese sentence."""
    clauses = _reply_clauses if definition.kind is MeasureKind.REPLY else _rating_clauses
    return "；".join(clause for clause in clauses(definition) if clause) + "。"


# The pages of the platforms


def _days(from_day: date | None, to_day: date | None) -> str:
    if from_day is None and to_day is None:
        return "起止日期未读到"
    return f"{from_day or '起始日未读到'} 至 {to_day or '今'}"


def _line(line: Line | None) -> str:
    if line is None:
        return "没有读到"
    return line.text + (f"（{line.relative_to}；数值暂代）" if line.relative_to else "")


def _source(cited: Provenance) -> str:
    where = f"<{cited.url}>" if cited.url else f"{cited.source} 第 {cited.line} 行"
    details = [where]
    details += [f"{cited.date}"] if cited.date else []
    details += [f"{cited.grade} 级"] if cited.grade else []
    details += [f"`{cited.fact}`"] if cited.fact else []
    doubt = f" 存疑：{cited.doubt}" if cited.doubt else ""
    return f"“{cited.quote}”（{'，'.join(details)}）{doubt}"


def _sources(provenance: Iterable[Provenance]) -> list[str]:
    return ["- 出处 / Sources:", *(f"  - {_source(each)}" for each in provenance)]


def _edition(edition: Edition) -> list[str]:
    uses = {use.period: use for use in edition.period_uses}
    periods = []
    for period in edition.periods:
        use = uses.get(period)
        said = f"（{PERIOD_USE[use.use]}）" if use else ""
        below = f"，仅当短周期的值低于 {use.only_below * 100}%" if use and use.only_below else ""
        periods.append(f"{PERIOD[period]}{said}{below}")
    rows = [
        f"#### `{edition.id}` {_days(edition.from_day, edition.to_day)} · {STATUS[edition.status]}",
        "",
        f"- 口径 / Definition: {in_words(edition.definition)}",
        f"- 周期 / Periods: {'；'.join(periods) or '没有读到'}",
        f"- 扣罚线 / Penalty line: {_line(edition.penalty_line)}；平台目标 / Target: {_line(edition.platform_target)}；"
        f"自有目标 / Own goal: {edition.own_goal.text}",
    ]
    if edition.assessed_from is not None:
        rows.append(f"- 起评量 / Assessed from: 周期内满 {edition.assessed_from} 个才考核")
    if edition.settles_days is not None:
        rows.append(f"- 定稿 / Settles: {edition.settles_days} 天后")
    if edition.rating_sources:
        rows.append(
            f"- 计入的评价 / Ratings from: {'、'.join(RATING_SOURCE[s] for s in edition.rating_sources)}"
        )
    if edition.calibrate:
        rows.append(
            f"- 没有来源写明，要用平台导出校准 / To calibrate: {'、'.join(f'`{k}`' for k in edition.calibrate)}"
        )
    if edition.note:
        rows.append(f"- 说明 / Note: {edition.note.strip()}")
    return [*rows, *_sources(edition.provenance), ""]


def _measure(measure: Measure) -> list[str]:
    marks = ["主指标 primary"] if measure.primary else []
    marks += [f"`{measure.variant_of}` 的另一种算法，两种都算，按低的做计划"] if measure.variant_of else []
    rows = [f"### {measure.name} `{measure.id}`", ""]
    said = "；".join([*marks, *([measure.note.strip()] if measure.note else [])])
    rows += [said, ""] if said else []
    for edition in reversed(measure.editions):
        rows += _edition(edition)
    return rows


def _money(amounts: tuple[int, int] | None) -> str:
    if amounts is None:
        return ""
    least, most = amounts
    return f"{least} 元" if least == most else f"{least}–{most} 元"


def _level(level: PenaltyLevel) -> str:
    cells = (
        LEVEL[level.level],
        level.when or (level.rate.text if level.rate else ""),
        "、".join(level.actions),
        _money(level.fine_cny),
        "" if level.points is None else str(level.points),
    )
    return f"| {' | '.join(cells)} |"


def _penalty(penalty: Penalty) -> list[str]:
    of = "、".join(f"`{each}`" for each in penalty.measures) or "不是本页的指标"
    rows = [
        f"### {penalty.name} `{penalty.id}`",
        "",
        f"{_days(penalty.from_day, penalty.to_day)} · {STATUS[penalty.status]} · 针对 / For: {of}",
        "",
    ]
    if penalty.line:
        rows += [f"线 / Line: {penalty.line.text}", ""]
    if penalty.severity:
        rows += [f"轻重怎么定 / Severity: {penalty.severity}", ""]
    if penalty.levels:
        rows += [
            "| 级别 Level | 何时 When | 处理 Actions | 金额 Fine | 扣分 Points |",
            "|---|---|---|---|---|",
        ]
        rows += [*map(_level, penalty.levels), ""]
    if penalty.tiers:
        rows += ["| 咨询量 Volume | 率 Rate | 金额 Fine |", "|---|---|---|"]
        for tier in penalty.tiers:
            up_to = "" if tier.volume_up_to is None else f"，≤ {tier.volume_up_to}"
            rates = "，".join(line.text for line in tier.rate)
            rows.append(f"| > {tier.volume_over}{up_to} | {rates} | {tier.fine_cny} 元 |")
        rows.append("")
    if not penalty.levels and not penalty.tiers:
        rows += ["数额没有读到，所以不显示。", ""]
    for suspension in penalty.suspended:
        rows += [
            f"暂停 / Suspended: {suspension.from_day} 至 {suspension.to_day} · {STATUS[suspension.status]}",
            "",
            *_sources(suspension.provenance),
            "",
        ]
    return [*rows, *_sources(penalty.provenance), ""]


def _rule(rule: Rule) -> list[str]:
    return [f"### `{rule.id}` · {STATUS[rule.status]}", "", rule.text, "", *_sources(rule.provenance), ""]


def _minutes(minutes: int | None) -> str:
    return "未知" if minutes is None else f"{minutes} 分钟"


def _single_rules(profile: Profile) -> Iterator[tuple[str, list[str]]]:
    """Heading and lines of each block that a platform has at most once."""
    if profile.rating_labels:
        positive = [label for label in profile.rating_labels if label in profile.positive_labels]
        lines = [
            f"选项 / Options: {'、'.join(profile.rating_labels)}；好评 / Positive: {'、'.join(positive)}"
        ]
        lines += [f"“{written}”当作“{meant}”。" for written, meant in profile.label_synonyms.items()]
        yield "评价 / Ratings", lines
    if (invite := profile.invite) is not None:
        names = {"session": "每会话一次", "buyer_agent_day": "每买家、客服、自然日一次"}
        once = "，".join(names[each] for each in invite.once_per)
        valid = "" if invite.valid_hours is None else f"；{invite.valid_hours} 小时内评的有效"
        robot = "对机器人的评价计入" if invite.robot_ratings_count else "对机器人的评价不计"
        span = "–".join(text.removesuffix(":00") for text in invite.hours.to_json())
        yield (
            f"邀评 / Invites · {STATUS[invite.status]}",
            [
                f"- {once}；{span} 发出的卡片才计{valid}；{robot}",
                *(f"- {g}" for g in invite.guidance),
                *_sources(invite.provenance),
            ],
        )
    if (sms := profile.sms) is not None:
        span = "–".join(text.removesuffix(":00") for text in sms.hours.to_json())
        yield (
            f"短信提醒 / SMS · {STATUS[sms.status]}",
            [
                f"- {span}，超过 {sms.unhandled_over_s} 秒未处理；每小时至多 {sms.max_per_hour} 次，每天至多 {sms.max_per_day} 次",
                *([f"- 谁能开关：{sms.who_can_switch}"] if sms.who_can_switch else []),
                *_sources(sms.provenance),
            ],
        )
    if (routing := profile.routing) is not None:
        yield (
            f"分流 / Routing · {STATUS[routing.status]}",
            [*(f"- {rule}" for rule in routing.rules), *_sources(routing.provenance)],
        )
    if (end := profile.session_end) is not None:
        choice = end.buyer_silent_choice
        settable = "" if choice is None else f"（默认值，可设 {choice[0]}–{choice[1]} 分钟）"
        yield (
            f"会话结束 / Session end · {STATUS[end.status]}",
            [
                f"- 客服沉默 {_minutes(end.agent_silent_minutes)}；买家沉默 {_minutes(end.buyer_silent_minutes)}{settable}",
                *_sources(end.provenance),
            ],
        )
    if (online := profile.online_time) is not None:
        yield (
            f"在线时长 / Online time · {STATUS[online.status]}",
            [f"- 每天不少于 {online.hours_per_day} 小时", *_sources(online.provenance)],
        )


def platform_page(profile: Profile) -> str:
    """The page of one platform, in Markdown."""
    rows = [
        f"# {profile.name} `{profile.platform}`",
        "",
        GENERATED,
        "",
        f"状态 / Status: {STATUS[profile.status]}。时区 / Time zone: {profile.timezone}。"
        f"默认在买家等待 {profile.warn_after_s} 秒时提醒客服。",
        "",
        "## 指标 / Measures",
        "",
    ]
    for measure in profile.measures:
        rows += _measure(measure)
    if profile.penalties:
        rows += ["## 处罚 / Penalties", "", "金额只在它那个版本的日期内有意义。", ""]
        for penalty in profile.penalties:
            rows += _penalty(penalty)
    for heading, lines in _single_rules(profile):
        rows += [f"## {heading}", "", *lines, ""]
    if profile.response_windows:
        rows += ["## 响应时限 / Response windows", ""]
        for window in profile.response_windows:
            timeout = f"，超时{window.on_timeout}" if window.on_timeout else ""
            rows += [f"- {window.name}：{window.hours} 小时{timeout} · {STATUS[window.status]}"]
            rows += _sources(window.provenance)
        rows.append("")
    if profile.send_quotas:
        rows += ["## 发送条数 / Send quotas", ""]
        for quota in profile.send_quotas:
            rows += [
                f"- {quota.after}：{quota.messages} 条 / {quota.within_s} 秒 · {STATUS[quota.status]}",
                *_sources(quota.provenance),
            ]
        rows.append("")
    for heading, rules in (
        ("其他规则 / Other rules", profile.rules),
        ("存疑、不采用 / Doubtful, not applied", profile.doubtful),
    ):
        if rules:
            rows += [f"## {heading}", ""]
            for rule in rules:
                rows += _rule(rule)
    return "\n".join(rows).rstrip() + "\n"


def index_page(profiles: Mapping[str, Profile]) -> str:
    rows = [
        "# 平台规则 / Platform rules",
        "",
        GENERATED,
        "",
        "每个平台一页：指标的各个版本、口径、线、处罚和出处。数据在 `app/platforms/*.yaml`；"
        "[facts.md](facts.md) 列出原始文档里的每条事实落在哪里，或为什么不收"
        "（理由写在 [elsewhere.yaml](elsewhere.yaml)）。",
        "",
        "| 平台 Platform | 状态 Status | 指标 Measures |",
        "|---|---|---|",
    ]
    for profile in profiles.values():
        names = "、".join(measure.name for measure in profile.measures)
        rows.append(
            f"| [{profile.name}]({profile.platform}.md) `{profile.platform}` | {STATUS[profile.status]} | {names} |"
        )
    rows += ["", "## 状态 / Status", ""]
    rows += [f"- {STATUS[status]}：{meaning}" for status, meaning in STATUS_MEANING.items()]
    rows += [
        "",
        "## 出处分级 / Grades",
        "",
        "A 平台自己的网页；B 读来像官方原文的转载；C 第三方文章。引文照抄原文；“转述”是读者的概括，不是原文。",
    ]
    return "\n".join(rows) + "\n"


# The table of facts


def fact_places(profiles: Mapping[str, Profile]) -> dict[str, list[tuple[str, str]]]:
    """Where each fact lives: its id to (platform, path in the profile), in file order."""
    places: dict[str, list[tuple[str, str]]] = {}
    for profile in profiles.values():
        for path, provenance in profile.sourced():
            for cited in provenance:
                here = (profile.platform, path)
                if cited.fact is not None and here not in places.setdefault(cited.fact, []):
                    places[cited.fact].append(here)
    return places


def _short(fact: Mapping[str, Any]) -> str:
    quote = str(fact.get("quote_without_pinyin_glosses", fact["quote"])).replace("|", "\\|")
    return quote if len(quote) <= QUOTE_LENGTH else quote[: QUOTE_LENGTH - 1] + "…"


def _lives(
    fact: Mapping[str, Any], places: Mapping[str, list[tuple[str, str]]], elsewhere: Mapping[str, Any]
) -> str:
    if fact["id"] in places:
        return "<br>".join(f"[{platform}]({platform}.md) `{path}`" for platform, path in places[fact["id"]])
    if fact["id"] not in elsewhere:
        raise SystemExit(
            f"{fact['id']}: 既不在平台配置里，也没有写明理由；请在配置的出处里写 fact，或写进 {ELSEWHERE.name} / "
            "neither cited by a profile nor given a reason"
        )
    reason = elsewhere[fact["id"]]
    rules = "、".join(f"[{code}](../rules/{code}.md)" for code in reason.get("lint", ()))
    return f"不在配置里：{reason['why']}" + (f"（{rules}）" if rules else "")


def facts_page(facts: Iterable[Mapping[str, Any]], profiles: Mapping[str, Profile]) -> str:
    """The table of all facts. Ends the program with a message if one is neither in a profile nor has a reason."""
    places = fact_places(profiles)
    elsewhere = yaml.safe_load(ELSEWHERE.read_text("utf-8"))
    rows = [
        "# 事实落在哪里 / Where each fact lives",
        "",
        GENERATED,
        "",
        "左边是原始文档里的一条事实，右边是它在哪个平台配置的哪一处，或者为什么不收。",
        "",
        "| 事实 Fact | 平台 Platform | 主题 Topic | 原文 Says | 落在 Lives in |",
        "|---|---|---|---|---|",
    ]
    rows += [
        f"| `{fact['id']}` | {fact['platform']} | {fact['topic']} | {_short(fact)} | {_lives(fact, places, elsewhere)} |"
        for fact in facts
    ]
    return "\n".join(rows) + "\n"


def pages() -> dict[str, str]:
    """File name below `docs/platforms/` to its content; without the shared folder `facts.md` is not among them."""
    profiles = load_profiles()
    made = {f"{profile.platform}.md": platform_page(profile) for profile in profiles.values()}
    made["README.md"] = index_page(profiles)
    if FACTS.exists():
        made["facts.md"] = facts_page(yaml.safe_load(FACTS.read_text("utf-8"))["facts"], profiles)
    return made


def main() -> int:
    made = pages()
    present = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.md")}
    if "facts.md" not in made:
        print("facts.md 原样保留：旁边没有 shared 文件夹 / facts.md is kept, the shared folder is absent")
        present.pop("facts.md", None)
    if "--check" in sys.argv:
        stale = sorted(name for name in made.keys() | present.keys() if made.get(name) != present.get(name))
        for name in stale:
            print(f"stale: docs/platforms/{name}")
        return 1 if stale else 0
    for name in present.keys() - made.keys():
        (FOLDER / name).unlink()
    for name, content in made.items():
        (FOLDER / name).write_text(content, "utf-8", newline="\n")
    print(f"{len(made)} pages")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
