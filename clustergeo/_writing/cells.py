"""Columns of a batch in the types of a format that knows few: numbers, flags, dates, text and bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clustergeo._formats import flat

if TYPE_CHECKING:
    from collections.abc import Callable

# What becomes of a column, by the first of these that its type is: None says that it is kept.
_TYPES: tuple[tuple[Callable[[pa.DataType], bool], pa.DataType | None], ...] = (
    (pa.types.is_boolean, None),
    (pa.types.is_signed_integer, None),
    # The largest of these are beyond SQLite's numbers, and a column has one type in all batches.
    (pa.types.is_uint64, pa.string()),
    (pa.types.is_unsigned_integer, pa.int64()),
    (pa.types.is_floating, None),
    (pa.types.is_date32, None),
    (pa.types.is_date64, pa.date32()),
    (pa.types.is_timestamp, None),
    (pa.types.is_time, pa.string()),
    (pa.types.is_decimal, pa.string()),
    (pa.types.is_null, pa.string()),
    (pa.types.is_string, None),
    (pa.types.is_large_string, None),
    (pa.types.is_binary, None),
    (pa.types.is_large_binary, None),
)


def plain_column(column: pa.Array) -> pa.Array:
    """Return a column in a type that a GeoPackage keeps: lists joined by `;`, what it does not know as text.

    Examples
    --------
    >>> plain_column(pa.array([["bio", "food"], None])).to_pylist()
    ['bio;food', None]
    """
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    if isinstance(column, pa.DictionaryArray):
        column = column.dictionary_decode()
    column = widened(column)
    kind = column.type
    for test, target in _TYPES:
        if test(kind):
            return column if target is None else column.cast(target)
    if pa.types.is_list(kind) and pa.types.is_string(kind.value_type):
        return _joined(column)
    texts = [flat(value) for value in column.to_pylist()]
    return pa.array([None if text is None else str(text) for text in texts], pa.string())


def widened(column: pa.Array) -> pa.Array:
    """Return numbers of half precision in double, because Arrow can do little with them; any other column as it is.

    Examples
    --------
    >>> widened(pa.array(np.array([1.5], np.float16))).type
    DataType(double)
    """
    if not pa.types.is_float16(column.type):
        return column
    values = column.to_numpy(zero_copy_only=False).astype(np.float64)
    return pa.array(values, mask=column.is_null().to_numpy(zero_copy_only=False))


def first_words(column: pa.Array) -> list[str]:
    """Return the distinct first entries of lists, or of texts joined by `;`, in the order in which they come.

    Examples
    --------
    >>> first_words(pa.array([["bio", "food"], None, ["bio"]])), first_words(pa.array(["food;bio"]))
    (['bio'], ['food'])
    """
    kind = column.type
    if pa.types.is_null(kind):
        return []
    if pa.types.is_dictionary(kind):
        return first_words(column.dictionary_decode())
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        filled = column.filter(pc.greater(pc.list_value_length(column), 0))
        firsts = pc.list_element(filled, 0) if len(filled) else pa.array([], kind.value_type)
    else:
        firsts = column
    words = (str(one).split(";")[0] for one in firsts.unique().to_pylist() if one is not None)
    return list(dict.fromkeys(word for word in words if word))


def _joined(column: pa.Array) -> pa.Array:
    """Return lists of texts joined by `;`, an empty list as null and a null in a list as nothing."""
    values = pc.fill_null(column.flatten(), "")
    sizes = pc.fill_null(pc.list_value_length(column), 0)
    ends = pc.cumulative_sum(sizes)
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), ends.cast(pa.int32())])
    texts = pc.binary_join(pa.ListArray.from_arrays(offsets, values), ";")
    return pc.if_else(pc.greater(sizes, 0), texts, pa.scalar(None, pa.string()))
