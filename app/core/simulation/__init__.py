"""A service day of one shop, simulated: buyers who write and wait, agents who read and type.

`simulate_day` plays one day on simulated time and returns real events, so that the same `app.core.measures` that judge
a real log judge this one, and the machine in it speaks when `app.core.ladder` and `app.core.auto_reply` say so. What
is assumed beside them are the fields of `Assumptions`.
"""

from app.core.simulation.assumptions import Assumptions
from app.core.simulation.likeness import Reading, read_likeness
from app.core.simulation.outcomes import SimulatedDay
from app.core.simulation.people import arrival_weight, cast_of
from app.core.simulation.rules import ReplyRules
from app.core.simulation.shop import simulate_day
from app.core.simulation.spread import Spread
from app.core.simulation.trials import NoSuchLoadError, Run, Trial, load_for

__all__ = [
    "Assumptions",
    "NoSuchLoadError",
    "Reading",
    "ReplyRules",
    "Run",
    "SimulatedDay",
    "Spread",
    "Trial",
    "arrival_weight",
    "cast_of",
    "load_for",
    "read_likeness",
    "simulate_day",
]
