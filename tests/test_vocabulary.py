"""Official columns and parcel numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from squares import LONLAT, square

import clustergeo as cg
from clustergeo.reading import vocabulary

if TYPE_CHECKING:
    from pathlib import Path


def test_a_parcel_number_is_taken_apart() -> None:
    parts = cg.decode_pnu(["4146125626200120003"]).iloc[0]
    assert parts["valid"]
    assert parts["province_code_mois"] == "41"
    assert parts["municipality_code_mois"] == "41461"
    assert parts["legal_dong_code"] == "4146125626"
    assert parts["ri_code"] == "26"
    assert parts["mountain"]
    assert (parts["main_number"], parts["sub_number"], parts["lot"]) == (12, 3, "산12-3")


def test_a_lot_of_a_dong_on_land_has_no_ri_and_no_sub_number() -> None:
    parts = cg.decode_pnu(["1168010100106770000"]).iloc[0]
    assert pd.isna(parts["ri_code"])
    assert not parts["mountain"]
    assert (parts["sub_number"], parts["lot"]) == (0, "677")


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_the_parts_of_a_parcel_number_make_it_again(data: st.DataObject) -> None:
    province = data.draw(st.sampled_from(["11", "26", "31", "36", "41", "47", "50", "52"]))
    city, dong, main = (data.draw(st.integers(1, most)) for most in (999, 999, 9999))
    ri, sub = (data.draw(st.integers(0, most)) for most in (99, 9999))
    mountain = data.draw(st.booleans())
    number = f"{province}{city:03d}{dong:03d}{ri:02d}{2 if mountain else 1}{main:04d}{sub:04d}"
    parts = cg.decode_pnu([number]).iloc[0]
    again = (
        f"{parts['legal_dong_code']}{1 + bool(parts['mountain'])}{parts['main_number']:04d}{parts['sub_number']:04d}"
    )
    assert again == number
    assert parts["lot"] == f"{'산' * mountain}{main}{f'-{sub}' * (sub > 0)}"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("414612562620012000", "18 digits"),
        ("41461256262001200031", "20 digits"),
        ("4146125626300120003", "digit 11 is 3"),
        ("4146125626200000003", "main number"),
        ("4100025626200120003", "no municipality"),
        ("9946125626200120003", "no province"),
        ("414612562620012000X", "19 digits"),
        (4.14612562620012e18, "15 digits of 19"),
        ("4.14612562620012e+18", "15 digits of 19"),
        ("", "empty"),
        (None, "empty"),
        (np.nan, "empty"),
    ],
)
def test_a_number_that_is_no_parcel_number_says_why_and_has_no_parts(value: Any, reason: str) -> None:
    parts = cg.decode_pnu(pd.Series([value], dtype=object)).iloc[0]
    assert not parts["valid"]
    assert reason in parts["reason"]
    assert parts.drop(["valid", "reason"]).isna().all()


@given(st.one_of(st.text(max_size=25), st.integers(), st.floats(), st.none()))
@settings(max_examples=200, deadline=None)
def test_no_value_fails_and_none_is_half_valid(value: Any) -> None:
    parts = cg.decode_pnu(pd.Series([value], dtype=object)).iloc[0]
    assert parts["valid"] == pd.isna(parts["reason"]) == (not pd.isna(parts["pnu"]))


def test_spaces_and_hyphens_are_passed_over_and_the_index_is_kept() -> None:
    found = cg.decode_pnu(pd.Series(["41461 25626-2-0012-0003"], index=["a"]))
    assert found.index.tolist() == ["a"]
    assert found["pnu"].iloc[0] == "4146125626200120003"


def test_official_columns_are_recognised() -> None:
    zones = pd.DataFrame({"MNUM": ["41461UDV100NTC1"], "ALIAS": ["x"], "NTFDATE": ["19761204"], "SGG_OID": [1]})
    told = " ".join(vocabulary.recognised(zones))
    assert "planning zones" in told
    assert "UDV100 (restricted development zone" in told
    assert "complexes" in vocabulary.recognised(pd.DataFrame({"DAN_ID": ["1"], "DAN_NAME": ["가"]}))[0]
    assert "MOIS" in vocabulary.recognised(pd.DataFrame({"SIG_CD": ["41461"], "SIG_KOR_NM": ["용인시"]}))[0]
    assert "KOSTAT" in vocabulary.recognised(pd.DataFrame({"adm_cd": ["31191"], "adm_nm": ["용인시"]}))[0]
    assert vocabulary.recognised(pd.DataFrame({"name": ["a"], "remark": ["b"]})) == []


def test_a_layer_says_which_vocabulary_it_has(tmp_path: Path) -> None:
    path = tmp_path / "zones.gpkg"
    columns = {"MNUM": ["41461UDV100NTC1"], "NTFDATE": ["19761204"]}
    gpd.GeoDataFrame(columns, geometry=[square(0, 0, 100)], crs="EPSG:5186").to_crs(LONLAT).to_file(path)
    report = cg.read_layer(path, name="rdz").report
    assert any("UDV100" in sentence for sentence in report)


def test_codes_of_two_schemes_never_get_one_name() -> None:
    mois = vocabulary.normalised(pd.DataFrame({"SIG_CD": ["31110"]}))
    kostat = vocabulary.normalised(pd.DataFrame({"adm_cd": ["31110"], "adm_nm": ["x"]}))
    assert "municipality_code_mois" in mois.columns
    assert "municipality_code_kostat" in kostat.columns
    assert not set(mois.columns) & set(kostat.columns)


def test_what_is_normalised_is_added_and_the_frame_stays_as_it_was() -> None:
    frame = pd.DataFrame({"MNUM": ["41461UDV100NTC1", None], "NTFDATE": ["1976-12-04", "no day"]})
    out = vocabulary.normalised(frame)
    assert out["zone_code"].tolist() == ["UDV100", None]
    assert out["notified_on"].tolist() == ["1976-12-04", None]
    assert list(frame.columns) == ["MNUM", "NTFDATE"]


def test_two_digits_may_mean_a_province_in_both_schemes() -> None:
    assert vocabulary.possible_schemes(["31000", "26000"]) == {"mois", "kostat"}
    assert vocabulary.possible_schemes(["41461", "31110"]) == {"mois"}
    assert vocabulary.possible_schemes(["39010", "21010"]) == {"kostat"}
    assert vocabulary.possible_schemes([None, ""]) == set()
