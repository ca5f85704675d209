"""The process whose disk fails: one trial a line on standard input, one answer a line on standard output.

Each trial copies a prepared database, opens it with the product's store, and lets the disk fail at the N-th
call from there, for a while or until the acts are over. What each act was told, and what was answered after
the disk was well again, goes back as claims.
"""

import argparse
import asyncio
import ctypes
import random
import shutil
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import msgspec

from edge.errors import Refusal, StoreError
from edge.store import writer
from edge.store.store import Store
from tests.faults.acts import Claim, Ward
from tests.faults.plants import PLANTS
from tests.faults.recorder import Marks
from tests.faults.store_child import open_store

HEALED_WITHIN_S = 10.0
RETRY_S = (0.02, 0.2)
"""The store's first and last wait before it tries again: the disk of these trials lives faster."""

_POLL_S = 0.02


class Order(msgspec.Struct):
    """`first`: the call that fails; `count`: how many do (0: all until the acts are over)."""

    folder: str
    seed: int
    first: int
    count: int
    error: int


class Answer(msgspec.Struct):
    """What the acts were told (class and text of each refusal), what was claimed, whether it came back."""

    refusals: list[str]
    crashes: list[str]
    claims: list[Claim]
    reached: bool
    healed: bool


class Trial:
    """One order carried out."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._answer = Answer([], [], [], False, False)
        self._rng = random.Random(order.seed)
        self._recorder = ctypes.CDLL(None)
        self._marks = Marks()

    async def run(self) -> Answer:
        """Open, fail, act, heal, act, close."""
        order, answer = self._order, self._answer
        store: Store | None = None
        pages = self._rng.choice((20, 200))
        self._recorder.recorder_arm(order.first, order.count, order.error)
        try:
            store = open_store(Path(order.folder), log_pages=pages)
        except StoreError as error:
            answer.refusals.append(_words(error))
        if store is not None:
            ward = Ward(store, self._tell, self._rng, f"f{order.seed}")
            for number in range(6):
                acts = (ward.buy(), ward.open_gate(), ward.feed(3, number + 2), ward.give_up())
                self._note(await asyncio.gather(*acts, return_exceptions=True))
        answer.reached = self._recorder.recorder_calls() >= order.first
        self._recorder.recorder_arm(0, 0, 0)
        if store is None:
            store = open_store(Path(order.folder), log_pages=pages)
        ward = Ward(store, self._tell, self._rng, f"h{order.seed}")
        answer.healed = await _healed(ward)
        store.close()
        return answer

    def _tell(self, claim: Claim) -> None:
        self._answer.claims.append(claim)
        self._marks(msgspec.json.encode(claim))

    def _note(self, outcomes: Iterable[BaseException | None]) -> None:
        """An act was answered, clearly refused, or broke."""
        for outcome in outcomes:
            if isinstance(outcome, StoreError | Refusal):
                self._answer.refusals.append(_words(outcome))
            elif outcome is not None:
                self._answer.crashes.append(_words(outcome))


async def _healed(ward: Ward) -> bool:
    """Whether the whole trade works again by itself, in the time that the design gives it."""
    end = time.monotonic() + HEALED_WITHIN_S
    while time.monotonic() < end:
        try:
            await ward.buy()
            await ward.open_gate()
        except (StoreError, Refusal):
            await asyncio.sleep(_POLL_S)
        else:
            return True
    return False


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


async def _prepare(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    store = open_store(folder)
    claims: list[Claim] = []
    await Ward(store, claims.append, random.Random(0), "prepared").stock()
    store.close()
    _say(claims)


def _say(answer: object) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
    sys.stdout.buffer.flush()


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--plant")
    asked = parser.parse_args()
    if asked.plant:
        PLANTS[asked.plant]()
    writer.FIRST_RETRY_S, writer.LAST_RETRY_S = RETRY_S
    template = asked.folder / "prepared"
    asyncio.run(_prepare(template))
    for line in sys.stdin.buffer:
        order = msgspec.json.decode(line, type=Order)
        shutil.copytree(template, order.folder, ignore=shutil.ignore_patterns("*.reserve"))
        _say(asyncio.run(Trial(order).run()))


if __name__ == "__main__":
    main()
