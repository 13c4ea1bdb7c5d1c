"""How many days were simulated, and how many times faster than real time."""

from __future__ import annotations

import time

from rich.console import Console
from rich.progress import Progress, TaskID, TextColumn, TimeElapsedColumn

from app.core.simulation import ReplyRules, Trial


class Stopwatch:
    """Counts simulated days and the time that they took; shows both on a terminal while it runs."""

    def __init__(self) -> None:
        self._days = 0
        self._simulated_s = 0.0
        self._took_s = 0.0
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("已模拟 {task.completed} 天 / days"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task: TaskID = self._progress.add_task("", total=None)

    def __enter__(self) -> Stopwatch:
        self._began = time.perf_counter()
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
        self._took_s = time.perf_counter() - self._began

    def count(self, trial: Trial) -> None:
        """A day of this trial has been played."""
        rules = ReplyRules.of(trial.definition)
        self._days += 1
        self._simulated_s += rules.closes_s - rules.opens_s
        self._progress.advance(self._task)

    @property
    def text(self) -> str:
        times = self._simulated_s / self._took_s if self._took_s else 0.0
        return (
            f"模拟了 {self._days} 天（{self._simulated_s / 3600:,.0f} 小时），用时 {self._took_s:.1f} 秒，"
            f"约为真实时间的 {times:,.0f} 倍 / {times:,.0f} times real time"
        )
