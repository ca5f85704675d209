"""Doors on the site's broker by the project's own convention: boards, and satellites."""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence

import msgspec

from devices.mqtt.door_messages import DoorCommand, DoorEvent, DoorState
from devices.mqtt.messages import Result
from devices.mqtt.site_link import SiteLink
from devices.settings import DoorSettings
from edge.access.contacts import ContactState
from edge.access.errors import NotMoved
from edge.access.inputs import InputState
from edge.errors import DeviceOffline
from edge.links.broker import BrokerMessage, BrokerOffline
from edge.links.findings import Findings

log = logging.getLogger(__name__)

ANSWER_LIMIT_S = 1.5
BEAT_EVERY_S = 0.5
"""How often a device hears that the hub lives; after 2 s of silence it lets go of everything."""
MAX_NONCE = 64

OnContact = Callable[[str, ContactState], None]
OnInput = Callable[[str, InputState], None]
OnConnected = Callable[[Iterable[str]], Awaitable[None]]


class MqttDoorDevice:
    """One device: what it last said of its doors and inputs, and what may be asked of it."""

    def __init__(
        self,
        name: str,
        doors: Sequence[DoorSettings],
        *,
        link: SiteLink,
        findings: Findings,
        inputs: frozenset[str],
        on_contact: OnContact,
        on_input: OnInput,
        on_connected: OnConnected,
    ) -> None:
        self.name = name
        self.doors = {door.id: door for door in doors}
        self._by_channel = {door.channel or door.id: door for door in doors}
        self._inputs = inputs
        self._link = link
        self._findings = findings
        self._on_contact = on_contact
        self._on_input = on_input
        self._on_connected = on_connected
        self._up = False
        self._state: DoorState | None = None
        self._unfit: set[str] = set()
        self._waiting: dict[str, asyncio.Future[Result]] = {}

    @property
    def nonce(self) -> str | None:
        """The session that the device is in, None while it is away or not understood."""
        return self._state.nonce if self._up and self._state is not None else None

    def online(self, door_id: str) -> bool | None:
        """Whether the device is there, was read, and times this door's pulse as the site file says."""
        if not self._link.ready:
            return None
        return self.nonce is not None and door_id not in self._unfit

    async def ask(self, command_id: str, door_id: str, action: str) -> None:
        """Ask once. Raises NotMoved, DeviceOffline (then nobody can tell)."""
        nonce = self.nonce
        if nonce is None or not self._link.ready:
            raise NotMoved("device_offline")
        if door_id in self._unfit:
            raise NotMoved("duty_refused")
        door = self.doors[door_id]
        command = DoorCommand(id=command_id, nonce=nonce, action=action, door=door.channel or door.id)
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting[command_id] = answer
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                await self._link.publish(f"d/{self.name}/cmd", msgspec.json.encode(command))
                result = await answer
        except TimeoutError as error:
            raise DeviceOffline(f"device {self.name} did not answer") from error
        finally:
            del self._waiting[command_id]
        if not result.ok:
            raise NotMoved(result.why or "device_refused")

    async def beat(self) -> None:
        """Say that the hub lives. Raises BrokerOffline."""
        if (nonce := self.nonce) is not None:
            await self._link.publish(f"d/{self.name}/beat", nonce.encode(), qos=0)

    async def take(self, leaf: str, message: BrokerMessage) -> None:
        """Take a message. One in another format makes the device unknown until its state is read anew."""
        try:
            match leaf:
                case "up":
                    await self._set_up(message.payload == b"1")
                case "state":
                    await self._set_state(msgspec.json.decode(message.payload, type=DoorState))
                case "evt" if not message.retained:
                    self._note(msgspec.json.decode(message.payload, type=DoorEvent))
                case "res" if not message.retained:
                    result = msgspec.json.decode(message.payload, type=Result)
                    answer = self._waiting.get(result.id)
                    if answer is not None and not answer.done():
                        answer.set_result(result)
                case _:
                    log.warning("%s: a retained %s is no news", self.name, leaf)
        except msgspec.DecodeError as error:
            if self._findings.report(self.name, "bad_format", f"{leaf}: {error}"):
                log.warning("%s/%s: %s", self.name, leaf, error)
            self.lose_state()

    def lose(self) -> None:
        """The broker is away: nothing is known until the device is heard again."""
        self._up = False
        self.lose_state()

    def lose_state(self) -> None:
        """Nothing is known of the device's doors and inputs."""
        self._state = None
        for door_id in self.doors:
            self._on_contact(door_id, ContactState.UNKNOWN)
        for name in self._inputs:
            self._on_input(name, InputState.UNKNOWN)

    async def _set_up(self, up: bool) -> None:
        was_up, self._up = self._up, up
        if up:
            self._findings.clear(self.name, "offline")
            if not was_up:
                await self._begin()
        else:
            self._findings.report(self.name, "offline")
            self.lose_state()

    async def _set_state(self, state: DoorState) -> None:
        if not 0 < len(state.nonce) <= MAX_NONCE:
            raise msgspec.DecodeError("nonce: 1 to 64 characters")
        self._findings.clear(self.name, "bad_format")
        begins = self._state is None or self._state.nonce != state.nonce
        self._state = state
        self._judge(state)
        if begins:
            await self._begin()
        elif self._up:
            self._tell(state)

    def _judge(self, state: DoorState) -> None:
        """A door is fit for duty only if the device says that it times just the pulse that is wanted."""
        self._unfit.clear()
        for channel, door in self._by_channel.items():
            said_ms = state.pulses_ms.get(channel)
            if said_ms == door.pulse_ms:
                self._findings.clear(f"door:{door.id}", "duty_refused")
                continue
            self._unfit.add(door.id)
            said = "no pulse" if said_ms is None else f"a pulse of {said_ms} ms"
            self._findings.report(
                f"door:{door.id}",
                "duty_refused",
                f"{self.name} gives {channel} {said}, not {door.pulse_ms} ms",
            )

    async def _begin(self) -> None:
        """A session of the device begins: it let go of everything, and obeys commands with this nonce."""
        if not self._up or self._state is None:
            return
        self._tell(self._state)
        # Before the holds: a device obeys nobody whose beat it did not hear.
        await self.beat()
        await self._on_connected(tuple(self.doors))

    def _tell(self, state: DoorState) -> None:
        for channel, door in self._by_channel.items():
            self._on_contact(door.id, _contact(state.doors.get(channel, "")))
        for name in self._inputs:
            self._on_input(name, _input(state.inputs.get(name, "")))

    def _note(self, event: DoorEvent) -> None:
        if self.nonce is None:
            return
        if event.kind == "contact" and event.name in self._by_channel:
            self._on_contact(self._by_channel[event.name].id, _contact(event.state))
        elif event.kind == "input" and event.name in self._inputs:
            self._on_input(event.name, _input(event.state))


class MqttDoors:
    """Every such device of the site, behind one session with its broker. A DoorDriver."""

    def __init__(
        self,
        doors: Sequence[DoorSettings],
        *,
        link: SiteLink,
        findings: Findings,
        on_contact: OnContact,
        on_connected: OnConnected,
        on_input: OnInput = lambda name, state: None,
        inputs: Iterable[tuple[str, str]] = (),
    ) -> None:
        """`inputs` are (device, input) pairs."""
        heard = tuple(inputs)
        names = dict.fromkeys([door.device or "" for door in doors] + [device for device, _ in heard])
        self.devices = {
            name: MqttDoorDevice(
                name,
                [door for door in doors if door.device == name],
                link=link,
                findings=findings,
                inputs=frozenset(each for device, each in heard if device == name),
                on_contact=on_contact,
                on_input=on_input,
                on_connected=on_connected,
            )
            for name in names
        }
        self._of_door = {door.id: self.devices[door.device or ""] for door in doors}
        self._link = link
        link.add(self)

    @property
    def topics(self) -> tuple[str, ...]:
        """What the hub listens to for these devices."""
        return tuple(f"d/{name}/{leaf}" for name in self.devices for leaf in ("res", "state", "evt", "up"))

    async def begin(self) -> None:
        """The broker is there; the devices' retained state follows by itself."""

    async def take(self, message: BrokerMessage) -> bool:
        """Take a message of one of these devices."""
        _, _, rest = message.topic.partition("/")
        name, _, leaf = rest.partition("/")
        device = self.devices.get(name)
        if device is None or message.topic != f"d/{name}/{leaf}":
            return False
        await device.take(leaf, message)
        return True

    def lose(self) -> None:
        """The broker is away."""
        for device in self.devices.values():
            device.lose()

    async def run(self) -> None:
        """Beat for every device; never returns. The session is the link's."""
        while True:
            await asyncio.sleep(BEAT_EVERY_S)
            for device in self.devices.values():
                try:
                    await device.beat()
                except BrokerOffline:
                    break  # the link connects again, and the devices let go meanwhile

    async def pulse(self, opening_id: str, door_id: str) -> None:
        """Ask the door's device for one pulse. Raises NotMoved, DeviceOffline (then nobody can tell)."""
        await self._device(door_id).ask(opening_id, door_id, "pulse")

    async def hold(self, door_id: str, on: bool) -> None:
        """Begin or end holding a door released. Raises NotMoved, DeviceOffline."""
        command_id = f"hold-{secrets.token_hex(8)}"
        await self._device(door_id).ask(command_id, door_id, "hold" if on else "release")

    def online(self, door_id: str) -> bool | None:
        """Whether a door's device is fit for duty; None while the broker is away."""
        return self._device(door_id).online(door_id)

    def _device(self, door_id: str) -> MqttDoorDevice:
        device = self._of_door.get(door_id)
        if device is None:
            raise NotMoved("unknown_door")
        return device


def _contact(state: str) -> ContactState:
    return ContactState(state) if state in (ContactState.OPEN, ContactState.CLOSED) else ContactState.UNKNOWN


def _input(state: str) -> InputState:
    return InputState(state) if state in (InputState.ACTIVE, InputState.IDLE) else InputState.UNKNOWN
