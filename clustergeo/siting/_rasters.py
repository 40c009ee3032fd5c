"""Values of a raster at positions, and between what values it lies over areas; needs rasterio."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pyproj
import shapely

from clustergeo import crs
from clustergeo._extras import needed
from clustergeo._files import native, shown
from clustergeo.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

# So many cells are held at a time.
_HELD = 20_000_000

# Where in a footprint a raster is read.
PLACES = ("centroid", "mean", "min", "max")


@dataclass(frozen=True)
class Raster:
    """One band of a raster file, opened anew for each question.

    Raises
    ------
    InputError
        No such file or band, no raster, no CRS; or rasterio is not installed.
    """

    path: Path
    band: int
    at: str

    @classmethod
    def of(cls, path: str | Path, band: int, at: str) -> Raster:
        """Return a checked band and where it is read."""
        made = cls(native(path), band, at)
        if at not in PLACES:
            msg = f"at is {at!r}; expected one of {', '.join(map(repr, PLACES))}."
            raise InputError(msg)
        if at != "centroid":
            _exactextract("raster")
        with made._opened() as data:
            if data.crs is None:
                msg = (
                    f"{shown(made.path)} has no coordinate reference system (CRS), so its cells cannot be placed. Give "
                    "it one: rio edit-info --crs EPSG:5186 FILE."
                )
                raise InputError(msg)
            if not (isinstance(band, int) and 1 <= band <= data.count):
                msg = f"{shown(made.path)} has {data.count} band(s), numbered from 1; there is no band {band!r}."
                raise InputError(msg)
        return made

    def cells(self, lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the value of the cell that holds each position; not-a-number outside and where there are no data.

        Parameters
        ----------
        lonlat
            Shape (n, 2), longitudes and latitudes.
        """
        out = np.full(len(lonlat), np.nan)
        with self._opened() as data:
            known = np.flatnonzero(np.isfinite(lonlat).all(axis=1))
            x, y = crs.change(crs.LONLAT, pyproj.CRS(data.crs.to_wkt()))(lonlat[known]).T
            columns, rows = _cells(data, x, y)
            inside = (columns >= 0) & (columns < data.width) & (rows >= 0) & (rows < data.height)
            known, rows, columns = known[inside], rows[inside], columns[inside]
            # A block of rows at a time: a country's raster does not fit in memory.
            step = max(1, int(_HELD // max(data.width, 1)))
            for block in np.unique(rows // step):
                here = np.flatnonzero(rows // step == block)
                window = ((int(block * step), int(min((block + 1) * step, data.height))), (0, data.width))
                values = self._read(data, window)
                out[known[here]] = values[rows[here] - block * step, columns[here]]
        return out

    def span(self, shape: Any) -> tuple[float, float]:
        """Return the least and the greatest value over a polygon in EPSG:4326, every cell that it touches counted.

        Infinite where there are no data in one of them, or it reaches beyond the raster.
        """
        features, windows = (
            needed(f"rasterio.{part}", package="rasterio", makes="a raster", done="read", extra="rasters")
            for part in ("features", "windows")
        )
        with self._opened() as data:
            drawn = crs.transform(np.array([shape], dtype=object), crs.LONLAT, pyproj.CRS(data.crs.to_wkt()))[0]
            left, bottom, right, top = drawn.bounds
            if not shapely.box(*data.bounds).covers(drawn):
                return -np.inf, np.inf
            ends = _cells(data, np.array([left, right]), np.array([bottom, top]))
            (first, last), (upper, lower) = ((int(one.min()), int(one.max())) for one in ends)
            last, lower = min(last, data.width - 1), min(lower, data.height - 1)
            window = windows.Window(first, upper, last - first + 1, lower - upper + 1)
            values = self._read(data, window)
            corner = data.window_transform(window)
            outside = features.geometry_mask([drawn], values.shape, corner, all_touched=True)
            met = values[~outside]
        return (-np.inf, np.inf) if not len(met) or np.isnan(met).any() else (float(met.min()), float(met.max()))

    def within(self, shapes: NDArray[np.object_], source: Any) -> NDArray[np.float64]:
        """Return the mean, the least or the greatest value over polygons in a CRS.

        Not-a-number where there are no data in a cell that the polygon meets, or it reaches beyond the raster.
        """
        out = np.full(len(shapes), np.nan)
        with self._opened() as data:
            target = pyproj.CRS(data.crs.to_wkt())
            drawn = crs.carried(shapes, source, target)
            rows = np.flatnonzero(shapely.covers(shapely.box(*data.bounds), drawn))
            if not len(rows):
                return out
            # Cells of a raster in degrees are not of one size.
            weight = "(coverage_weight=area_spherical_m2)" if target.is_geographic and self.at == "mean" else ""
            asked = [f"value={self.at}{weight}", "known=count", "all=count(default_value=0)"]
            frame = gpd.GeoDataFrame(geometry=drawn[rows], crs=target)
            try:
                band = _exactextract("raster").RasterioRasterSource(data, self.band)
                found = _exactextract("exact_extract").exact_extract(band, frame, asked, output="pandas")
            except ValueError as error:
                msg = f"{shown(self.path)} cannot be read over footprints: {error} Warp it first: rio warp."
                raise InputError(msg) from error
        out[rows] = np.where(found["known"] == found["all"], found["value"].astype(np.float64), np.nan)
        return out

    def _read(self, data: Any, window: Any) -> NDArray[np.float64]:
        """Return the values in a window; not-a-number where there are no data."""
        values: NDArray[np.float64] = data.read(self.band, window=window, masked=True).astype(np.float64).filled(np.nan)
        scaled: NDArray[np.float64] = values * data.scales[self.band - 1] + data.offsets[self.band - 1]
        return scaled

    def _opened(self) -> Any:
        rasterio = needed("rasterio", package="rasterio", makes="a raster", done="read", extra="rasters")
        try:
            return rasterio.open(self.path)
        except rasterio.errors.RasterioIOError as error:
            why = str(error).rstrip(".")
            msg = f"{shown(self.path)} cannot be read as a raster: {why}. Check the name and the format."
            raise InputError(msg) from error


def _exactextract(part: str) -> Any:
    return needed(
        f"exactextract.{part}", package="exactextract", makes="a raster", done="read over footprints", extra="rasters"
    )


def _cells(data: Any, x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the column and the row of the cell at each place."""
    back = ~data.transform
    columns, rows = back.a * x + back.b * y + back.c, back.d * x + back.e * y + back.f
    return np.floor(columns).astype(np.int64), np.floor(rows).astype(np.int64)
