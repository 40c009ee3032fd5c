"""Coordinate systems, true areas and geodesic distances."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np
import pyproj
import shapely

from clustergeo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd
    from numpy.typing import NDArray

LONLAT = "EPSG:4326"

# The +towgs84 gives the plane a datum: without one PROJ drops the 350 m shift of the Bessel systems (EPSG:5174) in
# silence.
KOREA_PLANE = "+proj=laea +lat_0=36 +lon_0=127.75 +x_0=0 +y_0=0 +ellps=GRS80 +towgs84=0,0,0,0,0,0,0 +units=m +no_defs"

# Farther from the plane's centre straight lines are no longer good geodesics: such sites get a plane of their own.
_KOREA_BOX = (122.0, 31.0, 134.0, 41.0)

_LONG_DEGREES = 0.03
_STRAIGHT_DEGREES, _STRAIGHT_M = 0.01, 1_000.0
# The EPSG code of its method.
_WEB_MERCATOR = "1024"

_GEOD = pyproj.Geod(ellps="GRS80")


def plane_for(bounds: NDArray[np.float64] | tuple[float, float, float, float]) -> str:
    """Return the equal-area plane for data within longitude and latitude bounds.

    Parameters
    ----------
    bounds
        West, south, east and north in degrees.

    Returns
    -------
    str
        A PROJ string in metres: the Korean plane where the bounds lie in or near Korea, otherwise the same Lambert
        azimuthal equal-area projection centred on them.

    Examples
    --------
    >>> plane_for((126.0, 36.0, 128.0, 38.0)) == KOREA_PLANE
    True
    >>> plane_for((2.0, 48.0, 3.0, 49.0)).split()[1:3]
    ['+lat_0=48.5', '+lon_0=2.5']
    """
    west, south, east, north = (float(value) for value in bounds)
    if _in_korea(np.array([[west, south], [east, north]])).all() or not np.isfinite([west, south, east, north]).all():
        return KOREA_PLANE
    latitude, longitude = round((south + north) / 2, 3), round((west + east) / 2, 3)
    return KOREA_PLANE.replace("+lat_0=36", f"+lat_0={latitude:g}").replace("+lon_0=127.75", f"+lon_0={longitude:g}")


def _in_korea(points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say which longitudes and latitudes, shape (n, 2), lie in or near Korea."""
    low, high = np.array(_KOREA_BOX[:2]), np.array(_KOREA_BOX[2:])
    return np.asarray(((points >= low) & (points <= high)).all(axis=1), dtype=bool)


def planes(geometries: gpd.GeoSeries) -> list[tuple[NDArray[np.intp], str]]:
    """Return the rows of geometries that share an equal-area plane, and that plane.

    Parameters
    ----------
    geometries
        Shape (n,), with a CRS.

    Returns
    -------
    list
        As `planes_at`; null geometries are counted to Korea.
    """
    bounds = shapely.bounds(np.asarray(geometries.values, dtype=object)).reshape(-1, 4)
    return planes_at(lonlat_of((bounds[:, :2] + bounds[:, 2:]) / 2, geometries.crs))


def planes_at(middles: NDArray[np.float64]) -> list[tuple[NDArray[np.intp], str]]:
    """Return the rows of positions that share an equal-area plane, and that plane.

    Parameters
    ----------
    middles
        Shape (n, 2), longitudes and latitudes of the sites' middles.

    Returns
    -------
    list
        Row numbers and PROJ string of each plane: one entry for data in Korea, to which unknown positions are counted;
        planes elsewhere are centred every 5 degrees, so that the answer for one site never depends on another.

    Examples
    --------
    >>> [(rows.tolist(), plane == KOREA_PLANE) for rows, plane in planes_at(np.array([[127.0, 37.0], [2.0, 48.0]]))]
    [([0], True), ([1], False)]
    """
    away = np.flatnonzero(~_in_korea(middles) & np.isfinite(middles).all(axis=1))
    if not len(away):
        return [(np.arange(len(middles)), KOREA_PLANE)]
    named = np.full(len(middles), KOREA_PLANE, dtype=object)
    centres, group = np.unique(5 * np.round(middles[away] / 5), axis=0, return_inverse=True)
    named[away] = np.array([plane_for((*centre, *centre)) for centre in centres], dtype=object)[group.ravel()]
    return [(np.flatnonzero(named == plane), str(plane)) for plane in dict.fromkeys(named)]


def require_crs(frame: gpd.GeoDataFrame | gpd.GeoSeries, *, what: str) -> pyproj.CRS:
    """Return the CRS of a frame, or refuse a frame that has none.

    Parameters
    ----------
    frame
        Any geometries.
    what
        How to name the frame in the message.

    Raises
    ------
    InputError
        The frame has no CRS; one is never guessed.
    """
    if frame.crs is None:
        msg = (
            f"{what} has no coordinate reference system (CRS), so its coordinates cannot be placed. "
            'Name it: frame.set_crs("EPSG:4326") for longitude and latitude, or "EPSG:5186", "EPSG:5179", "EPSG:5174" '
            'for Korean plane coordinates; for a file pass crs="EPSG:..." (--crs EPSG:... on the command line).'
        )
        raise InputError(msg)
    return pyproj.CRS(frame.crs)


def to_lonlat(frame: Any, *, what: str = "the data") -> Any:
    """Return a GeoDataFrame or GeoSeries in EPSG:4326, every geometry column of it.

    Parameters
    ----------
    frame
        A GeoDataFrame or GeoSeries with a CRS.
    what
        How to name it in a refusal.

    Raises
    ------
    InputError
        It has no CRS.
    """
    require_crs(frame, what=what)
    return frame if frame.crs == LONLAT else frame.to_crs(LONLAT)


def areas_m2(geometries: gpd.GeoSeries) -> NDArray[np.float64]:
    """Return true areas in square metres: on the equal-area plane, geodesic where an edge is longer than about 3 km.

    Parameters
    ----------
    geometries
        Shape (n,), with a CRS.

    Returns
    -------
    numpy.ndarray
        Shape (n,); within 1e-6 of the geodesic area; NaN for null geometries and for points and lines.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> square = gpd.GeoSeries([shapely.box(127.0, 37.0, 127.01, 37.01)], crs="EPSG:4326")
    >>> round(float(areas_m2(square)[0]) / 1e6, 4)
    0.9878
    """
    lonlat = to_lonlat(geometries)
    areas = np.full(len(geometries), np.nan)
    for rows, plane in planes(lonlat):
        areas[rows] = shapely.area(np.asarray(lonlat.iloc[rows].to_crs(plane).values, dtype=object))
    values = np.asarray(geometries.values, dtype=object)
    areas[np.asarray(shapely.get_dimensions(values)) < 2] = np.nan  # noqa: PLR2004
    for row in np.flatnonzero(_long_edges(lonlat)):
        areas[row] = _geodesic_area(geometries.iloc[[row]])
    return areas


def _long_edges(lonlat: gpd.GeoSeries) -> NDArray[np.bool_]:
    """Say which polygons have an edge so long that a straight line of the plane is no longer the geodesic."""
    values = np.asarray(lonlat.values, dtype=object)
    points, owner = shapely.get_coordinates(values, return_index=True)
    steps = np.abs(np.diff(points, axis=0)).max(axis=1, initial=0.0) * (owner[1:] == owner[:-1])
    longest = np.zeros(len(values))
    np.maximum.at(longest, owner[1:], steps)
    return np.asarray((longest > _LONG_DEGREES) & (shapely.get_dimensions(values) == 2), dtype=bool)  # noqa: PLR2004


def _geodesic_area(one: gpd.GeoSeries) -> float:
    """Return the geodesic area of one polygon, its edges straight where it was drawn."""
    if one.crs.is_projected:
        one = one.segmentize(one.length.iloc[0] / 1000)
    shape = to_lonlat(one).iloc[0]
    rings = [
        (ring, sign)
        for part in shapely.get_parts(shape)
        for ring, sign in [(part.exterior, 1.0), *((hole, -1.0) for hole in part.interiors)]
    ]
    return float(sum(sign * abs(_GEOD.polygon_area_perimeter(*ring.xy)[0]) for ring, sign in rings))


def transform(geometries: NDArray[np.object_], source: Any, target: Any) -> NDArray[np.object_]:
    """Return an array of geometries or None carried from one CRS to another, x before y."""
    if same(source, target):
        return geometries
    moved: NDArray[np.object_] = shapely.transform(geometries, change(source, target))
    return moved


def densified(geometries: NDArray[np.object_], source: Any, target: Any) -> NDArray[np.object_]:
    """Return geometries with vertices along edges so long that they would bend on the way to another CRS.

    An edge that is straight in longitude and latitude or in web Mercator is a curve in a plane. A vertex each 0.01
    degrees, or kilometre, keeps the straight pieces within about a centimetre of it.

    Parameters
    ----------
    geometries
        Shape (n,), shapely geometries or None.
    source, target
        Their CRS, and the one they are on their way to.

    Examples
    --------
    >>> square = np.array([shapely.box(127, 37, 127.1, 37.001)])
    >>> int(shapely.get_num_coordinates(densified(square, LONLAT, KOREA_PLANE))[0])
    23
    """
    longest = _longest(source)
    if np.isinf(longest) or same(source, target):
        return geometries
    return np.asarray(shapely.segmentize(geometries, longest), dtype=object)


@functools.cache
def _longest(source: Any) -> float:
    """Return how long an edge drawn straight in a CRS may be, in its units, before a plane bends it."""
    if _read(source).is_geographic:
        return _STRAIGHT_DEGREES
    return _STRAIGHT_M if is_web_mercator(source) else np.inf


def is_web_mercator(source: Any) -> bool:
    """Say whether a CRS is web Mercator, whose scale grows with latitude and takes the earth for a sphere."""
    operation = _read(source).coordinate_operation
    return operation is not None and operation.method_code == _WEB_MERCATOR


def carried(geometries: NDArray[np.object_], source: Any, target: Any) -> NDArray[np.object_]:
    """Return geometries in another CRS, their edges as straight there as where they were drawn; see `densified`.

    Examples
    --------
    >>> square = np.array([shapely.box(127, 37, 127.1, 37.001)])
    >>> int(shapely.get_num_coordinates(carried(square, LONLAT, KOREA_PLANE))[0])
    23
    """
    return transform(densified(geometries, source, target), source, target)


def bending(bounds: NDArray[np.float64], source: Any) -> NDArray[np.bool_]:
    """Say which geometries, by their bounds in a CRS, are so wide that `densified` may give them vertices.

    Examples
    --------
    >>> bending(np.array([[127, 37, 127.1, 37.001], [127, 37, 127.001, 37.001]]), LONLAT).tolist()
    [True, False]
    """
    return np.asarray(np.hypot(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1]) > _longest(source), dtype=bool)


def same(source: Any, target: Any) -> bool:
    """Say whether two CRS are the same.

    Examples
    --------
    >>> same("EPSG:4326", LONLAT), same("EPSG:5186", LONLAT)
    (True, False)
    """
    return source is target or bool(_read(source) == _read(target))


@functools.cache
def _read(given: Any) -> pyproj.CRS:
    """Return a CRS; reading one takes longer than all that is done with it in a batch."""
    return pyproj.CRS(given)


@functools.lru_cache(maxsize=64)
def _transformer(source: Any, target: Any) -> pyproj.Transformer:
    """Return the way from one CRS to another, x before y; threads may share it."""
    return pyproj.Transformer.from_crs(source, target, always_xy=True)


def change(source: Any, target: Any) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Return the function that carries positions from one CRS to another.

    Parameters
    ----------
    source, target
        Anything pyproj takes as a CRS and that can be hashed.

    Returns
    -------
    callable
        Takes and returns shape (n, 2), x before y; it may be called from several threads.

    Examples
    --------
    >>> change("EPSG:4326", "EPSG:5186")(np.array([[127.0, 38.0]])).round(3).tolist()
    [[200000.0, 600000.0]]
    """
    way = _transformer(source, target)

    def apply(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(way.transform(points[:, 0], points[:, 1]))

    return apply


def lonlat_of(points: NDArray[np.float64], source: Any) -> NDArray[np.float64]:
    """Return longitudes and latitudes, shape (n, 2), of positions in a CRS; NaN where there is none."""
    if same(source, LONLAT):
        return points
    out = change(source, LONLAT)(points)
    out[~np.isfinite(out).all(axis=1)] = np.nan
    return out


def geodesic_distances_m(
    lon_a: NDArray[np.float64], lat_a: NDArray[np.float64], lon_b: NDArray[np.float64], lat_b: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return geodesic distances in metres on the GRS80 ellipsoid between pairs of positions in degrees.

    Examples
    --------
    >>> one = np.array([127.0]), np.array([37.0])
    >>> other = np.array([127.0]), np.array([38.0])
    >>> round(float(geodesic_distances_m(*one, *other)[0]))
    110987
    """
    return np.asarray(_GEOD.inv(lon_a, lat_a, lon_b, lat_b)[2], dtype=np.float64)


def discs(points: gpd.GeoSeries, areas: NDArray[np.float64], *, vertices: int = 96) -> NDArray[np.object_]:
    """Return circles of given true area round positions, in EPSG:4326.

    Parameters
    ----------
    points
        Shape (n,), positions in EPSG:4326.
    areas
        Shape (n,), square metres; NaN or 0 gives None.
    vertices
        Corners of each regular polygon; its area is exact for any number.

    Returns
    -------
    numpy.ndarray
        Shape (n,), polygons or None.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> at = gpd.GeoSeries([shapely.Point(127.2, 37.15)], crs="EPSG:4326")
    >>> drawn = gpd.GeoSeries(discs(at, np.array([7.28e6])), crs="EPSG:4326")
    >>> round(float(areas_m2(drawn)[0]))
    7280000
    """
    angles = np.linspace(0.0, 2 * np.pi, vertices, endpoint=False)
    # A regular polygon of n corners and circumradius r has the area n/2 r^2 sin(2 pi / n).
    radii = np.sqrt(np.asarray(areas, dtype=np.float64) / (vertices / 2 * np.sin(2 * np.pi / vertices)))
    unit = np.column_stack([np.cos(angles), np.sin(angles)])
    out = np.full(len(points), None, dtype=object)
    for rows, plane in planes(points):
        centres = np.asarray(points.iloc[rows].to_crs(plane).values, dtype=object)
        drawn = np.full(len(rows), None, dtype=object)
        for at, (centre, radius) in enumerate(zip(centres, radii[rows], strict=True)):
            if centre is not None and not shapely.is_empty(centre) and radius > 0:
                drawn[at] = shapely.Polygon(unit * radius + [shapely.get_x(centre), shapely.get_y(centre)])
        out[rows] = transform(drawn, plane, LONLAT)
    return out
