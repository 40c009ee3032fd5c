"""The static map of a tagged frame, for print and slides."""

from __future__ import annotations

import io
import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from clustergeo import _areas, _legend, _marks, _placing, _scene, _sheet, crs, datasets, labels, sources
from clustergeo.errors import InputError
from clustergeo.facts import latest_date
from clustergeo.layers import named_layers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from clustergeo.layers import Layer

    Box = tuple[float, float, float, float]

FORMATS = ("png", "svg", "pdf")

# Baengnyeongdo in the west, Marado in the south, Dokdo in the east, Goseong in the north.
_KOREA = (124.45, 32.95, 132.1, 38.75)
_LABELLED_SITES = 40
_SMALLEST_INCHES = (7.0, 5.5)
_PANEL_INCHES = 2.75
_MARGIN_INCHES = 0.25
_FOOT_LINES = 4
# The radius of a symbol as a share of its size; points by which a symbol must move to count as moved.
_GAP = 0.6
_MOVED = 2.0

# The shorter side of a usual map, and of an area that its symbol does not hide.
_USUAL_POINTS = 500.0
_VISIBLE_POINTS = 6.0

_WORDS = {
    "title": ("부지 {n}곳", "{n} site{s}"),
    "rdz": ("개발제한구역", "restricted development zones"),
    "as_of": ("{date} 기준 사실", "Facts as of {date}"),
    "hidden": ("위치를 모르는 부지 {n}곳은 그리지 않음", "{n} site{s} without a position not drawn"),
    "unlabelled": ("자리가 없어 이름을 뺀 부지 {n}곳", "{n} name{s} left out for want of room"),
    "boundaries": ("행정 경계 {text}", "Boundaries: {text}"),
    "plane": (
        "정적도법, 축척자는 놓인 자리에서 정확함",
        "Equal-area projection; the scale bar is true where it stands",
    ),
    "north": ("북", "N"),
}


@dataclass(frozen=True)
class _Sites:
    """What is drawn, in a plane: footprints, `within`, positions; who is a disc, who known by `within` alone; marks."""

    footprints: NDArray[np.object_]
    within: NDArray[np.object_]
    positions: NDArray[np.float64]
    dashed: NDArray[np.bool_]
    loose: NDArray[np.bool_]
    marks: list[_marks.Mark]


def plot(
    tagged: gpd.GeoDataFrame,
    *,
    lang: str = "en",
    colour_by: str | None = "sectors",
    zones: Mapping[str, Layer | gpd.GeoDataFrame] | None = None,
    title: str | None = None,
    size: tuple[float, float] = (11.0, 8.2),
    extent: Literal["korea", "sites"] = "korea",
) -> Figure:
    """Draw the static map of a tagged frame.

    Land, the capital region, zones, what certainly contains each site, discs (dashed), measured footprints (solid), and
    a symbol per site: its shape tells the evidence on restriction zones, a mark inside it the basis, its halves the
    sectors, and a ring round it that the site is known by what contains it alone and the symbol is no position. Names
    do not collide; above 40 sites there are none. Sites in Korea are shown on all of Korea, with an inset of the
    capital region; others within their bounds. The projection is equal-area.

    Parameters
    ----------
    tagged
        Sites with a CRS, as `tag` returns them; every column but the geometry is optional. It is not changed.
    lang
        `"ko"` or `"en"`.
    colour_by
        `"sectors"` (the first two of a site), any other column of codes or flags, or None for one colour.
    zones
        Zone layers by name, drawn beneath the sites, in the legend and in the sources.
    title
        The heading; by default the number of sites and what is shown.
    size
        Width and height in inches, at least 7 by 5.5.
    extent
        `"korea"`, all of it with an inset of the capital region where the sites lie in it; `"sites"`, their bounds.

    Returns
    -------
    matplotlib.figure.Figure
        A figure that pyplot does not know; it shows itself in a notebook, and `figure_bytes` writes it.

    Raises
    ------
    InputError
        `tagged` is no GeoDataFrame or has no CRS; there is no such language, column or extent; the size is too small.

    Examples
    --------
    >>> sites = gpd.GeoDataFrame({"site_id": ["a"]}, geometry=[shapely.Point(127.2, 37.15)], crs="EPSG:4326")
    >>> figure_bytes(plot(sites, title="One site"), "png")[1:4]
    b'PNG'
    """
    place = labels.check_lang(lang)
    _check(tagged, size, extent)
    # Slow to import, and only pictures need it.
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415

    from clustergeo._picture import Drawing  # noqa: PLC0415

    words = {key: pair[place] for key, pair in _WORDS.items()}
    marks, colours = _marks.marks(tagged, lang=lang, colour_by=colour_by)
    drawn_zones = _areas.zones_of(named_layers(zones), lang)
    bounds = _bounds(tagged)
    korea = extent == "korea" and _contains(_KOREA, bounds)
    width, height = size
    if title is None:
        told = [labels.column(colour_by, lang).lower()] * bool(colours) if colour_by is not None else []
        told += [words["rdz"]] * any(mark.evidence for mark in marks)
        title = _count(words["title"], len(tagged)) + ": " * bool(told) + ", ".join(told)
    title_text = _sheet.wrap(title, columns=int(width * 72 / 8), lines=2)
    head = 0.5 + 0.25 * title_text.count("\n")
    side = width - _PANEL_INCHES - _MARGIN_INCHES
    rect = (_MARGIN_INCHES, 0.55, side - 2 * _MARGIN_INCHES, height - head - 0.55 - 0.1)
    figure = Drawing(figsize=size, dpi=200, facecolor="white")
    FigureCanvasAgg(figure)
    view = _sheet.view_of(_KOREA if korea or bounds == _KOREA else _sheet.widened(bounds), inches=rect[2:])
    sites = _project(tagged, view.plane, marks)
    lost, moved = _draw(main := _sheet.axes_of(figure, rect, view), view, sites, drawn_zones, words, inset=False)
    top, scale = height - head - 0.1, view.scale
    if korea:
        inset = min(_PANEL_INCHES, (height - 1.2) * 0.4)
        _sheet.write(figure, side / width, top / height, labels.column("in_capital_region", lang), size=8.5, va="top")
        top -= 0.22 + inset
        near = _sheet.view_of(_capital_bounds(), inches=(_PANEL_INCHES, inset))
        axes = _sheet.axes_of(figure, (side, top, _PANEL_INCHES, inset), near)
        moved |= _draw(axes, near, sites, drawn_zones, words, inset=True)[1]
        top, scale = top - 0.1, near.scale
    placed = np.isfinite(sites.positions).all(axis=1)
    legend = _legend.sections(
        # A legend explains what is drawn: no site without a place, no sector that stands third.
        [marks[row] for row in np.flatnonzero(placed)],
        colours,
        _kinds(sites, scale),
        [(zone.words, zone.look) for zone in drawn_zones],
        place=place,
        colour_by=colour_by,
        lang=lang,
        capital=_areas.shows_capital(main),
        moved=moved,
    )
    _legend.draw(figure, legend, box=(side, 0.2, _PANEL_INCHES, top - 0.2))
    _sheet.write(figure, _MARGIN_INCHES / width, 1 - 0.16 / height, title_text, size=14, va="top", linespacing=1.15)
    left_out = (("hidden", int((~placed).sum())), ("unlabelled", lost))
    notes = [_count(words[key], number) for key, number in left_out if number]
    dated = [words["as_of"].format(date=date)] if (date := latest_date(tagged)) is not None else []
    first = " · ".join([*dated, *notes, words["plane"]])
    second = words["boundaries"].format(text=sources.boundary_attribution(lang))
    second = " · ".join([second, *(f"{zone.words}: {zone.terms}" for zone in drawn_zones if zone.terms)])
    columns = int(rect[2] * 72 / 3.7)
    first = _sheet.wrap(first, columns=columns, lines=2)
    footer = f"{first}\n{_sheet.wrap(second, columns=columns, lines=_FOOT_LINES - 1 - first.count(chr(10)))}"
    _sheet.write(figure, _MARGIN_INCHES / width, 0.47 / height, footer, size=7, colour=_sheet.QUIET, va="top")
    return figure


def figure_bytes(figure: Figure, format: str) -> bytes:  # noqa: A002 - the word of every tool that writes files
    """Return a figure as a file; the same figure gives the same bytes.

    Parameters
    ----------
    figure
        As `plot` returns it.
    format
        `"png"` (200 dots an inch), `"svg"` (text as outlines, so that no font is needed) or `"pdf"` (fonts embedded).

    Raises
    ------
    InputError
        There is no such format, or no font has a character that was written on the figure.
    """
    if format not in FORMATS:
        msg = f"A picture cannot be written as {format!r}. The formats are {', '.join(FORMATS)}."
        raise InputError(msg)
    import matplotlib as mpl  # noqa: PLC0415 - slow to import

    # A date or a tool's version in the file would make two runs differ.
    metadata: dict[str, dict[str, Any]] = {
        "png": {"Software": None},
        "svg": {"Date": None, "Creator": "clustergeo"},
        "pdf": {"CreationDate": None, "Creator": "clustergeo", "Producer": None},
    }
    out = io.BytesIO()
    with (
        mpl.rc_context({"svg.hashsalt": "clustergeo", "svg.fonttype": "path", "pdf.fonttype": 42}),
        warnings.catch_warnings(),
    ):
        warnings.filterwarnings("error", message="Glyph .* missing from font")
        try:
            figure.savefig(out, format=format, metadata=metadata[format], facecolor="white")
        except UserWarning as warning:
            msg = f"The picture would show an empty box: {warning}. Take the character out, or name a font that has it."
            raise InputError(msg) from warning
    return out.getvalue()


def _check(tagged: Any, size: tuple[float, float], extent: str) -> None:
    """Refuse what cannot be drawn."""
    if not isinstance(tagged, gpd.GeoDataFrame):
        msg = f"plot draws a GeoDataFrame of sites, not a {type(tagged).__name__}. Read a file with read_sites(path)."
        raise InputError(msg)
    crs.require_crs(tagged, what="The frame of sites")
    if len(size) != len(_SMALLEST_INCHES) or not all(
        math.isfinite(side) and side >= least for side, least in zip(size, _SMALLEST_INCHES, strict=True)
    ):
        msg = f"size={size!r} is no size for a map; expected width and height in inches, at least {_SMALLEST_INCHES}."
        raise InputError(msg)
    if extent not in ("korea", "sites"):
        msg = f"extent is {extent!r}; expected 'korea' or 'sites'."
        raise InputError(msg)


def _count(words: str, number: int) -> str:
    """Return words about so many things."""
    return words.format(n=f"{number:,}", s="" if number == 1 else "s")


def _bounds(frame: gpd.GeoDataFrame) -> Box:
    """Return the bounds of the sites in degrees; those of Korea where no site has a place."""
    shapes = np.asarray(crs.to_lonlat(frame.geometry).values, dtype=object)
    held = np.where(_areas.missing(shapes), _areas.within(frame, crs.LONLAT), shapes)
    west, south, east, north = (float(side) for side in gpd.GeoSeries(held).total_bounds)
    if not all(map(math.isfinite, (west, south, east, north))):
        return _KOREA
    return (west, south, east, north)


def _contains(outer: Box, inner: Box) -> bool:
    """Return whether a box lies in another one."""
    return outer[0] <= inner[0] and outer[1] <= inner[1] and inner[2] <= outer[2] and inner[3] <= outer[3]


def _project(frame: gpd.GeoDataFrame, plane: str, marks: list[_marks.Mark]) -> _Sites:
    """Return the sites in a plane; the symbol of one that is known by its area alone stands in that area."""
    footprints = np.array(frame.geometry.to_crs(plane).values, dtype=object)
    loose = _areas.missing(footprints)
    footprints[loose] = None
    within = _areas.within(frame, plane)
    centres = shapely.centroid(footprints)
    positions = np.column_stack([shapely.get_x(centres), shapely.get_y(centres)]).astype(np.float64).reshape(-1, 2)
    loose &= ~_areas.missing(within)
    positions[loose] = _scene.positions(within[loose])[0]
    bases = frame["footprint_basis"] if "footprint_basis" in frame.columns else pd.Series([None] * len(frame))
    dashed = np.array([basis == "disc" for basis in bases.astype(object).where(bases.notna(), None)], dtype=bool)
    return _Sites(footprints, within, positions, dashed, loose, marks)


def _kinds(sites: _Sites, scale: float) -> set[str]:
    """Return what can be seen at so many points a metre: `within`, `disc`, `measured`; and `loose`, a symbol's ring."""
    seen = np.sqrt(shapely.area(sites.footprints)) * scale > _VISIBLE_POINTS
    held = {"disc": (seen & sites.dashed).any(), "measured": (seen & ~sites.dashed).any()}
    held["within"] = (np.sqrt(shapely.area(sites.within)) * scale > _VISIBLE_POINTS).any()
    held["loose"] = sites.loose.any()
    return {kind for kind, there in held.items() if there}


def _capital_bounds() -> Box:
    """Return the bounds of the mainland of the capital region, with a margin, in degrees."""
    parts = shapely.get_parts(np.asarray(datasets.load_capital_region().geometry.values, dtype=object))
    west, south, east, north = shapely.bounds(parts[int(np.argmax(shapely.area(parts)))])
    return (float(west) - 0.1, float(south) - 0.1, float(east) + 0.05, float(north) + 0.05)


def _draw(
    axes: Axes, view: _sheet.View, sites: _Sites, zones: list[_areas.Zone], words: dict[str, str], *, inset: bool
) -> tuple[int, bool]:
    """Draw one view; return how many names found no room, and whether a symbol was moved aside."""
    if not _areas.draw_land(axes, view):
        # Where the map has no land of its own, blue would say that there is only sea.
        axes.set_facecolor("white")
    for zone in zones:
        _areas.draw_zone(axes, view, zone)
    colours = [mark.colours[0] for mark in sites.marks]
    _areas.draw_sites(axes, view, sites.within, sites.footprints, colours=colours, dashed=sites.dashed)
    rows = np.array([row for row, (x, y) in enumerate(sites.positions) if _contains(view.box, (x, y, x, y))], dtype=int)
    blocked = [_sheet.scale_bar(axes, view)]
    if not inset:
        blocked.append(_sheet.north_arrow(axes, view, words["north"]))
    if not len(rows):
        return 0, False
    few = len(sites.marks) <= _LABELLED_SITES
    # A small map needs small symbols and letters, or they cover what they show.
    scale = 0.8 if inset else min(1.2, max(0.7, min(view.extent) / _USUAL_POINTS))
    size = 8.5 * scale if few else max(3.0, 8.5 * scale * (_LABELLED_SITES / len(sites.marks)) ** 0.25)
    places = view.points(sites.positions[rows])
    spots = _placing.spread(places, size * _GAP) if few else places
    _draw_symbols(axes, view, [sites.marks[row] for row in rows], spots, size=size)
    if sites.loose[rows].any():
        ring = _legend.ring(size)
        ring.set_data(*np.array([view.at(*spot) for spot in spots[sites.loose[rows]]]).T)
        ring.set_zorder(5)
        axes.add_line(ring)
    moved = np.hypot(*(spots - places).T) > _MOVED
    for spot, place in zip(spots[moved], places[moved], strict=True):
        _draw_line(axes, view, place, spot)
        dot = _legend.moved_dot()
        dot.set_data(*np.array([view.at(*place)]).T)
        dot.set_zorder(7)
        axes.add_line(dot)
    if not few:
        return 0, False
    names = [sites.marks[row].name for row in rows]
    letters = scale * (8.5 if inset or len(names) <= _LABELLED_SITES / 2 else 7.5)
    lost = _draw_names(axes, view, names, spots, letters=letters, radius=size * _GAP, blocked=np.array(blocked))
    return lost, bool(moved.any())


def _draw_line(axes: Axes, view: _sheet.View, start: NDArray[np.float64], end: Any) -> None:
    """Draw a thin line between two places in points."""
    ends = np.array([view.at(*start), view.at(*end)]).T
    axes.plot(*ends, color=_sheet.QUIET, linewidth=0.6, zorder=5, solid_capstyle="butt")


def _draw_symbols(
    axes: Axes, view: _sheet.View, marks: list[_marks.Mark], spots: NDArray[np.float64], *, size: float
) -> None:
    """Draw a symbol at each place in points, one artist for all that look alike."""
    alike: dict[tuple[tuple[str, str] | None, tuple[str, ...]], list[int]] = {}
    for row, mark in enumerate(marks):
        alike.setdefault((mark.evidence, mark.colours), []).append(row)
    for evidence, colours in sorted(alike, key=lambda look: (look[0] or ("", ""), look[1])):
        places = np.array([view.at(*spots[row]) for row in alike[evidence, colours]])
        for symbol in _legend.symbol(colours, evidence, size=size):
            symbol.set_data(*places.T)
            symbol.set_zorder(6)
            axes.add_line(symbol)


def _draw_names(
    axes: Axes,
    view: _sheet.View,
    names: list[str],
    spots: NDArray[np.float64],
    *,
    letters: float,
    radius: float,
    blocked: NDArray[np.float64],
) -> int:
    """Write the names, each at a free place with a line to its symbol; return how many found none."""
    texts = [
        _sheet.write(
            axes,
            *view.at(0, 0),
            _sheet.wrap(name, columns=28, lines=3),
            size=letters,
            ha="center",
            va="center",
            linespacing=1.05,
            zorder=8,
            path_effects=_sheet.halo(),
        )
        for name in names
    ]
    renderer = axes.figure.canvas.get_renderer()  # type: ignore[attr-defined]
    inch = axes.figure.dpi / _sheet.POINTS_PER_INCH
    extents = [text.get_window_extent(renderer) for text in texts]
    boxes = np.array([[extent.width / inch + 3, extent.height / inch + 2] for extent in extents])
    frame = (3.0, 3.0, view.extent[0] - 3, view.extent[1] - 3)
    found = _placing.place(spots, boxes, frame=frame, marker=radius, blocked=blocked)
    for text, spot, placement in zip(texts, spots, found, strict=True):
        if placement is None:
            text.remove()
            continue
        text.set_position(view.at(placement.x, placement.y))
        if placement.leader is not None:
            _draw_line(axes, view, spot, placement.leader)
    return found.count(None)
