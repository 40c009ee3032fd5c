"""Coordinate systems, true areas and geodesic distances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyproj
import shapely

from clustergeo.errors import InputError

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

LONLAT = "EPSG:4326"

# The +towgs84 gives the plane a datum: without one PROJ drops the 350 m shift of the Bessel systems (EPSG:5174) in
# silence.
KOREA_PLANE = "+proj=laea +lat_0=36 +lon_0=127.75 +x_0=0 +y_0=0 +ellps=GRS80 +towgs84=0,0,0,0,0,0,0 +units=m +no_defs"

# Beyond this distance from the plane's centre straight lines are no longer good geodesics, so the plane is centred on
# the data.
_KOREA_BOX = (122.0, 31.0, 134.0, 41.0)

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
        A PROJ string in metres: the Korean plane where the bounds lie in Korea, otherwise the same
        Lambert azimuthal equal-area projection centred on the data.

    Examples
    --------
    >>> plane_for((126.0, 36.0, 128.0, 38.0)) == KOREA_PLANE
    True
    >>> plane_for((2.0, 48.0, 3.0, 49.0)).split()[1:3]
    ['+lat_0=48.5', '+lon_0=2.5']
    """
    west, south, east, north = (float(value) for value in bounds)
    inside = _KOREA_BOX[0] <= west and _KOREA_BOX[1] <= south and east <= _KOREA_BOX[2] and north <= _KOREA_BOX[3]
    if inside or not np.isfinite([west, south, east, north]).all():
        return KOREA_PLANE
    latitude, longitude = round((south + north) / 2, 3), round((west + east) / 2, 3)
    return KOREA_PLANE.replace("+lat_0=36", f"+lat_0={latitude:g}").replace("+lon_0=127.75", f"+lon_0={longitude:g}")


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
            'for Korean plane coordinates; for a file pass crs="EPSG:...".'
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
    """Return true areas in square metres, on the equal-area plane.

    Parameters
    ----------
    geometries
        Shape (n,), with a CRS.

    Returns
    -------
    numpy.ndarray
        Shape (n,); within 1e-6 of the geodesic area for sites of up to tens of kilometres; NaN for null geometries and
        for points and lines, which have no area to speak of.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> square = gpd.GeoSeries([shapely.box(127.0, 37.0, 127.01, 37.01)], crs="EPSG:4326")
    >>> round(float(areas_m2(square)[0]) / 1e6, 4)
    0.9878
    """
    lonlat = to_lonlat(geometries)
    values = np.asarray(lonlat.to_crs(plane_for(lonlat.total_bounds)).values, dtype=object)
    areas = np.asarray(shapely.area(values), dtype=np.float64)
    areas[np.asarray(shapely.get_dimensions(values)) < 2] = np.nan  # noqa: PLR2004
    return areas


def transform(geometries: NDArray[np.object_], source: Any, target: Any) -> NDArray[np.object_]:
    """Return an array of geometries carried from one CRS to another, x before y.

    Parameters
    ----------
    geometries
        Shape (n,), shapely geometries or None.
    source, target
        Anything pyproj takes as a CRS.
    """
    if pyproj.CRS(source) == pyproj.CRS(target):
        return geometries
    change = pyproj.Transformer.from_crs(source, target, always_xy=True)

    def apply(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(change.transform(points[:, 0], points[:, 1]))

    moved: NDArray[np.object_] = shapely.transform(geometries, apply)
    return moved


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
    plane = plane_for(points.total_bounds)
    centres = np.asarray(points.to_crs(plane).values, dtype=object)
    angles = np.linspace(0.0, 2 * np.pi, vertices, endpoint=False)
    # A regular polygon of n corners and circumradius r has the area n/2 r^2 sin(2 pi / n).
    radii = np.sqrt(np.asarray(areas, dtype=np.float64) / (vertices / 2 * np.sin(2 * np.pi / vertices)))
    unit = np.column_stack([np.cos(angles), np.sin(angles)])
    out = np.full(len(centres), None, dtype=object)
    for row, (centre, radius) in enumerate(zip(centres, radii, strict=True)):
        if centre is None or shapely.is_empty(centre) or not radius > 0:
            continue
        out[row] = shapely.Polygon(unit * radius + [shapely.get_x(centre), shapely.get_y(centre)])
    return transform(out, plane, LONLAT)
