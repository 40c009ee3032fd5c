"""Choice: the same optimum as trying every choice, proved; conditions that are kept, and what is refused."""

from __future__ import annotations

import itertools
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

import clustergeo as cg

GEOD = Geod(ellps="GRS80")


def spots(places: Any, **columns: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns or None, geometry=[shapely.Point(place) for place in places], crs="EPSG:4326")


def line(count: int, **columns: Any) -> gpd.GeoDataFrame:
    return spots([(127 + number / 10, 37) for number in range(count)], **columns)


def chosen(choice: Any) -> list[str]:
    return choice.sites["site_id"][choice.sites["chosen"]].tolist()


tables = st.integers(2, 6).flatmap(
    lambda sites: st.lists(st.lists(st.integers(0, 50), min_size=sites, max_size=sites), min_size=1, max_size=7)
)


@settings(max_examples=25, deadline=None)
@given(tables, st.data())
def test_the_median_and_the_coverage_are_those_of_trying_every_choice(rows: list[list[int]], data: Any) -> None:
    ways = np.array(rows, dtype=float)
    k = data.draw(st.integers(1, ways.shape[1]))
    weights = np.array(data.draw(st.lists(st.integers(1, 9), min_size=len(rows), max_size=len(rows))), dtype=float)
    sites, demand = line(ways.shape[1]), line(len(rows), people=weights)
    every = [list(some) for some in itertools.combinations(range(ways.shape[1]), k)]
    median = cg.choose(sites, demand, k=k, weight="people", distances=ways)
    least = min((weights * ways[:, some].min(axis=1)).sum() for some in every) / weights.sum()
    assert median.objective == pytest.approx(least, abs=1e-6)
    assert median.proved
    assert len(chosen(median)) == k
    covering = cg.choose(sites, demand, k=k, weight="people", distances=ways, objective="coverage", within=20)
    most = max((weights * (ways[:, some] <= 20).any(axis=1)).sum() for some in every) / weights.sum()
    assert covering.objective == pytest.approx(most, abs=1e-6)
    assert covering.proved


def test_distances_are_geodesic_unless_they_are_given() -> None:
    choice = cg.choose(spots([(127, 37), (128, 37)]), spots([(127, 37.5)]), k=1)
    assert chosen(choice) == ["1"]
    assert choice.objective == pytest.approx(GEOD.inv(127, 37, 127, 37.5)[2])
    assert choice.assignment[["site_id", "amount"]].values.tolist() == [["1", 1.0]]
    assert repr(choice).endswith("optimum proved>")


def test_a_full_site_leaves_demand_to_the_next() -> None:
    ways = np.array([[1.0, 5.0], [1.0, 5.0]])
    sites, demand = line(2, room=[1.5, 9]), line(2)
    choice = cg.choose(sites, demand, k=2, capacity="room", distances=ways)
    assert choice.sites["served"].tolist() == pytest.approx([1.5, 0.5])
    assert choice.objective == pytest.approx((1.5 * 1 + 0.5 * 5) / 2)


def test_fixed_sites_and_quotas_are_kept() -> None:
    ways = np.array([[1.0, 2.0, 3.0, 9.0]])
    sites = line(4, province=["a", "a", "b", "b"])
    assert chosen(cg.choose(sites, line(1), k=1, distances=ways)) == ["1"]
    assert "4" in chosen(cg.choose(sites, line(1), k=2, distances=ways, fixed=["4"]))
    assert chosen(cg.choose(sites, line(1), k=1, distances=ways, quotas={"province": {"a": (0, 0)}})) == ["3"]


def test_a_site_that_cannot_serve_does_not() -> None:
    ways = np.array([[np.inf, 7.0]])
    assert chosen(cg.choose(line(2), line(1), k=1, distances=ways)) == ["2"]
    with pytest.raises(cg.ClusterGeoError, match="No choice keeps all the conditions"):
        cg.choose(line(2), line(1), k=1, distances=ways, fixed=["1"])


def test_the_frames_keep_their_index() -> None:
    sites = line(2).set_index(np.array([8, 9]))
    choice = cg.choose(sites, line(1).set_index(np.array([5])), k=1)
    assert choice.sites.index.tolist() == [8, 9]
    assert choice.assignment["demand"].tolist() == [5]
    assert choice.sites.columns[-1] == "geometry"


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"k": 0}, "k is 0"),
        ({"k": 3}, "expected 1 to 2"),
        ({"k": 1, "objective": "best"}, "objective is 'best'"),
        ({"k": 1, "objective": "coverage"}, "coverage needs a distance"),
        ({"k": 1, "within": 5}, "'coverage' only"),
        ({"k": 1, "fixed": ["9"]}, "'9' is not among the sites"),
        ({"k": 1, "fixed": "1"}, "give a list"),
        ({"k": 1, "weight": "people"}, "no column 'people'"),
        ({"k": 1, "weight": "gone"}, "holds nan in row 0"),
        ({"k": 1, "weight": "none"}, "weights are 0"),
        ({"k": 1, "distances": np.ones((2, 2))}, r"expected \(1, 2\)"),
        ({"k": 1, "quotas": {"sea": {}}}, "column 'sea'"),
        ({"k": 1, "quotas": {"site_id": {"1": (2, 2)}}}, "1 sites are there"),
    ],
)
def test_a_wrong_question_is_refused(options: Any, match: str) -> None:
    with pytest.raises(cg.ClusterGeoError, match=match):
        cg.choose(line(2), line(1, gone=[float("nan")], none=[0]), **options)


def test_what_is_of_the_wrong_kind_is_refused_by_name() -> None:
    here = line(3)
    for options, match in (
        ({"quotas": {"site_id": {"1": 1}}}, "the least and the greatest by value"),
        ({"quotas": ["site_id"]}, "quotas are .* expected a mapping"),
        ({"distances": "near"}, "distances has the shape"),
        ({"objective": "coverage", "within": "5"}, "within is '5'"),
        ({"k": True}, "k is True"),
        ({"time_limit_s": "long"}, "time_limit_s is 'long'; expected seconds, more than 0"),
        ({"time_limit_s": -1}, "time_limit_s is -1"),
    ):
        with pytest.raises(cg.ClusterGeoError, match=match):
            cg.choose(here, here, **{"k": 1, **options})


def test_demand_without_a_place_needs_distances() -> None:
    nowhere = gpd.GeoDataFrame(geometry=[None], crs="EPSG:4326")
    with pytest.raises(cg.ClusterGeoError, match="the demand: row 0 has no geometry"):
        cg.choose(line(1), nowhere, k=1)


def test_what_covers_nothing_covers_0() -> None:
    far = spots([(120, 30)])
    covered = cg.choose(line(2), far, k=1, objective="coverage", within=10)
    assert repr(covered).endswith("objective 0, optimum proved>")
