"""Retries: what is held is kept, and asking the same again is not tried."""

from behaviors import FailureKind
from behaviors.trees.follow_instruction import follow_instruction
from hybridctl.messages.plan import Skill
from hybridctl.runtime import Runtime


class LosesItsWay:
    """An expert that cannot act toward the container for its first `failures` calls."""

    def __init__(self, expert, failures):
        self._expert, self._left = expert, failures
        self.action_spec = expert.action_spec
        self.plan, self.locate = expert.plan, expert.locate
        self.plans = 0

    def act(self, request):
        if request.subgoal.skill is Skill.PLACE_IN and self._left > 0:
            self._left -= 1
            raise RuntimeError("lost")
        return self._expert.act(request)


class Heights:
    """Watches how high the target is once it was lifted, and which leaves ran."""

    def __init__(self, world):
        self.body, self.lowest, self.lifted, self.tips = world.data.body("object0"), 1.0, False, []

    def on_control(self, *_):
        self.lifted |= self.body.xpos[2] > 0.1

    def on_tree(self, stamp, status, tip):
        if not self.tips or self.tips[-1] != tip:
            self.tips.append(tip)
        if self.lifted and "lower" not in tip and "open" not in tip and not self.placed:
            self.lowest = min(self.lowest, float(self.body.xpos[2]))

    @property
    def placed(self):
        return "fine: lower" in self.tips


def run(simulator, context, task, *, attempts=2):
    heights = Heights(simulator.world)
    tree = follow_instruction(context, task.instruction, attempts=attempts)
    runtime = Runtime(
        tree=tree,
        controller=context.controller,
        arm=simulator.arm,
        clock=simulator.clock,
        listeners=(heights,),
    )
    return runtime.run(time_limit=60.0), heights


def test_a_place_that_fails_once_is_tried_again_with_the_thing_still_in_the_hand(
    simulator, task, expert, make_context
):
    context = make_context(LosesItsWay(expert, failures=1))
    outcome, heights = run(simulator, context, task)
    assert outcome.status == "SUCCESS"
    assert task.score(simulator.world).success
    assert sum("grasp the" in tip for tip in heights.tips) == 1
    assert heights.lowest > 0.1


def test_planning_anew_keeps_what_is_held(simulator, task, expert, make_context):
    context = make_context(LosesItsWay(expert, failures=3))
    outcome, heights = run(simulator, context, task)
    assert heights.tips.count("plan") == 2
    assert outcome.status == "SUCCESS"
    assert sum("grasp the" in tip for tip in heights.tips) == 1
    assert heights.lowest > 0.1


def test_a_plan_that_the_scene_does_not_allow_is_asked_for_once(simulator, task, expert, make_context):
    context = make_context(expert)
    tree = follow_instruction(context, "put the unicorn in the bowl", attempts=5)
    runtime = Runtime(tree=tree, controller=context.controller, arm=simulator.arm, clock=simulator.clock)
    assert runtime.run(time_limit=20.0).status == "FAILURE"
    assert [failure.kind for failure in context.failures] == [FailureKind.PLANNING]
