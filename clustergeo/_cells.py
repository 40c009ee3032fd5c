"""The cells of a frame as arrays: texts, words, numbers and flags, null where a column is missing or says nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from clustergeo import _digits, labels

if TYPE_CHECKING:
    from numpy.typing import NDArray


# What siting says of a site, and how it is shown; no other row of a card says it.
JUDGED = {
    "standing": "code",
    "kept": "flag",
    "chosen": "flag",
    "reason": "text",
    "excluded_by": "rules",
    "undecided_by": "rules",
    "score": "score",
    "score_low": "score",
    "score_high": "score",
    "rank": "count",
    "rank_best": "count",
    "rank_worst": "count",
    "top_probability": "share",
    "excluded_share": "share",
    "excluded_share_low": "share",
    "excluded_share_high": "share",
    "eligible_area_m2": "count",
    "eligible_largest_m2": "count",
    "served": "number",
}
_TRUE = frozenset({"true", "1", "yes", "present", "inside", "예", "있음", "수도권 안"})
_FALSE = frozenset({"false", "0", "no", "none", "outside", "아니요", "없음", "수도권 밖"})


def worded(frame: pd.DataFrame, column: str, lang: str, *, hidden: str | None = None) -> NDArray[np.object_]:
    """Return a column of codes in words; a column of the same name in the language itself comes first."""
    cells = texts(frame, column)
    if hidden is not None:
        cells[cells == hidden] = None
    codes, held = pd.factorize(cells)
    words: NDArray[np.object_] = np.array(
        [*(" ".join(labels.value(column, one, lang).split()) for one in held), None], dtype=object
    )[codes]
    if lang == "en":
        own = texts(frame, f"{column}_en")
        said = not_null(own)
        words[said] = own[said]
    return words


def judged(frame: pd.DataFrame, lang: str) -> dict[str, NDArray[np.object_]]:
    """Return the columns of a frame in which siting says something of its sites, in words.

    Examples
    --------
    >>> frame = pd.DataFrame({"standing": ["kept"], "kept": ["ours"], "score": [0.25], "excluded_by": ["rdz;road"]})
    >>> {name: cells.tolist() for name, cells in judged(frame, "en").items()}
    {'standing': ['kept'], 'kept': ['ours'], 'excluded_by': ['RDZ, road'], 'score': ['0.250']}
    """
    found = {}
    for name, kind in JUDGED.items():
        cells = worded(frame, name, lang) if kind == "code" else texts(frame, name)
        if name in frame.columns and kind in ("score", "count", "share", "number"):
            numbers = zip(cells, figures(frame, name).tolist(), strict=True)
            cells = np.array(
                [one if np.isnan(number) else _figure(number, kind) for one, number in numbers], dtype=object
            )
        elif name in frame.columns and kind == "flag":
            open_ = labels.value("standing", "undecided", lang) if name == "kept" else None
            # In the order of 0, 1 and -1, which is null.
            said = np.array([*(labels.value(name, flag, lang) for flag in (False, True)), open_], dtype=object)
            held = flags(frame, name)
            # A word that is no flag stands as it is.
            cells = np.where((held == -1) & not_null(cells), cells, said[held])
        elif kind == "rules":
            parts = (None if one is None else one.split(";") for one in cells)
            cells = np.array(
                [one and ", ".join(labels.zone_name(part, lang) for part in one) for one in parts], dtype=object
            )
        if not_null(cells).any():
            found[name] = cells
    return found


def _figure(number: float, kind: str) -> str:
    """Return a figure of siting as its tables show it."""
    if kind == "share":
        return _digits.percent(number, least=1)
    if kind == "number":
        return f"{number:,.3f}".rstrip("0").rstrip(".")
    return f"{number:.3f}" if kind == "score" else f"{number:,.0f}"


def not_null(cells: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Return which texts there are."""
    return np.array([one is not None for one in cells], dtype=bool)


def texts(frame: pd.DataFrame, column: str) -> NDArray[np.object_]:
    """Return a column as texts, None where it is missing, null or empty."""
    if column not in frame.columns:
        return np.full(len(frame), None, dtype=object)
    out = np.empty(len(frame), dtype=object)
    out[:] = [_text(cell) for cell in frame[column]]
    return out


def _text(cell: Any) -> str | None:
    """Return a cell as text in which a run of blanks is one; None where it says nothing."""
    if isinstance(cell, str):
        return " ".join(cell.split()) or None
    if isinstance(cell, (list, tuple, set, np.ndarray)):
        return ", ".join(map(str, cell)) or None
    if isinstance(cell, pd.Timestamp) and cell == cell.normalize():
        # A day without a time.
        return str(cell.date())
    return None if pd.isna(cell) else str(cell)


def figures(frame: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """Return a column as numbers, NaN where there is none."""
    if column not in frame.columns:
        return np.full(len(frame), np.nan)
    found: NDArray[np.float64] = pd.to_numeric(frame[column], errors="coerce").to_numpy(np.float64, na_value=np.nan)
    return found


def known(frame: pd.DataFrame, column: str) -> NDArray[np.bool_]:
    """Return where a column holds something."""
    if column not in frame.columns:
        return np.zeros(len(frame), dtype=bool)
    return np.asarray(frame[column].notna(), dtype=bool)


def flags(frame: pd.DataFrame, column: str) -> NDArray[np.int64]:
    """Return a column of flags as 1, 0 and -1 for null."""
    if column not in frame.columns:
        return np.full(len(frame), -1, dtype=np.int64)
    cells = frame[column]
    if pd.api.types.is_bool_dtype(cells):
        held: NDArray[np.int64] = cells.astype("boolean").astype("Int8").fillna(-1).to_numpy(dtype=np.int64)
        return held
    return np.array([_truth(cell) for cell in cells], dtype=np.int64)


def _truth(cell: Any) -> int:
    """Return a flag that may have been read as text, or as the words of a table: 1, 0, and -1 for anything else."""
    if isinstance(cell, str):
        word = cell.strip().lower()
        return 1 if word in _TRUE else 0 if word in _FALSE else -1
    return -1 if _text(cell) is None else int(bool(cell))
