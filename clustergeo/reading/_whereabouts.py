"""Whereabouts: where the rows of a table without coordinates lie, by their addresses, names and codes of places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from clustergeo.datasets import BOUNDARY_VINTAGE
from clustergeo.reading import _columns, _gazetteer, addresses, vocabulary
from clustergeo.reading._columns import column_of
from clustergeo.reading._remarks import Remark, remark
from clustergeo.reading.opening import some

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ADDED = (
    ("address_candidates", "candidates"),
    ("address_assumed", "assumed"),
    ("address_assumed_ko", "assumed_ko"),
)
_RANK = {addresses.EXACT: 0, addresses.MUNICIPALITY: 1, addresses.AMBIGUOUS: 2, addresses.PROVINCE: 3}


def matched(table: pd.DataFrame, shapes: NDArray[np.object_] | None) -> tuple[dict[str, pd.Series], list[str]] | None:
    """Return what is known of the rows without coordinates by their place: columns to add, and what was decided.

    None where the table has neither coordinates nor a column that says where its rows are.
    """
    texts, used = _texts(table)
    if not used:
        if shapes is None:
            return None
        lines = table.index[shapely.is_missing(shapes)]
        told = f"{len(lines)} of {len(table)} rows have no position (line {some(lines)}): where they lie is not known"
        return {}, [told] if len(lines) else []
    open_rows = np.ones(len(table), dtype=bool) if shapes is None else shapely.is_missing(shapes)
    if not open_rows.any():
        return {}, []
    dong: addresses.Dong = "administrative" if _administrative(table) else "legal"
    matches = [(label, whole, addresses.matches(text[open_rows], dong=dong)) for label, whole, text in texts]
    found = _agreed(matches)
    codes = pd.Series(None, index=table.index, dtype=object)
    codes[open_rows] = found["codes_kostat"]
    within = _gazetteer.areas_of(codes)
    status = pd.Series(None, index=table.index, dtype=object)
    status[open_rows] = found["status"]
    out = {"within": within, "address_status": status}
    for column, name in _ADDED:
        out[column] = found[name].reindex(table.index)
    # Known by area and by what contains it: law 6 needs no position.
    out["footprint_basis"] = pd.Series(["disc" if one else None for one in open_rows], index=table.index, dtype=object)
    return out, _said(found, used, int(open_rows.sum()), len(table))


def _said(found: pd.DataFrame, used: list[str], number: int, rows: int) -> list[str]:
    """Return the sentences on the rows that were matched by their place."""
    counts = found["status"].value_counts()
    told = ", ".join(f"{counts[status]} {status}" for status in (*_RANK, addresses.UNKNOWN) if status in counts)
    first = (
        f"{number} of {rows} rows have no coordinates; their place is known from {', '.join(map(repr, used))} and the "
        f"boundaries of {BOUNDARY_VINTAGE} ({told}): `within` is the area that contains each, see address_status"
    )
    lost = found.index[found["status"] == addresses.UNKNOWN]
    out = [first]
    if len(lost):
        out.append(
            f"nothing is known of the place in line {some(lost)}; write province, municipality and eup, myeon or dong"
        )
    return out


def _agreed(matches: list[tuple[str, bool, pd.DataFrame]]) -> pd.DataFrame:
    """Return for each row the match that proves most, the first of equals; unknown where the columns contradict.

    Each match is that of a column or of columns together, named by its label; of several of one label those that are
    not whole add to it what stands in other columns.
    """
    best = matches[0][2].copy()
    for _, _, other in matches[1:]:
        better = other["status"].map(_RANK).fillna(len(_RANK)) < best["status"].map(_RANK).fillna(len(_RANK))
        best = best.where(~better, other)
    whole = [(label, match.to_dict("records")) for label, own, match in matches if own]
    added = [(label, match["status"].tolist()) for label, own, match in matches if not own]
    for row in range(len(best)):
        rows = [(label, records[row]) for label, records in whole]
        told = _contradiction(rows) or next(
            (
                (one["candidates"], Remark(one["assumed_ko"], one["assumed"]))
                for label, one in rows
                if one["status"] == addresses.UNKNOWN
                and isinstance(one["assumed"], str)
                and all(statuses[row] == addresses.UNKNOWN for other, statuses in added if other == label)
            ),
            None,
        )
        if told is not None:
            candidates, assumed = told
            best.iloc[row] = {
                **dict.fromkeys(best.columns),
                "text": best["text"].iloc[row],
                "status": addresses.UNKNOWN,
                "candidates": candidates,
                "assumed": assumed.en,
                "assumed_ko": assumed.ko,
                "together": False,
            }
    return best


def _contradiction(rows: list[tuple[str, dict[str, Any]]]) -> tuple[str, Remark] | None:
    """Return the candidates and the sentence of two columns that say different places, None where none do."""
    known = [(label, row) for label, row in rows if isinstance(row["codes_kostat"], str)]
    for at, (label, row) in enumerate(known):
        for other, against in known[at + 1 :]:
            if not (_fits(row, against) and _fits(against, row)):
                names = ["; ".join(_gazetteer.named(one["codes_kostat"].split(";"))) for one in (row, against)]
                told = remark("contradiction", one=label, here=names[0], other=other, there=names[1])
                return "; ".join(names), told
    return None


def _fits(row: dict[str, Any], against: dict[str, Any]) -> bool:
    """Say whether a place, or each of several that an address names, can be where another is."""
    codes, others = row["codes_kostat"].split(";"), against["codes_kostat"].split(";")
    fits = [
        any(_gazetteer.lies_in(code, other) or _gazetteer.lies_in(other, code) for other in others) for code in codes
    ]
    return all(fits) if row["together"] else any(fits)


def _administrative(table: pd.DataFrame) -> bool:
    """Say whether the dongs of a table are administrative ones: it names those and has no address of lots."""
    return column_of(table, _columns.ADMINISTRATIVE) is not None and column_of(table, _columns.ADDRESS) is None


def _texts(table: pd.DataFrame) -> tuple[list[tuple[str, bool, pd.Series]], list[str]]:
    """Return the texts that say where each row is, those to be asked first first, and the columns they are made of.

    Each has the name of its column and whether it is that alone.
    """
    written = _columns.columns_of(table, _columns.ADDRESS)
    parts = [column_of(table, names) for names in _columns.PARTS]
    if parts[2] is None:
        parts[2] = column_of(table, _columns.ADMINISTRATIVE)
    named = [name for name in parts if name is not None]
    code = column_of(table, _columns.CODES)
    texts = [(name, True, table[name]) for name in written]
    if named:
        # An address that leaves out what stands in columns of its own: 시도, 시군구.
        before = [name for name in parts[:2] if name is not None]
        texts += [(name, False, _joined(table, [*before, name])) for name in written]
        texts.append((", ".join(named), True, _joined(table, named)))
    if code is not None:
        province = _province_names(table[code])
        texts += [(label, False, (province + " " + text).str.strip()) for label, _, text in texts]
        texts.append((code, True, province))
    return texts, [*written, *named, *([code] if code is not None else [])]


def _joined(table: pd.DataFrame, names: list[str]) -> pd.Series:
    """Return columns joined by a space."""
    out = table[names[0]]
    for name in names[1:]:
        out = out + " " + table[name]
    return out.str.strip()


def _province_names(codes: pd.Series) -> pd.Series:
    """Return the name of the province that a legal-dong code or a PNU begins with; empty where it is not valid."""
    known = _gazetteer.provinces_by_code()
    parcels = _columns.unnoted(codes.name) in vocabulary.PNU_NAMES
    fine = (
        vocabulary.decode_pnu(codes)["valid"]
        if parcels
        else pd.Series([vocabulary.legal_code_problem(code) is None for code in codes], index=codes.index)
    )
    heads = codes.str.strip().str[:2]
    return heads.map(known).where(fine, "").fillna("")
