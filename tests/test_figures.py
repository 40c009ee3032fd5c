"""The static map shows what is known of any sites, legibly, and says what it leaves out."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from matplotlib.collections import PathCollection
from matplotlib.colors import same_color
from matplotlib.text import Text

from clustergeo import _legend, _marks, _sheet, crs, labels
from clustergeo.errors import InputError
from clustergeo.figures import figure_bytes, plot
from clustergeo.layers import Layer

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PLACES = {"독도": (131.867, 37.241), "마라도": (126.268, 33.117), "백령도": (124.70, 37.96)}
EVIDENCE = [
    (True, "reported", 0.5, None),
    (True, "reported", None, None),
    (False, "inferred", None, None),
    (True, "estimated", 0.3, None),
    (True, "measured", 0.3, 1.0),
    (None, "estimated", None, None),
    (None, "unknown", None, None),
]


def sites(count: int = 3, **columns: object) -> gpd.GeoDataFrame:
    positions = [shapely.Point(126.9 + 0.4 * (row % 5), 35.2 + 0.4 * (row // 5)) for row in range(count)]
    base = {"site_id": [f"s{row}" for row in range(count)]}
    return gpd.GeoDataFrame({**base, **columns}, geometry=positions, crs="EPSG:4326")


def with_evidence() -> gpd.GeoDataFrame:
    present, basis, share, area = zip(*EVIDENCE, strict=True)
    return sites(
        len(EVIDENCE),
        rdz_present=pd.array(present, dtype="boolean"),
        rdz_basis=list(basis),
        rdz_share=list(share),
        rdz_area_m2=list(area),
    )


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def symbols(axes: Axes) -> list[tuple[str, str, str]]:
    """Return shape and both colours of the large symbols of a map."""
    large = [line for line in axes.lines if line.get_marker() not in ("None", "", None) and line.get_markersize() > 4]
    return [(line.get_marker(), line.get_markerfacecolor(), line.get_markerfacecoloralt()) for line in large]


def fills(axes: Axes) -> list[PathCollection]:
    return [one for one in axes.collections if isinstance(one, PathCollection) and one.get_paths()]


def test_the_main_map_is_korea_with_its_outermost_islands_and_an_inset_of_the_capital_region() -> None:
    figure = plot(sites(), lang="ko")
    main, inset = figure.axes
    change = pyproj.Transformer.from_crs("EPSG:4326", crs.KOREA_PLANE, always_xy=True)
    for lon, lat in PLACES.values():
        x, y = change.transform(lon, lat)
        assert main.get_xlim()[0] < x < main.get_xlim()[1]
        assert main.get_ylim()[0] < y < main.get_ylim()[1]
        assert any(
            path.contains_point((x, y), radius=-2000) or path.contains_point((x, y), radius=2000)
            for path in fills(main)[0].get_paths()
        )
    seoul = change.transform(126.98, 37.57)
    assert inset.get_xlim()[0] < seoul[0] < inset.get_xlim()[1]
    assert inset.get_xlim()[1] - inset.get_xlim()[0] < (main.get_xlim()[1] - main.get_xlim()[0]) / 3


def test_a_metre_is_as_long_across_as_it_is_up() -> None:
    figure = plot(sites(), size=(12.0, 7.0))
    for axes in figure.axes:
        box = axes.get_window_extent()
        across = box.width / np.ptp(axes.get_xlim())
        assert across == pytest.approx(box.height / np.ptp(axes.get_ylim()), rel=1e-6)


def test_the_sites_of_one_corner_can_be_drawn_close_and_the_legend_names_what_is_seen() -> None:
    spots = [shapely.box(127.4, 36.6, 127.45, 36.65), shapely.box(127.5, 36.7, 127.55, 36.75)]
    near = gpd.GeoDataFrame({"site_id": ["a", "b"]}, geometry=spots, crs="EPSG:4326")
    drawn = plot(near, extent="sites", lang="en")
    (main,) = [axes for axes in drawn.axes if axes.collections]
    assert 14_000 < abs(np.diff(main.get_xlim())[0]) < 60_000
    texts = [text.get_text() for text in drawn.findobj(Text)]
    assert "Capital region" not in texts
    around = near.set_geometry(near.translate(0, 0.4), crs="EPSG:4326")
    texts = [text.get_text() for text in plot(around, extent="sites", lang="en").findobj(Text)]
    assert "Capital region" in texts
    with pytest.raises(InputError, match="extent is 'here'; expected 'korea' or 'sites'"):
        plot(near, extent="here")  # type: ignore[arg-type]


def test_sites_elsewhere_are_shown_within_their_bounds_without_korean_layers() -> None:
    there = gpd.GeoDataFrame({"site_id": ["a"]}, geometry=[shapely.box(2.3, 48.8, 2.4, 48.9)], crs="EPSG:4326")
    figure = plot(there)
    assert len(figure.axes) == 1
    assert "Capital region" not in texts(figure)
    assert np.ptp(figure.axes[0].get_xlim()) < 40_000


def test_the_scale_bar_is_as_long_as_it_says() -> None:
    figure = plot(sites())
    axes = figure.axes[0]
    bar = next(line for line in axes.lines if len(line.get_xdata()) == 4)
    x, y = np.asarray(bar.get_xdata(), dtype=float), np.asarray(bar.get_ydata(), dtype=float)
    back = pyproj.Transformer.from_crs(crs.KOREA_PLANE, "EPSG:4326", always_xy=True)
    lon, lat = back.transform([x[1], x[2]], [y[1], y[2]])
    true = pyproj.Geod(ellps="GRS80").inv(lon[0], lat[0], lon[1], lat[1])[2]
    assert "100 km" in texts(figure)
    assert true == pytest.approx(100_000, rel=1e-4)


def test_sector_colours_fill_the_symbol_and_a_second_sector_takes_the_right_half() -> None:
    figure = plot(sites(3, sectors=[["bio"], ["bio", "rail"], None]), lang="ko")
    bio, rail = labels.sector_colour("bio"), labels.sector_colour("rail")
    found = {(face, right) for _, face, right in symbols(figure.axes[0])}
    assert found == {(bio, bio), (bio, rail), (labels.UNKNOWN_COLOUR, labels.UNKNOWN_COLOUR)}
    assert {labels.value("sectors", "bio", "ko"), labels.value("sectors", "rail", "ko"), "알 수 없음"} <= set(
        texts(figure)
    )


def test_joined_sectors_are_read_as_a_list() -> None:
    figure = plot(sites(1, sectors=["bio; rail"]))
    ((_, face, right),) = symbols(figure.axes[0])
    assert (face, right) == (labels.sector_colour("bio"), labels.sector_colour("rail"))


def test_each_kind_and_basis_of_evidence_has_a_look_of_its_own_without_colour() -> None:
    looks = set()
    for kind, basis in {evidence for mark in marks_of(with_evidence()) if (evidence := mark.evidence)}:
        parts = _legend.symbol(("#888888",), (kind, basis), size=8.0)
        looks.add(tuple((part.get_marker(), part.get_markersize(), part.get_markerfacecolor()) for part in parts))
    assert len(looks) == len(EVIDENCE)


def test_the_legend_tells_the_evidence_that_is_there_and_no_other() -> None:
    words = texts(plot(with_evidence()))
    assert "on RDZ, with a figure (reported)" in words
    assert "on RDZ, no figure (reported)" in words
    assert "not on RDZ (inferred)" in words
    assert "not decidable (estimated)" in words
    assert "unknown" in words
    assert not [text for text in words if "not on RDZ (reported)" in text]
    assert not [text for text in texts(plot(sites())) if "RDZ" in text]


def marks_of(frame: gpd.GeoDataFrame) -> list[_marks.Mark]:
    return _marks.marks(frame, lang="en", colour_by=None)[0]


def test_null_evidence_is_unknown_and_never_none() -> None:
    frame = sites(2, rdz_present=pd.array([None, False], dtype="boolean"))
    assert [mark.evidence for mark in marks_of(frame)] == [("unknown", "unknown"), ("none", "unknown")]


def test_discs_are_dashed_measured_footprints_are_solid_and_within_is_drawn() -> None:
    boxes = [shapely.box(127.0 + row, 36.0, 127.3 + row, 36.3) for row in range(2)]
    frame = gpd.GeoDataFrame({"footprint_basis": ["disc", "measured"]}, geometry=boxes, crs="EPSG:4326")
    frame["within"] = gpd.GeoSeries([shapely.box(126.9, 35.9, 127.4, 36.4), None], crs="EPSG:4326")
    figure = plot(frame, colour_by=None)
    areas = fills(figure.axes[0])[2:]
    assert len(areas) == 3
    within, solid, dashed = areas
    assert same_color(within.get_edgecolor()[0][:3], _legend.WITHIN["edgecolors"])
    assert solid.get_linestyle()[0][1] is None
    assert dashed.get_linestyle()[0][1] is not None
    words = " ".join(texts(figure))
    assert "Certainly contains" in words
    assert "Measured footprint" in words
    assert "not evidence" in words


def test_the_legend_does_not_name_an_area_that_its_symbol_hides() -> None:
    small = crs.discs(sites().geometry, np.full(3, 1e6))
    frame = sites(footprint_basis="disc").set_geometry(small, crs="EPSG:4326")
    assert not [text for text in texts(plot(frame)) if "Disc" in text]


def test_names_do_not_cover_one_another() -> None:
    rng = np.random.default_rng(3)
    points = gpd.points_from_xy(rng.uniform(126.6, 127.8, 15), rng.uniform(36.5, 37.8, 15))
    frame = gpd.GeoDataFrame(
        {"name_ko": [f"첨단산업단지 {row}" for row in range(15)]}, geometry=points, crs="EPSG:4326"
    )
    figure = plot(frame, lang="ko")
    renderer = figure.canvas.get_renderer()
    named = [text for text in figure.axes[0].texts if text.get_text().startswith("첨단산업단지")]
    assert len(named) == 15
    boxes = [text.get_window_extent(renderer) for text in named]
    assert not [1 for row, box in enumerate(boxes) for other in boxes[:row] if box.overlaps(other)]
    frame_box = figure.axes[0].get_window_extent()
    assert all(frame_box.x0 <= box.x0 and box.x1 <= frame_box.x1 for box in boxes)


def test_many_sites_have_no_names_and_few_have() -> None:
    assert "s0" in texts(plot(sites(3)))
    assert not [text for text in texts(plot(sites(41))) if text.startswith("s") and text[1:].isdigit()]


def test_names_come_in_the_language_asked_and_fall_back() -> None:
    frame = sites(2, name_ko=["용인", None], name_en=["Yongin", "Osong"])
    assert {"용인", "Osong"} <= set(texts(plot(frame, lang="ko")))
    assert {"Yongin", "Osong"} <= set(texts(plot(frame, lang="en")))


def test_user_text_is_drawn_as_it_is_and_never_as_a_formula() -> None:
    wild = ["$x^2$ \\frac{", "<img src=x onerror=alert(1)>", "tab\tand\nline \x00", "$", "\U0010fffd \U0001f469"]
    frame = sites(5, name=wild, sectors=[["$\\bad$"]] * 5)
    figure = plot(frame, title="$\\alpha")
    words = [text.replace("\n", " ") for text in texts(figure)]
    assert "$\\alpha" in words
    assert "$x^2$ \\frac{" in words
    assert "tab and line" in words
    assert "\N{WHITE SQUARE} \N{WHITE SQUARE}" in words
    assert not [text for text in figure.findobj(Text) if text.get_text() and text.get_parse_math()]
    assert figure_bytes(figure, "png").startswith(b"\x89PNG")
    assert b"</svg>" in figure_bytes(figure, "svg")


def test_decomposed_hangul_is_composed() -> None:
    assert _marks.shown("\u1112\u1161\u11ab\u1100\u1173\u11af") == "한글"


def test_null_and_empty_geometries_are_counted_and_not_drawn() -> None:
    frame = sites(4)
    frame.geometry = [None, shapely.Polygon(), *frame.geometry[2:]]
    figure = plot(frame)
    assert [text for text in texts(figure) if "2 sites without a position not drawn" in text]
    assert not {"s0", "s1"} & set(texts(figure))


def in_areas() -> gpd.GeoDataFrame:
    """Return two sites that are known by what contains them alone, and one at a position."""
    frame = sites(3, sectors=[["bio"], ["rail"], ["bio"]], name_en=["Alpha", "Beta", "Gamma"])
    held = [shapely.box(127.0, 36.0, 127.4, 36.4), shapely.box(128.0, 35.8, 128.2, 36.0), None]
    frame["within"] = gpd.GeoSeries(held, crs="EPSG:4326")
    frame.geometry = [None, shapely.Point(), frame.geometry.iloc[2]]
    return frame


def test_a_site_known_by_its_area_alone_is_drawn_there_named_and_said_to_be_at_no_position() -> None:
    figure = plot(in_areas())
    main = figure.axes[0]
    words = texts(figure)
    assert {"Alpha", "Beta", "Gamma"} <= set(words)
    assert not [text for text in words if "without a position" in text]
    assert [text for text in words if "known by its" in text.replace("\n", " ")]
    rings = [line for line in main.lines if same_color(line.get_markeredgecolor(), _legend.WITHIN["edgecolors"])]
    plane = pyproj.Transformer.from_crs(crs.LONLAT, crs.KOREA_PLANE, always_xy=True)
    (ring,) = rings
    inside = [
        shapely.transform(box, lambda xy: np.column_stack(plane.transform(*xy.T))) for box in in_areas()["within"][:2]
    ]
    spots = sorted(zip(*ring.get_data(), strict=True))
    assert [box.covers(shapely.Point(spot)) for box, spot in zip(inside, spots, strict=True)] == [True, True]
    assert "범위로만" in "".join(texts(plot(in_areas(), lang="ko")))


def test_a_ring_is_explained_only_where_there_is_one() -> None:
    assert not [text for text in texts(plot(sites(2))) if "Ringed" in text]


def test_sites_known_by_areas_elsewhere_are_shown_where_these_are() -> None:
    frame = in_areas().iloc[:1].copy()
    frame["within"] = gpd.GeoSeries([shapely.box(10.0, 50.0, 10.4, 50.3)], crs="EPSG:4326")
    figure = plot(frame)
    assert len(figure.axes) == 1
    assert "Alpha" in texts(figure)


def test_the_zones_of_a_map_are_drawn_named_and_credited() -> None:
    shapes = gpd.GeoDataFrame(geometry=[shapely.box(127, 36, 127.5, 36.5), shapely.box(127.4, 36, 128, 36.5)], crs=4326)
    zone = Layer(shapes, name="rdz", as_of="2025-01-01", source="https://maps.example/z", licence="CC0")
    for lang, name in (("en", "RDZ"), ("ko", "개발제한구역")):
        figure = plot(sites(), lang=lang, zones={"rdz": zone})
        zones = [
            one
            for one in fills(figure.axes[0])
            if same_color(one.get_facecolor()[0], _legend.zone("#3f7d3a")["facecolors"])
        ]
        # Two zones that overlap are one area, not a darker one where they do.
        assert [len(one.get_paths()) for one in zones] == [1]
        assert name in texts(figure)
        foot = "\n".join(texts(figure)).replace("\n", " ")
        assert f"{name}: 2025-01-01 · https://maps.example/z · CC0" in foot
    with pytest.raises(InputError, match="zones= is a list"):
        plot(sites(), zones=[zone])  # type: ignore[arg-type]


def test_the_legend_names_no_sector_that_no_symbol_carries() -> None:
    frame = sites(2, sectors=[["bio", "rail", "hydrogen"], ["food"]])
    frame.geometry = [frame.geometry.iloc[0], None]
    words = texts(plot(frame))
    assert {"bio", "rail"} <= set(words)
    assert not {"hydrogen", "food"} & set(words)


def test_a_share_that_is_only_a_discs_is_no_figure_and_a_proved_one_is() -> None:
    frame = sites(
        2,
        rdz_present=pd.array([True, True], dtype="boolean"),
        rdz_basis=["estimated"] * 2,
        rdz_share=[0.5, 1.0],
        rdz_share_low=[0.2, 1.0],
        rdz_share_high=[0.9, 1.0],
    )
    assert [mark.evidence for mark in _marks.marks(frame, lang="en", colour_by=None)[0]] == [
        ("no_figure", "estimated"),
        ("figure", "estimated"),
    ]


def test_an_empty_frame_is_a_map_of_korea() -> None:
    figure = plot(sites(0), lang="ko")
    assert len(figure.axes) == 2
    assert "부지 0곳" in texts(figure)


def test_the_latest_fact_dates_the_map() -> None:
    frame = sites(3, area_as_of=["2024-04-24", None, "2025"], rdz_as_of=["2025-02-25", "2002", None])
    assert [text for text in texts(plot(frame)) if "Facts as of 2025" in text]


def test_the_boundaries_are_attributed() -> None:
    assert [text for text in texts(plot(sites())) if "Statistics Korea" in text]


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("size", [(7.0, 5.5), (11.0, 8.2), (16.0, 9.0)])
def test_every_word_is_inside_the_picture(lang: str, size: tuple[float, float]) -> None:
    frame = with_evidence().assign(sectors=[["bio", "rail"]] * len(EVIDENCE), footprint_basis="disc")
    frame.geometry = shapely.buffer(frame.geometry.values, 0.02)
    figure = plot(frame, lang=lang, size=size, title="아주 긴 제목입니다 " * 12)
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    for text in [one for one in figure.findobj(Text) if one.get_text()]:
        box = text.get_window_extent(renderer)
        assert box.x0 >= 0, text
        assert box.y0 >= 0, text
        assert box.x1 <= figure.bbox.x1, text
        assert box.y1 <= figure.bbox.y1, text


def test_any_column_of_codes_gives_colours() -> None:
    frame = sites(3, in_capital_region=pd.array([True, False, None], dtype="boolean"))
    assert {"inside", "outside"} <= set(texts(plot(frame, colour_by="in_capital_region")))
    assert len({face for _, face, _ in symbols(plot(frame, colour_by="in_capital_region").axes[0])}) == 3
    assert {face for _, face, _ in symbols(plot(frame, colour_by=None).axes[0])} == {_marks.PLAIN_COLOUR}


def test_the_caller_s_frame_is_not_changed() -> None:
    frame = with_evidence().to_crs("EPSG:5186")
    before = frame.copy(deep=True)
    plot(frame)
    pd.testing.assert_frame_equal(pd.DataFrame(frame), pd.DataFrame(before))
    assert frame.crs == before.crs


@pytest.mark.parametrize(
    ("frame", "options", "words"),
    [
        (pd.DataFrame({"a": [1]}), {}, "GeoDataFrame"),
        (gpd.GeoDataFrame(geometry=[shapely.Point(1, 1)]), {}, "set_crs"),
        (sites(), {"lang": "fr"}, "'ko'"),
        (sites(), {"colour_by": "owner"}, "'owner'.*site_id"),
        (sites(), {"size": (1.0, 1.0)}, "at least"),
        (sites(), {"size": (float("nan"), 8.0)}, "at least"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_the_cure(frame: object, options: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        plot(frame, **options)


def test_an_unknown_format_is_refused_with_the_choices() -> None:
    with pytest.raises(InputError, match="png, svg, pdf"):
        figure_bytes(plot(sites(1)), "gif")


DRAW = """
import hashlib, sys, geopandas as gpd, shapely
from clustergeo.figures import figure_bytes, plot
from clustergeo.layers import Layer
frame = gpd.GeoDataFrame({"name_ko": ["용인", "오송"], "sectors": [["bio", "rail"], ["food"]]},
                         geometry=[shapely.Point(127.2, 37.1), shapely.Point(127.3, 36.6)], crs="EPSG:4326")
figure = plot(frame, lang="ko")
print(*[hashlib.sha256(figure_bytes(figure, kind)).hexdigest() for kind in ("png", "svg", "pdf", "svg")])
print("matplotlib.pyplot" in sys.modules)
"""


def test_two_processes_give_the_same_bytes_and_pyplot_is_left_alone() -> None:
    runs = [
        subprocess.run(
            [sys.executable, "-W", "error", "-c", DRAW],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout.split()
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]
    assert runs[0][1] == runs[0][3]
    assert runs[0][4] == "False"


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_a_character_that_no_font_has_is_refused_and_not_drawn_as_a_box(kind: str) -> None:
    figure = plot(sites(1, name_ko=["용인"]), lang="ko")
    figure.text(0.5, 0.5, "\N{EGYPTIAN HIEROGLYPH A001}")
    with pytest.raises(InputError, match=r"EGYPTIAN HIEROGLYPH A001.*Take the character out"):
        figure_bytes(figure, kind)


def test_a_drawing_carries_its_letters_and_needs_no_font() -> None:
    figure = plot(sites(1, name_ko=["용인"]), lang="ko")
    svg = figure_bytes(figure, "svg").decode()
    assert "<text" not in svg
    assert "font-family" not in svg
    assert b"ClusterGeoGothic" in figure_bytes(figure, "pdf")


def test_the_map_of_thousands_of_sites_is_one_artist_per_look() -> None:
    count = 3000
    rng = np.random.default_rng(5)
    points = gpd.points_from_xy(rng.uniform(126.5, 129, count), rng.uniform(35, 38, count))
    frame = gpd.GeoDataFrame({"sectors": ["bio", "rail", "food"] * 1000}, geometry=points, crs="EPSG:4326")
    assert len(plot(frame).axes[0].lines) < 10


def test_the_hole_of_a_footprint_stays_open() -> None:
    ring = shapely.box(2.0, 48.0, 2.9, 48.9) - shapely.box(2.1, 48.1, 2.2, 48.2)
    figure = plot(gpd.GeoDataFrame({"site_id": ["a"]}, geometry=[ring], crs="EPSG:4326"))
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())
    axes = figure.axes[0]
    (path,) = fills(axes)[-1].get_paths()
    left, bottom, right, top = *path.vertices.min(axis=0), *path.vertices.max(axis=0)

    def colour(across: float, up: float) -> tuple[int, ...]:
        x, y = axes.transData.transform((left + across * (right - left), bottom + up * (top - bottom)))
        return tuple(map(int, pixels[pixels.shape[0] - 1 - int(y), int(x), :3]))

    assert colour(0.167, 0.167) == (255, 255, 255)
    assert colour(0.8, 0.8) != (255, 255, 255)


def test_what_has_no_area_gives_no_outline() -> None:
    assert _sheet.paths(np.array([None, shapely.Point(0, 0), shapely.Polygon()], dtype=object)) == []


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_standings_have_one_colour_each_whichever_occur_and_what_fell_out_is_the_quietest_and_last(lang: str) -> None:
    order = pd.CategoricalDtype(list(labels.STANDING_COLOURS), ordered=True)
    for held in (["excluded", "kept", "shortlist"], ["undecided", "excluded", "kept", "shortlist_undecided"]):
        frame = gpd.GeoDataFrame(
            {"standing": pd.Categorical(held, dtype=order)}, geometry=[shapely.Point(127, 37)] * len(held), crs=4326
        )
        legend = _marks.marks(frame, lang=lang, colour_by="standing")[1]
        wanted = [one for one in labels.STANDING_COLOURS if one in held]
        assert legend == [(labels.value("standing", one, lang), labels.STANDING_COLOURS[one]) for one in wanted]
        assert legend[-1][0] == labels.value("standing", "excluded", lang)
    # a column of the caller's that is called so has the colours of any other
    own = frame.assign(standing="first")
    assert [colour for _, colour in _marks.marks(own, lang=lang, colour_by="standing")[1]] == ["#0072b2"]
