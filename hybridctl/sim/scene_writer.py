"""Writes a scene into the compiled model: sizes, masses, colours and poses, without compiling anew."""

from __future__ import annotations

import math

import mujoco
import numpy as np

from hybridctl.sim.fixture_bodies import METAL
from hybridctl.sim.fixtures import COUNTS, Fixture, body_name
from hybridctl.sim.palette import Rgb
from hybridctl.sim.scene import Look, SceneSpec
from hybridctl.sim.surfaces import surface_material
from hybridctl.sim.symbols import symbol_material
from hybridctl.sim.things import MAX_PARTS, ObjectSpec, Part, parts_of, volume_and_inertia
from hybridctl.sim.world_model import (
    DENSITY,
    PARKED_DEPTH,
    PARKED_GROUP,
    look_at_from_far,
)

_TYPES = {
    "box": mujoco.mjtGeom.mjGEOM_BOX,
    "sphere": mujoco.mjtGeom.mjGEOM_SPHERE,
    "cylinder": mujoco.mjtGeom.mjGEOM_CYLINDER,
    "ellipsoid": mujoco.mjtGeom.mjGEOM_ELLIPSOID,
    "capsule": mujoco.mjtGeom.mjGEOM_CAPSULE,
}
_REWRITTEN = (
    "body_pos", "body_quat", "body_mass", "body_ipos", "body_inertia", "body_iquat", "body_gravcomp",
    "geom_type", "geom_size", "geom_pos", "geom_quat", "geom_rbound", "geom_aabb", "geom_rgba", "geom_matid",
    "geom_contype", "geom_conaffinity", "geom_group", "geom_friction", "geom_priority", "dof_damping",
)  # fmt: skip
"""Arrays of the model that scenes write; of what the next scene does not use they are as compiled again."""
_OWN_COLOUR = ("palm", "card")
"""Kinds of fixtures whose colours are their own."""
ROLLING_FRICTION = 1.5e-4
"""Of a thing that rolls [m]: a ball of 45 mm loses about 5 cm/s each second."""
_ALONG_X = (math.sqrt(0.5), 0.0, math.sqrt(0.5), 0.0)


class SceneWriter:
    """Writes scenes into one model, again and again; everything of the last one is overwritten."""

    def __init__(self, model: mujoco.MjModel) -> None:
        self._model = model
        self._compiled = {name: np.array(getattr(model, name)) for name in _REWRITTEN}
        names = (model.joint(i).name for i in range(model.njnt))
        self._loose = [name for name in names if name.rstrip("0123456789") in ("object", "cup")]
        self._fast = [body_name(kind, i) for kind, count in COUNTS.items() for i in range(count)]
        self._bodies = {name: self._with_children(name) for name in (*self._loose, *self._fast)}
        self._geoms = {name: self._geoms_of(bodies) for name, bodies in self._bodies.items()}
        self._cabinet_geoms = self._geoms_of([model.body("cabinet").id])
        self._metal_geoms = [model.geom(f"drawer_{part}").id for part in ("post0", "post1", "handle")]
        self._qpos = {name: int(model.joint(name).qposadr[0]) for name in self._loose}
        self._dof = {name: int(model.joint(name).dofadr[0]) for name in self._loose}

    def write(self, data: mujoco.MjData, scene: SceneSpec) -> None:
        """Write `scene` into the model, and into `data` a state at time 0 with its things in their places."""
        for name, compiled in self._compiled.items():
            getattr(self._model, name)[:] = compiled
        mujoco.mj_resetData(self._model, data)
        self._write_look(scene.look)
        used = {*scene.object_bodies, *scene.fixture_bodies}
        for name in (*self._loose, *self._fast):
            if name not in used:
                self._hide(name)
        for name, fixture in zip(scene.fixture_bodies, scene.fixtures, strict=True):
            self._write_fixture(data, name, fixture)
        for name, spec in zip(scene.object_bodies, scene.objects, strict=True):
            self._write_object(name, spec)
        mujoco.mj_setConst(self._model, data)
        for k, name in enumerate(self._loose):
            at = self._qpos[name]
            data.qpos[at : at + 7] = (-3.0, 0.3 * k, PARKED_DEPTH, 1, 0, 0, 0)
        for name, spec in zip(scene.object_bodies, scene.objects, strict=True):
            self._pose_object(data, name, spec)
        opening = next((f.opening for f in scene.fixtures if f.kind == "cabinet"), 0.0)
        data.qpos[self._model.joint("drawer").qposadr[0]] = opening

    def _hide(self, name: str) -> None:
        """Leave a body where it was compiled: without contacts, weightless, seen by no camera."""
        model, geoms, bodies = self._model, self._geoms[name], self._bodies[name]
        model.geom_contype[geoms] = model.geom_conaffinity[geoms] = 0
        model.geom_group[geoms] = PARKED_GROUP
        model.body_gravcomp[bodies] = 1.0

    def _with_children(self, name: str) -> list[int]:
        parents, body = self._model.body_parentid, self._model.body(name).id
        return [body, *(i for i in range(body + 1, self._model.nbody) if parents[i] == body)]

    def _geoms_of(self, bodies: list[int]) -> np.ndarray:
        return np.flatnonzero(np.isin(self._model.geom_bodyid, bodies))

    def _write_fixture(self, data: mujoco.MjData, name: str, fixture: Fixture) -> None:
        model, body = self._model, self._model.body(name)
        body.pos[:] = (fixture.x, fixture.y, 0.0)
        body.quat[:] = _about_z(fixture.yaw)
        if fixture.kind == "obstacle":
            # It lies across, at the height of a forearm, until somebody moves it.
            body.pos[2] = 0.16
            body.quat[:] = _times_along_x(fixture.yaw)
            data.mocap_pos[body.mocapid[0]], data.mocap_quat[body.mocapid[0]] = body.pos, body.quat
        if fixture.kind == "card" and fixture.symbol:
            model.geom_matid[model.geom(name).id] = symbol_material(model, fixture.symbol)
        if fixture.kind in _OWN_COLOUR:
            return
        geoms = self._geoms[name]
        model.geom_rgba[geoms, :3] = fixture.rgb
        if fixture.kind == "cabinet":
            model.geom_rgba[self._cabinet_geoms, :3] = np.multiply(fixture.rgb, 0.88)
            model.geom_rgba[self._metal_geoms] = METAL

    def _write_look(self, look: Look) -> None:
        model = self._model
        model.geom("table").rgba[:3] = look.table_rgb
        model.geom("pedestal").rgba[:3] = (
            np.multiply(look.table_rgb, 0.8) if look.pedestal_rgb is None else look.pedestal_rgb
        )
        model.geom("floor").rgba[:3] = look.floor_rgb
        for geom, surface in (("table", look.table_surface), ("floor", look.floor_surface)):
            model.geom(geom).matid[0] = surface_material(model, surface)
        wall = model.geom("wall")
        wall.pos[2] = PARKED_DEPTH if look.wall_rgb is None else 0.7
        wall.group[0] = PARKED_GROUP if look.wall_rgb is None else 0
        wall.rgba[:3] = look.floor_rgb if look.wall_rgb is None else look.wall_rgb
        light = model.light("lamp")
        light.pos[:] = look.light_position
        light.dir[:] = np.subtract((0.53, 0.0, 0.0), look.light_position)
        light.dir[:] /= np.linalg.norm(light.dir)
        light.diffuse[:] = np.multiply(look.light_diffuse, look.light_rgb)
        light.ambient[:] = np.multiply(look.ambient, look.light_rgb)
        camera = model.camera("scene")
        camera.pos[:] = look.camera_position
        camera.quat[:] = look_at_from_far(np.array(look.camera_position), np.array(look.camera_look_at))
        camera.fovy[:] = look.camera_fovy

    def _write_object(self, name: str, spec: ObjectSpec) -> None:
        model, body = self._model, self._bodies[name][0]
        geoms = self._geoms[name]
        if spec.shape == "cup":
            model.geom_rgba[geoms, :3] = spec.rgb
            return
        first = int(geoms[0])
        parts = parts_of(spec)
        for k in range(MAX_PARTS):
            if k < len(parts):
                self._write_part(first + k, parts[k], spec.rgb)
            else:
                model.geom_contype[first + k] = model.geom_conaffinity[first + k] = 0
                model.geom_group[first + k] = PARKED_GROUP
                model.geom_rgba[first + k, 3] = 0.0  # rays pass through what is not there
        self._write_mass(body, [part for part in parts if part.solid])
        if any(spec.velocity):
            self._write_rolling(name)

    def _write_rolling(self, name: str) -> None:
        """Let a thing roll on, as a hard ball on a hard table does."""
        model, geoms, dof = self._model, self._geoms[name], self._dof[name]
        # Of two geoms the one of higher priority says what friction there is between them.
        model.geom_priority[geoms] = 1
        model.geom_friction[geoms, 2] = ROLLING_FRICTION
        model.dof_damping[dof : dof + 6] = 0.0

    def _write_part(self, geom: int, part: Part, rgb: Rgb) -> None:
        """Write size, place and bounds of a part: MuJoCo derives them only when compiling."""
        model, (a, b, c) = self._model, part.size
        box = {
            "box": (a, b, c), "sphere": (a, a, a), "ellipsoid": (a, b, c), "cylinder": (a, a, b),
            "capsule": (a, a, a + b),
        }[part.kind]  # fmt: skip
        bound = {"sphere": a, "ellipsoid": max(part.size), "capsule": a + b}.get(
            part.kind, float(np.linalg.norm(box if part.kind == "box" else (a, b)))
        )
        model.geom_type[geom] = _TYPES[part.kind]
        model.geom_size[geom] = part.size
        model.geom_pos[geom] = part.at
        model.geom_quat[geom] = _ALONG_X if part.along_x else (1, 0, 0, 0)
        model.geom_rbound[geom] = bound
        model.geom_aabb[geom] = (0, 0, 0, *box)
        model.geom_rgba[geom] = (*(part.rgb or rgb), 1.0)
        if not part.solid:
            model.geom_contype[geom] = model.geom_conaffinity[geom] = 0

    def _write_mass(self, body: int, parts: list[Part]) -> None:
        """Write mass, centre of mass and inertia of a body made of `parts`."""
        model = self._model
        volumes, moments = zip(*(volume_and_inertia(part) for part in parts), strict=True)
        at = np.array([part.at for part in parts])
        centre = np.average(at, axis=0, weights=volumes)
        tensor = np.zeros((3, 3))
        for volume, moment, p in zip(volumes, moments, at - centre, strict=True):
            tensor += np.diag(moment) + volume * (p @ p * np.eye(3) - np.outer(p, p))
        model.body_mass[body] = DENSITY * sum(volumes)
        model.body_ipos[body] = centre
        # Parts lie along the axes, and off them only along z or x: the axes are the principal ones.
        model.body_inertia[body] = DENSITY * np.diag(tensor)
        model.body_iquat[body] = (1, 0, 0, 0)

    def _pose_object(self, data: mujoco.MjData, name: str, spec: ObjectSpec) -> None:
        at, dof = self._qpos[name], self._dof[name]
        data.qpos[at : at + 3] = (spec.x, spec.y, spec.centre_z)
        data.qpos[at + 3 : at + 7] = _about_z(spec.yaw)
        data.qvel[dof : dof + 2] = spec.velocity
        vx, vy = spec.velocity
        turn = complex(math.cos(spec.yaw), -math.sin(spec.yaw)) * complex(-vy, vx) / (spec.size / 2)
        # It rolls without slipping; a free joint's angular velocity is in the body's frame.
        data.qvel[dof + 3 : dof + 5] = (turn.real, turn.imag)


def _about_z(yaw: float) -> tuple[float, float, float, float]:
    return (math.cos(yaw / 2), 0.0, 0.0, math.sin(yaw / 2))


def _times_along_x(yaw: float) -> np.ndarray:
    quat = np.zeros(4)
    mujoco.mju_mulQuat(quat, np.array(_about_z(yaw)), np.array(_ALONG_X))
    return quat
