"""Tools run in processes of their own, in rounds, so that a busy minute hits all alike."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.tools import PEERS, TOOLS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.forms import Form
    from benchmarks.loads import Load

_ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Entry:
    """One tool on one form of the zones: what it took, or why there is no figure."""

    tool: str
    form: Form
    answer: Path
    outcomes: list[dict[str, Any]] = field(default_factory=list)
    failure: str = ""

    @property
    def seconds(self) -> list[float]:
        """The time of each run."""
        return [outcome["seconds"] for outcome in self.outcomes]

    @property
    def median(self) -> float:
        """The median time."""
        return statistics.median(self.seconds)

    @property
    def peak_mb(self) -> float:
        """The median of the peak memory."""
        return statistics.median(float(outcome["peak_mb"]) for outcome in self.outcomes)

    @property
    def stages(self) -> dict[str, float]:
        """The median time of each stage, where the job tells."""
        names = self.outcomes[0]["stages"] if self.outcomes else {}
        return {name: statistics.median(float(one["stages"][name]) for one in self.outcomes) for name in names}

    @property
    def versions(self) -> dict[str, str]:
        """What it ran on."""
        found: dict[str, str] = self.outcomes[0]["versions"] if self.outcomes else {}
        return found


def entries(names: Iterable[str], folder: Path, *, forms: Iterable[Form]) -> list[Entry]:
    """Return an entry for each tool and form of the zones that it is tried on; `forms` are those of the peers."""
    folder.mkdir(parents=True, exist_ok=True)
    return [
        Entry(name, form, folder / f"{name.replace(' ', '-')}-{form}.parquet")
        for name in names
        for form in TOOLS[name].forms
        if name not in PEERS or form in forms
    ]


def measure(found: list[Entry], load: Load, *, repeat: int, timeout: float, patience: float) -> None:
    """Fill in the outcomes, `repeat` rounds over all entries.

    Parameters
    ----------
    found
        The entries; one that fails is not tried again.
    load
        The files.
    repeat
        Rounds.
    timeout
        Seconds after which a process is ended.
    patience
        Seconds of an entry in all after which it is not repeated.
    """
    for entry in found:
        entry.answer.unlink(missing_ok=True)
    spent = dict.fromkeys(map(id, found), 0.0)
    for number in range(repeat):
        for entry in found:
            if entry.failure or spent[id(entry)] > patience:
                continue
            outcome = _run(entry, load, timeout)
            if "unavailable" in outcome:
                entry.failure = outcome["unavailable"]
                continue
            entry.outcomes.append(outcome)
            spent[id(entry)] += outcome["seconds"]
            _tell(f"round {number + 1}: {entry.tool}, zones {entry.form.text}: {outcome['seconds']:.2f} s")


def _run(entry: Entry, load: Load, timeout: float) -> dict[str, Any]:
    """Return the outcome of one process, or the reason why there is none as `unavailable`."""
    command = [sys.executable, "-m", "benchmarks", "job", entry.tool, "--folder", str(load.folder)]
    command += ["--load", load.kind, "--sites", str(load.sites), "--seed", str(load.seed)]
    command += ["--answer", str(entry.answer), "--form", entry.form]
    try:
        done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=timeout, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        return {"unavailable": f"not finished after {timeout:.0f} s"}
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        return {"unavailable": f"failed: {last[:200]}"}
    outcome: dict[str, Any] = json.loads(lines[-1])
    return outcome


def _tell(text: str) -> None:
    """Show progress where it does not get into the table."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
