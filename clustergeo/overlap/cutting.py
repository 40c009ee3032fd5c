"""The kernel that cuts polygons into the cells of a grid: zones once, and the sites that need it."""

# ruff: noqa: C901, FBT003, PLR0912, PLR0915, PLR0917

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from clustergeo.overlap.jit import COUNT, FLAG, NUMBER, compiled, given, inner, made

_COUNTERS = made(COUNT)
_PIECES = made(NUMBER, 2)
_WEIGHTS = made(types.int8)
_OWNERS = made(types.int32)


@inner(_COUNTERS, _COUNTERS, _PIECES, _WEIGHTS, _OWNERS, COUNT, FLAG, COUNT, COUNT, *[NUMBER] * 4)
def _put(
    front: Any,
    back: Any,
    pieces: Any,
    weights: Any,
    owners: Any,
    cell: int,
    cover: bool,  # noqa: FBT001
    weight: int,
    owner: int,
    x: float,
    y: float,
    x_end: float,
    y_end: float,
) -> None:
    """Count a piece of an edge or a cover in a cell or, where there is room for pieces, write it."""
    at = front[cell]
    if len(pieces) > 0 and cover:
        at = back[cell] - 1
        back[cell] = at
    else:
        front[cell] = at + 1
    if len(pieces) > 0:
        weights[at] = weight
        owners[at] = owner
        if x > x_end:
            x, y, x_end, y_end = x_end, y_end, x, y
        pieces[at, 0], pieces[at, 1], pieces[at, 2], pieces[at, 3] = x, y, x_end, y_end


@compiled(
    given(NUMBER, 2),
    given(COUNT),
    given(types.int8),
    given(COUNT),
    given(COUNT, 2),
    NUMBER,
    _COUNTERS,
    _COUNTERS,
    _PIECES,
    _WEIGHTS,
    _OWNERS,
    made(types.int32),
)
def cut(
    xy: Any,
    rings: Any,
    turns: Any,
    polygons: Any,
    plan: Any,
    side: float,
    front: Any,
    back: Any,
    pieces: Any,
    weights: Any,
    owners: Any,
    steps: Any,
) -> None:
    """Count the pieces of polygons in each cell or, once they are counted, fill them in.

    A row of `plan` is the number of a polygon, the window in which it is cut: first column and row, number of columns
    and rows of the lattice whose cells are `side` wide, and the number of the window's first cell and how many cells
    lie between one row of it and the next. To count, `pieces` is empty and `front` is counted up. To fill, pieces of
    edges go to `front`, which moves up, and covers to before `back`, which moves down.

    A piece is x1, y1, x2, y2 from the corner of its cell, x1 <= x2, and its weight. A cover lies on the upper side of
    the cell and stands for the edges above. `steps` is room for the cells of the largest window.

    The cell of a vertex follows from whole numbers, its column and its level, and the level of a point between
    two vertices lies between theirs: so each ring crosses each line as often upwards as downwards, whatever the
    rounding, and nothing leaks along a row of cells.
    """
    for index in range(len(plan)):
        owner, first_column, first_row = plan[index, 0], plan[index, 1], plan[index, 2]
        columns, height, origin, stride = plan[index, 3], plan[index, 4], plan[index, 5], plan[index, 6]
        for cell in range(columns * height):
            steps[cell] = 0
        for ring in range(polygons[owner], polygons[owner + 1]):
            for vertex in range(rings[ring], rings[ring + 1] - 1):
                x_left, y_left, x_right, y_right = xy[vertex, 0], xy[vertex, 1], xy[vertex + 1, 0], xy[vertex + 1, 1]
                sign = np.int64(turns[ring])
                if x_left > x_right:
                    x_left, y_left, x_right, y_right, sign = x_right, y_right, x_left, y_left, -sign
                # the level of a point is the number of the first line on or above it; its row lies just below that
                level_left, level_right = np.ceil(y_left / side), np.ceil(y_right / side)
                lowest, highest = min(level_left, level_right), max(level_left, level_right)
                if highest <= first_row or lowest > first_row + height:
                    continue
                base = level_left - 1.0
                y_left -= base * side
                y_right -= base * side
                ends = np.floor(x_right / side) - first_column
                # what lies left of the window still counts, in column -1; what lies right of it does not
                column = int(max(np.floor(x_left / side) - first_column, -1.0))
                x_end, y_end, level_end = x_left, y_left, level_left
                while column < columns and column <= max(ends, -1.0):
                    edge_of_strip = (first_column + column) * side
                    x_low, y_low, level_low = x_end - edge_of_strip, y_end, level_end
                    x_end, y_end, level_end = x_right, y_right, level_right
                    if column < ends:
                        x_end = edge_of_strip + side
                        y_end = y_left + (x_end - x_left) * ((y_right - y_left) / (x_right - x_left))
                        level_end = min(max(base + np.ceil(y_end / side), lowest), highest)
                    x_high, y_high, level_high, change = x_end - edge_of_strip, y_end, level_end, sign
                    if level_low > level_high:
                        x_low, y_low, level_low, x_high, y_high, level_high, change = (
                            x_high, y_high, level_high, x_low, y_low, level_low, -sign,
                        )  # fmt: skip
                    rise = 0.0
                    if level_low < level_high and y_high > y_low:
                        rise = (x_high - x_low) / (y_high - y_low)
                    level = max(level_low, first_row + 1.0)
                    x_here, y_here = x_low, y_low
                    if level > level_low:
                        y_here = (level - 1.0 - base) * side
                        x_here = x_low + (y_here - y_low) * rise
                    while level <= min(level_high, float(first_row + height)):
                        floor = (level - 1.0 - base) * side
                        x_from, y_from = x_here, min(max(y_here - floor, 0.0), side)
                        x_here, y_here = x_high, y_high
                        at_column = max(column, 0)
                        at = (int(level) - 1 - first_row) * stride + at_column + origin
                        if level < level_high:
                            y_here = floor + side
                            if y_high > y_low:
                                x_here = x_low + (y_here - y_low) * rise
                            # where the strip is all but level, rounding must not carry the crossing beyond its ends
                            x_here = min(max(x_here, min(x_from, x_high)), max(x_from, x_high))
                            steps[(int(level) - 1 - first_row) * columns + at_column] += change
                            x_step = x_here if column >= 0 else 0.0
                            if x_step < side:
                                _put(
                                    front, back, pieces, weights, owners,
                                    at, True, change, owner, x_step, side, side, side,
                                )  # fmt: skip
                        if column >= 0:
                            y_to = min(max(y_here - floor, 0.0), side)
                            _put(
                                front, back, pieces, weights, owners,
                                at, False, sign, owner, x_from, y_from, x_here, y_to,
                            )  # fmt: skip
                        level += 1.0
                    column += 1
        for row in range(height):
            winding = np.int64(0)
            for column in range(columns):
                if winding != 0:
                    at = row * stride + column + origin
                    _put(front, back, pieces, weights, owners, at, True, winding, owner, 0.0, side, side, side)
                winding += steps[row * columns + column]
