"""A sheet to draw on: a view of the equal-area plane, text that everybody can see, scale bar and north arrow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyproj
import shapely

from clustergeo import _fonts, _marks, crs
from clustergeo._widths import columns as text_columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties
    from matplotlib.path import Path
    from matplotlib.patheffects import AbstractPathEffect
    from matplotlib.text import Text
    from numpy.typing import NDArray

INK, QUIET, SEA = "#1f2933", "#56626c", "#e9f0f5"
POINTS_PER_INCH = 72.0

# The radius of the globe in the plane, twice that of the earth.
_GLOBE_M = 12.8e6


@dataclass(frozen=True)
class View:
    """What an axes shows: a PROJ plane, left, bottom, right and top in its metres, and the points a metre takes."""

    plane: str
    box: tuple[float, float, float, float]
    scale: float

    def at(self, across: float, up: float) -> tuple[float, float]:
        """Return the place in metres at so many points from the left and the bottom."""
        return self.box[0] + across / self.scale, self.box[1] + up / self.scale

    def points(self, metres: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return coordinates, shape (n, 2), in points from the left and the bottom."""
        return np.asarray((metres - np.array(self.box[:2])) * self.scale, dtype=np.float64)

    @property
    def extent(self) -> tuple[float, float]:
        """Return width and height in points."""
        return (self.box[2] - self.box[0]) * self.scale, (self.box[3] - self.box[1]) * self.scale


def widened(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """Return bounds in degrees with a margin.

    Examples
    --------
    >>> widened((127.0, 36.0, 128.0, 37.0))
    (126.92, 35.92, 128.08, 37.08)
    """
    west, south, east, north = box
    margin = max(0.08 * (east - west), 0.08 * (north - south), 0.02)
    return (west - margin, max(south - margin, -89.0), east + margin, min(north + margin, 89.0))


def view_of(lonlat: tuple[float, float, float, float], *, inches: tuple[float, float]) -> View:
    """Return the view that shows a box of longitudes and latitudes whole, as large as a paper of some inches allows.

    Examples
    --------
    >>> seen = view_of((126.0, 36.0, 127.0, 37.0), inches=(5.0, 4.0))
    >>> round((seen.box[2] - seen.box[0]) / (seen.box[3] - seen.box[1]), 6)
    1.25
    """
    plane = crs.plane_for(lonlat)
    # The edges of the box are curves in the plane.
    frame = shapely.segmentize(shapely.box(*lonlat), max((lonlat[2] - lonlat[0]) / 40, 1e-6))
    left, bottom, right, top = shapely.bounds(crs.transform(np.array([frame], dtype=object), crs.LONLAT, plane))[0]
    if not np.isfinite([left, bottom, right, top]).all():
        # The antipode has no place in the plane: the whole globe is shown.
        left, bottom, right, top = -_GLOBE_M, -_GLOBE_M, _GLOBE_M, _GLOBE_M
    scale = min(inches[0] / (right - left), inches[1] / (top - bottom)) * POINTS_PER_INCH
    x, y = (left + right) / 2, (bottom + top) / 2
    half_x, half_y = (side * POINTS_PER_INCH / scale / 2 for side in inches)
    return View(plane, (float(x - half_x), float(y - half_y), float(x + half_x), float(y + half_y)), float(scale))


def family() -> list[str]:
    """Return the fonts to draw with, the shipped one first, and make matplotlib know it."""
    from matplotlib import font_manager  # noqa: PLC0415 - slow to import

    path = str(_fonts.font_path())
    if all(entry.fname != path for entry in font_manager.fontManager.ttflist):
        font_manager.fontManager.addfont(path)
    return [_fonts.FAMILY, "DejaVu Sans"]


def font(size: float) -> FontProperties:
    """Return the fonts at a size in points."""
    from matplotlib.font_manager import FontProperties  # noqa: PLC0415 - slow to import

    return FontProperties(family=family(), size=size)


def write(
    on: Axes | Figure,
    x: float,
    y: float,
    text: str,
    *,
    size: float,
    colour: str = INK,
    **options: Any,
) -> Text:
    """Write a text as it is: a dollar sign starts no formula, and a character that no font has is a square."""
    lines = "\n".join(_marks.shown(line) for line in text.split("\n"))
    return on.text(x, y, lines, fontproperties=font(size), color=colour, parse_math=False, usetex=False, **options)


def halo() -> list[AbstractPathEffect]:
    """Return the light seam that keeps a text legible on lines."""
    from matplotlib.patheffects import withStroke  # noqa: PLC0415 - slow to import

    return [withStroke(linewidth=2.8, foreground="white", alpha=0.9)]


def wrap(text: str, *, columns: int, lines: int) -> str:
    """Return a text in few and even lines of so many columns at most; what is too long ends in an ellipsis.

    A wide character takes two columns. A word is broken only if it is wider than a line.

    Examples
    --------
    >>> wrap("Goheung space launch vehicle", columns=24, lines=2).split(chr(10))
    ['Goheung space', 'launch vehicle']
    >>> wrap("첨단시스템반도체클러스터", columns=16, lines=1)
    '첨단시스템반도…'
    """
    rows = _rows(text, columns)
    if len(rows) > lines:
        last = rows[lines - 1]
        while last and text_columns(last) > columns - 1:
            last = last[:-1]
        return "\n".join([*rows[: lines - 1], last + "…"])
    widest = max(map(text_columns, text.split()), default=1)
    while columns > widest and len(_rows(text, columns - 1)) == len(rows):
        columns -= 1
    return "\n".join(_rows(text, columns))


def _rows(text: str, columns: int) -> list[str]:
    """Return a text broken into rows of so many columns at most."""
    rows: list[str] = [""]
    for word in text.split():
        joined = f"{rows[-1]} {word}".strip()
        if text_columns(joined) <= columns:
            rows[-1] = joined
            continue
        if rows[-1]:
            rows.append("")
        for one in word:
            if text_columns(rows[-1] + one) > columns:
                rows.append("")
            rows[-1] += one
    return rows


def axes_of(figure: Figure, rect: tuple[float, float, float, float], view: View) -> Axes:
    """Return axes that show a view and nothing else; `rect` is left, bottom, width and height in inches."""
    width, height = figure.get_size_inches()
    axes = figure.add_axes((rect[0] / width, rect[1] / height, rect[2] / width, rect[3] / height), facecolor=SEA)
    axes.set(xlim=(view.box[0], view.box[2]), ylim=(view.box[1], view.box[3]), xticks=[], yticks=[])
    axes.set_autoscale_on(False)
    for spine in axes.spines.values():
        spine.set(color="#9aa5ad", linewidth=0.8)
    return axes


def paths(geometries: NDArray[np.object_]) -> list[Path]:
    """Return one path for each geometry with an area, holes included; others are left out."""
    from matplotlib.path import Path  # noqa: PLC0415 - slow to import

    out = []
    for geometry in geometries:
        polygons = [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon" and not part.is_empty]
        # Exteriors and holes must turn in opposite ways to be filled rightly.
        rings = [ring for part in shapely.orient_polygons(polygons) for ring in (part.exterior, *part.interiors)]
        if rings:
            out.append(Path.make_compound_path(*(Path(shapely.get_coordinates(ring), closed=True) for ring in rings)))
    return out


def scale_bar(axes: Axes, view: View) -> tuple[float, float, float, float]:
    """Draw a scale bar at the lower left, true where it stands; return its box in points (empty off the globe)."""
    x, y = view.at(16, 16)
    # The plane is equal-area: lengths differ a little with the place, so the bar is measured where it is drawn.
    trial = view.extent[0] / view.scale / 5
    to_lonlat = pyproj.Transformer.from_crs(view.plane, crs.LONLAT, always_xy=True)
    lon, lat = to_lonlat.transform([x, x + trial], [y, y])
    true = float(crs.geodesic_distances_m(lon[:1], lat[:1], lon[1:], lat[1:])[0])
    if not true > 0:
        # Off the globe there are no lengths.
        return (0.0, 0.0, 0.0, 0.0)
    power = 10 ** np.floor(np.log10(true))
    metres = float(max(step * power for step in (1, 2, 5) if step * power <= true))
    length = trial * metres / true
    tick = 3 / view.scale
    axes.plot([x, x, x + length, x + length], [y + tick, y, y, y + tick], color=INK, linewidth=1.1, zorder=20)
    words = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"  # noqa: PLR2004 - metres in a kilometre
    write(axes, x + length / 2, y + tick, words, size=7.5, ha="center", va="bottom", zorder=20, path_effects=halo())
    return (8.0, 8.0, 24.0 + length * view.scale, 36.0)


def north_arrow(axes: Axes, view: View, word: str) -> tuple[float, float, float, float]:
    """Draw an arrow to true north above the scale bar; return its box in points (empty off the globe)."""
    x, y = view.at(26, 46)
    to_lonlat = pyproj.Transformer.from_crs(view.plane, crs.LONLAT, always_xy=True)
    lon, lat = to_lonlat.transform(x, y)
    north = to_lonlat.transform(lon, lat + 0.01, direction="INVERSE")
    way = np.array([north[0] - x, north[1] - y])
    if not np.isfinite(way).all():
        return (0.0, 0.0, 0.0, 0.0)
    way = way / np.hypot(*way) / view.scale
    across = np.array([way[1], -way[0]])
    foot, tip = np.array([x, y]), np.array([x, y]) + way * 24
    half = [foot - across * 6, tip, foot + way * 6]
    axes.fill(*np.array(half).T, facecolor=INK, edgecolor=INK, linewidth=0.7, zorder=20)
    half = [foot + across * 6, tip, foot + way * 6]
    axes.fill(*np.array(half).T, facecolor="white", edgecolor=INK, linewidth=0.7, zorder=20)
    write(
        axes,
        float(tip[0]),
        float(tip[1] + 2 / view.scale),
        word,
        size=8.5,
        ha="center",
        va="bottom",
        zorder=20,
        path_effects=halo(),
    )
    return (14.0, 40.0, 40.0, 86.0)
