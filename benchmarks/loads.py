"""The loads: seeded, of any size, kept in a folder so that every tool reads the same files."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from benchmarks import geoparquet, sites, zones
from benchmarks.coverage import municipalities
from benchmarks.forms import Form
from benchmarks.shapes import Extent
from benchmarks.splitting import dissolved, pieces

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from benchmarks.shapes import Shapes

KINDS = {
    "plain": "parcels anywhere, zones as rough as real ones",
    "borders": "every parcel on the border of a zone",
    "vertices": "eight zones of more than a million vertices each at full size",
    "slivers": "rivers 3 to 60 m wide and strips along their banks",
}
VERSION = 2  # of the generator: another one makes other files
FULL = 1_000_000  # sites of the full size; fewer sites get a smaller country, more sites get a denser one
_SMALLEST = 0.02  # of the full country
_BATCH = 250_000
_WIDTH, _HEIGHT = 300_000.0, 450_000.0
_MUNICIPALITIES, _ZONES, _VERTICES = 250, 400, 1_000_000


@dataclass(frozen=True)
class Load:
    """The files of one load and what is in them."""

    folder: Path
    kind: str
    sites: int
    seed: int

    @property
    def site_file(self) -> Path:
        """Sites: `site_id` and a polygon."""
        return self.folder / "sites.parquet"

    def zone_file(self, form: Form) -> Path:
        """Zones as given (they overlap), dissolved, or dissolved and cut into pieces."""
        return self.folder / f"zones-{Form.PIECES if form.cut else form}.parquet"

    @property
    def index_file(self) -> Path:
        """Our own prepared indexes of zones and municipalities, pickled: what the pieces are to the peers."""
        return self.folder / "indexes.pickle"

    def municipality_file(self, form: Form) -> Path:
        """Municipalities with a `code`, whole or cut into pieces."""
        return self.folder / f"municipalities-{Form.PIECES if form.cut else Form.GIVEN}.parquet"

    @property
    def about(self) -> dict[str, float]:
        """Counts of what was made and the seconds it took, from the folder's manifest."""
        found: dict[str, float] = json.loads((self.folder / "load.json").read_text(encoding="utf-8"))
        return found


def prepared(cache: Path, kind: str, count: int, *, seed: int = 1) -> Load:
    """Return a load, made now unless the cache has it."""
    load = Load(cache / f"v{VERSION}-{kind}-{count}-{seed}", kind, count, seed)
    if not (load.folder / "load.json").exists():
        load.folder.mkdir(parents=True, exist_ok=True)
        _make(load)
    return load


def _make(load: Load) -> None:
    """Write the files of a load, the manifest last."""
    began = time.perf_counter()
    scale = float(np.clip(load.sites / FULL, _SMALLEST, 1))
    extent = Extent(800_000.0, 1_750_000.0, _WIDTH * scale**0.5, _HEIGHT * scale**0.5)
    streams = np.random.default_rng(load.seed).spawn(3)
    units = municipalities(extent, max(6, round(_MUNICIPALITIES * scale)), streams[0], longest=128)
    rivers = zones.rivers(extent, max(8, round(_ZONES * scale)), streams[1]) if load.kind == "slivers" else []
    if rivers:
        raw = zones.river_zones(rivers)
    elif load.kind == "vertices":
        raw = zones.many_vertices(extent, max(2_000, round(_VERTICES * min(1, load.sites / FULL))), streams[1])
    else:
        raw = zones.overlapping(extent, max(8, round(_ZONES * scale)), streams[1])
    flat = dissolved(raw)
    made = time.perf_counter()
    rows, parts = pieces(flat)
    unit_rows, unit_parts = pieces(units)
    split = time.perf_counter()
    geoparquet.write(load.zone_file(Form.GIVEN), [({"zone": np.arange(len(raw))}, raw)])
    geoparquet.write(load.zone_file(Form.DISSOLVED), [({"zone": np.arange(len(flat))}, flat)])
    geoparquet.write(load.zone_file(Form.PIECES), [({"zone": rows}, parts)])
    geoparquet.write(load.municipality_file(Form.GIVEN), [({"code": np.arange(len(units))}, units)])
    geoparquet.write(load.municipality_file(Form.PIECES), [({"code": unit_rows}, unit_parts)])
    tally = _Tally()
    geoparquet.write(load.site_file, tally.counted(_site_batches(load, extent, flat, rivers, streams[2])))
    about = {
        "sites": load.sites,
        "site_vertices": tally.vertices,
        "municipalities": len(units),
        "municipality_vertices": _vertices(units),
        "zones": len(raw),
        "zone_vertices": _vertices(raw),
        "zone_holes": int(shapely.get_num_interior_rings(raw).sum()),
        "zones_dissolved": len(flat),
        "zone_pieces": len(parts),
        "municipality_pieces": len(unit_parts),
        "seconds_to_make": round(time.perf_counter() - began, 1),
        "seconds_to_split": round(split - made, 1),
    }
    (load.folder / "load.json").write_text(json.dumps(about, indent=1), encoding="utf-8")


def _site_batches(
    load: Load, extent: Extent, flat: Shapes, rivers: list[zones.River], stream: np.random.Generator
) -> Iterator[tuple[dict[str, NDArray[np.int64]], Shapes]]:
    """Yield the sites batch by batch, numbered from 0.

    More than the full number of parcels are copies of the first ones, each batch moved by up to 20 km: so that tens of
    millions take minutes to make, and none is where another is.
    """
    base: list[Shapes] = []
    for number, first in enumerate(range(0, load.sites, _BATCH)):
        count = min(_BATCH, load.sites - first)
        (rng,) = stream.spawn(1)
        if load.kind == "plain" and first >= FULL:
            shapes = sites.moved(base[number % len(base)][:count], rng)
        elif rivers:
            shapes = sites.along_banks(rivers, count, rng)
        elif load.kind == "borders":
            shapes = sites.parcels(sites.on_border(flat, count, rng), rng)
        else:
            shapes = sites.parcels(sites.anywhere(extent, count, rng, towns_seed=load.seed), rng)
        if load.kind == "plain" and load.sites > FULL > first:
            base.append(shapes)
        if first < FULL and not shapely.is_valid(shapes).all():
            msg = f"{int((~shapely.is_valid(shapes)).sum())} sites of the load {load.kind!r} are invalid; a fault here"
            raise RuntimeError(msg)
        yield {"site_id": np.arange(first, first + count)}, shapes


@dataclass
class _Tally:
    """Counts vertices of what passes through."""

    vertices: int = 0

    def counted(
        self, batches: Iterator[tuple[dict[str, NDArray[np.int64]], Shapes]]
    ) -> Iterator[tuple[dict[str, NDArray[np.int64]], Shapes]]:
        """Yield the batches unchanged."""
        for columns, shapes in batches:
            self.vertices += _vertices(shapes)
            yield columns, shapes


def _vertices(shapes: Shapes) -> int:
    """Return how many coordinates shapes have together."""
    return int(shapely.get_num_coordinates(shapes).sum())
