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
        for part in ["95.6 %", "2025-02-25", source, *words]:
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
    assert "between 25 % and 50 %" in text
    assert "measured" in text
    assert "2025-01-01" in text
    assert "the map" in text
    assert "25 %~50 %" in say(frame, "a", "ko")


def test_the_reported_figure_is_named_beside_a_measured_one() -> None:
    columns: dict[str, Any] = {"rdz_reported_share": [0.9], "rdz_reported_as_of": ["2020"]}
    frame = sites([square(0, 0, 1000)], site_id=["a"], rdz_reported_basis=["reported"], **columns)
    tagged = cg.tag(frame, zones={"rdz": layer([square(0, 0, 250, 1000)])})
    assert re.search(r"share 25 %.*90 % \(2020\)", say(tagged, "a"))
    assert re.search(r"비율 25 %.*90 %\(2020\)", say(tagged, "a", "ko"))


def in_area(zone: Any) -> gpd.GeoDataFrame:
    """Return a site of 0.25 km² drawn as a disc, somewhere in a square kilometre, tagged with a zone."""
    frame = sites(
        [square(400, 400, 200)], site_id=["a"], area_km2=[0.25], footprint_basis=["disc"], area_as_of=["2024-05-01"]
    )
    frame["within"] = gpd.GeoSeries([square(0, 0, 1000)], crs=frame.crs)
    return cg.tag(frame, zones={"rdz": layer([zone], coverage="everywhere")})


@pytest.mark.parametrize(
    ("zone", "english", "korean"),
    [
        (
            square(-100, -100, 1200),
            "present (share 100 %, wherever",
            "있음 (확실히 포함하는 범위 안 어디에 있든 비율 100 %",
        ),
        (square(2000, 0, 100), "none (share 0 %, wherever", "없음 (확실히 포함하는 범위 안 어디에 있든 비율 0 %"),
    ],
)
def test_a_share_that_holds_wherever_a_site_lies_is_proved_and_needs_no_more_evidence(
    zone: Any, english: str, korean: str
) -> None:
    tagged = in_area(zone)
    for lang, words in {"en": english, "ko": korean}.items():
        text = say(tagged, "a", lang)
        assert f": {words}" in text
        assert cg.explaining.remedy("settle", lang) not in text
        assert cg.explaining.remedy("footprint", lang) not in text
        assert not re.search("drawn disc|면적 표시 원", text)


def test_the_overlap_of_a_drawn_disc_is_never_said_and_a_layer_that_is_there_is_not_asked_for_again() -> None:
    # Half of the disc, but anything from nothing to all of the site.
    tagged = in_area(square(0, 0, 500, 1000))
    assert tagged["rdz_share"].iloc[0] == pytest.approx(0.5, abs=0.01)
    for lang, words in {
        "en": "not decidable from this evidence (its share proved",
        "ko": "판정 불가 (비율의 범위",
    }.items():
        text = say(tagged, "a", lang)
        assert words in text
        assert "50 %" not in text
        assert cg.explaining.remedy("footprint", lang) in text
        assert "UD801" not in text


def test_the_area_of_a_measured_footprint_is_said_where_no_column_gives_it() -> None:
    tagged = cg.tag(sites([square(0, 0, 20)], site_id=["a"], area_km2=[float("nan")]))
    assert "Area 0.0004 km² (of its measured footprint)." in say(tagged, "a")
    assert "면적 0.0004 km²(측정된 도형)." in say(tagged, "a", "ko")


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
    assert "(no place is known)" in say(frame, "none")
    assert "(위치를 모름)" in say(frame, "none", "ko")


def test_a_site_without_a_name_in_a_language_is_called_by_its_other_one() -> None:
    frame = cg.tag(sites([square(0, 0, 20), square(0, 0, 20)], site_id=["a", "b"], name_ko=["가", None]))
    assert [say(frame, site).partition(":")[0] for site in ("a", "b")] == ["가", "b"]


def test_a_site_across_two_municipalities_names_both_with_their_codes() -> None:
    held = cg.load_regions("municipality").set_index("municipality_code_kostat").geometry
    spot = shapely.intersection(held["32010"].boundary, held["32310"].boundary).interpolate(0.5, normalized=True)
    frame = cg.tag(sites([spot], LONLAT, site_id=["a"], footprint_basis=["point"], position_error_m=[500.0]))
    named = {"en": "Chuncheon-si (32010); Hongcheon-gun (32310)", "ko": "춘천시 (32010); 홍천군 (32310)"}
    for lang, names in named.items():
        assert names in say(frame, "a", lang)


def test_a_site_a_frame_or_a_language_that_is_none_is_refused(tagged: gpd.GeoDataFrame) -> None:
    with pytest.raises(cg.ClusterGeoError, match=r"'seoul'.*yongin"):
        say(tagged, "seoul")
    with pytest.raises(cg.ClusterGeoError, match="tag"):
        say(cg.load_sites(), "yongin")
    with pytest.raises(cg.ClusterGeoError, match="ko"):
        say(tagged, "yongin", "fr")
