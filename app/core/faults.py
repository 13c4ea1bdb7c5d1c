"""Everything that is wrong with a document, each fault by its place, so that one reading tells all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from app.core.fields import FieldError, text

MAX_NAME: Final = 100
"""Code points in a name or note that people give."""


@dataclass(frozen=True, slots=True)
class Fault:
    """`where` is a path such as `week.mon[0]`, the message says what to write instead."""

    where: str
    message: str


class FaultsError(ValueError):
    """A document that cannot be taken, with all its faults in the order of reading; there is at least one."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("；".join(f"{fault.where}：{fault.message}" for fault in faults))
        self.faults = faults


@dataclass(slots=True)
class Faults:
    """Collects what is wrong while a document is read; readings of a faulty value go on with an empty one."""

    found: list[Fault] = field(default_factory=list)

    def add(self, where: str, message: str) -> None:
        self.found.append(Fault(where, message))

    def check(self) -> None:
        """Raises `FaultsError` if anything was found."""
        if self.found:
            raise FaultsError(tuple(self.found))

    def table(self, value: object, where: str, known: frozenset[str] | None = None) -> Mapping[str, Any]:
        """An object with text keys, of which only the `known` may stand there; empty where it is absent."""
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.add(where, "必须是一个对象 / must be an object")
            return {}
        for key in value:
            if known is not None and key not in known:
                self.add(
                    inside(where, str(key)),
                    f"没有这一项；可用：{'、'.join(sorted(known))} / unknown key",
                )
        return value

    def entries(self, value: object, where: str, most: int) -> Iterator[tuple[str, Any]]:
        """The members of a list with their places; none where it is absent."""
        if value is None:
            return
        if not isinstance(value, list | tuple):
            self.add(where, "必须是列表 / must be a list")
            return
        if len(value) > most:
            self.add(where, f"最多 {most} 项，实为 {len(value)} 项 / too many")
            return
        for number, entry in enumerate(value):
            yield f"{where}[{number}]", entry

    def words(
        self, raw: Mapping[str, Any], name: str, where: str, *, required: bool = False, limit: int = MAX_NAME
    ) -> str:
        """A string; empty where it is absent."""
        try:
            value = text(raw, name, required=required, limit=limit)
        except FieldError as error:
            self.add(inside(where, name), error.message)
            return ""
        return (value or "").strip()

    def names(self, value: object, where: str, most: int = 200, limit: int = MAX_NAME) -> tuple[str, ...]:
        """A list of distinct strings; a single string is a list of one."""
        out: dict[str, None] = {}
        for place, entry in self.entries([value] if isinstance(value, str) else value, where, most):
            if not isinstance(entry, str) or not entry.strip() or len(entry) > limit:
                self.add(place, f"必须是 1 到 {limit} 字的文字 / must be a string")
            else:
                out[entry.strip()] = None
        return tuple(out)

    def whole(self, value: object, where: str, least: int, most: int) -> int | None:
        """A whole number in `least..most`; None where it is absent."""
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.add(where, f"必须是 {least} 到 {most} 的整数 / must be a whole number in this range")
            return None
        return value


def inside(where: str, name: str) -> str:
    """The place of a member of the object at `where`; "" is the document itself."""
    return f"{where}.{name}" if where else name
