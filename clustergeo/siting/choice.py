"""Choice: which k sites together serve demand best, with the optimum proved or the gap stated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from clustergeo import crs, overlap, schema
from clustergeo.errors import InputError, warn
from clustergeo.siting._numbers import is_number
from clustergeo.tags import drawn_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

_MOST = 4_000_000
_PROVED = 1e-9
_HALF = 0.5
_INFEASIBLE = 2
_TWO = 2


@dataclass(frozen=True, repr=False)
class Choice:
    """What was chosen, and how good it is.

    Attributes
    ----------
    sites
        The sites with `chosen` (boolean) and `served`, the demand that each serves.
    assignment
        A row for each demand and site that serves it: `demand` (the row), `site_id`, `amount` and `distance`.
    objective
        The weighted mean distance (`"p_median"`), or the share of demand that is covered (`"coverage"`).
    bound
        No choice is better than this.
    gap
        How far the objective is from the bound, as a share of it.
    """

    sites: gpd.GeoDataFrame
    assignment: pd.DataFrame
    objective: float
    bound: float

    @property
    def gap(self) -> float:
        """How far the objective may be from the best there is, as a share of the larger of the two."""
        larger = max(abs(self.objective), abs(self.bound))
        return abs(self.objective - self.bound) / larger if larger else 0.0

    @property
    def proved(self) -> bool:
        """Whether no other choice is better."""
        return self.gap <= _PROVED

    def __repr__(self) -> str:
        """Return one line."""
        sure = "optimum proved" if self.proved else f"gap {self.gap:.2%}"
        chosen = self.sites["site_id"][self.sites["chosen"]]
        return f"<Choice of {', '.join(chosen)}: objective {self.objective:g}, {sure}>"


def choose(
    sites: gpd.GeoDataFrame,
    demand: gpd.GeoDataFrame,
    *,
    k: int,
    objective: Literal["p_median", "coverage"] = "p_median",
    weight: str | None = None,
    within: float | None = None,
    distances: NDArray[np.float64] | None = None,
    capacity: str | None = None,
    fixed: Sequence[str] = (),
    quotas: Mapping[str, Mapping[str, tuple[int, int]]] | None = None,
    time_limit_s: float = 60.0,
) -> Choice:
    """Choose k sites that together serve demand best.

    Parameters
    ----------
    sites
        Candidates, m rows; points or polygons.
    demand
        What is to be served, n rows; points or polygons.
    k
        How many sites, the fixed ones included.
    objective
        `"p_median"`: the least weighted mean distance of demand to the chosen site that serves it. `"coverage"`: the
        most demand within a distance of a chosen site.
    weight
        The column of `demand` that says how much there is in each row; 1 each by default.
    within
        The distance of `"coverage"`, in metres or in the unit of `distances`.
    distances
        Shape (n, m): travel times or costs, infinite where a site cannot serve. By default geodesic distances in metres
        between centroids.
    capacity
        The column of `sites` that says how much demand each can serve; `"p_median"` only. Demand may then be split.
    fixed
        Ids of sites that are chosen whatever else is.
    quotas
        By column of `sites` and value in it, the least and the greatest number of sites that are chosen.
    time_limit_s
        After so many seconds the best choice so far is returned, with its gap.

    Returns
    -------
    Choice
        The sites, who serves what, the objective and a proved bound.

    Raises
    ------
    InputError
        Frames or options cannot be used, or no choice keeps all the conditions.

    Notes
    -----
    Mixed-integer programmes (Hakimi 1964; Church and ReVelle 1974) solved by HiGHS, which proves the bound.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> at = lambda *xs: gpd.GeoDataFrame(geometry=[shapely.Point(x, 37) for x in xs], crs="EPSG:4326")
    >>> choose(at(127.0, 127.5, 128.0), at(127.01, 127.02, 127.99), k=2).sites["chosen"].tolist()
    [True, False, True]
    """
    frame = schema.site_frame(sites, added=("chosen", "served"))
    people = schema.site_frame(demand, added=(), what="the demand")
    amount = _numbers(people, weight, "the demand") if weight else np.ones(len(people))
    rooms = _numbers(frame, capacity, "the sites") if capacity else None
    ids = frame["site_id"].tolist()
    _check(frame, k, objective, within, fixed, bounded=capacity is not None, seconds=time_limit_s)
    if not amount.sum() > 0:
        msg = "There is no demand to serve: the weights are 0. Give a column of positive numbers."
        raise InputError(msg)
    ways = _distances(frame, people, distances)
    must = np.isin(ids, list(fixed))
    limits = [(np.ones(len(frame)), float(k), float(k)), *_quotas(frame, quotas or {})]
    if objective == "p_median":
        found = _median(ways, amount, limits=limits, must=must, rooms=rooms, seconds=time_limit_s)
    else:
        found = _covering(ways, amount, limits=limits, must=must, within=within or 0.0, seconds=time_limit_s)
    opened, served, best, bound = found
    made = frame.assign(chosen=pd.array(opened, dtype="boolean"), served=(served * amount[:, None]).sum(axis=0))
    active = frame.geometry.name
    made = made[[*(name for name in made.columns if name != active), active]]
    rows, columns = np.nonzero(served > _PROVED)
    assignment = pd.DataFrame(
        {
            "demand": people.index.to_numpy()[rows],
            "site_id": np.asarray(ids, dtype=object)[columns],
            "amount": (served * amount[:, None])[rows, columns],
            "distance": ways[rows, columns],
        }
    )
    out = Choice(made, assignment, best / amount.sum(), bound / amount.sum())
    if not out.proved:
        warn(
            f"The best choice found in {time_limit_s:g} s may be {out.gap:.2%} from the best there is. Give more time "
            "(time_limit_s), or fewer sites or demand."
        )
    return out


def _check(
    frame: gpd.GeoDataFrame,
    k: int,
    objective: str,
    within: float | None,
    fixed: Sequence[str],
    *,
    bounded: bool,
    seconds: float,
) -> None:
    """Refuse options that contradict each other or the sites."""
    problems = []
    if objective not in ("p_median", "coverage"):
        problems.append(f"objective is {objective!r}; expected 'p_median' or 'coverage'")
    if not (isinstance(k, int | np.integer) and not isinstance(k, bool) and 1 <= k <= len(frame)):
        problems.append(f"k is {k!r}; expected 1 to {len(frame)}, the number of sites")
    if objective == "coverage" and not (is_number(within) and (within or 0) > 0):
        problems.append(f"within is {within!r}; coverage needs a distance, more than 0")
    if objective == "coverage" and bounded:
        problems.append("capacity is for 'p_median' only")
    if objective == "p_median" and within is not None:
        problems.append("within is for 'coverage' only")
    if not (is_number(seconds) and seconds > 0):
        problems.append(f"time_limit_s is {seconds!r}; expected seconds, more than 0")
    if isinstance(fixed, str):
        problems.append(f"fixed is the text {fixed!r}; give a list of ids")
    else:
        problems += [
            f"fixed site {name!r} is not among the sites" for name in fixed if name not in set(frame["site_id"])
        ]
    if problems:
        msg = f"This choice cannot be made: {'; '.join(problems)}."
        raise InputError(msg)


def _numbers(frame: gpd.GeoDataFrame, column: str, what: str) -> NDArray[np.float64]:
    """Return a column of numbers, 0 or more."""
    if column not in frame.columns:
        msg = f"{what} have no column {column!r}. Add or name it."
        raise InputError(msg)
    numbers: NDArray[np.float64] = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=np.float64)
    bad = np.flatnonzero(~((numbers >= 0) & np.isfinite(numbers)))
    if len(bad):
        msg = (
            f"Column {column!r} of {what} holds {frame[column].iloc[bad[:1]].tolist()[0]!r} in row {bad[0]}; expected "
            "a number, 0 or more. What is not known cannot be weighed: leave such rows out."
        )
        raise InputError(msg)
    return numbers


def _distances(frame: gpd.GeoDataFrame, people: gpd.GeoDataFrame, given: Any) -> NDArray[np.float64]:
    """Return the distance of each demand to each site."""
    shape = (len(people), len(frame))
    if shape[0] * shape[1] > _MOST:
        msg = f"{shape[0]:,} demands and {shape[1]:,} sites are more than {_MOST:,} pairs. Shortlist the sites first."
        raise InputError(msg)
    if given is not None:
        try:
            ways = np.asarray(given, dtype=np.float64)
        except (TypeError, ValueError):
            ways = np.empty(0)
        if ways.shape != shape or not (ways >= 0).all():
            msg = (
                f"distances has the shape {ways.shape}; expected {shape}, a row for each demand and a column for each "
                "site, of numbers that are 0 or more (infinite where a site cannot serve)."
            )
            raise InputError(msg)
        return ways
    there, here = _places(people, "the demand"), _places(frame, "the sites")
    pairs = (np.repeat(there, len(here), axis=0), np.tile(here, (len(there), 1)))
    return crs.geodesic_distances_m(*pairs[0].T, *pairs[1].T).reshape(shape)


def _places(frame: gpd.GeoDataFrame, what: str) -> NDArray[np.float64]:
    """Return the longitude and latitude of each centroid."""
    drawn, source = drawn_of(frame)
    out = np.full((len(frame), 2), np.nan)
    for rows, plane in crs.planes(frame.geometry):
        shapes = crs.carried(overlap.as_array(overlap.rows_of(drawn, rows)), source, plane)
        out[rows] = crs.lonlat_of(overlap.centroids(shapes), plane)
    gone = np.flatnonzero(np.isnan(out).any(axis=1))
    if len(gone):
        msg = f"{what}: row {gone[0]} has no geometry, so its distances are not known. Leave it out, or give distances."
        raise InputError(msg)
    return out


def _quotas(
    frame: gpd.GeoDataFrame, quotas: Mapping[str, Mapping[str, tuple[int, int]]]
) -> list[tuple[NDArray[np.float64], float, float]]:
    """Return the conditions of quotas."""
    out = []
    if not isinstance(quotas, Mapping):
        msg = f"quotas are {quotas!r}; expected a mapping by column, such as {{'province': {{'a': (0, 2)}}}}."
        raise InputError(msg)
    for column, each in quotas.items():
        if column not in frame.columns:
            msg = f"A quota is by column {column!r}, which the sites do not have. Add or name it."
            raise InputError(msg)
        if not (isinstance(each, Mapping) and all(map(_ends, each.values()))):
            msg = f"The quota by {column!r} is {each!r}; expected the least and the greatest by value: {{'a': (0, 2)}}."
            raise InputError(msg)
        for value, (low, high) in each.items():
            row = (frame[column] == value).to_numpy(dtype=np.float64, na_value=0.0)
            if not 0 <= low <= high or row.sum() < low:
                msg = (
                    f"The quota of {value!r} in {column!r} is {low} to {high}, and {int(row.sum())} sites are there; "
                    "expected 0 or more, and no more than there are."
                )
                raise InputError(msg)
            out.append((row, float(low), float(high)))
    return out


def _ends(quota: Any) -> bool:
    """Say whether a quota is two numbers."""
    return isinstance(quota, tuple | list) and len(quota) == _TWO and all(map(is_number, quota))


def _median(
    ways: NDArray[np.float64],
    amount: NDArray[np.float64],
    *,
    limits: list[tuple[NDArray[np.float64], float, float]],
    must: NDArray[np.bool_],
    rooms: NDArray[np.float64] | None,
    seconds: float,
) -> tuple[NDArray[np.bool_], NDArray[np.float64], float, float]:
    """Return which sites are open, the share of demand that each serves, the least total distance and its bound."""
    from scipy import sparse  # noqa: PLC0415 - heavy

    count, sites = ways.shape
    rows, columns = np.nonzero(np.isfinite(ways))
    pairs = len(rows)
    at = sites + np.arange(pairs)
    size = sites + pairs
    each = sparse.csr_matrix((np.ones(pairs), (rows, at)), shape=(count, size))
    link = sparse.csr_matrix(
        (np.tile([1.0, -1.0], pairs), (np.repeat(np.arange(pairs), 2), np.column_stack([at, columns]).ravel())),
        shape=(pairs, size),
    )
    conditions = [(each, np.ones(count), np.ones(count)), (link, np.full(pairs, -np.inf), np.zeros(pairs))]
    if rooms is not None:
        every = np.arange(sites)
        filled = np.concatenate([amount[rows], -rooms])
        load = sparse.csr_matrix((filled, (np.append(columns, every), np.append(at, every))), shape=(sites, size))
        conditions.append((load, np.full(sites, -np.inf), np.zeros(sites)))
    costs = np.concatenate([np.zeros(sites), amount[rows] * ways[rows, columns]])
    x, best, bound = _solved(costs, conditions, limits, must, seconds=seconds)
    served = np.zeros(ways.shape)
    served[rows, columns] = np.clip(x[sites:], 0.0, 1.0)
    return x[:sites] > _HALF, served, best, bound


def _covering(
    ways: NDArray[np.float64],
    amount: NDArray[np.float64],
    *,
    limits: list[tuple[NDArray[np.float64], float, float]],
    must: NDArray[np.bool_],
    within: float,
    seconds: float,
) -> tuple[NDArray[np.bool_], NDArray[np.float64], float, float]:
    """Return which sites are open, which serves each demand, the most demand that is covered and its bound."""
    from scipy import sparse  # noqa: PLC0415 - heavy

    count, sites = ways.shape
    near = ways <= within
    seen = sparse.hstack([sparse.csr_matrix(-near.astype(np.float64)), sparse.eye(count)])
    conditions = [(seen, np.full(count, -np.inf), np.zeros(count))]
    x, best, bound = _solved(np.append(np.zeros(sites), -amount), conditions, limits, must, seconds=seconds)
    opened = x[:sites] > _HALF
    reach = np.where(near & opened, ways, np.inf)
    served = np.zeros(ways.shape)
    covered = np.flatnonzero(np.isfinite(reach).any(axis=1))
    served[covered, reach[covered].argmin(axis=1)] = 1.0
    # The sum keeps what covers nothing from being a negative zero.
    return opened, served, -best + 0.0, -bound + 0.0


def _solved(
    costs: NDArray[np.float64],
    conditions: list[tuple[Any, NDArray[np.float64], NDArray[np.float64]]],
    limits: list[tuple[NDArray[np.float64], float, float]],
    must: NDArray[np.bool_],
    *,
    seconds: float,
) -> tuple[NDArray[np.float64], float, float]:
    """Return the solution of a programme whose first variables say which sites are open, its cost and a bound."""
    from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: PLC0415 - heavy

    sites, size = len(must), len(costs)
    held = [LinearConstraint(np.pad(row, (0, size - sites)), low, high) for row, low, high in limits]
    held += [LinearConstraint(matrix, low, high) for matrix, low, high in conditions]
    whole = np.append(np.ones(sites), np.zeros(size - sites))
    scale = float(np.abs(costs).max(initial=0.0)) or 1.0
    found = milp(
        costs / scale,
        integrality=whole,
        bounds=Bounds(np.append(must.astype(np.float64), np.zeros(size - sites)), np.ones(size)),
        constraints=held,
        options={"time_limit": seconds, "mip_rel_gap": 0.0},
    )
    if found.status == _INFEASIBLE:
        msg = (
            "No choice keeps all the conditions: k, fixed sites, quotas and capacities contradict each other, or some "
            "demand can be served by no site. Loosen one of them."
        )
        raise InputError(msg)
    if found.x is None:
        msg = f"No choice was found in {seconds:g} s ({found.message}). Give more time (time_limit_s)."
        raise InputError(msg)
    bound = found.mip_dual_bound if found.mip_dual_bound is not None else found.fun
    return np.asarray(found.x), float(found.fun) * scale, float(bound) * scale
