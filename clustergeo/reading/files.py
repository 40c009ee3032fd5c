"""Sites and layers from files: read rightly, or refused with the cure."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import re
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pyproj
import shapely

from clustergeo import crs as crs_room
from clustergeo import overlap, schema
from clustergeo.errors import InputError, warn
from clustergeo.layers import Layer
from clustergeo.reading import encoding as encodings
from clustergeo.reading.archives import opened
from clustergeo.reading.geoparquet import check_nesting, is_binary
from clustergeo.reading.opening import (
    PARQUET,
    VECTOR,
    check_length,
    chosen_layer,
    gdal_path,
    no_geometry,
    no_index,
    no_rows,
    plain_flatgeobuf,
    readable,
    refuse_encoding,
    refuse_layer,
    shown,
)
from clustergeo.reading.projection import named_crs, of_prj, placed, sample_of

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable
    from typing import BinaryIO

    from clustergeo.reading.archives import Source

    Given = str | os.PathLike[str] | BinaryIO

_TEXT = (".geojson", ".json", ".topojson", ".geojsonl", ".geojsons", ".ndjson")
_ENDINGS = (*VECTOR, *_TEXT, *PARQUET, ".csv")
_LONGITUDE = ("lon", "longitude", "lng", "경도", "x")
_LATITUDE = ("lat", "latitude", "위도", "y")
# Bulk downloads of official zones carry the MOIS code of their province, and often year and month, in the name.
_OFFICIAL_NAME = re.compile(r"LSMD_CONT_[A-Z]+\d+_(\d{2})(?:_((?:19|20)\d{2}(?:0[1-9]|1[0-2])))?", re.IGNORECASE)


class _Read(NamedTuple):
    """The rows of a file, what was decided while reading, its name and its sha256."""

    frame: gpd.GeoDataFrame
    report: list[str]
    name: str
    sha256: str


class Options(NamedTuple):
    """How a caller says that a file is to be read; see `read_sites`."""

    crs: Any = None
    layer: str | None = None
    encoding: str | None = None
    swap_xy: bool | None = None


def read_sites(
    path: Given,
    *,
    crs: Any = None,
    layer: str | None = None,
    encoding: str | None = None,
    swap_xy: bool | None = None,
    repair: bool = False,
) -> gpd.GeoDataFrame:
    r"""Return the sites of a file.

    Parameters
    ----------
    path
        GeoPackage, FlatGeobuf, GeoJSON (also a feature a line), TopoJSON, GeoParquet, shapefile, or CSV with longitude
        and latitude columns (`lon`/`lat`, `경도`/`위도`); a zip of one, or a file in it (`zones.zip/inner.shp`); an
        `https://` address, fetched once; or such a file opened in binary mode.
    crs
        Overrides the file's coordinate reference system; needed where the file has none. CSV is EPSG:4326 by default.
    layer
        Which layer of a file, or file of a zip, of several.
    encoding
        Of the texts of a shapefile or text file. By default what the file says of itself (`.cpg`, language byte) where
        its bytes agree, then UTF-8, then cp949.
    swap_xy
        True swaps the axes; False says that they are right, where data at sea would be land when swapped.
    repair
        Whether to repair invalid geometries, and say how many; otherwise they are refused with the reasons.

    Returns
    -------
    geopandas.GeoDataFrame
        One row a site, in the file's CRS, all columns kept, with a unique text `site_id` (made from the row number,
        from 1, where the file has none) and known evidence columns in their types. What was decided while reading is
        told in a ClusterGeoWarning.

    Raises
    ------
    InputError
        No such file, an unknown format, no geometry, no CRS, no rows, texts in no known encoding, coordinates that
        cannot be right, invalid geometries or duplicate ids: with every problem and the cure.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "sites.csv"
    >>> _ = path.write_text("site_id,lon,lat\na,127.2,37.15\n")
    >>> read_sites(path)["site_id"].tolist()
    ['a']
    """
    return read_and_repair(path, Options(crs, layer, encoding, swap_xy), repair=repair)[0]


def read_and_repair(path: Given, options: Options, *, repair: bool) -> tuple[gpd.GeoDataFrame, int]:
    """Return the sites of a file as `read_sites` does, and how many of their geometries were repaired."""
    found = _read(path, options)
    frame, report, repaired = _repaired(found.frame, found.report) if repair else (found.frame, found.report, 0)
    for decided in report:
        warn(f"the file {shown(found.name)}: {decided}.")
    return schema.site_frame(frame, what=f"the file {shown(found.name)}"), repaired


def read_layer(
    path: Given,
    *,
    name: str,
    crs: Any = None,
    layer: str | None = None,
    encoding: str | None = None,
    swap_xy: bool | None = None,
    repair: bool = False,
    coverage: Any = None,
    as_of: str | None = None,
    source: str | None = None,
    licence: str | None = None,
) -> Layer:
    """Return the polygons of a file as a Layer.

    Parameters
    ----------
    path, crs, layer, encoding, swap_xy, repair
        As for `read_sites`.
    name, coverage, as_of, source, licence
        As for `Layer`. The coverage of an official bulk file (`LSMD_CONT_..._29`) is the province in its name; `source`
        is the file's name, or the address it was fetched from, by default.

    Returns
    -------
    Layer
        Its `report` says what was decided while reading.

    Raises
    ------
    InputError
        As for `read_sites` and `Layer`.

    Examples
    --------
    >>> import tempfile, pathlib, geopandas, shapely
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "LSMD_CONT_UD801_29_202501.gpkg"
    >>> shapes = [shapely.box(126.8, 35.1, 126.9, 35.2)]
    >>> geopandas.GeoDataFrame(geometry=shapes, crs="EPSG:4326").to_file(path)
    >>> read_layer(path, name="rdz").report
    ("coverage mois:29, from the file's name", "as of 2025-01, from the file's name")
    """
    found = _read(path, Options(crs, layer, encoding, swap_xy))
    frame, report, _ = _repaired(found.frame, found.report) if repair else (found.frame, found.report, 0)
    official = _OFFICIAL_NAME.search(found.name)
    if coverage is None and official:
        coverage = f"mois:{official[1]}"
        report.append(f"coverage {coverage}, from the file's name")
    if as_of is None and official and official[2]:
        as_of = f"{official[2][:4]}-{official[2][4:]}"
        report.append(f"as of {as_of}, from the file's name")
    origin = found.name if "://" in found.name else Path(found.name).name
    return Layer(
        frame,
        name=name,
        coverage=coverage,
        as_of=as_of,
        source=source or shown(origin).strip("'"),
        licence=licence,
        report=tuple(report),
        sha256=found.sha256,
    )


def _repaired(frame: gpd.GeoDataFrame, report: list[str]) -> tuple[gpd.GeoDataFrame, list[str], int]:
    """Return a frame with its invalid geometries repaired, what is said of them, and how many they were."""
    shapes = np.asarray(frame.geometry.values, dtype=object)
    bad = overlap.invalid_rows(shapes)
    if not len(bad):
        return frame, report, 0
    mended = np.asarray(overlap.repaired(shapes, bad), dtype=object)
    gone = int(shapely.is_empty(mended[bad]).sum())
    said = f"{len(bad)} invalid geometries were repaired, as asked"
    said += f"; {gone} of them have no area and are empty now" if gone else ""
    return frame.set_geometry(gpd.GeoSeries(mended, index=frame.index, crs=frame.crs)), [*report, said], len(bad)


def _read(path: Given, options: Options) -> _Read:
    """Return the frame of a file and what was decided while reading."""
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(opened(path, endings=_ENDINGS, layer=options.layer))
        report, ending = list(source.report), source.file.suffix.lower()
        pool = stack.enter_context(ThreadPoolExecutor(1))
        digest = pool.submit(_digest, source.packed)  # beside the reading, which waits for the disk too
        if ending in (*PARQUET, ".csv"):
            refuse_layer(source.name, source.layer)
        refuse_encoding(source.file, source.name, options.encoding)
        frame = _from_parquet(source) if ending in PARQUET else _by_encoding(source, options, report)
        if frame.empty:
            raise no_rows(source.name)
        shapes = np.asarray(frame.geometry.values, dtype=object)
        if shapely.is_missing(shapes).all():
            raise no_geometry(source.name, " in any row")
        if options.swap_xy:
            frame = frame.set_geometry(gpd.GeoSeries(swapped(shapes), index=frame.index, crs=frame.crs))
            report.append("x and y swapped, as asked")
        place = placed(
            pyproj.CRS(frame.crs) if frame.crs is not None else of_prj(source.file),
            options.crs,
            frame.total_bounds,
            path=source.name,
            points=sample_of(np.asarray(frame.geometry.values, dtype=object)),
            swap_xy=options.swap_xy,
        )
        frame = frame if frame.crs == place.crs else frame.set_crs(place.crs, allow_override=True)
        return _Read(frame, [*report, *place.report], source.name, digest.result())


def _digest(file: Path) -> str:
    """Return the sha256 of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def swapped(shapes: Any) -> Any:
    """Return geometries with x as y.

    Examples
    --------
    >>> swapped(np.array([shapely.Point(37, 127)])).tolist()
    [<POINT (127 37)>]
    """
    return shapely.transform(shapes, lambda points: points[:, ::-1])


def _by_encoding(source: Source, options: Options, report: list[str]) -> gpd.GeoDataFrame:
    """Return the frame of a file whose texts may be in several encodings."""
    file = source.file
    if file.suffix.lower() not in (*_TEXT, ".csv"):
        check_length(file, source.name)
        if file.suffix.lower() != ".shp":
            return _from_vector(file, source, None, report)
        found = encodings.of_shapefile(file, options.encoding, source.name)
        report += [*found.report, *no_index(file)]
        with encodings.whole(file, found) as whole:
            return _from_vector(whole, source, found.name, report)
    with tempfile.TemporaryDirectory() as folder:
        csv_own = file.suffix.lower() == ".csv" and options.encoding is None
        told = (
            encodings.Encoding(encodings.UTF8, [])
            if csv_own
            else encodings.of_text(file, options.encoding, source.name)
        )
        report += told.report
        if told.name not in (encodings.UTF8, "utf-8-sig"):
            file = encodings.transcoded(file, str(told.name), Path(folder, f"file{file.suffix.lower()}"))
        if file.suffix.lower() == ".csv":
            return _from_csv(file, named_crs(options.crs or crs_room.LONLAT))
        return _from_vector(file, source, None, report)


def _from_vector(file: Path, source: Source, encoding: str | None, report: list[str]) -> gpd.GeoDataFrame:
    """Return the frame of a format that GDAL reads."""
    with readable(source.name), gdal_path(file) as place:
        plain_flatgeobuf(file)
        chosen = chosen_layer(place, source.layer, path=source.name)
        frame = pyogrio.read_dataframe(place, layer=chosen, encoding=encoding, datetime_as_string=True, use_arrow=True)
        if not isinstance(frame, gpd.GeoDataFrame):
            raise no_geometry(source.name)
        if frame.crs is None and pyogrio.read_info(place, layer=chosen)["driver"] == "TopoJSON":
            # Metres in it are refused by their bounds, as in GeoJSON.
            frame = frame.set_crs(crs_room.LONLAT)
            report.append("TopoJSON names no CRS; it is longitude and latitude, as its standard says")
    return frame


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


def _from_csv(file: Path, crs: Any) -> gpd.GeoDataFrame:
    """Return the points of a table with longitude and latitude columns."""
    data = file.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = data.decode("cp949")
        except UnicodeDecodeError as error:
            msg = f"{shown(file)} is neither UTF-8 nor cp949 text. Save it as CSV UTF-8."
            raise InputError(msg) from error
    table = _table(text, file)
    x, y = _column(table, _LONGITUDE), _column(table, _LATITUDE)
    if x is None or y is None:
        msg = (
            f"{shown(file)} has no geometry: it needs a longitude and a latitude column (for example lon and lat, or "
            f"경도 and 위도). Its columns are {', '.join(map(str, table.columns))}."
        )
        raise InputError(msg)
    lon, lat = (pd.to_numeric(table[name].str.strip(), errors="coerce").to_numpy(dtype=float) for name in (x, y))
    empty = (table[x].str.strip() == "") & (table[y].str.strip() == "")
    bad = [
        f"line {table.index[row]}: {x}={table[x].iloc[row]!r}, {y}={table[y].iloc[row]!r}"
        for row in np.flatnonzero((np.isnan(lon) | np.isnan(lat)) & ~empty)
    ]
    if bad:
        msg = f"{shown(file)} has positions that are no two numbers:\n- " + "\n- ".join(bad[: schema.SHOWN])
        raise InputError(msg)
    points = np.full(len(table), None, dtype=object)
    known = ~(np.isnan(lon) | np.isnan(lat))
    points[known] = shapely.points(lon[known], lat[known])
    columns = {name: _inferred(table[name]) for name in table.columns if name not in (x, y)}
    return gpd.GeoDataFrame(pd.DataFrame(columns).reset_index(drop=True), geometry=points, crs=crs)


def _table(text: str, file: Path) -> pd.DataFrame:
    """Return the rows of a CSV as text, indexed by line; a row with more or fewer cells than the header is refused."""
    reader = csv.reader(io.StringIO(text, newline=""))
    header = [name.strip() for name in next(reader, [])]
    rows, lines, bad = [], [], []
    for row in reader:
        if len(row) == len(header):
            rows.append(row)
            lines.append(reader.line_num)
        elif row:
            bad.append(f"line {reader.line_num}: {len(row)} cells under {len(header)} headers")
    if bad:
        msg = f"{shown(file)} has rows that do not fit its header:\n- " + "\n- ".join(bad[: schema.SHOWN])
        msg += "\nQuote cells that hold a comma."
        raise InputError(msg)
    return pd.DataFrame(rows, columns=header, index=pd.Index(lines), dtype=object)


def _column(table: pd.DataFrame, names: Iterable[str]) -> str | None:
    """Return the column of one of these names, in any case."""
    found = {str(column).strip().lower(): str(column) for column in table.columns}
    return next((found[name] for name in names if name in found), None)


def _inferred(column: pd.Series) -> pd.Series:
    """Return numbers where every value is one and nothing is lost; leading zeros and long codes stay text."""
    if column.name == "site_id":
        return column
    filled = column[column != ""]
    plain = filled.str.fullmatch(r"-?(0|[1-9]\d{0,14})(\.\d+)?")
    if len(filled) and plain.all():
        return pd.to_numeric(column.where(column != "", None))
    return column.where(column != "", None)
