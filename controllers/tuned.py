"""What rests on gains, one set for each skill, made before it is needed and swapped between two periods."""

from __future__ import annotations

from dataclasses import dataclass

from controllers.errors import GainsError
from controllers.gains import Gains, fixed
from controllers.limiter import Limiter
from controllers.mpc import Mpc
from controllers.robot_model import RobotModel
from controllers.takeover import can_take_over


@dataclass(frozen=True, eq=False)
class Tuned:
    """What rests on one set of gains.

    Attributes:
        gains: The gains.
        mpc: Plans.
        limiter: Bounds each command.
        brake: Takes the limiter's place while a stop is in force: it may brake harder than motion does.
        braking_time: How long full braking from full speed takes, the slowest joint's [s].
    """

    gains: Gains
    mpc: Mpc
    limiter: Limiter
    brake: Limiter
    braking_time: float


class TunedSets:
    """The sets of all skills, the one in use, and the one that waits to be.

    Args:
        model: The robot.
        gains: Gains with their overrides by skill.
    """

    def __init__(self, model: RobotModel, gains: Gains) -> None:
        self._model = model
        self._sets = self._made(gains, {})
        self._next: Tuned | None = None
        self.skill: str | None = None
        self.current = self._sets[None]

    def set_gains(self, gains: Gains) -> None:
        """Let new gains wait.

        Raises:
            GainsError: they change what cannot change while an arm moves. The old gains stay.
        """
        wanted = fixed(gains)
        for key, was in fixed(self._sets[None].gains).items():
            if wanted[key] != was:
                raise GainsError(
                    f"{key} = {wanted[key]}: cannot change while the controller runs, where it is {was}: "
                    "restart with the new gains"
                )
        self._sets = self._made(gains, self._sets)
        self._next = self._sets.get(self.skill, self._sets[None])

    def use_skill(self, name: str | None) -> None:
        """Let a skill's gains wait.

        Raises:
            GainsError: there is no such skill.
        """
        if name is not None:
            self._sets[None].gains.for_skill(name)
        self.skill = name
        self._next = self._sets.get(name, self._sets[None])

    def take_over(self) -> bool:
        """Swap to the set that waits, if it may take over a moving arm, and say whether another one is used.

        The new limiter goes on from the last command; what was planned by other gains is void.
        """
        waiting, limiter = self._next, self.current.limiter
        if waiting is None or not can_take_over(
            self._model, self.current.gains, waiting.gains, q=limiter.q, dq=limiter.dq
        ):
            return False
        self._next = None
        if waiting is self.current:
            return False
        waiting.limiter.reset(q=limiter.q, dq=limiter.dq)
        waiting.mpc.reset()
        self.current = waiting
        return True

    def _made(self, gains: Gains, known: dict[str | None, Tuned]) -> dict[str | None, Tuned]:
        """Make the set for all (None) and for each skill; what is the same stays `known`."""
        wanted: dict[str | None, Gains] = {None: gains}
        wanted |= {name: gains.for_skill(name) for name in gains.overridden_skills}
        return {
            name: known[name] if name in known and known[name].gains == one else self._make(one)
            for name, one in wanted.items()
        }

    def _make(self, gains: Gains) -> Tuned:
        model, scales = self._model, gains.scales

        def limiter(part: float) -> Limiter:
            return Limiter(
                q_min=model.q_min + scales.joint_margin,
                q_max=model.q_max - scales.joint_margin,
                dq_max=scales.velocity * model.dq_max,
                ddq_max=part * model.ddq_max,
                dt=gains.dt,
            )

        return Tuned(
            gains,
            Mpc(model, gains),
            limiter(scales.acceleration),
            limiter(gains.contacts.braking),
            float((scales.velocity * model.dq_max / (scales.acceleration * model.ddq_max)).max()),
        )
