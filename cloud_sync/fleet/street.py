"""The network between the sites and the platform, a process of its own: one port a street, which can be cut.

Every second street's cut is a silent one: connections stay and nothing comes through. In the other ones
every connection ends at once and new ones are refused, as where a switch has lost its power.
"""

import asyncio
import sys
from collections.abc import Callable
from typing import Literal, cast

import msgspec

LOOPBACK = "127.0.0.1"


class StreetsOrder(msgspec.Struct, frozen=True):
    """What this process is told in its first line: the platform's port, how many streets there are."""

    target: int
    streets: int


class StreetsRequest(msgspec.Struct, frozen=True):
    """Cut or mend every street, or only ask."""

    do: Literal["cut", "mend", "state"]


class StreetsState(msgspec.Struct, frozen=True):
    """The ports by street; `begun` counts connections that sites tried to make, ever."""

    ports: list[int]
    begun: int


class Street:
    """Relays connections of one street."""

    def __init__(self, target: int, *, silent: bool) -> None:
        self.target = target
        self.port = 0
        self.is_cut = False
        self.begun = 0
        self._silent = silent
        self._ends: set[End] = set()

    async def open(self) -> None:
        """Listen on a free port."""
        server = await asyncio.get_running_loop().create_server(lambda: Near(self), LOOPBACK, 0, backlog=4096)
        self.port = server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """Nothing comes through any more."""
        self.is_cut = True
        if not self._silent:
            self._drop()

    def mend(self) -> None:
        """New connections come through; what hung in a silent cut ends."""
        self.is_cut = False
        self._drop()

    def enter(self, end: "End") -> None:
        """A connection's end is there."""
        self._ends.add(end)
        if self.is_cut and not self._silent:
            end.transport.abort()

    def leave(self, end: "End") -> None:
        """It is gone."""
        self._ends.discard(end)

    def _drop(self) -> None:
        for end in tuple(self._ends):
            end.transport.abort()


class End(asyncio.Protocol):
    """One end of a relayed connection; what comes while the other end is not there yet waits."""

    transport: asyncio.Transport

    def __init__(self, street: Street) -> None:
        self.street = street
        self.other: End | None = None
        self.waiting: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Enter the street."""
        self.transport = cast("asyncio.Transport", transport)
        self.street.enter(self)

    def data_received(self, data: bytes) -> None:
        """Pass it on, unless the street is cut."""
        if self.street.is_cut:
            return
        if self.other is None:
            self.waiting.append(data)
        else:
            self.other.transport.write(data)

    def connection_lost(self, error: Exception | None) -> None:
        """The other end ends too, after what it was given."""
        self.street.leave(self)
        if self.other is not None and not self.street.is_cut:
            self.other.transport.close()


class Near(End):
    """The site's end; makes the other one."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connect with the platform where the street is whole."""
        super().connection_made(transport)
        self.street.begun += 1
        if not self.street.is_cut:
            self._joining = asyncio.ensure_future(self._join())

    async def _join(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, far = await loop.create_connection(lambda: End(self.street), LOOPBACK, self.street.target)
        except OSError:
            self.transport.abort()
            return
        far.other, self.other = self, far
        for data in self.waiting:
            far.transport.write(data)
        self.waiting.clear()
        if self.transport.is_closing():
            far.transport.close()


async def serve(read_line: Callable[[], bytes], write_line: Callable[[bytes], None]) -> None:
    """Relay until the input ends."""
    order = msgspec.json.decode(await asyncio.to_thread(read_line), type=StreetsOrder)
    streets = [Street(order.target, silent=number % 2 == 1) for number in range(order.streets)]
    for street in streets:
        await street.open()
    ports = [street.port for street in streets]
    write_line(msgspec.json.encode(StreetsState(ports, 0)))
    while line := await asyncio.to_thread(read_line):
        request = msgspec.json.decode(line, type=StreetsRequest)
        for street in streets:
            if request.do == "cut":
                street.cut()
            elif request.do == "mend":
                street.mend()
        write_line(msgspec.json.encode(StreetsState(ports, sum(street.begun for street in streets))))


def write_out(line: bytes) -> None:
    """One line to whoever started this process."""
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(serve(sys.stdin.buffer.readline, write_out))
