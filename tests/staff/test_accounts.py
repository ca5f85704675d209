import asyncio
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from edge.staff import records, schema
from edge.staff.accounts import FAILURES_ALLOWED, LOCK_MS, StaffDesk
from edge.staff.errors import LoginTaken, PinRefused, PinTooSimple, RoleMissing, StaffLocked
from edge.staff.records import Role
from edge.store import journal
from edge.store.inline import InlineStore
from edge.store.schema import MIGRATIONS
from tests.fakes.clock import FakeClock

PIN = "482913"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(clock: FakeClock) -> Iterator[InlineStore]:
    store = InlineStore.in_memory(clock=clock, migrations=(*MIGRATIONS, *schema.MIGRATIONS))
    yield store
    store.close()


@pytest.fixture
def desk(store: InlineStore) -> StaffDesk:
    return StaffDesk(store, hasher=CHEAP)


def recorded(store: InlineStore) -> list[str]:
    return [row.type for row in journal.tail(store.connection, 0)]


async def fail(desk: StaffDesk, times: int) -> None:
    for _ in range(times):
        with pytest.raises(PinRefused):
            await desk.check("li", "000001")


async def test_person_is_known_by_login_and_pin(desk: StaffDesk, store: InlineStore) -> None:
    added = await desk.add("li", "李工", Role.TECHNICIAN, PIN, actor="installer")
    assert (await desk.check("li", PIN)).id == added.id
    assert recorded(store) == ["StaffAdded"]


async def test_pin_is_kept_as_a_slow_hash_only_and_no_name_is_journalled(
    desk: StaffDesk, store: InlineStore
) -> None:
    member = await desk.add("li", "李工", Role.CLERK, PIN, actor="installer")
    assert member.pin_hash.startswith("$argon2id$")
    [row] = journal.tail(store.connection, 0)
    assert "李工" not in row.body.decode()
    assert PIN not in row.body.decode()


async def test_wrong_pin_and_unknown_login_are_told_alike(desk: StaffDesk) -> None:
    await desk.add("li", "李工", Role.CLERK, PIN, actor="installer")
    for login, pin in [("li", "482914"), ("wang", PIN), ("wang", "nobody")]:
        with pytest.raises(PinRefused) as caught:
            await desk.check(login, pin)
        assert caught.value.details == {}


async def test_too_many_wrong_pins_lock_the_account_for_a_while(
    desk: StaffDesk, store: InlineStore, clock: FakeClock
) -> None:
    await desk.add("li", "李工", Role.CLERK, PIN, actor="installer")
    await fail(desk, FAILURES_ALLOWED)
    assert recorded(store) == ["StaffAdded", "StaffLockedOut"]
    with pytest.raises(StaffLocked):
        await desk.check("li", PIN)
    clock.advance(ms=LOCK_MS)
    await desk.check("li", PIN)


async def test_right_pin_forgets_the_wrong_ones(desk: StaffDesk) -> None:
    await desk.add("li", "李工", Role.CLERK, PIN, actor="installer")
    for _ in range(3):
        await fail(desk, FAILURES_ALLOWED - 1)
        await desk.check("li", PIN)


async def test_last_attempt_allowed_may_still_be_right(desk: StaffDesk, store: InlineStore) -> None:
    await desk.add("li", "李工", Role.CLERK, PIN, actor="installer")
    await fail(desk, FAILURES_ALLOWED - 1)
    await desk.check("li", PIN)
    assert recorded(store) == ["StaffAdded"]


async def test_attempts_side_by_side_do_not_outrun_the_lock(desk: StaffDesk) -> None:
    await desk.add("li", "李工", Role.CLERK, PIN, actor="installer")
    answers = await asyncio.gather(*(desk.check("li", "000001") for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(answer, PinRefused) for answer in answers) == FAILURES_ALLOWED


async def test_role_decides_what_the_person_may(desk: StaffDesk) -> None:
    await desk.add("li", "李工", Role.AUDITOR, PIN, actor="installer")
    await desk.check("li", PIN, roles={Role.AUDITOR, Role.MANAGER})
    with pytest.raises(RoleMissing):
        await desk.check("li", PIN, roles={Role.TECHNICIAN})


async def test_closed_account_opens_nothing(desk: StaffDesk, store: InlineStore) -> None:
    member = await desk.add("li", "李工", Role.CLERK, PIN, actor="installer")
    await desk.close(member, actor="manager")
    with pytest.raises(PinRefused):
        await desk.check("li", PIN)
    assert [member.active for member in records.list_members(store.connection)] == [False]


async def test_new_pin_replaces_the_old_one(desk: StaffDesk) -> None:
    member = await desk.add("li", "李工", Role.CLERK, PIN, actor="installer")
    await desk.change_pin(member, "739264", actor="manager")
    await desk.check("li", "739264")
    with pytest.raises(PinRefused):
        await desk.check("li", PIN)


@pytest.mark.parametrize("pin", ["", "12345", "111111", "12345a", "１２３４５６"])
async def test_simple_pin_is_refused(desk: StaffDesk, pin: str) -> None:
    with pytest.raises(PinTooSimple):
        await desk.add("li", "李工", Role.CLERK, pin, actor="installer")


async def test_login_belongs_to_one_account(desk: StaffDesk) -> None:
    await desk.add("li", "李工", Role.CLERK, PIN, actor="installer")
    with pytest.raises(LoginTaken):
        await desk.add("li", "另一个", Role.CLERK, PIN, actor="installer")
