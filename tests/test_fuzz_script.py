"""Damaged files: a short run of the fuzz, whose long runs are started by hand."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "fuzz.py"


def test_damaged_files_are_read_or_refused_and_nothing_else() -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--cases", "300", "--seed", "7"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    counts = {name: int(count) for count, name in re.findall(r"(\d+) (read|refused)", done.stdout)}
    assert sum(counts.values()) == 300
    assert min(counts.values()) > 10


def test_a_fault_of_ours_is_told_with_its_case_and_ends_the_run_with_one() -> None:
    script = f"""
import sys; sys.path.insert(0, {str(SCRIPT.parent)!r})
import fuzz
def broken(*_, **__): raise KeyError("ours")
fuzz.cg.read_sites = broken
sys.argv = ["fuzz", "--cases", "3", "--first", "10"]
sys.exit(fuzz.main())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "case 10 (shp): Traceback" in done.stdout
    assert "KeyError: 'ours'" in done.stdout
    assert "3 traceback" in done.stdout


def test_a_crash_and_a_hang_are_kept_to_their_case() -> None:
    script = f"""
import os, sys, time; sys.path.insert(0, {str(SCRIPT.parent)!r})
import fuzz
fuzz.SECONDS = 1
def broken(path, *_, **__):
    case = int(path.parent.name)
    if case == 10: os.kill(os.getpid(), 11)
    if case == 11: time.sleep(30)
    raise fuzz.cg.ClusterGeoError("fine")
fuzz.cg.read_sites = broken
sys.argv = ["fuzz", "--cases", "3", "--first", "10"]
sys.exit(fuzz.main())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "case 10 (shp): died of signal 11" in done.stdout
    assert "case 11 (zip): hang" in done.stdout
    assert "1 refused" in done.stdout
