"""`--explain` and `--list-rules`: what the linter knows, for people and programs."""

from __future__ import annotations

from collections.abc import Sequence

from app.cli.output import cannot, emit, say
from lint import CHANNELS, Rule
from lint.selection import nearest


def explain(rules: Sequence[Rule], code: str) -> None:
    """Tell all about a rule, or list the rules of a category. Ends with exit 2 where there is none."""
    rule = next((rule for rule in rules if rule.code == code), None)
    if rule is None:
        below = [rule for rule in rules if rule.category == code]
        if not below:
            near = nearest(code, [rule.code for rule in rules])
            meant = f"，是不是 {'、'.join(near)}？" if near else "，"
            cannot(f"没有规则 {code}{meant}用 --list-rules 查看全部 / no such rule")
        list_rules(below, rules, "text")
        return
    say(f"{rule.code}  {rule.name}")
    say("级别  " + "，".join(f"{channel} {rule.severity.get(channel, '不查')}" for channel in CHANNELS))
    if rule.platforms:
        say("平台  " + "、".join(sorted(rule.platforms)))
    for label, text in (("为什么", rule.why), ("怎么改", rule.suggestion), ("依据  ", rule.source)):
        say(f"{label}  {text}")
    for label, examples in (("会提示", rule.bad), ("不提示", rule.good), ("漏掉的", rule.known_misses)):
        for example in examples:
            say(f"{label}  {example}")
    for ground in dict.fromkeys(exemption.reason for exemption in rule.exemptions):
        say(f"豁免    {ground}")
    for word, new in rule.fix.items():
        say(f"可自动改  {word} → {new}")
    if rule.matchers:
        say(f"忽略一处  miaohui: ignore {rule.code} -- 理由")
    say(f'整个关掉  disable = ["{rule.code}"]')


def list_rules(rules: Sequence[Rule], on: Sequence[Rule], output_format: str) -> None:
    """Every rule, with its severities as set; one that is off says so."""
    active = {rule.code: rule for rule in on}
    if output_format in ("jsonl", "json"):
        for rule in rules:
            now = active.get(rule.code)
            emit(
                {
                    "rule": rule.code,
                    "name": rule.name,
                    "category": rule.category,
                    "severity": {channel: now.severity.get(channel) if now else None for channel in CHANNELS},
                    "source": rule.source,
                    "fix": dict(rule.fix),
                }
            )
        return
    wide = max(len(rule.code) for rule in rules)
    for rule in rules:
        now = active.get(rule.code)
        levels = "，".join(
            f"{channel} {now.severity.get(channel, '不查') if now else '关'}" for channel in CHANNELS
        )
        say(f"{rule.code.ljust(wide)}  {rule.name}（{levels}）")
