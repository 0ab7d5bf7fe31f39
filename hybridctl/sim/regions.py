"""Where things can be put: the inside of containers and the tops of surfaces, in frames of their bodies."""

from __future__ import annotations

from dataclasses import dataclass

from hybridctl.sim import fixtures as f
from hybridctl.sim.scene import SceneSpec
from hybridctl.sim.things import CUP_RADIUS, ObjectSpec, parts_of


@dataclass(frozen=True)
class Region:
    """A place that takes things.

    Attributes:
        body: The body whose frame it is in.
        kind: `in` a container, `on` a surface, a `hole`, or a person's `hand`.
        half: Half sides along the frame's x and y; of a round one its radius, twice [m].
        floor: Height of what things come to rest on [m].
        rim: Height of the wall around it [m]; the floor's where there is none.
        centre: Its middle in the frame, x and y [m].
        round: Whether it is a circle.
    """

    body: str
    kind: str
    half: tuple[float, float]
    floor: float
    rim: float
    centre: tuple[float, float] = (0.0, 0.0)
    round: bool = False

    def holds(self, x: float, y: float, *, margin: float = 0.0) -> bool:
        """Return whether a point of the frame is over it, `margin` [m] or more from its border."""
        dx, dy = x - self.centre[0], y - self.centre[1]
        if self.round:
            return dx * dx + dy * dy < (self.half[0] - margin) ** 2
        return abs(dx) < self.half[0] - margin and abs(dy) < self.half[1] - margin


def regions_of(scene: SceneSpec) -> dict[str, Region]:
    """Return the region that each phrase names: containers, surfaces, and the tops of loose things."""
    found: dict[str, Region] = {}
    for body, fixture in zip(scene.fixture_bodies, scene.fixtures, strict=True):
        found.update(_of_fixture(body, fixture))
    for body, spec in zip(scene.object_bodies, scene.objects, strict=True):
        # Of several things that are called the same, the later ones are known by their bodies.
        found[body if spec.phrase in found else spec.phrase] = _top_of(body, spec)
    return found


def _of_fixture(body: str, fixture: f.Fixture) -> dict[str, Region]:
    kind, phrase = fixture.kind, fixture.phrase
    if kind == "bowl":
        inner = f.BOWL_RADIUS - f.BOWL_WALL
        return {phrase: Region(body, "in", (inner, inner), f.BOWL_FLOOR, f.BOWL_HEIGHT, round=True)}
    if kind == "bin":
        inner = f.BIN_HALF - f.BIN_WALL
        return {phrase: Region(body, "in", (inner, inner), f.BIN_FLOOR, f.BIN_HEIGHT)}
    if kind == "cabinet":
        half = (f.DRAWER_DEPTH / 2, f.DRAWER_HALF)
        centre = (-f.DRAWER_DEPTH / 2, 0.0)
        return {phrase: Region("drawer", "in", half, f.DRAWER_FLOOR, f.DRAWER_RIM, centre)}
    if kind == "tray":
        third = 2 * f.TRAY_HALF[1] / 3
        half = (f.TRAY_HALF[0] - f.TRAY_WALL, third / 2 - f.TRAY_WALL)
        return {
            name: Region(body, "in", half, f.TRAY_FLOOR, f.TRAY_HEIGHT, (0.0, (1 - i) * third))
            for i, name in enumerate(f.COMPARTMENTS)
        }
    if kind == "socket":
        half = (f.HOLE_HALF, f.HOLE_HALF)
        return {phrase: Region(body, "hole", half, f.SOCKET_FLOOR, f.SOCKET_HEIGHT)}
    if kind == "palm":
        half = (f.PALM_HALF - 0.01, f.PALM_HALF - 0.01)
        return {phrase: Region(body, "hand", half, f.PALM_TOP, f.PALM_TOP + 0.012)}
    if kind == "plate":
        return {phrase: Region(body, "on", (f.PLATE_RADIUS,) * 2, f.PLATE_HEIGHT, f.PLATE_HEIGHT, round=True)}
    if kind == "book":
        return {phrase: Region(body, "on", f.BOOK_HALF, f.BOOK_HEIGHT, f.BOOK_HEIGHT)}
    if kind == "card":
        return {phrase: Region(body, "on", (f.CARD_HALF,) * 2, 0.0, 0.0)}
    return {}


def _top_of(body: str, spec: ObjectSpec) -> Region:
    top = spec.height / 2
    if spec.shape == "cup":
        inner = CUP_RADIUS - 0.004
        return Region(body, "in", (inner, inner), 0.005 - top, top, round=True)
    square = parts_of(spec)[0].kind == "box"
    return Region(body, "on", (spec.size / 2, spec.size / 2), top, top, round=not square)
