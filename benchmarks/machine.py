"""The machine a measurement was made on."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def described() -> str:
    """Return system, processor, cores, memory and Python in one line."""
    parts = [f"{platform.system()} {platform.machine()}", _processor(), f"{cores()} cores"]
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        parts.append(f"{memory / 2**30:.0f} GiB")
    parts.append(f"Python {platform.python_version()}")
    return ", ".join(part for part in parts if part)


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def busy() -> str:
    """Return the load average of the last minute, because other work on the machine makes every figure worse."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def _processor() -> str:
    """Return the model of the processor if the system tells."""
    file = Path("/proc/cpuinfo")
    if file.exists():
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor()
