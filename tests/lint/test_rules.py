"""Every rule holds what its own examples say."""

from __future__ import annotations

import pytest

from lint import CHANNELS, Linter, Rule

LINTER = Linter.default()


def codes(rule: Rule, text: str) -> set[str]:
    earlier = [text] if any(matcher.kind == "repeat" for matcher in rule.matchers) else []
    return {
        finding.rule
        for channel in CHANNELS
        if channel in rule.severity
        for finding in LINTER.check(text, channel=channel, earlier=earlier).findings
    }


CASES = [(rule, text) for rule in LINTER.rules for text in rule.bad]
GOOD = [(rule, text) for rule in LINTER.rules for text in rule.good]
MISSES = [(rule, text) for rule in LINTER.rules for text in rule.known_misses]


@pytest.mark.parametrize(("rule", "text"), CASES, ids=lambda v: v.code if isinstance(v, Rule) else v)
def test_a_bad_example_is_found_by_its_own_rule_or_a_graver_one_of_its_category(
    rule: Rule, text: str
) -> None:
    assert any(code.startswith(rule.category + "/") for code in codes(rule, text))


@pytest.mark.parametrize("rule", LINTER.rules, ids=lambda rule: rule.code)
def test_every_rule_is_itself_named_by_one_of_its_bad_examples(rule: Rule) -> None:
    assert any(rule.code in codes(rule, text) for text in rule.bad)


@pytest.mark.parametrize(("rule", "text"), GOOD, ids=lambda v: v.code if isinstance(v, Rule) else v)
def test_a_good_example_is_clean_under_all_rules(rule: Rule, text: str) -> None:
    report = LINTER.check(text)
    assert [(f.rule, f.match) for f in report.findings if f.severity != "info"] == []


@pytest.mark.parametrize(("rule", "text"), MISSES, ids=lambda v: v.code if isinstance(v, Rule) else v)
def test_a_known_miss_is_still_missed(rule: Rule, text: str) -> None:
    """Once this fails, the engine has become better: move the sentence to `bad`."""
    assert rule.code not in codes(rule, text)
