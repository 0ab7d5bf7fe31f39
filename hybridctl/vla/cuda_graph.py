"""One-token passes as CUDA graphs: on a GPU a small step costs its launches, and a graph has one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from hybridctl.vla.kv_cache import Step
from hybridctl.vla.trunk import Trunk

_WARM_UP = 3
"""Passes before the capture, as torch's notes on CUDA graphs ask for."""


@dataclass(frozen=True)
class _Captured:
    graph: torch.cuda.CUDAGraph
    x: Tensor
    step: Step
    hidden: Tensor

    def replay(self, x: Tensor, step: Step) -> Tensor:
        self.x.copy_(x)
        self.step.positions.copy_(step.positions)
        if self.step.mask is not None and step.mask is not None:
            self.step.mask.copy_(step.mask)
        self.graph.replay()
        return self.hidden


class GraphedTrunk:
    """A trunk whose passes over one token a row are captured once for each number of rows.

    They must look at the whole capacity of one cache (`next_step(…, fixed=True)`), so that all shapes and
    addresses stay; a new cache starts new captures.
    """

    def __init__(self, trunk: Trunk) -> None:
        self._trunk = trunk
        self._store: Tensor | None = None
        self._captured: dict[int, _Captured] = {}

    def __call__(self, x: Tensor, step: Step) -> Tensor:
        """See Trunk; the answer is overwritten by the next call."""
        if self._store is not step.cache.store:
            self._store, self._captured = step.cache.store, {}
        if x.shape[0] not in self._captured:
            self._captured[x.shape[0]] = self._capture(x, step)
        return self._captured[x.shape[0]].replay(x, step)

    def _capture(self, x: Tensor, step: Step) -> _Captured:
        mask = None if step.mask is None else step.mask.clone()
        step = replace(step, positions=step.positions.clone(), mask=mask, last=step.last.clone())
        x = x.clone()
        side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(_WARM_UP):  # writes the same keys to the same places
                self._trunk(x, step)
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            hidden = self._trunk(x, step)
        return _Captured(graph, x, step, hidden)
