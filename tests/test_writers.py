"""Files written in batches, whatever the format: whole or not at all, and the same whatever the batches."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyogrio
import pytest
import shapely
from batchwork import LONLAT, SHAPES, SQUARE, TYPED, bounds_of, litter, put, table_of

from clustergeo._writers import FORMATS, writing
from clustergeo.errors import InputError
from clustergeo.reading.batches import open_batches

if TYPE_CHECKING:
    from pathlib import Path

    from clustergeo._writers import Writer

ENDINGS = ["parquet", "gpkg", "geojson"]
TABLE = table_of(SHAPES, TYPED)


@pytest.fixture(autouse=True)
def _at_one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1760000000")


def one_batch(writer: Writer) -> None:
    (batch,) = TABLE.to_batches()
    writer.write(batch, bounds_of(batch.column("shape")))


def test_the_formats_are_those_of_the_architecture() -> None:
    assert set(FORMATS) == set(ENDINGS)


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_same_rows_give_the_same_bytes_whatever_the_batches(tmp_path: Path, ending: str) -> None:
    (tmp_path / "again").mkdir()
    files = [put(tmp_path / f"{size}.{ending}", TABLE, size=size) for size in (1, 4, 65_536)]
    files.append(put(tmp_path / "again" / f"1.{ending}", TABLE))
    assert len({path.read_bytes() for path in files}) == 1


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", ["sites", "필지 목록", "a;b!c#d", "two.dots"])
def test_a_missing_folder_is_made_and_nothing_else_is_left_beside_the_file(
    tmp_path: Path, ending: str, name: str
) -> None:
    target = tmp_path / "출력" / "deep" / f"{name}.{ending}"
    with writing(str(target), crs=LONLAT, geometry="shape") as writer:
        assert writer.path == target
        one_batch(writer)
        assert not target.exists()
    assert litter(tmp_path) == [f"출력/deep/{name}.{ending}"]


@pytest.mark.parametrize("ending", ["PARQUET", "GeoParquet", "GPKG", "json"])
def test_an_ending_counts_in_any_case_and_by_its_other_name(tmp_path: Path, ending: str) -> None:
    assert put(tmp_path / f"a.{ending}", TABLE).stat().st_size > 0


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_earlier_file_is_replaced_at_the_end_only(tmp_path: Path, ending: str) -> None:
    target = tmp_path / f"a.{ending}"
    target.write_bytes(b"old")
    with writing(target, crs=LONLAT, geometry="shape") as writer:
        one_batch(writer)
        assert target.read_bytes() == b"old"
    assert target.read_bytes() == put(tmp_path / f"b.{ending}", TABLE).read_bytes()


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("after", [0, 1, 5])
def test_a_failure_at_any_stage_leaves_what_was_there_and_nothing_of_its_own(
    tmp_path: Path, ending: str, failure: type[BaseException], after: int
) -> None:
    old = tmp_path / f"old.{ending}"
    old.write_bytes(b"old")

    def work(target: Path) -> None:
        with writing(target, crs=LONLAT, geometry="shape") as writer:
            for _ in range(after):
                one_batch(writer)
            raise failure

    for target in (old, tmp_path / "new" / f"a.{ending}"):
        with pytest.raises(failure):
            work(target)
    assert litter(tmp_path) == [old.name]
    assert old.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == [old.name]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_failure_while_the_file_is_ended_leaves_nothing(
    tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")

    def work() -> None:
        with writing(tmp_path / f"a.{ending}", crs=LONLAT, geometry="shape") as writer:
            one_batch(writer)
            if ending != "gpkg":
                monkeypatch.setattr(writer._sink, "close", lambda: 1 / 0)

    with pytest.raises((InputError, ZeroDivisionError)):
        work()
    assert litter(tmp_path) == []


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_a_killed_run_left_is_replaced(tmp_path: Path, ending: str) -> None:
    for name in (f"a.{ending}.partial", f"a.{ending}.partial-journal", f"a.{ending}.partial-wal"):
        (tmp_path / name).write_bytes(b"half" * 1000)
    path = put(tmp_path / f"a.{ending}", TABLE)
    assert litter(tmp_path) == [path.name]
    assert path.read_bytes() == put(tmp_path / f"b.{ending}", TABLE).read_bytes()


SLOW = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # who starts tests in the background lets them ignore it
import numpy as np, pyarrow as pa, shapely
from clustergeo._writers import writing
batch = pa.record_batch([["a"] * 50_000, [shapely.to_wkb(shapely.Point(127, 37))] * 50_000], ["site_id", "geometry"])
bounds = np.tile([127.0, 37.0, 127.0, 37.0], (50_000, 1))
with writing(sys.argv[1], crs="EPSG:4326", geometry="geometry") as writer:
    writer.write(batch, bounds)
    print("begun", flush=True)
    while True:
        writer.write(batch, bounds)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no such signals")
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_ended_leaves_nothing(tmp_path: Path, ending: str, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, str(tmp_path / "out" / f"a.{ending}")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        process.send_signal(number)
        try:
            assert process.wait(timeout=60) != 0
        finally:
            process.kill()
    assert list(tmp_path.iterdir()) == []


FULL = """
import resource, sys
import numpy as np, pyarrow as pa, shapely
from clustergeo._writers import writing
from clustergeo.errors import InputError
rng = np.random.default_rng(1)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
try:
    with writing(sys.argv[1], crs="EPSG:4326", geometry="geometry") as writer:
        for _ in range(10):
            places = rng.random((30_000, 2))
            wkb = pa.array(shapely.to_wkb(shapely.points(places)), pa.binary())
            batch = pa.record_batch([pa.array(rng.random(30_000)), wkb], ["value", "geometry"])
            writer.write(batch, np.hstack([places, places]))
except InputError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="a limit on the size of files is set on Linux only")
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_disk_that_is_full_is_told_with_the_cure_and_nothing_is_left(tmp_path: Path, ending: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / f"a.{ending}")], capture_output=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert b"Cannot write" in done.stdout
    assert b"Free some space" in done.stdout
    assert litter(tmp_path) == []


@pytest.mark.parametrize("ending", ENDINGS)
def test_korean_paths_are_written_where_the_locale_is_ascii(tmp_path: Path, ending: str) -> None:
    code = """
    import os, sys
    import numpy as np, pyarrow as pa, shapely
    from clustergeo._writers import writing
    assert sys.getfilesystemencoding() == "ascii"
    name = "\\ud55c\\uae00 \\uc5f4"
    for path in (sys.argv[1], os.fsencode(sys.argv[1]).decode().replace("a.", "b.")):
        batch = pa.record_batch([["\\uac00"], [shapely.to_wkb(shapely.Point(127, 37))]], [name, "geometry"])
        with writing(path, crs="EPSG:4326", geometry="geometry") as writer:
            writer.write(batch, np.array([[127.0, 37.0, 127.0, 37.0]]))
    """
    folder = tmp_path / "출력 폴더"
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(folder / f"필지 a.{ending}")],
        env=environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""
    assert litter(folder) == [f"필지 a.{ending}", f"필지 b.{ending}"]


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="these systems keep file names in Unicode")
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_name_in_an_old_encoding_is_written(tmp_path: Path, ending: str) -> None:
    old = os.fsdecode("필지".encode("cp949"))
    assert put(tmp_path / f"{old}.{ending}", TABLE).stat().st_size > 0
    assert [os.fsencode(path.name) for path in tmp_path.iterdir()] == ["필지".encode("cp949") + f".{ending}".encode()]


@pytest.mark.parametrize("ending", ENDINGS)
def test_another_thread_can_write(tmp_path: Path, ending: str) -> None:
    worker = threading.Thread(target=put, args=(tmp_path / f"a.{ending}", TABLE))
    worker.start()
    worker.join()
    assert litter(tmp_path) == [f"a.{ending}"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_of_no_rows_has_its_columns_and_opens(tmp_path: Path, ending: str) -> None:
    path = put(tmp_path / f"a.{ending}", table_of([], {"site_id": pa.array([], pa.string())}))
    if ending == "parquet":
        with pytest.raises(InputError, match="no rows"):
            open_batches(path)
    else:
        layer = "sites" if ending == "gpkg" else None
        assert len(pyogrio.read_dataframe(path, layer=layer)) == 0


@pytest.mark.parametrize("ending", ["parquet", "gpkg"])
def test_what_is_written_in_batches_is_read_in_batches(tmp_path: Path, ending: str) -> None:
    names = ["site_id", "tiny", "whole", "double", "flag", "day", "한글 열", "raw"]
    table = table_of([*SHAPES[:4], SQUARE, SQUARE], {name: TYPED[name] for name in names})
    batches = open_batches(put(tmp_path / f"a.{ending}", table), size=4)
    read = pa.Table.from_batches(list(batches))
    assert read.select(names).to_pylist() == table.select(names).to_pylist()
    assert batches.crs == LONLAT
    shapes = shapely.from_wkb(read[batches.geometry].to_numpy())
    assert shapely.equals(shapes, shapely.from_wkb(table["shape"].to_numpy())).tolist() == [
        one is not None for one in [*SHAPES[:4], SQUARE, SQUARE]
    ]


# Refusals


@pytest.mark.parametrize("name", ["a.shp", "a.csv", "a", ".parquet.txt", ""])
def test_a_format_that_is_not_written_in_batches_is_refused_with_those_that_are(tmp_path: Path, name: str) -> None:
    target: Any = tmp_path / name if name else ""
    with pytest.raises(InputError, match=r"\.parquet, \.geoparquet, \.gpkg|is not a path"):
        put(target, TABLE)
    assert litter(tmp_path) == []


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_folder_in_the_place_of_the_file_is_refused_before_anything_is_written(tmp_path: Path, ending: str) -> None:
    (tmp_path / f"a.{ending}").mkdir()
    with pytest.raises(InputError, match="a folder is where a file is expected"):
        put(tmp_path / f"a.{ending}", TABLE)


def test_a_file_of_no_batch_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(InputError, match="No batch was written"),
        writing(tmp_path / "a.parquet", crs=LONLAT, geometry="shape"),
    ):
        pass
    assert litter(tmp_path) == []


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda table: table.drop_columns("level"), r"other columns than the first one: level\. Expected the same"),
        (lambda table: table.append_column("more", pa.array(range(6))), "other columns than the first one: more"),
        (lambda table: table.select(table.column_names[::-1]), "another order"),
        (lambda table: table.set_column(0, "site_id", pa.array(range(6))), r"'site_id' is int64, but string in the f"),
    ],
)
def test_a_batch_that_does_not_fit_the_first_is_refused_by_column(
    tmp_path: Path, ending: str, change: Any, told: str
) -> None:
    (odd,) = change(TABLE).to_batches()

    def work() -> None:
        with writing(tmp_path / f"a.{ending}", crs=LONLAT, geometry="shape") as writer:
            one_batch(writer)
            writer.write(odd, bounds_of(odd.column("shape")))

    with pytest.raises(InputError, match=told):
        work()
    assert litter(tmp_path) == []


@pytest.mark.parametrize(
    ("table", "name", "told"),
    [
        (TABLE, "nowhere", "'nowhere' is not there; expected well-known binary"),
        (TABLE, "whole", "'whole' is int64; expected well-known binary"),
        (pa.table([["a"], ["b"], [b"x"]], ["a", "a", "shape"]), "shape", "Two columns are named 'a'"),
    ],
)
def test_columns_that_cannot_be_written_are_refused(tmp_path: Path, table: pa.Table, name: str, told: str) -> None:
    (batch,) = table.to_batches()
    with pytest.raises(InputError, match=told), writing(tmp_path / "a.parquet", crs=LONLAT, geometry=name) as writer:
        writer.write(batch, np.zeros((len(batch), 4)))


def test_bounds_are_as_many_as_rows(tmp_path: Path) -> None:
    (batch,) = TABLE.to_batches()
    with (
        pytest.raises(InputError, match=r"6 rows came with bounds of shape \(2, 4\); expected \(6, 4\)"),
        writing(tmp_path / "a.parquet", crs=LONLAT, geometry="shape") as writer,
    ):
        writer.write(batch, np.zeros((2, 4)))


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("value", [b"", b"\x01\x03", b"\x02\x03\x00\x00\x00", b"\x01\x00\x00\x00\x00"])
def test_bytes_that_are_no_geometry_are_refused_by_row(
    tmp_path: Path, ending: str, value: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clustergeo import overlap

    monkeypatch.setattr(overlap, "MANY", 0)
    good = shapely.to_wkb(SQUARE)
    batch = pa.record_batch([pa.array([good, value, None], pa.binary())], ["shape"])
    with (
        pytest.raises(InputError, match="Row 1 is not well-known binary"),
        writing(tmp_path / f"a.{ending}", crs=LONLAT, geometry="shape") as writer,
    ):
        writer.write(batch, np.zeros((3, 4)))
    assert litter(tmp_path) == []
