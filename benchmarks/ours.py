"""Our own job, and the floor under every job: reading and writing alone."""

from __future__ import annotations

import pickle
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow.parquet as pq

from benchmarks import answers, geoparquet
from benchmarks.forms import Form
from benchmarks.peers import UnavailableError

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from benchmarks.loads import Load

_BATCH = 65_536


class _Indexes(NamedTuple):
    """The index of zones, and that of municipalities by their codes."""

    zones: Any
    municipalities: Any


def prepare(load: Load) -> None:
    """Pickle the indexes of a load, as an expert cuts zones into pieces for the peers: in nobody's time."""
    made = _built(load, Form.DISSOLVED)
    for index in made:
        index.prepare()
    load.index_file.write_bytes(pickle.dumps(tuple(made), protocol=5))


def _built(load: Load, form: Form) -> _Indexes:
    """Return the indexes of zones in a form."""
    from clustergeo import overlap  # noqa: PLC0415

    if form is Form.INDEXED:
        with load.index_file.open("rb") as file:
            return _Indexes(*pickle.load(file))  # noqa: S301 - written by ourselves
    codes, units = geoparquet.read(load.municipality_file(form), "code")
    _, zones = geoparquet.read(load.zone_file(form), "zone")
    before = form is Form.DISSOLVED
    return _Indexes(
        overlap.ZoneIndex(zones, checked=before, dissolved=before),
        overlap.ZoneIndex(units, labels=codes, checked=before, dissolved=before),
    )


def clustergeo(load: Load, answer: Path, *, form: Form) -> dict[str, float]:
    """Ask `clustergeo.overlap.ZoneIndex` batch by batch, given WKB straight from the file; returns seconds by stage.

    As given, the index checks that the zones are valid and dissolves them. Zones dissolved before are known to be valid
    and to overlap nowhere. Indexed before, the prepared index is read from a file. Sites are always checked.
    """
    from clustergeo import overlap  # noqa: PLC0415

    if not hasattr(overlap, "ZoneIndex"):
        msg = "clustergeo.overlap has no ZoneIndex yet"
        raise UnavailableError(msg)
    clock = [time.perf_counter()]
    zones, municipalities = _built(load, form)
    clock.append(time.perf_counter())

    def asked(batch: pa.RecordBatch) -> tuple[Any, ...]:
        sites = overlap.Polygons.from_wkb(batch.column("geometry"), threads=1)
        share = zones.shares(sites, threads=1)
        most = municipalities.largest(sites, threads=1, checked=True)
        code = most["label"].fillna(answers.NOWHERE).to_numpy(dtype=np.int64)
        return batch.column("site_id").to_numpy(), share, code, most["share"].to_numpy()

    file = pq.ParquetFile(load.site_file)
    with ThreadPoolExecutor(overlap.processors()) as pool:
        found = list(pool.map(asked, file.iter_batches(_BATCH, columns=["site_id", "geometry"])))
    clock.append(time.perf_counter())
    answers.write(answer, *(np.concatenate(column) for column in zip(*found, strict=True)))
    clock.append(time.perf_counter())
    return dict(zip(("preparing", "reading and asking", "writing"), np.diff(clock).tolist(), strict=True))


def floor(load: Load, answer: Path, *, form: Form) -> dict[str, float]:
    """Read every file and write an answer of the right size and no meaning."""
    codes, _ = geoparquet.read(load.municipality_file(form), "code")
    geoparquet.read(load.zone_file(form), "zone")
    site_id, _ = geoparquet.read(load.site_file, "site_id")
    # Numbers that do not compress better than real ones: most shares are 0 or 1, one in twenty is in between.
    rng = np.random.default_rng(0)
    share = np.where(site_id % 20 == 0, rng.random(len(site_id)), site_id % 3 == 0)
    answers.write(answer, site_id, share, rng.choice(codes, len(site_id)), share)
    return {}
