"""Letting people in: by pass, by a resident's own code, by command. Fired is not opened."""

import pytest

from edge.access.errors import (
    ClockUnknown,
    CodeReplayed,
    PassRevoked,
    PassUsedUp,
    PassWrongDoor,
    PassWrongKind,
    PassWrongSite,
    UnknownAction,
    UnknownDoor,
)
from edge.access.feed import apply_revocation
from edge.errors import Refusal
from edge.trust.clock import Trust
from edge.trust.commands import CommandExpired
from edge.trust.keys import BadSignature
from edge.trust.passes import NotAPass, PassExpired, PassNotYetValid
from tests.fakes.access_world import DAY_MS, AccessWorld


async def test_a_valid_pass_fires_once_and_the_contact_says_opened(world: AccessWorld) -> None:
    opening = await world.opener.enter(world.visitor(), "gate", source="gate-reader")
    assert (opening.state, world.pulser.fired) == ("fired", [(opening.id, "gate")])
    await world.contact("door:gate", "open")
    assert await world.result(opening) == ("opened", "")
    assert world.types() == ["DoorOpenRequested", "DoorOpened"]


async def test_a_contact_that_never_moves_ends_unknown(world: AccessWorld) -> None:
    opening = await world.opener.enter(world.visitor(), "gate", source="gate-reader")
    await world.run_out()
    assert await world.result(opening) == ("unknown", "contact_silent")
    assert world.types() == ["DoorOpenRequested", "DoorUnknown"]


async def test_a_door_that_opens_after_its_time_stays_unknown(world: AccessWorld) -> None:
    opening = await world.opener.enter(world.visitor(), "gate", source="gate-reader")
    await world.run_out()
    await world.contact("door:gate", "open")
    assert await world.result(opening) == ("unknown", "contact_silent")


async def test_a_contact_that_reads_open_all_along_proves_nothing(world: AccessWorld) -> None:
    await world.contact("door:gate", "open")
    opening = await world.opener.enter(world.visitor(), "gate", source="gate-reader")
    await world.run_out()
    assert await world.result(opening) == ("unknown", "already_open")


async def test_a_contact_first_read_as_open_after_a_reconnect_proves_nothing(world: AccessWorld) -> None:
    opening = await world.opener.enter(world.visitor(), "gate", source="gate-reader")
    await world.contact("door:gate", "unknown")
    await world.contact("door:gate", "open")
    await world.run_out()
    assert (await world.result(opening))[0] == "unknown"


async def test_another_doors_contact_decides_nothing(world: AccessWorld) -> None:
    opening = await world.opener.enter(world.visitor(), "gate", source="gate-reader")
    await world.contact("door:building-3", "open")
    await world.run_out()
    assert (await world.result(opening))[0] == "unknown"


async def test_a_door_without_a_contact_is_never_called_opened(world: AccessWorld) -> None:
    text = world.visitor(kind="staff", doors=("office",), uses=None)
    opening = await world.opener.enter(text, "office", source="r")
    await world.run_out()
    assert await world.result(opening) == ("unknown", "no_contact")


async def test_a_device_that_did_nothing_gives_the_use_back(world: AccessWorld) -> None:
    text = world.visitor(uses=1)
    world.pulser.mode = "refuses"
    refused = await world.opener.enter(text, "gate", source="r")
    assert (refused.state, refused.reason) == ("refused", "guard_offline")
    world.pulser.mode = "fires"
    again = await world.opener.enter(text, "gate", source="r")
    assert again.state == "fired"
    assert world.types() == ["DoorOpenRequested", "DoorNotFired", "DoorOpenRequested"]


async def test_a_device_that_does_not_answer_leaves_it_to_the_contact(world: AccessWorld) -> None:
    world.pulser.mode = "silent"
    first = await world.opener.enter(world.visitor(), "gate", source="r")
    await world.contact("door:gate", "open")
    assert (await world.result(first))[0] == "opened"
    await world.contact("door:gate", "closed")
    second = await world.opener.enter(world.visitor(), "gate", source="r")
    await world.run_out()
    assert await world.result(second) == ("unknown", "no_answer")


REFUSALS: list[tuple[str, dict[str, object], type[Refusal]]] = [
    ("another site", {"site": "elsewhere"}, PassWrongSite),
    ("another door", {"doors": ("building-3",)}, PassWrongDoor),
    ("an order pass", {"kind": "order", "order": "o1"}, PassWrongKind),
    ("expired", {"expires_ms": 1_700_000_000_000}, PassExpired),
    ("not yet valid", {"not_before_ms": 1_900_000_000_000, "expires_ms": 1_990_000_000_000}, PassNotYetValid),
]


@pytest.mark.parametrize(("name", "changes", "error"), REFUSALS, ids=[case[0] for case in REFUSALS])
async def test_a_pass_that_does_not_fit_fires_nothing_and_says_why(
    world: AccessWorld, name: str, changes: dict[str, object], error: type[Refusal]
) -> None:
    with pytest.raises(error):
        await world.opener.enter(world.visitor(**changes), "gate", source="gate-reader")  # type: ignore[arg-type]
    assert world.pulser.fired == []
    assert world.events() == [
        {"type": "PassRefused", "source": "gate-reader", "place": "door:gate", "code": error.code}
    ]


async def test_a_forged_pass_and_plain_text_fire_nothing(world: AccessWorld) -> None:
    with pytest.raises(BadSignature):
        await world.opener.enter(world.visitor(world.stranger), "gate", source="r")
    with pytest.raises(NotAPass):
        await world.opener.enter("https://example.com", "gate", source="r")
    assert world.pulser.fired == []
    assert [event["code"] for event in world.events("PassRefused")] == ["bad_signature", "not_a_pass"]


async def test_an_unknown_door_is_refused(world: AccessWorld) -> None:
    with pytest.raises(UnknownDoor):
        await world.opener.enter(world.visitor(), "cellar", source="r")


async def test_a_used_up_pass_fires_nothing(world: AccessWorld) -> None:
    text = world.visitor(uses=1)
    opening = await world.opener.enter(text, "gate", source="r")
    await world.contact("door:gate", "open")
    await world.result(opening)
    with pytest.raises(PassUsedUp):
        await world.opener.enter(text, "gate", source="r")
    assert len(world.pulser.fired) == 1


async def test_a_pass_held_before_the_reader_counts_once(world: AccessWorld) -> None:
    text = world.visitor(uses=2)
    first = await world.opener.enter(text, "gate", source="r")
    assert (await world.opener.enter(text, "gate", source="r")).id == first.id
    await world.contact("door:gate", "open")
    await world.result(first)
    assert (await world.opener.enter(text, "gate", source="r")).id == first.id
    world.clock.advance(seconds=4)
    await world.contact("door:gate", "closed")
    assert (await world.opener.enter(text, "gate", source="r")).id != first.id
    assert len(world.pulser.fired) == 2


async def test_a_revoked_pass_fires_nothing(world: AccessWorld) -> None:
    entry = {"pass_id": "v-lost", "until_ms": world.clock.at_ms + DAY_MS}
    world.store.run_now(lambda unit: apply_revocation(unit, "r1", 1, entry))
    with pytest.raises(PassRevoked):
        await world.opener.enter(world.visitor(id="v-lost"), "gate", source="r")
    assert world.pulser.fired == []


async def test_a_residents_code_opens_granted_doors_once(world: AccessWorld) -> None:
    world.grant(doors=("building-3",))
    code = world.code()
    opening = await world.opener.enter(code, "building-3", source="r")
    await world.contact("door:building-3", "open")
    assert (await world.result(opening))[0] == "opened"
    with pytest.raises(CodeReplayed):
        await world.opener.enter(code, "building-3", source="r")
    with pytest.raises(CodeReplayed):
        world.grant()
        await world.opener.enter(code, "gate", source="r")
    assert len(world.pulser.fired) == 1


async def test_a_residents_code_without_a_grant_fires_nothing(world: AccessWorld) -> None:
    with pytest.raises(PassWrongDoor):
        await world.opener.enter(world.code(), "building-3", source="r")
    world.grant()
    world.clock.advance(days=2)
    with pytest.raises(PassWrongDoor):
        await world.opener.enter(world.code(), "building-3", source="r")
    assert world.pulser.fired == []


@pytest.mark.parametrize("skew_ms", [-121_000, 121_000])
async def test_a_residents_code_beyond_its_skew_fires_nothing(world: AccessWorld, skew_ms: int) -> None:
    world.grant()
    with pytest.raises((PassExpired, PassNotYetValid)):
        await world.opener.enter(world.code(at_ms=world.clock.at_ms + skew_ms), "gate", source="r")
    assert world.pulser.fired == []


async def test_with_an_unknown_clock_only_residents_enter_their_building(world: AccessWorld) -> None:
    world.grant()
    world.clock.trust = Trust.UNKNOWN
    for text, door in ((world.visitor(), "gate"), (world.code(), "gate")):
        with pytest.raises(ClockUnknown):
            await world.opener.enter(text, door, source="r")
    with pytest.raises(ClockUnknown):
        await world.opener.enter(world.visitor(doors=("building-3",)), "building-3", source="r")
    with pytest.raises(ClockUnknown):
        await world.opener.open_by_command(world.command())
    assert world.pulser.fired == []
    opening = await world.opener.enter(world.code(), "building-3", source="r")
    assert opening.state == "fired"


async def test_with_an_unknown_clock_what_the_floor_calls_over_is_over(world: AccessWorld) -> None:
    world.grant()
    old = world.code(at_ms=world.clock.at_ms - 3_600_000)
    world.clock.trust = Trust.UNKNOWN
    with pytest.raises(PassExpired):
        await world.opener.enter(old, "building-3", source="r")


async def test_a_command_reports_each_state_as_it_happens(world: AccessWorld) -> None:
    told: list[tuple[str, str]] = []

    async def report(state: str, reason: str) -> None:
        told.append((state, reason))
        if state == "fired":
            await world.contact("door:gate", "open")

    opening = await world.opener.open_by_command(world.command(id="c-9"), report)
    assert opening.state == "opened"
    assert told == [("accepted", ""), ("fired", ""), ("opened", "")]
    assert await world.opener.stored_answer("c-9") == ("opened", "")
    assert world.events("DoorOpened")[0]["authorisation"] == "command:c-9"


async def test_a_command_whose_contact_never_moves_reports_unknown(world: AccessWorld) -> None:
    told: list[str] = []

    async def report(state: str, reason: str) -> None:
        told.append(state)
        if state == "fired":
            await world.run_out()

    opening = await world.opener.open_by_command(world.command(), report)
    assert (opening.state, told) == ("unknown", ["accepted", "fired", "unknown"])


async def test_a_command_delivered_twice_fires_once(world: AccessWorld) -> None:
    async def report(state: str, reason: str) -> None:
        if state == "fired":
            await world.contact("door:gate", "open")

    command = world.command()
    first = await world.opener.open_by_command(command, report)
    second = await world.opener.open_by_command(command)
    assert (second.id, second.state) == (first.id, "opened")
    assert len(world.pulser.fired) == 1


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"action": "close"}, UnknownAction),
        ({"target": "cellar"}, UnknownDoor),
        ({"exp_ms": 1_700_000_000_000}, CommandExpired),
    ],
)
async def test_a_command_that_does_not_fit_fires_nothing_and_says_why(
    world: AccessWorld, changes: dict[str, object], error: type[Refusal]
) -> None:
    with pytest.raises(error):
        await world.opener.open_by_command(world.command(id="c-1", **changes))
    assert world.pulser.fired == []
    assert world.events() == [
        {"type": "CommandRefused", "source": "platform", "command": "c-1", "code": error.code}
    ]


async def test_after_a_restart_an_intent_is_unknown_and_never_fired_again(world: AccessWorld) -> None:
    opening = await world.opener.enter(world.visitor(), "gate", source="r")
    await world.restart()
    assert await world.result(opening) == ("unknown", "restart")
    await world.contact("door:gate", "closed")
    await world.contact("door:gate", "open")
    assert (await world.result(opening))[0] == "unknown"
    assert len(world.pulser.fired) == 1


async def test_a_flood_of_refusals_is_written_five_times_and_then_counted(world: AccessWorld) -> None:
    for _ in range(20):
        with pytest.raises(NotAPass):
            await world.opener.enter("nonsense", "gate", source="gate-reader")
    with pytest.raises(NotAPass):
        await world.opener.enter("nonsense", "gate", source="other-reader")
    assert len(world.events("PassRefused")) == 6
    world.clock.advance(seconds=61)
    await world.refusals.flush()
    assert [event["count"] for event in world.events("RefusalsCounted")] == [15]
