"""Everything that the live line is judged by, read beside hub, platform and guards, on their disks."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, NamedTuple

from edge.demo.layout import DEVICE, SATELLITE, SITE, Layout
from edge.demo.stage.hub_books import HubBooks, TraceReader, Wiring
from edge.demo.stage.platform_books import Held, PlatformBooks
from edge.demo.stage.witness import Receipts
from edge.links.control_client import CONTROL_SOCKET, ControlClient, HubNotRunning
from edge.proof.evidence import Custody, Edge, Evidence, Permit
from edge.site import DATABASE

ANSWER_S = 3.0
"""A hub that does not answer its control socket within this is away; ours."""
START = "start"
"""Cause of the edge that a guard writes when it begins."""
OWN = ("pass", "command")
"""Authorisations whose issuer is the platform; codes are signed by phones, cards and PINs by nobody."""


class Hub(NamedTuple):
    """How the hub says it is: `store` is what it says of its disk, `online` whether it hears the platform."""

    state: Literal["ok", "away", "unwritable"]
    online: bool = False
    store: str = ""


class Look(NamedTuple):
    """What one look collected.

    `waiting` entries are not in custody or not applied, `older` says that the journal ends before what was
    seen of it, `gaps` counts what the guards could not write down, `secrets` are texts of passes.
    """

    evidence: Evidence
    hub: Hub
    waiting: int = 0
    older: bool = False
    gaps: int = 0
    secrets: Mapping[str, str] = MappingProxyType({})


def permits_of(evidence: Evidence, issued: Mapping[str, Permit]) -> dict[str, Permit]:
    """What may have opened a door: what the platform issued, and every code, card, PIN and person once seen.

    A pass or command that the platform does not know stays out: nobody issued it.
    """
    known = dict(issued)
    for entry in evidence.journal.of("DoorOpenRequested"):
        kind, _, rest = str(entry.data["authorisation"]).partition(":")
        if kind not in OWN:
            known.setdefault(rest.split(":")[0], Permit(kind))
    return known


def without_outages(edges: Sequence[Edge]) -> list[Edge]:
    """The trace without the times in which a guard was dead: its lines fell off with it, at no known moment.

    What its successor finds at its start says when it came, not how long a line was on.
    """
    last: dict[str, Edge] = {}
    found: list[Edge] = []
    for edge in edges:
        before = last.get(edge.line)
        dead = edge.id == START and before is not None and before.level == 1
        last[edge.line] = edge._replace(at_ms=before.at_ms) if dead and before is not None else edge
        found.append(last[edge.line])
    return found


def mark_late(edges: Iterable[Edge], evidence: Evidence) -> list[Edge]:
    """Mark the pulses that were fired while nothing could be written: their intents say so themselves."""
    late = {
        entry.data["opening"]
        for entry in evidence.journal.of("DoorOpenRequested")
        if entry.data.get("asked_at_ms") is not None
    }
    return [edge._replace(writable=edge.id not in late) for edge in edges] if late else list(edges)


class Evidences:
    """Collects, in the order that makes what is read later contain what is read earlier."""

    def __init__(self, layout: Layout, told: Receipts) -> None:
        self._layout = layout
        self._told = told
        self._hub = HubBooks(layout.site / DATABASE)
        self._platform = PlatformBooks(layout.platform / "platform.db", SITE, DEVICE)
        guards = {"": layout.site_toml, f"{SATELLITE}:": layout.satellite_toml}
        self._traces = [TraceReader(file.with_name("guard.trace"), prefix) for prefix, file in guards.items()]
        self._wiring = Wiring.read(guards)
        self._control = ControlClient(layout.site / CONTROL_SOCKET, limit_s=ANSWER_S)

    def look(self) -> Look:
        """Everything as it is now. Raises sqlite3.Error, OSError."""
        hub = self._ask_hub()
        told = self._told.sales()
        acknowledged = self._hub.acknowledged_seq()
        held = self._platform.look()
        for trace in self._traces:
            trace.look()
        evidence = self._hub.look()
        evidence.told = told
        evidence.channel, evidence.channel_refunds = held.channel, held.channel_refunds
        evidence.elsewhere = self._platform.elsewhere(evidence.journal)
        evidence.custody = self._custody(evidence, held, acknowledged)
        self._add_doors(evidence, held)
        newest = held.streams[-1] if held.streams else None
        journal = evidence.journal
        epoch = journal.entries[-1].epoch if journal.entries else 0
        ahead = newest is not None and newest.epoch == epoch and newest.head_seq > journal.head_seq
        return Look(
            evidence,
            hub,
            waiting=0 if evidence.custody.drained else max(1, journal.head_seq - held.applied_seq),
            older=ahead or evidence.seen is not None,
            gaps=sum(trace.gaps for trace in self._traces),
            secrets=held.texts,
        )

    def _ask_hub(self) -> Hub:
        try:
            parts: dict[str, dict[str, str]] = self._control.get("/status")["parts"]
        except (HubNotRunning, ValueError, KeyError):
            return Hub("away")
        store, online = parts["store"], parts["platform"]["state"] == "ok"
        if store["state"] != "ok":
            return Hub("unwritable", online, store["detail"])
        return Hub("ok", online)

    def _add_doors(self, evidence: Evidence, held: Held) -> None:
        edges = sorted(edge for trace in self._traces for edge in trace.edges)
        evidence.trace = mark_late(without_outages(edges), evidence)
        evidence.contacts = [said for trace in self._traces for said in trace.contacts]
        evidence.contact_of = self._wiring.contact_of
        evidence.pulse_ms = self._wiring.pulse_ms
        evidence.told_opened = held.told_opened
        evidence.cells_of = self._platform.cells_of
        evidence.permits = permits_of(evidence, held.permits)

    def _custody(self, evidence: Evidence, held: Held, acknowledged: int) -> Custody:
        newest = held.streams[-1] if held.streams else None
        journal = evidence.journal
        drained = newest is not None and (
            (newest.head_seq, newest.head_hash, held.applied_seq)
            == (journal.head_seq, journal.head_hash, journal.head_seq)
        )
        found = held.figures
        figures = {
            "sales": found.sales.count,
            "sales_fen": found.sales.total_fen,
            "fees": found.fees.count,
            "fees_fen": found.fees.total_fen,
            "collected": found.orders_collected,
            "doors_opened": found.openings.get("door_opened", 0),
            "cells_opened": found.openings.get("cell_opened", 0),
        }
        return Custody(held.streams, drained, figures, self._platform.hashes, acknowledged)
