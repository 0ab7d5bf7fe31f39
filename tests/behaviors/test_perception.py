"""Leaves that ask the VLA: answers become memory, and every way of not answering is a named failure."""

from dataclasses import replace

import numpy as np
import pytest
from py_trees.common import Status

from behaviors import FailureKind
from behaviors.perception import Look, PlanWithVla
from hybridctl.messages.policy import PolicyError


class Dead:
    """A policy whose model raises."""

    def __init__(self, expert):
        self.action_spec = expert.action_spec

    def locate(self, request):
        raise RuntimeError("out of memory")

    plan = act = locate


class Points:
    """A policy that always points at one pixel."""

    def __init__(self, expert, pixel):
        self._expert, self._pixel = expert, pixel
        self.action_spec = expert.action_spec

    def locate(self, request):
        return replace(self._expert.locate(request), pixel=np.array(self._pixel))


def tick_until_done(leaf, context, simulator, *, limit=3.0):
    world = simulator.world
    arm = simulator.arm
    end = world.now() + limit
    while world.now() < end:
        context.update(arm.read(), commanded_width=0.08)
        leaf.tick_once()
        if leaf.status != Status.RUNNING:
            return leaf.status
        world.sleep_until(world.now() + 0.05)
    return leaf.status


def test_look_puts_the_thing_into_memory_near_where_it_is(simulator, task, expert, make_context):
    context = make_context(expert)
    target = task.scene.target
    assert tick_until_done(Look(context, target.phrase), context, simulator) == Status.SUCCESS
    assert context.memory.slot(target.phrase).position[:2] == pytest.approx((target.x, target.y), abs=0.01)


def test_the_answer_takes_its_simulated_latency(simulator, task, expert, make_context):
    context = make_context(expert)
    start = simulator.world.now()
    tick_until_done(Look(context, task.scene.target.phrase), context, simulator)
    assert simulator.world.now() - start == pytest.approx(0.2, abs=0.051)


def test_pointing_at_the_bare_table_is_a_perception_failure(simulator, task, expert, make_context):
    context = make_context(Points(expert, (64.0, 125.0)))
    assert tick_until_done(Look(context, "red block"), context, simulator) == Status.FAILURE
    assert context.failures[0].kind is FailureKind.PERCEPTION
    assert not context.memory.has("red block")


def test_a_model_that_raises_is_a_failure_with_its_message(simulator, task, expert, make_context):
    context = make_context(Dead(expert))
    assert tick_until_done(Look(context, "red block"), context, simulator) == Status.FAILURE
    assert "out of memory" in context.failures[0].why
    assert tick_until_done(PlanWithVla(context, "put it"), context, simulator) == Status.FAILURE
    assert context.failures[1].kind is FailureKind.PLANNING


def test_interrupting_a_look_cancels_its_request(simulator, task, expert, make_context):
    context = make_context(expert)
    leaf = Look(context, task.scene.target.phrase)
    context.update(simulator.arm.read(), commanded_width=0.08)
    leaf.tick_once()
    request = leaf._request
    leaf.stop(Status.INVALID)
    assert not leaf.waiting
    with pytest.raises(PolicyError, match="pending"):
        context.policy.poll(request)
