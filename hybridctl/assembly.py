"""Puts the parts together: world, arm, camera, policy, memory, controller and tree of one simulated run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from behaviors import Tree, TreeContext
from behaviors.progress import ENDED, PREFIX, RESUMED, STARTED
from behaviors.trees.follow_instruction import follow_instruction
from controllers.controller import Controller
from controllers.gains import Gains, load_gains
from controllers.robot_model import RobotModel
from hybridctl.arms import SimulatedArm
from hybridctl.durable import Durable
from hybridctl.messages.arm import Arm
from hybridctl.messages.clock import Clock
from hybridctl.messages.observation import Camera
from hybridctl.messages.policy import PolicyQueue, VlaPolicy
from hybridctl.record import EVENTS_NAME, RecordedCamera, Recorder
from hybridctl.resume import CutShort, resumptions
from hybridctl.runtime import Listener, Outcome, Runtime
from hybridctl.sim.camera_errors import CameraErrors
from hybridctl.sim.cameras import Renderer, SimCamera, make_renderer
from hybridctl.sim.scene import SceneSpec
from hybridctl.sim.table_scene import sample_scene
from hybridctl.sim.world import Actor, SimClock, SimWorld
from hybridctl.vla.queue import DEFAULT_LATENCY, LockstepQueue
from world_state.memory import WorldMemory
from world_state.store import EventStore

TIME_LIMIT = 60.0
BuildTree = Callable[[TreeContext, str], Tree]
WatchGains = Callable[[Controller], Listener]


@dataclass
class Simulator:
    """A simulated workplace that many runs can use one after the other (compiling and GL cost once)."""

    renderer_kind: str = "auto"
    camera_errors: CameraErrors = field(default_factory=CameraErrors, kw_only=True)
    world: SimWorld = field(init=False)
    renderer: Renderer = field(init=False)
    _viewer: Renderer | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.world = SimWorld(sample_scene(0))
        self.renderer = make_renderer(self.world, kind=self.renderer_kind)

    def reset(self, scene: SceneSpec, *, actors: tuple[Actor, ...] = ()) -> None:
        """Put a scene on the table, and those who act on it."""
        self.world.reset(scene, actors=actors)

    @property
    def arm(self) -> SimulatedArm:
        """A driver of the arm as it now stands."""
        return SimulatedArm(self.world)

    @property
    def clock(self) -> SimClock:
        """The world's clock."""
        return self.world.clock

    @property
    def camera(self) -> SimCamera:
        """The scene camera."""
        return SimCamera(self.world, self.renderer, errors=self.camera_errors)

    @property
    def wrist_camera(self) -> SimCamera:
        """The camera on the hand."""
        return SimCamera(self.world, self.renderer, name="wrist", errors=self.camera_errors)

    def viewer_frame(self) -> Any:
        """Return a picture for people, shape (360, 480, 3); rays draw a smaller one, since they are slow."""
        if self._viewer is None:
            height, width = (360, 480) if self.renderer.name == "gl" else (180, 240)
            self._viewer = make_renderer(self.world, kind=self.renderer.name, height=height, width=width)
        return self._viewer.rgb("viewer")

    def close(self) -> None:
        """Free the renderers."""
        self.renderer.close()
        if self._viewer is not None:
            self._viewer.close()


@dataclass
class RunResult:
    """What a run left behind.

    Attributes:
        outcome: How it ended; of a resumed run, since it was resumed for the last time.
        context: The tree's context: memory, plan, failures.
        vla_ms: Wall time of each VLA decode [ms].
        resumptions: When it was resumed and what was pending then, each time.
    """

    outcome: Outcome
    context: TreeContext
    vla_ms: list[float]
    resumptions: list[dict[str, Any]] = field(default_factory=list)


def run_instruction(
    instruction: str,
    *,
    arm: Arm,
    camera: Camera,
    clock: Clock,
    policy: VlaPolicy | PolicyQueue,
    wrist_camera: Camera | None = None,
    model: RobotModel | None = None,
    gains: Gains | None = None,
    watch_gains: WatchGains | None = None,
    build_tree: BuildTree = follow_instruction,
    recorder: Recorder | None = None,
    listeners: tuple[Listener, ...] = (),
    latency: float = DEFAULT_LATENCY,
    time_limit: float = TIME_LIMIT,
    about: Mapping[str, Any] | None = None,
    resume: CutShort | None = None,
) -> RunResult:
    """Follow an instruction on an arm, and record it if a recorder is given.

    With `resume` it goes on with a run whose process was killed: the memory is the one that the recorder's
    folder holds, aged by the clock, and the tree is told how far it was.

    Args:
        instruction: What to do, in words.
        arm, camera, clock: The robot; on a simulator they share a world.
        policy: The VLA; on an arm in real time a `ThreadedQueue` around it, so that it never blocks.
        wrist_camera: The camera on the hand; None where there is none.
        model: The robot model; the Panda when None.
        gains: The controller's gains; those that ship when None.
        watch_gains: Makes a listener that changes the controller's gains while it runs; None leaves them.
        build_tree: Makes the behavior tree of an instruction.
        recorder: Where telemetry, video and events go.
        listeners: Others who watch.
        latency: Simulated time between a VLA request and its answer [s]; a queue has its own.
        time_limit: The run ends by then [s].
        about: What a process that resumes the run will need to know of it, as JSON values.
        resume: What the recorder's folder says of a run that was cut short; None begins a run.

    Raises:
        ResumeError: the clock is not the one of the run to resume.
    """
    if resume is not None:
        resume.check_clock(clock)
    model = model or RobotModel.load("panda")
    controller = Controller(model, gains or load_gains())
    store = EventStore(recorder.folder / EVENTS_NAME) if recorder is not None else None
    queue = LockstepQueue(policy, clock, latency=latency) if isinstance(policy, VlaPolicy) else policy
    realtime = not isinstance(queue, LockstepQueue)
    resumed = None if resume is None else resume.progress
    times: list[dict[str, Any]] = []
    with ExitStack() as stack:
        memory = WorldMemory(None, clock=clock)
        if store is not None:
            stack.enter_context(store)
            fresh = resume is None
            memory = WorldMemory(store, clock=clock) if fresh else WorldMemory.from_events(store, clock=clock)
        context = TreeContext(
            memory=memory,
            policy=queue,
            controller=controller,
            camera=camera if recorder is None else RecordedCamera(camera, recorder),
            clock=clock,
            wrist_camera=wrist_camera,
            resumed=resumed,
        )
        if store is not None and recorder is not None:
            recorder.describe(model, controller.gains)
            context.note = lambda *noted: _note(store, recorder, clock.now(), *noted)
            context.settle = stack.enter_context(Durable(store, blocking=not realtime)).settle
            if resumed is None:
                context.note(STARTED, instruction, {"instruction": instruction, "about": dict(about or {})})
            else:
                pending, done = resumed.pending_subgoal, resumed.last_done
                after = {"pending": str(pending or ""), "done": str(done or "")}
                context.note(RESUMED, "its process had ended", after)
            store.flush()
            times = resumptions(store)
        watching = (*listeners, recorder) if recorder is not None else listeners
        if watch_gains is not None:
            watching = (*watching, watch_gains(controller))
        tree = build_tree(context, instruction)
        runtime = Runtime(tree=tree, controller=controller, arm=arm, clock=clock, listeners=watching)
        outcome = runtime.run(time_limit=time_limit)
        if store is not None and recorder is not None:
            # A stop may be that the arm is gone, and the clock with it.
            stamp = clock.now() if outcome.stop is None else outcome.stop.stamp
            data = {"status": outcome.status, "cause": outcome.cause}
            _note(store, recorder, stamp, ENDED, outcome.status.lower(), data)
    return RunResult(outcome, context, queue.wall_ms, times)


def _note(
    store: EventStore, recorder: Recorder, stamp: float, kind: str, cause: str, data: dict[str, Any]
) -> None:
    store.append(f"{PREFIX}{kind}", stamp=stamp, cause=cause, measurement=data, belief={})
    recorder.on_event(stamp, kind, cause, data)
