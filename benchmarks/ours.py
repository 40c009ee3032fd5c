"""Our own job, and the floor under every job: reading and writing alone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import answers, geoparquet
from benchmarks.forms import Form
from benchmarks.peers import UnavailableError

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.loads import Load


def clustergeo(load: Load, answer: Path, *, form: Form) -> dict[str, float]:
    """Ask `clustergeo.overlap.ZoneIndex`, given WKB straight from the file; returns the seconds of each stage.

    As given, the index checks that the zones are valid and dissolves them. Zones dissolved before are known to be
    valid and to overlap nowhere, as the pieces are that peers get.
    """
    from clustergeo import overlap  # noqa: PLC0415

    if not hasattr(overlap, "ZoneIndex"):
        msg = "clustergeo.overlap has no ZoneIndex yet"
        raise UnavailableError(msg)
    clock = [time.perf_counter()]
    codes, units = geoparquet.read(load.municipality_file(form), "code")
    _, zones = geoparquet.read(load.zone_file(form), "zone")
    site_id, column = geoparquet.read(load.site_file, "site_id")
    clock.append(time.perf_counter())
    before = form is Form.DISSOLVED
    # A label of its own for each zone says that there is nothing to dissolve.
    rdz = overlap.ZoneIndex(zones, labels=np.arange(len(zones)) if before else None, checked=before)
    municipalities = overlap.ZoneIndex(units, labels=codes, checked=before)
    clock.append(time.perf_counter())
    sites = overlap.Polygons.from_wkb(column)
    if before:
        found = rdz.areas(sites)
        share = np.bincount(found["row"], found["area"], len(sites)) / sites.areas()
    else:
        share = rdz.shares(sites)
    most = municipalities.largest(sites)
    clock.append(time.perf_counter())
    code = most["label"].fillna(answers.NOWHERE).to_numpy(dtype=np.int64)
    answers.write(answer, site_id, share, code, most["share"].to_numpy())
    clock.append(time.perf_counter())
    return dict(zip(("reading", "checking and dissolving", "asking", "writing"), np.diff(clock).tolist(), strict=True))


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
