"""`hybridctl check policy`: what a policy is, and whether it answers in form, found out by asking it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from hybridctl.arms.conformance import Finding
from hybridctl.messages.action import ACTION_NAMES, ActionSpec
from hybridctl.messages.policy import QuestionAnswerer
from hybridctl.policy_trial import PolicyTrial
from hybridctl.vla.backends.opening import open_policy
from hybridctl.vla.backends.remote import RemotePolicy
from hybridctl.vla.backends.replay import ReplayPolicy
from hybridctl.vla.openvla import is_openvla, read_openvla


@dataclass(frozen=True)
class PolicyReport:
    """What a policy is and does.

    Attributes:
        what: What it is, in words.
        specs: What its actions mean, by the data set that they were learned from; `""` where it is one.
        skills: Words of the skills that it can plan with.
        pictures: What it is shown, in order.
        answers: Kinds of questions that it answers.
        calibrated: Whether it says how often it is right.
        findings: What it must do, and whether it does.
        ms: Median time of an answer about a new picture, by kind of question [ms].
    """

    what: str
    specs: dict[str, ActionSpec]
    skills: tuple[str, ...]
    pictures: tuple[str, ...]
    answers: tuple[str, ...]
    calibrated: bool
    findings: list[Finding]
    ms: dict[str, float]

    @property
    def passed(self) -> bool:
        """Whether it does all that it must."""
        return all(finding.passed for finding in self.findings)

    def fields(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        specs = {
            name: {
                "names": ACTION_NAMES, "low": spec.low.tolist(), "high": spec.high.tolist(),
                "bins": spec.bins, "frame": spec.frame,
            }
            for name, spec in self.specs.items()
        }  # fmt: skip
        return {
            "what": self.what, "passed": self.passed, "action_spec": specs.get("", specs),
            "skills": self.skills,
            "pictures": self.pictures, "answers": self.answers, "calibrated": self.calibrated, "ms": self.ms,
            "findings": [vars(finding) for finding in self.findings],
        }  # fmt: skip


def check_policy(address: str | None) -> PolicyReport:
    """Open a policy and ask it about a made-up picture.

    Args:
        address: As `open_policy` takes it.

    Raises:
        CheckpointError: what is there is no complete, sane checkpoint.
        PolicyError: nobody answers there, or a recording cannot be read.
    """
    if address is not None and _holds_openvla(Path(address)):
        return _openvla(Path(address))
    policy = open_policy(address)
    if isinstance(policy, ReplayPolicy):
        return _recording(policy)
    if isinstance(policy, RemotePolicy):
        what, skills, asks = f"{policy.name}, a service at {address}", policy.skills, policy.asks
    else:
        what, skills = policy.name, tuple(skill.value for skill in policy.skills)
        asks = isinstance(policy, QuestionAnswerer)
    trial = PolicyTrial(policy, size=policy.image_size, pictures=len(policy.pictures), skills=skills)
    kinds = ("locate", "act", "plan", *["ask"] * asks)
    findings = trial.findings(kinds)
    return PolicyReport(
        what, {"": policy.action_spec}, skills, policy.pictures, kinds, trial.calibrated, findings, trial.ms
    )


def summary(report: PolicyReport) -> Table:
    """Return what a policy is as a table for people; its findings are apart."""
    table = Table(title=escape(report.what), show_header=False, title_justify="left")
    for name, spec in report.specs.items():
        title = f"action, {name}" if name else "action"
        widths = zip(ACTION_NAMES, spec.low, spec.high, strict=True)
        bounds = "\n".join(f"{dim} {low:g} to {high:g}" for dim, low, high in widths)
        table.add_row(title, f"{spec.bins} bins, frame {spec.frame}\n{bounds}")
    rows = {
        "skills": ", ".join(report.skills) or "not said",
        "looks at": ", ".join(report.pictures) or "not said",
        "answers": ", ".join(report.answers) or "nothing here",
        "says how often it is right": "yes" if report.calibrated else "no: it has no calibration",
        "an answer takes": ", ".join(f"{kind} {ms:.3g} ms" for kind, ms in report.ms.items()) or "not timed",
    }
    for name, value in rows.items():
        table.add_row(name, escape(value))
    return table


def _recording(policy: ReplayPolicy) -> PolicyReport:
    """A recording cannot be asked anything new: it is read through."""
    kinds = {kind: count for kind, count in policy.kinds.items() if count}
    detail = ", ".join(f"{count} {kind}" for kind, count in kinds.items()) or "no request"
    finding = Finding("can be read to its end", True, detail)
    return PolicyReport(
        f"recorded answers in {policy.path}",
        {"": policy.action_spec},
        (),
        (),
        tuple(kinds),
        False,
        [finding],
        {},
    )


def _holds_openvla(folder: Path) -> bool:
    try:
        return is_openvla(json.loads((folder / "config.json").read_text()))
    except (OSError, ValueError, AttributeError):
        return False  # loading it will say what is wrong


def _openvla(folder: Path) -> PolicyReport:
    """OpenVLA's weights do not run here, but what its tokens mean can be said."""
    specs = {name: actions.spec for name, actions in read_openvla(folder).items()}
    finding = Finding(
        "runs here", False, "its code is not part of transformers: only its statistics are read"
    )
    return PolicyReport(f"an OpenVLA checkpoint in {folder}", specs, (), ("scene",), (), False, [finding], {})
