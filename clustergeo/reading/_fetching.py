"""Answers over HTTP: whole ones, asked for again where that helps, and no secret of the request in anything said."""

from __future__ import annotations

import email.utils
import http.client
import io
import random
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from clustergeo.errors import InputError, ServiceError
from clustergeo.reading import _bodies

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Sleep = Callable[[float], None]

_Judged = TypeVar("_Judged")

MOST_BYTES = 512 * 1024**2
_LEAST_SECRET = 8
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 120.0
_HOUR_S = 3600.0
_PASSING = (408, 425, 429, 500, 502, 503, 504)
_REDIRECTS = range(300, 400)
_LOOP = urllib.request.HTTPRedirectHandler.inf_msg
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Answer:
    """What came back: the HTTP status, the content type in small letters, and the whole body."""

    status: int
    kind: str
    body: bytes = field(repr=False)

    @property
    def looks(self) -> str:
        """What the body is, in two words, for a message."""
        start = self.body[:200].lstrip().lower()
        if not start:
            return "empty"
        if start.startswith((b"<!doctype html", b"<html")) or "html" in self.kind:
            return "an HTML page"
        return "XML" if start.startswith(b"<") else "no JSON"


@dataclass(frozen=True)
class _Failure:
    """Why there is no answer, whether asking again may help, and when."""

    why: str
    again: bool = True
    after_s: float | None = None


class Again(Exception):  # noqa: N818 - no error of the user's: the request is made again
    """An answer that cannot be used, of a kind that passes."""


class _Unmoved(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the request would take its key to another address."""

    def redirect_request(self, *_: Any) -> None:
        """Return no further request."""


class _Moved(urllib.request.HTTPRedirectHandler):
    """Follows redirects over HTTP only."""

    def redirect_request(self, *args: Any) -> Any:
        """Return the further request; none for an address, which comes last, of another scheme such as ftp."""
        fits = str(args[-1]).lower().startswith(("http://", "https://"))
        return super().redirect_request(*args) if fits else None


class Fetcher:
    """Asks one service, or fetches one file, with patience.

    Parameters
    ----------
    what
        How to name the service in a message.
    url
        Its address, without the query.
    secret
        Parameters of each request whose values are said nowhere.
    timeout_s
        How long one answer may take altogether.
    tries
        How often a request is made before it is given up.
    pause_s
        The least time between two requests.
    sleep
        Waits; tests give their own.
    accept
        The content types that are asked for.
    file
        Whether the address is that of a file, of up to so many bytes: redirects are followed, and the whole may take an
        hour as long as something comes.

    Raises
    ------
    InputError
        The address is no http(s) URL, or would carry a secret unencrypted to another machine.
    """

    def __init__(
        self,
        what: str,
        url: str,
        *,
        secret: Mapping[str, str] | None = None,
        timeout_s: float,
        tries: int,
        pause_s: float,
        sleep: Sleep,
        accept: str = "*/*",
        file: int | None = None,
    ) -> None:
        self.what = what
        self.url = checked_url(url, secret=bool(secret))
        self._secret = Secret(secret or {})
        self._timeout_s, self._tries, self._pause_s, self._sleep = timeout_s, max(tries, 1), pause_s, sleep
        self._next = 0.0
        self._headers = _bodies.HEADERS | {"Accept": accept}
        self._opener = urllib.request.build_opener(_Unmoved if file is None else _Moved)
        self._most, self._whole_s = (MOST_BYTES, timeout_s) if file is None else (file, _HOUR_S)

    def clean(self, text: str) -> str:
        """Return a text of the service's on one line, short, without a secret that it may repeat."""
        line = " ".join(self._secret.blotted(text).split())
        return line if len(line) <= 300 else line[:300] + "…"  # noqa: PLR2004 - a paragraph

    def get(self, query: Mapping[str, str], judge: Callable[[Answer], _Judged], *, url: str | None = None) -> _Judged:
        """Return what `judge` makes of the answer, asking again where the network or `judge` says that may help.

        Raises
        ------
        ServiceError
            There was no whole answer; or what `judge` raises.
        """
        return self._patiently(url or self.url, query, io.BytesIO(), judge)

    def pour(self, out: BinaryIO) -> int:
        """Write the answer to a file that is open for it, and return its HTTP status.

        Raises
        ------
        ServiceError
            There was no whole answer.
        """
        return self._patiently(self.url, {}, out, lambda answer: answer.status)

    def _patiently(
        self, url: str, query: Mapping[str, str], out: BinaryIO, judge: Callable[[Answer], _Judged]
    ) -> _Judged:
        """Return what `judge` makes of the answer, whose body goes to `out`, asking again where that may help."""
        failure = _Failure("it was not asked")
        for attempt in range(self._tries):
            if attempt:
                self._sleep(_wait_s(attempt, failure.after_s))
            outcome = self._once(url, query, out)
            if isinstance(outcome, Answer):
                try:
                    return judge(outcome)
                except Again as reason:
                    failure = _Failure(self.clean(str(reason)))
            else:
                failure = outcome
            if failure.after_s is not None and failure.after_s > _LONGEST_WAIT_S:
                failure = _Failure(
                    f"{failure.why}, and it asks to wait {failure.after_s:,.0f} s; try then", again=False
                )
            if not failure.again:
                break
        # Raised outside of any handler: what urllib raised holds the URL, and the key in it.
        times = f" ({self._tries} tries)" if failure.again and self._tries > 1 else ""
        msg = f"{self.what} gave no whole answer{times}: {failure.why}."
        raise ServiceError(msg)

    def _once(self, url: str, query: Mapping[str, str], out: BinaryIO) -> Answer | _Failure:
        """Return the answer to one request, or why there is none; nothing is raised that holds the URL."""
        now = time.monotonic()
        if now < self._next:
            self._sleep(self._next - now)
        self._next = time.monotonic() + self._pause_s
        deadline = time.monotonic() + self._whole_s
        out.seek(0)
        out.truncate()
        try:
            request = urllib.request.Request(  # noqa: S310 - the scheme was checked
                self._secret.address(url, query), headers=self._headers
            )
            with self._opener.open(request, timeout=self._timeout_s) as response:
                return self._blotted(self._read(response, out, deadline))
        except urllib.error.HTTPError as error:
            return self._blotted(self._of_status(error, out, deadline))
        except TimeoutError:
            return _Failure(f"nothing whole came within {self._timeout_s:g} s")
        except ValueError:
            # Its text may hold the address, and the key in it.
            return _Failure("its address cannot be asked", again=False)
        except (http.client.HTTPException, OSError) as error:
            cause = error.reason if isinstance(error, urllib.error.URLError) else error
            if isinstance(cause, TimeoutError):
                return _Failure(f"nothing came within {self._timeout_s:g} s")
            # Of what came instead of HTTP nothing is repeated: it may hold the address.
            words = "" if isinstance(cause, http.client.HTTPException) else f": {cause}"
            return _Failure(self.clean(type(cause).__name__ + words))

    def _read(self, response: Any, out: BinaryIO, deadline: float) -> Answer | _Failure:
        """Take the whole body of a response; one that is cut short, drips or does not end is a failure."""
        body = _bodies.pour(response, out, most=self._most, until=deadline)
        if body.fault == _bodies.LONG:
            return _Failure(f"the answer is larger than {self._most // 1024**2:,} MB; ask for less", again=False)
        if body.fault == _bodies.LATE:
            return _Failure(f"the answer was not whole within {self._whole_s:g} s ({body.came:,} bytes came)")
        if body.fault == _bodies.SHORT:
            return _Failure(f"the answer was cut short ({body.came:,} of {body.told:,} bytes)")
        if body.fault == _bodies.STRANGE:
            return _Failure("the answer is packed in a way that was not asked for", again=False)
        if body.fault == _bodies.DAMAGED:
            return _Failure(f"the answer cannot be unpacked ({body.came:,} bytes came)")
        held = out.getvalue() if isinstance(out, io.BytesIO) else b""
        return Answer(int(response.status), str(response.headers.get("Content-Type", "")).lower(), held)

    def _of_status(self, error: urllib.error.HTTPError, out: BinaryIO, deadline: float) -> Answer | _Failure:
        """Return what an HTTP error stands for: a failure that passes, or an answer to be judged."""
        with error:
            if error.code in _PASSING:
                return _Failure(f"HTTP {error.code}", after_s=_after_s(error.headers.get("Retry-After")))
            if str(error.msg).startswith(_LOOP):
                why = "it sends from address to address without an end"
                return _Failure(f"{why} (HTTP {error.code}); give the one that a browser ends at", again=False)
            if error.code in _REDIRECTS:
                return _Failure(f"it sends to another address (HTTP {error.code}); give that address", again=False)
            try:
                return self._read(error, out, deadline)
            except (http.client.HTTPException, OSError):
                return _Failure(f"HTTP {error.code}", again=False)

    def _blotted(self, outcome: Answer | _Failure) -> Answer | _Failure:
        """Return an answer without a secret that the service may repeat: it would be kept with the records."""
        if isinstance(outcome, _Failure):
            return outcome
        body = self._secret.blotted(outcome.body.decode("latin-1")).encode("latin-1")
        return Answer(outcome.status, outcome.kind, body)


class Secret:
    """Parameters that are sent and never shown."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    def __repr__(self) -> str:
        """Return the names only."""
        return f"Secret({', '.join(self._values)})"

    def address(self, url: str, query: Mapping[str, str]) -> str:
        """Return the URL of a request."""
        added = urllib.parse.urlencode({**query, **self._values})
        if not added:
            return url
        return f"{url}{'&' if urllib.parse.urlsplit(url).query else '?'}{added}"

    def blotted(self, text: str) -> str:
        """Return a text in which no value stands, as it is or as a URL writes it."""
        # A short value, such as the 1 of auth=1, is no secret, and stands in the data by chance.
        for value in (value for value in self._values.values() if len(value) >= _LEAST_SECRET):
            for written in {value, urllib.parse.quote(value, safe=""), urllib.parse.quote_plus(value)}:
                text = text.replace(written, "***")
        return text


def checked_url(url: str, *, secret: bool = False) -> str:
    """Return an http(s) address, or refuse it.

    Raises
    ------
    InputError
        It is none; it holds a password; or it would carry a key unencrypted over the network.

    Examples
    --------
    >>> checked_url("https://example.org/wfs")
    'https://example.org/wfs'
    """
    try:
        parts = urllib.parse.urlsplit(url)
        named = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.username
    except ValueError:
        named = False
    if not named:
        msg = "The address of a service is an http(s) URL without a user name in it, such as 'https://example.org/wfs'."
        raise InputError(msg)
    try:
        (parts.hostname or "").encode("idna")
    except UnicodeError:
        msg = f"{parts.hostname!r} is no name of a machine. Check the address."
        raise InputError(msg) from None
    if secret and parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        msg = f"A key would go to {parts.hostname} unencrypted. Use the https:// address of the service."
        raise InputError(msg)
    return spelt(url)


def spelt(url: str) -> str:
    """Return an address with what HTTP does not take, such as Hangul and spaces, in percent signs.

    Examples
    --------
    >>> spelt("https://example.org/구역 1?a=%20")
    'https://example.org/%EA%B5%AC%EC%97%AD%201?a=%20'
    """
    return urllib.parse.quote(url, safe="%/:=&?~#+!$,;'@()*[]")


def _after_s(header: str | None) -> float | None:
    """Return the seconds that a Retry-After header asks for, given as a number or as a date."""
    if header is None:
        return None
    if header.strip().isdigit():
        return float(header)
    try:
        moment = email.utils.parsedate_to_datetime(header)
    except ValueError:
        return None
    return max((moment - datetime.now(UTC)).total_seconds(), 0.0) if moment.tzinfo else None


def _wait_s(attempt: int, asked_s: float | None) -> float:
    """Return how long to wait before a further attempt: doubled each time, with jitter, or as long as was asked."""
    grown = _FIRST_WAIT_S * 2 ** (attempt - 1)
    wait = grown + random.uniform(0, grown)  # noqa: S311 - it only spreads requests
    return float(min(max(wait, asked_s or 0.0), _LONGEST_WAIT_S))
