"""What stands fast on the table: containers, cards, the cabinet; their sizes and how people name them."""

from __future__ import annotations

from dataclasses import dataclass

from hybridctl.sim.palette import GREY, Rgb

COUNTS = {
    "bowl": 3, "plate": 1, "book": 1, "bin": 2, "card": 4, "cabinet": 1, "socket": 1, "tray": 1, "palm": 1,
    "obstacle": 1,
}  # fmt: skip
"""How many of each kind the world holds; those that a scene does not use are out of sight."""

BOWL_RADIUS, BOWL_HEIGHT, BOWL_FLOOR, BOWL_WALL = 0.075, 0.040, 0.006, 0.006
PLATE_RADIUS, PLATE_HEIGHT = 0.070, 0.008
BOOK_HALF, BOOK_HEIGHT = (0.050, 0.070), 0.016
BIN_HALF, BIN_HEIGHT, BIN_FLOOR, BIN_WALL = 0.075, 0.065, 0.005, 0.004
CARD_HALF = 0.035
SOCKET_HALF, SOCKET_HEIGHT, SOCKET_FLOOR, HOLE_HALF = 0.050, 0.045, 0.005, 0.018
TRAY_HALF, TRAY_HEIGHT, TRAY_FLOOR, TRAY_WALL = (0.046, 0.135), 0.022, 0.004, 0.003
COMPARTMENTS = ("first compartment", "second compartment", "third compartment")
PALM_HALF, PALM_TOP = 0.060, 0.115
"""Half side of an open hand and the height of its surface above the table [m]."""
OBSTACLE_RADIUS, OBSTACLE_HALF = 0.030, 0.120

CABINET_DEPTH, CABINET_HALF, CABINET_HEIGHT = 0.200, 0.115, 0.095
"""The cabinet's frame has its origin on the table below the middle of its front; x points out of it."""
DRAWER_TRAVEL = 0.160
DRAWER_FLOOR, DRAWER_RIM, DRAWER_DEPTH, DRAWER_HALF = 0.025, 0.075, 0.170, 0.095
"""Heights of the drawer's floor and rim above the table, and its inside [m]."""
HANDLE_OUT, HANDLE_HEIGHT, HANDLE_HALF, HANDLE_RADIUS = 0.047, 0.072, 0.050, 0.005
"""The handle's bar: its distance from the cabinet's front, height, half length and half thickness [m]."""


@dataclass(frozen=True)
class Fixture:
    """One thing that stands fast.

    Attributes:
        kind: One of COUNTS.
        x, y: Its origin in the base frame [m]: its middle, or the middle of a cabinet's front.
        yaw: Turn about the vertical [rad]; a drawer opens along the x axis that it gives.
        rgb: Its colour.
        label: How people name it, `blue bin`; its kind where empty.
        symbol: What a card shows.
        opening: By how much the drawer is open at the start [m].
    """

    kind: str
    x: float
    y: float
    yaw: float = 0.0
    rgb: Rgb = GREY
    label: str = ""
    symbol: str = ""
    opening: float = 0.0

    @property
    def phrase(self) -> str:
        """How people name it."""
        return self.label or self.symbol or {"palm": "person", "cabinet": "drawer"}.get(self.kind, self.kind)


def body_name(kind: str, index: int) -> str:
    """Return the name in the world of the `index`-th fixture of a kind: `bowl`, `bowl1`, …"""
    return kind if index == 0 else f"{kind}{index}"


RADII = {
    "bowl": BOWL_RADIUS, "plate": PLATE_RADIUS, "book": 0.075, "bin": 0.100, "card": 0.042, "cabinet": 0.13,
    "socket": 0.062, "tray": 0.135, "palm": 0.075, "obstacle": 0.05,
}  # fmt: skip
"""Of the circle on the table that a fixture needs, for laying out scenes [m]."""
