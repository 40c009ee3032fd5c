"""GeoPackage written batch by batch: GDAL writes the rows in a thread of its own, index and styles come last."""

from __future__ import annotations

import contextlib
import io
import queue
import sqlite3
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyogrio

from clustergeo._crate import run_time
from clustergeo._files import shown, writable
from clustergeo._formats import free_name
from clustergeo._geopackage import COUNTERS, SITES, check_cases
from clustergeo._qgis import add_styles, sites_style
from clustergeo._signals import signals_held
from clustergeo._writing import rtree, wkb
from clustergeo._writing.cells import first_words, plain_column
from clustergeo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from clustergeo._writing.jobs import Job

_WAITING = 2  # batches on their way to GDAL
_CHUNK = 65_536
_PATIENCE_S = 0.2
# A layer of polygons is one of multipolygons: this goes before the well-known binary of each single one.
_AS_MULTI = b"\x01" + wkb.MULTIPOLYGON.to_bytes(4, "little") + (1).to_bytes(4, "little")
_STOP = object()


class GeoPackageSink:
    """Writes batches into the layer `sites` of a GeoPackage.

    Parameters
    ----------
    partial
        Where the file is written.
    stack
        What is open is entered here.
    job
        What is written. Further geometry columns are left out.
    """

    def __init__(self, partial: Path, stack: contextlib.ExitStack, job: Job) -> None:
        check_cases(job.attributes)
        self._partial, self._job = partial, job
        self._geometry = free_name("geom", job.attributes)
        self._codes: set[int] = set()
        self._sectors: dict[str, None] = {}
        self._drawn = 0
        with writable(job.path):
            # No name: it is gone when it is closed, however the process ends.
            self._boxes = stack.enter_context(tempfile.TemporaryFile(dir=partial.parent))  # noqa: SIM115
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self._schema = pa.schema(
            [
                *(pa.field(name, plain_column(_none_of(job, name)).type) for name in job.attributes),
                pa.field(self._geometry, job.schema.field(job.geometry).type),
            ]
        )
        self._queue: queue.Queue[Any] = queue.Queue(_WAITING)
        self._failure: BaseException | None = None
        # GDAL complains of an ending that is not .gpkg and encodes names in its own way; SQLite follows the link.
        link = folder / "sites.gpkg"
        link.symlink_to(partial.absolute())
        self._thread = threading.Thread(target=self._run, args=(str(link),), daemon=True)
        stack.callback(self._abandon)
        self._thread.start()

    def write(self, batch: pa.RecordBatch, bounds: NDArray[np.float64]) -> None:
        """Write a batch; see `Writer`."""
        column = batch.column(self._job.geometry)
        codes, plain = wkb.codes_of(column)
        self._codes.update(np.unique(codes).tolist())
        if "sectors" in self._job.attributes:
            self._sectors |= dict.fromkeys(first_words(batch.column("sectors")))
        boxes = rtree.rounded(bounds)
        self._drawn += int((~np.isnan(boxes[:, 0])).sum())
        with writable(self._job.path):
            self._boxes.write(boxes.tobytes())
        shapes = wkb.prefixed(wkb.flattened(column, plain), codes % 1000 == wkb.POLYGON, _AS_MULTI)
        columns = [plain_column(batch.column(name)) for name in self._job.attributes]
        self._hand_over(pa.RecordBatch.from_arrays([*columns, shapes], schema=self._schema))

    def close(self) -> None:
        """Write the index, the styles and what only all rows tell."""
        self._hand_over(None)
        self._thread.join()
        self._tell()
        with _sql_told(self._job), contextlib.closing(sqlite3.connect(self._partial, isolation_level=None)) as base:
            # The file is nobody's yet: there is nothing to roll back to.
            base.execute("PRAGMA journal_mode = OFF")
            base.execute("PRAGMA synchronous = OFF")
            base.execute("BEGIN")
            self._add_index(base)
            self._declare(base)
            self._add_styles(base)
            base.execute("COMMIT")
        with writable(self._job.path), self._partial.open("r+b") as stream:
            for place in COUNTERS:
                stream.seek(place)
                stream.write((1).to_bytes(4, "big"))

    def _run(self, path: str) -> None:
        """Write all batches that come; the work of the thread."""
        try:
            reader = pa.RecordBatchReader.from_batches(self._schema, self._coming())
            self._layer(reader, path, index="NO")
        except BaseException as error:  # noqa: BLE001 - it is raised again where the batches come from
            self._failure = error

    def _layer(self, rows: Any, path: Any, *, index: str) -> None:
        """Let GDAL write a layer."""
        epsg = self._job.crs.to_epsg(min_confidence=100)
        pyogrio.write_arrow(
            rows,
            path,
            driver="GPKG",
            layer=SITES,
            crs=f"EPSG:{epsg}" if epsg else self._job.crs.to_wkt("WKT1_GDAL"),
            geometry_name=self._geometry,
            # All kinds are declared and narrowed at the end, when they are known.
            geometry_type="Unknown",
            # of the layer: what a whole file says of itself GDAL writes again into a file beside it, whoever reads it
            layer_metadata=dict(self._job.metadata) or None,
            layer_options={
                "GEOMETRY_NAME": self._geometry,
                "FID": free_name("fid", self._schema.names),
                "SPATIAL_INDEX": index,
            },
        )

    def _coming(self) -> Iterator[pa.RecordBatch]:
        """Yield the batches that are handed over."""
        while True:
            batch = self._queue.get()
            if batch is _STOP:
                msg = "the file was abandoned"
                raise RuntimeError(msg)
            if batch is None:
                return
            yield batch

    def _hand_over(self, batch: pa.RecordBatch | None) -> None:
        """Give the thread a batch, or None after the last, as soon as it has room for it."""
        while True:
            self._tell()
            with contextlib.suppress(queue.Full):
                self._queue.put(batch, timeout=_PATIENCE_S)
                return

    def _tell(self) -> None:
        """Raise what went wrong in the thread."""
        if self._failure is not None:
            raise _refusal(self._job, self._failure) from self._failure

    def _abandon(self) -> None:
        """End the thread, if it is not done: its file is about to be removed."""
        # A second interrupt waits: it would leave the thread writing to a file that nobody removes.
        with signals_held():
            while self._thread.is_alive():
                with contextlib.suppress(queue.Empty):
                    self._queue.get_nowait()
                with contextlib.suppress(queue.Full):
                    self._queue.put_nowait(_STOP)
                self._thread.join(_PATIENCE_S)

    def _add_index(self, base: sqlite3.Connection) -> None:
        """Put the spatial index into the file, with the triggers that GDAL gives an index of its own."""
        stream = io.BytesIO()
        self._layer(self._schema.empty_table(), stream, index="YES")
        index = f"rtree_{SITES}_{self._geometry}"
        with contextlib.closing(sqlite3.connect(":memory:")) as model:
            model.deserialize(stream.getvalue())
            (virtual,) = model.execute("SELECT sql FROM sqlite_master WHERE name = ?", (index,)).fetchone()
            (extensions,) = model.execute("SELECT sql FROM sqlite_master WHERE name = 'gpkg_extensions'").fetchone()
            triggers = model.execute(
                "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE ? ORDER BY name", (index + "%",)
            ).fetchall()
            rows = model.execute("SELECT * FROM gpkg_extensions WHERE extension_name = 'gpkg_rtree_index'").fetchall()
        base.execute(virtual)
        self._boxes.seek(0)
        rtree.fill(base, index, self._chunks(), count=self._drawn)
        # After the rows: these are in the index already.
        for (sql,) in triggers:
            base.execute(sql)
        base.execute(extensions.replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS", 1))
        base.executemany("INSERT INTO gpkg_extensions VALUES (?, ?, ?, ?, ?)", rows)

    def _chunks(self) -> Iterator[NDArray[np.float32]]:
        """Yield the boxes of all rows, many at a time."""
        while data := self._boxes.read(_CHUNK * 4 * 4):
            yield np.frombuffer(data, dtype=np.float32).reshape(-1, 4)

    def _declare(self, base: sqlite3.Connection) -> None:
        """Declare the kind of geometry that the layer turned out to hold."""
        kinds = {code % 1000 for code in self._codes if code != wkb.MISSING}
        if kinds and kinds <= {wkb.POLYGON, wkb.MULTIPOLYGON}:
            kind = "MULTIPOLYGON"
        elif kinds == {wkb.POINT}:
            kind = "POINT"
        else:
            return
        base.execute("UPDATE gpkg_geometry_columns SET geometry_type_name = ?", (kind,))
        (sql,) = base.execute("SELECT sql FROM sqlite_master WHERE name = ? AND type = 'table'", (SITES,)).fetchone()
        named = f'"{self._geometry}" GEOMETRY'
        base.execute("PRAGMA writable_schema = ON")
        base.execute(
            "UPDATE sqlite_master SET sql = ? WHERE name = ? AND type = 'table'",
            (sql.replace(named, f'"{self._geometry}" {kind}', 1), SITES),
        )
        base.execute("PRAGMA writable_schema = OFF")

    def _add_styles(self, base: sqlite3.Connection) -> None:
        """Put the style into the file, and the time of the run in the place of GDAL's."""
        moment = run_time().replace("Z", ".000Z")
        names = self._job.attributes
        style = sites_style(
            list(self._sectors) if "sectors" in names else None,
            points=self._codes <= {wkb.MISSING, wkb.POINT},
            dashed="footprint_basis" in names,
        )
        add_styles(base, [(SITES, self._geometry, style)], moment=moment)
        base.execute("UPDATE gpkg_contents SET last_change = ?", (moment,))
        if self._job.metadata:
            base.execute("UPDATE gpkg_metadata_reference SET timestamp = ?", (moment,))


def _none_of(job: Job, name: str) -> pa.Array:
    """Return a column of the job without rows."""
    return pa.array([], type=job.schema.field(name).type)


@contextlib.contextmanager
def _sql_told(job: Job) -> Iterator[None]:
    """Turn what SQLite refuses into a refusal that carries its cure."""
    try:
        yield
    except sqlite3.Error as error:
        raise _refusal(job, error) from error


def _refusal(job: Job, error: BaseException) -> BaseException:
    """Return what to raise for a failure of GDAL or SQLite."""
    if not isinstance(error, Exception) or isinstance(error, InputError):
        return error
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return InputError(
        f"Cannot write {shown(job.path)}: {reason}. Free some space or choose another folder; nothing was left "
        "half-written."
    )
