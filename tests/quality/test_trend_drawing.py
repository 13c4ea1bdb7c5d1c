"""The trend as an SVG: nothing leaves the sheet, gaps stay gaps, no two names cover each other."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.profiles import Line
from app.core.quality.figures import Keyed, Tally
from app.web.trend_drawing import draw

LINES = [
    ("扣罚线", "penalty", Line(">", Fraction(4, 5))),
    ("平台目标", "target", Line(">=", Fraction(9, 10))),
    ("本店目标", "goal", Line(">=", Fraction(9, 10))),
]
tallies = st.tuples(st.integers(0, 50), st.integers(0, 50)).map(lambda pair: Tally(pair[0], sum(pair)))


@settings(deadline=None)
@given(st.lists(tallies, max_size=31))
def test_everything_stands_on_the_sheet(found: list[Tally]) -> None:
    drawing = draw([Keyed(f"2026-10-{n + 1:02}", tally) for n, tally in enumerate(found)], LINES)
    rated = [tally for tally in found if tally.counted]
    if len(rated) < 2:
        assert drawing is None
        return
    assert drawing is not None
    assert len(drawing.dots) == len(rated)
    for dot in drawing.dots:
        assert drawing.left <= dot.x <= drawing.right
        assert 0 < dot.y <= drawing.bottom
    for level in drawing.levels:
        assert 0 < level.y <= drawing.bottom


def test_a_day_without_ratings_is_a_gap() -> None:
    found = [Tally(1, 1), Tally(3, 4), Tally(), Tally(2, 2), Tally(1, 2)]
    drawing = draw([Keyed(f"2026-11-{n + 16}", tally) for n, tally in enumerate(found)], LINES)
    assert drawing is not None
    assert len(drawing.paths) == 2
    assert [words for _, words in drawing.labels] == ["11-16", "11-17", "11-18", "11-19", "11-20"]


def test_lines_at_one_height_keep_both_names_apart() -> None:
    drawing = draw([Keyed("2026-W46", Tally(9, 10)), Keyed("2026-W47", Tally(8, 10))], LINES)
    assert drawing is not None
    names = [(y, name) for level in drawing.levels for y, name in level.names]
    assert [name for _, name in names] == ["平台目标 90%", "本店目标 90%", "扣罚线 80%"]
    assert all(below - above >= 12 for (above, _), (below, _) in pairwise(names))
    assert [words for _, words in drawing.labels] == ["第46周", "第47周"]
