"""GeoPackage in batches: types, a spatial index that is right, styles, and the same file as of a frame."""

from __future__ import annotations

import io
import sqlite3
import warnings
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyogrio
import pytest
import shapely
from batchwork import HOLED, LONLAT, PAIR, PLANE, SHAPES, SQUARE, TYPED, frame_of, put, sound, table_of
from hypothesis import given, settings
from hypothesis import strategies as st

from clustergeo import labels
from clustergeo._geopackage import gpkg_bytes
from clustergeo._writers import writing
from clustergeo._writing import rtree
from clustergeo.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

TABLE = table_of(SHAPES, TYPED)
SECTORS = {"bio": (("바이오", "bio"), "#CC3311"), "food": (("식품", "food"), "#99BB55")}


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels, "_sectors", lambda: SECTORS)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1760000000")


def ask(path: Path, question: str) -> list[Any]:
    base = sqlite3.connect(path)
    found = base.execute(question).fetchall()
    base.close()
    return found


@pytest.mark.parametrize("size", [1, 4, 100])
def test_every_type_comes_back_or_is_text(tmp_path: Path, size: int) -> None:
    path = put(tmp_path / "a.gpkg", TABLE, size=size)
    with pyogrio.open_arrow(path, layer="sites", use_pyarrow=True) as (_, reader):
        read = reader.read_all()
    kept = ["site_id", "whole", "double", "flag", "day", "한글 열", "never", "raw", "bbox", "fid", "geom", "geometry"]
    for name in kept:
        assert read[name].to_pylist() == TYPED[name].to_pylist(), name
    assert read.schema.field("flag").type == pa.bool_()
    assert read.schema.field("day").type == pa.date32()
    assert read["tiny"].to_pylist() == [1, None, -3, 4, 5, 6]
    assert read["unsigned"].to_pylist() == TYPED["unsigned"].to_pylist()
    assert read["largest"].to_pylist()[:2] == ["18446744073709551615", None]
    assert read["coded"].to_pylist() == TYPED["coded"].to_pylist()
    assert read["long"].to_pylist() == TYPED["long"].to_pylist()
    assert read["half"].to_pylist() == [1.5, None, 1, 2, 3, 4]
    assert read["money"].to_pylist()[0] == "1.50"
    assert read["hour"].to_pylist()[0] == "01:02:03.000000"
    assert read["sectors"].to_pylist() == ["bio;food", None, None, ";x", "food", '"']
    assert read["numbers"].to_pylist() == ["1;2", None, None, None, "3", "4"]
    assert read["parts"].to_pylist()[0] == '{"a": 1, "b": "x"}'
    assert [one and one.isoformat()[:23] for one in read["moment"].to_pylist()[:2]] == ["2025-02-25T01:02:03.004", None]
    assert sound(path)


def test_columns_named_like_its_own_keep_their_names(tmp_path: Path) -> None:
    path = put(tmp_path / "a.gpkg", TABLE)
    assert ask(path, "SELECT column_name FROM gpkg_geometry_columns") == [("_geom",)]
    assert ask(path, "SELECT _fid, fid, geom FROM sites LIMIT 2") == [(1, "x", 1), (2, None, None)]


def test_columns_equal_but_for_case_are_refused_with_the_cure(tmp_path: Path) -> None:
    table = table_of([SQUARE]).append_column("Site_ID", pa.array(["x"]))
    with pytest.raises(InputError, match=r"'site_id' and 'Site_ID'.*Rename one"):
        put(tmp_path / "a.gpkg", table)
    assert list(tmp_path.iterdir()) == []


def test_it_is_the_file_that_a_frame_gives(tmp_path: Path) -> None:
    names = ["site_id", "whole", "level", "flag", "한글 열", "sectors"]
    table = table_of(SHAPES, {name: TYPED[name] for name in names} | {"footprint_basis": pa.array(["disc"] * 6)})
    path = put(tmp_path / "a.gpkg", table)
    (tmp_path / "b.gpkg").write_bytes(gpkg_bytes(frame_of(table).rename_geometry("geometry")))
    questions = [
        "SELECT * FROM sites",
        "SELECT name, type FROM pragma_table_info('sites')",
        "SELECT * FROM layer_styles",
        "SELECT * FROM gpkg_contents ORDER BY table_name",
        "SELECT * FROM gpkg_geometry_columns",
        "SELECT * FROM gpkg_ogr_contents",
        "SELECT * FROM gpkg_extensions",
        "SELECT id FROM rtree_sites_geom ORDER BY id",
        "SELECT name FROM sqlite_master WHERE name NOT LIKE 'gpkg_tile%' ORDER BY name",
    ]
    for question in questions:
        assert ask(path, question) == ask(tmp_path / "b.gpkg", question), question
    assert ask(path, "PRAGMA application_id") == ask(tmp_path / "b.gpkg", "PRAGMA application_id")


@pytest.mark.parametrize(
    ("shapes", "declared"),
    [
        ([SQUARE, PAIR, None], "MULTIPOLYGON"),
        ([shapely.force_3d(SQUARE, 5.0)], "MULTIPOLYGON"),
        ([shapely.Point(127, 37), None], "POINT"),
        ([SQUARE, shapely.Point(127, 37)], "GEOMETRY"),
        ([shapely.LineString([(127, 37), (128, 38)]), shapely.GeometryCollection([SQUARE])], "GEOMETRY"),
        ([None, None], "GEOMETRY"),
    ],
)
def test_the_kind_of_geometry_of_all_batches_is_declared(tmp_path: Path, shapes: list[Any], declared: str) -> None:
    path = put(tmp_path / "a.gpkg", table_of(shapes), size=1)
    assert ask(path, "SELECT geometry_type_name, z, m FROM gpkg_geometry_columns") == [(declared, 0, 0)]
    assert ask(path, "SELECT type FROM pragma_table_info('sites') WHERE name = 'geom'") == [(declared,)]
    read = pyogrio.read_dataframe(path, layer="sites")
    for found, given_shape in zip(read.geometry, shapes, strict=True):
        assert (found is None) if given_shape is None else found.equals(shapely.force_2d(given_shape))
        assert not shapely.has_z(found)
    assert sound(path)


def test_big_endian_and_extended_geometry_is_understood(tmp_path: Path) -> None:
    odd = [
        shapely.to_wkb(SQUARE, byte_order=0),
        shapely.to_wkb(shapely.set_srid(HOLED, 4326), include_srid=True),
        shapely.to_wkb(shapely.force_3d(PAIR, 5.0), flavor="extended"),
    ]
    path = put(tmp_path / "a.gpkg", pa.table({"shape": pa.array(odd, pa.large_binary())}))
    read = pyogrio.read_dataframe(path, layer="sites")
    assert all(one.equals(other) for one, other in zip(read.geometry, [SQUARE, HOLED, PAIR], strict=True))


@pytest.mark.parametrize("crs", [LONLAT, PLANE, "EPSG:5179", "+proj=laea +lat_0=36 +lon_0=127.75 +ellps=GRS80"])
def test_the_system_is_kept(tmp_path: Path, crs: str) -> None:
    read = pyogrio.read_dataframe(put(tmp_path / "a.gpkg", table_of([SQUARE]), crs=crs), layer="sites")
    expected = gpd.GeoSeries([SQUARE], crs=crs).crs
    assert read.crs.to_epsg() == expected.to_epsg()
    assert read.crs.ellipsoid.semi_major_metre == expected.ellipsoid.semi_major_metre


def test_a_box_finds_the_rows_in_it_and_no_others(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    corner = rng.random((4_000, 2)) * 1_000
    shapes = shapely.box(*corner.T, *(corner + rng.random((4_000, 2))).T).astype(object)
    shapes[::7] = None
    path = put(tmp_path / "a.gpkg", table_of(shapes), size=999, crs=PLANE)
    found = pyogrio.read_dataframe(path, layer="sites", bbox=(100, 100, 300, 250))
    touched = np.flatnonzero(shapely.intersects(shapes, shapely.box(100, 100, 300, 250)))
    assert sorted(found["site_id"].astype(int)) == touched.tolist()
    assert sound(path)


def test_the_index_goes_with_the_rows_when_gdal_edits_them(tmp_path: Path) -> None:
    path = put(tmp_path / "a.gpkg", table_of([SQUARE] * 200), crs=LONLAT)
    more = gpd.GeoDataFrame({"site_id": ["new"]}, geometry=[shapely.MultiPolygon([HOLED])], crs=LONLAT)
    pyogrio.write_dataframe(more, path, layer="sites", append=True)
    pyogrio.read_dataframe(path, sql="SELECT 1", sql_dialect="SQLITE")
    assert ask(path, "SELECT feature_count FROM gpkg_ogr_contents") == [(201,)]
    assert pyogrio.read_dataframe(path, layer="sites", bbox=(127.9, 35, 129, 36.5))["site_id"].tolist() == ["new"]
    assert sound(path)


def test_further_geometry_columns_are_left_out(tmp_path: Path) -> None:
    table = table_of([SQUARE]).append_column(
        pa.field("within", pa.binary(), metadata={"geo": "{}"}), pa.array([shapely.to_wkb(SQUARE)])
    )
    read = pyogrio.read_dataframe(put(tmp_path / "a.gpkg", table), layer="sites")
    assert list(read.columns) == ["site_id", "geometry"]


def test_what_is_kept_beside_the_rows_is_metadata_of_the_file(tmp_path: Path) -> None:
    path = put(tmp_path / "a.gpkg", table_of([SQUARE]), metadata={"clustergeo": '{"출처": "a"}'})
    assert '{"출처": "a"}' in ask(path, "SELECT metadata FROM gpkg_metadata")[0][0].replace("&quot;", '"')
    assert ask(path, "SELECT timestamp FROM gpkg_metadata_reference") == [("2025-10-09T08:53:20.000Z",)]
    assert pyogrio.read_info(path, layer="sites")["features"] == 1


def test_sectors_of_all_batches_have_a_category_also_where_they_are_text(tmp_path: Path) -> None:
    for values in (pa.array([["bio"], None, ["food", "bio"]]), pa.array(["bio", None, "food;bio"])):
        path = put(tmp_path / "a.gpkg", table_of([SQUARE] * 3, {"sectors": values}), size=1)
        style = ask(path, "SELECT styleQML FROM layer_styles")[0][0]
        assert [mark in style for mark in ('value="bio"', 'value="food"', "bio;", 'value=""')] == [
            True,
            True,
            False,
            True,
        ]


def test_nothing_is_warned_of(tmp_path: Path) -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        put(tmp_path / "a.gpkg", TABLE, size=2)
    assert told == []


def test_what_gdal_refuses_is_told_where_the_batches_come_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(rows: Any, path: Any, **_options: Any) -> None:
        if isinstance(path, io.BytesIO):
            return
        next(rows)
        msg = "database or disk is full"
        raise RuntimeError(msg)

    monkeypatch.setattr(pyogrio, "write_arrow", refused)
    (batch,) = table_of([SQUARE]).to_batches()

    def work() -> None:
        with writing(tmp_path / "a.gpkg", crs=LONLAT, geometry="shape") as writer:
            for _ in range(100):
                writer.write(batch, shapely.bounds([SQUARE]))

    with pytest.raises(InputError, match=r"Cannot write .*a\.gpkg'.*disk is full\. Free some space"):
        work()
    assert list(tmp_path.iterdir()) == []


# The index itself

COUNTS = [0, 1, 2, 50, 51, 52, 53, 102, 103, 51 * 51, 51 * 51 + 1, 51 * 60]


@given(count=st.sampled_from(COUNTS), seed=st.integers(0, 2**32), missing=st.sampled_from([0, 2, 3]))
@settings(max_examples=40, deadline=None)
def test_the_index_finds_what_a_search_of_all_boxes_finds(count: int, seed: int, missing: int) -> None:
    rng = np.random.default_rng(seed)
    corner = rng.normal(0, 100, (count, 2))
    bounds = np.hstack([corner, corner + rng.random((count, 2)) * 5])
    if missing:
        bounds[::missing] = np.nan
    boxes = rtree.rounded(bounds)
    base = sqlite3.connect(":memory:")
    base.execute("CREATE VIRTUAL TABLE r USING rtree(id, left, right, bottom, top)")
    known = ~np.isnan(bounds[:, 0])
    rtree.fill(base, "r", (boxes[at : at + 1_000] for at in range(0, count, 1_000)), count=int(known.sum()))
    assert base.execute("SELECT rtreecheck('r')").fetchone() == ("ok",)
    for _ in range(5):
        x, y = rng.normal(0, 100, 2)
        rows = base.execute(
            "SELECT id FROM r WHERE left <= ? AND right >= ? AND bottom <= ? AND top >= ?", (x, x, y, y)
        )
        inside = (bounds[:, 0] <= x) & (bounds[:, 2] >= x) & (bounds[:, 1] <= y) & (bounds[:, 3] >= y)
        assert {row for (row,) in rows} >= set((np.flatnonzero(inside) + 1).tolist())
    base.execute("DELETE FROM r WHERE id % 2 = 0")
    base.execute("INSERT INTO r SELECT id + 100000, left, right, bottom, top FROM r")
    assert base.execute("SELECT rtreecheck('r')").fetchone() == ("ok",)
    assert base.execute("SELECT count(*) FROM r").fetchone()[0] == 2 * known[::2].sum()
    base.close()


def test_a_box_of_the_index_is_never_smaller_than_its_row() -> None:
    exact = np.array([[0.1, 0.2, 0.3, 0.4], [-0.1, -0.2, -0.05, -0.1], [1e300, 0, 1e300, 1], [0.5, 0.25, 0.5, 0.25]])
    with np.errstate(over="ignore"):
        left, right, bottom, top = rtree.rounded(exact).astype(np.float64).T
    assert (left <= exact[:, 0]).all()
    assert (bottom <= exact[:, 1]).all()
    assert (right >= exact[:, 2]).all()
    assert (top >= exact[:, 3]).all()
    assert (left[3], right[3], bottom[3], top[3]) == (0.5, 0.5, 0.25, 0.25)
