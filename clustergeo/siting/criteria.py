"""Criteria: what is measured of each site, and how good it is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from clustergeo import crs, footprints, overlap, schema
from clustergeo._zones import coverage_shape
from clustergeo.errors import InputError
from clustergeo.layers import EVERYWHERE, Layer
from clustergeo.siting import _grounds, _verdicts
from clustergeo.siting._nearness import Nearness
from clustergeo.siting._rasters import Raster
from clustergeo.siting.values import Value  # noqa: TC001 - the examples use it
from clustergeo.tags import drawn_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

Kind = Literal["distance", "share", "count", "attribute", "raster"]
_UNITS = {"distance": "m", "share": "share", "count": "count"}


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
        unit = _UNITS.get(self.kind, self.value.unit)
        return f"criterion_{self.name}_{unit}" if unit else f"criterion_{self.name}"


@dataclass(frozen=True, repr=False)
class Criteria:
    """What counts for a site: measures, each with a value from 0 to 1.

    An immutable value: each method returns a new set.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> sites = gpd.GeoDataFrame({"price": [100, None]}, geometry=gpd.points_from_xy([127, 127], [37, 38]), crs=4326)
    >>> stations = gpd.GeoDataFrame(geometry=gpd.points_from_xy([127], [37]), crs=4326)
    >>> near = Value.linear(worst=200_000, best=0, unit="m")
    >>> criteria = Criteria().distance("rail", stations, value=near, coverage="everywhere")
    >>> criteria = criteria.attribute("price", value=Value.linear(worst=200, best=0))
    >>> criteria.measure(sites)[["value_rail", "value_price_low", "value_price_high"]].round(3).values.tolist()
    [[1.0, 0.5, 0.5], [0.445, 0.0, 1.0]]
    """

    items: tuple[Criterion, ...] = ()

    def distance(self, name: str, layer: Any, *, value: Value, coverage: Any = None) -> Criteria:
        """Return these criteria and the geodesic distance from the centroid to the nearest of points, lines, polygons.

        Parameters
        ----------
        name
            An identifier.
        layer
            A Layer, or a GeoDataFrame with its `coverage`.
        value
            Of a distance in metres.
        coverage
            Where a GeoDataFrame is complete, as for `Layer`. What may lie beyond it lowers the lower bound.

        Raises
        ------
        InputError
            The name is taken, the layer cannot be used, its coverage is not known, or the value has another unit.

        Examples
        --------
        >>> rail = gpd.GeoDataFrame(geometry=[shapely.Point(127, 37)], crs=4326)
        >>> Criteria().distance("rail", rail, value=Value.linear(worst=1, best=0), coverage="everywhere")
        <Criteria: rail (distance)>
        """
        frame, covered = _layer(name, layer, coverage)
        return self._with(Criterion(name, "distance", value, frame=frame, coverage=covered))

    def count(self, name: str, layer: Any, *, within_m: float, value: Value, coverage: Any = None) -> Criteria:
        """Return these criteria and the number of shapes within a geodesic distance of the centroid.

        Parameters
        ----------
        name, layer, value, coverage
            As for `distance`; the value is of a number.
        within_m
            In metres, above 0.

        Raises
        ------
        InputError
            As for `distance`.

        Examples
        --------
        >>> firms = gpd.GeoDataFrame(geometry=[shapely.Point(127, 37)], crs=4326)
        >>> many = Value.linear(worst=0, best=9)
        >>> Criteria().count("firms", firms, within_m=5000, value=many, coverage="everywhere")
        <Criteria: firms (count)>
        """
        if not 0 < within_m < np.inf:
            msg = f"Criterion {name!r} has within_m={within_m!r}; expected metres, more than 0."
            raise InputError(msg)
        frame, covered = _layer(name, layer, coverage)
        return self._with(Criterion(name, "count", value, frame=frame, coverage=covered, within_m=float(within_m)))

    def share(self, name: str, layer: Any, *, value: Value, coverage: Any = None) -> Criteria:
        """Return these criteria and the share of the site in polygons, with proved bounds.

        Parameters
        ----------
        name, layer, value, coverage
            As for `distance`; the value is of a share, 0 to 1.

        Raises
        ------
        InputError
            As for `distance`.

        Examples
        --------
        >>> flat = gpd.GeoDataFrame(geometry=[shapely.box(127, 37, 128, 38)], crs=4326)
        >>> Criteria().share("flat", flat, value=Value.linear(worst=0, best=1), coverage="everywhere")
        <Criteria: flat (share)>
        """
        _layer(name, layer, coverage)
        options: dict[str, Any] = {
            "max_share": None,
            "max_area_m2": None,
            "buffer_m": 0.0,
            "include": False,
            "forced": False,
        }
        rule = _grounds.rule(name, layer, coverage, None, **options)
        return self._with(Criterion(name, "share", value, rule=rule))

    def attribute(self, name: str, *, value: Value, column: str | None = None) -> Criteria:
        """Return these criteria and a column of the sites, such as a price or a travel time that was given.

        Parameters
        ----------
        name, value
            As for `distance`; `value.unit` ends the name of the result's column.
        column
            Of numbers; by default `name`. Null is unknown.

        Raises
        ------
        InputError
            The name is taken.

        Examples
        --------
        >>> Criteria().attribute("price", value=Value.linear(worst=9, best=0, unit="krw_m2"))
        <Criteria: price (attribute)>
        """
        return self._with(Criterion(name, "attribute", value, column=column or name))

    def raster(self, name: str, path: str | Path, *, value: Value, band: int = 1) -> Criteria:
        """Return these criteria and the value of a raster's cell at the centroid, such as a height or a slope.

        Parameters
        ----------
        name, value
            As for `attribute`.
        path
            A raster file with a CRS, such as a GeoTIFF. Needs rasterio: `pip install "clustergeo[rasters]"`.
        band
            Which band, from 1.

        Raises
        ------
        InputError
            The name is taken, there is no such raster or band, it has no CRS, or rasterio is not installed.

        Notes
        -----
        Where the position is not known, the least and the greatest cell that what contains the site touches bound the
        value. A cell without data, and the ground beyond the raster, are unknown.

        Examples
        --------
        >>> import pathlib, tempfile, rasterio
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "slope.tif"
        >>> options = {"driver": "GTiff", "width": 1, "height": 1, "count": 1, "dtype": "float32", "crs": "EPSG:5186"}
        >>> options["transform"] = rasterio.transform.from_origin(200000, 500100, 100, 100)
        >>> with rasterio.open(path, "w", **options) as out:
        ...     out.write(np.array([[12.0]], dtype="float32"), 1)
        >>> sites = gpd.GeoDataFrame(geometry=[shapely.box(200000, 500000, 200100, 500100)], crs="EPSG:5186")
        >>> steep = Criteria().raster("slope", path, value=Value.linear(worst=30, best=0, unit="deg"))
        >>> steep.measure(sites)["criterion_slope_deg"].tolist()
        [12.0]
        """
        return self._with(Criterion(name, "raster", value, raster=Raster.of(path, band)))

    def measure(self, sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Return the sites with each measure and its value.

        Parameters
        ----------
        sites
            As for `tag`; only the geometry is needed.

        Returns
        -------
        geopandas.GeoDataFrame
            The same index, order and length, with columns added for each criterion NAME: `criterion_NAME_UNIT`, the
            measure (`m`, `share`, `count` or the value's unit), and `value_NAME`, `value_NAME_low`,
            `value_NAME_high`. Measure and value are null where they are not known; then the bounds say what the value
            may be: 0 to 1 if nothing is known of it, less where a position error or a coverage bounds the measure.

        Raises
        ------
        InputError
            There is no criterion, the frame cannot be used, or a column is missing or no number.

        Examples
        --------
        >>> sites = gpd.GeoDataFrame({"price": [50]}, geometry=[shapely.Point(127, 37)], crs=4326)
        >>> cheap = Criteria().attribute("price", value=Value.linear(worst=100, best=0))
        >>> cheap.measure(sites)["value_price"].tolist()
        [0.5]
        """
        if not self.items:
            msg = "There is no criterion. Add one first: Criteria().attribute('price', value=Value.linear(...))."
            raise InputError(msg)
        names = [name for one in self.items for name in (one.measured, *_valued(one.name))]
        frame = schema.site_frame(sites, added=names)
        low, high = (np.full((len(self.items), len(frame)), at) for at in (-np.inf, np.inf))
        for number, one in enumerate(self.items):
            if one.kind == "attribute":
                low[number] = high[number] = numbers_of(frame, one)
        drawn, source = drawn_of(frame)
        for rows, plane in crs.planes(frame.geometry):
            prints = footprints.of(frame.iloc[rows], overlap.rows_of(drawn, rows), source, plane)
            for number, one in enumerate(self.items):
                if one.kind != "attribute":
                    low[number, rows], high[number, rows] = _measured(one, prints)
        added: dict[str, Any] = {}
        for number, one in enumerate(self.items):
            known = low[number] == high[number]
            worth = one.value.bounds(low[number], high[number])
            exact = np.where(worth[0] == worth[1], worth[0], np.nan)
            added[one.measured] = np.where(known, low[number], np.nan)
            added |= dict(zip(_valued(one.name), (exact, *worth), strict=True))
        active = frame.geometry.name
        columns = [frame.drop(columns=active), pd.DataFrame(added, index=frame.index), frame[[active]]]
        return gpd.GeoDataFrame(pd.concat(columns, axis=1), geometry=active, crs=frame.crs)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the criteria."""
        return tuple(one.name for one in self.items)

    def _with(self, one: Criterion) -> Criteria:
        """Return these criteria and one more."""
        schema.check_zone_name(one.name)
        if one.name in self.names:
            msg = f"There is a criterion {one.name!r} already. Give this one another name."
            raise InputError(msg)
        unit = _UNITS.get(one.kind)
        if unit and one.value.unit not in (None, unit):
            msg = (
                f"The value of criterion {one.name!r} is of {one.value.unit!r}, but a {one.kind} is measured in "
                f"{unit!r}. Give its figures in that unit."
            )
            raise InputError(msg)
        return Criteria((*self.items, one))

    def __len__(self) -> int:
        """Return the number of criteria."""
        return len(self.items)

    def __repr__(self) -> str:
        """Return one line."""
        return f"<Criteria: {'; '.join(f'{one.name} ({one.kind})' for one in self.items) or 'none'}>"


def _valued(name: str) -> tuple[str, str, str]:
    """Return the columns of a value and its bounds."""
    return f"value_{name}", f"value_{name}_low", f"value_{name}_high"


def _layer(name: str, layer: Any, coverage: Any) -> tuple[gpd.GeoDataFrame, Any]:
    """Return the shapes of a criterion and where they are complete."""
    frame, covered = (layer.frame, layer.coverage) if isinstance(layer, Layer) else (layer, coverage)
    schema.check_geo(frame, what=f"the layer of criterion {name!r}")
    if (frame.geometry.is_empty | frame.geometry.isna()).all():
        msg = f"The layer of criterion {name!r} has no shapes, so nothing can be measured to it. Check how it was read."
        raise InputError(msg)
    if covered is None:
        msg = (
            f"The coverage of the layer of criterion {name!r} is not known, so what it does not show cannot be told "
            'from what was never drawn. Declare it: coverage="everywhere", codes such as "kostat:31", or a polygon.'
        )
        raise InputError(msg)
    empty = gpd.GeoDataFrame(geometry=[], crs=crs.LONLAT)
    return frame, Layer(empty, name="layer", coverage=covered).coverage


def numbers_of(frame: gpd.GeoDataFrame, one: Criterion) -> NDArray[np.float64]:
    """Return the column of an attribute."""
    if one.column not in frame.columns:
        msg = f"Criterion {one.name!r} needs a column {one.column!r}, which the sites do not have. Add or name it."
        raise InputError(msg)
    given = frame[one.column]
    numbers: NDArray[np.float64] = pd.to_numeric(given, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = np.flatnonzero((np.isnan(numbers) & given.notna().to_numpy()) | np.isinf(numbers))
    if len(wrong):
        msg = (
            f"Column {one.column!r} of criterion {one.name!r} holds {given.iloc[wrong[:1]].tolist()[0]!r} in row "
            f"{wrong[0]}; expected a finite number or null."
        )
        raise InputError(msg)
    return numbers


def _measured(one: Criterion, prints: footprints.Footprints) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
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
    low = raster.at(prints.lonlat)
    low[~(prints.measured | prints.bare)] = np.nan
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
