"""A frame of sites as the bytes of a file: GeoJSON, GeoParquet and CSV.

Bytes, not paths: a Korean path under `LC_ALL=C` cannot be handed to GDAL or Arrow, but Python can write the bytes.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import math
import numbers
from collections.abc import Iterable, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from clustergeo import crs
from clustergeo.errors import InputError

DECIMALS = 6  # of a degree: about 0.1 m, all that RFC 7946 asks for

_BOM = "\ufeff".encode()

# A spreadsheet runs a cell that starts with one of these as a formula; the full-width signs count in East Asian ones.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def geojson_bytes(frame: gpd.GeoDataFrame) -> bytes:
    """Return a frame as GeoJSON (RFC 7946).

    Parameters
    ----------
    frame
        Sites with a CRS. Only the active geometry is written; other geometry columns, such as `within`, are left out.

    Returns
    -------
    bytes
        UTF-8, one FeatureCollection in longitude and latitude (WGS 84) at 6 decimals, exterior rings counterclockwise,
        no `crs` member. `sectors` is a list, an unknown value is null, and `site_id` is also the id of the feature.

    Raises
    ------
    InputError
        If the frame is not a GeoDataFrame with a CRS, or two of its columns have the same name.

    Examples
    --------
    >>> sites = gpd.GeoDataFrame({"site_id": ["a"]}, geometry=[shapely.Point(127, 37)], crs="EPSG:4326")
    >>> json.loads(geojson_bytes(sites))["features"][0]["id"]
    'a'
    """
    table = attributes(frame)
    columns = {str(name): [cell(one) for one in table[name]] for name in table.columns}
    rows = zip(*columns.values(), strict=True) if columns else iter([()] * len(frame))
    features = []
    for shape, values in zip(geojson_shapes(lonlat(frame)), rows, strict=True):
        properties = dict(zip(columns, values, strict=True))
        identity = {"id": properties["site_id"]} if properties.get("site_id") is not None else {}
        features.append({"type": "Feature", **identity, "properties": properties, "geometry": shape})
    return json_bytes({"type": "FeatureCollection", "features": features})


def geoparquet_bytes(frame: gpd.GeoDataFrame) -> bytes:
    """Return a frame as GeoParquet 1.1, compressed with zstd.

    Parameters
    ----------
    frame
        Sites with a CRS. Every geometry column is kept, `sectors` stays a list.

    Returns
    -------
    bytes
        The file, with a bounding box a row, so that readers can skip rows outside a window.

    Raises
    ------
    InputError
        If the frame is not a GeoDataFrame with a CRS, or two of its columns have the same name.

    Examples
    --------
    >>> sites = gpd.GeoDataFrame({"site_id": ["a"]}, geometry=[shapely.Point(127, 37)], crs="EPSG:4326")
    >>> gpd.read_parquet(io.BytesIO(geoparquet_bytes(sites)))["site_id"].tolist()
    ['a']
    """
    table = attributes(frame)
    out = frame.copy()
    # What a caller hangs on a frame need not be JSON, and pandas would write it into the file.
    out.attrs = {}
    out.columns = [str(name) for name in out.columns]
    for name in table.columns:
        if table[name].dtype == object or pd.api.types.is_complex_dtype(table[name]):
            out[name] = _one_type([cell(one) for one in table[name]], table.index)
    stream = io.BytesIO()
    out.to_parquet(
        stream,
        index=False,
        compression="zstd",
        schema_version="1.1.0",
        write_covering_bbox="bbox" not in out.columns,
    )
    return stream.getvalue()


def csv_bytes(frame: gpd.GeoDataFrame) -> bytes:
    """Return a frame as CSV that a spreadsheet shows in Korean and does not run.

    Parameters
    ----------
    frame
        Sites with a CRS. Geometries become the columns `lon` and `lat` of the centroid (degrees, 6 decimals), unless
        the frame has columns of these names.

    Returns
    -------
    bytes
        UTF-8 with a byte order mark, CRLF; lists joined by `;`, unknown values empty, and a leading apostrophe in text
        that a spreadsheet would take for a formula.

    Raises
    ------
    InputError
        If the frame is not a GeoDataFrame with a CRS, or two of its columns have the same name.

    Examples
    --------
    >>> sites = gpd.GeoDataFrame({"name": ["=1+1"]}, geometry=[shapely.Point(127, 37)], crs="EPSG:4326")
    >>> csv_bytes(sites).decode("utf-8-sig").splitlines()
    ['name,lon,lat', "'=1+1,127.0,37.0"]
    """
    columns = flat_columns(frame)
    return csv_rows(list(columns), zip(*columns.values(), strict=True))


def flat_columns(frame: gpd.GeoDataFrame) -> dict[str, list[Any]]:
    """Return the columns of a frame as a table without lists or geometries holds them, with `lon` and `lat`.

    Raises
    ------
    InputError
        If the frame is not a GeoDataFrame with a CRS, or two of its columns have the same name.
    """
    table = attributes(frame)
    columns = {str(name): [flat(one) for one in table[name]] for name in table.columns}
    # Of the degrees as they are: a marker for a table, not a measurement.
    centres = np.asarray(shapely.centroid(lonlat(frame)), dtype=object)
    centres[shapely.is_empty(centres)] = None
    for name, coordinate in (("lon", shapely.get_x(centres)), ("lat", shapely.get_y(centres))):
        columns.setdefault(name, [flat(round(float(one), DECIMALS)) for one in coordinate])
    return columns


def csv_rows(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> bytes:
    """Return rows as CSV bytes: UTF-8 with a byte order mark, CRLF, formulas disarmed, None empty.

    Examples
    --------
    >>> csv_rows(["a", "b"], [[1, "@x"], [None, "y"]]).decode("utf-8-sig").splitlines()
    ['a,b', "1,'@x", ',y']
    """
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    for row in ([*header], *rows):
        writer.writerow([guarded(one) if isinstance(one, str) else one for one in row])
    return _BOM + stream.getvalue().encode("utf-8", "replace")


def guarded(text: str) -> str:
    """Return a text that a spreadsheet does not take for a formula.

    Examples
    --------
    >>> guarded("=HYPERLINK(1)"), guarded("바이오")
    ("'=HYPERLINK(1)", '바이오')
    """
    return "'" + text if text.startswith(_FORMULA) else text


def unguarded(text: str) -> str:
    """Return a text as it was before `guarded`.

    Examples
    --------
    >>> unguarded("'=HYPERLINK(1)"), unguarded("'twas")
    ('=HYPERLINK(1)', "'twas")
    """
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def line(text: str) -> str:
    r"""Return a text on one line, without control characters: a cell has neither lines nor bells.

    Examples
    --------
    >>> line("a\nb\x07")
    'a b '
    """
    return "".join(sign if sign.isprintable() or sign == "\u3000" else " " for sign in text)


def json_bytes(content: Mapping[str, Any]) -> bytes:
    """Return compact UTF-8 JSON that ends with a newline; a number JSON does not know is refused, not written."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace") + b"\n"


def cell(value: Any) -> Any:
    """Return a value as JSON knows it: text, number, flag, list or None.

    Examples
    --------
    >>> cell(np.float64("nan")), cell(("a", "b")), cell(dt.date(2025, 2, 25))
    (None, ['a', 'b'], '2025-02-25')
    """
    if isinstance(value, str):
        # A lone surrogate (text from a broken file name) is not UTF-8; a question mark is honest and opens everywhere.
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, Mapping):
        return {str(key): cell(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset, np.ndarray)):
        # A set has no order of its own, and two runs must give the same bytes.
        ordered = sorted(value, key=str) if isinstance(value, (set, frozenset)) else value
        return [cell(one) for one in ordered]
    return _scalar(value)


def flat(value: Any) -> Any:
    """Return a value for a format without lists and flags: lists joined by `;`, `true` and `false` in words.

    Examples
    --------
    >>> flat(["bio", "food"]), flat(True), flat(None)
    ('bio;food', 'true', None)
    """
    plain = cell(value)
    if isinstance(plain, list):
        return ";".join("" if one is None else str(one) for one in plain) or None
    if isinstance(plain, bool):
        return "true" if plain else "false"
    return json.dumps(plain, ensure_ascii=False) if isinstance(plain, dict) else plain


def attributes(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the columns that are not geometries, after checking that the frame can be written.

    Raises
    ------
    InputError
        If it is not a GeoDataFrame with an active geometry and a CRS, or two of its columns have the same name.
    """
    if not isinstance(frame, gpd.GeoDataFrame) or frame.active_geometry_name is None:
        msg = (
            f"Got a {type(frame).__name__} without geometries; expected a GeoDataFrame of sites. "
            "Read it with read_sites, or build it with geopandas.GeoDataFrame(data, geometry=..., crs=...)."
        )
        raise InputError(msg)
    crs.require_crs(frame, what="The frame of sites")
    names = pd.Index([str(name) for name in frame.columns])
    if names.has_duplicates:
        twice = ", ".join(repr(name) for name in names[names.duplicated()].unique())
        msg = f"Two columns are named {twice}; expected different names. Rename one: frame.rename(columns=...)."
        raise InputError(msg)
    shapes = frame.dtypes == "geometry"
    return pd.DataFrame(frame.loc[:, ~shapes.to_numpy()]).set_axis(names[~shapes.to_numpy()], axis=1)


def free_name(name: str, taken: Iterable[str]) -> str:
    """Return a name that no column of the caller's has, whatever the case.

    Examples
    --------
    >>> free_name("geom", ["Geom", "fid"])
    '_geom'
    """
    used = {one.casefold() for one in taken}
    while name in used:
        name = "_" + name
    return name


def lonlat(frame: gpd.GeoDataFrame) -> Any:
    """Return the active geometries in longitude and latitude: shape (n,), shapely objects or None."""
    return np.asarray(crs.to_lonlat(frame.geometry, what="The frame of sites").array, dtype=object)


def geojson_shapes(shapes: Any) -> list[Any]:
    """Return shapes in degrees as GeoJSON: rounded, flat, right-hand rule; None if empty.

    Examples
    --------
    >>> geojson_shapes([shapely.Point(127.12345678, 37), None])
    [{'type': 'Point', 'coordinates': [127.123457, 37.0]}, None]
    """
    flat_shapes = shapely.force_2d(shapes)
    rounded = shapely.transform(flat_shapes, lambda points: np.round(points, DECIMALS))
    # Rounding can fold a sliver onto itself; the precision model mends that, at the same decimals.
    folded = shapely.is_valid(flat_shapes) & ~shapely.is_valid(rounded)
    if folded.any():
        # GEOS divides by coordinates that are all but 0, and what comes of it is right.
        with np.errstate(all="ignore"):
            mended = shapely.set_precision(flat_shapes[folded], 10.0**-DECIMALS)
        mended = shapely.transform(mended, lambda points: np.round(points, DECIMALS))
        # A shape smaller than the grid would vanish: a folded outline still says where it is.
        rounded[folded] = np.where(shapely.is_empty(mended), rounded[folded], mended)
    wound = shapely.orient_polygons(rounded, exterior_cw=False)
    texts = shapely.to_geojson(wound)
    empty = shapely.is_missing(wound) | shapely.is_empty(wound)
    return [None if nothing else json.loads(text) for text, nothing in zip(texts, empty, strict=True)]


def _scalar(value: Any) -> Any:
    """Return a single value as JSON knows it."""
    if pd.isna(value):
        return None
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    return str(value)


def _one_type(values: list[Any], index: pd.Index) -> pd.Series:
    """Return a column of objects that Arrow can write: one type throughout, or else text."""
    kinds = {type(one) for one in values if one is not None}
    if kinds == {list}:
        texts = [None if one is None else [None if part is None else str(part) for part in one] for one in values]
        return pd.Series(texts, index=index, dtype=object)
    if kinds <= {str} or kinds in ({bool}, {int}, {float}):
        return pd.Series(values, index=index, dtype=object)
    return pd.Series([None if one is None else str(flat(one)) for one in values], index=index, dtype=object)
