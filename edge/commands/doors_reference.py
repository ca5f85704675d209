"""`docs/doors.md`: what a door does, read off the tables that the code runs."""

from collections.abc import Iterator, Mapping
from enum import StrEnum

from edge.access.doors.alarms import QUIET_MS
from edge.access.doors.gate import NIGHT_KINDS, STAFF_KINDS
from edge.access.doors.live import LOST_AFTER_MS, PASSAGE_MS, SETTLE_MS
from edge.access.doors.reasons import HOLD_REASONS, LOCK_DOWN_REASONS, OPEN_REASONS
from edge.access.doors.states import Boom, Leaf, Mode
from edge.access.doors.tables import BOOM, LEAF, LOCK, Row

HEAD = f"""\
# Doors

Written by `edge reference --doors` from the tables that the code runs; a check compares it with them.
Change `edge/access/doors/tables.py`, not this file.

A door is three small machines: its **leaf**, by what the contact says; what its **lock** is wanted to do
beside single openings; and, at a vehicle barrier, its **boom**. A happening goes through the lock's table
first, because that decides whether an open leaf is right. What is in no row changes nothing. Who may open
is another question ([access](../edge/access/README.md)); no table, and nothing that these rooms import,
knows of bills: **arrears never lock a door**.

- A contact that is not read is *unknown*, never closed. A movement that nobody saw is never *forced*.
- An exit button, or another controller in parallel, makes the next opening right, as an opening of ours
  does: for `contact_timeout_s` of the door, and for as long as the button is pressed.
- A door that closed may bounce for {SETTLE_MS} ms. A contact that is silent for {LOST_AFTER_MS // 1000} s
  is an alarm. An alarm ends once its cause has been gone for {QUIET_MS // 1000} s, so that a rattling
  contact makes one.
- **Fire** releases every fail-safe door of its input before anything is written, wins over lock-down and
  hold, and lasts until a person resets it, over restarts too: by the database, and by a small file in
  the hub's run folder when the database took nothing. It cannot be reset while its input is active or not
  read.
- A **barrier** that is up comes down only while its loop says *clear*; it waits {PASSAGE_MS // 1000} s
  for its vehicle.
- **Schedules** (常开) are holds that a due row begins and ends, by the site's calendar; with the clock
  unknown none begins. **Anti-passback** and **interlock** are off until a door's policy sets them.
"""

LEAF_STATES: Mapping[StrEnum, str] = {
    Leaf.UNKNOWN: "nobody can say: not read yet, device away, or no contact at all",
    Leaf.CLOSED: "closed, and nobody may open it",
    Leaf.RELEASED: "closed, and may be opened now",
    Leaf.OPEN: "open, rightly",
    Leaf.PRE_ALARM: "open for long: the buzzer warns",
    Leaf.HELD_OPEN: "open for too long 超时未关: an alarm",
    Leaf.FORCED: "opened though nothing had released it 强行开门: an alarm",
}
MODES: Mapping[StrEnum, str] = {
    Mode.NORMAL: "locked, but for single openings",
    Mode.HELD: "held released 常开, by staff or schedule",
    Mode.LOCKED_DOWN: "nobody but staff, and no hold counts",
    Mode.FIRE: "held released by fire 消防联动",
}
BOOMS: Mapping[StrEnum, str] = {
    Boom.DOWN: "at rest; every door that is no barrier stays here",
    Boom.PASSING: "kept up for a vehicle",
}


def text() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield HEAD
    yield from _machine("Leaf", LEAF_STATES, LEAF)
    yield from _machine("Lock", MODES, LOCK)
    yield from _machine("Boom", BOOMS, BOOM)
    yield "## Who is kept out by the door itself\n"
    yield "| while | it refuses | but not |\n|---|---|---|"
    staff = ", ".join(sorted(STAFF_KINDS))
    yield f"| it is locked down | every kind | {staff} |"
    yield f"| its night lock lasts | {', '.join(sorted(NIGHT_KINDS))} | everybody else |"
    yield f"| another door of its interlock is open or unknown | every kind | {staff} |"
    yield f"| whoever asks went this way last (anti-passback) | every kind of a known person | {staff} |"
    yield "| fire has released it | nobody | |\n"
    yield "## Reasons that staff choose from\n"
    yield "The journal holds the code; up to 200 characters of free text lie in a side table.\n"
    reasons = {"open": OPEN_REASONS, "hold": HOLD_REASONS, "lock down": LOCK_DOWN_REASONS}
    for act, codes in reasons.items():
        yield f"- {act}: {', '.join(f'`{code}`' for code in codes)}"


def _machine(title: str, states: Mapping[StrEnum, str], table: tuple[Row, ...]) -> Iterator[str]:
    yield f"## {title}\n\n| state | meaning |\n|---|---|"
    yield from (f"| `{state}` | {meaning} |" for state, meaning in states.items())
    yield "\n| state | happening | if | next | effects |\n|---|---|---|---|---|"
    for row in table:
        effects = "; ".join(row.effects)
        yield f"| `{row.state}` | `{row.happening}` | {row.condition} | `{row.next}` | {effects} |"
    yield ""
