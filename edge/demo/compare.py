"""Hold the books against each other: the hub's journal and ledger, the guard's trace, the platform's figures.

Each side computes from what it has itself, so that agreement means something. Used by the story, the system
tests and the crash tests.
"""

import json
from collections import Counter as Tally
from pathlib import Path
from typing import Any

import aiohttp

from edge.demo.actors import Counter, until
from edge.demo.layout import SITE, Layout

DRAIN_S = 60.0
"""Invariant I13: when faults stop, drained within 60 s."""

OUTCOMES = {
    "DoorOpened": "opened",
    "DoorUnknown": "unknown",
    "CellOpened": "opened",
    "CellUnknown": "unknown",
}


async def wait_until_drained(http: aiohttp.ClientSession, layout: Layout, within_s: float = DRAIN_S) -> None:
    """Wait until the platform has custody of the whole journal, and has applied it."""
    hub = Counter(layout)

    async def look() -> bool:
        head = (await hub.get("/status"))["head_seq"]
        figures = await fetch_figures(http, layout)
        return any(d["head_seq"] == head and d["applied_seq"] == head for d in figures["devices"])

    await until(look, "the platform has everything", within_s)


async def fetch_figures(http: aiohttp.ClientSession, layout: Layout) -> dict[str, Any]:
    """What the platform computed by its own SQL."""
    token = (layout.site / "secrets" / "device.token").read_text().strip()
    url = f"http://127.0.0.1:{layout.ports.platform}/v1/sites/{SITE}/figures"
    async with http.get(url, headers={"Authorization": f"Bearer {token}"}) as answer:
        answer.raise_for_status()
        found: dict[str, Any] = await answer.json()
        return found


async def compare_books(http: aiohttp.ClientSession, layout: Layout) -> tuple[list[str], dict[str, int]]:
    """Every disagreement in words (none is good), and the counts that were compared."""
    await wait_until_drained(http, layout)
    hub = Counter(layout)
    status, verified, books = (
        await hub.get("/status"),
        await hub.get("/journal/verify"),
        await hub.get("/books"),
    )
    figures = await fetch_figures(http, layout)
    entries = [json.loads(line) for line in await hub.lines()]
    faults: list[str] = []
    if verified["first_bad_seq"] is not None:
        faults.append(f"I11 the chain breaks at {verified['first_bad_seq']}")
    if books["imbalances"]:
        faults.append(f"I3 sets that do not sum to zero: {books['imbalances']}")
    faults += _compare_custody(status, figures)
    counts = count_entries(entries)
    faults += _compare_figures(counts, figures)
    faults += compare_ledger(entries, books["balances"])
    faults += compare_trace(entries, layout.site / "guard.trace")
    return faults, counts


def count_entries(entries: list[dict[str, Any]]) -> dict[str, int]:
    """Fold the journal."""
    kinds = Tally(kind_of(entry) for entry in entries)
    sales = [entry["data"] for entry in entries if kind_of(entry) == "SaleSettled"]
    fees = [entry["data"] for entry in entries if kind_of(entry) == "BillPaid"]
    return {
        "events": len(entries),
        "sales": len(sales),
        "sales_fen": sum(sale["total_fen"] for sale in sales),
        "fees": len(fees),
        "fees_fen": sum(fee["amount_fen"] + fee["penalty_fen"] for fee in fees),
        "collected": kinds["OrderCollected"],
        "doors_opened": kinds["DoorOpened"],
        "cells_opened": kinds["CellOpened"],
        "refused": kinds["PassRefused"] + kinds["CommandRefused"],
    }


def kind_of(entry: dict[str, Any]) -> str:
    """The event's name without its prefix and version."""
    return str(entry["type"]).split(".")[-2]


def _compare_custody(status: dict[str, Any], figures: dict[str, Any]) -> list[str]:
    device = next((d for d in figures["devices"] if d["epoch"] == status["epoch"]), None)
    if device is None:
        return ["I2 the platform knows no stream of this device and epoch"]
    faults = []
    if device["events"] != status["head_seq"]:
        faults.append(f"I2 the platform has {device['events']} events, the hub {status['head_seq']}")
    if device["head_hash"] != status["head_hash"]:
        faults.append("I2 the hashes of the heads differ")
    if device["parked"] or device["quarantine"]:
        faults.append(f"I2 parked {device['parked']}, quarantine {device['quarantine']}")
    return faults


def _compare_figures(counts: dict[str, int], figures: dict[str, Any]) -> list[str]:
    pairs = (
        ("sales", counts["sales"], figures["sales"]["count"]),
        ("sales in fen", counts["sales_fen"], figures["sales"]["total_fen"]),
        ("fees", counts["fees"], figures["fees"]["count"]),
        ("fees in fen", counts["fees_fen"], figures["fees"]["total_fen"]),
        ("collected orders", counts["collected"], figures["orders_collected"]),
        ("opened doors", counts["doors_opened"], figures["openings"].get("door_opened", 0)),
        ("opened cells", counts["cells_opened"], figures["openings"].get("cell_opened", 0)),
    )
    return [f"{what}: hub {ours}, platform {theirs}" for what, ours, theirs in pairs if ours != theirs]


def compare_ledger(entries: list[dict[str, Any]], balances: dict[str, int]) -> list[str]:
    """What the channels captured is what their accounts hold; no order is paid or settled twice."""
    paid = [entry["data"] for entry in entries if kind_of(entry) == "PaymentPaid"]
    captured = sum(payment["amount_fen"] for payment in paid)
    held = sum(fen for account, fen in balances.items() if account.startswith("assets:channel:"))
    faults = [] if captured == held else [f"I8 captured {captured}, channel accounts hold {held}"]
    twice = [order for order, n in Tally(payment["order_id"] for payment in paid).items() if n > 1]
    if twice:
        faults.append(f"I9 orders paid twice: {twice}")
    settled = Tally(entry["data"]["order_id"] for entry in entries if kind_of(entry) == "SaleSettled")
    faults += [f"I1 sale {order} settled {n} times" for order, n in settled.items() if n > 1]
    return faults


def compare_trace(entries: list[dict[str, Any]], trace: Path) -> list[str]:
    """Every pulse of the guard's trace has one earlier intent in the journal, and at most one pulse each."""
    text = trace.read_text() if trace.exists() else ""
    pulses = Tally(
        edge["id"]
        for edge in map(json.loads, text.splitlines())
        if edge["level"] == 1 and edge["id"] != "hold"
    )
    intents = {entry["data"]["opening"] for entry in entries if kind_of(entry) == "DoorOpenRequested"}
    faults = [f"I5 pulse {pulse} fired {n} times" for pulse, n in pulses.items() if n > 1]
    faults += [f"I5 pulse {pulse} without an intent" for pulse in pulses if pulse not in intents]
    opened = {entry["data"]["opening"] for entry in entries if kind_of(entry) == "DoorOpened"}
    faults += [f"I5 {opening} opened without a pulse" for opening in opened - set(pulses)]
    return faults
