"""Records one sequence: the shipped model looks at a full table while an arm and people change it.

Twenty things; the scene camera is carried from station to station, each with a calibration error of its own;
somebody's arm crosses before it; somebody puts things elsewhere, exchanges look-alikes and drags one; the
robot's arm, by the scripted expert's motions through the controller, puts one thing into the bowl and another
elsewhere on the table. What is kept are the answers, the arm's states, its intents, and the truth.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from controllers.controller import Controller
from controllers.gains import Gains
from controllers.robot_model import RobotModel
from hybridctl.arms import SimulatedArm
from hybridctl.bench.memory_people import Visitor
from hybridctl.bench.memory_recording import Feel, Input, Intent, Look, Recording, Truth
from hybridctl.bench.memory_scene import crowded_scene
from hybridctl.data.experts.grasp import pick
from hybridctl.data.experts.hands import ExpertError, Hands, Motion
from hybridctl.data.experts.place import place, set_down
from hybridctl.data.experts.plain import home
from hybridctl.messages.arm import ArmState
from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.observation import Observation
from hybridctl.messages.policy import LocateRequest, VlaPolicy
from hybridctl.runtime import Runtime
from hybridctl.sim.actors import CrossingArm
from hybridctl.sim.camera_errors import CameraErrors
from hybridctl.sim.cameras import Renderer, SimCamera, camera_calibration
from hybridctl.sim.fixtures import Fixture
from hybridctl.sim.tasks.conditions import TruthOf
from hybridctl.sim.truth import in_bowl, true_objects
from hybridctl.sim.world import SimWorld
from hybridctl.vla.queue import DEFAULT_LATENCY

STATIONS = 6
STATION_BOX = (np.array([-0.06, -0.16, -0.06]), np.array([0.12, 0.16, 0.03]))
"""How far from the scene's camera a station is [m]: there 7 to 8 of 10 answers are right (seeds 0 to 7)."""
ERRORS = CameraErrors(translation=0.005, rotation=math.radians(0.5), depth_noise=0.002)
"""A camera calibrated by hand and a stereo camera's depth: 5 mm, 0.5 degrees, 2 mm at 1 m."""
PICTURE_EVERY, PICTURES_A_STATION = 0.5, 3
BEFORE, AFTER = 9.0, 8.0
"""How long the arm stays at home before and after it carries things [s]."""
SCHEDULE_BEFORE = ((4.5, "elsewhere"), (6.0, "exchanged"), (7.5, "elsewhere"))
SCHEDULE_AFTER = ((1.0, "exchanged"), (2.0, "dragged"))
"""What somebody does, from the beginning, and from when the arm is home again [s]."""
LONGEST = 70.0
_CROSSING = {"height": 0.16, "seconds": 3.0, "pause": 1e3, "delay": 1.5}


@dataclass
class Stage:
    """What one process keeps from one sequence to the next."""

    world: SimWorld
    renderer: Renderer
    policy: VlaPolicy
    model: RobotModel
    gains: Gains


def record(stage: Stage, seed: int, *, picture_every: float = PICTURE_EVERY) -> Recording:
    """Record the sequence of a seed, with a picture every so many seconds."""
    rng = np.random.default_rng((seed, 17))
    scene = crowded_scene(seed, graspable=2)
    side = float(rng.choice((-1.0, 1.0)))
    start, end = ((float(rng.uniform(0.44, 0.56)), s * 0.5) for s in (side, -side))
    scene = replace(scene, fixtures=(*scene.fixtures, Fixture("obstacle", *start, rgb=(0.8, 0.6, 0.5))))
    crossing = CrossingArm(scene.fixture_bodies[-1], start, end, **_CROSSING)
    carried = tuple(thing.phrase for thing in scene.objects[:2])
    visitor = Visitor(seed, SCHEDULE_BEFORE, frozenset(carried))
    world = stage.world
    world.reset(scene, actors=(crossing, visitor))
    controller = Controller(stage.model, stage.gains)
    director = Director(stage, controller, visitor, carried, seed=seed, every=picture_every)
    outcome = Runtime(tree=director, controller=controller, arm=SimulatedArm(world), clock=world.clock).run(
        time_limit=LONGEST
    )
    return director.recording(f"{outcome.status}: {outcome.cause}; {director.why}".strip("; "))


class Director:
    """Ticked by the runtime: lets the arm do its part, moves the camera, and writes down what comes in."""

    def __init__(
        self,
        stage: Stage,
        controller: Controller,
        visitor: Visitor,
        carried: Sequence[str],
        *,
        seed: int,
        every: float,
    ) -> None:
        self._stage, self._controller, self._visitor, self._seed = stage, controller, visitor, seed
        self._carried, self._every = carried, every
        world = stage.world
        self._hands = Hands(controller, world.clock, TruthOf(world, {}), transit=0.24)
        self._phrases = tuple(thing.phrase for thing in world.scene.objects)
        rng = np.random.default_rng((seed, 23))
        self._offsets = rng.uniform(*STATION_BOX, (STATIONS, 3))
        self._motion: Motion | None = None
        self._inputs: list[Input] = []
        self._truth: list[tuple[float, NDArray[np.float64], int, NDArray[np.bool_]]] = []
        self._pictures = 0
        self._in_hand = ""
        self._tip = ""
        self.why = ""

    def tick(self, state: ArmState, *, commanded_width: float) -> str:
        """Write down what is so and what comes in, then go on by one tick."""
        self._hands.feel(state)
        if self._motion is None:
            self._motion = self._whole()
        now = self._stage.world.now()
        if self._in_hand and commanded_width > state.gripper_width + 0.002:
            self._inputs.append(Intent(now, None))
            self._in_hand = ""
        self._inputs.append(Feel(now, state, self._hands.T_base_tool, commanded_width))
        self._write_truth(now)
        if now >= self._pictures * self._every - 1e-6:
            self._look(state)
        try:
            next(self._motion)
        except StopIteration:
            return "SUCCESS"
        return "RUNNING"

    def halt(self) -> None:
        """Brake."""
        self._controller.hold()

    def tip(self) -> str:
        """Return what the arm does."""
        return self._tip

    def failures(self) -> list[dict[str, object]]:
        """Nothing: what fails here is a part of the sequence."""
        return []

    def recording(self, ended: str) -> Recording:
        """Return all that was written down."""
        stamps, positions, held, inside = zip(*self._truth, strict=True)
        truth = Truth(
            self._phrases, np.array(stamps), np.array(positions), np.array(held), np.array(inside),
            tuple(self._visitor.moves),
        )  # fmt: skip
        order = sorted(self._inputs, key=lambda one: one.stamp)
        return Recording(self._seed, tuple(order), truth, ended)

    def _whole(self) -> Motion:
        hands, world = self._hands, self._stage.world
        self._tip = "at home"
        yield from hands.stay(BEFORE - world.now())
        for phrase, where in zip(self._carried, ("bowl", "table"), strict=True):
            self._tip = f"carries the {phrase} to the {where}"
            try:
                yield from self._carry(phrase, where)
            except ExpertError as error:
                self.why += f"{phrase}: {error}; "
                self._in_hand = ""
                yield from hands.fingers(0.08)
                yield from hands.rise()
        self._tip = "home again"
        yield from home(hands)
        now = world.now()
        self._visitor.go_on(tuple((now + after, kind) for after, kind in SCHEDULE_AFTER))
        yield from hands.stay(AFTER)

    def _carry(self, phrase: str, where: str) -> Motion:
        hands, world = self._hands, self._stage.world
        self._inputs.append(Intent(world.now(), phrase))
        yield from pick(world, hands, phrase)
        self._in_hand = phrase
        yield from hands.stay(0.3)
        if where == "bowl":
            yield from place(world, hands, phrase, where)
        else:
            yield from set_down(world, hands, phrase)

    def _write_truth(self, now: float) -> None:
        world = self._stage.world
        things = true_objects(world)
        holds = [self._hands.truth.holds(Condition(Predicate.HOLDING, phrase)) for phrase in self._carried]
        held = self._phrases.index(self._carried[holds.index(True)]) if any(holds) else -1
        positions = np.array([thing.position for thing in things])
        inside = np.array([in_bowl(world, thing.position) for thing in things])
        self._truth.append((now, positions, held, inside))

    def _look(self, state: ArmState) -> None:
        """Take a picture from where the camera now stands and ask for every phrase."""
        station = self._pictures // PICTURES_A_STATION % STATIONS
        self._pictures += 1
        world, scene = self._stage.world, self._stage.world.scene
        eye = np.add(scene.look.camera_position, self._offsets[station])
        world.move_camera(eye, np.array(scene.look.camera_look_at))
        errors = replace(ERRORS, seed=self._seed * STATIONS + station)
        picture = SimCamera(world, self._stage.renderer, errors=errors).capture(
            state, self._hands.T_base_tool
        )
        answers = {
            phrase: self._stage.policy.locate(LocateRequest(picture, phrase)) for phrase in self._phrases
        }
        shown = self._shown(picture)
        self._inputs.append(Look(picture.stamp + DEFAULT_LATENCY, picture, answers, station, shown))

    def _shown(self, picture: Observation) -> NDArray[np.bool_]:
        """Return whose middle is in the picture with nothing before it, shape (n,)."""
        height, width = picture.depth.shape
        K, T = camera_calibration(self._stage.world, "scene", height=height, width=width)
        shown = []
        for thing in true_objects(self._stage.world):
            x, y, z = K @ (T[:3, :3].T @ (thing.position - T[:3, 3]))
            u, v = int(x / z), int(y / z)
            inside = z > 0 and 0 <= u < width and 0 <= v < height
            shown.append(inside and picture.depth[v, u] > z - thing.spec.size)
        return np.array(shown)
