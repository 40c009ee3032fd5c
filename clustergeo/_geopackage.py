"""A frame of sites as the bytes of a GeoPackage that QGIS opens coloured."""

from __future__ import annotations

import contextlib
import io
import sqlite3
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from clustergeo import labels
from clustergeo._crate import run_time
from clustergeo._formats import attributes, cell, flat
from clustergeo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

SITES = "sites"
_LARGEST = 2**63 - 1  # of a whole number in SQLite
WITHIN = "within"

# The table QGIS itself makes when a style is stored in a GeoPackage.
_STYLES = """
CREATE TABLE "layer_styles" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "f_table_catalog" TEXT(256), "f_table_schema" TEXT(256), "f_table_name" TEXT(256), "f_geometry_column" TEXT(256),
    "styleName" TEXT(30), "styleQML" TEXT, "styleSLD" TEXT, "useAsDefault" BOOLEAN, "description" TEXT,
    "owner" TEXT(30), "ui" TEXT(30), "update_time" DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now'))
)
"""

_REGISTERS = ("gpkg_contents", "gpkg_geometry_columns", "gpkg_ogr_contents")

# The sites of several sectors take the colour of the first, as on the map.
_FIRST_SECTOR = "array_first(string_to_array(\"sectors\", ';'))"

# Only a measured boundary is evidence: every other outline is drawn with dashes.
_OUTLINE = "if(coalesce(\"footprint_basis\", 'measured') = 'measured', 'solid', 'dash')"


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
    _check_cases(table.columns)
    geometry_name = _free("geom", table.columns)
    sites = gpd.GeoDataFrame(_columns(table), geometry=frame.geometry.to_numpy(), crs=frame.crs)
    file = _layer_bytes(sites, SITES, geometry_name=geometry_name, fid=_free("fid", table.columns))
    styles = [(SITES, geometry_name, _sites_style(table, frame.geometry))]
    second = b""
    if WITHIN in frame.columns and WITHIN not in table.columns and frame.active_geometry_name != WITHIN:
        named = _columns(table[[name for name in ("site_id", "name_ko", "name_en") if name in table.columns]])
        areas = gpd.GeoDataFrame(named, geometry=frame[WITHIN].to_numpy(), crs=frame[WITHIN].crs or frame.crs)
        areas = areas[areas.geometry.notna().to_numpy()]
        # Without an index, because its triggers cannot be carried over; the areas are as few as the sites.
        second = _layer_bytes(areas, WITHIN, geometry_name="geom", fid="fid", indexed=False)
        styles.append((WITHIN, "geom", _within_style()))
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
        base.execute(_STYLES)
        base.executemany(
            'INSERT INTO "layer_styles" ("f_table_catalog", "f_table_schema", "f_table_name", "f_geometry_column", '
            '"styleName", "styleQML", "styleSLD", "useAsDefault", "description", "owner", "ui", "update_time") '
            "VALUES ('', '', ?, ?, 'clustergeo', ?, '', 1, '', '', NULL, ?)",
            [(layer, geometry, style, moment) for layer, geometry, style in styles],
        )
        base.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id) "
            "VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?, 0)",
            (moment,),
        )
        base.execute("UPDATE gpkg_contents SET last_change = ?", (moment,))
        # Pages are laid out anew, because GDAL leaves them in an order that differs from run to run.
        base.execute("VACUUM")
        return _counted(bytes(base.serialize()))


def _counted(file: bytes) -> bytes:
    """Return the file with its two change counters at 1: they count the transactions that GDAL happened to need."""
    first, second, count = 24, 92, (1).to_bytes(4, "big")
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


def _check_cases(names: Iterable[str]) -> None:
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


def _free(name: str, taken: Iterable[str]) -> str:
    """Return a name that no column of the caller's has."""
    used = {one.casefold() for one in taken}
    while name in used:
        name = "_" + name
    return name


def _sites_style(table: pd.DataFrame, geometry: gpd.GeoSeries) -> str:
    """Return the QML of the sites: a category a first sector, in the order of the frame, and one for the rest."""
    lists = [cell(one) for one in table["sectors"]] if "sectors" in table.columns else []
    firsts = [one[0] if isinstance(one, list) and one else None for one in lists]
    firsts += [one.split(";")[0] for one in lists if isinstance(one, str)]
    codes = sorted({str(code) for code in firsts if code})
    root = ET.Element("qgis", version="3.28", styleCategories="Symbology")
    # Without the column QGIS would show an error in place of the one grey category.
    attribute = _FIRST_SECTOR if "sectors" in table.columns else "''"
    renderer = ET.SubElement(root, "renderer-v2", type="categorizedSymbol", attr=attribute, enableorderby="0")
    categories, symbols = ET.SubElement(renderer, "categories"), ET.SubElement(renderer, "symbols")
    points = bool(geometry.geom_type.dropna().str.endswith("Point").all()) and len(geometry) > 0
    dashed = "footprint_basis" in table.columns
    for number, code in enumerate([*codes, ""]):
        words = " / ".join(labels.value("sector", code or None, lang) for lang in labels.LANGS)
        told = {"render": "true", "symbol": str(number), "type": "string"}
        ET.SubElement(categories, "category", {**told, "value": _printable(code), "label": _printable(words)})
        colour = labels.sector_colour(code) if code else labels.UNKNOWN_COLOUR
        _symbol(symbols, str(number), colour, opacity=0.55, points=points, dashed=dashed)
    return _document(root)


def _printable(text: str) -> str:
    """Return a text without the characters that XML cannot hold."""
    return "".join(sign for sign in text if sign.isprintable())


def _within_style() -> str:
    """Return the QML of the areas that certainly contain a site: an outline with a thin tint."""
    root = ET.Element("qgis", version="3.28", styleCategories="Symbology")
    renderer = ET.SubElement(root, "renderer-v2", type="singleSymbol", enableorderby="0")
    _symbol(ET.SubElement(renderer, "symbols"), "0", "#666666", opacity=0.12, points=False, dashed=False)
    return _document(root)


def _symbol(parent: ET.Element, name: str, colour: str, *, opacity: float, points: bool, dashed: bool) -> None:
    """Add one symbol: a filled shape, or a round marker for points."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    symbol = ET.SubElement(parent, "symbol", name=name, type="marker" if points else "fill", alpha="1")
    kind = "SimpleMarker" if points else "SimpleFill"
    layer = ET.SubElement(symbol, "layer", {"class": kind, "enabled": "1", "locked": "0", "pass": "0"})
    options = ET.SubElement(layer, "Option", type="Map")
    opaque = 255 if points else round(255 * opacity)
    settings = {"color": f"{red},{green},{blue},{opaque}", "outline_color": f"{red},{green},{blue},255"}
    settings |= {"outline_style": "solid", "outline_width": "0.4", "outline_width_unit": "MM", "style": "solid"}
    if points:
        settings |= {"name": "circle", "size": "3", "size_unit": "MM"}
        settings.pop("style")
    for key, text in settings.items():
        ET.SubElement(options, "Option", name=key, type="QString", value=text)
    if dashed:
        _dashes(layer)


def _dashes(layer: ET.Element) -> None:
    """Let the outline of a symbol follow what its footprint rests on."""
    outer = ET.SubElement(ET.SubElement(layer, "data_defined_properties"), "Option", type="Map")
    ET.SubElement(outer, "Option", name="name", type="QString", value="")
    properties = ET.SubElement(outer, "Option", name="properties", type="Map")
    outline = ET.SubElement(properties, "Option", name="outlineStyle", type="Map")
    ET.SubElement(outline, "Option", name="active", type="bool", value="true")
    ET.SubElement(outline, "Option", name="expression", type="QString", value=_OUTLINE)
    # 3 is an expression, in QGIS's own numbering.
    ET.SubElement(outline, "Option", name="type", type="int", value="3")
    ET.SubElement(outer, "Option", name="type", type="QString", value="collection")


def _document(root: ET.Element) -> str:
    """Return a QML document."""
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + ET.tostring(root, encoding="unicode")
