"""The report: one folder that says where the sites lie, for the 15 complexes and for anybody's sites alike."""

from __future__ import annotations

import base64
import csv
import io
import json
import random
import re
import shutil
import sqlite3
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from household import (
    EPOCH,
    KOREAN_FOLDER,
    MANIFEST,
    NO_NETWORK,
    contents,
    environment,
    once,
    report_of,
    run,
    shipped_report,
)
from koreafiles import BESSEL_TM, shapefile

import clustergeo as cg

if TYPE_CHECKING:
    from pathlib import Path

SUFFIXES = ("", ".ko")
KEYS = ("sector", "province", "macro_region", "in_capital_region", "rdz_basis", "status")

# Counted by hand from the announcement of 2023-03-15 and the sectors of each complex.
SITES_BY_SECTOR = {
    "semiconductor": 3,
    "battery": 1,
    "bio": 2,
    "future_mobility": 4,
    "robot": 1,
    "defence": 1,
    "hydrogen": 3,
    "nuclear": 3,
    "rail": 1,
    "food": 1,
    "aerospace": 2,
}
SITES_BY_MACRO_REGION = {"gyeonggi": 1, "chungcheong": 4, "honam": 4, "gyeongnam": 1, "daegyeong": 4, "gangwon": 1}

ANY_REPORT = {
    *(f"{page}{lang}.html" for page in ("index", "map") for lang in SUFFIXES),
    *(f"map{lang}.{ending}" for lang in SUFFIXES for ending in ("png", "svg", "pdf")),
    *(f"report{lang}.{ending}" for lang in SUFFIXES for ending in ("docx", "xlsx")),
    *(f"sites.{ending}" for ending in ("geojson", "parquet", "gpkg", "csv")),
    *(f"tables/summary-by-{key}{lang}.{end}" for key in KEYS for lang in SUFFIXES for end in ("csv", "html", "md")),
    MANIFEST,
}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shipped_report(tmp_path_factory)


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


def features_of(path: Path) -> list[dict[str, Any]]:
    """Return the properties of each feature of a GeoJSON file."""
    return [one["properties"] for one in json.loads(path.read_bytes())["features"]]


def manifest_of(folder: Path) -> list[dict[str, Any]]:
    """Return the entities of the manifest."""
    entities: list[dict[str, Any]] = json.loads((folder / MANIFEST).read_bytes())["@graph"]
    return entities


# The 15.


def test_every_file_of_the_architecture_is_written_and_no_other(shipped: Path) -> None:
    groups = {f"by-sector/{code}.geojson" for code in SITES_BY_SECTOR}
    groups |= {f"by-macro_region/{code}.geojson" for code in SITES_BY_MACRO_REGION}
    assert set(contents(shipped)) == ANY_REPORT | groups


def test_no_file_is_empty(shipped: Path) -> None:
    assert [name for name in contents(shipped) if (shipped / name).stat().st_size < 50] == []


@pytest.mark.parametrize(("by", "expected"), [("sector", SITES_BY_SECTOR), ("macro_region", SITES_BY_MACRO_REGION)])
def test_a_group_file_holds_the_sites_of_its_group(shipped: Path, by: str, expected: dict[str, int]) -> None:
    found = {path.stem: features_of(path) for path in (shipped / f"by-{by}").iterdir()}
    assert {code: len(rows) for code, rows in found.items()} == expected
    for code, rows in found.items():
        assert all(code in row["sectors"] if by == "sector" else code == row[by] for row in rows)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_tables_count_the_announcement(shipped: Path, suffix: str) -> None:
    macro = rows_of(shipped / f"tables/summary-by-macro_region{suffix}.csv")
    sites, announced = ("부지 수", "발표 면적(km²)") if suffix else ("Sites", "Announced area (km²)")
    assert [int(row[sites]) for row in macro] == [1, 4, 4, 1, 4, 1]
    assert round(sum(float(row[announced]) for row in macro), 2) == 40.76
    sectors = rows_of(shipped / f"tables/summary-by-sector{suffix}.csv")
    assert sorted(int(row[sites]) for row in sectors) == sorted(SITES_BY_SECTOR.values())


def test_the_tables_say_who_is_in_the_capital_region_and_who_has_a_restricted_zone(shipped: Path) -> None:
    capital = {row["Capital region"]: row for row in rows_of(shipped / "tables/summary-by-in_capital_region.csv")}
    assert {name: row["Sites"] for name, row in capital.items()} == {"inside": "1", "outside": "14"}
    assert capital["inside"]["Area (km²)"] == "7.28"
    present = {row["RDZ: basis"]: row for row in rows_of(shipped / "tables/summary-by-rdz_basis.csv")}
    assert {name: row["Sites"] for name, row in present.items()} == {"reported": "4", "inferred": "11"}
    assert [present[name]["RDZ present (sites)"] for name in ("reported", "inferred")] == ["4", "0"]
    # 11 sites without a zone have no area of one: unknown or none, but never a number that somebody measured.
    assert present["inferred"]["RDZ area (km²)"] in {"", "0"}


def test_the_sites_file_says_what_the_announcement_and_the_later_facts_say(shipped: Path) -> None:
    rows = {row["site_id"]: row for row in rows_of(shipped / "sites.csv")}
    assert len(rows) == 15
    areas = {
        name: (float(rows[name]["area_km2"]), rows[name]["area_as_of"]) for name in ("yongin", "wanju", "hongseong")
    }
    assert areas == {"yongin": (7.28, "2024-04-24"), "wanju": (0.636, "2025-12-24"), "hongseong": (2.36, "2023-03-15")}
    assert {name for name, row in rows.items() if row["in_capital_region"] == "true"} == {"yongin"}
    assert (rows["gwangju"]["rdz_share"], rows["gwangju"]["rdz_as_of"]) == ("0.956", "2025-02-25")
    assert (rows["changwon"]["rdz_present"], rows["changwon"]["rdz_share"]) == ("true", "")
    assert (float(rows["daejeon"]["rdz_area_m2"]), rows["daejeon"]["rdz_share"]) == (3.64e6, "")
    assert {rows[name]["rdz_basis"] for name in ("yongin", "osong")} == {"inferred"}
    assert all(row["rdz_basis"] and row["rdz_as_of"] and row["rdz_source"] for row in rows.values())


def test_the_four_formats_hold_the_same_sites_and_figures(shipped: Path) -> None:
    table = rows_of(shipped / "sites.csv")
    parquet = gpd.read_parquet(shipped / "sites.parquet")
    with sqlite3.connect(shipped / "sites.gpkg") as base:
        package = pd.read_sql("SELECT * FROM sites", base)
    features = pd.DataFrame(features_of(shipped / "sites.geojson"))
    ids = [row["site_id"] for row in table]
    for frame in (parquet, package, features):
        assert frame["site_id"].tolist() == ids
        assert frame["area_km2"].tolist() == [float(row["area_km2"]) for row in table]
        assert frame["rdz_basis"].tolist() == [row["rdz_basis"] for row in table]
    assert features["sectors"].map(";".join).tolist() == package["sectors"].tolist()
    assert parquet["sectors"].map(";".join).tolist() == [row["sectors"] for row in table]


def test_every_page_picture_and_table_says_of_which_day_its_facts_are(shipped: Path) -> None:
    latest = max(
        str(value)
        for row in features_of(shipped / "sites.geojson")
        for name, value in row.items()
        if name.endswith("_as_of")
    )
    silent = []
    for path in [*shipped.rglob("*.html"), *shipped.rglob("*.svg"), *shipped.rglob("*.md")]:
        words = f"{latest} 기준 사실" if ".ko." in path.name else f"acts as of {latest}"
        if words not in path.read_text(encoding="utf-8"):
            silent.append(path.relative_to(shipped).as_posix())
    assert sorted(silent) == []


def test_the_manifest_lists_each_file_with_its_hash_and_the_rows_of_the_tables(shipped: Path) -> None:
    listed = {one["@id"]: one for one in manifest_of(shipped) if one["@type"] == "File"}
    assert {name: one["sha256"] for name, one in listed.items()} == {
        name: digest for name, digest in contents(shipped).items() if name != MANIFEST
    }
    assert {listed[f"sites.{ending}"]["rows"] for ending in ("csv", "geojson", "gpkg", "parquet")} == {15}
    assert listed["by-macro_region/honam.geojson"]["rows"] == 4
    layers = [one for one in manifest_of(shipped) if one["@type"] == "Dataset" and one["@id"] != "./"]
    assert {one["name"] for one in layers} >= {"capital-region-2018", "provinces-2018", "sites-2023", "facts"}
    assert all(one["sha256"] and one["license"] for one in layers)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_front_page_links_only_to_files_that_are_there(shipped: Path, suffix: str) -> None:
    page = (shipped / f"index{suffix}.html").read_text(encoding="utf-8")
    links = {link for link in re.findall(r'href="([^"#]*)"', page) if not re.match(r"https?:|data:", link)}
    assert {f"map{suffix}.html", "sites.gpkg", MANIFEST} <= links
    assert [link for link in sorted(links) if not (shipped / link).is_file()] == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_front_page_leads_to_the_sources_of_its_evidence(shipped: Path, suffix: str) -> None:
    page = (shipped / f"index{suffix}.html").read_text(encoding="utf-8")
    links = set(re.findall(r'href="(https?://[^"]*)"', page))
    rows = features_of(shipped / "sites.geojson")
    sources = {url for row in rows for url in (row["rdz_source"] or "").split() if url.startswith("http")}
    assert len(sources) > 5
    assert {url.replace("&", "&amp;") for url in sources} <= links


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_front_page_names_every_site_and_its_key_figures(shipped: Path, suffix: str) -> None:
    page = (shipped / f"index{suffix}.html").read_text(encoding="utf-8")
    for row in features_of(shipped / "sites.geojson"):
        assert row["name_ko" if suffix else "name_en"].replace("&", "&amp;") in page
    assert re.findall(r"<b>([^<]*)</b>", page)[:3] == ["15", "1", "4"]


def test_nothing_in_a_page_is_loaded_from_elsewhere(shipped: Path) -> None:
    loads = re.compile(
        r"""<(?:script|img|iframe|source|image)\b[^>]*?\b(?:src|xlink:href)\s*=\s*["']?(?!data:)([^"'\s>]+)"""
    )
    for path in [*shipped.rglob("*.html"), *shipped.rglob("*.svg")]:
        text = path.read_text(encoding="utf-8")
        assert [found for found in loads.findall(text) if not found.startswith("#")] == [], path.name
        assert re.findall(r"<link\b[^>]*href=[^>]*>", text) == [], path.name
        assert re.findall(r"url\(\s*[\"']?https?:", text) == [], path.name


def test_nothing_of_the_machine_is_in_a_file(shipped: Path) -> None:
    for path in sorted(shipped.rglob("*")):
        if path.is_file():
            assert str(shipped.parent).encode() not in path.read_bytes(), path.name


def test_the_same_input_gives_the_same_bytes_in_a_korean_folder_under_a_c_locale_without_a_network(
    shipped: Path, tmp_path: Path
) -> None:
    stub = tmp_path / "stub"
    stub.mkdir()
    (stub / "sitecustomize.py").write_text(NO_NETWORK, encoding="utf-8")
    # Nobody can make a folder below a file, not even root: the strictest read-only home there is.
    home = tmp_path / "home"
    home.write_bytes(b"")
    log = tmp_path / "network.log"
    env = environment(
        PYTHONPATH=str(stub),
        NETWORK_ATTEMPTS=str(log),
        HOME=str(home),
        LC_ALL="C",
        PYTHONUTF8="0",
        SOURCE_DATE_EPOCH=EPOCH,
        PYTHONHASHSEED="7",
        TZ="Asia/Seoul",
    )
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "LANG", "LC_CTYPE"):
        env.pop(name, None)
    done = run("report", KOREAN_FOLDER.encode(), cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stderr.decode()
    assert KOREAN_FOLDER in done.stdout.decode("utf-8")
    assert b"Traceback" not in done.stderr
    assert not log.exists(), log.read_text(encoding="utf-8")
    assert contents(tmp_path / KOREAN_FOLDER) == contents(shipped)


def test_an_earlier_day_shows_nothing_that_was_said_later(tmp_path: Path) -> None:
    folder = cg.report(tmp_path / "out", as_of="2023-03-15")
    rows = features_of(folder / "sites.geojson")
    assert round(sum(row["area_km2"] for row in rows), 2) == 40.76
    dates = [value for row in rows for name, value in row.items() if name.endswith("_as_of") and value]
    assert max(dates) == "2023-03-15"
    assert {row["province"] for row in rows if row["site_id"] in {"gwangju", "goheung"}} == {"광주광역시", "전라남도"}
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "Facts as of 2023-03-15" in page
    assert "newsis.com/view/NISX20241226_0003010744" not in page
    assert "Timeline" in page
    assert '<li><time datetime="2023-03-15">2023-03-15</time> Area (km²): 7.10.' in page
    assert not re.search(r'<time datetime="20(24|25|26)-', page)
    assert cg.verify(folder).empty


# Fifteen made-up sites: line 6 of the issue.


@dataclass(frozen=True)
class MadeUp:
    """A report of made-up sites and what is known of them by hand."""

    format: str
    folder: Path
    sites: pd.DataFrame
    told: str


# Longitude, latitude, province and whether it lies in the capital region, of well-known places far from any border.
PLACES = [
    (126.985, 37.560, "서울특별시", True),
    (126.540, 33.370, "제주특별자치도", False),
    (129.060, 35.200, "부산광역시", False),
    (127.070, 37.330, "경기도", True),  # Suji-gu of Yongin
    (127.203, 37.151, "경기도", True),  # where a shipped complex is drawn
    (128.400, 38.000, "강원특별자치도", False),
    (128.550, 35.850, "대구광역시", False),
    (127.900, 36.950, "충청북도", False),
    (126.700, 36.300, "충청남도", False),
    (127.260, 36.510, "세종특별자치시", False),
    (127.130, 35.820, "전북특별자치도", False),
    (128.700, 36.300, "경상북도", False),
    (128.200, 35.300, "경상남도", False),
    (129.250, 35.550, "울산광역시", False),
    (126.480, 37.700, "인천광역시", True),
]
SECTORS = ["bio", "robot;bio", "display", "food", "own_sector"]


def made_up(seed: int = 20261122) -> gpd.GeoDataFrame:
    """Return 15 squares of about 1 km² under random ids, with names and sectors of their own."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    squares = [shapely.box(lon - 0.005, lat - 0.005, lon + 0.005, lat + 0.005) for lon, lat, *_ in PLACES]
    return gpd.GeoDataFrame(
        {
            "site_id": [f"{chance.getrandbits(48):012x}" for _ in PLACES],
            "name_ko": [f"지어낸 땅 {chance.randrange(100, 999)}-{number}" for number in range(15)],
            "name_en": [f"Heron moor {chance.randrange(100, 999)}-{number}" for number in range(15)],
            "sectors": [SECTORS[number % 5] for number in range(15)],
            "owner_note": [f"kept as it is {number}" for number in range(15)],
        },
        geometry=squares,
        crs="EPSG:4326",
    )


@pytest.fixture(scope="module", params=["gpkg", "geojson", "parquet", "csv"])
def own(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> MadeUp:
    kind, sites = request.param, made_up()

    def make(base: Path) -> None:
        file = base / f"mine.{kind}"
        if kind == "parquet":
            sites.to_parquet(file)
        elif kind == "csv":
            table = pd.DataFrame(sites.drop(columns="geometry"))
            table["lon"], table["lat"] = [place[0] for place in PLACES], [place[1] for place in PLACES]
            table.to_csv(file, index=False, encoding="utf-8")
        else:
            sites.to_file(file)
        report_of(base, "--sites", file)

    base = once(tmp_path_factory, f"report-of-made-up-{kind}", make)
    told = (base / "stderr.txt").read_text(encoding="utf-8")
    return MadeUp(kind, base / "out", pd.DataFrame(sites.drop(columns="geometry")), told)


def test_a_plain_file_is_read_without_a_warning(own: MadeUp) -> None:
    assert own.told == ""


def test_the_data_files_follow_the_made_up_sites(own: MadeUp) -> None:
    parquet = gpd.read_parquet(own.folder / "sites.parquet")
    with sqlite3.connect(own.folder / "sites.gpkg") as base:
        package = pd.read_sql("SELECT * FROM sites", base)
    table = pd.DataFrame(rows_of(own.folder / "sites.csv"))
    features = pd.DataFrame(features_of(own.folder / "sites.geojson"))
    for frame in (parquet, package, table, features):
        for column in ("site_id", "name_ko", "name_en", "owner_note"):
            assert frame[column].tolist() == own.sites[column].tolist()
        assert frame["province"].tolist() == [place[2] for place in PLACES]
        assert [str(flag).lower() in {"true", "1"} for flag in frame["in_capital_region"]] == [one[3] for one in PLACES]
    assert features["sectors"].map(";".join).tolist() == own.sites["sectors"].tolist()


def test_no_evidence_comes_from_the_shipped_sites_even_on_their_very_spot(own: MadeUp) -> None:
    for row in features_of(own.folder / "sites.geojson"):
        assert row["rdz_basis"] == "unknown"
        assert [row[f"rdz_{tag}"] for tag in ("present", "share", "area_m2", "as_of", "source")] == [None] * 5


def test_the_tables_follow_the_made_up_sites(own: MadeUp) -> None:
    province = {row["Province"]: row["Sites"] for row in rows_of(own.folder / "tables/summary-by-province.csv")}
    assert sum(map(int, province.values())) == 15
    assert len(province) == 14
    assert sorted(province.values()) == ["1"] * 13 + ["2"]
    capital = {
        row["Capital region"]: row["Sites"] for row in rows_of(own.folder / "tables/summary-by-in_capital_region.csv")
    }
    assert capital == {"inside": "4", "outside": "11"}
    sector = [row["Sites"] for row in rows_of(own.folder / "tables/summary-by-sector.csv")]
    assert sorted(sector) == ["3", "3", "3", "3", "6"]
    basis = rows_of(own.folder / "tables/summary-by-rdz_basis.csv")
    assert [(row["RDZ: basis"], row["Sites"], row["RDZ unknown (sites)"]) for row in basis] == [("unknown", "15", "15")]


def test_the_area_is_that_of_the_outline_and_unknown_for_a_point(own: MadeUp) -> None:
    area = {
        row["Capital region"]: row["Area (km²)"]
        for row in rows_of(own.folder / "tables/summary-by-in_capital_region.csv")
    }
    if own.format == "csv":
        assert set(area.values()) == {""}
    else:
        # A square of 0.01 degrees is about 1.11 km high and 0.87 to 0.93 km wide here.
        assert 11 * 0.95 < float(area["outside"]) < 11 * 1.05


def test_the_group_files_follow_the_made_up_sites(own: MadeUp) -> None:
    groups = {path.stem: features_of(path) for path in (own.folder / "by-sector").iterdir()}
    assert set(groups) == {"bio", "robot", "display", "food", "own_sector"}
    bio = [site for site, codes in zip(own.sites["site_id"], own.sites["sectors"], strict=True) if "bio" in codes]
    assert [row["site_id"] for row in groups["bio"]] == bio
    macro = [row["site_id"] for path in (own.folder / "by-macro_region").iterdir() for row in features_of(path)]
    assert sorted(macro) == sorted(own.sites["site_id"])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_pages_follow_the_made_up_sites(own: MadeUp, suffix: str) -> None:
    names = own.sites["name_ko" if suffix else "name_en"]
    for page in ("index", "map"):
        text = (own.folder / f"{page}{suffix}.html").read_text(encoding="utf-8")
        assert [name for name in names if name not in text] == []
    front = (own.folder / f"index{suffix}.html").read_text(encoding="utf-8")
    assert re.findall(r"<b>([^<]*)</b>", front)[:3] == ["15", "4", "–"]  # nothing says of any where an RDZ lies
    assert 'class="past' not in front


def test_the_pages_with_no_dated_fact_say_so_instead_of_naming_a_day(own: MadeUp) -> None:
    assert "No dated facts" in (own.folder / "index.html").read_text(encoding="utf-8")
    assert "날짜가 있는 사실 없음" in (own.folder / "index.ko.html").read_text(encoding="utf-8")
    assert not any("factsAsOf" in entity for entity in manifest_of(own.folder))


def traces_of_the_fifteen() -> tuple[set[str], set[str]]:
    """Return the ids of the shipped sites, and every name, address, note and source that is only theirs."""
    sites = cg.load_sites()
    catalogue = cg.catalogue()
    allowed = {
        word
        for column in ("source", "attribution", "licence", "layer")
        for text in catalogue[column]
        for word in text.split()
    }
    words = {"국가첨단산업단지", "national high-tech complex", "sites-2023"}
    for column in sites.columns:
        if column in {"name_ko", "name_en", "address_ko", "address_en"} or "_note_" in column:
            words |= set(sites[column].dropna())
        elif column.endswith("_source"):
            words |= {word for text in sites[column].dropna() for word in text.split() if word not in allowed}
    return set(sites["site_id"]), {word for word in words if word not in allowed}


def texts_of(path: Path) -> list[str]:
    """Return all that a file says: as it is, with the pictures inside it decoded, and as a table where it is one."""
    if path.suffix == ".parquet":
        return [gpd.read_parquet(path).to_csv(), path.read_bytes().decode("latin-1")]
    if path.suffix in {".xlsx", ".docx"}:
        with zipfile.ZipFile(path) as archive:
            return [archive.read(name).decode("utf-8", "replace") for name in archive.namelist() if name.endswith("l")]
    data = path.read_bytes()
    inside = [base64.b64decode(found) for found in re.findall(rb"data:[\w/+;=.-]*?;base64,([A-Za-z0-9+/=]+)", data)]
    bare = re.sub(rb"base64,[A-Za-z0-9+/=]+", b"", data)
    texts = [one.decode("utf-8", "replace") for one in (bare, *inside)]
    # JSON inside a page may write Korean and slashes in another way.
    return texts + [
        re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), text) for text in texts if "\\u" in text
    ]


def test_the_search_for_traces_finds_the_fifteen_in_their_own_report(shipped: Path) -> None:
    ids, words = traces_of_the_fifteen()
    assert len(ids) == 15
    assert len(words) > 100
    for name in (
        "index.html",
        "map.ko.html",
        "sites.gpkg",
        "sites.parquet",
        "sites.csv",
        "report.xlsx",
        "report.ko.docx",
    ):
        text = "\n".join(texts_of(shipped / name))
        assert sum(word in text for word in words) > 10, name


def test_nothing_of_the_shipped_fifteen_is_in_any_file(own: MadeUp) -> None:
    ids, words = traces_of_the_fifteen()
    whole_id = re.compile(rf"(?<![\w/-])(?:{'|'.join(map(re.escape, ids))})(?![\w/-])")
    found = []
    for path in sorted(own.folder.rglob("*")):
        if not path.is_file():
            continue
        for text in texts_of(path):
            found += [(path.name, word) for word in words if word in text]
            # Binary files hold every short word by chance.
            if path.suffix not in {".png", ".pdf", ".gpkg", ".parquet"}:
                found += [(path.name, one) for one in whole_id.findall(text)]
    assert found == []


def test_the_ids_in_binary_files_are_the_callers_only(own: MadeUp) -> None:
    assert set(gpd.read_parquet(own.folder / "sites.parquet")["site_id"]) == set(own.sites["site_id"])
    with sqlite3.connect(own.folder / "sites.gpkg") as base:
        tables = [name for (name,) in base.execute("SELECT table_name FROM gpkg_contents WHERE data_type='features'")]
        assert tables == ["sites"]


@pytest.mark.filterwarnings(r"ignore:.*own\.csv")
def test_what_was_decided_of_the_sites_file_stands_on_the_pages_and_in_the_document(tmp_path: Path) -> None:
    docx = pytest.importorskip("docx", reason="python-docx is not installed")
    file = tmp_path / "own.csv"
    file.write_bytes("이름;경도;위도;업종\n가;127.2;37.15;반도체\n".encode("cp949"))
    folder = cg.report(tmp_path / "out", sites=file)
    told = ["read as cp949 text", "parted by semicolons", "sectors were made from column"]
    texts = [(folder / f"index{lang}.html").read_text(encoding="utf-8") for lang in SUFFIXES]
    documents = [docx.Document(folder / f"report{lang}.docx") for lang in SUFFIXES]
    texts += ["\n".join(one.text for one in document.paragraphs) for document in documents]
    assert [[part in text for part in told] for text in texts] == [[True, True, True]] * 4
    assert "자료를 읽으며 정한 것(영문 기록): 부지: " in texts[3]
    assert cg.verify(folder).empty


def test_a_fresh_report_of_ones_own_sites_verifies(own: MadeUp) -> None:
    found = cg.verify(own.folder)
    assert found.empty, found.to_string()


# Zones, evidence and an earlier report.


def test_zones_of_the_caller_reach_every_output(tmp_path: Path) -> None:
    sites = made_up().iloc[:3]
    zone = gpd.GeoDataFrame(geometry=[shapely.box(126.97, 37.55, 126.985, 37.57)], crs="EPSG:4326")
    water = cg.Layer(
        zone,
        name="water",
        coverage=["kostat:11"],
        as_of="2024-05-01",
        source="https://example.org/w",
        licence="CC0-1.0",
    )
    with pytest.warns(cg.ClusterGeoWarning, match="2 site"):
        folder = cg.report(tmp_path / "out", sites=sites, zones={"water": water})
    seoul, jeju, busan = features_of(folder / "sites.geojson")
    # The zone ends in the middle of the first square.
    assert seoul["water_share"] == pytest.approx(0.5, abs=1e-3)
    assert (seoul["water_basis"], seoul["water_as_of"]) == ("measured", "2024-05-01")
    assert [one["water_share"] for one in (jeju, busan)] == [None, None]
    for name in ("index.html", "index.ko.html", MANIFEST):
        text = (folder / name).read_text(encoding="utf-8")
        assert "https://example.org/w" in text
        assert "CC0-1.0" in text
    assert "water" in (folder / "map.html").read_text(encoding="utf-8")
    assert "Facts as of 2024-05-01" in (folder / "index.html").read_text(encoding="utf-8")
    assert cg.verify(folder).empty


def test_what_was_decided_while_a_zone_layer_was_read_stands_in_every_form_of_the_report(tmp_path: Path) -> None:
    zone = shapefile(tmp_path / "zone.shp", ["종로구".encode("cp949")], prj=BESSEL_TM)
    layer = cg.read_layer(zone, name="water", coverage="kostat:11")
    sites = made_up().iloc[:1]
    folder = cg.report(tmp_path / "out", sites=sites, zones={"water": layer})
    told = ("texts read as cp949", "read by its parameters as EPSG:5174", "overrode the datum")
    for name, head in (("index.html", "Decided while reading"), ("index.ko.html", "자료를 읽으며 정한 것")):
        page = (folder / name).read_text(encoding="utf-8")
        assert head in page
        assert all(one in page for one in told)
    for name, part in (("report.docx", "word/document.xml"), ("report.xlsx", "xl/sharedStrings.xml")):
        with zipfile.ZipFile(folder / name) as packed:
            text = packed.read(part).decode("utf-8")
        assert all(one in text for one in told)
    plain = cg.report(tmp_path / "plain", sites=sites)
    assert "Decided while reading" not in (plain / "index.html").read_text(encoding="utf-8")


def test_the_callers_frame_is_not_changed(tmp_path: Path) -> None:
    sites = made_up().iloc[:2].set_index(pd.Index(["x", "y"]))
    before = sites.copy(deep=True)
    cg.report(tmp_path / "out", sites=sites)
    assert sites.columns.tolist() == before.columns.tolist()
    assert sites.equals(before)


def test_a_later_report_removes_the_stale_files_and_leaves_a_strangers(shipped: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    shutil.copytree(shipped, folder)
    strangers = ["notes.txt", "by-sector/mine.txt", "tables/own.csv", "by-sector/of-mine.geojson", "deep/er/one.html"]
    for name in strangers:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("a stranger's", encoding="utf-8")
    cg.report(folder, sites=made_up().iloc[:2])
    assert {name for name in contents(folder) if name.startswith("by-sector/")} == {
        "by-sector/bio.geojson",
        "by-sector/robot.geojson",
        "by-sector/mine.txt",
        "by-sector/of-mine.geojson",
    }
    listed = {one["@id"] for one in manifest_of(folder) if one["@type"] == "File"}
    assert set(contents(folder)) == listed | {MANIFEST} | set(strangers)
    assert all((folder / name).read_text(encoding="utf-8") == "a stranger's" for name in strangers)


def test_metadata_that_no_report_wrote_is_not_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    theirs = json.dumps({"@graph": [{"@id": "thesis.pdf", "@type": "File"}]})
    (folder / MANIFEST).write_text(theirs, encoding="utf-8")
    with pytest.raises(cg.ClusterGeoError, match="another folder"):
        cg.report(folder, sites=made_up().iloc[:1])
    assert contents(folder).keys() == {MANIFEST}
    assert (folder / MANIFEST).read_text(encoding="utf-8") == theirs


def test_facts_of_the_caller_correct_the_shipped_ones_beside_them(tmp_path: Path) -> None:
    facts = tmp_path / "facts.csv"
    facts.write_text(
        "site_id,attribute,value,as_of,scope,basis,source\n"
        "osong,area_km2,1.23,2026-11-01,whole,reported,https://example.org/osong\n",
        encoding="utf-8",
    )
    folder = cg.report(tmp_path / "out", own_facts=facts)
    row = next(one for one in features_of(folder / "sites.geojson") if one["site_id"] == "osong")
    assert (row["area_km2"], row["area_as_of"], row["announced_area_km2"]) == (1.23, "2026-11-01", 0.99)
    assert row["area_source"] == "https://example.org/osong"
    for suffix, said in (("", "Area (km²): 1.23."), (".ko", "면적(km²): 1.23.")):
        front = (folder / f"index{suffix}.html").read_text(encoding="utf-8")
        assert f'<time datetime="2026-11-01">2026-11-01</time> {said}' in front
    assert next(entity for entity in manifest_of(folder) if entity["@id"] == "./")["ownFacts"] is True
    assert cg.verify(folder).empty


def test_facts_about_sites_of_ones_own_stand_on_the_front_page_as_their_timeline(tmp_path: Path) -> None:
    """A site that has an id of the 15 is another site, and has only the facts that were given."""
    facts = tmp_path / "facts.csv"
    facts.write_text(
        "site_id,attribute,value,as_of,scope,basis,source,confidence,note_ko,note_en\n"
        "wanju,event,opened,2024-05,whole,reported,https://example.org/n,uncertain,개소,the office opened\n",
        encoding="utf-8",
    )
    shape = shapely.box(127.1, 35.9, 127.11, 35.91)
    sites = gpd.GeoDataFrame({"site_id": ["wanju"]}, geometry=[shape], crs="EPSG:4326")
    front = (cg.report(tmp_path / "out", sites=sites, own_facts=facts) / "index.html").read_text(encoding="utf-8")
    (past,) = re.findall(r'<ol class="past.*?</ol>', front, flags=re.DOTALL)
    assert past.count("<li>") == 1
    assert "2024-05</time> The office opened (uncertain)." in past


def test_an_english_table_is_english_and_a_korean_one_korean(shipped: Path) -> None:
    english = rows_of(shipped / "tables/summary-by-province.csv")
    assert [row["Province"] for row in english if re.search(r"[가-힣]", row["Province"])] == []
    for path in shipped.glob("tables/*.md"):
        has_hangul = re.search(r"[가-힣]", path.read_text(encoding="utf-8")) is not None
        assert has_hangul == (".ko." in path.name), path.name


def test_no_figure_of_a_table_carries_the_dust_of_floating_point(shipped: Path) -> None:
    for path in shipped.glob("tables/*.csv"):
        assert re.findall(r"\d\.\d{9,}", path.read_text(encoding="utf-8-sig")) == [], path.name
