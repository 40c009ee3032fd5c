"""Formats, batch export and its metadata."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
import os
import sqlite3
import subprocess
import sys
import textwrap
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from clustergeo import datasets, labels
from clustergeo.errors import InputError
from clustergeo.exporting import (
    csv_bytes,
    export,
    frame_bytes,
    geojson_bytes,
    geoparquet_bytes,
    gpkg_bytes,
    group_rows,
    group_slug,
    is_export_name,
    ro_crate,
    run_time,
)
from clustergeo.layers import Layer

if TYPE_CHECKING:
    from pathlib import Path

SECTORS = {"bio": (("바이오", "bio"), "#CC3311"), "food": (("식품", "food"), "#99BB55")}


@pytest.fixture(autouse=True)
def taxonomy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels, "_sectors", lambda: SECTORS)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1760000000")


@pytest.fixture
def sites() -> gpd.GeoDataFrame:
    """Three sites: a square, one of two sectors, and one of which nothing is known."""
    clockwise = shapely.Polygon([(127, 37), (127, 37.01), (127.01, 37.01), (127.01, 37)])
    frame = gpd.GeoDataFrame(
        {
            "site_id": ["a", "b", "c"],
            "name_ko": ["가", "=HYPERLINK(1)", None],
            "sectors": [["bio", "food"], ["food"], None],
            "area_km2": [1.5, np.nan, np.nan],
            "in_capital_region": pd.array([True, False, None], dtype="boolean"),
            "area_as_of": ["2023-03-15", "2025-08", None],
        },
        geometry=[clockwise, shapely.Point(128.12345678, 36.5), None],
        crs="EPSG:4326",
    )
    frame["within"] = gpd.GeoSeries([clockwise.buffer(0.1), None, None], crs="EPSG:4326")
    return frame


def features(data: bytes) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(data)["features"]
    return found


def open_gpkg(data: bytes) -> sqlite3.Connection:
    base = sqlite3.connect(":memory:")
    base.deserialize(data)
    return base


# GeoJSON


def test_geojson_has_no_crs_and_a_feature_a_site_with_its_id(sites: gpd.GeoDataFrame) -> None:
    data = geojson_bytes(sites)
    assert set(json.loads(data)) == {"type", "features"}
    assert [one["id"] for one in features(data)] == ["a", "b", "c"]
    assert data.endswith(b"\n")


def test_geojson_rings_run_counterclockwise(sites: gpd.GeoDataFrame) -> None:
    shape = shapely.geometry.shape(features(geojson_bytes(sites))[0]["geometry"])
    assert not shapely.is_ccw(sites.geometry.iloc[0].exterior)
    assert shapely.is_ccw(shape.exterior)
    assert shape.equals(sites.geometry.iloc[0])


def test_geojson_has_six_decimals(sites: gpd.GeoDataFrame) -> None:
    assert features(geojson_bytes(sites))[1]["geometry"]["coordinates"] == [128.123457, 36.5]


def test_geojson_is_in_longitude_and_latitude_whatever_the_frame_is_in(sites: gpd.GeoDataFrame) -> None:
    plane = sites.drop(columns="within").to_crs("EPSG:5186")
    shape = shapely.geometry.shape(features(geojson_bytes(plane))[0]["geometry"])
    np.testing.assert_allclose(shape.bounds, (127, 37, 127.01, 37.01), atol=1e-6)


def test_geojson_says_null_for_the_unknown_and_keeps_lists_and_flags(sites: gpd.GeoDataFrame) -> None:
    first, second, third = (one["properties"] for one in features(geojson_bytes(sites)))
    assert first["sectors"] == ["bio", "food"]
    assert (first["in_capital_region"], second["in_capital_region"], third["in_capital_region"]) == (True, False, None)
    assert second["area_km2"] is None
    assert third["sectors"] is None
    assert "within" not in first
    assert features(geojson_bytes(sites))[2]["geometry"] is None


def test_geojson_writes_no_number_that_json_does_not_know(sites: gpd.GeoDataFrame) -> None:
    odd = sites.assign(ratio=[np.inf, -np.inf, np.nan], day=[dt.date(2025, 2, 25), pd.NaT, None], n=np.array([1, 2, 3]))
    told = [one["properties"] for one in features(geojson_bytes(odd))]
    assert [one["ratio"] for one in told] == [None, None, None]
    assert [one["day"] for one in told] == ["2025-02-25", None, None]
    assert [one["n"] for one in told] == [1, 2, 3]


def test_a_polygon_stays_valid_when_its_coordinates_are_rounded() -> None:
    # Two corners 2e-7 degrees apart on either side of the rounding edge cross each other when rounded.
    needle = shapely.Polygon([(0, 0), (1, 0.0000004), (1, 1), (0.5, 0.00000045), (0, 1)])
    assert shapely.is_valid(needle)
    frame = gpd.GeoDataFrame({"site_id": ["a"]}, geometry=[needle], crs="EPSG:4326")
    assert shapely.is_valid(shapely.geometry.shape(features(geojson_bytes(frame))[0]["geometry"]))


def test_a_shape_smaller_than_the_grid_keeps_its_place() -> None:
    speck = shapely.box(127.0, 37.0, 127.0 + 1e-8, 37.0 + 1e-8)
    frame = gpd.GeoDataFrame({"site_id": ["a"]}, geometry=[speck], crs="EPSG:4326")
    assert features(geojson_bytes(frame))[0]["geometry"]["coordinates"][0][0] == [127.0, 37.0]


# CSV


def rows_of(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_csv_opens_in_a_spreadsheet_in_korean(sites: gpd.GeoDataFrame) -> None:
    data = csv_bytes(sites)
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\r\n") == 4
    first = rows_of(data)[0]
    assert (first["name_ko"], first["sectors"], first["area_km2"]) == ("가", "bio;food", "1.5")
    assert (first["lon"], first["lat"]) == ("127.005", "37.005")


def test_csv_leaves_the_unknown_empty(sites: gpd.GeoDataFrame) -> None:
    third = rows_of(csv_bytes(sites))[2]
    assert {name for name, text in third.items() if text} == {"site_id"}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"])
def test_csv_disarms_formulas_in_cells_lists_and_headers(sites: gpd.GeoDataFrame, text: str) -> None:
    hostile = sites.assign(name_ko=text, sectors=[[text], [], None]).rename(columns={"area_as_of": text})
    table = list(csv.reader(io.StringIO(csv_bytes(hostile).decode("utf-8-sig"), newline="")))
    assert table[1][1] == "'" + text
    assert table[1][2] == "'" + text
    assert "'" + text in table[0]


def test_csv_keeps_the_callers_own_lon_and_lat_and_a_negative_number(sites: gpd.GeoDataFrame) -> None:
    own = sites.assign(lon=[-1.0, 2.0, 3.0])
    assert [row["lon"] for row in rows_of(csv_bytes(own))] == ["-1.0", "2.0", "3.0"]


# GeoParquet


def test_geoparquet_keeps_both_geometries_and_lists(sites: gpd.GeoDataFrame) -> None:
    back = gpd.read_parquet(io.BytesIO(geoparquet_bytes(sites)))
    assert list(back.columns) == list(sites.columns)
    assert back.geometry.iloc[0].equals(sites.geometry.iloc[0])
    assert back["within"].iloc[0].equals(sites["within"].iloc[0])
    assert list(back["sectors"].iloc[0]) == ["bio", "food"]
    assert back["sectors"].iloc[2] is None


def test_geoparquet_takes_columns_of_mixed_objects_and_strange_attributes(sites: gpd.GeoDataFrame) -> None:
    mixed = sites.assign(odd=[1, "x", None], parts=[["a", 1], None, ["b"]])
    mixed.attrs["layer"] = object()
    back = gpd.read_parquet(io.BytesIO(geoparquet_bytes(mixed)))
    assert [None if pd.isna(one) else one for one in back["odd"]] == ["1", "x", None]
    assert list(back["parts"].iloc[0]) == ["a", "1"]
    assert "layer" in mixed.attrs


# GeoPackage


def test_gpkg_has_a_layer_of_sites_and_one_of_the_areas_that_contain_them(
    sites: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    path = tmp_path / "sites.gpkg"
    path.write_bytes(gpkg_bytes(sites))
    assert {"sites", "within"} <= set(pyogrio.list_layers(path)[:, 0])
    back = gpd.read_file(path, layer="sites")
    assert back["site_id"].tolist() == ["a", "b", "c"]
    assert back["sectors"].iloc[0] == "bio;food"
    assert back.geometry.iloc[0].equals(sites.geometry.iloc[0])
    assert back.crs == "EPSG:4326"
    areas = gpd.read_file(path, layer="within")
    assert areas["site_id"].tolist() == ["a"]
    assert areas.geometry.iloc[0].equals(sites["within"].iloc[0])


def test_gpkg_can_be_edited_by_gdal_after_the_layers_were_joined(sites: gpd.GeoDataFrame, tmp_path: Path) -> None:
    path = tmp_path / "sites.gpkg"
    path.write_bytes(gpkg_bytes(sites))
    more = gpd.read_file(path, layer="within")
    pyogrio.write_dataframe(more, path, layer="within", append=True)
    assert pyogrio.read_info(path, layer="within", force_feature_count=True)["features"] == 2
    with sqlite3.connect(path) as base:
        assert base.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        counts = dict(base.execute("SELECT table_name, feature_count FROM gpkg_ogr_contents"))
    assert counts["within"] == 2


def test_gpkg_keeps_flags_as_flags(sites: gpd.GeoDataFrame) -> None:
    base = open_gpkg(gpkg_bytes(sites))
    kinds = {row[1]: row[2] for row in base.execute("PRAGMA table_info(sites)")}
    assert kinds["in_capital_region"] == "BOOLEAN"
    assert base.execute("SELECT in_capital_region FROM sites").fetchall() == [(1,), (0,), (None,)]


def test_gpkg_holds_a_default_style_a_layer_as_qgis_expects(sites: gpd.GeoDataFrame) -> None:
    base = open_gpkg(gpkg_bytes(sites.assign(footprint_basis="disc")))
    styles = base.execute(
        "SELECT f_table_name, f_geometry_column, useAsDefault, styleQML, f_table_catalog, f_table_schema "
        "FROM layer_styles"
    ).fetchall()
    columns = dict(base.execute("SELECT table_name, column_name FROM gpkg_geometry_columns"))
    assert {row[0]: row[1] for row in styles} == columns
    assert all(row[2] == 1 and (row[4], row[5]) == ("", "") for row in styles)
    registered = base.execute("SELECT data_type FROM gpkg_contents WHERE table_name = 'layer_styles'").fetchall()
    assert registered == [("attributes",)]
    renderer = ET.fromstring(styles[0][3]).find("renderer-v2")  # noqa: S314 - made here
    assert renderer is not None
    categories = {one.get("value"): one.get("label") for one in renderer.iter("category")}
    assert categories == {"bio": "바이오 / bio", "food": "식품 / food", "": "알 수 없음 / unknown"}
    colours = [one.get("value") for one in renderer.iter("Option") if one.get("name") == "color"]
    assert [colour.rpartition(",")[0] for colour in colours if colour] == ["204,51,17", "153,187,85", "153,153,153"]
    assert any(one.get("name") == "outlineStyle" for one in renderer.iter("Option"))


def test_gpkg_style_survives_a_hostile_sector(sites: gpd.GeoDataFrame) -> None:
    hostile = sites.assign(sectors=[["<x>\x07&'"], None, None])
    style = open_gpkg(gpkg_bytes(hostile)).execute("SELECT styleQML FROM layer_styles").fetchone()[0]
    values = [one.get("value") for one in ET.fromstring(style).iter("category")]  # noqa: S314 - made here
    assert values == ["<x>&'", ""]


def test_gpkg_takes_columns_named_like_its_own(sites: gpd.GeoDataFrame) -> None:
    own = sites.assign(fid=["x", "y", "z"], geom=[1, 2, 3])
    base = open_gpkg(gpkg_bytes(own))
    assert base.execute("SELECT fid, geom FROM sites").fetchall() == [("x", 1), ("y", 2), ("z", 3)]


def test_gpkg_refuses_names_that_differ_only_by_case(sites: gpd.GeoDataFrame) -> None:
    with pytest.raises(InputError, match="'site_id' and 'Site_ID'"):
        gpkg_bytes(sites.assign(Site_ID=1))


# Every format

MAKERS = [geojson_bytes, geoparquet_bytes, gpkg_bytes, csv_bytes]


@pytest.mark.parametrize("make", MAKERS)
def test_the_same_frame_gives_the_same_bytes_and_stays_as_it_was(sites: gpd.GeoDataFrame, make: Any) -> None:
    before = sites.copy(deep=True)
    assert make(sites) == make(sites)
    pd.testing.assert_frame_equal(pd.DataFrame(sites), pd.DataFrame(before))


@pytest.mark.parametrize("make", MAKERS)
def test_an_empty_frame_gives_an_empty_file_that_opens(sites: gpd.GeoDataFrame, make: Any, tmp_path: Path) -> None:
    data = make(sites.iloc[:0])
    if make is csv_bytes:
        assert rows_of(data) == []
        return
    path = tmp_path / {geojson_bytes: "a.geojson", gpkg_bytes: "a.gpkg", geoparquet_bytes: "a.parquet"}[make]
    path.write_bytes(data)
    layer = "sites" if make is gpkg_bytes else None
    back = gpd.read_parquet(path) if make is geoparquet_bytes else pyogrio.read_dataframe(path, layer=layer)
    assert len(back) == 0


SQUARE = shapely.box(127, 37, 127.1, 37.1)


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(
    "shapes",
    [
        [None, None],
        [shapely.Polygon(), SQUARE],
        [shapely.Point(127, 37), shapely.MultiPoint([(127, 37)])],
        [SQUARE, shapely.MultiPolygon([SQUARE])],
        [SQUARE, shapely.Point(127, 37)],
        [shapely.force_3d(SQUARE, 5.0), SQUARE],
        [shapely.GeometryCollection([SQUARE]), shapely.LineString([(127, 37), (128, 38)])],
    ],
)
def test_every_kind_of_shape_and_column_is_written_in_silence(make: Any, shapes: list[Any]) -> None:
    columns = {
        "day": pd.to_datetime(["2020-01-01", None]),
        "month": pd.PeriodIndex(["2020-01", "2020-02"], freq="M"),
        "kind": pd.Categorical(["x", None]),
        "parts": [{"a": 1}, None],
        "complex": [1 + 2j, 0],
        "large": np.array([2**63, 1], dtype="uint64"),
        "half": np.array([1.5, np.nan], dtype="float16"),
        "broken": pd.Series(["\ud800", None], dtype=object),
        "many": pd.array([1, None], dtype="Int64"),
    }
    frame = gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4326").set_axis([7, 7])
    assert len(make(frame)) > 0


def test_gpkg_declares_the_type_of_its_shapes() -> None:
    def declared(*shapes: Any) -> tuple[str, int]:
        frame = gpd.GeoDataFrame({"n": range(len(shapes))}, geometry=list(shapes), crs="EPSG:4326")
        base = open_gpkg(gpkg_bytes(frame))
        kind: tuple[str, int] = base.execute("SELECT geometry_type_name, z FROM gpkg_geometry_columns").fetchone()
        return kind

    assert declared(SQUARE, shapely.MultiPolygon([SQUARE])) == ("MULTIPOLYGON", 0)
    assert declared(shapely.force_3d(SQUARE, 5.0)) == ("MULTIPOLYGON", 0)
    assert declared(shapely.Point(127, 37)) == ("POINT", 0)
    assert declared(SQUARE, shapely.Point(127, 37)) == ("GEOMETRY", 0)


@pytest.mark.parametrize("make", MAKERS)
def test_a_frame_without_geometry_or_crs_is_refused_with_the_cure(sites: gpd.GeoDataFrame, make: Any) -> None:
    with pytest.raises(InputError, match="expected a GeoDataFrame"):
        make(pd.DataFrame({"site_id": ["a"]}))
    bare = gpd.GeoDataFrame({"site_id": ["a"]}, geometry=[shapely.Point(0, 0)])
    with pytest.raises(InputError, match="CRS"):
        make(bare)
    with pytest.raises(InputError, match="Two columns are named 'name_ko'"):
        make(sites.rename(columns={"area_as_of": "name_ko"}))


def test_a_format_that_does_not_exist_is_refused_with_the_choices(sites: gpd.GeoDataFrame) -> None:
    with pytest.raises(InputError, match=r"'shp'.*geojson, gpkg, parquet, csv"):
        frame_bytes(sites, "shp")


# Groups


def test_a_site_of_two_sectors_is_in_both_groups_and_the_unknown_come_last(sites: gpd.GeoDataFrame) -> None:
    assert list(group_rows(sites, "sector").items()) == [("bio", [0]), ("food", [0, 1]), (None, [2])]


def test_any_column_of_the_callers_makes_groups(sites: gpd.GeoDataFrame) -> None:
    assert group_rows(sites, "in_capital_region") == {"false": [1], "true": [0], None: [2]}


@pytest.mark.parametrize("by", ["nowhere", "geometry", "within"])
def test_a_column_that_makes_no_groups_is_refused_with_the_choices(sites: gpd.GeoDataFrame, by: str) -> None:
    with pytest.raises(InputError, match=rf"by='{by}'.*expected one of sector, site_id"):
        group_rows(sites, by)


@pytest.mark.parametrize(
    "code",
    ["../../etc", "CON", "con", "lpt1", "A", "바이오", "", "a/b", "a\0b", "x" * 300, "unknown", ".", "a.b", "\ud800"],
)
def test_a_code_that_is_not_plain_becomes_a_safe_name_of_its_own(code: str) -> None:
    slug = group_slug(code)
    assert is_export_name(f"by-sector/{slug}.csv")
    assert slug != code
    assert len(slug) < 64


def test_no_two_codes_share_a_file() -> None:
    crafted = group_slug("../x")
    codes = ["x", "X", "../x", "..x", "x ", crafted, "unknown", None, "con", "CON"]
    assert len({group_slug(code) for code in codes}) == len(codes)


# Export


def test_export_writes_one_file_of_all_one_a_group_and_the_metadata_last(
    sites: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    written = export(sites, tmp_path, by="sector", layers=[])
    names = [path.relative_to(tmp_path).as_posix() for path in written]
    groups = [f"by-sector/{name}.geojson" for name in ("bio", "food", "unknown")]
    assert names == ["sites.geojson", *groups, "ro-crate-metadata.json"]
    assert [one["id"] for one in features(written[2].read_bytes())] == ["a", "b"]


@pytest.mark.parametrize("form", ["geojson", "gpkg", "parquet", "csv"])
def test_export_writes_every_format(sites: gpd.GeoDataFrame, tmp_path: Path, form: str) -> None:
    written = export(sites, tmp_path, format=form, layers=[])
    assert written[0].read_bytes() == frame_bytes(sites, form)


def test_hostile_codes_stay_in_the_folder(sites: gpd.GeoDataFrame, tmp_path: Path) -> None:
    hostile = sites.assign(owner=["../../etc/passwd", "CON", "/abs"])
    written = export(hostile.rename(columns={"owner": "../owner"}), tmp_path / "out", by="../owner", layers=[])
    assert all(path.resolve().is_relative_to((tmp_path / "out").resolve()) for path in written)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_export_removes_the_groups_of_the_earlier_one_and_nothing_else(
    sites: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    export(sites, tmp_path, by="sector", layers=[])
    export(sites.iloc[1:2], tmp_path, by="sector", layers=[])
    left = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert left == ["by-sector/food.geojson", "mine.txt", "ro-crate-metadata.json", "sites.geojson"]


def test_an_export_does_not_overwrite_the_metadata_of_a_report(sites: gpd.GeoDataFrame, tmp_path: Path) -> None:
    crate = ro_crate({"index.html": b""}, [], facts_as_of=None, run_at=run_time())
    (tmp_path / "ro-crate-metadata.json").write_bytes(crate)
    with pytest.raises(InputError, match="Choose another folder"):
        export(sites, tmp_path, layers=[])
    assert [path.name for path in tmp_path.iterdir()] == ["ro-crate-metadata.json"]


def test_a_refused_export_leaves_nothing(sites: gpd.GeoDataFrame, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        export(sites, tmp_path / "out", format="shp")
    with pytest.raises(InputError):
        export(sites, tmp_path / "out", by="nowhere")
    assert list(tmp_path.iterdir()) == []


def test_two_runs_at_the_same_epoch_give_the_same_bytes(sites: gpd.GeoDataFrame, tmp_path: Path) -> None:
    runs = [export(sites, tmp_path / name, by="sector", format="gpkg", layers=[]) for name in ("one", "two")]
    assert [path.read_bytes() for path in runs[0]] == [path.read_bytes() for path in runs[1]]


def test_an_export_names_the_shipped_layers_by_itself(
    sites: gpd.GeoDataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = pd.DataFrame({"layer": ["localities-2018"], "licence": ["KOGL Type 1"], "rows": [3504], "sha256": ["ab"]})
    monkeypatch.setattr(datasets, "catalogue", lambda: shipped)
    graph = json.loads(export(sites, tmp_path)[-1].read_bytes())["@graph"]
    layer = next(one for one in graph if one.get("name") == "localities-2018")
    assert (layer["rows"], layer["sha256"]) == (3504, "ab")


@pytest.mark.parametrize("form", ["geojson", "gpkg", "parquet", "csv"])
def test_export_works_in_korean_folders_where_the_locale_is_ascii(
    sites: gpd.GeoDataFrame, tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No taxonomy, here as in the other process: the styles of both name the same codes.
    monkeypatch.setattr(labels, "_sectors", dict)
    (tmp_path / "in.parquet").write_bytes(geoparquet_bytes(sites))
    code = """
    import io, os, sys
    import geopandas as gpd
    from clustergeo import labels
    from clustergeo.exporting import export
    assert sys.getfilesystemencoding() == "ascii"
    labels._sectors = dict
    with open(sys.argv[1], "rb") as stream:
        sites = gpd.read_parquet(io.BytesIO(stream.read()))
    for path in export(sites, sys.argv[2], by="name_ko", format=sys.argv[3], layers=[]):
        assert path.is_file()
    """
    folder = tmp_path / "출력 폴더"
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(tmp_path / "in.parquet"), str(folder), form],
        env=environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (folder / f"sites.{form}").read_bytes() == frame_bytes(gpd.read_parquet(tmp_path / "in.parquet"), form)
    assert len(list((folder / "by-name_ko").iterdir())) == 3


# Metadata


def test_the_crate_lists_each_file_with_hash_size_type_and_rows() -> None:
    crate = json.loads(
        ro_crate({"by-sector/bio.geojson": (b"abc", 2)}, [], facts_as_of="2025-12-24", run_at=run_time())
    )
    entities = {one["@id"]: one for one in crate["@graph"]}
    assert crate["@context"][0] == "https://w3id.org/ro/crate/1.1/context"
    assert entities["ro-crate-metadata.json"]["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    assert entities["./"]["hasPart"] == [{"@id": "by-sector/bio.geojson"}]
    assert entities["./"]["factsAsOf"] == "2025-12-24"
    file = entities["by-sector/bio.geojson"]
    assert file["sha256"] == hashlib.sha256(b"abc").hexdigest()
    assert (file["contentSize"], file["encodingFormat"], file["rows"]) == ("3", "application/geo+json", 2)
    assert entities["#run"]["endTime"] == "2025-10-09T08:53:20Z"
    assert entities["#clustergeo"]["@type"] == "SoftwareApplication"


def test_the_crate_names_each_layer_with_what_is_known_of_it() -> None:
    zones = gpd.GeoDataFrame(geometry=[shapely.box(127, 37, 128, 38)], crs="EPSG:4326")
    layer = Layer(
        zones, name="rdz", coverage="everywhere", as_of="2025-01-01", source="https://example.org", licence="CC0"
    )
    row = {
        "layer": "출처 층",
        "vintage": "2018",
        "licence": "CC0",
        "source": "made from another",
        "attribution": np.nan,
    }
    graph = json.loads(ro_crate({}, [layer, row], facts_as_of=None, run_at=run_time()))["@graph"]
    first = next(one for one in graph if one.get("name") == "rdz")
    other = next(one for one in graph if one.get("name") == "출처 층")
    assert (first["version"], first["coverage"], first["url"]) == ("2025-01-01", "everywhere", "https://example.org")
    assert first["sha256"] == layer.sha256
    assert (other["version"], other["description"]) == ("2018", "made from another")
    assert "creditText" not in other
    assert first["license"] == other["license"]
    assert sum(one.get("name") == "CC0" for one in graph) == 1
    identifiers = [one["@id"] for one in graph]
    assert len(set(identifiers)) == len(identifiers)


def test_every_reference_in_the_crate_leads_to_an_entity() -> None:
    crate = ro_crate({"sites.csv": b""}, [{"layer": "a", "licence": "x"}], facts_as_of=None, run_at=run_time())
    graph = json.loads(crate)["@graph"]
    known = {one["@id"] for one in graph} | {"https://w3id.org/ro/crate/1.1"}
    values = [value for one in graph for value in one.values()]
    references = [
        one["@id"]
        for value in values
        for one in (value if isinstance(value, list) else [value])
        if isinstance(one, dict)
    ]
    assert set(references) <= known


def test_a_layer_without_a_name_is_refused() -> None:
    with pytest.raises(InputError, match="Name it"):
        ro_crate({}, [{"licence": "x"}], facts_as_of=None, run_at=run_time())


def test_the_time_of_the_run_is_that_of_the_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert run_time() == "1970-01-01T00:00:00Z"
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert run_time() > "2025"


@pytest.mark.parametrize("epoch", ["yesterday", "1e30", "9" * 30])
def test_an_epoch_that_is_no_time_is_refused_with_the_cure(monkeypatch: pytest.MonkeyPatch, epoch: str) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    with pytest.raises(InputError, match="expected whole seconds since 1970"):
        run_time()
