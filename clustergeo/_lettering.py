"""Where the words of the interactive map go, worked out for each zoom so that none covers another."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from clustergeo._placing import place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Spot = list[int]

MAX_LABELS = 40
# The room left for the land beside the panel in a window of 1280 x 800.
_WINDOW = (960.0, 770.0)
_TILE = 256.0
_STEP = 0.5
_ABOVE = 8
# Seen from further away, Korea is smaller than the names of its provinces.
_REGIONS_FROM = 6.0
_DOT = 9.0
_MARGIN = 70.0
_GAP = 3.0
# A name at the end of a longer line is read as that of another place; the list has it.
_FURTHEST = 60.0
_FURTHEST_LATITUDE = 85.0
_BADGE = 28.0
_EDGES = 14.0
# Of the height; bold DejaVu Sans, which many machines show, is among the widest.
_NARROW = 0.67
# Of a line of a label, in narrow letters: a long name is given more room before it is cut.
_WIDTHS = (24.0, 28.0, 32.0)
_REGION_LINE = 16.0


class Chip(NamedTuple):
    """The text of one label: one or two lines of name, perhaps a place, and the size of its box in pixels."""

    lines: tuple[str, ...]
    where: str
    size: tuple[float, float]


def levels_for(bounds: tuple[float, float, float, float]) -> list[float]:
    """Return the zooms that places are worked out for: from just below the one that fits the bounds, upwards.

    Examples
    --------
    >>> levels_for((124.6, 33.1, 131.9, 38.6))[:3]
    [6.0, 6.5, 7.0]
    """
    corners = pixels(np.array([[bounds[0], bounds[1]], [bounds[2], bounds[3]]]), 0.0)
    width, height = np.maximum(np.abs(corners[1] - corners[0]), 1e-9)
    fits = np.floor(np.log2(min(_WINDOW[0] / width, _WINDOW[1] / height)) / _STEP) * _STEP
    first = float(np.clip(fits, 2.0, 13.0)) - 2 * _STEP
    return [first + _STEP * one for one in range(_ABOVE + 2)]


def pixels(lonlat: NDArray[np.float64], zoom: float) -> NDArray[np.float64]:
    """Return web-map pixel positions, y downwards, shape (n, 2)."""
    scale = _TILE * 2.0**zoom / 360.0
    latitude = np.radians(np.clip(lonlat[:, 1], -_FURTHEST_LATITUDE, _FURTHEST_LATITUDE))
    return np.column_stack([lonlat[:, 0] * scale, -np.degrees(np.arcsinh(np.tan(latitude))) * scale])


def chip_of(name: str, where: str) -> Chip:
    """Return the label of a site: the place below a short name, a long name on two lines.

    Examples
    --------
    >>> chip_of("Alpha", "Yongin-si").where
    'Yongin-si'
    >>> chip_of("A name that is far too long for one line", "Yongin-si").lines
    ('A name that is far too', 'long for one line')
    """
    lines: tuple[str, ...] = ()
    for width in _WIDTHS:
        lines = _wrapped(name, width)
        if not lines[-1].endswith("…"):
            break
    stem = where.split("-", maxsplit=1)[0] if where.isascii() else where.rstrip("시군구도")
    below = where if len(lines) == 1 and where and stem not in name else ""
    shown = [*(_em(line) * 12.5 for line in lines), _em(below) * 11.5]
    height = 21.0 if len(lines) == 1 and not below else 35.0
    return Chip(lines, below, (float(np.ceil(max(shown) + _BADGE + _EDGES)), height))


def spots_of(
    points: NDArray[np.float64],
    chips: Sequence[Chip],
    *,
    levels: Sequence[float],
    bounds: tuple[float, float, float, float],
    keep_clear: NDArray[np.float64],
) -> list[list[Spot | None]]:
    """Return the place of each label at each level, from its dot: left, top and, where it stands off, its leader.

    Parameters
    ----------
    points
        Longitude and latitude of the dots, shape (n, 2).
    chips
        Their labels.
    levels
        The zooms.
    bounds
        West, south, east and north of the first view.
    keep_clear
        Boxes that no label covers: west, south, east and north, shape (m, 4).
    """
    found: list[list[Spot | None]] = [[] for _ in chips]
    sizes = np.array([chip.size for chip in chips]).reshape(-1, 2)
    for level in levels:
        anchors = pixels(points, level)
        edges = pixels(np.array([[bounds[0], bounds[3]], [bounds[2], bounds[1]]]), level)
        frame = (edges[0, 0] - _MARGIN, edges[0, 1] - _MARGIN, edges[1, 0] + _MARGIN, edges[1, 1] + _MARGIN)
        corners = pixels(keep_clear[:, [0, 3]], level), pixels(keep_clear[:, [2, 1]], level)
        blocked = np.hstack([corners[0] - _GAP, corners[1] + _GAP])
        placed = place(anchors, sizes + _GAP, frame=frame, marker=_DOT, blocked=blocked, furthest=_FURTHEST)
        for row, one in enumerate(placed):
            if one is None:
                found[row].append(None)
                continue
            x, y = one.x - anchors[row, 0], one.y - anchors[row, 1]
            spot = [round(x - sizes[row, 0] / 2), round(y - sizes[row, 1] / 2)]
            if one.leader is not None:
                spot += [round(one.leader[0] - anchors[row, 0]), round(one.leader[1] - anchors[row, 1])]
            found[row].append(spot)
    return found


def region_name(name: str) -> str:
    """Return the name of a region on one line, or on two of about one length where it is long.

    Examples
    --------
    >>> region_name("Gangwon State")
    'Gangwon State'
    >>> region_name("Jeonnam-Gwangju Integrated Special City").splitlines()
    ['Jeonnam-Gwangju', 'Integrated Special City']
    """
    if _em(name) <= _REGION_LINE or " " not in name:
        return name
    words = name.split()
    halves = [(" ".join(words[:at]), " ".join(words[at:])) for at in range(1, len(words))]
    return "\n".join(min(halves, key=lambda two: max(map(_em, two))))


def region_spots(
    points: NDArray[np.float64],
    names: Sequence[str],
    *,
    boxes: Sequence[NDArray[np.float64]],
    levels: Sequence[float],
) -> list[list[Spot | None]]:
    """Return the place of each region's name at each level: near its point, where nothing else stands.

    Parameters
    ----------
    points
        Longitude and latitude of a point in each region.
    names
        The names, in lines as `region_name` breaks them.
    boxes
        For each level, what names must not cover, as boxes (left, top, right, bottom) in pixels of that level.
    levels
        The zooms.
    """
    steps = [
        (0, 0),
        *((dx, dy) for reach in (14, 26) for dx in (0, -reach, reach) for dy in (-reach, 0, reach) if dx or dy),
    ]
    found: list[list[Spot | None]] = [[] for _ in names]
    for level, taken in zip(levels, boxes, strict=True):
        if level < _REGIONS_FROM:
            for spots in found:
                spots.append(None)
            continue
        held = taken
        for row, centre in enumerate(pixels(points, level)):
            lines = names[row].split("\n")
            half = np.array([max(map(_em, lines)) * 12.5 / 2 + _GAP, 8.0 * len(lines) + _GAP])
            for step in steps:
                box = np.concatenate([centre + step - half, centre + step + half])
                apart = (
                    (held[:, 2] <= box[0]) | (box[2] <= held[:, 0]) | (held[:, 3] <= box[1]) | (box[3] <= held[:, 1])
                )
                if apart.all():
                    held = np.vstack([held, box])
                    found[row].append(list(step))
                    break
            else:
                found[row].append(None)
    return found


def taken_boxes(
    points: NDArray[np.float64], chips: Sequence[Chip], spots: Sequence[Sequence[Spot | None]], levels: Sequence[float]
) -> list[NDArray[np.float64]]:
    """Return the boxes of dots and placed labels at each level; `points` holds the labelled dots first."""
    boxes = []
    for at, level in enumerate(levels):
        dots = pixels(points, level)
        held = [np.concatenate([dot - _DOT, dot + _DOT]) for dot in dots]
        for row, chip in enumerate(chips):
            spot = spots[row][at]
            if spot is not None:
                corner = dots[row] + spot[:2]
                held.append(np.concatenate([corner, corner + chip.size]))
        boxes.append(np.array(held).reshape(-1, 4))
    return boxes


def _em(text: str) -> float:
    """Return about how wide a text is, in units of its height; wide and narrow letters of any font differ less."""
    wide = sum(unicodedata.east_asian_width(sign) in "WF" for sign in text)
    capital = sum(sign.isupper() for sign in text)
    return wide + capital * 0.8 + (len(text) - wide - capital) * _NARROW


def _wrapped(name: str, width: float) -> tuple[str, ...]:
    """Return a name on one or two lines of about so many narrow letters, the rest cut with an ellipsis."""
    limit = width * _NARROW
    lines: list[str] = [""]
    for word in name.split():
        longer = f"{lines[-1]} {word}".strip()
        if _em(longer) <= limit or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    first, rest = lines[0], " ".join(lines[1:])
    if _em(first) > limit:
        # One word fills more than the line: it is cut where the line ends.
        cut = len(first)
        while cut > 1 and _em(first[:cut]) > limit:
            cut -= 1
        first, rest = first[:cut], f"{first[cut:]} {rest}".strip()
    return (first,) if not rest else (first, _cut(rest, limit))


def _cut(text: str, limit: float) -> str:
    """Return a text that is no wider than a limit, with an ellipsis where something was cut."""
    if _em(text) <= limit:
        return text
    while text and _em(text) > limit - 1.0:
        text = text[:-1]
    return text.rstrip() + "…"
