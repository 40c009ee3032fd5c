"""The kernels that answer: which sites lie wholly in one zone, and the sum over pairs of pieces for the others."""

# ruff: noqa: C901, PLR0912, PLR0915, PLR0917

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from clustergeo.overlap.grid import NOTHING, PIECES
from clustergeo.overlap.jit import COUNT, NUMBER, compiled, given, made

_FOUR = given(NUMBER, 2)
_CELLS = given(COUNT, 2)
_WEIGHTS = given(types.int8)
_LABELS = given(types.int32)

# A pair is off by a few units in the last place of the longest length that entered it, times its width.
_ULPS = 4.0 * np.finfo(np.float64).eps
_SHARE = 1e-9


@compiled(_FOUR, NUMBER, given(COUNT), _CELLS, _FOUR, _WEIGHTS, _LABELS, made(COUNT))
def locate(
    bounds: Any,
    side: float,
    window: Any,
    cells: Any,
    pieces: Any,
    weights: Any,
    owners: Any,
    found: Any,
) -> None:
    """Write for each box the one label that covers it, that none touches it, or that its pieces must decide.

    Where no edge touches a box, all of it lies in the same zones as any one of its points. The winding number of a
    point is 1 in each zone that holds it, so their sum is the number of zones, and weighted with the label it is the
    label where that number is 1. Of a box of no size the caller knows that it lies on no edge.
    """
    left_column, low_line, columns, lines = window[0], window[1], window[2], window[3]
    for row in range(len(bounds)):
        found[row] = NOTHING
        left, bottom, right, top = bounds[row, 0], bounds[row, 1], bounds[row, 2], bounds[row, 3]
        column_from, column_to = np.floor(left / side) - left_column, np.floor(right / side) - left_column
        line_from, line_to = np.floor(bottom / side) - low_line, np.floor(top / side) - low_line
        first_column, last_column = max(column_from, 0.0), min(column_to, columns - 1.0)
        first_line, last_line = max(line_from, 0.0), min(line_to, lines - 1.0)
        if not (left <= right and first_column <= last_column and first_line <= last_line):
            continue
        beyond = first_column > column_from or last_column < column_to or first_line > line_from or last_line < line_to
        point = left == right and bottom == top
        first = int(first_line) * columns + int(first_column)
        same, touched = cells[first, 2], False
        for line in range(int(first_line), int(last_line) + 1):
            y = (low_line + line) * side
            for column in range(int(first_column), int(last_column) + 1):
                cell = line * columns + column
                if cells[cell, 2] != same:
                    same = PIECES
                x = (left_column + column) * side
                x_left, x_right, y_bottom, y_top = left - x, right - x, bottom - y, top - y
                at, end = cells[cell, 0], cells[cell, 1]
                while at < end and not touched and not point:
                    if pieces[at, 0] <= x_right and pieces[at, 2] >= x_left:
                        touched = (
                            min(pieces[at, 1], pieces[at, 3]) <= y_top and max(pieces[at, 1], pieces[at, 3]) >= y_bottom
                        )
                    at += 1
        if same != PIECES and not (beyond and same != NOTHING):
            found[row] = same
            continue
        if touched:
            found[row] = PIECES
            continue
        if beyond:
            # outside the window lies no zone, and no edge runs between there and here
            continue
        x, y = left - (left_column + int(first_column)) * side, bottom - (low_line + int(first_line)) * side
        holding, label = 0, 0
        for at in range(cells[first, 0], cells[first + 1, 0]):
            start, end = pieces[at, 0], pieces[at, 2]
            if start <= x < end:
                slope = (pieces[at, 3] - pieces[at, 1]) / (end - start)
                if pieces[at, 1] + (x - start) * slope > y:
                    holding += weights[at]
                    label += weights[at] * owners[at]
        if holding == 1:
            found[row] = label
        elif holding != 0:
            found[row] = PIECES


@compiled(
    _FOUR,
    given(NUMBER),
    given(COUNT, 2),
    NUMBER,
    _CELLS,
    _FOUR,
    _WEIGHTS,
    given(COUNT),
    _CELLS,
    _FOUR,
    _WEIGHTS,
    _LABELS,
    NUMBER,
    NUMBER,
    made(NUMBER, 2),
    made(COUNT),
    COUNT,
    made(COUNT, 2),
    made(NUMBER),
)
def overlap(
    bounds: Any,
    areas: Any,
    plan: Any,
    side: float,
    site_cells: Any,
    site_pieces: Any,
    site_weights: Any,
    window: Any,
    cells: Any,
    pieces: Any,
    weights: Any,
    owners: Any,
    reach: float,
    largest: float,
    totals: Any,
    touched: Any,
    begin: int,
    out: Any,
    out_areas: Any,
) -> tuple[int, int]:
    """Sum over the pairs of a piece of a site and a piece of a zone in each cell, from the site `plan[begin]` on.

    Each pair counts the area below the lower of the two pieces, signed by both weights. Written are row, label and
    area of each overlap; returned are how many, and the first site that found no room. `totals` (area and width, zeros)
    and `touched` are room for every label.
    """
    count = 0
    left_column, low_line, columns = window[0], window[1], window[2]
    for index in range(begin, len(plan)):
        row, first_column, first_line = plan[index, 0], plan[index, 1], plan[index, 2]
        box_left, box_bottom, box_right, box_top = bounds[row, 0], bounds[row, 1], bounds[row, 2], bounds[row, 3]
        n_touched = 0
        cell = plan[index, 5]
        for line in range(first_line, first_line + plan[index, 4]):
            # the site ends above the cell's lower side, or goes on below it: from here up it is closed
            floor = max(box_bottom - line * side, 0.0)
            for column in range(first_column, first_column + plan[index, 3]):
                i_from, i_to = site_cells[cell, 0], site_cells[cell + 1, 0]
                cell += 1
                zone_cell = (line - low_line) * columns + (column - left_column)
                x_min, x_max = box_left - column * side, box_right - column * side
                for j in range(cells[zone_cell, 0], cells[zone_cell + 1, 0] if i_from < i_to else 0):
                    u, u_y, v, v_y = pieces[j, 0], pieces[j, 1] - floor, pieces[j, 2], pieces[j, 3] - floor
                    if u >= v or u >= x_max or v <= x_min or (u_y <= 0.0 and v_y <= 0.0):
                        continue
                    slope = (v_y - u_y) / (v - u)
                    total, width = 0.0, 0.0
                    for i in range(i_from, i_to):
                        a, b = site_pieces[i, 0], site_pieces[i, 2]
                        left, right = max(u, a), min(v, b)
                        size = right - left
                        if not size > 0.0:
                            continue
                        a_y = site_pieces[i, 1] - floor
                        rise = (site_pieces[i, 3] - floor - a_y) / (b - a)
                        e_left, e_right = a_y + (left - a) * rise, a_y + (right - a) * rise
                        f_left, f_right = u_y + (left - u) * slope, u_y + (right - u) * slope
                        d_left, d_right = e_left - f_left, e_right - f_right
                        area = min(e_left, f_left) + min(e_right, f_right)
                        if d_left * d_right < 0.0:
                            # the pieces cross: the lower ones make a triangle more than the straight line between
                            area -= d_left * d_right / (abs(d_left) + abs(d_right))
                        total += site_weights[i] * (0.5 * size * area)
                        width += size
                    label = owners[j]
                    if width > 0.0:
                        if totals[label, 1] == 0.0:
                            touched[n_touched] = label
                            n_touched += 1
                        totals[label, 0] += weights[j] * total
                        totals[label, 1] += width
        fits = count + n_touched <= len(out)
        whole = areas[row]
        across, along = box_right - box_left, box_top - box_bottom
        far = max(largest, abs(box_left), abs(box_right), abs(box_bottom), abs(box_top))
        # never more than the error that is promised: the perimeter is at least 1.4 times width and height of the box
        most = max(_SHARE * whole, 0.25 * _ULPS * 1.4 * far * (across + along))
        for k in range(n_touched):
            label = touched[k]
            area = totals[label, 0]
            noise = min(_ULPS * max(reach, across, along) * totals[label, 1], most)
            inside = area >= whole - noise and area > 0.5 * whole
            if fits and (inside or area > noise):
                out[count, 0], out[count, 1], out_areas[count] = row, label, whole if inside else min(area, whole)
                count += 1
            totals[label, 0], totals[label, 1] = 0.0, 0.0
        if not fits:
            return count, index
    return count, len(plan)
