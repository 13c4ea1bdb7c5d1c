"""Which of several expressions occur in a text: asked often, of short texts, and with no wish to know where."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import re2

from lint.folding import ViewName, fold

CONTEXT: Final = 20  # characters left and right of a hit that an exemption or `near` may look at
# A set tells in a fraction of the time of a search, but takes milliseconds to compile.
_WORTH_A_SET: Final = 32  # questions
_TOGETHER: Final = 16  # texts that are looked at as one
_TIED: Final = re.compile(r"[$^]|\\[bB]")
_LEAST_MEMORY: Final = 1 << 26  # bytes; a single expression may have an eighth


def _compiled(expressions: Collection[str]) -> Any:
    options = re2.Options()
    options.log_errors = False
    # A set has no second way when its automaton outgrows this, so it has no less than its expressions have one by one.
    options.max_mem = max(_LEAST_MEMORY, len(expressions) * _LEAST_MEMORY // 8)
    together = re2.Set.SearchSet(options)
    for expression in expressions:
        together.Add(expression)
    together.Compile()
    return together


class Occurrences:
    """Expressions by their number, which need not be consecutive. Safe to share between threads."""

    __slots__ = ("_asked", "_expressions", "_numbers", "_set")

    def __init__(self, expressions: Mapping[int, Any]) -> None:
        self._expressions = expressions
        self._numbers = list(expressions)
        self._asked = 0
        self._set: Any = None

    def within(self, text: str) -> Collection[int]:
        """The numbers of the expressions that match somewhere in the text."""
        if not self._numbers:
            return ()
        if self._set is None:
            if self._asked < _WORTH_A_SET:
                self._asked += 1
                return [number for number, each in self._expressions.items() if each.search(text)]
            self._set = _compiled([each.pattern for each in self._expressions.values()])
        return [self._numbers[index] for index in self._set.Match(text) or ()]


class Glance:
    """An expression, and in which of many texts it may occur."""

    __slots__ = ("_expression", "_set")

    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._set: Any = None

    def holding(self, texts: Sequence[str]) -> Iterator[int]:
        """The indices of the texts in which it occurs, and perhaps of some that have lines of their own, ascending."""
        if self._set is None:
            self._set = _compiled([f"(?m){self._expression}"])
        for first in range(0, len(texts), _TOGETHER):
            group = texts[first : first + _TOGETHER]
            # As lines of one text, which match at least where they match alone.
            if self._set.Match("\n".join(group)):
                for at, text in enumerate(group, first):
                    if len(group) == 1 or self._set.Match(text):
                        yield at


class Near:
    """An expression that must match the text around a span, as it is or without noise."""

    __slots__ = ("_anywhere", "_glance", "_is_tied")
    views: Final[tuple[ViewName, ...]] = ("plain", "clauses")

    def __init__(self, expression: Any) -> None:
        self._anywhere = Occurrences({0: expression})
        self._glance = Glance(expression.pattern)
        # What is tied to an edge may match around a span, where the text is cut, and not in the whole of it.
        self._is_tied = _TIED.search(expression.pattern) is not None

    def holds(self, text: str, start: int, end: int) -> bool:
        """Whether it matches around `text[start:end]`."""
        window = text[max(0, start - CONTEXT) : end + CONTEXT]
        return any(self._anywhere.within(fold(window, view)) for view in self.views)

    def may_hold(self, texts: Sequence[str]) -> Iterable[int]:
        """The indices of the texts, folded to one of the views, in which it may match around some span; never too few."""
        return range(len(texts)) if self._is_tied else self._glance.holding(texts)
