"""An account that was closed after the backup is closed on the successor."""

import pytest
from argon2 import PasswordHasher

from edge.staff.accounts import StaffDesk
from edge.staff.errors import PinRefused
from edge.staff.records import Role
from edge.store.inline import InlineStore
from edge.tables import MIGRATIONS
from tests.fakes.clock import FakeClock
from tests.fakes.read_back import copy_of, left_out, read_back

PIN = "482913"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


async def test_who_left_after_the_backup_does_not_come_back_with_it() -> None:
    store = InlineStore.in_memory(clock=FakeClock(), migrations=MIGRATIONS)
    desk = StaffDesk(store, hasher=CHEAP)
    left = await desk.add("li", "李工", Role.TECHNICIAN, PIN, actor="installer")
    await desk.add("wu", "吴工", Role.TECHNICIAN, PIN, actor="installer")
    copy = copy_of(store)
    await desk.close(left, actor="installer")
    await desk.add("he", "何工", Role.TECHNICIAN, PIN, actor="installer")
    read_back(store, copy)
    assert left_out(copy) == 0
    restored = StaffDesk(copy, hasher=CHEAP)
    copy.run_now(lambda unit: unit.begin_epoch("restored"))
    for gone in ("li", "he"):
        with pytest.raises(PinRefused):
            await restored.check(gone, PIN)
    assert (await restored.check("wu", PIN)).login == "wu"
