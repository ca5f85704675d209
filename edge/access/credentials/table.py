"""What opens which door: by what is shown, the door's kind, the trusted clock and the revocation list's age.

One table. The doors ask it, `docs/access.md` shows it, and a test tries every cell of that document with a
real credential at a real door's opener.
"""

from collections.abc import Iterator

from edge.access.credentials.errors import RevocationListOld
from edge.access.credentials.judging import ListAge
from edge.access.doors.door import Door, DoorKind
from edge.access.errors import ClockUnknown, PassWrongKind
from edge.trust.clock import Trust
from edge.trust.time_policy import Decision, Rule, rule_for

OWN = ("resident", "card", "room_pin")
"""What residents have of their own, beside commands from their phone."""
PARCEL = ("order", "deposit")
CREDENTIALS: dict[str, str] = {
    "resident": "a resident's own fresh code",
    "card": "a card or fob",
    "room_pin": "room and PIN",
    "command": "a command from the phone",
    "visitor": "a visitor's pass",
    "staff": "a staff badge",
    "order": "an order's pass",
    "deposit": "a courier's pass",
}
"""Everything that opens a door, in words."""


def decision_for(credential: str, kind: DoorKind) -> Decision:
    """By which row of the time policy a credential is judged at a door."""
    if credential == "order":
        return Decision.PICKUP
    if kind is not DoorKind.RESIDENTS:
        return Decision.OTHER_DOOR
    if credential == "command":
        return Decision.OWN_DOOR_COMMAND
    return Decision.OWN_DOOR if credential in OWN else Decision.OTHER_DOOR


def fits(credential: str, kind: DoorKind) -> bool:
    """Whether a credential of this kind opens any door of this kind: parcels' passes only the parcel room."""
    return credential not in PARCEL or kind is DoorKind.PARCELS


def asks_age(credential: str, kind: DoorKind) -> bool:
    """Whether the age of the revocation list counts.

    A command was signed by the platform this very moment. Residents enter their own building even if nobody
    has heard of the platform for a month: to be locked out of home is worse than a list that is old.
    """
    return credential != "command" and not (credential in OWN and kind is DoorKind.RESIDENTS)


def rule_at(door: Door, credential: str, trust: Trust) -> Rule:
    """How windows are judged at this door now. Raises PassWrongKind, ClockUnknown where nothing opens it."""
    if not fits(credential, door.kind):
        raise PassWrongKind(kind=credential)
    rule = rule_for(decision_for(credential, door.kind), trust)
    strict = rule is Rule.FLOOR and door.kind is DoorKind.RESIDENTS and not door.opens_without_clock
    if rule is Rule.REFUSE or strict:
        raise ClockUnknown(door=door.id)
    return rule


def check_age(door: Door, credential: str, age: ListAge) -> None:
    """Raise RevocationListOld where this credential waits for a newer list at this door."""
    if asks_age(credential, door.kind) and age is not ListAge.FRESH:
        raise RevocationListOld(door=door.id)


def answer(credential: str, door: Door, trust: Trust, age: ListAge) -> str:
    """One cell: `opens`, or the code of the refusal."""
    try:
        rule_at(door, credential, trust)
        check_age(door, credential, age)
    except (PassWrongKind, ClockUnknown, RevocationListOld) as refusal:
        return refusal.code
    return "opens"


HEAD = """\
# What opens which door

Written by `python -m edge.access.credentials`; a test compares it with the code, and tries every cell with a
real credential. Change `edge/access/credentials/table.py`, not this file.

A cell says what happens to a credential that is otherwise good: signed, in its window, granted for the door,
neither used up, revoked nor on the deny list. `synced`, `holdover`, `unknown` are the states of the trusted
clock (docs/reference.md, *What each state of the clock means*). The list is the signed revocation list; its
limit is the door's `revocation_age_h`. *none yet* is a site that never had one.

A door of kind `residents` with `clock_unknown = "nobody"` refuses everything while the clock is unknown.
The deny list does not keep residents out of the doors of kind `residents` that they have a grant for: whoever
has to leave has the grant taken away. Nothing here knows of bills: arrears never lock a door.
"""


def document() -> str:
    """The whole table in Markdown, a section a kind of door."""
    return HEAD + "".join(f"\n{line}" for kind in DoorKind for line in _section(kind)) + "\n"


def _section(kind: DoorKind) -> Iterator[str]:
    door = Door(id="door", kind=kind)
    columns = [(trust, age) for trust in Trust for age in ListAge]
    yield f"## A door of kind `{kind.value}`\n"
    yield "| shown | " + " | ".join(f"{trust.value}, list {age.value}" for trust, age in columns) + " |"
    yield "|---" * (len(columns) + 1) + "|"
    for credential in CREDENTIALS:
        cells = [answer(credential, door, trust, age) for trust, age in columns]
        yield f"| `{credential}` | " + " | ".join(f"`{cell}`" for cell in cells) + " |"
    yield ""
