"""Which cells of a spreadsheet's own columns only repeat what the columns say that were read from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clustergeo import _cells, _marks
from clustergeo.errors import InputError
from clustergeo.reading import _columns

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

_SAME = 1e-6
_LEVELS = ("province", "city", "municipality", "locality")


def columns(frame: pd.DataFrame, house: str) -> list[str]:
    """Return the columns of a frame whose header says that they are read into one of the house.

    Examples
    --------
    >>> import pandas as pd
    >>> columns(pd.DataFrame(columns=["주소", "업종"]), "address_ko")
    ['주소']
    """
    return [str(name) for name in frame.columns if str(name) != house and _columns.house_column(name) == house]


def said(frame: pd.DataFrame, name: str) -> NDArray[np.bool_]:
    """Return which cells of a column a card need not repeat: another row says the same, or they are empty.

    Parameters
    ----------
    frame
        The sites; not changed.
    name
        One of its columns. One that is none of a spreadsheet's own is never repeated.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"업종": ["bio", "bio, 제과"], "sectors": [["bio"], ["bio"]]})
    >>> said(frame, "업종").tolist()
    [True, False]
    """
    house, cells = _columns.house_column(name), _cells.texts(frame, name)
    found = np.zeros(len(frame), dtype=bool)
    if house == "name_ko":
        for column in ("name_ko", "name", "name_en"):
            found |= (cells == _cells.texts(frame, column)) & _cells.not_null(cells)
    elif house == "address_ko":
        # The place in a card takes the first address there is.
        own = [one for one in ("address_ko", "address_en") if one in frame.columns]
        found = cells == _cells.texts(frame, next(iter([*own, *columns(frame, house)])))
    elif house == "sectors" and "sectors" in frame.columns:
        parts = [len(dict.fromkeys(_columns.sector_parts(cell))) for cell in cells]
        found = np.array(
            [0 < part <= len(_marks.codes(held)) for part, held in zip(parts, frame["sectors"], strict=True)]
        )
    elif house == "area_km2" and "area_km2" in frame.columns:
        found = _same_area(frame, name)
    elif house in _LEVELS:
        places = zip(*(_cells.texts(frame, level) for level in _LEVELS), strict=True)
        found = np.array(
            [
                cell is not None and cell in " ".join(one for one in place if one)
                for cell, place in zip(cells, places, strict=True)
            ],
            dtype=bool,
        )
    return found | ~_cells.not_null(cells) if found.any() else found


def _same_area(frame: pd.DataFrame, name: str) -> NDArray[np.bool_]:
    """Return which cells of a column of areas give the very area of the site."""
    table = frame[[name]].copy()
    table[name] = ["" if cell is None else cell for cell in _cells.texts(frame, name)]
    try:
        sizes, _ = _columns.areas(table, what="")
    except InputError:
        # Something in the column is no amount, so it was not read.
        sizes = None
    if sizes is None:
        return np.zeros(len(frame), dtype=bool)
    return np.isclose(sizes, _cells.figures(frame, "area_km2"), rtol=_SAME, atol=0)
