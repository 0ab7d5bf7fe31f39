"""A table with objects in real MuJoCo, and depth images of it by ray casting (no GL needed)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import mujoco
import numpy as np
import pytest
import sqlalchemy as sa

from hybridctl.messages.arm import ArmState
from hybridctl.messages.observation import Observation
from hybridctl.messages.policy import Confidence, LocateAnswer
from world_state.beliefs import Beliefs
from world_state.categorical import Categorical
from world_state.depth import ObjectMeasurement
from world_state.noise import NoiseModel
from world_state.pose import initial
from world_state.presence import Glance
from world_state.queries import AsOf
from world_state.readings import Looks
from world_state.sighting import Sighting
from world_state.slot import Slot, attributes_of
from world_state.store.database import open_engine

SIDE = 128
FOCAL = 185.9  # fovy of 38 degrees
EYE, AIM = np.array([0.86, 0.0, 0.72]), np.array([0.525, 0.0, 0.0])


class StillClock:
    """A clock that stands where the test puts it."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def sleep_until(self, stamp: float) -> None:
        self.time = max(self.time, stamp)


class Tabletop:
    """Objects as MJCF geoms on a table, looked at by one camera."""

    def __init__(self, geoms: str, *, eye: np.ndarray = EYE) -> None:
        self.model = mujoco.MjModel.from_xml_string(
            f'<mujoco><worldbody><geom type="plane" size="2 2 .1"/>{geoms}</worldbody></mujoco>'
        )
        self.data = mujoco.MjData(self.model)
        mujoco.mj_forward(self.model, self.data)
        forward = (AIM - eye) / np.linalg.norm(AIM - eye)
        # Standing in front of the robot and looking back at it: the image's right is the base's +y.
        right = np.cross(forward, [0.0, 0.0, 1.0])
        right /= np.linalg.norm(right)
        self.T_base_camera = np.eye(4)
        self.T_base_camera[:3, :3] = np.column_stack([right, np.cross(forward, right), forward])
        self.T_base_camera[:3, 3] = eye
        self.K = np.array([[FOCAL, 0, SIDE / 2], [0, FOCAL, SIDE / 2], [0, 0, 1.0]])

    def pixel(self, point: Any) -> np.ndarray:
        """Where a point of the base frame appears, (u, v) [px]."""
        local = self.T_base_camera[:3, :3].T @ (np.asarray(point, dtype=float) - self.T_base_camera[:3, 3])
        return (self.K @ (local / local[2]))[:2]

    def depth(self, *, noise: float = 0.0, seed: int = 0) -> np.ndarray:
        """Depth along the optical axis, (SIDE, SIDE) [m], with Gaussian noise of std `noise` [m]."""
        v, u = np.mgrid[0:SIDE, 0:SIDE] + 0.5
        rays = np.stack([(u - SIDE / 2) / FOCAL, (v - SIDE / 2) / FOCAL, np.ones_like(u)], axis=-1).reshape(
            -1, 3
        )
        length = np.linalg.norm(rays, axis=1)
        world = (rays / length[:, None]) @ self.T_base_camera[:3, :3].T
        geom = np.zeros(len(rays), dtype=np.int32)
        distance = np.zeros(len(rays))
        mujoco.mj_multiRay(
            self.model,
            self.data,
            self.T_base_camera[:3, 3].copy(),
            world.flatten(),
            None,
            1,
            -1,
            geom,
            distance,
            None,
            len(rays),
            10.0,
        )
        depth = np.where(distance > 0, distance / length, 0.0).reshape(SIDE, SIDE)
        return depth + noise * np.random.default_rng(seed).standard_normal(depth.shape) * (depth > 0)

    def locate(
        self,
        point: Any,
        *,
        stamp: float = 0.0,
        pixel_std: float = 1.0,
        miss: Any = (0.0, 0.0),
        noise: float = 0.0,
    ) -> LocateAnswer:
        """The answer of a policy that points at `point` [m] and misses it by `miss` [px]."""
        observation = Observation(
            rgb=np.zeros((SIDE, SIDE, 3), dtype=np.uint8),
            depth=self.depth(noise=noise),
            K=self.K,
            T_base_camera=self.T_base_camera,
            T_base_tool=np.eye(4),
            arm=ArmState(np.zeros(7), np.zeros(7), np.zeros(7), 0.08, 0.0, stamp),
            stamp=stamp,
            camera="fixed",
        )
        return LocateAnswer(
            pixel=self.pixel(point) + np.asarray(miss),
            pixel_std=np.array([pixel_std, pixel_std]),
            observation=observation,
            confidence=Confidence(-0.1, 0.1),
        )


def block(x: float, y: float, *, side: float = 0.045, yaw: float = 0.0, height: float | None = None) -> str:
    z = (side if height is None else height) / 2
    size = f"{side / 2} {side / 2} {z}"
    return f'<geom type="box" size="{size}" pos="{x} {y} {z}" euler="0 0 {np.degrees(yaw)}"/>'


def ball(x: float, y: float, *, diameter: float = 0.045) -> str:
    return f'<geom type="sphere" size="{diameter / 2}" pos="{x} {y} {diameter / 2}"/>'


def cylinder(x: float, y: float, *, diameter: float = 0.045, height: float = 0.045) -> str:
    return f'<geom type="cylinder" size="{diameter / 2} {height / 2}" pos="{x} {y} {height / 2}"/>'


def bowl(x: float, y: float, *, radius: float = 0.075, height: float = 0.04, walls: int = 16) -> str:
    """A floor and a ring of boxes whose outer faces touch a circle of `radius` [m]."""
    parts = [f'<geom type="cylinder" size="{radius - 0.003} 0.003" pos="{x} {y} 0.003"/>']
    for k in range(walls):
        a = 2 * np.pi * k / walls
        cx, cy = x + (radius - 0.003) * np.cos(a), y + (radius - 0.003) * np.sin(a)
        half = radius * np.tan(np.pi / walls)
        parts.append(
            f'<geom type="box" size="0.003 {half} {height / 2}" pos="{cx} {cy} {height / 2}" '
            f'euler="0 0 {np.degrees(a)}"/>'
        )
    return "".join(parts)


@pytest.fixture
def tabletop() -> Callable[..., Tabletop]:
    return Tabletop


@pytest.fixture
def shapes() -> dict[str, Callable[..., str]]:
    return {"block": block, "ball": ball, "cylinder": cylinder, "bowl": bowl}


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


def thing(
    phrase: str,
    x: float,
    y: float,
    *,
    id: str | None = None,
    size: Any = 0.045,
    std: float = 0.002,
    z: float | None = None,
    exists: float = 6.0,
    p: float = 0.99,
    **changes: Any,
) -> Slot:
    """A slot with its centre at x, y [m], known to `std` [m]; it stands on the table unless z is given."""
    extent = np.broadcast_to(np.asarray(size, dtype=float), (3,))
    place = np.array([x, y, extent[2] / 2 if z is None else z])
    values: dict[str, Any] = {
        "id": id or phrase.replace(" ", "_"),
        "pose": initial(place, np.diag([std**2, std**2, 0.002**2]), symmetry=0),
        "labels": Categorical.of({phrase: p}),
        "attributes": attributes_of(phrase),
        "extent": extent,
        "stamp": 0.0,
        "last_seen": 0.0,
        "last_view": EYE,
        "existence": exists,
        "sources": ("seen",),
    }
    return Slot(**{**values, **changes})


def recall(*slots: Slot, now: float = 0.0, **beliefs: Any) -> AsOf:
    """What can be asked of a memory that knows these things, and the other parts of its beliefs."""
    return AsOf(Beliefs(slots={slot.id: slot for slot in slots}, **beliefs), now)


@pytest.fixture(name="thing")
def make_thing() -> Callable[..., Slot]:
    return thing


@pytest.fixture(name="recall")
def make_recall() -> Callable[..., AsOf]:
    return recall


class Hands:
    """A scene whose readings are written down by hand."""

    def __init__(self) -> None:
        self.beliefs = Beliefs()
        self.noise = NoiseModel()
        self.cause, self.surprise = "", 0.0

    def looks(
        self,
        seen: dict[str, Any],
        *,
        stamp: float,
        view: np.ndarray = EYE,
        says: dict[str, str] | None = None,
        p_right: float = 0.95,
        side: float = 0.045,
        ball: bool = False,
    ) -> Looks:
        """A reading of places (x, y) [m] by phrase; what depth `says` of ids."""
        sightings = tuple(
            Sighting(
                phrase,
                ObjectMeasurement(
                    position=np.array([*place, side / 2]),
                    covariance=np.eye(3) * 1e-6,
                    extent=np.full(3, side),
                    grasp_yaw=0.0,
                    yaw_meaningful=not ball,
                    shape="ball" if ball else "flat",
                    points=40,
                    clipped=False,
                    view=view,
                    stamp=stamp,
                ),
                Confidence(-0.1, 0.1, p_right),
                np.array([64.0, 64.0]),
                np.array([1.0, 1.0]),
            )
            for phrase, place in seen.items()
        )
        glances = tuple(
            Glance(id, self.beliefs.slots[id].position, word, 0.03) for id, word in (says or {}).items()
        )
        return Looks(stamp, "fixed", sightings, glances)

    def take(self, reading: Any) -> Hands:
        """Correct the beliefs."""
        done = reading.correct(self.beliefs, self.noise)
        self.beliefs, self.cause, self.surprise = done.beliefs, done.cause, done.surprise
        return self

    def see(self, seen: dict[str, Any], **how: Any) -> Hands:
        """Take in looks."""
        return self.take(self.looks(seen, **how))

    def at(self, phrase: str) -> tuple[float, float]:
        """Where a thing is believed to be, rounded to a centimetre."""
        slot = self.beliefs.slot_named(phrase)
        assert slot is not None, f"no {phrase}"
        return round(float(slot.position[0]), 2), round(float(slot.position[1]), 2)

    def id(self, phrase: str) -> str:
        """The id of what goes by a phrase."""
        slot = self.beliefs.slot_named(phrase)
        assert slot is not None, f"no {phrase}"
        return slot.id


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def scenes() -> Callable[[], Hands]:
    return Hands


# As version 1 of the store made them: git show 0b5e5f2:world_state/store.py
TABLES_OF_1 = """
CREATE TABLE store_schema (version {integer} NOT NULL, PRIMARY KEY (version));
CREATE TABLE events (
    id {serial} NOT NULL, stamp DOUBLE PRECISION NOT NULL, kind VARCHAR(64) NOT NULL,
    cause VARCHAR(256) NOT NULL, schema_version INTEGER NOT NULL, measurement TEXT NOT NULL,
    belief TEXT NOT NULL, PRIMARY KEY (id)
);
CREATE INDEX ix_events_kind ON events (kind);
INSERT INTO store_schema VALUES (1)
"""


def write_version_1(location: Any, rows: Any) -> None:
    """Write an event store as version 1 did: rows of (stamp, kind, cause, measurement, belief)."""
    engine = open_engine(location)
    sqlite = engine.dialect.name == "sqlite"
    tables = TABLES_OF_1.format(integer="INTEGER", serial="INTEGER" if sqlite else "SERIAL")
    with engine.begin() as connection:
        for statement in tables.split(";"):
            connection.exec_driver_sql(statement)
        for stamp, kind, cause, measurement, belief in rows:
            connection.execute(
                sa.text(
                    "INSERT INTO events (stamp, kind, cause, schema_version, measurement, belief) "
                    "VALUES (:s, :k, :c, 1, :m, :b)"
                ),
                {"s": stamp, "k": kind, "c": cause, "m": json.dumps(measurement), "b": json.dumps(belief)},
            )
    engine.dispose()


@pytest.fixture(name="write_version_1")
def make_write_version_1() -> Callable[..., None]:
    return write_version_1
