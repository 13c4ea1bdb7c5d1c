"""Who may open a page of the settings, and the address by which somebody else is invited there."""

from __future__ import annotations

from fastapi import Request

from app.usecases.service import Service
from app.web.page_access import Viewer, needs_scope, page_error, viewer_of


async def settings_viewer(request: Request, scope: str) -> Viewer:
    """Who looks at a page of the settings that only those see who may change it."""
    viewer = await viewer_of(request)
    if not viewer.may(scope):
        raise page_error(403, "这一页不对你开放", needs_scope(scope))
    return viewer


def address_of(request: Request, service: Service, path: str) -> str:
    """The whole address of a path: as the operator set it, else as this browser reached us."""
    return (service.settings.public_url.rstrip("/") or str(request.base_url).rstrip("/")) + path
