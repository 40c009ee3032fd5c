"""The tag over the batches of one file: any number of sites in bounded memory."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

import numpy as np
import pyarrow as pa

from clustergeo import _ids, schema
from clustergeo._batch import SITE_ID, Piece, Worker
from clustergeo._crate import ro_crate, run_time
from clustergeo._files import native, shown, write_whole
from clustergeo._progress import told
from clustergeo._writers import format_of, writing
from clustergeo.errors import InputError, warn
from clustergeo.exporting import frame_bytes
from clustergeo.overlap.threads import pool, processors
from clustergeo.reading.batches import open_batches, streams
from clustergeo.reading.files import read_and_repair
from clustergeo.reading.formats import Options
from clustergeo.reporting import shipped_layers
from clustergeo.tags import Tagger

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from concurrent.futures import Future, ThreadPoolExecutor
    from pathlib import Path
    from typing import Unpack

    from clustergeo._batch import Adder
    from clustergeo.reading.batches import Batches

# Enough for the work on a batch to outweigh its overhead, few enough for a handful of batches to fit in memory.
BATCH = 65_536

_REPAIR = ", or repair invalid geometries with repair=True (--repair on the command line),"


_NAME = "clustergeo: tagged sites"


class StreamOptions(TypedDict, total=False):
    """How a file is read and worked on; see `tag_file`."""

    crs: Any
    layer: str | None
    encoding: str | None
    swap_xy: bool | None
    repair: bool
    threads: int | None
    progress: bool | None


class Streamed(NamedTuple):
    """What a run over a file did.

    Attributes
    ----------
    path
        The file written.
    rows
        How many sites it holds.
    repaired
        How many of their geometries were repaired.
    """

    path: Path
    rows: int
    repaired: int


def tag_file(
    source: str | Path,
    target: str | Path,
    *,
    zones: Mapping[str, Any] | None = None,
    as_of: str | None = None,
    crs: Any = None,
    layer: str | None = None,
    encoding: str | None = None,
    swap_xy: bool | None = None,
    repair: bool = False,
    threads: int | None = None,
    progress: bool | None = None,
) -> Streamed:
    """Tag the sites of a file and write them to another, in batches and bounded memory.

    Parameters
    ----------
    source
        GeoParquet, GeoPackage, FlatGeobuf or shapefile of polygons or points, of any size; the other formats of
        `read_sites`, and files with a `within` column, are read whole.
    target
        The file to write: `.parquet` (GeoParquet 1.1 with a box for each row), `.gpkg` or `.geojson`, or `.csv`, which
        is made in memory. It appears whole, at the end, or not at all.
    zones, as_of
        As for `tag`.
    crs, layer, encoding, swap_xy
        As for `read_sites`.
    repair
        Whether to repair invalid geometries and count them; otherwise they are refused with the reasons.
    threads
        How many batches are worked on at once; by default one a processor.
    progress
        Whether to show a bar on standard error; by default in a terminal and in notebooks.

    Returns
    -------
    Streamed
        The path, the number of sites and of repaired geometries. The file holds the caller's columns in their order,
        the tags of `tag` and the geometry as it was.

    Raises
    ------
    InputError
        As for `read_sites` and `tag`, with row numbers of the file, from 0; nothing is written then.

    Examples
    --------
    >>> import tempfile, pathlib, geopandas as gpd, shapely
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> sites = gpd.GeoDataFrame(
    ...     {"owner": ["kim"]}, geometry=[shapely.box(127.20, 37.14, 127.21, 37.15)], crs="EPSG:4326"
    ... )
    >>> sites.to_parquet(folder / "sites.parquet")
    >>> tag_file(folder / "sites.parquet", folder / "tagged.parquet").rows
    1
    >>> gpd.read_parquet(folder / "tagged.parquet")[["site_id", "owner", "municipality"]].values.tolist()
    [['1', 'kim', '용인시 처인구']]
    """
    options: StreamOptions = {"crs": crs, "layer": layer, "encoding": encoding, "swap_xy": swap_xy}
    options |= {"repair": repair, "threads": threads, "progress": progress}
    return stream_file(source, target, Tagger(zones, as_of=as_of), name=_NAME, **options)


def stream_file(
    source: str | Path, target: str | Path, adder: Adder, *, name: str, **options: Unpack[StreamOptions]
) -> Streamed:
    """Write the sites of a file with what is added to them to another, in batches and bounded memory.

    Parameters
    ----------
    source, target, options
        As for `tag_file`.
    adder
        What adds columns to sites, such as a `Tagger`.
    name
        What the file is, for its metadata.
    """
    out, there = native(target), native(source)
    written = format_of(out)
    if written is None and out.suffix.lower() != ".csv":
        msg = f"{shown(out)} names no format that is written; expected an ending of .parquet, .gpkg, .geojson or .csv."
        raise InputError(msg)
    if out.exists() and there.exists() and out.samefile(there):
        msg = f"{shown(out)} is the input and would be lost. Give another name."
        raise InputError(msg)
    reading = Options(options.get("crs"), options.get("layer"), options.get("encoding"), options.get("swap_xy"))
    repair, threads = options.get("repair", False), options.get("threads")
    batches = open_batches(source, **reading._asdict(), size=BATCH) if streams(source) else None
    if batches is None or written is None or "within" in batches.schema.names:
        sites, repaired = read_and_repair(source, reading, repair=repair)
        made = adder.whole(sites)
        return Streamed(write_whole(target, frame_bytes(made, written or "csv")), len(made), repaired)
    for decided in batches.report:
        warn(f"{shown(batches.path)}: {decided}.")
    run = Run(batches, adder, repair=repair)
    metadata = provenance(adder, name)
    with writing(target, crs=batches.crs, geometry=batches.geometry, metadata=metadata) as writer:
        bar = told(batches.rows, unit="sites", shown=options.get("progress"))
        with bar as done, run.pieces(threads) as pieces:
            for piece in pieces:
                if piece.batch is not None:
                    writer.write(piece.batch, piece.bounds)
                done(piece.rows)
        run.finish()
    return Streamed(writer.path, run.rows, run.repaired)


def warn_unplaced(count: int, rows: int, what: str) -> None:
    """Say once how many sites lie nowhere."""
    if count:
        warn(f"{what}: {count} of {rows} rows have no geometry, or a point at 0, 0: where they lie is not known.")


def provenance(adder: Adder, name: str = _NAME) -> dict[str, str]:
    """Return what a written file rests on, to be kept inside it: layers, package version and the time of the run."""
    rests_on: list[Any] = [*adder.rests_on, *shipped_layers(shipped=False)]
    crate = ro_crate({}, rests_on, facts_as_of=None, run_at=run_time(), as_of=adder.as_of, name=name)
    return {"clustergeo": crate.decode()}


class Run:
    """A run over the batches of a file: what it did, what it could not answer, and what is wrong with the file.

    Parameters
    ----------
    batches
        The file.
    adder
        What adds columns to the sites.
    repair
        Whether invalid geometries are repaired.
    first
        The number of the first row in the file, where the batches are a part of it.
    before, total
        Where the file is one of several that are tagged as one: how many rows stand before it, and all have together.

    Attributes
    ----------
    rows, repaired, unplaced
        How many sites were seen, how many of their geometries were repaired, and how many lie nowhere.
    silent
        About how many sites each zone says nothing.
    refuted, named
        How many sites are larger than the area said to contain them, and the ids of the first.
    """

    def __init__(
        self,
        batches: Batches,
        adder: Adder,
        *,
        repair: bool,
        first: int = 0,
        before: int = 0,
        total: int | None = None,
    ) -> None:
        self._batches, self._adder, self._first = batches, adder, first
        self._work = Worker(batches, adder, repair=repair, before=before, total=total)
        self._faulty = threading.Event()
        self._faults = 0
        self._problems: list[str] = []
        self._keys = _ids.Keys()
        self.silent = dict.fromkeys(adder.names, 0)
        self.refuted = 0
        self.named: list[str] = []
        self.rows, self.repaired, self.unplaced = 0, 0, 0

    @contextlib.contextmanager
    def pieces(self, threads: int | None = None) -> Iterator[Iterator[Piece]]:
        """Yield what becomes of each batch, in the order of the file; after a fault batches are only checked."""
        wanted = threads if threads is not None else processors()
        with pool(max(wanted, 1)) as workers:
            yield self._worked(workers, wanted)

    def _worked(self, workers: ThreadPoolExecutor, wanted: int) -> Iterator[Piece]:
        waiting: deque[Future[Piece]] = deque()
        first = self._first
        for batch in self._batches:
            if self.rows == 0:
                # The first batch prepares the zones for all: it has every processor, and nobody works beside it.
                yield self._noted(self._one(first, batch))
            else:
                waiting.append(workers.submit(self._one, first, batch))
            first += len(batch)
            while len(waiting) > wanted:
                yield self._noted(waiting.popleft().result())
        while waiting:
            yield self._noted(waiting.popleft().result())

    def finish(self) -> None:
        """Refuse the file if something is wrong with it; else say once what the answers could not take into account.

        Raises
        ------
        InputError
            With the number of faults, the first ones and the cure.
        """
        refusal = self.refusal()
        if refusal is not None:
            msg = f"{refusal} Nothing was written."
            raise InputError(msg)
        if self.repaired:
            warn(f"{self._work.what}: {self.repaired} invalid geometries were repaired, as asked.")
        warn_unplaced(self.unplaced, self.rows, self._work.what)
        self._adder.warn(self.silent, self.named, self.refuted)

    def refusal(self) -> str | None:
        """Return what is wrong with the file and the cure, once all its batches were seen; None if nothing is."""
        if self._work.has_ids and not self._faults:
            self._compare_ids()
        if not self._faults:
            return None
        more = f"\n- and {self._faults - len(self._problems)} more" if self._faults > len(self._problems) else ""
        return (
            f"{self._work.what} cannot be used, {self._faults} problem(s); rows are counted from 0:\n- "
            + "\n- ".join(self._problems)
            + more
            + f"\nMend these rows{_REPAIR if any('invalid' in one for one in self._problems) else ''} and run again."
        )

    def _one(self, first: int, batch: Any) -> Piece:
        piece = self._work(first, batch, check=self._faulty.is_set())
        if piece.problems:
            self._faulty.set()
        return piece

    def _noted(self, piece: Piece) -> Piece:
        """Add what a batch told to what is known of the file."""
        self.rows += piece.rows
        self.repaired += piece.repaired
        self.unplaced += piece.unplaced
        self._note(piece.problems)
        self.refuted += len(piece.refuted)
        self.named += piece.refuted[: schema.SHOWN - len(self.named)]
        for name, count in piece.silent.items():
            self.silent[name] += count
        if piece.keys is not None:
            self._keys.add(piece.keys)
        return piece

    def _note(self, problems: list[str]) -> None:
        self._faults += len(problems)
        self._problems += problems[: schema.SHOWN - len(self._problems)]

    def _compare_ids(self) -> None:
        """Note ids that stand more than once; two texts may share a key, so those of repeated keys are read again."""
        doubtful = self._keys.repeated()
        if not len(doubtful):
            return
        counts: dict[str, int] = {}
        for batch in self._batches:
            ids = _ids.texts(batch.column(SITE_ID))
            for text in ids.filter(pa.array(np.isin(_ids.keys(ids), doubtful))).to_pylist():
                counts[text] = counts.get(text, 0) + 1
        self._note([f"site_id {text!r} stands {count} times" for text, count in counts.items() if count > 1])
