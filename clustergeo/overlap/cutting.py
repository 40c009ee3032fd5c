"""The kernel that cuts polygons into the cells of a grid: zones once, and the sites that need it."""

# ruff: noqa: C901, FBT001, PLR0912, PLR0915, PLR0917

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from clustergeo.overlap.jit import COUNT, FLAG, NUMBER, compiled, given, made


@compiled(
    given(NUMBER, 2),
    given(COUNT),
    given(types.int8),
    given(COUNT),
    given(COUNT),
    NUMBER,
    given(COUNT, 2),
    given(COUNT),
    given(COUNT),
    made(COUNT),
    made(COUNT),
    made(NUMBER, 2),
    made(types.int8),
    made(types.int32),
    made(types.int32),
    FLAG,
)
def cut(
    xy: Any,
    rings: Any,
    turns: Any,
    polygons: Any,
    rows: Any,
    side: float,
    windows: Any,
    origins: Any,
    strides: Any,
    front: Any,
    back: Any,
    pieces: Any,
    weights: Any,
    owners: Any,
    steps: Any,
    fill: bool,
) -> None:
    """Count the pieces of polygons in each cell or, once they are counted, fill them in.

    Polygon `rows[k]` is cut in `windows[k]`: first column and row, number of columns and rows of the lattice whose
    cells are `side` wide. Cell c, r of the window has the number `origins[k] + r * strides[k] + c`. To count, `front`
    is counted up. To fill, pieces of edges go to `front`, which moves up, and covers to `back`, which moves down.

    A piece is x1, y1, x2, y2 from the corner of its cell, x1 <= x2, and its weight. A cover lies on the upper side of
    the cell and stands for the edges above. `steps` is room for the cells of the largest window.

    The cell of a vertex follows from whole numbers, its column and its level, and the level of a point between
    two vertices lies between theirs: so each ring crosses each line as often upwards as downwards, whatever the
    rounding, and nothing leaks along a row of cells.
    """
    for index in range(len(rows)):
        first_column, first_row = windows[index, 0], windows[index, 1]
        columns, height = windows[index, 2], windows[index, 3]
        for cell in range(columns * height):
            steps[cell] = 0
        for ring in range(polygons[rows[index]], polygons[rows[index] + 1]):
            for vertex in range(rings[ring], rings[ring + 1] - 1):
                left, right, sign = vertex, vertex + 1, turns[ring]
                if xy[left, 0] > xy[right, 0]:
                    left, right, sign = vertex + 1, vertex, -turns[ring]
                x_left, x_right = xy[left, 0], xy[right, 0]
                # the level of a point is the number of the first line on or above it; its row lies just below that
                level_left, level_right = np.ceil(xy[left, 1] / side), np.ceil(xy[right, 1] / side)
                lowest, highest = min(level_left, level_right), max(level_left, level_right)
                if highest <= first_row or lowest > first_row + height:
                    continue
                base = level_left - 1.0
                y_left, y_right = xy[left, 1] - base * side, xy[right, 1] - base * side
                begins = np.floor(x_left / side) - first_column
                ends = np.floor(x_right / side) - first_column
                # what lies left of the window still counts, in column -1; what lies right of it does not
                column = int(max(begins, -1.0))
                x_end, y_end, level_end = x_left, y_left, level_left
                while column < columns and column <= max(ends, -1.0):
                    edge_of_strip = (first_column + column) * side
                    x_start, y_start, level_start = x_end, y_end, level_end
                    x_end, y_end, level_end = x_right, y_right, level_right
                    if column < ends:
                        x_end = edge_of_strip + side
                        y_end = y_left + (x_end - x_left) * ((y_right - y_left) / (x_right - x_left))
                        level_end = min(max(base + np.ceil(y_end / side), lowest), highest)
                    rising = level_start < level_end or (level_start == level_end and y_start <= y_end)
                    x_low, y_low, level_low = x_start - edge_of_strip, y_start, level_start
                    x_high, y_high, level_high = x_end - edge_of_strip, y_end, level_end
                    if not rising:
                        x_low, y_low, level_low, x_high, y_high, level_high = (
                            x_high, y_high, level_high, x_low, y_low, level_low,
                        )  # fmt: skip
                    level = max(level_low, first_row + 1.0)
                    x_here, y_here = x_low, y_low
                    if level > level_low:
                        y_here = (level - 1.0 - base) * side
                        if y_high > y_low:
                            x_here = x_low + (y_here - y_low) * ((x_high - x_low) / (y_high - y_low))
                    while level <= min(level_high, float(first_row + height)):
                        floor = (level - 1.0 - base) * side
                        y_from, y_to = min(max(y_here - floor, 0.0), side), side
                        x_from, x_to = x_here, x_high
                        if level < level_high:
                            y_here = floor + side
                            if y_high > y_low:
                                x_to = x_low + (y_here - y_low) * ((x_high - x_low) / (y_high - y_low))
                            # where the strip is all but level, rounding must not carry the crossing beyond its ends
                            x_to = min(max(x_to, min(x_from, x_high)), max(x_from, x_high))
                            x_here = x_to
                        else:
                            y_to = min(max(y_high - floor, 0.0), side)
                        row = int(level) - 1 - first_row
                        at_column = max(column, 0)
                        cell = origins[index] + row * strides[index] + at_column
                        if column >= 0:
                            at = front[cell]
                            front[cell] += 1
                            if fill:
                                weights[at], owners[at] = sign, rows[index]
                                if rising:
                                    pieces[at, 0], pieces[at, 1], pieces[at, 2], pieces[at, 3] = (
                                        x_from,
                                        y_from,
                                        x_to,
                                        y_to,
                                    )
                                else:
                                    pieces[at, 0], pieces[at, 1], pieces[at, 2], pieces[at, 3] = (
                                        x_to,
                                        y_to,
                                        x_from,
                                        y_from,
                                    )
                        if level < level_high:
                            change = sign if rising else -sign
                            steps[row * columns + at_column] += change
                            x_step = x_to if column >= 0 else 0.0
                            if x_step < side:
                                if fill:
                                    back[cell] -= 1
                                    at = back[cell]
                                    weights[at], owners[at] = change, rows[index]
                                    pieces[at, 0], pieces[at, 1], pieces[at, 2], pieces[at, 3] = (
                                        x_step,
                                        side,
                                        side,
                                        side,
                                    )
                                else:
                                    front[cell] += 1
                        level += 1.0
                    column += 1
        for row in range(height):
            winding = 0
            for column in range(columns):
                cell = origins[index] + row * strides[index] + column
                if winding != 0:
                    if fill:
                        back[cell] -= 1
                        at = back[cell]
                        weights[at], owners[at] = winding, rows[index]
                        pieces[at, 0], pieces[at, 1], pieces[at, 2], pieces[at, 3] = 0.0, side, side, side
                    else:
                        front[cell] += 1
                winding += steps[row * columns + column]
