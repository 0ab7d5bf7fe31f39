"""`hybridctl check`: say whether a part of yours meets the contract."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from hybridctl.commands.arguments import Commands

if TYPE_CHECKING:
    from hybridctl.arms.conformance import Finding


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    check = commands.add_parser("check", help="say whether a part of yours meets the contract")
    parts = check.add_subparsers(required=True, metavar="PART")
    robot = parts.add_parser(
        "robot",
        help="an arm: moves it, so keep clear",
        description="Check an arm against the Arm protocol. THE ARM MOVES: keep clear, hold the emergency "
        "stop. It also sends set-points far out of range, which a driver must clip.",
    )
    robot.add_argument("address", help="sim, or sim://HOST:PORT")
    robot.set_defaults(run=_check_robot)
    policy = parts.add_parser(
        "policy",
        help="a model folder, a recording or a policy service",
        description="Say what a policy is, what its actions mean and what it answers; ask it about a made-up "
        "picture, and time it. Exit status 2 where it cannot be opened, 1 where an answer is not in form.",
    )
    policy.add_argument(
        "address",
        nargs="?",
        metavar="FOLDER|ADDRESS",
        help="model folder or hub name, http://HOST:PORT, or recorded answers (default: what ships)",
    )
    policy.add_argument("--json", action="store_true", help="print what was found as JSON")
    policy.set_defaults(run=_check_policy)
    gains = parts.add_parser(
        "gains",
        help="a gains file",
        description="Check a gains file, and say what follows from it: how far the MPC looks ahead, how fast "
        "it cruises, how far it brakes. Exit status 2 with file, key, value and range where it is wrong.",
    )
    gains.add_argument("file", nargs="?", type=Path, help="YAML file (default: the one that ships)")
    gains.add_argument("--robot", default="panda", help="name or MJCF file of its robot (default: panda)")
    gains.add_argument("--schema", action="store_true", help="print the JSON schema for editors instead")
    gains.set_defaults(run=_check_gains)


def _check_policy(arguments: argparse.Namespace) -> int:
    import torch

    from hybridctl.policy_check import check_policy, summary

    torch.set_num_threads(1)  # as a run does, so that the times are those of a run

    report = check_policy(arguments.address)
    if arguments.json:
        print(json.dumps(report.fields(), indent=2))
    else:
        console = Console(highlight=False)
        console.print(summary(report))
        _print_findings(console, report.findings)
    return 0 if report.passed else 1


def _check_robot(arguments: argparse.Namespace) -> int:
    from hybridctl.checks import check_robot

    findings = check_robot(arguments.address)
    _print_findings(Console(highlight=False), findings)
    return 0 if all(finding.passed for finding in findings) else 1


def _print_findings(console: Console, findings: Sequence[Finding]) -> None:
    for finding in findings:
        word = "[green]ok  [/]" if finding.passed else "[red]FAIL[/]"
        console.print(f"{word} {escape(finding.name)}: {escape(finding.detail)}")


def _check_gains(arguments: argparse.Namespace) -> int:
    from controllers.gains import gains_path, load_gains
    from controllers.robot_model import RobotModel
    from hybridctl.gains_check import gains_schema, summary

    if arguments.schema:
        sys.stdout.write(gains_schema())
        return 0
    gains = load_gains(arguments.file)
    table = summary(RobotModel.load(arguments.robot), gains)
    table.title = f"{gains_path(arguments.file)}: every key is right"
    Console(highlight=False).print(table)
    return 0
