"""Places of sites under weights and values that are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clustergeo.siting import scoring

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clustergeo.siting.scoring import Method

# So many scores are held at a time.
_HELD = 4_000_000

# How many sites for each first place are taken for likely ones.
_LIKELY = 8


def acceptability(
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    weights: NDArray[np.float64],
    method: Method,
    *,
    draws: int,
    top: int,
    concentration: float | None,
    seed: int,
) -> NDArray[np.int64]:
    """Return in how many draws each site has each of the first places.

    Parameters
    ----------
    low, high
        Shape (n, m), bounds of the values; drawn evenly between them where they differ.
    weights
        Shape (m,), summing to 1; a criterion of weight 0 stays without.
    method
        How values become a score.
    draws, top, concentration, seed
        As for `Ranking.stability`.

    Returns
    -------
    numpy.ndarray
        Shape (n, top).

    Examples
    --------
    >>> values = np.array([[1.0], [0.5]])
    >>> options = {"draws": 10, "top": 2, "concentration": None, "seed": 0}
    >>> acceptability(values, values, np.array([1.0]), "sum", **options).tolist()
    [[10, 0], [0, 10]]
    """
    counted = np.flatnonzero(weights > 0)
    low, high, weights = low[:, counted], high[:, counted], weights[counted]
    random = np.random.default_rng(seed)
    alpha = np.ones(len(weights)) if concentration is None else concentration * weights
    drawn = random.dirichlet(alpha, size=draws)
    open_sites = np.flatnonzero((low != high).any(axis=1))
    found = np.zeros((len(low), top), dtype=np.int64)
    step = max(1, _HELD // max(len(low), 1))
    likely = np.arange(len(low))
    for number, start in enumerate(range(0, draws, step)):
        part = drawn[start : start + step]
        score = scoring.scores(low, part, method)
        for row, one in enumerate(part if len(open_sites) else ()):
            between = random.random((len(open_sites), len(counted)))
            values = low[open_sites] + between * (high - low)[open_sites]
            score[row, open_sites] = scoring.scores(values, one, method)
        if not number & (number - 1):
            # The first places among those that come first mostly bound those of all from below, and spare sorting the
            # rest.
            likely = np.argsort(-found.sum(axis=1) if number else -score[0], kind="stable")[: _LIKELY * top]
        _count(found, score, likely)
    return found


def _count(found: NDArray[np.int64], score: NDArray[np.float64], likely: NDArray[np.intp]) -> None:
    """Add to the counts which sites have which of the first places in each row of scores."""
    top = found.shape[1]
    least = np.partition(score[:, likely], len(likely) - top, axis=1)[:, len(likely) - top]
    # Scores lie in memory a site after the other.
    flat = np.flatnonzero((least - scoring.SAME <= score.T).ravel())
    columns, rows = np.divmod(flat, len(score))
    values = score[rows, columns]
    order = np.lexsort((-values, rows))
    rows, columns, values = rows[order], columns[order], values[order]
    first = np.ones(len(rows), dtype=bool)
    first[1:] = rows[1:] != rows[:-1]
    starts = np.flatnonzero(first)
    place = np.arange(len(rows)) - np.repeat(starts, np.diff(np.append(starts, len(rows))))
    fresh = first.copy()
    fresh[1:] |= values[:-1] - values[1:] > scoring.SAME
    # A site that ties with the one before has its place.
    place = place[np.maximum.accumulate(np.where(fresh, np.arange(len(rows)), 0))]
    held = place < top
    np.add.at(found, (columns[held], place[held]), 1)
