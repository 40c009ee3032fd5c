"""The sample of the siting benchmark by atlite; run by whatever Python has it, which need not have clustergeo."""

from __future__ import annotations

import json
import sys
import time
from importlib import metadata
from pathlib import Path


def main(folder: str, layers: str, cell: str) -> None:
    """Ask atlite for the eligible share of each site of the sample, and print seconds and its error."""
    import geopandas as gpd  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415
    from atlite.gis import ExclusionContainer, shape_availability  # noqa: PLC0415

    load, size = Path(folder), float(cell)
    sites = gpd.read_parquet(load / "sample.parquet")
    began = time.perf_counter()
    excluder = ExclusionContainer(crs=sites.crs, res=size)
    for number in range(int(layers)):
        excluder.add_geometry(gpd.read_parquet(load / f"layer-{number}.parquet").geometry)
    shares, done = [], 0
    for row in range(len(sites)):
        one = sites.geometry.iloc[[row]]
        masked, _ = shape_availability(one, excluder)
        shares.append(min(masked.sum() * size**2 / one.area.iloc[0], 1.0))
        done += 1
        # A peer this slow tells its seconds a site by fewer of them.
        if time.perf_counter() - began > 120.0:  # noqa: PLR2004
            break
    seconds = time.perf_counter() - began
    off = np.abs(np.array(shares) - (1 - sites["excluded_share"].to_numpy()[:done]))
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    outcome = {"seconds": seconds, "cpu": time.process_time(), "sites": done, "version": metadata.version("atlite")}
    outcome |= {"off": [float(off.mean()), float(off.max())], "peak_mb": int(peak.split()[1]) * 1024 / 1e6}
    sys.stdout.write(json.dumps(outcome) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:4])
