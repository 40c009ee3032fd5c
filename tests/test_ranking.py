"""Ranking: weights, scores, places, what the order rests on, and what is refused; published worked examples."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import clustergeo as cg
from clustergeo.siting import scoring, weighting
from clustergeo.siting.ranking import check_draws

UP = cg.Value.linear(worst=0, best=1)
NAN = float("nan")

# Roszkowska 2011, Multi-criteria decision making models by applying the TOPSIS method to crisp and interval data,
# Multiple Criteria Decision Making 6, 200-230: the first negotiator; the second criterion is a cost.
OFFERS = np.array([[7.0, 21, 4, 7], [7, 24, 6, 4], [14, 25, 3, 8], [14, 26, 9, 3], [21, 35, 4, 4]])
OFFER_WEIGHTS = np.array([0.175, 0.425, 0.175, 0.225])
OFFER_COSTS = np.array([False, True, False, False])

# Elsayed, Dawood and Karthikeyan 2017, Evaluating alternatives through the application of TOPSIS method with entropy
# weight, Int. J. Engineering Trends and Technology 46, 60-66.
BANKS = np.array(
    [
        [7, 312, 1891, 6613, 163],
        [72, 88, 728, 941804, 1078],
        [10, 252, 2594, 3466, 117471],
        [10, 145, 980, 2371, 86329],
        [65, 54, 350, 501, 29897],
        [29, 48, 380, 912, 34051],
        [7, 476, 3300, 78470, 2212],
        [70, 87, 650, 733, 819000],
        [4, 86, 591, 3015, 103],
        [12, 79, 579, 3240, 96098],
        [21, 45, 261, 1253, 453],
        [1, 72, 530, 4333, 0.1048],
    ]
)

# Saaty 2008, Decision making with the analytic hierarchy process, Int. J. Services Sciences 1, 83-98: which drink is
# consumed more in the USA.
DRINKS = ["coffee", "wine", "tea", "beer", "sodas", "milk", "water"]
DRUNK = [
    [1, 9, 5, 2, 1, 1, 1 / 2],
    [1 / 9, 1, 1 / 3, 1 / 9, 1 / 9, 1 / 9, 1 / 9],
    [1 / 5, 3, 1, 1 / 3, 1 / 4, 1 / 3, 1 / 9],
    [1 / 2, 9, 3, 1, 1 / 2, 1, 1 / 3],
    [1, 9, 4, 2, 1, 2, 1 / 2],
    [1, 9, 3, 1, 1 / 2, 1, 1 / 3],
    [2, 9, 9, 3, 2, 3, 1],
]

# crispyn by A. Bączkiewicz (MIT licence), github.com/energyinpython/crispyn at commit 0464efd, folder examples: twelve
# electric cars, their figures and which are costs (dataset_cars.csv, main.py), and how often SMAA put each of them in
# each place by VIKOR in 10,000 draws of weights of which nothing is known (results_smaa/ai.csv).
CARS = np.array(
    [
        [155.3, 74, 340, 673, 456, 111, 115, 106, 244, 39.8, 65440],
        [162.2, 79.5, 247, 639, 283, 113, 118, 107, 263, 38.8, 60440],
        [112.5, 68, 198, 430, 266, 98, 105, 91, 230, 38.1, 56575],
        [90.1, 66, 150, 360, 201.2, 120, 131, 109, 259, 34.8, 32495],
        [99.4, 77, 150, 310, 201.2, 97, 102, 90, 260, 36.4, 45635],
        [89.5, 40, 110, 320, 147.5, 111, 123, 99, 226, 34.8, 28425],
        [124.3, 95, 125, 247, 187.7, 78, 78, 77, 222, 40, 84595],
        [155.3, 79.2, 160, 300, 214.6, 79, 79, 80, 227, 38.4, 105150],
        [162.2, 100, 205, 420, 502.9, 120, 124, 115, 402, 40.3, 96440],
        [96.3, 39.2, 100, 395, 134.1, 120, 132, 108, 258, 34.8, 35245],
        [162.2, 100, 205, 420, 502.9, 98, 103, 93, 371, 40.8, 127940],
        [102.5, 38.3, 101, 295, 136.1, 133, 145, 121, 170, 34.8, 34250],
    ]
)
CAR_COSTS = np.array([False] * 9 + [True] * 2)
CAR_PLACES = np.array(
    [
        [0.2395, 0.2499, 0.1847, 0.1341, 0.0540, 0.0532, 0.0240, 0.0441, 0.0128, 0.0037, 0.0, 0.0],
        [0.2207, 0.3576, 0.2252, 0.1155, 0.0405, 0.0351, 0.0054, 0.0, 0.0, 0.0, 0.0, 0.0],
        [0.0002, 0.0102, 0.0249, 0.0723, 0.2924, 0.1429, 0.1516, 0.1359, 0.1589, 0.0107, 0.0, 0.0],
        [0.1063, 0.0660, 0.0749, 0.1386, 0.1666, 0.2296, 0.0797, 0.0375, 0.0303, 0.0348, 0.0357, 0.0],
        [0.0005, 0.0117, 0.0142, 0.0218, 0.0743, 0.1069, 0.2564, 0.1403, 0.1311, 0.2230, 0.0198, 0.0],
        [0.0, 0.0009, 0.0074, 0.0419, 0.0242, 0.0364, 0.1318, 0.1158, 0.1524, 0.1630, 0.1418, 0.1844],
        [0.0, 0.0, 0.0007, 0.0013, 0.0061, 0.0314, 0.0344, 0.0342, 0.0888, 0.0766, 0.0900, 0.6365],
        [0.0, 0.0024, 0.0025, 0.0055, 0.0643, 0.0438, 0.0574, 0.1469, 0.0771, 0.1191, 0.4416, 0.0394],
        [0.3859, 0.1073, 0.2818, 0.0416, 0.0312, 0.0284, 0.0224, 0.0168, 0.0644, 0.0202, 0.0, 0.0],
        [0.0095, 0.0357, 0.0681, 0.0707, 0.0858, 0.1597, 0.0998, 0.0698, 0.1491, 0.1512, 0.0889, 0.0117],
        [0.0, 0.1077, 0.0799, 0.3025, 0.0688, 0.0538, 0.0553, 0.0942, 0.0214, 0.0773, 0.1001, 0.0390],
        [0.0374, 0.0506, 0.0357, 0.0542, 0.0918, 0.0788, 0.0818, 0.1645, 0.1137, 0.1204, 0.0821, 0.0890],
    ]
)

# Eight things compared with contradictions among them; what is expected follows from the definition in the test.
MUDDLED = [
    [1, 5, 3, 7, 6, 6, 1 / 3, 1 / 4],
    [1 / 5, 1, 1 / 3, 5, 3, 3, 1 / 5, 1 / 7],
    [1 / 3, 3, 1, 6, 3, 4, 6, 1 / 5],
    [1 / 7, 1 / 5, 1 / 6, 1, 1 / 3, 1 / 4, 1 / 7, 1 / 8],
    [1 / 6, 1 / 3, 1 / 3, 3, 1, 1 / 2, 1 / 5, 1 / 6],
    [1 / 6, 1 / 3, 1 / 4, 4, 2, 1, 1 / 5, 1 / 6],
    [3, 5, 1 / 6, 7, 5, 5, 1, 1 / 2],
    [4, 7, 5, 8, 6, 6, 2, 1],
]


def table(rows: Any, names: Any) -> pd.DataFrame:
    return pd.DataFrame(rows, index=list(names), columns=list(names))


def frame(**columns: Any) -> gpd.GeoDataFrame:
    count = len(next(iter(columns.values())))
    return gpd.GeoDataFrame(columns, geometry=[shapely.Point(127, 37)] * count, crs="EPSG:4326")


def ranking(weights: Any, method: Any = "sum", names: Any = "ab") -> Any:
    criteria = cg.Criteria()
    for name in names:
        criteria = criteria.attribute(name, value=UP)
    return cg.Ranking(criteria, weights=weights, method=method)


# Published examples


def test_topsis_ranks_the_offers_as_published() -> None:
    found = scoring.topsis(OFFERS, OFFER_WEIGHTS, costs=OFFER_COSTS)
    assert found.round(6).tolist() == [0.535497, 0.434945, 0.557491, 0.516961, 0.370633]


def test_entropy_weighs_as_published() -> None:
    assert weighting.entropy(BANKS).round(6).tolist() == [0.104991, 0.069124, 0.071373, 0.449937, 0.304575]


def test_topsis_entropy_and_ahp_equal_those_of_pymcdm() -> None:
    methods = pytest.importorskip("pymcdm.methods", reason="pymcdm is not installed")
    from pymcdm import normalizations, weights

    theirs = methods.TOPSIS(normalizations.vector_normalization)
    figures = np.random.default_rng(3).uniform(0.1, 1, (40, 5))
    costs = np.array([False, True, False, True, False])
    given_weights = np.array([0.3, 0.1, 0.25, 0.15, 0.2])
    # Its normalisation turns a cost upside down before it scales, so only gains are compared.
    expected = theirs(figures, given_weights, np.ones(5), validation=False)
    assert np.allclose(scoring.topsis(figures, given_weights), expected, atol=1e-12)
    assert not np.allclose(scoring.topsis(figures, given_weights, costs=costs), expected)
    assert np.allclose(weighting.entropy(figures), weights.entropy_weights(figures), atol=1e-12)
    drinks = weights.subjective.AHP(matrix=np.array(DRUNK))
    assert np.allclose(list(cg.ahp(table(DRUNK, DRINKS)).weights.values()), drinks(), atol=1e-9)


def test_ahp_weighs_the_drinks_as_published() -> None:
    found = cg.ahp(table(DRUNK, DRINKS))
    assert list(found.weights) == DRINKS
    assert list(found.weights.values()) == pytest.approx([0.177, 0.019, 0.042, 0.116, 0.190, 0.129, 0.327], abs=6e-4)
    assert found.consistency_ratio == pytest.approx(0.022, abs=5e-4)


def test_comparisons_that_contradict_each_other_are_refused_with_the_worst_named() -> None:
    muddled = table(MUDDLED, "abcdefgh")
    found = cg.ahp(muddled, limit=1)
    weights = np.array(list(found.weights.values()))
    # The weights reproduce themselves; the ratio is (eigenvalue - n) / (n - 1) over the 1.41 of random tables.
    eigenvalue = (np.array(MUDDLED) @ weights / weights).mean()
    assert np.allclose(np.array(MUDDLED) @ weights, eigenvalue * weights)
    assert found.consistency_ratio == pytest.approx((eigenvalue - 8) / 7 / 1.41)
    with pytest.raises(cg.ClusterGeoError, match=r"ratio is 0\.169, more than 0\.1.*'c' against 'g': given 6"):
        cg.ahp(muddled)


def test_acceptability_equals_that_published_for_the_cars() -> None:
    pytest.importorskip("pymcdm.methods", reason="pymcdm is not installed")
    names = [f"c{number}" for number in range(1, 12)]
    least, most = CARS.min(axis=0), CARS.max(axis=0)
    criteria = cg.Criteria()
    worst, best = np.where(CAR_COSTS, most, least), np.where(CAR_COSTS, least, most)
    for name, *ends in zip(names, worst, best, strict=True):
        criteria = criteria.attribute(name, value=cg.Value.linear(worst=ends[0], best=ends[1]))
    draws = 10_000
    sites = frame(**dict(zip(names, CARS.T, strict=True)))
    ranks = cg.Ranking(criteria, weights=dict.fromkeys(names, 1), method="vikor")
    found = ranks.stability(sites, draws=draws, top=12, concentration=None)
    places = found[[f"rank_{place}" for place in range(1, 13)]].to_numpy()
    # Both are estimates from as many draws; five standard errors of their difference, and one draw.
    error = np.sqrt(2 * CAR_PLACES * (1 - CAR_PLACES) / draws)
    assert (np.abs(places - CAR_PLACES) <= 5 * error + 1 / draws).all()
    assert np.abs(places - CAR_PLACES).mean() < 0.004


def test_acceptability_equals_its_exact_share_of_the_weights() -> None:
    # Of the weights (w, 1 - w) those between 0.4 and 0.6 put the third site first; the others share the rest.
    sites = frame(a=[1, 0, 0.6], b=[0, 1, 0.6])
    found = ranking({"a": 1, "b": 1}).stability(sites, draws=40_000, top=2, concentration=None)
    assert found["rank_1"].tolist() == pytest.approx([0.4, 0.4, 0.2], abs=0.01)
    assert found["rank_2"].tolist() == pytest.approx([0.1, 0.1, 0.8], abs=0.01)
    assert found["top_probability"].tolist() == pytest.approx([0.5, 0.5, 1.0], abs=0.01)


def test_three_criteria_share_the_triangle_of_weights_evenly() -> None:
    sites = frame(a=[1, 0, 0], b=[0, 1, 0], c=[0, 0, 1])
    found = ranking({"a": 1, "b": 1, "c": 1}, names="abc").stability(sites, draws=40_000, top=3, concentration=None)
    assert np.allclose(found[["rank_1", "rank_2", "rank_3"]], 1 / 3, atol=0.01)


# Scores and places


def test_contributions_add_up_to_a_sum_and_multiply_to_a_product() -> None:
    sites = frame(a=[0.9, 0.2], b=[0.3, 0.8])
    added = ranking({"a": 3, "b": 1}).rank(sites)
    assert added["score"].tolist() == pytest.approx([0.75, 0.35])
    assert np.allclose(added["contribution_a"] + added["contribution_b"], added["score"])
    times = ranking({"a": 3, "b": 1}, "product").rank(sites)
    assert times["score"].tolist() == pytest.approx([0.9**0.75 * 0.3**0.25, 0.2**0.75 * 0.8**0.25])
    assert np.allclose(times["contribution_a"] * times["contribution_b"], times["score"])


def test_a_product_forgives_nothing_and_an_unweighted_criterion_counts_nothing() -> None:
    sites = frame(a=[0.0, 0.5], b=[1.0, 0.5])
    assert ranking({"a": 1, "b": 1}, "product").rank(sites)["score"].tolist() == pytest.approx([0.0, 0.5])
    assert ranking({"a": 0, "b": 1}, "product").rank(sites)["score"].tolist() == pytest.approx([1.0, 0.5])


def test_ties_share_the_better_place() -> None:
    assert ranking({"a": 1, "b": 1}).rank(frame(a=[0.1, 0.2, 0.3], b=[0.2, 0.1, 0.3]))["rank"].tolist() == [2, 2, 1]


def test_a_missing_value_leaves_open_only_what_it_can_change() -> None:
    ranked = ranking({"a": 3, "b": 1}).rank(frame(a=[0.9, 0.5, 0.1], b=[0.9, NAN, 0.5]))
    assert ranked["rank"].tolist() == [1, 2, 3]
    assert ranked["score"].isna().tolist() == [False, True, False]
    assert ranked[["score_low", "score_high"]].iloc[1].tolist() == pytest.approx([0.375, 0.625])
    wide = ranking({"a": 1, "b": 3}).rank(frame(a=[0.9, 0.5, 0.1], b=[0.9, NAN, 0.5]))
    assert wide["rank"].isna().tolist() == [False, True, True]
    assert wide["rank_best"].tolist() == [1, 2, 2]
    assert wide["rank_worst"].tolist() == [1, 3, 3]


values = st.lists(st.tuples(st.sampled_from([0.0, 0.2, 0.5, 1.0, NAN]), st.floats(0, 1)), min_size=1, max_size=6)


@settings(max_examples=40, deadline=None)
@given(values, st.floats(0.1, 5))
def test_the_places_of_every_filling_lie_between_the_bounds(rows: list[tuple[float, float]], weight: float) -> None:
    a, b = (list(column) for column in zip(*rows, strict=True))
    ranked = ranking({"a": weight, "b": 1}).rank(frame(a=a, b=b))
    for filled in (0.0, 0.3, 1.0):
        whole = ranking({"a": weight, "b": 1}).rank(frame(a=[filled if x != x else x for x in a], b=b))  # noqa: PLR0124
        assert (whole["rank"] >= ranked["rank_best"]).all()
        assert (whole["rank"] <= ranked["rank_worst"]).all()


def test_entropy_weights_and_comparisons_can_be_given() -> None:
    sites = frame(a=[0.5, 0.5], b=[0.2, 0.8])
    assert ranking("entropy").used_weights(sites) == pytest.approx({"a": 0.0, "b": 1.0})
    assert ranking(cg.ahp({("a", "b"): 3})).used_weights(sites) == pytest.approx({"a": 0.75, "b": 0.25})


@pytest.mark.parametrize("method", scoring.METHODS)
def test_no_sites_have_no_places(method: Any) -> None:
    none = ranking({"a": 1, "b": 1}, method=method).rank(frame(a=[0.1], b=[0.1]).iloc[:0])
    assert len(none) == 0
    assert {"score", "rank", "rank_worst"} <= set(none.columns)


def test_a_concentration_may_be_a_number_of_numpy() -> None:
    sites = frame(a=[0.5, 0.2], b=[0.1, 0.5])
    one, other = (
        ranking({"a": 1, "b": 1}).stability(sites, draws=50, top=1, concentration=kind(9)) for kind in (float, np.int64)
    )
    assert one.equals(other)


def test_a_measured_frame_is_not_measured_again() -> None:
    made = ranking({"a": 1, "b": 1})
    measured = made.criteria.measure(frame(a=[0.2], b=[0.4]))
    assert made.rank(measured)["score"].tolist() == pytest.approx([0.3])


# Stability


def test_the_same_seed_gives_the_same_answer_and_unknown_values_are_drawn() -> None:
    sites = frame(a=[0.5, NAN], b=[0.5, 0.5])
    made = ranking({"a": 1, "b": 1})
    first, second = (made.stability(sites, draws=5000, top=1, seed=3) for _ in range(2))
    assert first.equals(second)
    assert first["rank_1"].tolist() == pytest.approx([0.5, 0.5], abs=0.03)


def test_few_doubts_about_the_weights_keep_the_order() -> None:
    sites = frame(a=[0.9, 0.2], b=[0.3, 0.8])
    sure = ranking({"a": 3, "b": 1}).stability(sites, draws=1000, top=1, concentration=1e6)
    assert sure["rank_1"].tolist() == [1.0, 0.0]


def test_many_sites_have_the_places_that_sorting_gives() -> None:
    made = np.random.default_rng(2).random((300, 2)).round(2)
    found = ranking({"a": 1, "b": 1}).stability(
        frame(a=made[:, 0], b=made[:, 1]), draws=300, top=3, concentration=None, seed=9
    )
    weights = np.random.default_rng(9).dirichlet([1, 1], size=300)
    place = np.array([[(row > one + 1e-12).sum() for one in row] for row in weights @ made.T])
    for number in range(3):
        assert np.allclose(found[f"rank_{number + 1}"], (place == number).mean(axis=0))


def test_ties_in_every_draw_share_the_first_place() -> None:
    found = ranking({"a": 1, "b": 1}).stability(frame(a=[0.4, 0.4, 0.1], b=[0.7, 0.7, 0.1]), draws=50, top=2)
    assert found["rank_1"].tolist() == [1.0, 1.0, 0.0]
    assert found["rank_2"].tolist() == [0.0, 0.0, 0.0]


# Differences that the solver's tolerance does not see would be ties to it.
_THOUSANDTHS = st.integers(0, 1000).map(lambda number: number / 1000)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(*[_THOUSANDTHS] * 2), min_size=3, max_size=3), st.tuples(*[st.floats(0.05, 1)] * 3))
def test_the_least_change_of_weights_is_that_of_a_linear_programme(
    pairs: list[tuple[float, float]], given_weights: tuple[float, ...]
) -> None:
    sites = frame(**{name: list(pair) for name, pair in zip("abc", pairs, strict=True)})
    made = ranking(dict(zip("abc", given_weights, strict=True)), names="abc")
    row = made.swaps(sites).iloc[0]
    weights = np.array(list(made.used_weights(sites).values()))
    apart = np.array([pair[int(row["site_id"]) - 1] - pair[int(row["next_id"]) - 1] for pair in pairs])
    # weights + up - down, least sum of up, on the simplex, at most a tie
    limits = np.hstack([apart, -apart])[None, :]
    solved = linprog(
        [1, 1, 1, 0, 0, 0],
        A_ub=limits,
        b_ub=[-weights @ apart],
        A_eq=[[1, 1, 1, -1, -1, -1]],
        b_eq=[0],
        bounds=[(0, None)] * 3 + [(0, weight) for weight in weights],
    )
    if solved.status == 0:
        assert row["weight_moved"] == pytest.approx(solved.fun, abs=1e-6)
        after = row[["weight_a", "weight_b", "weight_c"]].to_numpy(dtype=float)
        assert after.sum() == pytest.approx(1)
        assert after.min() >= -1e-12
        assert after @ apart == pytest.approx(0, abs=1e-9)
    else:
        assert np.isnan(row["weight_moved"]) or apart.min() < 1e-7


def test_a_site_that_is_worse_in_everything_never_meets_the_other() -> None:
    row = ranking({"a": 1, "b": 1}).swaps(frame(a=[0.9, 0.2], b=[0.9, 0.3])).iloc[0]
    assert np.isnan(row["weight_moved"])


# Refusals


@pytest.mark.parametrize(
    ("weights", "match"),
    [
        ({"a": 0, "b": 0}, "sum is 0"),
        ({"a": 1}, "'b' has no weight"),
        ({"a": 1, "b": 1, "c": 1}, "'c' is no criterion"),
        ({"a": -1, "b": 2}, "weight of 'a' is -1"),
        ({"a": NAN, "b": 2}, "weight of 'a' is nan"),
        ({"a": 1.7e308, "b": 1.7e308}, "sum is inf; give less"),
        ([1, 2], "weights is a list"),
    ],
)
def test_wrong_weights_are_refused(weights: Any, match: str) -> None:
    with pytest.raises(cg.ClusterGeoError, match=match):
        ranking(weights)


def test_what_cannot_be_ranked_is_refused() -> None:
    both = {"a": 1, "b": 1}
    with pytest.raises(cg.ClusterGeoError, match="method is 'best'"):
        ranking(both, "best")
    with pytest.raises(cg.ClusterGeoError, match="TOPSIS sets sites against each other"):
        ranking(both, "topsis").rank(frame(a=[0.1, NAN], b=[0.1, 0.2]))
    with pytest.raises(cg.ClusterGeoError, match="All sites are alike"):
        ranking(both, "topsis").rank(frame(a=[0.1, 0.1], b=[0.1, 0.1]))
    with pytest.raises(cg.ClusterGeoError, match="row 1 in criterion 1 is not known"):
        ranking("entropy").rank(frame(a=[0.1, NAN], b=[0.1, 0.2]))
    with pytest.raises(cg.ClusterGeoError, match="tells any of these sites"):
        ranking("entropy").rank(frame(a=[0.1, 0.1], b=[0.1, 0.1]))
    with pytest.raises(cg.ClusterGeoError, match="top is 3"):
        ranking(both).stability(frame(a=[0.1, 0.1], b=[0.1, 0.1]), top=3)
    with pytest.raises(cg.ClusterGeoError, match="concentration is 0"):
        ranking(both).stability(frame(a=[0.1, 0.1], b=[0.1, 0.1]), top=1, concentration=0)
    with pytest.raises(cg.ClusterGeoError, match="for weighted sums"):
        ranking(both, "product").swaps(frame(a=[0.1], b=[0.1]))
    with pytest.raises(cg.ClusterGeoError, match="'score' of the sites would be overwritten"):
        ranking(both).rank(frame(a=[0.1], b=[0.1], score=[1]))


@pytest.mark.parametrize(
    ("comparisons", "match"),
    [
        ({("a", "b"): 3, ("b", "c"): 2}, "missing: 'a', 'c'"),
        ({("a", "b"): 3, ("b", "a"): 2}, "differs from the one before"),
        ({("a", "b"): -3}, "is -3"),
        ({("a", "b"): 0}, "is none"),
        ({}, "at least one pair"),
        (table([[1, 2], [2, 1]], "ab"), "its reciprocal"),
        (pd.DataFrame([[1.0, 2.0]], index=["a"], columns=["a", "b"]), "other rows than columns"),
    ],
)
def test_wrong_comparisons_are_refused(comparisons: Any, match: str) -> None:
    with pytest.raises(cg.ClusterGeoError, match=match):
        cg.ahp(comparisons)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: ranking({"a": "much", "b": 1}), "the weight of 'a' is 'much'"),
        (lambda: ranking({"a": None, "b": 1}), "the weight of 'a' is None"),
        (lambda: cg.Ranking([1], weights={}), "criteria is a list; expected Criteria"),  # type: ignore[arg-type]
        (lambda: cg.ahp({("a", "b"): "more"}), "expected pairs of names with a number"),  # type: ignore[dict-item]
        (lambda: cg.ahp([[1, 2]]), "expected pairs of names with a number"),  # type: ignore[arg-type]
        (lambda: cg.ahp(table([[1, "x"], [1, 1]], "ab")), "holds what is no number"),
        (lambda: cg.ahp({("a", "b"): 3}, limit="high"), "limit is 'high'; expected the largest"),  # type: ignore[arg-type]
        (lambda: check_draws(concentration=True), "concentration is True"),
        (lambda: cg.Value.linear(worst="far", best=0), "worst of a value function is 'far'"),  # type: ignore[arg-type]
        (lambda: cg.Value.piecewise(None), "expected pairs of numbers|two points or more"),  # type: ignore[arg-type]
        (lambda: cg.Value.step(5), "expected pairs of numbers"),  # type: ignore[arg-type]
        (lambda: cg.Criteria().attribute("a", value=0.5), "is 0.5; expected a Value"),  # type: ignore[arg-type]
    ],
)
def test_what_is_of_the_wrong_kind_is_refused_by_name(call: Any, match: str) -> None:
    with pytest.raises(cg.ClusterGeoError, match=match):
        call()


# Methods of the library


def test_methods_that_a_library_makes_are_those_of_their_definitions() -> None:
    values = np.array([[0.2, 0.9, 0.5], [0.8, 0.1, 0.5], [0.5, 0.5, 0.4], [0.0, 1.0, 0.0]])
    weights = np.array([0.5, 0.3, 0.2])
    # VIKOR (Opricovic and Tzeng 2004): the whole regret and the worst one, each between their ends, in equal parts.
    regret = weights * (values.max(axis=0) - values) / np.ptp(values, axis=0)
    ends = [(one - one.min()) / np.ptp(one) for one in (regret.sum(axis=1), regret.max(axis=1))]
    assert scoring.scores(values, weights, "vikor") == pytest.approx(1 - (ends[0] + ends[1]) / 2)
    # EDAS (Keshavarz Ghorabaee and others 2015): weighted distances above and below the average, each to its largest.
    apart = (values - values.mean(axis=0)) / values.mean(axis=0)
    above, below = np.maximum(apart, 0) @ weights, np.maximum(-apart, 0) @ weights
    assert scoring.scores(values, weights, "edas") == pytest.approx((above / above.max() + 1 - below / below.max()) / 2)
    # PROMETHEE II (Brans and Vincke 1985), usual criterion: by weight how many it beats less how many beat it.
    beats = (np.sign(values[:, None] - values[None]) @ weights).sum(axis=1) / (len(values) - 1)
    assert scoring.scores(values, weights, "promethee") == pytest.approx((1 + beats) / 2)


@pytest.mark.parametrize("method", ["vikor", "edas", "promethee"])
def test_a_method_of_the_library_ranks_and_is_stable_as_the_others_are(method: Any) -> None:
    made = ranking({"a": 2, "b": 1, "c": 0}, method, "abc")
    sites = frame(a=[0.9, 0.5, 0.1, 0.1], b=[0.8, 0.6, 0.3, 0.2], c=[0, 0, 1, 1])
    ranked = made.rank(sites)
    assert ranked["rank"].tolist() == [1, 2, 3, 4]
    assert ranked["score"].between(0, 1).all()
    assert not any(str(name).startswith("contribution") for name in ranked.columns)
    assert made.stability(sites, draws=50, top=1)["top_probability"].tolist() == [1, 0, 0, 0]
    assert made.rank(frame(a=[0.5, 0.5], b=[0.1, 0.9], c=[0, 1]))["rank"].tolist() == [2, 1]
    with pytest.raises(cg.ClusterGeoError, match="All sites are alike"):
        made.rank(frame(a=[0.1, 0.1], b=[0.1, 0.1], c=[0, 1]))
    with pytest.raises(cg.ClusterGeoError, match=f"{method.upper()} sets sites against each other"):
        made.rank(frame(a=[NAN, 0.1], b=[0.1, 0.1], c=[0, 1]))


def test_the_shares_of_all_places_add_up_to_one_exactly() -> None:
    sites = frame(a=[0.9, 0.5, 0.1], b=[0.2, 0.6, 0.7])
    found = ranking({"a": 1, "b": 1}).stability(sites, draws=777, top=3)
    assert found["top_probability"].tolist() == [1.0, 1.0, 1.0]
