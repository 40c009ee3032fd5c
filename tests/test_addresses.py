"""Addresses matched offline: what is proved, what is assumed, what stays open."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clustergeo as cg
from clustergeo.reading import _gazetteer as gazetteer

LOCALITIES = cg.load_regions("locality").drop(columns="geometry")
EUPS = LOCALITIES[LOCALITIES["locality"].str.endswith(("읍", "면"))]


def one(text: Any, **options: Any) -> pd.Series:
    return cg.match_addresses([text], **options).iloc[0]


@pytest.mark.parametrize(
    "text",
    [
        "경기도 용인시 처인구 남사면 완장리",
        "경기 용인시 처인구 남사면",
        "경기도용인시처인구남사면완장리123번지",
        "용인시 처인구 남사면 산 12-3",
        "용인 처인구 남사면 완장리 산12-3번지",
        "처인구 남사면",
        "용인시 남사면",
        "남사면 완장리",
        "  경기도   용인시 처인구  남사면 ",
        "경기도 용인시 처인구 남사면 처인성로 827 (완장리)",
        "경기도 용인시 처인구 남사읍",
        "경기도 용인시 처인구 남사읍 일원",
        "경기도 용인시 처인구 남사면 완장리 123 외 3필지",
    ],
)
def test_one_myeon_is_known_by_all_its_spellings(text: str) -> None:
    found = one(text)
    assert (found["status"], found["codes_kostat"], found["locality"]) == ("exact", "3119132", "남사면")


@pytest.mark.parametrize("province", ["강원도", "강원특별자치도", "강원"])
def test_old_and_new_names_of_a_province_mean_the_same(province: str) -> None:
    assert one(f"{province} 고성군 간성읍")["codes_kostat"] == "3240011"


@pytest.mark.parametrize("province", ["전라남도", "전남", "전남광주통합특별시"])
def test_the_merged_province_is_known_under_its_names(province: str) -> None:
    found = one(f"{province} 여수시 돌산읍")
    assert (found["status"], found["province"]) == ("exact", "전남광주통합특별시")


@pytest.mark.parametrize("province", ["경상북도", "경북", "대구광역시", "대구시", "대구"])
def test_gunwi_is_found_under_both_of_its_provinces(province: str) -> None:
    found = one(f"{province} 군위군 군위읍 서부리 1")
    assert (found["codes_kostat"], found["province"]) == ("3731011", "대구광역시")


def test_every_eup_and_myeon_is_exact_by_its_full_address() -> None:
    texts = EUPS["province"] + " " + EUPS["municipality"] + " " + EUPS["locality"] + " 가나리 산 1-2"
    found = cg.match_addresses(texts)
    assert found["status"].unique().tolist() == ["exact"]
    assert found["codes_kostat"].tolist() == EUPS["locality_code_kostat"].tolist()


def test_every_municipality_is_certain_by_its_province_and_name() -> None:
    table = cg.load_regions("municipality")
    found = cg.match_addresses(table["province"] + " " + table["municipality"])
    open_names = found[found["codes_kostat"] != table["municipality_code_kostat"]]
    # The name is kept by a part of what was rearranged into four gu in 2026.
    assert set(open_names["text"]) == {"인천광역시 서구"}
    assert found["status"].unique().tolist() == ["municipality"]


@given(st.sampled_from(EUPS.index.tolist()), st.data())
@settings(max_examples=60, deadline=None)
def test_spaces_never_change_the_answer(row: int, data: st.DataObject) -> None:
    place = EUPS.loc[row]
    words = [place["province"], *place["municipality"].split(), place["locality"]]
    gaps = [data.draw(st.sampled_from(["", " ", "  ", "\t"])) for _ in words]
    text = "".join(word + gap for word, gap in zip(words, gaps, strict=True))
    assert one(text)["codes_kostat"] == place["locality_code_kostat"]


@given(st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_no_text_fails_and_what_is_known_has_codes(text: str) -> None:
    found = one(text)
    assert (found["status"] == "unknown") == (found["codes_kostat"] is None)


def test_a_legal_dong_proves_its_municipality_only() -> None:
    # The lots of the legal Sillim-dong are served by many administrative dongs; one of them has its name.
    found = one("서울특별시 관악구 신림동 산 56-1")
    assert (found["status"], found["codes_kostat"], found["candidates"]) == ("municipality", "11210", "신림동")
    assert "legal dong" in found["assumed"]


def test_a_dong_that_is_said_to_be_administrative_is_exact() -> None:
    found = one("서울특별시 관악구 신림동", dong="administrative")
    assert (found["status"], found["locality"]) == ("exact", "신림동")
    assert one("강남구 역삼제1동", dong="administrative")["locality"] == "역삼1동"
    assert one("종로구 종로1.2.3.4가동", dong="administrative")["status"] == "exact"
    assert one("강남구 역삼동", dong="administrative")["status"] == "municipality"


def test_a_legal_dong_lists_the_administrative_ones_of_its_name() -> None:
    assert one("서울 강남구 역삼동 1")["candidates"] == "역삼1동; 역삼2동"


def test_a_kind_of_dong_that_is_none_is_refused() -> None:
    with pytest.raises(cg.ClusterGeoError, match="법정동"):
        cg.match_addresses(["강남구"], dong="both")  # type: ignore[arg-type]


def test_a_name_of_two_counties_lists_both_and_lies_in_one_of_them() -> None:
    found = one("고성군")
    assert (found["status"], found["codes_kostat"]) == ("ambiguous", "32400;38340")
    assert found["candidates"] == "강원특별자치도 고성군; 경상남도 고성군"
    assert found["municipality"] is None


def test_a_city_and_a_province_of_one_name_stay_open_until_more_is_said() -> None:
    assert one("광주시 송정동")["status"] == "ambiguous"
    assert one("광주시 초월읍")["province"] == "경기도"
    assert one("광주시 북구 오룡동")["codes_kostat"] == "24040"
    assert one("경기 광주시 송정동")["codes_kostat"] == "31250"


def test_a_city_without_its_gu_means_all_of_them() -> None:
    found = one("경기도 고양시 123")
    assert (found["status"], found["codes_kostat"]) == ("municipality", "31101;31103;31104")


def test_a_gu_set_up_since_2018_lies_in_its_city() -> None:
    found = one("경기도 부천시 원미구 중동 1")
    assert (found["status"], found["codes_kostat"]) == ("municipality", "31050")
    assert "after the boundary of 2018" in found["assumed"]
    assert one("인천광역시 제물포구 송림동")["codes_kostat"] == "23010;23020;23080"


def test_a_gu_renamed_since_is_the_one_of_2018_and_told() -> None:
    found = one("인천 미추홀구 주안동 1")
    assert (found["codes_kostat"], found["municipality"]) == ("23030", "남구")
    assert "renamed" in found["assumed"]


@pytest.mark.parametrize("text", ["경기도 강화군 강화읍", "충청남도 연기군 금남면", "서울 동구", "경상남도 마산시"])
def test_a_municipality_that_the_province_has_not_proves_nothing(text: str) -> None:
    assert one(text)["status"] == "unknown"
    assert one(text)["codes_kostat"] is None


def test_near_a_place_is_not_in_it() -> None:
    found = one("용인시 처인구 남사면 인근")
    assert (found["status"], found["codes_kostat"]) == ("municipality", "31191")


def test_around_a_place_is_taken_to_be_in_it_and_told() -> None:
    assert "일원 is taken" in one("용인시 처인구 남사면 일원")["assumed"]


def test_several_lots_of_one_myeon_are_in_it() -> None:
    assert one("처인구 남사면 완장리 1, 남사면 진목리 2, 산 3-1")["status"] == "exact"
    assert one("경기도 용인시\n처인구 남사면")["codes_kostat"] == "3119132"


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("경기도 용인시 처인구 이동읍 덕성·송전리, 남사면 완장리", "3119113;3119132"),
        ("용인시 처인구 남사면, 강남구 역삼동", "3119132;11230"),
        ("경기 용인시 처인구 남사읍\n충남 천안시 성환읍", "3119132;3401211"),
        ("처인구 남사읍 이동읍 일원", "3119132;3119113"),
        ("처인구 남사읍 완장리 ~ 평택시 진위면 가곡리", "3119132;3107031"),
        ("남사읍 완장리와 평택시 진위면", "3119132;3107031"),
        ("이동읍(평택시 진위면 일부 포함)", "3119113;3107031"),
        ("용인시 처인구에서 평택시까지", "31191;31070"),
        ("화성시 평택시", "31240;31070"),
        ("평택시 포승읍 당진시 신평면", "3107013;3408038"),
        ("처인구 남사면 123번지 평택 진위면 5", "3119132;3107031"),
    ],
)
def test_an_address_of_several_places_lies_in_their_union_and_is_proved_in_none(text: str, codes: str) -> None:
    found = one(text)
    assert (found["status"], set(found["codes_kostat"].split(";"))) == ("ambiguous", set(codes.split(";")))
    assert "it names 2 places" in found["assumed"]
    assert found["locality"] is None


def test_a_place_that_lies_in_another_that_is_named_adds_nothing_to_it() -> None:
    found = one("용인시 처인구 남사면, 처인구 역북동")
    assert (found["status"], found["codes_kostat"]) == ("municipality", "31191")
    assert one("경기도 경기도 용인시 처인구 남사면")["status"] == "exact"


@pytest.mark.parametrize(
    "text", ["남사읍 외 1개 시", "남사읍 등 3개 시군", "용인시 외", "처인구 남사읍 등", "용인시 등 2곳 외 3개 군"]
)
def test_places_that_are_counted_and_not_named_leave_it_unknown(text: str) -> None:
    found = one(text)
    assert (found["status"], found["codes_kostat"]) == ("unknown", None)
    assert "does not name" in found["assumed"]


@pytest.mark.parametrize("text", ["부산 김해", "대구 경산", "서울 경기", "광주 전남"])
def test_a_second_place_outside_the_province_leaves_it_unknown_and_told(text: str) -> None:
    found = one(text)
    assert (found["status"], found["codes_kostat"]) == ("unknown", None)
    assert "is not known to lie in" in found["assumed"]


@pytest.mark.parametrize(
    "text",
    [
        "처인구 남사읍 무슨시",
        "평택시 포승읍, 신평면",
        "평택시 신평면",
        "처인구 남사면 어딘군 3",
        "처인구남사읍완장리평택시진위면",
    ],
)
def test_a_name_like_a_place_that_is_not_there_leaves_it_unknown(text: str) -> None:
    assert one(text)["codes_kostat"] is None
    assert one(text)["assumed"]


def test_a_dong_or_island_after_a_myeon_leaves_its_municipality_and_a_building_does_not() -> None:
    assert one("처인구 남사면 역북동")["codes_kostat"] == "31191"
    assert one("처인구 남사면 무슨도")["codes_kostat"] == "31191"
    assert one("처인구 남사면 완장리 12 가동 101호")["status"] == "exact"
    assert one("처인구 남사면 완장2지구 국도 변 공유수면")["status"] == "exact"


@pytest.mark.parametrize("text", ["용인시 인근", "경기도 인근", "고성군 주변", "용인시 처인구 부근"])
def test_near_a_municipality_or_province_proves_nothing(text: str) -> None:
    found = one(text)
    assert (found["status"], found["codes_kostat"]) == ("unknown", None)
    assert "(near)" in found["assumed"]


def test_a_road_that_has_the_name_of_a_myeon_is_no_myeon() -> None:
    assert one("경기도 화성시 서신면로 12")["status"] == "municipality"
    assert one("경기도 화성시 서신면 12")["status"] == "exact"


@pytest.mark.parametrize("text", ["", "  ", None, 5, float("nan"), "어딘가", "역삼동", "경기장 앞", "🙂", "(남사면)"])
def test_what_names_no_place_is_unknown(text: Any) -> None:
    found = one(text)
    assert (found["status"], found["codes_kostat"]) == ("unknown", None)


def test_the_index_and_order_of_a_column_are_kept() -> None:
    found = cg.match_addresses(pd.Series(["강남구", "어딘가", "강남구"], index=[7, 3, 5]))
    assert found.index.tolist() == [7, 3, 5]
    assert found["status"].tolist() == ["municipality", "unknown", "municipality"]


def test_the_union_of_codes_is_their_ground() -> None:
    parts = gazetteer.areas_of(["3119132", "3119113", "3119132;3119113", None])
    assert parts.iloc[2].area == pytest.approx(parts.iloc[0].area + parts.iloc[1].area)
    assert parts.iloc[3] is None


def test_a_province_holds_every_municipality_it_ever_had() -> None:
    daegu, gyeongbuk, gunwi = gazetteer.areas_of(["22", "37", "37310"])
    assert daegu.covers(gunwi)
    assert gyeongbuk.covers(gunwi)


@given(
    st.sampled_from(EUPS.index.tolist()),
    st.sampled_from(EUPS.index.tolist()),
    st.sampled_from([" ", "\n", ", ", " 및 ", "와 ", " ~ ", "·", "/", "(", " - ", " 12-3 ", "에서 ", " 일부 "]),
)
@settings(max_examples=150, deadline=None)
def test_a_second_full_address_is_never_lost(row: int, other: int, sign: str) -> None:
    first, second = (f"{p['province']} {p['municipality']} {p['locality']}" for p in (EUPS.loc[row], EUPS.loc[other]))
    codes = {EUPS.loc[at, "locality_code_kostat"] for at in (row, other)}
    found = one(first + sign + second + (")" if sign == "(" else ""))
    held = set() if found["codes_kostat"] is None else set(found["codes_kostat"].split(";"))
    assert not held or all(any(code.startswith(area) for area in held) for code in codes)
    assert found["status"] != "exact" or len(codes) == 1
