"""Builds scenes of the workshop: what a task asks for, and others about it, laid out without overlap."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from hybridctl.sim import fixtures as f
from hybridctl.sim.palette import BOWL_COLOURS, COLOURS, UNSEEN_COLOURS, WOOD_COLOURS, Rgb, shifted, triple
from hybridctl.sim.regions import Region, regions_of
from hybridctl.sim.scene import SceneError, SceneSpec
from hybridctl.sim.splits import Split
from hybridctl.sim.surroundings import sample_look
from hybridctl.sim.things import (
    CAN_DIAMETER,
    CAN_HEIGHT,
    CUP_HANDLE,
    CUP_HEIGHT,
    CUP_RADIUS,
    FRUITS,
    PEG_DIAMETER,
    PEG_HEIGHT,
    SHAPES,
    SIZES,
    UNSEEN_SHAPES,
    ObjectSpec,
    fruit_colour_word,
    grip_of,
)
from hybridctl.sim.world_model import CUP_BODIES, OBJECT_BODIES

AREA = ((0.35, 0.67), (-0.30, 0.30))
"""Where things may lie: x and y ranges in the base frame [m]."""
REACH = 0.72
"""How far from the base the tool reaches straight down [m]."""
CABINET_FRONT = 0.315
"""Distance of a cabinet's front from the plane y = 0 [m]."""
ATTEMPTS = 400
BEARING_SPREAD = 0.35
"""How far off a bearing a thing may stand [rad]."""
_ALL_COLOURS = {**COLOURS, **UNSEEN_COLOURS}


@dataclass(frozen=True)
class _Near:
    """What a thing stands beside: a fixture or a thing, on which side of it, or half way to a fixture."""

    of_fixture: bool
    index: int
    bearing: float | None
    across: int | None


class SceneBuilder:
    """Collects what a scene shall hold, then finds places for it.

    Calls that add something return its number: of a fixture, or of a thing.

    Args:
        seed: The same seed and calls give the same scene.
        split: What it varies from training, and how crowded it gets.
        attempt: Counts the scenes that are drawn from one seed until one has room.
    """

    def __init__(self, seed: int, split: Split | None = None, *, attempt: int = 0) -> None:
        self.split = split or Split()
        self.rng = np.random.default_rng([seed, attempt] if attempt else seed)
        self._seed = seed
        self._fixtures: list[f.Fixture] = []
        self._things: list[ObjectSpec] = []
        self._inside: dict[int, tuple[str, tuple[float, float]]] = {}
        self._near: dict[int, _Near] = {}
        self._gap = {"easy": 0.040, "hard": 0.026}.get(self.split.level, 0.032)

    def fixture(
        self, kind: str, *, label: str = "", rgb: Rgb | None = None, symbol: str = "", opening: float = 0.0
    ) -> int:
        """Add something that stands fast and return its number; `opening` is the drawer's, 0 to 1.

        Raises:
            SceneError: there is no such kind, or the world holds no more of it.
        """
        if kind not in f.COUNTS:
            raise SceneError(f"no fixture is a {kind!r}, expected one of {', '.join(f.COUNTS)}")
        if sum(fixture.kind == kind for fixture in self._fixtures) == f.COUNTS[kind]:
            raise SceneError(f"seed {self._seed}: a scene holds at most {f.COUNTS[kind]} of kind {kind}")
        own = {"bowl": BOWL_COLOURS, "cabinet": WOOD_COLOURS, "tray": WOOD_COLOURS, "socket": WOOD_COLOURS}
        choices = own.get(kind)
        if rgb is None and choices is not None:
            rgb = shifted(self.rng, choices[self.rng.integers(len(choices))])
        elif rgb is None:
            rgb = triple(self.rng.uniform(0.25, 0.9, size=3))
        travel = opening * f.DRAWER_TRAVEL
        self._fixtures.append(f.Fixture(kind, 0.0, 0.0, 0.0, rgb, label, symbol, travel))
        return len(self._fixtures) - 1

    def coloured_fixture(self, kind: str, colour: str) -> int:
        """Add a bowl or bin called by its colour, `blue bin`."""
        return self.fixture(kind, label=f"{colour} {kind}", rgb=shifted(self.rng, _ALL_COLOURS[colour]))

    def shape(self) -> str | None:
        """Draw what a small thing is: at times a fruit or a soda can, else None, which `thing` takes."""
        if self.split.variation == "unseen-objects" or self.rng.random() < 0.6:
            return None
        return str(self.rng.choice((*FRUITS, "can")))

    def thing(
        self,
        shape: str | None = None,
        colour: str | None = None,
        *,
        size: float | None = None,
        inside: str = "",
        at: tuple[float, float] = (0.0, 0.0),
        beside: int | None = None,
        of_fixture: bool = True,
        bearing: float | None = None,
        across: int | None = None,
    ) -> int:
        """Add a loose thing and return its number.

        Args:
            shape: A shape, fruit, `can`, `peg` or `cup`; a block, ball or cylinder of the split when None.
            colour: Its colour word; sampled when None.
            size: Its size [m]; sampled when None.
            inside: Phrase of the fixture that it lies in or on.
            at: Where in that, in its frame [m].
            beside: Number of the fixture (or thing) that it stands beside.
            of_fixture: Which of the two `beside` counts.
            bearing: On which side of that, about: the direction from it in the base frame [rad].
            across: Number of a fixture: the thing stands half way between it and the fixture `beside`.
        """  # fmt: skip
        spec = self._sampled(shape, colour, size)
        self._things.append(spec)
        if sum(thing.shape != "cup" for thing in self._things) > OBJECT_BODIES:
            raise SceneError(f"seed {self._seed}: a scene holds at most {OBJECT_BODIES} things beside cups")
        if sum(thing.shape == "cup" for thing in self._things) > CUP_BODIES:
            raise SceneError(f"seed {self._seed}: a scene holds at most {CUP_BODIES} cups")
        number = len(self._things) - 1
        if inside:
            self._inside[number] = (inside, at)
        if beside is not None:
            self._near[number] = _Near(of_fixture, beside, bearing, across)
        return number

    @property
    def things(self) -> tuple[ObjectSpec, ...]:
        """The things so far, in order; they have no places yet."""
        return tuple(self._things)

    def colours(self, count: int) -> list[str]:
        """Return different colour words of the split."""
        return [str(c) for c in self.rng.choice(sorted(self._palette()), size=count, replace=False)]

    def fill(
        self, count: int | None = None, *, avoid: tuple[str, ...] = (), shapes: tuple[str, ...] = SHAPES
    ) -> list[int]:
        """Add other things: 1 or 2 where easy, 3 to 5 where hard with look-alikes of the first thing.

        Args:
            count: How many; by the split's level when None.
            avoid: Phrases that must not occur again.
            shapes: What to choose from.

        Returns:
            Their numbers.
        """
        low, high = {"easy": (1, 2), "hard": (3, 5)}.get(self.split.level, (2, 4))
        wanted = int(self.rng.integers(low, high + 1)) if count is None else count
        palette = self._palette()
        taken = {*avoid, *(thing.phrase for thing in self._things)}
        first = self._things[0] if self._things else None
        begun = len(self._things)
        for k in range(wanted):
            loose = sum(thing.shape != "cup" for thing in self._things)
            if loose >= OBJECT_BODIES:
                break
            for _ in range(50):
                alike = self.split.level != "easy" and first is not None and k < 2
                shape = first.shape if alike and first and k == 0 and first.shape in shapes else None
                colour = first.colour if alike and first and k == 1 and first.colour in palette else None
                spec = self._sampled(shape or str(self.rng.choice(shapes)), colour, None)
                if spec.phrase not in taken:
                    taken.add(spec.phrase)
                    self._things.append(spec)
                    break
        return list(range(begun, len(self._things)))

    def build(self) -> SceneSpec:
        """Find a place for everything.

        Raises:
            SceneError: there is no room for it.
        """
        look = sample_look(self.rng, self.split)
        for _ in range(ATTEMPTS):
            fixtures = self._place_fixtures()
            if fixtures is None:
                continue
            scene = SceneSpec(self._seed, (), fixtures, look)
            things = self._place_things(fixtures, regions_of(scene))
            if things is not None:
                return SceneSpec(self._seed, things, fixtures, look)
        raise SceneError(
            f"seed {self._seed}: no room for {len(self._fixtures)} fixtures and {len(self._things)} things"
        )

    def _palette(self) -> dict[str, Rgb]:
        return UNSEEN_COLOURS if self.split.variation == "unseen-objects" else COLOURS

    def _sampled(self, shape: str | None, colour: str | None, size: float | None) -> ObjectSpec:
        rng, unseen = self.rng, self.split.variation == "unseen-objects"
        if shape is None or (unseen and shape in SHAPES):
            shape = str(rng.choice(UNSEEN_SHAPES if unseen else SHAPES))
        if shape in FRUITS:
            kind, rgb = FRUITS[shape]
            size = float(rng.uniform(*SIZES[kind])) if size is None else size
            height = size * {"pear": 1.22, "strawberry": 1.2}.get(shape, 1.0)
            yaw = float(rng.uniform(-0.7, 0.7))
            word = fruit_colour_word(shape)
            return ObjectSpec(shape, word, size, height, 0, 0, yaw, shifted(rng, rgb), label=shape)
        palette = self._palette()
        colour = str(rng.choice(sorted(palette))) if colour is None else colour
        rgb = shifted(rng, _ALL_COLOURS[colour])
        yaw = float(rng.uniform(-math.pi / 4, math.pi / 4))
        if shape == "cup":
            yaw = float(rng.uniform(-math.pi, math.pi))
            return ObjectSpec("cup", colour, 2 * CUP_RADIUS, CUP_HEIGHT, 0, 0, yaw, rgb, label="cup")
        if shape == "can":
            return ObjectSpec("can", colour, CAN_DIAMETER, CAN_HEIGHT, 0, 0, 0.0, rgb, label="soda can")
        if shape == "peg":
            return ObjectSpec("peg", colour, PEG_DIAMETER, PEG_HEIGHT, 0, 0, 0.0, rgb, label="peg")
        narrow = shape in ("bar", "cross", "dumbbell")
        low, high = (0.026, 0.030) if narrow else (0.040, 0.047)
        size = float(rng.uniform(low, high)) if size is None else size
        height = float(rng.uniform(0.040, 0.047)) if shape in ("cylinder", "pyramid") else size
        yaw = 0.0 if shape in ("ball", "cylinder") else yaw
        return ObjectSpec(shape, colour, size, height, 0, 0, yaw, rgb)

    def _place_fixtures(self) -> tuple[f.Fixture, ...] | None:
        """Return the fixtures with places: cabinet and person at the sides, others where there is room."""
        rng = self.rng
        side = 1.0 if rng.random() < 0.5 else -1.0
        placed: list[f.Fixture | None] = [None] * len(self._fixtures)
        first = {"cabinet": 2, "palm": 1}
        kinds = [fixture.kind for fixture in self._fixtures]
        order = sorted(range(len(placed)), key=lambda i: (-first.get(kinds[i], 0), -f.RADII[kinds[i]]))
        for i in order:
            fixture = self._fixtures[i]
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
                clear = self._clear(x, y, f.RADII[fixture.kind], taken, 0.015)
                if clear and self._off_drawer(x, y, f.RADII[fixture.kind], placed):
                    placed[i] = one
                    break
            else:
                return None
        return tuple(p for p in placed if p is not None)

    def _place_things(
        self, fixtures: tuple[f.Fixture, ...], regions: dict[str, Region]
    ) -> tuple[ObjectSpec, ...] | None:
        placed: list[ObjectSpec] = []
        standing = [p for p in fixtures if p.kind not in ("cabinet", "card")]
        circles = [(p.x, p.y, f.RADII[p.kind]) for p in standing]
        cards = [(p.x, p.y, f.RADII[p.kind]) for p in fixtures if p.kind == "card"]
        for number, spec in enumerate(self._things):
            radius = _radius(spec)
            if number in self._inside:
                placed.append(_put(spec, fixtures, regions, *self._inside[number]))
                continue
            own = cards if number not in self._near else []
            for _ in range(120):
                x, y = self._spot(0.0)
                if number in self._near:
                    x, y = self._beside(number, radius, fixtures, placed)
                clear = self._clear(x, y, radius, [*circles, *own], self._gap)
                if clear and self._off_drawer(x, y, radius, fixtures) and _inside_area(x, y):
                    placed.append(replace(spec, x=x, y=y))
                    circles.append((x, y, radius))
                    break
            else:
                return None
        return tuple(placed)

    def _beside(
        self, number: int, radius: float, fixtures: tuple[f.Fixture, ...], placed: list[ObjectSpec]
    ) -> tuple[float, float]:
        near = self._near[number]
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
        away = reach + radius + self._gap + self.rng.uniform(0.001, 0.012)
        return float(other.x + away * math.cos(angle)), float(other.y + away * math.sin(angle))

    def _spot(self, margin: float) -> tuple[float, float]:
        (x0, x1), (y0, y1) = AREA
        x = float(self.rng.uniform(x0 + margin, x1 - margin))
        return x, float(self.rng.uniform(y0 + margin, y1 - margin))

    @staticmethod
    def _clear(
        x: float, y: float, radius: float, taken: list[tuple[float, float, float]], gap: float
    ) -> bool:
        return all(math.hypot(x - a, y - b) > radius + r + gap for a, b, r in taken) and _reachable(x, y)

    @staticmethod
    def _off_drawer(x: float, y: float, radius: float, fixtures: Iterable[f.Fixture | None]) -> bool:
        """Return whether a circle keeps out of the cabinet and of the way that its drawer takes."""
        for p in fixtures:
            if p is not None and p.kind == "cabinet" and _in_way_of(p, x, y, radius):
                return False
        return True


def in_drawer_way(fixtures: Iterable[f.Fixture], x: float, y: float, radius: float) -> bool:
    """Return whether a circle on the table, of a radius [m], is in the way of a drawer."""
    return any(p.kind == "cabinet" and _in_way_of(p, x, y, radius) for p in fixtures)


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
