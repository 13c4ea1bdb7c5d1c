"""The words and sentences of the collected rules are found; real replies stay almost silent. Skips without ../shared."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from lint import Linter

SHARED = Path(__file__).parents[2].parent / "shared"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="../shared is absent: its data cannot be tried")

# Remarks of the list's author and scraps of its brackets, which name no word.
NOT_WORDS = {"一款", "需住建委证明方可使用", "央行批准除外", "已被阿里巴巴注册不可使用", "必须有活动日期"}
# A day named is what the list asks for; 遥遥 alone is half of 遥遥领先.
NOT_ALONE = {"今日", "今天", "限时必须具体时间", "遥遥"}


def found(text: str, category: str) -> bool:
    report = Linter.default().check(text)
    return any(f.category == category and f.severity != "info" for f in report.findings)


def test_every_word_of_the_22_groups_is_found_when_it_stands_alone() -> None:
    facts = yaml.safe_load((SHARED / "facts" / "platform_facts.yaml").read_text("utf-8"))["facts"]
    groups = [fact for fact in facts if re.fullmatch(r"TM-AD-\d\d", fact["id"])]
    assert len(groups) == 22
    words = [w.strip() for fact in groups for value in fact["value"] for w in re.split(r"[()（）/、]", value)]
    missed = {w for w in words if w and not found(w, "ad-law")}
    assert missed <= NOT_WORDS | NOT_ALONE


def test_the_rude_words_of_the_service_attitude_article_are_found() -> None:
    facts = yaml.safe_load((SHARED / "facts" / "platform_facts.yaml").read_text("utf-8"))["facts"]
    words = [
        w
        for f in facts
        if f["id"] in {"KS-WORD-RHETORICAL", "KS-WORD-INTERROGATE", "KS-WORD-SHIRK"}
        for w in f["value"]
    ]
    assert len(words) == 7
    assert [w for w in words if not (found(w, "tone") and found(w + "！", "tone"))] == []


def test_the_invoice_excuses_are_found_and_the_advised_sentence_on_closing_is_not() -> None:
    facts = {
        f["id"]: f
        for f in yaml.safe_load((SHARED / "facts" / "platform_facts.yaml").read_text("utf-8"))["facts"]
    }
    assert [t for t in facts["TM-INVOICE-EXCUSES"]["value"] if not found(t, "red-line")] == []
    assert not found(facts["TM-CLOSE-ORDER"]["value"]["suggested_phrase"], "red-line")


def test_real_replies_are_almost_silent() -> None:
    lines = (SHARED / "data" / "jddc_agent_replies_train.tsv").read_text("utf-8").split("\n")[1:]
    replies = [line for line in lines if line]
    linter = Linter.default()
    # A reply that is nothing but 嗯 or 不清楚 is rightly found; all others are counted as false alarms here.
    alarms = sum(
        any(
            f.severity != "info" and f.rule not in {"tone/perfunctory", "tone/shirking"}
            for f in linter.check(reply).findings
        )
        for reply in replies
    )
    assert len(replies) > 10_000
    assert alarms <= len(replies) // 1000
