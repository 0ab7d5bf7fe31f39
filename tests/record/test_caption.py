from dataclasses import replace

import numpy as np

from hybridctl.record.caption import PANEL, WIDTH, Caption, with_overlay
from hybridctl.record.margins import Margins

PICTURE = np.full((180, 240, 3), 200, np.uint8)
FULL = Caption(
    instruction="put the red block in the bowl", stamp=1.5, leaf="tokens: pick red block", source="tokens",
    plan=("pick red block", "place_in bowl"), subgoal="pick red block",
    tokens=(0, 200, 224, 5, 128, 127, 173, 255), entropy=2.4,
    margins=Margins(0.3, "joint4", 0.05, 0.1, 0.2), slack=("table", 0.0),
)  # fmt: skip


def panel(caption):
    return with_overlay(PICTURE, caption)[:PANEL].astype(int)


def test_a_small_picture_is_enlarged_and_stays_free_of_text():
    frame = with_overlay(PICTURE, FULL)
    assert frame.shape == (360 + PANEL, WIDTH, 3)
    assert (frame[PANEL:] == 200).all()
    assert frame.shape[0] % 2 == frame.shape[1] % 2 == 0  # H.264 wants even sides


def test_each_part_shows():
    changes = {
        "instruction": "open the drawer", "stamp": 9.0, "leaf": "rise", "source": "fine",
        "subgoal": "place_in bowl", "tokens": (1, 2, 3, 4, 5, 6, 7, 8), "entropy": 0.1,
        "margins": Margins(0.3, "joint4", 0.001, 0.1, 0.2), "slack": ("table", 0.02),
    }  # fmt: skip
    for name, value in changes.items():
        assert (panel(replace(FULL, **{name: value})) != panel(FULL)).any(), name


def test_long_words_do_not_leave_the_frame():
    plan = tuple(f"pick the very long thing number {i}" for i in range(9))
    long = replace(FULL, instruction="put " * 60, leaf="fine: " * 20, plan=plan, subgoal=plan[5])
    assert (panel(long)[:, -4:] == panel(FULL)[:, -4:]).all()


def test_force_is_shown_where_it_is_known():
    assert (panel(replace(FULL, force=12.5)) != panel(FULL)).any()
    assert (panel(replace(FULL, force=12.5)) != panel(replace(FULL, force=99.0))).any()


def test_a_picture_with_odd_sides_loses_a_line():
    frame = with_overlay(np.full((361, 481, 3), 200, np.uint8), FULL)
    assert frame.shape == (360 + PANEL, 480, 3)


def test_a_picture_that_is_old_says_so():
    assert (panel(replace(FULL, picture=FULL.stamp - 0.2)) == panel(FULL)).all()
    assert (panel(replace(FULL, picture=FULL.stamp - 0.9)) != panel(FULL)).any()


def test_an_instruction_that_the_font_cannot_draw_gives_way_to_the_plan() -> None:
    plan = ("open drawer", "pick red block")
    chinese = Caption(instruction="打开抽屉", stamp=1.0, plan=plan)
    english = Caption(instruction="open drawer; pick red block", stamp=1.0, plan=plan)
    picture = np.zeros((120, 480, 3), np.uint8)
    np.testing.assert_array_equal(with_overlay(picture, chinese), with_overlay(picture, english))
