"""GeoJSON in batches: the features that the writer of frames gives, printed by Arrow and a kernel."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyogrio
import pytest
import shapely
from batchwork import HOLED, LONLAT, PAIR, PLANE, SHAPES, SQUARE, TYPED, frame_of, put, table_of
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from clustergeo import overlap
from clustergeo._formats import geojson_bytes
from clustergeo._writing import coordinates, geojson
from clustergeo._writing.jsontext import Lines, json_text

if TYPE_CHECKING:
    from pathlib import Path

TABLE = table_of(SHAPES, TYPED)


@pytest.fixture(params=["by shapely", "by the kernel"])
def _either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlap, "MANY", 0 if request.param == "by the kernel" else 1_000_000)


def features(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_bytes())["features"]
    return found


def of_frame(table: pa.Table, crs: Any = LONLAT) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(geojson_bytes(frame_of(table, crs=crs)))["features"]
    return found


@pytest.mark.usefixtures("_either_way")
@pytest.mark.parametrize("size", [1, 4, 100])
def test_the_features_are_those_that_a_frame_gives(tmp_path: Path, size: int) -> None:
    path = put(tmp_path / "a.geojson", TABLE, size=size)
    assert features(path) == of_frame(TABLE)
    assert set(json.loads(path.read_bytes())) == {"type", "features"}
    assert path.read_bytes().endswith(b"}]}\n")


KINDS = [
    SQUARE.reverse(),
    shapely.Point(128.12345678, -36.5),
    shapely.MultiPoint([(127, 37), (128, 38)]),
    shapely.LineString([(127, 37), (128, 38)]),
    shapely.GeometryCollection([SQUARE, shapely.Point(1, 2)]),
    shapely.force_3d(HOLED, 5.0),
    shapely.MultiPolygon([HOLED, SQUARE]),
    shapely.MultiPolygon([SQUARE]),
    PAIR,
    shapely.Polygon(),
    shapely.Point(),
    None,
    shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]),  # invalid
    shapely.Polygon([(0, 0), (1, 0.0000004), (1, 1), (0.5, 0.00000045), (0, 1)]),  # folds when rounded
    shapely.box(127.0, 37.0, 127.0 + 1e-8, 37.0 + 1e-8),  # smaller than the grid
    shapely.box(-1e-7, -1e-7, 1e-5, 1.2e-5),
    shapely.Polygon(
        [(0, 0), (9, 0), (9, 9), (0, 9)], [[(1, 1), (1, 2), (2, 2), (2, 1)], [(3, 3), (4, 3), (4, 4), (3, 4)]]
    ),
    shapely.box(1e9, -3e12, 4e15, 5e15),
]


@pytest.mark.usefixtures("_either_way")
def test_every_kind_of_shape_is_what_a_frame_gives(tmp_path: Path) -> None:
    table = table_of(KINDS)
    path = put(tmp_path / "a.json", table)
    found = features(path)
    assert found == of_frame(table)
    for feature, shape in zip(found, KINDS, strict=True):
        drawn = shapely.geometry.shape(feature["geometry"]) if feature["geometry"] else None
        assert (drawn is None) == (shape is None or shape.is_empty)
        if isinstance(drawn, shapely.Polygon) and drawn.is_valid:
            assert drawn.exterior.is_ccw
            assert not any(hole.is_ccw for hole in drawn.interiors)


@pytest.mark.usefixtures("_either_way")
@pytest.mark.parametrize("crs", [PLANE, "EPSG:5174", "EPSG:5179", "EPSG:4737"])
def test_any_system_is_carried_to_longitude_and_latitude(tmp_path: Path, crs: str) -> None:
    shapes = gpd.GeoSeries([SQUARE, HOLED, PAIR, shapely.Point(127, 37), None], crs=LONLAT).to_crs(crs)
    table = table_of(np.asarray(shapes))
    assert features(put(tmp_path / "a.geojson", table, crs=crs)) == of_frame(table, crs)


@pytest.mark.usefixtures("_either_way")
def test_big_endian_and_extended_geometry_is_understood(tmp_path: Path) -> None:
    odd = [
        shapely.to_wkb(SQUARE, byte_order=0),
        shapely.to_wkb(shapely.set_srid(HOLED, 4326), include_srid=True),
        shapely.to_wkb(shapely.force_3d(PAIR, 5.0), flavor="extended"),
    ]
    path = put(tmp_path / "a.geojson", pa.table({"shape": pa.array(odd, pa.large_binary())}))
    plain = [feature["geometry"] for feature in of_frame(table_of([SQUARE, HOLED, PAIR]))]
    assert [feature["geometry"] for feature in features(path)] == plain


@pytest.mark.usefixtures("_either_way")
def test_many_rows_are_put_together_in_parts_and_stay_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geojson, "_ROWS", 7)
    monkeypatch.setattr(geojson, "_BYTES", 500)
    shapes = [SQUARE, PAIR, None, HOLED] * 25
    table = table_of(shapes)
    assert features(put(tmp_path / "a.geojson", table)) == of_frame(table)


def test_a_file_without_columns_has_empty_properties(tmp_path: Path) -> None:
    found = features(put(tmp_path / "a.geojson", table_of([SQUARE], {})))
    assert found[0]["properties"] == {}
    assert "id" not in found[0]


def test_gdal_reads_columns_of_whole_numbers_as_what_they_are(tmp_path: Path) -> None:
    columns = {"share": pa.array([0.0, 1.0]), "count": pa.array([0, 1]), "area": pa.array([1234.0, 99.0])}
    read = pyogrio.read_dataframe(put(tmp_path / "a.geojson", table_of([SQUARE, PAIR], columns)))
    assert [str(kind) for kind in read.dtypes[:3]] == ["float64", "int32", "float64"]


def test_a_small_file_is_written_before_the_kernels_are_loaded(tmp_path: Path) -> None:
    code = """
    import sys
    import numpy as np, pyarrow as pa, shapely
    from clustergeo._writers import writing
    for ending in ("geojson", "parquet", "gpkg"):
        batch = pa.record_batch([["a"], [shapely.to_wkb(shapely.box(127, 37, 128, 38))]], ["site_id", "geometry"])
        with writing(sys.argv[1] + "/a." + ending, crs="EPSG:5186", geometry="geometry") as writer:
            writer.write(batch, np.array([[127.0, 37.0, 128.0, 38.0]]))
    print("numba" in sys.modules)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(tmp_path)], capture_output=True, check=False
    )
    assert done.stdout.strip() == b"False", done.stderr


# Numbers


def printed(values: list[float]) -> list[str]:
    """Return coordinates as the kernel prints them, one a point."""
    xy = np.repeat(np.array(values, dtype=np.float64), 2).reshape(-1, 2)
    points = np.arange(len(values) + 1)
    count = len(values)
    out, ends = np.empty(count * (coordinates.VERTEX + coordinates.ROW), np.uint8), np.empty(count, np.int64)
    flags = np.zeros(count, bool)
    turns, kinds = np.zeros(count, np.int8), np.full(count, overlap.kinds.POINT, np.int8)
    coordinates.print_shapes(xy, points, points, flags, turns, kinds, flags, out, ends)
    texts = np.split(out, ends)[:-1]
    found = [
        text.tobytes().decode().removeprefix('{"type":"Point","coordinates":[').removesuffix("]}") for text in texts
    ]
    halves = [text.split(",") for text in found]
    assert all(one == other for one, other in halves)
    return [one for one, _ in halves]


@given(st.lists(st.floats(-1e9, 1e9, exclude_min=True, exclude_max=True) | st.floats(-1e-3, 1e-3), max_size=50))
@example([0.0, -0.0, 1e-6, -1e-6, 1e-5, 1.2e-5, 9.9e-5, 1e-4, 0.5e-6, 1.5e-6, 2.5e-6, -0.5e-6, 127.1, 180.0, -180.0])
@example([9.0, 10.0, 99.0, 100.0, 999.0, 1000.0, 999.9999995, 0.9999996, 999_999_999.0, 123456789.123456])
@settings(deadline=None, max_examples=300)
def test_a_coordinate_is_printed_as_python_prints_what_numpy_rounds(values: list[float]) -> None:
    assert printed(values) == [json.dumps(float(one)) for one in np.round(np.array(values), 6)]


@given(
    st.lists(
        st.none()
        | st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
        | st.sampled_from(['"', "\\", "\x00", "\x1f", "\x7f", "\u2028", "가", "</script>"]),
        min_size=1,
        max_size=8,
    ),
    st.booleans(),
)
@settings(deadline=None)
def test_a_text_is_escaped_as_json_says(values: list[str | None], dense: bool) -> None:
    column = pa.array(values, pa.string())
    if dense:
        column = pa.concat_arrays([column, pa.array([str(number) for number in range(2_000)])])
    for one in (column, column.cast(pa.large_string()), column.dictionary_encode(), column.slice(1)):
        texts = Lines(len(one)).say("[").add(one).say("]").texts().to_pylist()
        assert [json.loads(text)[0] for text in texts] == one.to_pylist()


@given(st.lists(st.none() | st.floats(), min_size=1, max_size=8), st.booleans())
@settings(deadline=None)
def test_a_number_is_the_same_when_it_is_read_and_null_if_json_does_not_know_it(
    values: list[float | None], dense: bool
) -> None:
    column = pa.array(values, pa.float64())
    if dense:
        column = pa.concat_arrays([column, pa.array(np.arange(2_000.0))])
    texts = Lines(len(column)).add(column).texts().to_pylist()
    known = [one if one is not None and math.isfinite(one) else None for one in column.to_pylist()]
    assert [json.loads(text) for text in texts] == known


@given(
    st.lists(st.lists(st.none() | st.sampled_from(["a", '"', "가"]), max_size=3) | st.none(), min_size=1, max_size=9),
    st.integers(0, 3),
)
@settings(deadline=None)
def test_a_list_stays_a_list(values: list[list[str | None] | None], start: int) -> None:
    column = pa.array(values, pa.list_(pa.string())).slice(start)
    for one in (column, column.cast(pa.large_list(pa.string()))):
        assert [json.loads(text) for text in Lines(len(one)).add(one).texts().to_pylist()] == one.to_pylist()


def test_columns_of_few_values_are_put_together_up_to_a_limit() -> None:
    rng = np.random.default_rng(1)
    columns = [pa.array(rng.integers(0, 100, 3_000)) for _ in range(5)] + [pa.array(rng.random(3_000) > 0.5)]
    lines = Lines(3_000).say("[0")
    for column in columns:
        lines.say(",").add(column)
    read = [json.loads(text) for text in lines.say("]").texts().to_pylist()]
    assert read == [[0, *values] for values in zip(*(column.to_pylist() for column in columns), strict=True)]


def test_a_value_of_any_type_is_json() -> None:
    for name, column in TYPED.items():
        read = [json.loads(text) for text in Lines(6).add(column).texts().to_pylist()]
        assert read == [json.loads(json_text(value)) for value in column.to_pylist()], name


# Shapes


@st.composite
def polygons(draw: st.DrawFn) -> Any:
    """Draw a star round a middle, with a hole or not, as fine as the grid of six decimals or coarser."""
    size = draw(st.sampled_from([1e-6, 3e-6, 1e-4, 1.0]))
    angles = np.sort(draw(st.lists(st.floats(0, 6.28), min_size=3, max_size=8, unique=True)))
    radii = np.array(draw(st.lists(st.floats(0.3, 1), min_size=len(angles), max_size=len(angles))))
    middle = np.array(draw(st.tuples(st.floats(-170, 170), st.floats(-80, 80))))
    ring = middle + size * radii[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])
    if draw(st.booleans()):
        ring = ring[::-1]
    return shapely.Polygon(ring, [middle + (ring - middle) / 4] if draw(st.booleans()) else None)


@given(st.lists(st.none() | polygons(), min_size=1, max_size=6))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_polygons_finer_than_the_grid_are_mended_as_in_a_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shapes: list[Any]
) -> None:
    monkeypatch.setattr(overlap, "MANY", 0)
    table = table_of(shapes)
    assert features(put(tmp_path / "a.geojson", table)) == of_frame(table)
