"""Scores of sites from values and weights, and what places they can have by them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from clustergeo._extras import needed
from clustergeo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

Method = Literal["sum", "product", "topsis", "vikor", "edas", "promethee"]
METHODS = ("sum", "product", "topsis", "vikor", "edas", "promethee")
# These set each site against the others.
RELATIVE = METHODS[2:]

# Scores closer than this are ties.
SAME = 1e-12


def check_method(method: Any) -> None:
    """Refuse what is no method.

    Raises
    ------
    InputError
        With the methods that there are.
    """
    if method not in METHODS:
        msg = f"method is {method!r}; expected one of {', '.join(map(repr, METHODS))}."
        raise InputError(msg)


def scores(values: NDArray[np.float64], weights: NDArray[np.float64], method: Method) -> NDArray[np.float64]:
    """Return the score of each site under each set of weights.

    Parameters
    ----------
    values
        Shape (n, m), 0 to 1.
    weights
        Shape (m,) or (k, m), each summing to 1.
    method
        `"sum"` of weight times value; `"product"` of the values to the power of the weights; `"topsis"`; and by pymcdm
        `"vikor"`, `"edas"` and `"promethee"` (II, with the usual criterion).

    Returns
    -------
    numpy.ndarray
        Shape (n,) or (k, n), 0 to 1.

    Examples
    --------
    >>> scores(np.array([[1.0, 0.0], [0.5, 0.5]]), np.array([0.6, 0.4]), "sum").tolist()
    [0.6, 0.5]
    >>> scores(np.array([[1.0, 0.0], [0.5, 0.5]]), np.array([0.6, 0.4]), "product").tolist()
    [0.0, 0.5]
    """
    if method == "sum" or not len(values):
        return (values @ weights.T).T
    if method == "topsis":
        return topsis(values, weights)
    if method in RELATIVE:
        return _by_library(values, weights, method)
    # A criterion without weight does not count, even where it is worth nothing: 0 to the power of 0 is 1.
    logs = np.log(values, out=np.full(values.shape, -1e6), where=values > 0)
    return np.asarray(np.exp((logs @ weights.T).T))


def _by_library(values: NDArray[np.float64], weights: NDArray[np.float64], method: Method) -> NDArray[np.float64]:
    """Return the scores of a method of pymcdm, 0 to 1, the best the greatest."""
    methods = needed("pymcdm.methods", package="pymcdm", makes="a ranking", done="made by this method", extra="mcda")
    made: dict[str, Callable[..., Any]] = {
        # The distance from the best compromise: 0 is best.
        "vikor": lambda *given: 1.0 - methods.VIKOR()(*given, validation=False),
        "edas": lambda *given: methods.EDAS()(*given, validation=False),
        # The net flow: how many sites it is preferred to, less how many are preferred to it, -1 to 1.
        "promethee": lambda *given: (1.0 + methods.PROMETHEE_II("usual")(*given, validation=False)) / 2.0,
    }
    rows, out = np.atleast_2d(weights), []
    for row in rows:
        # What no site differs in sets none against another, and is more than some of the methods can take.
        counted = (row > 0) & (np.ptp(values, axis=0) > 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            given = values[:, counted], row[counted], np.ones(int(counted.sum()))
            found = made[method](*given) if counted.any() else np.array([np.nan])
        if not np.isfinite(found).all():
            msg = (
                f"All sites are alike to {method}, which then has no scale to score them on. Take method='sum' or "
                "'product', which score each site by itself."
            )
            raise InputError(msg)
        out.append(found)
    return np.array(out).reshape(*weights.shape[:-1], len(values))


def topsis(
    figures: NDArray[np.float64], weights: NDArray[np.float64], *, costs: NDArray[np.bool_] | None = None
) -> NDArray[np.float64]:
    """Return how near each site is to the best of all figures, and how far from the worst.

    Parameters
    ----------
    figures
        Shape (n, m).
    weights
        Shape (m,) or (k, m).
    costs
        Shape (m,), which figures are better when smaller; none by default.

    Returns
    -------
    numpy.ndarray
        Shape (n,) or (k, n), 0 to 1.

    Raises
    ------
    InputError
        All sites are alike, so that there is neither a best nor a worst.

    Notes
    -----
    Hwang and Yoon 1981, Multiple Attribute Decision Making, chapter 4: columns of length 1, Euclidean distances.

    Examples
    --------
    >>> topsis(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0.5, 0.5])).tolist()
    [0.5, 0.5]
    """
    lengths = np.sqrt((figures**2).sum(axis=0))
    scaled = np.divide(figures, lengths, out=np.zeros(figures.shape), where=lengths > 0)
    if costs is not None:
        scaled = np.where(costs, -scaled, scaled)
    best, worst = (np.sqrt(((scaled - end) ** 2 @ weights.T**2).T) for end in (scaled.max(axis=0), scaled.min(axis=0)))
    total = best + worst
    if not (total > 0).all():
        msg = (
            "All sites are alike in every criterion that has a weight, so TOPSIS has neither a best nor a worst one. "
            "Take method='sum' or 'product', which score each site by itself."
        )
        raise InputError(msg)
    return np.asarray(worst / total)


def places(low: NDArray[np.float64], high: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the best and the worst place, from 1, that each site can have; ties share the better place.

    Parameters
    ----------
    low, high
        Shape (n,), bounds of the scores.

    Examples
    --------
    >>> best, worst = places(np.array([0.9, 0.2, 0.2, 0.1]), np.array([0.9, 0.2, 0.2, 0.3]))
    >>> best.tolist(), worst.tolist()
    ([1, 2, 2, 2], [1, 3, 3, 4])
    """
    count = len(low)
    best = 1 + count - np.searchsorted(np.sort(low), high + SAME, side="right")
    # A site whose own bounds differ is counted among those that may be above it.
    worst = 1 + count - np.searchsorted(np.sort(high), low + SAME, side="right") - (high > low + SAME)
    return best, worst
