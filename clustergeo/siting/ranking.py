"""Ranking: scores and places of sites, what each criterion contributes, and how stable the order is."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from clustergeo.errors import InputError
from clustergeo.siting import _draws, scoring, weighting
from clustergeo.siting._numbers import is_number
from clustergeo.siting.criteria import Criteria

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from clustergeo.siting.scoring import Method

# All weights are drawn at once and held.
_MOST_DRAWS = 10_000_000
_ADDED = ("score", "score_low", "score_high", "rank", "rank_best", "rank_worst")


@dataclass(frozen=True, repr=False)
class Ranking:
    """Criteria with their weights, and how values become a score.

    Parameters
    ----------
    criteria
        What counts.
    weights
        A number, 0 or more, for each criterion (only their ratios matter); what `ahp` returned; or `"entropy"`, weights
        by how much each criterion tells the sites apart.
    method
        `"sum"`: weight times value, so that a strength makes good a weakness. `"product"`: value to the power of the
        weight, so that a worthless criterion is not made good. `"topsis"`: nearness to the best of all sites. By pymcdm
        (`pip install "clustergeo[mcda]"`) `"vikor"`: nearness to the best compromise; `"edas"`: distance from the
        average site; `"promethee"`: how many sites each is preferred to. The last four set sites against each other.

    Raises
    ------
    InputError
        The weights are not those of the criteria, negative or all 0, or the method is unknown.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> from clustergeo import Criteria, Value
    >>> spots = gpd.points_from_xy([127, 128], [37, 37])
    >>> sites = gpd.GeoDataFrame({"flat": [0.2, 0.9], "price": [10, 90]}, geometry=spots)
    >>> criteria = Criteria().attribute("flat", value=Value.linear(worst=0, best=1))
    >>> criteria = criteria.attribute("price", value=Value.linear(worst=100, best=0))
    >>> ranked = Ranking(criteria, weights={"flat": 3, "price": 1}).rank(sites.set_crs(4326))
    >>> ranked[["score", "rank"]].round(3).values.tolist()
    [[0.375, 2], [0.7, 1]]
    """

    criteria: Criteria
    weights: Any
    method: Method = "sum"

    def __post_init__(self) -> None:
        """Check weights and method."""
        if not isinstance(self.criteria, Criteria):
            msg = f"criteria is a {type(self.criteria).__name__}; expected Criteria, such as Criteria().distance(...)."
            raise InputError(msg)
        scoring.check_method(self.method)
        if self.weights != "entropy":
            weighting.given(self.weights, self.criteria.names)

    def rank(self, sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Return the sites with their scores and places.

        Parameters
        ----------
        sites
            Sites, or what `criteria.measure` returned for them.

        Returns
        -------
        geopandas.GeoDataFrame
            The same index, order and length, with the columns of `Criteria.measure` and: `score`, 0 to 1, null where a
            value is not known; `score_low`, `score_high`, its proved bounds; `rank` from 1, ties sharing the better
            place, null where the bounds leave it open; `rank_best`, `rank_worst`; and for each criterion
            `contribution_NAME`: what it adds to a sum or the factor it is of a product (none for a method that sets
            sites against each other).

        Raises
        ------
        InputError
            The sites cannot be measured, or a method that sets sites against each other, or entropy, lacks a value.

        Examples
        --------
        >>> import geopandas as gpd, shapely
        >>> from clustergeo import Criteria, Value
        >>> price = Criteria().attribute("price", value=Value.linear(worst=100, best=0))
        >>> spots = gpd.points_from_xy([127, 127, 127], [37, 37, 37])
        >>> sites = gpd.GeoDataFrame({"price": [10, 90, None]}, geometry=spots, crs=4326)
        >>> Ranking(price, weights={"price": 1}).rank(sites)[["rank_best", "rank_worst"]].values.tolist()
        [[1, 2], [2, 3], [1, 3]]
        """
        frame = self._measured(sites)
        low, high = self._values(frame)
        weights = self._weights(frame)
        taken = [name for name in (*_ADDED, *map(_contribution, self.criteria.names)) if name in frame.columns]
        if taken:
            msg = f"column {taken[0]!r} of the sites would be overwritten by the result: rename or drop it."
            raise InputError(msg)
        score_low, score_high = (scoring.scores(values, weights, self.method) for values in (low, high))
        best, worst = scoring.places(score_low, score_high)
        known = score_high - score_low <= scoring.SAME
        added: dict[str, Any] = {
            "score": np.where(known, score_low, np.nan),
            "score_low": score_low,
            "score_high": score_high,
            "rank": pd.arrays.IntegerArray(best.astype(np.int64), best != worst),
            "rank_best": best,
            "rank_worst": worst,
        }
        if self.method not in scoring.RELATIVE:
            exact = np.where(low == high, low, np.nan)
            parts = exact * weights if self.method == "sum" else exact**weights
            added |= dict(zip(map(_contribution, self.criteria.names), parts.T, strict=True))
        active = frame.geometry.name
        columns = [frame.drop(columns=active), pd.DataFrame(added, index=frame.index), frame[[active]]]
        return gpd.GeoDataFrame(pd.concat(columns, axis=1), geometry=active, crs=frame.crs)

    def stability(
        self,
        sites: gpd.GeoDataFrame,
        *,
        draws: int = 10_000,
        top: int = 5,
        concentration: float | None = 50.0,
        seed: int = 0,
    ) -> pd.DataFrame:
        """Return how often each site has each of the first places when weights and unknown values are drawn.

        Parameters
        ----------
        sites
            As for `rank`.
        draws
            How many times.
        top
            How many places are looked at.
        concentration
            Weights are drawn from a Dirichlet distribution round the given ones: one of weight w has the standard
            deviation sqrt(w (1 - w) / (concentration + 1)). None draws from all weights alike, as if none were given.
        seed
            The same seed gives the same answer.

        Returns
        -------
        pandas.DataFrame
            A row a site: `site_id`, `top_probability` (of a place among the first `top`), and `rank_1` to `rank_TOP`,
            the rank acceptability. Ties share the better place, so that a column may add up to more than 1. An estimate
            p of k draws has the standard error sqrt(p (1 - p) / k).

        Raises
        ------
        InputError
            As for `rank`, or an option is out of range.

        Notes
        -----
        Stochastic multicriteria acceptability analysis (SMAA-2: Lahdelma and Salminen 2001, Operations Research 49,
        444-454). A value that is not known is drawn evenly between its bounds: an assumption, unlike those of `rank`.

        Examples
        --------
        >>> import geopandas as gpd
        >>> from clustergeo import Criteria, Value
        >>> up = Value.linear(worst=0, best=1)
        >>> spots = gpd.points_from_xy([127, 127], [37, 37])
        >>> sites = gpd.GeoDataFrame({"a": [1.0, 0.0], "b": [0.0, 1.0]}, geometry=spots, crs=4326)
        >>> ranking = Ranking(Criteria().attribute("a", value=up).attribute("b", value=up), weights={"a": 1, "b": 1})
        >>> ranking.stability(sites, draws=4000, top=1, concentration=None)["rank_1"].round(1).tolist()
        [0.5, 0.5]
        """
        frame = self._measured(sites)
        low, high = self._values(frame)
        check_draws(draws=draws, top=top, concentration=concentration, seed=seed)
        if top > len(frame):
            msg = f"top is {top}, but there are {len(frame)} sites. Ask for at most as many places."
            raise InputError(msg)
        found = _draws.acceptability(
            low, high, self._weights(frame), self.method, draws=draws, top=top, concentration=concentration, seed=seed
        )
        columns = {"site_id": frame["site_id"].to_numpy(), "top_probability": found.sum(axis=1) / draws}
        columns |= {f"rank_{place + 1}": found[:, place] / draws for place in range(top)}
        return pd.DataFrame(columns, index=frame.index)

    def swaps(self, sites: gpd.GeoDataFrame) -> pd.DataFrame:
        """Return the least change of weights at which each site meets the next one; weighted sums only.

        Parameters
        ----------
        sites
            As for `rank`. Sites whose score is not known are left out.

        Returns
        -------
        pandas.DataFrame
            A row for each two sites that follow each other: `site_id`, `next_id`, `score_gap`, `weight_moved` (the sum
            of what is taken from criteria and given to another, 0 to 1; null where the next site is worse in every
            criterion and can never meet), and `weight_NAME`, the weights at which they tie.

        Raises
        ------
        InputError
            As for `rank`, or the method is not `"sum"`.

        Notes
        -----
        Exact: weight is taken first from the criterion that speaks most for the better site, and given to that which
        speaks most for the other; no smaller sum does it.

        Examples
        --------
        >>> import geopandas as gpd
        >>> from clustergeo import Criteria, Value
        >>> up = Value.linear(worst=0, best=1)
        >>> spots = gpd.points_from_xy([127, 127], [37, 37])
        >>> sites = gpd.GeoDataFrame({"a": [1.0, 0.0], "b": [0.0, 1.0]}, geometry=spots, crs=4326)
        >>> ranking = Ranking(Criteria().attribute("a", value=up).attribute("b", value=up), weights={"a": 7, "b": 3})
        >>> ranking.swaps(sites)[["site_id", "next_id", "weight_moved", "weight_a"]].round(3).values.tolist()
        [['1', '2', 0.2, 0.5]]
        """
        if self.method != "sum":
            msg = f"swaps() is for weighted sums, but the method is {self.method!r}. Use stability() for it."
            raise InputError(msg)
        frame = self._measured(sites)
        low, high = self._values(frame)
        known = np.flatnonzero((low == high).all(axis=1))
        weights = self._weights(frame)
        order = known[np.argsort(-scoring.scores(low[known], weights, "sum"), kind="stable")]
        ids, names = frame["site_id"].to_numpy(), self.criteria.names
        rows = []
        for first, second in itertools.pairwise(order):
            apart = low[first] - low[second]
            moved, after = _least_change(apart, weights)
            rows.append((ids[first], ids[second], max(float(weights @ apart), 0.0), moved, *after))
        return pd.DataFrame(
            rows, columns=["site_id", "next_id", "score_gap", "weight_moved", *map("weight_{}".format, names)]
        )

    def used_weights(self, sites: gpd.GeoDataFrame) -> Mapping[str, float]:
        """Return the weights that are used for sites, summing to 1.

        Examples
        --------
        >>> import geopandas as gpd
        >>> from clustergeo import Criteria, Value
        >>> criteria = Criteria().attribute("a", value=Value.linear(worst=0, best=1))
        >>> sites = gpd.GeoDataFrame({"a": [1.0]}, geometry=gpd.points_from_xy([127], [37]), crs=4326)
        >>> Ranking(criteria, weights={"a": 7}).used_weights(sites)
        {'a': 1.0}
        """
        return dict(zip(self.criteria.names, self._weights(self._measured(sites)).tolist(), strict=True))

    def __repr__(self) -> str:
        """Return one line."""
        return f"<Ranking: {self.method} of {', '.join(self.criteria.names)}>"

    def _measured(self, sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Return sites with their values, measured unless they are."""
        names = [f"value_{name}_{end}" for name in self.criteria.names for end in ("low", "high")]
        return sites if set(names) <= set(getattr(sites, "columns", ())) else self.criteria.measure(sites)

    def _values(self, frame: gpd.GeoDataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the bounds of the values, shape (n, m)."""
        low, high = (
            frame[[f"value_{name}_{end}" for name in self.criteria.names]].to_numpy(dtype=np.float64)
            for end in ("low", "high")
        )
        if self.method in scoring.RELATIVE and len(frame) == 1:
            msg = (
                f"{self.method.upper()} sets sites against each other, but there is only {frame['site_id'].iloc[0]!r} "
                "to rank. Give more sites or loosen what excludes them, or use method='sum' or 'product', which score "
                "each site by itself."
            )
            raise InputError(msg)
        if self.method in scoring.RELATIVE and (low != high).any():
            row, column = np.argwhere(low != high)[0]
            msg = (
                f"The value of criterion {self.criteria.names[column]!r} is not known in row {row}. "
                f"{self.method.upper()} sets sites against each other, so one unknown value leaves every score "
                "open. Leave such sites out, or use method='sum' or 'product', which bound their scores."
            )
            raise InputError(msg)
        return low, high

    def _weights(self, frame: gpd.GeoDataFrame) -> NDArray[np.float64]:
        """Return the weights of the criteria, summing to 1."""
        if self.weights != "entropy":
            return weighting.given(self.weights, self.criteria.names)
        low, high = self._values(frame)
        return weighting.entropy(np.where(low == high, low, np.nan))


def check_draws(*, draws: int = 1, top: int = 1, concentration: float | None = None, seed: int = 0) -> None:
    """Refuse options of `Ranking.stability` that are out of range.

    Raises
    ------
    InputError
        With the first of them.
    """
    for name, value, least in (("draws", draws, 1), ("top", top, 1), ("seed", seed, 0)):
        if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
            msg = f"{name} is {value!r}; expected a whole number, {least} or more."
            raise InputError(msg)
    if draws > _MOST_DRAWS:
        msg = f"draws is {draws!r}; expected at most {_MOST_DRAWS:,}, with which an answer errs by 0.0002."
        raise InputError(msg)
    if concentration is not None and not (is_number(concentration) and 0 < concentration < np.inf):
        msg = (
            f"concentration is {concentration!r}; expected a positive number, or None for all weights alike (in a "
            'scenario: concentration = "none").'
        )
        raise InputError(msg)


def _contribution(name: str) -> str:
    """Return the column of what a criterion contributes."""
    return f"contribution_{name}"


def _least_change(apart: NDArray[np.float64], weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """Return the least sum of weight that is moved until two sites tie, and the weights then; not-a-number if never."""
    to = int(np.argmin(apart))
    gap = float(weights @ apart)
    if gap <= scoring.SAME:
        return 0.0, weights
    if apart[to] > 0:
        return np.nan, np.full(len(weights), np.nan)
    after = weights.copy()
    for take in np.argsort(-apart, kind="stable"):
        gain = apart[take] - apart[to]
        if gain <= 0 or gap <= 0:
            break
        part = min(float(weights[take]), gap / gain)
        after[take], after[to] = after[take] - part, after[to] + part
        gap -= part * gain
    return float(after[to] - weights[to]), after
