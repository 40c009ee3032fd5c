"""The kernel that finds how near a border runs to each site."""

# ruff: noqa: C901, PLR0912, PLR0915, PLR0917

from __future__ import annotations

from typing import Any

import numpy as np

from clustergeo.overlap.jit import COUNT, NUMBER, compiled, given, inner, made

LEAF = 8


@inner(*[NUMBER] * 6)
def _gap(x: float, y: float, x1: float, y1: float, x2: float, y2: float) -> float:
    """Return the square of the distance of a point and a segment."""
    across, along = x2 - x1, y2 - y1
    right, up = x - x1, y - y1
    length = across * across + along * along
    share = 0.0
    if length > 0.0:
        share = min(max((right * across + up * along) / length, 0.0), 1.0)
    right, up = right - share * across, up - share * along
    return right * right + up * up


@inner(*[NUMBER] * 8)
def _gap_of_boxes(
    left: float, bottom: float, right: float, top: float, x1: float, y1: float, x2: float, y2: float
) -> float:
    """Return the square of the distance of two boxes, each given by its least and greatest x and y."""
    across, along = max(x1 - right, left - x2, 0.0), max(y1 - top, bottom - y2, 0.0)
    return across * across + along * along


@compiled(
    given(NUMBER, 2),
    given(COUNT),
    given(COUNT),
    given(NUMBER, 2),
    given(NUMBER, 2),
    given(NUMBER, 2),
    COUNT,
    given(COUNT),
    given(NUMBER),
    made(COUNT),
    made(NUMBER),
    made(NUMBER),
    made(COUNT),
)
def nearest(
    xy: Any,
    rings: Any,
    polygons: Any,
    bounds: Any,
    segments: Any,
    boxes: Any,
    leaves: int,
    hints: Any,
    hinted: Any,
    stack: Any,
    gaps: Any,
    distances: Any,
    found: Any,
) -> None:
    """Write the distance of each site to the nearest of the segments, and the number of that segment.

    Box k of the tree holds boxes 2k and 2k + 1; the last `leaves` hold `LEAF` segments each. `hinted` is the first x
    and y, the width and the numbers of columns and rows of a coarse grid, of which `hints` names a near segment for
    each cell: a first bound of the distance that spares most of the search.
    """
    for row in range(len(polygons) - 1):
        first, last = polygons[row], polygons[row + 1]
        distances[row], found[row] = np.nan, 0
        if first == last:
            continue
        left, bottom, right, top = bounds[row, 0], bounds[row, 1], bounds[row, 2], bounds[row, 3]
        column = int(min(max((0.5 * (left + right) - hinted[0]) / hinted[2], 0.0), hinted[3] - 1.0))
        line = int(min(max((0.5 * (bottom + top) - hinted[1]) / hinted[2], 0.0), hinted[4] - 1.0))
        best = hints[line * int(hinted[3]) + column]
        least = np.inf
        x1, y1, x2, y2 = segments[best, 0], segments[best, 1], segments[best, 2], segments[best, 3]
        for vertex in range(rings[first], rings[last]):
            least = min(least, _gap(xy[vertex, 0], xy[vertex, 1], x1, y1, x2, y2))
        stack[0], gaps[0], depth = 1, 0.0, 1
        while depth > 0:
            depth -= 1
            box = stack[depth]
            if gaps[depth] >= least:
                continue
            if box < leaves:
                nearer, other = 2 * box, 2 * box + 1
                near_gap = _gap_of_boxes(
                    left, bottom, right, top, boxes[nearer, 0], boxes[nearer, 1], boxes[nearer, 2], boxes[nearer, 3]
                )
                other_gap = _gap_of_boxes(
                    left, bottom, right, top, boxes[other, 0], boxes[other, 1], boxes[other, 2], boxes[other, 3]
                )
                if other_gap < near_gap:
                    nearer, other, near_gap, other_gap = other, nearer, other_gap, near_gap
                if other_gap < least:
                    stack[depth], gaps[depth] = other, other_gap
                    depth += 1
                if near_gap < least:
                    stack[depth], gaps[depth] = nearer, near_gap
                    depth += 1
                continue
            for segment in range((box - leaves) * LEAF, min((box - leaves + 1) * LEAF, len(segments))):
                x1, y1, x2, y2 = segments[segment, 0], segments[segment, 1], segments[segment, 2], segments[segment, 3]
                apart = _gap_of_boxes(left, bottom, right, top, min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
                if apart >= least:
                    continue
                # an end of the segment matters only where it lies nearer to the site's box than the least so far
                end_1 = _gap_of_boxes(left, bottom, right, top, x1, y1, x1, y1) < least
                end_2 = _gap_of_boxes(left, bottom, right, top, x2, y2, x2, y2) < least
                within = False
                for ring in range(first, last):
                    for vertex in range(rings[ring], max(rings[ring + 1] - 1, rings[ring] + 1)):
                        after = min(vertex + 1, rings[ring + 1] - 1)
                        u1, v1, u2, v2 = xy[vertex, 0], xy[vertex, 1], xy[after, 0], xy[after, 1]
                        gap = _gap(u1, v1, x1, y1, x2, y2)
                        if end_1:
                            gap = min(gap, _gap(x1, y1, u1, v1, u2, v2))
                        if end_2:
                            gap = min(gap, _gap(x2, y2, u1, v1, u2, v2))
                        if apart == 0.0:
                            # each end of one on another side of the other: they cross
                            turn_1 = (u2 - u1) * (y1 - v1) - (v2 - v1) * (x1 - u1)
                            turn_2 = (u2 - u1) * (y2 - v1) - (v2 - v1) * (x2 - u1)
                            turn_3 = (x2 - x1) * (v1 - y1) - (y2 - y1) * (u1 - x1)
                            turn_4 = (x2 - x1) * (v2 - y1) - (y2 - y1) * (u2 - x1)
                            if (turn_1 > 0.0) != (turn_2 > 0.0) and (turn_3 > 0.0) != (turn_4 > 0.0):
                                gap = 0.0
                            if (v1 > y1) != (v2 > y1) and u1 + (y1 - v1) / (v2 - v1) * (u2 - u1) > x1:
                                within = not within
                        if gap < least:
                            least, best = gap, segment
                if within:
                    # the border runs inside the site
                    least, best = 0.0, segment
        distances[row], found[row] = np.sqrt(least), best
