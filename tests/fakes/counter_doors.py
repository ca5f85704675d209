"""Doors and devices behind the counter, on paper: what a test, or a picture, may push about."""

from dataclasses import dataclass, field, replace

from edge.errors import Refusal
from kiosk.counter.device_views import (
    BoardView,
    FindingView,
    LineView,
    PartView,
    ReaderView,
)
from kiosk.counter.door_views import (
    AlarmView,
    DoorView,
    FireView,
    HoldView,
    LockDownView,
    OpeningView,
    RecordsShown,
    Search,
    SiteView,
)
from kiosk.words import Text
from tests.fakes.clock import START_MS

GATE = Text("南门", "South gate")
ENTRANCE = Text("2单元门", "Entrance 2")
PLANT = Text("水泵房", "Pump room")
BARRIER = Text("东口道闸", "East barrier")


class StillBurning(Refusal):
    """As at the doors."""

    code = "fire_still_burning"


def some_doors() -> tuple[DoorView, ...]:
    """One door of each sort of state."""
    return (
        DoorView(id="gate", name=GATE, kind="visitor", contact="open", state="held_open", since_ms=START_MS),
        DoorView(
            id="entrance",
            name=ENTRANCE,
            kind="residents",
            contact="closed",
            state="closed",
            since_ms=START_MS - 400_000,
            mode="held",
            holds=(HoldView(id="h1", reason="moving", until_ms=START_MS + 3_600_000),),
        ),
        DoorView(id="plant", name=PLANT, kind="plant", contact="unknown", state="unknown", reachable=False),
        DoorView(
            id="barrier",
            name=BARRIER,
            kind="residents",
            contact="closed",
            state="released",
            since_ms=START_MS,
            loop="busy",
        ),
    )


def some_entries() -> tuple[OpeningView, ...]:
    """An entry of each outcome."""
    return (
        OpeningView(
            id="o4",
            at_ms=START_MS - 5_000,
            door="gate",
            way="resident",
            result="opened",
            decided_at_ms=START_MS - 3_600,
            source="cam-gate",
        ),
        OpeningView(
            id="o3",
            at_ms=START_MS - 60_000,
            door="entrance",
            way="guard",
            result="unknown",
            why=Text("门磁没有回音", "contact silent"),
            who=Text("Guard", "Guard"),
        ),
        OpeningView(
            id="o2",
            at_ms=START_MS - 90_000,
            door="gate",
            way="visitor",
            result="refused",
            why=Text("控制器没有回答", "controller silent"),
        ),
        OpeningView(id="o1", at_ms=START_MS - 120_000, door="gate", way="card", result="fired"),
    )


@dataclass
class PaperDoors:
    """Four doors; notes what staff asked for."""

    view: SiteView = field(default_factory=lambda: SiteView(doors=some_doors()))
    entries: tuple[OpeningView, ...] = field(default_factory=some_entries)
    asked: list[tuple[str, ...]] = field(default_factory=list)
    searches: list[Search] = field(default_factory=list)

    async def site(self) -> SiteView:
        """See the port."""
        return self.view

    async def records(self, search: Search) -> RecordsShown:
        """See the port."""
        self.searches.append(search)
        found = tuple(each for each in self.entries if search.door in ("", each.door))
        return RecordsShown(entries=found[: search.size], before=41)

    async def open(self, door: str, *, staff: str, reason: str, note: str) -> None:
        """See the port."""
        self.asked.append(("open", door, staff, reason, note))

    async def hold(self, door: str, *, staff: str, reason: str, note: str, until_ms: int) -> None:
        """See the port."""
        self.asked.append(("hold", door, staff, reason, note, str(until_ms)))

    async def end_hold(self, hold: str, *, staff: str) -> None:
        """See the port."""
        self.asked.append(("end_hold", hold, staff))

    async def lock_down(self, doors: tuple[str, ...], *, staff: str, reason: str, note: str) -> None:
        """See the port."""
        self.asked.append(("lock_down", staff, reason, note))
        down = LockDownView(id="l1", since_ms=START_MS, doors=doors, reason=reason)
        self.view = replace(self.view, lock_downs=(down,))

    async def end_lock_down(self, lock_down: str, *, staff: str) -> None:
        """See the port."""
        self.asked.append(("end_lock_down", lock_down, staff))

    async def reset_fire(self, release: str, *, staff: str) -> None:
        """See the port."""
        if any(fire.active for fire in self.view.fires):
            raise StillBurning
        self.asked.append(("reset_fire", release, staff))

    async def acknowledge(self, alarm: str, *, staff: str) -> None:
        """See the port."""
        self.asked.append(("acknowledge", alarm, staff))

    def burn(self, *, active: bool | None = False) -> None:
        """The fire input spoke."""
        fire = FireView(id="f1", since_ms=START_MS, doors=("gate", "entrance"), active=active)
        alarms = (
            AlarmView(id="a1", door="gate", kind="held_open", since_ms=START_MS),
            AlarmView(id="a2", door="entrance", kind="forced", since_ms=START_MS - 60_000, over=True),
        )
        self.view = replace(self.view, fires=(fire,), alarms=alarms)


@dataclass
class PaperDevices:
    """A hub with a fault of each sort."""

    asked: list[tuple[str, ...]] = field(default_factory=list)
    faulty: bool = True

    async def findings(self) -> tuple[FindingView, ...]:
        """See the port."""
        if not self.faulty:
            return ()
        return (
            FindingView(
                device="reader:cam-gate",
                code="reader_flood",
                title=Text("读得太快，先停一停", "Reads too fast, paused"),
                detail="71 scans in 60 s",
                since_ms=START_MS - 7_200_000,
                last_ms=START_MS - 60_000,
                count=14,
            ),
            FindingView(
                device="contact:plant",
                code="dead_contact",
                title=Text("门磁从来不动", "Contact never moves"),
                detail="",
                since_ms=START_MS - 86_400_000,
                last_ms=START_MS,
                count=3,
            ),
        )

    async def lines(self) -> tuple[LineView, ...]:
        """See the port."""
        return (
            LineView(
                id="gate",
                name=GATE,
                kind="door",
                driver="gpio",
                device="guard",
                line="GPIO 17",
                online=True,
                state="open",
                cycles=21_407,
                pulse_ms=3000,
                testable=True,
            ),
            LineView(
                id="plant",
                name=PLANT,
                kind="door",
                driver="tasmota",
                device="relay-plant",
                line="1",
                online=False,
                state="unknown",
                fault="PulseTime 0",
                testable=True,
            ),
            LineView(
                id="fire",
                name=Text("消防信号", "Fire input"),
                kind="fire",
                driver="gpio",
                device="guard",
                line="GPIO 5",
                online=True,
                state="idle",
            ),
        )

    async def readers(self) -> tuple[ReaderView, ...]:
        """See the port."""
        return (
            ReaderView(id="cam-kiosk", driver="camera", serves="kiosk:k1", state="live"),
            ReaderView(
                id="cam-gate", driver="camera", serves="door:gate", state="locked_out", scans=700, dropped=14
            ),
            ReaderView(id="card-2", driver="mqtt", serves="door:entrance", state="unknown"),
        )

    async def boards(self) -> tuple[BoardView, ...]:
        """See the port."""
        return (
            BoardView(id="bank-a", driver="mqtt", online=True, cells=24, unknown=1),
            BoardView(id="bank-b", driver="8a", online=None, cells=12, unknown=12, proved=False),
        )

    async def parts(self) -> tuple[PartView, ...]:
        """See the port."""
        return (PartView(name="uplink", state="down", detail="no answer"),) if self.faulty else ()

    async def pulse(self, door: str, *, staff: str) -> None:
        """See the port."""
        self.asked.append(("pulse", door, staff))
