"""How wide texts are, and how the columns of a table share a width."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# A date is one word: a break at its hyphens makes it unreadable.
DATE = re.compile(r"\b[0-9]{4}-[0-9]{2}(-[0-9]{2})?\b")

# An address may break anywhere; a word of a name need not.
_LONGEST_WORD = 16
# What a column takes beside its text, and how much wider than a digit letters are.
_GAP, _LETTER = 2.5, 1.1
# A text of four times the length needs about twice the width, for it takes lines.
_SPREAD = 2.4


def columns(text: str) -> int:
    """Return how many columns of a typewriter a text takes: a wide character takes two.

    Examples
    --------
    >>> columns("km²"), columns("용인")
    (3, 4)
    """
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def shares(rows: Sequence[Sequence[str]]) -> list[float]:
    """Return the share of a width that each column of a table gets: by what it holds, and by its longest word.

    Examples
    --------
    >>> [round(share, 2) for share in shares([["site", "km²"], ["Cheongju Osong rail cluster", "0.99"]])]
    [0.64, 0.36]
    """
    needs = []
    for cells in zip(*rows, strict=True):
        words = max((columns(word) for text in cells for word in text.split()), default=1)
        longest = max(map(columns, cells), default=1)
        needs.append(max(_LETTER * min(words, _LONGEST_WORD) + _GAP, _SPREAD * longest**0.5))
    return [need / sum(needs) for need in needs]
