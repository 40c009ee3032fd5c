"""Site geometry: what is a footprint, what certainly contains it, and the bounds that follow (law 6)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from clustergeo import crs, overlap
from clustergeo.overlap import Polygons

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clustergeo.overlap import Shapes

# Where a containing area and a zone differ by less than this part they are the same ground.
_SAME = 1e-9
# Less than this part of a containing area is rounding, not ground.
_EXACT = 1e-13
# An edge shorter than this is not so long that a straight line of the Korean plane is no longer the geodesic.
_SHORT_M = 2_000.0
_M2_PER_KM2 = 1e6


@dataclass(frozen=True)
class Footprints:
    """Sites as the overlay needs them, in one plane; every array has one entry a site.

    Attributes
    ----------
    crs, drawn
        The CRS in which the sites were given, and their footprints there.
    plane, shapes
        The CRS of the overlay, and the footprints there; None where there is none.
    containers
        What certainly contains each site, in the plane: the footprint itself where it is measured, otherwise `within`;
        None if unknown.
    whole
        The area of the container in square units of the plane; NaN where there is none.
    measured, disc, point
        What the footprint is: a measured polygon, a polygon declared to be a disc, or a position. All False without a
        geometry.
    sizes
        The area of the site in square units of the plane: 0 for a point, NaN if unknown.
    refuted
        Whether the site is larger than the area said to contain it.
    errors
        The radius in metres of the position error where that is what contains the site; 0 for a measured footprint and
        a bare point, NaN where the containing area was given.
    centres
        Shape (n, 2), the centroids in the plane; NaN without a geometry.
    lonlat
        Shape (n, 2), their longitudes and latitudes in degrees.
    true_areas
        Of the footprints, square metres; NaN for points and missing ones.
    """

    crs: Any
    drawn: Shapes
    plane: Any
    shapes: Shapes
    containers: Shapes
    whole: NDArray[np.float64]
    measured: NDArray[np.bool_]
    disc: NDArray[np.bool_]
    point: NDArray[np.bool_]
    sizes: NDArray[np.float64]
    refuted: NDArray[np.bool_]
    errors: NDArray[np.float64]
    centres: NDArray[np.float64]
    lonlat: NDArray[np.float64]
    true_areas: NDArray[np.float64]

    def __len__(self) -> int:
        """Return the number of sites."""
        return len(self.measured)

    @property
    def contained(self) -> NDArray[np.bool_]:
        """Whether it is known what contains each site."""
        return ~np.isnan(self.whole)

    @property
    def bare(self) -> NDArray[np.bool_]:
        """Whether each site is a point of which nothing else is known."""
        return self.point & ~self.contained

    @cached_property
    def as_drawn(self) -> Footprints:
        """The measured footprints in the CRS in which they were drawn; the other sites are left out."""
        containers = overlap.only(self.drawn, self.measured)
        areas = overlap.areas_of(containers)
        nothing = np.zeros(len(self), dtype=bool)
        return replace(
            self,
            plane=self.crs,
            shapes=containers,
            containers=containers,
            whole=np.where(self.measured, areas, np.nan),
            disc=nothing,
            point=nothing,
            sizes=np.where(self.measured, areas, np.nan),
        )

    def only(self, keep: NDArray[np.bool_]) -> Footprints:
        """Return these footprints with the sites that are not kept left out: they count as missing."""
        return replace(
            self,
            drawn=overlap.only(self.drawn, keep),
            shapes=overlap.only(self.shapes, keep),
            containers=overlap.only(self.containers, keep),
            whole=np.where(keep, self.whole, np.nan),
            measured=self.measured & keep,
            disc=self.disc & keep,
            point=self.point & keep,
        )


def of(evidence: pd.DataFrame, drawn: Shapes, source: Any, plane: Any) -> Footprints:
    """Return the footprints of sites in a plane.

    Parameters
    ----------
    evidence
        What is said of the sites: `footprint_basis`, `area_km2`, `position_error_m` and `within` where it has them.
    drawn
        The sites' polygons and points, n entries; no empty ones.
    source
        Their CRS.
    plane
        The equal-area CRS of the overlay.
    """
    areal, point = overlap.areal(drawn), overlap.pointed(drawn)
    declared = _declared_disc(evidence, len(areal))
    measured, disc = areal & ~declared, areal & declared
    shapes = _moved(drawn, source, plane)
    areas = overlap.areas_of(shapes)
    centres = overlap.centroids(shapes)
    lonlat = crs.lonlat_of(centres, plane)
    containers, errors = _containers(evidence, shapes, measured, lonlat, source=source, plane=plane)
    whole = np.where(overlap.areal(containers), overlap.areas_of(containers), np.nan)
    sizes = np.where(measured, areas, np.where(declared, np.nan, 0.0))
    sizes[~(areal | point)] = np.nan
    if "area_km2" in evidence.columns:
        given = evidence["area_km2"].to_numpy(dtype=np.float64, na_value=np.nan) * 1e6
        sizes = np.where(declared, np.where(given > 0, given, np.nan), sizes)
    # One of the two figures must be wrong, so nothing is proved from them.
    refuted = np.asarray(~measured & (sizes > whole * (1 + _SAME)), dtype=bool)
    if refuted.any():
        containers, whole = overlap.only(containers, ~refuted), np.where(refuted, np.nan, whole)
    return Footprints(
        crs=source,
        drawn=drawn,
        plane=plane,
        shapes=shapes,
        containers=containers,
        whole=whole,
        measured=measured,
        disc=disc,
        point=point,
        sizes=sizes,
        refuted=refuted,
        errors=np.where(measured | np.isnan(whole), 0.0, errors),
        centres=centres,
        lonlat=lonlat,
        true_areas=_true_areas(drawn, source, plane, overlap.bounds_of(shapes), np.where(areal, areas, np.nan)),
    )


def areas_km2(sites: pd.DataFrame) -> NDArray[np.float64]:
    """Return the area of each site in km²: `area_km2` where it is given, else the true area of a measured polygon.

    A disc is drawn from a reported area, so measuring it would make a figure of a drawing; what contains a site is not
    the site. Both leave the area unknown.

    Parameters
    ----------
    sites
        Every column is optional; not changed.

    Returns
    -------
    numpy.ndarray
        Shape (n,); NaN where it is not known.

    Examples
    --------
    >>> square = shapely.box(127.0, 37.0, 127.01, 37.01)
    >>> frame = gpd.GeoDataFrame({"area_km2": [7.28, None]}, geometry=[square, square], crs="EPSG:4326")
    >>> areas_km2(frame).round(4).tolist()
    [7.28, 0.9878]
    """
    areas = np.full(len(sites), np.nan)
    if "area_km2" in sites.columns:
        areas = pd.to_numeric(sites["area_km2"], errors="coerce").to_numpy(dtype=float, na_value=np.nan).copy()
    if isinstance(sites, gpd.GeoDataFrame) and sites.active_geometry_name is not None:
        rows = np.flatnonzero(np.isnan(areas) & ~_declared_disc(sites, len(sites)))
        if len(rows):
            drawn = crs.areas_m2(sites.geometry.iloc[rows]) / _M2_PER_KM2
            # An empty polygon is not known to be without extent.
            areas[rows] = np.where(drawn > 0, drawn, np.nan)
    return areas


def _moved(shapes: Shapes, source: Any, target: Any) -> Shapes:
    """Return shapes carried from one CRS to another, with vertices along edges that would bend on the way."""
    if not isinstance(shapes, Polygons):
        return crs.carried(shapes, source, target)
    if crs.same(source, target):
        return shapes
    wide = crs.bending(shapes.bounds(), source)
    if wide.any():
        dense = Polygons.from_shapely(crs.densified(shapes.take(wide).to_shapely(), source, target))
        order = np.argsort(np.concatenate([np.flatnonzero(~wide), np.flatnonzero(wide)]))
        shapes = overlap.joined([shapes.take(~wide), dense]).take(order)
    return shapes.moved(crs.change(source, target))


def _declared_disc(evidence: pd.DataFrame, count: int) -> NDArray[np.bool_]:
    """Say which sites are declared to be known by position and area only."""
    if "footprint_basis" not in evidence.columns:
        return np.zeros(count, dtype=bool)
    return np.asarray((evidence["footprint_basis"] == "disc").to_numpy(dtype=bool, na_value=False))


def _true_areas(
    drawn: Shapes, source: Any, plane: Any, bounds: NDArray[np.float64], areas: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return true areas: those of the equal-area plane, geodesic ones where an edge may be too long for it."""
    extents = (bounds[:, 2:] - bounds[:, :2]).max(axis=1) if len(bounds) else np.empty(0)
    large = np.flatnonzero(~np.isnan(areas) & (extents > (_SHORT_M if plane == crs.KOREA_PLANE else 0.0)))
    if not len(large):
        return areas
    shapes = overlap.as_array(overlap.rows_of(drawn, large))
    out = areas.copy()
    out[large] = crs.areas_m2(gpd.GeoSeries(shapes, crs=source))
    return out


def _containers(
    evidence: pd.DataFrame,
    shapes: Shapes,
    measured: NDArray[np.bool_],
    lonlat: NDArray[np.float64],
    *,
    source: Any,
    plane: Any,
) -> tuple[Shapes, NDArray[np.float64]]:
    """Return what contains each site, in a plane: a measured footprint itself, the `within` column, or a disc.

    The second array is the radius of that disc, which the position error gives; NaN where `within` was given.
    """
    count = len(measured)
    if not {"within", "position_error_m"} & set(evidence.columns):
        return overlap.only(shapes, measured), np.zeros(count)
    out, radii = np.full(count, None, dtype=object), np.full(count, np.nan)
    if "position_error_m" in evidence.columns:
        radii = evidence["position_error_m"].to_numpy(dtype=np.float64, na_value=np.nan)
        known = np.isfinite(lonlat).all(axis=1)
        centres = gpd.GeoSeries(overlap.only(shapely.points(lonlat), known), crs=crs.LONLAT)
        out = crs.transform(crs.discs(centres, np.pi * radii**2), crs.LONLAT, plane)
    if "within" in evidence.columns:
        values = np.asarray(evidence["within"].values, dtype=object)
        values = overlap.only(values, ~(shapely.is_empty(values) | shapely.is_missing(values)))
        given = overlap.as_array(_moved(shapely.force_2d(values), evidence["within"].crs or source, plane))
        said = ~shapely.is_missing(given)
        out, radii = np.where(said, given, out), np.where(said, np.nan, radii)
    if isinstance(shapes, Polygons):
        return Polygons.from_shapely(np.where(measured, shapes.to_shapely(), out)), radii
    return np.where(measured, shapes, out), radii


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
    # A container as large as the site makes both the same, but for rounding.
    high = np.maximum(low, high)
    low, high = np.where(whole, 1.0, low), np.where(whole, 1.0, high)
    low, high = np.where(none, 0.0, low), np.where(none, 0.0, high)
    nothing = np.isnan(containers)
    return np.where(nothing, np.nan, low), np.where(nothing, np.nan, high)


def outwards(low: Any, high: Any, places: int = 3) -> tuple[Any, Any]:
    """Return bounds rounded outwards, so that what is proved stays proved.

    Examples
    --------
    >>> low, high = outwards(0.1239, 0.98761)
    >>> float(low), float(high)
    (0.123, 0.988)
    """
    # A bound of exact digits is not moved by the dust of its binary form; the sum keeps an upper bound of 0 from
    # becoming a negative zero.
    scale, dust = 10.0**places, 1e-9
    return np.floor(low * scale + dust) / scale + 0.0, np.ceil(high * scale - dust) / scale + 0.0


def flags(low: NDArray[np.float64], high: NDArray[np.float64]) -> pd.arrays.BooleanArray:
    """Return true where the lower bound exceeds 0, false where the upper bound is 0, otherwise null."""
    known = (low > 0) | (high == 0)
    return pd.array(overlap.only(low > 0, known), dtype="boolean")
