"""Boxes of longitude and latitude that a service is asked for, and the tiles they are split into."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pyproj
import shapely

from clustergeo.errors import InputError

if TYPE_CHECKING:
    Box = tuple[float, float, float, float]

_GEOD = pyproj.Geod(ellps="GRS80")
_KOREA = (124.0, 33.0, 132.0, 39.0)


def checked_box(bbox: Any) -> Box:
    """Return a box as four numbers: west, south, east, north in degrees.

    Raises
    ------
    InputError
        It is none, is empty, or lies in Korea only with its axes swapped.

    Examples
    --------
    >>> checked_box([127, 37, 127.5, 37.5])
    (127.0, 37.0, 127.5, 37.5)
    """
    form = "Give bbox=(west, south, east, north) in degrees, such as (126.7, 35.0, 127.0, 35.3)."
    try:
        west, south, east, north = (float(value) for value in bbox)
    except (TypeError, ValueError) as error:
        msg = f"bbox={bbox!r} is no box of four numbers. {form}"
        raise InputError(msg) from error
    if _inside(south, west, north, east) and not _inside(west, south, east, north):
        msg = f"bbox={bbox!r} has its latitudes first: it lies in Korea only when swapped. {form}"
        raise InputError(msg)
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):  # noqa: PLR2004
        msg = f"bbox={bbox!r} is no box of longitudes and latitudes with an extent. {form}"
        raise InputError(msg)
    return west, south, east, north


def area_km2(box: Box) -> float:
    """Return the true area of a box.

    Examples
    --------
    >>> round(area_km2((127.0, 37.0, 127.1, 37.1)))
    99
    """
    return abs(float(_GEOD.geometry_area_perimeter(shapely.segmentize(shapely.box(*box), 0.1))[0])) / 1e6


def tiles(box: Box, most_km2: float) -> list[Box]:
    """Return the tiles that a box is split into, at least four, none larger than that; neighbours share their edges.

    Examples
    --------
    >>> len(tiles((127.0, 37.0, 127.1, 37.1), 9.0))
    12
    """
    west, south, east, north = box
    high = (north - south) * 111.0
    wide = (east - west) * 111.32 * math.cos(math.radians(min(abs(south), abs(north))))
    side = math.sqrt(most_km2)
    rows, columns = max(math.ceil(high / side), 2), max(math.ceil(wide / side), 2)
    while wide / columns * high / rows > most_km2:
        columns += 1
    # The whole grid is a little too cautious: tiles may be longer than wide.
    while columns > 2 and wide / (columns - 1) * high / rows <= most_km2:  # noqa: PLR2004 - it is split both ways
        columns -= 1
    x, y = np.linspace(west, east, columns + 1).tolist(), np.linspace(south, north, rows + 1).tolist()
    return [(x[i], y[j], x[i + 1], y[j + 1]) for j in range(rows) for i in range(columns)]


def polygon(box: Box) -> shapely.Polygon:
    """Return a box as a polygon in EPSG:4326."""
    return shapely.box(*box)


def meeting(bounds: Any, box: Box, *, slack: float) -> Any:
    """Say which bounds meet a box, of a slack in its units."""
    west, south, east, north = box
    return (
        (bounds[:, 0] <= east + slack)
        & (bounds[:, 2] >= west - slack)
        & (bounds[:, 1] <= north + slack)
        & (bounds[:, 3] >= south - slack)
    )


def _inside(west: float, south: float, east: float, north: float) -> bool:
    """Say whether a box lies in Korea."""
    return _KOREA[0] <= west < east <= _KOREA[2] and _KOREA[1] <= south < north <= _KOREA[3]
