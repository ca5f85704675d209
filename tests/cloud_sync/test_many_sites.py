"""Many sites on one platform: what is one site's no other site reads, changes or holds up."""

import asyncio
import json
from collections.abc import AsyncIterator

import msgspec
import pytest

from cloud_sync import records
from cloud_sync.events import FeedRecordParked
from cloud_sync.http import PlatformHttp
from cloud_sync.platform import applying, balances, custody, feed, leases, register
from cloud_sync.platform.custody import WrongStream
from cloud_sync.platform.database import Database
from cloud_sync.platform.figures import SiteFigures, compute_figures
from cloud_sync.platform.keys import hash_token
from cloud_sync.platform.settings import StoreSettings
from cloud_sync.platform.store.opening import open_database
from cloud_sync.platform.store.port import Connection
from cloud_sync.uplink import Uplink
from cloud_sync.wire.batches import Batch, BatchMalformed, chain_hashes, decode_batch, encode_batch
from cloud_sync.wire.feed import FeedPage
from edge.access.events import DoorOpened
from edge.errors import PlatformRejected
from edge.shop.events import SaleSettled
from edge.store.events import Event
from edge.store.inline import InlineStore
from edge.tables import MIGRATIONS
from edge.trust.certificates import Holder
from tests.cloud_sync.conftest import World, platform_settings
from tests.fakes.clock import START_MS, FakeClock
from tests.fakes.golden import golden_of

HOME, OTHER = "heyuanli", "shuixiang"


class Device:
    """A device of a site, its journal in memory."""

    def __init__(self, database: Database, site: str, device: str) -> None:
        self.units = database.of(site)
        self.site, self.device = site, device
        self.store = InlineStore.in_memory(clock=FakeClock(), migrations=MIGRATIONS, site=site, device=device)

    def record(self, event: Event) -> None:
        """Write into the journal."""
        self.store.run_now(lambda unit: unit.record(event, actor="test"))

    def batch(self, *, after_seq: int = 0) -> Batch:
        """Everything as the wire carries it."""
        found = self.store.read_now(lambda c: records.read_outgoing(c, after_seq=after_seq, limit=100))
        assert found is not None
        return decode_batch(encode_batch(found.header, found.lines))

    async def post(self, batch: Batch | None = None, *, database: Database | None = None) -> int:
        """What the route does with a batch."""
        batch, units = batch or self.batch(), database or self.units
        hashes, envelopes = custody.check_batch(batch, site=self.site, device=self.device)
        taken = await units.take(lambda c: custody.take_custody(c, batch, hashes, envelopes, now_ms=START_MS))
        return taken.acknowledged_seq


@pytest.fixture
async def database(
    tmp_path_factory: pytest.TempPathFactory, store: StoreSettings | None
) -> AsyncIterator[Database]:
    """A platform of two sites."""
    settings = platform_settings(tmp_path_factory.mktemp("sites"), store=store)
    database = open_database(settings)
    await database.write(lambda c: register.keep_settings(c, settings, now_ms=START_MS))
    await database.write(lambda c: register.put_site(c, OTHER, "水乡", "Water Town", now_ms=START_MS))
    await database.of(OTHER).write(lambda c: register.put_device(c, OTHER, "w1", now_ms=START_MS))
    yield database
    database.close()


def sale(order_id: str, account: str = "") -> Event:
    """A sale, paid out of an account where one is named."""
    tenders = [{"kind": "wallet", "account": account, "lease": "", "amount_fen": 100}] if account else []
    content = golden_of(SaleSettled)["data"] | {"order_id": order_id, "total_fen": 500, "tenders": tenders}
    content |= {"points": 0, "points_account": ""}
    return msgspec.convert(content, type=SaleSettled)


async def apply_all(database: Database) -> None:
    """Apply what is in custody."""
    while (await database.write(lambda c: applying.apply_next(c, now_ms=START_MS))).more:
        pass


async def figures(database: Database, site: str) -> SiteFigures:
    """The site's own figures."""
    return await database.of(site).read(compute_figures)


async def test_each_site_has_its_own_figures_also_of_the_same_order(database: Database) -> None:
    home, other = Device(database, HOME, "k1"), Device(database, OTHER, "w1")
    for device in (home, other):
        device.record(sale("o-1"))
    other.record(DoorOpened(opening="w1-1-2", place="door:gate", authorisation="pass:v-1:1"))
    await home.post()
    await other.post()
    await apply_all(database)
    ours, theirs = await figures(database, HOME), await figures(database, OTHER)
    assert (ours.sales.count, ours.openings) == (1, {})
    assert (theirs.sales.count, theirs.openings) == (1, {"door_opened": 1})
    assert [one.device for one in ours.devices] == ["k1"]
    assert [one.device for one in theirs.devices] == ["w1"]


async def test_an_event_of_another_site_moves_no_account_of_the_home_site(database: Database) -> None:
    def open_wallet(connection: Connection) -> str:
        account = balances.open_account(connection, "res-1", "wallet", "shop")
        leases.credit(connection, account, "opening", 1_000, balances.Cause("seed", START_MS))
        return account

    account = await database.write(open_wallet)
    other = Device(database, OTHER, "w1")
    other.record(sale("o-1", account))
    await other.post()
    await apply_all(database)
    assert (await figures(database, HOME)).accounts[0].balance_fen == 1_000
    assert (await figures(database, OTHER)).sales.count == 1
    with pytest.raises(balances.AccountMissing):
        await database.of(OTHER).read(lambda c: balances.read_account(c, account))


async def test_a_feed_holds_its_own_sites_records_and_wakes_its_own_readers(database: Database) -> None:
    heard: list[set[str]] = []
    listening = Database(database._engine, HOME, heard=heard.append)
    names = {"name_zh": "x", "name_en": "x"}
    await listening.write(lambda c: feed.put_record(c, "payees", "shop", {"id": "shop", **names}))
    await listening.of(OTHER).write(lambda c: feed.put_record(c, "payees", "shop", {"id": "shop", **names}))
    await listening.read(lambda c: feed.get_record(c, "payees", "shop"))
    assert heard == [{HOME}, {OTHER}]
    for site in (HOME, OTHER):
        page = await database.of(site).read(lambda c: feed.read_page(c, 0, 10))
        assert [change.id for change in page.changes] == ["shop"]


async def test_a_device_of_another_site_is_nobodys_here(database: Database) -> None:
    other = Device(database, OTHER, "w1")
    other.record(sale("o-1"))
    await other.post()
    with pytest.raises(WrongStream):
        await other.post(database=database)
    with pytest.raises(register.DeviceElsewhere):
        await database.write(lambda c: register.put_device(c, HOME, "w1", now_ms=START_MS))


async def test_a_device_that_sends_much_holds_up_nobody(database: Database) -> None:
    busy, quiet = Device(database, HOME, "k1"), Device(database, OTHER, "w1")
    for number in range(60):
        busy.record(FeedRecordParked(collection="c", record=f"r{number}", version=1, reason="test"))
    quiet.record(sale("o-1"))
    await busy.post()
    await quiet.post()
    first = await database.write(lambda c: applying.apply_next(c, now_ms=START_MS, limit=10))
    await database.write(lambda c: applying.apply_next(c, now_ms=START_MS, limit=10, after=first.after))
    assert (await figures(database, OTHER)).sales.count == 1
    assert (await figures(database, HOME)).devices[0].applied_seq == 10


async def test_the_same_batch_many_times_at_once_is_held_once(database: Database) -> None:
    devices = [Device(database, OTHER, f"w{number}") for number in range(1, 5)]
    for device in devices:
        for number in range(20):
            device.record(FeedRecordParked(collection="c", record=f"r{number}", version=1, reason="test"))
    answers = await asyncio.gather(*(device.post() for device in devices for _ in range(5)))
    assert answers == [20] * 20
    held = (await figures(database, OTHER)).devices
    assert [(one.device, one.events, one.head_seq) for one in held] == [
        (f"w{number}", 20, 20) for number in range(1, 5)
    ]


async def test_a_device_of_another_site_speaks_for_its_own_site_only(world: World) -> None:
    await world.platform.database.write(
        lambda c: register.put_site(c, OTHER, "水乡", "Water Town", now_ms=START_MS)
    )
    other = Device(world.platform.database, OTHER, "w1")
    await other.units.write(lambda c: register.put_device(c, OTHER, "w1", now_ms=START_MS))
    world.platform.keys.devices[hash_token("secret")] = Holder(OTHER, "w1")
    other.record(sale("o-1"))
    world.record(1)
    async with PlatformHttp(url=world.url, site=OTHER, device="w1", token="secret") as http:
        for store, line in ((other.store, http), (world.store, world.http)):
            uplink = Uplink(store=store, http=line)
            while await uplink.send_next():
                pass
        page = await http.ask("GET", http.site_path + "/feed", FeedPage)
        assert page.changes == []
        theirs = await http.ask("GET", http.site_path + "/figures", SiteFigures)
        with pytest.raises(PlatformRejected, match="forbidden"):
            await http.exchange("GET", world.http.site_path + "/feed")
    assert [one.device for one in theirs.devices] == ["w1"]
    assert [one["device"] for one in (await world.figures())["devices"]] == ["k1"]


@pytest.mark.parametrize("field", ["id", "type", "timems"])
async def test_an_event_that_no_store_could_keep_is_refused_before_any_is_asked(
    database: Database, field: str
) -> None:
    device = Device(database, HOME, "k1")
    device.record(sale("o-1"))
    batch = device.batch()
    event = msgspec.json.decode(batch.lines[0])
    event[field] = 2**70 if field == "timems" else "a\x00b"
    line = json.dumps(event).encode()
    header = msgspec.structs.replace(
        batch.header, last_hash=chain_hashes(batch.header.previous_hash, [line])[-1]
    )
    with pytest.raises(BatchMalformed):
        await device.post(Batch(header, (line,)))
