"""The policy that knows the truth answers through the model's own bins."""

from collections.abc import Iterator

import mujoco
import numpy as np
import pytest

from controllers.robot_model import RobotModel
from hybridctl.arms.simulated import SimulatedArm
from hybridctl.data.expert_policy import ExpertPolicy
from hybridctl.messages.observation import Observation
from hybridctl.messages.plan import Plan, Skill, Subgoal
from hybridctl.messages.policy import ActRequest, LocateRequest, PlanRequest
from hybridctl.sim.cameras import SimCamera, make_renderer
from hybridctl.sim.palette import COLOURS
from hybridctl.sim.table_scene import sample_scene
from hybridctl.sim.world import SimWorld
from hybridctl.vla.action_tokens import ActionTokenizer
from hybridctl.vla.statistics import EMBEDDED_STATISTICS

ACTIONS = ActionTokenizer(EMBEDDED_STATISTICS.action_spec())


@pytest.fixture(scope="module")
def world() -> Iterator[SimWorld]:
    return SimWorld(sample_scene(2))


@pytest.fixture(scope="module")
def seen(world: SimWorld) -> Observation:
    state = SimulatedArm(world).read()
    T = RobotModel.load("panda").forward_kinematics(state.q)
    return SimCamera(world, make_renderer(world, kind="ray")).capture(state, T)


@pytest.fixture(scope="module")
def policy(world: SimWorld) -> ExpertPolicy:
    return ExpertPolicy(world, ACTIONS)


def test_it_plans_what_the_instruction_names(
    policy: ExpertPolicy, seen: Observation, world: SimWorld
) -> None:
    phrase = world.scene.target.phrase
    pick, place = Subgoal(Skill.PICK, phrase), Subgoal(Skill.PLACE_IN, "bowl")
    assert policy.plan(PlanRequest(seen, f"put the {phrase} in the bowl")).plan == Plan((pick, place))
    assert policy.plan(PlanRequest(seen, f"pick up the {phrase}")).plan == Plan((pick,))


def test_it_plans_nothing_for_what_is_not_there(
    policy: ExpertPolicy, seen: Observation, world: SimWorld
) -> None:
    there = {thing.phrase for thing in world.scene.objects}
    absent = next(f"{colour} ball" for colour in COLOURS if f"{colour} ball" not in there)
    assert policy.plan(PlanRequest(seen, f"put the {absent} in the bowl")).plan == Plan(())
    assert policy.plan(PlanRequest(seen, "sing")).plan == Plan(())


def test_its_action_leads_toward_the_object_it_was_asked_for(
    policy: ExpertPolicy, seen: Observation, world: SimWorld
) -> None:
    for spec in world.scene.objects:
        answer = policy.act(ActRequest(seen, Subgoal(Skill.PICK, spec.phrase)))
        to_object = np.array([spec.x, spec.y]) - seen.T_base_tool[:2, 3]
        expected = np.clip(to_object, -0.2, 0.2)
        np.testing.assert_allclose(answer.action.translation[:2], expected, atol=0.001)
        np.testing.assert_array_equal(ACTIONS.action(answer.tokens).translation, answer.action.translation)
        assert answer.action.gripper > 0.99
        assert answer.stamp == seen.stamp


def test_it_points_at_a_pixel_behind_which_the_object_lies(
    policy: ExpertPolicy, seen: Observation, world: SimWorld
) -> None:
    R, eye = seen.T_base_camera[:3, :3], np.array(seen.T_base_camera[:3, 3])
    for name, phrase in [
        ("bowl", "bowl"),
        *((f"object{i}", o.phrase) for i, o in enumerate(world.scene.objects)),
    ]:
        u, v = policy.locate(LocateRequest(seen, phrase)).pixel
        direction = R @ np.linalg.solve(seen.K, (u, v, 1.0))
        hit = np.zeros(1, np.int32)
        mujoco.mj_ray(world.model, world.data, eye, direction / np.linalg.norm(direction), None, 1, -1, hit)
        assert world.model.body(world.model.geom_bodyid[hit[0]]).name == name
