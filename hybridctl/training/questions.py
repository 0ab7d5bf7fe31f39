"""From the truth of an image to questions with answers: plan, act and locate."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from transformers import PreTrainedTokenizerFast

from hybridctl.data.expert import expert_action
from hybridctl.data.rendered import ImageLabel, ThingLabel
from hybridctl.messages.plan import Skill, Subgoal
from hybridctl.vla import prompts
from hybridctl.vla.action_tokens import ActionTokenizer, to_bins
from hybridctl.vla.grammar import ACTION_SEPARATOR
from hybridctl.vla.statistics import Statistics
from hybridctl.vla.vocabulary import encode, integer_ids


@dataclass(frozen=True)
class Question:
    """A question with its answer.

    Attributes:
        kind: `locate`, `act` or `plan`.
        prompt: Token ids of the question.
        answer: Token ids of the answer, the end token included.
        bins: For each answer token the integer it stands for, or -1: integers get soft targets.
        learn: For each answer token whether it counts in the loss (forced tokens do not).
        patch: Image patch of the named thing in raster order, or -1 where it is not seen.
        thing: Index of the named thing in the label, or -1.
    """

    kind: str
    prompt: list[int]
    answer: list[int]
    bins: list[int]
    learn: list[bool]
    patch: int
    thing: int


class QuestionMaker:
    """Samples questions about an image; texts are encoded once and remembered."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast, statistics: Statistics) -> None:
        self._integers = integer_ids(tokenizer)
        self._eos = int(tokenizer.eos_token_id)
        self._statistics = statistics
        self._actions = ActionTokenizer(statistics.action_spec())
        self._encode = lru_cache(maxsize=20_000)(lambda text: tuple(encode(tokenizer, text)))

    def sample(
        self, rng: np.random.Generator, label: ImageLabel, *, locate: int, act: int, plan: int
    ) -> list[Question]:
        """Return up to that many questions of each kind that this image can answer."""
        seen = [i for i, thing in enumerate(label.things) if thing.visible and self._in_image(thing)]
        found = [self.locate(label, int(i)) for i in rng.permutation(seen)[:locate]]
        found += [self._any_act(rng, label) for _ in range(act)]
        found += [self._any_plan(rng, label) for _ in range(plan)]
        return found

    def locate(self, label: ImageLabel, thing: int) -> Question:
        """Ask where a thing is."""
        return self._question(
            "locate",
            prompts.locate_prompt(label.things[thing].phrase),
            self._place(label, thing),
            label,
            thing,
        )

    def act(self, label: ImageLabel, skill: Skill, thing: int) -> Question:
        """Ask for the expert's action on a thing."""
        named = label.things[thing]
        values = expert_action(
            skill, np.array(label.state), np.array(named.position), yaw=named.yaw, top=named.top
        )
        tokens = [*self._place(label, thing), *ACTION_SEPARATOR, *self._actions.encode(values).tolist()]
        statistics = self._statistics
        state = to_bins(
            label.state, low=statistics.state_low, high=statistics.state_high, bins=statistics.bins
        )
        text = prompts.act_prompt(Subgoal(skill, named.phrase), state.tolist())
        return self._question("act", text, tokens, label, thing)

    def plan(self, label: ImageLabel, instruction: str, phrase: str, *, put: bool) -> Question:
        """Ask for the plan that carries out an instruction about the thing called `phrase`."""
        thing = next((i for i, t in enumerate(label.things) if t.phrase == phrase), -1)
        subgoals: tuple[Subgoal, ...] = ()
        if thing >= 0:
            subgoals = (Subgoal(Skill.PICK, phrase),)
            if put:
                subgoals += (Subgoal(Skill.PLACE_IN, "bowl"),)
        return self._question(
            "plan", prompts.plan_prompt(instruction), [prompts.plan_text(subgoals)], label, thing
        )

    def _any_act(self, rng: np.random.Generator, label: ImageLabel) -> Question:
        if label.mode == "carry":
            return self.act(label, Skill.PLACE_IN, len(label.things) - 1)
        free = [i for i, thing in enumerate(label.things[:-1]) if not thing.in_bowl]
        others = rng.random() < (0.25 if label.mode == "approach" else 1.0)
        thing = int(rng.choice(free)) if others and free else label.focus
        return self.act(label, Skill.PICK, thing)

    def _any_plan(self, rng: np.random.Generator, label: ImageLabel) -> Question:
        present = [t.phrase for t in label.things[:-1] if t.visible and not t.held]
        if present and rng.random() < 0.75:
            phrase = str(rng.choice(present))
        else:
            known = {t.phrase for t in label.things}
            phrase = str(rng.choice([p for p in prompts.object_phrases() if p not in known]))
        put = bool(rng.random() < 0.7)
        templates = prompts.PUT_INSTRUCTIONS if put else prompts.PICK_INSTRUCTIONS
        instruction = str(rng.choice(templates)).format(o=phrase)
        return self.plan(label, instruction, phrase, put=put)

    def _place(self, label: ImageLabel, thing: int) -> list[int | str]:
        size = self._statistics.image_size
        bins = to_bins(label.things[thing].pixel, low=0.0, high=float(size), bins=self._statistics.bins)
        return [int(b) for b in bins]

    def _in_image(self, thing: ThingLabel) -> bool:
        return all(0 <= value < self._statistics.image_size for value in thing.pixel)

    def _question(
        self, kind: str, text: str, answer: list[int | str], label: ImageLabel, thing: int
    ) -> Question:
        """Build a question from an answer of integers (bins) and texts (the action separator is forced)."""
        ids: list[int] = []
        bins: list[int] = []
        learn: list[bool] = []
        for part in answer:
            if isinstance(part, int):
                ids.append(self._integers[part])
                bins.append(part)
                learn.append(True)
            else:
                tokens = self._encode(part)
                ids += tokens
                bins += [-1] * len(tokens)
                learn += [part not in ACTION_SEPARATOR] * len(tokens)
        ids.append(self._eos)
        bins.append(-1)
        learn.append(kind == "plan")
        patch = -1
        if thing >= 0 and label.things[thing].visible and self._in_image(label.things[thing]):
            columns = self._statistics.image_size // 16
            u, v = label.things[thing].pixel
            patch = int(v // 16) * columns + int(u // 16)
        prompt = list(self._encode(text)) if kind != "act" else self._act_prompt(text)
        return Question(kind, prompt, ids, bins, learn, patch, thing)

    def _act_prompt(self, text: str) -> list[int]:
        """Encode word by word: the states differ each time, so whole texts are never seen again."""
        head, state = text.split("? tool ")
        numbers, tail = state.split(" A:")
        ids = [*self._encode(head + "? tool"), *(self._integers[int(n)] for n in numbers.split())]
        return [*ids, *self._encode("A:" + tail)]
