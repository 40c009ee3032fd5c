"""Large FlatGeobuf files, read in GDAL's fast way in a process of its own, where its crashes end nothing of ours."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from clustergeo.reading._arrow import Gathered, gathered
from clustergeo.reading.binary import UNPARSED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

LARGE = 32 << 20
"""The bytes from which on a process of its own pays."""

_CHILD = Path(__file__).with_name("_fenced.py")


def fast_frame(file: Path, place: str, layer: str | None) -> Gathered | None:
    """Return the rows of a large FlatGeobuf file; None where GDAL's plain way has to read it.

    Parameters
    ----------
    file
        Any file; only large ones of FlatGeobuf are read here.
    place, layer
        The name that GDAL knows it by, and its layer, of which `is_plain` is true.

    Returns
    -------
    Gathered or None
        None for other files, for columns other than texts and numbers, and wherever anything is wrong: the child ends
        badly, a row has no geometry (GDAL's fast way then gives its neighbours wrong ones), or a buffer is not sound.
        What is wrong is then for the plain way to read or to refuse.
    """
    if layer is None or file.suffix.lower() != ".fgb" or file.stat().st_size < LARGE:
        return None
    try:
        with _sent(place, layer) as stream:
            reader = pa.ipc.open_stream(stream)
            told = {name.decode(): value.decode() for name, value in (reader.schema.metadata or {}).items()}
            return gathered(reader, name=told["geometry"], crs=told["crs"], whole=True)
    except (OSError, pa.ArrowException, ValueError, *UNPARSED):
        return None


@contextlib.contextmanager
def _sent(place: str, layer: str) -> Iterator[BinaryIO]:
    """Yield what a child sends of a file.

    Raises
    ------
    OSError
        It cannot be started, or ends badly.
    """
    command = [sys.executable, "-P", str(_CHILD), place, layer]
    child = subprocess.Popen(  # noqa: S603 - our own script, run by the Python that runs us
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        yield child.stdout  # type: ignore[misc]
        if child.wait():
            msg = f"the child ended with {child.returncode}"
            raise OSError(msg)
    finally:
        child.kill()
        child.stdout.close()  # type: ignore[union-attr]
        child.wait()
