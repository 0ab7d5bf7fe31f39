"""The simulator's bench times what it says, on the scenes of its seeds."""

import pytest

from hybridctl.bench import sim

SEEDS = (700, 702)


def test_the_world_is_timed_on_every_scene() -> None:
    figures: dict[str, float | None] = {}
    n: dict[str, int] = {}
    rows: list[sim.Row] = []
    sim._time_world(SEEDS, figures, n, rows)
    assert [row["seed"] for row in rows] == [700, 701]
    assert n["step_us_median"] == n["reset_ms_median"] == 2
    assert n["read_us_median"] == 20
    assert all(value is not None and value > 0 for value in figures.values())
    seconds = figures["physics_seconds_per_second"]
    assert seconds is not None
    assert seconds == pytest.approx(2000 / figures["step_us_median"], rel=0.01)


def test_workshop_scenes_are_rendered_one_by_one() -> None:
    assert sim._render_workshop((700, 3)) == 3
    assert sim._workshop is not None
    world, _ = sim._workshop
    assert world.scene.seed == 702
