"""Site geometry: what is a footprint, what certainly contains it, and the bounds that follow (law 6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from clustergeo import crs, overlap
from clustergeo.errors import warn

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Where a containing area and a zone differ by less than this part they are the same ground.
_SAME = 1e-9


@dataclass(frozen=True)
class Footprints:
    """The sites of a frame as the overlay needs them, in one plane; every array has one entry a site.

    Attributes
    ----------
    plane
        The CRS of the geometries.
    shapes
        The footprints; None where there is none.
    containers
        What certainly contains each site: the footprint itself where it is measured, otherwise `within`; None if
        unknown.
    basis
        `measured`, `disc` or `point`; None without a geometry.
    sizes
        The area of the site in square units of the plane: 0 for a point, NaN if unknown.
    longitudes, latitudes
        Of the footprint's centroid, degrees.
    """

    plane: Any
    shapes: NDArray[np.object_]
    containers: NDArray[np.object_]
    basis: NDArray[np.object_]
    sizes: NDArray[np.float64]
    longitudes: NDArray[np.float64]
    latitudes: NDArray[np.float64]

    @property
    def measured(self) -> NDArray[np.bool_]:
        """Whether each footprint is a measured polygon."""
        return np.asarray(self.basis == "measured", dtype=bool)

    @property
    def containing(self) -> NDArray[np.object_]:
        """What bounds a share: the footprint where it is measured, otherwise what contains the site."""
        return np.where(self.measured, self.shapes, self.containers)

    @property
    def bare(self) -> NDArray[np.bool_]:
        """Whether each site is a point of which nothing else is known."""
        return np.asarray((self.basis == "point") & shapely.is_missing(self.containers), dtype=bool)

    @property
    def centroids(self) -> NDArray[np.object_]:
        """The centroids in the plane."""
        known = np.isfinite(self.longitudes)
        out = np.full(len(known), None, dtype=object)
        points = shapely.points(self.longitudes[known], self.latitudes[known])
        out[known] = crs.transform(points, crs.LONLAT, self.plane)
        return out


def basis_of(frame: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Return the footprint basis of each site: the `footprint_basis` column, otherwise by the kind of geometry."""
    dimensions = np.asarray(shapely.get_dimensions(np.asarray(frame.geometry.values, dtype=object)))
    basis = overlap.only(np.where(dimensions == 0, "point", "measured"), np.isin(dimensions, (0, 2)))
    if "footprint_basis" in frame.columns:
        drawn = (frame["footprint_basis"] == "disc").to_numpy(dtype=bool, na_value=False)
        basis[drawn & (dimensions == 2)] = "disc"  # noqa: PLR2004
    return basis


def of(frame: gpd.GeoDataFrame, plane: Any) -> Footprints:
    """Return the footprints of a site frame in a plane.

    Parameters
    ----------
    frame
        A checked site frame (`schema.site_frame`); its CRS is carried to the plane.
    plane
        The CRS in which to intersect.
    """
    values = np.asarray(frame.geometry.values, dtype=object)
    values = overlap.only(values, ~shapely.is_empty(values))
    shapes = crs.transform(shapely.force_2d(values), frame.crs, plane)
    basis = basis_of(frame)
    sizes = np.asarray(shapely.area(shapes), dtype=np.float64)
    sizes[basis == None] = np.nan  # noqa: E711  (elementwise)
    if "area_km2" in frame.columns:
        given = frame["area_km2"].to_numpy(dtype=np.float64, na_value=np.nan) * 1e6
        sizes = np.where(basis == "disc", np.where(given > 0, given, sizes), sizes)
    containers = overlap.only(shapes, basis == "measured")
    drawn = np.asarray(basis != "measured", dtype=bool)
    containers[drawn] = _within(frame, plane)[drawn]
    _warn_small(frame, basis, sizes, containers)
    lonlat = gpd.GeoSeries(shapely.centroid(shapes), crs=plane).to_crs(crs.LONLAT)
    return Footprints(
        plane=plane,
        shapes=shapes,
        containers=containers,
        basis=basis,
        sizes=sizes,
        longitudes=shapely.get_x(np.asarray(lonlat.values, dtype=object)),
        latitudes=shapely.get_y(np.asarray(lonlat.values, dtype=object)),
    )


def _within(frame: gpd.GeoDataFrame, plane: Any) -> NDArray[np.object_]:
    """Return the `within` areas in a plane: the column, otherwise a disc of the position error."""
    out = np.full(len(frame), None, dtype=object)
    if "within" in frame.columns:
        values = np.asarray(frame["within"].values, dtype=object)
        source = frame["within"].crs or frame.crs
        out = crs.transform(overlap.only(values, ~shapely.is_empty(values)), source, plane)
    if "position_error_m" in frame.columns:
        errors = frame["position_error_m"].to_numpy(dtype=np.float64, na_value=np.nan)
        points = gpd.GeoSeries(frame.geometry.to_crs(plane).centroid, crs=plane).to_crs(crs.LONLAT)
        drawn = crs.transform(crs.discs(points, np.pi * errors**2), crs.LONLAT, plane)
        out = np.where(shapely.is_missing(out), drawn, out)
    return out


def _warn_small(
    frame: gpd.GeoDataFrame, basis: NDArray[np.object_], sizes: NDArray[np.float64], containers: NDArray[np.object_]
) -> None:
    """Drop containing areas that are smaller than their site, and say so: one of the two figures is wrong."""
    rooms = np.asarray(shapely.area(containers), dtype=np.float64)
    small = (
        np.asarray(basis != "measured", dtype=bool) & (sizes > rooms * (1 + _SAME)) & ~shapely.is_missing(containers)
    )
    if small.any():
        containers[small] = None
        ids = ", ".join(map(str, frame["site_id"][small].head(5)))
        msg = (
            f"{int(small.sum())} site(s) are larger than the area said to contain them ({ids}): nothing is proved. "
            "Give `within`, or a position_error_m that covers the whole site."
        )
        warn(msg)


def bounds(
    inside: NDArray[np.float64],
    unknown: NDArray[np.float64],
    containers: NDArray[np.float64],
    sizes: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the proved bounds of a site's share in a zone (law 6).

    Parameters
    ----------
    inside
        Area of the containing area that lies in the zone, |Z∩U|.
    unknown
        Area of the containing area of which it is not known whether it lies in the zone (outside the layer's coverage).
    containers
        Area of the containing area, |U|; NaN if there is none.
    sizes
        Area of the site, A; 0 for a point.

    Returns
    -------
    low, high
        max(0, |Z∩U| + A - |U|)/A and min(A, |Z∩U| + unknown)/A, and their limits for a point; NaN where there is no
        containing area or no size.

    Examples
    --------
    >>> one = np.ones(1)
    >>> low, high = bounds(3 * one, 0 * one, 4 * one, 2 * one)
    >>> float(low[0]), float(high[0])
    (0.5, 1.0)
    """
    tolerance = _SAME * containers
    with np.errstate(divide="ignore", invalid="ignore"):
        low = np.maximum(0.0, inside + sizes - containers) / sizes
        high = np.minimum(sizes, inside + unknown) / sizes
    point = sizes == 0
    low = np.where(point, (inside >= containers - tolerance) * 1.0, low)
    high = np.where(point, (inside + unknown > tolerance) * 1.0, high)
    low, high = (
        np.where(np.abs(value - 1) <= _SAME, 1.0, np.where(value <= _SAME, 0.0, value)) for value in (low, high)
    )
    # An exact 0 or 1 of the ground is 0 or 1 whatever the size: A/A is not always 1 in floating point.
    low = np.where(inside >= containers - tolerance, 1.0, low)
    high = np.where(inside + unknown <= tolerance, 0.0, high)
    nothing = np.isnan(containers) | np.isnan(sizes)
    return np.where(nothing, np.nan, low), np.where(nothing, np.nan, high)


def flags(low: NDArray[np.float64], high: NDArray[np.float64]) -> pd.arrays.BooleanArray:
    """Return true where the lower bound exceeds 0, false where the upper bound is 0, otherwise null."""
    known = (low > 0) | (high == 0)
    return pd.array(overlap.only(low > 0, known), dtype="boolean")
