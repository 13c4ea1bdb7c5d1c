"""Checks that a pattern alone cannot make: check digits, and what is a declared variable.

Each takes the folded match and returns whether it stands.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Final

_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS: Final = "10X98765432"
# Digits as they are said on the telephone, and the ways to write the check digit X.
_SPOKEN: Final = str.maketrans({"幺": "1", "两": "2", "拐": "7", "勾": "9", "洞": "0", "叉": "X", "×": "X"})


def is_id_number(text: str) -> bool:
    """Whether the digits in `text` are a resident ID number: 18 characters, a real birthday, ISO 7064 MOD 11-2.

    Source: GB 11643-1999.
    """
    number = "".join(c for c in text.translate(_SPOKEN).upper() if c.isdigit() or c == "X")
    if len(number) != 18 or not number[:17].isdigit():
        return False
    try:
        datetime.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    if not 1900 <= int(number[6:10]) <= 2100 or number[0] not in "12345678":
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number, strict=False))
    return _CHECK_DIGITS[total % 11] == number[17]


def is_bank_card(text: str) -> bool:
    """Whether the digits in `text` are a bank card number: 15 to 19 digits, a bank's first digit, right by Luhn.

    Without a word like 卡号 beside it a pattern should ask for 62 (UnionPay) itself: one long number in ten is right
    by Luhn. Source: ISO/IEC 7812-1:2017.
    """
    digits = [int(c) for c in text if c.isdigit()]
    if not 15 <= len(digits) <= 19 or digits[0] not in range(3, 10):
        return False
    doubled = [d if i % 2 == 0 else (d * 2 - 9 if d > 4 else d * 2) for i, d in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


CHECKS: Final[dict[str, Callable[[str], bool]]] = {
    "id-number": is_id_number,
    "bank-card": is_bank_card,
}
