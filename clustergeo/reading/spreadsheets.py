"""Spreadsheets: sites in CSV and Excel, by coordinates, by geometry as text, or by their address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from clustergeo import crs as crs_room
from clustergeo.datasets import BOUNDARY_VINTAGE
from clustergeo.errors import InputError
from clustergeo.reading import _columns, _gazetteer, addresses, vocabulary
from clustergeo.reading._columns import column_of
from clustergeo.reading._sheets import EXCEL, cells
from clustergeo.reading.opening import no_rows, shown
from clustergeo.reading.projection import named_crs

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

TABLES = (".csv", *EXCEL)
_SHOWN = 5
_RANK = {addresses.EXACT: 0, addresses.MUNICIPALITY: 1, addresses.AMBIGUOUS: 2, addresses.PROVINCE: 3}


def read_table(
    file: Path,
    *,
    crs: Any = None,
    layer: str | None = None,
    encoding: str | None = None,
    name: str | Path | None = None,
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

    Returns
    -------
    geopandas.GeoDataFrame, list
        All columns kept but the coordinates. A row without coordinates whose place is known has `within`, the area that
        certainly contains it, and the columns `address_status`, `address_candidates`, `address_assumed`. `area_km2` is
        made from a column of areas with a unit, `name_ko` and `sectors` from columns of names and industries.

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
    plane = named_crs(crs or crs_room.LONLAT)
    shapes, used = _shapes(table, name)
    added, said = _matched(table, shapes, name)
    if shapes is None:
        shapes = np.full(len(table), None, dtype=object)
    columns = {name: _inferred(table[name]) for name in table.columns if name not in used}
    made, decided = _house_columns(table, what=shown(name))
    for column, values in (made | added).items():
        columns.setdefault(column, values)
    frame = pd.DataFrame({name: pd.Series(values, index=table.index) for name, values in columns.items()})
    out = gpd.GeoDataFrame(frame.reset_index(drop=True), geometry=shapes, crs=plane)
    if "within" in added:
        out["within"] = added["within"].set_axis(out.index)
    return out, [*told, *decided, *said]


def _shapes(table: pd.DataFrame, source: str | Path) -> tuple[NDArray[np.object_] | None, tuple[str, ...]]:
    """Return the geometries of the rows and the columns that gave them; None where no column holds any."""
    x, y = column_of(table, _columns.LONGITUDE), column_of(table, _columns.LATITUDE)
    if x is not None and y is not None:
        return _points(table, x, y, source), (x, y)
    for names, read in ((_columns.WKT, shapely.from_wkt), (_columns.WKB, shapely.from_wkb)):
        name = column_of(table, names)
        if name is not None:
            return _parsed(table[name], read, source), (name,)
    return None, ()


def _points(table: pd.DataFrame, x: str, y: str, source: str | Path) -> NDArray[np.object_]:
    """Return the positions of the rows."""
    lon, lat = (pd.to_numeric(table[name].str.strip(), errors="coerce").to_numpy(dtype=float) for name in (x, y))
    empty = (table[x].str.strip() == "") & (table[y].str.strip() == "")
    known = np.isfinite(lon) & np.isfinite(lat)
    bad = [
        f"line {table.index[row]}: {x}={table[x].iloc[row]!r}, {y}={table[y].iloc[row]!r}"
        for row in np.flatnonzero(~known & ~empty)
    ]
    if bad:
        msg = f"{shown(source)} has positions that are no two numbers:\n- " + "\n- ".join(bad[:_SHOWN])
        raise InputError(msg)
    points = np.full(len(table), None, dtype=object)
    points[known] = shapely.points(lon[known], lat[known])
    return points


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


def _matched(
    table: pd.DataFrame, shapes: NDArray[np.object_] | None, source: str | Path
) -> tuple[dict[str, pd.Series], list[str]]:
    """Return what is known of the rows without coordinates by their place: columns to add, and what was decided."""
    texts, used = _texts(table)
    if not used:
        if shapes is None:
            raise _placeless(table, source)
        return {}, []
    open_rows = np.ones(len(table), dtype=bool) if shapes is None else shapely.is_missing(shapes)
    if not open_rows.any():
        return {}, []
    dong: addresses.Dong = "administrative" if _administrative(table) else "legal"
    found = _best([addresses.match_addresses(text[open_rows], dong=dong) for text in texts])
    codes = pd.Series(None, index=table.index, dtype=object)
    codes[open_rows] = found["codes_kostat"]
    within = _gazetteer.areas_of(codes)
    status = pd.Series(None, index=table.index, dtype=object)
    status[open_rows] = found["status"]
    out = {"within": within, "address_status": status}
    for column, name in (("address_candidates", "candidates"), ("address_assumed", "assumed")):
        out[column] = found[name].reindex(table.index)
    # Known by area and by what contains it: law 6 needs no position.
    out["footprint_basis"] = pd.Series(["disc" if one else None for one in open_rows], index=table.index, dtype=object)
    return out, _said(found, used, int(open_rows.sum()), len(table))


def _said(found: pd.DataFrame, used: list[str], number: int, rows: int) -> list[str]:
    """Return the sentences on the rows that were matched by their place."""
    counts = found["status"].value_counts()
    told = ", ".join(f"{counts[status]} {status}" for status in (*_RANK, addresses.UNKNOWN) if status in counts)
    first = (
        f"{number} of {rows} rows have no coordinates; their place is known from {', '.join(map(repr, used))} and the "
        f"boundaries of {BOUNDARY_VINTAGE} ({told}): `within` is the area that contains each, see address_status"
    )
    lost = found.index[found["status"] == addresses.UNKNOWN]
    out = [first]
    if len(lost):
        lines = ", ".join(str(line) for line in lost[:_SHOWN])
        more = f" and {len(lost) - _SHOWN} more" if len(lost) > _SHOWN else ""
        out.append(
            f"nothing is known of the place in line {lines}{more}; write province, municipality and eup, myeon or dong"
        )
    return out


def _best(candidates: list[pd.DataFrame]) -> pd.DataFrame:
    """Return for each row the match that proves most, the first of equals."""
    best = candidates[0]
    for other in candidates[1:]:
        better = other["status"].map(_RANK).fillna(len(_RANK)) < best["status"].map(_RANK).fillna(len(_RANK))
        best = best.where(~better, other)
    return best


def _administrative(table: pd.DataFrame) -> bool:
    """Say whether the dongs of a table are administrative ones: it names those and has no address of lots."""
    return column_of(table, _columns.ADMINISTRATIVE) is not None and column_of(table, _columns.ADDRESS) is None


def _texts(table: pd.DataFrame) -> tuple[list[pd.Series], list[str]]:
    """Return the texts that say where each row is, those to be asked first first, and the columns they are made of."""
    address = column_of(table, _columns.ADDRESS)
    parts = [column_of(table, names) for names in _columns.PARTS]
    if parts[2] is None:
        parts[2] = column_of(table, _columns.ADMINISTRATIVE)
    named = [name for name in parts if name is not None]
    code = column_of(table, _columns.CODES)
    texts: list[pd.Series] = []
    if address is not None:
        texts.append(table[address])
        if named:
            # An address that leaves out what stands in columns of its own: 시도, 시군구.
            texts.append(_joined(table, [*[name for name in parts[:2] if name is not None], address]))
    if named:
        texts.append(_joined(table, named))
    if code is not None:
        province = _province_names(table[code])
        texts += [(province + " " + text).str.strip() for text in texts]
        texts.append(province)
    return texts, [name for name in (address, *named, code) if name is not None]


def _joined(table: pd.DataFrame, names: list[str]) -> pd.Series:
    """Return columns joined by a space."""
    out = table[names[0]]
    for name in names[1:]:
        out = out + " " + table[name]
    return out.str.strip()


def _province_names(codes: pd.Series) -> pd.Series:
    """Return the name of the province that a legal-dong code or a PNU begins with; empty where it is not valid."""
    known = _gazetteer.provinces_by_code()
    parcels = str(codes.name).strip().lower() in vocabulary.PNU_NAMES
    fine = (
        vocabulary.decode_pnu(codes)["valid"]
        if parcels
        else pd.Series([vocabulary.legal_code_problem(code) is None for code in codes], index=codes.index)
    )
    heads = codes.str.strip().str[:2]
    return heads.map(known).where(fine, "").fillna("")


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
