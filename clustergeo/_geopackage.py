"""A frame of sites as the bytes of a GeoPackage that QGIS opens coloured."""

from __future__ import annotations

import contextlib
import io
import sqlite3
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from clustergeo._crate import run_time
from clustergeo._formats import attributes, cell, flat, free_name
from clustergeo._qgis import add_styles, sites_style, within_style
from clustergeo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

SITES = "sites"
# Where SQLite counts changes, in four bytes each: as many as the transactions that GDAL happened to need.
COUNTERS = (24, 92)
_LARGEST = 2**63 - 1  # of a whole number in SQLite
WITHIN = "within"

_REGISTERS = ("gpkg_contents", "gpkg_geometry_columns", "gpkg_ogr_contents")


def gpkg_bytes(frame: gpd.GeoDataFrame) -> bytes:
    """Return a frame as a GeoPackage with its styles inside.

    Parameters
    ----------
    frame
        Sites with a CRS. The active geometry becomes the layer `sites`, a geometry column `within` the layer `within`;
        any further geometry column is left out.

    Returns
    -------
    bytes
        The file. Lists are joined by `;`, flags stay flags, and `layer_styles` holds a default style a layer: sites by
        the colour of their first sector, with dashes where the footprint is not measured. With `SOURCE_DATE_EPOCH` set
        the same frame gives the same bytes.

    Raises
    ------
    InputError
        If the frame is not a GeoDataFrame with a CRS, or two columns have the same name but for upper and lower case.

    Examples
    --------
    >>> import shapely
    >>> sites = gpd.GeoDataFrame({"site_id": ["a"]}, geometry=[shapely.Point(127, 37)], crs="EPSG:4326")
    >>> gpkg_bytes(sites)[:15]
    b'SQLite format 3'
    """
    table = attributes(frame)
    check_cases(table.columns)
    geometry_name = free_name("geom", table.columns)
    sites = gpd.GeoDataFrame(_columns(table), geometry=frame.geometry.to_numpy(), crs=frame.crs)
    file = _layer_bytes(sites, SITES, geometry_name=geometry_name, fid=free_name("fid", table.columns))
    styles = [(SITES, geometry_name, _style(table, frame.geometry))]
    second = b""
    if WITHIN in frame.columns and WITHIN not in table.columns and frame.active_geometry_name != WITHIN:
        named = _columns(table[[name for name in ("site_id", "name_ko", "name_en") if name in table.columns]])
        areas = gpd.GeoDataFrame(named, geometry=frame[WITHIN].to_numpy(), crs=frame[WITHIN].crs or frame.crs)
        areas = areas[areas.geometry.notna().to_numpy()]
        # Without an index, because its triggers cannot be carried over; the areas are as few as the sites.
        second = _layer_bytes(areas, WITHIN, geometry_name="geom", fid="fid", indexed=False)
        styles.append((WITHIN, "geom", within_style()))
    return _joined(file, second, styles, moment=run_time().replace("Z", ".000Z"))


def _columns(table: pd.DataFrame) -> pd.DataFrame:
    """Return the columns in types that GDAL writes: lists and mixed objects as text."""
    out = {}
    for name in table.columns:
        column = table[name].reset_index(drop=True)
        plain = pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column)
        too_large = column.dtype == "uint64" and bool((column > _LARGEST).any())
        kept = plain and not too_large and not pd.api.types.is_complex_dtype(column)
        # GDAL has no half-precision numbers.
        kept_column = column.astype("float64") if column.dtype == "float16" else column
        out[name] = kept_column if kept else _text_or_flag(column)
    return pd.DataFrame(out, index=pd.RangeIndex(len(table)))


def _text_or_flag(column: pd.Series) -> pd.Series:
    """Return a column of objects as flags if it holds nothing else, otherwise as text."""
    values = [cell(one) for one in column]
    if (
        values
        and all(isinstance(one, bool) or one is None for one in values)
        and any(one is not None for one in values)
    ):
        return pd.Series(values, dtype="boolean")
    texts = [flat(one) for one in values]
    return pd.Series([None if one is None else str(one) for one in texts], dtype=object)


def _layer_bytes(frame: gpd.GeoDataFrame, layer: str, *, geometry_name: str, fid: str, indexed: bool = True) -> bytes:
    """Return a GeoPackage of one layer."""
    # Imported late: it loads GDAL, and a folder of GeoJSON needs none of it.
    import pyogrio  # noqa: PLC0415

    # Heights say nothing of where a site lies, and GDAL would declare the whole layer three-dimensional.
    flat_frame = frame.set_geometry(frame.geometry.force_2d())
    kinds = set(frame.geometry.geom_type.dropna())
    polygons = bool(kinds) and kinds <= {"Polygon", "MultiPolygon"}
    stream = io.BytesIO()
    pyogrio.write_dataframe(
        flat_frame,
        stream,
        driver="GPKG",
        layer=layer,
        # A mixture of kinds, or no shape at all, has no single type to declare.
        geometry_type="MultiPolygon" if polygons else "Point" if kinds == {"Point"} else "Unknown",
        promote_to_multi=polygons,
        layer_options={"GEOMETRY_NAME": geometry_name, "FID": fid, "SPATIAL_INDEX": "YES" if indexed else "NO"},
    )
    return stream.getvalue()


def _joined(file: bytes, second: bytes, styles: Iterable[tuple[str, str, str]], *, moment: str) -> bytes:
    """Return the first file with the layer of the second, the styles and the time of the run in it."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as base:
        base.deserialize(file)
        if second:
            base.execute("ATTACH ':memory:' AS other")
            base.deserialize(second, name="other")
            _carry(base)
            base.execute("DETACH other")
        add_styles(base, styles, moment=moment)
        base.execute("UPDATE gpkg_contents SET last_change = ?", (moment,))
        # Pages are laid out anew, because GDAL leaves them in an order that differs from run to run.
        base.execute("VACUUM")
        return _counted(bytes(base.serialize()))


def _counted(file: bytes) -> bytes:
    """Return the file with its change counters at 1."""
    (first, second), count = COUNTERS, (1).to_bytes(4, "big")
    return file[:first] + count + file[first + 4 : second] + count + file[second + 4 :]


def _carry(base: sqlite3.Connection) -> None:
    """Copy the layer `within` of the attached file: its table, rows, registers and triggers."""
    made = base.execute(
        "SELECT sql FROM other.sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL ORDER BY type = 'trigger', name",
        (WITHIN,),
    ).fetchall()
    base.execute(made[0][0])
    base.execute("INSERT OR IGNORE INTO main.gpkg_spatial_ref_sys SELECT * FROM other.gpkg_spatial_ref_sys")
    base.execute(f'INSERT INTO main."{WITHIN}" SELECT * FROM other."{WITHIN}"')  # noqa: S608 - a constant
    for register in _REGISTERS:
        base.execute(
            f"INSERT INTO main.{register} SELECT * FROM other.{register} WHERE table_name = ?",  # noqa: S608 - constants
            (WITHIN,),
        )
    # After the rows: the triggers count them, and the count came with the registers.
    for (sql,) in made[1:]:
        base.execute(sql)


def check_cases(names: Iterable[str]) -> None:
    """Refuse names that differ only by case: SQLite holds them for one."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            msg = (
                f"The columns {other!r} and {name!r} are one name in a GeoPackage; expected names that differ by more "
                "than case. Rename one: frame.rename(columns=...), or export another format."
            )
            raise InputError(msg)


def _style(table: pd.DataFrame, geometry: gpd.GeoSeries) -> str:
    """Return the style of a frame of sites."""
    lists = [cell(one) for one in table["sectors"]] if "sectors" in table.columns else []
    firsts = [one[0] if isinstance(one, list) and one else None for one in lists]
    firsts += [one.split(";")[0] for one in lists if isinstance(one, str)]
    codes = [str(code) for code in firsts if code] if "sectors" in table.columns else None
    points = bool(geometry.geom_type.dropna().str.endswith("Point").all()) and len(geometry) > 0
    return sites_style(codes, points=points, dashed="footprint_basis" in table.columns)
