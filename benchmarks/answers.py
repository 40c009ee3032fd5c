"""The answer every tool writes: one row a site, the same four columns from each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Longs = NDArray[np.int64]
    Floats = NDArray[np.float64]

NOWHERE = -1  # the code of no municipality


def write(path: Path, site_id: Longs, rdz: Floats, code: Longs, code_share: Floats) -> None:
    """Write the share in any zone, and the municipality of the largest overlap (null where none) with its share."""
    municipality = pa.array(code, pa.int64(), mask=np.asarray(code == NOWHERE))
    columns = {"site_id": site_id, "rdz_share": rdz, "municipality": municipality, "municipality_share": code_share}
    pq.write_table(pa.table(columns), path)


def read(path: Path) -> tuple[Floats, Longs, Floats]:
    """Return the shares, codes and code shares of an answer in the order of `site_id`."""
    table = pq.read_table(path)
    order = np.argsort(table["site_id"].to_numpy())
    code = table["municipality"].fill_null(NOWHERE).to_numpy()
    return table["rdz_share"].to_numpy()[order], code[order], table["municipality_share"].to_numpy()[order]


def write_pairs(
    path: Path, whole: Floats, zone_pairs: Sequence[NDArray[Any]], unit_pairs: Sequence[NDArray[Any]]
) -> None:
    """Write the answer of a tool that joins: it has a row for each pair of a site and a piece that meet.

    Summed here in numpy for every such tool, which is faster than their own grouping. Site ids are positions.

    Parameters
    ----------
    path
        The file to write.
    whole
        The area of each site.
    zone_pairs
        Site and area of each pair with a zone.
    unit_pairs
        Site, code and area of each pair with a municipality.
    """
    count = len(whole)
    rdz = np.bincount(zone_pairs[0], zone_pairs[1], count) / whole
    site, unit, sizes = unit_pairs
    many = int(unit.max(initial=0)) + 1
    pairs, inverse = np.unique(site * many + unit, return_inverse=True)
    area = np.bincount(inverse, sizes, len(pairs))
    pairs, area = pairs[area > 0], area[area > 0]
    site, unit = np.divmod(pairs, many)
    # Of equal areas the lowest code wins: it comes last in this order.
    order = np.lexsort((-unit, area, site))
    last = order[np.append(site[order][1:] != site[order][:-1], [True] * bool(len(order)))]
    code = np.full(count, NOWHERE, dtype=np.int64)
    share = np.zeros(count)
    code[site[last]] = unit[last]
    share[site[last]] = area[last] / whole[site[last]]
    write(path, np.arange(count), rdz, code, share)
