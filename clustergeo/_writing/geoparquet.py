"""GeoParquet written batch by batch: a box for each row, and metadata that describes all of them."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from clustergeo._files import writable
from clustergeo._formats import free_name
from clustergeo._writing import wkb
from clustergeo._writing.jobs import conformed, opened, value_type

if TYPE_CHECKING:
    import contextlib
    from pathlib import Path

    from numpy.typing import NDArray

    from clustergeo._writing.jobs import Job

# Rows of a row group: few enough for a reader to skip most of a file, many enough to compress.
GROUP = 65_536

_BOX = ("xmin", "ymin", "xmax", "ymax")
_SAMPLE = 8_192
_VERSION = "1.1.0"


class GeoParquetSink:
    """Writes batches into a GeoParquet file, in row groups of one size whatever the size of the batches.

    Parameters
    ----------
    partial
        Where the file is written.
    stack
        What is open is entered here.
    job
        What is written.
    """

    def __init__(self, partial: Path, stack: contextlib.ExitStack, job: Job) -> None:
        self._job, self._stack = job, stack
        self._stream = opened(partial, job, stack)
        self._file: pq.ParquetWriter | None = None
        self._waiting: list[pa.RecordBatch] = []
        self._box = free_name("bbox", job.schema.names)
        boxes = pa.struct([(side, pa.float64()) for side in _BOX])
        fields = [one if _LATE else one.with_type(value_type(one.type)) for one in job.schema]
        self._plain = pa.schema([one.remove_metadata() for one in fields])
        self._schema = self._plain.append(pa.field(self._box, boxes))
        self._codes: set[int] = set()
        self._bounds = np.full(len(_BOX), np.nan)

    def write(self, batch: pa.RecordBatch, bounds: NDArray[np.float64]) -> None:
        """Write a batch; see `Writer`."""
        codes, flags = wkb.codes_of(batch.column(self._job.geometry))
        batch = wkb.as_iso(batch, self._job.geometry, ~flags & (codes != wkb.MISSING))
        self._codes.update(np.unique(codes).tolist())
        sides = [np.ascontiguousarray(bounds[:, side]) for side in range(len(_BOX))]
        for side, values in enumerate(sides):
            keep = np.fmin if side < len(_BOX) // 2 else np.fmax
            self._bounds[side] = keep(self._bounds[side], keep.reduce(values, initial=np.nan))
        unknown = pa.array(np.isnan(sides[0]))
        column = pa.StructArray.from_arrays([pa.array(side) for side in sides], names=list(_BOX), mask=unknown)
        columns = conformed(batch, self._plain).columns
        self._waiting.append(pa.RecordBatch.from_arrays([*columns, column], schema=self._schema))
        while sum(len(one) for one in self._waiting) >= GROUP:
            self._put(GROUP)

    def close(self) -> None:
        """Write the rest and what is known of all rows."""
        self._put(sum(len(one) for one in self._waiting))
        with writable(self._job.path):
            if self._file is None:
                self._file = self._opened(self._schema.empty_table())
            if _LATE:
                # Readers are told of words, not of a dictionary of them: that is only how they are written.
                # Arrow takes the metadata from there too, for a folder of files.
                kept = {**self._job.metadata, "geo": self._geo()}
                told = pa.schema([one.with_type(value_type(one.type)) for one in self._schema], kept).serialize()
                own = {"ARROW:schema": base64.b64encode(told).decode()}
                self._file.add_key_value_metadata({**kept, **own})
            self._file.close()
            self._stream.flush()

    def _put(self, rows: int) -> None:
        """Write so many of the rows that wait as one row group."""
        if not rows:
            return
        table = pa.Table.from_batches(self._waiting, schema=self._schema)
        self._waiting = table.slice(rows).to_batches()
        table = table.slice(0, rows).unify_dictionaries()
        with writable(self._job.path):
            if self._file is None:
                self._file = self._opened(table)
            self._file.write_table(table, row_group_size=GROUP)

    def _opened(self, table: pa.Table) -> pq.ParquetWriter:
        """Return a writer with settings for the columns of the first row group."""
        words = [name for name in table.column_names if _repeats(table[name].slice(0, _SAMPLE))]
        boxes = [f"{self._box}.{side}" for side in _BOX]
        plain = [one.name for one in self._schema if not pa.types.is_nested(one.type) and one.name not in words]
        early = {} if _LATE else {**self._job.metadata, "geo": self._geo(whole=False)}
        writer = pq.ParquetWriter(
            self._stream,
            self._schema.with_metadata(early),
            store_schema=not _LATE,
            compression="zstd",
            # Coordinates hardly compress: at a faster level they take half the time and 5 % more space.
            compression_level={self._job.geometry: -3},
            use_dictionary=words or False,
            # Of no use for skipping: the least and greatest bytes of a geometry, and of words in any order.
            write_statistics=[*(name for name in plain if name != self._job.geometry), *boxes],
            use_byte_stream_split=boxes,
        )
        self._stack.callback(_abandon, writer)
        return writer

    def _geo(self, *, whole: bool = True) -> str:
        """Return the metadata of GeoParquet; what only all rows tell is left open while they are not written."""
        covering = {"bbox": {side: [self._box, side] for side in _BOX}}
        column: dict[str, Any] = {"encoding": "WKB", "crs": self._job.crs.to_json_dict()}
        column["geometry_types"] = wkb.names_of(self._codes) if whole else []
        if whole and np.isfinite(self._bounds).all():
            column["bbox"] = self._bounds.tolist()
        columns = {self._job.geometry: {**column, "covering": covering}}
        for name, told in self._job.further.items():
            columns[name] = {key: value for key, value in told.items() if key != "covering"}
        return json.dumps({"version": _VERSION, "primary_column": self._job.geometry, "columns": columns})


# An older one takes metadata before the first row only, and cannot hide that words were written as a dictionary.
_LATE = hasattr(pq.ParquetWriter, "add_key_value_metadata")


def _abandon(writer: pq.ParquetWriter) -> None:
    """Keep a writer that was not closed from ending a file that is about to be removed."""
    writer.is_open = False


def _repeats(column: pa.ChunkedArray) -> bool:
    """Say whether a column is of words that stand so often that a dictionary of them pays."""
    if pa.types.is_dictionary(column.type):
        return True
    if not pa.types.is_string(column.type) and not pa.types.is_large_string(column.type):
        return False
    return bool(2 * pc.count_distinct(column).as_py() <= len(column))
