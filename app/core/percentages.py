"""Rates as people read them."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction


def percent(rate: Fraction, lines: Iterable[Fraction] = ()) -> str:
    """`rate` in per cent, with one decimal where it is not whole.

    Rounding never takes a rate across a line that it has not crossed, nor to 0 % or 100 % unless it is exactly that:
    digits are added until the printed value stands where the exact one does.

    >>> percent(Fraction(3, 4)), percent(Fraction(6999, 10000), [Fraction(7, 10)])
    ('75%', '69.99%')
    """
    marks = (Fraction(0), Fraction(1), *lines)
    for digits in range(1, 9):
        shown = round(rate * 100, digits) / 100
        if all(_side(shown, mark) == _side(rate, mark) for mark in marks):
            break
    return f"{float(round(rate * 100, digits)):.{digits}f}".rstrip("0").rstrip(".") + "%"


def _side(value: Fraction, mark: Fraction) -> int:
    return (value > mark) - (value < mark)
