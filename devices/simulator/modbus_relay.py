"""`python -m devices.simulator.modbus_relay`: relay boards that time pulses, over TCP or a terminal.

It speaks functions 1, 2, 5, 6 with both ways of timing that `[[modbus]]` knows; channel N is relay N, and its
door's contact is input N, active while the door is closed. Control: HTTP on a Unix socket, as of the relay
node: `POST /doors/{channel}`, `POST /board`.
"""

import argparse
import asyncio
import os
import struct
import termios
import tty
from pathlib import Path

from devices.simulator.doors import play
from devices.simulator.relay_board import RelayBoard
from edge.links.supervisor import Role, Supervisor

FLASH, DELAY = 0x0200, 0x06
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS = 1, 2
RTU_BYTES = 8
"""Every request of these four functions is so long on a serial line."""


def crc16(data: bytes) -> bytes:
    """CRC of a serial frame, low byte first (Modbus over Serial Line V1.02, 6.2.2)."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc.to_bytes(2, "little")


class ModbusRelays:
    """The boards of one bus, by unit; every one has the same number of relays."""

    def __init__(self, relays: int, unit: int, trace_file: Path | None) -> None:
        self._unit = unit
        self._relays = relays
        self.board = RelayBoard([str(number + 1) for number in range(relays)], trace_file=trace_file)

    def answer(self, unit: int, pdu: bytes) -> bytes | None:
        """What the board answers to a request, None for nothing."""
        if unit != self._unit or not self.board.answers:
            return None
        function, address, value = struct.unpack(">BHH", pdu[:5])
        if self.board.garbled:
            return bytes([function | 0x80, ILLEGAL_FUNCTION])
        if function in (1, 2):
            return self._read(function, address, value)
        if function == 5:
            return pdu if self._write_coil(address, value) else bytes([0x85, ILLEGAL_ADDRESS])
        if function == 6:
            return pdu if self._write_register(address, value) else bytes([0x86, ILLEGAL_ADDRESS])
        return bytes([function | 0x80, ILLEGAL_FUNCTION])

    def _read(self, function: int, address: int, count: int) -> bytes:
        if address + count > self._relays:
            return bytes([function | 0x80, ILLEGAL_ADDRESS])
        bits = 0
        for offset in range(count):
            channel = str(address + offset + 1)
            active = self.board.is_on(channel) if function == 1 else self.board.contact(channel) == "closed"
            bits |= active << offset
        size = (count + 7) // 8
        return bytes([function, size]) + bits.to_bytes(size, "little")

    def _write_coil(self, address: int, value: int) -> bool:
        if FLASH <= address < FLASH + self._relays:
            self.board.pulse(str(address - FLASH + 1), value * 100, "flash")
        elif address < self._relays and value in (0, 0xFF00):
            channel = str(address + 1)
            if value:
                self.board.hold(channel, "coil")
            else:
                self.board.off(channel, "coil")
        else:
            return False
        return True

    def _write_register(self, address: int, value: int) -> bool:
        if not 1 <= address <= self._relays or value >> 8 != DELAY:
            return False
        self.board.pulse(str(address), (value & 0xFF) * 1000, "delay")
        return True


async def serve_tcp(boards: ModbusRelays, port: int) -> None:
    """Answer on a TCP port; never returns."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readexactly(7)
                transaction, _, size, unit = struct.unpack(">HHHB", head)
                pdu = boards.answer(unit, await reader.readexactly(size - 1))
                if pdu is not None:
                    writer.write(struct.pack(">HHHB", transaction, 0, len(pdu) + 1, unit) + pdu)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", port) as server:
        await server.serve_forever()


def open_line(link: Path) -> int:
    """Make a pseudo-terminal whose other end `link` names; returns our end."""
    ours, theirs = os.openpty()
    tty.setraw(theirs, termios.TCSANOW)
    os.set_blocking(ours, False)
    link.unlink(missing_ok=True)
    link.symlink_to(os.ttyname(theirs))
    return ours


async def serve_pty(boards: ModbusRelays, link: Path) -> None:
    """Answer on a pseudo-terminal whose other end `link` names; never returns."""
    ours = open_line(link)
    rest = b""

    def read() -> None:
        nonlocal rest
        rest += os.read(ours, 256)
        while len(rest) >= RTU_BYTES:
            frame, rest = rest[:RTU_BYTES], rest[RTU_BYTES:]
            if crc16(frame[:-2]) != frame[-2:]:
                rest = b""
                break
            pdu = boards.answer(frame[0], frame[1:-2])
            if pdu is not None:
                os.write(ours, frame[:1] + pdu + crc16(frame[:1] + pdu))

    asyncio.get_running_loop().add_reader(ours, read)
    await asyncio.Event().wait()


async def _main(options: argparse.Namespace) -> None:
    boards = ModbusRelays(options.relays, options.unit, options.trace)

    async def serve() -> None:
        if options.pty is not None:
            await serve_pty(boards, options.pty)
        else:
            await serve_tcp(boards, options.port)

    async def run() -> None:
        try:
            await Supervisor((Role("serve", serve), Role("live", boards.board.live))).run()
        finally:
            boards.board.all_off("exit")

    await play(run(), boards.board.control(), options.control)


def main() -> None:
    """Play until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m devices.simulator.modbus_relay", description=__doc__)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--port", type=int, help="Modbus TCP")
    where.add_argument("--pty", type=Path, help="Modbus RTU: a link to the serial port that it makes")
    parser.add_argument("--relays", type=int, default=8)
    parser.add_argument("--unit", type=int, default=1)
    parser.add_argument("--trace", type=Path, help="one line for every edge of a relay")
    parser.add_argument("--control", type=Path, required=True, help="Unix socket for the hand that plays")
    asyncio.run(_main(parser.parse_args()))


if __name__ == "__main__":
    main()
