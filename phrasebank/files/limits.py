"""How large a phrase bank file may be. More is refused before it is unpacked or read."""

from __future__ import annotations

from typing import Final

MAX_BYTES: Final = 64 * 1024 * 1024
MAX_UNPACKED: Final = 256 * 1024 * 1024
MAX_PACKED_RATIO: Final = 200
MAX_ENTRIES: Final = 2_000
"""Files inside a workbook, which is a zip archive."""
MAX_ROWS: Final = 1_000_000
MAX_COLUMNS: Final = 200
MAX_DEPTH: Final = 40
HEADER_WITHIN: Final = 10
"""Rows in which the header is looked for; some products put notes above it."""
CELL_LENGTH: Final = 32_767
"""UTF-16 units that a cell of a workbook may hold."""
LAST_SHEET_ROW: Final = 1_048_576
