"""`hybridctl train`: train the embedded model."""

from __future__ import annotations

import argparse
from pathlib import Path

from hybridctl.commands.arguments import Commands, count


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    train = commands.add_parser(
        "train",
        help="train the embedded model on collected scenes",
        description="Train the embedded model. Metrics on held-out scenes go to OUT/metrics.jsonl.",
    )
    train.add_argument("recipe", type=Path, nargs="?", help="YAML file (default: the recipe that ships)")
    train.add_argument("--data", type=Path, default=Path("data/scenes"), help="(default: data/scenes)")
    train.add_argument("--out", type=Path, default=Path("checkpoints/run"), help="(default: checkpoints/run)")
    train.add_argument("--processes", type=count, default=2, help="(default: 2)")
    train.add_argument("--start-from", type=Path, help="checkpoint folder to begin with")
    train.set_defaults(run=_train)


def _train(arguments: argparse.Namespace) -> int:
    from hybridctl.training.recipe import load_recipe
    from hybridctl.training.train import train

    train(
        load_recipe(arguments.recipe),
        data=arguments.data,
        out=arguments.out,
        processes=arguments.processes,
        start_from=arguments.start_from,
    )
    return 0
