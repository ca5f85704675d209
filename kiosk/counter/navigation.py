"""Where one may go at the counter: the pages by role, the first of them after signing in."""

from typing import NamedTuple

from edge.staff.records import Role
from kiosk.counter.roles import DEVICES_SEEN, LOCKERS_SEEN, READERS, RECORDERS, WATCHERS
from kiosk.words import Text


class Place(NamedTuple):
    """One page of the navigation."""

    path: str
    name: Text
    roles: frozenset[Role]


PLACES = (
    Place("/", Text("待处理", "Open"), READERS),
    Place("/receipts", Text("小票", "Receipts"), READERS),
    Place("/cases", Text("差异", "Cases"), READERS),
    Place("/match", Text("对账", "Match"), READERS),
    Place("/holds", Text("占用", "Holds"), READERS),
    Place("/doors", Text("门", "Doors"), WATCHERS),
    Place("/lockers", Text("柜子", "Lockers"), LOCKERS_SEEN),
    Place("/records", Text("门的记录", "Door records"), RECORDERS),
    Place("/devices", Text("设备", "Devices"), DEVICES_SEEN),
)


def places_of(role: Role, *, lockers: bool = True) -> tuple[Place, ...]:
    """The pages that a role may see; lockers: whether the site has any."""
    return tuple(place for place in PLACES if role in place.roles and (lockers or place.path != "/lockers"))


def start_of(role: Role) -> str:
    """Where a person begins: a technician with the devices, anybody else with the first page there is."""
    return "/devices" if role is Role.TECHNICIAN else places_of(role)[0].path
