"""What a scene is made of: loose things, what stands fast, and how it all looks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from hybridctl.sim.fixtures import Fixture, body_name
from hybridctl.sim.palette import GREY, Rgb
from hybridctl.sim.things import ObjectSpec

CAMERA_FOVY_DEG = 38.0


@dataclass(frozen=True)
class Look:
    """Surroundings and camera of a scene.

    Attributes:
        table_rgb, floor_rgb, pedestal_rgb: Colours; a pedestal of None is a darker table.
        table_surface, floor_surface: Patterns by name (hybridctl.sim.surfaces).
        wall_rgb: A wall behind the robot; None for none.
        light_position: Of the lamp [m].
        light_diffuse, ambient: Its strength and that of the surroundings.
        light_rgb: Its tint.
        camera_position, camera_look_at: Scene camera [m].
        camera_fovy: Its vertical field of view [deg].
    """

    table_rgb: Rgb
    light_position: tuple[float, float, float]
    light_diffuse: float
    ambient: float
    camera_position: tuple[float, float, float]
    camera_look_at: tuple[float, float, float]
    camera_fovy: float = CAMERA_FOVY_DEG
    table_surface: str = "plain"
    floor_rgb: Rgb = GREY
    floor_surface: str = "plain"
    pedestal_rgb: Rgb | None = None
    wall_rgb: Rgb | None = None
    light_rgb: Rgb = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class SceneSpec:
    """All that a scene's look and layout are made of; the first object is the target."""

    seed: int
    objects: tuple[ObjectSpec, ...]
    fixtures: tuple[Fixture, ...]
    look: Look

    @property
    def target(self) -> ObjectSpec:
        """The object that the task is about."""
        return self.objects[0]

    @property
    def bowl_xy(self) -> tuple[float, float]:
        """Where the first bowl stands [m].

        Raises:
            SceneError: there is none.
        """
        for fixture in self.fixtures:
            if fixture.kind == "bowl":
                return fixture.x, fixture.y
        raise SceneError(f"scene {self.seed} has no bowl")

    @cached_property
    def object_bodies(self) -> tuple[str, ...]:
        """Name of each object's body in the world, in the order of `objects`."""
        counts = {"object": 0, "cup": 0}
        names = []
        for spec in self.objects:
            kind = "cup" if spec.shape == "cup" else "object"
            names.append(f"{kind}{counts[kind]}")
            counts[kind] += 1
        return tuple(names)

    @cached_property
    def fixture_bodies(self) -> tuple[str, ...]:
        """Name of each fixture's body in the world, in the order of `fixtures`."""
        seen: dict[str, int] = {}
        names = []
        for fixture in self.fixtures:
            names.append(body_name(fixture.kind, seen.get(fixture.kind, 0)))
            seen[fixture.kind] = seen.get(fixture.kind, 0) + 1
        return tuple(names)


class SceneError(ValueError):
    """A scene was asked for that cannot be made."""
