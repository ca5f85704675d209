"""An open cabinet and a fire contact that is not read stand in the technician's list, until they are well."""

from devices.input_watch import InputWatch
from edge.access.inputs import Input, InputKind, InputState
from edge.links.findings import Findings


def test_tamper_and_a_deaf_fire_input_are_findings() -> None:
    findings = Findings(now_ms=lambda: 0)
    inputs = (Input(id="box", kind=InputKind.TAMPER), Input(id="fire", kind=InputKind.FIRE))
    watch = InputWatch(inputs, findings)
    watch.note("box", InputState.ACTIVE)
    watch.note("fire", InputState.UNKNOWN)
    watch.note("button", InputState.ACTIVE)
    assert {(each.device, each.code) for each in findings.all()} == {
        ("input:box", "tamper"),
        ("input:fire", "fire_not_read"),
    }
    watch.note("box", InputState.IDLE)
    watch.note("fire", InputState.ACTIVE)
    assert findings.all() == ()
