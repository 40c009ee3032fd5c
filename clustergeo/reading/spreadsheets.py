"""Spreadsheets: sites in CSV and Excel, by coordinates, by geometry as text, or by their address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from clustergeo import crs as crs_room
from clustergeo.errors import InputError
from clustergeo.reading import _columns, vocabulary
from clustergeo.reading._axes import check_rows, check_survey
from clustergeo.reading._columns import column_of
from clustergeo.reading._sheets import EXCEL, cells
from clustergeo.reading._whereabouts import matched
from clustergeo.reading.opening import no_rows, shown, some
from clustergeo.reading.projection import named_crs

if TYPE_CHECKING:
    from pathlib import Path

    import pyproj
    from numpy.typing import NDArray

TABLES = (".csv", *EXCEL)
_SHOWN = 5


def read_table(
    file: Path,
    *,
    crs: Any = None,
    layer: str | None = None,
    encoding: str | None = None,
    name: str | Path | None = None,
    swap_xy: bool | None = None,
    anywhere: bool = False,
) -> tuple[gpd.GeoDataFrame, list[str]]:
    r"""Return the sites of a CSV or Excel file, and what was decided while reading.

    Parameters
    ----------
    file
        `.csv`, `.xlsx` or `.xlsm`, one line of headers. Columns of longitude and latitude (`lon`/`lat`, `경도`/`위도`,
        or `x`/`y` with `crs`), a geometry as WKT or hexadecimal WKB, or a place: an address (`소재지`, `주소`), the
        names of province, municipality and locality (`시도`, `시군구`, `읍면동`), a legal-dong code or a PNU.
    crs
        Of the coordinates; EPSG:4326 by default.
    layer
        The sheet of a workbook of several.
    encoding
        Of a CSV; by default UTF-8, or cp949 where it is not.
    name
        How to name the file in messages; its path by default.
    swap_xy
        As for `read_sites`; the coordinates are returned as they are written.
    anywhere
        Whether to read coordinates that cannot be right.

    Returns
    -------
    geopandas.GeoDataFrame, list
        All columns kept but the coordinates. A row without coordinates whose place is known has `within`, the area that
        certainly contains it, and the columns `address_status`, `address_candidates`, `address_assumed` and
        `address_assumed_ko`. `area_km2` is made from a column of areas with a unit, `name_ko` and `sectors` from
        columns of names and industries.

    Raises
    ------
    InputError
        The table cannot be read rightly; with line and cure.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "sites.csv"
    >>> _ = path.write_text("이름,소재지,면적(평)\n가,경기도 용인시 처인구 남사읍 완장리,121\n", encoding="utf-8")
    >>> sites, report = read_table(path)
    >>> sites["address_status"].tolist(), sites["area_km2"].tolist()
    (['exact'], [0.0004])
    """
    name = file if name is None else name
    table, told = cells(file, layer, encoding, name)
    if table.empty:
        raise no_rows(name)
    shapes, used, nowhere = _shapes(table, name)
    if not anywhere:
        table, shapes, totals = _without_totals(table, shapes, name)
        told += totals
    plane, labelled = _plane(shapes, crs, name)
    if shapes is not None and not anywhere:
        if len(used) > 1:
            check_survey((used[0], used[1]), shapely.get_coordinates(shapes), plane, path=name, swap_xy=swap_xy)
        seen = shapely.transform(shapes, lambda points: points[:, ::-1]) if swap_xy else shapes
        check_rows(seen, plane, [f"line {line}" for line in table.index], path=name, swap_xy=swap_xy)
    found = matched(table, shapes)
    if found is None:
        raise _placeless(table, name)
    added, said = found
    if shapes is None:
        shapes = np.full(len(table), None, dtype=object)
    columns = {name: _inferred(table[name]) for name in table.columns if name not in used}
    made, decided = _house_columns(table, what=shown(name))
    for column, values in (made | added).items():
        columns.setdefault(column, values)
    decided += _unknown_areas(columns, table)
    frame = pd.DataFrame({name: pd.Series(values, index=table.index) for name, values in columns.items()})
    out = gpd.GeoDataFrame(frame.reset_index(drop=True), geometry=shapes, crs=plane)
    if "within" in added:
        out["within"] = added["within"].set_axis(out.index)
    return out, [*told, *labelled, *nowhere, *decided, *said]


def _without_totals(
    table: pd.DataFrame, shapes: NDArray[np.object_] | None, source: str | Path
) -> tuple[pd.DataFrame, NDArray[np.object_] | None, list[str]]:
    """Return the rows that are no totals of others, their geometries, and what is told of those set aside.

    A row with a position is a site whatever it is called.
    """
    bare = np.ones(len(table), dtype=bool) if shapes is None else shapely.is_missing(shapes)
    words = {row: word for row in np.flatnonzero(bare) if (word := _columns.total_of(table.iloc[row]))}
    if not words:
        return table, shapes, []
    kept = ~np.isin(np.arange(len(table)), list(words))
    if not kept.any():
        raise no_rows(source)
    rows = some(f"line {table.index[row]} ({word})" for row, word in words.items())
    told = f"{rows} adds up other rows and was set aside; if it is a site, give it a position or another name"
    return table[kept], None if shapes is None else shapes[kept], [told]


def _shapes(table: pd.DataFrame, source: str | Path) -> tuple[NDArray[np.object_] | None, tuple[str, ...], list[str]]:
    """Return the geometries of the rows, None where no column holds any; the columns that gave them; what is told."""
    x, y = (_only(table, names, source) for names in (_columns.LONGITUDE, _columns.LATITUDE))
    if x is not None and y is not None:
        points, told = _points(table, x, y, source)
        return points, (x, y), told
    for names, read in ((_columns.WKT, shapely.from_wkt), (_columns.WKB, shapely.from_wkb)):
        name = column_of(table, names)
        if name is not None:
            return _parsed(table[name], read, source), (name,), []
    return None, (), []


def _only(table: pd.DataFrame, names: tuple[str, ...], source: str | Path) -> str | None:
    """Return the column of one of these names; refuse several that only their notes part: 경도(도), 경도(분)."""
    found = _columns.columns_of(table, names)
    noted = [name for name in found if _columns.unnoted(name) == _columns.unnoted(found[0])]
    if len(noted) > 1 and _columns.header(found[0]) not in names:
        msg = (
            f"{shown(source)} has several columns of one coordinate: {', '.join(map(repr, noted))}. Keep one, in "
            "decimal degrees or in metres, and rename the others."
        )
        raise InputError(msg)
    return found[0] if found else None


def _plane(shapes: NDArray[np.object_] | None, asked: Any, source: str | Path) -> tuple[pyproj.CRS, list[str]]:
    """Return the CRS of the coordinates: as asked, as the geometries themselves say (EWKB), or EPSG:4326."""
    held = [] if shapes is None else shapely.get_srid(shapes[~shapely.is_missing(shapes)]).tolist()
    codes = sorted({code for code in held if code > 0})
    plane = named_crs(asked or (f"EPSG:{codes[0]}" if len(codes) == 1 else crs_room.LONLAT))
    if codes and (len(codes) > 1 or plane != named_crs(f"EPSG:{codes[0]}")):
        said = ", ".join(f"EPSG:{code}" for code in codes)
        msg = f"{shown(source)} holds geometries that say {said}, not {plane.to_string()}. Let them agree."
        raise InputError(msg)
    return plane, [f"the geometries say EPSG:{codes[0]}"] if codes and asked is None else []


def _points(table: pd.DataFrame, x: str, y: str, source: str | Path) -> tuple[NDArray[np.object_], list[str]]:
    """Return the positions of the rows, and which of them are 0 and 0: how tables write one that is not known."""
    lon, lat = (pd.to_numeric(table[name].str.strip(), errors="coerce").to_numpy(dtype=float) for name in (x, y))
    empty = (table[x].str.strip() == "") & (table[y].str.strip() == "")
    known = np.isfinite(lon) & np.isfinite(lat)
    bad = [
        f"line {table.index[row]}: {x}={table[x].iloc[row]!r}, {y}={table[y].iloc[row]!r}"
        for row in np.flatnonzero(~known & ~empty)
    ]
    if bad:
        msg = f"{shown(source)} has positions that are no two numbers:\n- " + "\n- ".join(bad[:_SHOWN])
        msg += "\nWrite each as one number with a point, such as 127.25, or leave both empty."
        raise InputError(msg)
    zero = known & (lon == 0) & (lat == 0)
    known &= ~zero
    told = [f"{x} and {y} are 0 in line {some(table.index[zero])}: read as no position"] if zero.any() else []
    points = np.full(len(table), None, dtype=object)
    points[known] = shapely.points(lon[known], lat[known])
    return points, told


def _parsed(texts: pd.Series, read: Any, source: str | Path) -> NDArray[np.object_]:
    """Return the geometries written in a column, as WKT or as hexadecimal WKB, whichever its name says."""
    texts = texts.str.strip()
    # A column called `geometry` may hold either.
    hexadecimal = texts.str.fullmatch(r"(?:[0-9A-Fa-f]{2}){9,}").to_numpy(dtype=bool)
    shapes, bad = np.full(len(texts), None, dtype=object), []
    for row, (line, text) in enumerate(texts.items()):
        if not text:
            continue
        try:
            shapes[row] = shapely.from_wkb(text) if hexadecimal[row] else read(text)
        except (shapely.errors.GEOSException, ValueError) as error:
            bad.append(f"line {line}: {text[:40]!r}, {str(error).splitlines()[0]}")
    if bad:
        msg = f"{shown(source)}, column {texts.name!r} holds no geometries (WKT or hexadecimal WKB):\n- "
        raise InputError(msg + "\n- ".join(bad[:_SHOWN]) + "\nWrite for example POLYGON ((127 37, ...)).")
    return shapes


def _house_columns(table: pd.DataFrame, *, what: str) -> tuple[dict[str, Any], list[str]]:
    """Return the columns of the house that a spreadsheet's own give, and what was decided."""
    out: dict[str, Any] = {}
    values, told = _columns.areas(table, what=what)
    if values is not None:
        out["area_km2"] = values
    codes, said = _columns.sectors(table)
    if codes is not None:
        out["sectors"] = codes
    name = column_of(table, _columns.NAMES)
    if name is not None and column_of(table, ("name_ko",)) is None:
        out["name_ko"] = table[name].where(table[name] != "", None)
    return out, [*told, *said]


def _unknown_areas(columns: dict[str, Any], table: pd.DataFrame) -> list[str]:
    """Make an area of 0 in the house's own column unknown, and return what is told of it."""
    if "area_km2" not in table.columns or not pd.api.types.is_numeric_dtype(columns["area_km2"]):
        return []
    nothing = columns["area_km2"] == 0
    columns["area_km2"] = columns["area_km2"].mask(nothing)
    return [_columns.no_area("area_km2", [str(line) for line in table.index[nothing]])] if nothing.any() else []


def _placeless(table: pd.DataFrame, source: str | Path) -> InputError:
    """Return the refusal of a table that says of no row where it is."""
    return InputError(
        f"{shown(source)} has no geometry: it needs a longitude and a latitude column (for example lon and lat, or "
        "경도 and 위도), a geometry as WKT, or an address (소재지), 시군구, 법정동코드 or PNU. "
        f"Its columns are {', '.join(map(str, table.columns))}."
    )


def _inferred(column: pd.Series) -> pd.Series:
    """Return numbers where every value is one and nothing is lost; codes, also long ones, stay text."""
    if column.name == "site_id":
        return column
    if vocabulary.code_columns(column.to_frame()):
        return column.where(column != "", None)
    filled = column[column != ""]
    plain = filled.str.fullmatch(r"-?(0|[1-9]\d{0,14})(\.\d+)?")
    if len(filled) and plain.all():
        return pd.to_numeric(column.where(column != "", None))
    return column.where(column != "", None)
