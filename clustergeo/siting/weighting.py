"""Weights of criteria: given, from comparisons of two at a time (AHP), or from how much they tell sites apart."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from clustergeo.errors import InputError
from clustergeo.siting._numbers import is_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# Mean consistency index of random comparisons of 1, 2, ... things (Saaty 1980 up to 10, then Alonso and Lamata 2006).
_RANDOM_INDEX = (0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.54, 1.56, 1.57, 1.58)
_CONSISTENT = 0.1
_SHOWN = 5
_RECIPROCAL = 0.01
_FREE = 2


class Comparisons(NamedTuple):
    """Weights that follow from comparisons, and how consistent these are."""

    weights: dict[str, float]
    consistency_ratio: float


def ahp(comparisons: Mapping[tuple[str, str], float] | pd.DataFrame, *, limit: float = _CONSISTENT) -> Comparisons:
    """Return the weights that comparisons of two criteria at a time imply.

    Parameters
    ----------
    comparisons
        How many times as important the first of two is as the second (Saaty's 1 to 9, or fractions), for each pair
        once; or a square table of them.
    limit
        The largest consistency ratio that is accepted.

    Returns
    -------
    Comparisons
        `weights`, summing to 1, and `consistency_ratio`: 0 where all comparisons agree.

    Raises
    ------
    InputError
        A pair is missing or given twice and differently, a comparison is not positive, the limit is no number, or the
        ratio is above it; the message names the comparison that contradicts the others most.

    Notes
    -----
    The principal right eigenvector of the table (Saaty 1980, The Analytic Hierarchy Process). The ratio sets its
    eigenvalue against that of random comparisons.

    Examples
    --------
    >>> found = ahp({("rail", "price"): 3, ("rail", "flat"): 6, ("price", "flat"): 2})
    >>> {name: round(weight, 3) for name, weight in found.weights.items()}
    {'rail': 0.667, 'price': 0.222, 'flat': 0.111}
    >>> abs(round(found.consistency_ratio, 6))
    0.0
    """
    if not (is_number(limit) and limit >= 0):
        msg = f"limit is {limit!r}; expected the largest consistency ratio that is accepted, 0 or more."
        raise InputError(msg)
    names, table = _table(comparisons)
    values, vectors = np.linalg.eig(table)
    first = int(np.argmax(values.real))
    weights = np.abs(vectors[:, first].real)
    weights /= weights.sum()
    ratio = 0.0
    if len(names) > _FREE:
        index = (values[first].real - len(names)) / (len(names) - 1)
        ratio = max(float(index / _RANDOM_INDEX[len(names) - 1]), 0.0)
    if ratio > limit:
        implied = weights[:, None] / weights
        row, column = np.unravel_index(np.argmax(np.abs(np.log(table / implied))), table.shape)
        msg = (
            f"The comparisons contradict each other: their consistency ratio is {ratio:.3f}, more than {limit:g}. Most "
            f"of all {names[row]!r} against {names[column]!r}: given {table[row, column]:.3g}, but the others imply "
            f"about {implied[row, column]:.3g}. Think it over, or raise the limit."
        )
        raise InputError(msg)
    return Comparisons({name: float(weight) for name, weight in zip(names, weights, strict=True)}, ratio)


def _table(comparisons: Any) -> tuple[list[str], NDArray[np.float64]]:
    """Return the names and the full table of comparisons."""
    if isinstance(comparisons, pd.DataFrame):
        names = [str(name) for name in comparisons.columns]
        if [str(name) for name in comparisons.index] != names:
            msg = "The table of comparisons has other rows than columns. Name both by the criteria, in one order."
            raise InputError(msg)
        if not all(map(is_number, comparisons.to_numpy().ravel())):
            msg = "The table of comparisons holds what is no number. Give Saaty's 1 to 9, or fractions."
            raise InputError(msg)
        table = comparisons.to_numpy(dtype=np.float64)
    else:
        _check_pairs(comparisons)
        names = list(dict.fromkeys(name for pair in comparisons for name in pair))
        table = np.eye(len(names))
        table[table == 0] = np.nan
        for (one, other), times in comparisons.items():
            row, column = names.index(one), names.index(other)
            if row != column and np.isnan(table[row, column]) and times:
                table[row, column], table[column, row] = times, 1 / times
            elif row == column or not np.isclose(table[row, column], times):
                msg = f"The comparison of {one!r} with {other!r} ({times!r}) is none, or differs from the one before."
                raise InputError(msg)
    missing = [f"{names[row]!r}, {names[column]!r}" for row, column in np.argwhere(np.isnan(table)) if row < column]
    if missing or len(names) < _FREE:
        msg = f"Comparisons are missing: {'; '.join(missing[:_SHOWN]) or 'at least one pair'}. Give each pair once."
        raise InputError(msg)
    if len(names) > len(_RANDOM_INDEX):
        msg = f"{len(names)} criteria are compared; at most {len(_RANDOM_INDEX)} can be. Group them."
        raise InputError(msg)
    if not (np.isfinite(table) & (table > 0)).all() or not np.allclose(table * table.T, 1, rtol=_RECIPROCAL):
        bad = np.argwhere(~((table > 0) & np.isclose(table * table.T, 1, rtol=_RECIPROCAL)))[0]
        msg = (
            f"The comparison of {names[bad[0]]!r} with {names[bad[1]]!r} is {table[bad[0], bad[1]]:g}; expected a "
            "positive number, and its reciprocal the other way round."
        )
        raise InputError(msg)
    return names, table


def _check_pairs(comparisons: Any) -> None:
    """Refuse what is no mapping of pairs to numbers."""
    pairs = isinstance(comparisons, Mapping) and all(
        isinstance(one, tuple) and len(one) == _FREE for one in comparisons
    )
    if not pairs or not all(map(is_number, comparisons.values())):
        msg = f"comparisons are {comparisons!r}; expected pairs of names with a number, such as {{('a', 'b'): 3}}."
        raise InputError(msg)


def entropy(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return weights by how much each column tells the rows apart.

    Parameters
    ----------
    values
        Shape (n, m), 0 or more, n sites and m criteria.

    Returns
    -------
    numpy.ndarray
        Shape (m,), summing to 1: each column's 1 less its Shannon entropy, which is 1 where all sites are alike.

    Raises
    ------
    InputError
        A value is missing, or no column tells any sites apart.

    Notes
    -----
    Hwang and Yoon 1981, Multiple Attribute Decision Making, chapter 4.

    Examples
    --------
    >>> entropy(np.array([[1.0, 1.0], [1.0, 3.0]])).round(3).tolist()
    [0.0, 1.0]
    """
    if np.isnan(values).any():
        row, column = np.argwhere(np.isnan(values))[0]
        msg = (
            f"Entropy weights need every value, but that of row {row} in criterion {column + 1} is not known. Leave "
            "such sites or criteria out, or give the weights."
        )
        raise InputError(msg)
    total = values.sum(axis=0)
    part = np.divide(values, total, out=np.full(values.shape, 1 / max(len(values), 1)), where=total > 0)
    logs = np.log(part, out=np.zeros(part.shape), where=part > 0)
    told = 1 + (part * logs).sum(axis=0) / np.log(max(len(values), _FREE))
    told[told < 1e-12] = 0.0  # noqa: PLR2004 - rounding
    if not told.sum() or len(values) == 1:
        msg = (
            f"No criterion tells any of these sites from another (there are {len(values)}), so entropy gives no "
            "weights. Give them: a number for each criterion."
        )
        raise InputError(msg)
    return np.asarray(told / told.sum())


def given(weights: Any, names: Sequence[str]) -> NDArray[np.float64]:
    """Return weights in the order of the criteria, summing to 1.

    Raises
    ------
    InputError
        A criterion has no weight, a name is no criterion, or a weight is negative or all are 0.

    Examples
    --------
    >>> given({"price": 1, "rail": 3}, ("rail", "price")).tolist()
    [0.75, 0.25]
    """
    weights = weights.weights if isinstance(weights, Comparisons) else weights
    if not isinstance(weights, Mapping):
        kind = type(weights).__name__
        msg = f"weights is a {kind}. Give a mapping of each criterion to a number, ahp(...) or 'entropy'."
        raise InputError(msg)
    problems = [f"criterion {name!r} has no weight" for name in names if name not in weights]
    problems += [f"{name!r} is no criterion (there are {', '.join(names)})" for name in weights if name not in names]
    problems += [f"the weight of {name!r} is {one!r}" for name, one in weights.items() if not is_number(one)]
    numbers = {name: float(value) for name, value in weights.items() if is_number(value)}
    problems += [f"the weight of {name!r} is {value:g}" for name, value in numbers.items() if not 0 <= value < np.inf]
    if not problems and not 0 < sum(numbers.values()) < np.inf:
        problems = [
            f"their sum is {sum(numbers.values()):g}; give {'less' if any(numbers.values()) else 'one of them more'}"
        ]
    if problems:
        msg = (
            f"The weights cannot be used: {'; '.join(itertools.islice(problems, _SHOWN))}. Expected 0 or more for each."
        )
        raise InputError(msg)
    found = np.array([numbers[name] for name in names])
    return np.asarray(found / found.sum())
