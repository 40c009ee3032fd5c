"""What QGIS finds in a GeoPackage of sites: a style for each layer, kept where QGIS itself keeps styles."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from clustergeo import labels

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

# The table QGIS itself makes when a style is stored in a GeoPackage.
_STYLES = """
CREATE TABLE "layer_styles" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "f_table_catalog" TEXT(256), "f_table_schema" TEXT(256), "f_table_name" TEXT(256), "f_geometry_column" TEXT(256),
    "styleName" TEXT(30), "styleQML" TEXT, "styleSLD" TEXT, "useAsDefault" BOOLEAN, "description" TEXT,
    "owner" TEXT(30), "ui" TEXT(30), "update_time" DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now'))
)
"""

# The sites of several sectors take the colour of the first, as on the map.
_FIRST_SECTOR = "array_first(string_to_array(\"sectors\", ';'))"

# Only a measured boundary is evidence: every other outline is drawn with dashes.
_OUTLINE = "if(coalesce(\"footprint_basis\", 'measured') = 'measured', 'solid', 'dash')"


def add_styles(base: sqlite3.Connection, styles: Iterable[tuple[str, str, str]], *, moment: str) -> None:
    """Put styles into a GeoPackage, each the default of its layer.

    Parameters
    ----------
    base
        The open GeoPackage; it has no table of styles yet.
    styles
        The layer, its geometry column and the QML of each.
    moment
        The time of the run, as a GeoPackage writes it.
    """
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


def sites_style(codes: Iterable[str] | None, *, points: bool, dashed: bool) -> str:
    """Return the QML of the sites: a category a first sector, in the order of the codes, and one for the rest.

    Parameters
    ----------
    codes
        The first sectors that occur; None where the layer has no column `sectors`.
    points
        Whether every site is a point.
    dashed
        Whether the layer has a column `footprint_basis`, which decides between lines and dashes.

    Examples
    --------
    >>> sites_style(["bio"], points=False, dashed=False).count("<category ")
    2
    """
    sectors = sorted(set(codes or ()))
    root = ET.Element("qgis", version="3.28", styleCategories="Symbology")
    # Without the column QGIS would show an error in place of the one grey category.
    attribute = "''" if codes is None else _FIRST_SECTOR
    renderer = ET.SubElement(root, "renderer-v2", type="categorizedSymbol", attr=attribute, enableorderby="0")
    categories, symbols = ET.SubElement(renderer, "categories"), ET.SubElement(renderer, "symbols")
    for number, code in enumerate([*sectors, ""]):
        words = " / ".join(labels.value("sector", code or None, lang) for lang in labels.LANGS)
        told = {"render": "true", "symbol": str(number), "type": "string"}
        ET.SubElement(categories, "category", {**told, "value": _printable(code), "label": _printable(words)})
        colour = labels.sector_colour(code) if code else labels.UNKNOWN_COLOUR
        _symbol(symbols, str(number), colour, opacity=0.55, points=points, dashed=dashed)
    return _document(root)


def _printable(text: str) -> str:
    """Return a text without the characters that XML cannot hold."""
    return "".join(sign for sign in text if sign.isprintable())


def within_style() -> str:
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
