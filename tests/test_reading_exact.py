"""What a file holds arrives as it stands there: whole numbers to the last digit, texts as texts, rows by number."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import struct
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
import pytest
import shapely

import clustergeo as cg
from clustergeo.reading import _features, _wfs, geoparquet
from clustergeo.reading.batches import open_batches

if TYPE_CHECKING:
    from pathlib import Path

PNU = 4_146_110_100_100_010_001
CP949 = "똠방각하".encode("cp949")


def squares(rows: int = 3) -> gpd.GeoDataFrame:
    x = 200_000 + 20 * np.arange(rows)
    return gpd.GeoDataFrame({"이름": ["똠"] * rows}, geometry=shapely.box(x, 550_000, x + 10, 550_010), crs=5186)


def written(frame: gpd.GeoDataFrame, folder: Path, ending: str) -> Path:
    file = folder / f"zones{ending}"
    if ending == ".parquet":
        frame.to_parquet(file)
        # As other programs write it: pandas has not noted its types.
        table = pq.read_table(file)
        pq.write_table(table.replace_schema_metadata({b"geo": table.schema.metadata[b"geo"]}), file)
    elif ending in {".geojson", ".geojsonl"}:
        frame.to_crs(4326).to_file(file, driver={".geojson": "GeoJSON", ".geojsonl": "GeoJSONSeq"}[ending])
    else:
        frame.to_file(file, SPATIAL_INDEX="NO", layer="zones")
    return file


def edited(file: Path, change: str, values: tuple[object, ...] = ()) -> Path:
    with contextlib.closing(sqlite3.connect(file)) as held, held:
        held.execute(change, values)
    return file


def with_first(file: Path, column: str, value: bytes, kind: pa.DataType) -> Path:
    """Give the first row of a GeoParquet file these bytes as its value in a column."""
    table = pq.read_table(file)
    place = table.schema.get_field_index(column)
    held = [value, *table.column(place).cast(pa.binary()).to_pylist()[1:]]
    ends = np.cumsum([0, *map(len, held)]).astype("int32")
    array = pa.Array.from_buffers(kind, len(held), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(held))])
    pq.write_table(table.set_column(place, column, array), file)
    return file


def curve() -> bytes:
    """Return a circle as the well-known binary of a CurvePolygon."""
    points = [(200_000, 550_000), (200_010, 550_010), (200_000, 550_000)]
    ring = b"\x01" + struct.pack("<II", 8, 3) + b"".join(struct.pack("<dd", *point) for point in points)
    return b"\x01" + struct.pack("<II", 10, 1) + ring


def with_shape(folder: Path, binary: bytes, ending: str) -> Path:
    """Write three squares, the first of which has this well-known binary instead."""
    if ending == ".parquet":
        return with_first(written(squares(), folder, ending), "geometry", binary, pa.binary())
    file = folder / "zones.gpkg"
    squares().to_file(file, SPATIAL_INDEX="NO", layer="zones", geometry_type="Unknown")
    return edited(file, "update zones set geom = ? where fid = 1", (b"GP\0\x01" + struct.pack("<i", 5186) + binary,))


@pytest.mark.parametrize("ending", [".gpkg", ".fgb", ".geojson", ".geojsonl", ".parquet"])
def test_a_parcel_number_keeps_its_last_digit_though_another_is_missing(tmp_path: Path, ending: str) -> None:
    numbers = pd.array([PNU, None, PNU + 2], dtype="Int64")
    sites = cg.read_sites(written(squares().assign(pnu=numbers), tmp_path, ending))
    assert sorted(sites["pnu"].dropna().tolist()) == [PNU, PNU + 2]
    assert sites["pnu"].isna().sum() == 1


@pytest.mark.parametrize("noted", ["UInt64", "uint64", "Int64", "int64", None])
def test_whole_numbers_of_a_geoparquet_are_exact_beside_a_null_whatever_pandas_has_noted_of_them(
    tmp_path: Path, noted: str | None
) -> None:
    kind = "UInt64" if noted is None or noted.lower() == "uint64" else "Int64"
    numbers = [2**53 + 1, None, 2**64 - 1 if kind == "UInt64" else 2**63 - 1]
    file = tmp_path / "zones.parquet"
    squares().assign(number=pd.array(numbers, dtype=kind), few=pd.array([1, None, 3], dtype=kind)).to_parquet(file)
    table = pq.read_table(file)
    held = dict(table.schema.metadata)
    # Whoever joins files keeps what pandas noted of the first, in which no number was missing.
    pandas = {} if noted is None else {b"pandas": held[b"pandas"].replace(kind.encode(), noted.encode())}
    pq.write_table(table.replace_schema_metadata({b"geo": held[b"geo"], **pandas}), file)
    for frame in (cg.read_sites(file), cg.read_layer(file, name="zone").frame):
        assert [None if one is pd.NA else one for one in frame["number"]] == numbers
        assert str(frame["few"].dtype) == ("float64" if noted is None or noted.islower() else kind)
    for ending in (".parquet", ".csv"):
        cg.tag_file(file, tmp_path / f"out{ending}")
    assert pq.read_table(tmp_path / "out.parquet").column("number").to_pylist() == numbers
    texts = pd.read_csv(tmp_path / "out.csv", dtype=str)["number"].fillna("")
    assert texts.tolist() == ["" if one is None else str(one) for one in numbers]


def test_two_columns_of_one_name_in_a_geoparquet_are_refused_by_name(tmp_path: Path) -> None:
    file = written(squares().assign(a=1, b=2), tmp_path, ".parquet")
    table = pq.read_table(file)
    names = ["a" if name == "b" else name for name in table.column_names]
    pq.write_table(table.rename_columns(names).replace_schema_metadata(table.schema.metadata), file)
    for reads in (cg.read_sites, lambda one: cg.tag_file(one, tmp_path / "out.parquet")):
        with pytest.raises(cg.ClusterGeoError, match=r"two columns named 'a'.*Rename one"):
            reads(file)


def test_a_parcel_number_of_a_service_keeps_its_last_digit_too() -> None:
    features = [{"properties": {"pnu": one, "n": n}} for one, n in ((PNU, 1), (None, None), (PNU + 2, 3))]
    frame = _features.frame_of(features, crs=4326, what="it")
    assert frame["pnu"].tolist()[::2] == [PNU, PNU + 2]
    assert str(frame["n"].dtype) == "float64"


GML = """<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs/2.0" xmlns:gml="http://www.opengis.net/gml/3.2"
 xmlns:a="http://a">{members}</wfs:FeatureCollection>"""
MEMBER = """<wfs:member><a:zone gml:id="z.{n}"><a:shape><gml:Point gml:id="p.{n}" srsName="EPSG:5186">
<gml:pos>550000 200000</gml:pos></gml:Point></a:shape>{pnu}</a:zone></wfs:member>"""
SCHEMA = """<schema xmlns="http://www.w3.org/2001/XMLSchema" xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:a="http://a"
 targetNamespace="http://a" elementFormDefault="qualified"><import namespace="http://www.opengis.net/gml/3.2"/>
<element name="zone" type="a:zoneType" substitutionGroup="gml:AbstractFeature"/><complexType name="zoneType">
<complexContent><extension base="gml:AbstractFeatureType"><sequence>
<element name="shape" type="gml:PointPropertyType" minOccurs="0"/><element name="pnu" type="long" minOccurs="0"/>
</sequence></extension></complexContent></complexType></schema>"""


@pytest.mark.parametrize("schema", [SCHEMA.encode(), None], ids=["with its schema", "without"])
def test_a_parcel_number_of_a_wfs_keeps_its_last_digit_too(schema: bytes | None) -> None:
    held = [f"<a:pnu>{PNU}</a:pnu>", "", f"<a:pnu>{PNU + 2}</a:pnu>"]
    members = "".join(MEMBER.format(n=n, pnu=pnu) for n, pnu in enumerate(held))
    body = GML.format(members=members).encode()
    frame, _ = _wfs.gml_frame(ET.fromstring(body), body, schema, pyproj.CRS(5186))  # noqa: S314 - our own
    assert [int(one) for one in frame["pnu"].dropna()] == [PNU, PNU + 2]
    assert (str(frame["pnu"].dtype) == "Int64") == (schema is not None)


@pytest.mark.parametrize("ending", [".gpkg", ".parquet"])
def test_small_whole_numbers_have_the_types_that_geopandas_gives(tmp_path: Path, ending: str) -> None:
    frame = squares().assign(floors=pd.array([1, None, 3], dtype="Int64"), parcel=[1, 2, PNU])
    sites = cg.read_sites(written(frame, tmp_path, ending))
    assert (str(sites["floors"].dtype), str(sites["parcel"].dtype)) == ("float64", "int64")
    assert sites["parcel"].tolist() == [1, 2, PNU]


def test_days_beside_a_parcel_number_leave_it_exact(tmp_path: Path) -> None:
    numbers = pd.array([PNU, None, PNU + 2], dtype="Int64")
    frame = squares().assign(pnu=numbers, day=pd.Timestamp("2026-01-02"))
    assert cg.read_sites(written(frame, tmp_path, ".gpkg"))["pnu"].tolist()[::2] == [PNU, PNU + 2]


@pytest.mark.parametrize("ending", [".gpkg", ".parquet"])
def test_a_text_that_is_not_utf8_is_refused_by_everything_that_reads_it(tmp_path: Path, ending: str) -> None:
    file = written(squares(), tmp_path, ending)
    if ending == ".gpkg":
        edited(file, "update zones set 이름 = cast(? as text) where fid = 1", (CP949,))
    else:
        with_first(file, "이름", CP949, pa.string())
    # Older versions of pandas cannot take the bytes at all, and say so without the row.
    for reads in (cg.read_sites, cg.check):
        with pytest.raises(cg.ClusterGeoError, match=r"not UTF-8|cannot be read"):
            reads(file)
    with pytest.raises(cg.ClusterGeoError, match=r"not UTF-8.*: row 0, column '이름', holds b'\\x8cc"):
        cg.tag_file(file, tmp_path / "out.parquet")
    assert not (tmp_path / "out.parquet").exists()


@pytest.mark.filterwarnings("ignore:.*x and y swapped, as asked")
@pytest.mark.parametrize("ending", [".gpkg", ".parquet"])
@pytest.mark.parametrize(
    ("binary", "said"),
    [
        (curve(), "CurvePolygon"),
        (b"\x01" + struct.pack("<II", 12, 1) + shapely.to_wkb(shapely.box(0, 0, 1, 1)), "MultiSurface"),
        (shapely.to_wkb(shapely.box(0, 0, 1, 1))[:30], "WKB 0103"),
    ],
    ids=["a curve", "a surface", "cut short"],
)
def test_a_geometry_that_cannot_be_read_is_refused_by_its_row(
    tmp_path: Path, ending: str, binary: bytes, said: str
) -> None:
    file = with_shape(tmp_path, binary, ending)
    for reads in (cg.read_sites, lambda one: cg.read_layer(one, name="zone")):
        with pytest.raises(
            cg.ClusterGeoError, match=f"1 geometries that cannot be read.*counted from 0:\n- row 0: {said}"
        ):
            reads(file)
    for swap_xy in (None, True):
        with pytest.raises(cg.ClusterGeoError, match=f"row 0: its geometry cannot be read: {said}"):
            cg.tag_file(file, tmp_path / "out.parquet", swap_xy=swap_xy, crs=5186)
    found = cg.check(file)
    assert found["row"].tolist() == [0, 0]
    assert found["found"].iloc[0].startswith(said)


def test_edges_that_are_arcs_of_a_sphere_are_told(tmp_path: Path) -> None:
    file = written(squares(), tmp_path, ".parquet")
    table = pq.read_table(file)
    geo = json.loads(table.schema.metadata[b"geo"])
    geo["columns"]["geometry"]["edges"] = "spherical"
    pq.write_table(table.replace_schema_metadata({b"geo": json.dumps(geo).encode()}), file)
    assert "arcs on a sphere" in " ".join(cg.read_layer(file, name="zone").report)
    with pytest.warns(cg.ClusterGeoWarning, match="arcs on a sphere"):
        cg.tag_file(file, tmp_path / "out.parquet")


@pytest.mark.parametrize("words", [b'{"columns":', b"\xc2{}", b"[]", b'{"columns": {"g": 1}, "primary_column": "g"}'])
def test_damaged_words_about_the_geometry_say_nothing_of_its_edges(words: bytes) -> None:
    # They stand in a file twice: the copy that reading goes by is judged on its own.
    assert geoparquet.spherical(pa.schema([], metadata={b"geo": words})) == []
    assert geoparquet.spherical(pa.schema([])) == []


# Of a day that is none GDAL says so itself, and pyogrio has no place to say it.
@pytest.mark.filterwarnings("ignore:.*error_handler", "ignore:Invalid content")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            "update zones set floors = 'three' where fid = 2",
            "row 1, column 'floors': 'three' stands where a whole number",
        ),
        ("update zones set floors = 1.5 where fid = 2", "row 1, column 'floors': 1.5 stands where a whole number"),
        ("update zones set small = 99999999999 where fid = 3", "row 2, column 'small': 99999999999 stands where"),
        ("update zones set area = 'wide' where fid = 1", "row 0, column 'area': 'wide' stands where a number"),
        ("update zones set planned = 'yes' where fid = 1", "row 0, column 'planned': 'yes' stands where 0 or 1"),
        ("update zones set day = 'soon' where fid = 1", "row 0, column 'day': 'soon' stands where a day and a time"),
        ("update zones set day = '12:30' where fid = 1", "row 0, column 'day': '12:30' stands where a day and a time"),
        ("update zones set day = '2026-13-45' where fid = 1", "row 0, column 'day': '2026-13-45' stands where a day"),
        ("update zones set day = '2026-02-30' where fid = 1", "row 0, column 'day': '2026-02-30' stands where a day"),
        ("update zones set day = '0000-01-01' where fid = 1", "row 0, column 'day': '0000-01-01' stands where a day"),
        ("update zones set day = '2026-01-02T24:00:00Z' where fid = 1", "'2026-01-02T24:00:00Z' stands where a day"),
        ("update zones set day = 2460000.5 where fid = 1", "row 0, column 'day': 2460000.5 stands where a day and"),
    ],
)
def test_a_cell_that_is_not_of_its_columns_type_is_refused_for_another_value_would_be_read(
    tmp_path: Path, change: str, said: str
) -> None:
    columns = {"floors": [1, 2, 3], "small": np.arange(3, dtype="int32"), "area": [1.5, 2.5, np.nan]}
    frame = squares().assign(**columns, planned=True, day=pd.Timestamp("2026-01-02T03:04:05"))
    file = written(frame, tmp_path, ".gpkg")
    assert len(cg.read_sites(file)) == cg.tag_file(file, tmp_path / "out.parquet").rows == 3
    edited(file, change)
    for reads in (cg.read_sites, lambda one: cg.tag_file(one, tmp_path / "again.parquet")):
        with pytest.raises(cg.ClusterGeoError, match=said):
            reads(file)
    assert not (tmp_path / "again.parquet").exists()


def test_a_property_of_a_service_that_is_called_geometry_has_another_name_and_is_told() -> None:
    features = [{"properties": {"geometry": 1, "geometry_attribute": 2}, "geometry": None}]
    with pytest.warns(cg.ClusterGeoWarning, match="it: its column 'geometry' was read as '_geometry_attribute'"):
        frame = _features.frame_of(features, crs=4326, what="it")
    assert (frame["_geometry_attribute"][0], frame["geometry_attribute"][0]) == (1, 2)


@pytest.mark.parametrize("text", ["2026/01/02 03:04:05", "2026-01-02T03:04:05+0900", "2026-1-2", "2026-01-02 03:04"])
def test_a_day_in_another_form_is_read(tmp_path: Path, text: str) -> None:
    file = written(squares().assign(day=pd.Timestamp("2026-01-02T03:04:05")), tmp_path, ".gpkg")
    edited(file, f"update zones set day = '{text}' where fid = 1")  # noqa: S608 - our own texts
    assert len(cg.read_sites(file)) == 3


def seen(file: Path, query: str) -> None:
    """Put a view of the zones of a GeoPackage beside them."""
    with contextlib.closing(sqlite3.connect(file)) as held, held:
        held.execute(f"create view seen as {query}")
        held.execute(
            "insert into gpkg_contents(table_name, data_type, identifier, srs_id) select 'seen', "
            "data_type, 'seen', srs_id from gpkg_contents where table_name = 'zones'"
        )
        held.execute(
            "insert into gpkg_geometry_columns select 'seen', column_name, geometry_type_name, srs_id, z, m "
            "from gpkg_geometry_columns where table_name = 'zones'"
        )


def sorted_view(folder: Path, zones: gpd.GeoDataFrame) -> Path:
    """Write three zones whose number is called id, and a view of them from the last to the first."""
    file = folder / "zones.gpkg"
    zones.assign(rank=[1, 2, 3]).to_file(file, layer="zones", FID="id")
    seen(file, "select a.id, a.geom, a.rank from zones a join zones b on a.id = b.id order by a.rank desc")
    return file


def test_the_numbers_of_a_sorted_views_rows_are_never_put_beside_other_rows(tmp_path: Path) -> None:
    file = sorted_view(tmp_path, squares())
    layer = cg.read_layer(file, name="zones", layer="seen")
    assert layer.frame["rank"].tolist() == [3, 2, 1]
    assert "id" not in layer.frame
    assert "its column 'id', which numbers the rows of a view, is left out" in layer.report
    batches = open_batches(file, layer="seen")
    assert "id" not in batches.schema.names
    assert batches.report[-1].endswith("is left out")
    assert cg.read_layer(file, name="zones", layer="zones").frame["id"].tolist() == [1, 2, 3]


def test_a_zone_without_a_shape_in_a_sorted_view_is_no_shape_that_was_lost(tmp_path: Path) -> None:
    zones = squares()
    zones.loc[2, "geometry"] = None
    file = sorted_view(tmp_path, zones)
    with (
        pytest.warns(cg.ClusterGeoWarning, match="column 'id', which numbers the rows of a view"),
        pytest.warns(cg.ClusterGeoWarning, match="1 of 3 rows have no geometry"),
    ):
        sites = cg.read_sites(file, layer="seen")
    assert sites.geometry.isna().tolist() == [True, False, False]


def test_what_is_not_yet_put_into_a_geopackage_is_told_where_it_cannot_be_read(tmp_path: Path) -> None:
    file = written(squares(), tmp_path, ".gpkg")
    edited(file, "alter table zones add column code VARCHAR(9) default 'old'")
    with contextlib.closing(sqlite3.connect(file)) as held:
        held.execute("pragma journal_mode = wal")
        held.execute("create table other(x)")
        held.commit()
        for one in (file, file.with_name("zones.gpkg-wal")):
            shutil.copyfile(one, one.with_name(one.name.replace("zones", "copy")))
    copy = tmp_path / "copy.gpkg"
    # As in a folder that cannot be written to, which there is none of for root: no place for what SQLite notes.
    (tmp_path / "copy.gpkg-shm").symlink_to(tmp_path / "nowhere" / "file")
    layer = cg.read_layer(copy, name="zones")
    assert layer.frame["code"].tolist() == ["old"] * 3
    assert any(told.startswith("what 'copy.gpkg-wal' beside it holds cannot be read") for told in layer.report)


def test_a_column_called_geometry_that_gdal_leaves_out_is_told_under_which_name_it_was_read(tmp_path: Path) -> None:
    file = written(squares(), tmp_path, ".gpkg")
    edited(file, "alter table zones add column geometry VARCHAR(9) default 'hills'")
    layer = cg.read_layer(file, name="zones")
    assert layer.frame["geometry_attribute"].tolist() == ["hills"] * 3
    assert "its column 'geometry' was read as 'geometry_attribute', for the geometries have this name" in layer.report


def test_computed_columns_of_a_geopackage_that_gdal_leaves_out_are_read_too(tmp_path: Path) -> None:
    file = written(squares().assign(floors=[1, 2, 3]), tmp_path, ".gpkg")
    edited(file, "alter table zones add column code VARCHAR(9) generated always as ('A' || floors) virtual")
    assert cg.read_layer(file, name="zones").frame["code"].tolist() == ["A1", "A2", "A3"]


def test_an_odd_cell_is_found_in_a_view_and_beside_a_column_called_rowid(tmp_path: Path) -> None:
    file = written(squares().assign(floors=[1, 2, 3], rowid=["x", None, "y"]), tmp_path, ".gpkg")
    edited(file, "update zones set floors = 'three' where fid = 2")
    with pytest.raises(cg.ClusterGeoError, match="row 1, column 'floors': 'three' stands where a whole number"):
        cg.read_sites(file, layer="zones")
    seen(file, "select fid as OGC_FID, geom, floors from zones")
    with pytest.raises(cg.ClusterGeoError, match="gpkg', column 'floors': 'three' stands where a whole number"):
        cg.read_sites(file, layer="seen")


def test_times_of_a_flatgeobuf_keep_their_zones(tmp_path: Path) -> None:
    pytest.importorskip("pyogrio", minversion="0.13", reason="the oldest pyogrio cannot write times of several zones")
    moments = ["2026-01-02T03:04:05+09:00", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05"]
    file = tmp_path / "zones.fgb"
    squares().assign(at=pd.Series(list(map(pd.Timestamp, moments)), dtype=object)).to_file(file, SPATIAL_INDEX="NO")
    cg.tag_file(file, tmp_path / "out.parquet")
    for frame in (cg.read_sites(file), gpd.read_parquet(tmp_path / "out.parquet")):
        assert frame["at"].tolist() == moments


@pytest.mark.parametrize("ending", [".geojson", ".geojsonl"])
def test_a_day_that_its_month_has_not_is_refused_in_a_json_for_one_of_the_next_month_would_be_read(
    tmp_path: Path, ending: str
) -> None:
    file = written(squares().assign(day=pd.to_datetime("2026-01-02").date()), tmp_path, ending)
    assert cg.read_sites(file)["day"].astype(str).tolist() == ["2026-01-02"] * 3
    text = file.read_text()
    file.write_text(text[::-1].replace("2026-01-02"[::-1], "2026-02-30"[::-1], 1)[::-1])
    with pytest.raises(cg.ClusterGeoError, match=r'"2026-02-30" is no day and would be read as 2026-03-02 \(row 2'):
        cg.read_sites(file)
    file.write_text(text.replace("2026-01-02", "2024-02-29", 1))
    assert cg.read_sites(file)["day"].astype(str)[0] == "2024-02-29"


@pytest.mark.parametrize("remarks", [["2026-02-30", "see"], [["2026-02-30"], []], ['say "2026-02-30"', ""]])
def test_what_looks_like_a_day_in_another_column_of_a_json_refuses_no_true_day(
    tmp_path: Path, remarks: list[object]
) -> None:
    day = pd.to_datetime("2026-03-02").date()
    file = tmp_path / "zones.geojson"
    zones = json.loads(squares(2).assign(날=str(day)).to_crs(4326).to_json())
    for one, remark in zip(zones["features"], remarks, strict=True):
        one["properties"]["remark"] = remark
    file.write_text(json.dumps(zones))
    assert cg.read_sites(file)["날"].tolist() == [day, day]
    zones["features"][1]["properties"]["날"] = "2026-02-30"
    for text in (json.dumps(zones), json.dumps(zones, ensure_ascii=False, indent=1)):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(cg.ClusterGeoError, match="column '날': \"2026-02-30\" is no day"):
            cg.read_sites(file)


@pytest.mark.filterwarnings("error::FutureWarning")
@pytest.mark.parametrize("name", ["EPSG:99999", "urn:ogc:def:crs:LOCAL::1", "some plane"])
def test_a_crs_of_a_geojson_that_nobody_knows_is_told(tmp_path: Path, name: str) -> None:
    file = tmp_path / "zones.geojson"
    point = {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [127.1, 37]}}
    crs = {"type": "name", "properties": {"name": name}}
    file.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": [point]}))
    with pytest.warns(cg.ClusterGeoWarning, match=f"its crs is '{name}', which nobody knows; read as longitude"):
        cg.read_sites(file)
    with pytest.warns(cg.ClusterGeoWarning, match="overridden by KGD2002, as asked") as told:
        cg.read_sites(file, crs="EPSG:4737")
    assert len(told) == 1


def test_numbers_beyond_eight_bytes_beside_a_missing_one_are_no_traceback() -> None:
    features = [{"id": at, "properties": {"a": one}, "geometry": None} for at, one in enumerate([2**63 + 5, None])]
    assert _features.frame_of(features, crs=4326, what="x")["a"].isna().tolist() == [False, True]


@pytest.mark.parametrize("days", [False, True], ids=["batch by batch", "the plain way"])
def test_a_column_that_is_called_geometry_is_kept_beside_the_geometries(tmp_path: Path, days: bool) -> None:
    frame = squares().rename_geometry("shape").assign(geometry=["a", "b", None], n=[1, 2, 3])
    if days:
        frame["day"] = pd.Timestamp("2026-01-02")
    file = tmp_path / "zones.gpkg"
    frame.to_file(file, geometry_name="shape")
    with pytest.warns(cg.ClusterGeoWarning, match="its column 'geometry' was read as 'geometry_attribute'"):
        sites = cg.read_sites(file)
    own = ["이름", "geometry_attribute", "n", *(["day"] if days else []), "geometry"]
    assert sites.columns.tolist() == ["site_id", *own]
    assert sites["geometry_attribute"].fillna("-").tolist() == ["a", "b", "-"]
    assert sites.geometry.notna().all()
