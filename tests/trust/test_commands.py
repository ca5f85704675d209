import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import Refusal
from edge.trust import cose
from edge.trust.clock import Reading, Trust
from edge.trust.commands import (
    Command,
    CommandExpired,
    CommandForAnother,
    CommandReplayed,
    NotACommand,
    check_command,
    issue_command,
    open_command,
)
from edge.trust.keys import KeySet, SigningKey, UnknownKey, verifying_key

NOW_MS = 1_795_320_000_000
KEY = SigningKey.generate("c1", "commands")
KEYS = KeySet(1, [verifying_key(KEY)])
COMMAND = Command(
    id="c-0123456789abcdef",
    site="heyuanli",
    device="k1",
    target="door:gate",
    action="open",
    arguments={"reason": "visitor", "count": 1},
    subject="res-1203",
    iat_ms=NOW_MS,
    exp_ms=NOW_MS + 15_000,
    nonce="n-77",
    counter=12,
)
MESSAGE = issue_command(KEY, COMMAND)


def check(
    command: Command = COMMAND, *, last_counter: int = 11, at_ms: int = NOW_MS, trust: Trust = Trust.SYNCED
) -> None:
    now = Reading(at_ms, trust)
    check_command(command, site="heyuanli", device="k1", nonce="n-77", last_counter=last_counter, now=now)


def changed(**fields: object) -> Command:
    return msgspec.structs.replace(COMMAND, **fields)


def test_command_comes_back_as_it_was_issued() -> None:
    assert open_command(MESSAGE, KEYS, NOW_MS) == COMMAND
    check()


@pytest.mark.proof
@given(st.integers(0, len(MESSAGE) * 8 - 1))
def test_no_flipped_bit_is_accepted(bit: int) -> None:
    flipped = bytearray(MESSAGE)
    flipped[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Refusal):
        open_command(bytes(flipped), KEYS, NOW_MS)


def test_key_for_passes_signs_no_command() -> None:
    passes_key = SigningKey.generate("c1", "passes")
    with pytest.raises(UnknownKey):
        open_command(issue_command(passes_key, COMMAND), KeySet(1, [verifying_key(passes_key)]), NOW_MS)


def test_signed_message_that_is_no_command_is_refused() -> None:
    claims = {name: 1 for name in (7, 2, 3, -70020, -70021, -70022, -70023, -70024, -70025, -70026, -70027)}
    for payload in ({7: "x"}, claims):
        with pytest.raises(NotACommand):
            open_command(cose.sign(KEY, payload), KEYS, NOW_MS)


@pytest.mark.parametrize("fields", [{"site": "other"}, {"device": "k2"}])
def test_command_for_another_device_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(CommandForAnother):
        check(changed(**fields))


def test_old_nonce_or_counter_is_a_replay() -> None:
    with pytest.raises(CommandReplayed):
        check(changed(nonce="n-76"))
    with pytest.raises(CommandReplayed):
        check(last_counter=12)
    check(last_counter=3)


def test_command_dies_at_its_expiry() -> None:
    check(at_ms=NOW_MS + 14_999)
    with pytest.raises(CommandExpired):
        check(at_ms=NOW_MS + 15_000)


@pytest.mark.parametrize("exp_ms", [NOW_MS + 30_001, NOW_MS, NOW_MS - 1])
def test_command_with_an_impossible_life_is_refused(exp_ms: int) -> None:
    with pytest.raises(CommandExpired):
        check(changed(exp_ms=exp_ms), at_ms=NOW_MS - 10)


def test_command_from_the_future_is_refused() -> None:
    for trust in (Trust.SYNCED, Trust.HOLDOVER):
        with pytest.raises(CommandExpired):
            check(at_ms=NOW_MS - 30_001, trust=trust)


def test_with_the_clock_unknown_only_the_end_of_a_command_is_judged() -> None:
    check(at_ms=NOW_MS - 30_001, trust=Trust.UNKNOWN)
    with pytest.raises(CommandExpired):
        check(at_ms=NOW_MS + 15_000, trust=Trust.UNKNOWN)
