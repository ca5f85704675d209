"""Collectors: what a running hub tells over its control socket, the platform's figures, the guard's file."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from edge.proof.evidence import Custody, Edge, Evidence, Journal, Ledger, Link, Says, Stream

NS_PER_MS = 1_000_000
SIGNAL = "signal"
"""Cause of an edge of a lamp or a buzzer in the trace."""


def collect_running(
    *,
    lines: Iterable[bytes],
    status: Mapping[str, Any],
    books: Mapping[str, Any],
    figures: Mapping[str, Any],
    traces: Mapping[str, Path],
    drained: bool,
    pulse_ms: Mapping[str, int] | None = None,
    elsewhere: Iterable[bytes] = (),
) -> Evidence:
    """Evidence of a running hub; `elsewhere` are the lines that a restored hub does not have any more.

    `lines` are of the whole journal, `status` and `books` answers of the control socket, `figures` the
    platform's; `traces` are the guards' files by what stands before their lines (nothing for the hub's own, a
    satellite's name for its), `pulse_ms` is the pulse that each line is wired for.
    """
    return Evidence(
        journal=Journal.read(lines),
        elsewhere=Journal.read(elsewhere),
        head=Link(status["head_seq"], status["head_hash"]),
        ledger=Ledger(books["balances"], found=[f"set {row}" for row in books["imbalances"]]),
        custody=read_figures(figures, status, drained=drained),
        trace=[edge for prefix, path in traces.items() for edge in read_trace(path, prefix)],
        pulse_ms=pulse_ms,
    )


def read_figures(figures: Mapping[str, Any], status: Mapping[str, Any], *, drained: bool) -> Custody:
    """What the platform has of the hub that gave this status."""
    streams: Sequence[Stream] = [
        Stream(
            stream["epoch"],
            stream["events"],
            stream["head_seq"],
            stream["head_hash"],
            stream["parked"],
            stream["quarantine"],
            stream["first_seq"],
        )
        for stream in figures["devices"]
        if stream["device"] == status["device"]
    ]
    return Custody(
        streams,
        drained,
        figures={
            "sales": figures["sales"]["count"],
            "sales_fen": figures["sales"]["total_fen"],
            "fees": figures["fees"]["count"],
            "fees_fen": figures["fees"]["total_fen"],
            "collected": figures["orders_collected"],
            "doors_opened": figures["openings"].get("door_opened", 0),
            "cells_opened": figures["openings"].get("cell_opened", 0),
        },
        acknowledged_seq=status["acknowledged_seq"],
    )


def read_trace(path: Path, prefix: str = "") -> list[Edge]:
    """Every edge of every lock in a guard's trace, the part that was laid aside first.

    `prefix` stands before the numbers of its lines, which are its own.
    """
    edges: list[Edge] = []
    for part in (path.with_name(path.name + ".1"), path):
        edges += read_edges(part.read_bytes() if part.exists() else b"", prefix)
    return edges


def read_edges(text: bytes, prefix: str = "") -> list[Edge]:
    """Every edge of every lock in a piece of a guard's trace."""
    return [
        Edge(edge["at_boot_ns"] / NS_PER_MS, f"{prefix}{edge['line']}", edge["level"], edge["id"])
        for edge in map(json.loads, text.splitlines())
        if "input" not in edge and edge["id"] != SIGNAL  # no contact, no input and no lamp
    ]


def read_contacts(text: bytes, prefix: str = "") -> list[Says]:
    """Whatever contacts and inputs said in a piece of a guard's trace."""
    return [
        Says(edge["at_boot_ns"] / NS_PER_MS, f"{prefix}{edge['line']}", edge["input"])
        for edge in map(json.loads, text.splitlines())
        if "input" in edge
    ]
