"""Build the character tables of the linter: `lint/tables/folding.json` and `lint/tables/sound.json`.

Run with the `build-data` extra installed: `python tools/build_lint_tables.py`. The tables are committed, so that
neither OpenCC nor pypinyin is needed at run time, and so that a text is folded alike on every Python version.

Sources: Unicode character data of the running Python; OpenCC's traditional-to-simplified characters (Apache-2.0);
pypinyin's readings (MIT); GB 2312 level 1 (the 3,755 everyday characters) through Python's codec.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from pathlib import Path

import opencc
from pypinyin import Style, pinyin

TABLES = Path(__file__).parents[1] / "lint" / "tables"

# Chinese numerals in everyday and in banker's form; 两, 参 and 幺 are left alone because they are words of their own.
HAN_DIGITS = dict(
    zip("零〇一壹弌二贰弍三叁弎四肆五伍六陆七柒八捌九玖", "00111222333445566778899", strict=True)
)
# Letters of other scripts, and other characters, that are drawn like a letter, a digit or a character of ours.
LOOK_ALIKES = dict(
    zip(
        "аАвВеЕкКмМнНоОрРсСтТуУхХіІѕЅјЈԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧαοινρυχκτеɑɡıʟɪɴᴏᴛᴘ",
        "aabbeekkmmhhooppccttyyxxiissjjqwabezhikmnoptyxaoivpuxkteagilinotp",
        strict=True,
    )
) | {
    "囯": "国",
    "囻": "国",
    "圀": "国",
    "➕": "+",
    "＋": "+",
    "朂": "最",
    "冣": "最",
    "㝡": "最",
    "蕞": "最",
    "嶵": "最",
    "㝵": "得",
    "苐": "第",
    "佷": "很",
    "妳": "你",
    "著": "着",
    "祢": "你",
    "咗": "左",
    "髪": "发",
    "訁": "讠",
}
STRONG_BREAKS = set(",，。.!！?？;；:：、…\n\r\v\f\x85\u2028\u2029") - {"."}
KEPT_SYMBOLS = set("%+")
NOISE_CATEGORIES = {
    "Cc",
    "Cf",
    "Cn",
    "Co",
    "Cs",
    "Mn",
    "Me",
    "Mc",
    "Zs",
    "Zl",
    "Zp",
    "So",
    "Sk",
    "Sm",
    "Sc",
    "Pd",
    "Pc",
    "Po",
    "Ps",
    "Pe",
    "Pi",
    "Pf",
}


def simplified() -> dict[str, str]:
    """Traditional and variant characters to simplified ones, one to one, as OpenCC maps a lone character."""
    convert = opencc.OpenCC("t2s").convert
    table = {}
    for code in [*range(0x3400, 0xA000), *range(0xF900, 0xFB00), *range(0x20000, 0x323B0)]:
        to = convert(chr(code))
        if len(to) == 1 and to != chr(code):
            table[chr(code)] = to
    return table


def strip_marks(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def fold(char: str, t2s: dict[str, str]) -> str:
    """The plain form of one character: half width, lower case, simplified, digits of every shape as ASCII."""
    code = ord(char)
    if char in LOOK_ALIKES:
        return LOOK_ALIKES[char]
    if 0x1F130 <= code <= 0x1F149 or 0x1F150 <= code <= 0x1F169 or 0x1F170 <= code <= 0x1F189:
        start = 0x1F130 if code <= 0x1F149 else 0x1F150 if code <= 0x1F169 else 0x1F170
        return chr(ord("a") + code - start)
    if 0x1F1E6 <= code <= 0x1F1FF:
        return chr(ord("a") + code - 0x1F1E6)
    if char in "🔟💯":
        return "10" if char == "🔟" else "100"
    if 0x2160 <= code <= 0x217F:
        number = int(unicodedata.numeric(char))
        # Ⅴ and Ⅹ are drawn for the letters, as in ＋Ⅴ; the others count.
        return (
            str(number)
            if number <= 12 and number not in {5, 10}
            else unicodedata.normalize("NFKC", char).lower()
        )
    digit = unicodedata.digit(char, None)
    if digit is not None:
        return str(digit)
    folded = unicodedata.normalize("NFKC", char)
    if any(unicodedata.category(c).startswith("L") and ord(c) < 0x250 for c in folded):
        folded = strip_marks(folded)
    folded = "".join(LOOK_ALIKES.get(c, c) for c in folded.lower())
    folded = "".join(t2s.get(c, c) for c in folded)
    return "".join(HAN_DIGITS.get(c, c) for c in folded) or char


def build_folding(t2s: dict[str, str]) -> dict[str, object]:
    single: list[tuple[str, str]] = []
    expand: dict[str, str] = {}
    noise: list[str] = []
    ranges: list[list[int]] = []
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        category = unicodedata.category(char)
        if 0xD800 <= code <= 0xDFFF or category in {"Cn", "Co"}:
            continue
        folded = fold(char, t2s)
        # Compatibility forms that are drawn with brackets or a leading space carry only what they enclose.
        if len(folded) > 1:
            core = "".join(c for c in folded if not c.isspace() and c not in "()[]〔〕.")
            folded = core or folded
        if folded != char:
            if len(folded) == 1:
                single.append((char, folded))
            elif len(folded) <= 4:
                expand[char] = folded
        if category in NOISE_CATEGORIES and not any(
            unicodedata.category(c)[0] in "LN" or c in KEPT_SYMBOLS for c in folded
        ):
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
        if char in "ーㅤᅠᅟ":
            noise.append(char)
    return {
        "from": "".join(a for a, _ in single),
        "to": "".join(b for _, b in single),
        "expand": expand,
        "noise": ranges,
        "noise_letters": "".join(noise),
        "strong_breaks": "".join(sorted(STRONG_BREAKS)),
    }


def build_sound(t2s: dict[str, str]) -> dict[str, object]:
    by_syllable: dict[str, list[str]] = {}
    for code in [*range(0x4E00, 0xA000), *range(0x3400, 0x4DC0)]:
        char = chr(code)
        if char in t2s:  # the sound view is made from the plain view, where these do not occur
            continue
        readings = pinyin(char, style=Style.NORMAL, errors="ignore")
        if readings and readings[0] and readings[0][0].isascii():
            by_syllable.setdefault(readings[0][0].replace("ü", "v"), []).append(char)
    for digit, syllable in enumerate(["ling", "yi", "er", "san", "si", "wu", "liu", "qi", "ba", "jiu"]):
        by_syllable[syllable].append(str(digit))
    everyday = [
        bytes([high, low]).decode("gb2312")
        for high in range(0xB0, 0xD8)
        for low in range(0xA1, 0xFF)
        if not (high == 0xD7 and low > 0xF9)
    ]
    return {
        "syllables": {s: "".join(chars) for s, chars in sorted(by_syllable.items()) if s.isalpha()},
        "everyday": "".join(sorted(everyday)),
    }


def main() -> None:
    t2s = simplified()
    TABLES.mkdir(exist_ok=True)
    for name, table in (("folding", build_folding(t2s)), ("sound", build_sound(t2s))):
        text = json.dumps(table, ensure_ascii=False, indent=0, sort_keys=True)
        # Lone surrogates cannot occur; every other control character is escaped by json itself.
        (TABLES / f"{name}.json").write_text(text + "\n", encoding="utf-8", newline="\n")
        print(f"{name}.json: {len(text.encode()):,} bytes")


if __name__ == "__main__":
    main()
