"""Sites and layers from files: read rightly, or refused with the cure."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import shapely

from clustergeo import crs as crs_room
from clustergeo import overlap, schema
from clustergeo.errors import InputError, warn
from clustergeo.layers import Layer
from clustergeo.reading.opening import (
    PARQUET,
    check_bounds,
    check_length,
    chosen_layer,
    expect_file,
    gdal_path,
    named_crs,
    no_geometry,
    no_rows,
    placed,
    readable,
    refuse_layer,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

_VECTOR = (".gpkg", ".geojson", ".json", ".fgb", ".shp", ".zip")
_LONGITUDE = ("lon", "longitude", "lng", "경도", "x")
_LATITUDE = ("lat", "latitude", "위도", "y")
# Bulk downloads of official zones carry the MOIS code of their province, and often year and month, in the name.
_OFFICIAL_NAME = re.compile(r"LSMD_CONT_[A-Z]+\d+_(\d{2})(?:_((?:19|20)\d{2}(?:0[1-9]|1[0-2])))?", re.IGNORECASE)


def read_sites(
    path: str | Path, *, crs: Any = None, layer: str | None = None, repair: bool = False
) -> gpd.GeoDataFrame:
    r"""Return the sites of a file.

    Parameters
    ----------
    path
        GeoPackage, GeoJSON, FlatGeobuf, GeoParquet, shapefile (also zipped), or CSV with longitude and latitude columns
        (`lon`/`lat`, `경도`/`위도`).
    crs
        Overrides the file's coordinate reference system; needed where the file has none. CSV is EPSG:4326 by default.
    layer
        Which layer of a file of several.
    repair
        Whether to repair invalid geometries, and say how many; otherwise they are refused with the reasons.

    Returns
    -------
    geopandas.GeoDataFrame
        One row a site, in the file's CRS, all columns kept, with a unique text `site_id` (made from the row number,
        from 1, where the file has none) and known evidence columns in their types.

    Raises
    ------
    InputError
        No such file, an unknown format, no geometry, no CRS, no rows, coordinates that cannot be right, invalid
        geometries or duplicate ids: with every problem and the cure.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "sites.csv"
    >>> _ = path.write_text("site_id,lon,lat\na,127.2,37.15\n")
    >>> read_sites(path)["site_id"].tolist()
    ['a']
    """
    return read_and_repair(path, crs=crs, layer=layer, repair=repair)[0]


def read_and_repair(path: str | Path, *, crs: Any, layer: str | None, repair: bool) -> tuple[gpd.GeoDataFrame, int]:
    """Return the sites of a file as `read_sites` does, and how many of their geometries were repaired."""
    frame, report = _read(path, crs=crs, layer=layer)
    for decided in report:
        warn(f"{shown(path)}: {decided}.")
    what, bad = f"the file {shown(path)}", np.empty(0, dtype=np.int64)
    if repair:
        shapes = np.asarray(frame.geometry.values, dtype=object)
        bad = overlap.invalid_rows(shapes)
    if len(bad):
        warn(f"{what}: {len(bad)} invalid geometries were repaired, as asked.")
        frame = frame.set_geometry(gpd.GeoSeries(overlap.repaired(shapes, bad), index=frame.index, crs=frame.crs))
    return schema.site_frame(frame, what=what), len(bad)


def read_shapes(path: str | Path, *, crs: Any = None, layer: str | None = None) -> gpd.GeoDataFrame:
    r"""Return the points, lines or polygons of a file, such as roads or stations.

    Parameters
    ----------
    path, crs, layer
        As for `read_sites`.

    Raises
    ------
    InputError
        As for `read_sites`; the geometries themselves are checked where they are used.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "stations.csv"
    >>> _ = path.write_text("lon,lat\n127.2,37.15\n")
    >>> read_shapes(path).geometry.tolist()
    [<POINT (127.2 37.15)>]
    """
    frame, report = _read(path, crs=crs, layer=layer)
    for decided in report:
        warn(f"{shown(path)}: {decided}.")
    return frame


def read_layer(
    path: str | Path,
    *,
    name: str,
    crs: Any = None,
    layer: str | None = None,
    coverage: Any = None,
    as_of: str | None = None,
    source: str | None = None,
    licence: str | None = None,
) -> Layer:
    """Return the polygons of a file as a Layer.

    Parameters
    ----------
    path, crs, layer
        As for `read_sites`.
    name, coverage, as_of, source, licence
        As for `Layer`. The coverage of an official bulk file (`LSMD_CONT_..._29`) is the province in its name; `source`
        is the file's name by default.

    Raises
    ------
    InputError
        As for `read_sites` and `Layer`.
    """
    frame, report = _read(path, crs=crs, layer=layer)
    file = Path(path)
    official = _OFFICIAL_NAME.search(file.name)
    if coverage is None and official:
        coverage = f"mois:{official[1]}"
        report.append(f"coverage {coverage}, from the file's name")
    if as_of is None and official and official[2]:
        as_of = f"{official[2][:4]}-{official[2][4:]}"
        report.append(f"as of {as_of}, from the file's name")
    return Layer(
        frame,
        name=name,
        coverage=coverage,
        as_of=as_of,
        source=source or shown(file.name).strip("'"),
        licence=licence,
        report=tuple(report),
        sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
    )


def _read(path: str | Path, *, crs: Any, layer: str | None) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Return the frame of a file and what was decided while reading."""
    file = expect_file(path, (*_VECTOR, *PARQUET, ".csv"))
    check_length(file)
    report: list[str] = []
    if file.suffix.lower() in (*PARQUET, ".csv"):
        refuse_layer(file, layer)
    if file.suffix.lower() == ".csv":
        frame = _from_csv(file, named_crs(crs or crs_room.LONLAT))
    else:
        frame = _from_parquet(file) if file.suffix.lower() in PARQUET else _from_vector(file, layer)
        found = None if frame.crs is None else pyproj.CRS(frame.crs)
        place, report = placed(found, crs, frame.total_bounds, path=path)
        frame = frame if found == place else frame.set_crs(place, allow_override=True)
    if frame.empty:
        raise no_rows(path)
    if frame.geometry.isna().all():
        raise no_geometry(path, " in any row")
    check_bounds(pyproj.CRS(frame.crs), frame.total_bounds, path=path)
    return frame, report


def _from_vector(file: Path, layer: str | None) -> gpd.GeoDataFrame:
    """Return the frame of a format that GDAL reads."""
    with readable(file), gdal_path(file) as source:
        chosen = chosen_layer(source, layer, path=file)
        frame = pyogrio.read_dataframe(source, layer=chosen, datetime_as_string=True)
    if not isinstance(frame, gpd.GeoDataFrame):
        raise no_geometry(file)
    return frame


def _from_parquet(file: Path) -> gpd.GeoDataFrame:
    """Return the frame of a GeoParquet file."""
    try:
        return gpd.read_parquet(io.BytesIO(file.read_bytes()))
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        msg = f"{shown(file)} cannot be read as GeoParquet: {reason}. Plain Parquet has no geometry."
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
