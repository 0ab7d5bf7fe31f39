"""Compiles the one MuJoCo model that every scene is written into."""

from __future__ import annotations

from importlib.resources import files

import mujoco
import numpy as np

from hybridctl.sim.fixture_bodies import add_cup, add_fixtures
from hybridctl.sim.joint_log import mount_joint_log
from hybridctl.sim.scene import CAMERA_FOVY_DEG
from hybridctl.sim.surfaces import add_surface_materials
from hybridctl.sim.symbols import add_symbol_materials
from hybridctl.sim.things import MAX_PARTS
from hybridctl.sim.wrist_sensor import mount_wrist_sensor

ARM_PREFIX = "panda/"
OBJECT_BODIES, CUP_BODIES = 8, 2
"""How many loose things a world holds at least; those that a scene does not use are out of sight."""
PARKED_DEPTH = -3.0
"""Height at which what a scene does not use is kept [m]."""
PARKED_GROUP = 5
"""Geom group of what a scene does not use: cameras leave it out."""
DENSITY = 350.0
WRIST_FOVY_DEG = 72.0


def build_model(*, objects: int = 0) -> mujoco.MjModel:
    """Compile the arm, the table and everything that a scene may use, with room for `objects` or more."""
    spec = mujoco.MjSpec()
    spec.option.timestep = 0.002
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    spec.option.impratio = 10
    # Its bounding volumes are made when compiling, and a scene changes the geoms after that.
    spec.option.disableflags |= mujoco.mjtDisableBit.mjDSBL_MIDPHASE
    spec.visual.headlight.ambient[:] = 0.12
    spec.visual.headlight.diffuse[:] = 0.25
    spec.visual.headlight.specular[:] = 0.0
    spec.visual.global_.offwidth = 960
    spec.visual.global_.offheight = 720
    spec.visual.map.znear = 0.0005  # times the model's extent of 6.5 m: the wrist camera is near
    spec.add_texture(
        name="sky", type=mujoco.mjtTexture.mjTEXTURE_SKYBOX, builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=[0.75, 0.78, 0.80], rgb2=[0.55, 0.58, 0.62], width=64, height=64,
    )  # fmt: skip
    world = spec.worldbody
    box = mujoco.mjtGeom.mjGEOM_BOX
    world.add_geom(
        name="table", type=box, size=[0.45, 0.55, 0.02], pos=[0.65, 0, -0.02], friction=[0.8, 0.01, 0.001]
    )
    world.add_geom(name="pedestal", type=box, size=[0.14, 0.14, 0.25], pos=[-0.03, 0, -0.25])
    world.add_geom(
        name="wall", type=box, size=[0.02, 2.0, 1.2], pos=[-1.3, 0, PARKED_DEPTH], contype=0, conaffinity=0
    )
    world.add_geom(
        name="floor", type=mujoco.mjtGeom.mjGEOM_PLANE, size=[4, 4, 0.1], pos=[0, 0, -0.5],
        rgba=[0.45, 0.46, 0.48, 1],
    )  # fmt: skip
    world.add_light(name="lamp", pos=[0.5, 0, 2], dir=[0, 0, -1], castshadow=False, specular=[0.1, 0.1, 0.1])
    world.add_camera(name="scene", fovy=CAMERA_FOVY_DEG, pos=[0.86, 0, 0.72])
    position, look_at = np.array([1.45, -0.85, 0.95]), np.array([0.36, 0.0, 0.22])
    world.add_camera(name="viewer", fovy=42.0, pos=position, quat=look_at_upright(position, look_at))
    add_symbol_materials(spec)
    add_surface_materials(spec)
    add_fixtures(world, spec)
    for i in range(max(objects, OBJECT_BODIES)):
        _add_object(world, i)
    for i in range(CUP_BODIES):
        add_cup(world, f"cup{i}")
    panda = mujoco.MjSpec.from_file(str(files("controllers").joinpath("robots/panda.xml")))
    spec.attach(panda, frame=world.add_frame(), prefix=ARM_PREFIX)
    mount_wrist_sensor(spec, ARM_PREFIX)
    mount_joint_log(spec, ARM_PREFIX)
    _add_wrist_camera(spec)
    return spec.compile()


def _add_object(world: mujoco.MjsBody, i: int) -> None:
    """Add a loose thing with room for MAX_PARTS parts, named `object0`, `object0_part1`, …"""
    body = world.add_body(name=f"object{i}", pos=[-3, 0.3 * i, 0])
    body.add_joint(name=f"object{i}", type=mujoco.mjtJoint.mjJNT_FREE, damping=[1e-4, 0, 0])
    for part in range(MAX_PARTS):
        # Compiled askew: MuJoCo takes short cuts for frames that agree, and a scene may set them apart.
        body.add_geom(
            name=f"object{i}" + (f"_part{part}" if part else ""), type=mujoco.mjtGeom.mjGEOM_BOX,
            size=[0.02, 0.015, 0.01], pos=[0.01, 0.002, 0.003 * (part + 1)], quat=[0.9, 0.1, 0.2, 0.3],
            density=DENSITY, condim=6, friction=[1.0, 0.01, 0.002],
            solref=[0.01, 1],
        )  # fmt: skip


def _add_wrist_camera(spec: mujoco.MjSpec) -> None:
    """Mount a camera on the hand that sees the fingertips and what lies below them."""
    position, target = np.array([0.078, 0.0, -0.02]), np.array([0.050, 0.0, 0.16])
    forward = (target - position) / np.linalg.norm(target - position)
    right = np.array([0.0, -1.0, 0.0])  # image up is the base's side, as in the scene camera
    quat = np.zeros(4)
    mujoco.mju_mat2Quat(quat, np.column_stack([right, np.cross(-forward, right), -forward]).ravel())
    spec.body(f"{ARM_PREFIX}hand").add_camera(name="wrist", pos=position, quat=quat, fovy=WRIST_FOVY_DEG)


def look_at_from_far(position: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the wxyz quaternion of a MuJoCo camera (looks along −z, y up) at `position` facing `target`."""
    back = (position - target) / np.linalg.norm(position - target)
    right = np.cross((-1.0, 0.0, 0.0), back)  # image up points away from the camera's side, to the base
    right /= np.linalg.norm(right)
    up = np.cross(back, right)
    quat = np.zeros(4)
    mujoco.mju_mat2Quat(quat, np.column_stack([right, up, back]).ravel())
    return quat


def look_at_upright(position: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the wxyz quaternion of a MuJoCo camera at `position` facing `target`, image up being up."""
    back = (position - target) / np.linalg.norm(position - target)
    right = np.cross((0.0, 0.0, 1.0), back)
    right /= np.linalg.norm(right)
    quat = np.zeros(4)
    mujoco.mju_mat2Quat(quat, np.column_stack([right, np.cross(back, right), back]).ravel())
    return quat
