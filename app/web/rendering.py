"""What all pages share: the templates, the addresses of static files, and the headers that guard them.

Every text that a stranger wrote (buyer, agent, phrase, file) goes through the autoescape of one Jinja environment and stands
in a `<bdi>`, so neither markup nor right-to-left marks in it can reach their surroundings. The pages carry no inline script
and no inline style, which is what lets `SECURITY_HEADERS` forbid both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

STATIC_DIR: Final = Path(__file__).parent / "static"
"""What is served under `/static/`."""

SECURITY_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Content-Security-Policy": "; ".join(
            (
                "default-src 'none'",
                "script-src 'self'",
                "style-src 'self'",
                "connect-src 'self'",
                "img-src 'self'",
                "font-src 'self'",
                "base-uri 'none'",
                "form-action 'self'",
                "frame-ancestors 'none'",
            )
        ),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "clipboard-write=(self), camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
)
"""To be sent with every page, fragment and static file."""


@cache
def asset(name: str) -> str:
    """The address of a file in `STATIC_DIR`, with a digest so that it may be cached for ever."""
    digest = hashlib.sha256((STATIC_DIR / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def render(template: str, **values: object) -> str:
    """The template filled in. A lone surrogate, which no encoding can carry, becomes a question mark."""
    return ENVIRONMENT.get_template(template).render(**values).encode("utf-8", "replace").decode("utf-8")


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("app.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(asset=asset)
    return environment


ENVIRONMENT: Final = _environment()
"""The modules of pages add their filters and names to it."""
