"""The kernel that measures polygons: turns, areas and bounds."""

# ruff: noqa: PLR0917

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from clustergeo.overlap.jit import COUNT, FLAG, NUMBER, compiled, given, made


@compiled(
    given(NUMBER, 2),
    given(COUNT),
    given(FLAG),
    given(COUNT),
    made(types.int8),
    made(NUMBER),
    made(NUMBER, 2),
)
def measure(xy: Any, rings: Any, holes: Any, polygons: Any, turns: Any, areas: Any, bounds: Any) -> int:
    """Measure each polygon: the turn of its rings, its area and its bounds.

    A ring's turn is 1 where the inside lies below its edges that run to the right: exteriors clockwise and holes the
    other way; -1 where it is written the other way round. Returned is -1, or twice the first row that has a number
    that is not finite or too large, or twice the first row with an open ring, plus one. Areas are summed in the same
    order as GEOS does.
    """
    for row in range(len(polygons) - 1):
        area, part = 0.0, 0.0
        left, bottom, right, top = np.inf, np.inf, -np.inf, -np.inf
        for ring in range(polygons[row], polygons[row + 1]):
            first, last = rings[ring], rings[ring + 1] - 1
            x, y = xy[first, 0], xy[first, 1]
            twice = 0.0
            for vertex in range(first, last + 1):
                x_here, y_here = xy[vertex, 0], xy[vertex, 1]
                if not (abs(x_here) < np.inf and abs(y_here) < np.inf):
                    return 2 * row
                left, right, bottom, top = min(left, x_here), max(right, x_here), min(bottom, y_here), max(top, y_here)
                if vertex > first + 1:
                    twice += (xy[vertex - 1, 0] - x) * (y_here - xy[vertex - 2, 1])
            if not abs(twice) < np.inf:  # too large to have an area
                return 2 * row
            if xy[last, 0] != x or xy[last, 1] != y:
                return 2 * row + 1
            turns[ring] = -1 if (twice > 0.0) != holes[ring] else 1
            if holes[ring]:
                part -= 0.5 * abs(twice)
            else:
                area += part
                part = 0.5 * abs(twice)
        if left > right:
            left, bottom, right, top = np.nan, np.nan, np.nan, np.nan
        areas[row] = area + part
        bounds[row, 0], bounds[row, 1], bounds[row, 2], bounds[row, 3] = left, bottom, right, top
    return -1
