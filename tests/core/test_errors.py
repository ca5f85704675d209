from typing import ClassVar

from edge.errors import ConfigError, EdgeError, Fault, PlatformError, PlatformRejected, Refusal


class Late(Refusal):
    code: ClassVar[str] = "late"


def test_refusal_keeps_its_code_and_details() -> None:
    refusal = Late(by_ms=5, door="gate")
    assert refusal.code == "late"
    assert refusal.details == {"by_ms": 5, "door": "gate"}
    assert str(refusal) == "late (by_ms=5, door=gate)"


def test_config_error_lists_every_fault() -> None:
    error = ConfigError([Fault("site.id", 3, "is missing"), Fault("door", None, "unknown section")])
    assert str(error) == "line 3: site.id: is missing\ndoor: unknown section"


def test_rejected_answer_is_a_platform_error() -> None:
    error = PlatformRejected(409, "gap")
    assert (error.status, error.code) == (409, "gap")
    assert isinstance(error, PlatformError)
    assert isinstance(error, EdgeError)
