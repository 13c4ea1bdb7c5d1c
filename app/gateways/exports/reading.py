"""From tables to observations: find the header, know the columns, read the rows, report what cannot be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from app.core.calibration import Interval, Key, Observation, Shape
from app.gateways.exports.cells import CellError, is_total, read_count, read_day, read_rates, says_nothing
from app.gateways.exports.columns import QUANTITIES, Catalogue, PlatformColumns, View, header_key
from app.gateways.exports.tables import ExportError, Sheet, cell_name, row_name

HEADER_WITHIN: Final = 40
"""Rows in which the header is looked for; exports have titles, filters and notes above it."""
IGNORE: Final = "ignore"
"""The role of a column that is left alone."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A cell or row that was skipped: where, and why."""

    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet with its header found. `headers` are as written; `first` is the index of the first row below."""

    sheet: Sheet
    headers: tuple[str, ...]
    first: int


@dataclass(frozen=True, slots=True)
class ExportReading:
    """What an export says of one measure."""

    observations: tuple[Observation, ...]
    shape: Shape
    used: Mapping[str, str]
    """Role -> header as written."""
    problems: tuple[Problem, ...]
    totals: int
    """Rows of totals or averages that were left out."""


def find_tables(
    sheets: Iterable[Sheet], catalogue: Catalogue, platform: str, by_hand: Mapping[str, str]
) -> list[Table]:
    """The sheets that have a header: the row, among the first 40, with most names that we know, a quantity among them.

    `by_hand` maps a header to its role. Raises `ExportError` if no sheet has one, or if no sheet has a header that was
    mapped by hand.
    """
    given = {header_key(name): role for name, role in by_hand.items()}
    columns = catalogue.of(platform)
    quantities = {name for view in columns.views for names in view.columns.values() for name in names}
    quantities |= {name for name, role in given.items() if role in QUANTITIES}
    known = quantities | columns.beside | catalogue.day | catalogue.agent | set(given)
    sheets = list(sheets)
    tables = []
    for sheet in sheets:
        best, most = None, 0
        for index, (_, cells) in enumerate(sheet.rows[:HEADER_WITHIN]):
            keys = {header_key(cell) for cell in cells}
            if keys & quantities and len(keys & known) > most:
                best, most = index, len(keys & known)
        if best is not None:
            tables.append(Table(sheet, sheet.rows[best][1], best + 1))
    missing = set(given) - {header_key(header) for table in tables for header in table.headers}
    if missing and tables:
        names = "、".join(name for name in by_hand if header_key(name) in missing)
        raise ExportError(f"表里没有 --column 说的列：{names}；有的列是：{_all_headers(tables)}")
    if not tables:
        seen = [cell for sheet in sheets for _, cells in sheet.rows[:HEADER_WITHIN] for cell in cells if cell]
        raise ExportError(
            "没有找到认得的表头。请用 --column '列名=rate' 指明哪一列是什么；"
            f"前几行有：{'、'.join(dict.fromkeys(seen[:20])) or '（空）'}"
        )
    return tables


def _all_headers(tables: Sequence[Table]) -> str:
    return "、".join(dict.fromkeys(header for table in tables for header in table.headers if header))


def views_in(tables: Sequence[Table], columns: PlatformColumns) -> list[View]:
    """The views of the platform of which the tables have a rate, or counts enough to make one; in catalogue order."""
    keys = {header_key(header) for table in tables for header in table.headers}

    def has(view: View, quantity: str) -> bool:
        return any(name in keys for name in view.columns.get(quantity, ()))

    return [
        view
        for view in columns.views
        if has(view, "rate") or (has(view, "denominator") and (has(view, "missed") or has(view, "numerator")))
    ]


def unknown_columns(tables: Sequence[Table], catalogue: Catalogue, platform: str) -> list[str]:
    """Headers that the catalogue does not know, as written."""
    columns = catalogue.of(platform)
    known = columns.beside | catalogue.day | catalogue.agent
    known |= {name for view in columns.views for names in view.columns.values() for name in names}
    headers = dict.fromkeys(header for table in tables for header in table.headers if header)
    return [header for header in headers if header_key(header) not in known]


def observe(
    tables: Sequence[Table], view: View, catalogue: Catalogue, by_hand: Mapping[str, str], *, year: int | None
) -> ExportReading:
    """Read a view's columns. Bad cells and rows are reported and skipped, never guessed.

    Raises `ExportError` if nothing can be compared.
    """
    problems: list[Problem] = []
    observations: dict[Key, Observation] = {}
    shape: Shape | None = None
    used: dict[str, str] = {}
    totals = 0
    for table in tables:
        where = _columns_of(table, view, catalogue, by_hand, problems)
        if not any(role in QUANTITIES for role in where):
            continue
        of_table = Shape.of(by_day="day" in where, by_agent="agent" in where)
        if shape is not None and of_table is not shape:
            problems.append(
                Problem(f"工作表「{table.sheet.name}」", "日期和客服两列与前面的表不一样，整张没有用")
            )
            continue
        shape = of_table
        used = {role: table.headers[column] for role, column in where.items()} | used
        rows = _Rows(table, where, shape, year, problems)
        totals += rows.totals
        if shape is Shape.TOTAL and len(rows.observations) > 1:
            raise ExportError("没有日期列也没有客服列，却有好几行；请用 --column '列名=day' 指明日期列")
        for observation in rows.observations:
            earlier = observations.setdefault(observation.key, observation)
            if earlier is not observation:
                problems.append(Problem(observation.place, f"与{earlier.place}说的是同一项，只用前一行"))
    if shape is None or not observations:
        first = f"；第一处问题：{problems[0].place}：{problems[0].reason}" if problems else ""
        raise ExportError(f"没有可以比较的行{first}")
    return ExportReading(tuple(observations.values()), shape, used, tuple(problems), totals)


def _columns_of(
    table: Table, view: View, catalogue: Catalogue, by_hand: Mapping[str, str], problems: list[Problem]
) -> dict[str, int]:
    """Role -> index of its column. What was said by hand goes first, and its column bears no other role."""
    keys = [header_key(header) for header in table.headers]
    given = {header_key(name): role for name, role in by_hand.items()}
    where = {role: keys.index(name) for name, role in given.items() if role != IGNORE and name in keys}
    wanted: dict[str, Sequence[str]] = {
        "day": [key for key in keys if key in catalogue.day],
        "agent": [key for key in keys if key in catalogue.agent],
        **view.columns,
    }
    for role, names in wanted.items():
        found = next((name for name in names if name in keys and name not in given), None)
        if role not in where and found is not None:
            where[role] = keys.index(found)
            if keys.count(found) > 1:
                place = cell_name(table.sheet, table.sheet.rows[table.first - 1][0], keys.index(found))
                problems.append(Problem(place, f"有 {keys.count(found)} 列都叫「{found}」，用的是这一列"))
    return where


class _Rows:
    """The rows of one table, read."""

    def __init__(
        self,
        table: Table,
        where: Mapping[str, int],
        shape: Shape,
        year: int | None,
        problems: list[Problem],
    ) -> None:
        self._table = table
        self._where = where
        self._year = year
        self._problems = problems
        self.totals = 0
        self._rows = [(number, cells) for number, cells in table.sheet.rows[table.first :] if any(cells)]
        kept = []
        for number, cells in self._rows:
            if shape is not Shape.TOTAL and self._is_total(cells):
                self.totals += 1
            elif any(not says_nothing(self._cell(cells, role)) for role in QUANTITIES):
                kept.append((number, cells))
        rates = self._rates(kept)
        self.observations = [
            observation
            for number, cells in kept
            if (observation := self._observation(number, cells, rates)) is not None
        ]

    def _cell(self, cells: Sequence[str], role: str) -> str:
        column = self._where.get(role)
        return cells[column] if column is not None and column < len(cells) else ""

    def _is_total(self, cells: Sequence[str]) -> bool:
        first = next((cell for cell in cells if cell), "")
        return any(is_total(cell) for cell in (first, self._cell(cells, "day"), self._cell(cells, "agent")))

    def _rates(self, rows: Sequence[tuple[int, Sequence[str]]]) -> dict[int, Interval]:
        if "rate" not in self._where:
            return {}
        cells = {
            number: cell for number, cells in rows if not says_nothing(cell := self._cell(cells, "rate"))
        }
        header = self._table.headers[self._where["rate"]].rstrip(" )）")
        rates, errors = read_rates(cells, in_percent=header.endswith(("%", "％")))
        for number, error in errors.items():
            self._skip(number, "rate", error)
        return rates

    def _observation(
        self, number: int, cells: Sequence[str], rates: Mapping[int, Interval]
    ) -> Observation | None:
        day: date | None = None
        agent: str | None = None
        try:
            if "day" in self._where:
                day = read_day(self._cell(cells, "day"), self._year)
        except CellError as error:
            self._skip(number, "day", error)
            return None
        if "agent" in self._where:
            agent = self._cell(cells, "agent")
            if says_nothing(agent):
                self._skip(number, "agent", CellError("没有客服"))
                return None
        counts = {role: self._count(number, cells, role) for role in ("denominator", "numerator", "missed")}
        found = Observation(
            (day, agent), rates.get(number), **counts, place=row_name(self._table.sheet, number)
        )
        says = (found.rate, found.denominator, found.numerator, found.missed)
        return None if all(value is None for value in says) else found

    def _count(self, number: int, cells: Sequence[str], role: str) -> int | None:
        cell = self._cell(cells, role)
        if says_nothing(cell):
            return None
        try:
            return read_count(cell)
        except CellError as error:
            self._skip(number, role, error)
            return None

    def _skip(self, number: int, role: str, error: CellError) -> None:
        self._problems.append(
            Problem(
                f"{cell_name(self._table.sheet, number, self._where[role])}"
                f"（{self._table.headers[self._where[role]]}）",
                str(error),
            )
        )
