"""Columns of a batch as JSON: the texts of many rows, put together piece by piece."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clustergeo._formats import cell
from clustergeo._writing.cells import widened

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_NULL = "null"
_SAMPLE = 1_024
_FEW = 128
# Neighbouring columns of few values become one column of as many values as occur together, up to so many.
_COMBINATIONS = 1 << 16
# A double counts whole numbers one by one up to here, and Python prints them without an exponent.
_WHOLE = 1e15


class Lines:
    """Texts of many rows to which columns are appended, as JSON, and fixed words between them.

    What has few values is put together with its neighbours first, so that a row is made of few pieces.

    Parameters
    ----------
    rows
        How many.

    Examples
    --------
    >>> lines = Lines(2).say('{"a":').add(pa.array(["x", None])).say("}")
    >>> lines.texts().to_pylist()
    ['{"a":"x"}', '{"a":null}']
    """

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._pieces: list[pa.Array] = []
        self._texts: pa.Array
        self._codes: NDArray[np.int64]
        self._begin()

    def say(self, text: str) -> Self:
        """Append the same text to every row."""
        self._texts = pc.binary_join_element_wise(self._texts, text, "")
        return self

    def add(self, column: pa.Array) -> Self:
        """Append a column of any type; numbers that JSON does not know are null."""
        if isinstance(column, pa.ExtensionArray):
            column = column.storage
        if column.null_count == len(column):
            return self.say(_NULL)
        column = widened(column)
        if pa.types.is_boolean(column.type):
            return self._choose(column.cast(pa.int8()), pa.array(["false", "true"]))
        if isinstance(column, pa.DictionaryArray) or _few(column):
            column = column if isinstance(column, pa.DictionaryArray) else column.dictionary_encode()
            words = column.dictionary
            texts = _quoted(words.cast(pa.string())) if _is_text(words.type) else _plainly(words.to_pylist())
            return self._choose(column.indices, texts)
        if _is_text(column.type) and not column.null_count and not _special(column):
            self.say('"').put(column.cast(pa.string()))
            return self.say('"')
        return self.put(json_texts(column))

    def put(self, texts: pa.Array) -> Self:
        """Append texts as they are, one a row."""
        self._end()
        self._pieces.append(texts)
        return self

    def texts(self) -> pa.Array:
        """Return the text of each row."""
        self._end()
        joined = pc.binary_join_element_wise(*self._pieces, "")
        return joined if isinstance(joined, pa.Array) else pa.repeat(joined, self._rows)

    def _begin(self) -> None:
        """Start a run of neighbours of few values: a text for each combination, and which one each row has."""
        self._texts = pa.array([""])
        self._codes = np.zeros(self._rows, dtype=np.int64)

    def _end(self) -> None:
        """Make a piece of the run."""
        if len(self._texts) == 1:
            self._pieces.append(self._texts[0])
        else:
            self._pieces.append(self._texts.take(pa.array(self._codes)))
        self._begin()

    def _choose(self, column: pa.Array, texts: pa.Array) -> Self:
        """Append one of some texts to each row, by its number; null where it has none."""
        codes = pc.fill_null(column.cast(pa.int64()), len(texts)).to_numpy()
        texts = pa.concat_arrays([texts, pa.array([_NULL])])
        if len(self._texts) * len(texts) > _COMBINATIONS:
            self._end()
        both = self._codes * len(texts) + codes
        occurs = np.zeros(len(self._texts) * len(texts), dtype=bool)
        occurs[both] = True
        pairs = np.flatnonzero(occurs)
        before, after = (pa.array(one) for one in divmod(pairs, len(texts)))
        self._texts = pc.binary_join_element_wise(self._texts.take(before), texts.take(after), "")
        self._codes = (np.cumsum(occurs) - 1)[both]
        return self


def json_text(value: Any) -> str:
    """Return a value as compact JSON.

    Examples
    --------
    >>> json_text(["바이오", None, 1.0])
    '["바이오",null,1.0]'
    """
    return json.dumps(cell(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def json_texts(column: pa.Array) -> pa.Array:
    """Return the values of a column as JSON texts, without nulls.

    Examples
    --------
    >>> json_texts(pa.array([0.5, float("nan"), None])).to_pylist()
    ['0.5', 'null', 'null']
    """
    kind = column.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _lists(column)
    if pa.types.is_integer(kind):
        return pc.fill_null(column.cast(pa.string()), _NULL)
    if pa.types.is_floating(kind):
        return _numbers(column.cast(pa.float64()))
    return _quoted(column.cast(pa.string())) if _is_text(kind) else _plainly(column.to_pylist())


def _is_text(kind: pa.DataType) -> bool:
    """Say whether a type is one of text."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _few(column: pa.Array) -> bool:
    """Say whether a column seems to have few values; moments and the like are printed by Python, so each but once."""
    if pa.types.is_nested(column.type):
        return False
    if pa.types.is_temporal(column.type) or pa.types.is_decimal(column.type):
        return True
    return bool(pc.count_distinct(column.slice(0, _SAMPLE), mode="all").as_py() <= _FEW)


def _plainly(values: Iterable[Any]) -> pa.Array:
    """Return values as JSON texts, one by one."""
    return pa.array([json_text(value) for value in values], pa.string())


def _numbers(column: pa.Array) -> pa.Array:
    """Return numbers as Python prints them, give or take the form of an exponent and of a whole number."""
    texts = column.cast(pa.string())
    values: NDArray[np.float64] = column.to_numpy(zero_copy_only=False)
    known = np.isfinite(values)
    # Readers take a column for one of integers if they find no point in it, so some values must have one.
    if (np.floor(values) == values)[known].all() and (np.abs(values[known]) < _WHOLE).all():
        texts = pc.binary_join_element_wise(texts, ".0", "")
    return texts if known.all() else pc.if_else(pa.array(known), texts, _NULL)


def _special(column: pa.Array) -> bool:
    """Say whether a column of text holds a byte that JSON writes another way."""
    width: Any = np.int64 if pa.types.is_large_string(column.type) else np.int32
    _, offsets, data = column.buffers()
    if data is None or not len(column):
        return False
    ends = np.frombuffer(offsets, dtype=width)[column.offset : column.offset + len(column) + 1]
    held = np.frombuffer(data, dtype=np.uint8)[ends[0] : ends[-1]]
    return bool(((held < ord(" ")) | (held == ord('"')) | (held == ord("\\"))).any())


def _quoted(column: pa.Array) -> pa.Array:
    """Return texts in quotes, what is special in them escaped."""
    texts = pc.binary_join_element_wise('"', column, '"', "")
    if _special(column):
        mask = pc.match_substring_regex(column, r'["\\\x00-\x1f]')
        texts = pc.replace_with_mask(texts, mask, _plainly(column.filter(mask).to_pylist()))
    return pc.fill_null(texts, _NULL)


def _lists(column: pa.Array) -> pa.Array:
    """Return lists as JSON texts."""
    sizes = pc.fill_null(pc.list_value_length(column), 0).cast(pa.int64())
    offsets = pa.concat_arrays([pa.array([0], pa.int64()), pc.cumulative_sum(sizes)])
    values = Lines(len(column.flatten())).add(column.flatten()).texts()
    inside = pc.binary_join(pa.LargeListArray.from_arrays(offsets, values), ",")
    texts = pc.binary_join_element_wise("[", inside, "]", "")
    return pc.if_else(column.is_valid(), texts, _NULL)
