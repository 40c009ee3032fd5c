"""The shipped layers and facts: counts, hashes, names of each day, areas."""

from __future__ import annotations

import hashlib
import tomllib
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyproj
import pytest
import shapely

import clustergeo as cg
from clustergeo import datasets, facts
from clustergeo._shipped import data_path

GEOD = pyproj.Geod(ellps="GRS80")
ROOT = Path(__file__).resolve().parents[1]


def area_km2(frame: gpd.GeoDataFrame) -> float:
    return sum(abs(GEOD.geometry_area_perimeter(shape)[0]) for shape in frame.geometry) / 1e6


# The catalogue


def read_toml(path: Path) -> Any:
    held = tomllib.loads(path.read_text(encoding="utf-8"))
    return held["rule"] if path.name == "rules.toml" else held


def test_every_listed_file_has_the_listed_rows_and_sha256() -> None:
    for entry in cg.catalogue().itertuples(index=False):
        path = data_path(entry.file)
        assert hashlib.sha256(path.read_bytes()).hexdigest() == entry.sha256, entry.file
        readers = {".parquet": gpd.read_parquet, ".csv": partial(pd.read_csv, dtype=str), ".toml": read_toml}
        assert len(readers[path.suffix](path)) == entry.rows, entry.file


def test_every_shipped_file_is_listed_with_licence_vintage_source_and_attribution() -> None:
    listed = cg.catalogue()
    shipped = {path.name for path in data_path("catalogue.json").parent.iterdir()}
    assert shipped - set(listed["file"]) == {"catalogue.json"}
    for column in ("layer", "vintage", "licence", "source", "attribution", "sha256"):
        assert (listed[column].str.strip().str.len() > 1).all(), column
        assert not listed[column].str.fullmatch(r"(?i)n/?a|none|unknown").any(), column
    assert listed["layer"].is_unique


def test_all_that_is_shipped_is_under_five_megabytes() -> None:
    folder = data_path("catalogue.json").parent
    assert sum(path.stat().st_size for path in folder.iterdir()) < 5_000_000


@pytest.mark.parametrize(
    "name",
    [
        "facts.csv",
        "provinces.csv",
        "sectors.csv",
        "macro_regions.csv",
        "sources.toml",
        "rules.toml",
        "designations.csv",
    ],
)
def test_a_shipped_table_is_the_raw_one(name: str) -> None:
    raw = ROOT / "data" / "raw" / name
    if not raw.is_file():
        pytest.skip("the raw tables are only in a checkout")
    assert data_path(name).read_bytes() == raw.read_bytes()


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(cg.ClusterGeoError, match=r"nothing\.csv"):
        data_path("nothing.csv")


# Regions


def test_each_level_is_a_coverage_of_valid_polygons_and_the_levels_have_the_same_area() -> None:
    frames = {level: cg.load_regions(level) for level in datasets.LEVELS}
    assert [len(frame) for frame in frames.values()] == [16, 250, 3504]
    areas = {level: area_km2(frame) for level, frame in frames.items()}
    assert areas["province"] == pytest.approx(100_668, rel=5e-4)
    assert areas["municipality"] == pytest.approx(areas["province"], rel=1e-9)
    assert areas["locality"] == pytest.approx(areas["province"], rel=1e-9)
    for level, frame in frames.items():
        assert str(frame.crs) == "EPSG:4326"
        assert frame.geometry.is_valid.all(), level
        assert shapely.coverage_is_valid(frame.geometry.to_numpy()), level
        assert frame.geom_type.isin(["Polygon", "MultiPolygon"]).all()


@pytest.mark.parametrize(("code", "expected"), [("11", 605.66), ("23", 1098.21), ("31", 10260.28)])
def test_the_areas_of_the_provinces_of_the_capital_region(code: str, expected: float) -> None:
    held = cg.load_regions("province")
    assert area_km2(held[held["province_code_kostat"] == code]) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("day", "count", "names"),
    [
        ("2018-12-31", 17, ["강원도", "전라북도", "광주광역시", "전라남도", "경상북도"]),
        ("2023-03-15", 17, ["강원도", "전라북도", "광주광역시", "전라남도", "경상북도"]),
        ("2023-06-10", 17, ["강원도", "전라북도", "광주광역시", "전라남도", "경상북도"]),
        ("2023-06-11", 17, ["강원특별자치도", "전라북도", "광주광역시", "전라남도", "경상북도"]),
        ("2023-06-30", 17, ["강원특별자치도", "전라북도", "광주광역시", "전라남도", "경상북도"]),
        ("2023-07-01", 17, ["강원특별자치도", "전라북도", "광주광역시", "전라남도", "대구광역시"]),
        ("2024-01-17", 17, ["강원특별자치도", "전라북도", "광주광역시", "전라남도", "대구광역시"]),
        ("2024-01-18", 17, ["강원특별자치도", "전북특별자치도", "광주광역시", "전라남도", "대구광역시"]),
        ("2026-06-30", 17, ["강원특별자치도", "전북특별자치도", "광주광역시", "전라남도", "대구광역시"]),
        (
            "2026-07-01",
            16,
            ["강원특별자치도", "전북특별자치도", "전남광주통합특별시", "전남광주통합특별시", "대구광역시"],
        ),
        ("2023-06", 17, ["강원특별자치도", "전라북도", "광주광역시", "전라남도", "경상북도"]),
        (None, 16, ["강원특별자치도", "전북특별자치도", "전남광주통합특별시", "전남광주통합특별시", "대구광역시"]),
    ],
)
def test_the_provinces_of_a_day(day: str | None, count: int, names: list[str]) -> None:
    gangwon, jeonbuk, gwangju, goheung, gunwi = names
    assert len(datasets.provinces_on(day)) == count
    held = datasets.municipalities_on(day)["province"]
    assert held[["32010", "35011", "24050", "36350", "37310"]].tolist() == [gangwon, jeonbuk, gwangju, goheung, gunwi]
    sites = cg.load_sites(as_of=day).set_index("site_id")["province"]
    assert sites[["gangneung", "iksan", "gwangju", "goheung"]].tolist() == [gangwon, jeonbuk, gwangju, goheung]


def test_gunwi_moves_its_ground_and_the_merger_keeps_it() -> None:
    before, after, merged = (
        cg.load_regions("province", as_of=day) for day in ("2023-06-30", "2023-07-01", "2026-07-01")
    )
    gunwi = cg.load_regions("municipality").set_index("municipality_code_kostat").geometry["37310"]
    extent = area_km2(gpd.GeoDataFrame(geometry=[gunwi]))
    daegu = [area_km2(frame[frame["province"] == "대구광역시"]) for frame in (before, after)]
    assert daegu[1] - daegu[0] == pytest.approx(extent, rel=1e-6)
    two = area_km2(after[after["province"].isin(["광주광역시", "전라남도"])])
    one = merged[merged["province"] == "전남광주통합특별시"]
    assert area_km2(one) == pytest.approx(two, rel=1e-9)
    assert one[["province_code_mois", "province_code_kostat"]].isna().all(axis=None)
    assert shapely.coverage_is_valid(merged.geometry.to_numpy())
    assert area_km2(merged) == pytest.approx(area_km2(before), rel=1e-9)


def test_codes_of_both_schemes_change_on_their_days() -> None:
    codes = [datasets.municipalities_on(day).loc["32010", "province_code_mois"] for day in ("2023-06-10", "2023-06-11")]
    assert codes == ["42", "51"]
    codes = [datasets.municipalities_on(day).loc["35011", "province_code_mois"] for day in ("2024-01-17", "2024-01-18")]
    assert codes == ["45", "52"]


def test_names_stand_with_a_space_and_a_city_beside_its_gu() -> None:
    held = cg.load_regions("municipality").set_index("municipality_code_kostat")
    assert held.loc["31191", ["city", "municipality"]].tolist() == ["용인시", "용인시 처인구"]
    assert held.loc["11010", ["city", "municipality"]].tolist() == ["종로구", "종로구"]
    assert (held["municipality_en"].str.len() > 2).all()


@pytest.mark.parametrize("bad", ["yesterday", "2023-13", "2023-02-30", "15.03.2023", "", "2023-3-15"])
def test_a_day_that_is_none_is_refused(bad: str) -> None:
    for load in (lambda: cg.load_sites(as_of=bad), lambda: cg.load_regions("province", as_of=bad)):
        with pytest.raises(cg.ClusterGeoError, match="YYYY-MM-DD"):
            load()


def test_an_unknown_level_is_refused_with_the_levels() -> None:
    with pytest.raises(cg.ClusterGeoError, match="province, municipality, locality"):
        cg.load_regions("gu")


def test_what_a_caller_does_to_a_loaded_frame_does_not_reach_the_next() -> None:
    for load in (cg.load_sites, cg.load_capital_region, lambda: cg.load_regions("province"), datasets.load_facts):
        first = load()
        expected = first.copy(deep=True)
        first.loc[first.index[0], first.columns[0]] = "spoiled"
        del first[first.columns[1]]
        pd.testing.assert_frame_equal(pd.DataFrame(load()), pd.DataFrame(expected))
    cg.load_sites()["sectors"].iloc[0].append("spoiled")
    assert "spoiled" not in cg.load_sites()["sectors"].iloc[0]


# Sites


def test_the_sites_of_the_day_of_the_announcement() -> None:
    sites = cg.load_sites(as_of="2023-03-15")
    assert len(sites) == 15
    assert sites["area_km2"].sum() == pytest.approx(40.76, abs=0.005)
    counts = sites["macro_region"].value_counts()
    order = ["gyeonggi", "chungcheong", "honam", "gyeongnam", "daegyeong", "gangwon"]
    assert counts[order].tolist() == [1, 4, 4, 1, 4, 1]
    assert (sites["area_as_of"] == "2023-03-15").all()
    assert (sites["area_km2"] == sites["announced_area_km2"]).all()


def test_the_latest_area_stands_beside_the_announced_one() -> None:
    sites = cg.load_sites().set_index("site_id")
    assert sites.loc["yongin", ["area_km2", "area_as_of", "announced_area_km2"]].tolist() == [7.28, "2024-04-24", 7.10]
    assert sites.loc["wanju", ["area_km2", "area_as_of", "announced_area_km2"]].tolist() == [0.636, "2025-12-24", 1.65]
    assert sites.loc["hongseong", ["area_km2", "area_as_of"]].tolist() == [2.36, "2023-03-15"]
    assert sites.loc["daejeon", ["area_km2", "area_scope"]].tolist() == [3.9, "withdrawn_plan"]
    assert sites["announced_area_km2"].sum() == pytest.approx(40.76, abs=0.005)


@pytest.mark.parametrize(
    ("day", "expected"), [("2024-04-23", 7.10), ("2024-04-24", 7.28), ("2024", 7.28), ("2023-12", 7.10)]
)
def test_an_area_counts_from_its_day(day: str, expected: float) -> None:
    assert cg.load_sites(as_of=day).set_index("site_id").loc["yongin", "area_km2"] == expected


def test_a_share_counts_from_its_day() -> None:
    days = ["2024-09-04", "2024-09-05", "2024-09-23", "2025-02-25"]
    shares = [cg.load_sites(as_of=day).set_index("site_id").loc["gwangju", "rdz_reported_share"] for day in days]
    assert pd.isna(shares[0])
    assert shares[1:] == [0.96, 0.95, 0.956]


def test_before_the_announcement_there_are_15_rows_of_which_no_area_is_known() -> None:
    sites = cg.load_sites(as_of="2023-03-14")
    assert len(sites) == 15
    assert sites[["area_km2", "announced_area_km2", "status"]].isna().all(axis=None)
    assert sites["within"].notna().all()


def test_every_position_lies_in_what_certainly_contains_its_site() -> None:
    sites = cg.load_sites()
    centres = shapely.centroid(sites.geometry.to_numpy())
    assert shapely.intersects(sites["within"].to_numpy(), centres).all()
    assert (sites["footprint_basis"] == "disc").all()
    assert sites["site_id"].is_unique


def own(tmp_path: Path, *rows: str) -> pd.DataFrame:
    path = tmp_path / "own.csv"
    path.write_text("site_id,attribute,value,as_of,scope,basis,source\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return facts.read_facts(path)


def test_own_facts_add_and_correct(tmp_path: Path) -> None:
    mine = own(
        tmp_path, "wanju,area_km2,0.7,2026-06-01,whole,reported,me", "iksan,area_km2,2.1,2023-03-15,whole,reported,me"
    )
    sites = cg.load_sites(own_facts=mine).set_index("site_id")
    assert sites.loc[["wanju", "iksan"], "area_km2"].tolist() == [0.7, 2.1]
    assert sites.loc["wanju", "area_source"] == "me"
    assert cg.load_sites(own_facts=mine, as_of="2026-05").set_index("site_id").loc["wanju", "area_km2"] == 0.636


def test_own_facts_about_a_site_that_is_none_of_the_15_are_refused(tmp_path: Path) -> None:
    with pytest.raises(cg.ClusterGeoError, match="yongim"):
        cg.load_sites(own_facts=own(tmp_path, "yongim,area_km2,7.7,2026-06-01,whole,reported,me"))


def test_own_facts_of_a_later_day_do_not_take_a_figure_of_an_earlier_one_with_them(tmp_path: Path) -> None:
    """The frame says 0.9 in 2020; a statement of 2025 without a share must not redate that share."""
    frame = gpd.GeoDataFrame(
        {
            "site_id": ["a"],
            "rdz_reported_present": [True],
            "rdz_reported_share": [0.9],
            "rdz_reported_basis": ["reported"],
            "rdz_reported_as_of": ["2020"],
            "rdz_reported_source": ["old"],
        },
        geometry=[shapely.box(127, 37, 127.01, 37.01)],
        crs="EPSG:4326",
    )
    row = datasets.with_facts(frame, own(tmp_path, "a,rdz_present,true,2025,whole,reported,new")).iloc[0]
    assert row["rdz_reported_as_of"] == "2025"
    assert pd.isna(row["rdz_reported_share"])


def test_facts_about_a_site_that_was_not_given_are_refused(tmp_path: Path) -> None:
    frame = cg.load_sites()[["site_id", "geometry"]]
    with pytest.raises(cg.ClusterGeoError, match="'b'"):
        datasets.with_facts(frame, own(tmp_path, "b,area_km2,1,2025,whole,reported,new"))


def test_every_english_name_of_a_locality_has_its_kind_behind_a_hyphen() -> None:
    found = datasets.load_regions("locality")
    kinds = {"읍": "-eup", "면": "-myeon", "동": "-dong"}
    strange = [
        (name, english)
        for name, english in zip(found["locality"], found["locality_en"], strict=True)
        if not english.endswith(kinds[name[-1]]) or not english.removesuffix(kinds[name[-1]]).strip("- ")
    ]
    assert strange == []
    names = dict(zip(found["locality"], found["locality_en"], strict=True))
    assert [names[one] for one in ("향남읍", "수성1가동", "영해면")] == [
        "Hyangnam-eup",
        "Suseong1ga-dong",
        "Yeonghae-myeon",
    ]
