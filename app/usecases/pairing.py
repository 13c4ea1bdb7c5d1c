"""Pairing a browser extension: one code that an agent pastes once, with a key and a signing secret of their own."""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import orjson
from sqlmodel import Session as Database

from app.db.tables import SigningSecretRow
from app.usecases.administration import (
    AdministrationError,
    add_key,
    new_signing_secret,
    principal_of_key,
)
from app.usecases.audit import OPERATOR

PREFIX: Final = "mhp1."
EXTENSION_SCOPES: Final = ("events", "lint", "read")
"""What an agent's extension does: report what it sees, have drafts checked, read suggestions and clocks."""
LONGEST_AGENT: Final = 200


@dataclass(frozen=True, slots=True)
class Pairing:
    """What an extension needs to speak for one agent of a shop; `key_id` revokes all of it at once."""

    server: str
    shop: str
    key: str
    secret: str
    agent_id: str
    agent_name: str
    key_id: str

    def code(self) -> str:
        """The code: `mhp1.` and the base64url of its JSON, without padding."""
        record = {
            "server": self.server,
            "shop": self.shop,
            "key": self.key,
            "secret": self.secret,
            "agent": {"id": self.agent_id, "name": self.agent_name},
        }
        return PREFIX + base64.urlsafe_b64encode(orjson.dumps(record)).decode().rstrip("=")


def pair_extension(
    db: Database,
    shop_id: str,
    now: datetime,
    *,
    server: str,
    agent_id: str,
    agent_name: str = "",
    by: str = OPERATOR,
) -> Pairing:
    """Make a key and a signing secret for one agent's extension.

    `server` is the address under which browsers reach this service. The secret bears the key's id, so that revoking the
    key retires it too. Raises `AdministrationError`.
    """
    server = _server(server)
    agent_id = agent_id.strip()
    if not 0 < len(agent_id) <= LONGEST_AGENT:
        raise AdministrationError(
            f"客服编号不能为空，最多 {LONGEST_AGENT} 个字符 / the agent's id is missing or too long",
            "agent",
        )
    name = agent_name.strip() or agent_id
    key = add_key(db, shop_id, now, label=name, scopes=EXTENSION_SCOPES, by=by)
    db.flush()
    principal = principal_of_key(db, key)
    assert principal is not None
    secret = new_signing_secret()
    db.add(SigningSecretRow(shop_id=shop_id, id=principal.key_id, secret=secret, created_at=now))
    return Pairing(server, shop_id, key, secret, agent_id, name, principal.key_id)


def as_record(pairing: Pairing) -> dict[str, str]:
    """All fields and the code, for machines."""
    return {**asdict(pairing), "pairing": pairing.code()}


def _server(address: str) -> str:
    parts = urlsplit(address.strip())
    try:
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        port_is_fine = False
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or not port_is_fine
        or parts.username is not None
        or parts.query
        or parts.fragment
    ):
        raise AdministrationError(
            "--server 要写浏览器能打开的服务地址，如 https://miaohui.example.com / the address of this service as browsers reach it"
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
