"""The checker at work: collects evidence again and again, and has it judged as the proofs judge theirs.

Hub, platform and guards are read on their disks, beside them: what a process says of itself is no evidence,
and one that is dead has left its disk. Only how the hub is, is asked of the hub. What people were told
counts, too: receipts on the kiosk's screen, *opened* on phones.

A violation is told once two looks in a row saw it in the same words: the sides are read one after another,
and what was on its way between them is there at the next look.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from edge.demo.compare import known_secrets
from edge.demo.layout import Layout
from edge.demo.stage.collecting import Evidences, Look
from edge.demo.stage.line import Doubt, Line, clock, draw
from edge.demo.stage.secret_scan import SecretScan
from edge.demo.stage.witness import Receipts
from edge.demo.stage.words import Said
from edge.proof.doors import HOLD, REQUESTS
from edge.proof.evidence import Evidence, Recovery, Violation
from edge.proof.invariants import check

EVERY_S = 1.5
AGAIN_S = 0.3
"""How soon it looks again when something is not as it should be."""
SHARE = 0.05
"""Of one core: a look that costs more makes the next one come later."""
ON_ITS_WAY_MS = 10_000
"""For so long entries may be on their way to the platform, and a hub that writes again may owe its doings."""
LOOKS = 4
"""So many looks in a row that differ are no coincidence any more; ours."""
LASTING = Said("两边对不上，正在再查", "the sides differ, and are looked at again")
STUCK_MS = 60_000
"""I13: when faults stop, all is well within 60 s."""


class Suspicion:
    """Which violations are told: those that two looks in a row saw in the same words."""

    def __init__(self) -> None:
        self._before: frozenset[Violation] = frozenset()
        self._in_a_row = 0

    @property
    def lasts(self) -> bool:
        """Whether look after look saw something else that is not as it should be: nobody may call it well."""
        return self._in_a_row >= LOOKS

    def confirm(self, seen: Iterable[Violation]) -> tuple[list[Violation], bool]:
        """The violations to tell, in their order, and whether there is one to look at again soon."""
        found = list(dict.fromkeys(seen))
        told = [violation for violation in found if violation in self._before]
        self._before = frozenset(found)
        soon = len(told) < len(found)
        self._in_a_row = self._in_a_row + 1 if soon else 0
        return told, soon


@dataclass
class Circumstances:
    """What stands in the way of judging everything, and since when; pure, fed with each look in turn."""

    since_ms: dict[str, int] = field(default_factory=dict)
    back_at_ms: int = -ON_ITS_WAY_MS
    """When the hub could write again."""
    blind: set[str] = field(default_factory=set)
    """Openings that were fired while nothing could be written, and are not in the journal."""
    lost: set[str] = field(default_factory=set)
    """Those of them that were in the memory of a hub that is gone."""
    _moved_at_ms: int | None = None
    _waiting: int = 0

    def note(self, look: Look, now_ms: int) -> Doubt | None:
        """The strongest reason why not everything can be judged now, or None."""
        was_well = "unwritable" not in self.since_ms
        present = {
            "away": look.hub.state == "away",
            "unwritable": look.hub.state == "unwritable",
            "older": look.older,
            "gaps": look.gaps > 0,
            "waiting": look.waiting > 0,
        }
        self.since_ms = {name: self.since_ms.get(name, now_ms) for name, there in present.items() if there}
        if not was_well and look.hub.state == "ok":
            self.back_at_ms = now_ms
        self._note_blind(look)
        moved = self._moved_at_ms is None or look.waiting < self._waiting
        if moved or not look.waiting or not look.hub.online:
            self._moved_at_ms = now_ms
        self._waiting = look.waiting
        for name, since_ms in self.since_ms.items():
            if name != "waiting" or now_ms - since_ms >= ON_ITS_WAY_MS:
                return Doubt(since_ms, _words(name, clock(since_ms), look))
        return None

    def judge(self, evidence: Evidence, now_ms: int) -> list[Violation]:
        """Every violation that is not on its way to be none."""
        evidence.lost = frozenset(self.lost)
        stuck_ms = now_ms - (self._moved_at_ms or now_ms)
        if stuck_ms >= 2 * STUCK_MS:
            evidence.recovery = Recovery(0.0, stuck_ms // STUCK_MS * STUCK_MS / 1000)
        return [each for each in check(evidence) if not self._may_mend(each, now_ms)]

    def _note_blind(self, look: Look) -> None:
        known = {entry.data["opening"] for entry in look.evidence.journal.of(*REQUESTS)}
        if look.hub.state == "unwritable":
            self.blind |= {edge.id for edge in look.evidence.trace or () if edge.level and edge.id != HOLD}
        self.blind -= known
        if look.hub.state == "away":
            self.lost |= self.blind

    def _may_mend(self, found: Violation, now_ms: int) -> bool:
        """What is judged once the hub has had the time to write, to learn, or to begin a new epoch."""
        if found.invariant == "I5" and found.why.endswith("without an intent"):
            can = "unwritable" not in self.since_ms and now_ms - self.back_at_ms >= ON_ITS_WAY_MS
            return not can and any(opening in found.why for opening in self.blind)
        if found.invariant == "I5" and found.why.endswith(("without a pulse", "did not move")):
            return "gaps" in self.since_ms
        if found.invariant in ("I2", "I11") and "older" in self.since_ms:
            return now_ms - max(self.since_ms["older"], self._moved_at_ms or now_ms) < STUCK_MS
        return False


def _words(name: str, at: str, look: Look) -> Said:
    match name:
        case "away":
            return Said(f"{at} 起主机没有回答", f"the hub has not answered since {at}")
        case "unwritable":
            why = look.hub.store
            return Said(f"{at} 起主机写不了盘（{why}）", f"the hub cannot write as usual since {at}: {why}")
        case "older":
            return Said(f"{at} 起主机用的是旧的数据", f"the hub goes on from an older copy since {at}")
        case "gaps":
            return Said("继电器看护有没记下来的动作", "the relay guard could not write down all it did")
        case _:
            return Said(
                f"{at} 起有 {look.waiting} 条日志等着送到平台，到了才能对",
                f"{look.waiting} entries wait for the platform since {at}; compared once they are there",
            )


class Checker:
    """The line of one world, kept up to date by `run`; `line` is the newest one."""

    def __init__(self, layout: Layout, *, now_ms: Callable[[], int] | None = None) -> None:
        self._now_ms = now_ms or (lambda: int(time.time() * 1000))
        self.receipts = Receipts(layout.ports.kiosk)
        self._evidences = Evidences(layout, self.receipts)
        self._secrets = SecretScan(layout.logs, known_secrets(layout))
        self._suspicion = Suspicion()
        self._circumstances = Circumstances()
        self._line = Line()
        self.cost_s = 0.0
        """What the newest look cost, in seconds of processor time."""

    @property
    def line(self) -> Line:
        """As it is to be told now."""
        return self._line.at(self._now_ms())

    def told(self) -> dict[str, Any]:
        """The line, as the page reads it."""
        return self.line.describe()

    async def run(self) -> None:
        """Look for ever, off the loop, for a small share of a core."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.receipts.watch())
            while True:
                soon = await asyncio.to_thread(self.look)
                at_least_s = AGAIN_S if soon else EVERY_S
                await asyncio.sleep(max(at_least_s, self.cost_s / SHARE))

    def look(self) -> bool:
        """Look once; whether something is to be looked at again soon."""
        began_s = time.thread_time()
        now_ms = self._now_ms()
        try:
            look = self._evidences.look()
        except (sqlite3.Error, OSError) as error:
            words = Said(f"读不到数据：{error}", f"cannot be read: {error}")
            self._line = self._line._replace(doubt=Doubt(now_ms, words), checked_at_ms=now_ms)
            return True
        doubt = self._circumstances.note(look, now_ms)
        seen = self._circumstances.judge(look.evidence, now_ms) + self._secrets.look(
            look.evidence, look.secrets
        )
        told, soon = self._suspicion.confirm(seen)
        if doubt is None and self._suspicion.lasts:
            doubt = Doubt(now_ms, LASTING)
        if self._line.checked_at_ms or not soon:
            self._line = draw(look.evidence, told, doubt=doubt, checked_at_ms=now_ms)
        self.cost_s = time.thread_time() - began_s
        return soon
