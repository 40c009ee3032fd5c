"""The kernel that tells which small rings are certainly valid: no edge meets another but at the corner between them."""

# ruff: noqa: PLR0917

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from clustergeo.overlap.jit import COUNT, NUMBER, compiled, given, inner, made
from clustergeo.overlap.kinds import POLYGON

# Every pair of edges is looked at: for more of them this is not the fastest way.
MOST = 64
_TRIANGLE = 3
# A sum of two products of differences is off by less than this part of the sum of their sizes, unless it is tiny.
_DOUBT = 4.0 * np.finfo(np.float64).eps
_TINY = 1e-300
_EDGES = made(NUMBER, 2)


@inner(*[NUMBER] * 4)
def turn(across: float, up: float, right: float, ahead: float) -> int:
    """Return 1 where the second way turns left of the first one, -1 right, and 0 where rounding may hide it."""
    one, other = across * ahead, up * right
    doubt = _DOUBT * (abs(one) + abs(other)) + _TINY
    sign = 0
    if one - other > doubt:
        sign = 1
    if other - one > doubt:
        sign = -1
    return sign


@inner(_EDGES, COUNT, COUNT)
def apart(edges: Any, one: int, other: int) -> bool:
    """Say whether two edges, each x and y of its ends, certainly have no point in common."""
    p_x, p_y, q_x, q_y = edges[one, 0], edges[one, 1], edges[one, 2], edges[one, 3]
    u_x, u_y, v_x, v_y = edges[other, 0], edges[other, 1], edges[other, 2], edges[other, 3]
    if max(p_x, q_x) < min(u_x, v_x) or max(u_x, v_x) < min(p_x, q_x):
        return True
    if max(p_y, q_y) < min(u_y, v_y) or max(u_y, v_y) < min(p_y, q_y):
        return True
    # both ends of one lie on the same side of the other
    across, up = q_x - p_x, q_y - p_y
    if turn(across, up, u_x - p_x, u_y - p_y) * turn(across, up, v_x - p_x, v_y - p_y) > 0:
        return True
    across, up = v_x - u_x, v_y - u_y
    return bool(turn(across, up, p_x - u_x, p_y - u_y) * turn(across, up, q_x - u_x, q_y - u_y) > 0)


@inner(_EDGES, COUNT, COUNT)
def onward(edges: Any, one: int, after: int) -> bool:
    """Say whether an edge certainly leaves the end of the one before it without coming back along it."""
    across, up = edges[one, 2] - edges[one, 0], edges[one, 3] - edges[one, 1]
    right, ahead = edges[after, 2] - edges[after, 0], edges[after, 3] - edges[after, 1]
    # the turn of the perpendicular is the cosine: it is positive where the way goes on
    return bool(turn(across, up, right, ahead) != 0 or turn(up, -across, right, ahead) > 0)


@inner(given(NUMBER, 2), COUNT, COUNT, COUNT, _EDGES)
def edges_of(xy: Any, begin: int, end: int, count: int, edges: Any) -> int:
    """Write the edges of a ring, whose vertices are numbered from `begin` to before `end`, from the edge `count` on.

    A vertex that is repeated makes no edge. Returned is the number of edges then, or -1 where the ring has fewer than
    three or one that may come back along the one before.
    """
    first = count
    for vertex in range(begin, end - 1):
        if xy[vertex, 0] != xy[vertex + 1, 0] or xy[vertex, 1] != xy[vertex + 1, 1]:
            edges[count, 0], edges[count, 1] = xy[vertex, 0], xy[vertex, 1]
            edges[count, 2], edges[count, 3] = xy[vertex + 1, 0], xy[vertex + 1, 1]
            if count > first and not onward(edges, count - 1, count):
                return -1
            count += 1
    if count - first < _TRIANGLE or not onward(edges, count - 1, first):
        return -1
    return count


@compiled(given(NUMBER, 2), given(COUNT), given(COUNT), given(types.int8), _EDGES, made(types.boolean))
def certain(xy: Any, rings: Any, polygons: Any, kinds: Any, edges: Any, valid: Any) -> None:
    """Write whether each entry is no polygon, or one small ring that is certainly valid.

    `edges` is room for `MOST` edges.
    """
    for row in range(len(kinds)):
        valid[row] = kinds[row] != POLYGON
        ring = polygons[row]
        if valid[row] or polygons[row + 1] - ring > 1 or rings[ring + 1] - rings[ring] > MOST:
            continue
        count = edges_of(xy, rings[ring], rings[ring + 1], 0, edges)
        good = count > 0
        for one in range(count):
            # the edges beside it were looked at before; the last one is beside the first one
            for other in range(one + 2, count if one > 0 else count - 1):
                if good and not apart(edges, one, other):
                    good = False
        valid[row] = good
