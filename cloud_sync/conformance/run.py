"""Makes the checks one after the other and says of each what was expected and what was seen."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

import msgspec

from cloud_sync.conformance import asking, custody, enrolling, epochs, feed, limits, moving, signing
from cloud_sync.conformance.bench import Bench, Check, NotTested, Wrong
from edge.errors import PlatformUnreachable

CHECKS: tuple[Check, ...] = (
    *asking.CHECKS,
    *signing.CHECKS,
    *custody.CHECKS,
    *limits.CHECKS,
    *feed.CHECKS,
    *moving.CHECKS,
    *epochs.CHECKS,
    *enrolling.CHECKS,
)
"""In the order in which they are made: later ones stand on what earlier ones found."""


class State(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_TESTED = "not_tested"


class Finding(NamedTuple):
    """One line of the report."""

    check: str
    part: str
    state: State
    expected: str
    seen: str


async def judge(bench: Bench, checks: Iterable[Check] = CHECKS) -> list[Finding]:
    """Make every check; a platform that is silent fails the check, not the run."""
    return [await _make(bench, check) for check in checks]


async def _make(bench: Bench, check: Check) -> Finding:
    state, seen = await _try(bench, check)
    if state is State.FAILED:
        try:
            await custody.recover(bench)
        except (Wrong, PlatformUnreachable):
            bench.stream = None
    return Finding(check.name, check.part, state, check.expected, seen)


async def _try(bench: Bench, check: Check) -> tuple[State, str]:
    try:
        return State.PASSED, await check.run(bench)
    except Wrong as wrong:
        return State.FAILED, str(wrong)
    except PlatformUnreachable as silence:
        return State.FAILED, f"no answer: {silence}"
    except NotTested as reason:
        return State.NOT_TESTED, str(reason)


def is_conforming(findings: Iterable[Finding], *, strict: bool = False) -> bool:
    """Whether nothing that was tested failed; with `strict`, whether everything passed."""
    bad = (State.FAILED, State.NOT_TESTED) if strict else (State.FAILED,)
    return all(finding.state not in bad for finding in findings)


_MARKS = {State.PASSED: "ok  ", State.FAILED: "BAD ", State.NOT_TESTED: "--  "}


def describe(findings: list[Finding]) -> str:
    """The report as a table, one line a check, and one line of the whole."""
    width = max(len(finding.check) for finding in findings)
    lines: list[str] = []
    part = ""
    for finding in findings:
        if finding.part != part:
            part = finding.part
            lines.append(part)
        lines.append(
            f"  {_MARKS[finding.state]}{finding.check:<{width}}  {finding.expected}; {_verb(finding)}"
        )
    counts = {state: sum(finding.state is state for finding in findings) for state in State}
    lines.append(
        f"{counts[State.PASSED]} of {len(findings)} checks passed,"
        f" {counts[State.FAILED]} failed, {counts[State.NOT_TESTED]} not tested"
    )
    return "\n".join(lines)


def _verb(finding: Finding) -> str:
    return f"{'not tested' if finding.state is State.NOT_TESTED else 'seen'}: {finding.seen}"


def encode(findings: list[Finding]) -> bytes:
    """The report as JSON."""
    document = {
        "conforming": is_conforming(findings),
        "findings": [finding._asdict() for finding in findings],
    }
    return msgspec.json.encode(document)
