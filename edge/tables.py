"""The tables that join the rooms: sections, migrations, events, feed collections. Read from top to bottom."""

from collections.abc import Mapping

import cloud_sync.events
import cloud_sync.schema
import edge.access.credentials.events
import edge.access.events
import edge.access.lockers.events
import edge.access.schema
import edge.backups.events
import edge.books.schema
import edge.homes.events
import edge.homes.schema
import edge.pay.events
import edge.pay.schema
import edge.service.events
import edge.service.schema
import edge.settlement.events
import edge.settlement.schema
import edge.shop.events
import edge.shop.schema
import edge.staff.events
import edge.staff.schema
import edge.store.events
import edge.store.schema
from cloud_sync.downlink import OWN_APPLIERS
from cloud_sync.erasing import Eraser, Place
from cloud_sync.feed_applying import Apply, References, joined
from devices.lines import InputSettings, SignalSettings, door_faults, line_faults
from devices.modbus.settings import ModbusSettings, modbus_faults
from devices.settings import (
    BankSettings,
    DoorSettings,
    GuardSettings,
    ReaderSettings,
    SatelliteSettings,
    VisionSettings,
)
from devices.wires import wire_faults
from edge.access.feed import APPLIERS as ACCESS_APPLIERS
from edge.access.lockers.orders import LockerOrders
from edge.access.lockers.replay import REPLAYS as LOCKER_REPLAYS
from edge.access.lockers.replay_pickups import pickup_replays
from edge.access.lockers.settings import LockerSettings
from edge.access.replay import REPLAYS as ACCESS_REPLAYS
from edge.config import CORE_SECTIONS, Check, Section
from edge.homes.feed import APPLIERS as HOMES_APPLIERS
from edge.homes.replay import REPLAYS as HOMES_REPLAYS
from edge.pay.codes import PaymentCodeSettings
from edge.pay.feed import APPLIERS as PAY_APPLIERS
from edge.pay.replay import REPLAYS as PAY_REPLAYS
from edge.pay.replay_refunds import REPLAYS as REFUND_REPLAYS
from edge.pay.replay_top_ups import REPLAYS as TOP_UP_REPLAYS
from edge.settlement.feed import APPLIERS as SETTLEMENT_APPLIERS
from edge.settlement.replay import REPLAYS as SETTLEMENT_REPLAYS
from edge.shop import orders
from edge.shop.feed import APPLIERS as SHOP_APPLIERS
from edge.shop.replay import REPLAYS as SHOP_REPLAYS
from edge.staff.replay import REPLAYS as STAFF_REPLAYS
from edge.store.events import Event
from edge.store.history import Replay
from edge.store.migrate import Migration
from kiosk.counter.settings import CounterSettings
from kiosk.settings import KioskSettings

SECTIONS: Mapping[str, Section] = {
    **CORE_SECTIONS,
    "kiosk": Section(KioskSettings),
    "payment_code": Section(PaymentCodeSettings, many=True, required=False),
    "counter": Section(CounterSettings, required=False),
    "guard": Section(GuardSettings, required=False),
    "vision": Section(VisionSettings, required=False),
    "door": Section(DoorSettings, many=True, required=False),
    "input": Section(InputSettings, many=True, required=False),
    "signal": Section(SignalSettings, many=True, required=False),
    "reader": Section(ReaderSettings, many=True, required=False),
    "modbus": Section(ModbusSettings, many=True, required=False),
    "bank": Section(BankSettings, many=True, required=False),
    "lockers": Section(LockerSettings, required=False),
}
"""Sections of `site.toml`: each room or driver owns its struct."""

SATELLITE_SECTIONS: Mapping[str, Section] = {
    "satellite": Section(SatelliteSettings),
    **{name: SECTIONS[name] for name in ("broker", "guard", "door", "input", "signal")},
}
"""Sections of a satellite's `site.toml`: the same structs, and nothing of the hub's."""

CHECKS: tuple[Check, ...] = (line_faults, door_faults, modbus_faults, wire_faults)
"""What is judged over several sections of `site.toml` together."""

MIGRATIONS: tuple[Migration, ...] = (
    *edge.store.schema.MIGRATIONS,
    *edge.books.schema.MIGRATIONS,
    *edge.staff.schema.MIGRATIONS,
    *edge.pay.schema.MIGRATIONS,
    *edge.access.schema.MIGRATIONS,
    *edge.shop.schema.MIGRATIONS,
    *edge.homes.schema.MIGRATIONS,
    *edge.settlement.schema.MIGRATIONS,
    *edge.service.schema.MIGRATIONS,
    *cloud_sync.schema.MIGRATIONS,
)
"""The database, room by room. Only ever appended to."""

EVENTS: tuple[type[Event], ...] = (
    *edge.store.events.EVENTS,
    *edge.backups.events.EVENTS,
    *edge.staff.events.EVENTS,
    *edge.pay.events.EVENTS,
    *edge.access.events.EVENTS,
    *edge.access.credentials.events.EVENTS,
    *edge.access.lockers.events.EVENTS,
    *edge.shop.events.EVENTS,
    *edge.homes.events.EVENTS,
    *edge.settlement.events.EVENTS,
    *edge.service.events.EVENTS,
    *cloud_sync.events.EVENTS,
)
"""Everything that the journal can hold."""

REPLAYS: Mapping[str, Replay] = {
    **STAFF_REPLAYS,
    **PAY_REPLAYS,
    **REFUND_REPLAYS,
    **TOP_UP_REPLAYS,
    **ACCESS_REPLAYS,
    **LOCKER_REPLAYS,
    **pickup_replays(LockerOrders(orders)),
    **SHOP_REPLAYS,
    **HOMES_REPLAYS,
    **SETTLEMENT_REPLAYS,
}
"""What events did to the tables, for entries that are read back from custody after a restore."""


PERSONS: tuple[Place, ...] = (
    Place("residents", "id"),
    Place("grants", "subject"),
    Place("cards", "subject"),
    Place("pins", "subject"),
    Place("vehicles", "subject"),
    Place("denials", "value"),
    Place("passages", "subject"),
    Place("cell_orders", "subject", keep=True),
    Place("tender_accounts", "subject", keep=True),
)
"""Side tables that say who somebody is, beside the commitments; goods and balances stay, without them."""

ERASER = Eraser(PERSONS)

FEED_OWNERS: Mapping[str, Mapping[str, Apply]] = {
    "pay": PAY_APPLIERS,
    "access": ACCESS_APPLIERS,
    "shop": SHOP_APPLIERS,
    "homes": HOMES_APPLIERS,
    "settlement": SETTLEMENT_APPLIERS,
    "cloud_sync": {**OWN_APPLIERS, "erasures": ERASER.apply},
}
"""Rooms and the collections of the feed that each owns: it alone keeps the copy."""

APPLIERS: Mapping[str, Apply] = joined(FEED_OWNERS)
"""Collections of the feed and what keeps the copy; two owners of one collection do not start."""

REFERENCES: References = {
    "products": {"payee": "payees"},
    "residents": {"room": "rooms"},
    "bills": {"room": "rooms", "payee": "payees"},
    "accounts": {"issuer": "payees"},
}
"""What must be there before a record can count: a product without its payee could not be paid for."""
