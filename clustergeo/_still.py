"""What the page of the map shows where scripts are off: a picture of the map, and its table."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from clustergeo import _digits, _key, _lettering
from clustergeo._words import word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from clustergeo._land import Land
    from clustergeo._scene import Bounds, Scene

# Without a script nothing can be searched: more rows than this are no longer read.
MOST_NAMES = 50
_WIDTH, _TALLEST, _DOT = 720.0, 900.0, 5.0
_MOST_DOTS = 2000
_DETAIL_PX = 0.7
_NEAR = 24
_LOOSE = {"fillOpacity": 0.3, "dashArray": "3 2"}
_NONE = "–"
# Names no longer than numbers, such as ids, stand on the picture themselves.
_SHORT = 4
# Room round the sites, how slim the picture may be, where names turn to the left, and how many stand together.
_ROOM, _SLIMMEST, _RIGHT, _TOGETHER = 0.04, 0.5, 0.93, 5
_MOST_SHAPES = 2000


def page(
    data: dict[str, Any],
    scene: Scene,
    groups: NDArray[np.object_],
    ground: Land,
    bounds: Bounds,
    *,
    beside: Sequence[_key.Beside] = (),
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
    beside
        The zones and further layers, from the lowest up.
    lang
        `"ko"` or `"en"`.
    """
    title = f"<h1>{escape(data['title'])}</h1>"
    told = "".join(f"<p>{escape(one)}</p>" for one in [data["facts"], *data["told"]] if one)
    # The page's script puts another reason here, where it is one that was not loaded.
    told += f'<p class="cg-why">{escape(word("no_script", lang))}</p>'
    notices = "".join(f"<p><small>{escape(one)}</small></p>" for one in data["notices"])
    table = data["tables"][0] if data["tables"] else {"n": 0, "names": []}
    loose = _loose(scene) if not len(groups) else np.zeros(0, dtype=np.intp)
    marks = _marks_of(table)
    picture = _picture(data, scene, groups, ground, bounds, loose=loose, marks=marks, beside=beside)
    picture += _legend(data, lang, loose=bool(len(loose)), beside=beside)
    # The place of the map itself is empty then.
    style = "<style>.folium-map { display: none; } html, body { height: auto; overflow: auto; }</style>"
    return f'{style}<main class="cg-still">{title}{told}{picture}{_table(table, marks, lang)}{notices}</main>'


def _loose(scene: Scene) -> NDArray[np.intp]:
    """Return the sites that are known by the area that contains them alone, while there are few enough for dots."""
    if len(scene.at) > _MOST_DOTS:
        return np.zeros(0, dtype=np.intp)
    return np.flatnonzero(scene.basis[: len(scene.at)] == "area_only")


def _marks_of(table: dict[str, Any]) -> list[str]:
    """Return what stands beside each dot and before its name: the name itself where all are short, else its number."""
    names = [str(one) for one in table["names"][:MOST_NAMES]]
    short = len(set(names)) == len(names) and all(0 < len(one) <= _SHORT for one in names)
    return names if short else [str(at) for at in range(1, len(names) + 1)]


def _picture(
    data: dict[str, Any],
    scene: Scene,
    groups: NDArray[np.object_],
    ground: Land,
    bounds: Bounds,
    *,
    loose: NDArray[np.intp],
    marks: list[str],
    beside: Sequence[_key.Beside],
) -> str:
    """Return the map as SVG: land, capital region, zones and layers, and numbered dots while they are few.

    A site that is known by an area alone has the area, and a number without a dot.
    """
    at = scene.at
    corner, scale, size = _frame(bounds)

    def placed(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray((_lettering.pixels(lonlat, 0.0) - corner) * scale, dtype=np.float64)

    parts = [_area(ground.provinces, placed, size, _key.LAND), _area([ground.capital], placed, size, _key.CAPITAL)]
    # A far island that is smaller than a pixel still marks its place.
    far = placed((ground.islands[:, :2] + ground.islands[:, 2:]) / 2).tolist()
    specks = "".join(f"M{x:.0f} {y:.0f}h2v2h-2Z" for x, y in far)
    parts.append(f'<path d="{specks}" fill="{_key.LAND["color"]}" />')
    if len(groups):
        classes = data["tables"][0]["classes"]
        for shape, code in zip(groups, classes["codes"], strict=True):
            parts.append(_area([shape], placed, size, {"fillColor": classes["colours"][code], "color": "#ffffff"}))
    parts += [_layer(one, placed, size) for one in beside]
    if not len(groups) and 0 < len(at) <= _MOST_DOTS:
        classes = data["tables"][0]["classes"]
        few, vague = len(at) <= MOST_NAMES, set(loose.tolist())
        colours = [classes["colours"][code] for code in classes["codes"][: len(at)]]
        for row in loose:
            look = {"fillColor": colours[row], "color": colours[row]} | _LOOSE
            parts.append(_area([scene.within[row]], placed, size, look))
        dots = placed(at).tolist()
        for row, ((x, y), colour) in enumerate(zip(dots, colours, strict=True)):
            if row not in vague:
                parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{_DOT}" fill="{colour}" stroke="#22272b" />')
        parts += _numbers(dots, marks, vague, size) if few else []
    name = escape(data["title"], quote=True)
    return (
        f'<svg role="img" aria-label="{name}" viewBox="0 0 {size[0]} {size[1]}" width="{size[0]}" height="{size[1]}">'
        f"{''.join(parts)}</svg>"
    )


def _frame(bounds: Bounds) -> tuple[NDArray[np.float64], float, tuple[int, int]]:
    """Return the corner, the scale and the size of the picture: some room round the bounds, and no mere strip."""
    corners = _lettering.pixels(np.array([[bounds[0], bounds[3]], [bounds[2], bounds[1]]]), 0.0)
    span = np.maximum(corners[1] - corners[0], 1e-9)
    span = span * (1 + 2 * _ROOM)
    wanted = np.maximum(span, span.max() * _SLIMMEST)
    scale = min(_WIDTH / wanted[0], _TALLEST / wanted[1])
    width, height = (round(one) for one in (wanted * scale).tolist())
    return corners.mean(axis=0) - wanted / 2, float(scale), (width, height)


def _numbers(
    dots: list[tuple[float, float]], marks: list[str], vague: set[int], size: tuple[int, int]
) -> Iterator[str]:
    """Yield what stands beside the dots: of several on one spot together, of two side by side on either side."""
    spots: dict[tuple[int, int], list[int]] = {}
    for row, (x, y) in enumerate(dots):
        spots.setdefault((round(x / _DOT), round(y / _DOT)), []).append(row)
    seen: list[tuple[float, float]] = []
    for rows in spots.values():
        x, y = dots[rows[0]]
        said = escape(", ".join(marks[row] for row in rows[:_TOGETHER]) + ("…" if len(rows) > _TOGETHER else ""))
        if vague.issuperset(rows):
            yield f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{said}</text>'
            continue
        left = x > size[0] * _RIGHT or any(abs(x - one) + abs(y - other) < _NEAR for one, other in seen)
        side, anchor = (x - 8, "end") if left else (x + 8, "start")
        yield f'<text x="{side:.1f}" y="{y:.1f}" text-anchor="{anchor}">{said}</text>'
        seen.append((x, y))


def _legend(data: dict[str, Any], lang: str, *, loose: bool, beside: Sequence[_key.Beside]) -> str:
    """Return what the colours mean: those of the sites, as in the map's own legend, and the areas beside them."""
    sections = [one for layer in data["layers"] for one in layer.get("legend", ())]
    coloured = [one for one in sections if one["items"] and {"dot", "area"} & set(one["items"][0])][:1]
    parts = [
        _key_part(
            one["heading"],
            [({"fillColor": item.get("dot") or item["area"]}, item["words"], item["count"]) for item in one["items"]],
        )
        for one in coloured
    ]
    areas: list[tuple[dict[str, Any], str, int | None]] = [(_key.CAPITAL, word("capital_key", lang), None)]
    parts.append(_key_part("", areas + [(one.look, one.name, None) for one in beside]))
    if loose:
        parts.append(f"<p>{escape(word('still_within', lang))}</p>")
    return f'<div class="cg-still-key">{"".join(parts)}</div>'


def _key_part(heading: str, items: list[tuple[dict[str, Any], str, int | None]]) -> str:
    """Return one part of the legend: a heading, and a swatch, words and a number a line."""
    lines = "".join(
        '<li><svg viewBox="0 0 14 14" width="14" height="14" aria-hidden="true"><rect x="1" y="1" width="12" '
        f'height="12" rx="3" {_painted({"color": "#22272b"} | look)} /></svg> {escape(words)}'
        f"{'' if count is None else f' <b>{count:,}</b>'}</li>"
        for look, words, count in items
    )
    return (f"<h2>{escape(heading)}</h2>" if heading else "") + f"<ul>{lines}</ul>"


def _area(shapes: Iterable[Any], placed: Any, size: tuple[int, int], look: dict[str, Any]) -> str:
    """Return areas as one path, as fine as the picture shows them."""
    drawn = _cut(shapes, placed, size)
    rings = shapely.get_rings(drawn[shapely.get_dimensions(drawn) == 2])  # noqa: PLR2004
    steps = [_steps(ring) + "Z" for ring in rings[shapely.area(shapely.polygons(rings)) > 1]] if len(rings) else []
    return f'<path d="{"".join(steps)}" fill-rule="evenodd" {_painted(look)} />' if steps else ""


def _layer(beside: _key.Beside, placed: Any, size: tuple[int, int]) -> str:
    """Return a zone or a further layer: its areas, lines and points, the first ones of very many."""
    shapes = beside.shapes[:_MOST_SHAPES]
    drawn = _cut(shapes, placed, size)
    dimensions = shapely.get_dimensions(drawn)
    lines = "".join(_steps(one) for one in drawn[dimensions == 1])
    points = "".join(f"M{x:.0f} {y:.0f}h0" for x, y in shapely.get_coordinates(drawn[dimensions == 0]).tolist())
    colour = beside.look["color"]
    parts = [_area(shapes, placed, size, beside.look)]
    parts += [f'<path d="{lines}" fill="none" stroke="{colour}" stroke-width="1.5" />'] * bool(lines)
    parts += [f'<path d="{points}" stroke="{colour}" stroke-width="6" stroke-linecap="round" />'] * bool(points)
    return f"<g>{''.join(parts)}</g>"


def _cut(shapes: Iterable[Any], placed: Any, size: tuple[int, int]) -> NDArray[np.object_]:
    """Return the parts of shapes that the picture shows, as fine as it shows them."""
    drawn = shapely.transform(np.array([*shapes, None], dtype=object)[:-1], placed)
    window = shapely.box(-20, -20, size[0] + 20, size[1] + 20)
    found = shapely.intersection(shapely.make_valid(shapely.simplify(drawn, _DETAIL_PX)), window)
    found = shapely.get_parts(shapely.get_parts(found[~shapely.is_missing(found)]))
    return np.asarray(found[~shapely.is_empty(found)], dtype=object)


def _steps(line: Any) -> str:
    """Return a line as steps of a path; the last point of a ring is left to its end."""
    points = np.round(shapely.get_coordinates(line)).astype(int).tolist()
    points = points[:-1] if shapely.is_closed(line) else points
    return "M" + "L".join(f"{x} {y}" for x, y in points)


def _painted(look: dict[str, Any]) -> str:
    """Return a look of the map as attributes of SVG."""
    said = f'fill="{escape(look["fillColor"], quote=True)}" stroke="{escape(look["color"], quote=True)}" '
    said += 'stroke-width="0.8"'
    pale, dashes = look.get("fillOpacity", 1), look.get("dashArray")
    return said + (f' fill-opacity="{pale}"' if pale < 1 else "") + (f' stroke-dasharray="{dashes}"' if dashes else "")


def _table(table: dict[str, Any], marks: list[str], lang: str) -> str:
    """Return the names with what the list beside the map says of each."""
    if not table["n"]:
        return ""
    columns = table.get("list", [])
    footprint = table.get("columns", {}).get("footprint")
    # What all sites are is said once.
    alike = footprint and table["n"] > 1 and len(set(footprint["codes"])) == 1
    once = f"<p>{escape(word('footprint', lang))}: {escape(_footprint(footprint, 0, lang))}</p>" if alike else ""
    texts: list[tuple[str, list[str]]] = []
    shown = range(min(table["n"], MOST_NAMES))
    if table.get("place"):
        texts.append((word("place", lang), [_said(table["place"], row) for row in shown]))
    # A dot tells a position of an area only if the table says which it is.
    if footprint and not alike:
        texts.append((word("footprint", lang), [_footprint(footprint, row, lang) for row in shown]))
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in [word("name", lang), *(term for term, _ in texts)])
    head += "".join(f'<th scope="col"{_figure(one)}>{escape(one["term"])}</th>' for one in columns)
    rows = []
    for row, (mark, name) in enumerate(zip(marks, table["names"], strict=False)):
        cells = [f'<th scope="row">{escape(name) if mark == name else f"{mark}. {escape(name)}"}</th>']
        cells += [f"<td>{escape(held[row])}</td>" for _, held in texts]
        cells += [f"<td{_figure(one)}>{escape(_cell(table, one, row, lang))}</td>" for one in columns]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    rest = table["n"] - len(rows)
    more = f"<p>{escape(word('more', lang, f'{rest:,}'))}</p>" if rest > 0 else ""
    return f"{once}<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>{more}"


def _figure(column: dict[str, Any]) -> str:
    """Return the attribute of a cell of figures."""
    return "" if column["kind"] in ("rdz", "capital") else ' class="cg-figure"'


def _footprint(column: dict[str, Any], row: int, lang: str) -> str:
    """Return what a footprint is; of a site without a position the picture has no dot to explain."""
    said = _said(column, row)
    return word("still_area_only", lang) if said == word("area_only", lang) else said


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
