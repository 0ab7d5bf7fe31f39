"""What a resumed run must know is on disk before anything moves for it."""

import numpy as np
from py_trees.common import Status

from behaviors.gripper import CloseGripper, OpenGripper
from behaviors.progress import PREFIX, Progress
from behaviors.skills import FollowPlan, build_plan
from behaviors.subgoals import BeginSubgoal
from hybridctl.messages.plan import Plan, Skill, Subgoal, parse_plan
from world_state.slot import Slot


def follow(context, simulator, leaf, ticks):
    with simulator.arm as arm:
        context.controller.start(arm.read())
        statuses = []
        for k in range(ticks):
            state = arm.read()
            if k % 5 == 0:
                context.update(state, commanded_width=state.gripper_set_point)
                leaf.tick_once()
                statuses.append(leaf.status)
            arm.send(context.controller.step(state, now=simulator.world.now()).command)
            simulator.world.sleep_until(simulator.world.now() + 0.01)
        return statuses, arm.read()


def slow_disk(context):
    """Nothing is durable until the list that comes back is not empty."""
    written = []
    context.settle = lambda: lambda: bool(written)
    return written


def test_fingers_do_not_close_before_it_is_durable_on_what(simulator, task, expert, make_context):
    context = make_context(expert)
    thing = Slot("die", np.array([0.5, 0.0, 0.02]), 1e-6 * np.eye(3), None, np.full(3, 0.04), 0.0, "seen",
                 np.zeros(3))  # fmt: skip
    context.memory._slots["die"] = thing
    written = slow_disk(context)
    leaf = CloseGripper(context, "die")
    statuses, state = follow(context, simulator, leaf, 50)
    assert set(statuses) == {Status.RUNNING}
    assert state.gripper_width > 0.075
    written.append("the intent")
    _, state = follow(context, simulator, leaf, 50)
    assert state.gripper_width < 0.01


def test_fingers_do_not_open_before_it_is_durable_that_they_will(simulator, task, expert, make_context):
    context = make_context(expert)
    written = slow_disk(context)
    leaf = OpenGripper(context, width=0.03)
    _, state = follow(context, simulator, leaf, 50)
    assert state.gripper_width > 0.075
    written.append("the intent")
    _, state = follow(context, simulator, leaf, 50)
    assert state.gripper_width < 0.035


def test_a_subgoal_begins_once_that_is_durable(simulator, task, expert, make_context):
    context = make_context(expert)
    written, noted = slow_disk(context), []
    context.note = lambda kind, cause, data: noted.append((kind, cause, data))
    leaf = BeginSubgoal(context, parse_plan("pick die; place_in bowl"), 1)
    leaf.tick_once()
    assert leaf.status == Status.RUNNING
    assert noted == [("subgoal", "place_in bowl", {"index": 1, "stage": "begun"})]
    written.append("it")
    leaf.tick_once()
    assert leaf.status == Status.SUCCESS
    assert len(noted) == 1


def test_a_plan_notes_begin_and_end_of_each_subgoal_and_where_it_failed(
    simulator, task, expert, make_context
):
    context = make_context(expert)
    noted = []
    context.note = lambda kind, cause, data: noted.append((kind, data))
    context.plan = Plan((Subgoal(Skill.PICK, "nothing that is there"),))
    follow_plan = FollowPlan(context)
    statuses, _ = follow(context, simulator, follow_plan, 4000)
    assert Status.FAILURE in statuses
    stages = [data["stage"] for kind, data in noted if kind == "subgoal"]
    assert stages[:2] == ["begun", "failed"]


def test_a_plan_that_begins_in_the_middle_carries_what_was_picked_before(
    simulator, task, expert, make_context
):
    plan = build_plan(make_context(expert), parse_plan("pick die; place_in bowl"), start=1)
    assert [child.name for child in plan.children] == [
        "begin place_in bowl", "place die in the bowl", "done: place_in bowl"
    ]  # fmt: skip


def test_the_kinds_of_event_are_those_that_progress_reads():
    event = type("Event", (), {"kind": PREFIX + "subgoal", "measurement": {"index": 1, "stage": "done"}})
    assert Progress.from_events([event]).pending == 2
