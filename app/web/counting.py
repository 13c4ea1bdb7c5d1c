"""What the process counts for Prometheus. Never a buyer's words or names."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

EVENTS: Final = Counter("miaohui_events_total", "Events by what became of them", ["status"])
REQUEST_SECONDS: Final = Histogram(
    "miaohui_take_events_seconds",
    "From the parsed body to the commit",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
)
WRITER_WAITING: Final = Gauge("miaohui_writer_waiting", "Units of work that wait for a commit")
