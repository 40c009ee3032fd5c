"""`tag_file` as its users run it, and the floor under it: the same rows read and written by the same code."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from benchmarks.forms import Form
    from benchmarks.loads import Load


def tag_file(load: Load, answer: Path, *, form: Form) -> dict[str, float]:
    """Tag the sites of a load: regions, capital region, distance, and the zones."""
    import clustergeo as cg  # noqa: PLC0415

    zones = cg.read_layer(load.zone_file(form), name="rdz", coverage="everywhere", as_of="2025-01-01")
    cg.tag_file(load.site_file, answer, zones={"rdz": zones}, progress=False)
    return {}


def copy_file(load: Load, answer: Path, *, form: Form) -> dict[str, float]:
    """Read every batch, parse its geometry for the boxes, and write it with as many columns as the tags have.

    The columns are the tags of the first batch, over and over: they compress as tags do.
    """
    import pyproj  # noqa: PLC0415

    from clustergeo import _batch, _writers, overlap, tags  # noqa: PLC0415
    from clustergeo.reading import batches  # noqa: PLC0415
    from clustergeo.streaming import BATCH  # noqa: PLC0415

    del form
    file = batches.open_batches(load.site_file, size=BATCH)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        first = next(iter(file)).slice(0, 1_000)
        sites = overlap.Polygons.from_wkb(first.column(file.geometry))
        added = tags.Tagger().added(pd.DataFrame(), sites, pyproj.CRS(file.crs)).columns
    given = {name: _batch.as_arrow(added[name]) for name in added.columns}
    with _writers.writing(answer, crs=file.crs, geometry=file.geometry) as writer:
        for batch in file:
            column = batch.column(file.geometry)
            bounds = overlap.Polygons.from_wkb(column).bounds()
            columns = {name: batch.column(name) for name in batch.schema.names if name != file.geometry}
            columns |= {name: _repeated(values, len(batch)) for name, values in given.items()}
            columns[file.geometry] = column
            writer.write(_as_batch(columns), bounds)
    return {}


def _repeated(values: pa.Array, count: int) -> pa.Array:
    """Return the values over and over, `count` of them."""
    import pyarrow as pa  # noqa: PLC0415

    return values.take(pa.array(np.resize(np.arange(len(values)), count)))


def _as_batch(columns: dict[str, pa.Array]) -> pa.RecordBatch:
    """Return columns as a record batch."""
    import pyarrow as pa  # noqa: PLC0415

    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
