"""A demo site whose hub is killed again and again: named points, N-th system calls, any moment."""

import asyncio
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import aiohttp

from edge.demo.actors import Counter, Hands, KioskScreen, NotSeen, Phone, until
from edge.demo.community import community
from edge.demo.compare import compare_books, kind_of
from edge.demo.layout import DEVICE, SITE
from edge.demo.site_file import COLUMNS
from edge.demo.story import SUBJECT, Cast, entries
from edge.demo.world import World
from edge.proof.collect import read_trace
from tests.faults.planted_hub import ARM_FILE, NO_BUG

OPEN_PAYMENT_S = 45.0
"""A restart asks about open payments at once, then every 20 s."""

ACT_S = 30.0
"""Whoever is not dead by then is killed at that moment: a trial all the same."""

POINTS = {
    "gate.before_intent": "gate",
    "gate.after_fire": "gate",
    "checkout.after_sent": "buy",
    "checkout.before_commit": "buy",
    "checkout.after_place": "buy",
    "checkout.after_attempt": "buy",
    "checkout.before_settle": "buy",
    "checkout.after_settle": "buy",
    "pickup.after_intent": "collect",
    "pickup.after_send": "collect",
    "pickup.after_opened": "collect",
    "pickup.after_closed": "collect",
    "gate.after_intent": "gate",
    "gate.after_contact": "gate",
    "close.after_asked": "give_up",
    "close.after_undo": "give_up",
    "close.after_outcome": "give_up",
    "pay.after_attempt": "charge",
    "pay.after_charge": "charge",
    "pay.after_answer": "charge",
    "reverse.after_asked": "reverse",
    "reverse.after_undo": "reverse",
    "reverse.after_outcome": "reverse",
    "refund.after_claim": "refund",
    "refund.after_answer": "refund",
    "refund.after_outcome": "refund",
}
"""Every name that the product reaches, and who makes it go there."""

_ENDED = ("PaymentPaid", "PaymentFailed", "PaymentReversed")


class KilledWorld(World):
    """The demo with an order in every cell; `bug` is planted into each hub that starts."""

    bug: str | None = None

    def fill_cells(self) -> None:
        """Put one more order into each cell that has none, before the platform starts."""
        known = community(date.today())
        taken = {cell["cell"] for order in known["orders"] for cell in order["cells"]}
        cells = [name.partition(":")[0] for column in COLUMNS for name in column if ":" in name]
        orders = [
            {
                "id": f"order-kill-{cell}",
                "subject": SUBJECT,
                "state": "in_cells",
                "cells": [{**known["orders"][0]["cells"][0], "cell": cell, "parcel": f"kill-{cell}"}],
            }
            for cell in cells
            if cell not in taken
        ]
        more = self.layout.folder / "more.json"
        more.write_text(json.dumps({"orders": orders, "personas": known["personas"]}), "utf-8")
        config = str(self.layout.platform / "platform.toml")
        command = [sys.executable, "-m", "cloud_sync.platform", "seed", str(more), "--config", config]
        subprocess.run(command, check=True, capture_output=True)

    def start_hub(self, *, wait: bool = True, env: Mapping[str, str] | None = None) -> None:
        """The hub, with the bug where one is planted, ready to be told where it shall die."""
        arguments = (self.bug or NO_BUG, "run", "--config", str(self.layout.site_toml))
        armed = {ARM_FILE: str(self._order)}
        self.processes.start_module(
            "hub", "tests.faults.planted_hub", *arguments, env={**os.environ, **armed, **(env or {})}
        )
        if wait:
            self.processes.wait("hub", self.hub_ready)

    def crash_at(self, point: str) -> None:
        """Let the running hub die when it reaches this point."""
        self._order.write_text(point)
        self.processes.running["hub"].send_signal(signal.SIGUSR1)
        self.processes.wait("hub", lambda: not self._order.exists())

    @property
    def _order(self) -> Path:
        return self.layout.folder / "die-at"

    def pulses(self) -> list[str]:
        """The openings of all pulses that the guard fired, in order."""
        edges = read_trace(self.layout.site / "guard.trace")
        return [edge.id for edge in edges if edge.level == 1]

    @property
    def hub_is_dead(self) -> bool:
        """Whether the hub's process has ended."""
        return self.processes.running["hub"].poll() is not None


class Killer:
    """Injects SIGKILL at the N-th call of one of the hub's threads, by strace attached to it."""

    def __init__(self, pid: int, call: str, number: int) -> None:
        self._strace = subprocess.Popen(
            [
                *("strace", "-f", "-qq", "-o", os.devnull, "-p", str(pid)),
                *("-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}"),
            ],
            stderr=subprocess.DEVNULL,
        )

    def let_go(self) -> None:
        """Leave the process alone, if it lives."""
        self._strace.terminate()
        self._strace.wait()


class People:
    """Who is at the kiosk, at the gate and at a phone while the hub dies; and what they were told."""

    def __init__(self, world: KilledWorld, http: aiohttp.ClientSession, rng: random.Random) -> None:
        self.told: list[str] = []
        self.http = http
        self._world = world
        self._rng = rng
        self._shown: set[str] = set()
        self._goods = [product for product in community(date.today())["products"] if _sells(product)]
        self._phone = Phone(http, world.layout.ports.platform, SUBJECT)
        self._hands = Hands(http, world.layout)

    async def sign_in(self) -> None:
        """The phone makes its key."""
        await self._phone.sign_in()

    async def act_until_dead(self, wanted: str) -> None:
        """Somebody at the kiosk and somebody at the gate, again and again, until the hub is dead."""
        at_kiosk = wanted if wanted != "gate" else self._rng.choice(("buy", "collect"))
        tasks = [asyncio.create_task(self._again(act)) for act in (self._acts()[at_kiosk], self._gate)]
        with contextlib.suppress(NotSeen):
            await until(self._is_dead, "the hub is dead", ACT_S)
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if outcome is not None and not isinstance(outcome, asyncio.CancelledError):
                raise outcome

    def _acts(self) -> dict[str, Callable[[], Awaitable[None]]]:
        return {
            "buy": self._buy,
            "collect": self._collect,
            "charge": self._buy_by_code,
            "give_up": self._give_up,
            "reverse": self._take_code_back,
            "refund": self._pay_too_late,
        }

    async def finish(self) -> None:
        """Take away what is held, and pay, or refuse to pay, what was shown before the hub died."""
        port = self._world.layout.ports.camera
        for camera in ("kiosk", "gate"):
            body = {"camera": camera}
            async with self.http.post(f"http://127.0.0.1:{port}/clear", json=body) as answer:
                answer.raise_for_status()
        await self.answer_payments()

    async def answer_payments(self) -> None:
        """Pay, or refuse to pay, whatever is shown and not answered yet."""
        for payable in await self._phone.get("/payable"):
            action = self._rng.choice(("confirm", "confirm", "decline"))
            with contextlib.suppress(aiohttp.ClientResponseError):
                await self._phone.post("/pay", {"qr": payable["qr"], "action": action})

    async def _is_dead(self) -> bool:
        return self._world.hub_is_dead

    async def _again(self, act: Callable[[], Awaitable[None]]) -> None:
        """What a person sees fail is tried again."""
        while True:
            with contextlib.suppress(NotSeen, aiohttp.ClientError, OSError):
                await act()
            await asyncio.sleep(0.1)

    async def _buy(self) -> None:
        async with self._at_the_pay_screen() as kiosk:
            await self._phone.pay()
            await kiosk.wait_for("receipt")
            self.told.append("SaleSettled")

    async def _buy_by_code(self) -> None:
        """The payer shows a payment code."""
        async with self._at_the_pay_screen() as kiosk:
            await self._show_code("wechat", password=False)
            await kiosk.wait_for("receipt")
            self.told.append("SaleSettled")

    async def _take_code_back(self) -> None:
        """The payer shows a code, is asked for the password, and leaves."""
        async with self._at_the_pay_screen() as kiosk:
            await self._show_code("alipay", password=True)
            await until(self._is_asked_for_password, "the phone asks for the password")
            await until(lambda: _has_key(kiosk, "give_up"), "the screen lets the payer leave")
            await kiosk.press("give_up")
            await until(lambda: self._has_left(kiosk), "the pay screen is left")

    async def _give_up(self) -> None:
        """The payer looks at the QR and leaves."""
        async with self._at_the_pay_screen() as kiosk:
            await kiosk.press("give_up")
            await until(lambda: self._has_left(kiosk), "the pay screen is left")

    async def _pay_too_late(self) -> None:
        """The payer leaves, and the channel takes the money a second after the QR was closed."""
        fault = {"fault": "late_success", "scope": "always", "value": 1}
        await self._switch_channels(fault)
        try:
            await self._give_up()
        finally:
            await self._switch_channels({"fault": "late_success", "scope": "off"})
        await until(self._is_dead, "the money has gone back", ACT_S)

    @contextlib.asynccontextmanager
    async def _at_the_pay_screen(self) -> AsyncIterator[KioskScreen]:
        async with KioskScreen(self.http, self._world.layout.ports.kiosk) as kiosk:
            product = self._rng.choice(self._goods)
            await self._begin(kiosk)
            await self._hands.hold("kiosk", "ean13", product["ean"])
            await kiosk.wait_for("shop", words=product["name_zh"])
            await kiosk.press("pay")
            await kiosk.wait_for("pay")
            yield kiosk

    async def _show_code(self, channel: str, *, password: bool) -> None:
        """Hold a fresh payment code before the camera, once the sum has been seen."""
        await self._hands.take_away("kiosk")
        code = await self._phone.post("/payment-code", {"channel": channel, "password": password})
        await self._hands.hold("kiosk", "qr", code["code"])

    async def _is_asked_for_password(self) -> bool:
        return any(charge["state"] == "paying" for charge in await self._phone.get("/charges"))

    async def _has_left(self, kiosk: KioskScreen) -> bool:
        return kiosk.screen not in ("pay", "")

    async def _switch_channels(self, setting: dict[str, object]) -> None:
        url = f"http://127.0.0.1:{self._world.layout.ports.platform}/sim/channels"
        async with self.http.post(url, json=setting) as answer:
            answer.raise_for_status()

    async def _collect(self) -> None:
        orders = await self._phone.get("/orders")
        waiting = [o for o in orders if o["state"] == "in_cells" and o["id"] not in self._shown]
        if not waiting:
            await self._buy()
            return
        async with KioskScreen(self.http, self._world.layout.ports.kiosk) as kiosk:
            await self._begin(kiosk)
            self._shown.add(waiting[0]["id"])
            await self._hands.hold("kiosk", "qr", waiting[0]["pass_text"])
            await kiosk.wait_for("pickup")
            await until(lambda: self._is_collected(waiting[0]["id"]), "the order is collected")

    async def _is_collected(self, order_id: str) -> bool:
        orders = await self._phone.get("/orders")
        return all(order["id"] != order_id or order["state"] != "in_cells" for order in orders)

    async def _begin(self, kiosk: KioskScreen) -> None:
        """Whoever was here before has left."""
        await kiosk.go_home()

    async def _gate(self) -> None:
        if await self._phone.open_door("gate") == "opened":
            self.told.append("DoorOpened")
        await self._hands.wait_until_shut("gate")


class Books:
    """Holds all books against each other after a recovery, and remembers which payments have ended."""

    def __init__(self, world: KilledWorld, http: aiohttp.ClientSession) -> None:
        self._world = world
        self._http = http
        self._checked: set[str] = set()

    async def faults(self, told: Sequence[str], people: "People", pulses_before: int) -> list[str]:
        """What does not agree, once every payment has come to its end and everything has arrived.

        Of the guard's pulses the first `pulses_before` were fired before the hub came back.
        """
        cast = Cast(
            KioskScreen(self._http, 0),
            Phone(self._http, 0, ""),
            Hands(self._http, self._world.layout),
            Counter(self._world.layout),
            self._http,
            self._world.layout,
        )

        async def ended() -> bool:
            await people.answer_payments()
            journal = await entries(cast)
            return all(state in _ENDED for state in payment_states(journal).values())

        async def agreed() -> bool:
            return not await self._payment_faults(await entries(cast))

        await until(ended, "every payment has ended", OPEN_PAYMENT_S)
        with contextlib.suppress(NotSeen):
            await until(agreed, "channel and hub agree", OPEN_PAYMENT_S)
        faults, _ = await compare_books(self._http, self._world.layout)
        journal = await entries(cast)
        faults += await self._payment_faults(journal)
        faults += opening_faults(journal)
        faults += late_pulses(journal, self._world.pulses()[pulses_before:])
        for kind in ("SaleSettled", "DoorOpened"):
            there = sum(kind_of(entry) == kind for entry in journal)
            if there < told.count(kind):
                faults.append(f"I1 {kind}: {told.count(kind)} were told, {there} are there")
        return faults

    async def _payment_faults(self, journal: list[dict[str, Any]]) -> list[str]:
        """What the channel says was paid is paid here, its order settled once, and none else."""
        token = (self._world.layout.platform / "keys" / f"{DEVICE}.token").read_text().strip()
        settled = [e["data"]["order_id"] for e in journal if kind_of(e) == "SaleSettled"]
        paid = [e["data"] for e in journal if kind_of(e) == "PaymentPaid"]
        paid_orders = [each["order_id"] for each in paid if not each["late"]]
        faults = [] if sorted(settled) == sorted(paid_orders) else [f"paid {paid_orders}, settled {settled}"]
        late = sorted((each["attempt_id"], each["amount_fen"]) for each in paid if each["late"])
        back = sorted(
            (e["data"]["attempt_id"], e["data"]["amount_fen"]) for e in journal if kind_of(e) == "RefundPaid"
        )
        faults += [] if late == back else [f"came too late {late}, went back {back}"]
        told: set[str] = set()
        for attempt, state in payment_states(journal).items():
            if attempt in self._checked:
                continue
            port = self._world.layout.ports.platform
            url = f"http://127.0.0.1:{port}/v1/sites/{SITE}/payments/{attempt}"
            async with self._http.get(url, headers={"Authorization": f"Bearer {token}"}) as answer:
                theirs = (await answer.json())["state"] if answer.status == 200 else "never asked"
            if (theirs == "paid") != (state == "PaymentPaid"):
                faults.append(f"I9 {attempt}: channel {theirs}, here {state}")
            if theirs in ("paid", "failed", "reversed"):
                told.add(attempt)
        if not faults:
            self._checked |= told
        return faults


async def _has_key(kiosk: KioskScreen, gesture: str) -> bool:
    return f'data-do="{gesture}"' in kiosk.html


def payment_states(journal: list[dict[str, Any]]) -> dict[str, str]:
    """The last event of each attempt."""
    kinds = ("PaymentRequested", "PaymentUnknown", *_ENDED)
    return {e["data"]["attempt_id"]: kind_of(e) for e in journal if kind_of(e) in kinds}


def late_pulses(journal: list[dict[str, Any]], pulses: Sequence[str]) -> list[str]:
    """After a start nothing is fired that the start found open: it is unknown, and stays so."""
    kinds = ("DoorUnknown", "CellUnknown")
    left = {
        entry["data"]["opening"]
        for entry in journal
        if kind_of(entry) in kinds and entry["data"]["reason"] == "restart"
    }
    return [
        f"I5 {opening} was fired after the restart had found it open" for opening in pulses if opening in left
    ]


def opening_faults(journal: list[dict[str, Any]]) -> list[str]:
    """Every intent has exactly one result; one that a kill cut off is unknown, or what the contact said."""
    results: dict[str, list[str]] = {}
    for entry in journal:
        kind = kind_of(entry)
        if kind in ("DoorOpenRequested", "CellOpenRequested"):
            results.setdefault(entry["data"]["opening"], [])
        elif kind in (
            "DoorOpened",
            "DoorUnknown",
            "DoorNotFired",
            "CellOpened",
            "CellUnknown",
            "CellNotFired",
        ):
            results.setdefault(entry["data"]["opening"], []).append(kind)
    return [
        f"{opening}: {found}"
        for opening, found in results.items()
        if len(found) != 1 and found != ["CellUnknown", "CellOpened"]
    ]


def _sells(product: Mapping[str, Any]) -> bool:
    """Not the one whose lot has expired, nor what needs a licence."""
    return product["picture"] != "yogurt-berry" and not product.get("restricted")


def ended_by_kill(world: KilledWorld) -> bool:
    """Let the dead hub go; whether it was killed."""
    process = world.processes.running.pop("hub")
    return process.wait(10) == -signal.SIGKILL
