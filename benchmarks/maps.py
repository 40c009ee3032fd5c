"""The page of `explore` beside that of geopandas: seconds, megabytes of the file, memory, seconds until it answers."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import machine
from benchmarks.child import peak_mb
from benchmarks.shapes import Extent
from benchmarks.sites import anywhere, parcels

if TYPE_CHECKING:
    import geopandas as gpd

SIZES = (15, 1_900, 20_000, 50_000, 1_000_000)
OURS, THEIRS = "clustergeo", "geopandas"
# Beyond this geopandas writes a page of hundreds of megabytes that no browser opens.
_THEIR_MOST = 50_000
_SHIPPED = 15
_LAND = Extent(900_000.0, 1_500_000.0, 300_000.0, 450_000.0)
_FLAGS = ["--headless", "--no-sandbox", "--disable-gpu"]


def table(sizes: list[int], *, repeat: int, seed: int) -> str:
    """Return the measurements as a Markdown table; each run is a process of its own, the cells are medians."""
    busy = machine.busy()
    lines = [
        f"Tagged sites, one page each; {machine.described()}; load average before the run {busy}; runs: {repeat}.",
        "",
        "| sites | page | seconds to make and write it | MB | peak MB | seconds until it answers |",
        "|---:|---|---:|---:|---:|---:|",
    ]
    for count in sizes:
        for tool in (OURS, THEIRS):
            if tool == THEIRS and count > _THEIR_MOST:
                lines.append(f"| {count:,} | {tool} | not run: no browser opens such a page | | | |")
                continue
            runs = [_run(tool, count, seed) for _ in range(repeat)]
            middle = {key: statistics.median(run[key] for run in runs) for key in ("seconds", "mb", "peak_mb")}
            opened = [run["opens"] for run in runs if run["opens"] is not None]
            opens = f"{statistics.median(opened):.1f}" if opened else ""
            cells = [f"{middle['seconds']:.1f}", f"{middle['mb']:.2f}", f"{middle['peak_mb']:,.0f}", opens]
            lines.append(f"| {count:,} | {tool} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def frame(count: int, seed: int) -> gpd.GeoDataFrame:
    """Return tagged sites: the shipped ones for 15, else parcels of 4 to 12 corners across the country."""
    import geopandas as gpd  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    import clustergeo as cg  # noqa: PLC0415

    if count == _SHIPPED:
        return cg.tag(cg.load_sites())
    rng = np.random.default_rng(seed)
    shapes = parcels(anywhere(_LAND, count, rng, towns_seed=seed), rng)
    sectors = np.array(["semiconductor", "bio", "hydrogen", "rail"])[rng.integers(0, 4, count)]
    columns = {"site_id": [f"p{at}" for at in range(count)], "name_en": [f"Parcel {at}" for at in range(count)]}
    sites = gpd.GeoDataFrame(columns | {"area_km2": rng.uniform(0, 0.05, count)}, geometry=shapes, crs="EPSG:5179")
    return cg.tag(sites).assign(sectors=sectors)


def _run(tool: str, count: int, seed: int) -> dict[str, float | None]:
    """Return what one run took, in a process of its own."""
    root = Path(__file__).resolve().parent.parent
    with tempfile.TemporaryDirectory(prefix="clustergeo-map-") as folder:
        page = Path(folder, "map.html")
        command = [sys.executable, "-m", "benchmarks.maps", tool, str(count), str(seed), str(page)]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)  # noqa: S603
        found: dict[str, float | None] = json.loads(done.stdout.splitlines()[-1])
        # The page of geopandas links to scripts, so without a network it shows nothing.
        found["opens"] = _opens(page) if tool == OURS else None
    return found


def _job(tool: str, count: int, seed: int, page: Path) -> dict[str, float]:
    """Make one page, after one of a few sites that warms everything up, and return seconds, size and peak."""
    import clustergeo as cg  # noqa: PLC0415

    sites = frame(count, seed)
    plain = sites.drop(columns=[name for name in ("within",) if name in sites.columns])

    def make(given: gpd.GeoDataFrame, shown: gpd.GeoDataFrame) -> None:
        if tool == OURS:
            cg.save_map(cg.explore(given), page)
        else:
            shown.explore().save(str(page))

    make(sites.iloc[:3], plain.iloc[:3])
    began = time.perf_counter()
    make(sites, plain)
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "mb": page.stat().st_size / 1e6, "peak_mb": peak_mb()}


def _opens(page: Path) -> float | None:
    """Return the seconds until a browser has drawn a page and answers; None where there is no browser."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415
    except ImportError:
        return None
    if browser is None:
        return None
    with sync_playwright() as player:
        chromium = player.chromium.launch(executable_path=browser, args=_FLAGS)
        try:
            opened = chromium.new_context(offline=True).new_page()
            began = time.perf_counter()
            opened.goto(page.as_uri())
            opened.locator(".cg-ready").wait_for(state="attached")
            opened.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)))")
            return time.perf_counter() - began
        finally:
            chromium.close()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.stdout.write(json.dumps(_job(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))) + "\n")
