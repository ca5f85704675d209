from pathlib import Path

from edge.store.clock_state import restore_clock, save_clock
from edge.store.inline import InlineStore
from edge.store.store import Store
from edge.trust.clock import SYNCED_ERROR_MS, Trust, TrustedClock
from tests.fakes.clock import FakeClock
from tests.fakes.events import LampLit

NOON_MS = 1_795_320_000_000


def make_clock(boot_id: str) -> TrustedClock:
    return TrustedClock(boot_ms=lambda: 1000, boot_id=boot_id)


async def test_clock_survives_a_restart_of_the_hub(tmp_path: Path) -> None:
    clock = make_clock("boot-1")
    store = Store.open(tmp_path / "hub.db", site="heyuanli", device="k1", clock=clock)
    clock.accept(NOON_MS, 1000, 1000)
    await store.run(lambda unit: save_clock(unit, clock))
    store.close()
    same_boot, next_boot = make_clock("boot-1"), make_clock("boot-2")
    Store.open(tmp_path / "hub.db", site="heyuanli", device="k1", clock=same_boot).close()
    assert same_boot.now() == (NOON_MS, Trust.SYNCED)
    Store.open(tmp_path / "hub.db", site="heyuanli", device="k1", clock=next_boot).close()
    assert next_boot.now() == (NOON_MS, Trust.UNKNOWN)


def test_floor_rises_from_entries_stamped_synced_and_from_no_others(
    inline: InlineStore, clock: FakeClock
) -> None:
    clock.at_ms, clock.trust = NOON_MS, Trust.SYNCED
    inline.run_now(lambda unit: unit.record(LampLit(lamp="a"), actor="test"))
    clock.at_ms, clock.trust = NOON_MS + 9999, Trust.HOLDOVER
    inline.run_now(lambda unit: unit.record(LampLit(lamp="b"), actor="test"))
    restored = make_clock("boot-1")
    restore_clock(inline.connection, restored)
    assert restored.now() == (NOON_MS - SYNCED_ERROR_MS, Trust.UNKNOWN)
