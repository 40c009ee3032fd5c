"""Axes: single rows whose coordinates are swapped or of another kind, and tables whose x may be north."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyproj
import shapely

from clustergeo import crs as crs_room
from clustergeo.errors import InputError
from clustergeo.reading._placing import in_korea
from clustergeo.reading.opening import UNKNOWN_BOUNDS, shown
from clustergeo.reading.projection import ashore

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_SHOWN = 5
_DEGREES = 360.0
# Headers of survey tables, in which x is north, and of maps, in which it is east.
_SURVEY = frozenset({"x좌표", "y좌표", "좌표x", "좌표y"})


def check_rows(
    shapes: NDArray[np.object_], source: Any, rows: Sequence[str] | _Numbered, *, path: str | Path, swap_xy: bool | None
) -> None:
    """Refuse single rows that are swapped, or longitudes and latitudes among plane coordinates.

    Parameters
    ----------
    shapes
        n geometries.
    source
        Their CRS.
    rows
        n names of the rows for the refusal.
    path
        Of the file.
    swap_xy
        As for `read_sites`; True where the axes have been swapped already.

    Raises
    ------
    InputError
        Naming the rows. Where all rows are alike, `placed` refuses the whole.
    """
    found = _odd_rows(shapely.bounds(shapes).reshape(-1, 4), pyproj.CRS(source), swap_xy=swap_xy)
    if found is not None:
        raise _refused(path, rows, found)


class _Odd(NamedTuple):
    """Rows of another kind than the others, their middles, shape (rows, 2), and what they are."""

    rows: NDArray[np.intp]
    middles: NDArray[np.float64]
    what: str


def _odd_rows(bounds: NDArray[np.float64], place: pyproj.CRS, *, swap_xy: bool | None) -> _Odd | None:
    """Return the rows, of bounds of shape (n, 4), that are swapped or of another kind; None where all are alike."""
    known = np.flatnonzero(np.isfinite(bounds).all(axis=1))
    middles = (bounds[known, :2] + bounds[known, 2:]) / 2
    if not place.is_geographic:
        odd = in_korea(middles) | in_korea(middles[:, ::-1])
        if odd.any() and not (in_korea(middles).all() or in_korea(middles[:, ::-1]).all()):
            return _Odd(known[odd], middles[odd], f"longitude and latitude, not {place.name}")
        if swap_xy is not None:
            return None
    with np.errstate(invalid="ignore"):
        here = _in_korea(middles, place)
        if here.all():
            return None
        there = ~here & _in_korea(middles[:, ::-1], place)
    if not there.any() or there.all():
        return None
    return _Odd(known[there], middles[there], f"swapped: they fit Korea in {place.name} only so")


def total(bounds: NDArray[np.float64]) -> tuple[float, ...]:
    """Return the bounds of all rows, of bounds of shape (n, 4); not-a-number where none is known.

    Examples
    --------
    >>> total(np.array([[0.0, 0, 1, 1], [np.nan] * 4, [5, -1, 6, 0]]))
    (0.0, -1.0, 6.0, 1.0)
    """
    known = bounds[np.isfinite(bounds).all(axis=1)]
    if not len(known):
        return UNKNOWN_BOUNDS
    return (*known[:, :2].min(axis=0).tolist(), *known[:, 2:].max(axis=0).tolist())


def odd_rows(
    bounds: NDArray[np.float64], whole: Sequence[float], source: Any, *, swap_xy: bool | None
) -> list[tuple[int, str]]:
    """Return which rows `check_rows` would refuse, from 0, and what is said of each.

    Parameters
    ----------
    bounds
        Shape (n, 4), the least and greatest x and y of each row.
    whole
        Those of all rows; see `total`.
    source, swap_xy
        As for `check_rows`.

    Examples
    --------
    >>> bounds = np.array([[127.0, 37, 127, 37], [37, 127, 37, 127]])
    >>> odd_rows(bounds, total(bounds), "EPSG:4326", swap_xy=None)
    [(1, 'its coordinates x=37, y=127 are swapped: they fit Korea in WGS 84 only so')]
    """
    place = pyproj.CRS(source)
    if not np.isfinite(whole).all() or _all_in_korea(whole, place):
        return []
    try:
        found = _odd_rows(bounds, place, swap_xy=swap_xy)
    except pyproj.exceptions.ProjError:
        return []
    if found is None:
        return []
    pairs = zip(found.rows.tolist(), found.middles.tolist(), strict=True)
    return [(row, f"its coordinates x={x:g}, y={y:g} are {found.what}") for row, (x, y) in pairs]


def check_shapes(
    shapes: NDArray[np.object_], source: Any, bounds: Sequence[float], *, path: str | Path, swap_xy: bool | None
) -> None:
    """Refuse single rows of a file as `check_rows` does, where the bounds of the whole do not rule them out.

    Raises
    ------
    InputError
        Naming the rows, from 0.
    """
    place = pyproj.CRS(source)
    try:
        if _all_in_korea(bounds, place):
            return
        check_rows(shapes, place, _Numbered(), path=path, swap_xy=swap_xy)
    except pyproj.exceptions.ProjError:
        # No way to longitude and latitude: `placed` says so.
        return


def _all_in_korea(bounds: Sequence[float], place: pyproj.CRS) -> bool:
    """Say whether all that has these bounds lies in Korea, so that no row is odd."""
    corners = np.array([[x, y] for x in bounds[::2] for y in bounds[1::2]], dtype=np.float64)
    # Near the false origin of a plane a few degrees may lie in Korea too.
    told = np.isfinite(corners).all() and (place.is_geographic or corners.min(axis=0).max() > _DEGREES)
    return bool(told) and bool(_in_korea(corners, place).all())


class _Numbered:
    """The names of rows by their number, from 0."""

    def __getitem__(self, row: int) -> str:
        """Return the name of a row."""
        return f"row {row}"


def _in_korea(points: NDArray[np.float64], place: pyproj.CRS) -> NDArray[np.bool_]:
    """Say which positions in a CRS lie in Korea."""
    return in_korea(points if place.is_geographic else crs_room.lonlat_of(points, place))


def _refused(path: str | Path, rows: Sequence[str] | _Numbered, found: _Odd) -> InputError:
    """Return the refusal of single rows."""
    at, middles, what = found
    lines = "\n- ".join(
        f"{rows[row]}: x={x:g}, y={y:g}" for row, (x, y) in list(zip(at, middles, strict=True))[:_SHOWN]
    )
    more = f"\n- and {len(at) - _SHOWN} more" if len(at) > _SHOWN else ""
    counted = "; rows are counted from 0" if isinstance(rows, _Numbered) else ""
    return InputError(
        f"{shown(path)}: the coordinates of {len(at)} of its rows are {what}{counted}:\n- {lines}{more}\n"
        "Correct these rows in the file; the others are right."
    )


def check_survey(
    columns: tuple[str, str], points: NDArray[np.float64], source: Any, *, path: str | Path, swap_xy: bool | None
) -> None:
    """Refuse plane coordinates in columns such as X좌표 and Y좌표 where both orders of them are land of Korea.

    Raises
    ------
    InputError
        The caller has not said by `swap_xy` which is north.
    """
    place = pyproj.CRS(source)
    points = points[np.isfinite(points).all(axis=1)]
    asked = place.is_projected and swap_xy is None and len(points) > 0
    if not asked or not {"".join(name.split()).lower() for name in columns} & _SURVEY:
        return
    turned = points[:, ::-1]
    if not all(ashore(place, one, (*one.min(axis=0), *one.max(axis=0))) for one in (points, turned)):
        return
    x, y = columns
    msg = (
        f"{shown(path)}: in Korean survey tables X is north, in maps it is east, and in {place.name} both readings of "
        f"columns {x!r} and {y!r} lie on land. Say which it is: swap_xy=False (--keep-xy) if {x!r} is east, "
        f"swap_xy=True (--swap-xy) if {x!r} is north."
    )
    raise InputError(msg)
