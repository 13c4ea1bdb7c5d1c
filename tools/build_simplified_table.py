"""Rebuild `phrasebank/data/simplified.txt`: one character of traditional script to one of simplified.

Needs the extra `build-data` (OpenCC, Apache-2.0). Run from the root of the repository:

    python tools/build_simplified_table.py

The file has two lines of equal length, the traditional characters and their simplified ones. Only pairs of one character
are kept, so that folding never moves a position.
"""

from __future__ import annotations

from pathlib import Path

import opencc

TABLE = Path(__file__).parents[1] / "phrasebank" / "data" / "simplified.txt"
RANGES = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00), (0x20000, 0x2A6E0))
CONFIGURATIONS = ("t2s", "tw2s", "hk2s")
EXTRA = {"妳": "你", "祢": "你", "牠": "它", "甚": "什", "覆": "复", "瞭": "了"}
"""Written everywhere in traditional chat, left alone by OpenCC because they are words of their own (回覆 is 回复, 覆盖 is not)."""
KEPT = "么吒"
"""Simplified characters that are also traditional ones of another word."""


def main() -> None:
    converters = [opencc.OpenCC(name) for name in CONFIGURATIONS]
    table: dict[str, str] = {}
    for first, end in RANGES:
        for code in range(first, end):
            char = chr(code)
            if char in KEPT:
                continue
            for converter in converters:
                simple = converter.convert(char)
                if simple != char and len(simple) == 1:
                    table.setdefault(char, simple)
    table.update(EXTRA)
    for char in list(table):  # a chain such as 裏 -> 裡 -> 里 is walked to its end
        while table[char] in table and table[char] != char:
            table[char] = table[table[char]]
    pairs = sorted((char, simple) for char, simple in table.items() if char != simple)
    TABLE.write_text(
        "".join(a for a, _ in pairs) + "\n" + "".join(b for _, b in pairs) + "\n", encoding="utf-8"
    )
    print(f"{len(pairs)} characters -> {TABLE.name}")


if __name__ == "__main__":
    main()
