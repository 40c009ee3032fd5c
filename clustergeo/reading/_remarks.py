"""Remarks on addresses: what was taken for granted of one, or why it says nothing, in Korean and English."""

from __future__ import annotations

from typing import NamedTuple


class Remark(NamedTuple):
    """One sentence in both languages, in the order of `problems.LANGS`."""

    ko: str
    en: str


# In Korean a name stands before a colon: which particle would follow it is not known.
_WORDS = {
    "long": (
        "{count}자인 글이나 그렇게 긴 낱말은 주소가 아님",
        "a text of {count} letters, or of words that long, is no address",
    ),
    "not_in": ("{name}: {where} 안에 있다고 알려진 곳이 아님", "{name} is not known to lie in {where}"),
    "one_unknown": ("적힌 곳 가운데 하나를 알 수 없음", "one of the places that it names is not known"),
    "together": (
        "{count}곳이 적혀 있어 그 모두에 걸친 것으로 봄",
        "it names {count} places: it is taken to lie in all of them together",
    ),
    "more": ("{word}: 적지 않은 다른 곳을 뜻함", "{word} (and others) means places that it does not name"),
    "near": ("{word}: 적힌 곳 안에 있다는 말이 아님", "{word} (near) does not say that it lies in the place named"),
    "near_fine": (
        "{word}: 적힌 곳 안에 있다는 말이 아니어서 시군구까지만 봄",
        "{word} (near) does not say that it lies in the place named: only its municipality is taken",
    ),
    "around": ("{word}: 적힌 곳 안에 있는 것으로 봄", "{word} is taken to lie in the places named"),
    "no_eup": ("{name}: 2018년에는 그곳에 없는 읍면", "{name} is no eup or myeon of 2018 there"),
    "no_place": ("{name}: 그곳에 알려진 지명이 아님", "{name} is no place known there"),
    "unknown_there": ("{name}: 그곳에서 알려지지 않음", "{name} is not known there"),
    "newer_gu": ("{name}: 2018년 경계 뒤에 생긴 구", "{name} was set up after the boundary of 2018"),
    "no_gu": ("{name}: 그곳에 알려진 구가 아님", "{name} is no gu known there"),
    "was_myeon": ("{name}: 2018년에는 {myeon}, 그 뒤 읍이 됨", "{name} is {myeon} of 2018, an eup since"),
    "only": ("{name}: 뜻할 수 있는 곳 가운데 {where}에만 있음", "of the places meant only {where} has {name}"),
    "renamed": (
        "2018년 경계 뒤에 구의 이름이나 구역이 바뀜: {where}",
        "its gu was renamed or rearranged since the boundary of 2018: {where}",
    ),
    "legal": (
        "{name}: 법정동이어서 이를 담는 행정동을 알 수 없고 시군구만 확실함",
        "{name} is a legal dong: no administrative dong is known to contain it, only its municipality",
    ),
    "no_dong": ("{name}: 2018년에는 그곳에 없는 행정동", "{name} is no administrative dong of 2018 there"),
    "no_municipality": ("{name}: 2018년에는 그곳에 없는 시군구", "{name} is no municipality of 2018 there"),
    "contradiction": (
        "{one!r}: {here}, {other!r}: {there}. 서로 어긋나 어느 것도 쓰지 않음",
        "{one!r} says {here}, {other!r} says {there}: they contradict each other, none is taken",
    ),
}


def remark(kind: str, **words: object) -> Remark:
    """Return a remark of a kind, its words filled in.

    Examples
    --------
    >>> remark("no_gu", name="무슨구")
    Remark(ko='무슨구: 그곳에 알려진 구가 아님', en='무슨구 is no gu known there')
    """
    return Remark(*(text.format(**words) for text in _WORDS[kind]))
