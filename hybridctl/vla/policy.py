"""The VLA as a policy: prompts in, constrained tokens out, detokenized with the statistics that ship."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hybridctl.messages.action import ActionSpec
from hybridctl.messages.arrays import FloatArray
from hybridctl.messages.observation import Observation
from hybridctl.messages.policy import (
    ActAnswer,
    ActRequest,
    Confidence,
    LocateAnswer,
    LocateRequest,
    PlanAnswer,
    PlanRequest,
    PolicyError,
    Request,
)
from hybridctl.messages.tool_state import tool_state
from hybridctl.vla import prompts
from hybridctl.vla.action_tokens import ActionTokenizer, from_bins, to_bins
from hybridctl.vla.automaton import Grammar
from hybridctl.vla.checkpoint import EMBEDDED, Checkpoint, load_checkpoint
from hybridctl.vla.conversation import ChatConversation, Conversation, PlainConversation
from hybridctl.vla.decoded import Choice, Decoded
from hybridctl.vla.decoding import Decoder, Question
from hybridctl.vla.errors import ArchitectureError, LanguageError
from hybridctl.vla.grammar import ACTION_SEPARATOR, act_grammar, locate_grammar
from hybridctl.vla.image_prefix import ImagePrefix, grid_positions
from hybridctl.vla.plans import make_plans
from hybridctl.vla.surgery import SurgeryError, integer_tokens
from hybridctl.vla.vocabulary import encode


class InstructionError(ValueError):
    """An instruction cannot be given to the model."""


class CheckpointPolicy:
    """A VlaPolicy over a loaded checkpoint; greedy and deterministic.

    Attributes:
        pictures: What it is shown, in order: a request's `observation`, then its `others`.
        skills: The skills that it can plan with.
        image_size: Edge of the square that pictures are brought to [px].
        name: What it is, in words.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._tokenizer = checkpoint.tokenizer
        self._statistics = checkpoint.statistics
        self._own_words = checkpoint.language is None
        language = checkpoint.language
        self.pictures: tuple[str, ...] = ("scene",) if language is None else language.pictures
        self._conversation = _conversation(checkpoint, len(self.pictures))
        size = self._statistics.image_size
        blank = [np.full((size, size, 3), 128, dtype=np.uint8)] * len(self.pictures)
        prefix, vision = self._conversation.prefix, self._conversation.vision(blank)
        try:
            self._decoder = Decoder(checkpoint.model, grid=grid_positions(checkpoint.model, prefix, vision))
        except ValueError as error:
            raise ArchitectureError(f"{checkpoint.folder}: {error}") from error
        self._actions = ActionTokenizer(self._statistics.action_spec())
        self._integers = _action_ids(checkpoint)
        self._bin_of = {token: value for value, token in enumerate(self._integers)}
        separator = [i for text in ACTION_SEPARATOR for i in encode(self._tokenizer, text)]
        self._place_length, self._act_start = 2, 2 + len(separator)
        self._locate_grammar = locate_grammar(self._integers)
        self._act_grammar = act_grammar(self._integers, separator)
        self._plans = make_plans(self._tokenizer, language)
        self.skills = self._plans.skills
        self.image_size = size
        weights = sum(p.numel() for p in checkpoint.model.parameters())
        kind = type(checkpoint.model).__name__
        self.name = f"{kind} of {weights / 1e6:.3g} million weights in {checkpoint.folder}"
        self._prefix: tuple[tuple[Observation, ...], ImagePrefix] | None = None

    @property
    def action_spec(self) -> ActionSpec:
        """What the action tokens mean."""
        return self._actions.spec

    def plan(self, request: PlanRequest) -> PlanAnswer:
        """Decompose an instruction into subgoals by the plan grammar.

        Raises:
            InstructionError: the instruction is empty.
        """
        instruction = self.checked_instruction(request.instruction)
        answer = self._decode(request, prompts.plan_prompt(instruction), self._plans.grammar)
        text, plan = self._plans.read(answer.ids)
        return PlanAnswer(
            plan=plan, text=f"Plan: {text}", stamp=request.observation.stamp, confidence=_confidence(answer)
        )

    def checked_instruction(self, instruction: str) -> str:
        """Return the instruction as it is put to the model.

        Raises:
            InstructionError: it is empty, or holds words that the model never learned: it would not say so
                but do something else, with confidence.
        """
        text = instruction.strip().strip(".!?").strip()
        if not text:
            raise InstructionError(
                "the instruction is empty: say what to do, `put the red block in the bowl`"
            )
        unknown = [
            word
            for word in text.split()
            if self._tokenizer.unk_token_id in encode(self._tokenizer, word)
            or (self._own_words and word.isdigit())
        ]
        if unknown:
            raise InstructionError(
                f"the model does not know the words {', '.join(map(repr, unknown))}; it knows commands "
                "such as `put the red block in the bowl` and `pick up the blue ball`"
            )
        return text

    def act(self, request: ActRequest) -> ActAnswer:
        """Decode a place in the image and RT-2's eight action tokens.

        Raises:
            PolicyError: the model has not learned the subgoal's skill.
        """
        observation = request.observation
        if request.subgoal.skill not in self.skills:
            known = ", ".join(skill.value for skill in self.skills)
            raise PolicyError(f"the model has not learned to {request.subgoal}: it knows {known}")
        state = tool_state(observation.T_base_tool, observation.arm.gripper_width)
        s = self._statistics
        state_bins = to_bins(state, low=s.state_low, high=s.state_high, bins=s.bins).tolist()
        prompt = prompts.act_prompt(request.subgoal, state_bins)
        answer = self._decode(request, prompt, self._act_grammar)
        tokens = tuple(self._bin_of[i] for i in answer.ids[self._act_start :])
        return ActAnswer(
            action=self._actions.action(tokens),
            tokens=tokens,
            pixel=self._pixel(observation, answer.ids[: self._place_length]),
            T_base_tool=observation.T_base_tool,
            stamp=observation.stamp,
            confidence=_confidence(answer),
        )

    def locate(self, request: LocateRequest) -> LocateAnswer:
        """Point at what a phrase names: the most likely pixel and the spread of the token distribution."""
        phrase = self.checked_instruction(request.phrase)
        answer = self._decode(request, prompts.locate_prompt(phrase), self._locate_grammar)
        spread = np.array([_spread(self._by_bin(choice)) for choice in answer.choices])
        return LocateAnswer(
            pixel=self._pixel(request.observation, answer.ids),
            pixel_std=spread * _extent(request.observation) / self._statistics.bins,
            observation=request.observation,
            confidence=_confidence(answer),
        )

    def _decode(self, request: Request, prompt: str, grammar: Grammar) -> Decoded:
        shown = (request.observation, *request.others)[: len(self.pictures)]
        if len(shown) < len(self.pictures):
            raise PolicyError(
                f"the model looks at {len(self.pictures)} pictures ({', '.join(self.pictures)}), the request "
                f"has {len(shown)}: give the others in `others`"
            )
        if self._prefix is None or not _same(self._prefix[0], shown):
            vision = self._conversation.vision([observation.rgb for observation in shown])
            (seen,) = self._decoder.see(self._conversation.prefix, shared=True, **vision)
            self._prefix = (shown, seen)
        question = Question(self._prefix[1], self._conversation.question(prompt), grammar)
        return self._decoder.answer([question])[0].greedy

    def _by_bin(self, choice: Choice) -> FloatArray:
        """Return the probability of each integer, in their own order."""
        return choice.p[np.searchsorted(choice.allowed, self._integers)]

    def _pixel(self, observation: Observation, ids: Sequence[int]) -> FloatArray:
        """Return the pixel of two action tokens: the bins span the picture, whatever its size."""
        bins = [self._bin_of[i] for i in ids]
        return from_bins(bins, low=0.0, high=_extent(observation), bins=self._statistics.bins)


def load_policy(source: Path | str | None = None) -> CheckpointPolicy:
    """Load the policy in a folder or of a hub name, or the one that ships with hybridctl.

    Raises:
        CheckpointError: one of its kinds: the checkpoint is not complete or not sane.
    """
    return CheckpointPolicy(load_checkpoint(EMBEDDED if source is None else source))


def _conversation(checkpoint: Checkpoint, count: int) -> Conversation:
    if checkpoint.images is None:
        return PlainConversation(checkpoint.tokenizer, checkpoint.model.config)
    return ChatConversation(
        checkpoint.model, checkpoint.tokenizer, checkpoint.images, checkpoint.processor,
        count=count, size=checkpoint.statistics.image_size,
    )  # fmt: skip


def _action_ids(checkpoint: Checkpoint) -> list[int]:
    """Return the token id of each bin: what the language says, else the integers."""
    if checkpoint.language is None:
        try:
            return integer_tokens(checkpoint.tokenizer)
        except SurgeryError as error:
            raise LanguageError(f"{checkpoint.folder} has no language.json, and {error}") from error
    ids = list(checkpoint.language.action_ids)
    if max(ids) >= len(checkpoint.tokenizer):
        raise LanguageError(
            f"{checkpoint.folder}/language.json: the tokenizer has no token {max(ids)}, its "
            f"{len(checkpoint.tokenizer)} ids begin at 0"
        )
    return ids


def _extent(observation: Observation) -> FloatArray:
    """Return width and height of the picture [px], shape (2,)."""
    return np.array(observation.rgb.shape[1::-1], dtype=np.float64)


def _same(a: Sequence[Observation], b: Sequence[Observation]) -> bool:
    return len(a) == len(b) and all(x is y for x, y in zip(a, b, strict=True))


def _confidence(answer: Decoded) -> Confidence:
    return Confidence(log_probability=answer.log_probability, entropy=answer.entropy)


def _spread(p: FloatArray) -> float:
    """Return the standard deviation of a distribution over bins [bins], at least half a bin."""
    at = np.arange(p.size)
    mean = float(p @ at)
    return max(0.5, float(np.sqrt(p @ (at - mean) ** 2)))
