"""`python -m devices.simulator.relay_node`: a relay board of the project's convention on the site's broker.

Control: HTTP on a Unix socket. `GET /`; `POST /doors/{channel}` with any of `{"jammed": bool,
"deserted": bool, "cut": bool}`; `POST /board` with any of `{"answers": bool, "garbled": bool,
"sticky": bool}`.
"""

import argparse
import asyncio
from pathlib import Path

from devices.mqtt.door_node import DoorNode, Say
from devices.mqtt.node_session import NodeSession
from devices.simulator.doors import play
from devices.simulator.relay_board import RelayBoard, now_ms
from devices.site_broker import SiteBroker
from edge.access.errors import NotMoved
from edge.links.supervisor import Role, Supervisor


class RelayNode:
    """One board, its node and its session."""

    def __init__(
        self, device: str, pulses_ms: dict[str, int], broker: SiteBroker, trace_file: Path | None
    ) -> None:
        self._pulses_ms = pulses_ms
        self.board = RelayBoard(pulses_ms, trace_file=trace_file)

        def make_node(say: Say) -> DoorNode:
            def speak(leaf: str, payload: bytes, retained: bool) -> None:
                if self.board.answers:
                    say(leaf, b'{"POWER1":"ON"}' if self.board.garbled else payload, retained)

            return DoorNode(pulses_ms, relays=self, say=speak, now_ms=now_ms)

        self.link = NodeSession(device, broker, make_node)
        self.board.on_moved = self.link.node.set_contact

    async def run(self) -> None:
        """Play for ever; everything is off when this ends."""
        try:
            await Supervisor((Role("link", self.link.run), Role("live", self.board.live))).run()
        finally:
            self.board.all_off("exit")

    async def pulse(self, command_id: str, door: str) -> None:
        """Give a door its pulse."""
        self.board.pulse(door, self._pulses_ms[door], command_id)

    async def hold(self, door: str, on: bool) -> None:
        """Keep a door released, or stop."""
        if on:
            self.board.hold(door, "hold")
        else:
            self.board.off(door, "hold")

    def let_go(self) -> None:
        """Everything off."""
        self.board.all_off("hub-gone")

    def signal(self, name: str, pattern_ms: tuple[int, ...]) -> None:
        """This board has no lamp."""
        raise NotMoved("unknown_line")


def broker_of(options: argparse.Namespace) -> SiteBroker:
    """The broker that the command line names."""
    password = options.password_file.read_text("utf-8").strip() if options.password_file else None
    return SiteBroker(
        options.host, options.port, options.device if password else None, password, options.device
    )


def arguments(prog: str, description: str | None) -> argparse.ArgumentParser:
    """What every simulated board on the broker is told."""
    parser = argparse.ArgumentParser(prog=f"python -m devices.simulator.{prog}", description=description)
    parser.add_argument("--device", required=True, help="its name on the broker, and its account")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--password-file", type=Path, help="none: an anonymous broker")
    parser.add_argument("--trace", type=Path, help="one line for every edge of a relay")
    parser.add_argument("--control", type=Path, required=True, help="Unix socket for the hand that plays")
    return parser


def main() -> None:
    """Play until SIGTERM or SIGINT."""
    parser = arguments("relay_node", __doc__)
    parser.add_argument("--door", action="append", required=True, help="CHANNEL=PULSE_MS, several times")
    options = parser.parse_args()
    pulses_ms = {name: int(text) for name, _, text in (each.partition("=") for each in options.door)}
    node = RelayNode(options.device, pulses_ms, broker_of(options), options.trace)
    asyncio.run(play(node.run(), node.board.control(), options.control))


if __name__ == "__main__":
    main()
