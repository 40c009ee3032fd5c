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
from clustergeo.reading._axes import check_rows, check_survey
from clustergeo.reading._columns import column_of
from clustergeo.reading._sheets import EXCEL, cells
from clustergeo.reading.opening import no_rows, shown
from clustergeo.reading.projection import named_crs

if TYPE_CHECKING:
    from pathlib import Path

    import pyproj
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
    shapes, used, nowhere = _shapes(table, name)
    plane, labelled = _plane(shapes, crs, name)
    if shapes is not None and not anywhere:
        if len(used) > 1:
            check_survey((used[0], used[1]), shapely.get_coordinates(shapes), plane, path=name, swap_xy=swap_xy)
        seen = shapely.transform(shapes, lambda points: points[:, ::-1]) if swap_xy else shapes
        check_rows(seen, plane, [f"line {line}" for line in table.index], path=name, swap_xy=swap_xy)
    added, said = _matched(table, shapes, name)
    if shapes is None:
        shapes = np.full(len(table), None, dtype=object)
    columns = {name: _inferred(table[name]) for name in table.columns if name not in used}
    made, decided = _house_columns(table, what=shown(name))
    for column, values in (made | added).items():
        columns.setdefault(column, values)
    if "area_km2" in table.columns and pd.api.types.is_numeric_dtype(columns["area_km2"]):
        nothing = columns["area_km2"] == 0
        if nothing.any():
            columns["area_km2"] = columns["area_km2"].mask(nothing)
            decided.append(_columns.no_area("area_km2", [str(line) for line in table.index[nothing]]))
    frame = pd.DataFrame({name: pd.Series(values, index=table.index) for name, values in columns.items()})
    out = gpd.GeoDataFrame(frame.reset_index(drop=True), geometry=shapes, crs=plane)
    if "within" in added:
        out["within"] = added["within"].set_axis(out.index)
    return out, [*told, *labelled, *nowhere, *decided, *said]


def _shapes(table: pd.DataFrame, source: str | Path) -> tuple[NDArray[np.object_] | None, tuple[str, ...], list[str]]:
    """Return the geometries of the rows, None where no column holds any; the columns that gave them; what is told."""
    x, y = column_of(table, _columns.LONGITUDE), column_of(table, _columns.LATITUDE)
    if x is not None and y is not None:
        points, told = _points(table, x, y, source)
        return points, (x, y), told
    for names, read in ((_columns.WKT, shapely.from_wkt), (_columns.WKB, shapely.from_wkb)):
        name = column_of(table, names)
        if name is not None:
            return _parsed(table[name], read, source), (name,), []
    return None, (), []


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
        raise InputError(msg)
    zero = known & (lon == 0) & (lat == 0)
    known &= ~zero
    told = [f"{x} and {y} are 0 in line {_some(table.index[zero])}: read as no position"] if zero.any() else []
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


def _matched(
    table: pd.DataFrame, shapes: NDArray[np.object_] | None, source: str | Path
) -> tuple[dict[str, pd.Series], list[str]]:
    """Return what is known of the rows without coordinates by their place: columns to add, and what was decided."""
    texts, used = _texts(table)
    if not used:
        if shapes is None:
            raise _placeless(table, source)
        lines = table.index[shapely.is_missing(shapes)]
        told = f"{len(lines)} of {len(table)} rows have no position (line {_some(lines)}): where they lie is not known"
        return {}, [told] if len(lines) else []
    open_rows = np.ones(len(table), dtype=bool) if shapes is None else shapely.is_missing(shapes)
    if not open_rows.any():
        return {}, []
    dong: addresses.Dong = "administrative" if _administrative(table) else "legal"
    matches = [(label, whole, addresses.match_addresses(text[open_rows], dong=dong)) for label, whole, text in texts]
    found = _agreed(matches)
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
        out.append(
            f"nothing is known of the place in line {_some(lost)}; write province, municipality and eup, myeon or dong"
        )
    return out


def _some(lines: pd.Index) -> str:
    """Return the first of some lines."""
    more = f" and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    return ", ".join(str(line) for line in lines[:_SHOWN]) + more


def _agreed(matches: list[tuple[str, bool, pd.DataFrame]]) -> pd.DataFrame:
    """Return for each row the match that proves most, the first of equals; unknown where the columns contradict.

    Each match is that of a column or of columns together, named by its label; of several of one label those that are
    not whole add to it what stands in other columns.
    """
    best = matches[0][2].copy()
    for _, _, other in matches[1:]:
        better = other["status"].map(_RANK).fillna(len(_RANK)) < best["status"].map(_RANK).fillna(len(_RANK))
        best = best.where(~better, other)
    whole = [(label, match.to_dict("records")) for label, own, match in matches if own]
    added = [(label, match["status"].tolist()) for label, own, match in matches if not own]
    for row in range(len(best)):
        rows = [(label, records[row]) for label, records in whole]
        told = _contradiction(rows) or next(
            (
                (one["candidates"], one["assumed"])
                for label, one in rows
                if one["status"] == addresses.UNKNOWN
                and isinstance(one["assumed"], str)
                and all(statuses[row] == addresses.UNKNOWN for other, statuses in added if other == label)
            ),
            None,
        )
        if told is not None:
            candidates, assumed = told
            best.iloc[row] = {
                **dict.fromkeys(best.columns),
                "text": best["text"].iloc[row],
                "status": addresses.UNKNOWN,
                "candidates": candidates,
                "assumed": assumed,
            }
    return best


def _contradiction(rows: list[tuple[str, dict[str, Any]]]) -> tuple[str, str] | None:
    """Return the candidates and the sentence of two columns that say different places, None where none do."""
    known = [(label, row) for label, row in rows if isinstance(row["codes_kostat"], str)]
    for at, (label, row) in enumerate(known):
        for other, against in known[at + 1 :]:
            if not (_fits(row, against) and _fits(against, row)):
                names = ["; ".join(addresses.named(one["codes_kostat"].split(";"))) for one in (row, against)]
                told = (
                    f"{label!r} says {names[0]}, {other!r} says {names[1]}: they contradict each other, none is taken"
                )
                return "; ".join(names), told
    return None


def _fits(row: dict[str, Any], against: dict[str, Any]) -> bool:
    """Say whether a place, or each of several that an address names, can be where another is."""
    codes, others = row["codes_kostat"].split(";"), against["codes_kostat"].split(";")
    fits = [
        any(_gazetteer.lies_in(code, other) or _gazetteer.lies_in(other, code) for other in others) for code in codes
    ]
    return all(fits) if addresses.TOGETHER in str(row["assumed"]) else any(fits)


def _administrative(table: pd.DataFrame) -> bool:
    """Say whether the dongs of a table are administrative ones: it names those and has no address of lots."""
    return column_of(table, _columns.ADMINISTRATIVE) is not None and column_of(table, _columns.ADDRESS) is None


def _texts(table: pd.DataFrame) -> tuple[list[tuple[str, bool, pd.Series]], list[str]]:
    """Return the texts that say where each row is, those to be asked first first, and the columns they are made of.

    Each has the name of its column and whether it is that alone.
    """
    written = _columns.columns_of(table, _columns.ADDRESS)
    parts = [column_of(table, names) for names in _columns.PARTS]
    if parts[2] is None:
        parts[2] = column_of(table, _columns.ADMINISTRATIVE)
    named = [name for name in parts if name is not None]
    code = column_of(table, _columns.CODES)
    texts = [(name, True, table[name]) for name in written]
    if named:
        # An address that leaves out what stands in columns of its own: 시도, 시군구.
        before = [name for name in parts[:2] if name is not None]
        texts += [(name, False, _joined(table, [*before, name])) for name in written]
        texts.append((", ".join(named), True, _joined(table, named)))
    if code is not None:
        province = _province_names(table[code])
        texts += [(label, False, (province + " " + text).str.strip()) for label, _, text in texts]
        texts.append((code, True, province))
    return texts, [*written, *named, *([code] if code is not None else [])]


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
