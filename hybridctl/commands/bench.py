"""`hybridctl bench`: measure what the README quotes."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from rich.console import Console

from hybridctl.commands.arguments import Commands, count, positive, seed_range


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    from hybridctl.bench.report import BENCHES

    bench = commands.add_parser(
        "bench",
        help="measure a figure that the README quotes",
        description="Measure. A full run writes benchmarks/NAME.json; --quick gives what fits in 50 s.",
    )
    bench.add_argument("name", choices=sorted(BENCHES), help="what to measure")
    bench.add_argument("--quick", action="store_true", help="what fits in 50 s; writes no file")
    bench.add_argument("--seeds", type=seed_range, help="evaluation seeds FIRST:LAST, from 1000000 on")
    bench.add_argument("--workers", type=count, default=2, help="processes (default: 2)")
    bench.add_argument(
        "--minutes",
        type=positive,
        help="begin no episode later; called again, it goes on (default: no end)",
    )
    bench.add_argument("--policy", type=Path, help="model folder (default: the model that ships)")
    bench.add_argument(
        "--peers", action="store_true", help="of mpc: crocoddyl too, in an environment made for it by pip"
    )
    bench.add_argument("--json", action="store_true", help="print the result as JSON on standard output")
    bench.set_defaults(run=_bench)


def _bench(arguments: argparse.Namespace) -> int:
    from hybridctl.bench.report import run_bench, table

    result = run_bench(
        arguments.name,
        quick=arguments.quick,
        seeds=arguments.seeds,
        workers=arguments.workers,
        policy_folder=arguments.policy,
        minutes=arguments.minutes,
        peers=arguments.peers,
    )
    if arguments.json:
        print(json.dumps(result, indent=2))
    else:
        Console(highlight=False).print(table(result))
    return 0
