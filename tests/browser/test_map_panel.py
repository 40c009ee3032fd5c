"""The panel of the map: search, filters and list, by mouse and by keyboard, and what a screen reader is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pytest
import shapely

from clustergeo import _digits, datasets, labels, maps
from clustergeo.tags import tag

expect = pytest.importorskip("playwright.sync_api").expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.conftest import Watched

CARD = ".leaflet-popup .cg-card h2"


@pytest.fixture(scope="module")
def tagged() -> gpd.GeoDataFrame:
    return tag(datasets.load_sites())


@pytest.fixture(scope="module", params=["ko", "en"])
def lang(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def html(tagged: gpd.GeoDataFrame, lang: str) -> str:
    return maps.map_html(maps.explore(tagged, lang=lang))


def focused(watched: Watched) -> str:
    return str(
        watched.page.evaluate("document.activeElement.getAttribute('aria-label') || document.activeElement.textContent")
    )


def opened(watched: Watched) -> str:
    """Return the title of the open card, once the one before has faded."""
    watched.page.locator(CARD).last.wait_for()
    expect(watched.page.locator(CARD)).to_have_count(1)
    return str(watched.page.locator(CARD).inner_text())


def test_the_search_finds_a_name_and_enter_opens_its_card(
    tagged: gpd.GeoDataFrame, html: str, lang: str, open_page: Callable[..., Watched]
) -> None:
    watched = open_page(html)
    wanted = tagged[f"name_{lang}"].iloc[6]
    field = watched.page.get_by_role("combobox")
    field.focus()
    watched.page.keyboard.type(wanted.lower())
    assert watched.page.get_by_role("option").count() >= 1
    assert field.get_attribute("aria-expanded") == "true"
    watched.page.keyboard.press("Enter")
    watched.page.locator(CARD).wait_for()
    assert watched.page.locator(CARD).inner_text() == wanted
    assert focused(watched).startswith(wanted)
    watched.page.keyboard.press("Escape")
    watched.page.locator(".leaflet-popup").wait_for(state="detached")
    watched.assert_quiet()


def test_the_search_knows_the_other_language_and_the_place(
    tagged: gpd.GeoDataFrame, html: str, lang: str, open_page: Callable[..., Watched]
) -> None:
    watched = open_page(html)
    other = "en" if lang == "ko" else "ko"
    field = watched.page.locator(".cg-search input")
    field.fill(tagged[f"name_{other}"].iloc[3])
    assert watched.page.get_by_role("option").first.inner_text().startswith(tagged[f"name_{lang}"].iloc[3])
    field.fill(labels.value("city", tagged["city"].iloc[0], lang))
    options = watched.page.get_by_role("option")
    assert tagged[f"name_{lang}"].iloc[0] in options.first.inner_text()
    field.fill("no such site")
    assert options.count() == 0
    assert watched.page.locator(".cg-search [role=status]").inner_text() in ("찾은 것이 없습니다", "nothing found")


@pytest.mark.parametrize(
    ("typed", "site"),
    [
        ("대구", "daegu"),
        ("충남", "hongseong"),
        ("처인구", "yongin"),
        ("이동읍", "yongin"),
        ("나노반도체", "daejeon"),
        ("Gyeonggi", "yongin"),
        ("yongin-si", "yongin"),
    ],
)
def test_a_place_of_any_level_is_found_in_either_language_without_its_dots_and_spaces(  # noqa: PLR0917
    tagged: gpd.GeoDataFrame, html: str, lang: str, open_page: Callable[..., Watched], typed: str, site: str
) -> None:
    watched = open_page(html)
    watched.page.locator(".cg-search input").fill(typed)
    found = [text.split("\n")[0] for text in watched.page.get_by_role("option").all_inner_texts()]
    name = tagged.set_index("site_id").at[site, f"name_{lang}"]
    assert any(name in one for one in found), found


def test_a_site_that_a_filter_or_a_layer_left_out_is_shown_when_it_is_asked_for(
    tagged: gpd.GeoDataFrame, html: str, lang: str, open_page: Callable[..., Watched]
) -> None:
    watched = open_page(html)
    page = watched.page
    page.locator("#cg-tab-filter").click()
    page.locator(".cg-filters input").first.check()
    assert 0 < page.locator("path.cg-site").count() < len(tagged)
    page.locator(".cg-search input").fill("반도체" if lang == "ko" else "semiconductor")
    page.keyboard.press("Enter")
    assert opened(watched)
    assert page.locator("path.cg-site").count() == len(tagged)
    assert not page.locator(".cg-filters input:checked").count()


def test_arrows_choose_among_what_was_found_and_a_click_does_too(
    tagged: gpd.GeoDataFrame, html: str, lang: str, open_page: Callable[..., Watched]
) -> None:
    watched = open_page(html)
    field = watched.page.locator(".cg-search input")
    field.fill("반도체" if lang == "ko" else "semiconductor")
    names = [text.split("\n")[0] for text in watched.page.get_by_role("option").all_inner_texts()]
    assert len(names) >= 2
    watched.page.keyboard.press("ArrowDown")
    chosen = watched.page.locator("[role=option][aria-selected=true]")
    assert field.get_attribute("aria-activedescendant") == chosen.get_attribute("id") == "cg-found-1"
    watched.page.keyboard.press("Enter")
    assert opened(watched) in names[1]
    field.fill("반도체" if lang == "ko" else "semiconductor")
    watched.page.get_by_role("option").first.click()
    assert opened(watched) in names[0]


@pytest.mark.parametrize("hand", ["mouse", "keyboard"])
def test_a_filter_leaves_what_it_names_on_the_map_and_in_the_list(
    tagged: gpd.GeoDataFrame, html: str, lang: str, open_page: Callable[..., Watched], hand: str
) -> None:
    watched = open_page(html)
    page = watched.page
    page.locator("#cg-tab-legend").focus()
    page.keyboard.press("ArrowRight")
    box = page.get_by_role("checkbox", name=labels.value("sectors", "bio", lang))
    if hand == "mouse":
        box.click()
    else:
        box.focus()
        page.keyboard.press("Space")
    bio = [row for row, codes in enumerate(tagged["sectors"]) if "bio" in codes]
    assert 0 < len(bio) < 15
    assert page.locator("path.cg-site").count() == len(bio)
    assert page.locator(".cg-chip").count() == len(bio)
    assert page.locator("path.cg-site[tabindex='0']").count() == 1
    said = page.locator(".cg-filters [role=status]").inner_text()
    assert str(len(bio)) in said
    assert "15" in said
    page.locator("#cg-tab-list").click()
    shown = page.locator(".cg-list tbody button").evaluate_all("all => all.map(one => one.firstChild.textContent)")
    assert shown == [tagged[f"name_{lang}"].iloc[row] for row in bio]
    page.locator("#cg-tab-filter").click()
    page.locator(".cg-clear").click()
    assert page.locator("path.cg-site").count() == 15
    watched.assert_quiet()


def test_filters_by_sector_region_and_basis_narrow_together(
    tagged: gpd.GeoDataFrame, html: str, lang: str, open_page: Callable[..., Watched]
) -> None:
    watched = open_page(html)
    page = watched.page
    page.locator("#cg-tab-filter").click()
    titles = page.locator(".cg-filters legend").all_inner_texts()
    assert titles == [labels.column(one, lang) for one in ("sectors", "macro_region", "rdz_basis")]
    page.get_by_role("checkbox", name=labels.value("macro_region", "chungcheong", lang)).check()
    page.get_by_role("checkbox", name=labels.value("rdz_basis", "reported", lang)).check()
    both = (tagged["macro_region"] == "chungcheong") & (tagged["rdz_basis"] == "reported")
    assert 0 < both.sum() < 15
    assert page.locator("path.cg-site").count() == both.sum()


def test_a_row_and_its_site_light_each_other(html: str, open_page: Callable[..., Watched]) -> None:
    watched = open_page(html)
    page = watched.page
    page.locator("#cg-tab-list").click()
    row, chip = page.locator(".cg-list tbody tr").nth(4), page.locator(".cg-chip").nth(4)
    row.hover()
    assert "cg-lit" in str(chip.get_attribute("class"))
    page.mouse.move(700, 20)
    assert "cg-lit" not in str(chip.get_attribute("class"))
    chip.hover()
    assert "cg-lit" in str(row.get_attribute("class"))
    page.mouse.move(700, 20)
    assert "cg-lit" not in str(row.get_attribute("class"))
    row.locator("button").focus()
    assert "cg-lit" in str(chip.get_attribute("class"))
    page.keyboard.press("Enter")
    page.locator(CARD).wait_for()
    assert page.locator(CARD).inner_text() in row.inner_text()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.closest('tr').rowIndex") == 5


def test_the_dots_are_reached_read_and_opened_by_keyboard(
    tagged: gpd.GeoDataFrame, html: str, lang: str, open_page: Callable[..., Watched]
) -> None:
    watched = open_page(html)
    page = watched.page
    page.locator("path.cg-site[tabindex='0']").focus()
    seen = []
    for _ in range(len(tagged)):
        seen.append(focused(watched))
        assert page.locator(".cg-tip b").last.inner_text() == seen[-1]
        page.keyboard.press("Enter")
        assert opened(watched) == seen[-1]
        page.keyboard.press("Escape")
        expect(page.locator(".leaflet-popup")).to_have_count(0)
        assert focused(watched) == seen[-1]
        page.keyboard.press("ArrowRight")
    assert seen == list(tagged[f"name_{lang}"])
    watched.assert_quiet()


def test_shapes_of_a_further_layer_are_reached_and_opened_by_keyboard(
    tagged: gpd.GeoDataFrame, open_page: Callable[..., Watched]
) -> None:
    shapes = [shapely.box(127, 36, 127.2, 36.2), shapely.LineString([(128, 36), (128.5, 36.5)]), shapely.Point(129, 36)]
    extra = gpd.GeoDataFrame({"name": ["area", "road", "post"], "lanes": [1, 2, 3]}, geometry=shapes, crs="EPSG:4326")
    watched = open_page(maps.map_html(maps.explore(tagged, layers={"extra": extra})))
    for name, lanes in zip(extra["name"], "123", strict=True):
        watched.page.get_by_role("button", name=name, exact=True).focus()
        watched.page.keyboard.press("Enter")
        assert opened(watched) == name
        assert watched.page.locator(".cg-card dd").last.inner_text() == lanes
        watched.page.keyboard.press("Escape")
        expect(watched.page.locator(".leaflet-popup")).to_have_count(0)
    watched.assert_quiet()


def test_the_whole_page_is_walked_by_the_tab_key(html: str, open_page: Callable[..., Watched]) -> None:
    watched = open_page(html)
    seen = set()
    near = "[role=tablist], .cg-search, .cg-layers, .leaflet-control-zoom"
    said = [watched.page.locator(f".leaflet-control-zoom-{one}").get_attribute("aria-label") for one in ("in", "out")]
    assert said in (["확대", "축소"], ["Zoom in", "Zoom out"])
    for _ in range(40):
        watched.page.keyboard.press("Tab")
        seen.add(
            watched.page.evaluate(
                f"(document.activeElement.closest('{near}') || document.activeElement).getAttribute('class')"
            )
        )
    joined = " ".join(map(str, seen))
    assert all(part in joined for part in ("cg-search", "cg-bar", "cg-layers", "leaflet-control-zoom"))
    # No stop is an area that has neither a name nor anything to do.
    assert not [one for one in seen if one == "leaflet-interactive"]
    assert any("cg-site" in str(one) for one in seen)


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
@pytest.mark.parametrize("part", ["legend", "filter", "list", "card"])
def test_axe_finds_no_serious_fault(
    html: str, open_page: Callable[..., Watched], part: str, size: tuple[int, int]
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    # axe is put into the page as a script, which the policy of the page forbids; without it the page is the same.
    start = html.index('<meta http-equiv="Content-Security-Policy"')
    plain = html[:start] + html[html.index("/>", start) + 2 :]
    watched = open_page(plain, width=size[0], height=size[1])
    if size[0] < 720 and part != "card":
        watched.page.locator(".cg-handle").click()
    if part == "card":
        watched.page.locator("path.cg-site").first.dispatch_event("click")
        watched.page.locator(CARD).wait_for()
    else:
        watched.page.locator(f"#cg-tab-{part}").click()
    found = axe.Axe().run(watched.page).response["violations"]
    serious = [(one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] in ("serious", "critical")]
    assert serious == []


def test_on_a_narrow_screen_the_panel_is_a_drawer(html: str, open_page: Callable[..., Watched]) -> None:
    watched = open_page(html, width=390, height=844)
    page = watched.page
    handle = page.locator(".cg-handle")
    assert handle.get_attribute("aria-expanded") == "false"
    assert not page.locator(".cg-tabs").is_visible()
    handle.focus()
    page.keyboard.press("Enter")
    assert page.locator(".cg-tabs").is_visible()
    box = page.locator(".cg-panel").bounding_box()
    assert box["x"] == 0
    assert box["width"] == 390
    assert box["y"] > 200
    page.locator("#cg-tab-list").click()
    page.locator(".cg-list button").first.click()
    page.locator(CARD).wait_for()
    assert handle.get_attribute("aria-expanded") == "false"
    page.wait_for_timeout(600)
    card = page.locator(".leaflet-popup").bounding_box()
    assert card["x"] >= 0
    assert card["x"] + card["width"] <= 390


def test_the_attribution_stands_above_the_drawer_however_long_the_title(open_page: Callable[..., Watched]) -> None:
    spot = gpd.GeoDataFrame({"site_id": ["a"]}, geometry=[shapely.Point(127.0, 36.0)], crs="EPSG:4326")
    html = maps.map_html(maps.explore(spot, title="A scenario whose name goes on " * 5))
    page = open_page(html, width=390, height=844).page
    page.wait_for_timeout(300)
    drawer = page.locator(".cg-panel").bounding_box()
    owed = page.locator(".leaflet-control-attribution").bounding_box()
    assert drawer["height"] > 66
    assert owed["y"] + owed["height"] <= drawer["y"] + 1


def test_a_list_too_long_to_read_is_capped_and_says_so(open_page: Callable[..., Watched]) -> None:
    points: list[Any] = [shapely.Point(126.5 + at % 40 / 20, 35.0 + at // 40 / 10) for at in range(600)]
    sites = gpd.GeoDataFrame({"site_id": [f"s{at}" for at in range(600)]}, geometry=points, crs="EPSG:4326")
    watched = open_page(maps.map_html(maps.explore(sites)))
    watched.page.locator("#cg-tab-list").click()
    assert watched.page.locator(".cg-list tbody tr").count() == 200
    assert "The first 200 of 600" in watched.page.locator(".cg-list").inner_text()
    watched.page.locator(".cg-search input").fill("s599")
    watched.page.keyboard.press("Enter")
    watched.page.locator(CARD).wait_for()
    assert watched.page.locator(CARD).inner_text() == "s599"


def test_a_site_without_a_position_is_listed_and_found_and_its_card_points_at_nothing(
    open_page: Callable[..., Watched],
) -> None:
    sites = gpd.GeoDataFrame(
        {"name": ["nowhere", "here"], "area_km2": [2.5, 1.0]}, geometry=[None, shapely.Point(127, 37)], crs="EPSG:4326"
    )
    watched = open_page(maps.map_html(maps.explore(sites)))
    page = watched.page
    assert page.locator("path.cg-site").count() == 1
    page.locator("#cg-tab-list").click()
    rows = [text.split() for text in page.locator(".cg-list tbody tr").all_inner_texts()]
    assert rows == [["here", "1"], ["nowhere", "without", "position", "2.5"]]
    page.locator(".cg-search input").fill("nowh")
    assert page.get_by_role("option").all_inner_texts() == ["nowhere without position"]
    page.keyboard.press("Enter")
    assert opened(watched) == "nowhere"
    assert "without position: not on the map" in page.locator(".cg-card").inner_text()
    assert not page.locator(".leaflet-popup-tip-container").is_visible()
    page.keyboard.press("Escape")
    page.locator(".cg-list button").first.click()
    assert opened(watched) == "here"
    assert page.locator(".leaflet-popup-tip-container").is_visible()
    watched.assert_quiet()


@pytest.mark.parametrize("count", [150, 1200])
def test_each_of_many_shapes_of_a_further_layer_is_reached_by_search_and_list_with_the_keyboard(
    open_page: Callable[..., Watched], count: int
) -> None:
    shapes = [
        shapely.box(x, y, x + 0.02, y + 0.02)
        for x, y in ((126.5 + at % 40 * 0.06, 34.8 + at // 40 * 0.08) for at in range(count))
    ]
    extra = gpd.GeoDataFrame({"name": [f"plot {at}" for at in range(count)]}, geometry=shapes, crs="EPSG:4326")
    site = gpd.GeoDataFrame({"name": ["A"]}, geometry=[shapely.Point(127, 37)], crs="EPSG:4326")
    watched = open_page(maps.map_html(maps.explore(site, layers={"plots": extra})))
    page = watched.page
    page.locator(".cg-ready").wait_for()
    page.locator(".leaflet-control-layers-overlays label", has_text="plots").locator("input").uncheck()
    page.locator(".cg-search input").focus()
    page.keyboard.type(f"plot {count - 1}")
    assert page.get_by_role("option").all_inner_texts() == [f"plot {count - 1} plots"]
    page.keyboard.press("Enter")
    assert opened(watched) == f"plot {count - 1}"
    # What was asked for is shown.
    assert page.locator(".leaflet-control-layers-overlays label", has_text="plots").locator("input").is_checked()
    page.keyboard.press("Escape")
    page.locator("#cg-tab-list").click()
    page.locator(".cg-list summary").focus()
    page.keyboard.press("Enter")
    rows = page.locator(".cg-list details tbody button")
    expect(rows).to_have_count(min(count, 200))
    assert ("The first 200 of 1,200" in page.locator(".cg-list details").inner_text()) == (count > 200)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert focused(watched) == "plot 1"
    page.keyboard.press("Enter")
    assert opened(watched) == "plot 1"
    watched.assert_quiet()


def test_card_and_list_show_the_figures_of_the_tables(open_page: Callable[..., Watched]) -> None:
    areas = [7.28, 0.636, 1.135, 0.0123, 0.0003, 0.00004, 1e-8, 1234.5]
    points: list[Any] = [shapely.Point(127 + at / 10, 37) for at in range(len(areas))]
    sites = gpd.GeoDataFrame({"name": [f"s{at}" for at in range(len(areas))], "area_km2": areas}, geometry=points)
    watched = open_page(maps.map_html(maps.explore(sites.set_crs("EPSG:4326"))))
    page = watched.page
    page.locator("#cg-tab-list").click()
    said = [_digits.area(one) for one in areas]
    assert page.locator(".cg-list .cg-figure").all_inner_texts() == said
    for at in range(len(areas)):
        page.locator(".cg-list button").nth(at).click()
        assert opened(watched) == f"s{at}"
        assert f"{said[at]} km²" in page.locator(".cg-card dd").all_inner_texts()
        page.keyboard.press("Escape")
        expect(page.locator(".leaflet-popup")).to_have_count(0)
