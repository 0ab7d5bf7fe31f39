"""The scripted expert: carries out a task's plan from truth, as a tree that the runtime ticks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from controllers.controller import Controller
from hybridctl.data.experts.crossing import clear_of_crossing
from hybridctl.data.experts.drawer import close_drawer, open_drawer
from hybridctl.data.experts.grasp import pick
from hybridctl.data.experts.hands import ExpertError, Hands, Motion
from hybridctl.data.experts.place import place, set_down
from hybridctl.data.experts.plain import home, look, straighten, wait
from hybridctl.data.experts.push import push
from hybridctl.messages.arm import ArmState
from hybridctl.messages.clock import Clock
from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.plan import Skill, Subgoal
from hybridctl.sim.fixtures import DRAWER_DEPTH, DRAWER_HALF, DRAWER_RIM
from hybridctl.sim.tasks.conditions import OPEN_FRACTION, TruthOf
from hybridctl.sim.tasks.task import Task
from hybridctl.sim.truth import drawer_fraction, true_pose
from hybridctl.sim.world import SimWorld

ATTEMPTS = 4
"""How often a subgoal is tried."""
TRANSIT, TRANSIT_OVER_OBSTACLE = 0.22, 0.32


@dataclass
class Step:
    """How one subgoal went: what it was, how often it was tried, and whether its postconditions hold."""

    subgoal: Subgoal
    attempts: int = 0
    done: bool = False


class ScriptedExpert:
    """Carries out the plan of one task on the world as it is; it meets the runtime's `TickedTree`.

    A subgoal whose postcondition does not hold is tried again, from picking up anew where what was held is
    lost, up to ATTEMPTS times: that is how demonstrations of recovery come about.

    Args:
        world: The truth.
        task: What to do.
        controller: The one door to the arm.
        clock: The world's.
    """

    def __init__(self, world: SimWorld, task: Task, controller: Controller, clock: Clock) -> None:
        self._world, self._task, self._controller = world, task, controller
        crossing = any(fixture.kind == "obstacle" for fixture in task.scene.fixtures)
        truth = TruthOf(world, task.referents)
        transit = TRANSIT_OVER_OBSTACLE if crossing else TRANSIT
        clear = clear_of_crossing(world, task)
        self._hands = Hands(controller, clock, truth, transit=transit, clear=clear)
        self._truth = truth
        self._motion: Motion | None = None
        self._tip = ""
        self._failures: list[dict[str, Any]] = []
        self.steps: list[Step] = []

    def tick(self, state: ArmState, *, commanded_width: float) -> str:
        """Go on by one tick: `RUNNING`, `SUCCESS` or `FAILURE`."""
        self._hands.feel(state)
        if self._motion is None:
            self._motion = self._whole()
        try:
            next(self._motion)
        except StopIteration:
            return "SUCCESS"
        except ExpertError:
            return "FAILURE"
        return "RUNNING"

    def halt(self) -> None:
        """Give up and brake."""
        if self._motion is not None:
            self._motion.close()  # type: ignore[attr-defined]
        self._controller.hold()

    def tip(self) -> str:
        """Return the subgoal that is being carried out."""
        return self._tip

    def failures(self) -> list[dict[str, Any]]:
        """Return attempts that failed, in order."""
        return list(self._failures)

    def _whole(self) -> Motion:
        yield from straighten(self._hands)
        plan = self._task.plan
        for index, subgoal in enumerate(plan.subgoals):
            yield from self._carried_out(subgoal, plan.held_before(index))

    def _carried_out(self, subgoal: Subgoal, held: str) -> Motion:
        step = Step(subgoal)
        self.steps.append(step)
        for attempt in range(ATTEMPTS):
            self._tip = str(subgoal)
            step.attempts += 1
            try:
                if held and not self._holds(Condition(Predicate.HOLDING, held)):
                    # What was held is lost: this is a pick again before it is anything else.
                    self._tip = f"pick {held}"
                    yield from pick(self._world, self._hands, held)
                    self._tip = str(subgoal)
                yield from self._reopened(subgoal, held)
                yield from self._once(subgoal, held)
                yield from self._settled(subgoal, held)
                step.done = True
                return
            except ExpertError as error:
                self._note(subgoal, str(error))
                if attempt + 1 == ATTEMPTS:
                    raise

    def _reopened(self, subgoal: Subgoal, held: str) -> Motion:
        """Open a drawer that was shut and that this subgoal needs; what is held is set down meanwhile."""
        if not self._shut_away(subgoal):
            return
        if held:
            self._tip = f"place_on table, for the drawer is shut: {held}"
            yield from set_down(self._world, self._hands, held)
        self._tip = "open drawer"
        yield from open_drawer(self._world, self._hands)
        if held:
            self._tip = f"pick {held}"
            yield from pick(self._world, self._hands, held)
        self._tip = str(subgoal)

    def _shut_away(self, subgoal: Subgoal) -> bool:
        """Return whether a subgoal puts something into the drawer, or takes it out, and that is not open."""
        if subgoal.skill is Skill.PICK:
            T = true_pose(self._world, "drawer")
            x, y, z = T[:3, :3].T @ (self._truth.thing(subgoal.target).position - T[:3, 3])
            inside = -DRAWER_DEPTH < x < 0.0 and abs(y) < DRAWER_HALF and z < DRAWER_RIM + 0.03
        else:
            inside = subgoal.skill is Skill.PLACE_IN and self._truth.region(subgoal.target).body == "drawer"
        return inside and drawer_fraction(self._world) < OPEN_FRACTION

    def _once(self, subgoal: Subgoal, held: str) -> Motion:
        world, hands, target = self._world, self._hands, subgoal.target
        skill = subgoal.skill
        if skill is Skill.PICK:
            return pick(world, hands, target, subgoal.part)
        if skill in (Skill.PLACE_IN, Skill.PLACE_ON, Skill.INSERT, Skill.HAND_OVER):
            return place(world, hands, held, target)
        if skill is Skill.PUSH:
            return push(world, hands, target, subgoal.toward)
        if skill is Skill.OPEN:
            return open_drawer(world, hands)
        if skill is Skill.CLOSE:
            return close_drawer(world, hands)
        if skill is Skill.LOOK:
            return look(world, hands, target)
        if skill is Skill.HOME:
            return home(hands)
        # What only asks the model needs no motion: the expert's answers are labels (hybridctl.data).
        return wait(hands, subgoal.seconds or 0.1)

    def _settled(self, subgoal: Subgoal, held: str) -> Motion:
        """Give the physics a moment until the postconditions hold.

        Raises:
            ExpertError: they do not.
        """
        wanted = [
            c
            for c in subgoal.postconditions(held=held)
            if c.predicate not in (Predicate.SEEN, Predicate.KNOWN)
        ]
        if subgoal.skill is Skill.LOOK:  # what memory would have seen is in the wrist camera's view
            wanted.append(Condition(Predicate.IN_VIEW, subgoal.target))
        begun = self._hands.now()
        while missing := [c for c in wanted if not self._holds(c)]:
            if self._hands.now() - begun > 1.0:
                raise ExpertError(f"not so: {', '.join(map(str, missing))}")
            yield from self._hands.stay(0.05)

    def _holds(self, condition: Condition) -> bool:
        return self._truth.holds(condition)

    def _note(self, subgoal: Subgoal, why: str) -> None:
        stamp = round(self._hands.now(), 3)
        self._failures.append({"leaf": str(subgoal), "kind": "execution", "why": why, "stamp": stamp})
