"""Korean and English words of columns, codes and values, and the colours of sectors and standings."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

import pandas as pd

from clustergeo import _terms
from clustergeo.errors import InputError

LANGS = ("ko", "en")
UNKNOWN_COLOUR = "#999999"
STANDING_COLOURS = {
    "shortlist": "#009e73",
    "shortlist_undecided": "#cc79a7",
    "kept": "#0072b2",
    "undecided": "#e69f00",
    "excluded": "#7f8791",
}
"""The colour of each standing of a candidate, in the order of a legend: what has fallen out is the quietest."""


_REGIONS = ("province", "city", "municipality")


def check_lang(lang: str) -> int:
    """Return the place of a language in `LANGS`, or refuse it.

    Parameters
    ----------
    lang
        `"ko"` or `"en"`.

    Returns
    -------
    int
        0 for Korean, 1 for English.

    Raises
    ------
    InputError
        If the language is not one of `LANGS`; the message names the choices.

    Examples
    --------
    >>> check_lang("en")
    1
    """
    if lang not in LANGS:
        choices = ", ".join(repr(choice) for choice in LANGS)
        msg = f"lang={lang!r} is not a language of clustergeo; expected one of {choices}. Pass lang='ko' or lang='en'."
        raise InputError(msg)
    return LANGS.index(lang)


def column(name: str, lang: str = "ko") -> str:
    """Name a column in words, with its unit.

    Parameters
    ----------
    name
        A column of a site frame, a tagged frame or a summary; zone columns such as `river_share` follow a template.
    lang
        `"ko"` or `"en"`.

    Returns
    -------
    str
        The words; a column that clustergeo does not know keeps its own name.

    Raises
    ------
    InputError
        If `lang` is not one of `LANGS`.

    Examples
    --------
    >>> column("area_km2", "en")
    'Area (km²)'
    >>> column("river_share", "en")
    'river: share'
    """
    place = check_lang(lang)
    if name in _terms.COLUMNS:
        return _terms.COLUMNS[name][place]
    for suffix, words in _terms.ZONE_COLUMNS:
        zone = name.removesuffix(suffix)
        if zone and zone != name:
            return f"{zone_name(zone, lang)}: {words[place]}"
    return name


def knows(name: str) -> bool:
    """Return whether a column is one of clustergeo's own; columns of zones are named by a template and are not.

    Examples
    --------
    >>> knows("area_km2"), knows("river_share"), knows("owner")
    (True, False, False)
    """
    return name in _terms.COLUMNS


def zone_name(name: str, lang: str = "ko") -> str:
    """Name a zone in words: `rdz` has its own, any other zone keeps the name its user gave it.

    Examples
    --------
    >>> zone_name("rdz", "en"), zone_name("river", "ko")
    ('RDZ', 'river')
    """
    place = check_lang(lang)
    return _terms.ZONE_NAMES[name][place] if name in _terms.ZONE_NAMES else name


def value(column: str, code: Any, lang: str = "ko") -> str:
    """Name a code or flag of a column in words.

    Parameters
    ----------
    column
        The column the code stands in; `sector` and `sectors` take a code or a list of codes.
    code
        A code, a flag, a list of sector codes, or null.
    lang
        `"ko"` or `"en"`.

    Returns
    -------
    str
        The words. Null is "unknown" ("not decidable" for the capital region); a sector outside the taxonomy is
        "other (code)"; any other code without words is given back as text. The text is not escaped.

    Raises
    ------
    InputError
        If `lang` is not one of `LANGS`.

    Examples
    --------
    >>> value("status", "pf_passed", "en")
    'feasibility study passed'
    >>> value("in_capital_region", False, "en")
    'outside'
    >>> value("rdz_basis", None, "en")
    'unknown'
    """
    place = check_lang(lang)
    if isinstance(code, Iterable) and not isinstance(code, str):
        names = [value(column, one, lang) for one in code]
        return ", ".join(names) if names else _terms.UNKNOWN[place]
    if pd.isna(code):
        return (_terms.UNDECIDED if column == "in_capital_region" else _terms.UNKNOWN)[place]
    if pd.api.types.is_bool(code):
        return _flag_words(column)[bool(code)][place]
    return _code_words(column, str(code), place)


def undecided(lang: str = "ko") -> str:
    """Return the word for a verdict that the evidence leaves open.

    Examples
    --------
    >>> undecided("en")
    'not decidable'
    """
    return _terms.UNDECIDED[check_lang(lang)]


def sector_colour(code: str | None) -> str:
    """Return the colour of a sector, as `#rrggbb`.

    Parameters
    ----------
    code
        A sector code.

    Returns
    -------
    str
        The colour of the taxonomy; `#999999` for a code outside it and for null.

    Examples
    --------
    >>> sector_colour("no-such-sector")
    '#999999'
    """
    return _sectors().get(str(code), (("", ""), UNKNOWN_COLOUR))[1]


def sector_codes() -> list[str]:
    """Return the codes of the taxonomy in its order."""
    return list(_sectors())


def macro_region_codes() -> list[str]:
    """Return the codes of all macro-regions in the order of their table."""
    return list(_macro_regions())


def _flag_words(column: str) -> dict[bool, tuple[str, str]]:
    """Return the two words of a flag."""
    if column == "in_capital_region":
        words = _terms.CODES[column]
        return {True: words["inside"], False: words["outside"]}
    return _terms.PRESENT_ABSENT if column.endswith("_present") else _terms.YES_NO


def _code_words(column: str, code: str, place: int) -> str:
    """Return the words of a text code, or the code itself."""
    # "unknown" stands in summaries and in `*_basis`; it means the same in every column that has codes.
    if code == "unknown":
        return (_terms.UNDECIDED if column == "in_capital_region" else _terms.UNKNOWN)[place]
    # Most technologies are sectors too.
    if column in ("sector", "sectors") or (column == "technology" and code not in _terms.CODES[column]):
        known = _sectors().get(code)
        return known[0][place] if known else f"{_terms.OTHER[place]} ({code})"
    if column == "macro_region":
        names = _macro_regions().get(code)
        return names[place] if names else code
    if column in _REGIONS:
        return code if place == 0 else _regions().get(code, code)
    if column == "locality":
        return code if place == 0 else _localities().get(code, code)
    words = _terms.CODES.get("scope" if column.endswith("_scope") else column, {})
    if not words and (column == "basis" or column.endswith("_basis")):
        words = _terms.BASIS
    return words[code][place] if code in words else code


@functools.cache
def _regions() -> dict[str, str]:
    """Return English names by Korean name of provinces, cities and municipalities; an ambiguous name has none."""
    from clustergeo.datasets import municipalities_on, province_translations  # noqa: PLC0415

    held = municipalities_on()
    pairs = {
        *zip(held["municipality"], held["municipality_en"], strict=True),
        *zip(held["city"], held["city_en"], strict=True),
    }
    found: dict[str, set[str]] = {}
    for korean, english in pairs:
        found.setdefault(str(korean), set()).add(str(english))
    return {korean: next(iter(names)) for korean, names in found.items() if len(names) == 1} | province_translations()


@functools.cache
def _localities() -> dict[str, str]:
    """Return English names by Korean name of localities."""
    from clustergeo.datasets import locality_translations  # noqa: PLC0415

    return locality_translations()


@functools.cache
def _sectors() -> dict[str, tuple[tuple[str, str], str]]:
    """Return names and colour by sector code, read once: a map asks for them thousands of times."""
    # datasets reads with geopandas, which takes seconds to import; a label of a column needs none of it.
    from clustergeo.datasets import load_sectors  # noqa: PLC0415

    frame = load_sectors()
    rows = zip(frame["code"], frame["name_ko"], frame["name_en"], frame["colour"], strict=True)
    return {str(code): ((str(ko), str(en)), str(colour)) for code, ko, en, colour in rows}


@functools.cache
def _macro_regions() -> dict[str, tuple[str, str]]:
    """Return names by macro-region code; the first scheme that has a code names it."""
    from clustergeo.datasets import load_macro_regions  # noqa: PLC0415

    frame = load_macro_regions()
    names: dict[str, tuple[str, str]] = {}
    for code, ko, en in zip(frame["code"], frame["name_ko"], frame["name_en"], strict=True):
        names.setdefault(str(code), (str(ko), str(en)))
    return names
