"""What the columns of the platforms' exports mean, from `columns.yaml`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

import yaml

from app.core.profiles import Status

QUANTITIES: Final = ("rate", "denominator", "numerator", "missed")
ROLES: Final = ("day", "agent", *QUANTITIES)
"""What a column can be."""

_DIGITS: Final = {"三分钟": "3分钟", "五分钟": "5分钟", "三十秒": "30秒"}
_PERCENT: Final = re.compile(r"(?:\(%\)|%)$")


class CatalogueError(ValueError):
    """Our own file of columns is broken; the message names the place."""


def header_key(header: str) -> str:
    """A header as names are compared: width, case, spaces, stars and a percent sign at the end play no part."""
    key = re.sub(r"[\s*_:]+", "", unicodedata.normalize("NFKC", header)).lower()
    key = _PERCENT.sub("", key.replace("~", "-").replace("—", "-"))
    for words, digits in _DIGITS.items():
        key = key.replace(words, digits)
    return key


@dataclass(frozen=True, slots=True)
class View:
    """A measure as an export shows it. `columns` maps a quantity to its names as `header_key`, the best first."""

    id: str
    measure: str
    settings: Mapping[str, Any]
    columns: Mapping[str, Sequence[str]]
    status: Status


@dataclass(frozen=True, slots=True)
class PlatformColumns:
    views: tuple[View, ...] = ()
    beside: frozenset[str] = frozenset()

    def view(self, view_id: str) -> View | None:
        return next((view for view in self.views if view.id == view_id), None)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Names of the day and agent columns, and each platform's own."""

    day: frozenset[str]
    agent: frozenset[str]
    platforms: Mapping[str, PlatformColumns]

    def of(self, platform: str) -> PlatformColumns:
        """What we know of a platform's exports; nothing, for one that we have no columns of."""
        return self.platforms.get(platform, PlatformColumns())


@cache
def load_catalogue() -> Catalogue:
    """The columns of all platforms, read once. Raises `CatalogueError`."""
    text = resources.files(__package__).joinpath("columns.yaml").read_text(encoding="utf-8")
    return read_catalogue(text)


def read_catalogue(text: str) -> Catalogue:
    """Read a file of columns. Raises `CatalogueError`."""
    try:
        raw = yaml.safe_load(text)
        platforms = {
            name: PlatformColumns(
                tuple(_view(each, f"{name}.views[{index}]") for index, each in enumerate(entry["views"])),
                _keys(entry.get("beside", ()), f"{name}.beside"),
            )
            for name, entry in raw["platforms"].items()
        }
        return Catalogue(_keys(raw["day"], "day"), _keys(raw["agent"], "agent"), MappingProxyType(platforms))
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise CatalogueError(f"columns.yaml: {error!r}") from error


def _view(raw: Mapping[str, Any], place: str) -> View:
    unknown = set(raw) - {"id", "measure", "settings", "status", "columns"}
    columns = raw["columns"]
    if unknown or not columns or set(columns) - set(QUANTITIES):
        raise CatalogueError(f"columns.yaml: {place}: unknown or missing keys {sorted(unknown or columns)}")
    try:
        status = Status(raw["status"])
    except ValueError as error:
        raise CatalogueError(f"columns.yaml: {place}: {error}") from error
    return View(
        id=raw["id"],
        measure=raw["measure"],
        settings=MappingProxyType(dict(raw.get("settings", {}))),
        columns=MappingProxyType(
            {quantity: tuple(map(header_key, names)) for quantity, names in columns.items()}
        ),
        status=status,
    )


def _keys(names: Any, place: str) -> frozenset[str]:
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise CatalogueError(f"columns.yaml: {place}: a list of names")
    return frozenset(map(header_key, names))
