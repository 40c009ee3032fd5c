"""The words of check: wholly Korean where Korean is asked for, and no option that does not exist."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from shapely import LineString, MultiPolygon, Point, Polygon, box

import clustergeo as cg
from clustergeo import cli, datasets
from clustergeo.reading import (
    _axes,
    _remarks,
    _sheets,
    checks,
    encoding,
    files,
    opening,
    problems,
    projection,
    spreadsheets,
)

if TYPE_CHECKING:
    from pathlib import Path

PLANE = "EPSG:5186"
READING = (_axes, _sheets, encoding, files, opening, projection, spreadsheets)
# Two words of small Latin letters in a row make a sentence; units, codes, names of options and of columns do not.
SENTENCE = re.compile(r"\b[A-Za-z]*[a-z]{2,}[,;:]? +[a-z]{2,}\b")
BOW = Polygon([(200_000, 500_000), (200_002, 500_002), (200_002, 500_000), (200_000, 500_002)])


def frames(folder: Path) -> list[Any]:
    """Return what has every kind of problem, in frames and files."""
    at = box(200_000, 500_000, 200_100, 500_100)
    side = box(200_050, 500_000, 200_150, 500_100)
    thin = box(200_200, 500_000, 200_200.01, 500_100)
    endless = shapely.transform(at, lambda points: points * float("inf"))
    shapes = [at, at, side, thin, BOW, None, Polygon(), LineString([(2e5, 5e5), (2e5, 5e5 + 9)]), Point(0, 0), endless]
    many = len(shapes)
    mixed = gpd.GeoDataFrame(
        {
            "site_id": ["a", "a", None, *"defghij"],
            "PNU": ["41461", "4146125626200120003", "4146125626200120003", "9946125626200120003", *["?"] * (many - 4)],
            "name": ["ê°•ë‚¨êµ¬", "??", *["가"] * (many - 2)],
            "rdz_reported_share": [2.0, *[None] * (many - 1)],
            "rdz_reported_present": ["maybe", *[None] * (many - 1)],
            "footprint_basis": ["point", "?", *["measured"] * (many - 2)],
            "within": [BOW, 3, *[None] * (many - 2)],
            "area_km2": [-1.0, *[None] * (many - 1)],
        },
        geometry=shapes,
        crs=PLANE,
    )
    twice = gpd.GeoDataFrame([[1, 2]], columns=["a", "a"], geometry=[at], crs=PLANE)
    squares = [box(west, 500_000, west + 100, 500_100) for west in (200_000, 200_100, 200_200, 200_300)]
    codes = {"SIG_CD": ["31191"] * 4, "면적(평)": [0.01] * 4}
    seoul = datasets.load_regions("municipality").iloc[:25].to_crs("EPSG:5179")
    off = seoul[["geometry"]].set_geometry(seoul.translate(300, 0))
    file = folder / "a.geojson"
    good = '{"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [127, 37]}}'
    curve = good.replace("Point", "Curve")
    file.write_text(f'{{"type": "FeatureCollection", "features": [{good}, {curve}]}}')
    table = folder / "s.csv"
    table.write_text("명칭,주소,면적(㎡)\n가,고성군,1\n나,어딘가,1\n합계,,2\n", encoding="utf-8")
    return [
        mixed,
        twice,
        gpd.GeoDataFrame(codes, geometry=squares, crs=PLANE),
        off,
        gpd.GeoDataFrame(geometry=[Point(37, 127)], crs="EPSG:4326"),
        gpd.GeoDataFrame(geometry=[Point(37, 127), Point(127, 37)], crs="EPSG:4326"),
        gpd.GeoDataFrame(geometry=[Point(2e5, 5e5), Point(2e5, 6e5)], crs="EPSG:4326"),
        gpd.GeoDataFrame(geometry=[Point(127, 37)], crs=PLANE),
        gpd.GeoDataFrame(geometry=[Point(127, 37), Point(2e5, 5e5)], crs=PLANE),
        gpd.GeoDataFrame(geometry=[Point(139.7, 35.7)], crs="EPSG:4326"),
        file,
        table,
    ]


def test_every_kind_of_problem_is_told_in_korean_without_a_latin_sentence(tmp_path: Path) -> None:
    told = [cg.check(one, lang="ko") for one in frames(tmp_path)]
    whole = pd.concat(told, ignore_index=True)
    never = {kind.problem[0] for kind in problems.KINDS.values()} - set(whole["problem"])
    assert never == set()
    for column in ("problem", "found", "expected", "cure"):
        latin = [text for text in whole[column] if SENTENCE.search(re.sub(r"\[.*?\]|measured, disc, point", "", text))]
        assert latin == []
    assert all(re.search("[가-힣]", text) for text in [*whole["problem"], *whole["cure"]])
    lines = checks.lines(whole, lang="ko")
    assert not SENTENCE.search(re.sub(r"\[.*?\]|measured, disc, point", "", lines))


def test_the_two_languages_tell_the_same_problems(tmp_path: Path) -> None:
    same = ["row", "column", "severity"]
    for one in frames(tmp_path):
        pd.testing.assert_frame_equal(cg.check(one)[same], cg.check(one, lang="ko")[same])


def test_invalid_geometries_have_their_reason_in_korean() -> None:
    nested = MultiPolygon([box(0, 0, 9, 9), box(1, 1, 2, 2)])
    outside = Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [[(20, 20), (21, 20), (21, 21)]])
    korean, english = problems.reasons(shapely.is_valid_reason([nested, outside, BOW]))
    assert [text.partition("[")[0] for text in korean] == [
        "바깥 고리 안에 바깥 고리가 있음",
        "구멍이 바깥 고리 밖에 있음",
        "스스로 교차함",
    ]
    assert [text.partition("[")[2] for text in korean] == [text.partition("[")[2] for text in english]


# Addresses and parcel numbers


def test_what_is_assumed_of_an_address_is_told_in_either_language() -> None:
    texts = [
        "경기 용인시 처인구 남사읍 완장리",
        "서울 강남구 역삼동 1",
        "부산 김해",
        "용인시 인근",
        "처인구 남사읍 인근",
        "남사읍 일원",
        "남사읍 외 1개 시",
        "남사읍 완장리, 평택시 진위면",
        "용인시 무슨구 1",
        "부천시 원미구 상동",
        "가" * 3000,
    ]
    english, korean = (cg.match_addresses(texts, lang=lang)["assumed"] for lang in ("en", "ko"))
    assert english.notna().all()
    assert korean.notna().all()
    assert not any(SENTENCE.search(text) for text in korean)
    assert korean.iloc[0] == "남사읍: 2018년에는 남사면, 그 뒤 읍이 됨"
    assert english.iloc[0] == "남사읍 is 남사면 of 2018, an eup since"


def test_a_table_of_addresses_holds_what_was_assumed_in_both_languages(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("명칭,주소,시도\n가,경기 용인시 처인구 남사읍,\n나,부산 김해,서울\n", encoding="utf-8")
    with pytest.warns(cg.ClusterGeoWarning):
        sites = cg.read_sites(path)
    assert sites["address_assumed"].str.contains("since|say|not known").tolist() == [True, True]
    assert not any(SENTENCE.search(text) for text in sites["address_assumed_ko"])


def test_every_remark_has_the_same_words_in_both_languages() -> None:
    for korean, english in _remarks._WORDS.values():
        names = [set(re.findall(r"\{(\w+)", text)) for text in (korean, english)]
        assert names[0] == names[1]
        assert not SENTENCE.search(korean)


@pytest.mark.parametrize(
    ("number", "korean"),
    [
        ("41461", "숫자 5자리. 필지고유번호는 숫자 19자리"),
        ("", "비어 있음. 필지고유번호는 숫자 19자리"),
        ("4146125626300120003", "11번째 숫자가 3. 1(토지) 또는 2(산)"),
        ("4146125626200000003", "본번이 0"),
        ("9946125626200120003", "99: 알려진 시도의 코드가 아님(행정안전부)"),
    ],
)
def test_what_is_wrong_with_a_parcel_number_is_told_in_korean(number: str, korean: str) -> None:
    assert cg.decode_pnu([number], lang="ko")["reason"].tolist() == [korean]


@pytest.mark.parametrize("ask", [lambda: cg.match_addresses(["x"], lang="fr"), lambda: cg.decode_pnu([], lang="fr")])
def test_another_language_is_refused(ask: Any) -> None:
    with pytest.raises(cg.ClusterGeoError, match="expected 'ko' or 'en'"):
        ask()


# Options that exist


def options_of(command: str) -> set[str]:
    found = cli.cli.commands[command]
    return {name for one in found.params for name in (*one.opts, *one.secondary_opts)}


def test_every_option_that_a_cure_names_exists() -> None:
    words = [text for kind in problems.KINDS.values() for pair in kind[1:] for text in pair]
    flags = {flag for text in words for flag in re.findall(r"--[a-z-]+", text)}
    named = {name for text in words for name in re.findall(r"\b([a-z_]+)=", text)}
    assert flags
    assert named
    for flag in flags:
        assert flag in options_of("tag"), flag
        assert flag in options_of("report"), flag
    for read in (cg.read_sites, cg.read_layer):
        assert named <= set(inspect.signature(read).parameters)


def test_every_option_that_a_refusal_of_a_file_names_exists_for_check_too_or_says_where() -> None:
    """What cannot be read at all is refused by check as by the readers: with options that check has."""
    sources = "".join(inspect.getsource(module) for module in READING)
    flags = set(re.findall(r"--[a-z]+(?:-[a-z]+)*", sources)) - {"--sites"}
    assert flags - options_of("tag") == set()
    assert flags - options_of("check") <= {"--repair"}


def test_a_refused_zone_layer_names_the_options_of_zone_layers(tmp_path: Path) -> None:
    from click.testing import CliRunner

    sites, zone = tmp_path / "s.csv", tmp_path / "zone.shp"
    sites.write_text("site_id,lon,lat\na,127,37\n")
    gpd.GeoDataFrame(geometry=[box(200_000, 500_000, 200_100, 500_100)], crs=PLANE).to_file(zone)
    zone.with_suffix(".prj").unlink()
    command = ["tag", str(sites), "-o", str(tmp_path / "out.csv"), "--zones", f"rdz={zone}"]
    refused = str(CliRunner().invoke(cli.cli, command).exception)
    assert "--zone-crs rdz=EPSG:" in refused
    assert not re.search(r"(?<!\S)\(?--crs", refused)
    told = [*command, "--zone-crs", f"rdz={PLANE}", "--coverage", "rdz=everywhere"]
    assert CliRunner().invoke(cli.cli, told).exit_code == 0
