"""The linter's rules about itself: suppressions that are wrong or of no use, and a baseline that can shrink.

They look like other rules, so that they can be listed, explained, switched off and reported, but match no text.
"""

from __future__ import annotations

from typing import Final

from lint.findings import CHANNELS, Finding, Severity
from lint.rulebook import Rule

CATEGORY: Final = "lint"
BAD_SUPPRESSION: Final = "lint/bad-suppression"
NO_REASON: Final = "lint/suppression-without-reason"
UNKNOWN_RULE: Final = "lint/unknown-rule"
UNUSED: Final = "lint/unused-suppression"
STALE_BASELINE: Final = "lint/stale-baseline"
_SOURCE: Final = "秒回的约定，见 docs/lint.zh.md（2026）"


def _rule(
    code: str, name: str, severity: Severity, message: str, why: str, suggestion: str, bad: str, good: str
) -> Rule:
    return Rule(
        code=code,
        name=name,
        category=CATEGORY,
        severity=dict.fromkeys(CHANNELS, severity),
        message=message,
        why=why,
        source=_SOURCE,
        suggestion=suggestion,
        matchers=(),
        bad=(bad,),
        good=(good,),
    )


OWN_RULES: Final[tuple[Rule, ...]] = (
    _rule(
        BAD_SUPPRESSION,
        "忽略注释写得不对",
        "warning",
        "看不懂这条忽略：{match}",
        "写错的忽略不起作用，而且没有人会发现。",
        "写成 miaohui: ignore 规则或类别, … -- 理由；动词可用 ignore、ignore-next-line、ignore-line、ignore-file",
        "# miaohui: ignroe ad-law/first -- 有证书",
        "# miaohui: ignore ad-law/first -- 有证书",
    ),
    _rule(
        NO_REASON,
        "忽略没有写理由",
        "warning",
        "忽略 {match} 没有写理由，不起作用",
        "没有理由的忽略，以后没有人知道能不能删；抽检时也说不清。",
        "在后面加上 -- 理由，如 -- 专利号见详情页",
        "# miaohui: ignore ad-law/first",
        "# miaohui: ignore ad-law/first -- 有证书",
    ),
    _rule(
        UNKNOWN_RULE,
        "没有这条规则",
        "warning",
        "没有规则或类别 {match}",
        "代码写错的忽略不起作用。",
        "用 miaohui lint --list-rules 查代码",
        "# miaohui: ignore ad-law/frist -- 有证书",
        "# miaohui: ignore ad-law/first -- 有证书",
    ),
    _rule(
        UNUSED,
        "忽略没有用上",
        "warning",
        "忽略 {match} 没有用上：它管的文字里没有这样的问题",
        "没有用的忽略会挡住以后真正的问题。",
        "删去它",
        "您好 # miaohui: ignore ad-law/first -- 有证书",
        "全网第一 # miaohui: ignore ad-law/first -- 有证书",
    ),
    _rule(
        STALE_BASELINE,
        "基线里的问题已经没有了",
        "info",
        "基线里的 {match} 已经没有了",
        "基线应当只减不增；留着没有了的，同样的问题再来时不会提示。",
        "用 --write-baseline 重写基线",
        "基线里记着一处，文字已经改好",
        "基线里记着的每一处都还在",
    ),
)
_BY_CODE: Final = {rule.code: rule for rule in OWN_RULES}


def own_finding(
    code: str, severity: Severity, start: int, end: int, match: str, suggestion: str = ""
) -> Finding:
    """A finding of one of these rules."""
    rule = _BY_CODE[code]
    return Finding(
        rule=code,
        name=rule.name,
        category=CATEGORY,
        severity=severity,
        start=start,
        end=end,
        match=match,
        message=rule.message.replace("{match}", match),
        suggestion=suggestion or rule.suggestion,
        source=rule.source,
        reason=rule.why,
    )
