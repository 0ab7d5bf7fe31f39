"""The MuJoCo world: one compiled model that any scene is written into, and its clock."""

from __future__ import annotations

from importlib.resources import files

import mujoco
import numpy as np

from hybridctl.sim.scene import (
    BOWL_FLOOR,
    BOWL_HEIGHT,
    BOWL_RADIUS,
    BOWL_WALL,
    CAMERA_FOVY_DEG,
    MAX_OBJECTS,
    ObjectSpec,
    SceneSpec,
)

ARM_PREFIX = "panda/"
HOME_Q = (0.0, -0.85, 0.0, -2.75, 0.0, 1.90, 0.785398163397)
"""Joint positions in which the hand is out of the scene camera's view [rad]."""
GRIPPER_OPEN = 0.08
_BOWL_WALLS = 20
_DENSITY = 350.0
_SHAPE_TYPE = {
    "block": mujoco.mjtGeom.mjGEOM_BOX,
    "ball": mujoco.mjtGeom.mjGEOM_SPHERE,
    "cylinder": mujoco.mjtGeom.mjGEOM_CYLINDER,
}


class SimWorld:
    """Physics of one scene, advanced by its own clock (`now`, `sleep_until`).

    A world is compiled once; `reset` writes another scene into it, so that renderers stay valid.
    """

    def __init__(self, scene: SceneSpec) -> None:
        self.model = _build()
        self.data = mujoco.MjData(self.model)
        model = self.model
        self.arm_joints = np.array([model.joint(f"{ARM_PREFIX}joint{i}").qposadr[0] for i in range(1, 8)])
        self.arm_dofs = np.array([model.joint(f"{ARM_PREFIX}joint{i}").dofadr[0] for i in range(1, 8)])
        self.fingers = np.array(
            [model.joint(f"{ARM_PREFIX}{side}_finger_joint").qposadr[0] for side in ("left", "right")]
        )
        self.arm_actuators = np.array([model.actuator(f"{ARM_PREFIX}joint{i}").id for i in range(1, 8)])
        self.gripper_actuator = model.actuator(f"{ARM_PREFIX}gripper").id
        self.object_bodies = [model.body(f"object{i}").id for i in range(MAX_OBJECTS)]
        self._object_geoms = [model.geom(f"object{i}").id for i in range(MAX_OBJECTS)]
        self._object_joints = [int(model.joint(f"object{i}").qposadr[0]) for i in range(MAX_OBJECTS)]
        self.scene = scene
        self.reset(scene)

    def reset(self, scene: SceneSpec) -> None:
        """Write `scene` into the model, the arm at home with an open gripper, and settle nothing."""
        self.scene = scene
        mujoco.mj_resetData(self.model, self.data)
        self._write_look(scene)
        for i in range(MAX_OBJECTS):
            if i < len(scene.objects):
                self._write_object(i, scene.objects[i])
            else:
                self._park_object(i)
        mujoco.mj_setConst(self.model, self.data)
        for i in range(MAX_OBJECTS):
            self._pose_object(i, scene.objects[i] if i < len(scene.objects) else None)
        self.set_arm(np.array(HOME_Q), GRIPPER_OPEN)

    def set_arm(self, q: np.ndarray, gripper_width: float) -> None:
        """Put the arm at rest at `q` (7,) [rad] with its servos there; for resets and data rendering."""
        self.data.qpos[self.arm_joints] = q
        self.data.qpos[self.fingers] = gripper_width / 2
        self.data.qvel[:] = 0.0
        self.data.ctrl[self.arm_actuators] = q
        self.data.ctrl[self.gripper_actuator] = gripper_width / 2
        mujoco.mj_forward(self.model, self.data)

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
        if steps > 0:
            mujoco.mj_step(self.model, self.data, nstep=steps)

    def _write_look(self, scene: SceneSpec) -> None:
        model = self.model
        model.geom("table").rgba[:3] = scene.table_rgb
        model.geom("pedestal").rgba[:3] = np.multiply(scene.table_rgb, 0.8)
        bowl = model.body("bowl")
        bowl.pos[:] = (*scene.bowl_xy, 0.0)
        for i in range(bowl.geomnum[0]):
            model.geom_rgba[bowl.geomadr[0] + i, :3] = scene.bowl_rgb
        light = model.light("lamp")
        light.pos[:] = scene.light_position
        light.dir[:] = np.subtract((0.53, 0.0, 0.0), scene.light_position)
        light.dir[:] /= np.linalg.norm(light.dir)
        light.diffuse[:] = scene.light_diffuse
        light.ambient[:] = scene.ambient
        camera = model.camera("scene")
        camera.pos[:] = scene.camera_position
        camera.quat[:] = _look_at(np.array(scene.camera_position), np.array(scene.camera_look_at))
        for kind in ("plate", "book"):
            body = model.body(kind)
            body.pos[:] = (0.0, 0.0, -3.0)
        for distractor in scene.distractors:
            body = model.body(distractor.kind)
            body.pos[:] = (distractor.x, distractor.y, 0.0)
            body.quat[:] = (np.cos(distractor.yaw / 2), 0, 0, np.sin(distractor.yaw / 2))
            model.geom(distractor.kind).rgba[:3] = distractor.rgb

    def _write_object(self, i: int, spec: ObjectSpec) -> None:
        """Write size, mass, inertia and bounds of object `i`: MuJoCo derives them only when compiling."""
        model, g, b = self.model, self._object_geoms[i], self.object_bodies[i]
        half, tall = spec.size / 2, spec.height / 2
        size: tuple[float, float, float]
        model.geom_type[g] = _SHAPE_TYPE[spec.shape]
        model.geom_rgba[g] = (*spec.rgb, 1.0)
        if spec.shape == "ball":
            size, bound, box = (half, 0, 0), half, (half, half, half)
            mass = _DENSITY * 4 / 3 * np.pi * half**3
            inertia = np.full(3, 0.4 * mass * half**2)
        elif spec.shape == "cylinder":
            size, bound, box = (half, tall, 0), np.hypot(half, tall), (half, half, tall)
            mass = _DENSITY * np.pi * half**2 * spec.height
            across = mass * (3 * half**2 + spec.height**2) / 12
            inertia = np.array([across, across, mass * half**2 / 2])
        else:
            size, bound, box = (half, half, half), half * np.sqrt(3), (half, half, half)
            mass = _DENSITY * spec.size**3
            inertia = np.full(3, mass * spec.size**2 / 6)
        model.geom_size[g] = size
        model.geom_rbound[g] = bound
        model.geom_aabb[g] = (0, 0, 0, *box)
        model.body_mass[b] = mass
        model.body_inertia[b] = inertia
        model.body_gravcomp[b] = 0.0
        model.geom_contype[g] = model.geom_conaffinity[g] = 1

    def _park_object(self, i: int) -> None:
        """Take object `i` out of the scene: weightless, without contacts, behind the robot."""
        g = self._object_geoms[i]
        self.model.geom_contype[g] = self.model.geom_conaffinity[g] = 0
        self.model.geom_rgba[g, 3] = 0.0
        self.model.body_gravcomp[self.object_bodies[i]] = 1.0

    def _pose_object(self, i: int, spec: ObjectSpec | None) -> None:
        a = self._object_joints[i]
        if spec is None:
            self.data.qpos[a : a + 7] = (-3.0, 0.3 * i, 0.0, 1, 0, 0, 0)
            return
        self.data.qpos[a : a + 3] = (spec.x, spec.y, spec.centre_z)
        self.data.qpos[a + 3 : a + 7] = (np.cos(spec.yaw / 2), 0, 0, np.sin(spec.yaw / 2))


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


def _look_at(position: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the wxyz quaternion of a MuJoCo camera (looks along −z, y up) at `position` facing `target`."""
    back = (position - target) / np.linalg.norm(position - target)
    right = np.cross((-1.0, 0.0, 0.0), back)  # image up points away from the camera's side, to the base
    right /= np.linalg.norm(right)
    up = np.cross(back, right)
    quat = np.zeros(4)
    mujoco.mju_mat2Quat(quat, np.column_stack([right, up, back]).ravel())
    return quat


def _build() -> mujoco.MjModel:
    spec = mujoco.MjSpec()
    spec.option.timestep = 0.002
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    spec.option.impratio = 10
    spec.visual.headlight.ambient[:] = 0.12
    spec.visual.headlight.diffuse[:] = 0.25
    spec.visual.headlight.specular[:] = 0.0
    spec.visual.global_.offwidth = 960
    spec.visual.global_.offheight = 720
    spec.visual.map.znear = 0.01
    spec.add_texture(
        name="sky", type=mujoco.mjtTexture.mjTEXTURE_SKYBOX, builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=[0.75, 0.78, 0.80], rgb2=[0.55, 0.58, 0.62], width=64, height=64,
    )  # fmt: skip
    world = spec.worldbody
    box, cylinder = mujoco.mjtGeom.mjGEOM_BOX, mujoco.mjtGeom.mjGEOM_CYLINDER
    world.add_geom(
        name="table", type=box, size=[0.45, 0.55, 0.02], pos=[0.65, 0, -0.02], friction=[0.8, 0.01, 0.001]
    )
    world.add_geom(name="pedestal", type=box, size=[0.14, 0.14, 0.25], pos=[-0.03, 0, -0.25])
    world.add_geom(
        name="floor", type=mujoco.mjtGeom.mjGEOM_PLANE, size=[4, 4, 0.1], pos=[0, 0, -0.5],
        rgba=[0.45, 0.46, 0.48, 1],
    )  # fmt: skip
    world.add_light(name="lamp", pos=[0.5, 0, 2], dir=[0, 0, -1], castshadow=False, specular=[0.1, 0.1, 0.1])
    world.add_camera(name="scene", fovy=CAMERA_FOVY_DEG, pos=[0.86, 0, 0.72])
    position, look_at = np.array([1.45, -0.85, 0.95]), np.array([0.36, 0.0, 0.22])
    world.add_camera(name="viewer", fovy=42.0, pos=position, quat=_look_at_upright(position, look_at))
    _add_bowl(world)
    plate = world.add_body(name="plate", pos=[0, 0, -3])
    plate.add_geom(name="plate", type=cylinder, size=[0.07, 0.004, 0], pos=[0, 0, 0.004])
    book = world.add_body(name="book", pos=[0, 0, -3])
    book.add_geom(name="book", type=box, size=[0.05, 0.07, 0.008], pos=[0, 0, 0.008])
    for i in range(MAX_OBJECTS):
        body = world.add_body(name=f"object{i}", pos=[-3, 0.3 * i, 0])
        body.add_joint(name=f"object{i}", type=mujoco.mjtJoint.mjJNT_FREE, damping=[1e-4, 0, 0])
        body.add_geom(
            name=f"object{i}", type=box, size=[0.02, 0.02, 0.02], density=_DENSITY, condim=6,
            friction=[1.0, 0.01, 0.002], solref=[0.01, 1],
        )  # fmt: skip
    panda = mujoco.MjSpec.from_file(str(files("controllers").joinpath("robots/panda.xml")))
    spec.attach(panda, frame=world.add_frame(), prefix=ARM_PREFIX)
    return spec.compile()


def _look_at_upright(position: np.ndarray, target: np.ndarray) -> np.ndarray:
    back = (position - target) / np.linalg.norm(position - target)
    right = np.cross((0.0, 0.0, 1.0), back)
    right /= np.linalg.norm(right)
    quat = np.zeros(4)
    mujoco.mju_mat2Quat(quat, np.column_stack([right, np.cross(back, right), back]).ravel())
    return quat


def _add_bowl(world: mujoco.MjsBody) -> None:
    bowl = world.add_body(name="bowl", pos=[0.5, 0, 0])
    bowl.add_geom(
        name="bowl_floor", type=mujoco.mjtGeom.mjGEOM_CYLINDER,
        size=[BOWL_RADIUS - 0.003, BOWL_FLOOR / 2, 0], pos=[0, 0, BOWL_FLOOR / 2],
    )  # fmt: skip
    thickness = BOWL_WALL / 2
    radius = BOWL_RADIUS - thickness
    for i in range(_BOWL_WALLS):
        angle = 2 * np.pi * i / _BOWL_WALLS
        bowl.add_geom(
            name=f"bowl_wall{i}", type=mujoco.mjtGeom.mjGEOM_BOX,
            size=[thickness, radius * np.tan(np.pi / _BOWL_WALLS) + 0.001, BOWL_HEIGHT / 2],
            pos=[radius * np.cos(angle), radius * np.sin(angle), BOWL_HEIGHT / 2],
            quat=[np.cos(angle / 2), 0, 0, np.sin(angle / 2)],
        )  # fmt: skip
