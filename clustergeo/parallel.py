"""The tag over many files on Dask: on the processors of this machine, or on a cluster that somebody else runs."""

from __future__ import annotations

import contextlib
import functools
import queue
import socket
import time
import uuid
import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from clustergeo import _ids, schema
from clustergeo._batch import SITE_ID, Worker
from clustergeo._crate import software_version
from clustergeo._files import shown
from clustergeo._partitions import tag_frame
from clustergeo._parts import Folder, Outcome, Part
from clustergeo._pieces import (
    Job,
    common_types,
    counts_of,
    files_of,
    first_rows,
    forget,
    keys_of,
    named_alike,
    of_layers,
    opened,
    planned,
    ship,
    write_part,
)
from clustergeo._progress import told
from clustergeo._signals import termination_raised
from clustergeo.errors import ClusterGeoError, InputError, warn
from clustergeo.overlap.threads import processors
from clustergeo.reading.formats import Options
from clustergeo.streaming import provenance, warn_unplaced
from clustergeo.tags import Tagger

try:
    import distributed
except ImportError as error:
    _msg = 'Many files at once need Dask. Install it: pip install "clustergeo[dask]".'
    raise InputError(_msg) from error

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["PIECE_ROWS", "Parallel", "client_of", "tag_files", "tag_frame"]

PIECE_ROWS = 1_000_000

_AGAIN = 2  # rounds more for a piece whose workers died, each with as many workers as Dask allows to fail
_RETRIES = 2  # of a piece that failed for a reason that may pass, such as a file server that did not answer
_NOTED_S = 1.0
_KNOCK_S, _LOOK_S, _PATIENCE_S, _ALONE_S = 10, 5, 60, 600
_LOST = "The cluster was lost. Parts that are whole stay: run again to go on."
_HERE = "127.0.0.1"


class Parallel(NamedTuple):
    """What a run over many files did.

    Attributes
    ----------
    path
        The folder.
    rows
        How many sites its parts hold.
    written, skipped
        How many parts were written, and how many were there already, whole.
    repaired
        How many geometries were repaired, in all parts.
    """

    path: Path
    rows: int
    written: int
    skipped: int
    repaired: int


def tag_files(
    sources: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    target: str | os.PathLike[str],
    *,
    zones: Mapping[str, Any] | None = None,
    as_of: str | None = None,
    crs: Any = None,
    layer: str | None = None,
    encoding: str | None = None,
    swap_xy: bool | None = None,
    repair: bool = False,
    client: Any = None,
    piece_rows: int = PIECE_ROWS,
    progress: bool | None = None,
) -> Parallel:
    """Tag the sites of many files on the workers of a Dask cluster, into a folder of GeoParquet.

    Parameters
    ----------
    sources
        A folder, a file, or files in the order that counts: GeoParquet, GeoPackage, FlatGeobuf or shapefile, of one CRS
        and with the same columns. Files and folder lie where all workers see them under the same path.
    target
        The folder: `part-00000.parquet` and so on, a part for each piece of the files, and a manifest. Parts that an
        earlier run left whole, and that the same input would give, are kept.
    zones, as_of
        As for `tag`.
    crs, layer, encoding, swap_xy, repair
        As for `tag_file`.
    client
        A `distributed.Client`; by default the active one, or else a cluster of this machine's processors for this run.
    piece_rows
        About how many rows a piece has. Only GeoParquet is cut, between row groups.
    progress
        Whether to show a bar on standard error; by default in a terminal and in notebooks.

    Returns
    -------
    Parallel
        The folder, the number of sites, of parts written and kept, and of repaired geometries. The parts in order hold
        what `tag` gives for the sites of all files one after another.

    Raises
    ------
    InputError
        A file or the folder cannot be used, sites are refused (with file and row), or an id stands twice. Parts that
        are whole stay: after the cure the same call goes on from there.

    Notes
    -----
    A worker that dies costs the pieces it was working on, which others do again. See `docs/scale.md`.

    Examples
    --------
    >>> import tempfile, pathlib, geopandas, shapely
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for number in range(2):
    ...     box = shapely.box(127.2, 37.14 - number, 127.21, 37.15 - number)
    ...     geopandas.GeoDataFrame(geometry=[box], crs="EPSG:4326").to_parquet(folder / f"{number}.parquet")
    >>> done = tag_files(folder, folder / "tagged")
    >>> done.rows, done.written
    (2, 2)
    >>> geopandas.read_parquet(done.path)[["site_id", "province"]].values.tolist()
    [['1', '경기도'], ['2', '충청남도']]
    """
    read = Options(crs, layer, encoding, swap_xy)
    batches = opened(files_of(sources), read)
    for line in dict.fromkeys(line for one in batches for line in one.report):
        files = [shown(one.path) for one in batches if line in one.report]
        warn(f"{files[0]}{f' and {len(files) - 1} more' if len(files) > 1 else ''}: {line}.")
    tagger = Tagger(zones, as_of=as_of)
    Worker(batches[0], tagger, repair=repair)  # refuses columns that do not fit; all files have the same
    types = common_types(batches)
    options = {
        "version": software_version(),
        "zones": of_layers(tagger.layers),
        "as_of": as_of,
        "crs": batches[0].crs.to_wkt(),
        "layer": layer,
        "encoding": encoding,
        "swap_xy": swap_xy,
        "repair": repair,
        "types": {name: str(kind) for name, kind in types.items()},
    }
    numbered = SITE_ID not in batches[0].schema.names
    parts = planned(batches, piece_rows=piece_rows, options=options, numbered=numbered)
    folder = Folder(target, parts)
    missing = folder.missing
    if not folder.complete:
        try:
            with termination_raised(), _connected(client) as chosen:
                folder.begin()
                if missing:
                    total, rests_on = sum(part.rows for part in parts), provenance(tagger)
                    sample = first_rows(batches[0])
                    job = Job(tagger, batches[0], sample, types, total, read, repair, rests_on)
                    _work(chosen, job, folder, progress=progress)
                if not numbered:
                    _compare_ids(chosen, folder)
                folder.finish()
        finally:
            # After the workers of this run's own cluster have ended: they would write on.
            folder.sweep()
    return _ended(tagger, folder, len(missing))


@contextlib.contextmanager
def client_of(scheduler: str) -> Iterator[Any]:
    """Yield a client of the scheduler at an address, such as `tcp://10.0.0.1:8786`.

    Raises
    ------
    InputError
        It is no address, or no scheduler answers there.
    """
    try:
        # A client that fails to connect complains once more when it is collected; so the door is tried first.
        place = distributed.comm.get_address_host_port(scheduler)
        socket.create_connection(place, timeout=_KNOCK_S).close()
        client = distributed.Client(scheduler, timeout=_PATIENCE_S)
    except (OSError, ValueError) as error:
        msg = (
            f"No scheduler at {scheduler!r}: {error}. Start one with `dask scheduler`, and give the address it prints."
        )
        raise InputError(msg) from error
    with client:
        yield client


@contextlib.contextmanager
def _connected(given: Any) -> Iterator[Any]:
    """Yield the client that is meant, with a worker or more."""
    with contextlib.ExitStack() as stack:
        client = given
        if client is None:
            try:
                client = distributed.Client.current()
            except ValueError:
                # As many processes as processors: beside the kernels much of the work holds the interpreter's lock.
                cluster = distributed.LocalCluster(
                    n_workers=processors(), threads_per_worker=1, host=_HERE, dashboard_address=f"{_HERE}:0"
                )
                client = stack.enter_context(distributed.Client(stack.enter_context(cluster)))
        if getattr(client, "asynchronous", False):
            msg = "The client is asynchronous; tag_files waits for its workers. Give a Client(..., asynchronous=False)."
            raise InputError(msg)
        try:
            client.wait_for_workers(1, timeout=_PATIENCE_S)
        except TimeoutError as error:
            address = client.scheduler.address
            msg = f"No worker came to the scheduler {address} in {_PATIENCE_S} s. Start some: dask worker {address}."
            raise InputError(msg) from error
        yield client


def _work(client: Any, job: Job, folder: Folder, *, progress: bool | None) -> None:
    """Have the missing parts written.

    Raises
    ------
    InputError
        Pieces were refused; all others are there.
    """
    shipped = ship(job, folder.unfinished)
    waiting: dict[Any, Part] = {}
    finished: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def begin(part: Part) -> None:
        key = f"clustergeo-{part.name}-{uuid.uuid4().hex}"
        future = client.submit(write_part, part, shipped, key=key, retries=_RETRIES, pure=False)
        waiting[future] = part
        future.add_done_callback(finished.put)

    tries, faults, noted = Counter[Part](), list[str](), time.monotonic()
    total = sum(part.rows for part in folder.parts)
    try:
        # Workers may be threads of this process; see `overlap.threads.pool`.
        with warnings.catch_warnings(), told(total, unit="sites", shown=progress) as done:
            done(sum(entry["rows"] for entry in folder.told()))
            for part in folder.missing:
                begin(part)
            while waiting:
                future = _next(finished, client)
                part = waiting.pop(future)
                outcome = _outcome(future)
                if outcome is None and tries[part] < _AGAIN:
                    tries[part] += 1
                    begin(part)
                    continue
                if outcome is None:
                    faults.append(_died(part))
                elif outcome.fault is not None:
                    faults.append(outcome.fault)
                else:
                    folder.reveal(part, outcome)
                    if time.monotonic() - noted > _NOTED_S:
                        folder.note()
                        noted = time.monotonic()
                done(part.rows)
    finally:
        client.cancel(list(waiting))
        folder.note()
    # The workers of a cluster that lives on shall not keep the zones.
    client.run(forget, on_error="ignore")
    if faults:
        more = [f"and {len(faults) - schema.SHOWN} more pieces"] if len(faults) > schema.SHOWN else []
        kept = f"The {len(folder.told())} parts that are whole stay in {shown(folder.path)}: the next run keeps them."
        raise InputError("\n".join([*faults[: schema.SHOWN], *more, kept]))


def _next(finished: queue.SimpleQueue[Any], client: Any) -> Any:
    """Return the next future that is done; give up where there has been nobody to do one for long."""
    seen = time.monotonic()
    while True:
        with contextlib.suppress(queue.Empty):
            return finished.get(timeout=_LOOK_S)
        try:
            workers = client.nthreads()
        except OSError as error:
            raise ClusterGeoError(_LOST) from error
        if workers:
            seen = time.monotonic()
        elif time.monotonic() - seen > _ALONE_S:
            msg = f"There has been no worker for {_ALONE_S} s. Parts that are whole stay: start workers and run again."
            raise ClusterGeoError(msg)


def _outcome(future: Any) -> Outcome | None:
    """Return what became of a piece; None where the workers that took it died, or the one that could tell."""
    try:
        outcome: Outcome = future.result(timeout=_PATIENCE_S)
    except (distributed.KilledWorker, TimeoutError):
        return None
    except distributed.CancelledError as error:
        raise ClusterGeoError(_LOST) from error
    return outcome


def _died(part: Part) -> str:
    return (
        f"{shown(part.source)}, {part.rows:,} rows from row {part.first}: every worker that took them died, most "
        "likely for want of memory. Give each worker more, or take smaller pieces: piece_rows=250000."
    )


def _compare_ids(client: Any, folder: Folder) -> None:
    """Refuse ids that stand more than once, in whichever parts.

    Raises
    ------
    InputError
        With the first ones and their files.
    """
    paths = [folder.path / part.name for part in folder.parts]
    keys, found = _ids.Keys(), _gathered(client, keys_of, paths)
    while found:
        keys.add(found.pop())
    doubtful = keys.repeated()
    if not len(doubtful):
        return
    refusal = named_alike(folder.parts, _gathered(client, functools.partial(counts_of, doubtful=doubtful), paths))
    if refusal is not None:
        raise InputError(refusal)


def _gathered(client: Any, work: Callable[[Path], Any], paths: Sequence[Path]) -> list[Any]:
    """Return what a function says of each path."""
    return list(client.gather(client.map(work, paths, pure=False, retries=_RETRIES)))


def _ended(tagger: Tagger, folder: Folder, written: int) -> Parallel:
    """Say once what the answers could not take into account, and what was done."""
    parts = folder.told()
    repaired = sum(part["repaired"] for part in parts)
    if repaired:
        warn(f"{repaired} invalid geometries were repaired, as asked.")
    rows = sum(part["rows"] for part in parts)
    warn_unplaced(sum(part.get("unplaced", 0) for part in parts), rows, "the files")
    silent = {name: sum(part["silent"][name] for part in parts) for name in tagger.names}
    named = [text for part in parts for text in part["named"]]
    tagger.warn(silent, named[: schema.SHOWN], sum(part["refuted"] for part in parts))
    return Parallel(folder.path, rows, written, len(folder.parts) - written, repaired)
