"""Whole files or none."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from clustergeo import _files
from clustergeo._files import Stage, check_name, native, staged, whole_file, write_whole
from clustergeo.errors import InputError


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def write_all(stage: Stage, *names: str) -> None:
    for name in names:
        stage.write(name, name.encode())


def test_staged_files_appear_only_at_the_end(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with staged(out) as stage:
        path = stage.write("by-sector/bio.csv", b"1")
        stage.write("manifest.json", b"2")
        assert set(contents(out)) == {"by-sector/bio.csv.partial", "manifest.json.partial"}
        assert stage.names == ["by-sector/bio.csv", "manifest.json"]
    assert contents(out) == {"by-sector/bio.csv": b"1", "manifest.json": b"2"}
    assert path == out / "by-sector" / "bio.csv"


def test_files_are_renamed_in_the_order_of_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    replace = Path.replace

    def watched(self: Path, target: Path) -> Path:
        seen.append(target.name)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", watched)
    with staged(tmp_path) as stage:
        for name in ("z.csv", "a.csv", "manifest.json"):
            stage.write(name, b"")
    assert seen == ["z.csv", "a.csv", "manifest.json"]


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_nothing_of_its_own(tmp_path: Path, failure: type[BaseException]) -> None:
    def work() -> None:
        with staged(tmp_path / "a" / "b") as stage:
            stage.write("by-sector/bio.csv", b"1")
            raise failure

    with pytest.raises(failure):
        work()
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_what_was_there_before(tmp_path: Path) -> None:
    (tmp_path / "sites.csv").write_bytes(b"old")

    def work() -> None:
        with staged(tmp_path, stale=["sites.csv"]) as stage:
            stage.write("sites.csv", b"new")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        work()
    assert contents(tmp_path) == {"sites.csv": b"old"}


def test_a_file_cut_short_by_a_full_disk_is_removed_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, data: bytes) -> int:
        with self.open("wb") as stream:
            stream.write(data[:1])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(InputError, match=r"No space left on device\. Free some space"):
        write_whole(tmp_path / "out" / "map.html", b"page")
    assert list(tmp_path.iterdir()) == []


def test_known_partial_files_of_a_killed_run_are_removed_and_a_strangers_are_not(tmp_path: Path) -> None:
    (tmp_path / "by-sector").mkdir()
    for name in ("sites.csv.partial", "by-sector/bio.csv.partial", "film.mkv.partial"):
        (tmp_path / name).write_bytes(b"half")
    with staged(tmp_path, known=lambda name: name in {"sites.csv", "by-sector/bio.csv"}) as stage:
        assert set(contents(tmp_path)) == {"film.mkv.partial"}
        stage.write("sites.csv", b"whole")
    assert contents(tmp_path) == {"film.mkv.partial": b"half", "sites.csv": b"whole"}
    assert not (tmp_path / "by-sector").exists()


def test_stale_files_of_the_previous_run_go_unless_written_again(tmp_path: Path) -> None:
    (tmp_path / "by-sector").mkdir()
    for name in ("by-sector/old.csv", "by-sector/kept.csv", "mine.txt"):
        (tmp_path / name).write_bytes(b"before")
    with staged(tmp_path, stale=["by-sector/old.csv", "by-sector/kept.csv", "gone.csv"]) as stage:
        stage.write("by-sector/kept.csv", b"after")
    assert contents(tmp_path) == {"by-sector/kept.csv": b"after", "mine.txt": b"before"}


def test_a_folder_emptied_of_stale_files_goes_too(tmp_path: Path) -> None:
    (tmp_path / "by-sector").mkdir()
    (tmp_path / "by-sector" / "old.csv").write_bytes(b"")
    with staged(tmp_path, stale=["by-sector/old.csv"]) as stage:
        stage.write("manifest.json", b"{}")
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "/etc/x",
        "a/../b",
        "a//b",
        "",
        ".",
        "a\\b",
        "C:x",
        "nul",
        "by/CON.csv",
        "a\0b",
        "a\nb",
        "x ",
        "x.partial",
    ],
)
def test_a_name_that_leaves_its_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="cannot be the name of an output file"):
        check_name(name)
    with pytest.raises(InputError), staged(tmp_path / "out") as stage:
        stage.write(name, b"")
    assert list(tmp_path.iterdir()) == []


def test_the_same_name_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'a' would be written twice"), staged(tmp_path) as stage:
        write_all(stage, "a", "a")
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_place_of_the_folder_is_refused_with_the_cure(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"mine")
    with pytest.raises(InputError, match="a file is where a folder is expected"), staged(tmp_path / "out"):
        pass
    with pytest.raises(InputError, match="a file is where a folder is expected"):
        write_whole(tmp_path / "out" / "deep" / "map.html", b"")
    assert (tmp_path / "out").read_bytes() == b"mine"


def test_a_folder_in_the_place_of_a_file_is_refused_before_anything_is_renamed(tmp_path: Path) -> None:
    (tmp_path / "sites.csv").mkdir()

    with pytest.raises(InputError, match="a folder is where a file is expected"), staged(tmp_path) as stage:
        write_all(stage, "a.csv", "sites.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["sites.csv"]
    with pytest.raises(InputError, match="a folder is where a file is expected"):
        write_whole(tmp_path / "sites.csv", b"")


def test_no_permission_is_told_with_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Made by hand: a test run as root is refused nothing.
    def refused(self: Path, *_args: object, **_options: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refused)
    with pytest.raises(InputError, match=r"no permission to write there\. Choose a folder of your own"):
        write_whole(tmp_path / "out" / "map.html", b"")


@pytest.mark.parametrize("path", ["", "a\0b", ".."])
def test_a_path_that_names_no_file_is_refused(path: str) -> None:
    with pytest.raises(InputError, match="is not"):
        write_whole(path, b"")


def test_a_single_file_is_replaced_whole(tmp_path: Path) -> None:
    target = tmp_path / "지도 폴더" / "지도.html"
    assert write_whole(target, b"one") == target
    assert write_whole(target, b"two").read_bytes() == b"two"
    assert [path.name for path in target.parent.iterdir()] == ["지도.html"]


def test_a_file_written_piece_by_piece_appears_at_the_end_without_its_companions(tmp_path: Path) -> None:
    target = tmp_path / "출력" / "a.db"
    (tmp_path / "출력").mkdir()
    (tmp_path / "출력" / "a.db.partial").write_bytes(b"left by a killed run")
    (tmp_path / "출력" / "a.db.partial-journal").write_bytes(b"so was this")
    target.write_bytes(b"old")
    with whole_file(target, companions=["-journal"]) as partial:
        assert contents(tmp_path) == {"출력/a.db": b"old"}
        partial.write_bytes(b"new")
        assert target.read_bytes() == b"old"
    assert contents(tmp_path) == {"출력/a.db": b"new"}


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_a_file_given_up_leaves_neither_itself_nor_companions_nor_folders(
    tmp_path: Path, failure: type[BaseException]
) -> None:
    def work() -> None:
        with whole_file(tmp_path / "a" / "b.db", companions=["-journal", "-wal"]) as partial:
            partial.write_bytes(b"half")
            partial.with_name("b.db.partial-journal").write_bytes(b"half")
            raise failure

    with pytest.raises(failure):
        work()
    assert list(tmp_path.iterdir()) == []


def test_another_thread_can_write_though_it_cannot_hold_signals(tmp_path: Path) -> None:
    worker = threading.Thread(target=write_whole, args=(tmp_path / "a", b"1"))
    worker.start()
    worker.join()
    assert contents(tmp_path) == {"a": b"1"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_the_renames_waits_for_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    replace = Path.replace

    def interrupted(self: Path, target: Path) -> Path:
        signal.raise_signal(number)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises((KeyboardInterrupt, SystemExit)), staged(tmp_path) as stage:
        write_all(stage, "a", "b")
    assert contents(tmp_path) == {"a": b"a", "b": b"b"}


def test_the_signal_handlers_are_put_back(tmp_path: Path) -> None:
    before = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    write_whole(tmp_path / "a", b"")
    assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == before


SLOW = """
import sys, time
from clustergeo._files import staged
with staged(sys.argv[1]) as stage:
    stage.write("sites.csv", b"half")
    print("staged", flush=True)
    time.sleep(60)
"""


def killed(folder: Path, number: signal.Signals) -> int:
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, str(folder)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"staged\n"
        process.send_signal(number)
        return process.wait(timeout=30)


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_ended_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    assert killed(tmp_path / "out", number) != 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no such signals")
def test_a_run_that_is_killed_leaves_only_partial_files_which_the_next_removes(tmp_path: Path) -> None:
    killed(tmp_path, signal.SIGKILL)
    assert contents(tmp_path) == {"sites.csv.partial": b"half"}
    with staged(tmp_path, known={"sites.csv"}.__contains__) as stage:
        stage.write("other.csv", b"1")
    assert contents(tmp_path) == {"other.csv": b"1"}


def test_korean_paths_work_where_the_file_system_encoding_is_ascii(tmp_path: Path) -> None:
    code = """
    import sys
    from clustergeo._files import staged, write_whole
    from clustergeo.errors import InputError
    assert sys.getfilesystemencoding() == "ascii", sys.getfilesystemencoding()
    with staged(sys.argv[1] + "/\\ucd9c\\ub825") as stage:
        stage.write("sites.csv", b"1")
    try:
        write_whole(sys.argv[1], b"")
    except InputError as error:
        print(str(error).encode("utf-8").decode("utf-8") != "")
    """
    folder = tmp_path / "출력 폴더"
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(folder)], env=environment, capture_output=True, check=False
    )
    assert done.stderr == b""
    assert done.stdout.strip() == b"True"
    assert contents(folder) == {"출력/sites.csv": b"1"}


def test_a_path_the_locale_can_say_is_left_alone() -> None:
    assert native("out/지도.html") == Path("out/지도.html")
    with pytest.raises(InputError, match="is not a path"):
        native("")


def test_a_large_foreign_folder_is_not_searched_deeply(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b" / "c"
    deep.mkdir(parents=True)
    (deep / "sites.csv.partial").write_bytes(b"")
    started = time.monotonic()
    _files._sweep(tmp_path, lambda _name: True)
    assert time.monotonic() - started < 5
    assert (deep / "sites.csv.partial").exists()


def test_a_link_stays_and_the_file_it_points_to_is_written(tmp_path: Path) -> None:
    real, link = tmp_path / "store" / "real.txt", tmp_path / "link.txt"
    real.parent.mkdir()
    real.write_bytes(b"old")
    link.symlink_to(real)
    _files.write_whole(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["link.txt", "real.txt", "store"]
