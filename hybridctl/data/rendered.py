"""Rendered scenes with the arm on the expert's paths, and the truth that questions are made from."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import mujoco
import numpy as np
from numpy.typing import NDArray

from controllers.inverse_kinematics import solve_ik
from controllers.robot_model import RobotModel
from hybridctl.data.expert import expert_action
from hybridctl.messages.action import rotation_from_rpy
from hybridctl.messages.arrays import FloatArray
from hybridctl.messages.plan import Skill
from hybridctl.messages.tool_state import tool_state
from hybridctl.sim.cameras import IMAGE_SIZE, Renderer, camera_calibration, make_renderer
from hybridctl.sim.fixtures import BOWL_FLOOR
from hybridctl.sim.scene import SceneSpec
from hybridctl.sim.table_scene import sample_scene
from hybridctl.sim.things import ObjectSpec
from hybridctl.sim.world import GRIPPER_OPEN, HOME_Q, SimWorld

MODES = ("home", "approach", "carry")
_MODE_SHARES = (0.32, 0.40, 0.28)


@dataclass(frozen=True)
class ThingLabel:
    """Truth of one thing in an image: what it is called, where it is, and whether it is seen."""

    phrase: str
    pixel: tuple[float, float]
    visible: bool
    position: tuple[float, float, float]
    yaw: float | None
    top: float
    held: bool = False
    in_bowl: bool = False


@dataclass(frozen=True)
class ImageLabel:
    """Truth of one image; `things[-1]` is the bowl, `focus` the thing that the arm is about."""

    seed: int
    renderer: str
    mode: str
    focus: int
    state: tuple[float, ...]
    things: tuple[ThingLabel, ...]

    def to_json(self) -> dict[str, object]:
        """Return plain data."""
        return asdict(self)

    @staticmethod
    def from_json(data: dict[str, object]) -> ImageLabel:
        """Inverse of `to_json`."""
        things = tuple(
            ThingLabel(**{**thing, "pixel": tuple(thing["pixel"]), "position": tuple(thing["position"])})
            for thing in data["things"]  # type: ignore[attr-defined]
        )
        return ImageLabel(**{**data, "things": things, "state": tuple(data["state"])})  # type: ignore[arg-type]


class SceneRenderer:
    """Makes labelled images: each call samples a scene, an arm state on the expert's path, and renders."""

    def __init__(self) -> None:
        self._world = SimWorld(sample_scene(0))
        self._renderers: dict[str, Renderer] = {}
        self._robot = RobotModel.load("panda")

    def render(self, seed: int, *, renderer: str) -> tuple[NDArray[np.uint8], ImageLabel]:
        """Return the image, shape (128, 128, 3), and its label for a seed."""
        rng = np.random.default_rng((seed, 7))
        mode = str(rng.choice(MODES, p=_MODE_SHARES))
        scene = sample_scene(seed)
        focus = int(rng.integers(len(scene.objects)))
        if rng.random() < (0.2 if mode == "home" else 0.08):
            inside = int(rng.integers(len(scene.objects)))
            if inside != focus or mode == "home":
                scene = _with_object_in_bowl(rng, scene, inside)
        q, width = np.array(HOME_Q) + rng.normal(0, 0.01, 7), GRIPPER_OPEN
        if mode != "home":
            T = _sample_tool(rng, scene, focus, mode)
            found = solve_ik(self._robot, T, np.array(HOME_Q))
            if found is None:
                mode = "home"
            else:
                q = found
        if mode == "carry":
            held = scene.objects[focus]
            tool = self._robot.forward_kinematics(q)
            slip = rng.normal(0, 0.003, 3)
            yaw = float(np.arctan2(tool[1, 0], tool[0, 0]))
            x, y, z = (tool[:3, 3] + slip).tolist()
            moved = replace(held, x=x, y=y, z=z, yaw=yaw)
            scene = replace(scene, objects=_swap(scene.objects, focus, moved))
            width = held.size
        elif rng.random() < 0.3:
            width = float(rng.uniform(0.06, GRIPPER_OPEN))
        world = self._world
        world.reset(scene)
        world.set_arm(q, width)
        things = self._things(scene, held=focus if mode == "carry" else None)
        state = tool_state(self._robot.forward_kinematics(q), width)
        label = ImageLabel(
            seed=seed, renderer=renderer, mode=mode, focus=focus,
            state=tuple(float(value) for value in state), things=things,
        )  # fmt: skip
        if renderer not in self._renderers:
            self._renderers[renderer] = make_renderer(world, kind=renderer)
        return self._renderers[renderer].rgb("scene"), label

    def close(self) -> None:
        """Free the renderers."""
        for renderer in self._renderers.values():
            renderer.close()

    def _things(self, scene: SceneSpec, *, held: int | None) -> tuple[ThingLabel, ...]:
        world = self._world
        K, T = camera_calibration(world, "scene", height=IMAGE_SIZE, width=IMAGE_SIZE)
        found = []
        for i, spec in enumerate(scene.objects):
            position = np.array([spec.x, spec.y, spec.centre_z])
            found.append(
                ThingLabel(
                    phrase=spec.phrase,
                    pixel=_project(K, T, position),
                    visible=_sees(world, T[:3, 3], position, f"object{i}", spec.height / 2),
                    position=(spec.x, spec.y, spec.centre_z),
                    yaw=spec.yaw if spec.shape == "block" else None,
                    top=spec.height,
                    held=i == held,
                    in_bowl=spec.z is not None and i != held,
                )
            )
        bowl = np.array([*scene.bowl_xy, 0.02])
        found.append(
            ThingLabel(
                phrase="bowl",
                pixel=_project(K, T, bowl),
                visible=_sees(world, T[:3, 3], bowl, "bowl", 0.05),
                position=(*scene.bowl_xy, 0.02),
                yaw=None,
                top=0.04,
            )
        )
        return tuple(found)


def _project(K: FloatArray, T_base_camera: FloatArray, p: FloatArray) -> tuple[float, float]:
    u, v, w = K @ (T_base_camera[:3, :3].T @ (p - T_base_camera[:3, 3]))
    return float(u / w), float(v / w)


def _sees(world: SimWorld, eye: FloatArray, centre: FloatArray, body: str, radius: float) -> bool:
    """Return whether most of five rays to a thing hit it (or something that lies in the bowl)."""
    model = world.model
    hit = np.zeros(1, np.int32)
    count = 0
    for offset in ((0, 0, 0), (0, 0.6, 0), (0, -0.6, 0), (0, 0, 0.7), (0.5, 0, 0.3)):
        ray = centre + radius * np.array(offset) - eye
        mujoco.mj_ray(model, world.data, eye, ray / np.linalg.norm(ray), None, 1, -1, hit)
        struck = model.body(model.geom_bodyid[hit[0]]).name if hit[0] >= 0 else ""
        count += int(struck == body or (body == "bowl" and struck.startswith("object")))
    return count >= 3


def _sample_tool(rng: np.random.Generator, scene: SceneSpec, focus: int, mode: str) -> FloatArray:
    """Return a tool pose on or near the expert's path to the focus object (or, carrying, to the bowl)."""
    if mode == "approach":
        spec = scene.objects[focus]
        goal, skill = np.array([spec.x, spec.y, spec.centre_z]), Skill.PICK
        yaw = spec.yaw if spec.shape == "block" else None
        top = spec.height
    else:
        goal, skill, yaw, top = np.array([*scene.bowl_xy, 0.0]), Skill.PLACE_IN, None, 0.04
    start = np.array([rng.uniform(0.28, 0.68), rng.uniform(-0.25, 0.25), 0.0])
    if mode == "approach" and rng.random() < 0.5:
        start[:2] = (0.295, 0.0)
    progress = 1.0 if rng.random() < 0.35 else rng.uniform(0.0, 1.0)
    xy = start[:2] + progress * (goal[:2] - start[:2]) + rng.normal(0, 0.018, 2)
    state = np.array([*xy, 0.0, 0.0, 0.0, 0.0, 0.08])
    wanted = expert_action(skill, state, goal, yaw=yaw, top=top)
    z = wanted[3] + rng.normal(0, 0.012)
    if rng.random() < 0.5:
        z += rng.uniform(0.0, 0.30 if mode == "approach" else 0.10) * (1 - progress * rng.random())
    for other in scene.objects:
        if np.hypot(other.x - xy[0], other.y - xy[1]) < 0.075:
            z = max(z, other.height + (0.012 if other is scene.objects[focus] else 0.02))
    tool_yaw = rng.uniform(-0.7, 0.7) if rng.random() < 0.5 else wanted[6] + rng.normal(0, 0.1)
    T = np.eye(4)
    tilt = rng.normal(0, 0.02, 2)
    T[:3, :3] = rotation_from_rpy(tilt[0], tilt[1], float(tool_yaw)) @ np.diag([1.0, -1.0, -1.0])
    T[:3, 3] = (*xy, max(z, 0.048))
    return T


def _with_object_in_bowl(rng: np.random.Generator, scene: SceneSpec, index: int) -> SceneSpec:
    spec = scene.objects[index]
    x, y = np.add(scene.bowl_xy, rng.uniform(-0.03, 0.03, 2))
    moved = replace(spec, x=float(x), y=float(y), z=BOWL_FLOOR + spec.height / 2)
    return replace(scene, objects=_swap(scene.objects, index, moved))


def _swap(objects: tuple[ObjectSpec, ...], index: int, new: ObjectSpec) -> tuple[ObjectSpec, ...]:
    return (*objects[:index], new, *objects[index + 1 :])
