"""Skills on the real simulator: what they promise holds, and what goes wrong is noticed."""

import numpy as np
import pytest

from behaviors import FailureKind, Tree
from behaviors.motion import ActWithVla
from behaviors.skills import FollowPlan, build_plan, pick
from behaviors.trees.follow_instruction import follow_instruction
from hybridctl.bench.floors import RandomLocation, ShuffledTokens
from hybridctl.messages.plan import Plan, Skill, Subgoal
from hybridctl.runtime import Runtime
from hybridctl.sim.tasks.put_in_bowl import PutInBowl


class Interfere:
    """Somebody who acts on the world once, when `when(tip)` first holds."""

    def __init__(self, when, act):
        self.when, self.act, self.done = when, act, False

    def on_control(self, *_):
        pass

    def on_tree(self, stamp, status, tip):
        if not self.done and self.when(tip):
            self.done = True
            self.act()


def run(tree, context, simulator, *, listeners=(), time_limit=40.0):
    runtime = Runtime(
        tree=tree,
        controller=context.controller,
        arm=simulator.arm,
        clock=simulator.world,
        listeners=listeners,
    )
    return runtime.run(time_limit=time_limit)


def move_object(simulator, index, position):
    world = simulator.world
    address = world.model.joint(f"object{index}").qposadr[0]
    world.data.qpos[address : address + 3] = position
    world.data.qvel[world.model.joint(f"object{index}").dofadr[0] :][:6] = 0.0


def test_pick_ends_with_the_thing_held_and_lifted(simulator, task, expert, make_context):
    context = make_context(expert)
    phrase = task.scene.target.phrase
    outcome = run(Tree(pick(context, phrase), context), context, simulator)
    assert outcome.status == "SUCCESS"
    assert context.memory.holding() == phrase
    assert simulator.world.data.body("object0").xpos[2] > 0.1


def test_the_whole_instruction_puts_the_right_thing_in_the_bowl(simulator, task, expert, make_context):
    context = make_context(expert)
    outcome = run(follow_instruction(context, task.instruction), context, simulator)
    assert outcome.status == "SUCCESS"
    assert task.score(simulator.world).success
    assert outcome.approach_token_share > 0.5


def test_a_thing_taken_out_of_the_gripper_is_noticed_and_picked_again(simulator, task, expert, make_context):
    context = make_context(expert)
    spec = task.scene.target
    body = simulator.world.data.body("object0")
    back = (spec.x, spec.y, spec.centre_z + 0.001)
    knock = Interfere(
        lambda tip: tip == "rise" and body.xpos[2] > 0.1, lambda: move_object(simulator, 0, back)
    )
    tree = Tree(pick(context, spec.phrase), context)
    outcome = run(tree, context, simulator, listeners=(knock,), time_limit=60.0)
    assert knock.done
    assert FailureKind.POSTCONDITION in [failure.kind for failure in context.failures]
    assert outcome.status == "SUCCESS"
    assert body.xpos[2] > 0.1


def test_a_thing_taken_out_of_the_bowl_before_the_last_look_is_not_called_done(
    simulator, task, expert, make_context
):
    context = make_context(expert)
    spec = task.scene.target
    body = simulator.world.data.body("object0")
    back = (spec.x, spec.y, spec.centre_z)
    in_bowl = np.array(task.scene.bowl_xy)

    def placed(tip):
        return tip == "home" and np.hypot(*(body.xpos[:2] - in_bowl)) < 0.05

    thief = Interfere(placed, lambda: move_object(simulator, 0, back))
    plan = Plan((Subgoal(Skill.PICK, spec.phrase), Subgoal(Skill.PLACE_IN, "bowl")))
    outcome = run(Tree(build_plan(context, plan), context), context, simulator, listeners=(thief,))
    assert thief.done
    assert outcome.status == "FAILURE"
    assert context.failures[-1].kind is FailureKind.POSTCONDITION
    assert not task.score(simulator.world).success


def test_an_absent_thing_ends_in_a_planning_failure_that_says_so(simulator, task, expert, make_context):
    context = make_context(expert)
    present = {spec.phrase for spec in task.scene.objects}
    absent = next(p for p in ("pink ball", "cyan block", "green cylinder") if p not in present)
    outcome = run(
        follow_instruction(context, f"put the {absent} in the bowl", attempts=1), context, simulator
    )
    assert outcome.status == "FAILURE"
    assert context.failures[0].kind is FailureKind.PLANNING
    assert "sees nothing" in outcome.cause


def test_shuffled_tokens_do_not_reach_the_fine_phase(simulator, task, expert, make_context):
    context = make_context(ShuffledTokens(expert, seed=0))
    outcome = run(Tree(pick(context, task.scene.target.phrase, attempts=1), context), context, simulator)
    assert outcome.status in ("FAILURE", "STOPPED")
    if outcome.status == "FAILURE":
        assert context.failures[-1].kind is FailureKind.TIMEOUT
        assert context.failures[-1].leaf.startswith("tokens: pick")
    else:  # they ran into something, which a contact stop ends
        assert outcome.cause.startswith("contact")
    assert outcome.path.get("fine", 0.0) == 0.0


def test_random_locations_never_count_as_success(simulator, task, expert, make_context):
    context = make_context(RandomLocation(expert, seed=0))
    outcome = run(follow_instruction(context, task.instruction), context, simulator, time_limit=25.0)
    assert not task.score(simulator.world).success
    assert outcome.status in ("FAILURE", "TIMEOUT")
    assert len(context.policy.wall_ms) > 1  # it asked and was misled, it did not merely stand still


def test_acting_on_an_unknown_thing_is_a_failed_precondition(simulator, task, expert, make_context):
    context = make_context(expert)
    leaf = ActWithVla(context, Subgoal(Skill.PICK, "red block"), width=0.08, timeout=5.0)
    outcome = run(Tree(leaf, context), context, simulator)
    assert outcome.status == "FAILURE"
    assert context.failures[0].kind is FailureKind.PRECONDITION


def test_an_empty_plan_cannot_be_followed(simulator, task, expert, make_context):
    context = make_context(expert)
    outcome = run(Tree(FollowPlan(context), context), context, simulator)
    assert outcome.status == "FAILURE"
    assert context.failures[0].kind is FailureKind.PLANNING


@pytest.mark.parametrize("seed", [900_010, 900_011])
def test_the_expert_succeeds_through_tree_and_controller(simulator, expert, make_context, seed):
    task = PutInBowl(seed)
    simulator.reset(task.scene)
    context = make_context(expert)
    outcome = run(follow_instruction(context, task.instruction), context, simulator)
    assert outcome.status == "SUCCESS"
    score = task.score(simulator.world)
    assert score.success
    assert score.disturbed == 0
    assert np.isfinite(outcome.duration)
