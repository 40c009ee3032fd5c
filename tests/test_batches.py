"""Batches: what is read piece by piece is what the file holds, or the file is refused with the cure."""

from __future__ import annotations

import datetime as dt
import json
import os
import pickle
import shutil
import subprocess
import sys
import textwrap
import zipfile
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clustergeo.errors import InputError
from clustergeo.reading.batches import Batches, open_batches, pieces, streams

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SHAPES = [shapely.box(127.2 + 0.01 * n, 37.1, 127.205 + 0.01 * n, 37.11) for n in range(5)]
LONLAT = "EPSG:4326"
SIZES = [1, 7, 65_536]


def frame(crs: Any = LONLAT, **columns: Any) -> gpd.GeoDataFrame:
    data = {"code": ["00123", "가", None, "", "b"], "jobs": [1, 2, 3, 4, 5]} | columns
    return gpd.GeoDataFrame(data, geometry=SHAPES, crs=LONLAT).to_crs(crs)


def zipped(held: gpd.GeoDataFrame, path: Path) -> None:
    folder = path.parent / "inside"
    folder.mkdir()
    held.to_file(folder / "s.shp", encoding="utf-8")
    with zipfile.ZipFile(path, "w") as archive:
        for part in folder.iterdir():
            archive.write(part, part.name)


WRITERS: dict[str, Callable[[gpd.GeoDataFrame, Path], None]] = {
    ".parquet": lambda held, path: held.to_parquet(path),
    ".gpkg": lambda held, path: held.to_file(path),
    ".fgb": lambda held, path: held.to_file(path, SPATIAL_INDEX="NO"),
    ".shp": lambda held, path: held.to_file(path, encoding="utf-8"),
    ".zip": zipped,
}


def write(held: gpd.GeoDataFrame, path: Path) -> Path:
    WRITERS[path.suffix](held, path)
    return path


def table(batches: Batches) -> pa.Table:
    return pa.Table.from_batches(list(batches), schema=batches.schema)


def shapes(batches: Batches) -> Any:
    return shapely.from_wkb(table(batches).column(batches.geometry).to_numpy(zero_copy_only=False))


def with_geo(path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """Write a GeoParquet file again with its metadata changed."""
    held = pq.read_table(path)
    geo = json.loads(held.schema.metadata[b"geo"])
    change(geo)
    pq.write_table(held.replace_schema_metadata({"geo": json.dumps(geo)}), path)
    return path


# What is read


@pytest.mark.parametrize("ending", WRITERS)
@pytest.mark.parametrize("size", [1, 2, 5, 65_536])
def test_every_format_comes_in_batches_of_at_most_the_size_and_in_order(tmp_path: Path, ending: str, size: int) -> None:
    batches = open_batches(write(frame(), tmp_path / f"s{ending}"), size=size)
    counts = [batch.num_rows for batch in batches]
    assert max(counts) <= size
    assert (sum(counts), batches.rows) == (5, 5)
    assert batches.crs == LONLAT
    assert all(batch.schema == batches.schema for batch in batches)
    read = table(batches)
    assert read.column_names == ["code", "jobs", "geometry"]
    assert read.column("jobs").to_pylist() == [1, 2, 3, 4, 5]
    # A shapefile holds no empty text.
    assert [one or None for one in read.column("code").to_pylist()] == ["00123", "가", None, None, "b"]
    assert shapely.equals(shapes(batches), np.array(SHAPES)).all()


@pytest.mark.parametrize("ending", WRITERS)
def test_batches_can_be_iterated_again_left_early_and_sent_to_another_process(tmp_path: Path, ending: str) -> None:
    batches = open_batches(write(frame(), tmp_path / f"s{ending}"), size=2)
    next(iter(batches))
    first = table(batches)
    assert table(batches).equals(first)
    assert table(pickle.loads(pickle.dumps(batches))).equals(first)  # noqa: S301 - made here


@pytest.mark.parametrize("ending", [".parquet", ".gpkg", ".fgb", ".shp"])
def test_a_projected_file_keeps_its_system(tmp_path: Path, ending: str) -> None:
    batches = open_batches(write(frame("EPSG:5186"), tmp_path / f"s{ending}"))
    assert batches.crs.to_epsg() == 5186
    found, given_shapes = (shapely.normalize(one) for one in (shapes(batches), np.array(frame("EPSG:5186").geometry)))
    assert shapely.equals_exact(found, given_shapes, 1e-6).all()


def test_a_system_that_is_overridden_is_told_in_the_report(tmp_path: Path) -> None:
    for ending in (".parquet", ".gpkg"):
        batches = open_batches(write(frame("EPSG:5186"), tmp_path / f"s{ending}"), crs="EPSG:5181")
        assert batches.crs.to_epsg() == 5181
        assert any("overridden" in line for line in batches.report)
    assert open_batches(tmp_path / "s.gpkg").report == ()


MOMENT = pd.Timestamp("2025-02-25T01:02:03.000004")
TYPED = pa.table(
    {
        "small": pa.array([1, None, -3, 4, 5], pa.int16()),
        "whole": pa.array([2**62, None, 0, 1, 2], pa.int64()),
        "unsigned": pa.array([2**63, None, 0, 1, 2], pa.uint64()),
        "single": pa.array([0.5, None, float("nan"), 1, 2], pa.float32()),
        "double": pa.array([0.1, None, -0.0, float("inf"), 2], pa.float64()),
        "flag": pa.array([True, None, False, True, True]),
        "day": pa.array([dt.date(2025, 2, 25), None, dt.date(1, 1, 1), None, None]),
        "moment": pa.array([MOMENT, None, None, None, None], pa.timestamp("us")),
        "zoned": pa.array([MOMENT, None, None, None, None], pa.timestamp("us", "Asia/Seoul")),
        "text": pa.array(["가\n", None, "", "똠", "b"]),
        "long_text": pa.array(["가", None, "", "c", "b"], pa.large_string()),
        "coded": pa.array(["x", None, "y", "x", "x"]).dictionary_encode(),
        "nothing": pa.nulls(5),
        "never": pa.nulls(5, pa.string()),
        "raw": pa.array([b"\x00\xff", None, b"", b"a", b"b"], pa.binary()),
        "codes": pa.array([["bio", "food"], None, [], [None], ["bio"]]),
        "parts": pa.array([{"a": 1, "b": "x"}, None, {"a": None, "b": None}, None, None]),
        "dots.in.name": pa.array([1, 2, 3, 4, 5]),
        "dots": pa.array([5, 4, 3, 2, 1]),
        "한글 열": pa.array([1, 2, 3, 4, 5]),
    }
)


def typed_parquet(path: Path, columns: pa.Table = TYPED, **options: Any) -> Path:
    """Write columns of every type as GeoParquet, as a tool other than pandas would."""
    geometry = pa.array(shapely.to_wkb(SHAPES), pa.binary())
    geo = {"version": "1.1.0", "primary_column": "shape", "columns": {"shape": {"encoding": "WKB", "crs": None}}}
    geo["columns"]["shape"] = {"encoding": "WKB", "geometry_types": []}  # type: ignore[index]
    held = columns.append_column("shape", geometry).replace_schema_metadata({"geo": json.dumps(geo)})
    pq.write_table(held, path, **options)
    return path


def test_geoparquet_columns_keep_their_types_and_values_and_dictionaries_are_decoded(tmp_path: Path) -> None:
    batches = open_batches(typed_parquet(tmp_path / "s.parquet"), size=2)
    assert batches.schema.names == [*TYPED.column_names, "shape"]
    expected = TYPED.set_column(TYPED.column_names.index("coded"), "coded", TYPED["coded"].cast(pa.string()))
    read = table(batches).drop_columns("shape")
    assert read.schema == expected.schema
    # Not-a-number is equal to nothing, so the comparison is of the printed values.
    assert repr(read.to_pylist()) == repr(expected.to_pylist())


def test_a_geoparquet_file_that_names_no_system_is_in_longitude_and_latitude(tmp_path: Path) -> None:
    assert open_batches(typed_parquet(tmp_path / "s.parquet")).crs == LONLAT


def test_a_system_that_geoparquet_says_is_not_known_must_be_named(tmp_path: Path) -> None:
    path = with_geo(write(frame(), tmp_path / "s.parquet"), lambda geo: geo["columns"]["geometry"].update(crs=None))
    with pytest.raises(InputError, match=r"no coordinate reference system.*crs="):
        open_batches(path)
    assert open_batches(path, crs="EPSG:4737").crs.to_epsg() == 4737


def test_the_boxes_of_the_input_are_dropped_and_a_box_of_the_callers_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "s.parquet"
    frame().to_parquet(path, write_covering_bbox=True, schema_version="1.1.0")
    assert "bbox" in pq.read_schema(path).names
    assert open_batches(path).schema.names == ["code", "jobs", "geometry"]
    own = frame(bbox=[{"xmin": n, "ymin": n, "xmax": n, "ymax": n} for n in range(5)])
    assert "bbox" in open_batches(write(own, tmp_path / "own.parquet")).schema.names


def test_the_bounds_are_known_from_the_boxes_where_the_metadata_has_none(tmp_path: Path) -> None:
    path = tmp_path / "s.parquet"
    swapped = gpd.GeoDataFrame(geometry=[shapely.box(37.14, 127.20, 37.15, 127.21)], crs="EPSG:5186")
    swapped.to_parquet(path, write_covering_bbox=True, schema_version="1.1.0")
    with_geo(path, lambda geo: geo["columns"]["geometry"].pop("bbox"))
    with pytest.raises(InputError, match="swapped"):
        open_batches(path, crs=LONLAT)


def test_further_geometry_columns_stay_binary_and_carry_their_metadata(tmp_path: Path) -> None:
    held = frame()
    held["within"] = gpd.GeoSeries([*SHAPES[:4], None], crs=LONLAT).to_crs("EPSG:5186")
    batches = open_batches(write(held, tmp_path / "s.parquet"))
    field = batches.schema.field("within")
    assert field.type == pa.binary()
    assert json.loads(field.metadata[b"geo"])["crs"]["id"]["code"] == 5186
    assert table(batches).column("within").null_count == 1
    assert batches.schema.field("geometry").metadata is None


def test_a_named_index_is_a_column_and_bare_row_labels_are_left_out_and_told(tmp_path: Path) -> None:
    named = frame().set_index("code")
    assert "code" in open_batches(write(named, tmp_path / "named.parquet")).schema.names
    bare = open_batches(write(frame().iloc[[4, 2, 3]], tmp_path / "bare.parquet"))
    assert bare.schema.names == ["code", "jobs", "geometry"]
    assert any("row labels" in line for line in bare.report)


def test_a_caller_may_have_columns_named_like_ours(tmp_path: Path) -> None:
    held = frame(geom=list("abcde"), wkb_geometry=list("abcde"), ogc_fid=[5, 6, 7, 8, 9])
    for ending in (".gpkg", ".fgb", ".parquet"):
        if ending == ".gpkg":
            held.to_file(tmp_path / "s.gpkg", layer_options={"GEOMETRY_NAME": "shape"})
        else:
            write(held, tmp_path / f"s{ending}")
        batches = open_batches(tmp_path / f"s{ending}")
        assert batches.geometry == "geometry"
        assert table(batches).column("geom").to_pylist() == list("abcde")
        assert table(batches).column("ogc_fid").to_pylist() == [5, 6, 7, 8, 9]
        assert shapely.equals(shapes(batches), np.array(SHAPES)).all()


def test_a_column_named_geometry_of_a_geopackage_is_kept_beside_the_geometry(tmp_path: Path) -> None:
    held = frame(geometry_text=list("abcde"))
    held.to_file(tmp_path / "s.gpkg")
    import sqlite3

    with sqlite3.connect(tmp_path / "s.gpkg") as base:
        base.execute('ALTER TABLE s RENAME COLUMN geometry_text TO "geometry"')
    batches = open_batches(tmp_path / "s.gpkg")
    assert batches.geometry == "geom"
    assert table(batches).column("geometry").to_pylist() == list("abcde")
    assert shapely.equals(shapes(batches), np.array(SHAPES)).all()


def test_dates_flags_and_moments_of_a_geopackage_keep_their_types(tmp_path: Path) -> None:
    held = TYPED.select(["day", "moment", "flag", "single", "small", "raw"])
    held = held.append_column("geometry", pa.array(shapely.to_wkb(SHAPES)))
    pyogrio.write_arrow(
        held, tmp_path / "s.gpkg", geometry_name="geometry", geometry_type="Polygon", crs=LONLAT, driver="GPKG"
    )
    read = table(open_batches(tmp_path / "s.gpkg"))
    # A moment of a GeoPackage is in UTC, as its standard says.
    types = [pa.date32(), pa.timestamp("ms", "UTC"), pa.bool_(), pa.float32(), pa.int16(), pa.binary()]
    assert read.schema.types[:-1] == types
    for name in ("day", "flag", "small", "raw"):
        assert read.column(name).to_pylist() == held.column(name).to_pylist()


@pytest.mark.parametrize("ending", [".parquet", ".gpkg", ".fgb"])
def test_heights_and_rows_without_a_geometry_pass_through(tmp_path: Path, ending: str) -> None:
    raised: list[Any] = [shapely.force_3d(one, 5.0) for one in SHAPES]
    raised[1] = None
    held = gpd.GeoDataFrame({"jobs": range(5)}, geometry=raised, crs=LONLAT)
    read = shapes(open_batches(write(held, tmp_path / f"s{ending}"), size=2))
    assert read[1] is None
    assert shapely.has_z(read).tolist() == [True, False, True, True, True]


def test_big_endian_and_extended_wkb_pass_through_as_they_are(tmp_path: Path) -> None:
    odd = [
        shapely.to_wkb(SHAPES[0], byte_order=0),
        shapely.to_wkb(shapely.set_srid(SHAPES[1], 4326), include_srid=True),
    ]
    geo = {"version": "1.0.0", "primary_column": "g", "columns": {"g": {"encoding": "WKB", "geometry_types": []}}}
    held = pa.table({"g": pa.array(odd, pa.large_binary())}).replace_schema_metadata({"geo": json.dumps(geo)})
    pq.write_table(held, tmp_path / "s.parquet")
    batches = open_batches(tmp_path / "s.parquet")
    assert table(batches).column("g").to_pylist() == odd
    assert batches.schema.field("g").type == pa.large_binary()


# What is read in batches is what is read whole

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)
DAYS = st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1))
PLACES = st.tuples(st.floats(124, 131), st.floats(33, 38)).map(lambda at: shapely.box(*at, at[0] + 0.1, at[1] + 0.1))


@st.composite
def frames(draw: st.DrawFn) -> gpd.GeoDataFrame:
    rows = draw(st.integers(1, 20))

    def some(values: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(st.none() | values, min_size=rows, max_size=rows))

    drawn = some(PLACES)
    drawn[draw(st.integers(0, rows - 1))] = SHAPES[0]
    columns = {
        "whole": pd.array(some(st.integers(-(2**53), 2**53)), dtype="Int64"),
        "number": pd.array(some(st.floats(allow_nan=False)), dtype="Float64"),
        "text": pd.array(some(TEXT), dtype="string"),
        "flag": pd.array(some(st.booleans()), dtype="boolean"),
        "day": pd.to_datetime(pd.Series(some(st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1))))).astype(
            "datetime64[ms]"
        ),
    }
    return gpd.GeoDataFrame(columns, geometry=drawn, crs=LONLAT)


def plain(value: Any) -> Any:
    """Return a moment without its zone: a GeoPackage knows UTC only, and pandas leaves it out."""
    return pd.Timestamp(value).tz_localize(None) if isinstance(value, dt.datetime) else value


@pytest.mark.parametrize("ending", [".parquet", ".gpkg"])
@given(held=frames(), group=st.integers(1, 20))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_read_in_batches_of_any_size_is_what_geopandas_reads_whole(
    tmp_path: Path, ending: str, held: gpd.GeoDataFrame, group: int
) -> None:
    path = tmp_path / f"s{ending}"
    path.unlink(missing_ok=True)
    if ending == ".parquet":
        held.to_parquet(path, row_group_size=group)
        whole = gpd.read_parquet(path)
    else:
        held.to_file(path)
        whole = pyogrio.read_dataframe(path, use_arrow=True)
    for size in SIZES:
        batches = open_batches(path, size=size)
        read = table(batches)
        assert all(batch.num_rows <= size for batch in batches)
        assert read.column_names == list(whole.columns)
        for name in ("whole", "number", "text", "flag", "day"):
            expected = [None if pd.isna(one) else one for one in whole[name].tolist()]
            found = [None if pd.isna(one) else one for one in read[name].to_pylist()]
            assert [plain(one) for one in found] == [plain(one) for one in expected]
        drawn = shapely.from_wkb(read["geometry"].to_numpy(zero_copy_only=False))
        assert shapely.to_wkb(drawn).tolist() == shapely.to_wkb(np.asarray(whole.geometry)).tolist()


# Pieces


def test_the_pieces_of_a_file_are_the_whole_file_in_order(tmp_path: Path) -> None:
    path = tmp_path / "s.parquet"
    frame().to_parquet(path, row_group_size=1)
    cut = pieces(path, rows=2)
    assert cut == [(0, 2), (2, 4), (4, 5)]
    parts = [open_batches(path, row_groups=one) for one in cut]
    assert [part.rows for part in parts] == [2, 2, 1]
    assert pa.concat_tables([table(part) for part in parts]).equals(table(open_batches(path)))


def test_a_piece_without_a_geometry_is_no_fault_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "s.parquet"
    held = frame()
    held.loc[:2, "geometry"] = None
    held.to_parquet(path, row_group_size=1)
    assert table(open_batches(path, row_groups=(0, 2))).num_rows == 2
    assert list(open_batches(path, row_groups=(0, 0))) == []


def test_only_geoparquet_is_cut_and_only_where_it_has_row_groups(tmp_path: Path) -> None:
    path = write(frame(), tmp_path / "s.gpkg")
    assert pieces(path, rows=2) is None
    with pytest.raises(InputError, match=r"only GeoParquet has them\. Leave them out"):
        open_batches(path, row_groups=(0, 1))
    with pytest.raises(InputError, match="which has 1"):
        open_batches(write(frame(), tmp_path / "s.parquet"), row_groups=(0, 2))


def test_the_formats_that_stream_are_known_by_their_endings() -> None:
    assert all(streams(f"a.{ending}") for ending in ("parquet", "GEOPARQUET", "gpkg", "fgb", "SHP", "zip"))
    assert not any(streams(f"a.{ending}") for ending in ("geojson", "csv", "json", "xlsx"))


# Refusals


@pytest.mark.parametrize("ending", [".parquet", ".gpkg", ".fgb", ".shp", ".zip"])
def test_no_such_file_an_empty_one_and_one_of_rubbish_are_refused_by_path(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"필지{ending}"
    with pytest.raises(InputError, match=r"There is no file .*필지"):
        open_batches(path)
    path.write_bytes(b"")
    with pytest.raises(InputError, match=r"필지.* is empty"):
        open_batches(path)
    path.write_bytes(b"\x00\xff\xfe rubbish \x81" * 20)
    with pytest.raises(InputError, match=r"필지.* cannot be read"):
        list(open_batches(path))


def test_a_format_that_is_not_read_in_batches_is_refused_with_those_that_are(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"lon,lat\n")
    with pytest.raises(InputError, match=r"unknown format.*\.parquet.*\.gpkg"):
        open_batches(path)


@pytest.mark.parametrize("size", [0, -1])
def test_a_batch_has_rows(tmp_path: Path, size: int) -> None:
    with pytest.raises(InputError, match="expected 1 or more"):
        open_batches(write(frame(), tmp_path / "s.parquet"), size=size)


@pytest.mark.parametrize("ending", [".parquet", ".gpkg", ".fgb", ".shp"])
@pytest.mark.parametrize("share", [0.02, 0.4, 0.9, 0.99])
def test_a_file_that_is_cut_short_is_refused_and_no_row_is_lost_in_silence(
    tmp_path: Path, ending: str, share: float
) -> None:
    many = pd.concat([frame()] * 400, ignore_index=True)
    path = write(many, tmp_path / f"s{ending}")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(InputError, match=r"s\..*(cut short|cannot be read|no rows)"):
        table(open_batches(path, size=100))


@pytest.mark.parametrize("ending", [".parquet", ".gpkg"])
def test_a_file_damaged_in_the_middle_is_refused_while_it_is_read(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"s{ending}"
    many = pd.concat([frame()] * 400, ignore_index=True)
    if ending == ".parquet":
        many.to_parquet(path, compression="zstd")
    else:
        write(many, path)
    whole = bytearray(path.read_bytes())
    middle = len(whole) // 2
    whole[middle - 3000 : middle + 3000] = b"\xff" * 6000
    path.write_bytes(whole)
    with pytest.raises(InputError, match=r"s\..*(cannot be read|rows)"):
        table(open_batches(path, size=100))


@pytest.mark.parametrize("ending", WRITERS)
@pytest.mark.filterwarnings("ignore")
def test_a_file_without_rows_is_refused(tmp_path: Path, ending: str) -> None:
    with pytest.raises(InputError, match="no rows"):
        open_batches(write(frame().iloc[:0], tmp_path / f"s{ending}"))


@pytest.mark.parametrize("ending", [".parquet", ".gpkg", ".fgb", ".shp"])
@pytest.mark.filterwarnings("ignore")
def test_a_file_without_a_geometry_in_any_row_is_refused(tmp_path: Path, ending: str) -> None:
    held = gpd.GeoDataFrame({"a": [1, 2]}, geometry=[None, None], crs=LONLAT)
    with pytest.raises(InputError, match="no geometry in any row"):
        list(open_batches(write(held, tmp_path / f"s{ending}")))


def test_a_table_without_geometry_is_refused(tmp_path: Path) -> None:
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "p.parquet")
    with pytest.raises(InputError, match=r"'geo' metadata.*Write it with geopandas"):
        open_batches(tmp_path / "p.parquet")
    pyogrio.write_dataframe(pd.DataFrame({"a": [1]}), tmp_path / "p.gpkg")
    with pytest.raises(InputError, match="has no geometry: clustergeo needs"):
        open_batches(tmp_path / "p.gpkg")


@pytest.mark.parametrize("text", [b"{", b"[]", b"{}", b'{"columns": {}, "primary_column": 1}', b"\xff"])
def test_broken_geo_metadata_is_refused(tmp_path: Path, text: bytes) -> None:
    held = pq.read_table(write(frame(), tmp_path / "s.parquet"))
    pq.write_table(held.replace_schema_metadata({"geo": text}), tmp_path / "s.parquet")
    with pytest.raises(InputError, match="metadata is broken"):
        open_batches(tmp_path / "s.parquet")


def test_a_geometry_column_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = with_geo(write(frame(), tmp_path / "s.parquet"), lambda geo: geo.update(primary_column="shape"))
    with pytest.raises(InputError, match="'shape' as its geometry column, but has no such column"):
        open_batches(path)


def test_a_geometry_column_that_is_no_binary_is_refused(tmp_path: Path) -> None:
    path = with_geo(
        write(frame(), tmp_path / "s.parquet"),
        lambda geo: geo.update(primary_column="code", columns={"code": {"encoding": "WKB"}}),
    )
    with pytest.raises(InputError, match=r"'code' as .*expected well-known binary"):
        open_batches(path)


def test_native_geoarrow_encodings_are_refused_with_the_cure(tmp_path: Path) -> None:
    frame().to_parquet(tmp_path / "s.parquet", geometry_encoding="geoarrow", schema_version="1.1.0")
    with pytest.raises(InputError, match=r"encoding 'polygon'.*Write it anew: geopandas\.read_parquet"):
        open_batches(tmp_path / "s.parquet")


def test_a_system_that_proj_does_not_know_is_refused(tmp_path: Path) -> None:
    path = with_geo(
        write(frame(), tmp_path / "s.parquet"), lambda geo: geo["columns"]["geometry"].update(crs={"type": "x"})
    )
    with pytest.raises(InputError, match="PROJ does not know"):
        open_batches(path)


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    twice = pa.table([pa.array([1] * 5), pa.array([2] * 5)], names=["a", "a"])
    with pytest.raises(InputError, match="two columns named 'a'"):
        open_batches(typed_parquet(tmp_path / "s.parquet", twice))


@pytest.mark.parametrize("ending", [".parquet", ".gpkg", ".fgb", ".shp"])
def test_swapped_axes_and_metres_labelled_degrees_are_told_from_the_header(tmp_path: Path, ending: str) -> None:
    swapped = gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.box(37.14, 127.20, 37.15, 127.21)], crs=LONLAT)
    with pytest.raises(InputError, match="swapped"):
        open_batches(write(swapped, tmp_path / f"a{ending}"))
    metres = frame("EPSG:5186").set_crs(LONLAT, allow_override=True)
    path = write(metres, tmp_path / f"b{ending}")
    with pytest.raises(InputError, match=r"plane coordinates.*EPSG:5186"):
        open_batches(path)
    assert open_batches(path, crs="EPSG:5186").crs.to_epsg() == 5186


def test_a_shapefile_without_a_prj_needs_a_named_system(tmp_path: Path) -> None:
    path = write(frame("EPSG:5186"), tmp_path / "s.shp")
    path.with_suffix(".prj").unlink()
    with pytest.raises(InputError, match=r"CRS.*crs="):
        open_batches(path)
    assert open_batches(path, crs=5186).crs.to_epsg() == 5186
    with pytest.raises(InputError, match="'nonsense' is no coordinate reference system"):
        open_batches(path, crs="nonsense")


def test_a_file_of_several_layers_is_not_guessed_and_a_layer_is_chosen_by_name(tmp_path: Path) -> None:
    path = tmp_path / "two.gpkg"
    frame().to_file(path, layer="one")
    frame().iloc[:1].to_file(path, layer="two")
    with pytest.raises(InputError, match=r"2 layers: one, two.*layer='one'"):
        open_batches(path)
    assert table(open_batches(path, layer="two")).num_rows == 1
    with pytest.raises(InputError, match="three"):
        open_batches(path, layer="three")


# Names


@pytest.mark.parametrize("ending", [ending for ending in WRITERS if ending != ".zip"])
def test_korean_paths_are_read_in_place_where_the_locale_is_ascii(tmp_path: Path, ending: str) -> None:
    folder = tmp_path / "입력 폴더"
    folder.mkdir()
    write(frame(), tmp_path / f"s{ending}")
    for part in tmp_path.glob("s.*"):
        shutil.copy(part, folder / f"필지{part.suffix}")
    code = """
    import os, sys, tempfile
    from clustergeo.errors import InputError
    from clustergeo.reading.batches import open_batches
    assert sys.getfilesystemencoding() == "ascii"
    tempfile.TemporaryDirectory = None
    batches = open_batches(sys.argv[1], size=2)
    print(sum(batch.num_rows for batch in batches))
    spelt = os.fsencode(sys.argv[1]).decode()
    assert open_batches(spelt).rows == 5
    try:
        open_batches(sys.argv[1] + "x")
    except InputError as error:
        assert "\\ud544\\uc9c0" in str(error)
    """
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(folder / f"필지{ending}")],
        env=environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == b"5"


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="these systems keep file names in Unicode")
@pytest.mark.parametrize("ending", [".parquet", ".gpkg", ".shp"])
def test_a_name_in_an_old_encoding_is_reached(tmp_path: Path, ending: str) -> None:
    write(frame(), tmp_path / f"s{ending}")
    old = os.fsdecode("필지".encode("cp949"))
    for part in list(tmp_path.glob("s.*")):
        part.rename(tmp_path / f"{old}{part.suffix}")
    assert table(open_batches(tmp_path / f"{old}{ending}")).num_rows == 5


@pytest.mark.parametrize("ending", WRITERS)
@pytest.mark.parametrize("name", ["a;b", "a!b", "a#b?c", "a b"])
def test_a_name_that_looks_like_an_address_is_that_of_a_file(tmp_path: Path, ending: str, name: str) -> None:
    write(frame(), tmp_path / f"s{ending}")
    for part in list(tmp_path.glob("s.*")):
        part.rename(tmp_path / f"{name}{part.suffix}")
    assert table(open_batches(tmp_path / f"{name}{ending}")).num_rows == 5


@pytest.mark.parametrize("ending", [".parquet", ".gpkg", ".fgb", ".zip"])
def test_an_ending_in_capitals_is_known(tmp_path: Path, ending: str) -> None:
    path = write(frame(), tmp_path / f"s{ending}").rename(tmp_path / f"S{ending.upper()}")
    assert table(open_batches(path)).num_rows == 5
