"""Sites and layers from files: read rightly, or refused with the cure."""

from __future__ import annotations

import hashlib
import io
import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio
import pyproj

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
    no_geometry,
    no_rows,
    placed,
    readable,
    refuse_layer,
    shown,
)
from clustergeo.reading.spreadsheets import TABLES, read_table
from clustergeo.reading.vocabulary import recognised

_VECTOR = (".gpkg", ".geojson", ".json", ".fgb", ".shp", ".zip")
# Bulk downloads of official zones carry the MOIS code of their province, and often year and month, in the name.
_OFFICIAL_NAME = re.compile(r"LSMD_CONT_[A-Z]+\d+_(\d{2})(?:_((?:19|20)\d{2}(?:0[1-9]|1[0-2])))?", re.IGNORECASE)


def read_sites(
    path: str | Path, *, crs: Any = None, layer: str | None = None, repair: bool = False
) -> gpd.GeoDataFrame:
    r"""Return the sites of a file.

    Parameters
    ----------
    path
        GeoPackage, GeoJSON, FlatGeobuf, GeoParquet, shapefile (also zipped), or a CSV or Excel table with longitude and
        latitude columns (`lon`/`lat`, `경도`/`위도`), a geometry as WKT, or only the place of each site: an address
        (`소재지`), `시군구`, a legal-dong code or a PNU, from which `within` is made (see `match_addresses`).
    crs
        Overrides the file's coordinate reference system; needed where the file has none. Tables are EPSG:4326 by
        default.
    layer
        Which layer or sheet of a file of several.
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
    if frame.geometry.isna().all():
        raise no_geometry(path, " in any row")
    report += recognised(frame)
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


def read_as_it_is(path: str | Path, *, crs: Any = None, layer: str | None = None) -> gpd.GeoDataFrame:
    """Return the frame of a file wherever its coordinates lie, for `check`.

    Raises
    ------
    InputError
        It cannot be read at all, or has no CRS.
    """
    return _read(path, crs=crs, layer=layer, anywhere=True)[0]


def _read(
    path: str | Path, *, crs: Any, layer: str | None, anywhere: bool = False
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Return the frame of a file and what was decided while reading; its bounds are not looked at on request."""
    file = expect_file(path, (*_VECTOR, *PARQUET, *TABLES))
    check_length(file)
    report: list[str] = []
    if file.suffix.lower() in PARQUET:
        refuse_layer(file, layer)
    if file.suffix.lower() in TABLES:
        frame, report = read_table(file, crs=crs, layer=layer)
    else:
        frame = _from_parquet(file) if file.suffix.lower() in PARQUET else _from_vector(file, layer)
        found = None if frame.crs is None else pyproj.CRS(frame.crs)
        place, report = placed(found, crs, frame.total_bounds, path=path)
        frame = frame if found == place else frame.set_crs(place, allow_override=True)
    if frame.empty:
        raise no_rows(path)
    if frame.geometry.isna().all() and "within" not in frame.columns:
        raise no_geometry(path, " in any row")
    if not anywhere:
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
