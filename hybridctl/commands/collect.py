"""`hybridctl collect`: make data to train on."""

from __future__ import annotations

import argparse
from pathlib import Path

from hybridctl.commands.arguments import Commands, count, names, seed_range, share


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    collect = commands.add_parser(
        "collect",
        help="render labelled scenes to train on",
        description="Render scenes with the arm on the scripted expert's paths, labelled from the simulator.",
    )
    collect.add_argument("--out", type=Path, default=Path("data/scenes"), help="(default: data/scenes)")
    collect.add_argument(
        "--seeds", type=seed_range, default=(0, 40_000), help="FIRST:LAST (default: 0:40000)"
    )
    collect.add_argument("--workers", type=count, default=2, help="processes (default: 2)")
    collect.add_argument("--renderers", default="gl,ray", help="comma-separated, in turn (default: gl,ray)")
    collect.add_argument(
        "--episodes",
        type=count,
        metavar="N",
        help="instead record N episodes of the scripted expert in the LeRobot v3 layout (extra `datasets`)",
    )
    collect.add_argument(
        "--tasks", type=names, help="with --episodes: names of tasks, in turn (default: all)"
    )
    collect.add_argument(
        "--languages", type=names, help="with --episodes: of the instructions, in turn (default: en,zh,es,de)"
    )
    collect.add_argument(
        "--split", default="seen", help="with --episodes: seen, seen-easy or seen-hard (default: seen)"
    )
    collect.add_argument(
        "--perturb", type=share, default=0.5,
        help="with --episodes: share of them that somebody disturbs, to show recovery (default: 0.5)",
    )  # fmt: skip
    collect.set_defaults(run=_collect)


def _collect(arguments: argparse.Namespace) -> int:
    from hybridctl.data.collect import check_renderers, collect

    renderers = tuple(arguments.renderers.split(","))
    check_renderers(renderers)
    if arguments.episodes is None:
        collect(arguments.out, seeds=arguments.seeds, workers=arguments.workers, renderers=renderers)
        return 0
    from hybridctl.demonstrations import collect_episodes
    from hybridctl.sim.tasks.registry import TASKS
    from hybridctl.sim.tasks.wording import LANGUAGES

    collect_episodes(
        arguments.out,
        count=arguments.episodes,
        seeds=arguments.seeds,
        tasks=arguments.tasks or tuple(TASKS),
        split=arguments.split,
        languages=arguments.languages or LANGUAGES,
        perturb=arguments.perturb,
        renderer=renderers[0] if len(renderers) == 1 else "auto",
    )
    return 0
