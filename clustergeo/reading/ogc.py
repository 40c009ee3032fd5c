"""Layers from standard services, WFS and OGC API Features: whole, in the right place, or an error that says why not."""

from __future__ import annotations

import re
import time
import urllib.parse
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from clustergeo import crs as crs_room
from clustergeo import schema
from clustergeo.errors import InputError
from clustergeo.reading import _boxes, _features, _ogcapi
from clustergeo.reading._fetching import Fetcher
from clustergeo.reading._wfs import VERSIONS
from clustergeo.reading._wfs_reading import Reading
from clustergeo.reading.projection import check_bounds

if TYPE_CHECKING:
    import geopandas as gpd

    from clustergeo.layers import Layer
    from clustergeo.reading._boxes import Box
    from clustergeo.reading._fetching import Sleep

_SECRET = re.compile(r"key|token|secret|passw|auth|signature", re.IGNORECASE)
_GEOJSON = "application/geo+json, application/json;q=0.9"


def read_wfs(
    url: str,
    *,
    layer: str,
    name: str,
    bbox: tuple[float, float, float, float] | None = None,
    crs: Any = None,
    coverage: Any = None,
    version: str = "2.0.0",
    output_format: str | None = None,
    as_of: str | None = None,
    licence: str | None = None,
    repair: bool = False,
    progress: bool | None = None,
    page_size: int = 1000,
    timeout_s: float = 120,
    tries: int = 4,
    pause_s: float = 0.1,
    sleep: Sleep = time.sleep,
) -> Layer:
    """Return a layer of a Web Feature Service, read whole.

    Parameters
    ----------
    url
        Of the service. Parameters in it are sent with each request; the value of one that is named like a key is said
        nowhere.
    layer
        Its name there, with or without the prefix.
    name
        Of the layer that is returned, such as `water`.
    bbox
        West, south, east and north in degrees, whatever `crs` is; by default everything.
    crs
        The CRS to ask for; by default the layer's own.
    coverage
        Where the layer is complete, if no `bbox` was given; with one it is the box.
    version
        `"2.0.0"` or `"1.1.0"`.
    output_format
        The format to ask for, such as `"application/json"`; by default the GML of the version.
    as_of, licence
        The date of the content and the terms, if you know them.
    repair
        Whether to repair invalid polygons, leave out features without a geometry, and say how many; otherwise they are
        refused with the reasons.
    progress
        Whether to show how many features have come; by default in notebooks and on a terminal.
    page_size
        How many features are asked for at a time; a service may send fewer.
    timeout_s, tries, pause_s, sleep
        How long one answer may take, how often a request is made, the least time between two, and what waits.

    Returns
    -------
    Layer
        In the CRS asked for, x (east) first. Which axis comes first in an answer is settled by where the box lies, or
        by the same feature asked for in degrees, and told in the report where the service breaks the rule.

    Raises
    ------
    InputError
        No such layer, CRS or version, a box that is none, points or lines, invalid polygons.
    ServiceError
        The service reports an exception, pages are missing or repeat, or features lie elsewhere than asked.

    Examples
    --------
    >>> read_wfs("https://example.org/wfs", layer="zones", name="water", version="1.0.0")
    Traceback (most recent call last):
    clustergeo.errors.InputError: version='1.0.0' of WFS has no way to tell how many features there are. Use '2.0.0' ...
    """
    schema.check_zone_name(name)
    if version not in VERSIONS:
        msg = f"version={version!r} of WFS has no way to tell how many features there are. Use '2.0.0' or '1.1.0'."
        raise InputError(msg)
    box = None if bbox is None else _boxes.checked_box(bbox)
    address, query, secret = _parts(url)
    query = {key: value for key, value in query.items() if key.lower() not in ("service", "request", "version")}
    what = f"WFS {_host(address)} {layer}"
    fetcher = Fetcher(what, address, secret=secret, timeout_s=timeout_s, tries=tries, pause_s=pause_s, sleep=sleep)
    reading = Reading(
        fetcher, {**query, "service": "WFS", "version": version}, output_format=output_format, page_size=page_size
    )
    frame, report = reading.read(layer, box, crs, progress=progress)
    if box is None:
        check_bounds(frame.crs, frame.total_bounds, path=what)
    return _layer(
        frame,
        box,
        report,
        name=name,
        repair=repair,
        what=what,
        coverage=coverage,
        as_of=as_of,
        licence=licence,
        source=f"WFS {address} {layer}",
    )


def read_ogcapi(
    url: str,
    *,
    collection: str,
    name: str,
    bbox: tuple[float, float, float, float] | None = None,
    coverage: Any = None,
    as_of: str | None = None,
    licence: str | None = None,
    repair: bool = False,
    progress: bool | None = None,
    page_size: int = 1000,
    timeout_s: float = 120,
    tries: int = 4,
    pause_s: float = 0.1,
    sleep: Sleep = time.sleep,
) -> Layer:
    """Return a collection of an OGC API Features service, read whole.

    It is asked for in longitude and latitude (CRS84), in which no axis can be mistaken.

    Parameters
    ----------
    url
        Of the landing page. Parameters in it are sent with each request; the value of one that is named like a key is
        said nowhere.
    collection
        Its id there.
    name
        Of the layer that is returned, such as `water`.
    bbox
        West, south, east and north in degrees; by default everything.
    coverage
        Where the layer is complete, if no `bbox` was given; with one it is the box.
    as_of, licence
        The date of the content and the terms, if you know them.
    repair
        Whether to repair invalid polygons, leave out features without a geometry, and say how many; otherwise they are
        refused with the reasons.
    progress
        Whether to show how many features have come; by default in notebooks and on a terminal.
    page_size
        How many features are asked for at a time; a service may send fewer.
    timeout_s, tries, pause_s, sleep
        How long one answer may take, how often a request is made, the least time between two, and what waits.

    Returns
    -------
    Layer
        EPSG:4326.

    Raises
    ------
    InputError
        A box that is none, points or lines, invalid polygons.
    ServiceError
        No such collection, pages that are missing or repeat, or features elsewhere than asked.

    Examples
    --------
    >>> read_ogcapi("ftp://example.org", collection="zones", name="water")
    Traceback (most recent call last):
    clustergeo.errors.InputError: The address of a service is an http(s) URL without a user name in it, such as ...
    """
    schema.check_zone_name(name)
    box = None if bbox is None else _boxes.checked_box(bbox)
    address, query, secret = _parts(url)
    what = f"OGC API {_host(address)} {collection}"
    fetcher = Fetcher(
        what,
        address,
        secret=secret,
        timeout_s=timeout_s,
        tries=tries,
        pause_s=pause_s,
        sleep=sleep,
        accept=_GEOJSON,
    )
    items = f"{address.rstrip('/')}/collections/{urllib.parse.quote(collection, safe='')}/items"
    features, report = _ogcapi.features_of(
        fetcher, items, query, box, page_size=page_size, hidden=frozenset(secret), progress=progress
    )
    frame = _features.frame_of(features, crs=crs_room.LONLAT, what=what)
    if box is None:
        check_bounds(frame.crs, frame.total_bounds, path=what)
    else:
        _features.check_place(frame, box, what=what, cure="Report it to the service.")
    return _layer(
        frame,
        box,
        report,
        name=name,
        repair=repair,
        what=what,
        coverage=coverage,
        as_of=as_of,
        licence=licence,
        source=f"OGC API Features {items}",
    )


def _layer(frame: gpd.GeoDataFrame, box: Box | None, report: list[str], **options: Any) -> Layer:
    """Return what was read as a layer; its coverage is the box, or what the caller says."""
    coverage = options.pop("coverage")
    if box is not None and coverage is not None:
        msg = "coverage= was given beside bbox=: what was read is complete in the box and nowhere else. Leave one out."
        raise InputError(msg)
    day = datetime.now(UTC).date().isoformat()
    options["source"] = f"{options['source']}, read {day}"
    place = coverage if box is None else _boxes.polygon(box)
    return _features.layer_of(frame, report=[*report, f"read on {day}"], coverage=place, **options)


def _parts(url: str) -> tuple[str, dict[str, str], dict[str, str]]:
    """Return an address, the parameters in it, and those of them that are keys."""
    split = urllib.parse.urlsplit(url)
    pairs = urllib.parse.parse_qsl(split.query, keep_blank_values=True)
    secret = {key: value for key, value in pairs if _SECRET.search(key)}
    query = {key: value for key, value in pairs if key not in secret}
    return urllib.parse.urlunsplit((split.scheme, split.netloc, split.path, "", "")), query, secret


def _host(address: str) -> str:
    """Return the machine of an address, for a message."""
    try:
        return urllib.parse.urlsplit(address).hostname or "?"
    except ValueError:
        return "?"
