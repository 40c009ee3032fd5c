"""Scenarios: layers, exclusions, criteria and weights in one file, run into one folder."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from clustergeo._crate import software_version
from clustergeo._files import native, shown, staged
from clustergeo._formats import csv_rows, json_bytes
from clustergeo.errors import InputError
from clustergeo.exporting import frame_bytes
from clustergeo.reading import read_shapes, read_sites
from clustergeo.siting import _located
from clustergeo.siting.criteria import Criteria
from clustergeo.siting.exclusions import Exclusions
from clustergeo.siting.ranking import Ranking
from clustergeo.siting.values import Value

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from clustergeo.siting._located import Located

_TABLES = ("sites", "layers", "exclusions", "criteria", "ranking")
_RULE = ("name", "layer", "max_share", "max_area_m2", "buffer_m", "include", "forced", "where")
_CRITERION = ("name", "measure", "layer", "within_m", "column", "value", "weight")
_VALUES = ("linear", "ideal", "piecewise", "step", "logistic")
FILES = ("sites.geojson", "sites.csv", "reasons.csv", "stability.csv", "scenario.toml", "manifest.json")


@dataclass(frozen=True, repr=False)
class Scenario:
    """What a scenario file says, read and checked.

    Attributes
    ----------
    path, data
        The file and its bytes.
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
    sites: gpd.GeoDataFrame
    exclusions: Exclusions | None
    ranking: Ranking | None
    stability: dict[str, Any]
    inputs: dict[str, str]

    def result(self) -> gpd.GeoDataFrame:
        """Return the sites with what excludes them; those that are not excluded are ranked among themselves."""
        out = self.sites if self.exclusions is None else self.exclusions.apply(self.sites)
        if self.ranking is None:
            return out
        running = _running(out)
        ranked = self.ranking.rank(out[running])
        added = ranked[[name for name in ranked.columns if name not in out.columns]]
        active = out.geometry.name
        columns = [out.drop(columns=active), added.reindex(out.index), out[[active]]]
        return out.__class__(pd.concat(columns, axis=1), geometry=active, crs=out.crs)

    def run(self, folder: str | Path) -> list[Path]:
        """Run the scenario and write its result.

        Parameters
        ----------
        folder
            Made if it does not exist. All files are written, or none.

        Returns
        -------
        list of pathlib.Path
            `sites.geojson` and `sites.csv`, the sites with all columns; `reasons.csv`, one sentence a site in Korean
            and English; `stability.csv`; the scenario; and last `manifest.json`: the sha256 of every input and output
            and the package version. The same inputs give the same bytes in the same environment.

        Raises
        ------
        InputError
            A frame cannot be used, or the folder cannot be written to.
        """
        result = self.result()
        files = {"sites.geojson": frame_bytes(result, "geojson"), "sites.csv": frame_bytes(result, "csv")}
        if self.exclusions is not None:
            told = [
                (name, *(self.exclusions.explain(result, name, lang=lang) for lang in ("ko", "en")))
                for name in result["site_id"]
            ]
            files["reasons.csv"] = csv_rows(("site_id", "ko", "en"), told)
        if self.ranking is not None:
            running = result[_running(result)]
            top = min(self.stability["top"], len(running))
            table = self.ranking.stability(running, **(self.stability | {"top": top}))
            files["stability.csv"] = csv_rows(table.columns, table.astype(object).itertuples(index=False))
        files["scenario.toml"] = self.data
        manifest = {
            "clustergeo": software_version(),
            "inputs": self.inputs,
            "outputs": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
        }
        files["manifest.json"] = json_bytes(manifest)
        with staged(folder, known=lambda name: name in FILES, stale=FILES) as stage:
            return [stage.write(name, data) for name, data in files.items()]

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
    with head.refusing("file"):
        sites = read_sites(_input(file, head, inputs), crs=head.body.get("crs"), layer=head.body.get("layer"))
    layers = {one.body["name"]: _layer(file, one, inputs) for one in tables.get("layers", [])}
    exclusions = None
    for one in tables.get("exclusions", []):
        exclusions = _rule(exclusions or Exclusions(), one, layers)
    ranking, options = _ranking(tables, layers)
    return Scenario(file, data, sites, exclusions, ranking, options, inputs)


def _running(result: gpd.GeoDataFrame) -> Any:
    """Say which sites are not excluded: what is not decidable stays in the running."""
    if "kept" not in result.columns:
        return pd.Series(data=True, index=result.index).to_numpy()
    return result["kept"].fillna(value=True).to_numpy(dtype=bool)


def _input(scenario: Path, one: Located, inputs: dict[str, str]) -> Path:
    """Return a file that the scenario names, and note its hash."""
    name = str(one.need("file"))
    path = scenario.parent / name
    if path.is_file():
        inputs[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return path


def _layer(scenario: Path, one: Located, inputs: dict[str, str]) -> tuple[gpd.GeoDataFrame, Any]:
    """Return the shapes of a layer and where they are complete."""
    one.only("name", "file", "crs", "layer", "coverage", "source")
    with one.refusing("file"):
        frame = read_shapes(_input(scenario, one, inputs), crs=one.body.get("crs"), layer=one.body.get("layer"))
    return frame, one.body.get("coverage")


def _named(one: Located, layers: dict[str, Any], key: str) -> tuple[gpd.GeoDataFrame, Any]:
    """Return the layer that a setting names."""
    name = one.need(key)
    if name not in layers:
        known = ", ".join(layers) or "none"
        problem = f"there is no layer {name!r}; the layers are {known}. Add a table [layers.{name}] with its file."
        raise one.fault(problem, key)
    found: tuple[gpd.GeoDataFrame, Any] = layers[name]
    return found


def _rule(rules: Exclusions, one: Located, layers: dict[str, Any]) -> Exclusions:
    """Return exclusions with one more rule."""
    one.only(*_RULE)
    frame, coverage = _named(one, layers, "layer")
    options = {key: one.body[key] for key in one.body if key not in ("name", "layer", "where")}
    where = _named(one, layers, "where")[0] if "where" in one.body else None
    with one.refusing("buffer_m" if "buffer_m" in one.body else None):
        return rules.add(one.body.get("name", one.body["layer"]), frame, coverage=coverage, where=where, **options)


def _criterion(criteria: Criteria, one: Located, layers: dict[str, Any]) -> Criteria:
    """Return criteria with one more."""
    one.only(*_CRITERION)
    name, measure, value = str(one.need("name")), one.need("measure"), _value(one)
    with one.refusing():
        if measure == "attribute":
            return criteria.attribute(name, value=value, column=one.body.get("column"))
        if measure not in ("distance", "count", "share"):
            problem = f"measure is {measure!r}; expected 'distance', 'count', 'share' or 'attribute'."
            raise InputError(problem)
    frame, coverage = _named(one, layers, "layer")
    extra = {"within_m": one.need("within_m")} if measure == "count" else {}
    with one.refusing("layer"):
        made: Criteria = getattr(criteria, measure)(name, frame, value=value, coverage=coverage, **extra)
    return made


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


def _ranking(tables: dict[str, list[Located]], layers: dict[str, Any]) -> tuple[Ranking | None, dict[str, Any]]:
    """Return the ranking and the options of its stability."""
    criteria, weights = Criteria(), {}
    for one in tables.get("criteria", []):
        criteria = _criterion(criteria, one, layers)
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
