"""Settings of one process, from the environment (`MIAOHUI_…`) or a `.env` file in the working folder."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

EncoderKind = Literal["builtin", "semantic", "endpoint", "none"]


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
    alert_allow: frozenset[str] = frozenset()
    """The same for alerts: mail servers, relays and webhooks on internal networks, as a JSON list of `host:port`."""
    alert_relays: dict[str, str] = Field(default_factory=dict)
    """Where requests to a public host of alerts go instead, as a JSON object of host to `http(s)://…`, for machines that
    may not reach the internet themselves."""
    public_url: str = Field(default="", pattern=r"^$|^https?://[^\s/@?#]+[^\s@?#]*$")
    """Where people open the dashboard; alerts link to it."""
    max_body_bytes: int = Field(default=2 * 1024 * 1024, ge=1024)
    """The largest request body taken, in bytes."""
    signature_tolerance_s: int = Field(default=300, ge=1)
    """How far a webhook's timestamp may lie from our clock, in seconds, either way."""
    future_tolerance_s: int = Field(default=300, ge=0)
    """How far in the future an event may lie, in seconds; beyond it is refused."""
    event_rate: float = Field(default=500, ge=0)
    """Events a second that one shop may send to this process in the long run; beyond it 429. 0 for no limit."""
    event_burst: int = Field(default=5000, ge=1)
    """Events that a shop may send at once after a quiet time."""
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

    encoder: EncoderKind = "builtin"
    """How nearness of meaning is told. `semantic` and `endpoint` are too slow for the path that acknowledges events, which
    goes by `builtin` then; `none` goes by letters alone everywhere."""
    encoder_limit_ms: int = Field(default=800, ge=1)
    """How long a suggestion waits for `semantic` or `endpoint` before the built-in answer is given."""
    encoder_max_texts: int = Field(default=50_000, ge=1)
    """A bank of more texts than this is searched by the built-in encoder only; a text takes some 3 KB of memory."""
    embeddings_url: str = Field(default="", pattern=r"^$|^https?://[^\s/@?#]+[^\s@?#]*$")
    """For `endpoint`: the base of an address that speaks OpenAI's embeddings protocol, mostly ending in `/v1`."""
    embeddings_model: str = ""
    embeddings_key: SecretStr = SecretStr("")
    embeddings_dimensions: int | None = Field(default=None, ge=1)
    """The length of vectors to ask for; unset: whatever the model has."""
    embeddings_prefix: str = ""
    """Put before each text, for models that want it, such as `query: `."""
    embeddings_batch: int = Field(default=64, ge=1, le=2048)
    embeddings_timeout_s: float = Field(default=10, gt=0)
    embeddings_allow: frozenset[str] = frozenset()
    """Exact `host:port` pairs on internal networks that the embeddings address may have, as a JSON list."""

    @property
    def resolved_database_url(self) -> str:
        if self.database_url:
            return self.database_url
        return f"sqlite:///{(self.data_dir / 'miaohui.db').resolve()}"
