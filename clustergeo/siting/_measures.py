"""What is measured of sites for a criterion, with proved bounds where a position or a figure is not known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from clustergeo import crs, overlap
from clustergeo._zones import coverage_shape
from clustergeo.errors import InputError
from clustergeo.layers import EVERYWHERE, Layer
from clustergeo.siting import _grounds, _verdicts
from clustergeo.siting._nearness import Nearness

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clustergeo import footprints
    from clustergeo.siting._rasters import Raster
    from clustergeo.siting.values import Value


Kind = Literal["distance", "share", "count", "attribute", "raster"]
UNITS = {"distance": "m", "share": "share", "count": "count"}


@dataclass(frozen=True)
class Criterion:
    """One measure of a site and its value function; see `Criteria`."""

    name: str
    kind: Kind
    value: Value
    column: str | None = None
    frame: gpd.GeoDataFrame | None = None
    coverage: Any = None
    within_m: float | None = None
    rule: Any = None
    raster: Raster | None = None

    @property
    def measured(self) -> str:
        """The column of the measure."""
        unit = UNITS.get(self.kind, self.value.unit)
        return f"criterion_{self.name}_{unit}" if unit else f"criterion_{self.name}"


def numbers_of(frame: gpd.GeoDataFrame, one: Criterion) -> NDArray[np.float64]:
    """Return the column of an attribute."""
    if one.column not in frame.columns:
        msg = f"Criterion {one.name!r} needs a column {one.column!r}, which the sites do not have. Add or name it."
        raise InputError(msg)
    given = frame[one.column]
    if given.dtype.kind in "mM":
        msg = (
            f"Column {one.column!r} of criterion {one.name!r} holds times ({given.dtype}), which are no numbers. Give "
            "what counts of them, such as the year or the minutes, as a column of numbers."
        )
        raise InputError(msg)
    numbers: NDArray[np.float64] = pd.to_numeric(given, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = np.flatnonzero((np.isnan(numbers) & given.notna().to_numpy()) | np.isinf(numbers))
    if len(wrong):
        msg = (
            f"Column {one.column!r} of criterion {one.name!r} holds {given.iloc[wrong[:1]].tolist()[0]!r} in row "
            f"{wrong[0]}; expected a finite number or null."
        )
        raise InputError(msg)
    return numbers


def bounds(one: Criterion, prints: footprints.Footprints) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return proved bounds of a measure of sites that share a plane."""
    if one.kind == "share":
        found = _verdicts.figures(prints, [one.rule], partial(_grounds.Grounds, [one.rule]), own=False, remainder=False)
        return found.low[0], found.high[0]
    if one.raster is not None:
        return _over(one.raster, prints)
    shapes = one.frame
    if shapes is None:
        msg = f"Criterion {one.name!r} has no layer."
        raise InputError(msg)
    near = Nearness(np.asarray(shapes.geometry.values, dtype=object), shapes.crs, prints.plane)
    error, edge = _errors(prints), _edges(one, prints)
    if one.kind == "distance":
        # A distance changes by no more than the position does, and nothing unseen is nearer than the coverage's edge.
        found_m = near.distances(prints.centres)
        return np.maximum(np.fmin(found_m, edge) - error, 0.0), found_m + error
    reach = one.within_m or 0.0
    unknown = np.isnan(error)
    low = near.counts(prints.centres, np.where(unknown, -1.0, reach - error)).astype(np.float64)
    high = near.counts(prints.centres, np.where(unknown, -1.0, reach + error)).astype(np.float64)
    return low, np.where(unknown | (edge < reach + error), np.inf, high)


def _over(raster: Raster, prints: footprints.Footprints) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the value of a raster at each site, or bounds of it where the site may lie in several cells."""
    low = raster.cells(prints.lonlat)
    low[~(prints.measured | prints.bare)] = np.nan
    if raster.at != "centroid":
        rows = np.flatnonzero(prints.measured)
        low[rows] = raster.within(overlap.as_array(overlap.rows_of(prints.drawn, rows)), prints.crs)
    low, high = np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(low), np.inf, low)
    held = np.flatnonzero(prints.contained & ~prints.measured)
    holders = overlap.as_array(overlap.rows_of(prints.containers, held))
    for row, holder in zip(held, crs.transform(holders, prints.plane, crs.LONLAT), strict=True):
        low[row], high[row] = raster.span(holder)
    return low, high


def _errors(prints: footprints.Footprints) -> NDArray[np.float64]:
    """Return how far from the drawn centre each site's own may lie: 0 for a measured one, not-a-number if unknown."""
    out = np.where(prints.measured | prints.bare, 0.0, np.nan)
    held = np.flatnonzero(prints.contained & ~prints.measured)
    holders = overlap.as_array(overlap.rows_of(prints.containers, held))
    for row, holder in zip(held, holders, strict=True):
        ends = crs.lonlat_of(shapely.get_coordinates(holder), prints.plane)
        centre = np.broadcast_to(prints.lonlat[row], ends.shape)
        # The centre of a site that lies in an area lies in its hull, which reaches no farther than its corners do.
        out[row] = crs.geodesic_distances_m(*centre.T, *ends.T).max() * (1 + 1e-6)
    return out


def _edges(one: Criterion, prints: footprints.Footprints) -> NDArray[np.float64]:
    """Return how far from each centre the layer is complete: infinite where that is everywhere."""
    if one.coverage == EVERYWHERE:
        return np.full(len(prints), np.inf)
    named = Layer(gpd.GeoDataFrame(geometry=[], crs=crs.LONLAT), name="layer", coverage=one.coverage)
    ground = coverage_shape(named)
    outside = Nearness(np.array([shapely.boundary(ground)], dtype=object), crs.LONLAT, prints.plane)
    shapely.prepare(ground)
    known = shapely.contains_xy(ground, *prints.lonlat.T)
    return np.where(known, outside.distances(prints.centres), 0.0)
