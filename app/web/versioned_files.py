"""Static files; one that is asked for with its version in the address may be kept for ever."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope


class VersionedFiles(StaticFiles):
    """Addresses with `?v=` (see `app.web.rendering.asset`) change whenever their content does."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if response.status_code == 200 and parse_qs(scope["query_string"].decode("latin-1")).get("v"):
            response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response
