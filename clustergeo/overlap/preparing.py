"""What a caller gives, as the engine takes it: shapes, labels, and zones that are valid and dissolved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from clustergeo.errors import InputError
from clustergeo.overlap.plain import dissolve, only
from clustergeo.overlap.rings import Polygons
from clustergeo.overlap.threads import CHUNK, chunks, in_threads

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
    return Polygons.from_shapely(as_shapes(shapes), threads=threads)


def areas_of(shapes: Polygons | NDArray[np.object_]) -> NDArray[np.float64]:
    """Return the area of each, 0 where it is no polygon."""
    return shapes.areas() if isinstance(shapes, Polygons) else np.asarray(np.nan_to_num(shapely.area(shapes)))


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
    numbers, names = pd.factorize(values, sort=True)
    return numbers.astype(np.int64), pd.Index(names)


def refuse(shapes: NDArray[np.object_], *, validity: bool) -> None:
    """Refuse zones that are no valid polygons."""
    present = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    other = present & ~np.isin(
        shapely.get_type_id(shapes), [shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON]
    )
    if other.any():
        kinds = sorted({shape.geom_type for shape in shapes[other]})
        msg = f"{int(other.sum())} zones are no polygons but {', '.join(kinds)}. Zones need an area; leave these out."
        raise InputError(msg)
    if not validity:
        return
    parts = chunks(len(shapes), 256 if len(shapes) < CHUNK else CHUNK)
    valid = np.concatenate(
        [np.ones(0, dtype=bool), *in_threads(lambda rows: shapely.is_valid(shapes[rows]), parts, None)]
    )
    bad = np.flatnonzero(present & ~valid)
    if len(bad):
        told = [f"row {row}: {shapely.is_valid_reason(shapes[row])}" for row in bad[:3]]
        more = f"; and {len(bad) - 3} more" if len(bad) > 3 else ""  # noqa: PLR2004 - as many as are told
        msg = (
            f"{len(bad)} zones are invalid ({'; '.join(told)}{more}). Repair them, for example with shapely.make_valid."
        )
        raise InputError(msg)


def dissolved(shapes: NDArray[np.object_], numbers: NDArray[np.int64]) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Return polygons of which those of one label overlap nowhere, sorted by label, and the number of each label.

    Zones whose boxes do not overlap those of others of their label stay as they are: they may touch, which changes no
    area.
    """
    present = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    shapes, numbers = shapely.force_2d(shapes[present]), numbers[present]
    first, second = shapely.STRtree(shapes).query(shapes)
    pair = (first < second) & (numbers[first] == numbers[second])
    first, second = first[pair], second[pair]
    bounds = shapely.bounds(shapes).reshape(-1, 4)
    sizes = np.minimum(bounds[first, 2:], bounds[second, 2:]) - np.maximum(bounds[first, :2], bounds[second, :2])
    met = (sizes > 0).all(axis=1)
    mixed = np.zeros(len(shapes), dtype=bool)
    mixed[first[met]] = mixed[second[met]] = True
    parts, index = shapely.get_parts(shapes[~mixed], return_index=True)
    zones, owners = [parts], [numbers[~mixed][index]]
    rest = np.flatnonzero(mixed)
    rest = rest[np.argsort(numbers[rest], kind="stable")]
    for group in np.split(rest, np.flatnonzero(np.diff(numbers[rest])) + 1):
        if len(group):
            merged = dissolve(shapes[group])
            zones.append(merged)
            owners.append(np.full(len(merged), numbers[group[0]], dtype=np.int64))
    order = np.argsort(np.concatenate(owners), kind="stable")
    return np.concatenate(zones)[order], np.concatenate(owners)[order]


def by_label(zones: NDArray[np.object_], numbers: NDArray[np.int64], labels: int) -> Polygons:
    """Return zones, sorted by label, with one entry a label."""
    parts = Polygons.from_shapely(zones)
    return parts.grouped(np.searchsorted(numbers, np.arange(labels + 1)))
