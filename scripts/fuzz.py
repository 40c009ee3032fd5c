"""Damage files at random and read them: each is read or refused, and nothing ends in a traceback, a hang or a crash.

`python scripts/fuzz.py --cases 100000 --seed 1` runs in children that read many files each under limits of memory and
time. A case is what its number and the seed make of it, so `--first N --cases 1` runs it again. The exit code is 1 if
a case ended in anything but a reading or a refusal of ours; what died inside GDAL, GEOS or Arrow is listed too.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import datetime as dt
import io
import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import struct
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

import clustergeo as cg
from clustergeo.reading import batches

MEMORY = 6 << 30
GROWTH_MB = 1_500
SECONDS = 20
EACH = 400
PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
KINDS = ("shp", "zip", "geojson", "geojsonl", "topojson", "csv", "parquet", "wkb", "gpkg", "fgb")


def dbf() -> bytes:
    """Return a table with a column of every common type: a text, a number too long for a float, a day, a flag."""
    fields = [("이름", "C", 8, 0), ("PNU", "N", 19, 0), ("day", "D", 8, 0), ("flag", "L", 1, 0), ("size", "F", 24, 15)]
    cells = ["똠방각하", "1111010100100010001", "20260102", "T", "12.345"]
    head = struct.pack("<BBBBIHH20x", 3, 126, 1, 2, 6, 32 + 32 * len(fields) + 1, 1 + sum(one[2] for one in fields))
    told = [struct.pack("<11sc4xBB14x", name.encode("cp949"), kind.encode(), *size) for name, kind, *size in fields]
    row = b"".join(cell.encode("cp949").rjust(one[2]) for cell, one in zip(cells, fields, strict=True))
    return head + b"".join(told) + b"\r" + (b" " + row) * 6 + b"\x1a"


def seeds(folder: Path) -> dict[str, bytes]:
    """Write the sound files, and return their bytes by name."""
    shapes = [shapely.box(126.98 + at / 100, 37.55, 126.985 + at / 100, 37.555) for at in range(6)]
    shapes[1] = shapes[1].difference(shapes[1].centroid.buffer(0.001))
    shapes[2] = shapely.union_all([shapes[2], shapely.box(127.5, 37, 127.51, 37.01)])
    columns = {
        "이름": ["똠방각하"] * 6,
        "code": range(6),
        "day": [dt.date(2026, 1, 2)] * 5 + [None],
        "number": pd.array([2**63 + 1, *range(4), None], "UInt64"),
    }
    frame = gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4326")
    plane = frame.to_crs("EPSG:5174")
    frame, whole = frame.drop(columns="number"), plane
    plane = plane.drop(columns="number")
    plane.to_file(folder / "s.shp", encoding="cp949")
    (folder / "s.dbf").write_bytes(dbf())
    frame.to_file(folder / "s.geojson", driver="GeoJSON")
    frame.to_file(folder / "s.geojsonl", driver="GeoJSONSeq")
    plane.to_file(folder / "s.gpkg", SPATIAL_INDEX="NO")
    with contextlib.closing(sqlite3.connect(folder / "s.gpkg")) as held:
        # The first two are of types that GDAL leaves out.
        for column in ("owner varchar(20)", "size decimal", "since date", "seen datetime"):
            held.execute(f"alter table s add column {column}")
        held.execute("update s set owner = 'x' || fid, size = fid * 1.5, since = '2026-01-02'")
        held.execute("update s set seen = since || 'T03:04:05Z'")
        held.commit()
    plane.to_file(folder / "s.fgb")
    whole.to_parquet(folder / "s.parquet")
    rows = "".join(f"{at},이름 {at},{127 + at / 10},37.5\n" for at in range(6))
    (folder / "s.csv").write_text("site_id,이름,lon,lat\n" + rows, encoding="utf-8")
    arcs = [shapely.get_coordinates(shape.exterior).tolist() for shape in (shapes[0], shapes[3])]
    objects = {
        "s": {"type": "GeometryCollection", "geometries": [{"type": "Polygon", "arcs": [[at]]} for at in (0, 1)]}
    }
    (folder / "s.topojson").write_text(json.dumps({"type": "Topology", "arcs": arcs, "objects": objects}), "utf-8")
    with zipfile.ZipFile(folder / "s.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for ending in PARTS:
            archive.write(folder / f"s{ending}", f"구역/s{ending}")
    return {one.name: one.read_bytes() for one in folder.iterdir()}


def damaged(data: bytes, rng: random.Random, others: list[bytes]) -> bytes:
    """Return bytes with a few faults."""
    held = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 16))):
        at = rng.randrange(len(held) + 1)
        match rng.randrange(8):
            case 0:
                held[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                del held[at:]
            case 2:
                del held[at : at + rng.choice((1, 4, 64, 1000))]
            case 3:
                held[at:at] = held[at : at + rng.choice((1, 8, 100, 4000))] * rng.choice((1, 2, 50))
            case 4:
                number = rng.choice(NUMBERS)
                held[at : at + 4] = struct.pack(rng.choice("<>") + "I", number)
            case 5:
                held[at : at + 8] = struct.pack("<d", rng.choice((0.0, -1.0, 1e308, float("nan"), float("inf"))))
            case 6:
                other = rng.choice(others)
                start = rng.randrange(len(other) + 1)
                held[at : at + 200] = other[start : start + 200]
            case _:
                if held:
                    held[min(at, len(held) - 1)] ^= 1 << rng.randrange(8)
    return bytes(held[: 1 << 22])


def nested(rng: random.Random) -> bytes:
    """Return well-known binary of a random form."""
    depth = rng.choice((1, 3, 50, 99, 5_000, 100_000))
    head = struct.pack("<BII", 1, rng.choice((7, 1007, 0x20000007, 4, 6)), rng.choice((1, 1, 2, 0xFFFFFFFF)))
    rings = struct.pack("<BII", 1, 3, rng.choice((0, 1, 1_000_000, 0xFFFFFFFF)))
    return head * depth + rings + bytes(rng.randrange(256) for _ in range(rng.randrange(200)))


def written(number: int, seed: int, sound: dict[str, bytes], folder: Path) -> Path:
    """Write the files of a case, and return the one to read."""
    rng = random.Random(f"{seed}/{number}")  # noqa: S311 - no secret
    kind = KINDS[number % len(KINDS)]
    others = [sound["s.shp"], sound["s.geojson"], sound["s.parquet"], sound["s.zip"]]
    path = folder / f"s.{'parquet' if kind == 'wkb' else kind}"
    if kind == "shp":
        hit = rng.choice(PARTS)
        for ending in PARTS:
            data = sound[f"s{ending}"]
            if rng.random() > 0.03:  # noqa: PLR2004
                (folder / f"s{ending}").write_bytes(damaged(data, rng, others) if ending == hit else data)
        if not path.exists():
            path.write_bytes(b"")
    elif kind == "zip" and rng.random() < 0.5:  # noqa: PLR2004
        hit = rng.choice(PARTS)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for ending in PARTS:
                data = sound[f"s{ending}"]
                archive.writestr(f"구역{ending}", damaged(data, rng, others) if ending == hit else data)
    elif kind == "wkb":
        table = pq.read_table(io.BytesIO(sound["s.parquet"]))
        shapes = table.column("geometry").to_pylist()
        row = rng.randrange(len(shapes))
        shapes[row] = nested(rng) if rng.random() < 0.3 else damaged(shapes[row], rng, others)  # noqa: PLR2004
        at = table.schema.get_field_index("geometry")
        pq.write_table(table.set_column(at, table.schema.field(at), pa.array(shapes, pa.binary())), path)
    else:
        path.write_bytes(damaged(sound[path.name], rng, others))
    return path


def judged(path: Path, *, streamed: bool) -> str:
    """Read a file; return `read`, `refused` or the traceback of what should not have happened."""
    try:
        if streamed and batches.streams(path):
            for _ in batches.open_batches(path):
                pass
        else:
            cg.read_sites(path)
    except cg.ClusterGeoError:
        return "refused"
    except BaseException:  # noqa: BLE001 - whatever it is, it is told
        return traceback.format_exc()
    return "read"


def child(numbers: range, seed: int, sound: dict[str, bytes], out: int) -> None:
    """Read the cases, and tell before and after each how it stands."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 30, 1 << 30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 2)
    warnings.simplefilter("ignore")
    home = Path(tempfile.mkdtemp(prefix="clustergeo-fuzz-"))
    tempfile.tempdir = str(home)
    for number in numbers:
        os.write(out, json.dumps({"case": number, "pid": str(home)}).encode() + b"\n")
        folder = home / str(number)
        folder.mkdir()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        signal.alarm(SECONDS)
        outcome = judged(written(number, seed, sound, folder), streamed=number // len(KINDS) % 4 == 0)
        signal.alarm(0)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
        if grown > GROWTH_MB:
            outcome = f"memory: {grown} MB for one case"
        os.write(out, json.dumps({"case": number, "outcome": outcome}).encode() + b"\n")
        shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)
    os._exit(0)


def run(first: int, cases: int, seed: int) -> tuple[collections.Counter[str], list[dict[str, object]]]:
    """Run the cases in one child after another; return how many ended how, and what went wrong."""
    counts: collections.Counter[str] = collections.Counter()
    wrong: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        sound = seeds(Path(folder))
    number, end = first, first + cases
    while number < end:
        into, out = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(into)
            with contextlib.suppress(BaseException):
                child(range(number, min(number + EACH, end)), seed, sound, out)
            os._exit(99)
        os.close(out)
        last, home = None, None
        with os.fdopen(into, encoding="utf-8") as stream:
            for line in stream:
                told = json.loads(line)
                last, home = told["case"], told.get("pid", home)
                if "outcome" not in told:
                    continue
                outcome, last = str(told["outcome"]), None
                number = told["case"] + 1
                plain = outcome in {"read", "refused"}
                counts[outcome if plain else outcome.partition(":")[0] if outcome[:6] == "memory" else "traceback"] += 1
                if not plain:
                    wrong.append({**told, "kind": KINDS[told["case"] % len(KINDS)]})
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if home is not None:
            shutil.rmtree(home, ignore_errors=True)
        if last is not None:
            end_of = "hang" if status == -signal.SIGALRM else f"died of signal {-status}" if status < 0 else "left"
            counts[end_of] += 1
            wrong.append({"case": last, "kind": KINDS[last % len(KINDS)], "outcome": end_of})
            number = last + 1
        elif status:
            wrong.append({"case": number, "outcome": f"the child ended with {status}"})
            break
    return counts, wrong


def main() -> int:
    """Run, print what happened, and return 1 if anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=2_000, help="how many (default: 2000)")
    parser.add_argument("--first", type=int, default=0, help="the number of the first (default: 0)")
    parser.add_argument("--seed", type=int, default=1, help="of all of them (default: 1)")
    options = parser.parse_args()
    began = time.monotonic()
    counts, wrong = run(options.first, options.cases, options.seed)
    for one in wrong:
        print(f"case {one['case']} ({one.get('kind')}): {one['outcome']}")
    told = ", ".join(f"{count:,} {name}" for name, count in counts.most_common())
    print(f"{sum(counts.values()):,} cases of seed {options.seed} in {time.monotonic() - began:,.0f} s: {told}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
