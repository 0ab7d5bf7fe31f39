"""The MuJoCo world: one compiled model that any scene is written into, and its clock."""

from __future__ import annotations

from typing import Protocol

import mujoco
import numpy as np

from hybridctl.sim.scene import SceneSpec
from hybridctl.sim.scene_writer import SceneWriter
from hybridctl.sim.world_model import ARM_PREFIX, build_model, look_at_from_far

HOME_Q = (0.0, -0.85, 0.0, -2.75, 0.0, 1.90, 0.785398163397)
"""Joint positions in which the hand is out of the scene camera's view [rad]."""
GRIPPER_OPEN = 0.08
ACTOR_PERIOD = 0.01
"""How often those who act on the scene are asked [s]."""


class Actor(Protocol):
    """Somebody or something that acts on a scene while it is used: a moving arm, a person who interferes."""

    def reset(self, world: SimWorld) -> None:
        """See the scene before it begins."""
        ...

    def act(self, world: SimWorld) -> None:
        """Do what is due now; called every ACTOR_PERIOD of simulated time."""
        ...


class SimWorld:
    """Physics of one scene, advanced by its own clock (`now`, `sleep_until`).

    A world is compiled once; `reset` writes another scene into it, so that renderers stay valid. It has room
    for as many things as its first scene, and for OBJECT_BODIES at least.
    """

    def __init__(self, scene: SceneSpec) -> None:
        self.model = build_model(objects=len(scene.objects))
        self.data = mujoco.MjData(self.model)
        model = self.model
        self.arm_joints = np.array([model.joint(f"{ARM_PREFIX}joint{i}").qposadr[0] for i in range(1, 8)])
        self.arm_dofs = np.array([model.joint(f"{ARM_PREFIX}joint{i}").dofadr[0] for i in range(1, 8)])
        self.fingers = np.array(
            [model.joint(f"{ARM_PREFIX}{side}_finger_joint").qposadr[0] for side in ("left", "right")]
        )
        self.arm_actuators = np.array([model.actuator(f"{ARM_PREFIX}joint{i}").id for i in range(1, 8)])
        self.gripper_actuator = model.actuator(f"{ARM_PREFIX}gripper").id
        self._writer = SceneWriter(model)
        self._actors: tuple[Actor, ...] = ()
        self._actor_steps = round(ACTOR_PERIOD / model.opt.timestep)
        self._steps = 0
        self.scene = scene
        self.reset(scene)

    def reset(self, scene: SceneSpec, *, actors: tuple[Actor, ...] = ()) -> None:
        """Write `scene` into the model, the arm at home with an open gripper, and settle nothing."""
        self.scene = scene
        self._writer.write(self.data, scene)
        self._steps = 0
        velocities = np.array(self.data.qvel)
        self.set_arm(np.array(HOME_Q), GRIPPER_OPEN)
        self.data.qvel[:] = velocities
        self._actors = actors
        for actor in actors:
            actor.reset(self)

    def set_arm(self, q: np.ndarray, gripper_width: float) -> None:
        """Put the arm at rest at `q` (7,) [rad] with its servos there; for resets and data rendering."""
        self.data.qpos[self.arm_joints] = q
        self.data.qpos[self.fingers] = gripper_width / 2
        self.data.qvel[:] = 0.0
        self.data.ctrl[self.arm_actuators] = q
        self.data.ctrl[self.gripper_actuator] = gripper_width / 2
        mujoco.mj_forward(self.model, self.data)
        self.arm_placed_at = self.now()

    def move_camera(self, position: np.ndarray, look_at: np.ndarray) -> None:
        """Carry the scene camera to `position`, facing `look_at`, both (3,) [m]; `reset` undoes it."""
        camera = self.model.camera("scene")
        camera.pos[:], camera.quat[:] = position, look_at_from_far(position, look_at)
        mujoco.mj_camlight(self.model, self.data)

    @property
    def clock(self) -> SimClock:
        """The clock to hand out: it tells the time, and nothing else of the world."""
        return SimClock(self)

    def now(self) -> float:
        """Return the simulated time [s]."""
        return float(self.data.time)

    def sleep_until(self, stamp: float) -> None:
        """Step the physics until the simulated time reaches `stamp` [s]."""
        dt = self.model.opt.timestep
        steps = round((stamp - self.data.time) / dt)
        if steps > 0 and not self._actors:
            mujoco.mj_step(self.model, self.data, nstep=steps)
            return
        while steps > 0:
            due = self._actor_steps - self._steps % self._actor_steps
            chunk = min(steps, due)
            mujoco.mj_step(self.model, self.data, nstep=chunk)
            self._steps, steps = self._steps + chunk, steps - chunk
            if chunk == due:
                for actor in self._actors:
                    actor.act(self)


class SimClock:
    """Simulated time; sleeping advances the physics. Programs get this, never the world."""

    __slots__ = ("_now", "_sleep_until")

    def __init__(self, world: SimWorld) -> None:
        self._now, self._sleep_until = world.now, world.sleep_until

    def now(self) -> float:
        """Return the simulated time [s]."""
        return self._now()

    def sleep_until(self, stamp: float) -> None:
        """Step the physics until the simulated time reaches `stamp` [s]."""
        self._sleep_until(stamp)
