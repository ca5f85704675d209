"""The conformance run: green against what keeps the protocol, red by name against what does not."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cloud_sync.conformance import enrolling
from cloud_sync.conformance.bench import Bench, Wrong
from cloud_sync.conformance.peer import Credential, open_peer
from cloud_sync.conformance.run import CHECKS, Finding, State, describe, is_conforming, judge
from cloud_sync.enrolment_files import CA, IDENTITY
from cloud_sync.platform.settings import StoreSettings
from edge.commands.conformance import command
from edge.trust.certificates import Request
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
NEED_A_CODE = {check.name for check in enrolling.CHECKS}
"""Checks that a platform on a plain listener cannot be put to."""


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
        assert {f.check for f in findings.values() if f.state is State.NOT_TESTED} == LEFT_OUT | NEED_A_CODE
    assert first.keys() == {check.name for check in CHECKS}


@pytest.mark.slow
async def test_the_reference_platform_keeps_the_whole_protocol(
    tmp_path: Path, store: StoreSettings | None
) -> None:
    async with serve_reference(tmp_path, store) as served:
        findings = await served.judge(*(check.name for check in CHECKS))
    assert red_of(findings.values()) == set(), describe(list(findings.values()))
    assert {f.check for f in findings.values() if f.state is State.NOT_TESTED} == NEED_A_CODE


@pytest.mark.slow
@pytest.mark.parametrize("name", FAULTS)
async def test_a_planted_fault_is_named(tmp_path: Path, name: str) -> None:
    fault, module = FAULTS[name], load_connector()
    fault.plant(module)
    async with serve_connector(tmp_path, module) as served:
        findings = await served.judge(*WAITING if fault.named_by in WAITING else ())
    assert fault.named_by in red_of(findings.values()), describe(list(findings.values()))
    assert findings[fault.named_by].seen


async def judge_with_code(folder: Path, *, own_device: bool = False) -> tuple[int, str]:
    """Run the command against a platform with a device listener; its exit status, and what it wrote."""
    async with open_fleet(folder, FakeClock(START_MS)) as fleet:
        await fleet.enrol(await fleet.code())
        code = str(await fleet.code(FLEET_DEVICE if own_device else "k2"))
        arguments = [fleet.url, "--site", SITE, "--device", FLEET_DEVICE, "--enrolment", str(fleet.place())]
        ended = await asyncio.to_thread(CliRunner().invoke, command, [*arguments, "--code", code, "--json"])
    return ended.exit_code, ended.output


@pytest.mark.slow
async def test_the_command_judges_a_platform_over_its_own_certificate_and_its_enrolment(
    tmp_path: Path,
) -> None:
    status, output = await judge_with_code(tmp_path)
    findings = json.loads(output)["findings"]
    red = [finding for finding in findings if finding["state"] == "failed"]
    assert (status, red) == (0, []), red
    assert {finding["check"] for finding in findings if finding["state"] == "passed"} >= NEED_A_CODE


@pytest.mark.slow
async def test_the_runs_own_device_is_not_enrolled_anew(tmp_path: Path) -> None:
    status, output = await judge_with_code(tmp_path, own_device=True)
    assert status == 2
    assert "own device" in output


BROKEN_ENROLMENTS: dict[str, tuple[str, object]] = {
    "platform_signed": ("enrolment_api.sign_document", lambda root, document: b"\xd2\x84"),
    "false_secret_refused": ("enrolment.CodeUnknown.code", "code_expired"),
    "false_request_refused": ("enrolment_api.open_request", lambda csr: Request(b"any", "enrolment")),
    "code_enrols": ("enrolment_api.digest", lambda csr: "0" * 64),
    "code_is_once": ("enrolment.CodeUsed.code", "not_found"),
    "renewal_by_possession": ("known_devices.RenewalNonces.check", lambda *_, **__: None),
}
"""What breaks each check of enrolment, planted into the reference platform."""


@pytest.mark.slow
@pytest.mark.parametrize("name", BROKEN_ENROLMENTS)
async def test_a_broken_enrolment_is_named(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_fleet(tmp_path, FakeClock(START_MS)) as fleet:
        await fleet.enrol(await fleet.code())
        code, place = await fleet.code("k2"), fleet.place()
        where, fault = BROKEN_ENROLMENTS[name]
        monkeypatch.setattr(f"cloud_sync.platform.{where}", fault)
        credential = Credential(certificate_file=place / IDENTITY, ca_file=place / CA)
        async with open_peer(fleet.url, site=SITE, device=FLEET_DEVICE, credential=credential) as peer:
            findings = await judge(Bench(peer, code=code), enrolling.CHECKS)
    assert name in red_of(findings), describe(findings)


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
