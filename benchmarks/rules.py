"""`rules_for` on many tagged sites, with every rule of a day: seconds and peak memory."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
import warnings
from pathlib import Path

from benchmarks import machine, maps
from benchmarks.child import peak_mb

# The days on which the issue of rules is asked: one of each version of the support of infrastructure, and of today.
DAYS = ("2024-01-01", "2024-06-01", "2025-05-01", "2026-03-01")


def table(count: int, *, repeat: int, seed: int) -> str:
    """Return the measurements as a Markdown table; each run is a process of its own, cells are medians."""
    busy = machine.busy()
    what = f"{count:,} tagged parcels, a small firm; {machine.described()}"
    lines = [
        f"{what}; load average before the run {busy}; runs: {repeat}.",
        "",
        "| day | rules | decisions | seconds | peak MB |",
        "|---|---:|---:|---:|---:|",
    ]
    runs = [_run(count, seed) for _ in range(repeat)]
    for at, day in enumerate(DAYS):
        middle = {key: statistics.median(run[at][key] for run in runs) for key in runs[0][at]}
        cells = (f"{int(middle['rules'])}", f"{int(middle['rows']):,}", f"{middle['seconds']:.2f}")
        lines.append(f"| {day} | {' | '.join(cells)} | {middle['peak_mb']:,.0f} |")
    return "\n".join(lines) + "\n"


def _run(count: int, seed: int) -> list[dict[str, float]]:
    """Return what one run took, day by day, in a process of its own."""
    root = Path(__file__).resolve().parent.parent
    command = [sys.executable, "-m", "benchmarks.rules", str(count), str(seed)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)  # noqa: S603
    found: list[dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return found


def _job(count: int, seed: int) -> list[dict[str, float]]:
    """Ask for the rules of each day, after a few sites that warm everything up."""
    import clustergeo as cg  # noqa: PLC0415

    sites = maps.frame(count, seed)
    firm = cg.Applicant(investment_krw=10**12, size="sme")
    cg.rules_for(sites.iloc[:3], on=DAYS[0], applicant=firm)
    out = []
    for day in DAYS:
        began = time.perf_counter()
        found = cg.rules_for(sites, on=day, applicant=firm)
        seconds = time.perf_counter() - began
        out.append({"rules": found["rule_id"].nunique(), "rows": len(found), "seconds": seconds, "peak_mb": peak_mb()})
        del found
    return out


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.stdout.write(json.dumps(_job(int(sys.argv[1]), int(sys.argv[2]))) + "\n")
