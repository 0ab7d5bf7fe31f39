"""A run that is picked up looks and feels again, and does what is left, whatever was noted as done."""

import numpy as np
import pytest

from behaviors.progress import Progress
from behaviors.trees.follow_instruction import follow_instruction
from hybridctl.messages.plan import Plan, Skill, Subgoal
from hybridctl.runtime import Runtime

CARRYING = "tokens: place_in bowl"


class Course:
    """The leaves in the order in which they were active; the program ends where `until` becomes active."""

    def __init__(self, until):
        self.leaves, self.until = [], until

    def on_control(self, *_):
        pass

    def on_tree(self, stamp, status, tip):
        if not self.leaves or self.leaves[-1] != tip:
            self.leaves.append(tip)
        if tip == self.until:
            raise RuntimeError("the program ends here")


@pytest.fixture
def plan(task):
    return Plan((Subgoal(Skill.PICK, task.scene.target.phrase), Subgoal(Skill.PLACE_IN, "bowl")))


@pytest.fixture
def go_on(simulator, task, expert, make_context):
    """Run the tree of a new process that takes over, and return how it went."""

    def go_on(resumed, *, memory=None, until=""):
        context = make_context(expert)
        if memory is not None:
            context.memory = memory
        context.resumed, course = resumed, Course(until)
        noted = course.noted = []
        context.note = lambda kind, cause, data: noted.append((kind, cause, data))
        tree = follow_instruction(context, task.instruction)
        runtime = Runtime(
            tree=tree, controller=context.controller, arm=simulator.arm, clock=simulator.world,
            listeners=(course,),
        )  # fmt: skip
        course.outcome = runtime.run(time_limit=80.0)
        course.context = context
        return course

    return go_on


def test_what_is_held_is_felt_and_not_looked_for(simulator, task, plan, go_on):
    first = go_on(Progress(plan=plan), until=CARRYING)
    assert first.context.memory.holding() == task.scene.target.phrase
    second = go_on(Progress(plan=plan, pending=1), memory=first.context.memory)
    looks = [leaf for leaf in second.leaves if leaf.startswith("look")]
    assert second.leaves[0] == "feel what is held"
    assert looks == ["look for the bowl", f"look for the {task.scene.target.phrase}"]
    assert second.outcome.status == "SUCCESS"
    assert task.score(simulator.world).success
    assert ("picked up", "place_in bowl", {"index": 1, "noted": 1}) in second.noted


def test_what_is_in_the_bowl_already_is_left_there_though_nobody_noted_it(simulator, task, plan, go_on):
    first = go_on(Progress(plan=plan))
    assert first.outcome.status == "SUCCESS"
    second = go_on(Progress(plan=plan, pending=1), memory=first.context.memory)
    assert second.outcome.status == "SUCCESS"
    assert second.leaves[-1] == "nothing is left to do"
    assert second.outcome.path.get("tokens", 0.0) == 0.0
    assert task.score(simulator.world).success


def test_what_was_taken_out_of_the_bowl_meanwhile_is_picked_again_though_it_was_noted(
    simulator, task, plan, go_on
):
    first = go_on(Progress(plan=plan))
    spec, world = task.scene.target, simulator.world
    address = world.model.joint("object0").qposadr[0]
    world.data.qpos[address : address + 3] = spec.x, spec.y, spec.centre_z + 0.001
    second = go_on(Progress(plan=plan, pending=2), memory=first.context.memory)
    assert ("picked up", str(plan.subgoals[0]), {"index": 0, "noted": 2}) in second.noted
    assert second.outcome.status == "SUCCESS"
    assert task.score(world).success


def test_a_thing_that_fell_while_nobody_was_there_is_found_and_picked_again(simulator, task, plan, go_on):
    first = go_on(Progress(plan=plan), until=CARRYING)
    assert first.context.memory.holding() == task.scene.target.phrase
    world = simulator.world
    world.data.ctrl[world.gripper_actuator] = 0.04  # somebody opens the fingers by hand
    world.sleep_until(world.now() + 1.0)
    second = go_on(Progress(plan=plan, pending=1), memory=first.context.memory)
    assert ("picked up", str(plan.subgoals[0]), {"index": 0, "noted": 1}) in second.noted
    assert np.isfinite(world.data.qpos).all()


def test_without_a_plan_the_model_is_asked_for_one(plan, go_on):
    course = go_on(Progress(), until="look for the bowl")
    assert course.leaves[0] == "feel what is held"
    assert "plan" in [kind for kind, *_ in course.noted]
    assert course.context.plan == plan


def test_failed_attempts_of_the_killed_process_count(simulator, task, plan, go_on):
    nothing = Plan((Subgoal(Skill.PICK, "nothing that is there"),))
    spent = go_on(Progress(plan=nothing, failed_attempts=1))
    assert spent.outcome.status == "FAILURE"
    assert [data for kind, _, data in spent.noted if kind == "attempt"] == [{"failed": 2}]
