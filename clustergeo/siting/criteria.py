"""Criteria: what is measured of each site, and how good it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from clustergeo import crs, footprints, overlap, schema
from clustergeo.errors import InputError
from clustergeo.layers import Layer
from clustergeo.siting import _grounds, _measures
from clustergeo.siting._measures import UNITS, Criterion
from clustergeo.siting._numbers import is_number
from clustergeo.siting._rasters import Raster
from clustergeo.siting.values import Value
from clustergeo.tags import drawn_of

if TYPE_CHECKING:
    from pathlib import Path


At = Literal["centroid", "mean", "min", "max"]


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
        >>> import shapely
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
        >>> import shapely
        >>> firms = gpd.GeoDataFrame(geometry=[shapely.Point(127, 37)], crs=4326)
        >>> many = Value.linear(worst=0, best=9)
        >>> Criteria().count("firms", firms, within_m=5000, value=many, coverage="everywhere")
        <Criteria: firms (count)>
        """
        if not (is_number(within_m) and 0 < within_m < np.inf):
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
        >>> import shapely
        >>> flat = gpd.GeoDataFrame(geometry=[shapely.box(127, 37, 128, 38)], crs=4326)
        >>> Criteria().share("flat", flat, value=Value.linear(worst=0, best=1), coverage="everywhere")
        <Criteria: flat (share)>
        """
        frame, _ = _layer(name, layer, coverage)
        thin = np.flatnonzero(frame.geometry.notna() & ~frame.geometry.geom_type.isin(("Polygon", "MultiPolygon")))
        if len(thin):
            msg = (
                f"Criterion {name!r} is a share in polygons, but row {thin[0]} of its layer is a "
                f"{frame.geometry.iloc[thin[0]].geom_type}. Give polygons, or take the distance or the count."
            )
            raise InputError(msg)
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

    def raster(self, name: str, path: str | Path, *, value: Value, band: int = 1, at: At = "centroid") -> Criteria:
        """Return these criteria and the value of a raster at the site, such as a height or a slope.

        Parameters
        ----------
        name, value
            As for `attribute`.
        path
            A raster file with a CRS, such as a GeoTIFF. Needs rasterio: `pip install "clustergeo[rasters]"`.
        band
            Which band, from 1.
        at
            `"centroid"`, the value of the cell that holds it; or over the footprint `"mean"`, each cell counted by the
            exact area in it, `"min"` or `"max"`, of every cell that it meets.

        Raises
        ------
        InputError
            The name is taken, there is no such raster or band, it has no CRS, or rasterio is not installed.

        Notes
        -----
        Where the position is not known, the least and the greatest cell that what contains the site touches bound the
        value. A cell without data, and the ground beyond the raster, are unknown, and so is the mean, the least or the
        greatest of a footprint that meets any. A point has the value of its cell. Scale and offset of the band are
        applied. The footprint is measured by exactextract.

        Examples
        --------
        >>> import shapely
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
        return self._with(Criterion(name, "raster", value, raster=Raster.of(path, band, at)))

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
        >>> import shapely
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
                low[number] = high[number] = _measures.numbers_of(frame, one)
        drawn, source = drawn_of(frame)
        for rows, plane in crs.planes(frame.geometry):
            prints = footprints.of(frame.iloc[rows], overlap.rows_of(drawn, rows), source, plane)
            for number, one in enumerate(self.items):
                if one.kind != "attribute":
                    low[number, rows], high[number, rows] = _measures.bounds(one, prints)
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
        schema.check_zone_name(one.name, what="a criterion")
        if not isinstance(one.value, Value):
            msg = f"The value of criterion {one.name!r} is {one.value!r}; expected a Value, such as Value.linear(...)."
            raise InputError(msg)
        if one.name in self.names:
            msg = f"There is a criterion {one.name!r} already. Give this one another name."
            raise InputError(msg)
        unit = UNITS.get(one.kind)
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
    schema.check_sound(frame, what=f"the layer of criterion {name!r}")
    if covered is None:
        msg = (
            f"The coverage of the layer of criterion {name!r} is not known, so what it does not show cannot be told "
            'from what was never drawn. Declare it: coverage="everywhere", codes such as "kostat:31", or a polygon.'
        )
        raise InputError(msg)
    empty = gpd.GeoDataFrame(geometry=[], crs=crs.LONLAT)
    return frame, Layer(empty, name="layer", coverage=covered).coverage
