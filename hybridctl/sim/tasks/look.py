"""Look at a place with the wrist camera, at times after a while; or go home from elsewhere."""

from __future__ import annotations

import numpy as np

from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.plan import parse_plan
from hybridctl.sim.scene import SceneError, SceneSpec
from hybridctl.sim.splits import Split
from hybridctl.sim.tasks.sampling import SEEN, with_room
from hybridctl.sim.tasks.task import Task
from hybridctl.sim.tasks.wording import Wordings, said
from hybridctl.sim.workshop import SceneBuilder
from hybridctl.sim.world import GRIPPER_OPEN, HOME_Q, SimWorld

WORDINGS: dict[str, Wordings] = {
    "look": {
        "en": ("look at {place}", "take a closer look at {place}", "bring the wrist camera over {place}"),
        "zh": ("看看{place}", "用手腕相机看一下{place}", "仔细看{place}"),
        "es": ("mira {place}", "mira {place} de cerca", "pon la cámara de la muñeca sobre {place}"),
        "de": ("sieh dir {place} an", "schau dir {place} aus der Nähe an"),
    },
    "wait": {
        "en": ("wait {seconds} seconds, then look at {place}", "in {seconds} seconds, look at {place}"),
        "zh": ("等{seconds}秒，然后看看{place}", "{seconds}秒后看一下{place}"),
        "es": (
            "espera {seconds} segundos y luego mira {place}",
            "dentro de {seconds} segundos, mira {place}",
        ),
        "de": (
            "warte {seconds} Sekunden und sieh dir dann {place} an",
            "sieh dir in {seconds} Sekunden {place} an",
        ),
    },
    "home": {
        "en": ("go home", "move out of the way", "go back to where you do not hide the table"),
        "zh": ("回到初始位置", "让开，别挡住桌子"),
        "es": ("vuelve a tu posición inicial", "apártate de la mesa"),
        "de": ("fahr in die Grundstellung", "geh aus dem Weg"),
    },
}
_FROM_HOME = ((0.0, 0.48), 0.19)
"""Range of x, and most to the side, of what the wrist camera may have in view from home [m]."""


def sample(seed: int, *, split: Split = SEEN, language: str = "en") -> Task:
    """Return the task of a seed: a third each of looking at once, looking after a while, and going home."""
    return with_room(_composed, seed, split, language)


def _composed(builder: SceneBuilder, language: str) -> Task:
    rng = builder.rng
    kind = str(rng.choice(tuple(WORDINGS)))
    fixture = str(rng.choice(("plate", "bowl", "cabinet")))
    builder.fixture(fixture, opening=float(rng.uniform(0.8, 1.0)) if fixture == "cabinet" else 0.0)
    builder.thing(builder.shape())
    builder.fill()
    scene = builder.build()
    place = scene.target.phrase if rng.random() < 0.5 else scene.fixtures[0].phrase
    seconds = int(rng.integers(2, 6))
    if kind != "home" and _in_view_from_home(scene, place):
        raise SceneError(f"seed {scene.seed}: the {place} is in view from the start")
    plans = {"look": f"look {place}", "wait": f"wait {seconds}; look {place}", "home": "home"}
    text = said(rng, WORDINGS[kind], language, place=place, seconds=seconds)
    return Task(
        name="look",
        scene=scene,
        instruction=text,
        plan=parse_plan(plans[kind]),
        goal=(Condition(Predicate.AT_HOME) if kind == "home" else Condition(Predicate.IN_VIEW, place),),
        language=language,
        split=builder.split.name,
        actors=(_Elsewhere(rng.uniform(-1.0, 1.0, size=3)),) if kind == "home" else (),
    )


def _in_view_from_home(scene: SceneSpec, place: str) -> bool:
    (low, high), aside = _FROM_HOME
    places = {o.phrase: (o.x, o.y) for o in scene.objects} | {p.phrase: (p.x, p.y) for p in scene.fixtures}
    x, y = places[place]
    return low < x < high and abs(y) < aside


class _Elsewhere:
    """Puts the arm somewhere over the table before the episode, the tool pointing down.

    Args:
        where: Shares of how far aside, forward and up, shape (3,), each −1 to 1.
    """

    def __init__(self, where: np.ndarray) -> None:
        aside, forward, up = where
        q = np.array(HOME_Q)
        q[0] += np.sign(aside) * (0.35 + 0.35 * abs(aside))
        q[1] += 0.30 + 0.20 * forward
        q[3] += 0.15 * up
        q[5] = q[1] - q[3]  # keeps the tool upright
        self._q = q

    def reset(self, world: SimWorld) -> None:
        """Put the arm there."""
        world.set_arm(self._q, GRIPPER_OPEN)

    def act(self, world: SimWorld) -> None:
        """Do nothing more."""
