"""Many files as pieces of a run, and what a worker does with one of them."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import pickle
import socket
import threading
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
import shapely

from clustergeo import _ids, overlap, schema
from clustergeo import crs as crs_room
from clustergeo._batch import SITE_ID, Worker
from clustergeo._crate import software_version
from clustergeo._files import native, shown, writable
from clustergeo._parts import Outcome, Part, footer_of
from clustergeo._writers import writing
from clustergeo.errors import InputError, warn
from clustergeo.overlap.threads import stay_alone
from clustergeo.reading import geoparquet
from clustergeo.reading.batches import open_batches, pieces, streams
from clustergeo.streaming import BATCH, Run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from clustergeo.layers import Layer
    from clustergeo.reading.batches import Batches
    from clustergeo.reading.formats import Options
    from clustergeo.tags import Tagger

_SAMPLE = 64  # rows that show which indexes the files need
_READ_WHOLE = (".csv", ".geojson", ".json", ".xlsx")
_NAMED = 5


def files_of(sources: Any) -> list[Path]:
    """Return the files that are meant: those of a folder in sorted order, one file, or a list of them.

    Raises
    ------
    InputError
        There are none, one stands twice, or the format of one is not read in batches.
    """
    listed = [sources] if isinstance(sources, str | os.PathLike) else list(sources)
    files: list[Path] = []
    for path in [native(one).absolute() for one in listed]:
        files += _files_in(path) if path.is_dir() else [path]
    if not files:
        msg = "There are no files to tag: the list is empty. Name a folder, a file or a list of files."
        raise InputError(msg)
    seen = set()
    for path in files:
        if not path.exists():
            msg = f"There is no file or folder {shown(path)}. Check the path and the working directory."
            raise InputError(msg)
        if not streams(path):
            msg = f"{shown(path)} is of a format that is read whole. Use tag_file for it, or write it as GeoParquet."
            raise InputError(msg)
        if path.resolve() in seen:
            msg = f"{shown(path)} stands twice among the files. Name it once."
            raise InputError(msg)
        seen.add(path.resolve())
    return files


def _files_in(folder: Path) -> list[Path]:
    """Return the files of a folder that are read in batches, and tell which others may have been meant."""
    held = sorted(path for path in folder.iterdir() if path.is_file() and path.name[0] not in "._")
    files = [path for path in held if streams(path)]
    if not files:
        msg = f"{shown(folder)} holds no GeoParquet, GeoPackage, FlatGeobuf or shapefile. Name the folder of the files."
        raise InputError(msg)
    others = [shown(Path(path.name)) for path in held if path.suffix.lower() in _READ_WHOLE]
    if others:
        warn(f"{shown(folder)}: {', '.join(others[:_NAMED])} left out, which are read whole. Use tag_file for them.")
    return files


def opened(files: Iterable[Path], options: Options) -> list[Batches]:
    """Return the files as batches that can stand in one folder: of one CRS, with the same columns.

    Raises
    ------
    InputError
        A file cannot be used, or does not fit the first one.
    """
    batches = [open_batches(path, **options._asdict(), size=BATCH) for path in files]
    first = batches[0]
    for one in batches:
        if "within" in one.schema.names:
            msg = f"{shown(one.path)} has a column 'within', which is read whole. Use tag_file for it."
            raise InputError(msg)
        if not crs_room.same(first.crs, one.crs):
            msg = (
                f"{shown(first.path)} is in {first.crs.name}, {shown(one.path)} in {one.crs.name}: one folder holds "
                "one system. Reproject one of them, or tag them into different folders."
            )
            raise InputError(msg)
        if (first.geometry, set(first.schema.names)) != (one.geometry, set(one.schema.names)):
            apart = sorted(set(first.schema.names) ^ set(one.schema.names)) or [first.geometry, one.geometry]
            msg = (
                f"{shown(first.path)} and {shown(one.path)} differ in the column(s) {', '.join(map(repr, apart))}: one "
                "folder holds the same columns in every part. Rename or drop them, or tag into different folders."
            )
            raise InputError(msg)
    return batches


def common_types(batches: Sequence[Batches]) -> dict[str, pa.DataType]:
    """Return for each column that is kept as it is a type that holds the values of all files.

    Raises
    ------
    InputError
        There is no such type, or a further geometry column has several systems.
    """
    made = {SITE_ID, "sectors", *schema.REGION_EVIDENCE}
    out: dict[str, pa.DataType] = {}
    for name in [name for name in batches[0].schema.names if name not in made]:
        held = [one.schema.field(name) for one in batches]
        plain = [pa.schema([one.remove_metadata()]) for one in held]
        try:
            (out[name],) = pa.unify_schemas(plain, promote_options="permissive").types
            kinds = [_system(one) for one in held]
        except pa.ArrowException:
            kinds = [str(one.type) for one in held]
        several = dict(zip(kinds, (shown(one.path) for one in batches), strict=True))
        if len(several) > 1:
            told = ", ".join(f"{kind} in {path}" for kind, path in several.items())
            msg = f"Column {name!r} is {told}: one folder holds one kind. Convert one, or tag into different folders."
            raise InputError(msg)
    return out


def _system(field: pa.Field) -> str:
    """Return the coordinate system of a further geometry column, in words; nothing for any other column."""
    told = (field.metadata or {}).get(geoparquet.GEOMETRY_KEY)
    place = None if told is None else json.loads(told).get("crs", crs_room.LONLAT)
    return "" if place is None else str(pyproj.CRS.from_user_input(place).name)


def planned(batches: Sequence[Batches], *, piece_rows: int, options: Mapping[str, Any], numbered: bool) -> list[Part]:
    """Return the pieces of the files, in order.

    Parameters
    ----------
    batches
        The files.
    piece_rows
        About how many rows a piece should have.
    options
        What else decides the answers, as JSON has it.
    numbered
        Whether the sites are named by their row numbers, which change with what stands before them.
    """
    if piece_rows < 1:
        msg = f"piece_rows={piece_rows} is no number of rows of a piece; expected 1 or more, such as 1000000."
        raise InputError(msg)
    ranges = [_ranges(file, piece_rows) for file in batches]
    total = sum(rows for ranged in ranges for _, rows in ranged)
    parts: list[Part] = []
    before = 0
    for file, ranged in zip(batches, ranges, strict=True):
        mark = _fingerprint(file.path)
        first = 0
        for groups, rows in ranged:
            place = [before, first] if numbered else None
            decides = {**options, "source": mark, "row_groups": groups, "place": place, "many": total >= overlap.MANY}
            parts.append(
                Part(f"part-{len(parts):05}.parquet", file.path, groups, first, before, rows, _digest(decides))
            )
            first += rows
        before += first
    return parts


def _ranges(file: Batches, piece_rows: int) -> list[tuple[tuple[int, int] | None, int]]:
    """Return the row groups of each piece of a file, and how many rows it has."""
    ranges = pieces(file.path, rows=piece_rows)
    if ranges is None:
        # A format that does not say how many rows it has is counted: the next file's sites are numbered after them.
        return [(None, file.rows if file.rows is not None else sum(len(batch) for batch in file))]
    groups = geoparquet.row_groups(file.path)
    return [((start, end), sum(groups[start:end])) for start, end in ranges]


def _fingerprint(path: Path) -> list[Any]:
    """Return what changes when a file does: path, size and time; of a shapefile those of its companions too."""
    files = [path]
    if path.suffix.lower() == ".shp":
        files = sorted(one for one in path.parent.iterdir() if one.stem == path.stem and one.is_file())
    with _shared(path):
        return [[os.fsencode(one).hex(), one.stat().st_size, one.stat().st_mtime_ns] for one in files]


def of_layers(layers: Mapping[str, Layer]) -> dict[str, list[str | None]]:
    """Return what changes when what a zone layer says does."""
    return {name: [*layer.provenance.values(), _shape(layer)] for name, layer in layers.items()}


def _shape(layer: Layer) -> str:
    """Return the sha256 of the polygons and of the coverage: two layers of one file have one sha256 of their own."""
    digest = hashlib.sha256(layer.frame.crs.to_wkt().encode())
    for binary in shapely.to_wkb(layer.frame.geometry.to_numpy()):
        digest.update(binary or b"\0")
    coverage = layer.coverage
    digest.update(repr(coverage).encode() if isinstance(coverage, str | tuple | None) else shapely.to_wkb(coverage))
    return digest.hexdigest()


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


@contextlib.contextmanager
def _shared(path: Path) -> Iterator[None]:
    """Turn a file that this machine does not see into a refusal."""
    try:
        yield
    except OSError as error:
        msg = (
            f"{shown(path)} cannot be read on {socket.gethostname()}: {error.strerror}. The files and the folder must "
            "lie where all workers see them under the same path."
        )
        raise InputError(msg) from error


@dataclass(frozen=True)
class Job:
    """What all pieces share; a worker reads it once."""

    tagger: Tagger
    file: Batches
    sample: pa.RecordBatch
    types: Mapping[str, pa.DataType]
    total: int
    options: Options
    repair: bool
    metadata: Mapping[str, str]

    def prepare(self) -> Job:
        """Build what the first rows need: on the client it is pickled with the job, on a worker kept for all pieces."""
        # What is wrong with these rows is told by the run over all of them.
        with contextlib.suppress(InputError):
            Worker(self.file, self.tagger, repair=True, total=self.total)(0, self.sample)
        return self


class Shipped(NamedTuple):
    """A job on its way: a file beside the parts, its sha256, and which clustergeo wrote it."""

    path: Path
    sha256: str
    version: str


def first_rows(batches: Batches) -> pa.RecordBatch:
    """Return the first few rows of a file; a copy, because a slice would be pickled with all that it is cut from."""
    batch = next(iter(batches))
    return batch.take(pa.array(range(min(len(batch), _SAMPLE))))


def ship(job: Job, folder: Path) -> Shipped:
    """Write the job, with all that is prepared, where every worker can read it."""
    path = folder / f"job-{uuid.uuid4().hex}.pickle"
    with writable(path), path.open("w+b") as stream:
        pickle.dump(job.prepare(), stream, protocol=pickle.HIGHEST_PROTOCOL)
        stream.seek(0)
        return Shipped(path, hashlib.file_digest(stream, "sha256").hexdigest(), software_version())


_LOADING = threading.Lock()


@functools.lru_cache(maxsize=1)
def _job(shipped: Shipped) -> Job:
    """Return the job, read once in each process."""
    if shipped.version != software_version():
        msg = (
            f"A worker on {socket.gethostname()} has clustergeo {software_version()}, the client {shipped.version}. "
            "Install the same version on all."
        )
        raise InputError(msg)
    with _shared(shipped.path), shipped.path.open("rb") as stream:
        if hashlib.file_digest(stream, "sha256").hexdigest() != shipped.sha256:
            msg = f"{shown(shipped.path)} is not what the client wrote. See who else writes there."
            raise InputError(msg)
        stream.seek(0)
        job: Job = pickle.load(stream)  # noqa: S301 - its sha256 came from the client
    return job.prepare()


def forget() -> None:
    """Let go of the job."""
    _job.cache_clear()


def write_part(part: Part, shipped: Shipped) -> Outcome:
    """Make a part on a worker; what is wrong with the input is returned: what is raised would be tried again."""
    stay_alone()
    try:
        with _LOADING:
            job = _job(shipped)
        outcome = _written(part, job, shipped.path.parent) if shipped.path.exists() else Outcome()
    except InputError as error:
        return Outcome(fault=str(error))
    if shipped.path.exists():
        return outcome
    # The run was given up and its folder swept: nobody else would remove what was written after that.
    with contextlib.suppress(OSError):
        (shipped.path.parent / outcome.staged).unlink(missing_ok=True)
        shipped.path.parent.rmdir()
    return Outcome(fault=f"{shown(shipped.path)} is gone: the run was given up.")


def _written(part: Part, job: Job, folder: Path) -> Outcome:
    """Write a part under a name that no other attempt has."""
    groups = part.row_groups
    batches = open_batches(part.source, **job.options._asdict(), size=BATCH, row_groups=groups)
    run = Run(batches, job.tagger, repair=job.repair, first=part.first, before=part.before, total=job.total)
    path = folder / f"{part.name.removesuffix('.parquet')}-{uuid.uuid4().hex}.parquet"
    with writing(path, crs=batches.crs, geometry=batches.geometry, metadata=job.metadata) as writer:
        with run.pieces(1) as pieces:
            for piece in pieces:
                if piece.batch is not None:
                    writer.write(_cast(piece.batch, job.types, part), piece.bounds)
        refusal = run.refusal()
        if refusal is None and run.rows != part.rows:
            refusal = (
                f"{shown(part.source)} held {part.rows:,} rows, and now {run.rows:,}. Run again when it is at rest."
            )
        if refusal is not None:
            raise InputError(refusal)
    size, footer = footer_of(path)
    named = tuple(run.named)
    return Outcome(run.rows, run.repaired, run.unplaced, run.silent, run.refuted, named, path.name, size, footer)


def _cast(batch: pa.RecordBatch, types: Mapping[str, pa.DataType], part: Part) -> pa.RecordBatch:
    """Return a batch with its columns in the types that they have in every part."""
    columns, fields = [], []
    for field, column in zip(batch.schema, batch.columns, strict=True):
        kind = types.get(field.name, field.type)
        try:
            columns.append(column if field.type == kind else column.cast(kind))
        except pa.ArrowException as error:
            msg = f"{shown(part.source)}: column {field.name!r} cannot be {kind}, as in the other files: {error}."
            raise InputError(msg) from error
        fields.append(field.with_type(kind))
    return pa.RecordBatch.from_arrays(columns, schema=pa.schema(fields))


def _id_column(path: Path) -> pa.Array:
    return _ids.texts(pq.ParquetFile(path).read(columns=[SITE_ID]).column(SITE_ID).combine_chunks())


def keys_of(path: Path) -> NDArray[np.uint64]:
    """Return the keys of the ids of a part."""
    return _ids.keys(_id_column(path))


def counts_of(path: Path, doubtful: NDArray[np.uint64]) -> dict[str, int]:
    """Return how often the ids with these keys stand in a part."""
    ids = _id_column(path)
    texts, counts = np.unique(
        ids.filter(pa.array(np.isin(_ids.keys(ids), doubtful))).to_numpy(zero_copy_only=False), return_counts=True
    )
    return dict(zip(texts.tolist(), counts.tolist(), strict=True))


def named_alike(parts: Sequence[Part], counted: Sequence[Mapping[str, int]]) -> str | None:
    """Return which ids stand more than once and in which files, by their counts in each part; None where none does."""
    places: dict[str, list[str]] = {}
    for part, counts in zip(parts, counted, strict=True):
        for text, count in counts.items():
            places.setdefault(text, []).extend([shown(part.source)] * count)
    twice = {text: files for text, files in places.items() if len(files) > 1}
    if not twice:
        return None
    lines = [
        f"site_id {text!r} stands {len(files)} times: in {', '.join(dict.fromkeys(files))}"
        for text, files in list(twice.items())[: schema.SHOWN]
    ]
    more = [f"and {len(twice) - schema.SHOWN} more"] if len(twice) > schema.SHOWN else []
    told = "\n- ".join(["The files name sites alike:", *lines, *more])
    return f"{told}\nGive each site an id of its own, or leave the column out. The parts stay, marked as not complete."
