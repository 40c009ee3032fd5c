"""The words of the interactive map in both languages; plain text, escaped where it is shown."""

from __future__ import annotations

from clustergeo import labels

_WORDS: dict[str, tuple[str, str]] = {
    "undecidable": ("이 근거로는 판정 불가", "not decidable from this evidence"),
    "undecided": ("판정 불가", "not decidable"),
    "unknown": ("알 수 없음", "unknown"),
    "place": ("위치", "Place"),
    "area": ("면적", "Area"),
    "of_footprint": ("측정된 도형", "of its measured footprint"),
    "announced": ("발표 당시 {} km²", "announced {} km²"),
    "status": ("추진 단계", "Status"),
    "timeline": ("연표: 사실 {}건", "Timeline: {} dated facts"),
    "capital": ("수도권", "Capital region"),
    "inside": ("수도권 안", "inside"),
    "outside": ("수도권 밖", "outside"),
    "rdz": ("개발제한구역", "RDZ (greenbelt)"),
    "rdz_reported": ("개발제한구역(보고)", "RDZ as reported"),
    "share": ("비율", "share"),
    "inside_by": ("경계에서 안쪽 {} km", "{} km inside its border"),
    "outside_by": ("경계에서 바깥쪽 {} km", "{} km outside its border"),
    "proved": ("면적의 {}(증명된 한계)", "{} of the site (proved)"),
    "basis": ("근거", "basis"),
    "as_of": ("{} 기준", "as of {}"),
    "footprint": ("도형", "Footprint"),
    "first": ("점의 색은 첫째, 나머지는 카드에 있음", "a dot has the first colour; the card names all"),
    "edges": ("구간마다 위쪽 끝값을 포함", "each step includes its upper end"),
    "disc": ("면적 표시 원: 근거 아님", "drawn disc: not evidence"),
    "point": ("점: 위치만 알려짐", "point: a position without an extent"),
    "area_only": ("범위로만 알려짐: 점은 위치가 아님", "known by its area only: the dot is no position"),
    "nowhere": ("위치 없음: 지도에 없음", "without position: not on the map"),
    "measured": ("측정된 경계", "measured boundary"),
    "error": ("위치 오차 {}", "position good to {}"),
    "present": ("있음", "present"),
    "none": ("없음", "none"),
    "capital_head": ("수도권", "Capital"),
    "rdz_head": ("개발제한구역", "RDZ"),
    "yes": ("예", "yes"),
    "no": ("아니요", "no"),
    "legend": ("범례", "Legend"),
    "filter": ("거르기", "Filter"),
    "list": ("목록", "List"),
    "search": ("이름으로 찾기", "Search names"),
    "no_position": ("위치 없음", "without position"),
    "found": ("{}곳 찾음", "{} found"),
    "nothing_found": ("찾은 것이 없습니다", "nothing found"),
    "shown": ("{1}곳 가운데 {0}곳 표시", "{0} of {1} shown"),
    "capped": (
        "처음 {0}곳만 적었습니다(모두 {1}곳). 거르거나 찾으면 나머지가 나옵니다.",
        "The first {0} of {1}; a filter or the search shows the others.",
    ),
    "capped_search": (
        "처음 {0}곳만 적었습니다(모두 {1}곳). 찾으면 나머지가 나옵니다.",
        "The first {0} of {1}; the search shows the others.",
    ),
    "clear": ("모두 보기", "Show all"),
    "nameless": ("추가한 레이어", "Added layer"),
    "infinite": ("무한대", "infinite"),
    "layers": ("레이어", "Layers"),
    "panel": ("지도 설명과 목록", "About the map"),
    "map": ("지도", "Map"),
    "open_panel": ("설명 열기", "Open the panel"),
    "close_panel": ("설명 닫기", "Close the panel"),
    "close": ("닫기", "Close"),
    "name": ("이름", "Name"),
    "zoom_in": ("확대", "Zoom in"),
    "zoom_out": ("축소", "Zoom out"),
    "shapes": ("도형", "Shapes"),
    "within": ("부지가 확실히 들어 있는 범위", "area that certainly contains the site"),
    "disc_key": ("면적 표시 원: 그린 것, 근거 아님", "drawn disc of the site's area: not evidence"),
    "measured_key": ("측정된 경계", "measured boundary"),
    "capital_key": ("수도권", "capital region"),
    "answer": ("점 가운데: {}", "Centre of the dot: {}"),
    "answer_yes": ("검은 점: 예", "dark: yes"),
    "answer_no": ("점 없음: 아니요", "plain: no"),
    "answer_open": ("흰 점: 판정 불가·알 수 없음", "white: not decidable, or unknown"),
    "evidence": ("개발제한구역(RDZ) 근거", "RDZ (greenbelt) evidence"),
    "filled": (
        "채움 = 있음, 빔 = 없음, 회색 = 판정 불가·알 수 없음",
        "filled = present, hollow = none, grey = not decidable or unknown",
    ),
    "unplaced": ("위치 없음: {}곳", "without position: {}"),
    "facts": ("{} 기준 사실", "facts as of {}"),
    "count": ("부지 {}곳", "{} sites"),
    "count_one": ("부지 1곳", "1 site"),
    "hint": ("이름이나 점을 누르면 근거가 보입니다.", "Click a name or a dot for the evidence."),
    "other": ("기타", "other"),
    "sites": ("부지 수", "Sites"),
    "area_sum": ("면적 합(km²)", "Total area (km²)"),
    "area_known": ("면적을 아는 부지 수", "Sites with a known area"),
    "not_coloured": (
        "묶은 지도의 색은 부지 수이며, {}(으)로 칠하지 않았습니다.",
        "Gathered, the colour is the number of sites, not {}.",
    ),
    "cell": ("칸 {}, {}", "cell {}, {}"),
    "gathered_municipality": (
        "부지 {0}곳을 하나씩 그리지 않고 시군구 {1}곳으로 묶어 그렸습니다.",
        "{0} sites are not drawn one by one but gathered by municipality, in {1}.",
    ),
    "gathered_grid": (
        "부지 {0}곳을 하나씩 그리지 않고 격자 {1}칸으로 묶어 그렸습니다.",
        "{0} sites are not drawn one by one but gathered in {1} cells of a grid.",
    ),
    "left_out": ("시군구를 모르는 {}곳은 빠졌습니다.", "{} without a municipality are left out."),
    "no_script": (
        "스크립트가 꺼져 있어 그림과 표로 보입니다.",
        "Scripts are off: this is the map as a picture, with its table.",
    ),
    "not_loaded": (
        "지도의 스크립트를 불러오지 못해(인터넷에 연결되지 않았거나 차단됨) 그림과 표로 보입니다.",
        "The map's scripts did not load (no network, or they are blocked): this is a picture of it, with its table.",
    ),
    "still_area_only": ("범위로만 알려짐", "known by its area only"),
    "still_within": (
        "점이 없는 번호: 옅은 범위 안 어딘가에 있음",
        "A number without a dot: the site lies somewhere in the pale area.",
    ),
    "failed": ("이 브라우저는 지도를 열 수 없습니다: {}", "This browser cannot open the map: {}"),
    "more": ("그 밖에 {}곳", "and {} more"),
}


def word(key: str, lang: str, *parts: str) -> str:
    """Return words of the map in a language, with its blanks filled; plain text, not escaped.

    Examples
    --------
    >>> word("facts", "en", "2025-02-25")
    'facts as of 2025-02-25'
    """
    return _WORDS[key][labels.check_lang(lang)].format(*parts)


def all_words(lang: str) -> dict[str, str]:
    """Return every word of the map in a language, with its blanks, as the page's script takes them."""
    place = labels.check_lang(lang)
    return {key: both[place] for key, both in _WORDS.items()}
