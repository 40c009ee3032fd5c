"""Large FlatGeobuf files, read in GDAL's fast way in a process of its own, where its crashes end nothing of ours."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

LARGE = 32 << 20
"""The bytes from which on a process of its own pays."""

_CHILD = Path(__file__).with_name("_fenced.py")


def fast_frame(file: Path, place: str, layer: str | None) -> gpd.GeoDataFrame | None:
    """Return the rows of a large FlatGeobuf file; None where GDAL's plain way has to read it.

    Parameters
    ----------
    file
        Any file; only large ones of FlatGeobuf are read here.
    place, layer
        The name that GDAL knows it by, and its layer.

    Returns
    -------
    geopandas.GeoDataFrame or None
        None for other files, for columns other than texts and numbers, and wherever anything is wrong: the child ends
        badly, a row has no geometry (GDAL's fast way then gives its neighbours wrong ones), or a buffer is not sound.
        What is wrong is then for the plain way to read or to refuse.
    """
    if layer is None or file.suffix.lower() != ".fgb" or file.stat().st_size < LARGE:
        return None
    try:
        with _sent(place, layer) as stream:
            return _gathered(pa.ipc.open_stream(stream))
    except (OSError, pa.ArrowException, shapely.errors.ShapelyError, ValueError):
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


def _gathered(reader: pa.RecordBatchReader) -> gpd.GeoDataFrame | None:
    """Return the rows of a stream, each batch parsed while the child reads the next; None where they are not sound."""
    told = {name.decode(): value.decode() for name, value in (reader.schema.metadata or {}).items()}
    name = told["geometry"]
    if not all(field.name == name or _plain(field.type) for field in reader.schema):
        return None
    rest: list[Any] = []
    shapes: list[Any] = []
    for batch in reader:
        batch.validate(full=True)
        drawn = batch.column(name)
        if drawn.null_count:
            return None
        shapes.append(shapely.from_wkb(drawn.to_numpy(zero_copy_only=False)))
        rest.append(batch.select([field.name for field in reader.schema if field.name != name]))
    if not shapes:
        return None
    frame = pa.Table.from_batches(rest).replace_schema_metadata().to_pandas()
    return gpd.GeoDataFrame(frame, geometry=np.concatenate(shapes), crs=told["crs"] or None)


def _plain(kind: pa.DataType) -> bool:
    """Say whether a column is of texts, numbers or truth values, which arrive as the plain way gives them."""
    types = pa.types
    return bool(types.is_string(kind) or types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind))
