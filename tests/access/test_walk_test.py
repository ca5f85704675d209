"""The walk along a bank: what it proves, what it finds, and that each door is opened once and recorded."""

import json
import random
from collections.abc import AsyncIterator

import pytest

from edge.access.boards.course import Walk
from edge.access.boards.errors import BankInUse, BankSilent, DoorsNotClosed, UnknownBank, WalkElsewhere
from edge.access.boards.walk import WalkDesk
from edge.store.inline import InlineStore
from edge.tables import MIGRATIONS
from tests.fakes.clock import FakeClock
from tests.fakes.walked_banks import FakeWalkedBanks

ANNA = "k1-1-900"


class Stand:
    """A desk over an in-line store, and the hand that closes doors."""

    def __init__(self, banks: FakeWalkedBanks) -> None:
        self.banks = banks
        self.store = InlineStore.in_memory(clock=FakeClock(), migrations=MIGRATIONS)
        self.desk = self.restarted()

    def restarted(self) -> WalkDesk:
        """The desk of a new process."""

        async def patience(_: float) -> None:
            return None

        cells = {"bank-a": tuple(self.banks.doors)}
        return WalkDesk(store=self.store, cells=cells, banks={"bank-a": self.banks}, patience=patience)

    def use(self, cell: str, state: str = "occupied") -> None:
        """A parcel lies in a cell."""
        self.store.connection.execute(
            "INSERT INTO locker_cells(bank, cell, state, since_ms) VALUES ('bank-a', ?, ?, 0)", (cell, state)
        )

    async def walk(self) -> Walk:
        """Walk to the end, closing every door that opened."""
        walk = await self.desk.begin("bank-a", ANNA)
        while walk.step == "open":
            walk = await self.desk.open_next("bank-a", ANNA)
            if walk.step == "label":
                walk = await self.desk.say_label("bank-a", ANNA, right=True)
            if walk.step == "close":
                assert (await self.desk.look("bank-a", ANNA)).step == "close"
                self.banks.close(walk.current)
                walk = await self.desk.look("bank-a", ANNA)
        return walk

    def events(self, kind: str) -> list[dict[str, object]]:
        """Bodies of a type in the journal."""
        rows = self.store.connection.execute("SELECT body FROM journal WHERE type = ? ORDER BY seq", (kind,))
        return [json.loads(body) for (body,) in rows]

    def openings(self) -> list[tuple[str, str, str, str]]:
        """Place, kind, state and source of every opening."""
        return self.store.connection.execute(
            "SELECT place, kind, state, source FROM openings ORDER BY rowid"
        ).fetchall()


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    """A bank in order."""
    stand = Stand(FakeWalkedBanks())
    yield stand
    stand.store.close()


@pytest.mark.parametrize(("open_level", "closed_level"), [("11", "00"), ("00", "11")])
async def test_a_walk_proves_the_level_of_a_closed_door_whichever_it_is(
    open_level: str, closed_level: str
) -> None:
    stand = Stand(FakeWalkedBanks(open_level=open_level))
    walk = await stand.walk()
    assert (walk.step, walk.closed_level, walk.open_level) == ("proved", closed_level, open_level)
    assert stand.banks.proved == [closed_level]
    assert stand.openings() == [
        (f"cell:bank-a/{cell}", "test", "opened", ANNA) for cell in ("A01", "A02", "B01")
    ]
    (proved,) = stand.events("BankProved")
    assert (proved["tested"], proved["skipped"]) == (["A01", "A02", "B01"], [])
    assert len(stand.events("CellOpenRequested")) == len(stand.events("CellOpened")) == 3


async def test_a_proof_outlives_a_restart_and_not_another_wiring(stand: Stand) -> None:
    await stand.walk()
    await stand.restarted().load()
    assert stand.banks.proved == ["00", "00"]
    stand.banks.plan = "8a /dev/bus board 2"
    elsewhere = stand.restarted()
    await elsewhere.load()
    assert stand.banks.proved == ["00", "00"]
    assert (stand.desk.is_proved("bank-a"), elsewhere.is_proved("bank-a")) == (True, False)


async def test_doors_that_all_stood_open_prove_nothing(stand: Stand) -> None:
    stand.banks.doors = dict.fromkeys(stand.banks.doors, True)
    walk = await stand.walk()
    assert (walk.step, walk.reason, stand.banks.proved) == ("failed", "did_not_move", [])
    assert stand.events("BankProved") == []


async def test_another_door_than_the_asked_one_voids_what_was_proved(stand: Stand) -> None:
    await stand.walk()
    stand.banks.wires["A02"] = "B01"
    walk = await stand.walk()
    assert (walk.reason, walk.current, walk.moved) == ("wrong_cell", "A02", ("B01",))
    assert stand.banks.proved == ["00", None]
    assert await stand.desk.proofs() == []
    assert stand.events("BankProofFailed")[-1]["voided"] is True
    assert stand.openings()[-1][2] == "unknown"


async def test_a_wrong_label_and_a_contact_against_the_site_s_file_are_found(stand: Stand) -> None:
    await stand.desk.begin("bank-a", ANNA)
    await stand.desk.open_next("bank-a", ANNA)
    assert (await stand.desk.say_label("bank-a", ANNA, right=False)).reason == "wrong_label"
    stand.banks.doors = dict.fromkeys(stand.banks.doors, False)
    stand.banks.expected = "00"
    assert (await stand.walk()).reason == "polarity"


@pytest.mark.parametrize("broken", ["stuck", "jammed"])
async def test_a_lock_that_does_not_move_ends_the_walk_and_keeps_the_proof(stand: Stand, broken: str) -> None:
    await stand.walk()
    getattr(stand.banks, broken).add("A02")
    walk = await stand.walk()
    assert (walk.reason, walk.current) == ("did_not_move", "A02")
    assert len(await stand.desk.proofs()) == 1


async def test_a_board_that_takes_no_command_moves_nothing_and_says_so(stand: Stand) -> None:
    stand.banks.refuses = True
    assert (await stand.walk()).reason == "not_fired"
    assert stand.openings()[0][2] == "refused" and stand.banks.tried == []


async def test_cells_in_use_are_never_opened(stand: Stand) -> None:
    stand.use("A01")
    stand.use("B01", "reserved")
    walk = await stand.walk()
    assert (walk.step, stand.banks.tried) == ("proved", ["A02"])
    assert stand.events("BankProved")[0]["skipped"] == ["A01", "B01"]
    stand.use("A02", "held")
    with pytest.raises(BankInUse):
        await stand.desk.begin("bank-a", ANNA)


async def test_a_cell_that_somebody_began_to_use_meanwhile_is_not_opened(stand: Stand) -> None:
    await stand.desk.begin("bank-a", ANNA)
    stand.use("A01", "reserved")
    with pytest.raises(BankInUse):
        await stand.desk.open_next("bank-a", ANNA)
    assert stand.banks.tried == [] and stand.openings() == []


async def test_a_walk_begins_with_known_closed_doors_and_one_person_leads_it(stand: Stand) -> None:
    stand.banks.silent = {"A02"}
    with pytest.raises(BankSilent):
        await stand.desk.begin("bank-a", ANNA)
    stand.banks.silent = set()
    stand.banks.doors["B01"] = True
    with pytest.raises(DoorsNotClosed, match="B01"):
        await stand.desk.begin("bank-a", ANNA)
    stand.banks.doors["B01"] = False
    await stand.desk.begin("bank-a", ANNA)
    for step in (stand.desk.open_next, stand.desk.look, stand.desk.stop):
        with pytest.raises(WalkElsewhere):
            await step("bank-a", "k1-1-901")
    with pytest.raises(WalkElsewhere):
        await stand.desk.say_label("bank-a", ANNA, right=True)
    with pytest.raises(UnknownBank):
        await stand.desk.begin("bank-z", ANNA)
    assert (await stand.desk.stop("bank-a", ANNA)).reason == "stopped"
    assert stand.banks.tried == []


async def test_no_bank_with_exchanged_wires_is_ever_proved() -> None:
    for seed in range(40):
        banks = FakeWalkedBanks(open_level=random.Random(seed).choice(("00", "11")))
        cells = list(banks.doors)
        random.Random(seed).shuffle(cells)
        banks.wires = dict(zip(banks.doors, cells, strict=True))
        stand = Stand(banks)
        right = all(cell == wire for cell, wire in banks.wires.items())
        assert ((await stand.walk()).step == "proved") == right
        stand.store.close()
