"""Sections of the gains: the room that the arm keeps to, and distances to what is in it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from controllers.configuration import Section

Coordinate = Annotated[float, Field(ge=-5.0, le=5.0)]


class Workspace(Section):
    """The box that the tool point stays in, base frame."""

    lower: tuple[Coordinate, Coordinate, Coordinate] = Field(description="Lowest x, y, z [m]")
    upper: tuple[Coordinate, Coordinate, Coordinate] = Field(description="Highest x, y, z [m]")
    margin: float = Field(
        ge=0.0, le=0.1, description="How far inside the box commands stay: room for the servos' lag [m]"
    )

    @model_validator(mode="after")
    def _has_room(self) -> Workspace:
        for axis, low, high in zip("xyz", self.lower, self.upper, strict=True):
            if not low + self.margin < high - self.margin:
                raise ValueError(f"{axis}: lower {low} is not below upper {high} by twice the margin")
        return self


class Table(Section):
    """The plane that hand and fingers stay above."""

    height: float = Field(ge=-2.0, le=2.0, description="Height of the table in the base frame [m]")
    clearance: float = Field(ge=0.0, le=0.2, description="Distance kept from it [m]")


class Obstacles(Section):
    """Bodies of the world that the arm keeps away from."""

    slots: int = Field(ge=0, le=16, description="How many there may be at once [1]")
    margin: float = Field(ge=0.0, le=0.3, description="Distance kept from them [m]")


class KeepOutZone(Section):
    """A box of the base frame that no part of hand and forearm enters."""

    lower: tuple[Coordinate, Coordinate, Coordinate] = Field(description="Lowest x, y, z [m]")
    upper: tuple[Coordinate, Coordinate, Coordinate] = Field(description="Highest x, y, z [m]")
    margin: float = Field(ge=0.0, le=0.3, description="Distance kept from it [m]")

    @model_validator(mode="after")
    def _has_room(self) -> KeepOutZone:
        for axis, low, high in zip("xyz", self.lower, self.upper, strict=True):
            if not low < high:
                raise ValueError(f"{axis}: lower {low} is not below upper {high}")
        return self


class HalfSpace(Section):
    """The side of a plane on which hand and forearm stay: normal·p ≥ offset."""

    normal: tuple[Coordinate, Coordinate, Coordinate] = Field(description="Points to the free side [1]")
    offset: float = Field(ge=-5.0, le=5.0, description="Of the plane along the unit normal [m]")
    margin: float = Field(ge=0.0, le=0.3, description="Distance kept from it [m]")

    @model_validator(mode="after")
    def _has_direction(self) -> HalfSpace:
        if sum(value**2 for value in self.normal) < 1e-6:
            raise ValueError(f"normal {list(self.normal)} has no direction")
        return self
