"""The pages of an OGC API Features collection, by its own links."""

from __future__ import annotations

import json
import urllib.parse
from typing import TYPE_CHECKING, Any

from clustergeo._progress import told
from clustergeo.errors import ServiceError
from clustergeo.reading import _features
from clustergeo.reading._fetching import Again

if TYPE_CHECKING:
    from collections.abc import Collection

    from clustergeo.reading._boxes import Box
    from clustergeo.reading._fetching import Answer, Fetcher


def features_of(
    fetcher: Fetcher,
    items: str,
    query: dict[str, str],
    box: Box | None,
    *,
    page_size: int,
    hidden: Collection[str],
    progress: bool | None,
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return every feature, and what was decided.

    Parameters
    ----------
    fetcher
        Asks the service.
    items
        The address of the items.
    query
        Parameters of the caller's address.
    box
        West, south, east, north in degrees.
    page_size
        How many are asked for at a time.
    hidden
        Parameters that the fetcher adds itself and that links repeat.
    progress
        Whether to show how many have come.

    Raises
    ------
    ServiceError
        Not all came.
    """
    asked = {**query, "limit": str(page_size)}
    if box is not None:
        asked["bbox"] = ",".join(repr(value) for value in box)
    url, total = items, None
    features: list[dict[str, Any]] = []
    seen: dict[str, int] = {}
    with told(None, unit="features", shown=progress) as came:
        while True:
            problem = ""
            try:
                page = fetcher.get(asked, lambda answer: _page(answer, fetcher), url=url)
            except ServiceError as error:
                problem = str(error)
            if problem:
                many = f" of {total:,}" if total is not None else ""
                part = f" Features from {len(features) + 1:,} on are missing: {len(features):,}{many} came."
                raise ServiceError(problem + (part if features else ""))
            matched = page.get("numberMatched")
            total = matched if isinstance(matched, int) else total
            number = len(seen) + 1
            if page["features"]:
                first = seen.setdefault(json.dumps([_features.identity(one) for one in page["features"]]), number)
                if first != number:
                    msg = f"{fetcher.what} does not page: page {number} repeats page {first}. Ask for smaller boxes."
                    raise ServiceError(msg)
            features += page["features"]
            came(len(page["features"]))
            link = _next(page)
            if link is None or not page["features"]:
                break
            url, asked = _followed(fetcher, url, link, hidden)
    if total is not None and len(features) != total:
        msg = (
            f"{fetcher.what} is not complete: it told of {total:,} features, and {len(features):,} came. Nothing was "
            "returned. Ask for smaller boxes (bbox=), or for more at a time (page_size=)."
        )
        raise ServiceError(msg)
    if total is None:
        return features, [f"{len(features)} features; the service did not tell how many there are; its pages ended"]
    return features, [f"{len(features)} features, as many as the service told of"]


def _page(answer: Answer, fetcher: Fetcher) -> dict[str, Any]:
    """Return one page; what the service refuses is raised."""
    try:
        held = json.loads(answer.body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        held = None
    if not isinstance(held, dict) or not isinstance(held.get("features"), list):
        said = held if isinstance(held, dict) else {}
        reason = fetcher.clean(str(said.get("description") or said.get("detail") or said.get("title") or ""))
        if answer.status >= 400 or reason:  # noqa: PLR2004 - HTTP
            msg = f"{fetcher.what} refused the request (HTTP {answer.status}): {reason or 'no reason given'}."
            raise ServiceError(msg)
        msg = f"the answer is {answer.looks} instead of a GeoJSON FeatureCollection"
        raise Again(msg)
    if not all(isinstance(one, dict) for one in held["features"]):
        msg = "the features of the answer are no list of objects"
        raise Again(msg)
    return held


def _next(page: dict[str, Any]) -> str | None:
    """Return the link to the next page."""
    for link in page.get("links") or []:
        if isinstance(link, dict) and link.get("rel") == "next" and "json" in str(link.get("type", "json")):
            return str(link.get("href", "")) or None
    return None


def _followed(fetcher: Fetcher, url: str, link: str, hidden: Collection[str]) -> tuple[str, dict[str, str]]:
    """Return the address and parameters of a link; one to another machine is not followed."""
    target = urllib.parse.urlsplit(urllib.parse.urljoin(url, link))
    here = urllib.parse.urlsplit(url)
    if target.hostname != here.hostname:
        msg = f"{fetcher.what} links its next page to another machine ({target.hostname}). Give that address as url."
        raise ServiceError(msg)
    # Behind a proxy a service may not know its own scheme and port.
    address = urllib.parse.urlunsplit((here.scheme, here.netloc, target.path, "", ""))
    pairs = urllib.parse.parse_qsl(target.query, keep_blank_values=True)
    return address, {key: value for key, value in pairs if key not in hidden}
