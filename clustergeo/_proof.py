"""Which answers of tagged rows the evidence proves, which rest on a drawn disc alone, and which it leaves open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray


def off_land(frame: pd.DataFrame, drawn: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which sites are known by a footprint or a position that lies off the land of the boundary source.

    Parameters
    ----------
    frame
        Tagged sites; every column is optional.
    drawn
        Which of them have a geometry.

    Examples
    --------
    >>> frame = pd.DataFrame({"province": ["경기도", None], "capital_share_low": [1.0, None]})
    >>> off_land(frame, np.array([True, True])).tolist()
    [False, True]
    """
    out = drawn.copy()
    for column in ("province", "capital_share_low"):
        if column in frame.columns:
            out &= np.asarray(frame[column].isna(), dtype=bool)
    if "footprint_basis" in frame.columns:
        out &= np.asarray(frame["footprint_basis"].isna() | (frame["footprint_basis"] == "measured"), dtype=bool)
    return out


def of_disc(frame: pd.DataFrame, zone: str) -> NDArray[np.bool_]:
    """Return for which sites the share and the area of a zone are only those of a drawn disc, which is no evidence.

    Where the proved bounds are one and the same, the share is proved, whatever was drawn.

    Parameters
    ----------
    frame
        Tagged sites; every column is optional.
    zone
        The name of the zone, as in `rdz`.

    Examples
    --------
    >>> bounds = {"rdz_share_low": [0.0, 1.0], "rdz_share_high": [1.0, 1.0]}
    >>> frame = pd.DataFrame({"rdz_basis": ["estimated"] * 2} | bounds)
    >>> of_disc(frame, "rdz").tolist()
    [True, False]
    """
    low, high = _column(frame, f"{zone}_share_low"), _column(frame, f"{zone}_share_high")
    proved = (low == high).fillna(value=False).to_numpy(dtype=bool)
    return np.asarray((_column(frame, f"{zone}_basis") == "estimated").to_numpy(dtype=bool, na_value=False) & ~proved)


def shares(frame: pd.DataFrame, zone: str) -> NDArray[np.float64]:
    """Return the share of each site in a zone as it may be said: measured, reported or proved, NaN where none is.

    Examples
    --------
    >>> bounds = {"rdz_share_low": [0.0, 1.0], "rdz_share_high": [0.5, 1.0]}
    >>> frame = pd.DataFrame({"rdz_basis": ["estimated"] * 2, "rdz_share": [0.2, None]} | bounds)
    >>> shares(frame, "rdz").tolist()
    [nan, 1.0]
    """
    share, low, high = (
        pd.to_numeric(_column(frame, f"{zone}_share{part}"), errors="coerce").to_numpy(np.float64, na_value=np.nan)
        for part in ("", "_low", "_high")
    )
    return np.asarray(np.where(low == high, low, np.where(of_disc(frame, zone), np.nan, share)), dtype=np.float64)


def left_open(frame: pd.DataFrame, zone: str) -> NDArray[np.bool_]:
    """Return for which sites there is evidence on a zone that does not decide; without any, the answer is unknown.

    Examples
    --------
    >>> frame = pd.DataFrame({"rdz_basis": ["estimated", "unknown", "measured"], "rdz_present": [None, None, True]})
    >>> left_open(frame, "rdz").tolist()
    [True, False, False]
    """
    asked = _column(frame, f"{zone}_basis").isin(["measured", "estimated"]).to_numpy(dtype=bool)
    return np.asarray(asked & _column(frame, f"{zone}_present").isna().to_numpy(dtype=bool))


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return a column, of nothing but nulls where there is none."""
    return frame[name] if name in frame.columns else pd.Series([None] * len(frame), index=frame.index, dtype=object)
