"""Korean and English words of columns and of codes."""

from __future__ import annotations

COLUMNS: dict[str, tuple[str, str]] = {
    "site_id": ("부지 ID", "Site ID"),
    "name": ("이름", "Name"),
    "name_ko": ("이름(국문)", "Name (Korean)"),
    "name_en": ("이름(영문)", "Name (English)"),
    "province": ("시도", "Province"),
    "province_en": ("시도(영문)", "Province (English)"),
    "province_code_mois": ("시도 코드(행정안전부)", "Province code (MOIS)"),
    "province_code_kostat": ("시도 코드(통계청)", "Province code (KOSTAT)"),
    "city": ("시", "City"),
    "city_en": ("시(영문)", "City (English)"),
    "municipality": ("시군구", "Municipality"),
    "municipality_en": ("시군구(영문)", "Municipality (English)"),
    "municipality_code_kostat": ("시군구 코드(통계청)", "Municipality code (KOSTAT)"),
    "municipality_alternatives": ("가능한 시군구", "Possible municipalities"),
    "locality": ("읍면동", "Locality"),
    "locality_en": ("읍면동(영문)", "Locality (English)"),
    "address_ko": ("주소(국문)", "Address (Korean)"),
    "address_en": ("주소(영문)", "Address (English)"),
    "address_status": ("주소로 안 위치", "Place by the address"),
    "address_candidates": ("주소의 후보", "What the address may mean"),
    "address_assumed": ("주소에서 가정한 것(영문)", "Assumed of the address"),
    "address_assumed_ko": ("주소에서 가정한 것", "Assumed of the address (Korean)"),
    "region_share": ("시군구 안 비율", "Share in the municipality"),
    "inside_share": ("대상 지역 안 비율", "Share inside the region"),
    "area_m2": ("면적(m²)", "Area (m²)"),
    "parcels": ("필지", "Parcels"),
    "parcel_count": ("필지 수", "Number of parcels"),
    "macro_region": ("권역", "Macro-region"),
    "sector": ("업종", "Sector"),
    "sectors": ("업종", "Sectors"),
    "area_km2": ("면적(km²)", "Area (km²)"),
    "area_as_of": ("면적 기준일", "Area as of"),
    "area_scope": ("면적의 범위", "Scope of the area"),
    "area_source": ("면적 출처", "Area source"),
    "announced_area_km2": ("발표 면적(km²)", "Announced area (km²)"),
    "status": ("추진 단계", "Status"),
    "status_as_of": ("추진 단계 기준일", "Status as of"),
    "status_source": ("추진 단계 출처", "Status source"),
    "designations": ("지정·선정", "Designations"),
    "designations_source": ("지정·선정 출처", "Source of the designations"),
    "footprint_basis": ("도형의 근거", "Footprint basis"),
    "position_error_m": ("위치 오차(m)", "Position error (m)"),
    "position_source": ("위치 출처", "Position source"),
    "in_capital_region": ("수도권", "Capital region"),
    "capital_share": ("수도권 비율", "Share in the capital region"),
    "capital_share_low": ("수도권 비율 하한", "Share in the capital region, lower bound"),
    "capital_share_high": ("수도권 비율 상한", "Share in the capital region, upper bound"),
    "rdz_share_bounds": ("개발제한구역: 비율의 범위(증명됨)", "RDZ: proved bounds of the share"),
    "rdz_reported_area_km2": ("개발제한구역(보고): 면적(km²)", "RDZ as reported: area (km²)"),
    "capital_border_km": ("수도권 경계까지(km, 안쪽 −)", "To its border (km, − inside)"),
    "kept": ("유지", "Kept"),
    "excluded_by": ("제외한 규칙", "Excluded by"),
    "shortlist": ("최종 후보", "Shortlist"),
    "chosen": ("선정", "Chosen"),
    "served": ("맡은 수요", "Demand served"),
    "excluded_sites": ("제외된 부지", "Excluded sites"),
    "undecided_by": ("판정하지 못한 규칙", "Undecided by"),
    "eligible_area_m2": ("적격 면적(m²)", "Eligible area (m²)"),
    "eligible_largest_m2": ("가장 큰 한 덩어리(m²)", "Largest contiguous part (m²)"),
    "eligible": ("적격지", "Eligible land"),
    "excluded_share": ("제외 비율", "Share excluded"),
    "excluded_share_low": ("제외 비율 하한", "Share excluded, lower bound"),
    "excluded_share_high": ("제외 비율 상한", "Share excluded, upper bound"),
    "standing": ("판정", "Standing"),
    "reason": ("이유", "Reason"),
    "score": ("점수", "Score"),
    "score_low": ("점수 하한", "Score, lower bound"),
    "score_high": ("점수 상한", "Score, upper bound"),
    "rank": ("순위", "Rank"),
    "rank_best": ("가능한 최고 순위", "Best possible rank"),
    "rank_worst": ("가능한 최저 순위", "Worst possible rank"),
    "top_probability": ("상위에 들 확률", "Probability of a place at the top"),
    "within": ("확실히 포함하는 범위", "Within"),
    "geometry": ("도형", "Geometry"),
    "lon": ("경도", "Longitude"),
    "lat": ("위도", "Latitude"),
    "scope": ("범위", "Scope"),
    "basis": ("근거", "Basis"),
    "as_of": ("기준일", "As of"),
    "source": ("출처", "Source"),
    "sites": ("부지 수", "Sites"),
    "sites_without_area": ("면적을 알 수 없는 부지 수", "Sites without an area"),
    "inside_capital_region": ("수도권 안 부지 수", "Inside the capital region (sites)"),
    "outside_capital_region": ("수도권 밖 부지 수", "Outside the capital region (sites)"),
    "capital_region_undecided": ("수도권 판정 불가 부지 수", "Capital region not decidable (sites)"),
    "sites_with_rdz": ("개발제한구역 있음(부지 수)", "RDZ present (sites)"),
    "rdz_absent": ("개발제한구역 없음(부지 수)", "RDZ absent (sites)"),
    "rdz_undecided": ("개발제한구역 판정 불가(부지 수)", "RDZ not decidable (sites)"),
    "rdz_unknown": ("개발제한구역 알 수 없음(부지 수)", "RDZ unknown (sites)"),
    "rdz_area_km2": ("개발제한구역 면적(km²)", "RDZ area (km²)"),
}

# Longest first: `river_reported_share` is a reported share of `river`, not a share of `river_reported`.
ZONE_COLUMNS: tuple[tuple[str, tuple[str, str]], ...] = (
    ("_reported_note_ko", ("보고 비고(국문)", "reported, note (Korean)")),
    ("_reported_note_en", ("보고 비고(영문)", "reported, note (English)")),
    ("_reported_present", ("보고된 저촉 여부", "reported as present")),
    ("_reported_share", ("보고된 비율", "reported share")),
    ("_reported_area_m2", ("보고된 면적(m²)", "reported area (m²)")),
    ("_reported_basis", ("보고의 근거", "reported, basis")),
    ("_reported_as_of", ("보고 기준일", "reported as of")),
    ("_reported_source", ("보고 출처", "reported, source")),
    ("_share_low", ("비율 하한", "share, lower bound")),
    ("_share_high", ("비율 상한", "share, upper bound")),
    ("_present", ("저촉 여부", "present")),
    ("_share", ("비율", "share")),
    ("_area_m2", ("면적(m²)", "area (m²)")),
    ("_basis", ("근거", "basis")),
    ("_as_of", ("기준일", "as of")),
    ("_source", ("출처", "source")),
)

ZONE_NAMES = {"rdz": ("개발제한구역", "RDZ")}

UNDECIDED = ("판정 불가", "not decidable")

BASIS = {
    "measured": ("측정", "measured"),
    "estimated": ("추정", "estimated"),
    "reported": ("보고", "reported"),
    "inferred": ("추론", "inferred"),
    "unknown": ("알 수 없음", "unknown"),
}

# What the shipped layers say of themselves is English, as the catalogue is; these are the same terms in Korean.
_KOGL = ("공공누리 제1유형", "Korea Open Government Licence (KOGL) Type 1")
_COMPILED = ("편집물은 CC0-1.0, 행마다 출처 표시", "CC0-1.0 for the compilation; each row cites its source")
_OURS = ("clustergeo 개발자", "clustergeo developers")
_EACH = ("행마다 적힌 출처", "the sources named in each row")
_SGIS = (
    "통계청 통계지리정보서비스(SGIS), 행정구역 경계 2018(공공누리 제1유형). 보정·일반화하여 사용",
    "Statistics Korea, SGIS, administrative boundaries 2018 (KOGL Type 1); repaired and generalised",
)

CODES: dict[str, dict[str, tuple[str, str]]] = {
    "status": {
        "candidate": ("후보지", "candidate"),
        "candidate_pf_withdrawn": ("후보지(예비타당성조사 신청 철회)", "candidate (feasibility application withdrawn)"),
        "pf_applied": ("예비타당성조사 신청", "feasibility study applied for"),
        "pf_passed": ("예비타당성조사 통과", "feasibility study passed"),
        "pf_exempt": ("예비타당성조사 면제", "exempt from the feasibility study"),
        "plan_applied": ("산업단지계획 승인 신청", "plan approval applied for"),
        "designated": ("지정(산업단지계획 승인)", "designated (plan approved)"),
    },
    "footprint_basis": {
        "measured": ("측정된 경계", "measured boundary"),
        "disc": ("원(그림용, 근거 아님)", "disc (drawn, not evidence)"),
        "point": ("점(위치만)", "point (position only)"),
    },
    "address_status": {
        "exact": ("읍면동까지 확실", "certain to the locality"),
        "municipality": ("시군구까지 확실", "certain to the municipality"),
        "province": ("시도까지 확실", "certain to the province"),
        "ambiguous": ("여러 곳일 수 있음", "one of several places"),
        "unknown": ("알 수 없음", "unknown"),
    },
    "standing": {
        "shortlist": ("최종 후보", "shortlist"),
        "shortlist_undecided": ("최종 후보(제외 여부 판정 불가)", "shortlist (exclusion not decidable)"),
        "kept": ("유지", "kept"),
        "excluded": ("제외", "excluded"),
        "undecided": UNDECIDED,
    },
    "size": {"large": ("대기업", "large"), "mid": ("중견기업", "mid-size"), "sme": ("중소기업", "SME")},
    "technology": {
        "ai": ("인공지능", "AI"),
        "future_transport": ("미래형 운송수단", "future transport"),
        "other": ("국가전략기술 아님", "no national strategic technology"),
    },
    "capital_zone": {
        "overconcentration_control": ("과밀억제권역", "overconcentration control"),
        "growth_management": ("성장관리권역", "growth management"),
        "nature_conservation": ("자연보전권역", "nature conservation"),
    },
    "support_tier": {
        "special": ("특별지원지역", "special"),
        "preferential": ("우대지원지역", "preferential"),
        "general": ("일반지원지역", "general"),
    },
    "subsidy_tier": {"upper": ("상위", "upper"), "middle": ("중위", "middle"), "lower": ("하위", "lower")},
    "in_capital_region": {"inside": ("수도권 안", "inside"), "outside": ("수도권 밖", "outside")},
    "scope": {
        "whole": ("전체", "whole site"),
        "withdrawn_plan": ("철회된 계획의 전체", "whole site in a withdrawn plan"),
        "phase": ("단계", "one phase"),
        "part": ("일부", "a part"),
        "proposal": ("제안", "a proposal"),
        "alternative": ("같은 날의 다른 출처", "another source of the same day"),
    },
    "coverage": {
        "South Korea": ("대한민국", "South Korea"),
        "the 15 sites": ("부지 15곳", "the 15 sites"),
        "everywhere": ("모든 곳", "everywhere"),
        "not known": ("알려지지 않음", "not known"),
    },
    "licence": {
        _KOGL[1]: _KOGL,
        _COMPILED[1]: _COMPILED,
        f"{_COMPILED[1]}; the areas `within`: {_KOGL[1]}": (
            f"{_COMPILED[0]}; 포함 범위(`within`): {_KOGL[0]}",
            f"{_COMPILED[1]}; the areas `within`: {_KOGL[1]}",
        ),
    },
    "attribution": {
        _SGIS[1]: _SGIS,
        f"{_OURS[1]}; {_SGIS[1]}": (f"{_OURS[0]}; {_SGIS[0]}", f"{_OURS[1]}; {_SGIS[1]}"),
        f"{_OURS[1]}; {_EACH[1]}": (f"{_OURS[0]}; {_EACH[0]}", f"{_OURS[1]}; {_EACH[1]}"),
    },
}

YES_NO = {True: ("예", "yes"), False: ("아니요", "no")}
PRESENT_ABSENT = {True: ("있음", "present"), False: ("없음", "none")}
UNKNOWN = ("알 수 없음", "unknown")
OTHER = ("기타", "other")
