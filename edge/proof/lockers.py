"""I7 of lockers by the journal alone: what lies in each cell, who may open it, and when a bank is halted."""

from collections.abc import Iterator, Sequence

from edge.proof.evidence import Entry

KINDS = (
    "PickupStarted",
    "CellOpenRequested",
    "CellOpened",
    "CellUnknown",
    "CellNotFired",
    "CellClosed",
    "ParcelDeposited",
    "ParcelWithdrawn",
    "ParcelRemoved",
    "CellHeld",
    "CellFreed",
    "CellLookedInto",
    "CellOpenedByStaff",
    "LockerCaseOpened",
    "BankHalted",
    "BankCleared",
)


def check_lockers(entries: Sequence[Entry]) -> Iterator[str]:
    """Walk through the journal's entries of lockers, in order; every step that must not be, in words.

    A cell holds one deposited parcel at most. A deposit or pickup never opens a cell that holds another
    order's, or that is held for a person. Staff opens such a cell by two different people. After a parcel a
    cell is given again only once it was freed. A bank asks one cell at a time, and none while it is halted.
    """
    walk = _Walk()
    for entry in entries:
        yield from walk.step(entry)


class _Walk:
    def __init__(self) -> None:
        self.contents: dict[str, str] = {}
        self.used: set[str] = set()
        self.held: set[str] = set()
        self.halted: set[str] = set()
        self.orders: dict[str, str] = {}
        self.disputed: set[tuple[str, str]] = set()
        self.pairs: dict[str, tuple[str, str]] = {}
        self.asked: dict[str, str] = {}

    def step(self, entry: Entry) -> Iterator[str]:
        """Take one entry."""
        data, seq = entry.data, entry.seq
        match entry.kind:
            case "CellOpenRequested":
                yield from self._request(data["place"], data, seq)
            case "CellOpened" | "CellUnknown" | "CellNotFired":
                bank = _bank(data["place"])
                if self.asked.get(bank) == data["opening"]:
                    del self.asked[bank]
            case "CellClosed":
                yield from self._close(data["place"], data["session"], seq)
            case "ParcelDeposited":
                if data["place"] in self.contents:
                    yield f"{data['place']} took a parcel while another lay in it (seq {seq})"
                self.contents[data["place"]] = data["order_id"]
                self.used.add(data["place"])
            case "ParcelWithdrawn" | "ParcelRemoved":
                self.contents.pop(data["place"], None)
            case "PickupStarted" | "LockerCaseOpened" | "CellOpenedByStaff":
                self._remember(entry.kind, data)
            case _:
                yield from self._stand(entry)

    def _remember(self, kind: str, data: dict[str, str]) -> None:
        if kind == "PickupStarted":
            self.orders[data["session"]] = data["order_id"]
        elif kind == "CellOpenedByStaff":
            self.pairs[data["opening"]] = (data["first"], data["second"])
        elif data["kind"] in ("empty", "wrong"):
            self.disputed.add((data["place"], data["order_id"]))

    def _stand(self, entry: Entry) -> Iterator[str]:
        data = entry.data
        match entry.kind:
            case "CellHeld":
                self.held.add(data["place"])
            case "CellFreed":
                if data["place"] in self.contents:
                    yield f"{data['place']} was freed with a parcel in it (seq {entry.seq})"
                if data["place"] in self.held and data["how"] != "confirmed":
                    yield f"{data['place']} was freed without a person (seq {entry.seq})"
                self.held.discard(data["place"])
                self.used.discard(data["place"])
            case "CellLookedInto" if data["outcome"] == "parcel_left" and data["place"] in self.contents:
                self.held.discard(data["place"])
            case "BankHalted":
                self.halted.add(data["bank"])
            case "BankCleared":
                self.halted.discard(data["bank"])

    def _request(self, place: str, data: dict[str, str], seq: int) -> Iterator[str]:
        bank, kind = _bank(place), data["authorisation"].partition(":")[0]
        if kind not in ("pickup", "deposit", "staff"):
            return
        if bank in self.halted:
            yield f"{place} was asked for while its bank was halted (seq {seq})"
        if bank in self.asked:
            yield f"{place} was asked for while another cell of its bank was (seq {seq})"
        self.asked[bank] = data["opening"]
        holder = self.contents.get(place)
        if kind == "staff":
            first, second = self.pairs.get(data["opening"], ("", ""))
            if (holder or place in self.held) and (not first or not second or first == second):
                yield f"{place} was opened by one person alone (seq {seq})"
            return
        if place in self.held:
            yield f"{place} was opened for {data['session']} while it was held (seq {seq})"
        if kind == "deposit" and (holder or place in self.used):
            yield f"{place} was given away before it was known to be empty (seq {seq})"
        if kind == "pickup" and holder and holder != self.orders.get(data["session"]):
            yield f"{place} was opened for {data['session']} and holds {holder} (seq {seq})"

    def _close(self, place: str, session: str, seq: int) -> Iterator[str]:
        order = self.orders.get(session)
        if order is None or place not in self.contents or (place, order) in self.disputed:
            return
        if self.contents[place] == order:
            del self.contents[place]
        else:
            yield f"{place} was emptied for {order} and held {self.contents[place]} (seq {seq})"


def _bank(place: str) -> str:
    return place.removeprefix("cell:").partition("/")[0]
