"""Hold the books of a running demo against each other: collects what each side has, and has it judged.

Each side computes from what it has itself, so that agreement means something. Used by the story, the system
tests and the crash tests; what is judged is in `edge.proof.invariants`.
"""

import json
import tomllib
from collections import Counter as Tally
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp

from edge.demo.actors import Counter, NotSeen, until
from edge.demo.community import PERSONAS
from edge.demo.layout import DEVICE, SATELLITE, SITE, Layout
from edge.proof.collect import collect_running
from edge.proof.evidence import Evidence
from edge.proof.invariants import check

DRAIN_S = 60.0
"""Invariant I13: when faults stop, drained within 60 s."""
QUIET_TRIES = 10
SECRET_FILES = (".token", ".password")


async def wait_until_drained(http: aiohttp.ClientSession, layout: Layout, within_s: float = DRAIN_S) -> None:
    """Wait until the platform has custody of the whole journal, and has applied it. Raises NotSeen."""
    hub = Counter(layout)

    async def look() -> bool:
        head = (await hub.get("/status"))["head_seq"]
        figures = await fetch_figures(http, layout)
        return any(d["head_seq"] == head and d["applied_seq"] == head for d in figures["devices"])

    await until(look, "the platform has everything", within_s)


async def fetch_figures(http: aiohttp.ClientSession, layout: Layout) -> dict[str, Any]:
    """What the platform computed by its own SQL."""
    token = (layout.platform / "keys" / f"{DEVICE}.token").read_text().strip()
    url = f"http://127.0.0.1:{layout.ports.platform}/v1/sites/{SITE}/figures"
    async with http.get(url, headers={"Authorization": f"Bearer {token}"}) as answer:
        answer.raise_for_status()
        found: dict[str, Any] = await answer.json()
        return found


async def compare_books(
    http: aiohttp.ClientSession,
    layout: Layout,
    elsewhere: Sequence[bytes] = (),
    *,
    shown: Iterable[str] = (),
) -> tuple[list[str], dict[str, int]]:
    """Every violation in words (none is good), and the counts of what was compared.

    `shown` are codes that were held before readers: like passwords and people they may stand in no journal
    and no log. `elsewhere` are journal lines that only the platform has, since an older copy was put back.
    """
    await wait_until_drained(http, layout)
    evidence = await collect_demo(http, layout, elsewhere)
    evidence.secrets = {**known_secrets(layout), **{f"code {n}": text for n, text in enumerate(shown)}}
    evidence.texts = read_logs(layout)
    verified = await Counter(layout).get("/journal/verify")
    faults = [str(violation) for violation in check(evidence)]
    if verified["first_bad_seq"] is not None:
        faults.append(f"I11 the hub's own verification stops at {verified['first_bad_seq']}")
    return faults, count_entries([json.loads(entry.line) for entry in evidence.journal.entries])


async def collect_demo(
    http: aiohttp.ClientSession, layout: Layout, elsewhere: Sequence[bytes] = ()
) -> Evidence:
    """The evidence of a demo in which everything has arrived; asked again while its journal grows."""
    hub = Counter(layout)
    for _ in range(QUIET_TRIES):
        before = await hub.get("/status")
        evidence = await _collect_once(http, layout, hub, before, elsewhere)
        if (await hub.get("/status"))["head_seq"] == before["head_seq"]:
            return evidence
        await wait_until_drained(http, layout)
    raise NotSeen("the journal never stands still")


async def _collect_once(
    http: aiohttp.ClientSession,
    layout: Layout,
    hub: Counter,
    status: dict[str, Any],
    elsewhere: Sequence[bytes],
) -> Evidence:
    guards = {"": layout.site_toml, f"{SATELLITE}:": layout.satellite_toml}
    return collect_running(
        status=status,
        books=await hub.get("/books"),
        figures=await fetch_figures(http, layout),
        lines=await hub.lines(),
        elsewhere=elsewhere,
        traces={prefix: file.with_name("guard.trace") for prefix, file in guards.items()},
        drained=True,
        pulse_ms=dict(_pulses(guards)),
    )


def _pulses(guards: Mapping[str, Path]) -> Iterator[tuple[str, int]]:
    """The pulse of every line that a guard drives, by what stands before its lines."""
    for prefix, file in guards.items():
        for door in tomllib.loads(file.read_text("utf-8"))["door"]:
            if "line" in door:
                yield f"{prefix}{door['line']}", door["pulse_ms"]


def known_secrets(layout: Layout) -> dict[str, str]:
    """What this demo knows of secrets and people: tokens, brokers' passwords, who can be played."""
    folders = (layout.site / "secrets", layout.broker("site"), layout.broker("platform"))
    files = [path for folder in folders for path in folder.iterdir() if path.suffix in SECRET_FILES]
    return {path.name: path.read_text("utf-8").strip() for path in files} | {
        f"resident {number}": subject for number, subject in enumerate(PERSONAS)
    }


def read_logs(layout: Layout) -> dict[str, bytes]:
    """The logs of the site's own processes; the platform knows people by name."""
    return {
        f"the log {path.name}": path.read_bytes()
        for path in layout.logs.glob("*.log")
        if not path.name.startswith("platform")
    }


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
