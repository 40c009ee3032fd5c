"""`read_layer` beside pyogrio's own reading by Arrow, and `check`: seconds and peak memory for the same file."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

from benchmarks import machine
from benchmarks.child import peak_mb
from benchmarks.shapes import Extent
from benchmarks.sites import anywhere, parcels

FORMATS = ("gpkg", "fgb", "shp")
OURS, THEIRS, CHECK = "read_layer", "pyogrio.read_dataframe(use_arrow=True)", "check"
_LAND = Extent(900_000.0, 1_500_000.0, 300_000.0, 450_000.0)


def table(count: int, *, repeat: int, seed: int) -> str:
    """Return the measurements as a Markdown table; runs alternate, each in a process of its own, cells are medians."""
    busy = machine.busy()
    lines = [
        f"{count:,} polygons; {machine.described()}; load average before the run {busy}; runs: {repeat}.",
        "",
        "| format | reader | seconds | ratio | peak MB |",
        "|---|---|---:|---:|---:|",
    ]
    with tempfile.TemporaryDirectory(prefix="clustergeo-reading-") as folder:
        for ending in FORMATS:
            file = Path(folder, f"parcels.{ending}")
            _job("write", file, count, seed)
            tools = (THEIRS, OURS, CHECK) if ending == FORMATS[0] else (THEIRS, OURS)
            runs: dict[str, list[dict[str, float]]] = {tool: [] for tool in tools}
            for _ in range(repeat):
                for tool, done in runs.items():
                    done.append(_run(tool, file))
            floor = statistics.median(run["seconds"] for run in runs[THEIRS])
            for tool, done in runs.items():
                seconds = statistics.median(run["seconds"] for run in done)
                peak = statistics.median(run["peak_mb"] for run in done)
                lines.append(f"| {ending} | {tool} | {seconds:.2f} | {seconds / floor:.2f} | {peak:,.0f} |")
    return "\n".join(lines) + "\n"


def _run(tool: str, file: Path) -> dict[str, float]:
    """Return what one run took, in a process of its own."""
    root = Path(__file__).resolve().parent.parent
    command = [sys.executable, "-m", "benchmarks.reading", tool, str(file)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)  # noqa: S603
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _job(tool: str, file: Path, count: int = 0, seed: int = 0) -> dict[str, float]:
    """Write the file, or read it once, and return the seconds and the peak of memory."""
    import numpy as np  # noqa: PLC0415
    import pyogrio  # noqa: PLC0415

    if tool == "write":
        import geopandas as gpd  # noqa: PLC0415

        rng = np.random.default_rng(seed)
        shapes = parcels(anywhere(_LAND, count, rng, towns_seed=seed), rng)
        columns = {"PNU": [f"{4146110000100000000 + at}" for at in range(count)], "JIBUN": ["산 12-3 임"] * count}
        gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:5179").to_file(file)
        return {}
    import clustergeo as cg  # noqa: PLC0415

    cg.load_capital_region()  # what every run of a program reads once
    cg.read_layer  # noqa: B018 - imported before the clock runs
    began = time.perf_counter()
    if tool == OURS:
        cg.read_layer(file, name="parcels")
    elif tool == CHECK:
        cg.check(file)
    else:
        pyogrio.read_dataframe(file, use_arrow=True)
    return {"seconds": time.perf_counter() - began, "peak_mb": peak_mb()}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.stdout.write(json.dumps(_job(sys.argv[1], Path(sys.argv[2]))) + "\n")
