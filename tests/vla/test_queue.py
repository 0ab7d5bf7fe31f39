"""Non-blocking access: answers come late but in time, or as an error that says why not."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from hybridctl.messages.action import ActionSpec
from hybridctl.messages.observation import Observation
from hybridctl.messages.plan import Skill, Subgoal
from hybridctl.messages.policy import (
    ActAnswer,
    ActRequest,
    Answer,
    LocateAnswer,
    LocateRequest,
    PlanAnswer,
    PlanRequest,
    PolicyError,
    PolicyQueue,
)
from hybridctl.vla.policy import CheckpointPolicy
from hybridctl.vla.queue import DEFAULT_LATENCY, LockstepQueue, ThreadedQueue, ask

Observe = Callable[..., Observation]
PICK = Subgoal(Skill.PICK, "red block")


@dataclass
class HandClock:
    """Time moves when the test moves it."""

    time: float = 5.0

    def now(self) -> float:
        return self.time

    def sleep_until(self, stamp: float) -> None:
        self.time = max(self.time, stamp)


@dataclass
class GatedPolicy:
    """A real policy that answers only once its gate is open, and says how often it was asked."""

    policy: CheckpointPolicy
    gate: threading.Event = field(default_factory=threading.Event)
    threads: list[str] = field(default_factory=list)

    @property
    def action_spec(self) -> ActionSpec:
        return self.policy.action_spec

    def locate(self, request: LocateRequest) -> LocateAnswer:
        self.threads.append(threading.current_thread().name)
        assert self.gate.wait(20.0)
        return self.policy.locate(request)


@pytest.fixture(scope="module")
def policy(tiny_policy: Callable[[int], CheckpointPolicy]) -> CheckpointPolicy:
    return tiny_policy(0)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def gated(policy: CheckpointPolicy) -> Iterator[GatedPolicy]:
    made = GatedPolicy(policy)
    yield made
    made.gate.set()


@pytest.fixture
def threaded(gated: GatedPolicy, clock: HandClock) -> Iterator[ThreadedQueue]:
    queue = ThreadedQueue(gated, clock)
    yield queue
    gated.gate.set()
    queue.close()


def wait(queue: PolicyQueue, request: int) -> Answer:
    end = time.monotonic() + 20.0
    while (answer := queue.poll(request)) is None:
        assert time.monotonic() < end, "no answer came"
        time.sleep(0.002)
    return answer


def test_each_kind_of_request_gets_its_kind_of_answer(policy: CheckpointPolicy, observe: Observe) -> None:
    seen = observe()
    assert isinstance(ask(policy, PlanRequest(seen, "pick the red block")), PlanAnswer)
    assert isinstance(ask(policy, ActRequest(seen, PICK)), ActAnswer)
    assert isinstance(ask(policy, LocateRequest(seen, "red block")), LocateAnswer)
    with pytest.raises(PolicyError, match="answers no str"):
        ask(policy, "red block")


def test_lockstep_holds_an_answer_back_for_the_latency(
    policy: CheckpointPolicy, clock: HandClock, observe: Observe
) -> None:
    queue = LockstepQueue(policy, clock)
    request = queue.submit(LocateRequest(observe(), "red block"), timeout=1.0)
    assert queue.poll(request) is None
    clock.time += DEFAULT_LATENCY - 0.01
    assert queue.poll(request) is None
    clock.time += 0.01
    answer = queue.poll(request)
    assert isinstance(answer, LocateAnswer)
    assert len(queue.wall_ms) == 1
    assert queue.wall_ms[0] > 0
    with pytest.raises(PolicyError, match="was answered or cancelled"):
        queue.poll(request)


def test_lockstep_answers_belong_to_their_requests(
    policy: CheckpointPolicy, clock: HandClock, observe: Observe
) -> None:
    queue = LockstepQueue(policy, clock, latency=0.1)
    old = queue.submit(LocateRequest(observe(stamp=1.0), "red block"), timeout=1.0)
    new = queue.submit(LocateRequest(observe(stamp=2.0), "red block"), timeout=1.0)
    clock.time += 0.1
    assert queue.poll(new).stamp == 2.0
    assert queue.poll(old).stamp == 1.0


def test_lockstep_gives_no_answer_after_the_deadline(
    policy: CheckpointPolicy, clock: HandClock, observe: Observe
) -> None:
    queue = LockstepQueue(policy, clock)
    request = queue.submit(LocateRequest(observe(), "red block"), timeout=0.5)
    clock.time += 0.75
    with pytest.raises(PolicyError, match=r"missed its deadline by 0\.250 s"):
        queue.poll(request)
    with pytest.raises(PolicyError, match="no request"):
        queue.poll(request)


def test_lockstep_forgets_what_is_cancelled_and_ignores_unknown_ids(
    policy: CheckpointPolicy, clock: HandClock, observe: Observe
) -> None:
    queue = LockstepQueue(policy, clock)
    request = queue.submit(LocateRequest(observe(), "red block"), timeout=1.0)
    queue.cancel(request)
    queue.cancel(999)
    clock.time += 0.3
    with pytest.raises(PolicyError, match=f"no request {request} is pending"):
        queue.poll(request)


def test_lockstep_tells_of_a_policy_that_raised_when_its_answer_would_have_come(
    policy: CheckpointPolicy, clock: HandClock, observe: Observe
) -> None:
    queue = LockstepQueue(policy, clock)
    request = queue.submit(PlanRequest(observe(), ""), timeout=1.0)
    assert queue.poll(request) is None
    clock.time += DEFAULT_LATENCY
    with pytest.raises(PolicyError, match="InstructionError: the instruction is empty"):
        queue.poll(request)


def test_both_queues_tell_the_policys_action_spec(
    policy: CheckpointPolicy, clock: HandClock, threaded: ThreadedQueue
) -> None:
    assert LockstepQueue(policy, clock).action_spec is policy.action_spec
    assert threaded.action_spec is policy.action_spec


def test_a_thread_answers_while_the_caller_goes_on(
    threaded: ThreadedQueue, gated: GatedPolicy, observe: Observe
) -> None:
    request = threaded.submit(LocateRequest(observe(stamp=4.0), "red block"), timeout=1.0)
    assert threaded.poll(request) is None
    gated.gate.set()
    answer = wait(threaded, request)
    assert isinstance(answer, LocateAnswer)
    assert answer.stamp == 4.0
    assert gated.threads[0].startswith("vla")
    assert len(threaded.wall_ms) == 1
    with pytest.raises(PolicyError, match="was answered or cancelled"):
        threaded.poll(request)


def test_a_thread_that_is_late_has_missed_the_deadline(
    threaded: ThreadedQueue, clock: HandClock, observe: Observe
) -> None:
    request = threaded.submit(LocateRequest(observe(), "red block"), timeout=0.5)
    clock.time += 0.6
    with pytest.raises(PolicyError, match=r"missed its deadline by 0\.100 s"):
        threaded.poll(request)
    with pytest.raises(PolicyError, match="no request"):
        threaded.poll(request)


def test_a_cancelled_request_that_has_not_begun_is_never_computed(
    threaded: ThreadedQueue, gated: GatedPolicy, observe: Observe
) -> None:
    running = threaded.submit(LocateRequest(observe(), "red block"), timeout=1.0)
    waiting = threaded.submit(LocateRequest(observe(), "bowl"), timeout=1.0)
    last = threaded.submit(LocateRequest(observe(), "red ball"), timeout=1.0)
    threaded.cancel(waiting)
    threaded.cancel(999)
    gated.gate.set()
    wait(threaded, running)
    wait(threaded, last)
    assert len(gated.threads) == 2
    with pytest.raises(PolicyError, match=f"no request {waiting} is pending"):
        threaded.poll(waiting)


def test_a_policy_that_raises_on_its_thread_is_a_policy_error_and_the_thread_lives_on(
    threaded: ThreadedQueue, gated: GatedPolicy, observe: Observe
) -> None:
    gated.gate.set()
    broken = threaded.submit(LocateRequest(observe(), " "), timeout=1.0)
    with pytest.raises(PolicyError, match="InstructionError: the instruction is empty"):
        wait(threaded, broken)
    request = threaded.submit(LocateRequest(observe(), "red block"), timeout=1.0)
    assert isinstance(wait(threaded, request), LocateAnswer)


def test_an_unknown_id_is_an_error_in_both_queues(
    policy: CheckpointPolicy, clock: HandClock, threaded: ThreadedQueue
) -> None:
    for queue in (LockstepQueue(policy, clock), threaded):
        with pytest.raises(PolicyError, match="no request 42"):
            queue.poll(42)
