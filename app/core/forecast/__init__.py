"""What a figure still needs, and where its period will end.

Exact: `outlook` and the functions behind it, in whole items. Estimated: `forecast_period`, with an interval that says
how sure it is. What a figure would cost is in `app.core.penalties`.
"""

from app.core.forecast.ahead import (
    INTERVAL,
    Ending,
    Forecast,
    LineAhead,
    NoForecast,
    Widened,
    forecast_period,
)
from app.core.forecast.lines import (
    Outlook,
    best_possible,
    is_reachable,
    misses_allowed,
    misses_until_line,
    needed_to_recover,
    outlook,
)
from app.core.forecast.periods import DayCounts, Period, leaving, period_of
from app.core.penalties import FinesAllowed, fines_allowed

__all__ = [
    "INTERVAL",
    "DayCounts",
    "Ending",
    "FinesAllowed",
    "Forecast",
    "LineAhead",
    "NoForecast",
    "Outlook",
    "Period",
    "Widened",
    "best_possible",
    "fines_allowed",
    "forecast_period",
    "is_reachable",
    "leaving",
    "misses_allowed",
    "misses_until_line",
    "needed_to_recover",
    "outlook",
    "period_of",
]
