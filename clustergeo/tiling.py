"""Vector tiles: any number of sites in one file that a map server or a browser reads piece by piece."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pyogrio

from clustergeo import _files, crs
from clustergeo._formats import flat
from clustergeo.errors import InputError

if TYPE_CHECKING:
    import os

DRIVER = "PMTiles"
_CLOSEST = 24


def save_pmtiles(
    tagged: gpd.GeoDataFrame,
    path: str | os.PathLike[str],
    *,
    name: str = "sites",
    min_zoom: int = 5,
    max_zoom: int = 12,
) -> Path:
    """Write sites as vector tiles in one PMTiles file, whole or not at all.

    The map of `explore` draws up to 50,000 sites and gathers more; tiles hold each of them, with its columns. GDAL
    thins a tile that would pass half a megabyte, as those of far views may; choose `max_zoom` so that the last ones
    stay below.

    Parameters
    ----------
    tagged
        Sites with a CRS. Lists become text joined by `;`, other geometry columns are left out, and so are sites without
        a geometry.
    path
        The file; its folder is made.
    name
        The name of the layer in the tiles.
    min_zoom, max_zoom
        The zooms that tiles are made for, 0 to 24; closer views enlarge those of the last.

    Returns
    -------
    pathlib.Path
        The path of the file.

    Raises
    ------
    InputError
        The frame cannot be drawn, the zooms are none, GDAL was built without the driver, or the file cannot be written.

    Examples
    --------
    >>> import shapely
    >>> sites = gpd.GeoDataFrame({"name": ["A"]}, geometry=[shapely.Point(127.1, 36.9)], crs="EPSG:4326")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_pmtiles(sites, f"{folder}/sites.pmtiles").read_bytes()[:7]
    b'PMTiles'
    """
    if not isinstance(tagged, gpd.GeoDataFrame) or tagged.active_geometry_name is None:
        msg = (
            f"Tiles need a GeoDataFrame with a geometry column, not {type(tagged).__name__}. Read one with read_sites."
        )
        raise InputError(msg)
    if not 0 <= min_zoom <= max_zoom <= _CLOSEST:
        msg = f"min_zoom={min_zoom}, max_zoom={max_zoom}: expected 0 <= min_zoom <= max_zoom <= {_CLOSEST}."
        raise InputError(msg)
    if "w" not in pyogrio.list_drivers().get(DRIVER, ""):
        msg = (
            f"The GDAL that pyogrio uses ({'.'.join(map(str, pyogrio.__gdal_version__))}) cannot write {DRIVER}. "
            "Install pyogrio from its wheel (pip install pyogrio), or export GeoParquet and tile it elsewhere."
        )
        raise InputError(msg)
    frame = _plain(crs.to_lonlat(tagged, what="The frame of sites"))
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, "sites.pmtiles")
        pyogrio.write_dataframe(frame, made, driver=DRIVER, layer=name, MINZOOM=min_zoom, MAXZOOM=max_zoom)
        return _files.write_whole(path, made.read_bytes())


def _plain(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a frame that tiles can hold: one geometry, and cells that are numbers, flags or text."""
    shape = frame.active_geometry_name
    others = [column for column in frame.columns if isinstance(frame[column], gpd.GeoSeries) and column != shape]
    out = frame.drop(columns=others)
    out = out[out.geometry.notna() & ~out.geometry.is_empty]
    for column in out.columns:
        if column != shape and pd.api.types.is_object_dtype(out[column]):
            told = [flat(cell) for cell in out[column]]
            out[column] = [None if one is None else str(one) for one in told]
    return out
