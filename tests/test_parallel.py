"""tag_files and tag_frame: on many workers the same answers as on one machine, whatever dies in between."""

from __future__ import annotations

import json
import os
import pickle
import signal
import socket
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
from squares import PLANE, layer

import clustergeo as cg
from clustergeo import _parts, _pieces, _writers, overlap

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

distributed = pytest.importorskip("distributed")
dask_geopandas = pytest.importorskip("dask_geopandas")

from clustergeo import parallel  # noqa: E402 - needs Dask
from clustergeo.parallel import tag_files, tag_frame  # noqa: E402

# One of the sites of these tests has no geometry, which is told where a file is read whole.
pytestmark = pytest.mark.filterwarnings("ignore:.*rows have no geometry")

COUNT = 60
BOW = shapely.Polygon([(200_000, 500_000), (200_020, 500_020), (200_020, 500_000), (200_000, 500_020)])
HERE = "127.0.0.1"


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_ALONE_S", 60)


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """Return the client of two workers in processes of their own."""
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, host=HERE, dashboard_address=f"{HERE}:0"
        ) as cluster,
        distributed.Client(cluster) as found,
    ):
        yield found


def parcels(count: int = COUNT, seed: int = 5) -> gpd.GeoDataFrame:
    """Return parcels round Seoul, one of them without a place."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(150_000, 300_000, count), rng.uniform(450_000, 620_000, count)
    shapes = np.asarray(shapely.box(x, y, x + 900, y + 300), dtype=object)
    shapes[17] = None
    columns = {"owner": [f"김 {row}" for row in range(count)], "price": rng.integers(1, 9, count)}
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=PLANE)


@pytest.fixture
def zones() -> dict[str, cg.Layer]:
    stripes = [box(x, 400_000, x + 700, 700_000) for x in range(150_000, 300_000, 2_000)]
    return {"rdz": layer(stripes, as_of="2025-01-01", source="stripes")}


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """Return a folder of two files: GeoParquet of three row groups, and GeoPackage."""
    folder = tmp_path / "sources"
    folder.mkdir()
    parcels().to_parquet(folder / "a.parquet", row_group_size=20)
    parcels(20, seed=7).to_file(folder / "b.gpkg")
    return folder


def read(folder: Path) -> pa.Table:
    """Return the rows of all parts in order."""
    return pa.concat_tables([pq.read_table(path) for path in sorted(folder.glob("part-*.parquet"))])


def whole(sources: list[Path], zones: Any, folder: Path) -> pa.Table:
    """Return what one run over each file gives, one after another; ids are numbers over all of them."""
    tables = []
    for number, source in enumerate(sources):
        tables.append(pq.read_table(cg.tag_file(source, folder / f"{number}.parquet", zones=zones).path))
    # Text of 32 and of 64 bits of offset is the same text.
    joined = pa.concat_tables(tables, promote_options="permissive")
    ids = pa.array([str(number) for number in range(1, len(joined) + 1)])
    return joined.set_column(0, "site_id", ids)


def state(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def manifest(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / "_manifest.json").read_text(encoding="utf-8"))
    return told


PARTS = ["part-00000.parquet", "part-00001.parquet", "part-00002.parquet", "part-00003.parquet"]
WHOLE = ["_manifest.json", *PARTS]


# The answers


def test_files_of_two_formats_and_their_row_groups_get_the_bits_that_one_machine_gives(
    client: Any, sources: Path, zones: dict[str, cg.Layer], tmp_path: Path
) -> None:
    done = tag_files(sources, tmp_path / "out", zones=zones, client=client, piece_rows=20)
    assert done == (tmp_path / "out", 80, 4, 0, 0)
    assert names(done.path) == WHOLE
    expected = whole([sources / "a.parquet", sources / "b.gpkg"], zones, tmp_path)
    assert read(done.path).equals(expected)
    assert manifest(done.path)["complete"] is True
    # A folder is one data set, for geopandas and for Dask.
    tagged = gpd.read_parquet(done.path)
    assert tagged.crs == PLANE
    assert tagged["site_id"].tolist() == [str(number) for number in range(1, 81)]
    assert len(dask_geopandas.read_parquet(done.path)) == 80


def test_a_small_piece_of_many_sites_is_measured_as_the_many_are(
    client: Any, zones: dict[str, cg.Layer], tmp_path: Path
) -> None:
    frame = parcels(overlap.MANY + 100)
    frame.iloc[:-50].to_parquet(tmp_path / "a.parquet", row_group_size=overlap.MANY)
    frame.iloc[-50:].to_file(tmp_path / "b.gpkg")
    files = [tmp_path / "a.parquet", tmp_path / "b.gpkg"]
    done = tag_files(files, tmp_path / "out", zones=zones, client=client, piece_rows=10)
    assert (done.rows, done.written) == (len(frame), 3)
    found, expected = gpd.read_parquet(done.path), cg.tag(frame, zones=zones)
    for name in expected.columns.drop(["geometry", "sectors"]):
        one, other = found[name].to_numpy(dtype=object), expected[name].to_numpy(dtype=object)
        np.testing.assert_array_equal(pd.isna(one), pd.isna(other), err_msg=name)
        assert (one[~pd.isna(one)] == other[~pd.isna(other)]).all(), name


def test_what_a_part_rests_on_stands_in_it(
    client: Any, sources: Path, zones: dict[str, cg.Layer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1760000000")
    for name in ("out", "again"):
        done = tag_files(sources / "b.gpkg", tmp_path / name, zones=zones, client=client)
    graph = json.loads(pq.read_metadata(done.path / PARTS[0]).metadata[b"clustergeo"])["@graph"]
    assert {one.get("name"): one for one in graph}["rdz"]["sha256"] == zones["rdz"].sha256
    assert (tmp_path / "out" / PARTS[0]).read_bytes() == (tmp_path / "again" / PARTS[0]).read_bytes()
    assert (tmp_path / "out" / "_manifest.json").read_bytes() == (tmp_path / "again" / "_manifest.json").read_bytes()


def test_what_the_answers_could_not_take_into_account_is_told_once_for_all_pieces(
    client: Any, sources: Path, tmp_path: Path
) -> None:
    frame = gpd.read_parquet(sources / "a.parquet")
    frame.loc[[3, 50], "geometry"] = BOW
    frame.to_parquet(sources / "a.parquet", row_group_size=20)
    zone = gpd.GeoDataFrame(geometry=[box(0, 0, 1, 1)], crs=PLANE)
    # A run that keeps all parts says the same of them.
    for written in (4, 0):
        with pytest.warns(cg.ClusterGeoWarning) as caught:
            done = tag_files(
                sources, tmp_path / "out", zones={"water": zone}, client=client, piece_rows=20, repair=True
            )
        assert (done.written, done.repaired) == (written, 2)
        assert [str(one.message).split(":")[0] for one in caught] == [
            "2 invalid geometries were repaired, as asked.",
            "the files",
            "Layer 'water' says nothing about 78 site(s)",
        ]


# Workers that die


class Slow:
    """A writer of files that takes its time at the end of each, with the partial file there."""

    def __init__(self, *given: Any, **options: Any) -> None:
        self._inner = _writers.writing(*given, **options)

    def __enter__(self) -> Any:
        return self._inner.__enter__()

    def __exit__(self, *error: object) -> Any:
        time.sleep(0.25)
        return self._inner.__exit__(*error)


def slow() -> None:
    _pieces.writing = Slow  # type: ignore[assignment, misc]


def quick() -> None:
    _pieces.writing = _writers.writing


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX's")
@pytest.mark.parametrize("victims", [1, 2], ids=["one of two dies", "both die at once"])
def test_workers_that_are_killed_in_the_middle_cost_their_pieces_and_not_the_run(
    client: Any, sources: Path, zones: dict[str, cg.Layer], tmp_path: Path, victims: int
) -> None:
    parcels().to_parquet(sources / "a.parquet", row_group_size=4)
    out, seen = tmp_path / "out", []
    client.wait_for_workers(2, timeout=60)
    client.run(slow)
    pids = list(client.run(os.getpid).values())

    def kill() -> None:
        deadline = time.monotonic() + 60
        held: list[str] = []
        while time.monotonic() < deadline:
            held = names(out)
            # Some part is there, and both workers are writing the next ones.
            if any(map(_parts._PART.fullmatch, held)) and sum(name.endswith(".partial") for name in held) == 2:
                for pid in pids[:victims]:
                    os.kill(pid, signal.SIGKILL)
                break
            time.sleep(0.005)
        seen.extend(held)

    killer = threading.Thread(target=kill)
    killer.start()
    done = tag_files(sources, out, zones=zones, client=client, piece_rows=4)
    killer.join()
    client.wait_for_workers(2, timeout=60)
    client.run(quick)
    assert len(set(client.run(os.getpid).values()) - set(pids)) == victims
    assert 1 <= sum(name.startswith("part-") for name in seen) < 16 - victims, "there was more to do"
    assert done == (out, 80, 16, 0, 0)
    assert names(out) == ["_manifest.json", *(f"part-{number:05}.parquet" for number in range(16))]
    assert read(out).equals(whole([sources / "a.parquet", sources / "b.gpkg"], zones, tmp_path))


def test_what_is_interrupted_leaves_no_litter_and_is_gone_on_with(
    client: Any, sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reveal = _parts.Folder.reveal

    def interrupted(self: Any, *given: Any) -> None:
        reveal(self, *given)
        raise KeyboardInterrupt

    monkeypatch.setattr(_parts.Folder, "reveal", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tag_files(sources, tmp_path / "out", client=client, piece_rows=20)
    monkeypatch.undo()
    deadline = time.monotonic() + 30
    # A worker of somebody's cluster may be in the middle of a part; it tidies up behind itself.
    held: list[str] = []
    while (len(held) != 2 or held[1] not in PARTS) and time.monotonic() < deadline:
        held = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert held[0] == "_manifest.json"
    assert held[1] in PARTS
    assert manifest(tmp_path / "out")["complete"] is False
    done = tag_files(sources, tmp_path / "out", client=client, piece_rows=20)
    assert (done.written, done.skipped) == (3, 1)
    assert names(done.path) == WHOLE


def test_a_piece_that_kills_its_workers_is_named_with_the_cure(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killing:
        """A cluster whose workers die of the second part."""

        class Future:
            def __init__(self, part: Any) -> None:
                self.part = part

            def add_done_callback(self, done: Any) -> None:
                done(self)

            def result(self, **_options: Any) -> Any:
                if self.part.name == PARTS[1]:
                    raise distributed.KilledWorker(self.part.name, "worker", 3)
                return _pieces.write_part(self.part, self.shipped)

        asynchronous = False

        def __init__(self) -> None:
            self.asked: list[str] = []

        def submit(self, _work: Any, part: Any, shipped: Any, **_options: Any) -> Any:
            self.asked.append(part.name)
            future = self.Future(part)
            future.shipped = shipped  # type: ignore[attr-defined]
            return future

        def map(self, work: Any, paths: Any, **_options: Any) -> Any:
            return [work(path) for path in paths]

        def gather(self, found: Any) -> Any:
            return found

        def wait_for_workers(self, *_given: Any, **_options: Any) -> None: ...

        cancel = run = wait_for_workers

    monkeypatch.setattr(_pieces, "stay_alone", lambda: None)  # this thread works on after the test
    cluster = Killing()
    with pytest.raises(cg.ClusterGeoError, match=r"(?s)a\.parquet.*20 rows from row 20.*memory.*piece_rows.*3 parts"):
        tag_files(sources, tmp_path / "out", client=cluster, piece_rows=20)
    assert cluster.asked == [*PARTS, PARTS[1], PARTS[1]], "it was given two more chances"
    assert names(tmp_path / "out") == ["_manifest.json", PARTS[0], PARTS[2], PARTS[3]]


# A second run


def test_a_second_run_writes_nothing_and_needs_no_worker(
    client: Any, sources: Path, zones: dict[str, cg.Layer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = tag_files(sources, tmp_path / "out", zones=zones, client=client, piece_rows=20)
    before = state(done.path)
    monkeypatch.setattr(parallel, "_connected", None)
    again = tag_files(sources, tmp_path / "out", zones=zones, piece_rows=20)
    assert again == (done.path, 80, 0, 4, 0)
    assert state(done.path) == before


def test_a_second_run_writes_what_is_missing_cut_or_of_a_file_that_changed(
    client: Any, sources: Path, tmp_path: Path
) -> None:
    out = tag_files(sources, tmp_path / "out", client=client, piece_rows=20).path
    table, before = read(out), state(out)

    def changed() -> set[str]:
        done = tag_files(sources, out, client=client, piece_rows=20)
        after = state(out)
        new = {name for name in after if name in PARTS and after[name] != before.get(name)}
        before.clear()
        before.update(after)
        assert (done.written, done.skipped) == (len(new), 4 - len(new))
        assert names(out) == WHOLE
        assert read(out).equals(table)
        return new

    (out / PARTS[1]).unlink()
    assert changed() == {PARTS[1]}
    data = (out / PARTS[2]).read_bytes()
    (out / PARTS[2]).write_bytes(data[:-300])
    assert changed() == {PARTS[2]}
    os.utime(sources / "b.gpkg", (0, 0))
    assert changed() == {PARTS[3]}
    # Of a run that was killed.
    (out / "_unfinished-0123abcd").mkdir()
    for name in (f"part-00000-{'0' * 32}.parquet.partial", f"job-{'0' * 32}.pickle"):
        (out / "_unfinished-0123abcd" / name).write_bytes(b"half")
    (out / PARTS[0]).unlink()
    assert changed() == {PARTS[0]}


def test_another_question_is_answered_anew(
    client: Any, sources: Path, zones: dict[str, cg.Layer], tmp_path: Path
) -> None:
    out = tmp_path / "out"

    def written(**options: Any) -> int:
        return int(tag_files(sources, out, client=client, piece_rows=20, **options).written)

    assert written(zones=zones) == 4
    moved = zones["rdz"].frame.translate(5.0)
    other = cg.Layer(
        gpd.GeoDataFrame(geometry=moved, crs=PLANE),
        name="rdz", coverage="everywhere", as_of="2025-01-01", source="stripes", sha256=zones["rdz"].sha256,
    )  # fmt: skip
    assert written(zones={"rdz": other}) == 4
    assert written(zones={"rdz": other}) == 0
    assert written(zones={"rdz": other}, as_of="2023-03-15") == 4
    assert written(zones={"rdz": other}, as_of="2023-03-15", repair=True) == 4
    assert written(zones={"rdz": layer(other.frame.geometry, coverage=box(120, 30, 135, 45))}) == 4


def test_sites_with_ids_of_their_own_do_not_depend_on_the_files_before_them(
    client: Any, sources: Path, tmp_path: Path
) -> None:
    files = [tmp_path / "one.parquet", tmp_path / "two.parquet"]
    for number, file in enumerate(files):
        frame = parcels(20).assign(site_id=[f"{number}-{row}" for row in range(20)])
        frame.to_parquet(file)
    assert tag_files(files, tmp_path / "out", client=client).written == 2
    parcels(21).assign(site_id=[f"0-{row}" for row in range(21)]).to_parquet(files[0])
    assert tag_files(files, tmp_path / "out", client=client).written == 1
    # Those that are numbered do.
    parcels(20).to_parquet(sources / "a.parquet")
    assert tag_files(sources, tmp_path / "numbered", client=client).written == 2
    parcels(21).to_parquet(sources / "a.parquet")
    assert tag_files(sources, tmp_path / "numbered", client=client).written == 2


def test_parts_that_are_wanted_no_more_are_removed_and_other_files_are_not(
    client: Any, sources: Path, tmp_path: Path
) -> None:
    out = tag_files(sources, tmp_path / "out", client=client, piece_rows=20).path
    (out / "notes.txt").write_text("mine")
    (out / "part-00009.parquet").write_text("mine too")
    done = tag_files(sources, out, client=client)
    assert (done.written, done.rows) == (2, 80)
    assert names(out) == ["_manifest.json", "notes.txt", *PARTS[:2], "part-00009.parquet"]
    assert list(manifest(out)["parts"]) == PARTS[:2]


# What is refused


def test_bad_rows_are_refused_with_file_and_row_and_the_other_pieces_stay(
    client: Any, sources: Path, tmp_path: Path
) -> None:
    for name, rows in (("a.parquet", [45]), ("b.gpkg", [11])):
        frame = cg.read_sites(sources / name).drop(columns="site_id")
        frame.loc[rows, "geometry"] = BOW
        if name == "a.parquet":
            frame.to_parquet(sources / name, row_group_size=20)
        else:
            frame.to_file(sources / name)
    with pytest.raises(cg.ClusterGeoError, match=r"(?s)row \d+: invalid geometry") as caught:
        tag_files(sources, tmp_path / "out", client=client, piece_rows=20)
    told = str(caught.value)
    assert "a.parquet' cannot be used, 1 problem(s)" in told
    assert "row 45: invalid geometry, Self-intersection" in told
    assert "b.gpkg' cannot be used, 1 problem(s)" in told
    assert "row 11: invalid geometry" in told
    assert "The 2 parts that are whole stay" in told
    assert names(tmp_path / "out") == ["_manifest.json", *PARTS[:2]]
    assert manifest(tmp_path / "out")["complete"] is False
    parcels().to_parquet(sources / "a.parquet", row_group_size=20)
    parcels(20, seed=7).to_file(sources / "b.gpkg")
    # The whole file is another now.
    assert tag_files(sources, tmp_path / "out", client=client, piece_rows=20).written == 4


@pytest.mark.parametrize("ids", [["a", "b"], [7, 8]], ids=["text", "numbers"])
def test_an_id_that_stands_in_two_files_is_refused_by_name(client: Any, tmp_path: Path, ids: list[Any]) -> None:
    files = [tmp_path / "one.parquet", tmp_path / "two.gpkg"]
    shapes = [box(127.2, 37.1, 127.21, 37.11), box(127.3, 37.1, 127.31, 37.11)]
    gpd.GeoDataFrame({"site_id": ids}, geometry=shapes, crs="EPSG:4326").to_parquet(files[0])
    gpd.GeoDataFrame({"site_id": ["c", str(ids[1])]}, geometry=shapes, crs="EPSG:4326").to_file(files[1])
    # Parts that are there already are asked again.
    for _ in range(2):
        with pytest.raises(
            cg.ClusterGeoError, match=rf"(?s)site_id '{ids[1]}' stands 2 times: in '.*one\.parquet', '.*two\.gpkg'"
        ):
            tag_files(files, tmp_path / "out", client=client)
        assert manifest(tmp_path / "out")["complete"] is False
    gpd.GeoDataFrame({"site_id": ["c", "d"]}, geometry=shapes, crs="EPSG:4326").to_file(files[1])
    done = tag_files(files, tmp_path / "out", client=client)
    assert (done.written, done.skipped) == (1, 1)
    assert gpd.read_parquet(done.path)["site_id"].tolist() == [*map(str, ids), "c", "d"]


def test_a_folder_with_a_strangers_files_is_refused_and_not_touched(sources: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "part-00000.parquet").write_text("mine")
    with pytest.raises(cg.ClusterGeoError, match=r"not of an earlier run: 'part-00000\.parquet'.*empty folder"):
        tag_files(sources, out)
    assert (out / "part-00000.parquet").read_text() == "mine"
    assert names(out) == ["part-00000.parquet"]
    for text in (
        "{}",
        "no json",
        '{"made_by": "clustergeo tag_files", "complete": true, "parts": {"../sources": null}}',
    ):
        (out / "_manifest.json").write_text(text)
        with pytest.raises(cg.ClusterGeoError, match="not the manifest of an earlier run"):
            tag_files(sources, out)
    (out / "_manifest.json").write_text('{"made_by": "clustergeo tag_files", "complete": true, "parts": {}}')
    with pytest.raises(cg.ClusterGeoError, match=r"not of an earlier run: 'part-00000\.parquet'"):
        tag_files(sources, out)
    with pytest.raises(cg.ClusterGeoError, match="is a file"):
        tag_files(sources, sources / "a.parquet")


def test_files_that_do_not_fit_one_folder_are_refused_with_what_is_different(sources: Path, tmp_path: Path) -> None:
    def told(change: Any) -> str:
        change(gpd.read_parquet(sources / "a.parquet")).to_parquet(sources / "c.parquet")
        with pytest.raises(cg.ClusterGeoError) as caught:
            tag_files(sources, tmp_path / "out")
        return str(caught.value)

    assert "one folder holds one system" in told(lambda frame: frame.to_crs("EPSG:4326"))
    assert "column(s) 'more'" in told(lambda frame: frame.assign(more=1))
    assert "column(s) 'geometry', 'place'" in told(lambda frame: frame.rename_geometry("place"))
    assert "Column 'price' is" in told(lambda frame: frame.assign(price="much"))
    assert "Use tag_file" in told(lambda frame: frame.assign(within=frame.geometry))
    gpd.read_parquet(sources / "a.parquet").rename(columns={"owner": "rdz_share"}).to_parquet(sources / "c.parquet")
    with pytest.raises(cg.ClusterGeoError, match=r"(?s)c\.parquet.*'rdz_share' would be overwritten"):
        tag_files(sources / "c.parquet", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_columns_of_two_widths_come_in_the_wider_one(client: Any, sources: Path, tmp_path: Path) -> None:
    for name, kind in (("a", "int32"), ("c", "int64")):
        parcels(20).astype({"price": kind}).to_parquet(sources / f"{name}.parquet")
    done = tag_files(sources, tmp_path / "out", client=client)
    assert {pq.read_schema(path).field("price").type for path in done.path.glob("part-*")} == {pa.int64()}


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ([], "list is empty"),
        ("nowhere.parquet", "no file or folder"),
        ("nowhere", "no file or folder"),
        ("empty", "holds no GeoParquet"),
        (["a.parquet", "a.parquet"], "stands twice"),
        (["a.parquet", "empty/../a.parquet"], "stands twice"),
        ("sites.csv", "read whole"),
    ],
)
def test_sources_that_are_none_are_refused(sources: Path, tmp_path: Path, given: Any, match: str) -> None:
    (sources / "empty").mkdir()
    (sources / "sites.csv").write_text("lon,lat\n127,37\n")
    paths = sources / given if isinstance(given, str) else [sources / one for one in given]
    with pytest.raises(cg.ClusterGeoError, match=match):
        tag_files(paths, tmp_path / "out")


def test_files_of_a_folder_that_are_left_out_are_told(client: Any, sources: Path, tmp_path: Path) -> None:
    (sources / "more.csv").write_text("lon,lat\n127,37\n")
    (sources / ".hidden.gpkg").write_text("")
    with pytest.warns(cg.ClusterGeoWarning, match=r"'more\.csv' left out"):
        assert tag_files(sources, tmp_path / "out", client=client).rows == 80


def test_pieces_need_rows(sources: Path, tmp_path: Path) -> None:
    with pytest.raises(cg.ClusterGeoError, match="piece_rows=0"):
        tag_files(sources, tmp_path / "out", piece_rows=0)


def test_a_scheduler_is_found_by_its_address_or_the_address_is_refused(client: Any) -> None:
    with parallel.client_of(client.scheduler.address) as found:
        assert found.submit(abs, -1).result() == 1
    with socket.socket() as free:
        free.bind((HERE, 0))
        for address in (f"tcp://{HERE}:{free.getsockname()[1]}", "nonsense", "http://there:1"):
            with pytest.raises(cg.ClusterGeoError, match=f"No scheduler at '{address}'.*dask scheduler"):
                parallel.client_of(address).__enter__()


def test_a_run_that_nobody_works_on_ends_and_can_be_gone_on_with(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parallel, "_LOOK_S", 0.1)
    monkeypatch.setattr(parallel, "_ALONE_S", 1)
    with (
        distributed.LocalCluster(n_workers=0, host=HERE, dashboard_address=f"{HERE}:0") as cluster,
        distributed.Client(cluster) as client,
    ):
        monkeypatch.setattr(parallel, "_PATIENCE_S", 0.1)
        with pytest.raises(cg.ClusterGeoError, match="No worker came to the scheduler"):
            tag_files(sources, tmp_path / "out", client=client)
        assert not (tmp_path / "out").exists()
        monkeypatch.setattr(client, "wait_for_workers", lambda *_given, **_options: None)
        with pytest.raises(cg.ClusterGeoError, match="no worker for 1 s"):
            tag_files(sources, tmp_path / "out", client=client)
    assert names(tmp_path / "out") == ["_manifest.json"]


def test_an_asynchronous_client_is_refused(sources: Path, tmp_path: Path) -> None:
    class Client:
        asynchronous = True

    with pytest.raises(cg.ClusterGeoError, match="asynchronous"):
        tag_files(sources, tmp_path / "out", client=Client())


def test_a_worker_that_sees_another_file_or_has_another_version_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_pieces, "stay_alone", lambda: None)
    path = tmp_path / "job.pickle"
    path.write_bytes(pickle.dumps("harmless"))
    part = _parts.Part(PARTS[0], tmp_path / "a.parquet", None, 0, 0, 1, "")
    version = _pieces.software_version()
    _pieces.forget()
    for shipped, match in (
        (_pieces.Shipped(path, "0", version), "not what the client wrote"),
        (_pieces.Shipped(tmp_path / "gone", "0", version), "same path"),
        (_pieces.Shipped(path, "0", "0.0.0"), "Install the same version on all"),
    ):
        fault = _pieces.write_part(part, shipped).fault
        assert fault is not None
        assert match in fault


def test_a_worker_that_was_given_up_tidies_up_behind_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "_unfinished"
    folder.mkdir()
    (folder / "job.pickle").write_bytes(b"")

    def written(_part: Any, _job: Any, place: Path) -> Any:
        (folder / "job.pickle").unlink()
        (place / "staged").write_bytes(b"whole")
        return _parts.Outcome(staged="staged")

    for name, stand_in in (("stay_alone", lambda: None), ("_job", lambda _shipped: None), ("_written", written)):
        monkeypatch.setattr(_pieces, name, stand_in)
    part = _parts.Part(PARTS[0], tmp_path / "a.parquet", None, 0, 0, 1, "")
    fault = _pieces.write_part(part, _pieces.Shipped(folder / "job.pickle", "", "")).fault
    assert fault is not None
    assert "the run was given up" in fault
    assert names(tmp_path) == []


def test_without_dask_the_room_says_how_to_install_it() -> None:
    code = "import sys; sys.modules['distributed'] = None; import clustergeo.parallel"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert 'InputError: Many files at once need Dask. Install it: pip install "clustergeo[dask]".' in done.stderr


# Frames


def lazy(frame: gpd.GeoDataFrame, npartitions: int = 3) -> Any:
    return dask_geopandas.from_geopandas(frame, npartitions=npartitions, sort=False)


@pytest.mark.parametrize("named", [False, True], ids=["numbered", "with ids"])
def test_a_lazy_frame_gets_the_tags_of_the_frame(client: Any, zones: dict[str, cg.Layer], *, named: bool) -> None:
    frame = parcels()
    if named:
        frame = frame.assign(site_id=[f"p{row}" for row in range(COUNT)])
    expected = cg.tag(frame, zones=zones)
    tagged = tag_frame(lazy(frame), zones=zones)
    assert list(tagged.columns) == list(expected.columns)
    found = tagged.compute()
    pd.testing.assert_frame_equal(
        pd.DataFrame(found).drop(columns=["geometry", "owner"]),
        pd.DataFrame(expected).drop(columns=["geometry", "owner"]),
        check_exact=True, check_dtype=not named,
    )  # fmt: skip
    assert found["owner"].tolist() == frame["owner"].tolist()
    assert found.geometry.geom_equals_exact(expected.geometry, 0).sum() == COUNT - 1
    assert found.crs == PLANE


def test_partitions_are_of_the_types_that_the_lazy_frame_says(zones: dict[str, cg.Layer]) -> None:
    frame = parcels()
    frame.loc[:19, "geometry"] = None
    tagged = tag_frame(lazy(frame), zones=zones)
    for number in range(3):
        part = tagged.partitions[number].compute(scheduler="sync")
        assert (part.dtypes == tagged.dtypes).all()
    empty = tag_frame(lazy(frame), zones=zones).partitions[0].loc[[]]
    assert len(empty.compute(scheduler="sync")) == 0


def test_the_zones_of_a_lazy_frame_travel_once(zones: dict[str, cg.Layer]) -> None:
    sizes = []
    for count in (2, 30):
        tagged = tag_frame(lazy(parcels(), count), zones=zones)
        graph = dict(tagged.optimize().__dask_graph__())
        sizes.append(sum(b"stripes" in pickle.dumps(task) for task in graph.values()))
    assert sizes == [1, 1]


def test_what_is_wrong_with_a_lazy_frame_is_refused_with_its_partition() -> None:
    frame = parcels()
    frame.loc[45, "geometry"] = BOW
    with pytest.raises(cg.ClusterGeoError, match=r"(?s)partition 2 of the sites.*row 5: invalid geometry"):
        tag_frame(lazy(frame)).compute(scheduler="sync")
    with pytest.raises(cg.ClusterGeoError, match=r"column.*'rdz_share' would be overwritten"):
        tag_frame(lazy(parcels().assign(rdz_share=1.0)))
    with pytest.raises(cg.ClusterGeoError, match="Use tag for a GeoDataFrame"):
        tag_frame(parcels())


def test_a_lazy_frame_says_what_a_layer_does_not() -> None:
    zone = gpd.GeoDataFrame(geometry=[box(0, 0, 1, 1)], crs=PLANE)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", cg.ClusterGeoWarning)
        tag_frame(lazy(parcels()), zones={"water": zone}).compute(scheduler="sync")
    assert sum("says nothing about" in str(one.message) for one in caught) == 3
