"""How long `clustergeo.check` takes: `python -m benchmarks.problems`, from the top of the repository."""

from __future__ import annotations

import argparse
import resource
import sys
import time

import geopandas as gpd
import numpy as np
import shapely

import clustergeo as cg

_SIDE_M = 30.0
_EAST, _NORTH = 200_000.0, 500_000.0
_PLANE = "EPSG:5186"
_PAIRS = 1_000


def parcels(count: int, *, seed: int) -> tuple[gpd.GeoDataFrame, int]:
    """Return about so many four-cornered parcels that touch, each with a PNU, and how many pairs overlap.

    The corners of a grid are moved at random and shared by four parcels; some parcels are then pushed 1 m to the east
    into their neighbour.
    """
    side = int(np.ceil(np.sqrt(count)))
    random = np.random.default_rng(seed)
    x, y = np.meshgrid(np.arange(side + 1) * _SIDE_M, np.arange(side + 1) * _SIDE_M)
    corners = np.stack([x, y], axis=-1) + random.uniform(-8, 8, (side + 1, side + 1, 2)) + [_EAST, _NORTH]
    rings = np.stack([corners[:-1, :-1], corners[:-1, 1:], corners[1:, 1:], corners[1:, :-1]], axis=2).reshape(-1, 4, 2)
    # Every second parcel of every second row has only neighbours that stay where they are.
    row, column = np.divmod(np.arange(side * side), side)
    free = np.flatnonzero((row % 2 == 1) & (column % 2 == 1) & (column < side - 1) & (row < side - 1))
    pushed = random.choice(free, min(_PAIRS, len(free)), replace=False)
    rings[pushed, 1:3, 0] += 1.0
    numbers = np.arange(side * side)
    pnu = [
        f"41461256{number // 100_000_000 % 100:02d}1{number % 9_998 + 1:04d}{number // 9_998:04d}" for number in numbers
    ]
    return gpd.GeoDataFrame({"PNU": pnu}, geometry=shapely.polygons(rings), crs=_PLANE), len(pushed)


def main(arguments: list[str] | None = None) -> int:
    """Time one check; returns 1 if it does not find each pushed parcel."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parcels", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    frame, pushed = parcels(options.parcels, seed=options.seed)
    start = time.perf_counter()
    found = cg.check(frame)
    took = time.perf_counter() - start
    overlapping = set(found.loc[found["problem"].str.contains("overlaps"), "row"])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(
        f"check of {len(frame):,} parcels: {took:.1f} s, peak {peak:,.0f} MB; {pushed:,} parcels were pushed, "
        f"{len(overlapping):,} rows overlap a later one, {len(found):,} problems in all\n"
    )
    return 0 if len(overlapping) >= pushed and set(found["severity"]) <= {"warning"} else 1


if __name__ == "__main__":
    raise SystemExit(main())
