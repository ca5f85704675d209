"""What every Pulser keeps: the fake, and the guard's client over a real guard."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

import pytest

from devices.gpio.client import GuardClient
from edge.access.contacts import ContactState
from edge.access.errors import NotMoved
from edge.access.inputs import InputState
from edge.access.ports import Holder
from edge.errors import DeviceOffline
from edge.links.cancelling import end_task
from tests.fakes.guard import DOORS, INPUTS, SIGNALS, GuardProcess, Panel
from tests.fakes.pulser import FakePulser
from tests.fakes.waiting import until


class Subject(NamedTuple):
    """A pulser, what it fired, and how to take its device away."""

    pulser: FakePulser | GuardClient
    fired: Callable[[], list[str]]
    lose: Callable[[], None]


@contextlib.asynccontextmanager
async def running(client: GuardClient) -> AsyncIterator[GuardClient]:
    """A client whose role runs, and that is connected."""
    role = asyncio.create_task(client.run())
    try:
        await until(lambda: client.connected)
        yield client
    finally:
        await end_task(role)


def make_client(guard: GuardProcess, contacts: list[tuple[str, str]] | None = None) -> GuardClient:
    """A client of a guard; `contacts` collects what it reports."""

    def note(door: str, state: ContactState) -> None:
        if contacts is not None:
            contacts.append((door, state.value))

    def note_input(heard: str, state: InputState) -> None:
        if contacts is not None:
            contacts.append((heard, state.value))

    return GuardClient(
        socket=guard.socket, doors=DOORS, on_contact=note, inputs=INPUTS, on_input=note_input, signals=SIGNALS
    )


@pytest.fixture(params=["fake", "guard"])
async def subject(request: pytest.FixtureRequest, guard: GuardProcess) -> AsyncIterator[Subject]:
    """Each pulser in turn."""
    if request.param == "fake":
        fake = FakePulser()

        def lose() -> None:
            fake.mode = "refuses"

        yield Subject(fake, lambda: [opening for opening, _ in fake.fired], lose)
        return
    async with running(make_client(guard)) as client:

        def fired() -> list[str]:
            return [cause for _, level, cause in guard.edges() if level]

        def kill() -> None:
            guard.stop(signal.SIGKILL)

        yield Subject(client, fired, kill)


async def test_a_pulse_returns_once_it_was_fired(subject: Subject) -> None:
    await subject.pulser.pulse("k1-1-1", "gate")
    assert subject.fired() == ["k1-1-1"]


async def test_what_a_trigger_sent_from_another_thread_is_fired_once(subject: Subject) -> None:
    await asyncio.to_thread(subject.pulser.fire, "k1-1-1", "gate")
    await subject.pulser.pulse("k1-1-1", "gate")
    assert subject.fired() == ["k1-1-1"]


async def test_a_trigger_for_an_unknown_door_moves_nothing_and_raises_nothing(subject: Subject) -> None:
    subject.pulser.fire("k1-1-1", "cellar")
    with pytest.raises(NotMoved):
        await subject.pulser.pulse("k1-1-1", "cellar")
    assert subject.fired() == []


async def test_an_id_is_fired_once(subject: Subject) -> None:
    await subject.pulser.pulse("k1-1-1", "gate")
    with pytest.raises(NotMoved):
        await subject.pulser.pulse("k1-1-1", "gate")
    assert subject.fired() == ["k1-1-1"]


async def test_an_unknown_door_moves_nothing(subject: Subject) -> None:
    with pytest.raises(NotMoved):
        await subject.pulser.pulse("k1-1-1", "cellar")
    assert subject.fired() == []


async def test_a_device_that_is_away_moves_nothing(subject: Subject) -> None:
    subject.lose()
    if isinstance(subject.pulser, GuardClient):
        client = subject.pulser
        await until(lambda: not client.connected)
    with pytest.raises(NotMoved):
        await subject.pulser.pulse("k1-1-1", "gate")
    assert subject.fired() == []


async def test_the_client_beats_so_that_a_hold_lasts(guard: GuardProcess) -> None:
    panel = Panel(guard.panel)
    panel.read()
    async with running(make_client(guard)) as client:
        holder: Holder = client
        await holder.hold("gate", True)
        assert await asyncio.to_thread(panel.read) == {17: 1, 22: 0, 8: 0}
        await asyncio.sleep(1.6)
        assert guard.edges()[-1] == (17, 1, "hold")
        await holder.hold("gate", False)
        assert await asyncio.to_thread(panel.read) == {17: 0, 22: 0, 8: 0}
    panel.close()


async def test_contacts_are_unknown_from_a_loss_until_they_are_read_again(guard: GuardProcess) -> None:
    contacts: list[tuple[str, str]] = []
    panel = Panel(guard.panel)
    panel.drive(27, 0)
    async with running(make_client(guard, contacts)) as client:
        await until(lambda: ("gate", "closed") in contacts)
        contacts.clear()
        guard.stop(signal.SIGKILL)
        await until(lambda: not client.connected)
        assert contacts == [(name, "unknown") for name in ("gate", "building-3", "fire", "button")]
        contacts.clear()
        guard.start()
        await until(lambda: client.connected)
        assert contacts == [("gate", "open"), ("building-3", "open"), ("fire", "idle"), ("button", "idle")]
    panel.close()


async def test_lamps_cycles_and_inputs_pass_through_the_client(guard: GuardProcess) -> None:
    heard: list[tuple[str, str]] = []
    panel = Panel(guard.panel)
    panel.read()
    async with running(make_client(guard, heard)) as client:
        assert client.cycles == {17: 0, 22: 0}
        client.signal("lamp", (5000,))
        assert await asyncio.to_thread(panel.read) == {17: 0, 22: 0, 8: 1}
        client.signal("lamp", ())
        assert await asyncio.to_thread(panel.read) == {17: 0, 22: 0, 8: 0}
        with pytest.raises(NotMoved):
            client.signal("bell", (100,))
        panel.drive(6, 0)
        await until(lambda: ("button", "active") in heard)
    panel.close()


async def test_a_guard_that_stands_still_leaves_the_outcome_open(guard: GuardProcess) -> None:
    async with running(make_client(guard)) as client:
        assert guard.process is not None
        guard.process.send_signal(signal.SIGSTOP)
        with pytest.raises(DeviceOffline):
            await client.pulse("k1-1-1", "gate")
        await asyncio.sleep(0.2)
        guard.process.send_signal(signal.SIGCONT)
        await until(lambda: client.connected)
    assert [cause for _, level, cause in guard.edges() if level] == []
