"""The spatial index of a GeoPackage, packed from the bottom: ten times as fast as one entry after the other.

SQLite keeps an R*-tree in three plain tables: the nodes, the parent of each node, and the node of each row. A node is a
number of cells, each of a row or a lower node and the box round it. See https://www.sqlite.org/rtree.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from numpy.typing import NDArray

FANOUT = 51  # the most cells that SQLite puts into a node
_CELL = np.dtype([("id", ">i8"), ("box", ">f4", 4)])
_HEAD = np.dtype([("depth", ">u2"), ("cells", ">u2")])
_NODE = np.dtype([("head", _HEAD), ("cells", _CELL, FANOUT)])
_ROOT = 1
_LOWS, _HIGHS = (0, 2), (1, 3)  # a box is left, right, bottom, top


def rounded(bounds: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return boxes as the index keeps them: in single precision, never smaller than they are.

    Parameters
    ----------
    bounds
        Shape (n, 4), the least and greatest x and y of each row.

    Returns
    -------
    numpy.ndarray
        Shape (n, 4), left, right, bottom and top.

    Examples
    --------
    >>> left, right, *_ = rounded(np.array([[0.1, 0.0, 0.1, 1.0]]))[0]
    >>> float(left) < 0.1 < float(right)
    True
    """
    exact = bounds[:, [0, 2, 1, 3]]
    boxes = exact.astype(np.float32)
    for side in _LOWS:
        over = boxes[:, side] > exact[:, side]
        boxes[over, side] = np.nextafter(boxes[over, side], np.float32(-np.inf))
    for side in _HIGHS:
        under = boxes[:, side] < exact[:, side]
        boxes[under, side] = np.nextafter(boxes[under, side], np.float32(np.inf))
    return boxes


def fill(base: sqlite3.Connection, index: str, chunks: Iterable[NDArray[np.float32]], *, count: int) -> None:
    """Fill the tables of an empty index.

    Parameters
    ----------
    base
        The open file.
    index
        The name of the virtual table.
    chunks
        Boxes of the rows from 1 on, shape (m, 4) each; not-a-number where a row has none.
    count
        How many rows have one.
    """
    if not count:
        return
    first, boxes, nodes, parents = 1, [np.empty((0, 4), np.float32)], _ROOT, []
    alone = count <= FANOUT
    for chunk in chunks:
        rows = np.flatnonzero(~np.isnan(chunk[:, 0]))
        ids, first = first + rows, first + len(chunk)
        if not len(rows):
            continue
        packed, places, around = _packed(ids, chunk[rows])
        numbers = np.array([_ROOT]) if alone else nodes + 1 + np.arange(len(packed))
        nodes += len(packed)
        _put_nodes(base, index, numbers, packed)
        sql = f'INSERT INTO "{index}_rowid" VALUES (?, ?)'  # noqa: S608 - a name of ours
        base.executemany(sql, zip(ids.tolist(), numbers[places].tolist(), strict=True))
        boxes.append(around)
    if alone:
        return
    ids, level = _ROOT + 1 + np.arange(nodes - _ROOT), np.concatenate(boxes)
    depth = 1
    while True:
        packed, places, around = _packed(ids, level)
        root = len(packed) == 1
        numbers = np.array([_ROOT]) if root else nodes + 1 + np.arange(len(packed))
        packed["head"]["depth"] = depth if root else 0
        _put_nodes(base, index, numbers, packed)
        parents.append(np.column_stack([ids, numbers[places]]))
        if root:
            break
        nodes, ids, level, depth = nodes + len(packed), numbers, around, depth + 1
    pairs = np.concatenate(parents)
    sql = f'INSERT INTO "{index}_parent" VALUES (?, ?)'  # noqa: S608
    base.executemany(sql, map(tuple, pairs[np.argsort(pairs[:, 0])].tolist()))


def _packed(
    ids: NDArray[np.int64], boxes: NDArray[np.float32]
) -> tuple[NDArray[np.void], NDArray[np.intp], NDArray[np.float32]]:
    """Return nodes of neighbours, in which of them each entry is, and the box round each node.

    The entries are cut into strips from left to right and each strip from bottom to top (sort-tile-recursive).
    """
    nodes = -(-len(ids) // FANOUT)
    strips = int(np.ceil(np.sqrt(nodes)))
    middles = boxes[:, [0, 2]].astype(np.float64) + boxes[:, [1, 3]]
    by_x = np.argsort(middles[:, 0], kind="stable")
    strip = np.empty(len(ids), dtype=np.int64)
    strip[by_x] = np.arange(len(ids)) * strips // len(ids)
    order = np.lexsort((middles[:, 1], strip))
    # As even as can be, so that no node is left with too few.
    starts = np.arange(nodes + 1) * len(ids) // nodes
    sizes = np.diff(starts)
    node = np.repeat(np.arange(nodes), sizes)
    packed = np.zeros(nodes, dtype=_NODE)
    packed["head"]["cells"] = sizes
    slot = np.arange(len(ids)) - starts[node]
    packed["cells"]["id"][node, slot] = ids[order]
    packed["cells"]["box"][node, slot] = boxes[order]
    around = np.empty((nodes, 4), dtype=np.float32)
    for side in range(4):
        keep = np.minimum if side in _LOWS else np.maximum
        around[:, side] = keep.reduceat(boxes[order, side], starts[:-1])
    places = np.empty(len(ids), dtype=np.intp)
    places[order] = node
    return packed, places, around


def _put_nodes(base: sqlite3.Connection, index: str, numbers: NDArray[np.int64], packed: NDArray[np.void]) -> None:
    """Write nodes under their numbers; the root is there already, empty."""
    sql = f'INSERT OR REPLACE INTO "{index}_node" VALUES (?, ?)'  # noqa: S608
    base.executemany(sql, zip(numbers.tolist(), (node.tobytes() for node in packed), strict=True))
