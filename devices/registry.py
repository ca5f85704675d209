"""Driver names of `site.toml` and what makes their drivers. A new driver is one line here."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from devices.mqtt.locker import MqttBanks, OnCell
from devices.settings import BankSettings
from edge.access.ports import CellPort
from edge.errors import ConfigError, Fault


class SiteBroker(NamedTuple):
    """How to reach the site's own broker, and as whom."""

    host: str
    port: int
    username: str | None
    password: str | None
    client_id: str


class BankDriver(CellPort, Protocol):
    """Drives one or several locker banks; `run` never returns."""

    async def run(self) -> None:
        """Keep the connection to the boards."""
        ...

    def online(self, bank: str) -> bool | None:
        """Whether a bank's board answers; None when that is not known."""
        ...


BankFactory = Callable[[Sequence[BankSettings], SiteBroker, OnCell], BankDriver]


def make_mqtt_banks(banks: Sequence[BankSettings], broker: SiteBroker, on_cell: OnCell) -> BankDriver:
    """Boards on the site's broker."""
    return MqttBanks(
        banks,
        host=broker.host,
        port=broker.port,
        username=broker.username,
        password=broker.password,
        client_id=broker.client_id,
        on_cell=on_cell,
    )


BANK_DRIVERS: Mapping[str, BankFactory] = {"mqtt": make_mqtt_banks}


def make_bank_drivers(
    banks: Sequence[BankSettings],
    broker: SiteBroker,
    on_cell: OnCell,
    drivers: Mapping[str, BankFactory] = BANK_DRIVERS,
) -> dict[str, BankDriver]:
    """One driver a name that is used; returned by bank. Raises ConfigError for unknown names."""
    unknown = [bank for bank in banks if bank.driver not in drivers]
    if unknown:
        known = ", ".join(sorted(drivers))
        raise ConfigError(
            Fault(f"bank.{bank.id}.driver", None, f"no driver {bank.driver!r}; there are: {known}")
            for bank in unknown
        )
    made: dict[str, BankDriver] = {}
    for name in dict.fromkeys(bank.driver for bank in banks):
        own = [bank for bank in banks if bank.driver == name]
        driver = drivers[name](own, broker, on_cell)
        made |= {bank.id: driver for bank in own}
    return made
