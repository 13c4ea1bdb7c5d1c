"""Calibration: hold our figures against a platform's own export, and find the knobs that explain the difference.

`Observation` is what one row of an export says. `Recount` counts a log again and again by changed definitions.
`calibrate` compares and searches; what it finds is a `Calibration`.
"""

from app.core.calibration.knobs import Change, alternatives
from app.core.calibration.late import LateFact, late_facts
from app.core.calibration.observations import Interval, Key, Observation, Shape
from app.core.calibration.recount import Counts, Recount, Stretch, stretches_of
from app.core.calibration.search import Calibration, Explanation, calibrate

__all__ = [
    "Calibration",
    "Change",
    "Counts",
    "Explanation",
    "Interval",
    "Key",
    "LateFact",
    "Observation",
    "Recount",
    "Shape",
    "Stretch",
    "alternatives",
    "calibrate",
    "late_facts",
    "stretches_of",
]
