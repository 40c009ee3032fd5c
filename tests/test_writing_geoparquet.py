"""GeoParquet in batches: every type, boxes, metadata of all rows, and geometry as it was given."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from batchwork import LONLAT, PAIR, PLANE, SHAPES, SQUARE, TYPED, put, table_of

from clustergeo._writing import geoparquet
from clustergeo.reading.batches import open_batches

if TYPE_CHECKING:
    from pathlib import Path

TABLE = table_of(SHAPES, TYPED)


def geo(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(pq.read_metadata(path).metadata[b"geo"])
    return found


NEW = pytest.mark.skipif(not geoparquet._LATE, reason="the oldest pyarrow takes metadata before the first row only")


@pytest.fixture(params=["as installed", "as with the oldest pyarrow"])
def _either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param != "as installed":
        monkeypatch.setattr(geoparquet, "_LATE", False)


@pytest.mark.usefixtures("_either_way")
@pytest.mark.parametrize("size", [1, 4, 100])
def test_every_type_comes_back_as_it_was_and_words_as_words(tmp_path: Path, size: int) -> None:
    read = pq.read_table(put(tmp_path / "a.parquet", TABLE, size=size))
    assert read.column_names == [*TABLE.column_names, "_bbox"]
    for name in TYPED:
        kind = TYPED[name].type
        assert read.schema.field(name).type == (pa.string() if name == "coded" else kind), name
        assert repr(read[name].to_pylist()) == repr(TYPED[name].to_pylist()), name
    assert read["shape"].to_pylist() == TABLE["shape"].to_pylist()


@pytest.mark.usefixtures("_either_way")
def test_words_may_come_as_dictionaries_that_differ_from_batch_to_batch(tmp_path: Path) -> None:
    words = [["가", "나"], ["나", None, "다"], ["가"]]
    coded = pa.chunked_array([pa.array(some).dictionary_encode() for some in words])
    table = table_of([SQUARE] * 6).append_column("word", coded)
    read = pq.read_table(put(tmp_path / "a.parquet", table, size=2))
    assert read["word"].type == pa.string()
    assert read["word"].to_pylist() == ["가", "나", "나", None, "다", "가"]


@pytest.mark.usefixtures("_either_way")
def test_geopandas_reads_it_and_skips_what_is_outside_a_box(tmp_path: Path) -> None:
    path = put(tmp_path / "a.parquet", TABLE.drop_columns(["bbox", "half"]), name="shape", crs=LONLAT)
    whole = gpd.read_parquet(path)
    assert whole.crs == LONLAT
    assert whole.active_geometry_name == "shape"
    assert whole["site_id"].iloc[3] == "가"
    near = gpd.read_parquet(path, bbox=(127.9, 35.9, 128.05, 36.05))
    assert near["site_id"].tolist() == ["b"]


@NEW
def test_the_metadata_describes_all_rows_of_all_batches(tmp_path: Path) -> None:
    raised = shapely.force_3d(SQUARE, 5.0)
    shapes = [SQUARE, None, PAIR, shapely.Point(126, 36), shapely.Point(), raised]
    path = put(tmp_path / "a.parquet", table_of(shapes), size=2, crs=PLANE)
    told = geo(path)
    assert (told["version"], told["primary_column"]) == ("1.1.0", "shape")
    column = told["columns"]["shape"]
    assert column["encoding"] == "WKB"
    assert column["geometry_types"] == ["MultiPolygon", "Point", "Polygon", "Polygon Z"]
    assert column["bbox"] == [126, 36, 127.3, 37.3]
    assert column["crs"]["id"] == {"authority": "EPSG", "code": 5186}
    assert column["covering"] == {"bbox": {side: ["bbox", side] for side in ("xmin", "ymin", "xmax", "ymax")}}
    assert gpd.read_parquet(path).crs.to_epsg() == 5186


def test_each_row_has_its_box_and_a_row_without_a_place_has_none(tmp_path: Path) -> None:
    read = pq.read_table(put(tmp_path / "a.parquet", table_of(SHAPES)))
    boxes = read["bbox"].to_pylist()
    assert boxes[0] == {"xmin": 127.0, "ymin": 37.0, "xmax": 127.01, "ymax": 37.01}
    assert [box is None for box in boxes] == [False, False, True, False, True, False]


def test_the_box_takes_a_name_that_is_free(tmp_path: Path) -> None:
    path = put(tmp_path / "a.parquet", TABLE)
    assert geo(path)["columns"]["shape"]["covering"]["bbox"]["xmin"] == ["_bbox", "xmin"]
    assert pq.read_table(path)["bbox"].to_pylist() == TYPED["bbox"].to_pylist()
    assert open_batches(path).schema.names == TABLE.column_names


@NEW
def test_geometry_is_iso_and_passes_through_byte_for_byte_where_it_was(tmp_path: Path) -> None:
    raised = shapely.force_3d(SQUARE, 5.0)
    iso = [shapely.to_wkb(SQUARE, flavor="iso"), shapely.to_wkb(raised, flavor="iso"), None]
    others = [
        shapely.to_wkb(SQUARE, byte_order=0),
        shapely.to_wkb(shapely.set_srid(SQUARE, 4326), include_srid=True),
        shapely.to_wkb(raised, flavor="extended"),
    ]
    path = put(tmp_path / "a.parquet", pa.table({"shape": pa.array(iso + others, pa.large_binary())}))
    read = pq.read_table(path)
    assert read["shape"].to_pylist() == [*iso, iso[0], iso[0], iso[1]]
    assert read["shape"].type == pa.large_binary()
    assert geo(path)["columns"]["shape"]["geometry_types"] == ["Polygon", "Polygon Z"]


def test_row_groups_have_one_size_whatever_the_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geoparquet, "GROUP", 4)
    table = table_of([SQUARE] * 11)
    for size in (1, 3, 4, 11):
        found = pq.read_metadata(put(tmp_path / f"{size}.parquet", table, size=size))
        assert [found.row_group(at).num_rows for at in range(found.num_row_groups)] == [4, 4, 3]
    assert pq.read_table(tmp_path / "3.parquet")["site_id"].to_pylist() == table["site_id"].to_pylist()


@pytest.mark.usefixtures("_either_way")
def test_what_is_kept_beside_the_rows_is_in_the_metadata(tmp_path: Path) -> None:
    path = put(tmp_path / "a.parquet", table_of([SQUARE]), metadata={"clustergeo": '{"출처": "a"}'})
    assert pq.read_metadata(path).metadata[b"clustergeo"].decode() == '{"출처": "a"}'
    assert geo(path)["primary_column"] == "shape"


def test_further_geometry_columns_stay_geometry(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"a": [1]}, geometry=[SQUARE], crs=LONLAT)
    frame["within"] = gpd.GeoSeries([SQUARE.buffer(0.1)], crs=LONLAT).to_crs(PLANE)
    frame.to_parquet(tmp_path / "in.parquet")
    batches = open_batches(tmp_path / "in.parquet")
    table = pa.Table.from_batches(list(batches))
    back = gpd.read_parquet(put(tmp_path / "a.parquet", table, name="geometry"))
    assert back["within"].crs.to_epsg() == 5186
    assert back["within"].iloc[0].equals(frame["within"].iloc[0])


def test_boxes_of_the_row_groups_let_a_reader_skip_most_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geoparquet, "GROUP", 10)
    x = np.arange(100.0)
    path = put(tmp_path / "a.parquet", table_of(shapely.box(x, 0, x + 1, 1)), crs=PLANE)
    found = pq.read_metadata(path)
    names = [found.row_group(0).column(at).path_in_schema for at in range(found.num_columns)]
    least = [found.row_group(at).column(names.index("bbox.xmin")).statistics.min for at in range(found.num_row_groups)]
    assert least == [0, 10, 20, 30, 40, 50, 60, 70, 80, 90]
