"""Exports of the platforms' consoles: tables that people download, read into observations.

`read_sheets` gives the cells, `find_tables` the headers, `views_in` what measures they speak of, and `observe` the rows.
"""

from app.gateways.exports.columns import (
    QUANTITIES,
    ROLES,
    Catalogue,
    CatalogueError,
    View,
    header_key,
    load_catalogue,
)
from app.gateways.exports.reading import (
    IGNORE,
    ExportReading,
    Problem,
    Table,
    find_tables,
    observe,
    unknown_columns,
    views_in,
)
from app.gateways.exports.tables import ExportError, Sheet, read_sheets

__all__ = [
    "IGNORE",
    "QUANTITIES",
    "ROLES",
    "Catalogue",
    "CatalogueError",
    "ExportError",
    "ExportReading",
    "Problem",
    "Sheet",
    "Table",
    "View",
    "find_tables",
    "header_key",
    "load_catalogue",
    "observe",
    "read_sheets",
    "unknown_columns",
    "views_in",
]
