"""Where do these sites lie? Industrial clusters tagged by region, sector and restricted zones, with the evidence."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clustergeo.counting import density as density
    from clustergeo.datasets import catalogue as catalogue
    from clustergeo.datasets import load_capital_region as load_capital_region
    from clustergeo.datasets import load_facts as load_facts
    from clustergeo.datasets import load_regions as load_regions
    from clustergeo.datasets import load_sites as load_sites
    from clustergeo.errors import ClusterGeoError as ClusterGeoError
    from clustergeo.errors import ClusterGeoWarning as ClusterGeoWarning
    from clustergeo.explaining import explain as explain
    from clustergeo.exporting import export as export
    from clustergeo.facts import read_facts as read_facts
    from clustergeo.figures import plot as plot
    from clustergeo.layers import Layer as Layer
    from clustergeo.maps import explore as explore
    from clustergeo.maps import save_map as save_map
    from clustergeo.overlap import ZoneIndex as ZoneIndex
    from clustergeo.policy import Amount as Amount
    from clustergeo.policy import Applicant as Applicant
    from clustergeo.policy import Rule as Rule
    from clustergeo.policy import explain_rules as explain_rules
    from clustergeo.policy import infrastructure_support as infrastructure_support
    from clustergeo.policy import load_benchmarks as load_benchmarks
    from clustergeo.policy import load_budgets as load_budgets
    from clustergeo.policy import load_contradictions as load_contradictions
    from clustergeo.policy import load_designations as load_designations
    from clustergeo.policy import load_rules as load_rules
    from clustergeo.policy import programme_tree as programme_tree
    from clustergeo.policy import rules_for as rules_for
    from clustergeo.policy import tax_credit as tax_credit
    from clustergeo.reading import check as check
    from clustergeo.reading import decode_pnu as decode_pnu
    from clustergeo.reading import match_addresses as match_addresses
    from clustergeo.reading import read_layer as read_layer
    from clustergeo.reading import read_ogcapi as read_ogcapi
    from clustergeo.reading import read_sites as read_sites
    from clustergeo.reading import read_vworld as read_vworld
    from clustergeo.reading import read_wfs as read_wfs
    from clustergeo.reporting import report as report
    from clustergeo.siting import Criteria as Criteria
    from clustergeo.siting import Exclusions as Exclusions
    from clustergeo.siting import Ordinances as Ordinances
    from clustergeo.siting import Ranking as Ranking
    from clustergeo.siting import Value as Value
    from clustergeo.siting import ahp as ahp
    from clustergeo.siting import assemblies as assemblies
    from clustergeo.siting import choose as choose
    from clustergeo.siting import compare as compare
    from clustergeo.siting import grid as grid
    from clustergeo.siting import read_ordinances as read_ordinances
    from clustergeo.siting import read_scenario as read_scenario
    from clustergeo.streaming import tag_file as tag_file
    from clustergeo.tables import summarize as summarize
    from clustergeo.tables import table as table
    from clustergeo.tags import overlaps as overlaps
    from clustergeo.tags import tag as tag
    from clustergeo.tiling import save_pmtiles as save_pmtiles
    from clustergeo.timeline import changes as changes
    from clustergeo.timeline import history as history
    from clustergeo.verifying import verify as verify

__version__ = "0.1.0"

# Names are resolved at their first use, so that `import clustergeo` loads neither folium nor matplotlib.
_ROOMS = {
    "Amount": "policy",
    "Applicant": "policy",
    "ClusterGeoError": "errors",
    "ClusterGeoWarning": "errors",
    "Criteria": "siting",
    "Exclusions": "siting",
    "Layer": "layers",
    "Ordinances": "siting",
    "Ranking": "siting",
    "Rule": "policy",
    "Value": "siting",
    "ZoneIndex": "overlap",
    "ahp": "siting",
    "assemblies": "siting",
    "catalogue": "datasets",
    "changes": "timeline",
    "check": "reading",
    "choose": "siting",
    "compare": "siting",
    "decode_pnu": "reading",
    "density": "counting",
    "explain": "explaining",
    "explain_rules": "policy",
    "explore": "maps",
    "export": "exporting",
    "grid": "siting",
    "history": "timeline",
    "infrastructure_support": "policy",
    "load_benchmarks": "policy",
    "load_budgets": "policy",
    "load_capital_region": "datasets",
    "load_contradictions": "policy",
    "load_designations": "policy",
    "load_facts": "datasets",
    "load_regions": "datasets",
    "load_rules": "policy",
    "load_sites": "datasets",
    "match_addresses": "reading",
    "overlaps": "tags",
    "plot": "figures",
    "programme_tree": "policy",
    "read_facts": "facts",
    "read_layer": "reading",
    "read_ogcapi": "reading",
    "read_ordinances": "siting",
    "read_scenario": "siting",
    "read_sites": "reading",
    "read_vworld": "reading",
    "read_wfs": "reading",
    "report": "reporting",
    "rules_for": "policy",
    "save_map": "maps",
    "save_pmtiles": "tiling",
    "summarize": "tables",
    "table": "tables",
    "tag": "tags",
    "tag_file": "streaming",
    "tax_credit": "policy",
    "verify": "verifying",
}

__all__ = [*sorted(_ROOMS), "__version__"]  # noqa: PLE0604  (the names are text)


def __getattr__(name: str) -> Any:
    """Return a public name from its room."""
    if name not in _ROOMS:
        msg = f"module 'clustergeo' has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(importlib.import_module(f"clustergeo.{_ROOMS[name]}"), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
