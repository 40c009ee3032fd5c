"""Formats: the rows of a file, each format in its own way."""

from __future__ import annotations

import io
import json
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import shapely

from clustergeo import crs as crs_room
from clustergeo.errors import InputError
from clustergeo.overlap.threads import pool
from clustergeo.reading import encoding as encodings
from clustergeo.reading._arrow import WHOLE, displaced, free, is_plain, namesake, opened_frame, plain_frame, settled
from clustergeo.reading.affinity import check_types, unread_cells, unread_columns
from clustergeo.reading.binary import UNPARSED, parsed_in_part
from clustergeo.reading.days import check_days
from clustergeo.reading.dbf import check_table
from clustergeo.reading.fence import fast_frame
from clustergeo.reading.geoparquet import check_names, check_nesting, is_binary, spherical
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
    other_types,
    plain_flatgeobuf,
    readable,
    shown,
    unknown_crs,
)
from clustergeo.reading.spreadsheets import TABLES, read_table

if TYPE_CHECKING:
    from clustergeo.reading.archives import Source

_TEXT = (".geojson", ".json", ".topojson", ".geojsonl", ".geojsons", ".ndjson")
_TOLD = r"Could not parse column|.*is not a valid CRS code|Unsupported geometry type|OGRGeoJSONRead\w*\(\)"
_SPHERICAL = r".*has spherical edges"
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
    rows = _from_parquet(source) if ending in PARQUET else _by_encoding(source, options)
    columns = ((str(name), rows.frame.iloc[:, at].array) for at, name in enumerate(rows.frame.columns))
    encodings.check_texts(((name, one) for name, one in columns if isinstance(one.dtype, pd.StringDtype)), source.name)
    return rows


def _by_encoding(source: Source, options: Options) -> Rows:
    """Return the rows of a file whose texts may be in several encodings."""
    file = source.file
    if file.suffix.lower() not in _TEXT:
        check_length(file, source.name)
        if file.suffix.lower() != ".shp":
            return _from_vector(file, source, None, [])
        found = encodings.of_shapefile(file, options.encoding, source.name)
        checked = check_table(file, source.name, encoding=found.name)
        with encodings.whole(file, found, checked) as whole:
            return _from_vector(whole, source, found.name, [*found.report, *no_index(file), *checked.report])
    with tempfile.TemporaryDirectory() as folder:
        told = encodings.of_text(file, options.encoding, source.name)
        if told.name not in (encodings.UTF8, "utf-8-sig"):
            file = encodings.transcoded(file, str(told.name), Path(folder, f"file{file.suffix.lower()}"))
        return _from_vector(file, source, None, [*told.report, *(unknown_crs(file) if options.crs is None else [])])


def _from_vector(file: Path, source: Source, encoding: str | None, report: list[str]) -> Rows:
    """Return the rows of a format that GDAL reads."""
    with readable(source.name), other_types(), gdal_path(file) as place, pool(1) as worker:
        plain_flatgeobuf(file)
        chosen, info = _layer_and_info(file, place, source, encoding)
        driver = str(info["driver"])
        # Beside GDAL's reading.
        holdings = worker.submit(Holdings, file, driver=driver, layer=chosen, name=source.name)
        typed = worker.submit(check_types, file, driver=driver, layer=chosen, name=source.name)
        frame, sound, lost = _from_gdal(file, place, chosen, encoding, fast=is_plain(info))
        if not isinstance(frame, gpd.GeoDataFrame):
            raise no_geometry(source.name)
        frame, told = namesake(frame, info, place, chosen, encoding)
        unread = unread_columns(file, driver=driver, layer=chosen, info=info, name=source.name)
        with unread_cells(file, chosen, unread, source.name) as cells:
            more = dict(zip(unread.types, cells(len(frame)), strict=True))
        if more:
            encodings.check_texts(more.items(), source.name)
            frame, named = _joined(frame, settled(pa.table(more).to_pandas(**WHOLE)))
            told = [*told, *named]
        report = [*report, *told, *unread.report]
        if file.suffix.lower() in _TEXT:
            days = (
                str(one) for one, kind in zip(info["fields"], info["dtypes"], strict=True) if kind == "datetime64[D]"
            )
            check_days(file, frame, days, source.name)
        if driver == "GeoJSONSeq":
            check_lines(file, len(frame), source.name)
        typed.result()
        known = {one.row for one in lost}
        held = holdings.result().lost(np.flatnonzero(frame.geometry.isna()).tolist(), len(frame))
        lost = sorted([*lost, *(one for one in held if one.row not in known)])
        if frame.crs is None and driver == "TopoJSON":
            # Metres in it are refused by their bounds, as in GeoJSON.
            frame = frame.set_crs(crs_room.LONLAT)
            report = [*report, "TopoJSON names no CRS; it is longitude and latitude, as its standard says"]
    return Rows(frame, report, lost, sound=sound)


def _joined(frame: gpd.GeoDataFrame, more: pd.DataFrame) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Return a frame with further columns before its geometries, and what is told of one of their name."""
    told = []
    for name in map(str, more.columns):
        kept = free(name, frame.columns)
        frame.insert(frame.shape[1] - 1, kept, more[name].array)
        if kept != name:
            told.append(displaced(name, kept))
    return frame, told


def _layer_and_info(file: Path, place: str, source: Source, encoding: str | None) -> tuple[str | None, dict[str, Any]]:
    """Return which layer of a file is read, and what pyogrio tells of it."""
    if file.suffix.lower() in _TEXT:
        with warnings.catch_warnings():
            # Of the layers of a TopoJSON, which are told below.
            warnings.filterwarnings("ignore", message=_SEVERAL)
            info = pyogrio.read_info(place)
        if info["driver"] != "TopoJSON":
            only = (info["layer_name"], info["geometry_type"])
            return chosen_layer(place, source.layer, path=source.name, only=only), info
    chosen = chosen_layer(place, source.layer, path=source.name)
    return chosen, pyogrio.read_info(place, layer=chosen, encoding=encoding)


def _from_gdal(
    file: Path, place: str, layer: str | None, encoding: str | None, *, fast: bool
) -> tuple[Any, bool, list[Loss]]:
    """Return what GDAL reads of a layer, in the fastest right way, whether all are sound, and which cannot be read."""
    with warnings.catch_warnings():
        # A text that only calls itself JSON stays text; a code that PROJ does not know is judged by its parameters; a
        # geometry that GDAL does not understand is told by its row.
        warnings.filterwarnings("ignore", message=_TOLD)
        found = fast_frame(file, place, layer) if fast else None
        if found is None and fast:
            found = opened_frame(place, layer, encoding)
        if found is not None:
            return found.frame, found.sound, []
        frame, lost = plain_frame(place, layer, encoding)
        return frame, False, lost


def _from_parquet(source: Source) -> Rows:
    """Return the rows of a GeoParquet file."""
    data = source.file.read_bytes()
    try:
        held = pq.read_schema(io.BytesIO(data))
        check_names(held, source.name)
        for name in (field.name for field in held if is_binary(field.type)):
            check_nesting(pq.read_table(io.BytesIO(data), columns=[name]).column(0), source.name)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=_SPHERICAL)
            frame, lost = _parquet_frame(data)
        frame = _whole_numbers(frame, data, held)
    except InputError:
        raise
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        msg = f"{shown(source.name)} cannot be read as GeoParquet: {reason}. Plain Parquet has no geometry."
        raise InputError(msg) from error
    return Rows(frame, spherical(held), lost)


def _parquet_frame(data: bytes) -> tuple[gpd.GeoDataFrame, list[Loss]]:
    """Return what geopandas reads of a GeoParquet file, and which geometries are none that can be read."""
    try:
        return gpd.read_parquet(io.BytesIO(data)), []
    except UNPARSED:
        table = pq.read_table(io.BytesIO(data))
    place = table.schema.get_field_index(json.loads(table.schema.metadata[b"geo"])["primary_column"])
    shapes, lost = parsed_in_part(table.column(place).to_numpy())
    mended = pa.array(shapely.to_wkb(shapes), type=table.schema.field(place).type)
    sink = io.BytesIO()
    pq.write_table(table.set_column(place, table.schema.field(place), mended), sink)
    return gpd.read_parquet(io.BytesIO(sink.getvalue())), lost


def _whole_numbers(frame: gpd.GeoDataFrame, data: bytes, held: pa.Schema) -> gpd.GeoDataFrame:
    """Return a frame in which the whole numbers of a file that became floats, for there is a null, are exact again."""
    floats = [
        str(name)
        for name, kind in frame.dtypes.items()
        if kind == np.float64 and name in held.names and held.field(name).type in (pa.int64(), pa.uint64())
    ]
    if floats:
        read = pq.read_table(io.BytesIO(data), columns=floats)
        exact = settled(read.to_pandas(ignore_metadata=True, **WHOLE))
        for name in floats:
            frame[name] = exact[name].array
    return frame
