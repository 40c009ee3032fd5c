"""Scenarios: layers, exclusions, criteria and weights in one file, run into one folder."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
import tomllib
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyproj
import shapely

from clustergeo import schema
from clustergeo._crate import software_version
from clustergeo._files import native, shown, staged
from clustergeo._formats import json_bytes
from clustergeo.errors import InputError
from clustergeo.layers import Layer
from clustergeo.reading import read_shapes, read_sites
from clustergeo.siting import _folder, _grounds, _located
from clustergeo.siting.criteria import Criteria, numbers_of
from clustergeo.siting.exclusions import Exclusions
from clustergeo.siting.ordinances import read_ordinances
from clustergeo.siting.ranking import Ranking
from clustergeo.siting.values import Value

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import geopandas as gpd

    from clustergeo.siting._located import Located

_TABLES = ("sites", "layers", "exclusions", "criteria", "ranking")
_RULE = ("name", "layer", "max_share", "max_area_m2", "buffer_m", "include", "forced", "where", "on")
_CRITERION = ("name", "measure", "layer", "within_m", "column", "file", "band", "value", "weight")
_AREAL = 2
_VALUES = ("linear", "ideal", "piecewise", "step", "logistic")
# What belongs to a shapefile and changes what is read from it.
_COMPANIONS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
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
        running = _running(out)
        ranked = self.ranking.rank(out[running])
        added = ranked[[name for name in ranked.columns if name not in out.columns]]
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
        top, stability, swaps = self.stability["top"], None, None
        if self.ranking is not None:
            running = result[_running(result)]
            if len(running):
                options = self.stability | {"top": min(top, len(running))}
                stability = self.ranking.stability(running, **options)
                swaps = self.ranking.swaps(running) if self.ranking.method == "sum" else None
        made = _folder.files(
            result,
            self.exclusions,
            stability,
            swaps,
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
    tables = _located.read(file, data)
    for name, parts in tables.items():
        if name not in _TABLES:
            problem = f"there is no table {name!r}; expected some of {', '.join(_TABLES)}."
            raise parts[0].fault(problem)
    if "sites" not in tables or not {"exclusions", "criteria"} & set(tables):
        msg = f"{shown(file)}, line 1: a scenario has [sites] and [[exclusions]] or [[criteria]]. Add them."
        raise InputError(msg)
    inputs: dict[str, str] = {}
    (head,) = tables["sites"]
    head.only("file", "crs", "layer")
    sites = _read(read_sites, file, head, inputs)
    layers = {one.body["name"]: _layer(file, one, inputs) for one in tables.get("layers", [])}
    exclusions = None
    for one in tables.get("exclusions", []):
        exclusions = _rule(exclusions or Exclusions(), one, layers, inputs)
    if exclusions is not None:
        with tables["exclusions"][0].refusing():
            _grounds.check_set(exclusions.rules)
    made = Scenario(file, data, tomllib.loads(data.decode()), sites, exclusions, None, {}, inputs)
    ranking, options = _ranking(tables, made, layers)
    return replace(made, ranking=ranking, stability=options)


def _running(result: gpd.GeoDataFrame) -> Any:
    """Say which sites are not excluded: what is not decidable stays in the running."""
    if "kept" not in result.columns:
        return pd.Series(data=True, index=result.index).to_numpy()
    return result["kept"].fillna(value=True).to_numpy(dtype=bool)


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


def _noted(one: Located, scenario: Path, inputs: dict[str, str]) -> list[Path]:
    """Return a file that the scenario names and what belongs to it, and note the hash of each."""
    name = str(one.need("file"))
    path = scenario.parent / name
    parts = [path] if path.is_file() else []
    if path.suffix.lower() == ".shp" and path.parent.is_dir():
        parts = sorted(
            part
            for part in path.parent.iterdir()
            if part.stem == path.stem and part.suffix.lower() in _COMPANIONS and part.is_file()
        )
    for part in parts:
        inputs[str(PurePosixPath(name).with_name(part.name))] = hashlib.sha256(part.read_bytes()).hexdigest()
    return [path, *parts]


def _read(read: Callable[..., gpd.GeoDataFrame], scenario: Path, one: Located, inputs: dict[str, str]) -> Any:
    """Return what a file that the scenario names holds, and note the hash of each of its parts."""
    path = _noted(one, scenario, inputs)[0]
    with one.refusing("file"):
        try:
            return read(path, crs=one.body.get("crs"), layer=one.body.get("layer"))
        except InputError as error:
            if "crs" in one.body or "crs=" not in str(error):
                raise
            msg = f'{error} In a scenario that is a line in this table: crs = "EPSG:...".'
            raise InputError(msg) from error


def _layer(scenario: Path, one: Located, inputs: dict[str, str]) -> tuple[Any, Any]:
    """Return a layer, or shapes that are no polygons and where they are complete."""
    one.only("name", "file", "crs", "layer", "coverage", "as_of", "source", "licence")
    frame = _read(read_shapes, scenario, one, inputs)
    told: dict[str, Any] = {key: one.body.get(key) for key in ("as_of", "source", "licence")}
    if (shapely.get_dimensions(np.asarray(frame.geometry.values, dtype=object)) < _AREAL).any():
        return frame, one.body.get("coverage")
    with one.refusing("file"):
        schema.check_zone_name(one.body["name"])
        return Layer(frame, name=one.body["name"], coverage=one.body.get("coverage"), **told), None


def _named(one: Located, layers: dict[str, Any], key: str) -> tuple[Any, Any]:
    """Return the layer that a setting names."""
    name = one.need(key)
    if name not in layers:
        known = ", ".join(layers) or "none"
        problem = f"there is no layer {name!r}; the layers are {known}. Add a table [layers.{name}] with its file."
        raise one.fault(problem, key)
    found: tuple[Any, Any] = layers[name]
    return found


def _rule(rules: Exclusions, one: Located, layers: dict[str, Any], inputs: dict[str, str]) -> Exclusions:
    """Return exclusions with one more rule."""
    one.only(*_RULE)
    frame, coverage = _named(one, layers, "layer")
    options: dict[str, Any] = {key: one.body[key] for key in one.body if key not in ("name", "layer", "where")}
    for key in ("buffer_m", "max_share", "max_area_m2"):
        if isinstance(options.get(key), str):
            with one.refusing(key):
                options[key] = read_ordinances(_noted(replace(one, body={"file": options[key]}), one.path, inputs)[0])
    where = _named(one, layers, "where")[0] if "where" in one.body else None
    with one.refusing("buffer_m" if "buffer_m" in one.body else None):
        return rules.add(one.body.get("name", one.body["layer"]), frame, coverage=coverage, where=where, **options)


def _criterion(criteria: Criteria, one: Located, scenario: Scenario, layers: dict[str, Any]) -> Criteria:
    """Return criteria with one more."""
    one.only(*_CRITERION)
    name, measure, value = str(one.need("name")), one.need("measure"), _value(one)
    with one.refusing():
        if measure == "attribute":
            made = criteria.attribute(name, value=value, column=one.body.get("column"))
            numbers_of(scenario.sites, made.items[-1])
            return made
        if measure == "raster":
            path = _noted(one, scenario.path, scenario.inputs)[0]
            return criteria.raster(name, path, value=value, band=one.body.get("band", 1))
        if measure not in ("distance", "count", "share"):
            problem = f"measure is {measure!r}; expected 'distance', 'count', 'share', 'attribute' or 'raster'."
            raise InputError(problem)
    frame, coverage = _named(one, layers, "layer")
    extra = {"within_m": one.need("within_m")} if measure == "count" else {}
    with one.refusing("layer"):
        found: Criteria = getattr(criteria, measure)(name, frame, value=value, coverage=coverage, **extra)
    return found


def _value(one: Located) -> Value:
    """Return a value function."""
    given = one.need("value")
    with one.refusing("value"):
        kind = given.get("kind")
        if kind not in _VALUES:
            problem = f"the kind of value is {kind!r}; expected one of {', '.join(_VALUES)}."
            raise InputError(problem)
        options = {key: setting for key, setting in given.items() if key != "kind"}
        first = [options.pop(key) for key in ("points", "ideal") if key in options]
        made: Value = getattr(Value, kind)(*first, **options)
        return made


def _ranking(
    tables: dict[str, list[Located]], scenario: Scenario, layers: dict[str, Any]
) -> tuple[Ranking | None, dict[str, Any]]:
    """Return the ranking and the options of its stability."""
    criteria, weights = Criteria(), {}
    for one in tables.get("criteria", []):
        criteria = _criterion(criteria, one, scenario, layers)
        weights[one.body["name"]] = one.body.get("weight")
    options: dict[str, Any] = {"draws": 10_000, "top": 5, "concentration": 50.0, "seed": 0}
    if not len(criteria):
        return None, options
    parts = tables.get("ranking", [])
    head = parts[0] if parts else tables["criteria"][0]
    body = parts[0].body if parts else {}
    if parts:
        head.only("method", "weights", *options)
    options |= {key: body[key] for key in options if key in body}
    missing = [name for name, weight in weights.items() if weight is None]
    chosen: Any = body.get("weights", {name: weight for name, weight in weights.items() if weight is not None})
    if isinstance(chosen, str) and chosen != "entropy":
        problem = f'weights is {chosen!r}; expected "entropy", or a weight with each of [[criteria]].'
        raise head.fault(problem, "weights")
    if chosen != "entropy" and missing:
        at = next(one for one in tables["criteria"] if one.body["name"] == missing[0])
        problem = f'criterion {missing[0]!r} has no weight. Add weight = 1, or weights = "entropy" to [ranking].'
        raise at.fault(problem)
    at = head if "weights" in body or "method" in body else tables["criteria"][0]
    with at.refusing("weight" if at is not head else None):
        return Ranking(criteria, weights=chosen, method=body.get("method", "sum")), options
