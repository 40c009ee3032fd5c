"""Ids of millions of sites, held against each other in eight bytes each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray


def id_text(value: Any) -> str:
    """Return an id as text; a whole number read as a float loses its .0.

    Examples
    --------
    >>> id_text(7.0), id_text("7.0"), id_text(2.5)
    ('7', '7.0', '2.5')
    """
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def texts(ids: pa.Array) -> pa.Array:
    """Return a column of ids as text, as `id_text` gives them; null stays null.

    Examples
    --------
    >>> texts(pa.array([1.0, 2.5, None])).to_pylist(), texts(pa.array([7])).to_pylist()
    (['1', '2.5', None], ['7'])
    """
    kind = ids.type
    if pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return pc.cast(ids, pa.string())
    known = ids.is_valid().to_pylist()
    return pa.array(
        [id_text(one) if there else None for one, there in zip(ids.to_pandas(), known, strict=True)], pa.string()
    )


def numbered(first: int, count: int) -> pa.Array:
    """Return the ids of sites that have none: their row numbers, from 1.

    Examples
    --------
    >>> numbered(10, 2).to_pylist()
    ['11', '12']
    """
    return pc.cast(pa.array(np.arange(first + 1, first + count + 1)), pa.string())


def keys(ids: pa.Array) -> NDArray[np.uint64]:
    """Return a key for each text: the same for the same text, and hardly ever the same for two.

    Examples
    --------
    >>> one, other, again = keys(pa.array(["a", "b", "a"])).tolist()
    >>> one == again, one == other
    (True, False)
    """
    texts = np.asarray(ids.to_numpy(zero_copy_only=False), dtype=object)
    return np.asarray(pd.util.hash_array(texts, categorize=False), dtype=np.uint64)


def blank(ids: pa.Array) -> NDArray[np.intp]:
    """Return the rows whose id is null or holds nothing but spaces.

    Examples
    --------
    >>> blank(pa.array(["a", " ", None])).tolist()
    [1, 2]
    """
    empty = pc.equal(pc.utf8_trim_whitespace(ids), "")
    return np.flatnonzero(pc.fill_null(empty, fill_value=True).to_numpy(zero_copy_only=False))


class Keys:
    """The keys of any number of ids, in one block of memory.

    Examples
    --------
    >>> found = Keys()
    >>> found.add(np.array([3, 5], dtype=np.uint64))
    >>> found.add(np.array([5], dtype=np.uint64))
    >>> found.repeated().tolist()
    [5]
    """

    def __init__(self) -> None:
        # It grows where it stands; a list of arrays would need as much again to be sorted.
        self._held = bytearray()

    def add(self, keys: NDArray[np.uint64]) -> None:
        """Take some keys in."""
        self._held += keys.tobytes()

    def repeated(self) -> NDArray[np.uint64]:
        """Return the keys that were added more than once; none are held afterwards."""
        every, self._held = np.frombuffer(self._held, dtype=np.uint64), bytearray()
        every.sort()
        return np.unique(every[1:][every[1:] == every[:-1]])
