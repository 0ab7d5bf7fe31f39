"""`hybridctl check`: say whether a part of yours meets the contract."""

from __future__ import annotations

import argparse

from rich.console import Console

from hybridctl.commands.arguments import Commands


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


def _check_robot(arguments: argparse.Namespace) -> int:
    from hybridctl.checks import check_robot

    findings = check_robot(arguments.address)
    console = Console(highlight=False)
    for finding in findings:
        word = "[green]ok  [/]" if finding.passed else "[red]FAIL[/]"
        console.print(f"{word} {finding.name}: {finding.detail}")
    return 0 if all(finding.passed for finding in findings) else 1
