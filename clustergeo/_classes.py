"""The colour classes of the interactive map: categories, or steps of a number, with how many sites are in each."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from clustergeo import _marks, labels
from clustergeo._words import word

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEPS = 5
# From light to dark, so that the order survives without colour; told apart by colour-blind readers.
STEP_COLOURS = ("#c7e3a4", "#7fc6a9", "#41a6bd", "#2c74b0", "#253277")
# A dot of a higher step is larger: the order is never told by colour alone.
STEP_SIZES = (0.75, 0.9, 1.05, 1.2, 1.4)
_FEW = 8
_INFINITE_COLOUR = "#5c4a72"
# Whole numbers between these are taken for years, and a year has no comma.
_YEARS = (1800, 2200)
_PLAIN = (1e-6, 1e15)


class Class(NamedTuple):
    """One class: its words, its colour, the size of its dots and the number of sites in it."""

    words: str
    colour: str
    size: float
    number: int


class Classes(NamedTuple):
    """What the colours mean, the classes, and the class of each site."""

    title: str
    graduated: bool
    entries: list[Class]
    codes: NDArray[np.int64]


def classes_of(frame: pd.DataFrame, colour_by: str | None, *, lang: str) -> Classes:
    """Return the classes of a column; a number of many values is cut into steps that hold about as many sites each.

    Parameters
    ----------
    frame
        The drawn sites.
    colour_by
        `"sectors"` (the first of a site's counts), another column, or None for one class.
    lang
        `"ko"` or `"en"`.

    Raises
    ------
    InputError
        There is no column `colour_by`; only `sectors` may be missing.

    Examples
    --------
    >>> classes_of(pd.DataFrame({"kind": ["a", "b", "a"]}), "kind", lang="en").entries[0]
    Class(words='a', colour='#0072b2', size=1.0, number=2)
    """
    _marks.require_column(frame, colour_by)
    if colour_by is None or colour_by not in frame.columns:
        one = Class(word("sites", lang), _marks.PLAIN_COLOUR, 1.0, len(frame))
        return Classes("", graduated=False, entries=[one], codes=np.zeros(len(frame), dtype=np.int64))
    cells = frame[colour_by]
    title = labels.column(colour_by, lang)
    if _is_measure(cells):
        return graduated(cells.to_numpy(dtype=np.float64, na_value=np.nan), title, lang)
    return _categories(cells, colour_by, title, lang)


def graduated(values: NDArray[np.float64], title: str, lang: str) -> Classes:
    """Return the steps of a number, the infinite and the unknown last."""
    edges, codes = steps(values)
    known = values[codes >= 0]
    low = np.concatenate([[known.min()], edges[:-1]]) if len(edges) else edges
    at = np.linspace(0, STEPS - 1, len(edges)).round().astype(int)
    whole = bool((known == np.trunc(known)).all())
    said = _year if whole and len(edges) and _YEARS[0] <= low[0] and edges[-1] <= _YEARS[1] else figure
    if whole:
        # Of whole numbers the steps are said by the numbers that are in them: 1 – 2, 3 – 5.
        low = np.concatenate([low[:1], edges[:-1] + 1])
    if len(edges) == len(np.unique(known)):
        low = edges
    entries = [
        Class(
            said(float(last)) if first == last else f"{said(float(first))} – {said(float(last))}",
            STEP_COLOURS[at[step]],
            STEP_SIZES[at[step]],
            int((codes == step).sum()),
        )
        for step, (first, last) in enumerate(zip(low, edges, strict=True))
    ]
    # What is too large to be a number is not unknown.
    for words, colour, mine in (
        (word("infinite", lang), _INFINITE_COLOUR, np.isinf(values)),
        (word("unknown", lang), labels.UNKNOWN_COLOUR, np.isnan(values)),
    ):
        if mine.any():
            codes = np.where(mine, len(entries), codes)
            entries.append(Class(words, colour, STEP_SIZES[0], int(mine.sum())))
    return Classes(title, graduated=True, entries=entries, codes=codes)


def steps(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the upper edges of the steps of numbers, and the step of each number (-1 where there is none).

    Examples
    --------
    >>> edges, codes = steps(np.array([1.0, 2, 3, 4, 5, np.nan]))
    >>> codes.tolist()
    [0, 1, 2, 3, 4, -1]
    """
    known = np.isfinite(values)
    held = values[known]
    codes = np.full(len(values), -1, dtype=np.int64)
    if not len(held):
        return np.zeros(0), codes
    edges = np.unique(held)
    if len(edges) > STEPS:
        # mapclassify takes seconds to import, and few numbers are steps by themselves.
        import mapclassify  # noqa: PLC0415

        with warnings.catch_warnings():
            # Ties make fewer steps; that is no news.
            warnings.simplefilter("ignore")
            edges = np.unique(np.asarray(mapclassify.Quantiles(held, k=STEPS).bins, dtype=np.float64))
            if len(edges) < STEPS - 1:
                # Most are alike, such as zeros: they are a step, and those on both sides are cut by themselves.
                values, counts = np.unique(held, return_counts=True)
                common = values[np.argmax(counts)]
                sides = [side for side in (held[held < common], held[held > common]) if len(side)]
                rest = sum(map(len, sides))
                parts = [min(max(1, round((STEPS - 1) * len(side) / rest)), len(np.unique(side))) for side in sides]
                cuts = [mapclassify.Quantiles(side, k=part).bins for side, part in zip(sides, parts, strict=True)]
                edges = np.unique(np.concatenate([[common], *cuts]).astype(np.float64))
    if (held == np.trunc(held)).all():
        edges = np.unique(np.floor(edges))
    codes[known] = np.searchsorted(edges, held)
    return edges, codes


def _is_measure(cells: pd.Series) -> bool:
    """Return whether a column measures: numbers of many values, or with a fraction; few whole ones are codes."""
    if not pd.api.types.is_numeric_dtype(cells) or pd.api.types.is_bool_dtype(cells):
        return False
    values = cells.to_numpy(dtype=np.float64, na_value=np.nan)
    held = values[np.isfinite(values)]
    return bool(cells.nunique() > _FEW or (held != np.trunc(held)).any() or np.isinf(values).any())


def _year(value: float) -> str:
    """Return a year."""
    return f"{value:.0f}"


def figure(value: float) -> str:
    """Return a number to four digits, with an exponent only where zeros would hide it.

    Examples
    --------
    >>> figure(12345.6), figure(0.12345), figure(3.0), figure(1.5e-12)
    ('12,346', '0.1235', '3', '1.5e-12')
    """
    if value and not _PLAIN[0] <= abs(value) < _PLAIN[1]:
        return f"{value:.4g}"
    places = max(0, 3 - int(np.floor(np.log10(abs(value))))) if value else 0
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _categories(cells: pd.Series, column: str, title: str, lang: str) -> Classes:
    """Return the categories of a column, those beyond the palette as one, the unknown last."""
    if column == "sectors":
        firsts = [next(iter(_marks.codes(cell)), None) for cell in cells]
        originals: dict[str, Any] = {one: one for one in firsts if one is not None}
    else:
        codes, held = pd.factorize(_hashable(cells))
        texts: list[str | None] = [*(None if _marks.null(one) else _marks.code_of(one) for one in held), None]
        firsts = [texts[code] for code in codes]
        originals = {_marks.code_of(one): one for one in held if not _marks.null(one)}
    colours = _marks.code_colours([[] if code is None else [code] for code in firsts], column)
    named = [code for code, colour in colours.items() if colour != labels.UNKNOWN_COLOUR or len(colours) <= _FEW]
    rest = set(colours) - set(named)
    worded = {code: _said(column, originals[code], lang) for code in named}
    ranks = _marks.places(cells, worded, originals)
    order = sorted(named, key=lambda code: (colours[code] == labels.UNKNOWN_COLOUR, ranks[code]))
    place = {code: row for row, code in enumerate(order)} | dict.fromkeys(rest, len(order))
    found = np.array([place[code] if code is not None else len(order) + bool(rest) for code in firsts], dtype=np.int64)
    names = [(worded[code], colours[code]) for code in order]
    if rest:
        names.append((word("other", lang), "#6f6a61"))
    if None in firsts:
        names.append((labels.value(column, "unknown", lang), labels.UNKNOWN_COLOUR))
    counts = np.bincount(found, minlength=len(names)).tolist()
    entries = [Class(words, colour, 1.0, count) for (words, colour), count in zip(names, counts, strict=True)]
    return Classes(title, graduated=False, entries=entries, codes=found)


def _said(column: str, cell: Any, lang: str) -> str:
    """Return the words of a category; a whole number that a null beside it turned into a float is whole again."""
    if isinstance(cell, float):
        return word("infinite", lang) if np.isinf(cell) else _marks.code_of(cell)
    return labels.value(column, _marks.worded(cell), lang)


def _hashable(cells: pd.Series) -> pd.Series:
    """Return cells that can be counted: a list becomes its text."""
    if not pd.api.types.is_object_dtype(cells):
        return cells
    texts = [one if isinstance(one, (str, bool, int, float)) or _marks.null(one) else str(one) for one in cells]
    return pd.Series(texts, dtype=object)
