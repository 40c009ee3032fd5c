"""What the tables of a scenario file ask for: sites, exclusions, criteria, weights and how they are ranked."""

from __future__ import annotations

import hashlib
import inspect
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import shapely

from clustergeo import crs, facts, schema
from clustergeo._files import shown
from clustergeo._zones import coverage_shape
from clustergeo.errors import InputError
from clustergeo.layers import EVERYWHERE, Layer
from clustergeo.reading import read_shapes, read_sites
from clustergeo.siting import _grounds, _located, scoring, weighting
from clustergeo.siting._located import DAY, FLAG, LIST, NUMBER, TABLE, TEXT, WHOLE
from clustergeo.siting._measures import numbers_of
from clustergeo.siting._numbers import is_number
from clustergeo.siting.criteria import Criteria
from clustergeo.siting.exclusions import Exclusions
from clustergeo.siting.ordinances import checked_day, read_ordinances
from clustergeo.siting.ranking import Ranking, check_draws
from clustergeo.siting.values import Value

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from clustergeo.siting._located import Located

_FILE = {"file": TEXT, "crs": TEXT, "layer": TEXT}
_LAYER = {"name": TEXT, **_FILE, "coverage": TEXT + LIST, "as_of": DAY, "source": TEXT, "licence": TEXT}
_BY_JURISDICTION = ("max_share", "max_area_m2", "buffer_m")
_RULE = {
    "name": TEXT,
    "layer": TEXT,
    **dict.fromkeys(_BY_JURISDICTION, NUMBER + TEXT),
    "include": FLAG,
    "forced": FLAG,
    "where": TEXT,
    "weight": NUMBER,
    "on": DAY,
}
_CRITERION = {
    "name": TEXT,
    "measure": TEXT,
    "layer": TEXT,
    "within_m": NUMBER,
    "column": TEXT,
    "file": TEXT,
    "band": WHOLE,
    "at": TEXT,
    "value": TABLE,
    "weight": NUMBER,
}
_DRAWN: dict[str, Any] = {"draws": 10_000, "top": 5, "concentration": 50.0, "seed": 0}
_RANKING = {
    "method": TEXT,
    "weights": TEXT + TABLE,
    "comparisons": LIST,
    "draws": WHOLE,
    "top": WHOLE,
    "concentration": NUMBER + TEXT,
    "seed": WHOLE,
}
_TABLES = ("sites", "layers", "exclusions", "criteria", "ranking")
_MEASURES = ("distance", "count", "share", "attribute", "raster")
_VALUES = ("linear", "ideal", "piecewise", "step", "logistic")
_AREAL = 2
_PAIR = 3
# What belongs to a shapefile and changes what is read from it.
_COMPANIONS = (".shp", ".shx", ".dbf", ".prj", ".cpg")


class Asked(NamedTuple):
    """What a scenario asks for; see `Scenario`."""

    sites: gpd.GeoDataFrame
    exclusions: Exclusions | None
    ranking: Ranking | None
    stability: dict[str, Any]
    inputs: dict[str, str]
    ranked: Located | None


class _Drawn(NamedTuple):
    """What a layer of a scenario holds: a Layer; or shapes that are no polygons, where they are complete and more."""

    shapes: Any
    coverage: Any
    told: dict[str, Any]


def asked(file: Path, data: bytes) -> Asked:
    """Return what a scenario asks for.

    Raises
    ------
    InputError
        Something is unknown, missing or contradicts itself: with file, line and cure.
    """
    return _Reading(file, _located.read(file, data), {}).all()


@dataclass(frozen=True)
class _Reading:
    """A scenario file while it is read: its tables, and the sha256 of what they name."""

    path: Path
    tables: dict[str, list[Located]]
    inputs: dict[str, str]

    def all(self) -> Asked:
        """Return everything."""
        for name, parts in self.tables.items():
            if name not in _TABLES:
                problem = f"there is no table {name!r}; expected some of {', '.join(_TABLES)}."
                raise parts[0].fault(problem)
        if "sites" not in self.tables or not {"exclusions", "criteria"} & set(self.tables):
            msg = f"{shown(self.path)}, line 1: a scenario has [sites] and [[exclusions]] or [[criteria]]. Add them."
            raise InputError(msg)
        head = self._single("sites")
        head.only(_FILE)
        sites = self._read(read_sites, head)
        layers = dict(map(self._layer, self.tables.get("layers", [])))
        exclusions = None
        for one in self.tables.get("exclusions", []):
            exclusions = self._rule(exclusions or Exclusions(), one, layers)
        if exclusions is not None:
            with self.tables["exclusions"][0].refusing():
                _grounds.check_set(exclusions.rules)
        criteria = Criteria()
        for one in self.tables.get("criteria", []):
            criteria = self._criterion(criteria, one, sites, layers)
        if not len(criteria):
            return Asked(sites, exclusions, None, dict(_DRAWN), self.inputs, None)
        ranking, options, at = self._ranking(criteria)
        return Asked(sites, exclusions, ranking, options, self.inputs, at)

    def _single(self, name: str) -> Located:
        """Return the only table of a name."""
        first, *more = self.tables[name]
        if more:
            problem = f"there is a second table [{name}]. Keep one."
            raise more[0].fault(problem)
        return first

    def _noted(self, one: Located, key: str) -> Path:
        """Return a file that a setting names, and note its hash and those of what belongs to it."""
        name = str(one.need(key))
        path = self.path.parent / name
        parts = [path] if path.is_file() else []
        if path.suffix.lower() == ".shp" and path.parent.is_dir():
            parts = sorted(
                part
                for part in path.parent.iterdir()
                if part.stem == path.stem and part.suffix.lower() in _COMPANIONS and part.is_file()
            )
        for part in parts:
            self.inputs[str(PurePosixPath(name).with_name(part.name))] = hashlib.sha256(part.read_bytes()).hexdigest()
        return path

    def _read(self, read: Callable[..., gpd.GeoDataFrame], one: Located) -> Any:
        """Return what a file that a table names holds."""
        path = self._noted(one, "file")
        with one.refusing("file"):
            try:
                return read(path, crs=one.body.get("crs"), layer=one.body.get("layer"))
            except InputError as error:
                if "crs" in one.body or "crs=" not in str(error):
                    raise
                msg = f'{error} In a scenario that is a line in this table: crs = "EPSG:...".'
                raise InputError(msg) from error

    def _layer(self, one: Located) -> tuple[str, _Drawn]:
        """Return the name of a layer and what it holds."""
        if not isinstance(one.body.get("name"), str):
            problem = 'each layer has a table of its own: [layers.NAME] with file = "...". Write it so.'
            raise one.fault(problem)
        one.only(_LAYER)
        name, coverage = one.body["name"], one.body.get("coverage")
        frame = self._read(read_shapes, one)
        told: dict[str, Any] = {key: one.body[key] for key in ("as_of", "source", "licence") if key in one.body}
        with one.refusing("as_of"):
            told["as_of"] = facts.checked_date(told.get("as_of"), what=f"the content of layer {name!r}")
        with one.refusing():
            schema.check_zone_name(name)
        with one.refusing("coverage"):
            empty = Layer(gpd.GeoDataFrame(geometry=[], crs=crs.LONLAT), name=name, coverage=coverage)
            if empty.coverage not in (None, EVERYWHERE):
                coverage_shape(empty)
        if (shapely.get_dimensions(np.asarray(frame.geometry.values, dtype=object)) < _AREAL).any():
            return name, _Drawn(frame, coverage, told)
        with one.refusing("file"):
            return name, _Drawn(Layer(frame, name=name, coverage=coverage, **told), None, {})

    def _named(self, one: Located, layers: dict[str, _Drawn], key: str) -> _Drawn:
        """Return the layer that a setting names."""
        name = one.need(key)
        if name not in layers:
            known = ", ".join(layers) or "none"
            problem = f"there is no layer {name!r}; the layers are {known}. Add a table [layers.{name}] with its file."
            raise one.fault(problem, key)
        return layers[name]

    def _rule(self, rules: Exclusions, one: Located, layers: dict[str, _Drawn]) -> Exclusions:
        """Return exclusions with one more rule."""
        one.only(_RULE)
        drawn = self._named(one, layers, "layer")
        options: dict[str, Any] = {key: one.body[key] for key in one.body if key not in ("name", "layer", "where")}
        for key in _BY_JURISDICTION:
            if isinstance(options.get(key), str):
                with one.refusing(key):
                    options[key] = read_ordinances(self._noted(one, key))
        if "on" in options:
            with one.refusing("on"):
                options["on"] = checked_day(options["on"])
        where = self._named(one, layers, "where").shapes if "where" in one.body else None
        name = one.body.get("name", one.body["layer"])
        with one.refusing("name" if "name" in one.body else "layer"):
            schema.check_zone_name(name, what="a rule")
        # The first option that is there stands for the rule: most refusals are of it.
        first = next((key for key in (*reversed(_BY_JURISDICTION), "weight", "where") if key in one.body), None)
        with one.refusing(first):
            *others, made = rules.add(name, drawn.shapes, coverage=drawn.coverage, where=where, **options).rules
        return Exclusions((*others, replace(made, told=replace(made.told, **drawn.told))))

    def _criterion(
        self, criteria: Criteria, one: Located, sites: gpd.GeoDataFrame, layers: dict[str, _Drawn]
    ) -> Criteria:
        """Return criteria with one more."""
        one.only(_CRITERION)
        name, measure, value = one.need("name"), one.need("measure"), _value(one)
        with one.refusing("name"):
            schema.check_zone_name(name, what="a criterion")
        if measure not in _MEASURES:
            problem = f"measure is {measure!r}; expected one of {', '.join(map(repr, _MEASURES))}."
            raise one.fault(problem, "measure")
        if not 0 <= one.body.get("weight", 0) < np.inf:
            problem = f"weight is {one.body['weight']}; expected a number, 0 or more."
            raise one.fault(problem, "weight")
        if measure == "attribute":
            with one.refusing("column"):
                made = criteria.attribute(name, value=value, column=one.body.get("column"))
                numbers_of(sites, made.items[-1])
                return made
        if measure == "raster":
            path = self._noted(one, "file")
            options = {key: one.body[key] for key in ("band", "at") if key in one.body}
            with one.refusing(next(iter(options), "file")):
                return criteria.raster(name, path, value=value, **options)
        drawn = self._named(one, layers, "layer")
        extra = {"within_m": one.need("within_m")} if measure == "count" else {}
        with one.refusing("within_m" if extra else "layer"):
            found: Criteria = getattr(criteria, measure)(
                name, drawn.shapes, value=value, coverage=drawn.coverage, **extra
            )
        return found

    def _ranking(self, criteria: Criteria) -> tuple[Ranking, dict[str, Any], Located]:
        """Return the ranking, the options of its stability, and the table that asks for it."""
        parts = self.tables["criteria"]
        head = self._single("ranking") if "ranking" in self.tables else parts[0]
        body = head.body if head is not parts[0] else {}
        if body:
            head.only(_RANKING)
        method = body.get("method", "sum")
        with head.refusing("method"):
            scoring.check_method(method)
        options = _DRAWN | {key: body[key] for key in _DRAWN if key in body}
        if options["concentration"] == "none":
            options["concentration"] = None
        for key, value in options.items():
            with head.refusing(key):
                check_draws(**{key: value})
        weights, at, key = self._weights(parts, head, body)
        with at.refusing(key):
            return Ranking(criteria, weights=weights, method=method), options, head

    def _weights(self, parts: list[Located], head: Located, body: dict[str, Any]) -> tuple[Any, Located, str]:
        """Return the weights, and the table and the setting that give them."""
        each = {one.body["name"]: one.body["weight"] for one in parts if "weight" in one.body}
        if "comparisons" in body:
            if each or "weights" in body:
                problem = "weights follow from these comparisons, but others are given too. Keep one of them."
                raise head.fault(problem, "comparisons")
            pairs = body["comparisons"]
            if not all(map(_compared, pairs)):
                problem = 'expected [["rail", "price", 3], ...]: two criteria, and how many times the first counts.'
                raise head.fault(problem, "comparisons")
            twice = next((pair for at, pair in enumerate(pairs) if pair[:2] in [one[:2] for one in pairs[:at]]), None)
            if twice is not None:
                problem = f"{twice[0]!r} is compared with {twice[1]!r} twice. Keep one of the two."
                raise head.fault(problem, "comparisons")
            with head.refusing("comparisons"):
                return weighting.ahp({(one, other): times for one, other, times in pairs}), head, "comparisons"
        if "weights" in body:
            if isinstance(body["weights"], str) and body["weights"] != "entropy":
                problem = (
                    f'weights is {body["weights"]!r}; expected "entropy", a table of numbers, or a weight with each of '
                    "[[criteria]]."
                )
                raise head.fault(problem, "weights")
            if each:
                problem = (
                    f"weights are given here, but {next(iter(each))!r} has a weight of its own too. Keep one of them."
                )
                raise head.fault(problem, "weights")
            return body["weights"], head, "weights"
        missing = next((one for one in parts if "weight" not in one.body), None)
        if missing is not None:
            problem = (
                f"criterion {missing.body['name']!r} has no weight. Add weight = 1, or to [ranking] "
                'weights = "entropy" or comparisons = [["rail", "price", 3], ...].'
            )
            raise missing.fault(problem)
        return each, parts[0], "weight"


def _value(one: Located) -> Value:
    """Return a value function."""
    given = one.need("value")
    with one.refusing("value"):
        kind = given.get("kind")
        if kind not in _VALUES:
            problem = f"the kind of value is {kind!r}; expected one of {', '.join(_VALUES)}."
            raise InputError(problem)
        make = getattr(Value, kind)
        parts = inspect.signature(make).parameters
        options = {key: setting for key, setting in given.items() if key != "kind"}
        wrong = [f"{key!r} is none of them" for key in options if key not in parts]
        wrong += [
            f"{key!r} is missing" for key, part in parts.items() if part.default is part.empty and key not in options
        ]
        wrong += [
            f"{key} is {setting!r}, not {'a list of pairs of numbers' if key == 'points' else 'a number'}"
            for key, setting in options.items()
            if key != "unit" and not (_pairs(setting) if key == "points" else is_number(setting))
        ]
        wrong += [f"unit is {options['unit']!r}, not a text"] if not isinstance(options.get("unit", ""), str) else []
        if wrong:
            problem = f"a {kind} value has {', '.join(parts)}; {' and '.join(wrong)}."
            raise InputError(problem)
        first = [options.pop(key) for key in ("points", "ideal") if key in options]
        made: Value = make(*first, **options)
        return made


def _compared(pair: Any) -> bool:
    """Say whether a setting names two criteria and a third thing, which is to be a number."""
    return isinstance(pair, list) and len(pair) == _PAIR and all(isinstance(name, str) for name in pair[:2])


def _pairs(points: Any) -> bool:
    """Say whether a setting is a list of pairs of numbers."""
    return isinstance(points, list) and all(
        isinstance(one, list) and len(one) == 2 and all(map(is_number, one))  # noqa: PLR2004
        for one in points
    )
