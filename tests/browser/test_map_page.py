"""The map page in a browser with no network: it draws, answers, toggles, and runs nothing of a user's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import folium
import geopandas as gpd
import pandas as pd
import pytest
import shapely

from clustergeo import datasets, labels, maps
from clustergeo._fonts import FAMILY
from clustergeo.layers import Layer
from clustergeo.tags import tag

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.browser.conftest import Watched

# What an evaluation returns is copied out of the browser, and a map takes seconds: calls on it return nothing.
MAP = "Object.values(window).find(found => found instanceof L.Map)"
PANES = ("cgGround", "cgCapital", "cgZones", "cgWithin", "cgFootprints", "cgDots")
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def tagged() -> gpd.GeoDataFrame:
    return tag(datasets.load_sites())


def count(watched: Watched, selector: str) -> int:
    return int(watched.page.locator(selector).count())


def drawn(watched: Watched, pane: str) -> int:
    return int(watched.page.evaluate(f"{MAP}.getPane('{pane}').querySelectorAll('path').length"))


def chips(watched: Watched) -> list[dict[str, float]]:
    found = watched.page.evaluate(
        "[...document.querySelectorAll('.cg-chip')].filter(one => one.offsetParent !== null)"
        ".map(one => { const box = one.getBoundingClientRect();"
        " return {x: box.left, y: box.top, right: box.right, bottom: box.bottom}; })"
    )
    return list(found)


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_page_draws_every_site_and_asks_for_nothing(
    tagged: gpd.GeoDataFrame, open_page: Callable[..., Watched], lang: str
) -> None:
    watched = open_page(maps.map_html(maps.explore(tagged, lang=lang)))
    assert drawn(watched, "cgDots") == len(tagged)
    assert drawn(watched, "cgFootprints") == (tagged["footprint_basis"] != "point").sum()
    assert drawn(watched, "cgWithin") == tagged["within"].notna().sum()
    assert drawn(watched, "cgCapital") == 1
    assert drawn(watched, "cgGround") == len(datasets.load_regions("province"))
    assert watched.page.evaluate("document.documentElement.lang") == lang
    assert watched.page.title().startswith("부지 15곳" if lang == "ko" else "15 sites")
    watched.assert_quiet()


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_at_first_view_every_name_stands_whole_and_covers_no_other(
    tagged: gpd.GeoDataFrame, open_page: Callable[..., Watched], lang: str
) -> None:
    watched = open_page(maps.map_html(maps.explore(tagged, lang=lang)))
    boxes = chips(watched)
    assert len(boxes) == len(tagged)
    panel = watched.page.locator(".cg-panel").bounding_box()
    for at, one in enumerate(boxes):
        assert one["x"] > panel["x"] + panel["width"]
        assert one["y"] > 0
        assert one["bottom"] < 800
        for other in boxes[:at]:
            apart = (
                one["right"] <= other["x"]
                or other["right"] <= one["x"]
                or one["bottom"] <= other["y"]
                or other["bottom"] <= one["y"]
            )
            assert apart
    assert set(watched.page.locator(".cg-chip .cg-badge").all_inner_texts()) == (
        {"보", "유", "무"} if lang == "ko" else {"R", "P", "N"}
    )


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_a_card_unfolds_the_timeline_of_its_site_with_days_and_sources(
    tagged: gpd.GeoDataFrame, open_page: Callable[..., Watched], shots: Path, lang: str, width: int
) -> None:
    html = maps.map_html(maps.explore(tagged, lang=lang, history=datasets.load_facts()))
    assert len(html.encode()) < 900_000
    watched = open_page(html, width=width)
    page = watched.page
    at = list(tagged["site_id"]).index("wanju")
    page.locator("path.cg-site").nth(at).dispatch_event("click")
    card = page.locator(".leaflet-popup .cg-card")
    card.wait_for()
    past = card.locator("details.cg-past")
    assert past.locator("summary").inner_text() == ("연표: 사실 7건" if lang == "ko" else "Timeline: 7 dated facts")
    assert past.get_attribute("open") is None
    past.locator("summary").focus()
    page.keyboard.press("Enter")
    past.locator("li").first.wait_for(state="visible")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    days = past.locator("li time").all_inner_texts()
    assert days[0] == "2019"
    assert days[-1] == "2025-12-24"
    assert past.locator("li").count() == len(days) == 7
    last = past.locator("li").last
    said = "추진 단계: 예비타당성조사 통과." if lang == "ko" else "Status: feasibility study passed."
    assert said in last.inner_text()
    assert last.locator("a[target=_blank][rel~=noopener]").get_attribute("href").startswith("https://www.segye.com/")
    last.scroll_into_view_if_needed()
    page.wait_for_timeout(400)
    page.screenshot(path=shots / f"timeline-{lang}-{width}.png")
    box = page.locator(".leaflet-popup").bounding_box()
    assert box["x"] >= 0
    assert box["y"] >= 0
    assert box["x"] + box["width"] <= width
    watched.assert_quiet()


def test_only_the_facts_that_are_given_make_a_timeline(
    tagged: gpd.GeoDataFrame, open_page: Callable[..., Watched]
) -> None:
    own = datasets.load_facts().head(1).assign(site_id="mine", note_en=HOSTILE, source=f"javascript:alert(1) {HOSTILE}")
    mine = tagged.head(2).assign(site_id=["mine", "yongin"])
    watched = open_page(maps.map_html(maps.explore(mine, history=own)))
    for at, count_of in ((0, 1), (1, 0)):
        watched.page.locator("path.cg-site").nth(at).dispatch_event("click")
        card = watched.page.locator(".leaflet-popup .cg-card")
        card.wait_for()
        assert card.locator("details.cg-past").count() == count_of
        if count_of:
            card.locator("summary").click()
            assert HOSTILE in card.locator(".cg-past li").inner_text()
            assert card.locator(".cg-past a, .cg-past img").count() == 0
        watched.page.evaluate(f"() => {{ {MAP}.closePopup(); }}")
        watched.page.locator(".leaflet-popup").wait_for(state="detached")
    watched.assert_quiet()
    plain = open_page(maps.map_html(maps.explore(tagged)))
    plain.page.locator("path.cg-site").first.dispatch_event("click")
    plain.page.locator(".leaflet-popup .cg-card").wait_for()
    assert count(plain, "details.cg-past") == 0


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_every_card_opens_from_its_name_and_from_its_dot(
    tagged: gpd.GeoDataFrame, open_page: Callable[..., Watched], lang: str
) -> None:
    watched = open_page(maps.map_html(maps.explore(tagged, lang=lang)))
    page = watched.page
    seen = []
    for at in range(len(tagged)):
        page.locator(".cg-chip").nth(at).dispatch_event("click")
        card = page.locator(".leaflet-popup .cg-card")
        card.wait_for()
        assert card.count() == 1
        title = card.locator("h2").inner_text()
        assert len(card.locator("dd").all_inner_texts()) >= 5
        assert all(text.strip() for text in card.locator("dd").all_inner_texts())
        assert card.locator("a[target=_blank][rel~=noopener][href^=http]").count() > 0
        seen.append(title)
        page.evaluate(f"() => {{ {MAP}.closePopup(); }}")
        page.locator(".leaflet-popup").wait_for(state="detached")
    assert seen == list(tagged[f"name_{lang}"])
    dots = page.locator("path.cg-site")
    for at in range(dots.count()):
        dots.nth(at).dispatch_event("click")
        card = page.locator(".leaflet-popup .cg-card")
        card.wait_for()
        assert card.locator("h2").inner_text() == seen[at]
        page.evaluate(f"() => {{ {MAP}.closePopup(); }}")
        page.locator(".leaflet-popup").wait_for(state="detached")
    watched.assert_quiet()


def test_every_layer_toggles_off_and_on(tagged: gpd.GeoDataFrame, open_page: Callable[..., Watched]) -> None:
    zone = Layer(
        gpd.GeoDataFrame(geometry=[shapely.box(127.0, 36.8, 127.2, 37.0)], crs="EPSG:4326"),
        name="rdz",
        as_of="2025-01-01",
    )
    watched = open_page(maps.map_html(maps.explore(tagged, zones={"rdz": zone})))
    rows = watched.page.locator(".leaflet-control-layers-overlays label")
    assert [text.strip() for text in rows.all_inner_texts()] == [
        "Provinces", "Capital region", "Zone: RDZ (greenbelt)", "Areas that contain the sites", "Drawn discs", "Sites",
        "Names",
    ]  # fmt: skip

    def state() -> dict[str, int]:
        return {pane: drawn(watched, pane) for pane in PANES} | {"cgLabels": len(chips(watched))}

    everything = state()
    assert all(everything.values())
    panes = ["cgGround", "cgCapital", "cgZones", "cgWithin", "cgFootprints", "cgDots", "cgLabels"]
    for at, pane in enumerate(panes):
        box = rows.nth(at).locator("input")
        box.uncheck()
        assert state() == everything | {pane: 0}
        box.focus()
        watched.page.keyboard.press("Space")
        assert state() == everything
    watched.assert_quiet()


def test_the_legend_of_a_layer_is_hidden_with_it(tagged: gpd.GeoDataFrame, open_page: Callable[..., Watched]) -> None:
    watched = open_page(maps.map_html(maps.explore(tagged)))
    key = watched.page.locator(".cg-key", has_text="drawn disc of the site's area")
    box = watched.page.locator(".leaflet-control-layers-overlays label", has_text="Drawn discs").locator("input")
    assert key.is_visible()
    box.uncheck()
    assert not key.is_visible()
    assert watched.page.locator(".cg-key", has_text="capital region").is_visible()
    box.check()
    assert key.is_visible()


def test_names_hide_when_one_zooms_out_and_return(tagged: gpd.GeoDataFrame, open_page: Callable[..., Watched]) -> None:
    watched = open_page(maps.map_html(maps.explore(tagged)))
    watched.page.evaluate(f"() => {{ {MAP}.setZoom(4, {{animate: false}}); }}")
    assert chips(watched) == []
    watched.page.evaluate(f"() => {{ {MAP}.setZoom(7, {{animate: false}}); }}")
    assert len(chips(watched)) == len(tagged)


def test_legend_scale_and_attribution_are_there(tagged: gpd.GeoDataFrame, open_page: Callable[..., Watched]) -> None:
    watched = open_page(maps.map_html(maps.explore(tagged)))
    legend = watched.page.locator(".cg-panel").inner_text()
    assert "facts as of" in legend
    used = {code for codes in tagged["sectors"] for code in codes[:1]}
    assert all(labels.value("sectors", code, "en") in legend for code in used)
    assert "drawn disc of the site's area: not evidence" in legend
    assert "none, inferred" in legend
    assert watched.page.locator(".leaflet-control-scale").inner_text().endswith("km")
    attribution = watched.page.locator(".leaflet-control-attribution").inner_text()
    assert "Statistics Korea" in attribution
    assert "KOGL" in attribution


def test_evidence_is_told_apart_without_colour(tagged: gpd.GeoDataFrame, open_page: Callable[..., Watched]) -> None:
    watched = open_page(maps.map_html(maps.explore(tagged)))
    strokes = watched.page.evaluate(
        "[...document.querySelectorAll('path.cg-site')]"
        ".map(one => one.getAttribute('stroke-width') + '/' + one.getAttribute('stroke-dasharray'))"
    )
    badges = watched.page.locator(".cg-chip .cg-badge").all_inner_texts()
    pairs = set(zip(badges, strokes, strict=True))
    assert len(pairs) == len({badge for badge, _ in pairs}) == len({stroke for _, stroke in pairs}) == 3


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        (
            "see https://a.example/x?y=1&z=2, then http://b.example/(c).",
            ["https://a.example/x?y=1&z=2", "http://b.example/(c)"],
        ),
        ("(https://a.example/x) HTTPS://C.EXAMPLE/", ["https://a.example/x", "https://c.example/"]),
        ("javascript:alert(1) data:text/html,x ftp://d.example //e.example javascript:https", []),
        ('https://a.example/"onmouseover="alert(1) https:// https://?', ["https://a.example/"]),
        ("https://a.example/<img src=x onerror=alert(1)>", ["https://a.example/"]),
        ("https://a.example/" + "x" * 600, []),
    ],
)
def test_addresses_in_a_column_of_the_callers_are_links_and_nothing_else_is(
    open_page: Callable[..., Watched], text: str, addresses: list[str]
) -> None:
    sites = gpd.GeoDataFrame({"web": [text]}, geometry=[shapely.Point(127, 36)], crs="EPSG:4326")
    watched = open_page(maps.map_html(maps.explore(sites)))
    watched.page.locator("path.cg-site").dispatch_event("click")
    row = watched.page.locator(".cg-card dd").last
    links = row.locator("a")
    assert links.evaluate_all("all => all.map(one => one.href)") == addresses
    assert all(one.get_attribute("rel") == "noopener noreferrer" for one in links.all())
    assert all(one.get_attribute("target") == "_blank" for one in links.all())
    assert row.text_content() == (text if len(text) <= 500 else text[:499] + "…")
    assert row.locator("img").count() == 0
    watched.assert_quiet()


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_a_narrow_window_names_the_sites_that_have_room_and_more_of_them_nearer(
    tagged: gpd.GeoDataFrame, open_page: Callable[..., Watched], lang: str
) -> None:
    watched = open_page(maps.map_html(maps.explore(tagged, lang=lang)), width=390, height=844)
    first = len(chips(watched))
    assert first >= 7
    box = watched.page.locator(".leaflet-control-layers-overlays label").last.locator("input")
    box.dispatch_event("click")
    assert chips(watched) == []
    box.dispatch_event("click")
    assert len(chips(watched)) == first
    at = tagged.geometry.iloc[list(tagged["site_id"]).index("iksan")].centroid
    watched.page.evaluate(f"() => {{ {MAP}.setView([{at.y}, {at.x}], 11, {{animate: false}}); }}")
    names = {text.replace("\n", " ") for text in watched.page.locator(".cg-chip:visible").all_inner_texts()}
    assert set(tagged.loc[tagged["site_id"].isin(["iksan", "wanju"]), f"name_{lang}"]) <= names
    watched.page.set_viewport_size({"width": 1280, "height": 800})
    assert watched.page.locator(".cg-passing").count() == 0
    watched.assert_quiet()


def test_hostile_text_runs_nothing_wherever_it_is_shown(open_page: Callable[..., Watched]) -> None:
    zone = Layer(
        gpd.GeoDataFrame(geometry=[shapely.box(127.0, 37.0, 127.3, 37.3)], crs="EPSG:4326"), name="rdz", source=HOSTILE
    )
    extra = gpd.GeoDataFrame(
        {"name": [HOSTILE], HOSTILE: [HOSTILE]}, geometry=[shapely.box(127.0, 37.0, 127.05, 37.05)], crs="EPSG:4326"
    )
    texts = "name_en name_ko province address_en status rdz_basis rdz_reported_note_en area_as_of macro_region"
    columns: dict[str, Any] = {name: [HOSTILE] for name in [*texts.split(), HOSTILE]}
    urls = "javascript:alert(2) data:text/html,x //example.org ftp://example.org/a https://example.org/x"
    sites = gpd.GeoDataFrame(
        columns | {"sectors": [[HOSTILE]], "rdz_present": [True], "area_km2": [1.0], "area_source": [urls]},
        geometry=[shapely.box(127.1, 37.1, 127.12, 37.12)],
        crs="EPSG:4326",
    )
    made = maps.explore(sites, title=HOSTILE, zones={HOSTILE: zone}, layers={HOSTILE: extra}, colour_by=HOSTILE)
    watched = open_page(maps.map_html(made))
    page = watched.page
    page.locator(".cg-chip").dispatch_event("click")
    page.locator(".leaflet-popup .cg-card").wait_for()
    assert page.locator(".cg-card h2").inner_text() == HOSTILE
    assert page.locator(".cg-card a").evaluate_all("all => all.map(one => one.href)") == ["https://example.org/x"]
    page.keyboard.press("Escape")
    for tab in ("legend", "filter", "list"):
        page.locator(f"#cg-tab-{tab}").click()
    page.locator(".cg-search input").fill("onerror")
    # The site, and the shape of the further layer.
    assert page.locator("#cg-found li").count() == 2
    page.evaluate(
        f"() => {{ {MAP}.eachLayer(layer => layer.getTooltip && layer.getTooltip() && layer.openTooltip()); }}"
    )
    page.wait_for_timeout(300)
    assert page.locator("img").count() == 0
    assert page.locator("[onerror]").count() == 0
    assert page.locator(".cg-panel h1").inner_text() == HOSTILE
    watched.assert_quiet()


def test_a_script_that_came_in_would_not_be_run(tagged: gpd.GeoDataFrame, open_page: Callable[..., Watched]) -> None:
    page = maps.map_html(maps.explore(tagged))
    watched = open_page(page.replace("</body>", "<script>alert(3)</script><img src=x onerror=alert(4)></body>"))
    watched.page.wait_for_timeout(200)
    assert watched.dialogs == []
    assert sum("Content Security Policy" in one for one in watched.complaints) >= 2


def test_hangul_is_drawn_by_the_font_of_the_page(tagged: gpd.GeoDataFrame, open_page: Callable[..., Watched]) -> None:
    watched = open_page(maps.map_html(maps.explore(tagged, lang="ko")))
    loaded = watched.page.evaluate(
        f"document.fonts.load('16px \"{FAMILY}\"', '{tagged['name_ko'].iloc[0]}')"
        ".then(faces => faces.map(face => face.status))"
    )
    assert loaded == ["loaded"]
    watched.assert_quiet()


def test_a_notebook_frame_draws_the_map(tagged: gpd.GeoDataFrame, open_page: Callable[..., Watched]) -> None:
    made = maps.explore(tagged)
    watched = open_page(f"<!DOCTYPE html><html><body>{made._repr_html_()}</body></html>", width=900)
    frame = watched.page.frame_locator("iframe")
    frame.locator("path.cg-site").first.wait_for()
    assert frame.locator("path.cg-site").count() == len(tagged)
    assert [url for url in watched.requests if url != "about:srcdoc"] == []
    assert watched.complaints == []


def test_pointing_at_a_site_says_its_bounds_and_what_would_decide(open_page: Callable[..., Watched]) -> None:
    site = gpd.GeoDataFrame(
        {"name": ["A"], "footprint_basis": ["disc"], "area_km2": [4.0], "position_error_m": [8000.0]},
        geometry=[shapely.Point(127.12, 36.96).buffer(0.01)],
        crs="EPSG:4326",
    )
    tagged = tag(site)
    assert tagged["in_capital_region"].isna().all()
    watched = open_page(maps.map_html(maps.explore(tagged)))
    watched.page.locator("path.cg-site").hover()
    tip = watched.page.locator(".cg-tip")
    tip.wait_for()
    said = tip.inner_text()
    assert "Capital region: not decidable from this evidence · 0 % – 100 % of the site (proved)" in said
    assert "A measured footprint whose centre is more than 200 m from the border would decide it." in said
    assert (
        "An official layer that covers the site together with the site's own boundary, or a cited figure, would tell."
        in said
    )


def test_yes_no_and_open_look_different_without_colour(open_page: Callable[..., Watched]) -> None:
    sites = gpd.GeoDataFrame(
        {
            "name": list("abc"),
            "rdz_present": pd.array([True, False, None], dtype="boolean"),
            "rdz_basis": ["estimated"] * 3,
        },
        geometry=[shapely.Point(127 + at / 10, 37) for at in range(3)],
        crs="EPSG:4326",
    )
    watched = open_page(maps.map_html(maps.explore(sites)))
    centres = watched.page.evaluate(
        f"[...{MAP}.getPane('cgCentres').querySelectorAll('path')]"
        ".map(one => [one.getAttribute('fill'), Math.round(one.getBoundingClientRect().width)])"
    )
    assert [fill for fill, _ in centres] == ["#22272b", "#ffffff"]
    assert centres[0][1] < centres[1][1]
    kinds = [one.get_attribute("class") for one in watched.page.locator(".cg-chip .cg-badge").all()]
    assert kinds == ["cg-badge cg-yes", "cg-badge cg-no", "cg-badge cg-open"]


def test_a_frame_without_sites_is_a_map_of_the_land(open_page: Callable[..., Watched]) -> None:
    watched = open_page(maps.map_html(maps.explore(gpd.GeoDataFrame(geometry=[], crs="EPSG:4326"))))
    assert drawn(watched, "cgGround") == len(datasets.load_regions("province"))
    assert drawn(watched, "cgDots") == 0
    watched.assert_quiet()


def test_a_plain_marker_of_folium_is_drawn_without_a_request(
    tagged: gpd.GeoDataFrame, open_page: Callable[..., Watched]
) -> None:
    made = maps.explore(tagged)
    folium.Marker([36.5, 127.5], tooltip="mine").add_to(made)
    watched = open_page(maps.map_html(made))
    icon = watched.page.locator("img.leaflet-marker-icon")
    assert icon.evaluate("one => one.complete && one.naturalWidth") == 25
    assert watched.page.locator("img.leaflet-marker-shadow").evaluate("one => one.naturalWidth") == 41
    watched.assert_quiet()
