"""The kernel that finds which labels hold a point."""

# ruff: noqa: C901, PLR0912, PLR0917

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from clustergeo.overlap.jit import COUNT, NUMBER, compiled, given, made

NONE = -1
# An edge runs so near to the point that rounding could hide on which side.
DOUBTFUL = -2


@compiled(
    given(NUMBER, 2),
    NUMBER,
    NUMBER,
    given(COUNT),
    given(COUNT, 2),
    given(NUMBER, 2),
    given(types.int8),
    given(types.int32),
    made(COUNT),
    made(COUNT),
    made(COUNT),
)
def hold(
    xy: Any,
    side: float,
    margin: float,
    window: Any,
    cells: Any,
    pieces: Any,
    weights: Any,
    owners: Any,
    windings: Any,
    first: Any,
    number: Any,
) -> None:
    """Write for each point the first label that holds it, or none, and how many labels do.

    The winding number of a point is 1 in each label that holds it. A point that lies within `margin` of a piece of
    an edge is doubtful: its number is as good as the rounding. `windings` is room for every label, zeros.
    """
    for row in range(len(xy)):
        first[row], number[row] = NONE, 0
        x_here, y_here = xy[row, 0], xy[row, 1]
        own_column, own_line = np.floor(x_here / side) - window[0], np.floor(y_here / side) - window[1]
        column_from = max(np.floor((x_here - margin) / side) - window[0], 0.0)
        column_to = min(np.floor((x_here + margin) / side) - window[0], window[2] - 1.0)
        line_from = max(np.floor((y_here - margin) / side) - window[1], 0.0)
        line_to = min(np.floor((y_here + margin) / side) - window[1], window[3] - 1.0)
        if not (column_from <= column_to and line_from <= line_to):
            continue
        doubtful = False
        for r in range(int(line_from), int(line_to) + 1):
            for c in range(int(column_from), int(column_to) + 1):
                cell = r * window[2] + c
                x, y = x_here - (window[0] + c) * side, y_here - (window[1] + r) * side
                for at in range(cells[cell, 0], cells[cell, 1]):
                    left, y_left, right, y_right = pieces[at, 0], pieces[at, 1], pieces[at, 2], pieces[at, 3]
                    if (
                        left - margin > x
                        or right + margin < x
                        or min(y_left, y_right) - margin > y
                        or max(y_left, y_right) + margin < y
                    ):
                        continue
                    if left + margin < x < right - margin:
                        slope = (y_right - y_left) / (right - left)
                        if abs(y_left + (x - left) * slope - y) > margin * (1.0 + abs(slope)):
                            continue
                    doubtful = True
        if 0 <= own_column < window[2] and 0 <= own_line < window[3]:
            cell = int(own_line) * window[2] + int(own_column)
            if cells[cell, 2] >= 0:
                first[row], number[row] = cells[cell, 2], 1
            else:
                x = x_here - (window[0] + int(own_column)) * side
                y = y_here - (window[1] + int(own_line)) * side
                least = np.int64(2**62)
                for at in range(cells[cell, 0], cells[cell + 1, 0]):
                    left, right = pieces[at, 0], pieces[at, 2]
                    if left <= x < right:
                        slope = (pieces[at, 3] - pieces[at, 1]) / (right - left)
                        if pieces[at, 1] + (x - left) * slope > y:
                            windings[owners[at]] += weights[at]
                for at in range(cells[cell, 0], cells[cell + 1, 0]):
                    label = np.int64(owners[at])
                    if windings[label] > 0:
                        number[row] += 1
                        least = min(least, label)
                    windings[label] = 0
                if number[row] > 0:
                    first[row] = least
        if doubtful:
            first[row] = DOUBTFUL
