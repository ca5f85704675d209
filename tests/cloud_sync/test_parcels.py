"""What lockers and doors tell becomes orders, codes, messages and records on the phone."""

from typing import Any

import msgspec
import pytest

from cloud_sync.platform.applying import APPLIERS
from cloud_sync.platform.feed import get_record
from cloud_sync.platform.stored import RecordMissing, StoredEvent
from cloud_sync.wire.feed import AppliedThrough
from edge.access.events import DoorOpened, DoorOpenRequested, DoorUnknown, OrderCollected
from edge.access.lockers.events import (
    LockerCaseOpened,
    ParcelDeposited,
    ParcelOverdue,
    ParcelReminderDue,
    ParcelRemoved,
)
from edge.store.events import Event
from edge.trust.cards import pickup_hash
from edge.trust.keyset import open_keyset
from edge.trust.passes import open_pass
from tests.cloud_sync.conftest import DEVICE, RESIDENT, Phone, World

DAY_MS = 86_400_000


class Site:
    """A device's journal, told event by event."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._seq = 0

    async def tell(self, event: Event) -> None:
        """Apply one event as the platform does it."""
        self._seq += 1
        at = AppliedThrough(DEVICE, 1, self._seq)
        name = f"community.edge.{event.TYPE}.v{event.VERSION}"
        stored = StoredEvent(at, name, self._world.clock.at_ms, msgspec.json.encode(event))
        await self._world.platform.database.write(lambda c: APPLIERS[name](c, stored))

    async def deposit(self, parcel: str, cell: str, mailbox: str = "") -> None:
        """A courier put a parcel into a cell."""
        room = await self._world.platform.database.read(lambda c: get_record(c, "rooms", "r-3-1203"))
        assert room is not None
        await self.tell(
            ParcelDeposited(
                deposit="d1",
                order_id="k1-1-9",
                parcel=parcel,
                place=f"cell:bank-a/{cell}",
                mailbox=mailbox or room["mailbox"],
                by="courier",
                who="p-1",
                keep_until_ms=self._world.clock.at_ms + DAY_MS,
            )
        )

    async def open(self, number: int, authorisation: str, *, contact: bool = True) -> None:
        """A door was opened by an authorisation."""
        opening = f"k1-1-{number}"
        place: dict[str, Any] = {"opening": opening, "place": "door:gate", "authorisation": authorisation}
        await self.tell(DoorOpenRequested(**place, kind="x", person=None))
        self._world.clock.at_ms += 1_900
        await self.tell(DoorOpened(**place) if contact else DoorUnknown(**place, reason="contact_silent"))


@pytest.fixture
def site(world: World) -> Site:
    return Site(world)


async def test_a_deposit_is_one_order_of_the_room_with_pass_code_and_one_message(
    world: World, phone: Phone, site: Site
) -> None:
    await site.deposit("p1", "A04")
    await site.deposit("p2", "B02")
    (order,) = [one for one in (await phone("GET", "/orders"))[1] if one["kind"] == "parcel"]
    assert [cell["cell"] for cell in order["cells"]] == ["A04", "B02"]
    assert order["overdue_ms"] == world.clock.at_ms + DAY_MS
    keys = open_keyset(world.platform.keys.keyset, world.platform.keys.root.public)
    shown = open_pass(order["pass_text"], keys, world.clock.at_ms)
    assert (shown.kind, shown.order, shown.subject) == ("order", "k1-1-9", RESIDENT)
    database = world.platform.database
    record = await database.read(lambda c: get_record(c, "pickup_codes", "k1-1-9"))
    salt = await database.read(lambda c: get_record(c, "credential_salt", "site"))
    assert record is not None
    assert salt is not None
    assert len(order["code"]) == 8
    assert record["hash"] == pickup_hash(bytes.fromhex(salt["salt"]), order["code"])
    (message,) = (await phone("GET", "/messages"))[1]
    assert (message["kind"], message["details"]["cells"], message["read"]) == (
        "parcel_in",
        ["A04", "B02"],
        False,
    )
    assert message["details"]["code"] == order["code"]
    await phone("POST", "/messages/read", {})
    assert (await phone("GET", "/messages"))[1][0]["read"]


async def test_a_parcel_goes_its_way_and_the_code_ends_with_the_order(
    world: World, phone: Phone, site: Site
) -> None:
    await site.deposit("p1", "A04")
    soon = world.clock.at_ms + DAY_MS
    await site.tell(ParcelReminderDue(order_id="k1-1-9", parcels=1, overdue_at_ms=soon))
    await site.tell(ParcelOverdue(order_id="k1-1-9", parcel="p1", place="cell:bank-a/A04"))
    await site.tell(LockerCaseOpened(case_id="c", kind="empty", place="cell:bank-a/A04", order_id="k1-1-9"))
    gone = {"order_id": "k1-1-9", "parcel": "p1", "place": "cell:bank-a/A04"}
    await site.tell(ParcelRemoved(**gone, by="s1", second="s2", to="counter"))
    kinds = [one["kind"] for one in (await phone("GET", "/messages"))[1]]
    assert kinds == ["parcel_removed", "locker_case", "parcel_overdue", "parcel_soon", "parcel_in"]
    database = world.platform.database
    order = await database.read(lambda c: get_record(c, "orders", "k1-1-9"))
    assert order is not None
    assert (order["state"], order["cells"]) == ("removed", [])
    assert await database.read(lambda c: get_record(c, "pickup_codes", "k1-1-9")) is None


async def test_a_collected_order_has_neither_pass_nor_code(phone: Phone, site: Site) -> None:
    before = (await phone("GET", "/orders"))[1][0]
    assert len(before["code"]) == 8
    await site.tell(OrderCollected(order_id="o1", session="k1-1-5"))
    after = (await phone("GET", "/orders"))[1][0]
    assert (after["state"], after["pass_text"], after["code"]) == ("collected", None, "")


async def test_a_mailbox_of_no_room_waits(site: Site) -> None:
    with pytest.raises(RecordMissing):
        await site.deposit("p1", "A04", mailbox="m-none")


async def test_a_friend_collects_with_a_pass_of_the_same_order(world: World, phone: Phone) -> None:
    status, made = await phone("POST", "/orders/o1/delegate", {"label": "老张"})
    keys = open_keyset(world.platform.keys.keyset, world.platform.keys.root.public)
    own = open_pass((await phone("GET", "/orders"))[1][0]["pass_text"], keys, world.clock.at_ms)
    friend = open_pass(made["text"], keys, world.clock.at_ms)
    assert (status, friend.order, friend.id != own.id) == (201, own.order, True)
    assert (await phone("POST", "/orders/none/delegate", {}))[0] == 404


async def test_a_household_reads_who_opened_by_what_and_what_the_contact_said(
    world: World, phone: Phone, site: Site
) -> None:
    now_ms = world.clock.at_ms
    asked = {"doors": ["gate"], "from_ms": now_ms, "until_ms": now_ms + DAY_MS, "uses": 2, "label": "送水"}
    visitor = (await phone("POST", "/visitors", asked))[1]["id"]
    await site.open(1, f"pass:{visitor}:1")
    await site.open(2, f"pass:{visitor}:2", contact=False)
    await site.open(5, f"pass:{visitor}:2:again")
    await site.open(3, "code:r-00000000000000aa")
    await site.open(4, "code:r-00000000000000bb")
    codes = {"codes": ["r-00000000000000aa"]}
    told = (await phone("POST", "/door-records", codes))[1]
    assert [(one["by"], one["label"], one["outcome"], one["reason"]) for one in told] == [
        ("code", "", "opened", ""),
        ("pass", "送水", "opened", ""),
        ("pass", "送水", "unknown", "contact_silent"),
        ("pass", "送水", "opened", ""),
    ]
    assert told[0]["who"] == "王女士"
    assert told[0]["decided_ms"] - told[0]["asked_ms"] == 1_900
    assert (await phone("GET", "/visitors"))[1][0]["used"] == 2
    assert (await phone("POST", "/door-records", {"codes": ["r-x"]}))[1]["error"] == "malformed"


async def test_an_opening_that_came_before_its_entry_counts_from_when_it_was(
    world: World, phone: Phone, site: Site
) -> None:
    authorisation = "code:r-00000000000000aa"
    late = DoorOpenRequested(
        opening="k1-1-1",
        place="door:gate",
        authorisation=authorisation,
        kind="resident",
        person=None,
        asked_at_ms=5_000,
    )
    await site.tell(late)
    told = (await phone("POST", "/door-records", {"codes": ["r-00000000000000aa"]}))[1]
    assert [(one["asked_ms"], one["outcome"]) for one in told] == [(5_000, "")]
