"""One tool on one load in a process of its own: prints one line of JSON."""

from __future__ import annotations

import json
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.peers import UnavailableError
from benchmarks.tools import TOOLS

if TYPE_CHECKING:
    from benchmarks.forms import Form
    from benchmarks.loads import Load

# A job this slow is not helped by compiled code, warm file caches and started threads: its first run counts.
WARM_LIMIT_S = 20.0


def run(tool: str, load: Load, answer: Path, *, form: Form) -> None:
    """Do the job once to warm up and once for the clock, and print the outcome.

    The outcome has `seconds` (of the second run, or of the first if that took long), `first_seconds`, `peak_mb` of the
    process after the first run, the `versions` and the seconds of its `stages` if the job tells; or only
    `unavailable`, the reason why the tool cannot run.
    """
    job = TOOLS[tool].job
    try:
        began = time.perf_counter()
        stages = job(load, answer, form=form)
        first = time.perf_counter() - began
    except (ImportError, UnavailableError) as error:
        sys.stdout.write(json.dumps({"unavailable": str(error)}) + "\n")
        return
    peak, seconds = peak_mb(), first
    if first < WARM_LIMIT_S:
        began = time.perf_counter()
        stages = job(load, answer, form=form)
        seconds = time.perf_counter() - began
    outcome: dict[str, object] = {"seconds": seconds, "first_seconds": first, "peak_mb": peak}
    outcome |= {"versions": _versions(tool), "stages": stages}
    sys.stdout.write(json.dumps(outcome) + "\n")


def peak_mb() -> float:
    """Return the most memory this process has had, in MB of 10**6 bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # Not getrusage: its figure outlives exec, so it may be the parent's.
        line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    try:
        import resource  # noqa: PLC0415
    except ImportError:
        return float("nan")
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def _versions(tool: str) -> dict[str, str]:
    """Return the versions of what a tool runs on."""
    found = {}
    for name in TOOLS[tool].distributions:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "of this folder"
    return found
