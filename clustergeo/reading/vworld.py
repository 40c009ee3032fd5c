"""Layers from V-World's Data API: every page of every tile, or an error that says what is missing."""

from __future__ import annotations

import math
import os
import time
import urllib.parse
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from clustergeo import crs as crs_room
from clustergeo import schema
from clustergeo._progress import told
from clustergeo.errors import InputError, ServiceError, warn
from clustergeo.reading import _boxes, _cache, _features
from clustergeo.reading._fetching import Fetcher
from clustergeo.reading._vworld_answers import Page, TooLargeError, page_of, signature
from clustergeo.reading._vworld_datasets import Dataset, dataset_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from clustergeo.layers import Layer
    from clustergeo.reading._boxes import Box
    from clustergeo.reading._fetching import Sleep

SERVICE = "https://api.vworld.kr/req/data"
MOST_KM2 = 9.0  # the service refuses boxes above 10 km2; how it measures them is not documented
MOST_RECORDS = 1000

_LEAST_KM2 = 1e-4
_ATTEMPTS = 2


class _UnsteadyError(Exception):
    """The pages of one box do not add up."""


def read_vworld(
    dataset: str,
    *,
    bbox: tuple[float, float, float, float],
    name: str,
    as_of: str | None = None,
    repair: bool = False,
    cache: bool | None = None,
    max_age_days: float = 30,
    progress: bool | None = None,
    url: str | None = None,
    most_requests: int = 2000,
    timeout_s: float = 120,
    tries: int = 5,
    pause_s: float = 0.2,
    sleep: Sleep = time.sleep,
) -> Layer:
    """Return a dataset of V-World in a box, read whole.

    The key is taken from the environment only: `VWORLD_API_KEY`, and `VWORLD_DOMAIN` for the address it was issued for.
    It is in no message, report, file name or kept answer.

    Parameters
    ----------
    dataset
        Its name in the Data API, such as `LT_C_UD801` (restricted development zones).
    bbox
        West, south, east and north in degrees. A large box is read in tiles, and each feature is taken once.
    name
        Of the layer, such as `rdz`.
    as_of
        The date of the content, if you know it: the service does not tell.
    repair
        Whether to repair invalid polygons, leave out features without a geometry, and say how many; otherwise they are
        refused with the reasons.
    cache
        Whether to keep the answer on this machine, in `CLUSTERGEO_CACHE` or the cache folder of the platform. By
        default only where the dataset's terms are known to allow it; True where you have read terms that do.
    max_age_days
        How old a kept answer may be.
    progress
        Whether to show how many records have come; by default in notebooks and on a terminal.
    url
        Another address of the same service, such as a mirror; by default `VWORLD_URL` or the service itself.
    most_requests
        Above as many tiles the box is refused: the bulk download of the province is the better way.
    timeout_s, tries, pause_s, sleep
        How long one answer may take, how often a request is made, the least time between two requests, and what waits.

    Returns
    -------
    Layer
        EPSG:4326, with the service's own column names. Its coverage is the box, so that a site in it that no feature
        touches has a share of 0, also where the service found nothing at all.

    Raises
    ------
    InputError
        No key, a box that is none or too large, points or lines, invalid polygons.
    ServiceError
        The service did not give a whole answer: which page of how many, how many records of how many, and the cure.

    Notes
    -----
    The form of requests and answers follows V-World's Data API 2.0; a box above 10 km2 is answered INVALID_RANGE.

    Examples
    --------
    >>> import os
    >>> os.environ.pop("VWORLD_API_KEY", None) and None
    >>> read_vworld("LT_C_UD801", bbox=(126.7, 35.1, 126.8, 35.2), name="rdz")
    Traceback (most recent call last):
    clustergeo.errors.InputError: No key for V-World: set VWORLD_API_KEY in the environment, and ...
    """
    box = _boxes.checked_box(bbox)
    schema.check_zone_name(name)
    terms = dataset_of(dataset)
    _check_meaning(terms, name)
    keeps = _keeps(terms, cache=cache)
    address = url or os.environ.get("VWORLD_URL") or SERVICE
    # Neither a key nor what stands behind a question mark is part of what is kept.
    request = {"service": _plain(address), "dataset": terms.name, "bbox": list(box)}
    held = _cache.kept(request, max_age=timedelta(days=max_age_days)) if keeps else None
    report = [f"{terms.name}: {terms.title_ko} ({terms.title_en})"]
    if held is None:
        read_at = datetime.now(UTC)
        fetcher = Fetcher(
            f"V-World {terms.name}",
            address,
            secret={"key": _key()},
            timeout_s=timeout_s,
            tries=tries,
            pause_s=pause_s,
            sleep=sleep,
        )
        records, said = _Reader(fetcher, terms.name, most_requests).read(box, progress=progress)
        report += said
        if keeps:
            _cache.keep(request, records, read_at)
    else:
        records, read_at = held.records, held.read_at
        report.append(f"{len(records)} records, from the cache of this machine")
    day = read_at.date().isoformat()
    report.append(f"read on {day}")
    if terms.licence is None:
        report.append("the licence of this dataset is not known here: read it at the service before passing it on")
    what = f"V-World {terms.name}"
    if not records and not terms.known:
        warn(f"{what} found nothing in the box, and clustergeo does not know this dataset: check its name.")
    frame = _features.frame_of(records, crs=crs_room.LONLAT, what=what)
    _features.check_place(frame, box, what=what, cure="Report it to the service, or take the bulk download.")
    return _features.layer_of(
        frame,
        name=name,
        repair=repair,
        what=what,
        report=report,
        coverage=_boxes.polygon(box),
        as_of=as_of,
        source=f"V-World Data API {terms.name} ({terms.title_ko}), {_plain(address)}, read {day}",
        licence=terms.licence,
        attribution="국토교통부 공간정보 오픈플랫폼 브이월드 (V-World)",
    )


class _Reader:
    """Reads one dataset, page by page and tile by tile."""

    def __init__(self, fetcher: Fetcher, dataset: str, most_requests: int) -> None:
        self._fetcher, self._dataset, self._most = fetcher, dataset, most_requests

    def read(self, box: Box, *, progress: bool | None) -> tuple[list[dict[str, Any]], list[str]]:
        """Return the records of a box, each once, and what was decided on the way."""
        waiting, gathered, done = [box], _features.Gathered(), 0
        with told(None, unit="records", shown=progress) as came:
            while waiting:
                tile = waiting.pop()
                try:
                    features = self._tile(tile, came)
                except TooLargeError as reason:
                    waiting += reversed(self._split(tile, str(reason)))
                    self._check_number(done + len(waiting), box)
                    continue
                done += 1
                gathered.add(features)
        said = [f"{len(gathered.features)} records, all pages read" + (f" of {done} tiles" if done > 1 else "")]
        if gathered.copies:
            said.append(f"{gathered.copies} copies of features on the edges of tiles left out")
        if gathered.pieces:
            said.append(f"{gathered.pieces} ids stand at several features that differ; all were kept")
        return gathered.features, said

    def _split(self, tile: Box, reason: str) -> list[Box]:
        """Return the tiles of a box that the service does not take."""
        if _boxes.area_km2(tile) < _LEAST_KM2:
            msg = f"V-World {self._dataset} takes no box, however small: {reason}. Check the dataset's name."
            raise ServiceError(msg)
        return _boxes.tiles(tile, min(MOST_KM2, _boxes.area_km2(tile)))

    def _check_number(self, number: int, box: Box) -> None:
        """Refuse more tiles than anybody should ask of a service."""
        if number > self._most:
            msg = (
                f"The box of {_boxes.area_km2(box):,.0f} km2 needs at least {number:,} requests of V-World, which "
                f"takes about {MOST_KM2:g} km2 at a time. Take the bulk download of the province "
                f"(docs/official-data.md), a smaller box, or most_requests={math.ceil(number * 1.5):,}."
            )
            raise InputError(msg)

    def _tile(self, tile: Box, came: Callable[[int], None]) -> list[dict[str, Any]]:
        """Return the records of a box that the service takes, once all pages add up."""
        problem = ""
        for _ in range(_ATTEMPTS):
            try:
                features = self._pages(tile)
            except _UnsteadyError as error:
                problem = str(error)
                continue
            came(len(features))
            return features
        msg = f"V-World {self._dataset} is not complete: {problem}, twice. Nothing was returned. Try again later."
        raise ServiceError(msg)

    def _pages(self, tile: Box) -> list[dict[str, Any]]:
        """Return the records of all pages of a box."""
        first = self._ask(tile, 1)
        features, seen = list(first.features), {signature(first.features): 1}
        for number in range(2, first.pages + 1):
            came = f"{len(features):,} of {first.records:,} records came"
            problem = ""
            try:
                page = self._ask(tile, number)
            except ServiceError as error:
                problem = str(error)
            if problem:
                msg = f"{problem.rstrip('.')}. Page {number} of {first.pages} is missing: {came}. Nothing was returned."
                raise ServiceError(msg)
            if (page.records, page.pages) != (first.records, first.pages):
                msg = f"page {number} tells of {page.records:,} records where page 1 told of {first.records:,}"
                raise _UnsteadyError(msg)
            if page.current != number:
                msg = f"page {number} was asked for and page {page.current} came"
                raise _UnsteadyError(msg)
            repeated = seen.setdefault(signature(page.features), number)
            if repeated != number:
                msg = f"page {number} of {first.pages} repeats page {repeated}"
                raise _UnsteadyError(msg)
            features += page.features
        if len(features) != first.records:
            msg = f"{first.records:,} records were told on {first.pages} pages, and {len(features):,} came"
            raise _UnsteadyError(msg)
        ids = [feature["id"] for feature in features if feature.get("id") is not None]
        if len(set(map(str, ids))) != len(ids):
            msg = f"{len(ids) - len(set(map(str, ids))):,} of {len(ids):,} records came twice, so others are missing"
            raise _UnsteadyError(msg)
        return features

    def _ask(self, tile: Box, page: int) -> Page:
        """Return one page."""
        query = {
            "service": "data",
            "version": "2.0",
            "request": "GetFeature",
            "data": self._dataset,
            "format": "json",
            "errorformat": "json",
            "geomFilter": f"BOX({','.join(repr(float(value)) for value in tile)})",
            "geometry": "true",
            "attribute": "true",
            "crs": "EPSG:4326",
            "size": str(MOST_RECORDS),
            "page": str(page),
        }
        domain = os.environ.get("VWORLD_DOMAIN", "").strip()
        if domain:
            query["domain"] = domain
        return self._fetcher.get(
            query, lambda answer: page_of(answer, dataset=self._dataset, clean=self._fetcher.clean)
        )


def _key() -> str:
    """Return the key from the environment."""
    key = os.environ.get("VWORLD_API_KEY", "").strip()
    if not key:
        msg = (
            "No key for V-World: set VWORLD_API_KEY in the environment, and VWORLD_DOMAIN to the address it was issued "
            "for. Keys are free: www.vworld.kr, 오픈API, 인증키 발급 (docs/official-data.md)."
        )
        raise InputError(msg)
    return key


def _keeps(terms: Dataset, *, cache: bool | None) -> bool:
    """Say whether the answer is kept."""
    if cache and terms.storing is False:
        msg = f"The terms of {terms.name} forbid to store its answers: {terms.terms}. Leave cache out."
        raise InputError(msg)
    return bool(terms.storing) if cache is None else cache


def _check_meaning(terms: Dataset, name: str) -> None:
    """Warn of the layers that are taken for the restricted development zone and are not."""
    if name == "rdz" and terms.known and terms.name != "LT_C_UD801":
        warn(
            f"{terms.name} is {terms.title_ko} ({terms.title_en}), not the restricted development zone (개발제한구역): "
            "that is LT_C_UD801. Name the layer otherwise, or read that one."
        )


def _plain(address: str) -> str:
    """Return an address without its query."""
    parts = urllib.parse.urlsplit(address)
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
