"""Training never sees the surroundings that are kept out of it, and those splits see nothing else."""

import numpy as np
import pytest

from hybridctl.sim.palette import TABLE_COLOURS, UNSEEN_TABLE_COLOURS, Rgb
from hybridctl.sim.scene import Look
from hybridctl.sim.splits import LEVELS, VARIATIONS, Split
from hybridctl.sim.surfaces import SEEN_SURFACES, UNSEEN_SURFACES
from hybridctl.sim.surroundings import CAMERA_LOOK_AT, CAMERA_POSITION, sample_look

SEEDS = range(300)
ANY_LEVEL = ("", *LEVELS)


def looks(variation: str, level: str) -> list[Look]:
    return [sample_look(np.random.default_rng(seed), Split(variation, level)) for seed in SEEDS]


def near(rgb: Rgb, some: tuple[Rgb, ...]) -> bool:
    return any(np.abs(np.subtract(rgb, one)).max() <= 0.0601 for one in some)


@pytest.mark.parametrize("level", ANY_LEVEL)
def test_what_is_seen_is_of_the_seen(level: str) -> None:
    found = looks("seen", level)
    assert {look.table_surface for look in found} == set(SEEN_SURFACES)
    assert {look.floor_surface for look in found} == {"plain"}
    for look in found:
        assert near(look.table_rgb, TABLE_COLOURS)
        assert look.wall_rgb is None
        assert look.pedestal_rgb is None
        assert min(look.light_rgb) >= 0.96, "the light is all but white"


@pytest.mark.parametrize("level", ANY_LEVEL)
def test_unseen_backgrounds_have_tables_of_their_own_only(level: str) -> None:
    found = looks("unseen-backgrounds", level)
    assert {look.table_surface for look in found} == set(UNSEEN_SURFACES)
    assert all(near(look.table_rgb, UNSEEN_TABLE_COLOURS) for look in found)
    assert all(look.wall_rgb is None for look in found)


@pytest.mark.parametrize("level", ANY_LEVEL)
def test_unseen_environments_have_walls_floors_and_light_of_their_own(level: str) -> None:
    found = looks("unseen-environments", level)
    seen = looks("seen", level)
    assert {look.floor_surface for look in found} == set(UNSEEN_SURFACES)
    assert len({look.wall_rgb for look in found}) == 3
    assert None not in {look.wall_rgb for look in found}
    for look in found:
        assert look.pedestal_rgb is not None
        assert min(np.abs(np.subtract(look.floor_rgb, other.floor_rgb)).max() for other in seen) > 0.04
        assert look.light_rgb not in {other.light_rgb for other in seen}


def test_unseen_objects_stand_in_surroundings_of_training() -> None:
    assert {look.table_surface for look in looks("unseen-objects", "")} == set(SEEN_SURFACES)


def test_seen_and_unseen_tables_are_told_apart() -> None:
    for rgb in UNSEEN_TABLE_COLOURS:
        assert min(np.abs(np.subtract(rgb, one)).max() for one in TABLE_COLOURS) > 0.12, (
            "after a shift of both"
        )
    assert not set(SEEN_SURFACES) & set(UNSEEN_SURFACES)


def test_hard_scenes_have_less_even_light_than_easy_ones() -> None:
    easy, hard = looks("seen", "easy"), looks("seen", "hard")
    for name in ("light_diffuse", "ambient"):
        spans = [np.ptp([getattr(look, name) for look in found]) for found in (easy, hard)]
        assert spans[1] > 1.3 * spans[0]


def test_the_camera_stands_nearly_where_it_should() -> None:
    for variation in VARIATIONS:
        room = 0.031 if variation == "unseen-environments" else 0.0121
        for look in looks(variation, ""):
            assert np.abs(np.subtract(look.camera_position, CAMERA_POSITION)).max() < room
            assert np.abs(np.subtract(look.camera_look_at, CAMERA_LOOK_AT)).max() < room
