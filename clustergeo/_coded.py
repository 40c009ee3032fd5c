"""Columns of few different texts, kept as numbers until somebody wants the texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray


def coded(values: Any, rows: NDArray[np.int64]) -> pd.Categorical:
    """Return the value of each row as a categorical: `values[rows]`, null where a row is -1 or its value is null.

    Examples
    --------
    >>> coded(["a", "b", "a", None], np.array([2, 1, -1, 3])).tolist()
    ['a', 'b', nan, nan]
    """
    numbers, texts = pd.factorize(np.asarray(values, dtype=object), use_na_sentinel=True)
    codes = np.where(rows >= 0, np.append(numbers, -1)[rows], -1)
    return pd.Categorical.from_codes(codes, texts, validate=False)


def constant(value: str | None, rows: NDArray[np.bool_]) -> pd.Categorical:
    """Return one value where a row counts, null elsewhere.

    Examples
    --------
    >>> constant("x", np.array([True, False])).tolist()
    ['x', nan]
    """
    return coded([value], np.where(rows, 0, -1))


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with categoricals as objects, None for null.

    Examples
    --------
    >>> plain(pd.DataFrame({"a": coded(["x"], np.array([0, -1]))}))["a"].tolist()
    ['x', None]
    """
    columns = {str(name): frame[name] for name in frame.columns}
    for name, column in columns.items():
        if isinstance(column.dtype, pd.CategoricalDtype):
            texts = np.array([*column.cat.categories, None], dtype=object)
            columns[name] = pd.Series(texts[column.cat.codes.to_numpy()], index=frame.index, dtype=object)
    return pd.DataFrame(columns, index=frame.index)
