"""The conformance run: green against what keeps the protocol, red by name against what does not."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cloud_sync.conformance.bench import Wrong
from cloud_sync.conformance.run import CHECKS, Finding, State, describe, is_conforming
from cloud_sync.platform.settings import StoreSettings
from edge.commands.conformance import command
from tests.fakes.clock import START_MS, FakeClock
from tests.fakes.enrolment import DEVICE as FLEET_DEVICE
from tests.fakes.enrolment import SITE, open_fleet
from tests.fakes.judged import (
    CONNECTOR,
    FAULTS,
    WAITING,
    load_connector,
    red_of,
    serve_connector,
    serve_reference,
)

MAX_LINES = 200
LEFT_OUT = {
    "nonce_taken",
    "commands_wait_heard",
    "answer_taken",
    "samples_once",
    "samples_bounded",
    "history_read_back",
}
"""Checks of parts that the sample leaves out, as a platform may."""


def test_the_sample_connector_has_at_most_two_hundred_lines() -> None:
    assert len(CONNECTOR.read_text("utf-8").splitlines()) <= MAX_LINES


def test_every_check_has_a_name_of_its_own() -> None:
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    assert {fault.named_by for fault in FAULTS.values()} <= {check.name for check in CHECKS}


def test_what_could_not_be_tested_counts_only_when_asked_to() -> None:
    findings = [
        Finding("a", "part", State.PASSED, "yes", "yes"),
        Finding("b", "part", State.NOT_TESTED, "yes", "no way"),
    ]
    assert is_conforming(findings)
    assert not is_conforming(findings, strict=True)
    assert "1 of 2 checks passed, 0 failed, 1 not tested" in describe(findings)


@pytest.mark.slow
async def test_the_sample_connector_keeps_the_protocol(tmp_path: Path) -> None:
    async with serve_connector(tmp_path, load_connector()) as served:
        first = await served.judge(*(check.name for check in CHECKS))
        again = await served.judge()
    for findings in (first, again):
        assert red_of(findings.values()) == set(), describe(list(findings.values()))
        assert {f.check for f in findings.values() if f.state is State.NOT_TESTED} == LEFT_OUT
    assert first.keys() == {check.name for check in CHECKS}


@pytest.mark.slow
async def test_the_reference_platform_keeps_the_whole_protocol(
    tmp_path: Path, store: StoreSettings | None
) -> None:
    async with serve_reference(tmp_path, store) as served:
        findings = await served.judge(*(check.name for check in CHECKS))
    assert {finding.state for finding in findings.values()} == {State.PASSED}, describe(
        list(findings.values())
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", FAULTS)
async def test_a_planted_fault_is_named(tmp_path: Path, name: str) -> None:
    fault, module = FAULTS[name], load_connector()
    fault.plant(module)
    async with serve_connector(tmp_path, module) as served:
        findings = await served.judge(*WAITING if fault.named_by in WAITING else ())
    assert fault.named_by in red_of(findings.values()), describe(list(findings.values()))
    assert findings[fault.named_by].seen


@pytest.mark.slow
async def test_the_command_judges_a_platform_over_its_own_certificate(tmp_path: Path) -> None:
    async with open_fleet(tmp_path, FakeClock(START_MS)) as fleet:
        await fleet.enrol(await fleet.code())
        arguments = [fleet.url, "--site", SITE, "--device", FLEET_DEVICE, "--enrolment", str(fleet.place())]
        ended = await asyncio.to_thread(CliRunner().invoke, command, [*arguments, "--json"])
    document = json.loads(ended.output)
    red = [finding for finding in document["findings"] if finding["state"] == "failed"]
    assert (ended.exit_code, red) == (0, []), red


@pytest.mark.slow
def test_a_platform_that_is_not_there_fails_and_does_not_raise(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("nobody")
    arguments = [
        "http://127.0.0.1:9",
        "--site",
        "s",
        "--device",
        "d",
        "--token-file",
        str(tmp_path / "token"),
    ]
    ended = CliRunner().invoke(command, [*arguments, "--json"])
    assert ended.exit_code == 1, ended.output
    document = json.loads(ended.output)
    assert document["conforming"] is False
    assert all(f["state"] in ("failed", "not_tested") for f in document["findings"])
    assert not issubclass(Wrong, AssertionError)
