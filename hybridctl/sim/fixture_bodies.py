"""Builds what stands fast, and the cups, as MuJoCo bodies: each is compiled once and posed by a scene."""

from __future__ import annotations

import math

import mujoco

from hybridctl.sim import fixtures as f
from hybridctl.sim.symbols import add_card
from hybridctl.sim.things import CUP_HANDLE, CUP_HEIGHT, CUP_RADIUS, CUP_WALL

_BOX, _CYLINDER, _CAPSULE = (
    mujoco.mjtGeom.mjGEOM_BOX,
    mujoco.mjtGeom.mjGEOM_CYLINDER,
    mujoco.mjtGeom.mjGEOM_CAPSULE,
)
_BOWL_WALLS, _CUP_WALLS = 20, 12
_SKIN = (0.80, 0.60, 0.48, 1.0)
METAL = (0.75, 0.76, 0.78, 1.0)


def add_fixtures(world: mujoco.MjsBody, spec: mujoco.MjSpec) -> None:
    """Add every fixture of COUNTS to the world's body."""
    for kind, count in f.COUNTS.items():
        for i in range(count):
            name = f.body_name(kind, i)
            body = world.add_body(name=name, pos=[0.0, 0.0, -3.0], mocap=kind == "obstacle")
            _BUILDERS[kind](body, name)
    spec.add_exclude(bodyname1="cabinet", bodyname2="drawer")


def add_cup(world: mujoco.MjsBody, name: str) -> None:
    """Add a loose cup: a hollow body with a handle at its +x side, its origin at half height."""
    body = world.add_body(name=name, pos=[-3, 0, -1])
    body.add_joint(name=name, type=mujoco.mjtJoint.mjJNT_FREE, damping=[1e-4, 0, 0])
    look = {"density": 300.0, "condim": 4, "friction": [1.0, 0.02, 0.001], "solref": [0.01, 1]}
    half = CUP_HEIGHT / 2
    body.add_geom(
        name=f"{name}_floor", type=_CYLINDER, size=[CUP_RADIUS - 0.002, 0.0025, 0], pos=[0, 0, 0.0025 - half],
        **look,
    )  # fmt: skip
    _ring(body, name, count=_CUP_WALLS, radius=CUP_RADIUS, wall=CUP_WALL, low=-half, high=half, look=look)
    reach = (CUP_RADIUS + CUP_HANDLE) / 2
    for part, z in (("upper", 0.024), ("lower", -0.024)):
        size = [(CUP_HANDLE - CUP_RADIUS) / 2 + 0.002, 0.004, 0.004]
        body.add_geom(name=f"{name}_{part}", type=_BOX, size=size, pos=[reach, 0, z], **look)
    body.add_geom(
        name=f"{name}_handle", type=_BOX, size=[0.004, 0.005, 0.028], pos=[CUP_HANDLE, 0, 0], **look
    )


def _ring(
    body: mujoco.MjsBody, name: str, *, count: int, radius: float, wall: float, low: float, high: float,
    look: dict[str, object] | None = None,
) -> None:  # fmt: skip
    """Add a wall of boxes around the body's axis between two heights."""
    middle = radius - wall / 2
    for i in range(count):
        angle = 2 * math.pi * i / count
        body.add_geom(
            name=f"{name}_wall{i}", type=_BOX,
            size=[wall / 2, middle * math.tan(math.pi / count) + 0.001, (high - low) / 2],
            pos=[middle * math.cos(angle), middle * math.sin(angle), (high + low) / 2],
            quat=[math.cos(angle / 2), 0, 0, math.sin(angle / 2)], **(look or {}),
        )  # fmt: skip


def _bowl(body: mujoco.MjsBody, name: str) -> None:
    body.add_geom(
        name=f"{name}_floor", type=_CYLINDER, size=[f.BOWL_RADIUS - 0.003, f.BOWL_FLOOR / 2, 0],
        pos=[0, 0, f.BOWL_FLOOR / 2],
    )  # fmt: skip
    _ring(body, name, count=_BOWL_WALLS, radius=f.BOWL_RADIUS, wall=f.BOWL_WALL, low=0.0, high=f.BOWL_HEIGHT)


def _plate(body: mujoco.MjsBody, name: str) -> None:
    half = f.PLATE_HEIGHT / 2
    body.add_geom(name=name, type=_CYLINDER, size=[f.PLATE_RADIUS, half, 0], pos=[0, 0, half])


def _book(body: mujoco.MjsBody, name: str) -> None:
    half = f.BOOK_HEIGHT / 2
    body.add_geom(name=name, type=_BOX, size=[*f.BOOK_HALF, half], pos=[0, 0, half])


def _walls(
    body: mujoco.MjsBody, name: str, *, half: tuple[float, float], height: float, floor: float, wall: float
) -> None:
    """Add a floor and four walls, outer half sides `half`."""
    hx, hy = half
    body.add_geom(name=f"{name}_floor", type=_BOX, size=[hx, hy, floor / 2], pos=[0, 0, floor / 2])
    for i, (x, y, sx, sy) in enumerate(
        ((hx - wall / 2, 0, wall / 2, hy), (wall / 2 - hx, 0, wall / 2, hy),
         (0, hy - wall / 2, hx, wall / 2), (0, wall / 2 - hy, hx, wall / 2))
    ):  # fmt: skip
        body.add_geom(name=f"{name}_wall{i}", type=_BOX, size=[sx, sy, height / 2], pos=[x, y, height / 2])


def _bin(body: mujoco.MjsBody, name: str) -> None:
    _walls(body, name, half=(f.BIN_HALF, f.BIN_HALF), height=f.BIN_HEIGHT, floor=f.BIN_FLOOR, wall=f.BIN_WALL)


def _tray(body: mujoco.MjsBody, name: str) -> None:
    _walls(body, name, half=f.TRAY_HALF, height=f.TRAY_HEIGHT, floor=f.TRAY_FLOOR, wall=f.TRAY_WALL)
    for i, side in enumerate((-1, 1)):
        body.add_geom(
            name=f"{name}_divider{i}", type=_BOX,
            size=[f.TRAY_HALF[0], f.TRAY_WALL / 2, f.TRAY_HEIGHT / 2],
            pos=[0, side * f.TRAY_HALF[1] / 3, f.TRAY_HEIGHT / 2],
        )  # fmt: skip


def _card(body: mujoco.MjsBody, name: str) -> None:
    add_card(body, name=name)


def _socket(body: mujoco.MjsBody, name: str) -> None:
    body.add_geom(
        name=f"{name}_floor", type=_BOX, size=[f.SOCKET_HALF, f.SOCKET_HALF, f.SOCKET_FLOOR / 2],
        pos=[0, 0, f.SOCKET_FLOOR / 2],
    )  # fmt: skip
    wall = (f.SOCKET_HALF - f.HOLE_HALF) / 2
    middle = f.HOLE_HALF + wall
    for i, (x, y) in enumerate(((1, 0), (-1, 0), (0, 1), (0, -1))):
        size = [wall if x else f.SOCKET_HALF, wall if y else f.HOLE_HALF, f.SOCKET_HEIGHT / 2]
        body.add_geom(
            name=f"{name}_wall{i}", type=_BOX, size=size, pos=[x * middle, y * middle, f.SOCKET_HEIGHT / 2]
        )


def _palm(body: mujoco.MjsBody, name: str) -> None:
    """An open hand, palm up, whose arm comes in along −x of its frame."""
    half, top = f.PALM_HALF, f.PALM_TOP
    body.add_geom(name=name, type=_BOX, size=[half, half, 0.010], pos=[0, 0, top - 0.010], rgba=_SKIN)
    for i, (x, y) in enumerate(((1, 0), (-1, 0), (0, 1), (0, -1))):
        size = [0.005 if x else half, 0.005 if y else half, 0.006]
        pos = [x * (half - 0.005), y * (half - 0.005), top + 0.006]
        body.add_geom(name=f"{name}_rim{i}", type=_BOX, size=size, pos=pos, rgba=_SKIN)
    body.add_geom(
        name=f"{name}_arm", type=_CAPSULE, size=[0.032, 0, 0],
        fromto=[-half - 0.03, 0, top - 0.03, -half - 0.28, 0, top - 0.02], rgba=_SKIN,
    )  # fmt: skip


def _obstacle(body: mujoco.MjsBody, name: str) -> None:
    body.add_geom(name=name, type=_CAPSULE, size=[f.OBSTACLE_RADIUS, f.OBSTACLE_HALF, 0])


def _cabinet(body: mujoco.MjsBody, name: str) -> None:
    depth, half, height = f.CABINET_DEPTH, f.CABINET_HALF, f.CABINET_HEIGHT
    for part, size, pos in (
        ("top", [depth / 2, half, 0.004], [-depth / 2, 0, height - 0.004]),
        ("bottom", [depth / 2, half, 0.006], [-depth / 2, 0, 0.006]),
        ("left", [depth / 2, 0.004, height / 2], [-depth / 2, half - 0.004, height / 2]),
        ("right", [depth / 2, 0.004, height / 2], [-depth / 2, 0.004 - half, height / 2]),
        ("back", [0.004, half, height / 2], [0.004 - depth, 0, height / 2]),
    ):
        body.add_geom(name=f"{name}_{part}", type=_BOX, size=size, pos=pos)
    drawer = body.add_body(name="drawer")
    # A drawer of wood: it stays where it is left, and its content is carried along by friction.
    drawer.add_joint(
        name="drawer", type=mujoco.mjtJoint.mjJNT_SLIDE, axis=[1, 0, 0], range=[0.0, f.DRAWER_TRAVEL],
        limited=True, damping=[8.0, 0, 0], frictionloss=2.0, armature=0.05,
    )  # fmt: skip
    inside, rim, floor = f.DRAWER_HALF, f.DRAWER_RIM, f.DRAWER_FLOOR
    wall = (rim - floor + 0.006) / 2
    middle = rim - wall
    look = {"density": 500.0, "friction": [0.9, 0.01, 0.001], "solref": [0.01, 1]}
    deep = f.DRAWER_DEPTH
    for part, size, pos in (
        ("floor", [deep / 2, inside + 0.005, 0.003], [-deep / 2, 0, floor - 0.003]),
        ("left", [deep / 2, 0.0025, wall], [-deep / 2, inside + 0.0025, middle]),
        ("right", [deep / 2, 0.0025, wall], [-deep / 2, -inside - 0.0025, middle]),
        ("back", [0.0025, inside, wall], [0.0025 - deep, 0, middle]),
        ("front", [0.006, half - 0.005, 0.036], [0.006, 0, 0.050]),
    ):
        drawer.add_geom(name=f"drawer_{part}", type=_BOX, size=size, pos=pos, **look)
    for i, side in enumerate((-1, 1)):
        drawer.add_geom(
            name=f"drawer_post{i}", type=_BOX, size=[(f.HANDLE_OUT - 0.012) / 2, 0.005, 0.005],
            pos=[(f.HANDLE_OUT + 0.012) / 2, side * (f.HANDLE_HALF - 0.005), f.HANDLE_HEIGHT], rgba=METAL,
            **look,
        )  # fmt: skip
    drawer.add_geom(
        name="drawer_handle", type=_BOX, size=[f.HANDLE_RADIUS, f.HANDLE_HALF, f.HANDLE_RADIUS],
        pos=[f.HANDLE_OUT, 0, f.HANDLE_HEIGHT], rgba=METAL, **look,
    )  # fmt: skip


_BUILDERS = {
    "bowl": _bowl, "plate": _plate, "book": _book, "bin": _bin, "card": _card, "cabinet": _cabinet,
    "socket": _socket, "tray": _tray, "palm": _palm, "obstacle": _obstacle,
}  # fmt: skip
