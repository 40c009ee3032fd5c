"""The kernels that answer: which sites lie wholly in one zone, and the sum over pairs of pieces for the others."""

# ruff: noqa: C901, PLR0912, PLR0915, PLR0917

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from clustergeo.overlap.grid import NOTHING, PIECES
from clustergeo.overlap.jit import COUNT, NUMBER, compiled, given, made

_FOUR = given(NUMBER, 2)
_COUNTS = given(COUNT)
_WEIGHTS = given(types.int8)
_LABELS = given(types.int32)

# A pair is off by a few units in the last place of the longest length that entered it, times its width.
_ULPS = 4.0 * np.finfo(np.float64).eps
_SHARE = 1e-9


@compiled(_FOUR, NUMBER, _COUNTS, _COUNTS, _COUNTS, _FOUR, _WEIGHTS, _LABELS, _LABELS, made(types.int32))
def locate(
    bounds: Any,
    side: float,
    window: Any,
    start: Any,
    middle: Any,
    pieces: Any,
    weights: Any,
    owners: Any,
    cover: Any,
    found: Any,
) -> None:
    """Write for each box the one label that covers it, that none touches it, or that its pieces must decide.

    Where no edge touches a box, all of it lies in the same zones as any one of its points. The winding number of a
    point is 1 in each zone that holds it, so their sum is the number of zones, and weighted with the label it is the
    label where that number is 1.
    """
    for row in range(len(bounds)):
        found[row] = NOTHING
        left, bottom, right, top = bounds[row, 0], bounds[row, 1], bounds[row, 2], bounds[row, 3]
        if not left <= right:
            continue
        column_from, column_to = np.floor(left / side) - window[0], np.floor(right / side) - window[0]
        row_from, row_to = np.floor(bottom / side) - window[1], np.floor(top / side) - window[1]
        if column_to < 0 or row_to < 0 or column_from >= window[2] or row_from >= window[3]:
            continue
        beyond = column_from < 0 or row_from < 0 or column_to >= window[2] or row_to >= window[3]
        first_column, last_column = int(max(column_from, 0.0)), int(min(column_to, window[2] - 1.0))
        first_row, last_row = int(max(row_from, 0.0)), int(min(row_to, window[3] - 1.0))
        same = cover[first_row * window[2] + first_column]
        for r in range(first_row, last_row + 1):
            for c in range(first_column, last_column + 1):
                if cover[r * window[2] + c] != same:
                    same = PIECES
        if same != PIECES and not (beyond and same != NOTHING):
            found[row] = same
            continue
        found[row] = PIECES
        touched = False
        for r in range(first_row, last_row + 1):
            for c in range(first_column, last_column + 1):
                cell = r * window[2] + c
                x, y = (window[0] + c) * side, (window[1] + r) * side
                x_left, x_right, y_bottom, y_top = left - x, right - x, bottom - y, top - y
                for at in range(start[cell], middle[cell]):
                    if pieces[at, 0] <= x_right and pieces[at, 2] >= x_left:
                        y_from, y_to = pieces[at, 1], pieces[at, 3]
                        if (y_from <= y_top or y_to <= y_top) and (y_from >= y_bottom or y_to >= y_bottom):
                            touched = True
                            break
                if touched:
                    break
            if touched:
                break
        if touched:
            continue
        if beyond:
            # outside the window lies no zone, and no edge runs between there and here
            found[row] = NOTHING
            continue
        cell = first_row * window[2] + first_column
        x, y = left - (window[0] + first_column) * side, bottom - (window[1] + first_row) * side
        holding, label = 0, 0
        for at in range(start[cell], start[cell + 1]):
            if pieces[at, 0] <= x < pieces[at, 2]:
                slope = (pieces[at, 3] - pieces[at, 1]) / (pieces[at, 2] - pieces[at, 0])
                if pieces[at, 1] + (x - pieces[at, 0]) * slope > y:
                    holding += weights[at]
                    label += weights[at] * owners[at]
        if holding == 0:
            found[row] = NOTHING
        elif holding == 1:
            found[row] = label


@compiled(
    _FOUR,
    given(NUMBER),
    _COUNTS,
    NUMBER,
    given(COUNT, 2),
    _COUNTS,
    _COUNTS,
    _FOUR,
    _WEIGHTS,
    _COUNTS,
    _COUNTS,
    _FOUR,
    _WEIGHTS,
    _LABELS,
    NUMBER,
    NUMBER,
    made(NUMBER),
    made(NUMBER),
    made(COUNT),
    COUNT,
    made(COUNT),
    made(types.int32),
    made(NUMBER),
)
def overlap(
    bounds: Any,
    areas: Any,
    rows: Any,
    side: float,
    windows: Any,
    origins: Any,
    site_start: Any,
    site_pieces: Any,
    site_weights: Any,
    window: Any,
    start: Any,
    pieces: Any,
    weights: Any,
    owners: Any,
    reach: float,
    largest: float,
    sums: Any,
    widths: Any,
    touched: Any,
    begin: int,
    out_rows: Any,
    out_labels: Any,
    out_areas: Any,
) -> tuple[int, int]:
    """Sum over the pairs of a piece of a site and a piece of a zone in each cell, from the site `rows[begin]` on.

    Each pair counts the area below the lower of the two pieces, signed by both weights. Written are row, label and
    area of each overlap; returned are how many, and the first site that found no room. `sums`, `widths` (zeros)
    and `touched` are room for every label.
    """
    count = 0
    for index in range(begin, len(rows)):
        row = rows[index]
        n_touched = 0
        cell = origins[index]
        for r in range(windows[index, 1], windows[index, 1] + windows[index, 3]):
            for c in range(windows[index, 0], windows[index, 0] + windows[index, 2]):
                i_from, i_to = site_start[cell], site_start[cell + 1]
                cell += 1
                zone_cell = (r - window[1]) * window[2] + (c - window[0])
                j_from, j_to = start[zone_cell], start[zone_cell + 1]
                if i_from == i_to or j_from == j_to:
                    continue
                # the site ends above the cell's lower side, or goes on below it: from here up it is closed
                floor = max(bounds[row, 1] - r * side, 0.0)
                x_min, x_max = bounds[row, 0] - c * side, bounds[row, 2] - c * side
                for j in range(j_from, j_to):
                    u, v = pieces[j, 0], pieces[j, 2]
                    u_y, v_y = pieces[j, 1] - floor, pieces[j, 3] - floor
                    if u >= v or u >= x_max or v <= x_min or (u_y <= 0.0 and v_y <= 0.0):
                        continue
                    slope = (v_y - u_y) / (v - u)
                    total, width = 0.0, 0.0
                    for i in range(i_from, i_to):
                        a, b = site_pieces[i, 0], site_pieces[i, 2]
                        left, right = max(u, a), min(v, b)
                        if left >= right:
                            continue
                        a_y, b_y = site_pieces[i, 1] - floor, site_pieces[i, 3] - floor
                        if a_y == b_y:
                            e_left, e_right = a_y, a_y
                        else:
                            rise = (b_y - a_y) / (b - a)
                            e_left, e_right = a_y + (left - a) * rise, a_y + (right - a) * rise
                        f_left, f_right = u_y + (left - u) * slope, u_y + (right - u) * slope
                        d_left, d_right = e_left - f_left, e_right - f_right
                        size = right - left
                        area = 0.5 * size * (min(e_left, f_left) + min(e_right, f_right))
                        if d_left * d_right < 0.0:
                            # the pieces cross: the lower ones make a triangle more than the straight line between
                            area += 0.5 * size * abs(d_left) * abs(d_right) / (abs(d_left) + abs(d_right))
                        total += site_weights[i] * area
                        width += size
                    if width == 0.0:
                        continue
                    label = owners[j]
                    if widths[label] == 0.0:
                        touched[n_touched] = label
                        n_touched += 1
                    sums[label] += weights[j] * total
                    widths[label] += width
        if count + n_touched > len(out_rows):
            for k in range(n_touched):
                sums[touched[k]], widths[touched[k]] = 0.0, 0.0
            return count, index
        whole = areas[row]
        across, along = bounds[row, 2] - bounds[row, 0], bounds[row, 3] - bounds[row, 1]
        far = max(largest, abs(bounds[row, 0]), abs(bounds[row, 1]), abs(bounds[row, 2]), abs(bounds[row, 3]))
        # never more than the error that is promised: the perimeter is at least 1.4 times width and height of the box
        most = max(_SHARE * whole, 0.25 * _ULPS * 1.4 * far * (across + along))
        for k in range(n_touched):
            label = touched[k]
            area = sums[label]
            noise = min(_ULPS * max(reach, across, along) * widths[label], most)
            inside = area >= whole - noise and area > 0.5 * whole
            if inside or area > whole:
                area = whole
            if inside or area > noise:
                out_rows[count], out_labels[count], out_areas[count] = row, label, area
                count += 1
            sums[label], widths[label] = 0.0, 0.0
    return count, len(rows)
