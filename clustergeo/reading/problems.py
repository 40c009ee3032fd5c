"""What can be wrong with a layer or with sites, in Korean and English: the problem, what was expected, the cure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

ERROR, WARNING = "error", "warning"
LANGS = ("ko", "en")

# What an evidence column holds, by the fault of `schema.evidence_faults`.
EVIDENCE = {
    "flag": ("true 또는 false", "true or false"),
    "basis": ("reported, inferred, unknown 가운데 하나", "one of reported, inferred, unknown"),
    "share": ("0에서 1까지의 비율", "a share, 0 to 1"),
    "amount": ("0 이상의 수", "a number, 0 or more"),
    "footprint": ("measured, disc, point 가운데 하나", "one of measured, disc, point"),
    "no_basis": ("근거를 밝힌 열(_basis)의 값", "a basis: say in the column _basis what it rests on"),
    "areal_point": ("면이 아닌 도형, 또는 measured나 disc", "no polygon, or measured or disc"),
    "within_invalid": ("올바른 다각형", "a valid polygon"),
    "within_kind": ("다각형(Polygon, MultiPolygon)", "a Polygon or MultiPolygon"),
}
# What an address says, where that is too little.
STATUS = {"unknown": ("알 수 없음", "unknown"), "ambiguous": ("여러 곳일 수 있음", "ambiguous")}
# Why a geometry is invalid, in the words of GEOS.
_REASONS = {
    "Topology Validation Error": "위상 오류",
    "Repeated Point": "점이 되풀이됨",
    "Hole lies outside shell": "구멍이 바깥 고리 밖에 있음",
    "Holes are nested": "구멍 안에 구멍이 있음",
    "Interior is disconnected": "안이 이어지지 않음",
    "Self-intersection": "스스로 교차함",
    "Ring Self-intersection": "고리가 스스로 교차함",
    "Nested shells": "바깥 고리 안에 바깥 고리가 있음",
    "Duplicate Rings": "고리가 중복됨",
    "Too few points in geometry component": "점이 너무 적음",
    "Invalid Coordinate": "잘못된 좌표",
    "Ring is not closed": "고리가 닫히지 않음",
}


def reasons(texts: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return why geometries are invalid, in Korean and in the words of GEOS.

    Examples
    --------
    >>> reasons(["Self-intersection[200001 500001]"])
    (['스스로 교차함[200001 500001]'], ['Self-intersection[200001 500001]'])
    """
    given = [str(text) for text in texts]
    parted = [text.partition("[") for text in given]
    return [_REASONS.get(reason, "도형 오류") + sign + place for reason, sign, place in parted], given


class Kind(NamedTuple):
    """A kind of problem: how grave it is, and its words in Korean and English."""

    severity: str
    problem: tuple[str, str]
    expected: tuple[str, str]
    cure: tuple[str, str]


KINDS = {
    "id_missing": Kind(
        ERROR,
        ("식별자가 비어 있음", "the id is missing"),
        ("행마다 하나의 식별자", "one id a row"),
        (
            "site_id를 채우거나 열을 지우십시오(행 번호로 만듭니다).",
            "Fill site_id, or drop the column: ids are then made.",
        ),
    ),
    "id_twice": Kind(
        ERROR,
        ("식별자가 중복됨", "the id stands more than once"),
        ("서로 다른 식별자", "a different id for each row"),
        ("중복된 행을 지우거나 식별자를 고치십시오.", "Drop the repeated rows or mend their ids."),
    ),
    "unread": Kind(
        ERROR,
        ("도형을 읽을 수 없거나 일부만 읽힘", "the geometry cannot be read, or in part only"),
        ("형식에 맞는 좌표", "coordinates as the format writes them"),
        (
            "이 행을 고치거나 다시 내보내거나 지우십시오. 곡선은 ogr2ogr -nlt CONVERT_TO_LINEAR로 직선이 됩니다.",
            "Mend the row, export it again, or delete it; ogr2ogr -nlt CONVERT_TO_LINEAR makes lines of curves.",
        ),
    ),
    "total": Kind(
        WARNING,
        ("다른 행을 더한 합계 행으로 보임", "the row adds up other rows"),
        ("후보지 하나에 한 행", "a row for each site"),
        (
            "행을 지우십시오. 후보지라면 위치를 주거나 이름을 바꾸십시오.",
            "Delete the row; if it is a site, give it a position or another name.",
        ),
    ),
    "geometry_null": Kind(
        WARNING,
        ("도형이 없음", "there is no geometry"),
        ("도형, 또는 포함하는 범위(within)", "a geometry, or `within`"),
        ("도형이나 주소를 주거나 행을 지우십시오.", "Give a geometry or an address, or drop the row."),
    ),
    "geometry_empty": Kind(
        WARNING,
        ("도형이 비어 있음", "the geometry is empty"),
        ("좌표가 있는 도형", "a geometry with coordinates"),
        ("원본에서 다시 내보내거나 행을 지우십시오.", "Export it again, or drop the row."),
    ),
    "not_finite": Kind(
        ERROR,
        ("좌표가 유한한 수가 아님", "coordinates are not finite"),
        ("유한한 좌표", "finite coordinates"),
        ("원본 좌표계와 축의 순서를 확인하십시오.", "Check the CRS and the order of the axes of the source."),
    ),
    "invalid": Kind(
        ERROR,
        ("도형이 올바르지 않음", "the geometry is invalid"),
        ("올바른 다각형", "a valid polygon"),
        (
            "repair=True(--repair)로 읽거나 원본을 고치십시오.",
            "Read it with repair=True (--repair), or mend the source.",
        ),
    ),
    "mixed": Kind(
        WARNING,
        ("도형의 종류가 섞여 있음", "there are geometries of several kinds"),
        ("한 종류의 도형", "one kind of geometry"),
        ("종류별로 나누십시오.", "Split the layer by kind."),
    ),
    "kind": Kind(
        ERROR,
        ("면도 점도 아닌 도형", "the geometry is no polygon and no point"),
        ("면 또는 점", "a polygon or a point"),
        ("면으로 바꾸거나 행을 지우십시오.", "Turn it into a polygon, or drop the row."),
    ),
    "duplicate": Kind(
        WARNING,
        ("같은 도형이 또 있음", "the same geometry stands in another row"),
        ("행마다 다른 도형", "a different geometry for each row"),
        ("중복된 행을 지우십시오.", "Drop the repeated row."),
    ),
    "overlap": Kind(
        WARNING,
        ("다른 행의 도형과 겹침", "it overlaps the geometry of another row"),
        ("맞닿기만 하는 도형", "geometries that touch at most"),
        (
            "경계를 고치십시오. 구역으로 쓰면 겹친 곳은 한 번만 셉니다.",
            "Mend the border. As a zone layer the shared ground is counted once.",
        ),
    ),
    "sliver": Kind(
        WARNING,
        ("실처럼 가는 다각형", "the polygon is a sliver"),
        ("너비 {least} m 이상", "wider than {least} m"),
        ("이웃 다각형에 합치거나 지우십시오.", "Merge it into its neighbour, or drop it."),
    ),
    "abroad": Kind(
        WARNING,
        ("대한민국 밖에 있음", "it lies outside Korea"),
        ("경도 124~132, 위도 33~39 부근", "longitude 124 to 132, latitude 33 to 39, or a little beyond"),
        ("좌표계를 확인하십시오. 가능한 좌표계: {places}.", "Check the CRS; these would place it in Korea: {places}."),
    ),
    "swapped": Kind(
        ERROR,
        ("경도와 위도가 뒤바뀜", "longitude and latitude are swapped"),
        ("경도, 위도 순서", "longitude before latitude"),
        (
            "swap_xy=True(--swap-xy, 구역이면 --zone-swap-xy)로 읽으십시오.",
            "Read it with swap_xy=True (--swap-xy, of a zone layer --zone-swap-xy).",
        ),
    ),
    "swapped_rows": Kind(
        ERROR,
        ("이 행만 좌표가 뒤바뀜", "the coordinates of this row are swapped, those of others are not"),
        ("다른 행과 같은 순서", "the order of the other rows"),
        (
            "원본에서 이 행을 고치십시오. 축을 모두 바꾸면 다른 행이 틀어집니다.",
            "Correct this row in the source: swapping all would spoil the others.",
        ),
    ),
    "zero": Kind(
        WARNING,
        ("좌표가 0, 0", "the position is 0, 0"),
        ("실제 위치, 또는 빈 도형", "the true position, or none"),
        (
            "위치를 적거나 비우십시오. 위치가 없는 것으로 읽습니다.",
            "Give the position or leave it out: it is read as none.",
        ),
    ),
    "degrees_rows": Kind(
        ERROR,
        ("이 행만 평면 좌표가 아니라 경위도임", "this row holds degrees among metres of a plane"),
        ("{crs}의 미터 값", "metres of {crs}"),
        ("원본에서 이 행을 고치십시오.", "Correct this row in the source."),
    ),
    "metres": Kind(
        ERROR,
        ("경위도라는 좌표가 미터 값임", "metres are labelled longitude and latitude"),
        ("경도 -180~180, 위도 -90~90", "longitude within 180 and latitude within 90"),
        (
            "좌표계를 지정하십시오: crs=. 가능한 좌표계: {places}.",
            "Name the CRS: crs=. These would place it in Korea: {places}.",
        ),
    ),
    "degrees": Kind(
        ERROR,
        ("평면 좌표라는 값이 경위도임", "degrees are labelled metres of a plane"),
        ("{crs}의 미터 값", "metres of {crs}"),
        ('crs="EPSG:4326"을 지정하십시오.', 'Name the CRS: crs="EPSG:4326".'),
    ),
    "datum": Kind(
        WARNING,
        ("경계가 행정구역 경계와 일정하게 어긋남", "the borders are off the shipped ones, all the same way"),
        ("{least} m 안의 차이", "less than {least} m"),
        (
            "측지계를 확인하십시오. 차이를 없애는 좌표계: {places}.",
            "Check the datum. CRS of the same coordinates that end the offset: {places}.",
        ),
    ),
    "mojibake": Kind(
        ERROR,
        ("한글이 깨져 있음", "the Korean text is garbled"),
        ("{better}", "{better}"),
        (
            "원본을 올바른 인코딩으로 다시 읽으십시오: encoding='cp949' 또는 'utf-8'.",
            "Read the source again in the right encoding: encoding='cp949' or 'utf-8'.",
        ),
    ),
    "lost_text": Kind(
        WARNING,
        ("글자가 물음표로 바뀐 듯함", "letters seem to have become question marks"),
        ("본래의 글자", "the letters themselves"),
        (
            "잃은 글자는 되살릴 수 없으니 원본에서 다시 내보내십시오.",
            "Export it again: what is lost cannot be restored.",
        ),
    ),
    "pnu": Kind(
        ERROR,
        ("필지고유번호(PNU)가 올바르지 않음", "the parcel number (PNU) is not valid"),
        ("숫자 19자리", "19 digits"),
        (
            "엑셀에서는 열을 텍스트로 바꾼 뒤 다시 넣으십시오.",
            "Mend it; in a spreadsheet format the column as text first.",
        ),
    ),
    "pnu_twice": Kind(
        WARNING,
        ("필지고유번호(PNU)가 중복됨", "the parcel number (PNU) stands more than once"),
        ("필지마다 하나의 번호", "one number a parcel"),
        ("나뉜 필지를 합치거나 중복된 행을 지우십시오.", "Merge the parts of the parcel, or drop the repeated row."),
    ),
    "scheme": Kind(
        ERROR,
        ("코드가 열 이름의 체계와 다름", "the codes are not of the scheme that the column's name says"),
        ("{scheme} 코드", "codes of {scheme}"),
        (
            "행정안전부(mois)와 통계청(kostat) 코드를 섞지 말고 열 이름이나 코드를 고치십시오.",
            "Never join codes of the ministry (mois) and Statistics Korea (kostat): mend the name or the codes.",
        ),
    ),
    "unit": Kind(
        WARNING,
        ("면적 열의 단위가 도형과 맞지 않음", "the unit of the area column does not fit the polygons"),
        ("{unit} (도형 면적과의 비 1)", "{unit} (1 times the area of the polygon)"),
        (
            "값은 {seen} 단위로 보입니다. 열 이름이나 값을 고치십시오.",
            "The values look like {seen}: mend the name or the values.",
        ),
    ),
    "column_twice": Kind(
        ERROR,
        ("같은 이름의 열이 또 있음", "a column of this name stands more than once"),
        ("이름마다 하나의 열", "one column of a name"),
        ("열의 이름을 바꾸거나 지우십시오.", "Rename one of them, or drop it."),
    ),
    "evidence": Kind(
        ERROR,
        ("근거 열의 값을 쓸 수 없음", "an evidence column cannot be used"),
        ("{wanted}", "{wanted}"),
        ("그 값을 고치거나 비우십시오.", "Mend the value, or leave it empty."),
    ),
    "address": Kind(
        WARNING,
        ("주소로 위치를 알 수 없음", "the address does not say where it is"),
        ("시도, 시군구, 읍면동이 있는 주소", "an address with province, municipality and eup, myeon or dong"),
        ("주소를 고치십시오. 후보: {candidates}.", "Mend the address. It may mean: {candidates}."),
    ),
}
