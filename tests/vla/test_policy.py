"""The policy's answers are well formed for any weights, repeat, and belong to their observation."""

from collections.abc import Callable

import numpy as np
import pytest

from hybridctl.messages.arm import ArmState
from hybridctl.messages.observation import Observation
from hybridctl.messages.plan import Plan, Skill, Subgoal
from hybridctl.messages.policy import ActRequest, LocateRequest, PlanRequest, PolicyError
from hybridctl.sim.cameras import SimCamera, make_renderer
from hybridctl.sim.palette import COLOURS
from hybridctl.sim.scene import SceneSpec
from hybridctl.sim.table_scene import sample_scene
from hybridctl.sim.world import SimWorld
from hybridctl.vla.errors import CheckpointError
from hybridctl.vla.grammar import plan_texts
from hybridctl.vla.policy import CheckpointPolicy, InstructionError

Policies = Callable[[int], CheckpointPolicy]
Observe = Callable[..., Observation]
PICK = Subgoal(Skill.PICK, "red block")


@pytest.mark.parametrize("seed", range(6))
def test_any_weights_give_eight_integer_tokens_a_listed_plan_and_a_pixel_in_the_image(
    tiny_policy: Policies, observe: Observe, seed: int
) -> None:
    policy, seen = tiny_policy(seed), observe(seed)
    acted = policy.act(ActRequest(seen, PICK))
    assert len(acted.tokens) == 8
    assert all(isinstance(t, int) and 0 <= t <= 255 for t in acted.tokens)
    spec = policy.action_spec
    centres = spec.low + (np.array(acted.tokens) + 0.5) * spec.bin_width
    np.testing.assert_allclose(acted.action.translation, centres[1:4], atol=1e-12)
    planned = policy.plan(PlanRequest(seen, "put the red block in the bowl"))
    assert plan_texts()[planned.text.removeprefix("Plan: ")] == planned.plan
    located = policy.locate(LocateRequest(seen, "red block"))
    for pixel in (acted.pixel, located.pixel):
        assert np.all((pixel > 0) & (pixel < 128))
    assert np.all(located.pixel_std >= 0.25)


@pytest.mark.parametrize(
    ("words", "unknown"),
    [
        ("sing a song about octopuses", "octopuses"),
        ("put the red block 12 in the bowl", "12"),
        ("ブロック", "ブロック"),
        ("do not put the red block in the bowl", "not"),
        ("put the banana in the bowl", "banana"),
    ],
)
def test_words_that_the_model_never_learned_are_refused_by_name(
    tiny_policy: Policies, observe: Observe, words: str, unknown: str
) -> None:
    with pytest.raises(InstructionError, match=f"does not know the words.*'{unknown}'"):
        tiny_policy(0).plan(PlanRequest(observe(), words))


def test_known_words_in_any_order_give_a_plan_of_the_list(tiny_policy: Policies, observe: Observe) -> None:
    plan = tiny_policy(0).plan(PlanRequest(observe(), "Bowl bowl, the the RED in!")).plan
    assert plan in plan_texts().values()


@pytest.mark.parametrize("words", ["", "   ", ".", "!", " \n"])
def test_an_empty_instruction_says_what_would_be_right(
    tiny_policy: Policies, observe: Observe, words: str
) -> None:
    with pytest.raises(InstructionError, match="say what to do"):
        tiny_policy(0).plan(PlanRequest(observe(), words))


def test_there_must_be_something_to_locate(tiny_policy: Policies, observe: Observe) -> None:
    with pytest.raises(InstructionError, match="is empty"):
        tiny_policy(0).locate(LocateRequest(observe(), " "))


def test_an_image_of_another_size_is_refused_with_both_sizes(tiny_policy: Policies, observe: Observe) -> None:
    with pytest.raises(CheckpointError, match=r"128×128 images, the camera gave \(96, 96\)"):
        tiny_policy(0).act(ActRequest(observe(size=96), PICK))


def test_the_same_observation_answers_the_same_twice_whatever_was_asked_between(
    tiny_policy: Policies, observe: Observe
) -> None:
    policy, seen, other = tiny_policy(1), observe(1), observe(2)
    first = policy.act(ActRequest(seen, PICK)), policy.locate(LocateRequest(seen, "red block"))
    policy.plan(PlanRequest(seen, "pick the red block"))
    policy.locate(LocateRequest(other, "red block"))
    again = policy.act(ActRequest(seen, PICK)), policy.locate(LocateRequest(seen, "red block"))
    assert first[0].tokens == again[0].tokens
    assert first[0].confidence == again[0].confidence
    np.testing.assert_array_equal(first[1].pixel, again[1].pixel)
    assert first[1].confidence == again[1].confidence


def test_another_picture_is_not_answered_from_the_first_ones_prefix(
    tiny_policy: Policies, observe: Observe
) -> None:
    policy = tiny_policy(1)
    policy.locate(LocateRequest(observe(1), "red block"))
    kept = policy.locate(LocateRequest(observe(2), "red block")).confidence
    assert kept == tiny_policy(1).locate(LocateRequest(observe(2), "red block")).confidence
    assert kept != policy.locate(LocateRequest(observe(1), "red block")).confidence


def test_answers_carry_stamp_and_tool_pose_of_their_observation(
    tiny_policy: Policies, observe: Observe
) -> None:
    policy, seen = tiny_policy(0), observe(yaw=0.3, stamp=7.25)
    acted = policy.act(ActRequest(seen, PICK))
    np.testing.assert_array_equal(acted.T_base_tool, seen.T_base_tool)
    planned = policy.plan(PlanRequest(seen, "pick the red block"))
    located = policy.locate(LocateRequest(seen, "red block"))
    assert acted.stamp == planned.stamp == located.stamp == 7.25
    assert located.observation is seen


def test_a_skill_that_the_model_never_learned_is_refused(tiny_policy: Policies, observe: Observe) -> None:
    with pytest.raises(PolicyError, match="not learned to open drawer: it knows pick, place_in"):
        tiny_policy(0).act(ActRequest(observe(), Subgoal(Skill.OPEN, "drawer")))


def test_the_tools_state_reaches_the_model(tiny_policy: Policies, observe: Observe) -> None:
    policy = tiny_policy(0)
    straight, turned = (policy.act(ActRequest(observe(yaw=yaw), PICK)) for yaw in (0.0, 0.8))
    assert straight.confidence != turned.confidence


@pytest.fixture(scope="module")
def scenes() -> list[tuple[SceneSpec, Observation, list[np.ndarray]]]:
    """Five scenes with what the camera sees and the true pixel of each object."""
    found = []
    for seed in range(5):
        scene = sample_scene(seed)
        world = SimWorld(scene)
        arm = ArmState(np.zeros(7), np.zeros(7), np.zeros(7), 0.08, 0.0, 0.0)
        T_base_tool = np.diag([1.0, -1.0, -1.0, 1.0])
        T_base_tool[:3, 3] = 0.3, 0.0, 0.4
        seen = SimCamera(world, make_renderer(world, kind="ray")).capture(arm, T_base_tool)
        R, p = seen.T_base_camera[:3, :3], seen.T_base_camera[:3, 3]
        rays = [seen.K @ (R.T @ (np.array([o.x, o.y, o.centre_z]) - p)) for o in scene.objects]
        found.append((scene, seen, [ray[:2] / ray[2] for ray in rays]))
    return found


Scenes = list[tuple[SceneSpec, Observation, list[np.ndarray]]]


def test_the_shipped_model_plans_what_it_was_told_to(shipped: CheckpointPolicy, scenes: Scenes) -> None:
    right = 0
    for scene, seen, _ in scenes:
        phrase = scene.target.phrase
        wanted = Plan((Subgoal(Skill.PICK, phrase), Subgoal(Skill.PLACE_IN, "bowl")))
        right += shipped.plan(PlanRequest(seen, f"Put the {phrase} in the bowl.")).plan == wanted
    assert right >= 4


def test_the_shipped_model_plans_nothing_for_what_is_not_there(
    shipped: CheckpointPolicy, scenes: Scenes
) -> None:
    right = 0
    for scene, seen, _ in scenes:
        there = {thing.phrase for thing in scene.objects}
        absent = next(f"{colour} ball" for colour in COLOURS if f"{colour} ball" not in there)
        right += shipped.plan(PlanRequest(seen, f"put the {absent} in the bowl")).plan == Plan(())
    assert right >= 4


def test_the_shipped_model_points_at_the_object_that_was_named(
    shipped: CheckpointPolicy, scenes: Scenes
) -> None:
    right = []
    for scene, seen, pixels in scenes:
        for i, thing in enumerate(scene.objects):
            pixel = shipped.locate(LocateRequest(seen, thing.phrase)).pixel
            right.append(np.argmin([np.linalg.norm(pixel - at) for at in pixels]) == i)
    assert np.mean(right) > 0.8
