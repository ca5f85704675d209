"""Lost phone, lost card, moving out: one change of the feed, and the site's own doors refuse from then on."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud_sync.downlink import Downlink
from cloud_sync.platform import passes, revoking
from edge.access import feed
from edge.access.credentials.feed import prepare_list
from edge.errors import Refusal
from edge.store.migrate import apply_to
from edge.tables import MIGRATIONS
from edge.trust.keyset import open_keyset
from edge.trust.passes import resident_code
from tests.cloud_sync.conftest import RESIDENT, SITE, Phone, World
from tests.fakes.access_world import AccessWorld

CARD = "00123456"


@dataclass
class Lane:
    """The platform and a site's doors, with the feed between them, read a change at a time."""

    world: World
    access: AccessWorld
    downlink: Downlink
    phone: Phone

    async def catch_up(self) -> None:
        """Read the feed to its end."""
        while await self.downlink.read_next():
            pass

    async def code(self) -> str:
        """What the resident's phone shows, certified now."""
        key, private = self.world.platform.keys.signing["passes"], Ed25519PrivateKey.generate()
        now_ms = self.world.clock.at_ms
        from_ms = await self.world.platform.database.read(
            lambda c: revoking.certified_from_ms(c, RESIDENT, now_ms=now_ms)
        )
        public = private.public_key().public_bytes_raw()
        certificate, _ = passes.certify_holder(key, SITE, RESIDENT, public, from_ms=from_ms)
        return resident_code(private, certificate, now_ms)

    async def refusal(self, text: str, symbology: str = "qr") -> str:
        """Why the gate does not open for this; empty when it does."""
        self.access.clock.at_ms = self.world.clock.at_ms
        before = len(self.access.pulser.fired)
        try:
            await self.access.opener.enter(text, "gate", source="reader", symbology=symbology)
        except Refusal as refusal:
            return refusal.code
        assert len(self.access.pulser.fired) == before + 1
        await self.access.contact("door:gate", "open")
        await self.access.contact("door:gate", "closed")
        self.world.clock.at_ms += 5_000
        return ""


@pytest.fixture
async def lane(world: World, phone: Phone) -> AsyncIterator[Lane]:
    access = AccessWorld()
    access.clock.at_ms = world.clock.at_ms
    keys = open_keyset(world.platform.keys.keyset, world.platform.keys.root.public)
    access.keys = keys
    apply_to(access.store.connection, MIGRATIONS)
    await access.contact("door:gate", "closed")
    downlink = Downlink(
        store=access.store,
        http=world.http,
        appliers=feed.APPLIERS,
        prepare={"revocation_list": lambda data: prepare_list(data, keys, SITE, access.clock.now())},
        page_changes=1,
    )
    made = Lane(world, access, downlink, phone)
    asked = {"subject": RESIDENT, "number": CARD, "until_ms": 4_000_000_000_000}
    assert (await world.client.post("/sim/desk/cards", json=asked)).status == 201
    await made.catch_up()
    yield made
    await access.close()


async def test_moving_out_ends_everything_with_one_change(lane: Lane) -> None:
    assert await lane.refusal(await lane.code()) == ""
    assert await lane.refusal(CARD, "card") == ""
    now_ms = lane.world.clock.at_ms
    asked = {"doors": ["gate"], "from_ms": now_ms - 60_000, "until_ms": now_ms + 3_600_000, "uses": None}
    visitor = (await lane.phone("POST", "/visitors", asked))[1]["text"]
    assert await lane.refusal(visitor) == ""
    code = await lane.code()
    await lane.phone("POST", "/move-out", {"room": "3-1203"})
    assert await lane.downlink.read_next() == 1
    assert await lane.refusal(code) == "pass_revoked"
    assert await lane.refusal(CARD, "card") == "pass_revoked"
    assert await lane.refusal(visitor) == "pass_revoked"


async def test_a_lost_phone_ends_its_codes_and_a_new_certificate_opens(lane: Lane) -> None:
    lost = await lane.code()
    await lane.phone("POST", "/lost-phone", {"subject": RESIDENT})
    assert await lane.downlink.read_next() == 1
    assert await lane.refusal(lost) == "pass_revoked"
    assert await lane.refusal(CARD, "card") == ""
    assert await lane.refusal(await lane.code()) == ""


async def test_a_lost_card_ends_and_the_phone_goes_on(lane: Lane) -> None:
    card = (await lane.phone("GET", "/household"))[1]["cards"][0]["id"]
    await lane.phone("POST", f"/cards/{card}/lost", {})
    assert await lane.downlink.read_next() == 1
    assert await lane.refusal(CARD, "card") == "card_revoked"
    assert await lane.refusal(await lane.code()) == ""
    await lane.catch_up()
    assert await lane.refusal(CARD, "card") == "card_unknown"
