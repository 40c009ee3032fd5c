"""Batch export: one file of all sites, one a group, and the metadata that says what they rest on."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from clustergeo import facts
from clustergeo._crate import CRATE_NAME, earlier_files, ro_crate, run_time
from clustergeo._files import native, staged
from clustergeo._formats import attributes, cell, csv_bytes, flat_columns, geojson_bytes, geoparquet_bytes
from clustergeo._geopackage import gpkg_bytes
from clustergeo._workbook import Sheet, kind_of, workbook_bytes
from clustergeo.errors import InputError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from clustergeo.layers import Layer

__all__ = [
    "FORMATS",
    "csv_bytes",
    "export",
    "frame_bytes",
    "geojson_bytes",
    "geoparquet_bytes",
    "gpkg_bytes",
    "group_rows",
    "group_slug",
    "ro_crate",
    "run_time",
    "xlsx_bytes",
]

FORMATS = ("geojson", "gpkg", "parquet", "csv", "xlsx")
UNKNOWN = "unknown"

# A hashed name is not plain: a code that looks like one would meet the file of another code.
_PLAIN = re.compile(r"(?!.*-[0-9a-f]{12}$)[a-z0-9][a-z0-9_-]{0,63}")
_DEVICE = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9]")
_KNOWN = re.compile(
    rf"sites\.({'|'.join(FORMATS)})|by-[a-z0-9_-]+/[a-z0-9_-]+\.({'|'.join(FORMATS)})|{re.escape(CRATE_NAME)}"
)


def export(
    tagged: gpd.GeoDataFrame,
    folder: str | os.PathLike[str],
    *,
    by: str | None = None,
    format: str = "geojson",  # noqa: A002 - the word its users know
    layers: Iterable[Layer | Mapping[str, Any]] | None = None,
) -> list[Path]:
    """Write sites into a folder: one file of all, one a group, and their metadata; all of them or none.

    Parameters
    ----------
    tagged
        Sites with a CRS, usually the result of `tag`.
    folder
        Made if it does not exist. Files of an earlier export into the same folder that are not written again go.
    by
        `"sector"` or any column; a site with a list (several sectors) is in the file of each, an unknown value in
        `unknown`. None writes the file of all only.
    format
        `"geojson"` (RFC 7946), `"gpkg"` (with styles for QGIS), `"parquet"` (GeoParquet 1.1), `"csv"`
        or `"xlsx"` (needs `clustergeo[documents]`).
    layers
        What the tags rest on, for the metadata: `Layer`s or rows of `catalogue()`; by default every shipped layer.

    Returns
    -------
    list of pathlib.Path
        The files, the file of all first and `ro-crate-metadata.json` last.

    Raises
    ------
    InputError
        If the format or the column does not exist, the frame is not a GeoDataFrame with a CRS, the folder cannot be
        written to, or it holds a report, whose metadata an export would overwrite; or XlsxWriter is needed and absent.

    Examples
    --------
    >>> import tempfile, geopandas, shapely
    >>> sites = geopandas.GeoDataFrame(
    ...     {"site_id": ["a"], "owner": ["kim"]}, geometry=[shapely.Point(127, 37)], crs="EPSG:4326"
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in export(sites, folder, by="owner", layers=[])]
    ['sites.geojson', 'kim.geojson', 'ro-crate-metadata.json']
    """
    groups = group_rows(tagged, by) if by is not None else {}
    files = {f"sites.{format}": (frame_bytes(tagged, format), len(tagged))}
    for code, rows in groups.items():
        part = tagged.iloc[rows]
        # The column's own name is user text too.
        name = f"by-{group_slug(str(by))}/{group_slug(code)}.{format}"
        files[name] = (frame_bytes(part, format), len(part))
    used = _shipped_layers() if layers is None else layers
    latest = facts.latest_date(attributes(tagged))
    crate = ro_crate(files, used, facts_as_of=latest, run_at=run_time(), name="clustergeo: exported sites")
    with staged(
        folder, known=is_export_name, stale=earlier_files(native(folder), what="export", known=is_export_name)
    ) as stage:
        written = [stage.write(name, data) for name, (data, _) in files.items()]
        written.append(stage.write(CRATE_NAME, crate))
    return written


def frame_bytes(frame: gpd.GeoDataFrame, format: str) -> bytes:  # noqa: A002 - the word its users know
    """Return a frame as the bytes of a file of a format.

    Parameters
    ----------
    frame
        Sites with a CRS.
    format
        One of `FORMATS`.

    Returns
    -------
    bytes
        The file.

    Raises
    ------
    InputError
        If the format does not exist, or the frame is not a GeoDataFrame with a CRS.

    Examples
    --------
    >>> import geopandas, shapely
    >>> sites = geopandas.GeoDataFrame({"site_id": ["a"]}, geometry=[shapely.Point(127, 37)], crs="EPSG:4326")
    >>> frame_bytes(sites, "csv").decode("utf-8-sig").splitlines()[0]
    'site_id,lon,lat'
    """
    if format not in _MAKERS:
        msg = f"format={format!r} cannot be exported; expected one of {', '.join(FORMATS)}. Choose one of them."
        raise InputError(msg)
    return _MAKERS[format](frame)


def xlsx_bytes(frame: gpd.GeoDataFrame) -> bytes:
    """Return a frame as an XLSX workbook of one sheet: the columns of the CSV, with numbers and days as such.

    Raises
    ------
    InputError
        If XlsxWriter is not installed, the frame is not a GeoDataFrame with a CRS, or it is larger than a sheet.
    """
    columns = flat_columns(frame)
    rows = list(zip(*columns.values(), strict=True))
    sheet = Sheet("sites", [(name, kind_of(name)) for name in columns], rows)
    return workbook_bytes([sheet], title="clustergeo: exported sites")


_MAKERS = {
    "geojson": geojson_bytes,
    "gpkg": gpkg_bytes,
    "parquet": geoparquet_bytes,
    "csv": csv_bytes,
    "xlsx": xlsx_bytes,
}


def group_rows(frame: pd.DataFrame, by: str) -> dict[str | None, list[int]]:
    """Return the row numbers of each group, the groups in the order of their names and the unknown last.

    Parameters
    ----------
    frame
        Sites.
    by
        `"sector"` (the codes in `sectors`) or a column; a row with a list is in the group of each of its values.

    Returns
    -------
    dict
        Row numbers by code; the code None holds the rows without a value.

    Raises
    ------
    InputError
        If the column does not exist; the message names those there are.

    Examples
    --------
    >>> import pandas
    >>> group_rows(pandas.DataFrame({"sectors": [["bio", "food"], None, ["bio"]]}), "sector")
    {'bio': [0, 2], 'food': [0], None: [1]}
    """
    column = "sectors" if by == "sector" and "sector" not in frame.columns else by
    if column not in frame.columns or str(frame[column].dtype) == "geometry":
        others = [str(name) for name in frame.columns if str(frame[name].dtype) != "geometry"]
        choices = ", ".join((["sector"] if "sectors" in others else []) + others)
        msg = (
            f"by={by!r} is no column of the sites; expected one of {choices}. Correct the name, or tag the sites first."
        )
        raise InputError(msg)
    groups: dict[str | None, list[int]] = {}
    for row, value in enumerate(frame[column]):
        plain = cell(value)
        if column == "sectors" and isinstance(plain, str):
            plain = [code for code in plain.split(";") if code]
        values = plain if isinstance(plain, list) else [plain]
        codes = [None if one is None else _code(one) for one in values] or [None]
        for code in dict.fromkeys(codes):
            groups.setdefault(code, []).append(row)
    return dict(sorted(groups.items(), key=lambda item: (item[0] is None, item[0] or "")))


def group_slug(code: str | None) -> str:
    """Return a file name for a group: safe on every system, and a different one for each code.

    Parameters
    ----------
    code
        The code of the group; None for the sites without one.

    Returns
    -------
    str
        The code itself where it is plain (`[a-z0-9][a-z0-9_-]*` and no device name), otherwise what is plain of it
        and the start of its sha256; `unknown` for None.

    Examples
    --------
    >>> group_slug("future_mobility"), group_slug(None)
    ('future_mobility', 'unknown')
    >>> group_slug("../../etc/passwd").rpartition("-")[0]
    'etc-passwd'
    """
    if code is None:
        return UNKNOWN
    if code != UNKNOWN and _PLAIN.fullmatch(code) and not _DEVICE.fullmatch(code):
        return code
    words = re.sub(r"[^a-z0-9]+", "-", code.lower()).strip("-")[:40].strip("-")
    digest = hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{words or 'group'}-{digest}"


def is_export_name(name: str) -> bool:
    """Say whether a relative name is one that `export` writes.

    Examples
    --------
    >>> is_export_name("by-sector/bio.geojson"), is_export_name("notes.txt")
    (True, False)
    """
    return _KNOWN.fullmatch(name) is not None


def _code(value: Any) -> str:
    """Return the text of a group's value."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _shipped_layers() -> list[Mapping[str, Any]]:
    """Return the rows of the catalogue, as the layers that tags rest on."""
    # datasets loads GDAL's relatives; a caller who names the layers needs none of it.
    from clustergeo.datasets import catalogue  # noqa: PLC0415

    return [{str(key): value for key, value in row.items()} for row in catalogue().to_dict("records")]
