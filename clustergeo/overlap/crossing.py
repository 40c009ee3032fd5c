"""The kernel that tells which small polygons are certainly valid."""

# ruff: noqa: C901, PLR0912, PLR0917

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from clustergeo.overlap.jit import COUNT, FLAG, NUMBER, compiled, given, made
from clustergeo.overlap.kinds import POLYGON

# Every pair of edges is looked at: this is the faster way for few of them only.
MOST = 64
# A sum of two products of differences is off by less than this part of the sum of their sizes, unless it is tiny.
_DOUBT = 4.0 * np.finfo(np.float64).eps
_TINY = 1e-300


@compiled(*[NUMBER] * 6)
def _turn(a_x: float, a_y: float, b_x: float, b_y: float, c_x: float, c_y: float) -> int:
    """Return 1 where c lies left of the way from a to b, -1 right of it, and 0 where rounding leaves it open."""
    one, other = (b_x - a_x) * (c_y - a_y), (b_y - a_y) * (c_x - a_x)
    doubt = _DOUBT * (abs(one) + abs(other)) + _TINY
    if one - other > doubt:
        return 1
    return -1 if one - other < -doubt else 0


@compiled(given(NUMBER, 2), COUNT, COUNT, NUMBER, NUMBER)
def _inside(corners: Any, begin: int, end: int, x: float, y: float) -> int:
    """Return 1 where a ring of these corners goes round a point, 0 where it does not, -1 where that is open."""
    found, before = 0, end - 1
    for here in range(begin, end):
        if (corners[before, 1] > y) != (corners[here, 1] > y):
            side = _turn(corners[before, 0], corners[before, 1], corners[here, 0], corners[here, 1], x, y)
            if side == 0:
                return -1
            if (side > 0) == (corners[here, 1] > corners[before, 1]):
                found = 1 - found
        before = here
    return found


@compiled(given(NUMBER, 2), given(COUNT), given(FLAG), COUNT)
def _nested(corners: Any, ends: Any, holes: Any, number: int) -> bool:
    """Say whether rings that meet nowhere certainly lie as exteriors and holes must."""
    own, owner = 0, 0
    for one in range(number):
        own = one if not holes[one] else own
        within = False
        for other in range(number):
            owner = other if not holes[other] else owner
            if other != one:
                inside = _inside(corners, ends[other], ends[other + 1], corners[ends[one], 0], corners[ends[one], 1])
                if inside < 0:
                    return False
                if owner != own:
                    # in the exterior of another polygon, and in none of its holes
                    within = inside == 0 and within if holes[other] else inside == 1
                elif holes[one] and (inside == 1) == holes[other]:
                    return False
            if within and not holes[one] and (other + 1 == number or not holes[other + 1]):
                return False
    return True


@compiled(
    given(NUMBER, 2),
    given(COUNT),
    given(FLAG),
    given(COUNT),
    given(types.int8),
    made(NUMBER, 2),
    made(COUNT),
    made(FLAG),
)
def certain(xy: Any, rings: Any, holes: Any, polygons: Any, kinds: Any, corners: Any, ends: Any, valid: Any) -> None:
    """Write whether each polygon is certainly valid: edges meet nowhere but at the corner between them.

    `corners` and `ends` are room for `MOST + 1` corners and rings.
    """
    for row in range(len(kinds)):
        valid[row] = kinds[row] != POLYGON
        first, last = polygons[row], polygons[row + 1]
        if valid[row] or rings[last] - rings[first] > MOST or holes[first]:
            continue
        count, good = 0, True
        ends[0] = 0
        for ring in range(first, last):
            begin = count
            # the last vertex is the first one again; a vertex that is repeated makes no edge
            for vertex in range(rings[ring], rings[ring + 1] - 1):
                if xy[vertex, 0] != xy[vertex + 1, 0] or xy[vertex, 1] != xy[vertex + 1, 1]:
                    corners[count, 0], corners[count, 1] = xy[vertex, 0], xy[vertex, 1]
                    count += 1
            good = good and count - begin > 2  # noqa: PLR2004 - a triangle has the fewest edges
            ends[ring - first + 1] = count
        ring = 0
        for one in range(count):
            if not good:
                break
            if one == ends[ring + 1]:
                ring += 1
            after = one + 1 if one + 1 < ends[ring + 1] else ends[ring]
            p_x, p_y, q_x, q_y = corners[one, 0], corners[one, 1], corners[after, 0], corners[after, 1]
            left, right, bottom, top = min(p_x, q_x), max(p_x, q_x), min(p_y, q_y), max(p_y, q_y)
            beyond = after + 1 if after + 1 < ends[ring + 1] else ends[ring]
            r_x, r_y = corners[beyond, 0], corners[beyond, 1]
            if _turn(p_x, p_y, q_x, q_y, r_x, r_y) == 0:
                # the next edge goes on in all but the same direction, and must not come back
                along, up = (q_x - p_x) * (r_x - q_x), (q_y - p_y) * (r_y - q_y)
                good = along + up > _DOUBT * (abs(along) + abs(up)) + _TINY
            other_ring = ring
            for other in range(one + 1, count):
                while other >= ends[other_ring + 1]:
                    other_ring += 1
                next_one = other + 1 if other + 1 < ends[other_ring + 1] else ends[other_ring]
                if other == after or next_one == one:
                    continue
                u_x, u_y, v_x, v_y = corners[other, 0], corners[other, 1], corners[next_one, 0], corners[next_one, 1]
                if (
                    (u_x > right and v_x > right)
                    or (u_x < left and v_x < left)
                    or (u_y > top and v_y > top)
                    or (u_y < bottom and v_y < bottom)
                ):
                    continue
                side = _turn(p_x, p_y, q_x, q_y, u_x, u_y)
                if side != 0 and side == _turn(p_x, p_y, q_x, q_y, v_x, v_y):
                    continue
                side = _turn(u_x, u_y, v_x, v_y, p_x, p_y)
                if side == 0 or side != _turn(u_x, u_y, v_x, v_y, q_x, q_y):
                    good = False
                    break
        if good and last - first > 1:
            good = _nested(corners, ends, holes[first:last], last - first)
        valid[row] = good
