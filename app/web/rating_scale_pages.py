"""The page of the shop's scale for good ratings: values in, HTML out. Nothing here reads the database, the clock or the request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from app.core.recalibration import AS_GIVEN, Band, Verdict
from app.usecases.rating_scales import NOT_BETTER, Learning, ScaleVersion
from app.web.phrase_pages import Frame
from app.web.rendering import ENVIRONMENT, render

VERDICTS: Final[Mapping[Verdict, tuple[str, str]]] = MappingProxyType(
    {
        Verdict.BETTER: ("校准后更准", "good"),
        Verdict.UNCLEAR: ("看不出更准", "plain"),
        Verdict.WORSE: ("校准后更不准", "bad"),
        Verdict.TOO_FEW: ("评价还太少", "plain"),
    }
)
"""What the past says -> (what people read, tone of its badge)."""
SHOWN_CHANCES: Final = (0.6, 0.7, 0.8, 0.9, 0.95)
PLOT_SIDE: Final = 260
"""Side of the square plot, in its own units."""

ENVIRONMENT.globals["scale_verdicts"] = VERDICTS


@dataclass(frozen=True, slots=True)
class Board:
    """What the page shows. `timezone` is the shop's."""

    learning: Learning
    versions: Sequence[ScaleVersion]
    timezone: str
    done: str = ""
    problem: str = ""

    @property
    def on(self) -> bool:
        current = self.learning.current
        return current is not None and current.scale is not None

    @property
    def number(self) -> int:
        """Of the last switching; 0 where there was none."""
        return self.learning.current.number if self.learning.current else 0

    @property
    def why_not(self) -> str:
        """Why the candidate cannot be switched on, in Chinese."""
        return NOT_BETTER[self.learning.judgement.verdict].partition(" / ")[0]

    @property
    def changes(self) -> list[tuple[float, float]]:
        """(chance as it is, what the candidate makes of it)."""
        return [(chance, self.learning.candidate.chance(chance)) for chance in SHOWN_CHANCES]

    @property
    def moves(self) -> bool:
        return self.learning.candidate != AS_GIVEN


def scale_page(frame: Frame, board: Board) -> str:
    """The page."""
    return render("quality/scale.html", frame=frame, board=board, side=PLOT_SIDE)


def points(bands: Sequence[Band]) -> list[tuple[float, float, int]]:
    """(x, y, how many) of the bands in the plot's units: chance to the right, share of good ratings upwards."""
    return [
        (
            round(band.mean_chance * PLOT_SIDE, 1),
            round((1 - band.good / band.count) * PLOT_SIDE, 1),
            band.count,
        )
        for band in bands
    ]


ENVIRONMENT.filters["scale_points"] = points
