"""What an answer of V-World's Data API says: a page of records, nothing found, or an error in plain words."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clustergeo.errors import ServiceError
from clustergeo.reading import _features
from clustergeo.reading._fetching import Again

if TYPE_CHECKING:
    from collections.abc import Callable

    from clustergeo.reading._fetching import Answer

_KEYS = {
    "INVALID_KEY": "the key is not registered. Check VWORLD_API_KEY for a typing error or a key that was deleted",
    "INCORRECT_KEY": "the key belongs to another domain. Set VWORLD_DOMAIN to the address that the key was issued for",
    "UNAVAILABLE_KEY": "the key cannot be used at present. See its state on the service's page of keys (인증키 관리)",
}
_QUOTAS = ("OVER_REQUEST_LIMIT", "OVER_LIMIT")
_PASSING = ("SYSTEM_ERROR", "UNKNOWN_ERROR")
_TOO_LARGE = "INVALID_RANGE"


class TooLargeError(Exception):
    """The service takes no box of this size."""


@dataclass(frozen=True)
class Page:
    """One page of an answer, and what it tells of the whole."""

    features: list[dict[str, Any]]
    records: int
    pages: int
    current: int


def page_of(answer: Answer, *, dataset: str, clean: Callable[[str], str]) -> Page:
    """Return the page that an answer holds; an error of the service in plain words."""
    if answer.status >= 400:  # noqa: PLR2004 - HTTP
        hint = ". The service may be closed to this network or country" if answer.status in (401, 403) else ""
        msg = f"V-World {dataset} refused the request (HTTP {answer.status}){hint}."
        raise ServiceError(msg)
    response = _response(answer)
    status = str(response.get("status", ""))
    if status == "ERROR":
        raise _refusal(response.get("error"), dataset=dataset, clean=clean)
    if status == "NOT_FOUND":
        return Page([], 0, 1, 1)
    if status != "OK":
        msg = f"the answer has the status {clean(status)!r}, which is none of OK, NOT_FOUND and ERROR"
        raise Again(msg)
    return _page(response)


def _refusal(error: Any, *, dataset: str, clean: Callable[[str], str]) -> Exception:
    """Return what an error of the service means."""
    error = error if isinstance(error, dict) else {}
    code, text = str(error.get("code", "")), clean(str(error.get("text", "")))
    code = code if re.fullmatch(r"[A-Z_]{1,40}", code) else "without a code"
    if code == _TOO_LARGE:
        return TooLargeError(f"{code}: {text}")
    if code in _PASSING:
        return Again(f"the service answered {code}: {text}")
    if code in _KEYS:
        return ServiceError(f"V-World answered {code}: {_KEYS[code]}.")
    if code in _QUOTAS:
        return ServiceError(
            f"V-World answered {code}: the requests that the key may make today are used up. Go on tomorrow, ask "
            "the service for more, or take the bulk download (docs/official-data.md). Nothing was returned."
        )
    return ServiceError(f"V-World {dataset} answered {code}: {text or 'no reason given'}.")


def _response(answer: Answer) -> dict[str, Any]:
    """Return the response object of a JSON answer."""
    try:
        held = json.loads(answer.body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        msg = f"the answer is {answer.looks} instead of JSON ({len(answer.body):,} bytes)"
        raise Again(msg) from None
    response = held.get("response") if isinstance(held, dict) else None
    if not isinstance(response, dict):
        msg = "the answer is JSON, but not in the form of the Data API (it has no 'response')"
        raise Again(msg)
    return response


def _page(response: dict[str, Any]) -> Page:
    """Return the page of a response; counts are texts in it."""
    try:
        collection = response["result"]["featureCollection"]
        features = collection["features"]
        page = Page(
            features,
            int(str(response["record"]["total"])),
            int(str(response["page"]["total"])),
            int(str(response["page"]["current"])),
        )
    except (KeyError, TypeError, ValueError):
        msg = "the answer says OK, but counts or features are missing in it"
        raise Again(msg) from None
    if not isinstance(features, list) or not all(isinstance(feature, dict) for feature in features):
        msg = "the features of the answer are no list of objects"
        raise Again(msg)
    if page.records < 0 or page.pages < 1:
        msg = f"the answer tells of {page.records:,} records on {page.pages:,} pages"
        raise Again(msg)
    return page


def signature(features: list[dict[str, Any]]) -> int:
    """Return a number that two pages share only if they hold the same."""
    return hash(tuple(_features.identity(feature) for feature in features))
