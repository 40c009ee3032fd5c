"""What the page of the map shows where scripts are off: a picture of the map, and its table."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from clustergeo import _digits, _key, _lettering
from clustergeo._words import word

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from clustergeo._land import Land
    from clustergeo._scene import Bounds, Scene

# Without a script nothing can be searched: more rows than this are no longer read.
MOST_NAMES = 50
_WIDTH, _TALLEST, _DOT = 720.0, 900.0, 5.0
_MOST_DOTS = 2000
_DETAIL_PX = 0.7
_NEAR = 24
_LOOSE = {"fill-opacity": 0.3, "stroke-dasharray": "3 2"}
_NONE = "–"


def page(
    data: dict[str, Any],
    scene: Scene,
    groups: NDArray[np.object_],
    ground: Land,
    bounds: Bounds,
    *,
    lang: str,
) -> str:
    """Return the map and the table as HTML and SVG without a script.

    Parameters
    ----------
    data
        What the page's script is given.
    scene, groups
        The sites, and the shapes of gathered ones: of the first table, whichever there are.
    ground, bounds
        The land and the first view.
    lang
        `"ko"` or `"en"`.
    """
    title = f"<h1>{escape(data['title'])}</h1>"
    told = "".join(f"<p>{escape(one)}</p>" for one in [data["facts"], *data["told"], word("no_script", lang)] if one)
    notices = "".join(f"<p><small>{escape(one)}</small></p>" for one in data["notices"])
    table = data["tables"][0] if data["tables"] else {"n": 0, "names": []}
    loose = _loose(scene) if not len(groups) else np.zeros(0, dtype=np.intp)
    picture = _picture(data, scene, groups, ground, bounds, loose) + _legend(data, lang, loose=bool(len(loose)))
    # The place of the map itself is empty then.
    style = "<style>.folium-map { display: none; } html, body { height: auto; overflow: auto; }</style>"
    return f'{style}<main class="cg-still">{title}{told}{picture}{_table(table, lang)}{notices}</main>'


def _loose(scene: Scene) -> NDArray[np.intp]:
    """Return the sites that are known by the area that contains them alone, while there are few enough for dots."""
    if len(scene.at) > _MOST_DOTS:
        return np.zeros(0, dtype=np.intp)
    return np.flatnonzero(scene.basis[: len(scene.at)] == "area_only")


def _picture(  # noqa: PLR0917 - the parts of one picture
    data: dict[str, Any],
    scene: Scene,
    groups: NDArray[np.object_],
    ground: Land,
    bounds: Bounds,
    loose: NDArray[np.intp],
) -> str:
    """Return the map as SVG: land, capital region, and numbered dots while they are few.

    A site that is known by an area alone has the area, and a number without a dot.
    """
    at = scene.at
    corners = _lettering.pixels(np.array([[bounds[0], bounds[3]], [bounds[2], bounds[1]]]), 0.0)
    width, height = np.maximum(corners[1] - corners[0], 1e-9)
    scale = min(_WIDTH / width, _TALLEST / height)
    size = (round(width * scale), round(height * scale))

    def placed(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray((_lettering.pixels(lonlat, 0.0) - corners[0]) * scale, dtype=np.float64)

    parts = [_area(ground.provinces, placed, size, _key.LAND), _area([ground.capital], placed, size, _key.CAPITAL)]
    # A far island that is smaller than a pixel still marks its place.
    far = placed((ground.islands[:, :2] + ground.islands[:, 2:]) / 2).tolist()
    specks = "".join(f"M{x:.0f} {y:.0f}h2v2h-2Z" for x, y in far)
    parts.append(f'<path d="{specks}" fill="{_key.LAND["color"]}" />')
    if len(groups):
        classes = data["tables"][0]["classes"]
        for shape, code in zip(groups, classes["codes"], strict=True):
            parts.append(_area([shape], placed, size, {"fillColor": classes["colours"][code], "color": "#ffffff"}))
    elif 0 < len(at) <= _MOST_DOTS:
        classes = data["tables"][0]["classes"]
        few, seen, vague = len(at) <= MOST_NAMES, list[tuple[float, float]](), set(loose.tolist())
        colours = [classes["colours"][code] for code in classes["codes"][: len(at)]]
        for row in loose:
            look = {"fillColor": colours[row], "color": colours[row]} | _LOOSE
            parts.append(_area([scene.within[row]], placed, size, look))
        for number, ((x, y), colour) in enumerate(zip(placed(at).tolist(), colours, strict=True), start=1):
            if number - 1 in vague:
                if few:
                    parts.append(f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle">{number}</text>')
                continue
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{_DOT}" fill="{colour}" stroke="#22272b" />')
            if few:
                # Of two dots side by side the second has its number on the left.
                close = any(abs(x - one) + abs(y - other) < _NEAR for one, other in seen)
                side, anchor = (x - 8, "end") if close else (x + 8, "start")
                parts.append(f'<text x="{side:.1f}" y="{y + 4:.1f}" text-anchor="{anchor}">{number}</text>')
                seen.append((x, y))
    name = escape(data["title"], quote=True)
    return (
        f'<svg role="img" aria-label="{name}" viewBox="0 0 {size[0]} {size[1]}" width="{size[0]}" height="{size[1]}">'
        f"{''.join(parts)}</svg>"
    )


def _legend(data: dict[str, Any], lang: str, *, loose: bool) -> str:
    """Return what the colours mean: those of the sites, as in the map's own legend, and the areas beside them."""
    sections = [one for layer in data["layers"] for one in layer.get("legend", ())]
    coloured = [one for one in sections if one["items"] and {"dot", "area"} & set(one["items"][0])][:1]
    parts = [
        _key_part(
            one["heading"], [(item.get("dot") or item["area"], item["words"], item["count"]) for item in one["items"]]
        )
        for one in coloured
    ]
    areas: list[tuple[str, str, int | None]] = [(str(_key.CAPITAL["fillColor"]), word("capital_key", lang), None)]
    parts.append(_key_part("", areas))
    if loose:
        parts.append(f"<p>{escape(word('still_within', lang))}</p>")
    return f'<div class="cg-still-key">{"".join(parts)}</div>'


def _key_part(heading: str, items: list[tuple[str, str, int | None]]) -> str:
    """Return one part of the legend: a heading, and a swatch, words and a number a line."""
    lines = "".join(
        '<li><svg viewBox="0 0 14 14" width="14" height="14" aria-hidden="true"><rect x="1" y="1" width="12" '
        f'height="12" rx="3" fill="{escape(colour, quote=True)}" stroke="#22272b" stroke-width="0.8" />'
        f"</svg> {escape(words)}"
        f"{'' if count is None else f' <b>{count:,}</b>'}</li>"
        for colour, words, count in items
    )
    return (f"<h2>{escape(heading)}</h2>" if heading else "") + f"<ul>{lines}</ul>"


def _area(shapes: Iterable[Any], placed: Any, size: tuple[int, int], look: dict[str, Any]) -> str:
    """Return areas as one path, as fine as the picture shows them."""
    drawn = shapely.transform(np.array([*shapes], dtype=object), placed)
    window = shapely.box(-20, -20, size[0] + 20, size[1] + 20)
    drawn = shapely.intersection(shapely.make_valid(shapely.simplify(drawn, _DETAIL_PX)), window)
    rings = shapely.get_rings(shapely.get_parts(drawn)[shapely.get_dimensions(shapely.get_parts(drawn)) == 2])  # noqa: PLR2004
    steps = []
    for ring in rings[shapely.area(shapely.polygons(rings)) > 1] if len(rings) else ():
        points = np.round(shapely.get_coordinates(ring)[:-1]).astype(int).tolist()
        steps.append("M" + "L".join(f"{x} {y}" for x, y in points) + "Z")
    fill, edge = look["fillColor"], look["color"]
    dashes = "".join(f' {name}="{look[name]}"' for name in ("fill-opacity", "stroke-dasharray") if name in look)
    return f'<path d="{"".join(steps)}" fill="{fill}" stroke="{edge}" stroke-width="0.8" fill-rule="evenodd"{dashes} />'


def _table(table: dict[str, Any], lang: str) -> str:
    """Return the names with what the list beside the map says of each."""
    if not table["n"]:
        return ""
    columns = table.get("list", [])
    # A dot tells a position of an area only if the table says which it is.
    told = [("place", table.get("place")), ("footprint", table.get("columns", {}).get("footprint"))]
    texts = [(word(key, lang), held) for key, held in told if held]
    terms = [word("name", lang), *(term for term, _ in texts), *(one["term"] for one in columns)]
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in terms)
    rows = []
    for row, name in enumerate(table["names"][:MOST_NAMES]):
        cells = [f'<th scope="row">{row + 1}. {escape(name)}</th>']
        cells += [f"<td>{escape(_said(held, row))}</td>" for _, held in texts]
        cells += [f"<td>{escape(_cell(table, one, row, lang))}</td>" for one in columns]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    rest = table["n"] - len(rows)
    more = f"<p>{escape(word('more', lang, f'{rest:,}'))}</p>" if rest > 0 else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>{more}"


def _said(column: dict[str, Any], row: int) -> str:
    """Return a text of a column of the page."""
    code = column["codes"][row]
    return _NONE if code < 0 else str(column["words"][code])


def _cell(table: dict[str, Any], column: dict[str, Any], row: int, lang: str) -> str:
    """Return what the list says of one site."""
    if column["kind"] == "rdz":
        return str(table["rdz"]["ways"][table["rdz"]["codes"][row]]["words"])
    value = table["columns"][column["column"]]["numbers"][row]
    if column["kind"] == "capital":
        return word({1: "inside", 0: "outside", None: "undecided"}[value], lang)
    return _NONE if value is None else (_digits.area(value) if column["kind"] == "area" else f"{value:,}")
