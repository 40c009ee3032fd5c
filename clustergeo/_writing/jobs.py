"""A job of writing: what a file of batches is to hold, and what each format needs to know of it."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

import pyarrow as pa

from clustergeo._files import writable
from clustergeo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    import pyproj
    from numpy.typing import NDArray

# The key under which the reader of batches keeps what a file says of a further geometry column.
_FURTHER = b"geo"


@dataclass(frozen=True)
class Job:
    """What is written, known from the first batch.

    Attributes
    ----------
    path
        The final name of the file.
    crs
        Of the geometry.
    geometry
        The name of the geometry column.
    metadata
        What is kept beside the rows.
    schema
        Of every batch; it comes with the first.
    """

    path: Path
    crs: pyproj.CRS
    geometry: str
    metadata: Mapping[str, str]
    schema: pa.Schema = field(default_factory=lambda: pa.schema([]))

    @property
    def further(self) -> dict[str, dict[str, Any]]:
        """What is known of further geometry columns, in the words of GeoParquet, by name."""
        return {
            one.name: json.loads(one.metadata[_FURTHER])
            for one in self.schema
            if one.name != self.geometry and one.metadata is not None and _FURTHER in one.metadata
        }

    @property
    def attributes(self) -> list[str]:
        """The names of the columns that are no geometries, in their order."""
        further = self.further
        return [name for name in self.schema.names if name != self.geometry and name not in further]


class Sink(Protocol):
    """What writes the batches of a job in one format."""

    def write(self, batch: pa.RecordBatch, bounds: NDArray[np.float64]) -> None:
        """Write a batch of the job's schema."""

    def close(self) -> None:
        """Write what only all rows tell."""


def opened(partial: Path, job: Job, stack: contextlib.ExitStack) -> BinaryIO:
    """Return the file of a job, open until the stack ends; what it holds then was flushed before, or is given up."""
    with writable(job.path):
        stream = partial.open("wb")

    def close() -> None:
        with contextlib.suppress(OSError):
            stream.close()

    stack.callback(close)
    return stream


def conformed(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Return a batch in the types of the first one, or refuse it."""
    if batch.schema.names != schema.names:
        odd = sorted({*batch.schema.names} ^ {*schema.names}) or ["another order"]
        msg = f"A batch has other columns than the first one: {', '.join(odd)}. Expected the same in every batch."
        raise InputError(msg)
    columns = []
    for one in schema:
        column = batch.column(one.name)
        if column.type != one.type:
            if value_type(column.type) != value_type(one.type):
                msg = f"The column {one.name!r} is {column.type}, but {one.type} in the first batch; expected one."
                raise InputError(msg)
            column = column.cast(one.type)
        columns.append(column)
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def value_type(kind: pa.DataType) -> pa.DataType:
    """Return the type of the values of a column, a dictionary or not.

    Examples
    --------
    >>> str(value_type(pa.dictionary(pa.int32(), pa.string())))
    'string'
    """
    return kind.value_type if pa.types.is_dictionary(kind) else kind
