"""A satellite (远程节点): another machine's relay guard, driven by the hub over the site's broker.

It decides nothing. Without the broker or the hub's beat every one of its lines is off: egress is hardware.
"""

import time
from collections.abc import Iterable
from pathlib import Path

from devices.gpio.client import GuardClient
from devices.lines import InputSettings, SignalSettings
from devices.mqtt.door_node import DoorNode, Say
from devices.mqtt.node_session import NodeSession
from devices.settings import DoorSettings
from devices.site_broker import SiteBroker
from edge.access.contacts import ContactState
from edge.access.inputs import InputState
from edge.links.supervisor import Role, Supervisor


class Satellite:
    """One satellite, wired; its doors, inputs and signals go by their names of its own site file."""

    def __init__(
        self,
        device: str,
        *,
        broker: SiteBroker,
        guard_socket: Path,
        doors: Iterable[DoorSettings],
        inputs: Iterable[InputSettings],
        signals: Iterable[SignalSettings],
    ) -> None:
        doors, inputs = tuple(doors), tuple(inputs)
        self.guard = GuardClient(
            socket=guard_socket,
            doors=doors,
            inputs=inputs,
            signals=signals,
            on_contact=self._note_contact,
            on_input=self._note_input,
            on_connected=self._guard_back,
        )

        def make_node(say: Say) -> DoorNode:
            return DoorNode(
                {door.id: door.pulse_ms for door in doors},
                inputs=[each.id for each in inputs],
                relays=self.guard,
                say=say,
                now_ms=lambda: time.monotonic_ns() // 1_000_000,
            )

        self.link = NodeSession(device, broker, make_node)
        self.node = self.link.node

    async def run(self) -> None:
        """Run until cancelled."""
        await Supervisor((Role("guard", self.guard.run), Role("link", self.link.run))).run()

    def _note_contact(self, door: str, state: ContactState) -> None:
        # What the guard's hello says is told by the session that begins right after it.
        tell = self.guard.connected or state is ContactState.UNKNOWN
        self.node.set_contact(door, state.value, tell=tell)

    def _note_input(self, name: str, state: InputState) -> None:
        tell = self.guard.connected or state is InputState.UNKNOWN
        self.node.set_input(name, state.value, tell=tell)

    async def _guard_back(self) -> None:
        """The guard let go of everything: the hub is told by a new session, and applies its holds again."""
        self.node.begin_session()
