"""How many firms, institutes or services a site holds, by category, and how densely."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from clustergeo import crs, schema
from clustergeo.errors import InputError, warn
from clustergeo.overlap import ZoneIndex

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ALL = "all"


def density(sites: gpd.GeoDataFrame, points: gpd.GeoDataFrame, *, category: str | None = None) -> pd.DataFrame:
    """Count points in the footprints of sites, by category.

    Parameters
    ----------
    sites
        Sites as for `tag`; only measured polygons are counted in, because a drawn disc is no evidence.
    points
        Points with a CRS, of firms, institutes or services.
    category
        The column of `points` that says what each is; without it all are one.

    Returns
    -------
    pandas.DataFrame
        One row a site and category: `site_id, category, points, area_km2` (true area), `per_km2`. Null where the
        site's footprint is not measured. A point on a border counts. Points without a place or a category are in no
        count, which a warning says.

    Raises
    ------
    InputError
        No points with a CRS, a geometry of `points` that is no point, no such column, or one of lists.

    Notes
    -----
    Kendall Square, the usual yardstick, is one square mile, 2.59 km2: `load_benchmarks` has its figures a square
    kilometre, with what is uncertain about each.

    Examples
    --------
    >>> import geopandas as gpd
    >>> site = gpd.GeoDataFrame({"site_id": ["a"]}, geometry=[shapely.box(0, 0, 2000, 1000)], crs="EPSG:5186")
    >>> firms = gpd.GeoDataFrame(geometry=gpd.points_from_xy([500, 1500, 5000], [500, 500, 500]), crs="EPSG:5186")
    >>> density(site, firms)[["category", "points"]].values.tolist()
    [['all', 2]]
    """
    frame = schema.site_frame(sites, zone_names=(), what="the sites")
    placed = _points(points, frame.crs)
    columns = points.columns.drop(points.geometry.name)
    if category is not None and category not in columns:
        msg = f"The points have no column {category!r}. Their columns are {', '.join(map(str, columns))}."
        raise InputError(msg)
    measured = _measured(frame)
    if not measured.all():
        msg = (
            f"{int((~measured).sum())} site(s) have no measured footprint, so nothing is counted in them. Give their "
            "official polygons."
        )
        warn(msg)
    codes, names = np.zeros(len(points), dtype=np.intp), np.array([_ALL], dtype=object)
    if category is not None:
        try:
            codes, names = pd.factorize(points[category].to_numpy(dtype=object), sort=True)
        except TypeError as error:
            msg = f"The column {category!r} of the points holds something that is no single word: {error}."
            raise InputError(msg) from error
    counts = np.zeros((len(frame), len(names)), dtype=np.int64)
    rows, held = _held(np.asarray(frame.geometry.values, dtype=object), measured, placed)
    _tell_of_lost(placed, codes)
    known = codes[held] >= 0
    np.add.at(counts, (rows[known], codes[held][known]), 1)
    areas = np.full(len(frame), np.nan)
    if measured.any():
        areas[measured] = crs.areas_m2(frame.geometry[measured]) / 1e6
    wide = np.repeat(measured, len(names))
    area = np.repeat(areas, len(names))
    number = counts.ravel()
    return pd.DataFrame(
        {
            "site_id": np.repeat(frame["site_id"].astype(str).to_numpy(dtype=object), len(names)),
            "category": np.tile(np.asarray(names, dtype=object), len(frame)),
            "points": pd.arrays.IntegerArray(number, ~wide),
            "area_km2": area,
            "per_km2": np.where(wide, number / area, np.nan),
        }
    )


def _points(points: gpd.GeoDataFrame, target: Any) -> NDArray[np.object_]:
    """Return points in the CRS of the sites."""
    if not isinstance(points, gpd.GeoDataFrame) or points.active_geometry_name is None:
        msg = f"The points are a {type(points).__name__}. Give a GeoDataFrame of points (read_sites reads a file)."
        raise InputError(msg)
    crs.require_crs(points, what="the points")
    shapes = np.asarray(points.geometry.values, dtype=object)
    wrong = np.flatnonzero(~shapely.is_missing(shapes) & (shapely.get_type_id(shapes) != shapely.GeometryType.POINT))
    if len(wrong):
        msg = f"Row {wrong[0]} of the points is a {shapes[wrong[0]].geom_type}. Give points, such as its centroid."
        raise InputError(msg)
    return crs.transform(shapely.force_2d(shapes), points.crs, target)


def _tell_of_lost(placed: NDArray[np.object_], codes: NDArray[np.intp]) -> None:
    """Tell how many points are in no count: those without a place, and those without a category."""
    nowhere = ~np.isfinite(shapely.bounds(placed)).all(axis=1)
    nameless = ~nowhere & (codes < 0)
    for lost, what in ((nowhere, "place"), (nameless, "category")):
        if lost.any():
            msg = (
                f"{int(lost.sum())} point(s) have no {what} (the first is row {np.flatnonzero(lost)[0]}): not counted."
            )
            warn(msg)


def _measured(frame: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Return which sites have a measured polygon."""
    shapes = np.asarray(frame.geometry.values, dtype=object)
    out = np.isin(shapely.get_type_id(shapes), [shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON])
    if "footprint_basis" in frame.columns:
        out &= np.asarray(frame["footprint_basis"].isna() | (frame["footprint_basis"] == "measured"), dtype=bool)
    return np.asarray(out & ~shapely.is_empty(shapes), dtype=bool)


def _held(
    shapes: NDArray[np.object_], measured: NDArray[np.bool_], points: NDArray[np.object_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return pairs of a site and a point that it holds, as row numbers."""
    own = np.flatnonzero(measured)
    if not len(own) or not len(points):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    index = ZoneIndex(shapes[own], own, checked=True)
    labels, number = index.holders(points)
    once = np.flatnonzero(number == 1)
    rows, held = np.asarray(index.labels.take(labels[once]), dtype=np.int64), once
    # The engine names the first of several sites that hold a point; the others are found among the few left.
    several = np.flatnonzero(number > 1)
    if len(several):
        tree = shapely.STRtree(shapes[own])
        at, found = tree.query(points[several], predicate="intersects")
        rows, held = np.append(rows, own[found]), np.append(held, several[at])
    return rows, held
