"""One layer of a Web Feature Service: every page, and the axes put right."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from clustergeo import crs as crs_room
from clustergeo._progress import told
from clustergeo.errors import ServiceError
from clustergeo.reading import _boxes, _features, _wfs
from clustergeo.reading._wfs import GML_ID

if TYPE_CHECKING:
    from collections.abc import Callable

    from clustergeo.reading._boxes import Box
    from clustergeo.reading._fetching import Fetcher

_DEGREES = "urn:ogc:def:crs:EPSG::4326"
_NEAR = 0.05  # degrees: a service may reproject by another datum
_MOST_QUARTERS = 64
_SLACK = 1e-5  # degrees: a metre, for services that round or reproject


class Reading:
    """Reads layers of one service.

    Parameters
    ----------
    fetcher
        Asks the service.
    query
        What every request holds.
    output_format
        The format of features; GML where None.
    page_size
        How many features are asked for at a time.
    """

    def __init__(self, fetcher: Fetcher, query: dict[str, str], *, output_format: str | None, page_size: int) -> None:
        self._fetcher, self._query, self._format = fetcher, query, output_format
        self._size = max(int(page_size), 1)
        self._two = query["version"].startswith("2")
        self._schema: bytes | None = None
        self._bounds: Box | None = None

    def read(
        self, layer: str, box: Box | None, crs: Any, *, progress: bool | None
    ) -> tuple[gpd.GeoDataFrame, list[str]]:
        """Return every feature of a layer in a box, x first, and what was decided on the way."""
        root, _ = self._fetcher.get(self._of("GetCapabilities"), self._xml)
        offer = _wfs.chosen(_wfs.offers(root), layer)
        urn, wanted = _wfs.told_crs(offer, crs)
        self._bounds = offer.bounds
        self._query["typenames" if self._two else "typename"] = offer.name
        self._schema = _wfs.described(self._fetcher, self._of("DescribeFeatureType"), self._fetcher.clean)
        frame, report = self._all(urn, wanted, box, lat_first=True, progress=progress)
        if not len(frame) and box is not None:
            # A service that takes the box the other way would find nothing, and that must not pass for a zero.
            frame, report = self._other_way(urn, wanted, box) or (frame, report)
        frame, axes = self._settled(frame, box or offer.bounds, wanted, urn, strict=box is not None)
        report = [f"{offer.name}: {offer.title or 'no title'}", *report, *axes]
        return frame.drop(columns=GML_ID, errors="ignore"), report

    def _all(
        self, urn: str, wanted: pyproj.CRS, box: Box | None, *, lat_first: bool, progress: bool | None
    ) -> tuple[gpd.GeoDataFrame, list[str]]:
        """Return all pages of a layer."""
        asked = self._of("GetFeature", srsName=urn, **self._box(box, lat_first=lat_first))
        root, _ = self._fetcher.get({**asked, "resultType": "hits"}, self._xml)
        total = _wfs.counted(root)
        with told(total, unit="features", shown=progress) as came:
            frames, report, paged = self._pages(asked, wanted, total, came)
        if not paged and self._more_in_quarters(frames, urn, wanted, box or self._bounds, lat_first=lat_first):
            sent = f"it sends {len(frames[0]):,} features each time and may have more. "
            msg = f"{self._fetcher.what} does not page: {sent}{_CURE}"
            raise ServiceError(msg)
        number = sum(map(len, frames))
        if total is not None and number < total:
            msg = f"{self._fetcher.what} is not complete: it told of {total:,} features, and {number:,} came. " + _CURE
            raise ServiceError(msg)
        if total is None:
            counts = f"{number} features; the service did not tell how many there are, and was read to an empty page"
        elif number > total:
            counts = f"{number} features, read to an empty page; the service had told of {total}"
        else:
            counts = f"{number} features, as many as the service told of"
        frame = gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), crs=frames[0].crs) if frames else None
        return gpd.GeoDataFrame(geometry=[], crs=wanted) if frame is None else frame, [counts, *report]

    def _pages(
        self, asked: dict[str, str], wanted: pyproj.CRS, total: int | None, came: Callable[[int], None]
    ) -> tuple[list[gpd.GeoDataFrame], list[str], bool]:
        """Return the pages until one is empty, what was decided, and whether the service pages at all.

        How many a service sends at a time, and how many of them it counts, is its own affair.
        """
        frames: list[gpd.GeoDataFrame] = []
        report: list[str] = []
        seen: set[str] = set()
        ids: set[str] = set()
        number, paged = 0, True
        while True:
            problem, frame = "", None
            try:
                frame, said = self._page(asked, wanted, number)
            except ServiceError as error:
                problem = str(error)
            if problem and number and number == total:
                break  # it had nothing more, and says so in its own way
            if problem:
                told_of = f" of {total:,}" if total is not None else ""
                msg = f"{problem.rstrip('.')}. Features from {number + 1:,} on are missing: {number:,}{told_of} came."
                raise ServiceError(msg if number else problem)
            if frame is None or not len(frame):
                break
            keys = _keys(frame)
            again = ids.intersection(map(str, frame[GML_ID])) if GML_ID in frame.columns else set()
            if keys <= seen and number == total:
                paged = False
                break
            if keys <= seen or again:
                known = f"{number:,} of {total:,}" if total is not None else f"{number:,}"
                why = f"page {len(frames) + 1} repeats what came ({known} features)"
                msg = f"{self._fetcher.what} does not page: {why}. " + _CURE
                raise ServiceError(msg)
            seen |= keys
            if GML_ID in frame.columns:
                ids.update(map(str, frame[GML_ID]))
            frames.append(frame)
            report += [line for line in said if line not in report]
            number += len(frame)
            came(len(frame))
        if len({str(frame.crs) for frame in frames}) > 1:
            msg = f"{self._fetcher.what} answers in several CRSs. Name one: crs=."
            raise ServiceError(msg)
        return frames, report, paged

    def _more_in_quarters(
        self, frames: list[gpd.GeoDataFrame], urn: str, wanted: pyproj.CRS, box: Box | None, *, lat_first: bool
    ) -> bool:
        """Say whether a service that sends all it wants to at once held something back, by asking for quarters.

        Its own count tells nothing: some services count no further than they send. What is smaller than another answer
        of the same service was not cut; what is as large is asked for in quarters, and they in quarters.
        """
        held, most = set().union(*map(_keys, frames)), len(frames[0])
        whole, _ = self._page(self._of("GetFeature", srsName=urn), wanted, 0)
        if len(whole) > most:
            return False  # it sends more at once than it sent here, so here it sent all
        if box is None:
            return True
        waiting = _boxes.tiles(box, _boxes.area_km2(box))
        for _ in range(_MOST_QUARTERS):
            quarter = waiting.pop()
            asked = self._of("GetFeature", srsName=urn, **self._box(quarter, lat_first=lat_first))
            frame, _ = self._page(asked, wanted, 0)
            if not _keys(frame) <= held:
                return True
            if len(frame) >= most:
                waiting += _boxes.tiles(quarter, _boxes.area_km2(quarter))
            if not waiting:
                return False
        return True

    def _page(
        self, asked: dict[str, str], wanted: pyproj.CRS, start: int, size: int | None = None
    ) -> tuple[gpd.GeoDataFrame, list[str]]:
        """Return one page."""
        count = "count" if self._two else "maxFeatures"
        query = {**asked, count: str(size or self._size), "startIndex": str(start)}
        if self._format is not None:
            query["outputFormat"] = self._format
        if self._format is not None and "json" in self._format.lower():
            clean = self._fetcher.clean
            return self._fetcher.get(query, lambda answer: _wfs.json_frame(answer, wanted, clean))
        root, body = self._fetcher.get(query, self._xml)
        return _wfs.gml_frame(root, body, self._schema, wanted)

    def _other_way(self, urn: str, wanted: pyproj.CRS, box: Box) -> tuple[gpd.GeoDataFrame, list[str]] | None:
        """Return what a service finds that takes longitude first where the rule is latitude first; None if nothing."""
        try:
            frame, report = self._all(urn, wanted, box, lat_first=False, progress=False)
        except ServiceError:
            return None
        straight, turned = (_lies_in(one, box).all() for one in (frame, _turned(frame)))
        if not len(frame) or not (straight or turned):
            return None
        return frame, [*report, "the service takes the box with longitude first, against its standard; it was asked so"]

    def _settled(
        self, frame: gpd.GeoDataFrame, box: Box | None, wanted: pyproj.CRS, urn: str, *, strict: bool
    ) -> tuple[gpd.GeoDataFrame, list[str]]:
        """Return a frame with x first, and what was decided: by where the box lies, or by a feature in degrees."""
        if not len(frame) or (box is None and frame.crs.is_geographic):
            return frame, []
        turned, swapped = _turned(frame), ["the answer has its axes against its own label; they were swapped"]
        straight_in, turned_in = (np.ones(len(frame), dtype=bool),) * 2
        if box is not None:
            straight_in, turned_in = _lies_in(frame, box), _lies_in(turned, box)
        if straight_in.all() and (frame.crs.is_geographic or not turned_in.all()):
            return frame, []
        if turned_in.all() and not straight_in.all():
            return turned, swapped
        if straight_in.all():
            # In a plane of Korea, north and east may be mistaken for each other and still lie in Korea.
            return (turned, swapped) if self._sends_turned(wanted, urn) else (frame, [])
        if not strict:
            return frame, []
        msg = (
            f"{self._fetcher.what} gave {int((~straight_in).sum()):,} of {len(frame):,} features outside the box {box} "
            "that was asked for, whichever axis comes first. Nothing was taken. Ask for another CRS (crs=) or version, "
            "or for everything (without bbox=)."
        )
        raise ServiceError(msg)

    def _sends_turned(self, wanted: pyproj.CRS, urn: str) -> bool:
        """Say, by the first feature asked for in degrees too, whether the axes of what is sent are swapped."""
        drawn, _ = self._page(self._of("GetFeature", srsName=urn), wanted, 0, 1)
        probe, _ = self._page(self._of("GetFeature", srsName=_DEGREES), pyproj.CRS(crs_room.LONLAT), 0, 1)
        off = [math.inf, math.inf]
        if len(drawn) == len(probe) == 1:
            there = [_bounds(probe), _bounds(_turned(probe))]
            off = [min(float(np.abs(_bounds(one) - other).max()) for other in there) for one in (drawn, _turned(drawn))]
        if min(off) < _NEAR and min(off) * 10 < max(off):
            return off[1] < off[0]
        msg = (
            f"{self._fetcher.what}: which axis comes first cannot be told from where the features lie. "
            'Ask for degrees: crs="EPSG:4326".'
        )
        raise ServiceError(msg)

    def _of(self, request: str, **more: str) -> dict[str, str]:
        """Return the parameters of a request."""
        return {**self._query, "request": request, **more}

    def _box(self, box: Box | None, *, lat_first: bool) -> dict[str, str]:
        """Return the parameter of a box, in degrees; its CRS is a URN, whose order is latitude first."""
        if box is None:
            return {}
        west, south, east, north = (repr(value) for value in box)
        order = (south, west, north, east) if lat_first else (west, south, east, north)
        return {"bbox": ",".join((*order, _DEGREES))}

    def _xml(self, answer: Any) -> Any:
        """Return the root and bytes of an XML answer."""
        return _wfs.xml_of(answer, self._fetcher.clean)


_CURE = "Nothing was returned. Ask for smaller boxes (bbox=), or for more at a time (page_size=)."


def _turned(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a frame with its axes swapped."""
    shapes = shapely.transform(np.asarray(frame.geometry.values, dtype=object), lambda xy: xy[:, ::-1])
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))


def _bounds(frame: gpd.GeoDataFrame) -> Any:
    """Return the bounds of each feature in degrees."""
    return np.asarray(crs_room.to_lonlat(frame, what="the answer").geometry.bounds, dtype=float).reshape(-1, 4)


def _lies_in(frame: gpd.GeoDataFrame, box: Box) -> Any:
    """Say which features meet a box; those without a geometry do."""
    return _features.nowhere(frame) | _boxes.meeting(_bounds(frame), box, slack=_SLACK)


def _keys(frame: gpd.GeoDataFrame) -> set[str]:
    """Return what two copies of a feature share, whatever their ids."""
    plain = pd.DataFrame(frame.drop(columns=[GML_ID, frame.geometry.name], errors="ignore"))
    shapes = shapely.to_wkb(np.asarray(frame.geometry.values, dtype=object))
    rows = plain.itertuples(index=False, name=None)
    return {hashlib.sha256(repr((row, shape)).encode()).hexdigest() for row, shape in zip(rows, shapes, strict=True)}
