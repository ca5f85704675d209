"""Invariants of doors, lines and cells: I5, I6, I7, I14."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from edge.proof.evidence import Edge, Entry, Evidence, Permit, Says
from edge.proof.lockers import KINDS, check_lockers

HOLD = "hold"
ALIVE_SLACK_MS = 100.0
CRASH_SLACK_MS = 2_000.0
"""Architecture, I6: + 100 ms alive, + 2 s after a crash."""
EARLY_MS, LATE_MS = 500.0, 60_000.0
"""A contact that moved so long before or after a pulse cannot speak for it; ours, wider than any timeout."""
CRASH_CAUSES = frozenset({"start", "exit", "hub-gone", "beat-missed", "fault"})
AGAIN = ":again"
"""Ends the authorisation of the one opening that may follow an unknown one without another use."""
REQUESTS = ("DoorOpenRequested", "CellOpenRequested")
RESULTS = {
    "DoorOpened": "opened",
    "CellOpened": "opened",
    "DoorUnknown": "unknown",
    "CellUnknown": "unknown",
    "DoorNotFired": "refused",
    "CellNotFired": "refused",
}


def check_pulses(evidence: Evidence) -> Iterator[str]:
    """I5: every pulse has one earlier accepted authorisation, at most one pulse each.

    Uses the trace's level 1 edges against the intents of the journal; where a simulation knows it, that the
    intent was committed before the edge; `permits`, that what was accepted had been issued, in its window,
    for that place, not more often than its uses; the table of openings, which says what the journal says;
    `contacts`, without whose movement no door opened; and what people were told (`told_opened`).
    """
    intents = {entry.data["opening"]: entry for entry in evidence.journal.of(*REQUESTS)}
    known = intents | {entry.data["opening"]: entry for entry in evidence.elsewhere.of(*REQUESTS)}
    fired = Counter(edge.id for edge in _pulses(evidence))
    yield from (f"pulse {opening} fired {n} times" for opening, n in fired.items() if n > 1)
    for edge in _pulses(evidence):
        intent = known.get(edge.id)
        if not edge.writable:
            continue  # I14 judges it
        if intent is None:
            if edge.id not in evidence.lost:
                yield f"pulse {edge.id} without an intent"
        elif edge.after_seq is not None and intent.seq > edge.after_seq:
            yield f"pulse {edge.id} came before its intent was committed"
    taken = Counter(entry.data["authorisation"] for entry in intents.values())
    yield from (f"authorisation {name} was taken {n} times" for name, n in taken.items() if n > 1)
    if evidence.trace is not None:
        opened = {entry.data["opening"] for entry in evidence.journal.of("DoorOpened")}
        yield from (f"{opening} opened without a pulse" for opening in sorted(opened - set(fired)))
        if evidence.contacts is not None:
            yield from _compare_contacts(evidence, evidence.trace, evidence.contacts)
    told = {entry.data["authorisation"] for entry in evidence.journal.of("DoorOpened")}
    told |= {entry.data["authorisation"] for entry in evidence.elsewhere.of("DoorOpened")}
    yield from (
        f"{name} was told as opened, not in the journal" for name in sorted(evidence.told_opened - told)
    )
    if evidence.permits is not None:
        yield from _compare_permits(evidence, intents, evidence.permits)
    if evidence.openings is not None:
        yield from _compare_openings(evidence, intents, evidence.openings)


def _compare_contacts(evidence: Evidence, trace: Sequence[Edge], contacts: Sequence[Says]) -> Iterator[str]:
    """A door that is said to have opened was seen to move by its contact, about when its pulse was fired."""
    moved: dict[str, list[float]] = {}
    last: dict[str, str] = {}
    for said in contacts:
        if said.says == "open" and last.get(said.line) == "closed":
            moved.setdefault(said.line, []).append(said.at_ms)
        last[said.line] = said.says
    fired = {edge.id: edge.at_ms for edge in trace if edge.level == 1}
    for entry in evidence.journal.of("DoorOpened"):
        line, at_ms = evidence.contact_of.get(entry.data["place"]), fired.get(entry.data["opening"])
        if line is None or at_ms is None:
            continue  # no contact there, or judged as opened without a pulse
        times = moved.get(line, [])
        first = bisect_left(times, at_ms - EARLY_MS)
        if first == len(times) or times[first] > at_ms + LATE_MS:
            yield f"{entry.data['opening']} is told as opened, and the contact of its door did not move"


def _compare_openings(
    evidence: Evidence, intents: Mapping[str, Entry], table: Mapping[str, str]
) -> Iterator[str]:
    states = dict.fromkeys(intents, "intended")
    for entry in sorted(evidence.journal.of(*RESULTS), key=lambda entry: entry.seq):
        states[entry.data["opening"]] = RESULTS[entry.kind]
    for opening in states.keys() | table.keys():
        told = table.get(opening, "missing")
        if (told if told != "fired" else "intended") != states.get(opening, "missing"):
            yield f"{opening}: the table says {told}, the journal {states.get(opening)}"


def _compare_permits(
    evidence: Evidence, intents: Mapping[str, Entry], permits: Mapping[str, Permit]
) -> Iterator[str]:
    undone = {entry.data["opening"] for entry in evidence.journal.of("DoorNotFired", "CellNotFired")}
    unknown = {entry.data["authorisation"] for entry in evidence.journal.of("DoorUnknown")}
    used: Counter[str] = Counter()
    for entry in intents.values():
        if entry.kind != "DoorOpenRequested":
            continue
        name = entry.data["authorisation"].split(":")[1]
        permit = permits.get(name)
        if permit is None:
            yield f"{entry.data['opening']} was let in by {name}, which nobody issued"
            continue
        again = entry.data["authorisation"].endswith(AGAIN)
        used[name] += entry.data["opening"] not in undone and not again
        if again and entry.data["authorisation"].removesuffix(AGAIN) not in unknown:
            yield f"{entry.data['opening']} repeats what was not unknown"
        yield from _judge(permit, name, entry)
    for name, n in used.items():
        limit = permits[name].uses
        if limit is not None and n > limit:
            yield f"{permits[name].kind} {name} was used {n} times of {limit}"


def _judge(permit: Permit, name: str, entry: Entry) -> Iterator[str]:
    if (asked_at_ms := entry.data.get("asked_at_ms")) is not None:
        # Written down late: it is judged at the time, and behind the entry, at which it was asked for.
        entry = entry._replace(at_ms=asked_at_ms, seq=entry.data["asked_after_seq"])
    if permit.places is not None and entry.data["place"] not in permit.places:
        yield f"{name} opened {entry.data['place']}, for which it is not"
    if permit.until_ms is not None and entry.at_ms >= permit.until_ms:
        yield f"{name} was over at {permit.until_ms} and accepted at {entry.at_ms}"
    if entry.trust != "unknown" and entry.at_ms < permit.from_ms:
        yield f"{name} begins at {permit.from_ms} and was accepted at {entry.at_ms}"
    if permit.void_after_seq is not None and entry.seq > permit.void_after_seq:
        yield f"{name} was void after seq {permit.void_after_seq} and accepted at {entry.seq}"


def check_lines(evidence: Evidence) -> Iterator[str]:
    """I6: a line is on only for a pulse (+ 100 ms alive, + 2 s after a crash) or a live hold; off at boot.

    Uses the trace with levels and times, the longest pulse of each line, and the holds where known (without
    them a time that ends with "hold" is not judged). The first edge of a line is its *off* at the start.
    """
    if evidence.trace is None:
        return
    by_line: dict[str, list[Edge]] = {}
    for edge in evidence.trace:
        by_line.setdefault(edge.line, []).append(edge)
    for line, edges in by_line.items():
        if edges[0].level != 0:
            yield f"line {line} was not switched off at the start"
        if evidence.pulse_ms is not None and line in evidence.pulse_ms:
            yield from _judge_line(evidence, line, edges, evidence.pulse_ms[line])


def _judge_line(evidence: Evidence, line: str, edges: list[Edge], pulse_ms: int) -> Iterator[str]:
    began: list[Edge] = []
    for edge in edges:
        if edge.level == 1:
            began.append(edge)
        elif began:
            slack_ms = CRASH_SLACK_MS if edge.id in CRASH_CAUSES else ALIVE_SLACK_MS
            yield from _judge_time(evidence, began, edge.at_ms, pulse_ms + slack_ms, edge.id)
            began = []
    if began and evidence.now_ms is not None:
        yield from _judge_time(evidence, began, evidence.now_ms, pulse_ms + CRASH_SLACK_MS, "")


def _judge_time(
    evidence: Evidence, began: list[Edge], ended_ms: float, allowed_ms: float, cause: str
) -> Iterator[str]:
    """Walk through the time that a line was on, as far as pulses and holds carry."""
    line, reached_ms = began[0].line, began[0].at_ms
    spans = [(edge.at_ms, edge.at_ms + allowed_ms) for edge in began if edge.id != HOLD]
    if evidence.held is None:
        if cause == HOLD or any(edge.id == HOLD for edge in began):
            return
    else:
        far = float("inf")
        spans += [
            (hold.from_ms - 1, far if hold.until_ms is None else hold.until_ms + CRASH_SLACK_MS)
            for hold in evidence.held
            if hold.line == line
        ]
    for from_ms, until_ms in sorted(spans):
        if from_ms <= reached_ms:
            reached_ms = max(reached_ms, until_ms)
    if ended_ms > reached_ms:
        was_on_ms, too_long_ms = ended_ms - began[0].at_ms, ended_ms - reached_ms
        yield f"line {line} was on for {was_on_ms:.0f} ms ({began[-1].id}), {too_long_ms:.0f} ms too long"


def check_cells(evidence: Evidence) -> Iterator[str]:
    """I7: at most one active order per cell; not given to another until closed and empty, or confirmed.

    Uses the journal: an order is active at a cell from its first request until the cell closed; a cell that
    did not open, or was given up, still holds the parcel. `confirmed_empty` are `session place` for which a
    person looked; openings by staff and a cell that was freed say the same. Tests of a walk are for no order.
    What the hub itself put into cells is judged by `edge.proof.lockers`. Whose parcels lie where is what the
    platform knows (`cells_of`) and what the journal says of deposits.
    """
    yield from check_lockers(sorted(evidence.journal.of(*KINDS), key=lambda entry: entry.seq))
    yield from _check_whose(evidence)
    active: dict[str, str] = {}
    staff: set[str] = set()
    kinds = ("CellOpenRequested", "CellOpened", "CellClosed", "CellFreed", "CellLookedInto")
    for entry in sorted(evidence.journal.of(*kinds), key=lambda entry: entry.seq):
        place, session = entry.data["place"], entry.data.get("session", "")
        holder = active.get(place)
        if entry.data.get("authorisation", "").startswith(("staff:", "test:")):
            staff.add(session)
        if entry.kind in ("CellFreed", "CellLookedInto") or session in staff:
            active.pop(place, None)
        elif entry.kind == "CellClosed":
            if holder == session:
                del active[place]
        elif holder is None or f"{holder} {place}" in evidence.confirmed_empty:
            active[place] = session
        elif holder != session:
            yield f"{place} was opened for {session} while {holder} was at it (seq {entry.seq})"


def _check_whose(evidence: Evidence) -> Iterator[str]:
    """A pickup opens the cells in which its own order's parcels lie, and no other."""
    journal = evidence.journal
    orders = {entry.data["session"]: entry.data["order_id"] for entry in journal.of("PickupStarted")}
    deposited = {(entry.data["order_id"], entry.data["place"]) for entry in journal.of("ParcelDeposited")}
    for entry in journal.of("CellOpenRequested"):
        order, place = orders.get(entry.data["session"], ""), entry.data["place"]
        known = evidence.cells_of.get(order)
        if known and place not in known and (order, place) not in deposited:
            yield f"{place} was opened for {order}, whose parcels lie elsewhere (seq {entry.seq})"


def check_unwritable(evidence: Evidence) -> Iterator[str]:
    """I14: journal not writable ⇒ no sale, no remote or single-use opening.

    Uses what people were told and the trace, both with the mark that the journal could not be written then:
    only a resident's code, card or PIN, or a pass that `permits` say is without a count, may fire; each is in
    the journal later, marked as late, unless it is `lost`. Nobody may be told of a sale.
    """
    yield from (
        f"sale {sale.order} was told while nothing could be written"
        for sale in evidence.told
        if not sale.writable
    )
    blind = [edge for edge in _pulses(evidence) if not edge.writable]
    intents = {entry.data["opening"]: entry for entry in evidence.journal.of(*REQUESTS)} if blind else {}
    for edge in blind:
        intent = intents.get(edge.id)
        if intent is None:
            if edge.id not in evidence.lost:
                yield f"pulse {edge.id} was fired while nothing could be written"
        elif not _may_fire_blind(evidence, intent):
            yield f"pulse {edge.id} was fired while nothing could be written"


def _may_fire_blind(evidence: Evidence, intent: Entry) -> bool:
    kind, _, rest = intent.data.get("authorisation", "").partition(":")
    if intent.data.get("kind") in ("resident", "card", "room_pin"):
        return True
    permit = (evidence.permits or {}).get(rest.split(":")[0])
    return kind == "pass" and permit is not None and permit.uses is None


def _pulses(evidence: Evidence) -> list[Edge]:
    return [edge for edge in evidence.trace or () if edge.level == 1 and edge.id != HOLD]
