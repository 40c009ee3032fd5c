"""The kernel that finds centroids."""

from __future__ import annotations

from typing import Any

import numpy as np

from clustergeo.overlap.jit import COUNT, FLAG, NUMBER, compiled, given, made


@compiled(given(NUMBER, 2), given(COUNT), given(FLAG), given(COUNT), made(NUMBER, 2))
def centre(xy: Any, rings: Any, holes: Any, polygons: Any, centres: Any) -> None:
    """Write the centroid of each polygon, not-a-number where it has no area.

    Coordinates count from the polygon's first vertex, so that large ones lose no digits.
    """
    for row in range(len(polygons) - 1):
        centres[row, 0], centres[row, 1] = np.nan, np.nan
        if polygons[row] == polygons[row + 1]:
            continue
        start = rings[polygons[row]]
        x, y = xy[start, 0], xy[start, 1]
        area, across, along = 0.0, 0.0, 0.0
        for ring in range(polygons[row], polygons[row + 1]):
            # six times the moments of the ring and twice its area, positive where it runs counter-clockwise
            twice, moment_x, moment_y = 0.0, 0.0, 0.0
            before_x, before_y = xy[rings[ring], 0] - x, xy[rings[ring], 1] - y
            for vertex in range(rings[ring] + 1, rings[ring + 1]):
                here_x, here_y = xy[vertex, 0] - x, xy[vertex, 1] - y
                cross = before_x * here_y - here_x * before_y
                twice += cross
                moment_x += (before_x + here_x) * cross
                moment_y += (before_y + here_y) * cross
                before_x, before_y = here_x, here_y
            sign = 1.0 if (twice > 0.0) != holes[ring] else -1.0
            area += sign * twice
            across += sign * moment_x
            along += sign * moment_y
        if area > 0.0:
            centres[row, 0], centres[row, 1] = x + across / (3.0 * area), y + along / (3.0 * area)
