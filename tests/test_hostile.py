"""Text of a stranger in a caller's file: it is shown as text, everywhere, and does nothing."""

from __future__ import annotations

import csv
import html
import html.parser
import io
import json
import re
import sqlite3
import xml.etree.ElementTree as ET
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from household import MANIFEST, contents, once

import clustergeo as cg

CHROMIUM = Path("/usr/bin/chromium")
MARK = "onerror=alert(1)"
NAMES = [
    f"<img src=x {MARK}>",
    '=HYPERLINK("http://x.example","click")',
    "../../etc",
    "</script><script>alert(1)</script>",
    "{{7*7}} ${7*7} {# x #}",
    "long " * 400,
    "emoji 🏭🚧👩🏽‍🔬",
    "\u202eright \u200fto left שלום مرحبا",
    "'; DROP TABLE sites; --",
    "]]> <!-- --><![CDATA[ &amp; &lt;b&gt;",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "a | b\nc `d` [e](javascript:alert(1)) *f* _g_",
    "$\\frac{1}{0}$ \\input{x} %s %(n)s {0}",
    '" onmouseover="alert(1)" x="',
    "\u2028<svg/onload=alert(1)>",
]
IDS = [f"{number}-{name[:40]}" for number, name in enumerate(NAMES)]
IDS[1:4] = ["=1+1", "../../../outside", "<b>id</b>"]
SECTORS = [
    "../../outside",
    "<script>alert(2)</script>",
    "=2+3",
    "con",
    "bio",
    "BIO",
    "a/b\\c",
    "unknown",
    "한글",
    "x" * 300,
    "{{7*7}}",
    ".",
    "..",
    "javascript:alert(1)",
    "bio;<img src=x onerror=alert(1)>",
]
COLUMN = f"<img src=x {MARK}>"
FORMULA_COLUMN = "=1+2"
SCRIPT_URL = "javascript:alert(1)"


def hostile_sites() -> gpd.GeoDataFrame:
    """Return 15 squares whose every text is hostile."""
    squares = [
        shapely.box(127.0 + 0.1 * n, 36.0 + 0.1 * (n % 5), 127.01 + 0.1 * n, 36.01 + 0.1 * (n % 5)) for n in range(15)
    ]
    return gpd.GeoDataFrame(
        {
            "site_id": IDS,
            "name_ko": NAMES,
            "name_en": NAMES,
            "address_ko": NAMES,
            "address_en": NAMES,
            "sectors": SECTORS,
            "macro_region": SECTORS,
            "status": NAMES,
            "status_as_of": "2025-01-01",
            "status_source": SCRIPT_URL,
            "area_km2": 1.0,
            "area_as_of": "2025-01-01",
            "area_source": f'{SCRIPT_URL} https://x.example/"onclick="alert(1) data:text/html,<script>alert(3)',
            "footprint_basis": "measured",
            "rdz_reported_present": True,
            "rdz_reported_share": 0.5,
            "rdz_reported_basis": "reported",
            "rdz_reported_as_of": "2025-01-01",
            "rdz_reported_source": SCRIPT_URL,
            "rdz_reported_note_ko": NAMES,
            "rdz_reported_note_en": NAMES,
            COLUMN: NAMES,
            FORMULA_COLUMN: NAMES,
        },
        geometry=squares,
        crs="EPSG:4326",
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def make(base: Path) -> None:
        zone = gpd.GeoDataFrame(geometry=[shapely.box(126, 35, 130, 38)], crs="EPSG:4326")
        text = f"<img src=x {MARK}>"
        water = cg.Layer(
            zone, name="water", coverage="everywhere", as_of="2025", source=SCRIPT_URL, licence=text, attribution=text
        )
        cg.report(base / "deep" / "out", sites=hostile_sites(), zones={"water": water})

    return once(tmp_path_factory, "report-of-hostile-sites", make) / "deep" / "out"


class Page(html.parser.HTMLParser):
    """What a browser makes of a page: its tags with their attributes, and its texts."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.scripts: list[str] = []
        self._inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the parser's signature
        self._inside = ""

    def handle_data(self, data: str) -> None:
        (self.scripts if self._inside in {"script", "style"} else self.texts).append(data)


def test_no_file_is_written_outside_the_folder(folder: Path) -> None:
    base = folder.parents[1]
    assert {path.name for path in base.iterdir()} <= {"deep", "done"}
    assert [path.name for path in folder.parent.iterdir()] == ["out"]
    assert not [path for path in folder.rglob("*") if path.is_symlink()]


def test_every_file_name_is_plain_and_each_group_has_a_file_of_its_own(folder: Path) -> None:
    names = list(contents(folder))
    assert [name for name in names if not re.fullmatch(r"(?:[a-z_-]+/)?[A-Za-z0-9_-]+(?:\.[a-z]+)+", name)] == []
    assert [name for name in names if len(name) > 150] == []
    sectors = [name for name in names if name.startswith("by-sector/")]
    codes = {code for text in SECTORS for code in text.split(";")}
    assert len(sectors) == len(codes)
    assert len({name.casefold() for name in names}) == len(names)
    assert "by-sector/con.geojson" not in sectors


def test_the_data_hold_every_text_as_it_was_given(folder: Path) -> None:
    parquet = gpd.read_parquet(folder / "sites.parquet")
    assert parquet["name_en"].tolist() == NAMES
    assert parquet[COLUMN].tolist() == NAMES
    features = json.loads((folder / "sites.geojson").read_bytes())["features"]
    assert [one["properties"]["name_ko"] for one in features] == NAMES
    assert [one["properties"]["site_id"] for one in features] == IDS
    with sqlite3.connect(folder / "sites.gpkg") as base:
        assert [name for (name,) in base.execute("SELECT name_en FROM sites ORDER BY fid")] == NAMES


def test_no_cell_or_head_of_a_csv_is_a_formula(folder: Path) -> None:
    dangerous = []
    for path in folder.rglob("*.csv"):
        for row in csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")):
            for cell in row:
                if cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")):
                    try:
                        float(cell)
                    except ValueError:
                        dangerous.append((path.name, cell))
    assert dangerous == []


def test_a_guarded_cell_still_says_what_was_given(folder: Path) -> None:
    rows = list(csv.DictReader(io.StringIO((folder / "sites.csv").read_bytes().decode("utf-8-sig"), newline="")))
    assert [row["name_en"].removeprefix("'") for row in rows if row["name_en"][:2] in {"'=", "'@"}] == [
        NAMES[1],
        NAMES[10],
    ]


PAGES = ["index.html", "index.ko.html", "map.html", "map.ko.html"]


@pytest.mark.parametrize("kind", ["html", "svg", "md"])
def test_no_raw_tag_of_a_stranger_is_in_any_page_picture_or_table(folder: Path, kind: str) -> None:
    raw = ("<img src=x", "<script>alert", "<svg/onload", "<b>id</b>", "<!-- --><![CDATA[")
    found = [
        (path.name, tag)
        for path in sorted(folder.rglob(f"*.{kind}"))
        for tag in raw
        if tag.lower() in path.read_text(encoding="utf-8").lower()
    ]
    assert found == []


def test_no_page_has_a_handler_a_foreign_script_or_a_script_address(folder: Path) -> None:
    for path in sorted(folder.rglob("*.html")):
        page = Page(path.read_text(encoding="utf-8"))
        for tag, attributes in page.tags:
            assert [name for name in attributes if name.startswith("on")] == [], (path.name, tag, attributes)
            for name in ("href", "src", "action", "xlink:href"):
                value = attributes.get(name, "").strip().lower()
                assert not value.startswith(("javascript:", "vbscript:", "data:text")), (path.name, tag, value)
                assert value != "x", (path.name, tag)
        assert not any(
            "alert(1)" in one and "onerror" not in one and "\\u003c" not in one and len(one) < 200
            for one in page.scripts
        )


@pytest.mark.parametrize("name", ["index.html", "index.ko.html"])
def test_a_name_is_shown_as_it_was_given_and_escaped_once(folder: Path, name: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    shown = "\n".join(Page(text).texts)
    for number in (0, 1, 2, 3, 4, 6, 8, 9, 10, 12, 13):
        assert NAMES[number] in shown, NAMES[number]
    for twice in ("&amp;lt;img", "&amp;lt;script", "&amp;#39;", "&amp;#34;", "&amp;quot;", "&amp;amp;amp;"):
        assert twice not in text


@pytest.mark.parametrize("name", PAGES)
def test_a_template_in_a_name_is_shown_and_not_run(folder: Path, name: str) -> None:
    text = re.sub(
        r"\\u00([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), (folder / name).read_text(encoding="utf-8")
    )
    assert "{{7*7}} ${7*7} {# x #}" in html.unescape(text)
    assert "49 $49" not in text
    assert "49 ${7*7}" not in text


@pytest.mark.parametrize(
    "text", ["{% raw %}", "{{", "{% for %}", "{{ cycler.__init__.__globals__.os.getpid() }}", "{#"]
)
def test_an_unfinished_template_in_a_name_breaks_no_page(tmp_path: Path, text: str) -> None:
    sites = hostile_sites().iloc[:1].assign(name_en=text, sectors=text)
    cg.save_map(cg.explore(cg.tag(sites), lang="en"), tmp_path / "map.html")
    page = (tmp_path / "map.html").read_text(encoding="utf-8")
    assert text in html.unescape(re.sub(r"\\u00([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), page))


def test_a_sector_is_shown_escaped_once_in_the_tables(folder: Path) -> None:
    text = (folder / "tables/summary-by-sector.html").read_text(encoding="utf-8")
    shown = "\n".join(Page(text).texts)
    for code in ("../../outside", "<script>alert(2)</script>", "=2+3", "한글", "{{7*7}}", f"<img src=x {MARK}>"):
        assert code in shown
    assert "&amp;lt;" not in text


@pytest.mark.parametrize("name", ["map.svg", "map.ko.svg"])
def test_a_picture_is_well_formed_and_has_no_script(folder: Path, name: str) -> None:
    root = ET.fromstring((folder / name).read_bytes())  # noqa: S314 - our own file
    for element in root.iter():
        assert not str(element.tag).lower().endswith(("script", "foreignobject"))
        assert not [key for key in element.attrib if key.rpartition("}")[2].lower().startswith("on")]
        assert not any(str(value).strip().lower().startswith("javascript:") for value in element.attrib.values())


def test_a_markdown_table_keeps_its_shape(folder: Path) -> None:
    for path in folder.glob("tables/*.md"):
        rows = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
        bars = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
        assert len(bars) == 1, path.name
        assert "](javascript:" not in re.sub(r"\\.", "", path.read_text(encoding="utf-8"))


def test_the_manifest_is_json_that_names_the_zone_as_it_was_given(folder: Path) -> None:
    graph = json.loads((folder / MANIFEST).read_bytes())["@graph"]
    assert any(SCRIPT_URL in json.dumps(one) for one in graph if one["@type"] == "Dataset")
    assert not any(str(one["@id"]).startswith("javascript:") for one in graph)


def test_a_fresh_hostile_report_verifies(folder: Path) -> None:
    found = cg.verify(folder)
    assert found.empty, found.to_string()


@pytest.mark.parametrize("by", [COLUMN, FORMULA_COLUMN, "../../x", "name_en"])
def test_an_export_by_a_hostile_column_stays_in_its_folder(tmp_path: Path, by: str) -> None:
    sites = hostile_sites().rename(columns={COLUMN: by} if by == "../../x" else {})
    paths = cg.export(sites, tmp_path / "deep" / "out", by=by, format="csv", layers=[])
    assert {path.name for path in tmp_path.iterdir()} == {"deep"}
    assert len({path.name.casefold() for path in paths}) == len(paths) == 15 + 2
    assert all((tmp_path / "deep" / "out").resolve() in path.resolve().parents for path in paths)


@pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium")
def test_a_browser_runs_nothing_of_a_stranger_and_asks_for_nothing(folder: Path) -> None:
    sync = pytest.importorskip("playwright.sync_api")
    with sync.sync_playwright() as player:
        browser = player.chromium.launch(
            executable_path=str(CHROMIUM), args=["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        for name in PAGES:
            page, seen, asked = browser.new_page(), [], []
            page.on("dialog", lambda dialog, seen=seen: (seen.append("dialog"), dialog.dismiss()))
            page.on(
                "console", lambda message, seen=seen: seen.append(message.text) if message.type == "error" else None
            )
            page.on("pageerror", lambda error, seen=seen: seen.append(str(error)))
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            page.goto((folder / name).as_uri())
            page.wait_for_timeout(500)
            page.evaluate(
                "() => { for (const one of document.querySelectorAll('details')) one.open = true;"
                " for (const one of document.querySelectorAll('.leaflet-interactive'))"
                " for (const kind of ['mouseover', 'mousemove', 'click'])"
                " one.dispatchEvent(new MouseEvent(kind, {bubbles: true, clientX: 400, clientY: 300})); }"
            )
            page.wait_for_timeout(500)
            bad = page.evaluate(
                '() => [...document.querySelectorAll(\'img[src="x"], [onerror], [onload], [onmouseover],'
                ' a[href^="javascript:"]\')].map(one => one.outerHTML.slice(0, 200))'
            )
            assert (name, seen, bad) == (name, [], [])
            assert [url for url in asked if not url.startswith(("data:", (folder / name).as_uri()))] == []
            page.close()
        browser.close()
