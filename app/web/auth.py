"""Who is calling: an API key, a Standard Webhooks signature, or the dashboard's cookie."""

from __future__ import annotations

import contextlib
import hmac
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import Depends, Request
from standardwebhooks import Webhook

from app.db.writer import OverloadedError
from app.usecases.administration import (
    Principal,
    list_shops,
    principal_of_key,
    signing_secrets,
)
from app.usecases.service import Service
from app.usecases.web_sessions import find_web_session, note_use
from app.web.problems import Problem

COOKIE: Final = "miaohui_session"
MAX_HEADER = 400


def service_of(request: Request) -> Service:
    service = request.app.state.service
    assert isinstance(service, Service)
    return service


ServiceDep = Annotated[Service, Depends(service_of)]


async def principal_of(request: Request, scope: str | None, key: str | None = None) -> Principal:
    """The caller by API key (`Authorization: Bearer …`, unless one is given), who must have the scope, if one is named.

    Raises a 401 or 403 `Problem`.
    """
    key = key or bearer_of(request)
    if key is None:
        raise _unauthorized("missing_key", "需要 API 密钥：Authorization: Bearer mh_… / an API key is needed")
    principal = await service_of(request).read(lambda db: principal_of_key(db, key))
    if principal is None:
        raise _unauthorized("bad_key", "API 密钥无效或已停用 / the API key is unknown or revoked")
    if scope is not None and scope not in principal.scopes:
        raise Problem(
            403, "missing_scope", f"这个密钥没有 {scope} 权限 / the key lacks this scope", scope=scope
        )
    return principal


def bearer_of(request: Request) -> str | None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    key = key.strip()
    return key if scheme.lower() == "bearer" and 0 < len(key) <= MAX_HEADER else None


def _holder_of(scope: str | None) -> Callable[[Request], Awaitable[Principal]]:
    async def dependency(request: Request) -> Principal:
        return await principal_of(request, scope)

    return dependency


Reader = Annotated[Principal, Depends(_holder_of("read"))]
"""The caller, who may read sessions, measures and suggestions."""
Editor = Annotated[Principal, Depends(_holder_of("phrases"))]
"""The caller, who may change phrases."""
Alerter = Annotated[Principal, Depends(_holder_of("alerts"))]
"""The caller, who may change who is told when a buyer waits."""
PolicyEditor = Annotated[Principal, Depends(_holder_of("policy"))]
"""The caller, who may change what the machine does by itself."""
Staffer = Annotated[Principal, Depends(_holder_of("staff"))]
"""The caller, who may change service hours, agents and groups."""
Supervisor = Annotated[Principal, Depends(_holder_of("quality"))]
"""The caller, who may see the quality of everybody's service."""
Sender = Annotated[Principal, Depends(_holder_of("events"))]
"""The caller, who may report what happened: verdicts on suggestions are facts as events are."""
KeyHolder = Annotated[Principal, Depends(_holder_of(None))]
"""The caller, whatever the key allows."""
LintUser = Annotated[Principal, Depends(_holder_of("lint"))]
"""The caller, who may lint."""


async def signed_shop(request: Request, body: bytes, shop_id: str | None) -> str:
    """Verify a Standard Webhooks signature over the raw body; the shop whose secret it was made with.

    The shop is named in the address, in `?shop=` or in the header `miaohui-shop`; where only one shop exists it need
    not be named. Raises a 401 `Problem` that does not tell a wrong secret from an unknown shop.
    """
    service = service_of(request)
    shop_id = shop_id or request.query_params.get("shop") or request.headers.get("miaohui-shop")
    if not shop_id:
        shops = await service.read(list_shops)
        if len(shops) != 1:
            raise _unauthorized("missing_shop", "请用 ?shop= 或 miaohui-shop 头说明是哪家店 / name the shop")
        shop_id = shops[0].id
    named = shop_id
    secrets = await service.read(lambda db: signing_secrets(db, named))
    verify_signature(
        request, body, secrets, service.transport_clock().timestamp(), service.settings.signature_tolerance_s
    )
    return named


def verify_signature(request: Request, body: bytes, secrets: list[str], now: float, tolerance_s: int) -> None:
    """Raises a 401 `Problem` unless one of the secrets signed exactly this id, time and body."""
    delivery = request.headers.get("webhook-id", "")
    stamp = request.headers.get("webhook-timestamp", "")
    signatures = request.headers.get("webhook-signature", "")
    if not delivery or not stamp or not signatures:
        raise _unauthorized(
            "missing_signature",
            "需要 API 密钥，或 webhook-id、webhook-timestamp、webhook-signature 三个头 / neither a key nor a signature",
        )
    if len(delivery) > MAX_HEADER or not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise _unauthorized("bad_signature", "签名头的格式不对 / a signature header is malformed")
    if abs(now - int(stamp)) > tolerance_s:
        raise _unauthorized(
            "stale_signature",
            f"签名时间与本机相差超过 {tolerance_s} 秒，请校对时钟 / the timestamp is too far from our clock",
        )
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise Problem(400, "not_utf8", "请求体不是 UTF-8 / the body is not UTF-8") from None
    given = [part[3:] for part in signatures.split(" ") if part.startswith("v1,")][:8]
    moment = datetime.fromtimestamp(int(stamp), UTC)
    good = False
    for secret in secrets:
        expected = Webhook(secret).sign(delivery, moment, text)[3:]
        for signature in given:
            good |= hmac.compare_digest(expected.encode(), signature.encode("utf-8", "surrogateescape"))
    if not good:
        raise _unauthorized(
            "bad_signature", "签名不对：请核对密钥，并对原始请求体签名 / the signature does not match"
        )


async def signed_in(request: Request) -> Principal | None:
    """Who is signed in to the dashboard, which keeps them signed in."""
    token = request.cookies.get(COOKIE, "")
    if not 0 < len(token) <= MAX_HEADER:
        return None
    service = service_of(request)
    now = service.clock()
    found = await service.read(lambda db: find_web_session(db, token, now))
    if found is None:
        return None
    if found.to_note:
        with contextlib.suppress(OverloadedError):
            await service.write(lambda db: note_use(db, token, now))
    return found.principal


def _unauthorized(reason: str, title: str) -> Problem:
    return Problem(401, reason, title, headers={"www-authenticate": "Bearer"})
