"""The interactive map says what the frame says, of any frame, and nothing of a user's runs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from clustergeo import _cards, _lettering, _scene, datasets, maps
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


def data_of(m: folium.Map) -> dict[str, Any]:
    """Return what the page's script is given."""
    found = next(child for child in m._children.values() if type(child).__name__ == "Ground")
    return dict(json.loads(found.data))


def panel_of(m: folium.Map) -> str:
    return str(next(child for child in m._children.values() if type(child).__name__ == "Ground").panel)


def layers_of(m: folium.Map) -> list[str]:
    return [child.layer_name for child in m._children.values() if isinstance(child, folium.map.Layer)]


def card_of(row: dict[str, Any], lang: str = "en", basis: str = "measured") -> str:
    return _cards.card(row, lang, name="A", classes={}, basis=basis)


@pytest.fixture(scope="module")
def tagged() -> gpd.GeoDataFrame:
    return tag(datasets.load_sites())


def test_the_map_of_the_shipped_sites_has_each_of_them_once(tagged: gpd.GeoDataFrame) -> None:
    data = data_of(maps.explore(tagged, lang="ko"))
    assert [site["name"] for site in data["sites"]] == list(tagged["name_ko"])
    assert all(site["card"].startswith("<article") for site in data["sites"])


def test_the_same_map_gives_the_same_page(tagged: gpd.GeoDataFrame) -> None:
    first = maps.map_html(maps.explore(tagged))
    again = maps.explore(tagged)
    assert maps.map_html(again) == first
    # Rendered a second time, the ids of the first rendering are still there.
    assert maps.map_html(again) == first


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
    assert "facts as of 2024-11" in panel_of(made)


def test_a_frame_without_dates_claims_none_and_a_title_of_ones_own_is_used() -> None:
    made = maps.explore(frame([square(127, 37)]), title="My <sites>")
    assert made.page_title == "My <sites>"
    assert "<h1>My &lt;sites&gt;</h1>" in panel_of(made)
    assert "facts as of" not in panel_of(made)


def test_sites_without_a_position_are_counted_not_drawn() -> None:
    made = maps.explore(
        frame([square(127, 37), None, shapely.Polygon(), shapely.Point(np.inf, 1), shapely.Point(127, 37)])
    )
    assert len(data_of(made)["sites"]) == 2
    assert "without position: 3" in panel_of(made)
    assert "<h1>5 sites</h1>" in panel_of(made)


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
    here, there = (data_of(maps.explore(one))["sites"][0]["at"] for one in (twin, twin.to_crs("EPSG:5174")))
    assert here == pytest.approx(there, abs=1e-5)


def test_footprints_are_layers_by_what_they_are() -> None:
    made = maps.explore(
        frame(
            [square(127, 37), square(127.1, 37), shapely.Point(127.2, 37)],
            footprint_basis=["measured", "disc", "point"],
        )
    )
    assert layers_of(made) == ["Provinces", "Capital region", "Drawn discs", "Measured boundaries", "Sites", "Names"]
    assert "not evidence" in data_of(made)["sites"][1]["card"]
    assert "a position without an extent" in data_of(made)["sites"][2]["card"]


def test_a_frame_that_does_not_say_has_measured_polygons() -> None:
    assert "Measured boundaries" in layers_of(maps.explore(frame([square(127, 37)])))


def test_areas_that_contain_a_site_are_drawn_where_they_are_known() -> None:
    sites = frame([square(127, 37), square(127.1, 37)])
    sites["within"] = gpd.GeoSeries([square(126.9, 36.9, 0.3), None], crs="EPSG:4326")
    drawn = [
        child
        for child in maps.explore(sites)._children.values()
        if getattr(child, "layer_name", "").startswith("Areas")
    ]
    assert len(drawn) == 1
    assert drawn[0].arguments.count('"site":0') == 1
    assert '"site":1' not in drawn[0].arguments


def test_only_the_number_of_the_site_travels_with_a_shape() -> None:
    shapes = _scene.collection([square(127, 37)], [4])
    assert shapes["features"][0]["properties"] == {"site": 4}


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
    assert "2025-01-01 · the &lt;ministry&gt; · CC0" in panel_of(made)
    assert any("the &lt;ministry&gt;" in notice for notice in data_of(made)["notices"])


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
    "url", ["javascript:alert(1)", "data:text/html,x", "ftp://example.org/a", "//example.org", "http://", "http://["]
)
def test_only_web_addresses_become_links(url: str) -> None:
    assert _cards.links(url) == ""


def test_links_open_apart_and_name_their_host() -> None:
    assert _cards.links('https://www.example.org/a"b?x=1&y=2') == (
        '<a href="https://www.example.org/a&quot;b?x=1&amp;y=2" target="_blank" rel="noopener noreferrer">'
        "example.org</a>"
    )


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
    assert _cards.evidence_of(row) == evidence


def test_each_evidence_differs_from_the_others_in_letter_and_in_stroke() -> None:
    for place in (0, 1):
        letters = [one.letters[place] for one in _cards.EVIDENCE.values()]
        assert len(set(letters)) == len(letters)
    strokes = [(one.weight, one.dashes) for one in _cards.EVIDENCE.values()]
    assert len(set(strokes)) == len(strokes)


def test_a_card_says_area_date_scope_and_announced_area() -> None:
    card = card_of(
        {"area_km2": 3.9, "area_as_of": "2025-08-11", "area_scope": "withdrawn_plan", "announced_area_km2": 5.3}
    )
    assert "<b>3.9 km²</b>" in card
    assert "(2025-08-11)" in card
    assert "withdrawn plan" in card
    assert "announced 5.3 km²" in card


def test_a_verdict_carries_its_bounds_and_its_distance() -> None:
    row = {"in_capital_region": True, "capital_share_low": 1.0, "capital_share_high": 1.0, "capital_border_km": -9.24}
    assert "inside" in card_of(row)
    assert "100 % of the site (proved) · 9.2 km inside its border" in card_of(row)
    undecided = {
        "in_capital_region": pd.NA,
        "capital_share_low": 0.0,
        "capital_share_high": 0.34,
        "capital_border_km": 0.1,
    }
    assert "not decidable from this evidence" in card_of(undecided)
    assert "0 % – 34 %" in card_of(undecided)
    assert "이 근거로는 판정 불가" in card_of(undecided, "ko")


def test_a_reported_figure_stands_beside_a_measured_one() -> None:
    card = card_of(
        {
            "rdz_present": True, "rdz_share": 0.2, "rdz_basis": "measured", "rdz_as_of": "2025-01-01",
            "rdz_reported_present": True, "rdz_reported_share": 0.956, "rdz_reported_basis": "reported",
            "rdz_reported_as_of": "2025-02-25", "rdz_reported_note_en": "by the city",
        }
    )  # fmt: skip
    assert (
        card.index("share 20 %")
        < card.index("RDZ as reported")
        < card.index("share 95.6 %")
        < card.index("by the city")
    )


def test_other_zones_of_a_tagged_frame_are_in_the_card() -> None:
    card = card_of({"river_present": True, "river_share": 0.125, "river_basis": "measured", "river_as_of": "2024"})
    assert "<dt>river</dt>" in card
    assert "share 12.5 %" in card


def test_an_unknown_share_is_never_shown_as_zero() -> None:
    card = card_of(
        {"rdz_present": pd.NA, "rdz_share": float("nan"), "rdz_area_m2": float("nan"), "rdz_basis": "unknown"}
    )
    assert "%" not in card
    assert "km²" not in card
    assert "basis: unknown" in card


def test_colours_follow_any_column_and_an_unknown_one_is_refused() -> None:
    sites = frame([square(127, 37), square(127.1, 37)], kind=["x", "y"])
    first, second = data_of(maps.explore(sites, colour_by="kind"))["sites"]
    assert first["colour"] != second["colour"]
    with pytest.raises(InputError, match=r"no-such"):
        maps.explore(sites, colour_by="no-such")


def test_the_first_sector_colours_and_the_card_says_all() -> None:
    site = data_of(maps.explore(frame([square(127, 37)], sectors=[["bio", "rail"]])))["sites"][0]
    assert site["colour"].lower() == "#cc3311"
    assert re.findall(r"<li[^>]*>([^<]*)</li>", site["card"]) == ["bio", "rail"]


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


def test_labels_stand_clear_of_each_other_at_every_zoom(tagged: gpd.GeoDataFrame) -> None:
    scene = _scene.scene_of(tagged, lang="en", colour_by="sectors")
    data, levels = _scene.site_data(scene, lang="en", bounds=land().bounds, keep_clear=land().islands)
    points = _scene.points_of(scene)
    for at, level in enumerate(levels):
        dots = _lettering.pixels(points, level)
        boxes = [
            shapely.box(*(dot + site["spots"][at][:2]), *(dot + site["spots"][at][:2] + site["size"]))
            for dot, site in zip(dots, data, strict=True)
            if site["spots"][at] is not None
        ]
        assert boxes
        assert all(one.intersection(other).area == 0 for i, one in enumerate(boxes) for other in boxes[:i])
        assert not any(box.contains(shapely.Point(dot)) for box in boxes for dot in dots)
    first = levels.index(7.0)
    assert all(site["spots"][first] is not None for site in data)


def test_no_label_hides_dokdo(tagged: gpd.GeoDataFrame) -> None:
    scene = _scene.scene_of(tagged, lang="en", colour_by="sectors")
    data, levels = _scene.site_data(scene, lang="en", bounds=land().bounds, keep_clear=land().islands)
    for at, level in enumerate(levels):
        dokdo = _lettering.pixels(np.array([[131.866, 37.241]]), level)[0]
        for dot, site in zip(_lettering.pixels(_scene.points_of(scene), level), data, strict=True):
            spot = site["spots"][at]
            assert spot is None or not shapely.box(*(dot + spot[:2]), *(dot + spot[:2] + site["size"])).contains(
                shapely.Point(dokdo)
            )


def test_many_sites_have_no_labels_but_every_card() -> None:
    made = maps.explore(frame([shapely.Point(127 + i / 100, 36) for i in range(_lettering.MAX_LABELS + 1)]))
    assert "Names" not in layers_of(made)
    assert len(data_of(made)["sites"]) == _lettering.MAX_LABELS + 1


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
    assert "&lt;article class" in shown or "u003carticle" in shown


def test_importing_the_package_loads_no_folium() -> None:
    code = "import sys, clustergeo; sys.exit('folium' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ}, check=False)
    assert done.returncode == 0
