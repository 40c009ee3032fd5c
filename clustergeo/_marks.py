"""How the static map marks each site: its name, its colours, and what is known of restriction zones."""

from __future__ import annotations

import functools
import math
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from clustergeo import _fonts, _proof, labels
from clustergeo.errors import InputError

if TYPE_CHECKING:
    import geopandas as gpd

PLAIN_COLOUR = "#3b6ea5"

# Okabe and Ito's colours, told apart by colour-blind readers.
_CATEGORY_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#8c6d1f", "#5b4a9e")

_SEPARATORS = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


@dataclass(frozen=True)
class Mark:
    """How one site is shown: name, up to two colours, and kind and basis of its RDZ evidence (None: no column says)."""

    name: str
    colours: tuple[str, ...]
    evidence: tuple[str, str] | None


@functools.cache
def _fallback_characters() -> frozenset[int]:
    """Return the code points of DejaVu Sans, which matplotlib carries."""
    from matplotlib import font_manager, ft2font  # noqa: PLC0415 - slow to import

    return frozenset(ft2font.FT2Font(font_manager.findfont("DejaVu Sans")).get_charmap())


def shown(text: str) -> str:
    """Return a text in one line as the map can draw it: what no font has becomes U+25A1.

    Examples
    --------
    >>> shown("용인  \N{OGHAM LETTER BEITH}a \U0001f469")
    '용인 ᚁa □'
    """
    # Decomposed Hangul (file names of macOS) would be drawn as loose letters.
    line = _SEPARATORS.sub(" ", unicodedata.normalize("NFC", text)).strip()
    missing = {one for one in _fonts.covers(line) if ord(one) not in _fallback_characters()}
    return "".join("\N{WHITE SQUARE}" if one in missing else one for one in line)


def codes(value: Any) -> list[str]:
    """Return the codes of a cell that holds a list, a `;`-joined text, one value or null.

    Examples
    --------
    >>> codes(["bio", "food"]), codes("bio; food"), codes(None)
    (['bio', 'food'], ['bio', 'food'], [])
    """
    if isinstance(value, str):
        return [part.strip() for part in value.split(";") if part.strip()]
    if isinstance(value, (list, tuple, set, frozenset, np.ndarray)):
        return [str(part) for part in (sorted(value) if isinstance(value, (set, frozenset)) else value)]
    return [] if pd.isna(value) else [str(value)]


def marks(frame: gpd.GeoDataFrame, *, lang: str, colour_by: str | None) -> tuple[list[Mark], list[tuple[str, str]]]:
    """Return the mark of each site, and the legend of the colours as pairs of words and colour.

    Parameters
    ----------
    frame
        Sites; every column is optional.
    lang
        `"ko"` or `"en"`.
    colour_by
        `"sectors"`, any other column of codes or flags, or None for one colour.

    Raises
    ------
    InputError
        There is no column `colour_by`; only `sectors` may be missing.
    """
    require_column(frame, colour_by)
    legend: list[tuple[str, str]] = []
    if colour_by is not None and colour_by in frame.columns:
        cells = list(frame[colour_by])
        held = [codes(cell) if colour_by == "sectors" else [code_of(cell)] * (not null(cell)) for cell in cells]
        colours = code_colours(held, colour_by)
        # A flag has words of its own, which its text has not.
        originals = {code_of(cell): cell for cell in cells} if colour_by != "sectors" else {}
        words = {code: labels.value(colour_by, worded(originals.get(code, code)), lang) for code in colours}
        order = places(frame[colour_by], words, originals)
        ranked = sorted(colours, key=lambda code: (colours[code] == labels.UNKNOWN_COLOUR, order[code]))
        legend = [(words[code], colours[code]) for code in ranked]
        if not all(held):
            legend.append((labels.value(colour_by, "unknown", lang), labels.UNKNOWN_COLOUR))
        shades = [tuple(colours[code] for code in row[:2]) or (labels.UNKNOWN_COLOUR,) for row in held]
    else:
        shades = [(PLAIN_COLOUR,)] * len(frame)
    found = zip(_names(frame, lang), shades, _evidence(frame), strict=True)
    return [Mark(name, shade, evidence) for name, shade, evidence in found], legend


def require_column(frame: pd.DataFrame, colour_by: str | None) -> None:
    """Refuse a column to colour by that a frame has not; only `sectors` may be missing."""
    if colour_by is not None and colour_by != "sectors" and colour_by not in frame.columns:
        msg = (
            f"There is no column {colour_by!r} to colour by. The frame has {', '.join(map(str, frame.columns))}. "
            'Pass colour_by="sectors", one of these, or None for one colour.'
        )
        raise InputError(msg)


def null(cell: Any) -> bool:
    """Return whether a cell is null or a text of nothing but spaces; a list never is."""
    if isinstance(cell, str):
        return not cell.strip()
    return pd.api.types.is_scalar(cell) and bool(pd.isna(cell))


def code_of(cell: Any) -> str:
    """Return a cell as a code: a whole number that a null beside it turned into a float is whole again."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(worded(cell))


def worded(cell: Any) -> Any:
    """Return a cell as it is told: a day without a time as the day alone.

    Examples
    --------
    >>> worded(pd.Timestamp("2024-01-02"))
    '2024-01-02'
    """
    if isinstance(cell, pd.Timestamp) and cell == cell.normalize():
        return cell.date().isoformat()
    return cell


def places(cells: pd.Series, words: dict[str, str], originals: dict[str, Any]) -> dict[str, int]:
    """Return the place of each code in a legend: in the order of the categories or of the numbers, else of the words.

    Examples
    --------
    >>> places(pd.Series([10, 2]), {"10": "10", "2": "2"}, {"10": 10, "2": 2})
    {'2': 0, '10': 1}
    """
    if isinstance(cells.dtype, pd.CategoricalDtype) and cells.dtype.ordered:
        order = [code for code in map(code_of, cells.dtype.categories) if code in words]
    elif pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells):
        order = sorted(words, key=lambda code: originals[code])
    else:
        order = sorted(words, key=lambda code: words[code])
    return {code: place for place, code in enumerate(order)}


def code_colours(held: list[list[str]], colour_by: str | None) -> dict[str, str]:
    """Return a colour for each code that occurs, in their order; of many, the commonest have one of their own.

    Examples
    --------
    >>> code_colours([["b"], ["a"], ["b"]], "kind")
    {'a': '#0072b2', 'b': '#e69f00'}
    """
    counts = Counter(code for row in held for code in row)
    present = sorted(counts)
    if colour_by == "sectors":
        return {code: labels.sector_colour(code) for code in present}
    if colour_by == "standing" and set(present) <= labels.STANDING_COLOURS.keys():
        return {code: labels.STANDING_COLOURS[code] for code in present}
    common = sorted(sorted(present, key=lambda code: -counts[code])[: len(_CATEGORY_COLOURS)])
    own = dict(zip(common, _CATEGORY_COLOURS, strict=False))
    return {code: own.get(code, labels.UNKNOWN_COLOUR) for code in present}


def _names(frame: gpd.GeoDataFrame, lang: str) -> list[str]:
    """Return the name of each site in a language, else in the other one, else its id or its place in the index."""
    other = "en" if lang == "ko" else "ko"
    columns = [name for name in (f"name_{lang}", "name", f"name_{other}", "site_id") if name in frame.columns]
    names = [str(label) for label in frame.index]
    for column in reversed(columns):
        cells = ["" if null(cell) else str(cell) for cell in frame[column]]
        names = [cell if cell.strip() else name for name, cell in zip(names, cells, strict=True)]
    return [shown(name) for name in names]


def _evidence(frame: gpd.GeoDataFrame) -> list[tuple[str, str] | None]:
    """Return the kind and basis of each site's RDZ evidence."""
    if "rdz_present" not in frame.columns:
        return [None] * len(frame)
    bases, areas = (frame.get(name, [None] * len(frame)) for name in ("rdz_basis", "rdz_area_m2"))
    # The overlap of a drawn disc is no figure.
    drawn, shares = _proof.of_disc(frame, "rdz"), _proof.shares(frame, "rdz")
    figures = [
        not math.isnan(share) or not (null(area) or disc)
        for share, area, disc in zip(shares.tolist(), areas, drawn.tolist(), strict=True)
    ]
    opened = _proof.left_open(frame, "rdz").tolist()
    out: list[tuple[str, str] | None] = []
    for present, basis, figure, still in zip(frame["rdz_present"], bases, figures, opened, strict=True):
        held = "unknown" if null(basis) else str(basis)
        if null(present):
            out.append(("undecided", held) if still else ("unknown", "unknown"))
        elif not present:
            out.append(("none", held))
        else:
            out.append(("figure" if figure else "no_figure", held))
    return out
