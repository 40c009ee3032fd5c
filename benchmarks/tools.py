"""The tools by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from benchmarks import ours, peers, tagging
from benchmarks.forms import Form

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.loads import Load


class Job(Protocol):
    """Reads the files of a load, answers, writes the answer; returns the seconds of its stages if it knows them."""

    def __call__(self, load: Load, answer: Path, *, form: Form) -> dict[str, float]:
        """Do it, with the zones in a form."""


@dataclass(frozen=True)
class Tool:
    """A tool: its job, the distributions whose versions matter, and the forms of the zones that it is tried on."""

    job: Job
    distributions: tuple[str, ...]
    forms: tuple[Form, ...] = (Form.GIVEN, Form.PIECES, Form.TUNED)


OURS, FLOOR = "clustergeo", "reading and writing alone"
TAG, COPY = "clustergeo.tag_file", "the same file read and written alone"
PEERS = {
    "geopandas": Tool(peers.geopandas, ("geopandas", "shapely")),
    "sedonadb": Tool(peers.sedonadb, ("sedonadb",)),
    "polars-st": Tool(peers.polars, ("polars-st", "polars")),
    "duckdb": Tool(peers.duckdb, ("duckdb",)),
}
TOOLS = {
    FLOOR: Tool(ours.floor, ("pyarrow",), (Form.GIVEN,)),
    OURS: Tool(ours.clustergeo, ("clustergeo", "numba", "numpy"), (Form.GIVEN, Form.DISSOLVED, Form.INDEXED)),
    COPY: Tool(tagging.copy_file, ("pyarrow",), (Form.GIVEN,)),
    TAG: Tool(tagging.tag_file, ("clustergeo", "numba", "numpy", "pyarrow"), (Form.GIVEN, Form.DISSOLVED)),
    **PEERS,
}
