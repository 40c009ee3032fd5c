"""The other forms of the map page: without scripts, with links, on paper and on a telephone, in a notebook."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pytest
import shapely
from pypdf import PdfReader

import clustergeo as cg
from clustergeo import _pack, _page, datasets, maps
from clustergeo.tags import tag

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.browser.conftest import Watched


HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def tagged() -> gpd.GeoDataFrame:
    return tag(datasets.load_sites())


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_without_scripts_map_names_and_table_are_seen(
    tagged: gpd.GeoDataFrame, open_page: Callable[..., Watched], shots: Path, lang: str
) -> None:
    watched = open_page(maps.map_html(maps.explore(tagged, lang=lang)), scripts=False)
    still = watched.page.locator(".cg-still")
    assert still.is_visible()
    picture = still.locator("svg[role=img]")
    assert picture.locator("circle").count() == len(tagged)
    box = picture.bounding_box()
    assert box["width"] > 400
    said = still.locator("tbody th").all_inner_texts()
    assert [text.split(". ", 1)[1] for text in said] == list(tagged[f"name_{lang}"])
    # The legend has each colour of the picture, once.
    dots = set(picture.locator("circle").evaluate_all("all => all.map(one => one.getAttribute('fill'))"))
    keys = still.locator(".cg-still-key rect").evaluate_all("all => all.map(one => one.getAttribute('fill'))")
    assert dots <= set(keys)
    assert len(keys) == len(set(keys))
    counts = still.locator(".cg-still-key b").all_inner_texts()
    assert sum(map(int, counts)) == len(tagged)
    assert not watched.page.locator(".folium-map").is_visible()
    watched.page.screenshot(path=shots / f"no-script-{lang}.png", full_page=True)
    watched.assert_quiet()


def test_with_scripts_the_still_picture_is_not_there(
    tagged: gpd.GeoDataFrame, open_page: Callable[..., Watched]
) -> None:
    watched = open_page(maps.map_html(maps.explore(tagged)))
    assert watched.page.locator(".cg-still").count() == 0


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize(
    "view", [(1280, 800, "screen"), (390, 844, "screen"), (844, 390, "screen"), (1280, 800, "print")]
)
def test_no_text_is_cut_or_covered_at_the_first_view(
    tagged: gpd.GeoDataFrame,
    open_page: Callable[..., Watched],
    shots: Path,
    lang: str,
    view: tuple[int, int, str],
) -> None:
    width, height, media = view
    watched = open_page(maps.map_html(maps.explore(tagged, lang=lang)), width=width, height=height)
    page = watched.page
    page.emulate_media(media=media)
    page.wait_for_timeout(300)
    page.screenshot(path=shots / f"map-{lang}-{width}-{media}.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    boxes = page.evaluate(
        "[...document.querySelectorAll('.cg-chip, .cg-region span, .cg-panel, .leaflet-control')]"
        ".filter(one => one.offsetParent !== null && getComputedStyle(one).visibility !== 'hidden')"
        ".filter(one => !one.parentElement.closest('.cg-panel'))"
        ".map(one => one.getBoundingClientRect()).filter(box => box.width > 0)"
        ".map(box => [box.left, box.top, box.right, box.bottom])"
    )
    shapes = [shapely.box(*box) for box in boxes]
    assert len(shapes) > 5
    if media == "screen":
        assert all(box[0] >= 0 and box[2] <= width for box in boxes)
    pairs = [(one, other) for at, one in enumerate(shapes) for other in shapes[:at]]
    assert all(one.intersection(other).area < 1 for one, other in pairs)
    names = page.locator(".cg-key li > span:not(.cg-n)").evaluate_all(
        "all => all.map(one => one.scrollWidth <= one.clientWidth + 1)"
    )
    assert all(names) or not names


def test_without_scripts_a_site_known_by_its_area_has_the_area_and_no_dot_and_the_table_has_every_site(
    open_page: Callable[..., Watched],
) -> None:
    areas = gpd.GeoSeries([None, shapely.box(127.5, 36, 127.9, 36.4), None], crs="EPSG:4326")
    sites = gpd.GeoDataFrame(
        {"name": ["dot", "area", "nowhere"], "area_km2": [0.0003, None, 2.0], "within": areas},
        geometry=[shapely.Point(128.5, 36), None, None],
        crs="EPSG:4326",
    )
    watched = open_page(maps.map_html(maps.explore(sites)), scripts=False)
    still = watched.page.locator(".cg-still")
    assert still.locator("svg[role=img] circle").count() == 1
    assert still.locator("svg[role=img] path[stroke-dasharray]").count() == 1
    assert still.locator("svg[role=img] text").all_text_contents() == ["1", "2"]
    assert "A number without a dot: the site lies somewhere in the pale area." in still.inner_text()
    rows = [row.split("\t") for row in still.locator("tbody tr").all_inner_texts()]
    assert rows == [
        ["1. dot", "point: a position without an extent", "0.0003"],
        ["2. area", "known by its area only", "–"],
        ["3. nowhere", "without position: not on the map", "2"],
    ]


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_without_scripts_zones_and_layers_are_drawn_and_named_in_the_legend(
    open_page: Callable[..., Watched], shots: Path, lang: str
) -> None:
    def layer(*shapes: Any) -> gpd.GeoDataFrame:
        return gpd.GeoDataFrame(geometry=[*shapes], crs="EPSG:4326")

    sites = layer(shapely.Point(127, 36), shapely.Point(129, 37)).assign(name=["a", "b"])
    line, spot = shapely.LineString([(127, 36), (128, 37)]), shapely.Point(128.5, 36.5)
    made = maps.explore(
        sites,
        lang=lang,
        zones={"rdz": cg.Layer(layer(shapely.box(127.5, 36, 128, 36.5)), name="rdz", coverage="everywhere")},
        layers={HOSTILE: layer(line, spot), "far": layer(shapely.Point(0, 0))},
    )
    watched = open_page(maps.map_html(made), scripts=False)
    still = watched.page.locator(".cg-still")
    drawn = still.locator("svg[role=img] g")
    term = "개발제한구역" if lang == "ko" else "RDZ (greenbelt)"
    assert drawn.count() == 3
    boxes = [one.bounding_box() for one in drawn.locator("path[stroke-dasharray]").all()]
    assert boxes[0]["width"] > 20
    assert drawn.nth(1).locator("path").count() == 2
    assert drawn.nth(1).locator("path[stroke-linecap]").get_attribute("d").count("M") == 1
    assert drawn.nth(2).locator("path").count() == 0
    said = [text.strip() for text in still.locator(".cg-still-key li").all_inner_texts()]
    assert {term, HOSTILE, "far"} <= set(said)
    watched.page.screenshot(path=shots / f"no-script-zones-{lang}.png", full_page=True)
    watched.assert_quiet()


def test_without_scripts_short_names_stand_at_the_dots_and_what_all_sites_are_is_said_once(
    open_page: Callable[..., Watched],
) -> None:
    spots = [shapely.Point(127, 36), shapely.Point(129, 37)]
    sites = gpd.GeoDataFrame({"site_id": ["7", "12"]}, geometry=spots, crs="EPSG:4326")
    still = open_page(maps.map_html(maps.explore(sites)), scripts=False).page.locator(".cg-still")
    assert still.locator("svg[role=img] text").all_text_contents() == ["7", "12"]
    assert still.locator("tbody th").all_inner_texts() == ["7", "12"]
    assert still.locator("thead th").all_inner_texts() == ["Name"]
    assert "Footprint: point: a position without an extent" in still.inner_text()


@pytest.mark.parametrize("size", [(390, 844), (1280, 800), (1920, 1000)])
def test_a_printed_map_is_one_sheet_with_every_site_whatever_the_window(
    tagged: gpd.GeoDataFrame, open_page: Callable[..., Watched], shots: Path, size: tuple[int, int]
) -> None:
    page = open_page(maps.map_html(maps.explore(tagged, lang="en")), width=size[0], height=size[1]).page
    file = shots / f"map-en-{size[0]}-print.pdf"
    page.pdf(path=file, prefer_css_page_size=True)
    sheet = PdfReader(file)
    assert len(sheet.pages) == 1
    assert sheet.pages[0].mediabox.width > sheet.pages[0].mediabox.height
    # What printing does to the page, seen from inside; then the window has its map back.
    look = "() => [map_view.getCenter().lat, map_view.getCenter().lng, map_view.getZoom()]"
    page.evaluate("() => { window.map_view = Object.values(window).find(one => one instanceof L.Map); }")
    held = page.evaluate(look)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    frame = page.evaluate("(() => { const s = map_view.getSize(); return [s.x, s.y]; })()")
    assert frame[0] > frame[1]
    spots = page.evaluate(
        "[...document.querySelectorAll('path.cg-site')].map(one => one.getBoundingClientRect())"
        ".map(box => [box.left + box.width / 2, box.top + box.height / 2])"
    )
    assert len(spots) == len(tagged)
    assert all(0 < x < frame[0] and 0 < y < frame[1] for x, y in spots)
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(look) == pytest.approx(held)


def test_the_linked_page_works_with_what_it_links_to(tagged: gpd.GeoDataFrame, browser: Any, tmp_path: Path) -> None:
    file = maps.save_map(maps.explore(tagged), tmp_path / "map.html", offline=False)
    assert file.stat().st_size < 300_000
    page = browser.new_context().new_page()
    strange: list[str] = []
    complaints: list[str] = []

    def answer(route: Any) -> None:
        url = route.request.url
        if url in _page._ASSETS:
            asset = _page._ASSETS[url]
            route.fulfill(
                body=(_page._folder(asset.package) / asset.file).read_bytes(),
                content_type="text/css" if asset.file.endswith("css") else "text/javascript",
            )
        else:
            strange.append(url)
            route.abort()

    page.route(re.compile("^https?:"), answer)
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(file.as_uri())
    page.locator("path.cg-site").first.wait_for()
    assert page.locator("path.cg-site").count() == len(tagged)
    page.locator(".cg-chip").first.click()
    page.locator(".cg-card").wait_for()
    assert strange == []
    assert complaints == []
    page.context.close()


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_linked_page_without_a_network_is_the_picture_with_its_table_and_says_why(
    tagged: gpd.GeoDataFrame, browser: Any, tmp_path: Path, shots: Path, lang: str
) -> None:
    sites = tagged.head(3).assign(name_en=HOSTILE, name_ko=HOSTILE)
    file = maps.save_map(maps.explore(sites, lang=lang), tmp_path / "map.html", offline=False)
    page = browser.new_context(offline=True).new_page()
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.goto(file.as_uri())
    still = page.locator(".cg-still")
    still.wait_for()
    said = "스크립트를 불러오지 못해" if lang == "ko" else "The map's scripts did not load"
    assert said in still.get_by_role("alert").inner_text()
    assert still.locator("svg[role=img] circle").count() == 3
    # Sites in a column are no picture that is taller than it was made.
    assert still.locator("svg[role=img]").bounding_box()["height"] <= 900
    assert still.locator("tbody th").all_inner_texts() == [f"{at}. {HOSTILE}" for at in (1, 2, 3)]
    assert not page.locator(".folium-map").is_visible()
    page.screenshot(path=shots / f"linked-no-network-{lang}.png", full_page=True)
    assert dialogs == []
    page.context.close()


def test_a_page_whose_data_cannot_be_inflated_is_the_picture_and_says_why(
    tagged: gpd.GeoDataFrame, open_page: Callable[..., Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_pack, "_READABLE", 0)
    html = maps.map_html(maps.explore(tagged))
    head = "<script>delete window.DecompressionStream;</script>"
    # The policy of the page would not run it.
    watched = open_page(re.sub(r"<meta http-equiv=.Content-Security-Policy.[^>]*>", head, html, count=1))
    assert "DecompressionStream" in watched.page.locator(".cg-still").get_by_role("alert").inner_text()
    assert watched.page.locator(".cg-still tbody tr").count() == len(tagged)


def test_what_folium_and_geopandas_add_is_drawn_beside_ours(
    tagged: gpd.GeoDataFrame, open_page: Callable[..., Watched]
) -> None:
    folium = pytest.importorskip("folium")
    made = maps.explore(tagged)
    own = gpd.GeoDataFrame({"name": ["mine"]}, geometry=[shapely.box(127.5, 36, 127.8, 36.3)], crs="EPSG:4326")
    own.explore(m=made, name="of geopandas", style_kwds={"className": "of-geopandas"})
    folium.CircleMarker([36.5, 128.0], popup="of folium", class_name="of-folium").add_to(made)
    watched = open_page(maps.map_html(made))
    assert watched.page.locator(".leaflet-overlay-pane path").count() == 2
    rows = watched.page.locator(".cg-layers label").all_inner_texts()
    assert "of geopandas" in [row.strip() for row in rows]
    watched.assert_quiet()
