"""The simulated locker board on a real broker, in the test's own loop."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from devices.mqtt.locker import MqttBanks, OnCell
from devices.settings import BankSettings
from devices.simulator.lockers import LockerProcess
from edge.links.cancelling import end_task
from edge.links.findings import Findings
from tests.fakes.mosquitto import Mosquitto
from tests.fakes.waiting import until

BANK = BankSettings(id="bank-a", device="lockers-a", columns=(("A01:s", "A02:s"), ("panel", "B01:m")))


@contextlib.asynccontextmanager
async def running_board(broker: Mosquitto) -> AsyncIterator[LockerProcess]:
    """A board that plays, its person away."""
    process = LockerProcess(
        device=BANK.device,
        cells=BANK.cells(),
        auto_close_s=0.1,
        host=broker.host,
        port=broker.port,
        username=None,
        password=None,
    )
    process.board.auto_close = False
    role = asyncio.create_task(process.run())
    try:
        yield process
    finally:
        await end_task(role)


@contextlib.asynccontextmanager
async def running_banks(
    broker: Mosquitto, on_cell: OnCell, findings: Findings | None = None
) -> AsyncIterator[MqttBanks]:
    """The hub's driver."""
    banks = MqttBanks(
        [BANK],
        host=broker.host,
        port=broker.port,
        username=None,
        password=None,
        client_id="hub-k1",
        on_cell=on_cell,
        findings=findings or Findings(now_ms=lambda: 0),
    )
    role = asyncio.create_task(banks.run())
    try:
        await until(lambda: banks.session.ready)
        yield banks
    finally:
        await end_task(role)
