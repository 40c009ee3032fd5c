"""The land under the map: provinces and the capital region, generalised together so that their borders agree."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely

from clustergeo import crs, datasets

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOLERANCE_M = 250.0
# A small island is left out where a larger neighbour marks the place; a lonely one (Dokdo) always stays.
_SMALL_M2 = 0.3e6
_LONELY_M = 3000.0
# Islands this far out are landmarks of the sea; no label may hide them.
_FAR_M = 60_000.0
_DECIMALS = 4


class Land(NamedTuple):
    """Provinces and the capital region for drawing, in longitude and latitude, and the boxes of the far islands."""

    provinces: tuple[Any, ...]
    names_ko: tuple[str, ...]
    names_en: tuple[str, ...]
    capital: Any
    bounds: tuple[float, float, float, float]
    islands: NDArray[np.float64]


@functools.cache
def land() -> Land:
    """Return the land of the map; generalised within `TOLERANCE_M`, so nothing is measured on it."""
    frame = datasets.load_regions("province")
    capital = datasets.load_capital_region()
    whole = crs.transform(np.asarray(frame.geometry.array, dtype=object), crs.LONLAT, crs.KOREA_PLANE)
    region = crs.transform(np.asarray(capital.geometry.array, dtype=object), crs.LONLAT, crs.KOREA_PLANE)[0]
    # The largest part stands for its province: an islet may be missing from either layer.
    parts = [max(shapely.get_parts(one), key=shapely.area) for one in whole]
    inside = np.array([bool(shapely.intersects(region, part.representative_point())) for part in parts])
    simple = _without_islets(shapely.coverage_simplify(whole, TOLERANCE_M))
    union = shapely.union_all(simple[inside])
    filled = shapely.multipolygons([shapely.polygons(part.exterior) for part in shapely.get_parts(union)])
    drawn = _rounded(crs.transform(np.array([*simple, filled], dtype=object), crs.KOREA_PLANE, crs.LONLAT))
    west, south, east, north = (float(one) for one in shapely.total_bounds(drawn))
    return Land(
        tuple(drawn[:-1]),
        tuple(str(name) for name in frame["province"]),
        tuple(str(name) for name in frame["province_en"]),
        drawn[-1],
        (west, south, east, north),
        _islands(simple),
    )


def _islands(provinces: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return the boxes of the islands far from the mainland: west, south, east and north, shape (n, 4)."""
    parts = shapely.get_parts(provinces)
    mainland = shapely.union_all(parts[shapely.area(parts) > shapely.area(parts).max() / 10])
    far = parts[shapely.distance(parts, mainland) > _FAR_M]
    return np.asarray(shapely.bounds(crs.transform(far, crs.KOREA_PLANE, crs.LONLAT)), dtype=np.float64).reshape(-1, 4)


def _without_islets(provinces: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return provinces without the islets that lie beside larger land."""
    parts, owner = shapely.get_parts(provinces, return_index=True)
    small = shapely.area(parts) < _SMALL_M2
    near, _ = shapely.STRtree(parts[~small]).query(parts[small], predicate="dwithin", distance=_LONELY_M)
    keep = ~small
    keep[np.flatnonzero(small)] = ~np.isin(np.arange(int(small.sum())), near)
    return np.array(
        [shapely.multipolygons(parts[keep & (owner == row)]) for row in range(len(provinces))], dtype=object
    )


def _rounded(geometries: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return geometries with few decimals: a map for reading needs no more, and the page stays small."""
    return np.asarray(shapely.transform(geometries, lambda xy: np.round(xy, _DECIMALS)), dtype=object)
