"""Sites and layers from files: read rightly, or refused with the cure."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import shapely

from clustergeo import crs as crs_room
from clustergeo import schema
from clustergeo.errors import InputError, warn
from clustergeo.layers import Layer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_VECTOR = (".gpkg", ".geojson", ".json", ".fgb", ".shp", ".zip")
_PARQUET = (".parquet", ".geoparquet")
_LONGITUDE = ("lon", "longitude", "lng", "경도", "x")
_LATITUDE = ("lat", "latitude", "위도", "y")
_KOREA = (124.0, 33.0, 132.0, 39.0)
# Bulk downloads of official zones carry the MOIS code of their province, and often year and month, in the name.
_OFFICIAL_NAME = re.compile(r"LSMD_CONT_[A-Z]+\d+_(\d{2})(?:_((?:19|20)\d{2}(?:0[1-9]|1[0-2])))?", re.IGNORECASE)


def read_sites(path: str | Path, *, crs: Any = None, layer: str | None = None) -> gpd.GeoDataFrame:
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
    frame, report = _read(path, crs=crs, layer=layer)
    for decided in report:
        warn(f"{_shown(path)}: {decided}.")
    return schema.site_frame(frame, what=f"the file {_shown(path)}")


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
        source=source or _shown(file.name).strip("'"),
        licence=licence,
        report=tuple(report),
        sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
    )


def _shown(path: str | Path) -> str:
    """Return a path for a message, readable in any locale."""
    return repr(os.fsencode(path).decode("utf-8", "backslashreplace"))


def _read(path: str | Path, *, crs: Any, layer: str | None) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Return the frame of a file and what was decided while reading."""
    file, ending = Path(path), Path(path).suffix.lower()
    if not file.is_file():
        msg = f"There is no file {_shown(path)}. Check the path and the working directory."
        raise InputError(msg)
    if ending not in (*_VECTOR, *_PARQUET, ".csv"):
        msg = f"{_shown(path)} is of an unknown format. clustergeo reads {', '.join((*_VECTOR, *_PARQUET, '.csv'))}."
        raise InputError(msg)
    if file.stat().st_size == 0:
        msg = f"{_shown(path)} is empty (0 bytes). Export it again."
        raise InputError(msg)
    report: list[str] = []
    if ending == ".csv":
        frame = _from_csv(file, _named_crs(crs or crs_room.LONLAT))
    else:
        frame = _from_parquet(file) if ending in _PARQUET else _from_vector(file, layer)
        frame = _placed(frame, crs, path, report)
    if frame.empty:
        msg = f"{_shown(path)} has no rows. Check that the export worked and the right layer was chosen."
        raise InputError(msg)
    if frame.geometry.isna().all():
        msg = f"{_shown(path)} has no geometry in any row: clustergeo needs polygons or points."
        raise InputError(msg)
    _check_bounds(frame, path)
    return frame, report


def _placed(frame: gpd.GeoDataFrame, crs: Any, path: str | Path, report: list[str]) -> gpd.GeoDataFrame:
    """Return the frame with its CRS, overridden where the caller says so."""
    if crs is not None:
        wanted = _named_crs(crs)
        # A reader labels GeoJSON longitude and latitude even where it holds metres: there is nothing to override then.
        if frame.crs is not None and frame.crs != wanted and not _impossible(frame):
            report.append(f"CRS {frame.crs.name} overridden by {wanted.name}, as asked")
        return frame.set_crs(wanted, allow_override=True)
    crs_room.require_crs(frame, what=f"the file {_shown(path)}")
    return frame


def _named_crs(crs: Any) -> pyproj.CRS:
    """Return the CRS that an argument names."""
    try:
        return pyproj.CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError as error:
        msg = f"crs={crs!r} is no coordinate reference system. Write for example 'EPSG:5186'."
        raise InputError(msg) from error


def _impossible(frame: gpd.GeoDataFrame) -> bool:
    """Say whether what is labelled longitude and latitude cannot be such."""
    west, south, east, north = frame.total_bounds
    return bool(frame.crs.is_geographic and (west < -180 or east > 180 or south < -90 or north > 90))  # noqa: PLR2004


def _check_bounds(frame: gpd.GeoDataFrame, path: str | Path) -> None:
    """Refuse longitude and latitude that cannot be such, or that fit Korea only when swapped."""
    if frame.crs is None or not frame.crs.is_geographic:
        return
    west, south, east, north = frame.total_bounds
    if not np.isfinite([west, south, east, north]).all():
        return
    swapped = _KOREA[0] <= south and north <= _KOREA[2] and _KOREA[1] <= west and east <= _KOREA[3]
    if swapped:
        msg = (
            f"{_shown(path)} has longitudes of {west:g} to {east:g} and latitudes of {south:g} to {north:g}: "
            "they fit Korea only when swapped. Swap the two columns or axes."
        )
        raise InputError(msg)
    if _impossible(frame):
        msg = (
            f"{_shown(path)} is labelled longitude and latitude but holds {west:g} to {east:g} and {south:g} to "
            f'{north:g}: these are plane coordinates. Name their CRS: crs="EPSG:5186" (--crs EPSG:5186).'
        )
        raise InputError(msg)


def _from_vector(file: Path, layer: str | None) -> gpd.GeoDataFrame:
    """Return the frame of a format that GDAL reads."""
    try:
        with _gdal_path(file) as source:
            names = [str(name) for name, kind in pyogrio.list_layers(source) if kind is not None]
            if layer is None and len(names) == 1:
                layer = names[0]
            several = layer is None and len(names) > 1
            frame = None if several else pyogrio.read_dataframe(source, layer=layer, datetime_as_string=True)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        msg = f"{_shown(file)} cannot be read: {reason}. Check that it is whole and of the format its name says."
        raise InputError(msg) from error
    if frame is None:
        msg = (
            f"{_shown(file)} holds {len(names)} layers: {', '.join(names)}. "
            f"Name one: layer={names[0]!r} (--layer {names[0]} on the command line)."
        )
        raise InputError(msg)
    if not isinstance(frame, gpd.GeoDataFrame):
        msg = f"{_shown(file)} has no geometry: clustergeo needs polygons or points."
        raise InputError(msg)
    return frame


@contextlib.contextmanager
def _gdal_path(file: Path) -> Iterator[str]:
    """Yield a path that GDAL can open: a copy of the file and its siblings where the locale cannot encode its name."""
    try:
        str(file).encode()
    except UnicodeEncodeError:
        with tempfile.TemporaryDirectory() as folder:
            for sibling in file.parent.iterdir():
                if sibling.stem == file.stem and sibling.is_file():
                    shutil.copyfile(sibling, Path(folder, f"file{sibling.suffix}"))
            yield str(Path(folder, f"file{file.suffix}"))
    else:
        yield str(file)


def _from_parquet(file: Path) -> gpd.GeoDataFrame:
    """Return the frame of a GeoParquet file."""
    try:
        return gpd.read_parquet(io.BytesIO(file.read_bytes()))
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        msg = f"{_shown(file)} cannot be read as GeoParquet: {reason}. Plain Parquet has no geometry."
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
            msg = f"{_shown(file)} is neither UTF-8 nor cp949 text. Save it as CSV UTF-8."
            raise InputError(msg) from error
    table = _table(text, file)
    x, y = _column(table, _LONGITUDE), _column(table, _LATITUDE)
    if x is None or y is None:
        msg = (
            f"{_shown(file)} has no geometry: it needs a longitude and a latitude column (for example lon and lat, or "
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
        msg = f"{_shown(file)} has positions that are no two numbers:\n- " + "\n- ".join(bad[: schema.SHOWN])
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
        msg = f"{_shown(file)} has rows that do not fit its header:\n- " + "\n- ".join(bad[: schema.SHOWN])
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
