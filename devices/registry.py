"""Driver names of `site.toml` and what makes their drivers. A new driver is one line here."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

from devices.gpio.client import GuardClient, OnContact, OnInput
from devices.lines import InputSettings
from devices.modbus.settings import ModbusSettings
from devices.mqtt.door import MqttDoors
from devices.mqtt.locker import MqttBanks, OnCell
from devices.mqtt.site_link import SiteLink
from devices.mqtt.tasmota import TasmotaDoors
from devices.serial.banks import SerialBanks
from devices.settings import BankSettings, DoorSettings
from devices.site_broker import SiteBroker
from edge.access.boards.ports import WalkedBanks
from edge.access.ports import CellPort, Holder, Pulser
from edge.errors import ConfigError, Fault
from edge.links.findings import Findings


class BankDriver(CellPort, WalkedBanks, Protocol):
    """Drives one or several locker banks; `run` never returns."""

    async def run(self) -> None:
        """Keep the connection to the boards."""
        ...

    def online(self, bank: str) -> bool | None:
        """Whether a bank's board answers; None when that is not known."""
        ...


BankFactory = Callable[[Sequence[BankSettings], SiteBroker, OnCell, Findings], BankDriver]


def make_mqtt_banks(
    banks: Sequence[BankSettings], broker: SiteBroker, on_cell: OnCell, findings: Findings
) -> BankDriver:
    """Boards on the site's broker."""
    return MqttBanks(
        banks,
        host=broker.host,
        port=broker.port,
        username=broker.username,
        password=broker.password,
        client_id=broker.client_id,
        tls=broker.tls,
        on_cell=on_cell,
        findings=findings,
    )


def make_serial_banks(
    banks: Sequence[BankSettings], broker: SiteBroker, on_cell: OnCell, findings: Findings
) -> BankDriver:
    """Boards of the 8A family on serial buses."""
    return SerialBanks(banks, on_cell=on_cell, findings=findings)


BANK_DRIVERS: Mapping[str, BankFactory] = {"mqtt": make_mqtt_banks, "8a": make_serial_banks}


def make_bank_drivers(
    banks: Sequence[BankSettings],
    broker: SiteBroker,
    on_cell: OnCell,
    findings: Findings,
    drivers: Mapping[str, BankFactory] = BANK_DRIVERS,
) -> dict[str, BankDriver]:
    """One driver a name that is used; returned by bank. Raises ConfigError for unknown names."""
    return _make_drivers("bank", banks, drivers, lambda make, own: make(own, broker, on_cell, findings))


class DoorDriver(Pulser, Holder, Protocol):
    """Drives the doors of one kind; `run` never returns.

    A pulse is timed by the device itself, and a hold ends by itself within seconds of the hub's end.
    """

    async def run(self) -> None:
        """Keep the connection to the devices."""
        ...

    def online(self, door_id: str) -> bool | None:
        """Whether a door's device answers and is fit for duty; None when that is not known."""
        ...


class DoorSite(NamedTuple):
    """What door drivers are made with.

    `on_contact(door, state)` and `on_input(input, state)` are told in order; `on_connected(doors)` is awaited
    when their device is there again with every line off, so that holds are applied anew. `inputs` are those
    that a device on the broker hears; `link` is the session that such drivers share.
    """

    guard: GuardClient
    link: SiteLink
    findings: Findings
    on_contact: OnContact
    on_input: OnInput
    on_connected: Callable[[Iterable[str]], Awaitable[None]]
    inputs: Sequence[InputSettings] = ()
    boards: Sequence[ModbusSettings] = ()


DoorFactory = Callable[[Sequence[DoorSettings], DoorSite], DoorDriver]


def _guard_of(doors: Sequence[DoorSettings], site: DoorSite) -> DoorDriver:
    """Lines of the relay guard, which the hub talks to in any case."""
    return site.guard


def make_mqtt_doors(doors: Sequence[DoorSettings], site: DoorSite) -> DoorDriver:
    """Boards and satellites on the site's broker that keep the device convention."""
    return MqttDoors(
        doors,
        link=site.link,
        findings=site.findings,
        on_contact=site.on_contact,
        on_input=site.on_input,
        on_connected=site.on_connected,
        inputs=[(each.device, each.id) for each in site.inputs if each.device is not None],
    )


def make_tasmota_doors(doors: Sequence[DoorSettings], site: DoorSite) -> DoorDriver:
    """Relays with Tasmota firmware on the site's broker."""
    return TasmotaDoors(
        doors,
        link=site.link,
        findings=site.findings,
        on_contact=site.on_contact,
        on_connected=site.on_connected,
    )


def make_modbus_doors(doors: Sequence[DoorSettings], site: DoorSite) -> DoorDriver:
    """Relay boards on RS-485 or Ethernet; their library is loaded only where there are any."""
    from devices.modbus.door import ModbusDoors

    return ModbusDoors(
        doors,
        site.boards,
        findings=site.findings,
        on_contact=site.on_contact,
        on_connected=site.on_connected,
    )


DOOR_DRIVERS: Mapping[str, DoorFactory] = {
    "gpio": _guard_of,
    "mqtt": make_mqtt_doors,
    "tasmota": make_tasmota_doors,
    "modbus": make_modbus_doors,
}


def make_door_drivers(
    doors: Sequence[DoorSettings], site: DoorSite, drivers: Mapping[str, DoorFactory] = DOOR_DRIVERS
) -> dict[str, DoorDriver]:
    """One driver a name that is used; returned by door. Raises ConfigError for unknown names."""
    return _make_drivers("door", doors, drivers, lambda make, own: make(own, site))


class _Driven(Protocol):
    """A section of the site file that names its driver."""

    @property
    def id(self) -> str: ...

    @property
    def driver(self) -> str: ...


_Section = TypeVar("_Section", bound=_Driven)
_Factory = TypeVar("_Factory")
_Driver = TypeVar("_Driver")


def _make_drivers(
    section: str,
    named: Sequence[_Section],
    drivers: Mapping[str, _Factory],
    make: Callable[[_Factory, list[_Section]], _Driver],
) -> dict[str, _Driver]:
    unknown = [one for one in named if one.driver not in drivers]
    if unknown:
        known = ", ".join(sorted(drivers))
        raise ConfigError(
            Fault(f"{section}.{one.id}.driver", None, f"no driver {one.driver!r}; there are: {known}")
            for one in unknown
        )
    made: dict[str, _Driver] = {}
    for name in dict.fromkeys(one.driver for one in named):
        own = [one for one in named if one.driver == name]
        driver = make(drivers[name], own)
        made |= {one.id: driver for one in own}
    return made
