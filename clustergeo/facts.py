"""Dated, cited facts about sites: reading and checking a table of them, and what held on a day."""

from __future__ import annotations

import calendar
import csv
import datetime as dt
import io
import re
from pathlib import Path
from typing import Any

import pandas as pd

from clustergeo.errors import FactError, InputError

COLUMNS = ("site_id", "attribute", "value", "as_of", "scope", "basis", "source", "confidence", "note_ko", "note_en")
REQUIRED = ("site_id", "attribute", "value", "as_of", "scope", "basis", "source")
STATUSES = (
    "candidate",
    "candidate_pf_withdrawn",
    "pf_applied",
    "pf_exempt",
    "pf_passed",
    "plan_applied",
    "designated",
)
CONFIDENCES = ("stated", "uncertain", "contradicted")
_WORDS = {
    "attribute": ("area_km2", "status", "rdz_present", "rdz_share", "rdz_area_km2", "event", "designation"),
    "scope": ("whole", "withdrawn_plan", "phase", "part", "proposal", "alternative"),
    "basis": ("reported", "inferred", "derived"),
    "confidence": CONFIDENCES,
}
_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")
_DESIGNATION = re.compile(r"[a-z_]+:[a-z0-9_-]+")
# Of these a site may have several on one day.
_MANY = ("event", "designation")
ANNOUNCED = "2023-03-15"
# No industrial complex comes near it; a figure in square metres does.
_LARGEST_KM2 = 1000.0
_A_DAY = dt.timedelta(days=1)


def last_day(as_of: str) -> dt.date:
    """Return the last day that a date of any precision may mean.

    Parameters
    ----------
    as_of
        ISO text: a year, a month or a day.

    Raises
    ------
    InputError
        The text is no such date.

    Examples
    --------
    >>> last_day("2025-02-25"), last_day("2024-02"), last_day("2002")
    (datetime.date(2025, 2, 25), datetime.date(2024, 2, 29), datetime.date(2002, 12, 31))
    """
    text = str(as_of)
    msg = f"{text!r} is not a date. Write it as YYYY-MM-DD (or YYYY-MM, or YYYY, where no more is known)."
    if not _DATE.fullmatch(text):
        raise InputError(msg)
    year, month, day = ([int(part) for part in text.split("-")] + [0, 0])[:3]
    month = month if len(text) > len("2002") else 12
    try:
        return dt.date(year, month, day if len(text) == len("2002-01-01") else calendar.monthrange(year, month)[1])
    except (ValueError, IndexError) as error:
        raise InputError(msg) from error


def checked_date(as_of: Any, *, what: str) -> str | None:
    """Return the date of something as ISO text: a day, a month or a year, and None where it is not known.

    Raises
    ------
    InputError
        It is no date.

    Examples
    --------
    >>> checked_date("2024-02", what="a layer"), checked_date(dt.date(2024, 2, 1), what="a layer")
    ('2024-02', '2024-02-01')
    """
    if as_of is None or as_of is pd.NaT:
        return None
    # Tables have days as midnights.
    moment = isinstance(as_of, dt.datetime) and as_of.time() == dt.time()
    text = as_of.date().isoformat() if moment else str(as_of)
    try:
        last_day(text)
    except InputError as error:
        msg = f"The date of {what} (as_of) cannot be used: {error}"
        raise InputError(msg) from error
    return text


def first_day(as_of: str) -> dt.date:
    """Return the first day that a date of any precision may mean.

    Raises
    ------
    InputError
        The text is no date.

    Examples
    --------
    >>> first_day("2024-02"), first_day("2002")
    (datetime.date(2024, 2, 1), datetime.date(2002, 1, 1))
    """
    last_day(as_of)
    return dt.date.fromisoformat((str(as_of) + "-01-01")[: len("2002-01-01")])


def read_facts(path: str | Path, *, sources: frozenset[str] | None = None) -> pd.DataFrame:
    """Return a checked table of facts.

    Parameters
    ----------
    path
        A CSV file in UTF-8 with the columns of `COLUMNS`; `confidence` and the notes may be missing.
    sources
        The ids that `source` may use; without it any text that names a source does.

    Returns
    -------
    pandas.DataFrame
        The facts, all columns text, a missing one empty; in the file's order.

    Raises
    ------
    FactError
        With every problem of the table: line, column, what was found and what was expected.
    """
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        msg = f"The facts file {str(path)!r} cannot be read: {error.strerror}. Check the path."
        raise InputError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"The facts file {str(path)!r} is not UTF-8 text. Save it as CSV UTF-8."
        raise FactError(msg) from error
    reader = csv.DictReader(io.StringIO(text, newline=""))
    header = tuple(reader.fieldnames or ())
    missing, strange = [c for c in REQUIRED if c not in header], [c for c in header if c not in COLUMNS]
    if missing or strange:
        known = ", ".join(COLUMNS)
        msg = f"{path}, line 1: missing columns {missing}, unknown columns {strange}. The columns are {known}."
        raise FactError(msg)
    rows, problems = [], []
    for row in reader:
        fact = {column: (row.get(column) or "").strip() for column in COLUMNS}
        fact["confidence"] = fact["confidence"] or "stated"
        found = _problems(fact, sources)
        if None in row:
            found.append("there are more cells than headers; quote cells that hold a comma.")
        problems += [f"{path}, line {reader.line_num}: {problem}" for problem in found]
        rows.append(fact)
    frame = pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)
    problems += _doubles(frame, path)
    if problems:
        msg = f"{len(problems)} problem(s) in the facts:\n" + "\n".join(problems)
        raise FactError(msg)
    return frame


def _doubles(frame: pd.DataFrame, path: str | Path) -> list[str]:
    """Return facts that stand twice, or that say two things of a whole site on one day."""
    keys = ["site_id", "attribute", "as_of", "scope"]
    twice = frame[frame.duplicated([*keys, "value"])]
    problems = [f"{path}: the fact {tuple(row)} stands twice." for row in twice[keys].itertuples(index=False)]
    known = frame[(frame["confidence"] != "contradicted") & ~frame["attribute"].isin(_MANY)]
    rival = known[known["scope"].isin(["whole", "withdrawn_plan"]) & known.duplicated(keys)]
    problems += _rdz_contradictions(known, path)
    return problems + [
        f"{path}: {tuple(row)} has more than one value; a second one of the same day has the scope 'alternative'."
        for row in rival[keys].itertuples(index=False)
    ]


def _rdz_contradictions(known: pd.DataFrame, path: str | Path) -> list[str]:
    """Return figures on restricted zones without a statement of the same day, or beside one that says there is none."""
    whole = known[known["scope"] == "whole"]
    said = whole[whole["attribute"] == "rdz_present"]
    present = {(row.site_id, row.as_of): row.value for row in said.itertuples(index=False)}
    problems = []
    for row in whole[whole["attribute"].isin(["rdz_share", "rdz_area_km2"])].itertuples(index=False):
        value = present.get((row.site_id, row.as_of))
        if value is None:
            problems.append(f"{path}: {row.site_id} has {row.attribute} of {row.as_of} but no rdz_present of that day.")
        elif value == "false" and float(row.value) > 0:
            problems.append(
                f"{path}: {row.site_id} has {row.attribute} {row.value} of {row.as_of}, but rdz_present is false."
            )
    return problems


def _problems(fact: dict[str, str], sources: frozenset[str] | None) -> list[str]:
    """Return what is wrong with one fact, in words."""
    found = [f"{column} is empty." for column in REQUIRED if not fact[column]]
    found += [
        f"{column} is {fact[column]!r}; expected one of {', '.join(words)}."
        for column, words in _WORDS.items()
        if fact[column] and fact[column] not in words
    ]
    try:
        last_day(fact["as_of"])
    except InputError as error:
        found.append(f"as_of: {error}")
    else:
        # A fact of this year is no fact of the future.
        if first_day(fact["as_of"]) > dt.datetime.now(dt.UTC).date() + _A_DAY:
            found.append(f"as_of {fact['as_of']} lies in the future; a fact is of the day it was reported.")
    wrong = _value_problem(fact["attribute"], fact["value"])
    if wrong:
        found.append(wrong)
    if sources is not None:
        found += [f"source {name!r} is not in sources.toml." for name in fact["source"].split() if name not in sources]
    return found


def _value_problem(attribute: str, value: str) -> str | None:
    """Return why a value cannot be one of its attribute, or None."""
    if attribute == "status" and value not in STATUSES:
        return f"value is {value!r}; a status is one of {', '.join(STATUSES)}."
    if attribute == "rdz_present" and value not in {"true", "false"}:
        return f"value is {value!r}; rdz_present is true or false."
    if attribute == "designation" and not _DESIGNATION.fullmatch(value):
        return f"value is {value!r}; a designation is KIND:ID, or KIND:none where the site is known to have none."
    if attribute in {"area_km2", "rdz_area_km2", "rdz_share"}:
        try:
            number = float(value)
        except ValueError:
            return f"value is {value!r}; {attribute} is a number."
        high = 1.0 if attribute == "rdz_share" else _LARGEST_KM2
        if not 0 <= number <= high or (attribute == "area_km2" and number == 0):
            return f"value is {value}; {attribute} lies between 0 and {high:g}."
    return None


def merge(shipped: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    """Return the shipped facts and a caller's, which replace those of the same site, attribute, day and scope."""
    keys = ["site_id", "attribute", "as_of", "scope"]
    replaced = set(own[keys].itertuples(index=False, name=None))
    kept = [key not in replaced for key in shipped[keys].itertuples(index=False, name=None)]
    return pd.concat([shipped[kept], own], ignore_index=True)


def known_by(facts: pd.DataFrame, day: str) -> pd.DataFrame:
    """Return the facts whose date cannot be later than a day."""
    return facts[facts["as_of"].map(last_day) <= last_day(day)]


def on_day(facts: pd.DataFrame, day: str | None) -> pd.DataFrame:
    """Return what the facts say of each site on a day, one row a site.

    Parameters
    ----------
    facts
        A table from `read_facts`.
    day
        Only facts whose date cannot be later than this day count; None for all.

    Returns
    -------
    pandas.DataFrame
        Indexed by `site_id`: `area_km2, area_as_of, area_scope, area_source, announced_area_km2, status, status_as_of,
        status_source, designations` (joined by `;`)`, designations_source` and the `rdz_reported_*` columns; null
        where the facts say nothing.
    """
    known = facts[facts["confidence"] != "contradicted"]
    known = known if day is None else known_by(known, day)
    known = known.assign(_day=[last_day(text) for text in known["as_of"]])
    rows = {str(site): _one_site(group) for site, group in known.groupby("site_id", sort=False)}
    wide = pd.DataFrame.from_dict(rows, orient="index", columns=list(_WIDE))
    wide.index.name = "site_id"
    return wide.astype({name: kind for name, kind in _WIDE.items() if kind != "object"})


_WIDE = {
    "area_km2": "float64",
    "area_as_of": "object",
    "area_scope": "object",
    "area_source": "object",
    "announced_area_km2": "float64",
    "status": "object",
    "status_as_of": "object",
    "status_source": "object",
    "designations": "object",
    "designations_source": "object",
    "rdz_reported_present": "boolean",
    "rdz_reported_share": "float64",
    "rdz_reported_area_m2": "float64",
    "rdz_reported_basis": "object",
    "rdz_reported_as_of": "object",
    "rdz_reported_source": "object",
    "rdz_reported_note_ko": "object",
    "rdz_reported_note_en": "object",
}


def _one_site(group: pd.DataFrame) -> dict[str, object]:
    """Return the wide row of one site."""
    row: dict[str, object] = dict.fromkeys(_WIDE)

    def latest(attribute: str, *scopes: str) -> pd.Series | None:
        rows = group[(group["attribute"] == attribute) & group["scope"].isin(scopes)]
        return None if rows.empty else rows.iloc[rows["_day"].argmax()]

    area = latest("area_km2", "whole", "withdrawn_plan")
    if area is not None:
        row |= {
            "area_km2": float(area["value"]),
            "area_as_of": area["as_of"],
            "area_scope": area["scope"],
            "area_source": area["source"],
        }
    announced = group[(group["attribute"] == "area_km2") & (group["as_of"] == ANNOUNCED) & (group["scope"] == "whole")]
    if not announced.empty:
        row["announced_area_km2"] = float(announced.iloc[0]["value"])
    status = latest("status", "whole")
    if status is not None:
        row |= {"status": status["value"], "status_as_of": status["as_of"], "status_source": status["source"]}
    designated = group[(group["attribute"] == "designation") & (group["scope"] == "whole")].sort_values(
        "_day", kind="stable"
    )
    if not designated.empty:
        row |= {
            "designations": ";".join(dict.fromkeys(designated["value"])),
            "designations_source": " ".join(dict.fromkeys(" ".join(designated["source"]).split())),
        }
    present = latest("rdz_present", "whole")
    if present is not None:
        # Figures of another day belong to another boundary, so only those of the same day stand beside the statement.
        same = group[(group["as_of"] == present["as_of"]) & (group["scope"] == "whole")]
        share, extent = same[same["attribute"] == "rdz_share"], same[same["attribute"] == "rdz_area_km2"]
        row |= {
            "rdz_reported_present": present["value"] == "true",
            "rdz_reported_share": float(share.iloc[0]["value"]) if len(share) else None,
            "rdz_reported_area_m2": round(float(extent.iloc[0]["value"]) * 1e6, 3) if len(extent) else None,
            "rdz_reported_basis": "inferred" if present["basis"] == "inferred" else "reported",
            "rdz_reported_as_of": present["as_of"],
            "rdz_reported_source": " ".join(
                dict.fromkeys(" ".join(same[same["attribute"].str.startswith("rdz_")]["source"]).split())
            ),
            "rdz_reported_note_ko": present["note_ko"] or None,
            "rdz_reported_note_en": present["note_en"] or None,
        }
    return row


def latest_date(frame: pd.DataFrame) -> str | None:
    """Return the latest date that the dated columns (`*_as_of`) of a frame name, or None.

    Examples
    --------
    >>> latest_date(pd.DataFrame({"area_as_of": ["2023-03-15"], "rdz_as_of": ["2002"]}))
    '2023-03-15'
    """
    dates = [str(text) for column in frame.columns if str(column).endswith("_as_of") for text in frame[column].dropna()]
    dates = [text for text in dates if _DATE.fullmatch(text)]
    return max(dates, key=last_day, default=None)
