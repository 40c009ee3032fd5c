"""What can be wrong with the columns of a frame: garbled text, parcel numbers, codes, areas, evidence, addresses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import shapely

from clustergeo import crs, datasets, schema
from clustergeo.reading import _columns, _placing, addresses, problems, vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd
    from numpy.typing import NDArray

_HANGUL = re.compile(r"[가-힣]")
_IDEOGRAPH = re.compile(r"[\u4e00-\u9fff\uf900-\ufaff]")
_LOST = "??"
_ODD_LETTERS = 1.5
_REPLACED = "\ufffd"
_SAMPLE = 2_000
_CLOSE, _SPREAD, _FEWEST = 0.05, 0.1, 3
_MOST = 0.8
_UNITS = {"m2": 1e-6, "평": 400 / 121 / 1e6, "ha": 1e-2, "km2": 1.0}
_UNIT_NAMES = {1e-6: "m2", 1e-2: "ha", 1.0: "km2", 400 / 121 / 1e6: "평"}


class Finding(NamedTuple):
    """A kind of problem in some rows of a column: what was found in each, and what its words name.

    `rows` is None for a problem of the whole; what was found and a word may be one text, a list, one for each row, or a
    pair of such in Korean and English.
    """

    kind: str
    rows: Any
    column: str | None
    found: Any
    words: dict[str, Any]


def of_columns(
    frame: gpd.GeoDataFrame, shapes: NDArray[np.object_], areal: NDArray[np.intp], source: Any
) -> Iterator[Finding]:
    """Yield the problems of the columns of a frame.

    Parameters
    ----------
    frame
        The whole.
    shapes
        Its geometries.
    areal
        The rows of valid polygons whose place can be trusted.
    source
        Their CRS.
    """
    names = [name for name in frame.columns if isinstance(frame[name], pd.Series) and frame[name].dtype != "geometry"]
    for name in names:
        yield from _of_text(frame[name], str(name))
        if str(name).strip().lower() in vocabulary.PNU_NAMES:
            yield from _of_parcels(frame[name], str(name))
    sample = areal[:: len(areal) // _SAMPLE + 1]
    for name, scheme in vocabulary.code_columns(frame[names]).items():
        if str(name).strip().lower() not in vocabulary.PNU_NAMES:
            yield from _of_codes(frame[name], str(name), scheme, (sample, shapes, source))
    for name in names:
        unit = _columns.area_unit(name)
        if unit is not None and len(sample) >= _FEWEST:
            yield from _of_units(frame, name, unit, sample)
    labels = [str(name) for name in frame.columns]
    twice = [name for name in dict.fromkeys(labels) if labels.count(name) > 1]
    for name in twice:
        yield Finding("column_twice", None, name, str(labels.count(name)), {})
    for fault in schema.evidence_faults(frame.loc[:, [label not in twice for label in labels]]):
        value = problems.reasons([fault.value]) if fault.kind == "within_invalid" else fault.value
        yield Finding("evidence", [fault.row], fault.column, value, {"wanted": problems.EVIDENCE[fault.kind]})
    yield from _of_totals(frame, shapes, names)
    if "address_status" in names:
        yield from _of_addresses(frame)


def _of_text(values: pd.Series, name: str) -> Iterator[Finding]:
    """Yield garbled and lost letters of a column of text, its name among them."""
    better = repaired_text(name)
    if better is not None:
        yield Finding("mojibake", None, name, name, {"better": better})
    if not (pd.api.types.is_string_dtype(values.dtype) or values.dtype == object):
        return
    cells = values.to_numpy(dtype=object, na_value=None)
    numbers, texts = pd.factorize(np.array([cell if isinstance(cell, str) else None for cell in cells], dtype=object))
    odd = {at: fixed for at, text in enumerate(texts) if not text.isascii() and (fixed := repaired_text(text))}
    if odd:
        rows = np.flatnonzero(np.isin(numbers, list(odd)))
        yield Finding(
            "mojibake",
            rows,
            name,
            [texts[numbers[row]] for row in rows],
            {"better": [odd[numbers[row]] for row in rows]},
        )
    lost = [at for at, text in enumerate(texts) if _LOST in text and at not in odd]
    rows = np.flatnonzero(np.isin(numbers, lost))
    yield Finding("lost_text", rows, name, [texts[numbers[row]] for row in rows], {})


def repaired_text(text: str) -> str | None:
    r"""Return what a garbled Korean text says, `-` where its letters are lost, None where it is not garbled.

    Examples
    --------
    >>> repaired_text("ê°•ë‚¨êµ¬"), repaired_text("°\xad³²±¸"), repaired_text("강남구"), repaired_text("Café")
    ('강남구', '강남구', None, None)
    """
    if text.isascii():
        return None
    odd = sum(not sign.isascii() for sign in text)
    for data, encoding in ((_western(text), "utf-8"), (_western(text), "cp949"), (_encoded(text, "cp949"), "utf-8")):
        found = _decoded(data, encoding)
        korean = 0 if found is None else len(_HANGUL.findall(found))
        # A lone dot or accent and the letter after it make a syllable too: most of them are of two odd letters.
        lone = encoding == "cp949" and odd < _ODD_LETTERS * korean
        if found is not None and korean == sum(not sign.isascii() for sign in found) > 0 and not lone:
            return found
    # UTF-8 read as cp949 loses every third byte or so: what is left shows what it was, with gaps.
    if _IDEOGRAPH.search(text) and re.search(rf"[?{_REPLACED}]", text):
        rest = (_encoded(text.replace(_REPLACED, ""), "cp949") or b"").decode("utf-8", "ignore")
        if len(_HANGUL.findall(rest)) > 1:
            return f"{rest}…"
    return "-" if _REPLACED in text else None


def _western(text: str) -> bytes | None:
    """Return the bytes of a text that was read as a Western encoding; None where it cannot have been."""
    try:
        return b"".join(
            sign.encode("latin-1") if ord(sign) <= 0xFF else sign.encode("cp1252")  # noqa: PLR2004
            for sign in text
        )
    except UnicodeEncodeError:
        return None


def _encoded(text: str, encoding: str) -> bytes | None:
    """Return the bytes of a text, None where the encoding has not all of its letters."""
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        return None


def _decoded(data: bytes | None, encoding: str) -> str | None:
    """Return the text of bytes, None where they are not of the encoding."""
    try:
        return None if data is None else data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _of_parcels(values: pd.Series, name: str) -> Iterator[Finding]:
    """Yield parcel numbers that are none or stand twice; an empty one is not looked at."""
    given = values.to_numpy(dtype=object, na_value=None)
    reasons = vocabulary.pnu_problems(given)
    wrong = np.array([row for row, reason in enumerate(reasons) if reason is not None], dtype=np.intp)
    empty = [row for row in wrong if vocabulary.code_text(given[row]) is None]
    bad = np.setdiff1d(wrong, empty)
    words = tuple(
        [f"{given[row]!r}: {reason[place]}" for row in bad if (reason := reasons[row]) is not None]
        for place in range(len(problems.LANGS))
    )
    yield Finding("pnu", bad, name, words, {})
    twice = np.setdiff1d(np.flatnonzero(values.duplicated(keep=False).to_numpy()), empty)
    yield Finding("pnu_twice", twice, name, [str(given[row]) for row in twice], {})


def _of_codes(
    values: pd.Series, name: str, scheme: str, where: tuple[NDArray[np.intp], NDArray[np.object_], Any]
) -> Iterator[Finding]:
    """Yield a column of codes whose provinces are none of its scheme, or not those in which the polygons lie."""
    codes = [vocabulary.code_text(value) for value in values]
    rows, shapes, source = where
    words = {
        "scheme": {"mois": ("행정안전부(mois)", "the ministry (mois)")}.get(
            scheme, ("통계청(kostat)", "Statistics Korea (kostat)")
        )
    }
    possible = vocabulary.possible_schemes(dict.fromkeys(codes))
    other = "kostat" if scheme == "mois" else "mois"
    if possible == {other}:
        heads = sorted({code[:2] for code in codes if code})[: schema.SHOWN]
        yield Finding("scheme", None, name, f"{', '.join(heads)}: {other}", words)
        return
    there = _placing.provinces_at(shapes[rows], source) if len(rows) else np.empty(0, dtype=object)
    known = [(codes[row], place) for row, place in zip(rows, there, strict=True) if codes[row] and place]
    fits = {
        one: sum(place in datasets.province_members(scheme=one).get(str(code)[:2], ()) for code, place in known)
        for one in (scheme, other)
    }
    if known and fits[other] >= _MOST * len(known) > fits[scheme]:
        found = (
            f"{len(known)}행 가운데 {other} 코드가 말하는 곳에 {fits[other]}행, {scheme} 코드로는 {fits[scheme]}행",
            f"{fits[other]} of {len(known)} rows lie where their {other} code says, {fits[scheme]} where {scheme} does",
        )
        yield Finding("scheme", None, name, found, words)


def _of_units(frame: gpd.GeoDataFrame, name: Any, unit: str, rows: NDArray[np.intp]) -> Iterator[Finding]:
    """Yield a column of areas whose values are those of another unit than its header says."""
    texts = frame[name].iloc[rows].astype(str).str.replace(",", "", regex=False)
    numbers = pd.to_numeric(texts, errors="coerce").to_numpy(dtype=np.float64)
    true = crs.areas_m2(frame.geometry.iloc[rows]) / 1e6
    fine = np.isfinite(numbers) & (numbers > 0) & (true > 0)
    if fine.sum() < _FEWEST:
        return
    ratios = numbers[fine] / true[fine]
    low, middle, high = np.quantile(ratios, [0.25, 0.5, 0.75])
    seen = [one for one, size in _UNITS.items() if abs(middle * size - 1) < _CLOSE]
    said = _columns.unit_size(unit)
    if not seen or high - low > _SPREAD * middle or (said is None and seen == ["m2"]):
        return
    if said is None or abs(middle * said - 1) >= _CLOSE:
        size = 1e-6 if said is None else said
        words = {"unit": _UNIT_NAMES.get(size, unit), "seen": seen[0]}
        yield Finding("unit", None, str(name), (f"{middle * size:.6g}배", f"{middle * size:.6g} times"), words)


def _of_totals(frame: gpd.GeoDataFrame, shapes: NDArray[np.object_], names: list[Any]) -> Iterator[Finding]:
    """Yield the rows without a geometry that add up other rows."""
    labels = [name for name in names if not str(name).startswith("address_")]
    rows = np.flatnonzero(shapely.is_missing(shapes))
    words = [
        _columns.total_of("" if not pd.api.types.is_scalar(cell) or pd.isna(cell) else str(cell) for cell in cells)
        for cells in frame[labels].iloc[rows].itertuples(index=False, name=None)
    ]
    held = [at for at, word in enumerate(words) if word]
    yield Finding("total", rows[held], None, [words[at] for at in held], {})


def _of_addresses(frame: gpd.GeoDataFrame) -> Iterator[Finding]:
    """Yield the rows whose address says too little."""
    status = frame["address_status"]
    rows = np.flatnonzero(status.isin([addresses.UNKNOWN, addresses.AMBIGUOUS]).to_numpy(dtype=bool))
    candidates = frame.get("address_candidates", pd.Series(index=frame.index, dtype=object))
    named = [text if isinstance(text, str) else "-" for text in candidates.iloc[rows]]
    words = tuple([problems.STATUS[one][place] for one in status.iloc[rows]] for place in range(len(problems.LANGS)))
    yield Finding("address", rows, "address_status", words, {"candidates": named})
