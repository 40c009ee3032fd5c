"""Polygons cut into the cells of a grid."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clustergeo.overlap.cutting import cut

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clustergeo.overlap.rings import Polygons

# One label: a number; none: nothing lies in the cell; several: the pieces decide.
NOTHING = -1
PIECES = -2

_FEWEST, _MOST = 2**12, 2**22
_EDGES_PER_CELL = 2
_WINDOWS_PER_CELL = 64


@dataclass(frozen=True, eq=False)
class Pieces:
    """What cells hold: a row of `cells` says where the cell's edges begin, where they end and its covers begin.

    The covers end where the next cell begins. The third number is the cover of the whole cell (see `Grid.cover`).
    """

    cells: NDArray[np.int64]
    pieces: NDArray[np.float64]
    weights: NDArray[np.int8]
    owners: NDArray[np.int32]

    @property
    def start(self) -> NDArray[np.int64]:
        """Where the pieces of each cell begin, and the end of the last."""
        return self.cells[:, 0]

    @property
    def middle(self) -> NDArray[np.int64]:
        """Where the edges of each cell end and its covers begin."""
        return self.cells[:-1, 1]


@dataclass(frozen=True, eq=False)
class Grid:
    """Zones cut into the cells of a lattice: columns and rows counted from a first one, cells `side` wide.

    `side` is a power of two: so the column and the row of any coordinate, and the corner of any cell, are exact.
    """

    side: float
    window: NDArray[np.int64]
    held: Pieces
    labels: int
    reach: float
    largest: float

    @property
    def cover(self) -> NDArray[np.int64]:
        """The label that alone covers each cell, or that nothing lies in it or that its pieces decide."""
        return self.held.cells[:-1, 2]


def build(zones: Polygons, cell: float | None = None) -> Grid:
    """Cut zones, one entry a label, into a grid.

    Parameters
    ----------
    zones
        Polygons; those of one entry do not overlap one another.
    cell
        How wide a cell is wished, rounded down to a power of two; wider where that would take too much memory.
    """
    bounds = zones.bounds()
    present = np.flatnonzero(np.isfinite(bounds[:, 0]))
    steps = np.abs(np.diff(zones.xy, axis=0))
    steps[zones.rings[1:-1] - 1] = 0.0
    side = cell_side(bounds[present], len(steps), float(steps.sum()), cell)
    windows = lattice(bounds[present], side)
    window = np.zeros(4, dtype=np.int64)
    if len(present):
        window[:2] = windows[:, :2].min(axis=0)
        window[2:] = (windows[:, :2] + windows[:, 2:]).max(axis=0) - window[:2]
    columns, cells = int(window[2]), int(window[2] * window[3])
    origins = (windows[:, 1] - window[1]) * columns + windows[:, 0] - window[0]
    strides = np.full(len(present), columns, dtype=np.int64)
    held = cut_up(zones, np.column_stack([present, windows, origins, strides]), side, cells)
    _mark_covers(held, side)
    reach, largest = float(steps.max(initial=side)), float(np.abs(bounds[present]).max(initial=0.0))
    return Grid(side, window, held, len(zones), reach, largest)


def cut_up(polygons: Polygons, plan: NDArray[np.int64], side: float, cells: int) -> Pieces:
    """Cut polygons in two passes: count what each cell holds, then fill it in.

    `plan` says which polygon is cut in which window, as `cutting.cut` explains; there are so many cells together.
    """
    room = np.empty(int((plan[:, 3] * plan[:, 4]).max(initial=0)), dtype=np.int32)
    given = polygons.xy, polygons.rings, polygons.turns, polygons.polygons, np.ascontiguousarray(plan), side
    front = np.zeros(cells, dtype=np.int64)
    cut(*given, front, front, np.empty((0, 4)), np.empty(0, np.int8), np.empty(0, np.int32), room)
    table = np.zeros((cells + 1, 3), dtype=np.int64)
    np.cumsum(front, out=table[1:, 0])
    total = int(table[-1, 0])
    pieces, weights, owners = np.empty((total, 4)), np.empty(total, dtype=np.int8), np.empty(total, dtype=np.int32)
    front = table[:-1, 0].copy()
    cut(*given, front, table[1:, 0].copy(), pieces, weights, owners, room)
    table[:-1, 1] = front
    return Pieces(table, pieces, weights, owners)


def lattice(bounds: NDArray[np.float64], side: float) -> NDArray[np.int64]:
    """Return the window of each box: first column, first row, number of columns and of rows.

    A column holds its left side, a row its upper one: a level edge on a line is part of the cell below, whose cover it
    changes.

    Examples
    --------
    >>> lattice(np.array([[0.5, 1.0, 3.0, 1.5]]), 1.0).tolist()
    [[0, 0, 4, 2]]
    """
    lines = bounds / side
    first = np.column_stack([np.floor(lines[:, 0]), np.ceil(lines[:, 1]) - 1.0])
    last = np.column_stack([np.floor(lines[:, 2]), np.ceil(lines[:, 3]) - 1.0])
    return np.hstack([first, last - first + 1.0]).astype(np.int64)


def cell_side(bounds: NDArray[np.float64], edges: int, length: float, wished: float | None = None) -> float:
    """Return how wide the cells are: a power of two that keeps the number of cells and of pieces in bounds.

    About one cell for two edges; never more than four million cells, nor more pieces than a few for each edge.
    """
    if not len(bounds):
        return 1.0
    most = min(max(edges // _EDGES_PER_CELL, _FEWEST), _MOST)
    sizes = bounds[:, 2:] - bounds[:, :2]
    extent = bounds[:, 2:].max(axis=0) - bounds[:, :2].min(axis=0)
    # columns and rows are counted in whole numbers, which a double holds up to 2**53
    finest = float(np.abs(bounds).max()) * 2.0**-40
    side = power_below(
        max(float(extent.max()) * 2.0**-24, finest, 2.0**-1000) if wished is None else max(wished, finest)
    )
    if wished is not None:
        most = _MOST
    while (
        float(np.prod(extent / side + 2.0)) > most
        or float(np.prod(sizes / side + 1.0, axis=1).sum()) > _WINDOWS_PER_CELL * most + 4 * len(sizes)
        or length / side > 4 * edges + _FEWEST * 16
    ):
        side *= 2.0
    return side


def power_below(number: float) -> float:
    """Return the greatest power of two that is not above a positive number.

    Examples
    --------
    >>> power_below(500.0), power_below(0.25)
    (256.0, 0.25)
    """
    return 2.0 ** math.floor(math.log2(number))


def _mark_covers(held: Pieces, side: float) -> None:
    """Write for each cell the one label that covers it, or that nothing lies in it, or that its pieces decide."""
    number = np.diff(held.start)
    cover = held.cells[:-1, 2]
    cover[:] = np.where(number == 0, NOTHING, PIECES)
    lone = np.flatnonzero(number == 1)
    at = held.start[:-1][lone]
    whole = (
        (held.middle[lone] == at) & (held.pieces[at, 0] == 0.0) & (held.pieces[at, 2] == side) & (held.weights[at] == 1)
    )
    cover[lone[whole]] = held.owners[at[whole]]
