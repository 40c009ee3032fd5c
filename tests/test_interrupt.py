"""A report that is stopped: nothing half-made stays, an earlier report stays whole, and the next run cleans up."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from household import MANIFEST, PATIENCE_S, command, contents, environment, report_of, shipped_report

import clustergeo as cg

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")

PARTIAL = ".partial"


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shipped_report(tmp_path_factory)


def stopped(folder: Path, ready: Callable[[Path], bool], number: signal.Signals) -> tuple[int, str]:
    """Start a report, send it a signal when its folder is ready for it, and return its exit code and stderr."""
    with subprocess.Popen(
        command("report", folder.name),
        cwd=folder.parent,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            end = time.monotonic() + PATIENCE_S
            while not ready(folder):
                assert process.poll() is None, "the report ended before the signal could be sent"
                assert time.monotonic() < end
                time.sleep(0.01)
            process.send_signal(number)
            _, err = process.communicate(timeout=PATIENCE_S)
        finally:
            process.kill()
    return process.returncode, err.decode()


def after(seconds: float) -> Callable[[Path], bool]:
    """Return a moment some seconds after the first look."""
    begin: list[float] = []

    def ready(_: Path) -> bool:
        begin.append(time.monotonic())
        return begin[-1] - begin[0] >= seconds

    return ready


def staged(name: str) -> Callable[[Path], bool]:
    """Return the moment at which a file is being written."""
    return lambda folder: (folder / (name + PARTIAL)).exists()


STARTING = after(0.15)
LOADING = after(1.2)
AT_THE_TABLES = staged("tables/summary-by-sector.csv")
AT_THE_PICTURES = staged("map.png")
AT_THE_LAST_PAGE = staged("index.ko.html")


@pytest.mark.parametrize(
    ("number", "moment"),
    [
        pytest.param(signal.SIGINT, STARTING, id="interrupted while Python starts"),
        pytest.param(signal.SIGINT, LOADING, id="interrupted while libraries are loaded"),
        pytest.param(signal.SIGINT, AT_THE_LAST_PAGE, id="interrupted at the last page"),
        pytest.param(signal.SIGTERM, LOADING, id="terminated while libraries are loaded"),
        pytest.param(signal.SIGTERM, AT_THE_TABLES, id="terminated at the tables"),
        pytest.param(signal.SIGTERM, AT_THE_PICTURES, id="terminated at the pictures"),
    ],
)
def test_a_stopped_report_leaves_nothing(
    tmp_path: Path, number: signal.Signals, moment: Callable[[Path], bool]
) -> None:
    code, _ = stopped(tmp_path / "out", moment, number)
    assert code != 0
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_run_says_so_in_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    code, err = stopped(tmp_path / "out", AT_THE_TABLES, signal.SIGINT)
    assert code == 130
    assert len(err.strip().splitlines()) == 1
    assert "nterrupted" in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["interrupted", "terminated"])
def test_an_earlier_report_stays_whole_when_its_successor_is_stopped(
    shipped: Path, tmp_path: Path, number: signal.Signals
) -> None:
    folder = shutil.copytree(shipped, tmp_path / "out")
    code, _ = stopped(folder, AT_THE_PICTURES, number)
    assert code != 0
    assert contents(folder) == contents(shipped)


def test_a_kill_leaves_only_partial_files_which_the_next_run_removes(shipped: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    code, _ = stopped(folder, AT_THE_PICTURES, signal.SIGKILL)
    assert code == -signal.SIGKILL
    left = [path for path in folder.rglob("*") if path.is_file()]
    assert left
    assert {path.suffix for path in left} == {PARTIAL}
    # What a run of other groups left, and what is a stranger's.
    (folder / "by-sector" / ("display.geojson" + PARTIAL)).write_bytes(b"half")
    (folder / ("film" + PARTIAL)).write_bytes(b"a download of somebody else")
    report_of(tmp_path)
    assert contents(folder).keys() == contents(shipped).keys() | {"film" + PARTIAL}
    assert contents(folder) == contents(shipped) | {"film" + PARTIAL: contents(folder)["film" + PARTIAL]}


def test_a_killed_successor_leaves_the_earlier_report_valid(shipped: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(shipped, tmp_path / "out")
    stopped(folder, AT_THE_TABLES, signal.SIGKILL)
    whole = {name: digest for name, digest in contents(folder).items() if not name.endswith(PARTIAL)}
    assert whole == contents(shipped)
    assert MANIFEST in whole


def test_a_refusal_in_the_middle_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from clustergeo import maps

    def fails(*_: object, **__: object) -> object:
        raise MemoryError

    monkeypatch.setattr(maps, "explore", fails)
    with pytest.raises(MemoryError):
        cg.report(tmp_path / "deep" / "out")
    assert list(tmp_path.iterdir()) == []
