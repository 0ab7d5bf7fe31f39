"""The table's rows say how much room a motion leaves, which rows are near and what gives way."""

import numpy as np
import pytest


@pytest.fixture(scope="module")
def table(make_tick):
    tick = make_tick(1)
    tick.evaluate()
    return tick.mpc._evaluation.table


def test_room_is_the_distance_from_the_nearer_bound(table) -> None:
    u, every = np.random.default_rng(1).normal(size=(8, 7)), np.arange(len(table.soft))
    value = table.matrix(every) @ u.ravel()
    np.testing.assert_allclose(table.room(u), np.minimum(value - table.lower, table.upper - value), atol=1e-9)


def test_near_rows_are_those_within_their_limits_distance(table) -> None:
    room = np.full(len(table.soft), 10.0)
    assert len(table.near(room)) == 0
    workspace = next(limit for limit in table.limits if limit.name == "workspace")
    room[workspace.rows[5]] = 0.029
    np.testing.assert_array_equal(table.near(room), [workspace.rows[5]])
    room[workspace.rows[5]] = 0.031
    assert len(table.near(room)) == 0


def test_every_row_has_one_owner_and_hard_rows_are_the_joints(table) -> None:
    owned = np.concatenate([limit.rows for limit in table.limits])
    np.testing.assert_array_equal(np.sort(owned), np.arange(len(table.soft)))
    assert {limit.name for limit in table.limits if not limit.soft} == {"velocity", "position"}
    for limit in table.limits:
        assert np.all(table.soft[limit.rows] == limit.soft)


def test_slacks_are_the_worst_rows_in_the_limits_own_unit(table) -> None:
    room = np.full(len(table.soft), 1.0)
    assert set(table.slacks(room).values()) == {0.0}
    torque = next(limit for limit in table.limits if limit.name == "torque")
    room[torque.rows[:2]] = -0.02, -0.01
    slacks = table.slacks(room)
    assert slacks["torque"] == pytest.approx(0.02 / torque.scale)
    assert slacks["table"] == 0.0
    assert "position" not in slacks
