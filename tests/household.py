"""What tests of the finished house share: the command as a user runs it, and one report of the 15 for them all."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import clustergeo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

EPOCH = "1760000000"
KOREAN_FOLDER = "출력 폴더"
MANIFEST = "ro-crate-metadata.json"
PATIENCE_S = 180

# Every way out of a process in Python ends in one of these; the attempt is written down too, as it may be caught.
NO_NETWORK = """
import os, socket

def _refused(*arguments, **options):
    with open(os.environ["NETWORK_ATTEMPTS"], "a") as log:
        log.write(repr(arguments) + chr(10))
    raise OSError("this test has no network")

socket.socket.connect = socket.socket.connect_ex = socket.socket.sendto = _refused
socket.getaddrinfo = socket.gethostbyname = socket.create_connection = _refused
"""


def environment(**changes: str) -> dict[str, str]:
    """Return a plain environment in which the package of this test is found, with a few variables changed."""
    kept = {name: value for name, value in os.environ.items() if name not in {"MPLCONFIGDIR", "SOURCE_DATE_EPOCH"}}
    root = str(Path(clustergeo.__file__).parents[1])
    path = [changes.pop("PYTHONPATH", ""), root, kept.get("PYTHONPATH", "")]
    return kept | changes | {"PYTHONPATH": os.pathsep.join(part for part in path if part)}


def command(*arguments: str | bytes | os.PathLike[str]) -> list[str | bytes | os.PathLike[str]]:
    """Return the words of a command line."""
    return [sys.executable, "-m", "clustergeo", *arguments]


def run(
    *arguments: str | bytes | os.PathLike[str], cwd: Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run the command as a user does: a process of its own, its output piped."""
    return subprocess.run(
        command(*arguments), cwd=cwd, env=env or environment(), capture_output=True, timeout=PATIENCE_S, check=False
    )


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """Return a folder that the first of all test processes fills and the others wait for; nobody may change it."""
    base = factory.getbasetemp()
    shared = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / f"once-{name}"
    done, failed = shared / "done", shared / "failed"
    try:
        shared.mkdir()
    except FileExistsError:
        end = time.monotonic() + PATIENCE_S
        while not (done.exists() or failed.exists()):
            if time.monotonic() > end:
                message = f"{name} was not made in time"
                raise TimeoutError(message) from None
            time.sleep(0.1)
    else:
        try:
            make(shared)
            done.touch()
        except BaseException:
            failed.touch()
            raise
    if failed.exists():
        message = f"{name} could not be made; the test that tried says why"
        raise RuntimeError(message)
    return shared


def report_of(folder: Path, *options: str | os.PathLike[str]) -> None:
    """Write a report with the command into `out` of a folder, and what it said on stderr into `stderr.txt`."""
    done = run("report", "out", *options, cwd=folder, env=environment(SOURCE_DATE_EPOCH=EPOCH))
    (folder / "stderr.txt").write_bytes(done.stderr)
    if done.returncode:
        message = f"`clustergeo report` failed with exit code {done.returncode}: {done.stderr.decode()}"
        raise RuntimeError(message)


def shipped_report(factory: pytest.TempPathFactory) -> Path:
    """Return the report of the 15."""
    return once(factory, "report-of-the-fifteen", report_of) / "out"


def contents(folder: Path) -> dict[str, str]:
    """Return the sha256 of each file of a folder by its relative name."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def needed(program: str) -> str:
    """Return the path of a program; without it skip the test, but not where the run is meant to be complete."""
    path = shutil.which(program)
    if path is None:
        reason = f"{program} is not installed"
        if os.environ.get("CI") and not os.environ.get("CLUSTERGEO_WITHOUT_OFFICE"):
            pytest.fail(f"{reason}; CI must have it")
        pytest.skip(reason)
    return path
