"""The kernel that tells which large polygons are certainly valid: no edges meet, and the rings are nested rightly."""

# ruff: noqa: PLR0917

from __future__ import annotations

from typing import Any

import numpy as np

from clustergeo.overlap.crossing import apart, edges_of, turn
from clustergeo.overlap.jit import COUNT, FLAG, NUMBER, compiled, given, inner, made

LEAF = 4
DEPTH = 128
_EDGES = made(NUMBER, 2)


@inner(_EDGES, COUNT, _EDGES, COUNT)
def _build(edges: Any, count: int, boxes: Any, leaves: int) -> None:
    """Write the boxes of a tree: box k holds boxes 2k and 2k + 1, the last `leaves` hold `LEAF` edges each."""
    for leaf in range(leaves):
        box = leaves + leaf
        boxes[box, 0], boxes[box, 1], boxes[box, 2], boxes[box, 3] = np.inf, np.inf, -np.inf, -np.inf
        for edge in range(leaf * LEAF, min(leaf * LEAF + LEAF, count)):
            boxes[box, 0] = min(boxes[box, 0], edges[edge, 0], edges[edge, 2])
            boxes[box, 1] = min(boxes[box, 1], edges[edge, 1], edges[edge, 3])
            boxes[box, 2] = max(boxes[box, 2], edges[edge, 0], edges[edge, 2])
            boxes[box, 3] = max(boxes[box, 3], edges[edge, 1], edges[edge, 3])
    for box in range(leaves - 1, 0, -1):
        for side in range(2):
            boxes[box, side] = min(boxes[2 * box, side], boxes[2 * box + 1, side])
            boxes[box, side + 2] = max(boxes[2 * box, side + 2], boxes[2 * box + 1, side + 2])


@inner(_EDGES, made(COUNT), made(COUNT), COUNT, _EDGES, COUNT, made(COUNT))
def _apart(edges: Any, ring_of: Any, starts: Any, count: int, boxes: Any, leaves: int, stack: Any) -> bool:
    """Say whether certainly no edges meet but those that follow one another in a ring."""
    for leaf in range((count + LEAF - 1) // LEAF):
        own = leaves + leaf
        left, bottom, right, top = boxes[own, 0], boxes[own, 1], boxes[own, 2], boxes[own, 3]
        stack[0], depth, climb = own, 1, own
        while depth > 0:
            depth -= 1
            box = stack[depth]
            if boxes[box, 0] <= right and boxes[box, 2] >= left and boxes[box, 1] <= top and boxes[box, 3] >= bottom:
                if box < leaves:
                    stack[depth], stack[depth + 1] = 2 * box, 2 * box + 1
                    depth += 2
                else:
                    start = (box - leaves) * LEAF
                    for one in range(leaf * LEAF, min(leaf * LEAF + LEAF, count)):
                        ring = ring_of[one]
                        for other in range(max(start, one + 1), min(start + LEAF, count)):
                            follows = other == one + 1 or (one == starts[ring] and other == starts[ring + 1] - 1)
                            if not (follows and ring_of[other] == ring) and not apart(edges, one, other):
                                return False
            # the rest of the tree, to the right of the leaf, hangs along the way up
            while depth == 0 and climb > 1:
                if climb % 2 == 0:
                    stack[0], depth = climb + 1, 1
                climb //= 2
    return True


@inner(_EDGES, made(COUNT), made(COUNT), given(COUNT), COUNT, COUNT, _EDGES, COUNT, made(COUNT))
def _around(
    edges: Any, ring_of: Any, starts: Any, parts: Any, count: int, ring: int, boxes: Any, leaves: int, stack: Any
) -> int:
    """Return 1 where the other rings of its part go round a ring an odd number of times, else 0.

    Added is 2 where the rings of the other parts do. Returned is -1 where it is not certain.
    """
    x, y = edges[starts[ring], 0], edges[starts[ring], 1]
    own, others = 0, 0
    stack[0], depth = 1, 1
    while depth > 0:
        depth -= 1
        box = stack[depth]
        if boxes[box, 1] > y or boxes[box, 3] < y or boxes[box, 2] < x:
            continue
        if box < leaves:
            stack[depth], stack[depth + 1] = 2 * box, 2 * box + 1
            depth += 2
            continue
        for edge in range((box - leaves) * LEAF, min((box - leaves) * LEAF + LEAF, count)):
            if ring_of[edge] == ring or (edges[edge, 1] > y) == (edges[edge, 3] > y):
                continue
            up = edges[edge, 3] - edges[edge, 1]
            side = turn(edges[edge, 2] - edges[edge, 0], up, x - edges[edge, 0], y - edges[edge, 1])
            if side == 0:
                return -1
            if (side > 0) == (up > 0.0):
                if parts[ring_of[edge]] == parts[ring]:
                    own = 1 - own
                else:
                    others = 2 - others
    return own + others


@compiled(
    given(NUMBER, 2),
    given(COUNT),
    given(COUNT),
    given(FLAG),
    given(COUNT),
    given(COUNT),
    given(COUNT),
    _EDGES,
    made(COUNT),
    made(COUNT),
    _EDGES,
    made(COUNT),
    made(FLAG),
)
def untangled(
    xy: Any,
    begins: Any,
    ends: Any,
    holes: Any,
    parts: Any,
    polygons: Any,
    rows: Any,
    edges: Any,
    ring_of: Any,
    starts: Any,
    boxes: Any,
    stack: Any,
    valid: Any,
) -> None:
    """Write whether each of these entries is certainly a valid polygon.

    Of each ring are given where its vertices begin and end, whether it is a hole, and the number of its part; the rings
    of an entry are best given so that neighbours follow each other. The rest is room for the edges, rings and boxes of
    the largest entry.

    Rings that meet nowhere lie one in the other or side by side. They are nested rightly where the other rings of its
    own part go round each hole an odd number of times and round each exterior an even number of times, and the rings of
    all other parts round each exterior an even number of times. For the outermost ring of a part has none of its own
    round it, so it is the exterior, and a hole in a hole would have two round it. And if exteriors lay in other parts,
    the outermost of those would lie in one only.
    """
    for index in range(len(rows)):
        first, number = polygons[rows[index]], polygons[rows[index] + 1] - polygons[rows[index]]
        count = np.int64(0)
        for ring in range(number):
            if count >= 0:
                starts[ring] = count
                count = edges_of(xy, begins[first + ring], ends[first + ring], count, edges)
                for edge in range(starts[ring], count):
                    ring_of[edge] = ring
        good = count > 0
        if good:
            starts[number] = count
            leaves = np.int64(1)
            while leaves * LEAF < count:
                leaves *= 2
            _build(edges, count, boxes, leaves)
            good = _apart(edges, ring_of, starts, count, boxes, leaves, stack)
            own = parts[first : first + number]
            for ring in range(number if number > 1 else 0):
                if good:
                    around = _around(edges, ring_of, starts, own, count, ring, boxes, leaves, stack)
                    good = around == 1 or around == 3 if holes[first + ring] else around == 0  # noqa: PLR1714, PLR2004
        valid[index] = good
