"""Rules held against tagged sites on a day: yes, no or unknown, and the condition that decided, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from clustergeo import labels, schema, sources
from clustergeo.errors import InputError
from clustergeo.policy import conditions, places
from clustergeo.policy.conditions import NO, UNKNOWN, YES
from clustergeo.policy.evidence import Answers, Evidence, day_of
from clustergeo.policy.rulefiles import shipped
from clustergeo.policy.rules import notice

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

    from numpy.typing import NDArray

    from clustergeo.policy.applicant import Applicant
    from clustergeo.policy.rules import Rule

VERDICTS = ("no", "unknown", "yes")

# How many sites' worth of a column is copied at once, and how many codes a byte holds.
_BLOCK, _SMALL = 1024, 127

_STATE_WORDS = {
    "in_force": ("시행", "in force"),
    "announced": ("발표", "announced"),
    "under_review": ("검토 중", "under review"),
    "superseded": ("대체됨", "superseded since"),
    "contradicted": ("모순됨", "contradicted"),
}


class Outcome(NamedTuple):
    """What a rule comes to for a kind of site, and the leaves that decided with the details they rest on."""

    truth: int
    decided: tuple[tuple[conditions.Condition, tuple[str, str]], ...]


class Decisions(NamedTuple):
    """Every valid rule for every site: that of a site for rule r is `outcomes[r][which[kinds[site], r]]`."""

    rules: tuple[Rule, ...]
    valid: tuple[int, ...]
    kinds: NDArray[np.int64]
    which: NDArray[np.int64]
    outcomes: list[list[Outcome]]


def valid_rules(rules: Iterable[Rule], day: dt.date, scenarios: Iterable[str] = ()) -> tuple[Rule, ...]:
    """Return the rules that are, or by their dates may be, valid on a day; those of a scenario only if it is on.

    Raises
    ------
    InputError
        No rule belongs to a scenario that is switched on.

    Examples
    --------
    >>> import datetime as dt
    >>> [rule.id for rule in valid_rules(shipped(), dt.date(2026, 3, 1), ["doubling-2026"]) if rule.scenario]
    ['infra-2026-double']
    """
    held, switched = tuple(rules), {scenarios} if isinstance(scenarios, str) else set(scenarios)
    known = {rule.scenario for rule in held if rule.scenario}
    strange = sorted(switched - known)
    if strange:
        msg = f"There is no scenario {strange[0]!r}. The scenarios are {', '.join(sorted(known)) or 'none'}."
        raise InputError(msg)
    valid = validity(held, day)
    return tuple(
        rule
        for rule in held
        if valid[rule.id] != NO
        and "contradicted" not in {rule.state, rule.confidence}
        and (not rule.scenario or rule.scenario in switched)
    )


def validity(rules: Iterable[Rule], day: dt.date) -> dict[str, int]:
    """Return by id whether each rule is valid on a day, 1, 0 or -1; a refinement holds only while what it refines does.

    Examples
    --------
    >>> import datetime as dt
    >>> held = validity(shipped(), dt.date(2024, 6, 1))
    >>> held["infra-2023"], held["infra-2024"], held["infra-2024-capital"]
    (-1, 1, 0)
    """
    held = {rule.id: rule for rule in rules}

    def whole(rule: Rule) -> int:
        above = held.get(rule.refines)
        return rule.held(day) if above is None else min(rule.held(day), whole(above))

    return {name: whole(rule) for name, rule in held.items()}


def decide(tagged: pd.DataFrame, rules: Sequence[Rule], day: dt.date, applicant: Applicant | None) -> Decisions:
    """Hold rules against every site; sites that answer every condition alike are one kind, judged once.

    Parameters
    ----------
    tagged
        A frame from `tag`.
    rules
        Rules valid on the day.
    day, applicant
        As for `rules_for`.
    """
    evidence = Evidence(tagged, day, applicant)
    _check_designations(evidence.values("designations"))
    every = list(dict.fromkeys(leaf for rule in rules for leaf in conditions.leaves(rule.condition)))
    answers = {leaf: evidence.answers(leaf) for leaf in every}
    kinds: NDArray[np.int64] = np.zeros(len(evidence), dtype=np.int64)
    for truth, detail, details in answers.values():
        if len(truth) == len(evidence):
            kinds = pd.factorize(kinds * (3 * len(details)) + (detail * 3 + truth + 1))[0].astype(np.int64)
    _, first = np.unique(kinds, return_index=True)
    of_kind = {}
    for leaf, (truth, detail, details) in answers.items():
        rows = first if len(truth) == len(evidence) else np.zeros(len(first), dtype=np.int64)
        of_kind[leaf] = Answers(truth[rows], detail[rows], details)
    which: NDArray[np.int64] = np.zeros((len(first), len(rules)), dtype=np.int64)
    outcomes = []
    for number, rule in enumerate(rules):
        which[:, number], found = _judged(rule, of_kind, len(first))
        outcomes.append(found)
    valid = validity(rules, day)
    return Decisions(tuple(rules), tuple(valid[rule.id] for rule in rules), kinds, which, outcomes)


def _judged(rule: Rule, said: dict[conditions.Leaf, Answers], count: int) -> tuple[NDArray[np.int64], list[Outcome]]:
    """Return what a rule comes to, and which of that each kind of site has; like answers are judged once."""
    own = list(dict.fromkeys(conditions.leaves(rule.condition)))
    codes: NDArray[np.int64] = np.zeros(count, dtype=np.int64)
    for leaf in own:
        truth, detail, details = said[leaf]
        codes = pd.factorize(codes * (3 * len(details)) + (detail * 3 + truth + 1))[0].astype(np.int64)
    outcomes = []
    for row in np.unique(codes, return_index=True)[1]:
        answers = {leaf: (int(said[leaf].truth[row]), said[leaf].details[said[leaf].detail[row]]) for leaf in own}
        truth_of = {leaf: answer for leaf, (answer, _) in answers.items()}
        value, decided = conditions.decisive(rule.condition, truth_of.__getitem__)
        outcomes.append(Outcome(value, tuple((part, answers[conditions.bare(part)][1]) for part in decided)))
    return codes, outcomes


def rules_for(
    tagged: pd.DataFrame,
    *,
    on: str,
    applicant: Applicant | None = None,
    rules: Iterable[Rule] | None = None,
    scenarios: Iterable[str] = (),
    lang: str = "en",
) -> pd.DataFrame:
    """Return which rules of support apply to each site on a day, and why.

    Parameters
    ----------
    tagged
        A frame from `tag`, n rows.
    on
        The day, `YYYY-MM-DD`. Only rules valid that day are returned.
    applicant
        Who asks; without one, rules about the applicant are unknown.
    rules
        The rules, as `load_rules` returns them; the shipped ones by default.
    scenarios
        Proposals to suppose in force, by name, such as `"doubling-2026"`; their rows are marked so.
    lang
        The language of the reasons: `"ko"` or `"en"`.

    Returns
    -------
    pandas.DataFrame
        Long, one row a site and rule: `site_id, rule_id, applies` (`yes`, `no`, `unknown`), `reason`, `benefit` (its
        bounds in words), `ratio_low, ratio_high` (0 to 1), `cap_low_krw, cap_high_krw` (null is not stated),
        `programme, state, scenario, confidence, valid_from, valid_to, source` (URLs). All columns are categoricals, the
        bounds of numbers (`astype(float)` makes them plain). An unknown tag never becomes a no. It is not legal advice.

    Raises
    ------
    InputError
        The frame is not tagged, `on` is no day, or a scenario is not known.

    Examples
    --------
    >>> from clustergeo import load_sites, tag
    >>> found = rules_for(tag(load_sites()), on="2024-06-01").set_index(["rule_id", "site_id"])
    >>> found.loc[("infra-2024", "yongin"), "applies"], found.loc[("infra-2024", "cheonan"), "applies"]
    ('yes', 'unknown')
    """
    place, day = labels.check_lang(lang), day_of(on)
    chosen = valid_rules(shipped() if rules is None else rules, day, scenarios)
    decisions = decide(tagged, chosen, day, applicant)
    reasons: dict[str, int] = {}
    truth = np.zeros(decisions.which.shape, dtype=np.int8)
    texts = np.zeros(truth.shape, dtype=np.int32)
    for number, (rule, valid, outcomes) in enumerate(zip(chosen, decisions.valid, decisions.outcomes, strict=True)):
        said = [reason_of(rule, valid, outcome, place) for outcome in outcomes]
        of_outcome = np.array([reasons.setdefault(reason, len(reasons)) for reason in said], dtype=np.int32)
        verdicts = np.array([min(outcome.truth, valid) for outcome in outcomes], dtype=np.int8)
        texts[:, number] = of_outcome[decisions.which[:, number]]
        truth[:, number] = verdicts[decisions.which[:, number]]
    frame = _long(tagged, chosen, decisions.kinds, truth=truth, texts=texts, reasons=list(reasons), place=place)
    frame.attrs = {"on": on, "notice": notice(day, lang)}
    return frame


def reason_of(rule: Rule, valid: int, outcome: Outcome, place: int) -> str:
    """Return in words why a rule applies, does not apply, or is open; `place` is 0 for Korean, 1 for English."""
    lang = labels.LANGS[place]
    parts = []
    for part, detail in outcome.decided:
        words = conditions.sentence(part, lang)
        parts.append(f"{words} ({detail[place]})" if detail[place] else words)
    listed = "; ".join(dict.fromkeys(parts))
    heads = {NO: ("해당 안 됨", "not met"), UNKNOWN: ("판정 불가", "not known"), YES: ("모두 충족", "met")}
    text = f"{heads[outcome.truth][place]}: {listed}" if listed else ("조건 없음", "no conditions")[place]
    if valid == UNKNOWN and outcome.truth != NO:
        text += (
            f". 유효 기간을 이만큼만 알아 이날 유효한지 모름: {rule.dates('ko')}",
            f". Whether it was valid that day is not known; its dates are {rule.dates('en')}",
        )[place]
    if rule.scenario:
        mark = (
            f"[가정 {rule.scenario}: 검토 중이며 규칙이 아님]",
            f"[scenario {rule.scenario}: under review, not a rule]",
        )
        text = f"{mark[place]} {text}"
    return text


def _long(
    tagged: pd.DataFrame,
    rules: tuple[Rule, ...],
    kinds: NDArray[np.int64],
    *,
    truth: NDArray[np.int8],
    texts: NDArray[np.int32],
    reasons: list[str],
    place: int,
) -> pd.DataFrame:
    """Return the long table; what is the same for all sites of a rule is numbered once."""
    count, lang = len(kinds), labels.LANGS[place]

    def by_rule(values: list[Any]) -> pd.Categorical:
        numbers, names = pd.factorize(np.array(values, dtype=object), use_na_sentinel=True)
        # Numbers stay numbers: as plain columns those of a million sites and all rules would take a gigabyte.
        kept = (
            pd.Index(names.tolist()) if len(names) and not isinstance(names[0], str) else pd.Index(names, dtype=object)
        )
        return _coded(_tiled(numbers.astype(np.int8 if len(names) <= _SMALL else np.int32), count), kept)

    ids = np.repeat(np.arange(count, dtype=np.int32), len(rules))
    names = pd.Index(tagged["site_id"].astype(str).to_numpy(dtype=object), dtype=object)
    benefits = [rule.benefit for rule in rules]
    return pd.DataFrame(
        {
            "site_id": _sites(ids, names),
            "rule_id": by_rule([rule.id for rule in rules]),
            "applies": _coded(np.take(truth + np.int8(1), kinds, axis=0).ravel(), pd.Index(VERDICTS, dtype=object)),
            "reason": _coded(np.take(texts, kinds, axis=0).ravel(), pd.Index(reasons, dtype=object)),
            "benefit": by_rule([benefit.words(lang) or None for benefit in benefits]),
            "ratio_low": by_rule([_float(benefit.ratio_low) for benefit in benefits]),
            "ratio_high": by_rule([_float(benefit.ratio_high) for benefit in benefits]),
            "cap_low_krw": by_rule([benefit.cap_low_krw for benefit in benefits]),
            "cap_high_krw": by_rule([benefit.cap_high_krw for benefit in benefits]),
            "programme": by_rule([rule.programme for rule in rules]),
            "state": by_rule([rule.state for rule in rules]),
            "scenario": by_rule([rule.scenario or None for rule in rules]),
            "confidence": by_rule([rule.confidence for rule in rules]),
            "valid_from": by_rule([rule.valid_from or None for rule in rules]),
            "valid_to": by_rule([rule.valid_to or None for rule in rules]),
            "source": by_rule([sources.source_urls(rule.source) for rule in rules]),
        },
        copy=False,
    )


def _float(ratio: Decimal | None) -> float | None:
    """Return a ratio as a number that frames and files hold."""
    return None if ratio is None else float(ratio)


def _coded(codes: NDArray[Any], names: Any) -> pd.Categorical:
    """Return numbers and the texts they stand for as a categorical."""
    return pd.Categorical.from_codes(codes, names, validate=False)


def _tiled(values: NDArray[Any], count: int) -> NDArray[Any]:
    """Return values repeated as a whole, in blocks: `numpy.tile` copies a few bytes at a time."""
    block = np.tile(values, _BLOCK)
    out = np.empty(len(values) * count, dtype=values.dtype)
    whole = count // _BLOCK * len(block)
    if whole:
        out[:whole].reshape(-1, len(block))[:] = block
    out[whole:] = block[: len(out) - whole]
    return out


def _sites(rows: NDArray[np.int32], names: pd.Index) -> pd.Categorical:
    """Return the ids of sites by row; a frame may name a site twice."""
    if names.is_unique:
        return _coded(rows, names)
    numbers, distinct = pd.factorize(names)
    return _coded(numbers.astype(np.int32)[rows], distinct)


def _check_designations(texts: Iterable[Any]) -> None:
    """Refuse a designation that the shipped table does not have."""
    table = places.load_designations()
    known = {f"{kind}:{name}" for kind, name in zip(table["kind"], table["id"], strict=True)}
    known |= {f"{kind}:none" for kind in places.KINDS}
    for text in texts:
        strange = [entry for entry in str(text or "").split(";") if entry and entry not in known]
        if strange:
            msg = (
                f"designations names {strange[0]!r}, which is no designation of clustergeo. It is KIND:ID, an id of "
                f"load_designations() or 'none', and a kind of {', '.join(places.KINDS)}."
            )
            raise InputError(msg)


def explain_rules(
    tagged: pd.DataFrame,
    site_id: str,
    *,
    on: str,
    applicant: Applicant | None = None,
    rules: Iterable[Rule] | None = None,
    scenarios: Iterable[str] = (),
    lang: str = "en",
) -> str:
    """Return, rule by rule, whether it applies to a site on a day and the whole chain that decided.

    Parameters
    ----------
    tagged, on, applicant, rules, scenarios, lang
        As for `rules_for`.
    site_id
        The site.

    Returns
    -------
    str
        Three lines a rule: the verdict, the reason, and what it gives with its state, dates and sources; the notice
        that it is not legal advice last.

    Raises
    ------
    InputError
        No such site, and as `rules_for`.

    Examples
    --------
    >>> from clustergeo import load_sites, tag
    >>> print(explain_rules(tag(load_sites()), "andong", on="2025-05-01").splitlines()[0])
    UNKNOWN infra-2025: Infrastructure support of specialised complexes, announced in April 2025
    """
    place, day = labels.check_lang(lang), day_of(on)
    row = schema.one_site(tagged, site_id) if "site_id" in tagged.columns else tagged
    chosen = valid_rules(shipped() if rules is None else rules, day, scenarios)
    decisions = decide(row, chosen, day, applicant)
    words = {NO: ("아니요", "NO"), UNKNOWN: ("미상", "UNKNOWN"), YES: ("예", "YES")}
    lines = []
    for number, (rule, valid) in enumerate(zip(chosen, decisions.valid, strict=True)):
        outcome = decisions.outcomes[number][decisions.which[0, number]]
        title = rule.title_ko if place == 0 else rule.title_en
        gist = rule.gist_ko if place == 0 else rule.gist_en
        note = rule.note_ko if place == 0 else rule.note_en
        sure = "" if rule.confidence == "stated" else ("불확실, ", "uncertain, ")[place]
        cited = f"{_STATE_WORDS[rule.state][place]}, {rule.dates(lang)}; {sources.source_urls(rule.source)}"
        lines += [
            f"{words[min(outcome.truth, valid)][place]} {rule.id}: {title}",
            f"  {reason_of(rule, valid, outcome, place)}.",
            f"  {gist} ({sure}{cited})" + (f" {note}" if note else ""),
        ]
    return "\n".join([*lines, notice(day, lang)])
