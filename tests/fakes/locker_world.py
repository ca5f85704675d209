"""The lockers over an in-line store: six cells, couriers, residents and staff in the test's hand."""

from devices.settings import BankSettings
from edge.access.contacts import ContactDesk
from edge.access.lockers.depositing import DepositDesk
from edge.access.lockers.keeping import LockerKeeper
from edge.access.lockers.layout import lay_out_all
from edge.access.lockers.orders import LockerOrders
from edge.access.lockers.records import find_cell, parcels_of_order
from edge.access.lockers.settings import LockerSettings
from edge.access.pickup import PickupDesk
from edge.staff.records import Role, StaffMember
from tests.fakes.access_world import AccessWorld
from tests.fakes.cells import FakeCells
from tests.fakes.orders import FakeOrders

BANK = "bank-a"
SETTINGS = BankSettings(
    id=BANK, device="lockers-a", columns=(("A01:s", "A02:s", "A03:m"), ("panel", "B01:m"), ("C01:l", "C02:l"))
)
CELLS = SETTINGS.cells()
SIZE_OF = {"A01": "s", "A02": "s", "A03": "m", "B01": "m", "C01": "l", "C02": "l"}
MAILBOX = "mb-1203"


def place_of(cell: str) -> str:
    """The place of a cell of the bank."""
    return f"cell:{BANK}/{cell}"


def member(name: str, role: Role) -> StaffMember:
    """Somebody who works here."""
    return StaffMember(
        id=name,
        login=name,
        name=name,
        role=role,
        pin_hash="",
        active=True,
        failures=0,
        locked_until_ms=0,
    )


CLERK, SUPERVISOR = member("k1-1-7", Role.CLERK), member("k1-1-8", Role.SUPERVISOR)
OTHER_CLERK = member("k1-1-9", Role.CLERK)


class LockerWorld(AccessWorld):
    """`restart` is a power cut; a contact speaks when the test lets it."""

    rules = LockerSettings()

    def build(self) -> None:
        """Make the room's objects anew."""
        super().build()
        if not isinstance(getattr(self, "in_app", None), FakeOrders):
            self.in_app = FakeOrders({})
            self.cells = FakeCells(frozenset((BANK, cell) for cell in CELLS))
        places = lay_out_all([SETTINGS])
        self.book = LockerOrders(self.in_app)
        self.contacts = ContactDesk(store=self.store, orders=self.book, lockers=self.rules)
        self.desk = PickupDesk(
            store=self.store,
            clock=self.clock,
            keys=lambda: self.keys,
            cells=self.cells,
            orders=self.book,
            contacts=self.contacts,
            refusals=self.refusals,
            patience=self.patience,
        )
        self.deposits = DepositDesk(
            store=self.store,
            clock=self.clock,
            keys=lambda: self.keys,
            sender=self.desk.sender,
            contacts=self.contacts,
            refusals=self.refusals,
            places=places,
            rules=self.rules,
        )
        self.keeper = LockerKeeper(
            store=self.store,
            clock=self.clock,
            sender=self.desk.sender,
            orders=self.book,
            places=places,
            rules=self.rules,
        )

    async def begin(self, state: str = "closed") -> None:
        """A start of the hub: cells have their rows, and every contact was read."""
        await self.keeper.prepare()
        for cell in CELLS:
            await self.contact(place_of(cell), state)

    async def move(self, cell: str, state: str) -> None:
        """A cell's door moves, some seconds after what was before."""
        self.clock.advance(seconds=20)
        await self.contact(place_of(cell), state)

    async def use(self, cell: str) -> None:
        """A cell that was asked for opens, and is closed again."""
        await self.move(cell, "open")
        await self.move(cell, "closed")

    def courier_pass(self, **changes: object) -> str:
        """A courier's pass for a day."""
        fields: dict[str, object] = {"kind": "deposit", "doors": (), "subject": "courier-5", "uses": None}
        return self.visitor(**(fields | changes))  # type: ignore[arg-type]

    async def deposit(self, size: str = "s", mailbox: str = MAILBOX) -> tuple[str, str]:
        """A courier puts one parcel into a cell; returns its order and cell."""
        deposit = await self.deposits.start(self.courier_pass())
        deposit = await self.deposits.put(deposit.id, mailbox=mailbox, room="3-1203", size=size)
        parcel = deposit.parcels[-1]
        await self.use(parcel.cell)
        await self.deposits.finish(deposit.id)
        return parcel.order_id, parcel.cell

    def asked_cells(self) -> list[str]:
        """Cells that the board was asked to open, in order."""
        return [cell for _, _, cell in self.cells.asked]

    def state_of(self, cell: str) -> str:
        """What stands of a cell."""
        found = find_cell(self.store.connection, BANK, cell)
        assert found is not None
        return found.state

    def parcel_states(self, order_id: str) -> list[str]:
        """What became of an order's parcels."""
        return [parcel.state for parcel in parcels_of_order(self.store.connection, order_id)]
