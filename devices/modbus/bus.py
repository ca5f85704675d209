"""One Modbus connection through pymodbus, with every fault of the library named in our words.

A request that moves something is sent once: pymodbus repeats what was not answered, so its retries are 0.
"""

import asyncio
import logging
import struct

from pymodbus import FramerType, ModbusException
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.client.base import ModbusBaseClient
from pymodbus.exceptions import ConnectionException
from pymodbus.pdu import ModbusPDU
from pymodbus.pdu.bit_message import WriteSingleCoilRequest

from devices.modbus.settings import STEP_MS, ModbusSettings
from edge.access.errors import NotMoved
from edge.errors import DeviceFault, DeviceOffline

ANSWER_LIMIT_S = 0.5
FLASH_ADDRESS = 0x0200
DELAY_VALUE = 0x0600


class FlashCoil(WriteSingleCoilRequest):
    """Function 5 with a time instead of on or off."""

    def __init__(self, relay: int, tenths: int, unit: int) -> None:
        super().__init__(address=FLASH_ADDRESS + relay - 1, bits=[True], dev_id=unit)
        self._tenths = tenths

    def encode(self) -> bytes:
        """Address and time."""
        return struct.pack(">HH", self.address, self._tenths)


class ModbusBus:
    """One connection and the boards on it, asked one after another."""

    def __init__(self, settings: ModbusSettings) -> None:
        if settings.host:
            self._client: ModbusBaseClient = AsyncModbusTcpClient(
                settings.host, port=settings.tcp_port, timeout=ANSWER_LIMIT_S, retries=0, reconnect_delay=0
            )
        else:
            self._client = AsyncModbusSerialClient(
                settings.port,
                framer=FramerType.RTU,
                baudrate=settings.baud,
                timeout=ANSWER_LIMIT_S,
                retries=0,
                reconnect_delay=0,
            )
        self._turn = asyncio.Lock()
        # A board that is away is one finding, not a line a second.
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL)

    @property
    def connected(self) -> bool:
        """Whether there is a connection, or an open port."""
        return bool(self._client.connected)

    async def connect(self) -> bool:
        """Connect; says whether it worked."""
        try:
            return bool(await self._client.connect())
        except (OSError, ModbusException):
            return False

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    async def relays(self, board: ModbusSettings) -> list[bool]:
        """Which relays are on. Raises DeviceOffline, DeviceFault."""
        answer = await self._ask(self._client.read_coils, 0, count=board.relays, device_id=board.unit)
        return _bits(answer, board.relays)

    async def inputs(self, board: ModbusSettings) -> list[bool]:
        """Which inputs are active. Raises DeviceOffline, DeviceFault."""
        if not board.inputs:
            return []
        answer = await self._ask(
            self._client.read_discrete_inputs, 0, count=board.inputs, device_id=board.unit
        )
        return _bits(answer, board.inputs)

    async def pulse(self, board: ModbusSettings, relay: int, pulse_ms: int) -> None:
        """Let the board time one pulse. Raises NotMoved, DeviceOffline (then nobody can tell)."""
        steps = pulse_ms // STEP_MS[board.timing]
        if board.timing == "flash_coil":
            await self._move(self._client.execute, False, FlashCoil(relay, steps, board.unit))
        else:
            await self._move(self._client.write_register, relay, DELAY_VALUE + steps, device_id=board.unit)

    async def off(self, board: ModbusSettings, relay: int) -> None:
        """Switch a relay off. Raises NotMoved, DeviceOffline."""
        await self._move(self._client.write_coil, relay - 1, False, device_id=board.unit)

    async def _move(self, call: object, *arguments: object, **named: object) -> None:
        if not self.connected:
            raise NotMoved("device_offline")
        try:
            await self._ask(call, *arguments, **named)
        except DeviceFault as fault:
            # An exception response: the board says that it did nothing.
            raise NotMoved("device_refused") from fault

    async def _ask(self, call: object, *arguments: object, **named: object) -> ModbusPDU:
        assert callable(call)
        async with self._turn:
            try:
                answer = await call(*arguments, **named)
            except ConnectionException as error:
                raise DeviceOffline(str(error)) from error
            except ModbusException as error:
                # No answer, or one that is no frame: a late one must not answer the next question.
                self._client.close()
                raise DeviceOffline(str(error)) from error
        assert isinstance(answer, ModbusPDU)
        if answer.isError():
            raise DeviceFault(str(answer))
        return answer


def _bits(answer: ModbusPDU, count: int) -> list[bool]:
    if len(answer.bits) < count:
        raise DeviceFault(f"{len(answer.bits)} bits instead of {count}")
    return list(answer.bits[:count])
