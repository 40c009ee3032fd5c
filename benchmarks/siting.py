"""Exclusions over a file and stability of many sites, beside atlite on the same question with its error at 100 m."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from benchmarks import machine
from benchmarks.child import peak_mb
from benchmarks.geoparquet import CRS, write
from benchmarks.shapes import Extent, blobs
from benchmarks.sites import anywhere, parcels
from benchmarks.zones import many_vertices

if TYPE_CHECKING:
    import geopandas as gpd

LAYERS, ROUGH, CELL_M = 10, 2, 100.0
CRITERIA, TOP = 6, 100
# How much of what it meets each layer takes in a second run.
WEIGHT = 0.5
# A raster peer is asked about one site at a time; so many tell its seconds a site and its error.
SAMPLE = 2_000
_EXTENT = Extent(900_000.0, 1_500_000.0, 300_000.0, 450_000.0)
_BATCH = 100_000
_HERE = Path(__file__).resolve().parent


def table(folder: Path, *, sites: int, vertices: int, ranked: int, draws: int, seed: int, atlite: str) -> str:
    """Return the measurements as a Markdown table; each run is a process of its own.

    Parameters
    ----------
    folder
        Where the load is kept.
    sites, vertices
        How many parcels, and how many vertices each of the two rough layers has.
    ranked, draws
        How many sites are ranked, and how often weights are drawn.
    seed
        Of the load.
    atlite
        The Python that has atlite; it may be another than this one.
    """
    busy = machine.busy()
    load = prepared(folder, sites, vertices, seed)
    ours, weighted = _child("exclude", load), _child("exclude", load, WEIGHT)
    drawn = _child("draw", str(ranked), str(draws), str(seed))
    about = json.loads((load / "about.json").read_text(encoding="utf-8"))
    counts = ", ".join(f"{count:,}" for count in about["vertices"])
    head = (
        f"{sites:,} parcels, {LAYERS} exclusion layers of {counts} vertices; {machine.described()}; load average "
        f"before the run {busy}; one run each."
    )
    tool = f"clustergeo {metadata.version('clustergeo')}"
    excluded, lighter = (
        f"| {what} | {tool} | {run['seconds']:.1f} | {run['cpu']:.1f} | {run['peak_mb']:,.0f} | "
        f"{_off(run['off'])} on {run['checked']} by shapely |"
        for what, run in (
            (f"{sites:,} parcels, file to file, with reasons", ours),
            (f"the same, every layer of weight {WEIGHT:g}", weighted),
        )
    )
    stable = (
        f"| {draws:,} draws x {ranked:,} sites, the first {TOP} | clustergeo | {drawn['seconds']:.1f} | "
        f"{drawn['cpu']:.1f} | {drawn['peak_mb']:,.0f} | |"
    )
    lines = [
        head,
        "",
        "| what | tool | seconds | of a processor | peak MB | off the exact eligible share: mean, largest |",
        "|---|---|---:|---:|---:|---|",
        excluded,
        lighter,
        _peer(load, sites, atlite),
        stable,
    ]
    return "\n".join(lines) + "\n"


def prepared(folder: Path, sites: int, vertices: int, seed: int) -> Path:
    """Return the folder of the load, made if it is not there: parcels and layers in one projected CRS."""
    import geopandas as gpd  # noqa: PLC0415

    load = folder / f"siting-{sites}-{vertices}-{seed}"
    if (load / "about.json").exists():
        return load
    load.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    sizes = []
    for number in range(LAYERS):
        if number < ROUGH:
            shapes = many_vertices(_EXTENT, vertices // 8, rng)
            # Zones of one layer that overlap: half of them stay, so that the two layers do not cover everything.
            shapes = shapes[number::2]
        else:
            shapes = blobs(_EXTENT, 0.05 + 0.02 * number, 400, rng, cell=300.0)
        sizes.append(int(shapely.get_num_coordinates(shapes).sum()))
        gpd.GeoDataFrame(geometry=shapes, crs=CRS).to_parquet(load / f"layer-{number}.parquet")

    def batches() -> Any:
        for first in range(0, sites, _BATCH):
            count = min(_BATCH, sites - first)
            shapes = parcels(anywhere(_EXTENT, count, rng, towns_seed=seed), rng)
            yield {"number": np.arange(first, first + count)}, shapes

    write(load / "sites.parquet", batches())
    (load / "about.json").write_text(json.dumps({"vertices": sizes}), encoding="utf-8")
    return load


def exclude(load: Path, weight: float) -> None:
    """Exclude the parcels of a load in this process, check a sample by plain shapely, and print the outcome.

    The sample of the run in which each layer takes all that it meets is kept for the peer.
    """
    import geopandas as gpd  # noqa: PLC0415

    import clustergeo as cg  # noqa: PLC0415

    began = time.perf_counter()
    rules = cg.Exclusions()
    for number in range(LAYERS):
        frame = gpd.read_parquet(load / f"layer-{number}.parquet")
        rules = rules.add(f"layer_{number}", frame, max_share=0.1, coverage="everywhere", weight=weight)
    out = load / f"out-{weight:g}.parquet"
    done = rules.apply_file(load / "sites.parquet", out, progress=False)
    seconds, processor = time.perf_counter() - began, time.process_time()
    peak = peak_mb()
    columns = ["excluded_share", "geometry"]
    some = _sample(gpd.read_parquet(out, columns=columns))
    few = some.iloc[:: max(1, len(some) // 200)]
    off = np.abs(_exact(load, few, weight) - few["excluded_share"].to_numpy())
    if weight == 1:
        some.to_parquet(load / "sample.parquet")
    outcome = {
        "seconds": seconds,
        "cpu": processor,
        "peak_mb": peak,
        "off": [off.mean(), off.max()],
        "checked": len(few),
    }
    sys.stdout.write(json.dumps(outcome | {"rows": done.rows}) + "\n")


def draw(ranked: int, draws: int, seed: int) -> None:
    """Draw weights for sites in this process and print the outcome."""
    import geopandas as gpd  # noqa: PLC0415

    import clustergeo as cg  # noqa: PLC0415

    made = np.random.default_rng(seed).random((ranked, CRITERIA))
    names = [f"c{number}" for number in range(CRITERIA)]
    spots = gpd.points_from_xy(np.full(ranked, 127.0), np.full(ranked, 37.0))
    frame = gpd.GeoDataFrame(dict(zip(names, made.T, strict=True)), geometry=spots, crs="EPSG:4326")
    criteria = cg.Criteria()
    for name in names:
        criteria = criteria.attribute(name, value=cg.Value.linear(worst=0, best=1))
    measured = criteria.measure(frame)
    ranking = cg.Ranking(criteria, weights=dict.fromkeys(names, 1))
    began = time.perf_counter()
    before = time.process_time()
    ranking.stability(measured, draws=draws, top=TOP, seed=seed)
    seconds, processor = time.perf_counter() - began, time.process_time() - before
    sys.stdout.write(json.dumps({"seconds": seconds, "cpu": processor, "peak_mb": peak_mb()}) + "\n")


def _sample(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return sites that are met in part where there are enough, in the order of the file."""
    partly = frame[(frame["excluded_share"] > 0) & (frame["excluded_share"] < 1)]
    chosen = partly if len(partly) >= SAMPLE // 2 else frame
    return chosen.iloc[:: max(1, len(chosen) // SAMPLE)]


def _exact(load: Path, sites: gpd.GeoDataFrame, weight: float) -> Any:
    """Return the excluded share of sites by plain set operations of shapely: parts, and how much of each is left."""
    import geopandas as gpd  # noqa: PLC0415

    shapes = np.asarray(sites.geometry.values, dtype=object)
    parts = [[(shape, 1.0)] for shape in shapes]
    for number in range(LAYERS):
        zones = np.asarray(gpd.read_parquet(load / f"layer-{number}.parquet").geometry.values, dtype=object)
        clips: dict[int, list[Any]] = {}
        for row, column in zip(*shapely.STRtree(zones).query(shapes), strict=True):
            # Only what lies near the site: a zone has hundreds of thousands of vertices.
            near = shapely.make_valid(shapely.clip_by_rect(zones[column], *shapely.buffer(shapes[row], 5.0).bounds))
            clips.setdefault(int(row), []).append(_areal(shapely.intersection(near, shapes[row])))
        for row, held in clips.items():
            ground = shapely.union_all(held)
            inside = [(_areal(shapely.intersection(part, ground)), left * (1 - weight)) for part, left in parts[row]]
            outside = [(_areal(shapely.difference(part, ground)), left) for part, left in parts[row]]
            parts[row] = [(part, left) for part, left in inside + outside if not part.is_empty]
    left = [sum(part.area * left for part, left in some) for some in parts]
    return 1 - np.array(left) / shapely.area(shapes)


def _areal(shape: Any) -> Any:
    """Return the polygons of a shape as one."""
    parts = shapely.get_parts(shapely.get_parts(shape))
    return shapely.union_all(parts[shapely.get_dimensions(parts) == 2])  # noqa: PLR2004


def _peer(load: Path, sites: int, python: str) -> str:
    """Return the row of atlite: its seconds for a sample, what that makes for all, and its error."""
    what = f"| the eligible share of each parcel, {CELL_M:.0f} m cells"
    script = str(_HERE / "siting_atlite.py")
    command = [python, script, str(load), str(LAYERS), str(CELL_M)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError as error:
        return f"{what} | atlite | not run: {error} | | | |"
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        return f"{what} | atlite | not run: {last[:120]} | | | |"
    found = json.loads(done.stdout.splitlines()[-1])
    whole = found["seconds"] / found["sites"] * sites
    return (
        f"{what} | atlite {found['version']} | {found['seconds']:.1f} for {found['sites']:,}, so {whole:,.0f} for all "
        f"| {found['cpu']:.1f} | {found['peak_mb']:,.0f} | {_off(found['off'])} |"
    )


def _off(pair: list[float]) -> str:
    """Return a mean and a largest difference in words."""
    return ", ".join(f"{one:.2g}" for one in pair)


def _child(*words: Any) -> dict[str, Any]:
    """Return the outcome of a job of this module in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.siting", *map(str, words)]
    done = subprocess.run(command, cwd=_HERE.parent, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        msg = f"{' '.join(map(str, words))} failed: {done.stderr[-500:]}"
        raise RuntimeError(msg)
    outcome: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return outcome


if __name__ == "__main__":
    if sys.argv[1] == "exclude":
        exclude(Path(sys.argv[2]), float(sys.argv[3]) if len(sys.argv) > 3 else 1.0)  # noqa: PLR2004
    else:
        draw(*map(int, sys.argv[2:5]))
