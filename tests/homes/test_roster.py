import pytest

from edge.homes.directory import list_directory
from edge.homes.errors import ResidentUnknown, RoomUnknown
from edge.homes.feed import APPLIERS
from edge.homes.notices import current_notices
from edge.homes.residents import find_resident, residents_of
from edge.homes.rooms import find_room
from edge.store.inline import InlineStore
from edge.trust.clock import Trust
from tests.fakes.clock import START_MS, FakeClock
from tests.fakes.trade import open_store


def apply(store: InlineStore, collection: str, record_id: str, version: int, data: object) -> None:
    store.run_now(lambda unit: APPLIERS[collection](unit, record_id, version, data))  # type: ignore[arg-type]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(clock: FakeClock) -> InlineStore:
    store = open_store(clock)
    apply(store, "rooms", "r1", 1, {"id": "r1", "building": "3", "number": "1203", "managed": True})
    person = {"subject": "res-1", "room": "r1", "name_masked": "王*", "nickname": "王女士"}
    apply(store, "residents", "res-1", 1, person)
    return store


def test_a_code_leads_to_a_person_and_a_room(store: InlineStore) -> None:
    resident = find_resident(store.connection, "res-1")
    room = find_room(store.connection, resident.room)
    assert (resident.nickname, room.building, room.number, room.managed) == ("王女士", "3", "1203", True)
    assert residents_of(store.connection, "r1") == (resident,)


def test_a_person_or_room_that_left_is_unknown(store: InlineStore) -> None:
    apply(store, "residents", "res-1", 2, None)
    apply(store, "rooms", "r1", 2, None)
    with pytest.raises(ResidentUnknown):
        find_resident(store.connection, "res-1")
    with pytest.raises(RoomUnknown):
        find_room(store.connection, "r1")


def put_notice(store: InlineStore, record_id: str, **changes: object) -> None:
    notice = {"title_zh": "停水", "title_en": "No water", "kind": "notice", **changes}
    apply(store, "notices", record_id, 1, notice)


def test_notices_stand_between_their_times_newest_first(store: InlineStore, clock: FakeClock) -> None:
    put_notice(store, "always")
    put_notice(store, "now", from_ms=START_MS - 5, until_ms=START_MS + 1)
    put_notice(store, "over", until_ms=START_MS)
    put_notice(store, "soon", from_ms=START_MS + 1)
    assert [notice.id for notice in current_notices(store.connection, clock.now())] == ["now", "always"]


def test_with_the_time_unknown_a_notice_is_not_held_back(store: InlineStore, clock: FakeClock) -> None:
    put_notice(store, "soon", from_ms=START_MS + 1)
    clock.trust = Trust.UNKNOWN
    assert [notice.id for notice in current_notices(store.connection, clock.now())] == ["soon"]


async def test_a_changed_notice_tells_the_screens(store: InlineStore) -> None:
    with store.notifier.subscribe("notices") as hints:
        put_notice(store, "n1")
        assert await hints.wait(0) == "notices"


def test_the_directory_is_listed_by_kind(store: InlineStore) -> None:
    apply(
        store, "directory", "b", 1, {"name_zh": "银行", "name_en": "Bank", "kind": "bank", "phone": "95588"}
    )
    apply(store, "directory", "a", 1, {"name_zh": "诊所", "name_en": "Clinic", "kind": "medical"})
    assert [entry.id for entry in list_directory(store.connection)] == ["b", "a"]
    apply(store, "directory", "b", 2, None)
    assert [entry.id for entry in list_directory(store.connection)] == ["a"]
