"""Formats: the rows of a file, each format in its own way."""

from __future__ import annotations

import io
import tempfile
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pyarrow.parquet as pq
import pyogrio
import shapely

from clustergeo import crs as crs_room
from clustergeo.errors import InputError
from clustergeo.reading import encoding as encodings
from clustergeo.reading._arrow import opened_frame
from clustergeo.reading.fence import fast_frame
from clustergeo.reading.geoparquet import check_nesting, is_binary
from clustergeo.reading.losses import Holdings, Loss
from clustergeo.reading.opening import (
    PARQUET,
    VECTOR,
    check_length,
    check_lines,
    chosen_layer,
    gdal_path,
    no_geometry,
    no_index,
    plain_flatgeobuf,
    readable,
    shown,
)
from clustergeo.reading.spreadsheets import TABLES, read_table

if TYPE_CHECKING:
    from clustergeo.reading.archives import Source

_TEXT = (".geojson", ".json", ".topojson", ".geojsonl", ".geojsons", ".ndjson")
_TOLD = r"Could not parse column|.*is not a valid CRS code|Unsupported geometry type|OGRGeoJSONRead\w*\(\)"
_SEVERAL = r"More than one layer found"
ENDINGS = (*VECTOR, *_TEXT, *PARQUET, *TABLES)


class Options(NamedTuple):
    """How a caller says that a file is to be read; see `read_sites`."""

    crs: Any = None
    layer: str | None = None
    encoding: str | None = None
    swap_xy: bool | None = None


def swapped(shapes: Any) -> Any:
    """Return geometries with x as y.

    Examples
    --------
    >>> swapped(np.array([shapely.Point(37, 127)])).tolist()
    [<POINT (127 37)>]
    """
    return shapely.transform(shapes, lambda points: points[:, ::-1])


class Rows(NamedTuple):
    """The rows of a file as they stand in it.

    Attributes
    ----------
    frame
        Their geometries and columns.
    report
        What was decided while reading, one sentence each.
    lost
        The rows of which a geometry was not read, or not whole.
    sound
        Whether each of them was found to be a valid polygon with an area on the way; False where nobody looked.
    """

    frame: gpd.GeoDataFrame
    report: list[str]
    lost: list[Loss]
    sound: bool = False


def rows_of(source: Source, options: Options, *, anywhere: bool) -> Rows:
    """Return the rows of a file by its format; as they are, wherever they lie, on request."""
    ending = source.file.suffix.lower()
    if ending in PARQUET:
        return Rows(_from_parquet(source), [], [])
    if ending in TABLES:
        frame, report = read_table(
            source.file,
            crs=options.crs,
            layer=source.layer,
            encoding=options.encoding,
            name=source.name,
            swap_xy=options.swap_xy,
            anywhere=anywhere,
        )
        return Rows(frame, report, [])
    return _by_encoding(source, options)


def _by_encoding(source: Source, options: Options) -> Rows:
    """Return the rows of a file whose texts may be in several encodings."""
    file = source.file
    if file.suffix.lower() not in _TEXT:
        check_length(file, source.name)
        if file.suffix.lower() != ".shp":
            return _from_vector(file, source, None, [])
        found = encodings.of_shapefile(file, options.encoding, source.name)
        with encodings.whole(file, found) as whole:
            return _from_vector(whole, source, found.name, [*found.report, *no_index(file)])
    with tempfile.TemporaryDirectory() as folder:
        told = encodings.of_text(file, options.encoding, source.name)
        if told.name not in (encodings.UTF8, "utf-8-sig"):
            file = encodings.transcoded(file, str(told.name), Path(folder, f"file{file.suffix.lower()}"))
        return _from_vector(file, source, None, told.report)


def _from_vector(file: Path, source: Source, encoding: str | None, report: list[str]) -> Rows:
    """Return the rows of a format that GDAL reads."""
    with readable(source.name), gdal_path(file) as place, ThreadPoolExecutor(1) as pool:
        plain_flatgeobuf(file)
        chosen, driver = _layer_and_driver(file, place, source)
        # Beside GDAL's reading.
        holdings = pool.submit(Holdings, file, driver=driver, layer=chosen, name=source.name)
        frame, sound = _from_gdal(file, place, chosen, encoding)
        if not isinstance(frame, gpd.GeoDataFrame):
            raise no_geometry(source.name)
        if driver == "GeoJSONSeq":
            check_lines(file, len(frame), source.name)
        lost = holdings.result().lost(np.flatnonzero(frame.geometry.isna()).tolist(), len(frame))
        if frame.crs is None and driver == "TopoJSON":
            # Metres in it are refused by their bounds, as in GeoJSON.
            frame = frame.set_crs(crs_room.LONLAT)
            report = [*report, "TopoJSON names no CRS; it is longitude and latitude, as its standard says"]
    return Rows(frame, report, lost, sound=sound)


def _layer_and_driver(file: Path, place: str, source: Source) -> tuple[str | None, str]:
    """Return which layer of a file is read, and GDAL's name of its format."""
    if file.suffix.lower() in _TEXT:
        with warnings.catch_warnings():
            # Of the layers of a TopoJSON, which are told below.
            warnings.filterwarnings("ignore", message=_SEVERAL)
            info = pyogrio.read_info(place)
        if info["driver"] != "TopoJSON":
            only = (info["layer_name"], info["geometry_type"])
            return chosen_layer(place, source.layer, path=source.name, only=only), str(info["driver"])
    chosen = chosen_layer(place, source.layer, path=source.name)
    return chosen, str(pyogrio.read_info(place, layer=chosen)["driver"])


def _from_gdal(file: Path, place: str, layer: str | None, encoding: str | None) -> tuple[Any, bool]:
    """Return what GDAL reads of a layer, in the fastest right way, and whether all are sound."""
    with warnings.catch_warnings():
        # A text that only calls itself JSON stays text; a code that PROJ does not know is judged by its parameters; a
        # geometry that GDAL does not understand is told by its row.
        warnings.filterwarnings("ignore", message=_TOLD)
        fast = fast_frame(file, place, layer)
        if fast is None:
            fast = opened_frame(place, layer, encoding)
        if fast is not None:
            return fast
        frame = pyogrio.read_dataframe(place, layer=layer, encoding=encoding, datetime_as_string=True, use_arrow=True)
        return frame, False


def _from_parquet(source: Source) -> gpd.GeoDataFrame:
    """Return the frame of a GeoParquet file."""
    data = source.file.read_bytes()
    try:
        for name in (field.name for field in pq.read_schema(io.BytesIO(data)) if is_binary(field.type)):
            check_nesting(pq.read_table(io.BytesIO(data), columns=[name]).column(0), source.name)
        return gpd.read_parquet(io.BytesIO(data))
    except InputError:
        raise
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        msg = f"{shown(source.name)} cannot be read as GeoParquet: {reason}. Plain Parquet has no geometry."
        raise InputError(msg) from error
