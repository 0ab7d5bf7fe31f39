"""Fixtures have names for people and for the world, and circles on the table that they fit into."""

from collections.abc import Callable

import numpy as np
import pytest

from hybridctl.sim.fixtures import COUNTS, RADII, Fixture, body_name
from hybridctl.sim.world import SimWorld


@pytest.mark.parametrize(
    ("fixture", "phrase"),
    [
        (Fixture("bin", 0.5, 0.0, label="blue bin"), "blue bin"),
        (Fixture("card", 0.5, 0.0, symbol="heart"), "heart"),
        (Fixture("palm", 0.5, 0.0), "person"),
        (Fixture("cabinet", 0.5, 0.0), "drawer"),
        (Fixture("bowl", 0.5, 0.0), "bowl"),
    ],
)
def test_people_name_a_fixture_by_label_symbol_or_kind(fixture: Fixture, phrase: str) -> None:
    assert fixture.phrase == phrase


def test_the_world_has_a_body_for_each(world: SimWorld) -> None:
    names = [body_name(kind, i) for kind, count in COUNTS.items() for i in range(count)]
    assert names[:3] == ["bowl", "bowl1", "bowl2"]
    assert len(names) == len(set(names))
    for name in names:
        assert world.model.body(name).geomnum[0] > 0, name


@pytest.mark.parametrize("kind", [kind for kind in COUNTS if kind not in ("cabinet", "obstacle", "palm")])
def test_a_fixture_fits_into_its_circle(stage: Callable[..., SimWorld], kind: str) -> None:
    """Up to its corners by 12 mm; cabinet, arm and obstacle reach out of it where nothing else lies."""
    world = stage(Fixture(kind, 0.5, 0.0, symbol="star" if kind == "card" else ""))
    model, data = world.model, world.data
    farthest = 0.0
    for geom in np.flatnonzero(model.geom_bodyid == model.body(kind).id):
        R, half = data.geom_xmat[geom].reshape(3, 3), model.geom_aabb[geom, 3:]
        corners = np.array(np.meshgrid(*[(-1, 1)] * 3)).reshape(3, -1).T * half
        if model.geom_type[geom] == 6:  # a box; others are round about their axes
            places = data.geom_xpos[geom] + corners @ R.T - (0.5, 0.0, 0.0)
            farthest = max(farthest, float(np.hypot(places[:, 0], places[:, 1]).max()))
        else:
            farthest = max(farthest, float(np.hypot(*(data.geom_xpos[geom][:2] - (0.5, 0.0)))) + half[0])
    assert farthest <= RADII[kind] + 0.012
    assert farthest > RADII[kind] - 0.02, "and the circle is no larger than it need be"
