"""Draw the pictures of docs/method.md: `python scripts/draw_method.py`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import shapely

mpl.use("svg")

from matplotlib import pyplot as plt
from matplotlib.patches import Polygon as Patch
from matplotlib.patches import Rectangle

from clustergeo.overlap.grid import NOTHING, PIECES, build
from clustergeo.overlap.rings import Polygons

if TYPE_CHECKING:
    from matplotlib.axes import Axes

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
INK, BLUE, ORANGE, GREY = "#222222", "#2b6cb0", "#c05621", "#a0aec0"

TRIANGLE = [(1.0, 1.0), (2.2, 3.4), (4.6, 1.8), (1.0, 1.0)]
ZONE = shapely.Polygon(
    [(0.6, 0.4), (0.4, 3.2), (2.6, 4.6), (5.2, 4.2), (7.4, 4.6), (7.6, 1.2), (5.4, 0.4), (3.0, 1.0)],
    [[(2.2, 1.8), (3.6, 1.6), (3.8, 2.8), (2.6, 3.1)]],
)


def panel(axes: Axes, title: str, extent: tuple[float, float, float, float]) -> None:
    """Make a bare panel."""
    axes.set_aspect("equal")
    axes.set_xlim(*extent[:2])
    axes.set_ylim(*extent[2:])
    axes.set_axis_off()
    axes.set_title(title, fontsize=9, color=INK)


def below(axes: Axes, start: tuple[float, float], end: tuple[float, float], sign: int) -> None:
    """Fill the trapezoid below an edge, in the colour of its sign."""
    colour = BLUE if sign > 0 else ORANGE
    axes.add_patch(Patch([(start[0], 0), start, end, (end[0], 0)], facecolor=colour, alpha=0.28, edgecolor="none"))
    middle = (start[0] + end[0]) / 2
    axes.text(middle, 0.22, "+" if sign > 0 else "−", ha="center", fontsize=13, color=colour)
    axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": INK, "lw": 1.2})


def trapezoids() -> Any:
    """Show a triangle as the signed sum of what lies below its edges."""
    figure, panels = plt.subplots(1, 4, figsize=(9, 2.6))
    for axes, number in zip(panels, range(3), strict=False):
        start, end = TRIANGLE[number], TRIANGLE[number + 1]
        panel(axes, f"edge {number + 1}", (0.6, 5.0, -0.1, 3.8))
        axes.plot(*zip(*TRIANGLE, strict=True), color=GREY, lw=0.8)
        below(axes, start, end, 1 if end[0] > start[0] else -1)
        axes.axhline(0, color=INK, lw=0.8)
    panel(panels[3], "sum", (0.6, 5.0, -0.1, 3.8))
    panels[3].add_patch(Patch(TRIANGLE, facecolor=BLUE, alpha=0.5, edgecolor=INK))
    panels[3].axhline(0, color=INK, lw=0.8)
    return figure


def pairs() -> Any:
    """Show pairs of pieces: the area below the lower of the two, over the width they share."""
    figure, panels = plt.subplots(1, 3, figsize=(9, 2.6))
    cases = [
        ("one lies below the other", ((0.5, 1.0), (4.0, 1.6)), ((1.5, 2.2), (5.0, 3.0))),
        ("they cross", ((0.5, 0.8), (4.2, 3.0)), ((1.2, 2.6), (5.0, 1.2))),
        ("they are the same edge", ((0.8, 1.0), (4.6, 2.6)), ((0.8, 1.0), (4.6, 2.6))),
    ]
    for axes, (title, site, zone) in zip(panels, cases, strict=True):
        panel(axes, title, (0.0, 5.6, -0.2, 3.4))
        left, right = max(site[0][0], zone[0][0]), min(site[1][0], zone[1][0])
        x = np.linspace(left, right, 200)
        heights = [np.interp(x, *zip(*piece, strict=True)) for piece in (site, zone)]
        axes.fill_between(x, 0, np.minimum(*heights), color=BLUE, alpha=0.25, lw=0)
        axes.plot(*zip(*zone, strict=True), color=ORANGE, lw=3.5 if site == zone else 1.8)
        axes.plot(*zip(*site, strict=True), color=INK, lw=1.4)
        axes.axhline(0, color=INK, lw=0.8)
        for edge in (left, right):
            axes.plot([edge, edge], [0, 3.2], color=GREY, lw=0.8, ls=":")
    panels[0].text(4.1, 1.35, "site", fontsize=9, color=INK)
    panels[0].text(4.4, 3.1, "zone", fontsize=9, color=ORANGE)
    return figure


def cells() -> Any:
    """Show the grid as it is built: uniform cells, cells with pieces, and the covers on their upper sides."""
    figure, axes = plt.subplots(figsize=(7.6, 4.6))
    panel(axes, "", (-0.15, 8.15, -0.15, 5.15))
    grid = build(Polygons.from_shapely(np.array([ZONE])), 1.0)
    for cell, cover in enumerate(grid.cover):
        row, column = divmod(cell, int(grid.window[2]))
        x, y = column + int(grid.window[0]), row + int(grid.window[1])
        face = {NOTHING: "white", PIECES: "#fdf3e7"}.get(int(cover), "#cfe0f3")
        axes.add_patch(Rectangle((x, y), 1, 1, facecolor=face, edgecolor=GREY, lw=0.7))
        for at in range(grid.held.middle[cell], grid.held.start[cell + 1]):
            x1, _, x2, _ = grid.held.pieces[at]
            colour = BLUE if grid.held.weights[at] > 0 else ORANGE
            height = y + 0.93 - 0.07 * (at - grid.held.middle[cell])
            axes.plot([x + x1 + 0.03, x + x2 - 0.03], [height, height], color=colour, lw=2.2, solid_capstyle="butt")
    for ring in (ZONE.exterior, *ZONE.interiors):
        axes.plot(*ring.xy, color=INK, lw=1.4)
    return figure


def cases() -> Any:
    """Show a touch, a hole, a shared border and zones that overlap."""
    figure, panels = plt.subplots(1, 4, figsize=(9, 2.5))
    site = shapely.box(1.0, 1.0, 2.4, 2.2)
    shown = [
        ("touch: exactly 0", [shapely.box(2.4, 0.4, 3.8, 2.8)]),
        ("in a hole: 0", [shapely.box(0.2, 0.2, 3.8, 3.0).difference(shapely.box(0.8, 0.8, 2.8, 2.5))]),
        ("shared border: sum 1", [shapely.box(0.2, 0.2, 1.7, 3.0), shapely.box(1.7, 0.2, 3.8, 3.0)]),
        (
            "overlap: at most 1",
            [shapely.union(shapely.box(0.4, 0.4, 2.0, 2.8), shapely.box(1.4, 0.2, 3.6, 2.6))],
        ),
    ]
    for axes, (title, zones) in zip(panels, shown, strict=True):
        panel(axes, title, (0, 4, 0, 3.2))
        for zone, colour in zip(zones, (ORANGE, BLUE), strict=False):
            outer = np.asarray(zone.exterior.coords)
            axes.add_patch(Patch(outer, facecolor=colour, alpha=0.3, edgecolor=colour))
            for hole in zone.interiors:
                axes.add_patch(Patch(np.asarray(hole.coords), facecolor="white", edgecolor=colour))
        axes.add_patch(Patch(np.asarray(site.exterior.coords), facecolor="none", edgecolor=INK, lw=1.6))
    return figure


def main() -> None:
    """Write docs/images/method-*.svg, the same bytes each time."""
    mpl.rcParams.update({"svg.hashsalt": "clustergeo", "svg.fonttype": "none", "font.family": "sans-serif"})
    IMAGES.mkdir(parents=True, exist_ok=True)
    for draw in (trapezoids, pairs, cells, cases):
        figure = draw()
        path = IMAGES / f"method-{draw.__name__}.svg"
        figure.savefig(path, bbox_inches="tight", pad_inches=0.05, metadata={"Date": None, "Creator": None})
        plt.close(figure)


if __name__ == "__main__":
    main()
