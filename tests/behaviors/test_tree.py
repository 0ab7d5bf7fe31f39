"""A tree halts exactly: no leaf is left running and the arm brakes."""

import numpy as np
import pytest
from py_trees.common import ParallelPolicy, Status
from py_trees.composites import Parallel, Sequence

from behaviors import FailureKind, Tree
from behaviors.leaf import Leaf
from behaviors.motion import MoveTool
from behaviors.poses import tool_pose
from behaviors.skills import FollowPlan
from hybridctl.messages.plan import Plan, Skill, Subgoal


class Raises(Leaf):
    def step(self):
        if self.elapsed() > 0.3:
            raise ZeroDivisionError("a bug in a leaf")
        return Status.RUNNING


class Forever(Leaf):
    released = False

    def step(self):
        return Status.RUNNING

    def release(self):
        self.released = True


def moving_leaf(context):
    return MoveTool("far", context, lambda: tool_pose(np.array([0.6, 0.2, 0.2]), 0.0), source="skill")


def drive(tree, context, simulator, *, seconds, tick=True):
    """Run the control loop by hand and return the largest joint speed of the last tenth of a second."""
    world, controller = simulator.world, context.controller
    fastest = 0.0
    with simulator.arm as arm:
        controller.start(arm.read())
        start = world.now()
        for period in range(int(seconds * 100)):
            state = arm.read()
            if tick and period % 5 == 0:
                tree.tick(state, commanded_width=0.08)
            arm.send(controller.step(state, now=world.now()).command)
            world.sleep_until(start + (period + 1) * 0.01)
            if period > seconds * 100 - 10:
                fastest = max(fastest, float(np.abs(arm.read().dq).max()))
    return fastest


def test_an_exception_in_one_leaf_halts_its_siblings_and_comes_out(simulator, task, expert, make_context):
    context = make_context(expert)
    sibling = Forever("sibling", context, timeout=100.0)
    policy = ParallelPolicy.SuccessOnAll(synchronise=False)
    mover = moving_leaf(context)
    root = Parallel("both", policy, children=[mover, sibling, Raises("bug", context, timeout=100.0)])
    tree = Tree(root, context)
    with pytest.raises(ZeroDivisionError, match="a bug in a leaf"):
        drive(tree, context, simulator, seconds=1.0)
    assert [node.name for node in root.iterate() if node.status == Status.RUNNING] == []
    assert sibling.released
    assert context.controller.target_source == "none"


def test_halting_a_moving_tree_brings_the_arm_to_rest(simulator, task, expert, make_context):
    context = make_context(expert)
    tree = Tree(Sequence("s", memory=True, children=[moving_leaf(context)]), context)
    moving = drive(tree, context, simulator, seconds=0.5)
    assert moving > 0.2
    tree.halt()
    assert drive(tree, context, simulator, seconds=1.0, tick=False) < 0.01


def test_a_leaf_that_is_too_late_fails_as_timeout_and_brakes(simulator, task, expert, make_context):
    context = make_context(expert)
    leaf = Forever("slow", context, timeout=0.2)
    tree = Tree(leaf, context)
    drive(tree, context, simulator, seconds=0.3)
    assert context.failures[0].kind is FailureKind.TIMEOUT
    assert context.failures[0].leaf == "slow"
    assert context.controller.target_source == "none"


def test_a_context_that_never_saw_the_arm_says_what_to_do(expert, make_context):
    context = make_context(expert)
    with pytest.raises(RuntimeError, match="call update first"):
        _ = context.state


def test_a_leaf_deep_in_a_plan_that_raises_at_once_leaves_nothing_running(
    simulator, task, expert, make_context
):
    context = make_context(expert)
    context.plan = Plan((Subgoal(Skill.PICK, task.scene.target.phrase),))
    follow = FollowPlan(context)
    tree = Tree(follow, context)

    def raises():
        raise ZeroDivisionError("the camera is gone")

    context.camera = type("Broken", (), {"capture": lambda self, *_: raises()})()
    with pytest.raises(ZeroDivisionError):
        drive(tree, context, simulator, seconds=3.0)
    assert [n.name for n in follow._subtree.iterate() if n.status == Status.RUNNING] == []
    assert context.controller.target_source == "none"
