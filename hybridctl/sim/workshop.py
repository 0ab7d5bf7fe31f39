"""Builds scenes of the workshop: what a task asks for, and others about it, laid out without overlap."""

from __future__ import annotations

import numpy as np

from hybridctl.sim import fixtures as f
from hybridctl.sim.layout import Layout, Near
from hybridctl.sim.palette import ALL_COLOURS, BOWL_COLOURS, WOOD_COLOURS, Rgb, shifted, triple
from hybridctl.sim.regions import regions_of
from hybridctl.sim.scene import SceneError, SceneSpec
from hybridctl.sim.splits import Split
from hybridctl.sim.surroundings import sample_look
from hybridctl.sim.thing_sampler import palette_of, sample_thing
from hybridctl.sim.things import FRUITS, SHAPES, ObjectSpec
from hybridctl.sim.world_model import CUP_BODIES, OBJECT_BODIES

ATTEMPTS = 400


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
        self._near: dict[int, Near] = {}
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
        return self.fixture(kind, label=f"{colour} {kind}", rgb=shifted(self.rng, ALL_COLOURS[colour]))

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
        spec = sample_thing(self.rng, self.split, shape, colour, size)
        self._things.append(spec)
        if sum(thing.shape != "cup" for thing in self._things) > OBJECT_BODIES:
            raise SceneError(f"seed {self._seed}: a scene holds at most {OBJECT_BODIES} things beside cups")
        if sum(thing.shape == "cup" for thing in self._things) > CUP_BODIES:
            raise SceneError(f"seed {self._seed}: a scene holds at most {CUP_BODIES} cups")
        number = len(self._things) - 1
        if inside:
            self._inside[number] = (inside, at)
        if beside is not None:
            self._near[number] = Near(of_fixture, beside, bearing, across)
        return number

    @property
    def things(self) -> tuple[ObjectSpec, ...]:
        """The things so far, in order; they have no places yet."""
        return tuple(self._things)

    def colours(self, count: int) -> list[str]:
        """Return different colour words of the split."""
        return [str(c) for c in self.rng.choice(sorted(palette_of(self.split)), size=count, replace=False)]

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
        palette = palette_of(self.split)
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
                spec = sample_thing(self.rng, self.split, shape or str(self.rng.choice(shapes)), colour, None)
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
        layout = Layout(self.rng, self._gap, self._inside, self._near)
        for _ in range(ATTEMPTS):
            fixtures = layout.place_fixtures(self._fixtures)
            if fixtures is None:
                continue
            scene = SceneSpec(self._seed, (), fixtures, look)
            things = layout.place_things(self._things, fixtures, regions_of(scene))
            if things is not None:
                return SceneSpec(self._seed, things, fixtures, look)
        raise SceneError(
            f"seed {self._seed}: no room for {len(self._fixtures)} fixtures and {len(self._things)} things"
        )
