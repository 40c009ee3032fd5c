"""Do the answers agree: with plain shapely on a sample, and with one another on every site."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq
import shapely

from benchmarks import answers, geoparquet
from benchmarks.forms import Form
from benchmarks.splitting import dissolved

if TYPE_CHECKING:
    from benchmarks.answers import Floats, Longs
    from benchmarks.loads import Load
    from benchmarks.running import Entry
    from benchmarks.shapes import Shapes

TOLERANCE = 1e-9  # of the site's area
_CHUNK = 25


@dataclass(frozen=True)
class Truth:
    """What plain shapely says of a sample of sites."""

    rows: Longs
    shares: Floats
    codes: Longs
    code_shares: Floats


@dataclass(frozen=True)
class Verdict:
    """How far one answer is from another.

    `share_error` is the largest difference of a share, `excess` the same in units of what is allowed there, and
    `municipalities` the number of sites whose municipality differs without a tie.
    """

    share_error: float
    excess: float
    municipalities: int

    @property
    def agrees(self) -> bool:
        """Whether nothing differs by more than is allowed."""
        return self.excess <= 1 and self.municipalities == 0


def allowed(load: Load) -> Floats:
    """Return the difference allowed to each site: 1e-9, or the rounding of its coordinates if that is more.

    A share cannot be better than eps times coordinate times perimeter over area, which counts for slivers.
    """
    out = []
    for batch in pq.ParquetFile(load.site_file).iter_batches(geoparquet.ROW_GROUP, columns=["geometry"]):
        shapes = np.asarray(shapely.from_wkb(batch.column(0).to_numpy(zero_copy_only=False)), dtype=object)
        coordinate = np.abs(shapely.bounds(shapes)).max(axis=1)
        rounding = np.finfo(np.float64).eps * coordinate * shapely.length(shapes) / shapely.area(shapes)
        out.append(np.maximum(TOLERANCE, rounding))
    return np.concatenate(out)


def truth(load: Load, *, most: int, seconds: float) -> Truth:
    """Ask plain shapely, full geometry against full geometry, about a random sample of sites.

    Parameters
    ----------
    load
        The files.
    most
        Sites at most.
    seconds
        After which no more sites are asked about: against a zone of a million vertices each takes a while.
    """
    _, column = geoparquet.read(load.site_file, "site_id")
    rows = np.random.default_rng(load.seed).permutation(load.sites)[:most]
    sites = geoparquet.shapes_of(column.take(rows))
    _, zones = geoparquet.read(load.zone_file(Form.GIVEN), "zone")
    codes, units = geoparquet.read(load.municipality_file(Form.GIVEN), "code")
    zone_shapes, unit_shapes = dissolved(geoparquet.shapes_of(zones)), geoparquet.shapes_of(units)
    zone_tree, unit_tree = shapely.STRtree(zone_shapes), shapely.STRtree(unit_shapes)
    shares, labels, label_shares = np.zeros(len(rows)), np.full(len(rows), answers.NOWHERE), np.zeros(len(rows))
    began, done = time.perf_counter(), 0
    while done < len(rows) and (done == 0 or time.perf_counter() - began < seconds):
        part = sites[done : done + _CHUNK]
        whole = shapely.area(part)
        site, _, area = _pairs(part, zone_shapes, zone_tree)
        shares[done : done + len(part)] = np.bincount(site, area, len(part)) / whole
        for mine, other, size in zip(*_pairs(part, unit_shapes, unit_tree), strict=True):
            share = size / whole[mine]
            # Pairs come sorted by municipality, so of equal shares the lowest code stays.
            if share > label_shares[done + mine]:
                labels[done + mine], label_shares[done + mine] = codes[other], share
        done += len(part)
    return Truth(rows[:done], shares[:done], labels[:done], label_shares[:done])


def _pairs(sites: Shapes, zones: Shapes, tree: shapely.STRtree) -> tuple[Longs, Longs, Floats]:
    """Return site, zone and area of each pair that meets, sorted by site and zone.

    A site that a zone covers, by shapely's exact predicate, has its whole area in it; all others are intersected.
    """
    rows, columns = tree.query(sites)
    order = np.lexsort((columns, rows))
    rows, columns = rows[order], columns[order]
    shapely.prepare(zones[np.unique(columns)])
    meeting = shapely.intersects(zones[columns], sites[rows])
    rows, columns = rows[meeting], columns[meeting]
    areas = shapely.area(sites)[rows]
    crossing = ~shapely.covers(zones[columns], sites[rows])
    areas[crossing] = shapely.area(shapely.intersection(sites[rows[crossing]], zones[columns[crossing]]))
    return rows, columns, areas


def against_truth(entry: Entry, known: Truth, tolerance: Floats) -> Verdict:
    """Compare an answer with plain shapely."""
    shares, codes, code_shares = answers.read(entry.answer)
    mine = shares[known.rows], codes[known.rows], code_shares[known.rows]
    return _compared(mine, (known.shares, known.codes, known.code_shares), tolerance[known.rows])


def against(entry: Entry, other: Entry, tolerance: Floats) -> Verdict:
    """Compare two answers on every site."""
    return _compared(answers.read(entry.answer), answers.read(other.answer), tolerance)


def _compared(mine: tuple[Floats, Longs, Floats], other: tuple[Floats, Longs, Floats], tolerance: Floats) -> Verdict:
    """Compare shares, codes and code shares site by site."""
    error = np.maximum(np.abs(mine[0] - other[0]), np.abs(mine[2] - other[2]))
    # Two municipalities with equal shares are a tie; a share of nothing but rounding is a touch.
    close = np.abs(mine[2] - other[2]) <= tolerance
    half = 0.5
    tie = close & (np.maximum(mine[2], other[2]) <= half + tolerance)
    wrong = (mine[1] != other[1]) & ~tie
    return Verdict(
        float(np.nan_to_num(error, nan=np.inf).max(initial=0)),
        float(np.nan_to_num(error / tolerance, nan=np.inf).max(initial=0)),
        int(wrong.sum()),
    )
