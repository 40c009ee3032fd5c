"""Scenarios: layers, exclusions, criteria and weights in one file, run into one folder."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import platform
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyproj
import shapely

from clustergeo._crate import software_version
from clustergeo._files import native, shown, staged
from clustergeo._formats import json_bytes
from clustergeo.errors import InputError
from clustergeo.siting import _folder, _located, _settings

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from clustergeo.siting._located import Located
    from clustergeo.siting.exclusions import Exclusions
    from clustergeo.siting.ranking import Ranking

_ENVIRONMENT = ("geopandas", "numpy", "pandas", "pyogrio", "pyproj", "shapely")


@dataclass(frozen=True, repr=False)
class Scenario:
    """What a scenario file says, read and checked.

    Attributes
    ----------
    path, data
        The file and its bytes.
    settings
        What it says, as a tree.
    sites
        The candidates.
    exclusions, ranking
        What falls out, and how the rest is ranked; None where the file has none.
    stability
        Options of `Ranking.stability`.
    inputs
        The sha256 of each file that was read, by its name in the scenario.
    """

    path: Path
    data: bytes
    settings: dict[str, Any]
    sites: gpd.GeoDataFrame
    exclusions: Exclusions | None
    ranking: Ranking | None
    stability: dict[str, Any]
    inputs: dict[str, str]
    _ranked: Located | None = None

    def result(self, *, remainder: bool = False) -> gpd.GeoDataFrame:
        """Return the sites with what excludes them; those that are not excluded are ranked among themselves.

        Parameters
        ----------
        remainder
            Whether to add the eligible polygons, as `Exclusions.apply` does.
        """
        out = self.sites if self.exclusions is None else self.exclusions.apply(self.sites, remainder=remainder)
        if self.ranking is None:
            return out
        running = self._running(out)
        with self._refusing():
            ranked = self.ranking.rank(out[running])
        added = ranked[[name for name in ranked.columns if name not in out.columns]]
        # Places stay whole numbers beside the nulls of what was excluded.
        added = added.astype({"rank_best": "Int64", "rank_worst": "Int64"})
        active = out.geometry.name
        columns = [out.drop(columns=active), added.reindex(out.index), out[[active]]]
        return out.__class__(pd.concat(columns, axis=1), geometry=active, crs=out.crs)

    def run(self, folder: str | Path, *, maps: bool = True) -> list[Path]:
        """Run the scenario and write its result.

        Parameters
        ----------
        folder
            Made if it does not exist. All files are written, or none.
        maps
            Whether to draw maps and pictures, which takes most of the time.

        Returns
        -------
        list of pathlib.Path
            `sites.geojson` and `sites.csv`, the sites with all columns; `eligible.geojson`, what is left of them;
            `reasons.csv`, one sentence a site in Korean and English; `rules.csv`, `stability.csv` and `swaps.csv`; and
            in both languages `tables/`, `maps/` (eligible land, reasons, score, stability: pages that open with no
            network) and the pictures; the scenario; and last `manifest.json`: the sha256 of every input and output and
            the versions that made them. The same inputs give the same bytes in the same environment.

        Raises
        ------
        InputError
            A frame cannot be used, or the folder cannot be written to.
        """
        result = self.result(remainder=True)
        top, tables = self.stability["top"], {}
        if self.ranking is not None:
            running = result[self._running(result)]
            if len(running):
                options = self.stability | {"top": min(top, len(running))}
                with self._refusing():
                    tables = {
                        "weights": self._weights(running),
                        "stability": self.ranking.stability(running, **options),
                        "swaps": self.ranking.swaps(running) if self.ranking.method == "sum" else None,
                    }
        made = _folder.files(
            result,
            self.exclusions,
            tables,
            top=top,
            title=self.title,
            given=list(self.sites.columns),
            drawn=maps,
        )
        files = {**dict(made), "scenario.toml": self.data}
        manifest = {
            "environment": _environment(),
            "inputs": self.inputs,
            "outputs": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
        }
        files["manifest.json"] = json_bytes(manifest)
        known = set(_folder.names())
        with staged(folder, known=known.__contains__, stale=sorted(known)) as stage:
            return [stage.write(name, data) for name, data in files.items()]

    def _running(self, result: gpd.GeoDataFrame) -> Any:
        """Say which sites are not excluded: what is not decidable stays in the running."""
        if self.exclusions is None:
            return pd.Series(data=True, index=result.index).to_numpy()
        return result["kept"].fillna(value=True).to_numpy(dtype=bool)

    def _weights(self, running: gpd.GeoDataFrame) -> pd.DataFrame:
        """Return the weights that are used, where they come from, and how consistent comparisons are."""
        given = None if self.ranking is None else self.ranking.weights
        used = {} if self.ranking is None else self.ranking.used_weights(running)
        ratio = getattr(given, "consistency_ratio", None)
        come = "comparisons" if ratio is not None else "entropy" if given == "entropy" else "given"
        table = pd.DataFrame({"criterion": list(used), "weight": list(used.values()), "from": come})
        return table.assign(consistency_ratio=ratio)

    def _refusing(self) -> contextlib.AbstractContextManager[None]:
        """Add file and line to what the ranking refuses."""
        return contextlib.nullcontext() if self._ranked is None else self._ranked.refusing()

    @property
    def title(self) -> str:
        """What the scenario is called: its `title`, or the name of its file."""
        return str(self.settings.get("title", self.path.stem))

    def __repr__(self) -> str:
        """Return one line."""
        return f"<Scenario {shown(self.path)}: {len(self.sites)} sites, {self.exclusions}, {self.ranking}>"


def read_scenario(path: str | Path) -> Scenario:
    r"""Return what a scenario file says; the layout is in docs/siting.md.

    Parameters
    ----------
    path
        A TOML file. The files that it names lie relative to its folder.

    Raises
    ------
    InputError
        It cannot be read, or something in it is unknown, missing or contradicts itself: with file, line and cure.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "spots.csv").write_text("site_id,lon,lat,price\na,127,37,10\nb,128,37,90\n")
    >>> value = '{ kind = "linear", worst = 100, best = 0 }'
    >>> text = f'''
    ... [sites]
    ... file = "spots.csv"
    ... [[criteria]]
    ... name = "cheap"
    ... measure = "attribute"
    ... column = "price"
    ... value = {value}
    ... weight = 1
    ... '''
    >>> _ = (folder / "s.toml").write_text(text)
    >>> read_scenario(folder / "s.toml").result()["rank"].tolist()
    [1, 2]
    """
    file = native(path)
    if not file.is_file():
        msg = f"There is no scenario {shown(file)}. Check the name."
        raise InputError(msg)
    data = file.read_bytes()
    found = _settings.asked(file, data)
    settings = tomllib.loads(_located.decoded(data))
    return Scenario(file, data, settings, *found)


def _environment() -> dict[str, str]:
    """Return the versions that the bytes of a result depend on."""
    named = {name: importlib.metadata.version(name) for name in _ENVIRONMENT}
    return {
        "clustergeo": software_version(),
        "python": platform.python_version(),
        "geos": shapely.geos_version_string,
        "proj": pyproj.proj_version_str,
        **named,
    }
