"""How an answer on restricted zones is founded: on a layer, a disc, a reported figure or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from clustergeo import _cells, _proof, labels
from clustergeo._words import word

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Evidence(NamedTuple):
    """One way an RDZ answer can be founded: its badge letters, its stroke on the map and its words."""

    letters: tuple[str, str]
    weight: float
    dashes: str
    words: tuple[str, str]


EVIDENCE = {
    "measured": Evidence(("측", "M"), 3.5, "", ("측정", "measured against a layer")),
    "estimated": Evidence(("추", "E"), 3.0, "9 3", ("추정(측정된 경계 없음)", "estimated, no measured boundary")),
    "reported": Evidence(("보", "R"), 2.5, "", ("보고된 공식 수치", "reported figure")),
    "present": Evidence(("유", "P"), 2.5, "5 3", ("있음, 수치 없음", "present, no figure")),
    "none": Evidence(("무", "N"), 2.0, "1.5 3.5", ("없음(추론)", "none, inferred")),
    "unknown": Evidence(("?", "?"), 1.0, "1 5", ("알 수 없음", "unknown")),
}


class Answers(NamedTuple):
    """How a zone is answered: each way that occurs (basis, answer, whether a figure is known), and which is whose."""

    ways: list[tuple[str, bool | None, bool]]
    codes: NDArray[np.int64]


def answers_of(frame: pd.DataFrame, stem: str) -> Answers:
    """Return how a zone is answered for each site.

    Parameters
    ----------
    frame
        The sites; every column is optional.
    stem
        The zone, as in `rdz` or `rdz_reported`.

    Examples
    --------
    >>> answers_of(pd.DataFrame({"rdz_basis": ["reported"], "rdz_present": [True], "rdz_share": [0.5]}), "rdz").ways
    [('reported', True, True)]
    """
    basis, bases = pd.factorize(_cells.texts(frame, f"{stem}_basis"))
    # The overlap of a drawn disc is no figure.
    area = _cells.known(frame, f"{stem}_area_m2") & ~_proof.of_disc(frame, stem)
    figure = ~np.isnan(_proof.shares(frame, stem)) | area
    keys = ((basis + 1) * 3 + (_cells.flags(frame, f"{stem}_present") + 1)) * 2 + figure
    held, codes = np.unique(keys, return_inverse=True)
    ways = []
    for key in held.tolist():
        at, answer = key // 6, (key // 2) % 3
        ways.append(("unknown" if at == 0 else str(bases[at - 1]), (None, False, True)[answer], bool(key % 2)))
    return Answers(ways, codes.astype(np.int64))


def evidence_key(basis: str, answer: bool | None, *, figure: bool) -> str:  # noqa: FBT001 - an answer, not a switch
    """Return the key of `EVIDENCE` that an answer rests on.

    Examples
    --------
    >>> evidence_key("reported", True, figure=False), evidence_key("inferred", False, figure=False)
    ('present', 'none')
    """
    if basis in ("measured", "estimated") or (basis == "reported" and (figure or answer is False)):
        return basis
    if answer is None:
        return "unknown"
    return "present" if answer else "none"


def says_rdz(frame: pd.DataFrame) -> bool:
    """Return whether a frame has a column of RDZ evidence at all, whatever it holds."""
    return "rdz_basis" in frame.columns or "rdz_reported_basis" in frame.columns


def ways_of(frame: pd.DataFrame, lang: str) -> dict[str, Any]:
    """Return how each RDZ answer is founded: the ways that occur, how many sites have each, and which has which."""
    place = labels.check_lang(lang)
    answers = answers_of(frame, "rdz" if "rdz_basis" in frame.columns else "rdz_reported")
    keys = [(evidence_key(basis, answer, figure=figure), answer) for basis, answer, figure in answers.ways]
    order = list(
        dict.fromkeys((key, answer) for key in EVIDENCE for answer in (True, False, None) if (key, answer) in keys)
    )
    codes = np.array([order.index(key) for key in keys], dtype=np.int64)[answers.codes] if keys else answers.codes
    ways = []
    for row, (key, answer) in enumerate(order):
        found = EVIDENCE[key]
        ways.append(
            {
                "letter": found.letters[place],
                "answer": {True: "yes", False: "no", None: "open"}[answer],
                "weight": found.weight,
                "dashes": found.dashes,
                "words": _worded(key, answer, place),
                "count": int((codes == row).sum()),
            }
        )
    return {"ways": ways, "codes": codes.tolist()}


def _worded(key: str, answer: bool | None, place: int) -> str:  # noqa: FBT001 - an answer, not a switch
    """Return the words of an answer and what it rests on."""
    said = EVIDENCE[key].words[place]
    if key not in ("measured", "estimated", "reported"):
        return said
    name = {True: "present", False: "none", None: "undecided"}[answer]
    return f"{word(name, labels.LANGS[place])}, {said}"
