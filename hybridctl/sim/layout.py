"""Finds places for what a scene shall hold: in reach, without overlap, the drawer's way left free."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from hybridctl.sim import fixtures as f
from hybridctl.sim.regions import Region
from hybridctl.sim.things import CUP_HANDLE, ObjectSpec, grip_of

AREA = ((0.35, 0.67), (-0.30, 0.30))
"""Where things may lie: x and y ranges in the base frame [m]."""
REACH = 0.72
"""How far from the base the tool reaches straight down [m]."""
CABINET_FRONT = 0.315
"""Distance of a cabinet's front from the plane y = 0 [m]."""
BEARING_SPREAD = 0.35
"""How far off a bearing a thing may stand [rad]."""


@dataclass(frozen=True)
class Near:
    """What a thing stands beside: a fixture or a thing, on which side of it, or half way to a fixture."""

    of_fixture: bool
    index: int
    bearing: float | None
    across: int | None


@dataclass(frozen=True)
class Layout:
    """One try after the other at places for fixtures and things.

    Attributes:
        rng: What is drawn from.
        gap: Room between things [m].
        inside: By a thing's number, the phrase of the fixture that it lies in, and where in its frame [m].
        near: By a thing's number, what it stands beside.
    """

    rng: np.random.Generator
    gap: float
    inside: dict[int, tuple[str, tuple[float, float]]]
    near: dict[int, Near]

    def place_fixtures(self, fixtures: list[f.Fixture]) -> tuple[f.Fixture, ...] | None:
        """Return the fixtures with places: cabinet and person at the sides, others where there is room."""
        rng = self.rng
        side = 1.0 if rng.random() < 0.5 else -1.0
        placed: list[f.Fixture | None] = [None] * len(fixtures)
        first = {"cabinet": 2, "palm": 1}
        kinds = [fixture.kind for fixture in fixtures]
        order = sorted(range(len(placed)), key=lambda i: (-first.get(kinds[i], 0), -f.RADII[kinds[i]]))
        for i in order:
            fixture = fixtures[i]
            if fixture.kind == "cabinet":
                spot = (float(rng.uniform(0.44, 0.54)), side * CABINET_FRONT)
                yaw = -side * math.pi / 2 + float(rng.uniform(-0.12, 0.12))
                placed[i] = replace(fixture, x=spot[0], y=spot[1], yaw=yaw)
                continue
            if fixture.kind == "palm":
                spot = (float(rng.uniform(0.42, 0.56)), -side * float(rng.uniform(0.30, 0.33)))
                yaw = side * math.pi / 2 + float(rng.uniform(-0.3, 0.3))
                placed[i] = replace(fixture, x=spot[0], y=spot[1], yaw=yaw)
                continue
            taken = [(p.x, p.y, f.RADII[p.kind]) for p in placed if p is not None and p.kind != "cabinet"]
            for _ in range(60):
                yaw = (
                    float(rng.uniform(-0.5, 0.5))
                    if fixture.kind in ("bin", "book", "card", "socket")
                    else 0.0
                )
                x, y = self._spot(f.RADII[fixture.kind] * 0.6)
                one = replace(fixture, x=x, y=y, yaw=yaw)
                clear = _clear(x, y, f.RADII[fixture.kind], taken, 0.015)
                if clear and not in_drawer_way(placed, x, y, f.RADII[fixture.kind]):
                    placed[i] = one
                    break
            else:
                return None
        return tuple(p for p in placed if p is not None)

    def place_things(
        self, things: list[ObjectSpec], fixtures: tuple[f.Fixture, ...], regions: dict[str, Region]
    ) -> tuple[ObjectSpec, ...] | None:
        """Return the things with places in, on or between the fixtures; None where there is no room."""
        placed: list[ObjectSpec] = []
        standing = [p for p in fixtures if p.kind not in ("cabinet", "card")]
        circles = [(p.x, p.y, f.RADII[p.kind]) for p in standing]
        cards = [(p.x, p.y, f.RADII[p.kind]) for p in fixtures if p.kind == "card"]
        for number, spec in enumerate(things):
            radius = _radius(spec)
            if number in self.inside:
                placed.append(_put(spec, fixtures, regions, *self.inside[number]))
                continue
            own = cards if number not in self.near else []
            for _ in range(120):
                x, y = self._spot(0.0)
                if number in self.near:
                    x, y = self._beside(number, radius, fixtures, placed)
                clear = _clear(x, y, radius, [*circles, *own], self.gap)
                if clear and not in_drawer_way(fixtures, x, y, radius) and _inside_area(x, y):
                    placed.append(replace(spec, x=x, y=y))
                    circles.append((x, y, radius))
                    break
            else:
                return None
        return tuple(placed)

    def _beside(
        self, number: int, radius: float, fixtures: tuple[f.Fixture, ...], placed: list[ObjectSpec]
    ) -> tuple[float, float]:
        near = self.near[number]
        other = fixtures[near.index] if near.of_fixture else placed[near.index]
        if near.across is not None:
            opposite = fixtures[near.across]
            shift = self.rng.uniform(-0.012, 0.012, size=2)
            x, y = (other.x + opposite.x) / 2 + shift[0], (other.y + opposite.y) / 2 + shift[1]
            return float(x), float(y)
        reach = f.RADII[other.kind] if isinstance(other, f.Fixture) else _radius(other)
        angle = self.rng.uniform(-math.pi, math.pi)
        if near.bearing is not None:
            angle = near.bearing + self.rng.uniform(-BEARING_SPREAD, BEARING_SPREAD)
        away = reach + radius + self.gap + self.rng.uniform(0.001, 0.012)
        return float(other.x + away * math.cos(angle)), float(other.y + away * math.sin(angle))

    def _spot(self, margin: float) -> tuple[float, float]:
        (x0, x1), (y0, y1) = AREA
        x = float(self.rng.uniform(x0 + margin, x1 - margin))
        return x, float(self.rng.uniform(y0 + margin, y1 - margin))


def _clear(x: float, y: float, radius: float, taken: list[tuple[float, float, float]], gap: float) -> bool:
    return all(math.hypot(x - a, y - b) > radius + r + gap for a, b, r in taken) and _reachable(x, y)


def in_drawer_way(fixtures: Iterable[f.Fixture | None], x: float, y: float, radius: float) -> bool:
    """Return whether a circle, of a radius [m], is in the way of a drawer or beside its cabinet."""
    return any(p is not None and p.kind == "cabinet" and _in_way_of(p, x, y, radius) for p in fixtures)


def _in_way_of(cabinet: f.Fixture, x: float, y: float, radius: float) -> bool:
    dx, dy = x - cabinet.x, y - cabinet.y
    along = dx * math.cos(cabinet.yaw) + dy * math.sin(cabinet.yaw)
    across = -dx * math.sin(cabinet.yaw) + dy * math.cos(cabinet.yaw)
    out = f.DRAWER_TRAVEL + f.HANDLE_OUT + 0.055
    ahead = along < out + radius and abs(across) < f.CABINET_HALF + radius + 0.02
    # Beside the cabinet the hand has no room.
    return ahead or along < 0.02 + radius


def _radius(spec: ObjectSpec) -> float:
    if spec.shape == "cup":
        return CUP_HANDLE + 0.005
    return spec.size / 2 * (2.2 if spec.shape in ("bar", "dumbbell", "cross") else 1.25)


def _reachable(x: float, y: float) -> bool:
    return math.hypot(x, y) < REACH


def _inside_area(x: float, y: float) -> bool:
    (x0, x1), (y0, y1) = AREA
    return x0 <= x <= x1 and y0 <= y <= y1 and _reachable(x, y)


def _put(
    spec: ObjectSpec, fixtures: tuple[f.Fixture, ...], regions: dict[str, Region], phrase: str,
    at: tuple[float, float],
) -> ObjectSpec:  # fmt: skip
    """Return a thing that lies in or on a fixture, turned with it."""
    fixture = next(
        p for p in fixtures if p.phrase == phrase or (p.kind == "tray" and phrase in f.COMPARTMENTS)
    )
    region = regions[phrase]
    along, across = region.centre[0] + at[0], region.centre[1] + at[1]
    if fixture.kind == "cabinet":
        along += fixture.opening
    c, s = math.cos(fixture.yaw), math.sin(fixture.yaw)
    # A long one lies along the drawer's way, so that the hand has room across it.
    period = grip_of(spec).period
    yaw = math.remainder(fixture.yaw + spec.yaw / 3, period) if period else spec.yaw
    return replace(
        spec, x=fixture.x + c * along - s * across, y=fixture.y + s * along + c * across, yaw=yaw,
        z=region.floor + spec.height / 2,
    )  # fmt: skip
