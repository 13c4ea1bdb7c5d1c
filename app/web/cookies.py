"""The dashboard's cookie: unreadable by scripts, kept from other sites, and over HTTPS only where there is HTTPS."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from app.usecases.service import Service
from app.usecases.web_sessions import AT_MOST, Visitor
from app.web.auth import COOKIE


def visitor_of(request: Request) -> Visitor:
    """Where the request comes from."""
    return Visitor(request.client.host if request.client else "", request.headers.get("user-agent", ""))


def led_in(request: Request, service: Service, token: str, to: str = "/") -> Response:
    """The answer to somebody who has been let in: the cookie, and on to a page."""
    response = RedirectResponse(to, 303)
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(AT_MOST.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=service.settings.secure_cookies or request.url.scheme == "https",
    )
    return response


def led_out() -> Response:
    """The answer to somebody who has signed out."""
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(COOKIE)
    return response
