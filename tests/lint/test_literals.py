"""What a pattern needs is read off it rightly: whatever it matches holds a string of each set."""

from __future__ import annotations

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from lint.literals import branches, shortest


@pytest.mark.parametrize(
    ("pattern", "needed"),
    [
        ("发票", [[{"发票"}]]),
        ("(?:开|补)发票", [[{"开发票", "补发票"}]]),
        ("不(?:给|能)?开", [[{"不开", "不给开", "不能开"}]]),
        ("加我*微信", [[{"微信"}, {"加"}, {"加我", "加微"}, {"我微", "加微"}]]),
        ("开.?票", [[{"开"}, {"票"}]]),
        (
            "[不别](?:再)*[来问][^我]",
            [
                [
                    {"不", "别"},
                    {"来", "问"},
                    {"不来", "不问", "不再", "别来", "别问", "别再"},
                    {"再来", "再问", "不来", "不问", "别来", "别问"},
                ]
            ],
        ),
        ("评价[^,]{0,9}返现", [[{"评价"}, {"返现"}]]),
        ("微信|支付宝", [[{"微信"}], [{"支付宝"}]]),
        ("(?:微信|支付宝)", [[{"微信"}], [{"支付宝"}]]),
        ("x{2,4}天", [[{"xx"}]]),
        (r"\p{Han}+吗", [[{"吗"}]]),
        ("好评(?:返|送)?现?", [[{"好评"}]]),
        ("[^{]*", [[]]),
        ("(?i)vx", [[]]),
        (r"a\{b", [[{"a{b"}]]),
        ("[【[](?P<hit>姓名)[】\\]]", [[{"【姓名】", "【姓名]", "[姓名】", "[姓名]"}]]),
    ],
)
def test_the_needed_strings_are_read_off(pattern: str, needed: list[list[set[str]]]) -> None:
    found = [[set(shortest(strings)) for strings in branch.required] for branch in branches(pattern)]
    if pattern == "x{2,4}天":
        assert {"xx"} in found[0]
        assert {"天"} in found[0]
        return
    assert [sorted(sets, key=sorted) for sets in found] == [sorted(sets, key=sorted) for sets in needed]


ATOMS = st.sampled_from(
    [
        "票",
        "发票",
        "[开补]",
        "[^开]",
        ".",
        r"\p{Han}",
        r"\d",
        "x",
        r"\{",
        "(?:微信|支付宝|)",
        "(?P<hit>好评)",
        "^",
        "$",
    ]
)
TAILS = st.sampled_from(["", "", "", "?", "*", "+", "{2}", "{0,2}", "{1,3}?", "|"])
PATTERNS = st.lists(st.tuples(ATOMS, TAILS), min_size=1, max_size=6).filter(
    lambda parts: (
        sum("hit" in atom for atom, _ in parts) <= 1
        and not any(atom in "^$" and tail not in ("", "|") for atom, tail in parts)
    )
)
TEXTS = st.text(alphabet="发票开补好评微信支付宝x{1 不", max_size=12)


@given(parts=PATTERNS, wrapped=st.booleans(), text=TEXTS)
@settings(max_examples=2000, deadline=None)
def test_a_match_holds_a_string_of_every_set_of_some_branch(
    parts: list[tuple[str, str]], wrapped: bool, text: str
) -> None:
    pattern = "".join(atom + tail for atom, tail in parts)
    if wrapped:
        pattern = f"(?:{pattern})"
    named = "hit" in pattern
    if any(not named or found.group("hit") for found in re2.finditer(pattern, text)):
        assert any(
            all(any(s in text for s in strings) for strings in branch.required)
            and (branch.longest is None or len(text) <= branch.longest)
            for branch in branches(pattern)
        )
