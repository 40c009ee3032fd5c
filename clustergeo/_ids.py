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


def repeated(found: list[NDArray[np.uint64]]) -> NDArray[np.uint64]:
    """Return the keys that stand more than once in several arrays of keys; the list is emptied, so that memory is.

    Examples
    --------
    >>> repeated([np.array([3, 5], dtype=np.uint64), np.array([5], dtype=np.uint64)]).tolist()
    [5]
    """
    every, at = np.empty(sum(len(one) for one in found), dtype=np.uint64), 0
    while found:
        one = found.pop()
        every[at : at + len(one)] = one
        at += len(one)
    every.sort()
    return np.unique(every[1:][every[1:] == every[:-1]])
