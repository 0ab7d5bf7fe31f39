"""The VLA as a policy: prompts in, constrained tokens out, detokenized with the statistics that ship."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

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
)
from hybridctl.messages.tool_state import tool_state
from hybridctl.vla import prompts
from hybridctl.vla.action_tokens import ActionTokenizer, from_bins, to_bins
from hybridctl.vla.automaton import Grammar
from hybridctl.vla.checkpoint import EMBEDDED, Checkpoint, load_checkpoint
from hybridctl.vla.decoded import Choice, Decoded
from hybridctl.vla.decoding import Decoder, Question
from hybridctl.vla.errors import CheckpointError
from hybridctl.vla.grammar import ACTION_SEPARATOR, act_grammar, closed_grammar, locate_grammar, plan_texts
from hybridctl.vla.image_prefix import ImagePrefix
from hybridctl.vla.vocabulary import encode, integer_ids


class InstructionError(ValueError):
    """An instruction cannot be given to the model."""


class CheckpointPolicy:
    """A VlaPolicy over a loaded checkpoint; greedy and deterministic."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._tokenizer = checkpoint.tokenizer
        self._decoder = Decoder(checkpoint.model)
        config = checkpoint.model.config
        self._image_tokens = [int(config.image_token_id)] * int(config.image_seq_length)
        self._statistics = checkpoint.statistics
        self._actions = ActionTokenizer(self._statistics.action_spec())
        self._integers = integer_ids(self._tokenizer)
        self._bin_of = {token: value for value, token in enumerate(self._integers)}
        separator = [i for text in ACTION_SEPARATOR for i in encode(self._tokenizer, text)]
        self._place_length, self._act_start = 2, 2 + len(separator)
        self._locate_grammar = locate_grammar(self._integers)
        self._act_grammar = act_grammar(self._integers, separator)
        self._plans = {tuple(encode(self._tokenizer, t)): (t, plan) for t, plan in plan_texts().items()}
        eos = int(self._tokenizer.eos_token_id)
        self._plan_grammar = closed_grammar([[*ids, eos] for ids in self._plans])
        self._prefix: tuple[Observation, ImagePrefix] | None = None

    @property
    def action_spec(self) -> ActionSpec:
        """What the action tokens mean."""
        return self._actions.spec

    def plan(self, request: PlanRequest) -> PlanAnswer:
        """Decompose an instruction into subgoals by the closed plan grammar.

        Raises:
            InstructionError: the instruction is empty.
        """
        instruction = self.checked_instruction(request.instruction)
        prompt = encode(self._tokenizer, prompts.plan_prompt(instruction))
        answer = self._decode(request.observation, prompt, self._plan_grammar)
        text, plan = self._plans[tuple(answer.ids[:-1])]
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
            if self._tokenizer.unk_token_id in encode(self._tokenizer, word) or word.isdigit()
        ]
        if unknown:
            raise InstructionError(
                f"the model does not know the words {', '.join(map(repr, unknown))}; it knows commands "
                "such as `put the red block in the bowl` and `pick up the blue ball`"
            )
        return text

    def act(self, request: ActRequest) -> ActAnswer:
        """Decode a place in the image and RT-2's eight action tokens."""
        observation = request.observation
        state = tool_state(observation.T_base_tool, observation.arm.gripper_width)
        s = self._statistics
        state_bins = to_bins(state, low=s.state_low, high=s.state_high, bins=s.bins).tolist()
        prompt = encode(self._tokenizer, prompts.act_prompt(request.subgoal, state_bins))
        answer = self._decode(observation, prompt, self._act_grammar)
        tokens = tuple(self._bin_of[i] for i in answer.ids[self._act_start :])
        return ActAnswer(
            action=self._actions.action(tokens),
            tokens=tokens,
            pixel=self._pixel([self._bin_of[i] for i in answer.ids[: self._place_length]]),
            T_base_tool=observation.T_base_tool,
            stamp=observation.stamp,
            confidence=_confidence(answer),
        )

    def locate(self, request: LocateRequest) -> LocateAnswer:
        """Point at what a phrase names: the most likely pixel and the spread of the token distribution."""
        phrase = self.checked_instruction(request.phrase)
        prompt = encode(self._tokenizer, prompts.locate_prompt(phrase))
        answer = self._decode(request.observation, prompt, self._locate_grammar)
        size, bins = self._statistics.image_size, self._statistics.bins
        std = [_spread(self._by_bin(choice)) * size / bins for choice in answer.choices]
        return LocateAnswer(
            pixel=self._pixel([self._bin_of[i] for i in answer.ids]),
            pixel_std=np.array(std),
            observation=request.observation,
            confidence=_confidence(answer),
        )

    def _decode(self, observation: Observation, prompt: list[int], grammar: Grammar) -> Decoded:
        size = self._statistics.image_size
        if observation.rgb.shape != (size, size, 3):
            raise CheckpointError(
                f"the model sees {size}×{size} images, the camera gave {observation.rgb.shape[:2]}"
            )
        if self._prefix is None or self._prefix[0] is not observation:
            pixels = torch.from_numpy(np.array(observation.rgb, dtype=np.float32)).permute(2, 0, 1)[None]
            seen = self._decoder.see(self._image_tokens, pixel_values=pixels / 127.5 - 1)
            self._prefix = (observation, seen[0])
        return self._decoder.answer([Question(self._prefix[1], prompt, grammar)])[0].greedy

    def _by_bin(self, choice: Choice) -> FloatArray:
        """Return the probability of each integer, in their own order."""
        return choice.p[np.searchsorted(choice.allowed, self._integers)]

    def _pixel(self, bins: list[int]) -> FloatArray:
        s = self._statistics
        return from_bins(bins, low=0.0, high=float(s.image_size), bins=s.bins)


def load_policy(folder: Path | None = None) -> CheckpointPolicy:
    """Load the policy in `folder`, or the one that ships with hybridctl.

    Raises:
        CheckpointError: the folder does not hold a complete, sane checkpoint.
    """
    return CheckpointPolicy(load_checkpoint(EMBEDDED if folder is None else folder))


def _confidence(answer: Decoded) -> Confidence:
    return Confidence(log_probability=answer.log_probability, entropy=answer.entropy)


def _spread(p: FloatArray) -> float:
    """Return the standard deviation of a distribution over bins [bins], at least half a bin."""
    at = np.arange(p.size)
    mean = float(p @ at)
    return max(0.5, float(np.sqrt(p @ (at - mean) ** 2)))
