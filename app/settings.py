"""Settings of one process, from the environment (`MIAOHUI_…`) or a `.env` file in the working folder."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What an operator may set; every value has a default that works on one machine."""

    model_config = SettingsConfigDict(env_prefix="MIAOHUI_", env_file=".env", extra="ignore")

    data_dir: Path = Path("data")
    """Where SQLite lives when `database_url` is not set."""
    database_url: str = ""
    """`sqlite:///…` or `postgresql+psycopg://…`; empty for SQLite in `data_dir`."""
    callback_allow: frozenset[str] = frozenset()
    """Exact `host:port` pairs on internal networks that callbacks may reach, as a JSON list. Only an operator can
    allow them: the API cannot."""
    max_body_bytes: int = Field(default=2 * 1024 * 1024, ge=1024)
    """The largest request body taken, in bytes."""
    signature_tolerance_s: int = Field(default=300, ge=1)
    """How far a webhook's timestamp may lie from our clock, in seconds, either way."""
    future_tolerance_s: int = Field(default=300, ge=0)
    """How far in the future an event may lie, in seconds; beyond it is refused."""
    writer_queue: int = Field(default=2000, ge=1)
    """How many requests may wait for a commit before new ones are sent away with 503."""
    clock_offset_s: float = 0
    """Seconds added to the clock, for demos and drills at hours at which no platform counts; never in real use."""
    workers_run_jobs: bool = True
    """Does this process act on deadlines, deliver the outbox and teach phrases what was accepted?"""
    retrain_banks: bool = True
    """Build changed phrase banks anew in the background. Every process does so for the banks in its own memory."""
    secure_cookies: bool = False
    """Set the `Secure` attribute on the dashboard's cookie; switch on behind HTTPS."""

    @property
    def resolved_database_url(self) -> str:
        if self.database_url:
            return self.database_url
        return f"sqlite:///{(self.data_dir / 'miaohui.db').resolve()}"
