"""GeoJSON written batch by batch (RFC 7946): the text of a feature is put together by Arrow, not by Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clustergeo import crs, overlap
from clustergeo._files import writable
from clustergeo._formats import DECIMALS, geojson_shapes
from clustergeo._writing import wkb
from clustergeo._writing.jobs import opened
from clustergeo._writing.jsontext import Lines, json_text
from clustergeo.overlap.threads import in_threads

if TYPE_CHECKING:
    import contextlib
    from pathlib import Path

    import pyproj
    from numpy.typing import NDArray

    from clustergeo._writing.jobs import Job

# Few enough rows for their texts to stay near the processor while they are put together, few enough bytes of geometry
# for Arrow to hold all their texts in one array, and few enough such parts at once for any memory.
_ROWS = 32_768
_BYTES = 1 << 26
_AT_ONCE = 4
_SITE_ID = "site_id"
# What is farther from 0 has more digits than the kernel prints.
LARGEST = 1e9


class GeoJsonSink:
    """Writes batches as one FeatureCollection.

    Parameters
    ----------
    partial
        Where the file is written.
    stack
        What is open is entered here.
    job
        What is written. Further geometry columns are left out, and so is what would stand beside the rows.
    """

    def __init__(self, partial: Path, stack: contextlib.ExitStack, job: Job) -> None:
        self._job = job
        self._kernels = False
        self._first = True
        self._stream = opened(partial, job, stack)
        with writable(job.path):
            self._stream.write(b'{"type":"FeatureCollection","features":[')

    def write(self, batch: pa.RecordBatch, bounds: NDArray[np.float64]) -> None:  # noqa: ARG002 - GeoJSON has none
        """Write a batch; see `Writer`."""
        # A small file is written before the kernels are loaded.
        self._kernels = self._kernels or len(batch) >= overlap.MANY
        shapes = Shapes(batch.column(self._job.geometry), self._job.crs) if self._kernels else None

        def one(rows: slice) -> pa.Array:
            part = batch.slice(rows.start, rows.stop - rows.start)
            drawn = shapes[rows] if shapes else printed(part.column(self._job.geometry), self._job.crs)
            return self._features(part, drawn)

        cuts = _cuts(batch.column(self._job.geometry))
        for first in range(0, len(cuts), _AT_ONCE):
            for features in in_threads(one, cuts[first : first + _AT_ONCE], None):
                with writable(self._job.path):
                    self._stream.write(memoryview(features.buffers()[2])[1 if self._first else 0 :])
                self._first = False

    def close(self) -> None:
        """Write the end."""
        with writable(self._job.path):
            self._stream.write(b"]}\n")
            self._stream.flush()

    def _features(self, batch: pa.RecordBatch, shapes: pa.Array) -> pa.Array:
        """Return the text of each feature, with a comma before it."""
        lines = Lines(len(batch)).say(',{"type":"Feature"')
        names = self._job.attributes
        if _SITE_ID in names:
            known = batch.column(_SITE_ID).is_valid()
            if pc.all(known).as_py():
                lines.say(',"id":').add(batch.column(_SITE_ID))
            else:
                texts = Lines(len(batch)).say(',"id":').add(batch.column(_SITE_ID)).texts()
                lines.put(pc.if_else(known, texts, ""))
        lines.say(',"properties":{')
        for number, name in enumerate(names):
            lines.say(f"{',' if number else ''}{json_text(name)}:").add(batch.column(name))
        return lines.say('},"geometry":').put(shapes).say("}").texts()


class Shapes:
    """Geometries of a batch, printed by the kernel, and by shapely where one needs more than printing.

    Parameters
    ----------
    column
        Well-known binary.
    source
        Its CRS.
    """

    def __init__(self, column: pa.Array, source: pyproj.CRS) -> None:
        codes, _ = wkb.codes_of(column)
        found = overlap.Polygons.from_wkb(column)
        if not crs.same(source, crs.LONLAT):
            found = found.moved(crs.change(source, crs.LONLAT))
        self._rounded = found.moved(lambda xy: np.round(xy, DECIMALS))
        self._multi = codes % 1000 == wkb.MULTIPOLYGON
        far = np.abs(self._rounded.bounds()).max(axis=1, initial=0.0) >= LARGEST
        self._odd = far | (self._rounded.kinds == overlap.OTHER)
        # Rounding can fold a sliver onto itself.
        self._odd[overlap.invalid_rows(self._rounded)] = True
        self._column, self._source = column, source

    def __getitem__(self, rows: slice) -> pa.Array:
        """Return the texts of some rows."""
        from clustergeo._writing import coordinates  # noqa: PLC0415 - compiles

        part, odd = self._rounded[rows], self._odd[rows]
        first, last = part.polygons[0], part.polygons[-1]
        vertices = part.rings[last] - part.rings[first]
        size = vertices * coordinates.VERTEX + (last - first) * coordinates.RING + len(part) * coordinates.ROW
        out, ends = np.empty(size, dtype=np.uint8), np.zeros(len(part) + 1, dtype=np.int64)
        kinds = np.where(odd, overlap.OTHER, part.kinds).astype(np.int8)
        arrays = part.xy, part.rings, part.polygons, part.holes, part.turns, kinds, self._multi[rows]
        coordinates.print_shapes(*arrays, out, ends[1:])
        texts = pa.LargeStringArray.from_buffers(len(part), pa.py_buffer(ends), pa.py_buffer(out)).cast(pa.string())
        if not odd.any():
            return texts
        few = self._column.slice(rows.start, rows.stop - rows.start).filter(pa.array(odd))
        return pc.replace_with_mask(texts, pa.array(odd), printed(few, self._source))


def printed(column: pa.Array, source: pyproj.CRS) -> pa.Array:
    """Return the texts of geometries by shapely."""
    shapes = crs.transform(wkb.shapes_of(column), source, crs.LONLAT)
    return pa.array([json_text(shape) for shape in geojson_shapes(shapes)], pa.string())


def _cuts(column: pa.Array) -> list[slice]:
    """Return slices of at most so many rows and, but for a single row, so many bytes of geometry."""
    sizes = pc.fill_null(pc.binary_length(column), 0).to_numpy().astype(np.int64)
    ends = np.cumsum(sizes)
    cuts, start = [], 0
    while start < len(sizes):
        before = ends[start - 1] if start else 0
        stop = max(start + 1, min(start + _ROWS, int(np.searchsorted(ends, before + _BYTES, side="right"))))
        cuts.append(slice(start, stop))
        start = stop
    return cuts
