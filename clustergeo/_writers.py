"""Files of sites written batch by batch, in bounded memory: GeoParquet, GeoPackage and GeoJSON, whole or not at all."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyproj

from clustergeo._files import native, shown, whole_file
from clustergeo._writing.geojson import GeoJsonSink
from clustergeo._writing.geopackage import GeoPackageSink
from clustergeo._writing.geoparquet import GeoParquetSink
from clustergeo._writing.jobs import Job, conformed
from clustergeo.errors import InputError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from clustergeo._writing.jobs import Sink

FORMATS = ("parquet", "gpkg", "geojson")

_ENDINGS = {
    ".parquet": "parquet",
    ".geoparquet": "parquet",
    ".gpkg": "gpkg",
    ".geojson": "geojson",
    ".json": "geojson",
}
_SINKS: dict[str, Callable[[Path, contextlib.ExitStack, Job], Sink]] = {
    "parquet": GeoParquetSink,
    "gpkg": GeoPackageSink,
    "geojson": GeoJsonSink,
}
# SQLite keeps these beside a file that it works on.
_COMPANIONS = ("-journal", "-wal", "-shm")
_SIDES = 4


class Writer:
    """Takes the batches of a file.

    Attributes
    ----------
    path
        Where the file will be.
    """

    def __init__(self, partial: Path, stack: contextlib.ExitStack, job: Job) -> None:
        self.path = job.path
        self._partial, self._stack, self._job = partial, stack, job
        self._sink: Sink | None = None

    def write(self, batch: pa.RecordBatch, bounds: NDArray[np.float64]) -> None:
        """Write a batch.

        Parameters
        ----------
        batch
            Some rows; the first batch says which columns there are. Words may come as a dictionary, which is faster,
            and are written as words.
        bounds
            Shape (n, 4), the least and greatest x and y of each row in the CRS of the geometry; not-a-number where it
            has none.

        Raises
        ------
        InputError
            The batch has other columns than the first, or not as many bounds as rows, or it cannot be written.
        """
        if self._sink is None:
            self._job = replace(self._job, schema=_schema(batch, self._job.geometry))
            self._sink = _SINKS[_format(self.path)](self._partial, self._stack, self._job)
        if bounds.shape != (len(batch), _SIDES):
            msg = f"A batch of {len(batch)} rows came with bounds of shape {bounds.shape}; expected ({len(batch)}, 4)."
            raise InputError(msg)
        self._sink.write(conformed(batch, self._job.schema), bounds)

    def close(self) -> None:
        """Write what only all rows tell; `writing` calls it."""
        if self._sink is None:
            msg = f"No batch was written to {shown(self.path)}; expected one or more: the first one names the columns."
            raise InputError(msg)
        self._sink.close()


@contextlib.contextmanager
def writing(
    path: str | os.PathLike[str], *, crs: Any, geometry: str, metadata: Mapping[str, str] | None = None
) -> Iterator[Writer]:
    """Write a file of sites batch by batch.

    Parameters
    ----------
    path
        `.parquet` or `.geoparquet` (GeoParquet 1.1), `.gpkg` (a layer `sites`, with a style for QGIS) or `.geojson` or
        `.json` (RFC 7946). Its folder is made if it does not exist; a file of this name is replaced at the end.
    crs
        Of the geometry.
    geometry
        The name of the geometry column: `binary` or `large_binary`, well-known binary.
    metadata
        What is kept beside the rows, such as their provenance; GeoJSON has no place for it.

    Yields
    ------
    Writer
        Its `write` takes batches. The file appears when the block is left, or not at all if anything went wrong.

    Raises
    ------
    InputError
        The format is not known, the file cannot be written, or a batch does not fit the first.

    Examples
    --------
    >>> import tempfile, geopandas, numpy, shapely
    >>> batch = pa.record_batch([["kim"], [shapely.to_wkb(shapely.Point(127, 37))]], ["owner", "geometry"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with writing(folder + "/sites.parquet", crs="EPSG:4326", geometry="geometry") as writer:
    ...         writer.write(batch, numpy.array([[127.0, 37.0, 127.0, 37.0]]))
    ...     geopandas.read_parquet(writer.path)["owner"].tolist()
    ['kim']
    """
    target = native(path)
    _format(target)
    with whole_file(target, companions=_COMPANIONS) as partial, contextlib.ExitStack() as stack:
        writer = Writer(partial, stack, Job(target, pyproj.CRS.from_user_input(crs), geometry, metadata or {}))
        yield writer
        writer.close()


def format_of(path: Path) -> str | None:
    """Return the format of a file by its ending; None where it is not written in batches.

    Examples
    --------
    >>> from pathlib import Path
    >>> format_of(Path("a.GeoParquet")), format_of(Path("a.csv"))
    ('parquet', None)
    """
    return _ENDINGS.get(path.suffix.lower())


def _format(path: Path) -> str:
    """Return the format of a file, or refuse it."""
    found = format_of(path)
    if found is None:
        msg = f"{shown(path)} names no format that is written in batches; expected an ending of {', '.join(_ENDINGS)}."
        raise InputError(msg)
    return found


def _schema(batch: pa.RecordBatch, geometry: str) -> pa.Schema:
    """Return the schema of the file, from its first batch."""
    twice = sorted({name for name in batch.schema.names if batch.schema.names.count(name) > 1})
    if twice:
        msg = f"Two columns are named {twice[0]!r}; expected different names. Rename one."
        raise InputError(msg)
    kind = batch.schema.field(geometry).type if geometry in batch.schema.names else None
    if kind is None or not (pa.types.is_binary(kind) or pa.types.is_large_binary(kind)):
        msg = f"The geometry column {geometry!r} is {kind or 'not there'}; expected well-known binary of that name."
        raise InputError(msg)
    return pa.schema([_indexed(one) for one in batch.schema])


def _indexed(field: pa.Field) -> pa.Field:
    """Return a field in which a dictionary has one width of index, whatever a batch happens to need."""
    if not pa.types.is_dictionary(field.type):
        return field
    return field.with_type(pa.dictionary(pa.int32(), field.type.value_type))
