"""The areas of overlap of many sites with a grid of zones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clustergeo.overlap.grid import PIECES, cut_up, lattice
from clustergeo.overlap.kinds import POLYGON
from clustergeo.overlap.pairs import locate, overlap
from clustergeo.overlap.threads import CHUNK, chunks, in_threads

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clustergeo.overlap.grid import Grid
    from clustergeo.overlap.rings import Polygons

Table = tuple["NDArray[np.int64]", "NDArray[np.int64]", "NDArray[np.float64]"]

# Large sites are cut a few at a time, so that their pieces do not fill the memory.
_CELLS_AT_ONCE = 2**20


def overlaps(sites: Polygons, grid: Grid, threads: int | None) -> Table:
    """Return row, label and area of each overlap, sorted by row and label."""
    parts = chunks(len(sites), CHUNK)

    def one(rows: slice) -> Table:
        found, labels, areas = _of_chunk(sites[rows], grid)
        return found + rows.start, labels, areas

    tables = in_threads(one, parts, threads)
    none: Table = (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0))
    rows, labels, areas = (np.concatenate(column) for column in zip(none, *tables, strict=True))
    return rows, labels, areas


def holders(
    points: NDArray[np.float64], grid: Grid, threads: int | None
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.intp]]:
    """Return the first label that holds each point, or -1, how many do, and the rows for which this is doubtful."""
    from clustergeo.overlap.holding import DOUBTFUL, hold  # noqa: PLC0415 - compiles, for points only

    first, number = np.empty(len(points), dtype=np.int64), np.empty(len(points), dtype=np.int64)
    held = grid.held
    given = held.cells, held.pieces, held.weights, held.owners
    # where an edge is cut, its ends are off by a few units in the last place of its length or of the coordinates
    margin = 8.0 * float(np.finfo(np.float64).eps) * (grid.reach + grid.largest)

    def one(rows: slice) -> None:
        room = np.zeros(grid.labels, dtype=np.int64)
        hold(points[rows], grid.side, margin, grid.window, *given, room, first[rows], number[rows])

    in_threads(one, chunks(len(points), CHUNK), threads)
    return first, number, np.flatnonzero(first == DOUBTFUL)


def inside(points: NDArray[np.float64], grid: Grid) -> NDArray[np.bool_]:
    """Say which points lie in a zone of a grid of one label; they lie on no edge of one."""
    return np.asarray(_located(np.hstack([points, points]), grid) >= 0)


def _located(boxes: NDArray[np.float64], grid: Grid) -> NDArray[np.int64]:
    """Return the label that covers each box, or that nothing lies under it or that pieces do."""
    found, held = np.empty(len(boxes), dtype=np.int64), grid.held
    locate(
        np.ascontiguousarray(boxes), grid.side, grid.window, held.cells, held.pieces, held.weights, held.owners, found
    )
    return found


def _of_chunk(sites: Polygons, grid: Grid) -> Table:
    found = _located(sites.bounds(), grid)
    areal = (sites.kinds == POLYGON) & (sites.areas() > 0.0)
    whole = np.flatnonzero(areal & (found >= 0))
    open_rows = np.flatnonzero(areal & (found == PIECES))
    tables: list[Table] = [(whole, found[whole], sites.areas()[whole])]
    windows = _inside(lattice(sites.bounds()[open_rows], grid.side), grid.window)
    ends = np.cumsum(windows[:, 2] * windows[:, 3])
    begin = 0
    while begin < len(open_rows):
        before = ends[begin - 1] if begin else 0
        end = max(int(np.searchsorted(ends, before + _CELLS_AT_ONCE)), begin + 1)
        tables += _sums(sites, open_rows[begin:end], windows[begin:end], grid)
        begin = end
    rows, labels, areas = (np.concatenate(column) for column in zip(*tables, strict=True))
    # a stable sort of small numbers is by far the fastest: the few summed rows are sorted by label before
    order = np.argsort(rows.astype(np.uint16 if len(sites) <= CHUNK else np.int64), kind="stable")
    return rows[order], labels[order], areas[order]


def _inside(windows: NDArray[np.int64], window: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the part of each window that lies in the grid's."""
    first = np.maximum(windows[:, :2], window[:2])
    last = np.minimum(windows[:, :2] + windows[:, 2:], window[:2] + window[2:])
    return np.ascontiguousarray(np.hstack([first, np.maximum(last - first, 0)]))


def _sums(sites: Polygons, rows: NDArray[np.int64], windows: NDArray[np.int64], grid: Grid) -> list[Table]:
    """Cut sites into the cells of the grid and sum over the pairs of their pieces and those of the zones."""
    cells = windows[:, 2] * windows[:, 3]
    plan = np.column_stack([rows, windows, np.cumsum(cells) - cells, windows[:, 2]])
    cut = cut_up(sites, plan, grid.side, int(cells.sum()))
    room = max(2 * len(rows), grid.labels)
    totals, touched = np.zeros((grid.labels, 2)), np.empty(grid.labels, dtype=np.int64)
    tables: list[Table] = []
    begin = 0
    while begin < len(rows):
        found, areas = np.empty((room, 2), dtype=np.int64), np.empty(room)
        number, begin = overlap(
            sites.bounds(),
            sites.areas(),
            plan,
            grid.side,
            cut.cells,
            cut.pieces,
            cut.weights,
            grid.window,
            grid.held.cells,
            grid.held.pieces,
            grid.held.weights,
            grid.held.owners,
            grid.reach,
            grid.largest,
            totals,
            touched,
            begin,
            found,
            areas,
        )
        order = np.lexsort((found[:number, 1], found[:number, 0]))
        tables.append((found[order, 0], found[order, 1], areas[order]))
    return tables
