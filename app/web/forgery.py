"""Forms come from our own pages: the browser's word for it, and a token that no other site can read.

The cookie is `SameSite=Strict`, so another site's form comes without it; these two guard browsers and proxies that are not
as strict.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request

TOKEN_FIELD: Final = "token"  # noqa: S105  (a field's name)
TOKEN_HEADER: Final = "x-form-token"  # noqa: S105  (a header's name)
_PURPOSE: Final = b"miaohui form token"


def same_origin(request: Request) -> bool:
    """Does the form come from our own page? A browser says so; another client is no risk of forgery."""
    if (site := request.headers.get("sec-fetch-site")) is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def form_token(session_token: str) -> str:
    """The token of the forms shown to one signed-in session; it tells nothing of the session's own token."""
    return hmac.new(session_token.encode(), _PURPOSE, hashlib.sha256).hexdigest()


def is_form_token(given: str, session_token: str) -> bool:
    """Was this token handed out to this session?"""
    return hmac.compare_digest(given.encode("utf-8", "replace"), form_token(session_token).encode())
