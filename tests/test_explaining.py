"""explain(): each verdict in both languages, with what it rests on."""

from __future__ import annotations

import re
from typing import Any

import geopandas as gpd
import pytest
import shapely
from shapely import Point
from squares import LONLAT, layer, sites, square

import clustergeo as cg

KOREAN = re.compile("[가-힣]")


@pytest.fixture(scope="module")
def tagged() -> gpd.GeoDataFrame:
    return cg.tag(cg.load_sites())


def say(frame: gpd.GeoDataFrame, site: str, lang: str = "en") -> str:
    return cg.explain(frame, site, lang=lang)


def test_a_reported_share_carries_figure_basis_date_and_source(tagged: gpd.GeoDataFrame) -> None:
    source = tagged.set_index("site_id").loc["gwangju", "rdz_source"]
    for lang, words in {"en": ["present", "reported"], "ko": ["있음", "수도권 안: 아니요"]}.items():
        text = say(tagged, "gwangju", lang)
        for part in ["0.956", "2025-02-25", source, *words]:
            assert part in text


def test_an_inferred_none_says_that_it_is_inferred_since_when_and_what_would_settle_it(
    tagged: gpd.GeoDataFrame,
) -> None:
    text = say(tagged, "yongin")
    assert "In the capital region: yes" in text
    assert "none" in text
    assert "inferred" in text
    assert "2026-11-22" in text
    assert "would settle it" in text
    korean = say(tagged, "yongin", "ko")
    assert "수도권 안: 예" in korean
    assert "추론" in korean
    assert "확정" in korean


def test_an_area_of_a_withdrawn_plan_is_called_so(tagged: gpd.GeoDataFrame) -> None:
    assert "withdrawn" in say(tagged, "daejeon")
    assert "철회" in say(tagged, "daejeon", "ko")
    assert "3.64 km²" in say(tagged, "daejeon")


def test_every_site_is_explained_in_both_languages_without_holes(tagged: gpd.GeoDataFrame) -> None:
    for site in tagged["site_id"]:
        for lang in ("en", "ko"):
            text = say(tagged, site, lang)
            assert len(text.splitlines()) >= 3
            assert not re.search(r"\b(nan|None|NaT|<NA>)\b", text), text
            assert "km" in text
        assert KOREAN.search(say(tagged, site, "ko"))


def test_the_distance_of_cheonan_is_said(tagged: gpd.GeoDataFrame) -> None:
    assert "1.3 km outside the border" in say(tagged, "cheonan")
    assert "1.3 km(바깥쪽)" in say(tagged, "cheonan", "ko")


def test_bounds_are_given_where_they_differ() -> None:
    covered = gpd.GeoSeries([square(-10, -10, 760, 1020)], crs="EPSG:5186").to_crs(LONLAT).iloc[0]
    zone = layer([square(0, 0, 250, 1000)], coverage=covered, as_of="2025-01-01", source="the map")
    frame = cg.tag(sites([square(0, 0, 1000)], site_id=["a"]), zones={"rdz": zone})
    text = say(frame, "a")
    assert "between 0.25 and 0.5" in text
    assert "measured" in text
    assert "2025-01-01" in text
    assert "the map" in text
    assert "0.25~0.5" in say(frame, "a", "ko")


def test_the_reported_figure_is_named_beside_a_measured_one() -> None:
    columns: dict[str, Any] = {"rdz_reported_share": [0.9], "rdz_reported_as_of": ["2020"]}
    frame = sites([square(0, 0, 1000)], site_id=["a"], rdz_reported_basis=["reported"], **columns)
    tagged = cg.tag(frame, zones={"rdz": layer([square(0, 0, 250, 1000)])})
    assert re.search(r"share 0\.25\b.*0\.9 \(2020\)", say(tagged, "a"))
    assert re.search(r"비율 0\.25\b.*0\.9\(2020\)", say(tagged, "a", "ko"))


def test_what_is_unknown_is_called_so_with_what_would_tell() -> None:
    frame = cg.tag(sites([Point(126.0, 36.3), None], LONLAT, site_id=["sea", "none"]))
    for site in ("sea", "none"):
        text = say(frame, site)
        assert "unknown" in text
        assert "not decidable" in text
        korean = say(frame, site, "ko")
        assert "판정 불가" in korean
        assert not re.search(r"\b(nan|None|NaT|<NA>)\b", text + korean)
    assert "outside the land of the boundary source, which says nothing" in say(frame, "sea")
    assert "would decide it" in say(frame, "none")


def test_a_site_across_two_municipalities_names_the_possible_codes() -> None:
    held = cg.load_regions("municipality").set_index("municipality_code_kostat").geometry
    spot = shapely.intersection(held["32010"].boundary, held["32310"].boundary).interpolate(0.5, normalized=True)
    frame = cg.tag(sites([spot], LONLAT, site_id=["a"], footprint_basis=["point"], position_error_m=[500.0]))
    for lang in ("en", "ko"):
        assert "32010;32310" in say(frame, "a", lang)


def test_a_site_a_frame_or_a_language_that_is_none_is_refused(tagged: gpd.GeoDataFrame) -> None:
    with pytest.raises(cg.ClusterGeoError, match=r"'seoul'.*yongin"):
        say(tagged, "seoul")
    with pytest.raises(cg.ClusterGeoError, match="tag"):
        say(cg.load_sites(), "yongin")
    with pytest.raises(cg.ClusterGeoError, match="ko"):
        say(tagged, "yongin", "fr")
