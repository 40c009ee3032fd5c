"""Summaries and presentation tables."""

from __future__ import annotations

import csv
import dataclasses
import io
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from clustergeo import crs, labels
from clustergeo._table import Column, Table
from clustergeo.datasets import load_sites
from clustergeo.errors import InputError
from clustergeo.footprints import outwards
from clustergeo.layers import Layer
from clustergeo.tables import KEYS, site_table, summarize, table
from clustergeo.tags import tag

SECTORS = {"food": (("식품", "food"), "#99BB55"), "bio": (("바이오", "bio"), "#CC3311")}
REGIONS = {"honam": ("호남권", "Honam"), "gangwon": ("강원권", "Gangwon")}


@pytest.fixture(autouse=True)
def taxonomy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels, "_sectors", lambda: SECTORS)
    monkeypatch.setattr(labels, "_macro_regions", lambda: REGIONS)


@pytest.fixture
def tagged() -> pd.DataFrame:
    """Four sites: inside, outside, outside without an area, and one of which nothing is known."""
    return pd.DataFrame(
        {
            "site_id": ["a", "b", "c", "d"],
            "name_ko": ["가", "나", "다", None],
            "name_en": ["Ga", None, "Da", None],
            "province": ["경기도", "전라남도", "경기도", None],
            "province_en": ["Gyeonggi-do", None, "Gyeonggi-do", None],
            "province_code_kostat": ["31", "36", "31", None],
            "municipality": ["용인시 처인구", "고흥군", None, None],
            "sectors": [["bio"], ["bio", "food"], ["tidal"], None],
            "macro_region": ["gangwon", "honam", "gangwon", None],
            "area_km2": [7.28, 1.5, np.nan, np.nan],
            "area_as_of": ["2024-04-24", "2025-08-11", None, None],
            "area_scope": ["whole", "withdrawn_plan", None, None],
            "announced_area_km2": [7.1, 1.73, 1.0, np.nan],
            "status": ["designated", "candidate", "candidate", None],
            "status_as_of": ["2024-12-26", "2023-03-15", "2023-03-15", None],
            "in_capital_region": pd.array([True, False, False, None], dtype="boolean"),
            "capital_border_km": [-12.34, 250.0, 1.3, np.nan],
            "rdz_present": pd.array([False, True, True, None], dtype="boolean"),
            "rdz_share": [np.nan, 0.956, np.nan, np.nan],
            "rdz_area_m2": [np.nan, 1434000.0, np.nan, np.nan],
            "rdz_basis": ["inferred", "reported", "measured", "unknown"],
            "rdz_as_of": ["2026", "2025-02-25", "2025", None],
        }
    )


def test_a_site_of_two_sectors_counts_in_both_rows(tagged: pd.DataFrame) -> None:
    summary = summarize(tagged).set_index("sector")
    assert summary["sites"].to_dict() == {"food": 1, "bio": 2, "tidal": 1, "unknown": 1}
    assert summary.loc["bio", "area_km2"] == pytest.approx(8.78)


def test_rows_follow_the_taxonomy_then_strangers_then_the_unknown(tagged: pd.DataFrame) -> None:
    assert summarize(tagged)["sector"].tolist() == ["food", "bio", "tidal", "unknown"]


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("province", ["경기도", "전라남도", "unknown"]),
        ("macro_region", ["honam", "gangwon", "unknown"]),
        ("in_capital_region", ["inside", "outside", "unknown"]),
        ("rdz_basis", ["measured", "reported", "inferred", "unknown"]),
        ("status", ["candidate", "designated", "unknown"]),
    ],
)
def test_every_key_has_its_own_order(tagged: pd.DataFrame, by: str, expected: list[Any]) -> None:
    assert summarize(tagged, by=by)[by].tolist() == expected
    assert summarize(tagged.iloc[::-1], by=by)[by].tolist() == expected


def test_the_figures_of_a_group_are_those_worked_out_by_hand(tagged: pd.DataFrame) -> None:
    row = summarize(tagged, by="in_capital_region").set_index("in_capital_region").loc["outside"]
    assert row.to_dict() == {
        "sites": 2,
        "area_km2": 1.5,
        "sites_without_area": 1,
        "announced_area_km2": pytest.approx(2.73),
        "inside_capital_region": 0,
        "outside_capital_region": 2,
        "capital_region_undecided": 0,
        "rdz_present": 2,
        "rdz_absent": 0,
        "rdz_undecided": 0,
        "rdz_unknown": 0,
        "rdz_area_km2": pytest.approx(1.434),
    }


def test_a_sum_of_nothing_known_is_null_and_not_zero(tagged: pd.DataFrame) -> None:
    row = summarize(tagged, by="status").set_index("status").loc["unknown"]
    assert np.isnan(row["area_km2"])
    assert np.isnan(row["rdz_area_km2"])
    assert (row["capital_region_undecided"], row["rdz_unknown"], row["sites_without_area"]) == (1, 1, 1)


def test_two_keys_give_a_row_for_each_pair_that_occurs(tagged: pd.DataFrame) -> None:
    summary = summarize(tagged, by=["sector", "province"])
    pairs = list(summary[["sector", "province"]].itertuples(index=False, name=None))
    expected = [
        ("food", "전라남도"),
        ("bio", "경기도"),
        ("bio", "전라남도"),
        ("tidal", "경기도"),
        ("unknown", "unknown"),
    ]
    assert pairs == expected
    assert summary["sites"].tolist() == [1, 1, 1, 1, 1]


def test_an_empty_frame_gives_every_column_with_its_type(tagged: pd.DataFrame) -> None:
    full, empty = summarize(tagged, by=["sector", "status"]), summarize(tagged.iloc[:0], by=["sector", "status"])
    assert len(empty) == 0
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()
    assert summarize(pd.DataFrame(), by="province").columns[0] == "province"


def test_a_frame_without_announced_areas_has_no_column_of_them(tagged: pd.DataFrame) -> None:
    assert "announced_area_km2" not in summarize(tagged.drop(columns="announced_area_km2"))


def test_the_area_of_a_measured_polygon_is_measured_where_no_figure_is_given() -> None:
    square = shapely.box(127, 37, 127.01, 37.01)
    sites = gpd.GeoDataFrame(
        {
            "status": ["x", "x", "x"],
            "area_km2": [np.nan, np.nan, 5.0],
            "footprint_basis": ["measured", "disc", "measured"],
        },
        geometry=[square, square, square],
        crs="EPSG:4326",
    )
    row = summarize(sites, by="status").iloc[0]
    true_area = crs.areas_m2(sites.geometry)[0] / 1e6
    assert row["area_km2"] == pytest.approx(5.0 + true_area)
    assert row["sites_without_area"] == 1


def test_a_measured_point_has_no_area() -> None:
    sites = gpd.GeoDataFrame({"status": ["x"]}, geometry=[shapely.Point(127, 37)], crs="EPSG:4326")
    assert summarize(sites, by="status")["sites_without_area"].tolist() == [1]


@pytest.mark.parametrize(
    "by", ["colour", [], ["sector", "sector"], ["sector", "status", "province"], ["sector", "colour"]]
)
def test_a_key_that_does_not_exist_is_refused_with_the_choices(tagged: pd.DataFrame, by: Any) -> None:
    with pytest.raises(InputError, match=", ".join(KEYS)):
        summarize(tagged, by=by)


def test_a_frame_that_was_not_tagged_is_refused_with_the_cure(tagged: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="Tag them first"):
        summarize(tagged.drop(columns="province"), by="province")


def test_the_callers_frame_is_not_changed(tagged: pd.DataFrame) -> None:
    before = tagged.copy(deep=True)
    summarize(tagged, by=["sector", "province"])
    table(tagged, by="sector")
    site_table(tagged)
    pd.testing.assert_frame_equal(tagged, before)


# Presentation


def test_a_table_of_a_summary_is_that_of_its_sites(tagged: pd.DataFrame) -> None:
    assert table(summarize(tagged, by="status"), lang="en") == table(tagged, by="status", lang="en")
    with pytest.raises(InputError, match="disagrees with a summary by status"):
        table(summarize(tagged, by="status"), by="sector")


def test_headers_and_values_are_words_in_both_languages(tagged: pd.DataFrame) -> None:
    korean, english = (table(tagged, by="sector", lang=lang) for lang in labels.LANGS)
    assert korean.frame["업종"].tolist() == ["식품", "바이오", "기타 (tidal)", "알 수 없음"]
    assert english.frame["Sector"].tolist() == ["food", "bio", "other (tidal)", "unknown"]
    assert "Area (km²)" in english.frame.columns
    assert (korean.title, english.title) == ("업종별 부지", "Sites by Sector")


def test_headers_are_never_twice_the_same(tagged: pd.DataFrame) -> None:
    for key in KEYS:
        for lang in labels.LANGS:
            headers = [column.header for column in table(tagged, by=key, lang=lang).columns]
            assert len(set(headers)) == len(headers)


def test_the_table_by_sector_says_that_sites_count_twice(tagged: pd.DataFrame) -> None:
    assert "counts once in each sector's row" in table(tagged, by="sector", lang="en").notes[0]
    assert len(table(tagged, by="status", lang="en").notes) == 1


def test_an_undecided_capital_region_is_a_row_in_words(tagged: pd.DataFrame) -> None:
    shown = table(tagged, by="in_capital_region", lang="en").frame["Capital region"]
    assert shown.tolist() == ["inside", "outside", "not decidable"]


def test_without_a_key_the_table_is_of_the_sites(tagged: pd.DataFrame) -> None:
    assert table(tagged, lang="en") == site_table(tagged, "en")


def test_a_row_of_the_site_table_says_what_is_known_with_dates(tagged: pd.DataFrame) -> None:
    rows = site_table(tagged, "en").frame
    assert rows["Name"].tolist() == ["Ga", "나", "Da", "d"]
    assert rows["Province"].tolist() == ["Gyeonggi-do", "Jeollanam-do", "Gyeonggi-do", None]
    assert rows["Area as of"].tolist() == ["2024-04-24", "2025-08-11 (whole site in a withdrawn plan)", None, None]
    assert rows["Capital region"].tolist() == ["inside", "outside", "outside", "not decidable"]
    assert rows["RDZ: present"].tolist() == ["none", "present", "present", None]
    assert rows["RDZ area (km²)"].tolist() == [None, pytest.approx(1.434), None, None]
    assert rows["To its border (km, − inside)"].iloc[0] == -12.34


def test_numbers_are_shown_with_the_decimals_they_need_and_nulls_as_a_dash() -> None:
    shown = Table.of(
        [Column("a", "area"), Column("s", "share")], [[7.28, 0.956], [0.636, None], [1234.5, 1.0]], title="t"
    )
    assert [line for line in shown.markdown().splitlines() if line.startswith("| ")][2:] == [
        "| 7.28 | 95.6 % |",
        "| 0.636 | – |",
        "| 1,234.50 | 100.0 % |",
    ]


@pytest.mark.parametrize(
    ("kind", "number", "words"),
    [
        ("area", 0.0003, "0.0003"),
        ("area", 0.000041, "0.000041"),
        ("area", 0.0456, "0.046"),
        ("area", 0.0000002, "<0.000001"),
        ("area", 0.0, "0.00"),
        ("share", 0.0001, "<0.1 %"),
        ("share", 0.9999, ">99.9 %"),
        ("share", 1.0, "100.0 %"),
        ("distance", -0.03, "-0.03"),
        ("distance", -0.0, "0.0"),
    ],
)
def test_no_figure_that_is_something_is_shown_as_nothing(kind: Any, number: float, words: str) -> None:
    shown = Table.of([Column("a", kind)], [[number]], title="t")
    assert shown.shown() == [[words]]
    assert f">{words.replace('<', '&lt;').replace('>', '&gt;')}</td>" in shown.html()


def site_of(metres: float, east: float = 0.0) -> Any:
    """Return a square of so many metres, from its south-western corner at 127 E, 37 N and so many metres east."""
    corner = gpd.GeoSeries([shapely.Point(127, 37)], crs="EPSG:4326").to_crs("EPSG:5186").iloc[0]
    x, y = corner.x + east, corner.y
    return gpd.GeoSeries([shapely.box(x, y, x + metres, y + metres)], crs="EPSG:5186").to_crs("EPSG:4326").iloc[0]


@pytest.fixture(scope="module")
def parcels() -> gpd.GeoDataFrame:
    """A parcel of 400 m², a quarter of it on a zone, and one of 100 m² off it; no column says their area."""
    frame = gpd.GeoDataFrame(
        {"site_id": ["a", "b"], "area_km2": [None, np.nan]},
        geometry=[site_of(20), site_of(10, east=500)],
        crs="EPSG:4326",
    )
    zone = gpd.GeoDataFrame(geometry=[site_of(10)], crs="EPSG:4326")
    return tag(frame, zones={"rdz": Layer(zone, name="rdz", coverage="everywhere")})


def test_a_parcel_has_an_area_and_so_has_its_part_on_a_zone(parcels: gpd.GeoDataFrame) -> None:
    shown = site_table(parcels, "en")
    rows = dict(zip([column.header for column in shown.columns], shown.shown()[0], strict=True))
    assert (rows["Area (km²)"], rows["RDZ area (km²)"], rows["RDZ: share"]) == ("0.0004", "0.0001", "25.0 %")
    total = table(parcels, by="rdz_basis", lang="en")
    sums = dict(zip([column.header for column in total.columns], total.shown()[0], strict=True))
    assert (sums["Area (km²)"], sums["RDZ area (km²)"], sums["Sites without an area"]) == ("0.0005", "0.0001", "0")


def test_a_sum_of_less_than_a_square_metre_is_not_nothing() -> None:
    sites = pd.DataFrame({"status": ["candidate"] * 2, "area_km2": [1e-7, 1e-7]})
    assert summarize(sites, by="status")["area_km2"].tolist() == [2e-7]
    assert "<0.000001" in table(sites, by="status", lang="en").shown()[0]


@pytest.fixture(scope="module")
def in_areas() -> gpd.GeoDataFrame:
    """Sites of 1 km² in a known area of 4 km²: wholly on a zone, off it, half on it."""
    discs = [shapely.Point(x, 37).buffer(0.003) for x in (127.0, 127.3, 127.6)]
    held = [shapely.box(x - 0.0112, 36.991, x + 0.0112, 37.009) for x in (127.0, 127.3, 127.6)]
    frame = gpd.GeoDataFrame(
        {"site_id": ["on", "off", "open"], "area_km2": [1.0] * 3, "footprint_basis": ["disc"] * 3},
        geometry=discs,
        crs="EPSG:4326",
    )
    frame["within"] = gpd.GeoSeries(held, crs="EPSG:4326")
    zone = gpd.GeoDataFrame(
        geometry=[shapely.box(126.9, 36.9, 127.1, 37.1), shapely.box(127.6, 36.9, 127.7, 37.1)], crs="EPSG:4326"
    )
    return tag(frame, zones={"rdz": Layer(zone, name="rdz", coverage="everywhere")})


@pytest.mark.parametrize("lang", labels.LANGS)
def test_a_proved_share_is_a_figure_and_the_overlap_of_a_disc_is_none(in_areas: gpd.GeoDataFrame, lang: str) -> None:
    shown = site_table(in_areas, lang)
    heads = [column.header for column in shown.columns]
    names = [labels.column(name, lang) for name in ("rdz_share", "rdz_area_km2", "rdz_share_bounds", "rdz_present")]
    found = [[row[heads.index(name)] for name in names] for row in shown.shown()]
    words = {"ko": ["있음", "없음", "판정 불가"], "en": ["present", "none", "not decidable"]}[lang]
    assert found == [
        ["100.0 %", "1.00", "100.0 %", words[0]],
        ["0.0 %", "0.00", "0.0 %", words[1]],
        ["–", "–", "0.0–100.0 %", words[2]],
    ]
    summary = summarize(in_areas, by="rdz_basis").set_index("rdz_basis").loc["estimated"]
    assert (summary["rdz_area_km2"], summary["rdz_undecided"], summary["rdz_unknown"]) == (pytest.approx(1.0), 1, 0)


def test_no_table_of_proved_bounds_has_a_negative_zero(in_areas: gpd.GeoDataFrame) -> None:
    for lang in labels.LANGS:
        assert "-0.0" not in site_table(in_areas, lang).html()
        assert b"-0.0" not in site_table(in_areas, lang).csv()
    low, high = outwards(np.zeros(2), np.array([0.0, 1e-12]))
    assert not np.signbit([low, high]).any()


def test_csv_has_raw_numbers_and_empty_cells(tagged: pd.DataFrame) -> None:
    data = site_table(tagged, "ko").csv()
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\r\n") == 5
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert rows[1]["개발제한구역: 비율"] == "0.956"
    assert rows[0]["수도권 경계까지(km, 안쪽 −)"] == "-12.34"
    assert rows[0]["개발제한구역: 비율"] == ""


def test_a_hostile_name_does_no_harm_in_any_format() -> None:
    name = "<img src=x onerror=alert(1)>|\n`[x](javascript:1)` \\input{x} $x^2$ 50% a_b"
    shown = Table.of([Column(name, "text")], [[name], ["=HYPERLINK(1)"]], title=name, notes=[name])
    assert "<img" not in shown.html()
    assert shown.html().count("&lt;img src=x onerror=alert(1)&gt;") == 4
    lines = shown.markdown().splitlines()
    assert "<img" not in shown.markdown()
    assert len([line for line in lines if line.startswith("| ")]) == 4
    assert r"\|" in lines[2]
    assert r"\[x\](javascript:1)" in lines[2]
    assert r"\input" not in shown.latex()
    assert r"50\% a\_b" in shown.latex()
    assert "'=HYPERLINK(1)" in shown.csv().decode("utf-8-sig")


def test_html_is_one_well_formed_table_with_caption_and_notes(tagged: pd.DataFrame) -> None:
    text = table(tagged, by="sector", lang="ko", title="A & B").html()
    assert text.startswith('<table class="clustergeo-table" lang="ko">')
    assert "<caption>A &amp; B</caption>" in text
    assert text.count("<tr>") == 1 + 4 + 1
    assert "<tfoot>" in text
    frame = pd.DataFrame(table(tagged, by="sector").frame)
    assert text.count("<th ") == len(frame.columns)
    assert table(tagged, by="sector")._repr_html_() == table(tagged, by="sector").html()


def test_latex_uses_booktabs_and_one_column_a_header(tagged: pd.DataFrame) -> None:
    text = table(tagged, by="status", lang="en").latex()
    body = text[text.index(r"\midrule") : text.index(r"\bottomrule")]
    assert [line.count(" & ") for line in body.splitlines()[1:]] == [12, 12, 12]
    # A row as wide as this one breaks into lines: the first column is text, the other twelve are numbers.
    layout = text.splitlines()[3]
    assert (layout.count(r"\raggedright"), layout.count(r"\raggedleft")) == (1, 12)
    assert r"km\textsuperscript{2}" in text


def test_a_table_cannot_be_changed(tagged: pd.DataFrame) -> None:
    shown = table(tagged, by="status")
    with pytest.raises(dataclasses.FrozenInstanceError):
        shown.title = "other"  # type: ignore[misc]
    frame = shown.frame
    frame.iloc[0, 0] = "changed"
    assert shown.frame.iloc[0, 0] == "후보지"


def test_an_empty_table_still_has_its_headers(tagged: pd.DataFrame) -> None:
    shown = site_table(tagged.iloc[:0], "en")
    assert len(shown.frame) == 0
    assert "Name" in shown.frame.columns
    assert "<thead>" in shown.html()
    assert shown.csv().decode("utf-8-sig").startswith("Name,Province")


@pytest.mark.parametrize("lang", ["fr", ""])
def test_a_language_that_does_not_exist_is_refused(tagged: pd.DataFrame, lang: str) -> None:
    with pytest.raises(InputError, match="'ko', 'en'"):
        table(tagged, by="status", lang=lang)
    with pytest.raises(InputError, match="'ko', 'en'"):
        site_table(tagged, lang)


def test_a_summary_counts_the_verdicts_that_tables_and_map_show_where_a_layer_was_given() -> None:
    shape = gpd.GeoDataFrame(geometry=[shapely.box(126.9, 36, 127.3, 37.3)], crs="EPSG:4326")
    tagged = tag(load_sites(), zones={"rdz": Layer(shape, name="rdz", coverage="everywhere")})
    assert tagged["rdz_present"].isna().any()
    out = summarize(tagged, by="rdz_basis").set_index("rdz_basis")
    for basis, group in tagged.groupby("rdz_basis"):
        row = out.loc[str(basis)]
        assert row["rdz_present"] == (group["rdz_present"] == True).sum()  # noqa: E712 - null is neither
        assert row["rdz_absent"] == (group["rdz_present"] == False).sum()  # noqa: E712
        # The layer is there and does not decide: that is not the same as nothing known.
        assert row["rdz_undecided"] == group["rdz_present"].isna().sum() > 0
        assert row["rdz_unknown"] == 0


def test_without_a_tag_a_summary_counts_what_was_reported() -> None:
    sites = load_sites()
    assert summarize(sites, by="status")["rdz_present"].sum() == sites["rdz_reported_present"].sum()
