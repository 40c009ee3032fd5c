"""Words of columns, codes and values in both languages."""

from __future__ import annotations

import re
import sys
import types
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from clustergeo import datasets, labels
from clustergeo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# fmt: off
SITE_COLUMNS = [
    "site_id", "name_ko", "name_en", "province", "province_en", "city", "city_en", "municipality",
    "municipality_en", "locality", "locality_en", "address_ko", "address_en", "macro_region", "sectors",
    "area_km2", "area_as_of", "area_scope", "area_source", "announced_area_km2", "status", "status_as_of",
    "status_source", "designations", "designations_source",
    "footprint_basis", "position_error_m", "position_source", "rdz_reported_present",
    "rdz_reported_share", "rdz_reported_area_m2", "rdz_reported_basis", "rdz_reported_as_of",
    "rdz_reported_source", "rdz_reported_note_ko", "rdz_reported_note_en", "within", "geometry",
    "province_code_mois", "province_code_kostat", "municipality_code_kostat", "municipality_alternatives",
    "region_share", "in_capital_region", "capital_share", "capital_share_low", "capital_share_high",
    "capital_border_km", "rdz_present", "rdz_share", "rdz_share_low", "rdz_share_high", "rdz_area_m2", "rdz_basis",
    "rdz_as_of", "rdz_source",
]
# fmt: on


@pytest.fixture(autouse=True)
def taxonomy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stand-in tables, so that the words tested here are known by hand."""
    shipped = types.ModuleType("clustergeo.datasets")
    sectors = pd.DataFrame({"code": ["bio"], "name_ko": ["바이오"], "name_en": ["bio"], "colour": ["#CC3311"]})
    regions = pd.DataFrame(
        {
            "scheme": ["announcement-2023", "5극3특-2025", "5극3특-2025"],
            "code": ["honam", "honam", "jeju"],
            "name_ko": ["호남권", "다른 이름", "제주"],
            "name_en": ["Honam", "another name", "Jeju"],
        }
    )
    shipped.load_sectors = lambda: sectors  # type: ignore[attr-defined]
    shipped.load_macro_regions = lambda: regions  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "clustergeo.datasets", shipped)
    labels._sectors.cache_clear()
    labels._macro_regions.cache_clear()
    yield
    labels._sectors.cache_clear()
    labels._macro_regions.cache_clear()


@pytest.mark.parametrize("lang", labels.LANGS)
def test_every_column_of_the_house_has_its_own_words(lang: str) -> None:
    words = [labels.column(name, lang) for name in SITE_COLUMNS]
    assert not set(words) & set(SITE_COLUMNS)
    assert len(set(words)) == len(words)


def test_a_measured_column_says_its_unit() -> None:
    for name in SITE_COLUMNS:
        for ending, unit in (("_km2", "km²"), ("_m2", "m²"), ("_km", "km"), ("_error_m", "(m)")):
            if name.endswith(ending):
                assert unit in labels.column(name, "en")
                assert unit in labels.column(name, "ko")


@pytest.mark.parametrize(
    ("name", "ko", "en"),
    [
        ("river_share", "river: 비율", "river: share"),
        ("river_share_low", "river: 비율 하한", "river: share, lower bound"),
        ("river_reported_share", "river: 보고된 비율", "river: reported share"),
        ("rdz_area_m2", "개발제한구역: 면적(m²)", "RDZ: area (m²)"),
    ],
)
def test_a_zone_column_names_its_zone(name: str, ko: str, en: str) -> None:
    assert (labels.column(name, "ko"), labels.column(name, "en")) == (ko, en)


def test_an_unknown_column_keeps_its_name() -> None:
    assert labels.column("owner", "ko") == "owner"
    assert labels.column("_share", "en") == "_share"


@pytest.mark.parametrize(
    ("column", "code", "ko", "en"),
    [
        ("status", "pf_passed", "예비타당성조사 통과", "feasibility study passed"),
        ("status", "something_new", "something_new", "something_new"),
        ("rdz_basis", "inferred", "추론", "inferred"),
        ("river_basis", "measured", "측정", "measured"),
        ("footprint_basis", "disc", "원(그림용, 근거 아님)", "disc (drawn, not evidence)"),
        ("area_scope", "withdrawn_plan", "철회된 계획의 전체", "whole site in a withdrawn plan"),
        ("macro_region", "honam", "호남권", "Honam"),
        ("macro_region", "jeju", "제주", "Jeju"),
        ("macro_region", "atlantis", "atlantis", "atlantis"),
        ("sector", "bio", "바이오", "bio"),
        ("sectors", ["bio", "tidal"], "바이오, 기타 (tidal)", "bio, other (tidal)"),
        ("sectors", [], "알 수 없음", "unknown"),
        ("in_capital_region", True, "수도권 안", "inside"),
        ("in_capital_region", pd.NA, "판정 불가", "not decidable"),
        ("rdz_present", False, "없음", "none"),
        ("is_new", True, "예", "yes"),
        ("province", None, "알 수 없음", "unknown"),
        ("province", "unknown", "알 수 없음", "unknown"),
        ("rdz_share", float("nan"), "알 수 없음", "unknown"),
    ],
)
def test_a_value_has_words_in_both_languages(column: str, code: object, ko: str, en: str) -> None:
    assert (labels.value(column, code, "ko"), labels.value(column, code, "en")) == (ko, en)


def test_a_numpy_flag_reads_like_a_python_flag() -> None:
    flag = pd.Series([True]).to_numpy()[0]
    assert labels.value("rdz_present", flag, "en") == "present"


def test_a_sector_has_its_colour_and_a_stranger_is_grey() -> None:
    assert labels.sector_colour("bio") == "#CC3311"
    assert labels.sector_colour("tidal") == "#999999"
    assert labels.sector_colour(None) == "#999999"


@pytest.mark.parametrize("ask", [labels.column, labels.zone_name])
def test_a_language_that_does_not_exist_is_refused_with_the_choices(ask: Callable[[str, str], str]) -> None:
    with pytest.raises(InputError, match=r"'fr'.*'ko', 'en'"):
        ask("rdz", "fr")


def test_a_value_in_no_language_is_refused_with_the_choices() -> None:
    with pytest.raises(InputError, match="'ko', 'en'"):
        labels.value("status", "candidate", "fr")


@pytest.mark.parametrize("column", ["coverage", "licence", "attribution"])
def test_the_terms_of_every_shipped_layer_are_told_in_korean(column: str) -> None:
    for text in datasets.catalogue()[column].unique():
        assert re.search("[가-힣]", labels.value(column, text, "ko")), text
        assert labels.value(column, text, "en") == text
