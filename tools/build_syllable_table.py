"""Rebuild `phrasebank/data/syllables.txt`: the toneless syllables and the characters that are read so.

Needs the extra `build-data` (pypinyin, MIT). Run from the root of the repository:

    python tools/build_syllable_table.py

Each line is a syllable, a space, and its characters. Only the characters of GB 2312 are kept: they are what people type. A character
stands under its usual reading and under every other one that it has in a fair share of the words in pypinyin's list of words.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

from pypinyin import Style, pinyin
from pypinyin.constants import PHRASES_DICT

TABLE = Path(__file__).parents[1] / "phrasebank" / "data" / "syllables.txt"
USUAL_SHARE = 0.15
"""A reading in at least so many of the words with a character is an everyday one."""
SPOKEN = {"么": "me", "啥": "sha", "咋": "za", "哪": "na", "那": "na", "这": "zhe", "谁": "shei", "得": "de", "地": "de", "给": "gei", "嘛": "ma", "卡": "ka", "便": "pian"}  # fmt: skip
"""Readings of everyday speech, which a list of words from books has too rarely."""


def toneless(reading: str) -> str:
    letters = (char for char in unicodedata.normalize("NFKD", reading) if not unicodedata.combining(char))
    umlaut = "v" if any(char in reading for char in "üǖǘǚǜ") else "u"
    return "".join(letters).replace("u", umlaut) if umlaut == "v" else "".join(letters)


def main() -> None:
    in_words: dict[str, Counter[str]] = defaultdict(Counter)
    for word, readings in PHRASES_DICT.items():
        for char, reading in zip(word, readings, strict=False):
            in_words[char][toneless(reading[0])] += 1
    characters = [
        bytes([high, low]).decode("gb2312")
        for high in range(0xB0, 0xF8)
        for low in range(0xA1, 0xFF)
        if not (high == 0xD7 and low > 0xF9)
    ]
    by_syllable: dict[str, list[str]] = defaultdict(list)
    for char in characters:
        usual = toneless(pinyin(char, style=Style.TONE)[0][0])
        counts = in_words[char]
        others = {
            reading
            for reading, count in counts.items()
            if count >= USUAL_SHARE * counts.total() and count > 1
        }
        for syllable in {usual, *others, *([SPOKEN[char]] if char in SPOKEN else [])}:
            if syllable.isascii() and syllable.isalpha():
                by_syllable[syllable].append(char)
    lines = [f"{syllable} {''.join(sorted(chars))}" for syllable, chars in sorted(by_syllable.items())]
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    print(
        f"{len(characters)} characters, {len(lines)} syllables -> {TABLE.name}, {TABLE.stat().st_size:,} bytes"
    )


if __name__ == "__main__":
    main()
