"""What a caller gives, as the engine takes it: shapes and labels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from clustergeo.errors import InputError
from clustergeo.overlap.choosing import areal
from clustergeo.overlap.kinds import EMPTY, MISSING
from clustergeo.overlap.plain import POLYGONAL, only
from clustergeo.overlap.rings import Polygons
from clustergeo.overlap.shapes import areas_of
from clustergeo.overlap.validity import sound

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clustergeo.overlap.rings import Shapes

# From this number of vertices on, zones are checked by the kernels.
_MUCH = 500_000
_BYTES = 16

# Beyond these areas double precision overflows, or has fewer digits.
_LEAST, _MOST = 1e-290, 1e300


def length(shapes: Any) -> int:
    """Return how many rows there are."""
    return len(getattr(shapes, "geometry", shapes))


def _is_arrow(shapes: Any) -> bool:
    return type(shapes).__module__.split(".")[0] == "pyarrow"


def as_shapes(shapes: Any) -> NDArray[np.object_]:
    """Return any accepted form as an array of shapely geometries."""
    if isinstance(shapes, Polygons):
        return shapes.to_shapely()
    if _is_arrow(shapes):
        binary = getattr(shapes, "storage", shapes)
        try:
            return np.asarray(shapely.from_wkb(np.array(binary.to_pylist(), dtype=object)), dtype=object)
        except shapely.errors.ShapelyError as error:
            msg = f"The column is not well-known binary of geometries: {error}"
            raise InputError(msg) from error
    out = np.asarray(getattr(getattr(shapes, "geometry", shapes), "values", shapes), dtype=object)
    if out.ndim != 1 or not (shapely.is_geometry(out) | pd.isna(out)).all():
        msg = "Expected one-dimensional geometries: an array of shapely geometries, a GeoSeries or Arrow binary."
        raise InputError(msg)
    return only(out, shapely.is_geometry(out))


def as_polygons(shapes: Any, threads: int | None) -> Polygons:
    """Return any accepted form as polygons for the kernels."""
    if isinstance(shapes, Polygons):
        return shapes
    if _is_arrow(shapes):
        return Polygons.from_wkb(shapes, threads=threads)
    rows = as_shapes(shapes)
    # a site that is wholly inside has the area that its caller knows, to the bit
    return replace(Polygons.from_shapely(rows, threads=threads), _areas=areas_of(rows))


def numbered(labels: Any, zones: int) -> tuple[NDArray[np.int64], pd.Index]:
    """Return the number of each zone's label, and the labels in sorted order."""
    if labels is None:
        return np.zeros(zones, dtype=np.int64), pd.Index([0])
    values = pd.Series(labels).reset_index(drop=True)
    if len(values) != zones:
        msg = f"There are {zones} zones and {len(values)} labels; expected one label for each zone."
        raise InputError(msg)
    if values.isna().any():
        msg = f"{int(values.isna().sum())} labels are null. Name them, or leave their zones out."
        raise InputError(msg)
    try:
        numbers, names = pd.factorize(values, sort=True)
    except TypeError as error:
        msg = f"Labels must be texts or numbers: {error}."
        raise InputError(msg) from error
    return numbers.astype(np.int64), pd.Index(names)


def measured(shapes: Shapes, what: str) -> Shapes:
    """Return shapes, all of whose areas are numbers; refuse those too large or too small for double precision.

    Raises
    ------
    InputError
        A polygon has an area above 1e300, or one below 1e-290, where numbers lose their digits.

    Examples
    --------
    >>> len(measured(np.array([shapely.box(0, 0, 1, 1)]), "sites"))
    1
    """
    with np.errstate(over="ignore", invalid="ignore"):
        areas = areas_of(shapes)
    lost = np.flatnonzero(areal(shapes) & ~((areas >= _LEAST) & (areas <= _MOST)))
    if len(lost):
        msg = (
            f"{len(lost)} {what} have an area of {areas[lost[0]]:g} (row {lost[0]}), which is too large or too small "
            "to be measured. Use a plane in metres."
        )
        raise InputError(msg)
    return shapes


def as_zones(zones: Any, *, checked: bool, repair: bool) -> NDArray[np.object_]:
    """Return zones in any accepted form as an array of valid polygons.

    Raises
    ------
    InputError
        One is no polygon, or is invalid and not to be repaired.
    """
    many = _is_arrow(zones) and zones.nbytes >= _MUCH * _BYTES
    polygons = Polygons.from_wkb(zones) if many else zones
    if isinstance(polygons, Polygons) and (polygons.areal | np.isin(polygons.kinds, [MISSING, EMPTY])).all():
        shapes = polygons.to_shapely()
    else:
        shapes, polygons = as_shapes(zones), None
        present = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
        other = present & ~np.isin(shapely.get_type_id(shapes), POLYGONAL)
        if other.any():
            kinds = sorted({shape.geom_type for shape in shapes[other]})
            msg = (
                f"{int(other.sum())} zones are no polygons but {', '.join(kinds)}. Zones need an area; leave these out."
            )
            raise InputError(msg)
    if checked:
        return shapes
    if polygons is None and shapely.get_num_coordinates(shapes).sum() >= _MUCH:
        polygons = Polygons.from_shapely(shapes)
    given = shapes if polygons is None else polygons
    found = measured(sound(given, "zones", repair=repair, threads=None), "zones")
    return shapes if found is given else as_shapes(found)
