"""Doors, devices and lockers of a hub as the counter's pages ask for them."""

from collections.abc import Callable
from typing import NamedTuple

from edge.config import Config
from edge.hub_devices import HubDevices
from edge.links.health import HealthRegistry
from edge.peripherals import Peripherals
from edge.staff.accounts import StaffDesk
from edge.store.store import Store
from edge.trust.clock import Clock
from edge.trust.keys import KeySet
from kiosk.counter.device_views import DeviceDesk
from kiosk.counter.door_views import DoorDesk
from kiosk.counter.room_doors import RoomDoorDesk
from kiosk.counter.server import LockerDesks
from kiosk.desks.deposit_desk import RoomDepositDesk
from kiosk.desks.locker_counter import RoomLockerCounter
from kiosk.desks.locker_desk import BankViews


class CounterRooms(NamedTuple):
    """What stands behind the pages; lockers: None at a site without a bank."""

    doors: DoorDesk
    devices: DeviceDesk
    lockers: LockerDesks | None


def counter_rooms(
    config: Config,
    *,
    peripherals: Peripherals,
    health: HealthRegistry,
    store: Store,
    clock: Clock,
    keys: Callable[[], KeySet],
    staff: StaffDesk,
) -> CounterRooms:
    """The rooms of one hub."""
    doors = RoomDoorDesk(
        desk=peripherals.door_desk,
        store=store,
        clock=clock,
        heard=peripherals.doors.heard,
        reachable=lambda door: peripherals.door_drivers[door].online(door),
    )
    try_lock = peripherals.door_desk.try_lock
    devices = HubDevices(config, peripherals=peripherals, health=health, try_lock=try_lock)
    if not peripherals.bank_settings:
        return CounterRooms(doors, devices, None)
    lockers = LockerDesks(
        RoomLockerCounter(
            store=store,
            clock=clock,
            keeper=peripherals.keeper,
            staff=staff,
            views=BankViews(store=store, contacts=peripherals.contacts, banks=peripherals.bank_settings),
        ),
        RoomDepositDesk(store=store, clock=clock, keys=keys, deposits=peripherals.deposits),
    )
    return CounterRooms(doors, devices, lockers)
