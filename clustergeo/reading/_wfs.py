"""The answers of a Web Feature Service: what it offers, how many features there are, and the features of a page."""

from __future__ import annotations

import contextlib
import json
import re
import tempfile
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pyproj

from clustergeo.errors import InputError, ServiceError
from clustergeo.reading import _features
from clustergeo.reading._arrow import WHOLE, settled
from clustergeo.reading._fetching import Again
from clustergeo.reading.opening import configured
from clustergeo.reading.projection import named_crs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clustergeo.reading._boxes import Box
    from clustergeo.reading._fetching import Answer, Fetcher

VERSIONS = ("2.0.0", "1.1.0")
GML_ID = "gml_id"

_CP949 = ("euc-kr", "euckr", "ks_c_5601-1987", "cp949", "ms949", "windows-949", "uhc")
_DECLARED = re.compile(rb"^\s*<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"'][^>]*\?>")


@dataclass(frozen=True)
class Offer:
    """One layer of a service: its name, title, the CRSs it comes in (its own first) and its bounds in degrees."""

    name: str
    title: str
    crs: tuple[str, ...]
    bounds: Box | None


def xml_of(answer: Answer, clean: Any) -> tuple[ET.Element, bytes]:
    """Return the root of an XML answer and its bytes as UTF-8; an exception report, whatever its status, is raised.

    Raises
    ------
    ServiceError
        The service reports an exception.
    """
    body = _utf8(answer.body)
    if b"<!DOCTYPE" in body[:4096] or b"<!ENTITY" in body:
        msg = f"the answer is {answer.looks} instead of the XML of a WFS"
        raise Again(msg)
    try:
        root = ET.fromstring(body)  # noqa: S314 - no entities: see above
    except ET.ParseError:
        if answer.status >= 400:  # noqa: PLR2004 - HTTP
            msg = f"The service refused the request (HTTP {answer.status})."
            raise ServiceError(msg) from None
        msg = f"the answer is {answer.looks} instead of whole XML ({len(answer.body):,} bytes)"
        raise Again(msg) from None
    check_exception(root, clean)
    if any(_local(node.tag) == "truncatedResponse" for node in root):
        msg = "the service says itself that it cut its answer short"
        raise Again(msg)
    if answer.status >= 400:  # noqa: PLR2004 - HTTP
        msg = f"The service refused the request (HTTP {answer.status})."
        raise ServiceError(msg)
    return root, body


def check_exception(root: ET.Element, clean: Any) -> None:
    """Raise what an exception report says.

    Raises
    ------
    ServiceError
        It is one.
    """
    if _local(root.tag) not in ("ExceptionReport", "ServiceExceptionReport"):
        return
    said = [
        " ".join(filter(None, (node.get("exceptionCode") or node.get("code"), "".join(node.itertext()).strip())))
        for node in root.iter()
        if _local(node.tag) in ("Exception", "ServiceException")
    ]
    msg = f"The service reports an exception: {clean('; '.join(said)) or 'no reason given'}."
    raise ServiceError(msg)


def offers(root: ET.Element) -> list[Offer]:
    """Return the layers that a capabilities document names."""
    found = []
    for node in root.iter():
        if _local(node.tag) != "FeatureType":
            continue
        parts = [(_local(part.tag), (part.text or "").strip()) for part in node.iter()]
        texts = dict(reversed([pair for pair in parts if pair[1]]))
        crs = [text for tag, text in parts if tag in ("DefaultCRS", "DefaultSRS", "OtherCRS", "OtherSRS") and text]
        found.append(Offer(texts.get("Name", ""), texts.get("Title", ""), tuple(crs), _bounds(texts)))
    return found


def chosen(found: list[Offer], layer: str) -> Offer:
    """Return the layer of that name, with or without its prefix.

    Raises
    ------
    InputError
        There is none, or several; the message names what there is.
    """
    exact = [offer for offer in found if offer.name == layer]
    loose = exact or [offer for offer in found if offer.name.rpartition(":")[2] == layer]
    if len(loose) == 1:
        return loose[0]
    names = ", ".join(offer.name for offer in (loose or found)[:20]) or "none"
    msg = f"The service has no one layer {layer!r}. It offers {len(found)}: {names}."
    raise InputError(msg)


def told_crs(offer: Offer, crs: Any) -> tuple[str, pyproj.CRS]:
    """Return the CRS to ask for, as the service writes it, and as it is.

    Raises
    ------
    InputError
        The service does not offer the one asked for.
    """
    if crs is None:
        if not offer.crs:
            return "urn:ogc:def:crs:EPSG::4326", pyproj.CRS(4326)
        return _urn(offer.crs[0]), named_crs(offer.crs[0])
    wanted = named_crs(crs)
    for text in offer.crs:
        if _features.same_crs(text, wanted):
            return _urn(text), wanted
    msg = f"Layer {offer.name!r} does not come in {wanted.name}. It comes in {', '.join(offer.crs)}."
    raise InputError(msg)


def counted(root: ET.Element) -> int | None:
    """Return how many features an answer to `resultType=hits` tells of; None where it does not, or tells of none."""
    text = root.get("numberMatched") or root.get("numberOfFeatures") or ""
    # Servers say 0 where they did not count, so a zero tells nothing.
    return int(text) if text.isdigit() and int(text) > 0 else None


def gml_frame(
    root: ET.Element, body: bytes, schema: bytes | None, wanted: pyproj.CRS
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Return the features of a GML page in the order that its label says, and what was decided.

    Raises
    ------
    ServiceError
        It cannot be decoded.
    """
    number = sum(len(node) for node in root if _local(node.tag) in ("member", "featureMember", "featureMembers"))
    if not number:
        return gpd.GeoDataFrame(geometry=[], crs=wanted), []
    frame = _decoded(body, schema)
    if len(frame) != number and schema is not None:
        frame = _decoded(body, None)  # the schema is not that of the answer
    if not isinstance(frame, gpd.GeoDataFrame):
        msg = "The features of the service have no geometry that can be decoded. Ask for another output_format=."
        raise ServiceError(msg)
    if len(frame) != number:
        msg = f"A page holds {number:,} features and {len(frame):,} could be decoded. Ask for another output_format=."
        raise ServiceError(msg)
    if frame.crs is None:
        return frame.set_crs(wanted), [f"the answer names no CRS; it was asked for in {wanted.name}"]
    if not _features.same_crs(frame.crs, wanted):
        return frame, [f"asked for in {wanted.name}, the answer came in {frame.crs.name}, and was taken so"]
    return frame, []


def _exact(frame: pd.DataFrame, file: Path, options: Mapping[str, str]) -> pd.DataFrame:
    """Return the rows of a file with the whole numbers of which a null has made floats read anew, to the last digit."""
    info = pyogrio.read_info(str(file), **options)
    pairs = zip(info["fields"], info["dtypes"], strict=True)
    lost = [str(name) for name, kind in pairs if str(kind) == "int64" and frame[name].dtype == "float64"]
    if lost:
        # In Arrow's way, which keeps curves that the other one turns into lines: without the geometries. All columns:
        # asked for some, pyogrio 0.12 misses the days among the others.
        kept = {"datetime_as_string": True, "read_geometry": False, "use_arrow": True, "arrow_to_pandas_kwargs": WHOLE}
        frame[lost] = settled(pyogrio.read_dataframe(str(file), **kept, **options))[lost]
    return frame


def _decoded(body: bytes, schema: bytes | None) -> pd.DataFrame:
    """Return the rows of a GML document.

    Raises
    ------
    ServiceError
        It cannot be decoded.
    """
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        if schema is None:
            # Every attribute as text: without a schema a code such as 01 must not become a number.
            stack.enter_context(configured("GML_FIELDTYPES", "ALWAYS_STRING"))
        file, described = Path(folder, "page.gml"), Path(folder, "schema.xsd")
        file.write_bytes(body)
        options = {"DOWNLOAD_SCHEMA": "NO", "WRITE_GFS": "NO", "EXPOSE_GML_ID": "YES"}
        if schema is not None:
            described.write_bytes(schema)
            options["XSD"] = str(described)
        try:
            return _exact(pyogrio.read_dataframe(str(file), datetime_as_string=True, **options), file, options)
        except IndexError:
            return pd.DataFrame()  # GDAL finds no layer in it
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError, RuntimeError) as error:
            msg = f"A page of the service cannot be decoded as GML: {str(error).splitlines()[0]}"
            raise ServiceError(msg.replace(folder, "")) from None


def json_frame(answer: Answer, wanted: pyproj.CRS, clean: Any) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Return the features of a GeoJSON page; it is in the CRS that was asked for, whether or not it says so.

    Raises
    ------
    ServiceError
        It names another CRS.
    """
    if answer.looks in ("XML", "an HTML page"):
        xml_of(answer, clean)
    try:
        held = json.loads(answer.body.decode("utf-8-sig"))
        features = list(held["features"])
    except (ValueError, KeyError, TypeError, RecursionError):
        msg = f"the answer is {answer.looks} instead of a GeoJSON FeatureCollection"
        raise Again(msg) from None
    named = ((held.get("crs") or {}).get("properties") or {}).get("name")
    if named and not _features.same_crs(named, wanted):
        msg = f"The service was asked for {wanted.name} and answered in {clean(str(named))}. Ask for that one: crs=."
        raise ServiceError(msg)
    frame = _features.frame_of(features, crs=wanted, what="the service")
    ids = [feature.get("id") for feature in features]
    if features and all(one is not None for one in ids) and GML_ID not in frame.columns:
        frame.insert(0, GML_ID, [str(one) for one in ids])
    return frame, [] if named else [f"the GeoJSON names no CRS; it was asked for in {wanted.name}"]


def described(fetcher: Fetcher, query: dict[str, str], clean: Any) -> bytes | None:
    """Return the schema of a layer, by which codes such as 01 stay text; None where the service has none."""
    try:
        root, body = fetcher.get(query, lambda answer: xml_of(answer, clean))
    except ServiceError:
        return None
    return body if _local(root.tag) == "schema" else None


def _utf8(body: bytes) -> bytes:
    """Return XML as UTF-8: the parser knows no Korean encoding."""
    declared = _DECLARED.match(body)
    if declared is None or declared[1].decode().lower() not in _CP949:
        return body
    text = body[declared.end() :].decode("cp949", errors="strict")
    return b'<?xml version="1.0" encoding="UTF-8"?>' + text.encode()


def _urn(text: str) -> str:
    """Return a CRS as a URN, whose axis order is the authority's in every version."""
    code = re.search(r"EPSG(?:/0/|::?|.*#)(\d+)$", text, re.IGNORECASE)
    return f"urn:ogc:def:crs:EPSG::{code[1]}" if code else text


def _bounds(texts: dict[str, str]) -> Box | None:
    """Return the bounds in degrees that a layer is said to have."""
    try:
        west, south = (float(part) for part in texts["LowerCorner"].split())
        east, north = (float(part) for part in texts["UpperCorner"].split())
    except (KeyError, ValueError):
        return None
    return (west, south, east, north) if west < east and south < north else None


def _local(tag: str) -> str:
    """Return a tag without its namespace."""
    return tag.rpartition("}")[2]
