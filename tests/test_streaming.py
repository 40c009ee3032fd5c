"""tag_file: a file of any size in batches, with the same answers as tag(), or refused with nothing written."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from shapely import box
from squares import LONLAT, PLANE, layer

import clustergeo as cg
from clustergeo import streaming
from clustergeo.overlap import choosing

if TYPE_CHECKING:
    from pathlib import Path

# One of the sites of these tests has no geometry, which is told where a file is read whole.
pytestmark = pytest.mark.filterwarnings("ignore:.*rows have no geometry")

COUNT = 60
BOW = shapely.Polygon([(200_000, 500_000), (200_020, 500_020), (200_020, 500_000), (200_000, 500_020)])


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "BATCH", 7)


@pytest.fixture
def frame() -> gpd.GeoDataFrame:
    """Return parcels round Seoul, one of them without a place and some on the stripes' edges."""
    rng = np.random.default_rng(5)
    x, y = rng.uniform(150_000, 300_000, COUNT), rng.uniform(450_000, 620_000, COUNT)
    shapes = np.asarray(shapely.box(x, y, x + 900, y + 300), dtype=object)
    shapes[17] = None
    columns = {"owner": [f"김 {row}" for row in range(COUNT)], "price": rng.integers(1, 9, COUNT)}
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=PLANE)


@pytest.fixture
def zones() -> dict[str, cg.Layer]:
    stripes = [box(x, 400_000, x + 700, 700_000) for x in range(150_000, 300_000, 2_000)]
    return {"rdz": layer(stripes, as_of="2025-01-01", source="stripes")}


def written(frame: gpd.GeoDataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        # a FlatGeobuf with an index cannot hold a row without a place
        frame.to_file(path, **({"SPATIAL_INDEX": "NO"} if path.suffix == ".fgb" else {}))
    return path


def read(path: Path) -> gpd.GeoDataFrame:
    if path.suffix == ".parquet":
        return gpd.read_parquet(path)
    if path.suffix == ".gpkg":
        return gpd.read_file(path, layer="sites")
    # not by GDAL, which takes a text for a date where it looks like one
    return gpd.GeoDataFrame.from_features(json.loads(path.read_bytes()), crs=LONLAT)


def same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Hold the columns of a file against those of tag()."""
    assert [name for name in expected.columns if name not in found.columns] == []
    for name in expected.columns.drop([expected.geometry.name, "sectors"]):
        one, other = found[name], expected[name]
        if str(other.dtype) in {"float64", "boolean"}:
            one = pd.to_numeric(one.astype(object).where(one.notna(), np.nan)).to_numpy(dtype=float)
            other = other.to_numpy(dtype=float, na_value=np.nan)
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9, err_msg=name)
        else:
            plain = [None if pd.isna(value) else value for value in one]
            assert plain == [None if pd.isna(value) else value for value in other], name


@pytest.mark.parametrize("source", ["sites.parquet", "sites.gpkg", "sites.fgb", "sites.shp"])
@pytest.mark.parametrize("target", ["tagged.parquet", "tagged.gpkg", "tagged.geojson"])
def test_a_file_of_each_format_gets_the_tags_of_its_frame(
    frame: gpd.GeoDataFrame, zones: dict[str, cg.Layer], tmp_path: Path, source: str, target: str
) -> None:
    file = written(frame, tmp_path / source)
    with pytest.warns(cg.ClusterGeoWarning, match="have no geometry"):
        expected = cg.tag(cg.read_sites(file), zones=zones)
    done = cg.tag_file(file, tmp_path / "out" / target, zones=zones)
    assert (done.rows, done.repaired, done.path) == (COUNT, 0, tmp_path / "out" / target)
    same(read(done.path), expected)
    assert sorted(path.name for path in done.path.parent.iterdir()) == [target]


def test_batches_of_any_size_and_any_number_of_threads_give_the_same_bytes(
    frame: gpd.GeoDataFrame, zones: dict[str, cg.Layer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choosing, "MANY", 10)  # by the kernels
    file = written(frame, tmp_path / "sites.parquet")
    tables = []
    for size, threads in ((1, 1), (7, 3), (1_000, 2)):
        monkeypatch.setattr(streaming, "BATCH", size)
        done = cg.tag_file(file, tmp_path / f"{size}.parquet", zones=zones, threads=threads)
        tables.append(pq.read_table(done.path))
    assert tables[0].equals(tables[1])
    assert tables[0].equals(tables[2])


def test_the_callers_columns_keep_their_types_and_their_order_and_the_geometry_its_crs(
    frame: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    frame = frame.assign(day=pd.date_range("2024-01-01", periods=COUNT), flag=pd.array([True, None] * 30, "boolean"))
    done = cg.tag_file(written(frame, tmp_path / "sites.parquet"), tmp_path / "tagged.parquet")
    schema, given = pq.read_schema(done.path), pq.read_schema(tmp_path / "sites.parquet")
    assert schema.names[:5] == ["site_id", "owner", "price", "day", "flag"]
    assert [schema.field(name).type for name in schema.names[1:5]] == [
        given.field(name).type for name in schema.names[1:5]
    ]
    tagged = gpd.read_parquet(done.path)
    assert tagged.crs == PLANE
    assert shapely.equals_exact(tagged.geometry.to_numpy(), frame.geometry.to_numpy()).sum() == COUNT - 1
    assert tagged["site_id"].tolist() == [str(number) for number in range(1, COUNT + 1)]


@pytest.mark.parametrize("ids", [list(range(100, 160)), [float(number) for number in range(60)], list("abcdef") * 10])
def test_ids_become_text_and_a_repeated_one_is_refused_wherever_it_stands(
    frame: gpd.GeoDataFrame, tmp_path: Path, ids: list[Any]
) -> None:
    file = written(frame.assign(site_id=ids), tmp_path / "sites.parquet")
    if len(set(ids)) == COUNT:
        done = cg.tag_file(file, tmp_path / "tagged.parquet")
        assert gpd.read_parquet(done.path)["site_id"].tolist() == cg.read_sites(file)["site_id"].tolist()
        return
    with pytest.raises(cg.ClusterGeoError, match=r"(?s)6 problem.*'a' stands 10 times"):
        cg.tag_file(file, tmp_path / "tagged.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["sites.parquet"]


def test_an_empty_id_is_refused_with_its_row(frame: gpd.GeoDataFrame, tmp_path: Path) -> None:
    ids: list[Any] = [f"p{number}" for number in range(COUNT)]
    ids[50] = None
    with pytest.raises(cg.ClusterGeoError, match="row 50: site_id is empty"):
        cg.tag_file(written(frame.assign(site_id=ids), tmp_path / "sites.parquet"), tmp_path / "tagged.parquet")


@pytest.mark.parametrize("many", [True, False], ids=["kernels", "shapely"])
def test_invalid_geometries_are_counted_over_the_whole_file_and_told_with_their_reasons(
    frame: gpd.GeoDataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, many: bool
) -> None:
    monkeypatch.setattr(choosing, "MANY", 10 if many else 10_000)
    shapes = frame.geometry.to_numpy().copy()
    shapes[[3, 9, 30, 31, 58, 59]] = BOW
    shapes[40] = shapely.LineString([(0, 0), (1, 1)])
    file = written(frame.set_geometry(gpd.GeoSeries(shapes, crs=PLANE)), tmp_path / "sites.parquet")
    with pytest.raises(cg.ClusterGeoError, match=r"7 problem\(s\)") as caught:
        cg.tag_file(file, tmp_path / "tagged.parquet")
    told = str(caught.value)
    assert "row 3: invalid geometry, Self-intersection[200010 500010]" in told
    assert "row 9: " in told
    assert "--repair" in told
    assert "and 2 more" in told
    assert [path.name for path in tmp_path.iterdir()] == ["sites.parquet"]


@pytest.mark.parametrize("many", [True, False], ids=["kernels", "shapely"])
def test_invalid_geometries_are_repaired_on_request_and_counted(
    frame: gpd.GeoDataFrame, zones: dict[str, cg.Layer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, many: bool
) -> None:
    monkeypatch.setattr(choosing, "MANY", 10 if many else 10_000)
    shapes = frame.geometry.to_numpy().copy()
    shapes[[3, 30]] = BOW
    file = written(frame.set_geometry(gpd.GeoSeries(shapes, crs=PLANE)), tmp_path / "sites.parquet")
    with pytest.warns(cg.ClusterGeoWarning, match="2 invalid geometries were repaired"):
        done = cg.tag_file(file, tmp_path / "tagged.parquet", zones=zones, repair=True)
    assert done.repaired == 2
    tagged = gpd.read_parquet(done.path)
    assert tagged.is_valid.drop(17).all()
    assert tagged.geometry.iloc[3].area == pytest.approx(200.0)
    # the stripe from x = 200,000 takes all of it
    assert tagged["rdz_share"].iloc[[3, 30]].tolist() == [1.0, 1.0]


def test_a_warning_is_heard_after_batches_that_silenced_their_own_in_turn(
    frame: gpd.GeoDataFrame, zones: dict[str, cg.Layer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # as `shapely.is_valid` does in each batch: here the later begins while the earlier is silent, and ends after it
    monkeypatch.setattr(streaming, "BATCH", 20)
    work, silent, loud, ended = streaming.Worker.__call__, threading.Event(), threading.Event(), threading.Event()

    def worked(self: Any, first: int, batch: Any, *, check: bool) -> Any:
        if first == 20:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                silent.set()
                assert loud.wait(30)
            ended.set()
        elif first == 40:
            assert silent.wait(30)
            with warnings.catch_warnings():
                loud.set()
                assert ended.wait(30)
        return work(self, first, batch, check=check)

    monkeypatch.setattr(streaming.Worker, "__call__", worked)
    shapes = frame.geometry.to_numpy().copy()
    shapes[[3, 30]] = BOW
    file = written(frame.set_geometry(gpd.GeoSeries(shapes, crs=PLANE)), tmp_path / "sites.parquet")
    with pytest.warns(cg.ClusterGeoWarning, match="2 invalid geometries were repaired"):
        cg.tag_file(file, tmp_path / "tagged.parquet", zones=zones, repair=True, threads=2)
    assert ended.is_set()


def test_rows_that_are_no_geometry_are_refused_with_their_rows(frame: gpd.GeoDataFrame, tmp_path: Path) -> None:
    file = written(frame, tmp_path / "sites.parquet")
    table = pq.read_table(file)
    values = table.column("geometry").to_pylist()
    values[20], values[44] = b"\x01nothing", shapely.to_wkb(box(np.inf, 0, np.inf, 1))
    at = table.schema.get_field_index("geometry")
    pq.write_table(table.set_column(at, table.schema.field(at), pa.array(values, pa.binary())), file)
    for repair in (False, True):
        with pytest.raises(
            cg.ClusterGeoError,
            match=r"(?s)row 20: its geometry cannot be read: WKB.*row 44: coordinates are not finite",
        ):
            cg.tag_file(file, tmp_path / "tagged.parquet", repair=repair)


def test_evidence_in_the_file_counts_as_it_does_in_a_frame(tmp_path: Path, zones: dict[str, cg.Layer]) -> None:
    sites = cg.load_sites()[["site_id", "sectors", "area_km2", "footprint_basis", "province", "geometry"]]
    sites = gpd.GeoDataFrame(sites.assign(position_error_m=1_000.0, rdz_reported_basis="inferred"), crs=LONLAT)
    sites["rdz_reported_present"] = pd.array([True] * 15, dtype="boolean")
    file = written(sites, tmp_path / "sites.parquet")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cg.ClusterGeoWarning)
        expected = cg.tag(cg.read_sites(file))
        done = cg.tag_file(file, tmp_path / "tagged.parquet")
    found = gpd.read_parquet(done.path)
    same(found, expected)
    assert [list(value) for value in found["sectors"]] == expected["sectors"].tolist()
    assert set(found["rdz_basis"]) == {"inferred"}


def test_the_15_with_what_contains_them_go_through_a_file(tmp_path: Path) -> None:
    file = written(cg.load_sites(), tmp_path / "sites.parquet")
    done = cg.tag_file(file, tmp_path / "tagged.parquet")
    same(gpd.read_parquet(done.path).drop(columns="within"), cg.tag(cg.load_sites()).drop(columns="within"))


def test_what_a_layer_says_nothing_about_is_told_once_for_the_whole_file(
    frame: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    zone = gpd.GeoDataFrame(geometry=[box(0, 0, 1, 1)], crs=PLANE)
    with pytest.warns(cg.ClusterGeoWarning) as told:
        cg.tag_file(written(frame, tmp_path / "sites.parquet"), tmp_path / "tagged.parquet", zones={"water": zone})
    nowhere, silent = (str(one.message) for one in told)
    assert f"1 of {COUNT} rows have no geometry" in nowhere
    assert silent.startswith(f"Layer 'water' says nothing about {COUNT - 1} site(s):")


@pytest.mark.parametrize("column", ["rdz_share", "municipality", "capital_share"])
def test_a_column_that_a_tag_would_overwrite_is_refused_by_name(
    frame: gpd.GeoDataFrame, tmp_path: Path, column: str
) -> None:
    file = written(frame.rename(columns={"owner": column}), tmp_path / "sites.parquet")
    with pytest.raises(cg.ClusterGeoError, match=column):
        cg.tag_file(file, tmp_path / "tagged.parquet")
    assert not (tmp_path / "tagged.parquet").exists()


def test_a_format_that_is_not_written_is_refused_before_anything_is_read(
    frame: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    with pytest.raises(cg.ClusterGeoError, match="dwg"):
        cg.tag_file(written(frame, tmp_path / "sites.parquet"), tmp_path / "tagged.dwg")


def test_a_file_that_is_read_whole_gives_the_same_tags(
    frame: gpd.GeoDataFrame, zones: dict[str, cg.Layer], tmp_path: Path
) -> None:
    file = written(frame.to_crs(LONLAT), tmp_path / "sites.geojson")
    done = cg.tag_file(file, tmp_path / "tagged.parquet", zones=zones)
    same(gpd.read_parquet(done.path), cg.tag(cg.read_sites(file), zones=zones))


def test_a_successor_that_is_refused_leaves_the_earlier_file(frame: gpd.GeoDataFrame, tmp_path: Path) -> None:
    target = cg.tag_file(written(frame, tmp_path / "sites.parquet"), tmp_path / "tagged.parquet").path
    before = target.read_bytes()
    shapes = frame.geometry.to_numpy().copy()
    shapes[55] = BOW
    written(frame.set_geometry(gpd.GeoSeries(shapes, crs=PLANE)), tmp_path / "sites.parquet")
    with pytest.raises(cg.ClusterGeoError, match="row 55"):
        cg.tag_file(tmp_path / "sites.parquet", target)
    assert target.read_bytes() == before


SLOW = """
import sys, time
from clustergeo import streaming, _batch
streaming.BATCH = 5
work = _batch.Worker.__call__
def slow(self, first, batch, **options):
    if first:
        time.sleep(0.3)
    return work(self, first, batch, **options)
_batch.Worker.__call__ = slow
from clustergeo.cli import main
main()
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of this kind are POSIX's")
@pytest.mark.parametrize("target", ["tagged.parquet", "tagged.gpkg", "tagged.geojson"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["interrupted", "terminated"])
def test_a_run_that_is_stopped_leaves_no_file_and_no_litter(
    frame: gpd.GeoDataFrame, tmp_path: Path, target: str, number: signal.Signals
) -> None:
    file = written(frame, tmp_path / "sites.gpkg")
    out = tmp_path / "out"
    command = [sys.executable, "-c", SLOW, "tag", str(file), "-o", str(out / target)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not (out.exists() and any(out.iterdir())) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(number)
    _, told = process.communicate(timeout=60)
    assert process.returncode in {130, 143}, told.decode()
    assert b"Traceback" not in told
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sites.gpkg"]


def test_a_bar_counts_the_sites_where_it_is_asked_for(
    frame: gpd.GeoDataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(frame, tmp_path / "sites.parquet")
    cg.tag_file(file, tmp_path / "tagged.parquet", progress=True)
    assert "60/60" in capsys.readouterr().err
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")  # loaded, it makes no notebook of this
    cg.tag_file(file, tmp_path / "tagged.parquet")
    assert capsys.readouterr().err == ""


def test_a_tagged_file_holds_what_it_rests_on(
    frame: gpd.GeoDataFrame, zones: dict[str, cg.Layer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1760000000")
    file = written(frame, tmp_path / "sites.parquet")
    done = cg.tag_file(file, tmp_path / "tagged.parquet", zones=zones)
    graph = json.loads(pq.read_metadata(done.path).metadata[b"clustergeo"])["@graph"]
    named = {one.get("name"): one for one in graph}
    assert named["rdz"]["sha256"] == zones["rdz"].sha256
    assert named["rdz"]["coverage"] == "everywhere"
    assert named["clustergeo"]["version"] == cg.__version__
    assert "localities-2018" in named
    assert named["The run that made these files"]["endTime"] == "2025-10-09T08:53:20Z"
    assert cg.tag_file(file, tmp_path / "again.parquet", zones=zones).path.read_bytes() == done.path.read_bytes()


def test_further_columns_of_geometry_come_out_as_geometry(frame: gpd.GeoDataFrame, tmp_path: Path) -> None:
    centres = frame.assign(centre=frame.geometry.centroid.to_crs(LONLAT))
    done = cg.tag_file(written(centres, tmp_path / "sites.parquet"), tmp_path / "tagged.parquet")
    found = gpd.read_parquet(done.path)
    assert found["centre"].crs == LONLAT
    assert found["centre"].geom_equals(centres["centre"]).sum() == COUNT - 1


def test_korean_paths_go_through_a_c_locale(frame: gpd.GeoDataFrame, tmp_path: Path) -> None:
    folder = tmp_path / "후보지"
    folder.mkdir()
    for name in ("필지.parquet", "필지.gpkg"):
        written(frame, folder / name)
        env = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0"}
        out = folder / f"결과-{name}"
        done = subprocess.run(
            [sys.executable, "-m", "clustergeo", "tag", os.fsencode(folder / name), "-o", os.fsencode(out)],
            env=env, capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
        assert f"결과-{name}" in done.stdout.decode()
        assert len(read(out)) == COUNT


@pytest.mark.parametrize("many", [True, False], ids=["kernels", "shapely"])
def test_sites_abroad_among_others_keep_a_plane_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, many: bool
) -> None:
    monkeypatch.setattr(choosing, "MANY", 2 if many else 10_000)
    spots = [box(127.20, 37.14, 127.21, 37.15), box(2.0, 48.0, 2.01, 48.01), shapely.Point(0, 0), None]
    frame = gpd.GeoDataFrame(geometry=spots * 3, crs=LONLAT)
    done = cg.tag_file(written(frame, tmp_path / "sites.parquet"), tmp_path / "tagged.parquet")
    found = gpd.read_parquet(done.path)
    same(found, cg.tag(frame))
    assert found["province"].notna().sum() == 3


@pytest.mark.parametrize(
    "ids", [[1e20, 2e20, 0.5], [np.inf, 1.0, 2.0], pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03"])]
)
def test_ids_of_any_type_are_the_texts_that_a_frame_gives(tmp_path: Path, ids: Any) -> None:
    frame = gpd.GeoDataFrame({"site_id": ids}, geometry=[box(127.2, 37.1, 127.3, 37.2)] * 3, crs=LONLAT)
    done = cg.tag_file(written(frame, tmp_path / "sites.parquet"), tmp_path / "tagged.parquet")
    assert gpd.read_parquet(done.path)["site_id"].tolist() == cg.tag(frame)["site_id"].tolist()


@pytest.mark.parametrize("name", ["tagged.geoparquet", "tagged.json", "TAGGED.GPKG"])
def test_every_ending_of_a_format_is_known(frame: gpd.GeoDataFrame, tmp_path: Path, name: str) -> None:
    done = cg.tag_file(written(frame, tmp_path / "sites.parquet"), tmp_path / name)
    assert done.rows == COUNT
    assert done.path.stat().st_size > 0


def test_an_unknown_ending_is_refused_before_the_sites_are_read(frame: gpd.GeoDataFrame, tmp_path: Path) -> None:
    for name in ("tagged.txt", "tagged.shp", "tagged"):
        with pytest.raises(cg.ClusterGeoError, match="expected an ending"):
            cg.tag_file(tmp_path / "nowhere.parquet", tmp_path / name)


def test_a_file_is_not_tagged_into_itself(frame: gpd.GeoDataFrame, tmp_path: Path) -> None:
    file = written(frame, tmp_path / "sites.parquet")
    before = file.read_bytes()
    with pytest.raises(cg.ClusterGeoError, match="is the input"):
        cg.tag_file(file, file)
    assert file.read_bytes() == before


def test_extended_well_known_binary_comes_out_as_iso(frame: gpd.GeoDataFrame, tmp_path: Path) -> None:
    file = written(frame, tmp_path / "sites.parquet")
    table = pq.read_table(file)
    shapes = shapely.set_srid(shapely.force_3d(frame.geometry.to_numpy(), 7.0), 5186)
    values = pa.array(shapely.to_wkb(shapes, include_srid=True, flavor="extended"), pa.binary())
    at = table.schema.get_field_index("geometry")
    pq.write_table(table.set_column(at, table.schema.field(at), values), file)
    done = cg.tag_file(file, tmp_path / "tagged.parquet")
    found = pq.read_table(done.path).column("geometry").to_pylist()
    assert {value[:5].hex() for value in found if value is not None} == {"01eb030000"}
    assert gpd.read_parquet(done.path).geometry.has_z.sum() == COUNT - 1


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_what_was_repaired_is_counted_whichever_way_the_file_is_read(
    frame: gpd.GeoDataFrame, tmp_path: Path, ending: str
) -> None:
    shapes = frame.geometry.to_numpy().copy()
    shapes[[3, 30]] = BOW
    file = written(frame.set_geometry(gpd.GeoSeries(shapes, crs=PLANE)), tmp_path / "sites.parquet")
    with pytest.warns(cg.ClusterGeoWarning, match="2 invalid geometries were repaired"):
        assert cg.tag_file(file, tmp_path / f"tagged.{ending}", repair=True).repaired == 2


def test_wrong_evidence_is_told_with_the_rows_of_the_file(frame: gpd.GeoDataFrame, tmp_path: Path) -> None:
    area = np.where(np.isin(np.arange(COUNT), [6, 8, 55]), -1.0, 1.0)
    file = written(frame.assign(area_km2=area), tmp_path / "sites.parquet")
    with pytest.raises(cg.ClusterGeoError, match=r"row 6: area_km2 is -1\.0"):
        cg.tag_file(file, tmp_path / "tagged.parquet")


@pytest.mark.parametrize("ending", ["parquet", "gpkg", "shp"])
def test_a_row_of_degrees_among_metres_is_refused_by_its_row(
    frame: gpd.GeoDataFrame, tmp_path: Path, ending: str
) -> None:
    frame.loc[[17, 40], "geometry"] = [shapely.box(200_000, 500_000, 200_010, 500_010), box(127, 37, 127.01, 37.01)]
    source = written(frame, tmp_path / f"sites.{ending}")
    with pytest.raises(cg.ClusterGeoError, match=r"row 40: its coordinates x=127.005, y=37.005 are longitude and lat"):
        cg.tag_file(source, tmp_path / "out.parquet")
    assert not (tmp_path / "out.parquet").exists()


def test_rows_of_both_orders_of_the_axes_are_refused_as_such(tmp_path: Path) -> None:
    points = gpd.points_from_xy([127.1, 37.2, 126.9], [37.1, 127.3, 37.5])
    source = written(gpd.GeoDataFrame(geometry=points, crs=LONLAT), tmp_path / "sites.parquet")
    with pytest.raises(cg.ClusterGeoError, match="rows of both orders of the axes are mixed"):
        cg.tag_file(source, tmp_path / "out.parquet")


def test_a_point_at_zero_is_no_position_and_is_told_like_a_row_without_a_geometry(tmp_path: Path) -> None:
    points = np.asarray(gpd.points_from_xy([127.1, 0, 126.9], [37.1, 0, 37.5]), dtype=object)
    points[2] = None
    frame = gpd.GeoDataFrame({"site_id": list("abc")}, geometry=points, crs=LONLAT)
    source = written(frame, tmp_path / "sites.parquet")
    with pytest.warns(cg.ClusterGeoWarning, match="2 of 3 rows have no geometry, or a point at 0, 0"):
        cg.tag_file(source, tmp_path / "out.parquet")
    found = read(tmp_path / "out.parquet")
    assert found.geometry.isna().tolist() == [False, True, True]
    assert found["in_capital_region"].isna().tolist() == [False, True, True]
