"""Chains of 1, 2, 3, 5 and 10 steps in one scene: `open the drawer, then put … in it, then close it`."""

from __future__ import annotations

from dataclasses import dataclass, field

from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.plan import Plan, Skill, Subgoal
from hybridctl.sim.scene import SceneError
from hybridctl.sim.splits import Split
from hybridctl.sim.symbols import SYMBOLS
from hybridctl.sim.tasks.lanes import has_lane
from hybridctl.sim.tasks.sampling import SEEN, with_room
from hybridctl.sim.tasks.task import Task
from hybridctl.sim.tasks.wording import Wordings, said
from hybridctl.sim.workshop import SceneBuilder

WORDINGS: dict[str, Wordings] = {
    "open": {
        "en": ("open {place}", "pull {place} open"),
        "zh": ("打开{place}", "拉开{place}"),
        "es": ("abre {place}", "tira de {place} para abrirlo"),
        "de": ("öffne {place}", "zieh {place} auf"),
    },
    "close": {
        "en": ("close {place}", "push {place} shut"),
        "zh": ("关上{place}", "把{place}推上"),
        "es": ("cierra {place}", "empuja {place} hasta cerrarlo"),
        "de": ("schließ {place}", "schieb {place} zu"),
    },
    "pick": {
        "en": ("pick up {thing}", "take {thing}"),
        "zh": ("拿起{thing}", "把{thing}拿起来"),
        "es": ("coge {thing}", "levanta {thing}"),
        "de": ("nimm {thing}", "heb {thing} hoch"),
    },
    "push": {
        "en": ("push {thing} to {place}", "slide {thing} over to {place}"),
        "zh": ("把{thing}推到{place}那里", "将{thing}推向{place}"),
        "es": ("empuja {thing} hasta {place}", "desliza {thing} hasta {place}"),
        "de": ("schieb {thing} zu {place:dat}", "schieb {thing} bis zu {place:dat}"),
    },
    "in": {
        "en": ("put {thing} in {place}", "place {thing} into {place}"),
        "zh": ("把{thing}放进{place}里", "将{thing}放到{place}里"),
        "es": ("pon {thing} en {place}", "mete {thing} en {place}"),
        "de": ("leg {thing} in {place}", "tu {thing} in {place}"),
    },
    "on": {
        "en": ("put {thing} on {place}", "place {thing} on {place}"),
        "zh": ("把{thing}放在{place}上", "将{thing}放到{place}上"),
        "es": ("pon {thing} sobre {place}", "coloca {thing} encima de {place}"),
        "de": ("leg {thing} auf {place}", "stell {thing} auf {place}"),
    },
}
_JOINTS: Wordings = {
    "en": (", then ", " and then "),
    "zh": ("，然后", "，接着"),
    "es": (", luego ", " y después "),
    "de": (", dann ", " und danach "),
}
"""What stands between two steps; the first alone where there are many."""
LENGTHS = (1, 2, 3, 5, 10)
_SHAPES: dict[int, tuple[tuple[str, ...], ...]] = {
    1: (("open",), ("close",), ("pick",), ("push",)),
    2: (("move",), ("open", "pick"), ("push", "pick"), ("close", "pick"), ("push", "open")),
    3: (("move", "pick"), ("open", "store"), ("move", "push"), ("store", "close"), ("move", "open")),
    5: (
        ("open", "store", "close", "pick"),
        ("move", "move", "pick"),
        ("push", "move", "move"),
        ("open", "store", "move"),
        ("store", "close", "move"),
    ),
    10: (
        ("open", "store", "move", "move", "move", "close"),
        ("open", "move", "store", "store", "move", "close"),
    ),
}
"""What a chain of each length is made of: `move` and `store` (into the drawer) are two steps each."""
_TOO_TALL = ("can", "pear")
"""What a drawer does not close over."""
_PLACES = {"bowl": Predicate.IN, "bin": Predicate.IN, "plate": Predicate.ON, "book": Predicate.ON}


def sample(seed: int, *, split: Split = SEEN, language: str = "en", steps: int = 3) -> Task:
    """Return a chain of `steps` steps, one of LENGTHS: each step is one skill of the plan.

    Raises:
        SceneError: there are no chains of that length.
    """
    if steps not in LENGTHS:
        raise SceneError(f"no chain has {steps} steps, expected one of {', '.join(map(str, LENGTHS))}")

    def composed(builder: SceneBuilder, language: str) -> Task:
        return _composed(builder, language, steps)

    return with_room(composed, seed, split, language)


@dataclass
class _Chain:
    """A chain as it grows: what is done, what must hold in the end, and how each step is said."""

    steps: list[Subgoal] = field(default_factory=list)
    goal: list[Condition] = field(default_factory=list)
    clauses: list[tuple[str, dict[str, str]]] = field(default_factory=list)


def _composed(builder: SceneBuilder, language: str, steps: int) -> Task:
    rng = builder.rng
    links = _SHAPES[steps][int(rng.integers(len(_SHAPES[steps])))]
    drawer = next((link for link in links if link in ("open", "close", "store")), "")
    if drawer:
        # It is open at the start where the first thing done with it needs that.
        builder.fixture("cabinet", opening=0.0 if drawer == "open" else 1.0)
    places = [str(kind) for kind in rng.permutation(sorted(_PLACES))[: links.count("move")]]
    for kind in places:
        builder.fixture(kind)
    chain, pushed = _Chain(), ""
    for link in links:
        if link in ("open", "close"):
            _turn(chain, link)
        elif link == "push":
            symbol = str(rng.choice(SYMBOLS))
            builder.fixture("card", symbol=symbol)
            pushed = _pushed(builder, chain, symbol)
        else:
            where = {"pick": "", "store": "drawer"}.get(link) or (places.pop() if link == "move" else "")
            _carried(builder, chain, where)
    builder.fill(1 if steps > 3 else None)
    scene = builder.build()
    if pushed:
        card = next(p for p in scene.fixtures if p.kind == "card")
        number = [thing.phrase for thing in scene.objects].index(pushed)
        if not has_lane(scene, number, (card.x, card.y)):
            raise SceneError(
                f"scene {scene.seed}: the {pushed} cannot be pushed straight to the {card.phrase}"
            )
    named = {condition.subject for condition in chain.goal}
    joints = _JOINTS[language]
    joint = joints[0] if len(chain.clauses) > 2 else joints[int(rng.integers(len(joints)))]
    return Task(
        name=f"chain_{steps}",
        scene=scene,
        instruction=joint.join(
            said(rng, WORDINGS[kind], language, **said_of) for kind, said_of in chain.clauses
        ),
        plan=Plan(tuple(chain.steps)),
        goal=tuple(chain.goal),
        about=frozenset(
            body for body, o in zip(scene.object_bodies, scene.objects, strict=True) if o.phrase in named
        ),
        language=language,
        split=builder.split.name,
        time_limit=20.0 + 18.0 * steps,
    )


def _turn(chain: _Chain, link: str) -> None:
    """Open or close the drawer; only the last of these must hold in the end."""
    chain.steps.append(Subgoal(Skill.OPEN if link == "open" else Skill.CLOSE, "drawer"))
    chain.goal = [c for c in chain.goal if c.predicate not in (Predicate.OPEN, Predicate.CLOSED)]
    chain.goal.append(Condition(Predicate.OPEN if link == "open" else Predicate.CLOSED, "drawer"))
    chain.clauses.append((link, {"place": "drawer"}))


def _pushed(builder: SceneBuilder, chain: _Chain, symbol: str) -> str:
    unseen = builder.split.variation == "unseen-objects"
    thing = _fresh(builder, "pyramid" if unseen else str(builder.rng.choice(("block", "cylinder"))))
    chain.steps.append(Subgoal(Skill.PUSH, thing, toward=symbol))
    chain.goal.append(Condition(Predicate.AT, thing, symbol))
    chain.clauses.append(("push", {"thing": thing, "place": symbol}))
    return thing


def _carried(builder: SceneBuilder, chain: _Chain, where: str) -> None:
    """Pick a new thing; put it where `where` says, or keep it in the hand where that is empty."""
    shape = builder.shape()
    thing = _fresh(builder, None if where == "drawer" and shape in _TOO_TALL else shape)
    chain.steps.append(Subgoal(Skill.PICK, thing))
    if not where:
        chain.goal.append(Condition(Predicate.HOLDING, thing))
        chain.clauses.append(("pick", {"thing": thing}))
        return
    predicate = _PLACES.get(where, Predicate.IN)
    inside = predicate is Predicate.IN
    chain.steps.append(Subgoal(Skill.PLACE_IN if inside else Skill.PLACE_ON, where))
    chain.goal.append(Condition(predicate, thing, where))
    chain.clauses.append(("in" if inside else "on", {"thing": thing, "place": where}))


def _fresh(builder: SceneBuilder, shape: str | None) -> str:
    """Add a thing whose phrase no other has, and return that.

    Raises:
        SceneError: it came out like another.
    """
    taken = {thing.phrase for thing in builder.things}
    builder.thing(shape)
    phrase = builder.things[-1].phrase
    if phrase in taken:
        raise SceneError(f"two things of the chain are both called {phrase}")
    return phrase
