"""Measures over events, exactly: integer counts, pending apart from missed, no rate on an empty denominator.

`evaluate` counts events by a `Definition`; `evaluate_measure` counts a platform's measure, each item by the edition
in force on its day. Both take plain events or a `History`, which is made once where several measures share a log.
"""

from app.core.measures.editions import EditionError, MeasureReport, evaluate_measure
from app.core.measures.evaluator import evaluate
from app.core.measures.history import History
from app.core.measures.results import KEYS, MeasureResult

__all__ = [
    "KEYS",
    "EditionError",
    "History",
    "MeasureReport",
    "MeasureResult",
    "evaluate",
    "evaluate_measure",
]
