"""One file on one process, and on workers of Dask: seconds, sites a second and memory, as `docs/scale.md` has them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import machine
from benchmarks.forms import Form

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.loads import Load

PIECE = 131_072
_HERE = "127.0.0.1"


def table(load: Load) -> str:
    """Return the measurements as a Markdown table; each row is a process of its own, the zones dissolved before."""
    with tempfile.TemporaryDirectory(prefix="clustergeo-scale-") as folder:
        out = Path(folder)
        rows = [("`tag_file`, one process", "", _run(load, out / "one.parquet", "file"))]
        for workers in (1, 2):
            found = _run(load, out / f"w{workers}", str(workers))
            rows.append((f"`tag_files`, {workers} worker(s)", str(workers), found))
        rows.append(("the same, one worker killed on the way", "2", _run(load, out / "killed", "kill")))
        rows.append(("the same again, nothing to do", "0", _run(load, out / "killed", "2")))
    about = (
        f"{load.sites:,} sites, zones of {load.about['zone_vertices']:,} vertices; {machine.described()}; load average "
        f"before the run {machine.busy()}."
    )
    head = "| run | sites | workers | seconds | sites a second | peak MB of a worker |\n|---|---:|---:|---:|---:|---:|"
    lines = [about, "", head]
    for name, workers, one in rows:
        took, speed = one["seconds"], load.sites / one["seconds"]
        cells = [name, f"{load.sites:,}", workers, f"{took:.1f}", f"{speed:,.0f}", f"{one['peak_mb']:,.0f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _run(load: Load, target: Path, how: str) -> dict[str, float]:
    """Return what one run took, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.scale", how, str(load.site_file)]
    command += [str(load.zone_file(Form.DISSOLVED)), str(target)]
    root = Path(__file__).resolve().parent.parent
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)  # noqa: S603
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _peak_mb(pid: int | str = "self") -> float:
    """Return the most memory that a process has had, in MB of 10**6 bytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


def _job(how: str, sites: str, zones: str, target: str) -> dict[str, float]:
    """Do one run and return its seconds and peak."""
    import clustergeo as cg  # noqa: PLC0415

    layer = {"rdz": cg.read_layer(zones, name="rdz", coverage="everywhere", as_of="2025-01-01")}
    began = time.perf_counter()
    if how == "file":
        cg.tag_file(sites, target, zones=layer, progress=False)
        return {"seconds": time.perf_counter() - began, "peak_mb": _peak_mb()}
    from clustergeo import parallel  # noqa: PLC0415

    with _cluster(1 if how == "1" else 2) as client:
        began = time.perf_counter()
        if how == "kill":
            victim = next(iter(client.run(os.getpid).values()))
            threading.Thread(target=_kill_later, args=(Path(target), victim), daemon=True).start()
        parallel.tag_files(sites, target, zones=layer, client=client, piece_rows=PIECE, progress=False)
        seconds = time.perf_counter() - began
        peak = max(client.run(_peak_mb).values())
    return {"seconds": seconds, "peak_mb": peak}


def _kill_later(folder: Path, pid: int) -> None:
    """Kill a process as soon as the first part is there."""
    while not any(folder.glob("part-*.parquet")):
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def _cluster(workers: int) -> Iterator[Any]:
    """Yield the client of some workers of one thread on this machine."""
    import distributed  # noqa: PLC0415

    options = {"threads_per_worker": 1, "host": _HERE, "dashboard_address": f"{_HERE}:0", "memory_limit": 0}
    with distributed.LocalCluster(n_workers=workers, **options) as cluster, distributed.Client(cluster) as client:
        yield client


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.stdout.write(json.dumps(_job(*sys.argv[1:])) + "\n")
