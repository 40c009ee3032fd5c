"""What a site frame must hold: every problem in one error, types as named."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import LineString, Point, Polygon
from squares import PLANE, sites, square

import clustergeo as cg
from clustergeo import schema

SQUARE = square(0, 0, 100)


def test_every_problem_stands_in_one_error() -> None:
    frame = sites(
        [SQUARE, LineString([(0, 0), (1, 1)]), Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])],
        site_id=["a", "a", None],
        rdz_share=[0.1, 0.2, 0.3],
        area_km2=["1", "wide", "-3"],
    )
    with pytest.raises(cg.ClusterGeoError) as caught:
        schema.site_frame(frame)
    message = str(caught.value)
    assert "7 problem(s)" in message
    for part in ("'rdz_share'", "site_id is empty", "'a' stands 2 times"):
        assert part in message


@pytest.mark.parametrize(
    "column",
    [
        *("in_capital_region", "capital_share", "capital_border_km", "region_share", "municipality_alternatives"),
        *("province_code_mois", "province_code_kostat", "municipality_code_kostat", "rdz_share_low", "rdz_basis"),
        *("province", "city", "municipality", "locality", "water_area_m2"),
    ],
)
def test_a_column_that_a_tag_would_overwrite_is_refused_by_name(column: str) -> None:
    with pytest.raises(cg.ClusterGeoError, match=rf"'{column}'.*rename or drop"):
        schema.site_frame(sites([SQUARE], **{column: ["x"]}), zone_names=["water"])


def test_a_tagged_frame_is_refused_when_tagged_again() -> None:
    with pytest.raises(cg.ClusterGeoError, match="overwritten"):
        cg.tag(cg.tag(sites([SQUARE])))


def test_columns_of_a_zone_that_is_not_asked_for_are_the_callers_own() -> None:
    assert cg.tag(sites([SQUARE], water_share=[0.3]))["water_share"].tolist() == [0.3]


def test_a_missing_id_is_made_from_the_row_number_and_given_ones_become_text() -> None:
    assert schema.site_frame(sites([SQUARE] * 3)).site_id.tolist() == ["1", "2", "3"]
    assert schema.site_frame(sites([SQUARE] * 2, site_id=[10, 2])).site_id.tolist() == ["10", "2"]
    assert schema.site_frame(sites([SQUARE] * 2, site_id=["007", " b"])).site_id.tolist() == ["007", " b"]
    assert schema.site_frame(sites([SQUARE] * 2, site_id=[1.0, 2.0])).site_id.tolist() == ["1", "2"]


def test_ids_that_are_the_same_as_text_are_refused() -> None:
    frame = sites([SQUARE] * 2)
    frame["site_id"] = pd.Series([1.0, "1"], dtype=object)
    with pytest.raises(cg.ClusterGeoError, match="'1' stands 2 times"):
        schema.site_frame(frame)


@pytest.mark.parametrize("bad", [[None, "b"], ["", "b"], ["  ", "b"], [np.nan, 2.0]])
def test_an_empty_id_is_refused_by_row(bad: list[Any]) -> None:
    with pytest.raises(cg.ClusterGeoError, match="row 0: site_id is empty"):
        schema.site_frame(sites([SQUARE] * 2, site_id=bad))


def test_a_column_that_stands_twice_is_refused() -> None:
    frame = sites([SQUARE], a=[1])
    frame = gpd.GeoDataFrame(pd.concat([frame, pd.DataFrame({"a": [2]})], axis=1), geometry="geometry", crs=PLANE)
    with pytest.raises(cg.ClusterGeoError, match="'a' stands 2 times"):
        schema.site_frame(frame)


def test_null_and_empty_geometries_and_points_are_sites() -> None:
    assert len(schema.site_frame(sites([None, Polygon(), Point(), Point(1, 1), SQUARE]))) == 5


def test_coordinates_that_are_not_finite_are_refused() -> None:
    with pytest.raises(cg.ClusterGeoError, match="row 1"):
        schema.site_frame(sites([SQUARE, Point(np.inf, 1)]))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["bio", "robot"], ["bio", "robot"]),
        (np.array(["bio"]), ["bio"]),
        (("bio",), ["bio"]),
        ("bio; robot ;", ["bio", "robot"]),
        ('["bio", "robot"]', ["bio", "robot"]),
        ("", None),
        ([], None),
        (None, None),
        (float("nan"), None),
        (pd.NA, None),
    ],
)
def test_sectors_are_a_list_whatever_a_format_made_of_them(given: Any, expected: list[str] | None) -> None:
    frame = sites([SQUARE])
    column = np.empty(1, dtype=object)
    column[0] = given
    frame["sectors"] = pd.Series(column, dtype=object)
    assert schema.site_frame(frame)["sectors"].tolist() == [expected]


def test_evidence_has_its_types_whatever_a_format_made_of_it() -> None:
    frame = sites(
        [SQUARE] * 4,
        area_km2=["1.5", "", None, "2"],
        rdz_reported_present=["True", "false", None, "1"],
        rdz_reported_share=["0.5", None, "", "1"],
        rdz_reported_basis=["reported", "inferred", None, "reported"],
    )
    typed = schema.site_frame(frame)
    assert typed["area_km2"].fillna(-1).tolist() == [1.5, -1, -1, 2]
    assert typed["rdz_reported_present"].tolist() == [True, False, pd.NA, True]
    assert str(typed["rdz_reported_present"].dtype) == "boolean"
    assert typed["rdz_reported_share"].dtype == "float64"
    assert frame["area_km2"].tolist()[0] == "1.5"
