"""Site geometry: what is a footprint, what certainly contains it, and the bounds that follow (law 6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from clustergeo import crs, overlap

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Where a containing area and a zone differ by less than this part they are the same ground.
_SAME = 1e-9
# Less than this part of a containing area is rounding, not ground.
_EXACT = 1e-13


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
    refuted
        Whether the site is larger than the area said to contain it.
    errors
        The radius in metres of the position error where that is what contains the site; 0 for a measured footprint and
        a bare point, NaN where the containing area was given.
    longitudes, latitudes
        Of the footprint's centroid, degrees.
    """

    plane: Any
    shapes: NDArray[np.object_]
    containers: NDArray[np.object_]
    basis: NDArray[np.object_]
    sizes: NDArray[np.float64]
    refuted: NDArray[np.bool_]
    errors: NDArray[np.float64]
    longitudes: NDArray[np.float64]
    latitudes: NDArray[np.float64]

    @property
    def measured(self) -> NDArray[np.bool_]:
        """Whether each footprint is a measured polygon."""
        return np.asarray(self.basis == "measured", dtype=bool)

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
    """Return the footprint basis of each site: `disc` where a polygon is declared one, otherwise by the geometry."""
    dimensions = np.asarray(shapely.get_dimensions(np.asarray(frame.geometry.values, dtype=object)))
    basis = overlap.only(np.where(dimensions == 0, "point", "measured"), np.isin(dimensions, (0, 2)))
    basis[_declared_disc(frame) & (dimensions == 2)] = "disc"  # noqa: PLR2004
    return basis


def _declared_disc(frame: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Say which sites are declared to be known by position and area only."""
    if "footprint_basis" not in frame.columns:
        return np.zeros(len(frame), dtype=bool)
    return np.asarray((frame["footprint_basis"] == "disc").to_numpy(dtype=bool, na_value=False))


def of(frame: gpd.GeoDataFrame, plane: Any) -> Footprints:
    """Return the footprints of a site frame in a plane.

    Parameters
    ----------
    frame
        A checked site frame (`schema.site_frame`); its CRS is carried to the plane.
    plane
        The CRS in which to intersect; an equal-area one if a footprint is not measured, because reported areas are
        ground.
    """
    values = np.asarray(frame.geometry.values, dtype=object)
    values = overlap.only(values, ~shapely.is_empty(values))
    shapes = crs.transform(shapely.force_2d(values), frame.crs, plane)
    basis = basis_of(frame)
    lonlat = gpd.GeoSeries(shapely.centroid(shapes), crs=plane).to_crs(crs.LONLAT)
    containers, errors = _within(frame, lonlat, plane)
    measured = np.asarray(basis == "measured", dtype=bool)
    containers = np.where(measured, shapes, containers)
    sizes = np.where(measured, shapely.area(shapes), np.where(_declared_disc(frame), np.nan, 0.0))
    sizes[shapely.is_missing(shapes)] = np.nan
    if "area_km2" in frame.columns:
        given = frame["area_km2"].to_numpy(dtype=np.float64, na_value=np.nan) * 1e6
        sizes = np.where(_declared_disc(frame), np.where(given > 0, given, np.nan), sizes)
    # One of the two figures must be wrong, so nothing is proved from them.
    refuted = ~measured & (sizes > shapely.area(containers) * (1 + _SAME))
    containers = overlap.only(containers, ~refuted)
    return Footprints(
        plane=plane,
        shapes=shapes,
        containers=containers,
        basis=basis,
        sizes=sizes,
        refuted=np.asarray(refuted, dtype=bool),
        errors=np.where(measured | shapely.is_missing(containers), 0.0, errors),
        longitudes=shapely.get_x(np.asarray(lonlat.values, dtype=object)),
        latitudes=shapely.get_y(np.asarray(lonlat.values, dtype=object)),
    )


def _within(
    frame: gpd.GeoDataFrame, centres: gpd.GeoSeries, plane: Any
) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    """Return what contains each site, in a plane: the `within` column, otherwise a disc of the position error.

    The second array is the radius of that disc; NaN where `within` was given.
    """
    out, radii = np.full(len(frame), None, dtype=object), np.full(len(frame), np.nan)
    if "position_error_m" in frame.columns:
        radii = frame["position_error_m"].to_numpy(dtype=np.float64, na_value=np.nan)
        out = crs.transform(crs.discs(centres, np.pi * radii**2), crs.LONLAT, plane)
    if "within" in frame.columns:
        values = np.asarray(frame["within"].values, dtype=object)
        values = overlap.only(values, ~(shapely.is_empty(values) | shapely.is_missing(values)))
        given = crs.transform(shapely.force_2d(values), frame["within"].crs or frame.crs, plane)
        said = ~shapely.is_missing(given)
        out, radii = np.where(said, given, out), np.where(said, np.nan, radii)
    return out, radii


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
        Area of the site, A; 0 for a point, NaN if it is not known.

    Returns
    -------
    low, high
        max(0, |Z∩U| + A - |U|)/A and min(A, |Z∩U| + unknown)/A, and what holds for every size where it is
        not known; NaN where there is no containing area.

    Examples
    --------
    >>> one = np.ones(1)
    >>> low, high = bounds(3 * one, 0 * one, 4 * one, 2 * one)
    >>> float(low[0]), float(high[0])
    (0.5, 1.0)
    """
    whole, none = inside >= containers * (1 - _SAME), inside + unknown <= containers * _EXACT
    with np.errstate(divide="ignore", invalid="ignore"):
        # Written so that a measured footprint, which is its own container, gets one and the same number twice.
        low = np.maximum(0.0, inside - (containers - sizes)) / sizes
        high = np.minimum(sizes, inside + unknown) / sizes
    # A point, or a site of unknown size, can avoid a zone wherever there is room, and lie in it wherever there is some.
    loose = (sizes == 0) | np.isnan(sizes)
    low, high = np.where(loose, 0.0, low), np.where(loose, 1.0, high)
    low, high = np.where(whole, 1.0, low), np.where(whole, 1.0, high)
    low, high = np.where(none, 0.0, low), np.where(none, 0.0, high)
    nothing = np.isnan(containers)
    return np.where(nothing, np.nan, low), np.where(nothing, np.nan, high)


def flags(low: NDArray[np.float64], high: NDArray[np.float64]) -> pd.arrays.BooleanArray:
    """Return true where the lower bound exceeds 0, false where the upper bound is 0, otherwise null."""
    known = (low > 0) | (high == 0)
    return pd.array(overlap.only(low > 0, known), dtype="boolean")
