"""The interactive map says what the frame says, of any frame, and nothing of a user's runs."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from clustergeo import (
    _cards,
    _cells,
    _classes,
    _evidence,
    _groups,
    _lettering,
    _pack,
    _scene,
    datasets,
    explaining,
    maps,
)
from clustergeo._drawing import Drawing
from clustergeo._land import land
from clustergeo.errors import InputError, PageError
from clustergeo.layers import Layer
from clustergeo.tags import tag

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "<img src=x onerror=alert(1)>"


def square(west: float, south: float, side: float = 0.01) -> shapely.Polygon:
    return shapely.box(west, south, west + side, south + side)


def frame(geometries: list[Any], **columns: list[Any]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=geometries, crs="EPSG:4326")


def ground_of(m: folium.Map) -> Any:
    return next(child for child in m._children.values() if type(child).__name__ == "Ground")


def payload_of(m: folium.Map) -> tuple[dict[str, Any], list[bytes]]:
    """Return what the page's script is given."""
    return _pack.unpacked(json.loads(ground_of(m).data))


def data_of(m: folium.Map) -> dict[str, Any]:
    return payload_of(m)[0]


def table_of(m: folium.Map) -> dict[str, Any]:
    return dict(data_of(m)["tables"][0])


def layer_of(m: folium.Map, key: str) -> dict[str, Any]:
    return next(layer for layer in data_of(m)["layers"] if key in (layer["key"], layer["name"]))


def dots_of(m: folium.Map) -> list[tuple[float, float]]:
    data, blobs = payload_of(m)
    layer = next(one for one in data["layers"] if one["kind"] == "dots")
    return [tuple(pieces[0][0].tolist()) for _, pieces in _pack.shapes_of(blobs[layer["blob"]], layer["quantum"])]


def layers_of(m: folium.Map) -> list[str]:
    return [child.layer_name for child in m._children.values() if isinstance(child, folium.map.Layer)]


def legend_of(m: folium.Map, key: str) -> list[tuple[str, int | None]]:
    parts = layer_of(m, key).get("legend", [])
    return [(item["words"], item.get("count")) for part in parts for item in part["items"]]


def rows_of(row: dict[str, Any], lang: str = "en") -> dict[str, dict[str, Any]]:
    """Return the rows of the card of one site by their term, with what their columns say."""
    cells = pd.DataFrame({name: [value] for name, value in row.items()})
    table = _cards.table_of(cells, names=["A"], basis=np.array(["measured"], dtype=object), lang=lang)
    found = {}
    for spec in table["rows"]:
        said = {}
        for part, column in spec.items():
            held = table["columns"].get(column) if isinstance(column, str) else None
            if held:
                code = held["codes"][0] if "codes" in held else None
                said[part] = held["numbers"][0] if code is None else None if code < 0 else held["words"][code]
            elif part == "share":
                said[part] = [table["columns"][one]["numbers"][0] if one else None for one in column]
            else:
                said[part] = column
        found[spec["term"]] = said
    return found


@pytest.fixture(scope="module")
def tagged() -> gpd.GeoDataFrame:
    return tag(datasets.load_sites())


def test_the_map_of_the_shipped_sites_has_each_of_them_once(tagged: gpd.GeoDataFrame) -> None:
    made = maps.explore(tagged, lang="ko")
    table = table_of(made)
    assert table["names"] == list(tagged["name_ko"])
    assert table["other"] == list(tagged["name_en"])
    assert len(dots_of(made)) == table["n"] == len(tagged)


def test_the_same_map_gives_the_same_page(tagged: gpd.GeoDataFrame) -> None:
    first = maps.map_html(maps.explore(tagged))
    again = maps.explore(tagged)
    assert maps.map_html(again) == first
    # Rendered a second time, the ids of the first rendering are still there.
    assert maps.map_html(again) == first


def test_two_processes_write_the_same_bytes() -> None:
    code = (
        "import hashlib; from clustergeo import explore, load_sites, maps, tag;"
        "print(hashlib.sha256(maps.map_html(explore(tag(load_sites()))).encode()).hexdigest())"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "SOURCE_DATE_EPOCH": "1700000000"},
            capture_output=True,
            text=True,
            check=True,
        )
        for seed in ("1", "2")
    ]
    assert runs[0].stdout == runs[1].stdout


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_page_is_small_and_loads_nothing(tagged: gpd.GeoDataFrame, lang: str) -> None:
    page = maps.map_html(maps.explore(tagged, lang=lang))
    assert len(page.encode()) < 900_000
    assert not re.search(r"<(script|img|iframe)[^>]*\ssrc=|<link[^>]*\shref=|@import", page)


def test_the_class_lists_of_folium_are_left_alone(tagged: gpd.GeoDataFrame) -> None:
    before = list(folium.Map.default_js), list(folium.Map.default_css)
    made = maps.explore(tagged)
    assert [name for name, _ in made.default_js] == ["leaflet", "jquery"]
    assert [name for name, _ in made.default_css] == ["leaflet_css"]
    assert (folium.Map.default_js, folium.Map.default_css) == before


def test_the_frame_is_not_changed(tagged: gpd.GeoDataFrame) -> None:
    before = tagged.copy(deep=True)
    maps.explore(tagged)
    pd.testing.assert_frame_equal(pd.DataFrame(tagged), pd.DataFrame(before))


def test_title_and_page_say_the_day_of_the_latest_fact() -> None:
    made = maps.explore(
        frame(
            [square(127, 37)] * 3, area_as_of=["2023", "2024-06-30", None], status_as_of=["2023-03-15", None, "2024-11"]
        )
    )
    assert made.page_title == "3 sites · facts as of 2024-11"
    assert data_of(made)["facts"] == "facts as of 2024-11"


def test_a_frame_without_dates_claims_none_and_a_title_of_ones_own_is_used() -> None:
    made = maps.explore(frame([square(127, 37)]), title="My <sites>")
    assert made.page_title == "My <sites>"
    assert data_of(made)["title"] == "My <sites>"
    assert data_of(made)["facts"] == ""


def test_sites_without_a_position_are_counted_and_listed_last_not_drawn() -> None:
    places = [square(127, 37), None, shapely.Polygon(), shapely.Point(np.inf, 1), shapely.Point(127, 37)]
    made = maps.explore(frame(places, name=list("abcde")))
    table = table_of(made)
    assert table["names"] == list("aebcd")
    assert table["placed"] == len(dots_of(made)) == 2
    footprint = table["columns"]["footprint"]
    assert [footprint["words"][code] for code in footprint["codes"]][2:] == ["without position: not on the map"] * 3
    assert data_of(made)["told"] == ["without position: 3"]
    assert data_of(made)["title"] == "5 sites"


def test_an_empty_frame_is_a_map_of_the_country() -> None:
    made = maps.explore(frame([]))
    west, south, east, north = land().bounds
    assert data_of(made)["bounds"] == [[south, west], [north, east]]
    assert layers_of(made) == ["Provinces", "Capital region", "Sites"]


def test_sites_across_the_country_show_the_country_and_sites_elsewhere_show_themselves() -> None:
    across = data_of(maps.explore(frame([shapely.Point(126.7, 35.1), shapely.Point(128.9, 37.7)])))
    assert across["bounds"][0][0] == pytest.approx(land().bounds[1])
    away = data_of(maps.explore(frame([shapely.Point(2.3, 48.8), shapely.Point(139.7, 35.6)])))
    assert away["bounds"] == [[35.6, 2.3], [48.8, 139.7]]
    one = data_of(maps.explore(frame([shapely.Point(127.0, 37.0)])))
    assert one["bounds"] == [
        [pytest.approx(36.975), pytest.approx(126.975)],
        [pytest.approx(37.025), pytest.approx(127.025)],
    ]


def test_a_projected_frame_lands_where_its_twin_lies() -> None:
    twin = frame([shapely.Point(127.2, 37.1)])
    here, there = (dots_of(maps.explore(one))[0] for one in (twin, twin.to_crs("EPSG:5174")))
    assert here == pytest.approx(there, abs=1e-5)


def test_footprints_are_layers_by_what_they_are() -> None:
    made = maps.explore(
        frame(
            [square(127, 37), square(127.1, 37), shapely.Point(127.2, 37)],
            footprint_basis=["measured", "disc", "point"],
        )
    )
    assert layers_of(made) == ["Provinces", "Capital region", "Drawn discs", "Measured boundaries", "Sites", "Names"]
    said = table_of(made)["columns"]["footprint"]
    assert [said["words"][code] for code in said["codes"]] == [
        "measured boundary", "drawn disc: not evidence", "point: a position without an extent",
    ]  # fmt: skip
    assert layer_of(made, "disc")["owners"] == [1]
    assert layer_of(made, "disc")["look"] != layer_of(made, "measured")["look"]


def test_a_frame_that_does_not_say_has_measured_polygons() -> None:
    assert "Measured boundaries" in layers_of(maps.explore(frame([square(127, 37)])))


def test_areas_that_contain_a_site_are_drawn_where_they_are_known() -> None:
    sites = frame([square(127, 37), square(127.1, 37)])
    sites["within"] = gpd.GeoSeries([square(126.9, 36.9, 0.3), None], crs="EPSG:4326")
    drawn = layer_of(maps.explore(sites), "within")
    assert drawn["count"] == 1
    assert drawn["owners"] == [0]


def test_zones_are_layers_with_their_terms_even_under_one_name_of_ours() -> None:
    zone = Layer(
        gpd.GeoDataFrame(geometry=[square(127, 37, 0.1)], crs="EPSG:4326"),
        name="rdz",
        as_of="2025-01-01",
        source="the <ministry>",
        licence="CC0",
    )
    made = maps.explore(frame([square(127, 37)]), zones={"<b>rdz</b>": zone})
    assert layers_of(made)[2] == "Zone: &lt;b&gt;rdz&lt;/b&gt;"
    (item,) = layer_of(made, "Zone: <b>rdz</b>")["legend"][0]["items"]
    assert (item["words"], item["terms"]) == ("<b>rdz</b>", "2025-01-01 · the <ministry> · CC0")
    assert any("the <ministry>" in notice for notice in data_of(made)["notices"])


def test_the_boundary_source_and_its_licence_are_named() -> None:
    (notice,) = data_of(maps.explore(frame([])))["notices"]
    assert "Statistics Korea" in notice
    assert "KOGL" in notice


def test_nothing_of_a_users_is_markup_in_the_page() -> None:
    names = "site_id name_ko name_en province municipality address_en status rdz_basis rdz_as_of area_scope area_as_of"
    columns = {name: [HOSTILE] for name in [*names.split(), "rdz_reported_note_en"]}
    sites = frame(
        [square(127, 37)], **columns, sectors=[[HOSTILE]], area_km2=[1.0], rdz_present=[True], rdz_share=[0.5]
    )
    page = maps.map_html(maps.explore(sites, title=HOSTILE))
    assert HOSTILE not in page
    assert "alert(1)" in page


def test_data_cannot_end_the_script_it_stands_in() -> None:
    page = maps.map_html(maps.explore(frame([square(127, 37)], name=["</script><script>alert(1)</script>\u2028"])))
    assert "<script>alert" not in page
    assert "\u2028" not in page


def test_a_lone_surrogate_costs_one_sign_not_the_file(tmp_path: Path) -> None:
    written = maps.save_map(maps.explore(frame([square(127, 37)]), title="A\ud800B"), tmp_path / "map.html")
    assert "A?B" in written.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("row", "evidence"),
    [
        ({"rdz_basis": "measured", "rdz_present": True, "rdz_share": 0.1}, ("measured", True)),
        ({"rdz_basis": "measured", "rdz_present": False, "rdz_share": 0.0}, ("measured", False)),
        ({"rdz_basis": "estimated", "rdz_present": pd.NA}, ("estimated", None)),
        ({"rdz_basis": "reported", "rdz_present": True, "rdz_share": 0.956}, ("reported", True)),
        ({"rdz_basis": "reported", "rdz_present": True, "rdz_share": np.nan, "rdz_area_m2": 1.0}, ("reported", True)),
        ({"rdz_basis": "reported", "rdz_present": True, "rdz_share": None, "rdz_area_m2": None}, ("present", True)),
        ({"rdz_basis": "inferred", "rdz_present": False}, ("none", False)),
        ({"rdz_basis": "unknown", "rdz_present": pd.NA}, ("unknown", None)),
        ({}, ("unknown", None)),
        ({"rdz_reported_basis": "inferred", "rdz_reported_present": False}, ("none", False)),
    ],
)  # fmt: skip
def test_evidence_is_told_apart_by_basis(row: dict[str, Any], evidence: tuple[str, bool | None]) -> None:
    stem = "rdz" if "rdz_basis" in row or not row else "rdz_reported"
    ((basis, answer, figure),) = _evidence.answers_of(pd.DataFrame([row] if row else [{"x": 1}]), stem).ways
    assert (_evidence.evidence_key(basis, answer, figure=figure), answer) == evidence


def test_each_evidence_differs_from_the_others_in_letter_and_in_stroke() -> None:
    for place in (0, 1):
        letters = [one.letters[place] for one in _evidence.EVIDENCE.values()]
        assert len(set(letters)) == len(letters)
    strokes = [(one.weight, one.dashes) for one in _evidence.EVIDENCE.values()]
    assert len(set(strokes)) == len(strokes)


def test_a_card_says_area_date_scope_and_announced_area() -> None:
    area = rows_of(
        {"area_km2": 3.9, "area_as_of": "2025-08-11", "area_scope": "withdrawn_plan", "announced_area_km2": 5.3}
    )["Area"]
    assert (area["area"], area["day"], area["announced"]) == (3.9, "2025-08-11", 5.3)
    assert "withdrawn plan" in area["scope"]


def test_a_verdict_carries_its_bounds_its_distance_and_what_would_decide_it() -> None:
    row = {"in_capital_region": True, "capital_share_low": 1.0, "capital_share_high": 1.0, "capital_border_km": -9.24}
    said = rows_of(row)["Capital region"]
    assert (said["answer"], said["share"], said["border"]) == (1, [None, 1, 1], -9.24)
    undecided = {"in_capital_region": pd.NA, "capital_share_low": 0.0, "capital_share_high": 0.34}
    said = rows_of(undecided)["Capital region"]
    assert (said["answer"], said["share"]) == (None, [None, 0, 0.34])
    assert "would decide it" in said["remedy"]
    assert "판정할 수 있습니다" in rows_of(undecided, "ko")["수도권"]["remedy"]


def test_the_map_and_the_sentences_name_the_same_remedy(tagged: gpd.GeoDataFrame) -> None:
    table = table_of(maps.explore(tagged))
    said = table["columns"]["rdz_remedy"]
    for row, site in enumerate(tagged["site_id"]):
        sentence = explaining.explain(tagged, site).splitlines()[2]
        code = said["codes"][row]
        others = [one for at, one in enumerate(said["words"]) if at != code]
        assert code < 0 or said["words"][code] in sentence
        assert not any(one in sentence for one in others)


def test_a_reported_figure_stands_beside_a_measured_one_and_is_not_said_twice() -> None:
    row = {
        "rdz_present": True, "rdz_share": 0.2, "rdz_basis": "measured", "rdz_as_of": "2025-01-01",
        "rdz_reported_present": True, "rdz_reported_share": 0.956, "rdz_reported_basis": "reported",
        "rdz_reported_as_of": "2025-02-25", "rdz_reported_note_en": "by the city",
    }  # fmt: skip
    said = rows_of(row)
    assert said["RDZ (greenbelt)"]["share"][0] == 0.2
    assert said["RDZ as reported"]["share"][0] == 0.956
    assert said["RDZ as reported"]["note"] == "by the city"
    alone = rows_of(row | {"rdz_basis": "reported", "rdz_share": 0.956})
    assert "RDZ as reported" not in alone
    assert alone["RDZ (greenbelt)"]["note"] == "by the city"


def test_other_zones_of_a_tagged_frame_are_in_the_card() -> None:
    said = rows_of({"river_present": True, "river_share": 0.125, "river_basis": "measured", "river_as_of": "2024"})
    assert said["river"]["share"][0] == 0.125
    assert said["river"]["basis"] == "measured"


def test_an_unknown_share_is_never_shown_as_zero() -> None:
    said = rows_of(
        {"rdz_present": pd.NA, "rdz_share": float("nan"), "rdz_area_m2": float("nan"), "rdz_basis": "unknown"}
    )
    zone = said["RDZ (greenbelt)"]
    assert zone["answer"] is None
    assert zone["basis"] == "unknown"
    assert "share" not in zone
    assert "area" not in zone
    assert "An official layer" in zone["remedy"]


def test_columns_of_the_callers_own_are_in_the_card_under_their_names() -> None:
    said = rows_of({"owner": "Kim", "floors": 3, "market_share": 0.5, "site_id": "a"})
    assert said["owner"]["column"] == "Kim"
    assert said["floors"]["column"] == 3
    assert said["market: share"]["column"] == 0.5
    assert "Site ID" not in said


def test_only_what_is_shown_travels(tagged: gpd.GeoDataFrame) -> None:
    page = maps.map_html(maps.explore(tagged))
    assert "province_code_mois" not in page
    assert "region_share" not in page


def test_the_legend_counts_the_sites_of_each_class_and_of_each_evidence(tagged: gpd.GeoDataFrame) -> None:
    said = dict(legend_of(maps.explore(tagged), "dots"))
    firsts = [codes[0] for codes in tagged["sectors"]]
    assert said["bio"] == firsts.count("bio")
    assert said["none, inferred"] == int((tagged["rdz_basis"] == "inferred").sum())
    assert sum(said[one] for one in ("present, reported figure", "present, no figure", "none, inferred")) == len(tagged)


def test_each_layer_has_its_own_part_of_the_legend(tagged: gpd.GeoDataFrame) -> None:
    made = maps.explore(tagged)
    assert legend_of(made, "within") == [("area that certainly contains the site", 15)]
    assert legend_of(made, "disc") == [("drawn disc of the site's area: not evidence", 15)]
    assert legend_of(made, "capital") == [("capital region", None)]


def test_a_number_is_cut_into_steps_with_edges_counts_colours_and_sizes() -> None:
    sites = frame([square(127 + at / 100, 37) for at in range(20)], height=[at / 2 for at in range(20)])
    made = maps.explore(sites, colour_by="height")
    classes = table_of(made)["classes"]
    assert [words for words, _ in legend_of(made, "dots")] == [
        "0 – 1.9",
        "1.9 – 3.8",
        "3.8 – 5.7",
        "5.7 – 7.6",
        "7.6 – 9.5",
    ]
    assert [count for _, count in legend_of(made, "dots")] == [4, 4, 4, 4, 4]
    assert classes["codes"] == [at // 4 for at in range(20)]
    assert classes["sizes"] == sorted(classes["sizes"])
    assert len(set(classes["sizes"])) == len(set(classes["colours"])) == 5


@pytest.mark.parametrize("common", [0.0, 1.0, 0.5])
def test_a_value_that_most_sites_have_is_a_step_and_the_others_are_cut_by_themselves(common: float) -> None:
    others = np.setdiff1d(np.linspace(0, 1, 13), [common])
    edges, codes = _classes.steps(np.concatenate([np.full(60, common), others]))
    assert common in edges
    assert len(edges) >= 4
    assert np.unique(codes[:60]).tolist() == [np.flatnonzero(edges == common)[0]]
    assert not set(codes[:60]) & set(codes[60:])


def test_steps_of_whole_numbers_are_said_by_the_numbers_in_them() -> None:
    found = _classes.classes_of(pd.DataFrame({"x": [*range(20), 0, 0, 0, 0, 0, 0]}), "x", lang="en")
    assert [one.words for one in found.entries] == ["0", "1 – 4", "5 – 9", "10 – 14", "15 – 19"]
    assert [one.number for one in found.entries] == [7, 4, 5, 5, 5]


def test_numbers_with_ties_and_nulls_lose_no_site() -> None:
    values = pd.DataFrame({"x": [0.0] * 50 + [float("nan")] * 3 + [float(at) for at in range(1, 12)]})
    found = _classes.classes_of(values, "x", lang="en")
    assert sum(one.number for one in found.entries) == len(values)
    assert found.entries[-1].words == "unknown"
    assert found.entries[-1].number == 3
    assert np.bincount(found.codes).tolist() == [one.number for one in found.entries]


def test_categories_beyond_the_palette_are_one_and_lose_no_site() -> None:
    found = _classes.classes_of(pd.DataFrame({"kind": [f"k{at:02}" for at in range(30)]}), "kind", lang="en")
    assert len(found.entries) == 9
    assert found.entries[-1].words == "other"
    assert found.entries[-1].number == 22


def test_of_many_categories_the_commonest_keep_their_own_colour() -> None:
    kinds = [*"abcdefghijkl", *"zz", *"yyy"]
    found = _classes.classes_of(pd.DataFrame({"kind": kinds}), "kind", lang="en")
    assert {one.words: one.number for one in found.entries} == {
        "a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1, "y": 3, "z": 2, "other": 6
    }  # fmt: skip


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([1e-12, 2e-12, 3e-12], ["1e-12", "2e-12", "3e-12"]),
        ([1.5, 10.0, 2.5], ["1.5", "2.5", "10"]),
        ([2001, 2002, *range(2010, 2018)], ["2001 – 2008", "2009 – 2011", "2012 – 2013", "2014 – 2015", "2016 – 2017"]),
        ([1e18, 2.5, 3.5], ["2.5", "3.5", "1e+18"]),
    ],
)
def test_steps_say_small_large_and_yearly_numbers_readably(values: list[float], words: list[str]) -> None:
    found = _classes.classes_of(pd.DataFrame({"x": values}), "x", lang="en")
    assert [one.words for one in found.entries] == words


def test_a_flag_that_colours_is_told_by_the_centre_of_the_dot_too() -> None:
    sites = frame([square(127 + at / 10, 37) for at in range(3)], ok=pd.array([True, False, None], dtype="boolean"))
    made = maps.explore(sites, colour_by="ok")
    assert table_of(made)["centres"] == [1, 0, -1]
    part = layer_of(made, "dots")["legend"][-1]
    assert part["heading"] == "Centre of the dot: ok"
    assert [(item["words"], item["count"]) for item in part["items"]] == [
        ("dark: yes", 1), ("plain: no", 1), ("white: not decidable, or unknown", 1),
    ]  # fmt: skip


def test_further_layers_are_drawn_with_cards_of_their_columns() -> None:
    roads = frame([shapely.LineString([(127, 37), (127.1, 37.1)])], road=["<b>1</b>"])
    posts = Layer(frame([square(127, 37)]), name="posts", source="the survey")
    made = maps.explore(frame([square(127, 37)]), layers={"<i>roads</i>": roads, "posts": posts})
    assert layers_of(made)[-2:] == ["&lt;i&gt;roads&lt;/i&gt;", "posts"]
    assert legend_of(made, "<i>roads</i>") == [("<i>roads</i>", 1)]
    table = data_of(made)["tables"][layer_of(made, "<i>roads</i>")["table"]]
    assert table["columns"]["road"]["words"] == ["<b>1</b>"]
    assert any("the survey" in notice for notice in data_of(made)["notices"])
    with pytest.raises(InputError, match="'x' is a str"):
        maps.explore(frame([]), layers={"x": "roads.gpkg"})  # type: ignore[dict-item]


def test_too_many_sites_are_gathered_by_municipality_and_the_map_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_groups, "MOST", 3)
    sites = frame(
        [shapely.Point(127, 37)] * 4,
        municipality_code_kostat=["11010", "11010", "11020", None],
        area_km2=[1, 2, 4, 8.0],
    )
    made = maps.explore(sites)
    table = table_of(made)
    assert table["names"] == ["Seoul Jongno-gu", "Seoul Jung-gu"]
    assert table["columns"]["sites"]["numbers"] == [2, 1]
    assert table["columns"]["area"]["numbers"] == [3, 4]
    assert data_of(made)["told"] == [
        "3 sites are not drawn one by one but gathered by municipality, in 2.",
        "1 without a municipality are left out.",
    ]
    assert "Sites" not in layers_of(made)


def test_areas_that_are_not_known_are_not_summed_as_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_groups, "MOST", 3)
    sites = frame(
        [shapely.Point(127, 37)] * 4,
        municipality_code_kostat=["11010", "11010", "11020", "11020"],
        area_km2=[1, None, None, None],
        kind=["a", "b", "a", "b"],
    )
    made = maps.explore(sites, colour_by="kind")
    table = table_of(made)
    assert table["columns"]["area"]["numbers"] == [1, None]
    assert table["columns"]["known"]["numbers"] == [1, 0]
    assert "Sites with a known area" in [row["term"] for row in table["rows"]]
    assert any("not kind" in one for one in data_of(made)["told"])


def test_a_site_known_by_its_area_alone_is_drawn_named_and_said_to_have_no_position() -> None:
    area = square(127, 37)
    sites = frame([None, square(127.5, 37.5)], name_en=["Somewhere", "Here"])
    sites["within"] = gpd.GeoSeries([area, None], crs="EPSG:4326")
    made = maps.explore(sites, lang="en")
    table = table_of(made)
    assert table["names"] == ["Somewhere", "Here"]
    assert table["columns"]["footprint"]["words"][table["columns"]["footprint"]["codes"][0]] == (
        "known by its area only: the dot is no position"
    )
    assert data_of(made)["told"] == []
    assert layer_of(made, "within")
    assert area.contains(shapely.points(_scene.scene_of(sites).at)[0])


def test_an_open_question_off_the_land_is_not_cured_by_a_footprint_that_is_there() -> None:
    sites = tag(frame([shapely.box(2.3, 48.8, 2.31, 48.81), shapely.box(127, 37, 127.01, 37.01)], site_id=["a", "b"]))
    table = table_of(maps.explore(sites, lang="en"))
    remedies = table["columns"]["capital_remedy"]
    assert "outside the land" in remedies["words"][remedies["codes"][0]]
    assert "outside the land" in explaining.explain(sites, "a")
    assert "200 m" not in explaining.explain(sites, "a")
    assert "outside the land" in explaining.explain(sites, "a").splitlines()[1]


def test_a_layers_answer_says_what_it_is_and_keeps_the_note_on_the_report_apart() -> None:
    sites = datasets.load_sites()
    layer = Layer(frame([shapely.box(126, 36, 127.12, 37.1)]), name="rdz", coverage="everywhere")
    tagged = tag(sites, zones={"rdz": layer})
    table = table_of(maps.explore(tagged, lang="en"))
    said = {way["words"] for way in table["rdz"]["ways"]}
    assert all(one.startswith(("present", "none", "not decidable", "unknown")) for one in said), said
    first, reported = (row for row in table["rows"] if row["kind"] == "zone")
    note = table["columns"][reported["note"]]
    own = table["columns"].get(first.get("note", ""), {"codes": [-1] * len(tagged)})
    bases = tagged["rdz_basis"].tolist()
    assert all(code < 0 for code, basis in zip(own["codes"], bases, strict=True) if basis in ("measured", "estimated"))
    assert any(code >= 0 for code in note["codes"])


def test_too_many_untagged_sites_are_gathered_in_a_grid_that_loses_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_groups, "MOST", 10)
    rng = np.random.default_rng(1)
    sites = frame(list(shapely.points(rng.uniform((126, 35), (129, 38), (500, 2)))))
    made = maps.explore(sites, lang="ko")
    table = table_of(made)
    assert sum(table["columns"]["sites"]["numbers"]) == 500
    assert "격자" in data_of(made)["told"][0]
    data, blobs = payload_of(made)
    layer = next(one for one in data["layers"] if one["key"] == "groups")
    cells = [shapely.Polygon(pieces[0]) for _, pieces in _pack.shapes_of(blobs[layer["blob"]], layer["quantum"])]
    # A site on the edge of a cell lies in one of two.
    inner, outer = (
        [int(shapely.contains(cell.buffer(edge), sites.geometry.array).sum()) for cell in cells]
        for edge in (-1e-4, 1e-4)
    )
    assert all(a <= n <= b for a, n, b in zip(inner, table["columns"]["sites"]["numbers"], outer, strict=True))
    assert sum(inner) > 450


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (pd.Categorical(["b", "a", None]), ["a", "b", "unknown"]),
        (pd.to_datetime(["2024-01-02", "2024-01-01", None]), ["2024-01-01", "2024-01-02", "unknown"]),
        (pd.array([True, False, None], dtype=object), ["no", "yes", "unknown"]),
        (pd.array([["x"], ["y"], None], dtype=object), ["['x']", "['y']", "unknown"]),
        (pd.array([2, 1, None], dtype="Int64"), ["1", "2", "unknown"]),
        (pd.Series(["한글", "글", " "], dtype="str"), ["글", "한글", "unknown"]),
        (pd.Categorical(["low", "high", None], categories=["low", "high"], ordered=True), ["low", "high", "unknown"]),
        (pd.array([10, 2, None], dtype="Int64"), ["2", "10", "unknown"]),
    ],
)
def test_any_kind_of_column_colours_and_is_in_the_card(cells: Any, words: list[str]) -> None:
    sites = frame([square(127 + at / 10, 37) for at in range(3)], kind=cells)
    table = table_of(maps.explore(sites, colour_by="kind"))
    assert table["classes"]["words"] == words
    assert sorted(table["classes"]["codes"]) == [0, 1, 2]
    assert any(row.get("column") == "kind" for row in table["rows"])


def test_odd_frames_are_drawn() -> None:
    mixed = shapely.GeometryCollection([shapely.Point(127, 37), square(127, 37)])
    sites = frame([mixed, shapely.MultiPoint([(127, 37), (128, 38)]), shapely.LineString([(127, 37), (128, 36)])])
    sites.index = pd.MultiIndex.from_tuples([("a", 1), ("a", 1), ("b", 2)])
    doubled = pd.concat([sites, pd.DataFrame({"x": [1, 2, 3]}, index=sites.index)] * 1, axis=1)
    doubled.insert(0, "x", ["p", "q", "r"], allow_duplicates=True)
    table = table_of(maps.explore(gpd.GeoDataFrame(doubled, geometry="geometry", crs=4326)))
    assert table["names"] == ["('a', 1)", "('a', 1)", "('b', 2)"]
    assert table["columns"]["x"]["words"] == ["p", "q", "r"]


def test_a_scene_is_drawn_without_touching_what_the_caller_gave() -> None:
    sites = frame([square(127, 37), None])
    sites["within"] = gpd.GeoSeries([shapely.Point(127, 37), None], crs="EPSG:4326")
    _scene.scene_of(sites)
    assert sites["within"].iloc[0].geom_type == "Point"
    assert sites.geometry.iloc[0] is not None


def test_colours_follow_any_column_and_an_unknown_one_is_refused() -> None:
    sites = frame([square(127, 37), square(127.1, 37)], kind=["x", "y"])
    classes = table_of(maps.explore(sites, colour_by="kind"))["classes"]
    assert classes["codes"] == [0, 1]
    assert len(set(classes["colours"])) == 2
    with pytest.raises(InputError, match=r"no-such"):
        maps.explore(sites, colour_by="no-such")


def test_the_first_sector_colours_and_the_card_says_all() -> None:
    table = table_of(maps.explore(frame([square(127, 37)], sectors=[["bio", "rail"]])))
    assert table["classes"]["colours"] == ["#CC3311"]
    assert table["columns"]["sectors"]["words"] == ["bio", "rail"]
    assert table["columns"]["sectors"]["lists"] == [[0, 1]]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (pd.DataFrame({"a": [1]}), "DataFrame"),
        (gpd.GeoDataFrame({"a": [1]}), "without one"),
        (gpd.GeoDataFrame(geometry=[shapely.Point(127, 37)]), "set_crs"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_the_cure(wrong: Any, told: str) -> None:
    with pytest.raises(InputError, match=told):
        maps.explore(wrong)


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(InputError, match="lang"):
        maps.explore(frame([]), lang="fr")


def labels_of(tagged: gpd.GeoDataFrame) -> tuple[Any, dict[str, Any]]:
    drawing = Drawing("en")
    return drawing.sites(_scene.scene_of(tagged), "sectors", land().bounds, land()), drawing.tables[0]


def test_labels_stand_clear_of_each_other_at_every_zoom(tagged: gpd.GeoDataFrame) -> None:
    held, table = labels_of(tagged)
    for at, level in enumerate(held.levels):
        dots = _lettering.pixels(held.points, level)
        boxes = [
            shapely.box(*(dot + one["spots"][at][:2]), *(dot + one["spots"][at][:2] + one["size"]))
            for dot, one in zip(dots, table["labels"], strict=True)
            if one["spots"][at] is not None
        ]
        assert boxes
        assert all(one.intersection(other).area == 0 for i, one in enumerate(boxes) for other in boxes[:i])
        assert not any(box.contains(shapely.Point(dot)) for box in boxes for dot in dots)
    first = held.levels.index(7.0)
    assert all(one["spots"][first] is not None for one in table["labels"])


def test_no_label_hides_dokdo(tagged: gpd.GeoDataFrame) -> None:
    held, table = labels_of(tagged)
    for at, level in enumerate(held.levels):
        dokdo = _lettering.pixels(np.array([[131.866, 37.241]]), level)[0]
        for dot, one in zip(_lettering.pixels(held.points, level), table["labels"], strict=True):
            spot = one["spots"][at]
            assert spot is None or not shapely.box(*(dot + spot[:2]), *(dot + spot[:2] + one["size"])).contains(
                shapely.Point(dokdo)
            )


def test_many_sites_have_no_labels_but_every_card() -> None:
    made = maps.explore(frame([shapely.Point(127 + i / 100, 36) for i in range(_lettering.MAX_LABELS + 1)]))
    assert "Names" not in layers_of(made)
    assert table_of(made)["n"] == _lettering.MAX_LABELS + 1


@pytest.mark.parametrize(
    ("island", "lon", "lat"),
    [("Dokdo", 131.8665, 37.2405), ("Marado", 126.2685, 33.1205), ("Baengnyeongdo", 124.68, 37.95)],
)
def test_far_islands_survive_the_generalisation(island: str, lon: float, lat: float) -> None:
    distance = min(shapely.distance(list(land().provinces), shapely.Point(lon, lat)))
    assert distance < 0.005, island


def test_the_drawn_capital_region_keeps_its_verdicts() -> None:
    region = land().capital
    assert shapely.intersects_xy(region, 126.75, 37.12)
    assert not shapely.intersects_xy(region, 127.1195, 36.9460)
    assert shapely.get_num_interior_rings(shapely.get_parts(region)).sum() == 0


def test_a_map_with_tiles_is_refused_offline_and_saved_online(tmp_path: Path) -> None:
    made = maps.explore(frame([square(127, 37)]), tiles="OpenStreetMap")
    with pytest.raises(PageError, match=r"tile\.openstreetmap\.org.*offline=False"):
        maps.save_map(made, tmp_path / "map.html")
    assert list(tmp_path.iterdir()) == []
    page = maps.save_map(made, tmp_path / "map.html", offline=False).read_text(encoding="utf-8")
    assert "tile.openstreetmap.org" in page
    assert 'src="https://cdn.jsdelivr.net/npm/leaflet@1.9.3/dist/leaflet.js"' in page


def test_a_plain_folium_map_is_refused_for_what_it_loads_and_a_stranger_for_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(PageError, match="bootstrap"):
        maps.save_map(folium.Map(tiles=None), tmp_path / "map.html")
    with pytest.raises(InputError, match="not str"):
        maps.map_html("map")  # type: ignore[arg-type]


def test_a_notebook_shows_the_whole_page_in_a_frame(tagged: gpd.GeoDataFrame) -> None:
    made = maps.explore(tagged)
    shown = made._repr_html_()
    assert isinstance(made, folium.Map)
    assert shown.startswith("<iframe srcdoc=")
    assert "leaflet@1.9.3/dist" not in shown
    assert "Content-Security-Policy" in shown


class Scripts(HTMLParser):
    """Collects the policy of a page and the scripts that a browser would run."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=False)
        self.policy, self.programs, self.handlers, self._held = "", [], [], None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.handlers += [name for name in found if name.startswith("on")]
        if found.get("http-equiv") == "Content-Security-Policy":
            self.policy = str(found["content"])
        self._held = [] if tag == "script" and "type" not in found and "src" not in found else None

    def handle_data(self, data: str) -> None:
        if self._held is not None:
            self._held.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "script" and self._held is not None:
            self.programs.append("".join(self._held))
        self._held = None


def test_the_policy_names_every_script_by_its_hash_and_no_host(tagged: gpd.GeoDataFrame) -> None:
    page = Scripts(maps.map_html(maps.explore(tagged)))
    rules = {rule.split()[0]: rule.split()[1:] for rule in page.policy.split("; ")}
    hashes = [
        "'sha256-" + base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() + "'" for one in page.programs
    ]
    assert rules["default-src"] == ["'none'"]
    assert set(rules["script-src"]) == set(hashes)
    assert rules["style-src"] == ["'unsafe-inline'"]
    assert rules["img-src"] == rules["font-src"] == ["data:"]
    assert page.handlers == []


def test_a_page_with_tiles_may_fetch_them_and_nothing_else() -> None:
    made = maps.explore(frame([square(127, 37)]), tiles="OpenStreetMap")
    rules = {
        rule.split()[0]: rule.split()[1:] for rule in Scripts(maps.map_html(made, offline=False)).policy.split("; ")
    }
    assert [one for one in rules["img-src"] if "openstreetmap" in one] == ["https://tile.openstreetmap.org"]
    hosts = {one for values in rules.values() for one in values if one.startswith("https:")}
    assert hosts == {"https://tile.openstreetmap.org", "https://cdn.jsdelivr.net", "https://code.jquery.com"}


def test_a_letter_that_stands_for_a_server_becomes_any_of_them() -> None:
    made = maps.explore(
        frame([]), tiles=folium.TileLayer("https://{s}.tiles.example.org/{z}/{x}/{y}.png", attr="example")
    )
    assert "https://*.tiles.example.org" in maps.map_html(made, offline=False)


def test_a_layer_added_later_is_in_the_list_of_layers() -> None:
    made = maps.explore(frame([square(127, 37)]))
    folium.FeatureGroup(name="added later").add_to(made)
    assert list(made._children)[-1].startswith("layer_control")
    page = maps.map_html(made)
    group = re.search(r"var (feature_group_\d+) =", page)
    assert group is not None
    assert f'"added later" : {group[1]}' in page
    assert page.index(f"var {group[1]} =") < page.index('"added later" :')


def test_a_frame_of_geopandas_draws_itself_on_the_map(tagged: gpd.GeoDataFrame) -> None:
    made = maps.explore(tagged)
    own = frame([square(127, 37)], name=["mine"])
    assert own.explore(m=made) is made
    page = maps.map_html(made)
    assert "127.01" in page


def test_a_map_says_what_it_shows() -> None:
    assert repr(maps.explore(frame([square(127, 37)]))) == (
        "<clustergeo map: 1 site; layers Provinces, Capital region, Measured boundaries, Sites, Names>"
    )


def still_of(sites: gpd.GeoDataFrame) -> str:
    """Return what a page shows without scripts."""
    page = maps.map_html(maps.explore(sites))
    return page[page.index("<noscript") : page.index("</noscript>")]


def test_without_scripts_sites_on_one_spot_share_a_label_and_none_stands_at_the_edge() -> None:
    spots = [shapely.Point(127, 36), shapely.Point(127, 36), shapely.Point(128.2, 36)]
    still = still_of(frame(spots, name=["north", "south", "alone"]))
    assert re.findall(r"<text[^>]*>([^<]*)</text>", still) == ["1, 2", "3"]
    width, height = map(int, re.findall(r'viewBox="0 0 (\d+) (\d+)" width="7', still)[0])
    assert height >= width / 2
    dots = [(float(x), float(y)) for x, y in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', still)]
    assert all(10 < x < width - 10 and 10 < y < height - 10 for x, y in dots)
    assert re.findall(r'text-anchor="(\w+)"', still) == ["start", "end"]


def test_a_name_is_not_turned_round_by_signs_in_it() -> None:
    made = maps.explore(frame([square(127, 37)], name=["\u202egnp.exe\u2066"]))
    assert table_of(made)["names"] == ["gnp.exe"]


def test_the_legend_speaks_of_a_first_sector_only_where_a_site_has_several() -> None:
    for sectors, note in (([["bio"], ["rail"]], ""), ([["bio", "rail"], ["rail"]], "a dot has the first colour")):
        made = maps.explore(frame([square(127, 37), square(128, 37)], sectors=sectors))
        assert layer_of(made, "dots")["legend"][0]["note"].startswith(note)
        assert bool(layer_of(made, "dots")["legend"][0]["note"]) == bool(note)


def test_without_scripts_the_page_names_every_site_and_its_verdicts(tagged: gpd.GeoDataFrame) -> None:
    page = maps.map_html(maps.explore(tagged))
    still = page[page.index("<noscript") : page.index("</noscript>")]
    assert still.count("<circle") == len(tagged)
    assert all(name in still for name in tagged["name_en"])
    assert still.count("<td>inside</td>") == int(tagged["in_capital_region"].sum())
    assert "Statistics Korea" in still
    # Dokdo is smaller than a pixel and still there.
    assert still.count("h2v2h-2Z") == len(land().islands) > 0


def test_five_thousand_polygons_of_a_dozen_corners_make_a_page_below_a_megabyte() -> None:
    rng = np.random.default_rng(1)
    centres = rng.uniform((126.5, 34.5), (129, 37.5), (5000, 2))
    sites = frame(
        list(shapely.buffer(shapely.points(centres), 0.001, quad_segs=3)), name=[f"parcel {at}" for at in range(5000)]
    )
    page = maps.map_html(maps.explore(sites))
    assert len(page.encode()) < 1_000_000
    assert '"deflated":' in page


def test_importing_the_package_loads_no_folium() -> None:
    code = "import sys, clustergeo; sys.exit('folium' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ}, check=False)
    assert done.returncode == 0


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_no_name_of_the_15_is_cut_in_its_label(lang: str) -> None:
    for name in datasets.load_sites()[f"name_{lang}"]:
        assert " ".join(_lettering.chip_of(name, "").lines) == name


def test_a_further_layer_may_have_the_name_of_one_of_ours() -> None:
    """A caller's `land` and `dots` are their own words, and stay so."""
    extra = gpd.GeoDataFrame(geometry=[shapely.Point(127.2, 36.9)], crs="EPSG:4326")
    made = maps.explore(frame([square(127, 37)]), layers={"land": extra, "dots": extra})
    theirs = [layer for layer in data_of(made)["layers"] if layer["pane"] == "cgLayers"]
    assert [(layer["key"], layer["name"]) for layer in theirs] == [("", "land"), ("", "dots")]


def test_a_service_of_pictures_is_refused_offline_by_its_address() -> None:
    made = maps.explore(frame([square(127, 37)]))
    folium.WmsTileLayer("https://wms.example.org/ows", layers="a").add_to(made)
    with pytest.raises(PageError, match=r"wms\.example\.org"):
        maps.map_html(made)


def test_symbols_of_a_plugin_are_refused_offline_by_their_scripts() -> None:
    made = maps.explore(frame([square(127, 37)]))
    folium.Marker([37, 127], icon=folium.Icon(color="red")).add_to(made)
    with pytest.raises(PageError, match="awesome-markers"):
        maps.map_html(made)
    assert "awesome-markers" in maps.map_html(made, offline=False)


def test_a_callers_list_of_layers_takes_the_place_of_ours() -> None:
    made = maps.explore(frame([square(127, 37)]))
    folium.LayerControl(position="topleft").add_to(made)
    assert maps.map_html(made).count("L.control.layers(") == 1


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"zones": [1]}, "zones= is a list"),
        ({"zones": {"z": None}}, "'z' is a NoneType"),
        ({"layers": "roads"}, "layers= is a str"),
        ({"layers": {"roads": gpd.GeoDataFrame(geometry=[shapely.Point(127, 37)])}}, "Layer 'roads' has no coordinate"),
        ({"tiles": "nope"}, "tiles='nope' is no background"),
    ],
)
def test_what_is_no_layer_or_background_is_refused_with_the_cure(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        maps.explore(frame([square(127, 37)]), **asked)


def test_a_zone_may_be_a_plain_frame() -> None:
    made = maps.explore(frame([square(127, 37)]), zones={"z": frame([square(127, 37)])})
    assert "z" in maps.map_html(made)


@pytest.mark.parametrize(
    "popup",
    ["<img src='https://pictures.example.org/a.png'>", '<iframe width="3" src="https://pictures.example.org/">'],
)
def test_what_the_html_of_a_popup_would_fetch_is_refused_offline_by_its_address(popup: str) -> None:
    made = maps.explore(frame([square(127, 37)]))
    folium.CircleMarker([37, 127], popup=folium.Popup(popup)).add_to(made)
    with pytest.raises(PageError, match=r"pictures\.example\.org"):
        maps.map_html(made)


def test_geopandas_own_colours_show_in_a_notebook_with_a_link_and_are_refused_offline() -> None:
    mine = frame([square(127, 37), square(127.2, 37)], v=[1.5, 2.5])
    with_legend = mine.explore(column="v", m=maps.explore(mine))
    assert "d3" in with_legend._repr_html_()
    with pytest.raises(PageError, match="d3"):
        maps.map_html(with_legend)
    plain = mine.explore(column="v", m=maps.explore(mine), legend=False)
    assert "<path" in maps.map_html(plain) or "geo_json" in maps.map_html(plain)


def test_a_background_is_seen_through_the_land() -> None:
    made = maps.explore(frame([square(127, 37)]), tiles=folium.TileLayer("https://t.example.org/{z}", attr="T"))
    looks = {
        spec["pane"]: spec["look"] for spec in data_of(made)["layers"] if spec["pane"] in ("cgGround", "cgCapital")
    }
    assert [look["fillOpacity"] for look in looks.values()] == [0.0, 0.0]


@pytest.mark.parametrize(
    ("cell", "flag"), [("있음", 1), ("아니요", 0), ("True", 1), ("unknown", -1), ("", -1), (0.0, 0)]
)
def test_a_flag_that_was_read_as_text_is_known_by_its_word_or_not_at_all(cell: Any, flag: int) -> None:
    assert _cells.flags(pd.DataFrame({"x": pd.array([cell], dtype=object)}), "x").tolist() == [flag]


def test_the_flags_of_a_callers_own_are_words_of_the_page() -> None:
    table = table_of(maps.explore(frame([square(127, 37)], ours=[True]), lang="ko"))
    assert table["columns"]["ours"]["words"] == ["예"]


def test_a_collection_of_a_further_layer_is_drawn_whole_and_forms_have_their_own_signs() -> None:
    both = shapely.GeometryCollection([shapely.Point(127, 37), square(127.1, 37)])
    layers = {"mixed": frame([both, square(127, 37)]), "lines": frame([shapely.LineString([(127, 37), (128, 37)])])}
    made = maps.explore(frame([square(127, 37)]), layers=layers)
    mixed, lines = layer_of(made, "mixed"), layer_of(made, "lines")
    assert mixed["owners"] == [0, 0, 1]
    assert mixed["count"] == 3
    assert mixed["legend"][0]["items"][0]["count"] == 2
    assert [one["legend"][0]["items"][0]["form"] for one in (mixed, lines)] == ["area", "line"]


def test_the_area_of_a_small_parcel_is_never_shown_as_none() -> None:
    table = table_of(maps.explore(frame([square(127, 37)] * 4, area_km2=[0.0003, 0.00004, 1e-8, 0.636])))
    assert table["columns"]["area_km2"]["numbers"] == [0.0003, 0.00004, 1e-7, 0.636]
    said = rows_of({"rdz_present": True, "rdz_area_m2": 100.0, "rdz_basis": "measured"})
    assert said["RDZ (greenbelt)"]["area"] == 0.0001


def test_a_measured_polygon_without_an_area_has_its_own_in_card_and_list_and_says_whose_it_is() -> None:
    # A square of 0.01 degrees at 37 north has 0.988 km2.
    sites = frame([square(127, 37), square(127, 37), shapely.Point(127, 37)], area_km2=[None, 7.0, None])
    sites["footprint_basis"] = ["measured", "measured", "point"]
    columns = table_of(maps.explore(sites))["columns"]
    assert columns["area_km2"]["numbers"] == [0.988, 7, None]
    assert [columns["area_day"]["words"][code] if code >= 0 else None for code in columns["area_day"]["codes"]] == [
        "of its measured footprint",
        None,
        None,
    ]
    discs = frame([square(127, 37)], footprint_basis=["disc"])
    assert "area_km2" not in table_of(maps.explore(discs))["columns"]


def test_a_proved_answer_asks_for_nothing_and_an_open_one_for_the_footprint_alone() -> None:
    zone = Layer(frame([shapely.box(127, 36.5, 127.1, 37.5)]), name="rdz", coverage="everywhere", as_of="2025-01-01")
    spots = [shapely.Point(place, 37).buffer(0.004) for place in (127.05, 127.1, 128)]
    sites = frame(spots, footprint_basis=["disc"] * 3, area_km2=[0.5] * 3, position_error_m=[1000.0] * 3)
    table = table_of(maps.explore(tag(sites, zones={"rdz": zone})))
    assert table["columns"]["rdz_present"]["numbers"] == [1, None, 0]
    held = table["columns"]["rdz_remedy"]
    said = [held["words"][code] if code >= 0 else None for code in held["codes"]]
    assert said[0] is said[2] is None
    assert "footprint" in str(said[1])
    assert "official layer" not in str(said[1])


def test_columns_that_were_read_into_others_are_not_repeated_in_a_card() -> None:
    row = {
        "이름": "가", "주소": "경기도 용인시 처인구 남사읍 1", "면적(㎡)": "52,000", "업종": "반도체", "소유": "김",
        "시군구": "처인구", "name_ko": "가", "sectors": ["semiconductor"], "area_km2": 0.052,
        "municipality": "용인시 처인구",
    }  # fmt: skip
    said = rows_of(row, "ko")
    assert [term for term in said if term in row] == ["소유"]
    assert said["위치"]["address"] == row["주소"]
    # What says more than was read stays.
    more = rows_of(row | {"업종": "반도체, 제과", "면적(㎡)": "60,000", "이름": "나"}, "ko")
    assert {"업종", "면적(㎡)", "이름"} <= set(more)
    assert {"업종", "이름"} <= set(rows_of({"업종": "반도체", "이름": "가"}, "ko"))


def test_a_zone_is_called_in_legend_and_list_as_cards_call_it() -> None:
    zone = frame([square(127, 37)])
    for lang, words in {"ko": "개발제한구역", "en": "RDZ (greenbelt)"}.items():
        made = maps.explore(frame([square(127, 37)]), lang=lang, zones={"rdz": zone, "river": zone})
        shown = [one["name"] for one in data_of(made)["layers"] if one["pane"] == "cgZones"]
        assert shown == ([f"구역: {words}", "구역: river"] if lang == "ko" else [f"Zone: {words}", "Zone: river"])
        assert legend_of(made, shown[0]) == [(words, None)]


def test_a_layer_of_foliums_that_nobody_named_has_a_plain_name_of_its_own() -> None:
    made = maps.explore(frame([square(127, 37)]), lang="ko")
    folium.FeatureGroup().add_to(made)
    frame([square(127, 37)], v=[1]).explore(column="v", m=made, legend=False)
    folium.FeatureGroup(name="mine").add_to(made)
    folium.FeatureGroup(name="mine").add_to(made)
    assert layers_of(made)[-4:] == ["추가한 레이어", "추가한 레이어 (2)", "mine", "mine (2)"]


def test_a_map_of_no_sites_has_no_heading_over_nothing() -> None:
    made = maps.explore(frame([], sectors=[], macro_region=[], rdz_basis=[], rdz_present=[]))
    assert layer_of(made, "dots").get("legend", []) == []
    assert table_of(made)["filters"] == []


def test_whole_numbers_are_whole_in_a_legend_and_the_infinite_is_not_unknown() -> None:
    def legend(values: list[float]) -> list[tuple[str, int]]:
        found = _classes.classes_of(pd.DataFrame({"v": values}), "v", lang="en")
        assert found.codes.tolist() == [
            next(at for at, one in enumerate(found.entries) if one.words == words)
            for words in [_word(value) for value in values]
        ]
        return [(one.words, one.number) for one in found.entries]

    def _word(value: float) -> str:
        return "unknown" if np.isnan(value) else "infinite" if np.isinf(value) else f"{value:g}"

    assert legend([7.0, 7.0]) == [("7", 2)]
    assert legend([2024.0, np.nan]) == [("2024", 1), ("unknown", 1)]
    assert legend([1.0, 2.0, np.inf, -np.inf, np.nan]) == [("1", 1), ("2", 1), ("infinite", 2), ("unknown", 1)]


def test_a_name_stands_near_its_dot_or_not_at_all(tagged: gpd.GeoDataFrame) -> None:
    spots = [spot for label in table_of(maps.explore(tagged))["labels"] for spot in label["spots"]]
    leaders = [np.hypot(*spot[2:]) for spot in spots if spot and len(spot) > 2]
    assert leaders
    assert max(leaders) < 61
    assert None in spots


def test_a_day_without_a_time_is_a_day_in_a_card() -> None:
    assert rows_of({"day": pd.Timestamp("2024-01-02")})["day"]["column"] == "2024-01-02"
    assert rows_of({"day": pd.Timestamp("2024-01-02 09:30")})["day"]["column"] == "2024-01-02 09:30:00"
