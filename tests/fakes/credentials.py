"""Cards, PINs, deny list and revocation list as the platform makes them, for an access world."""

import base64
from collections.abc import Mapping
from typing import Any

import msgspec

from edge.access.credentials import feed
from edge.access.credentials.records import ListState, read_list
from edge.trust.cards import card_hash
from edge.trust.keys import SigningKey
from edge.trust.revocations import RevocationList, sign_revocations
from tests.fakes.access_world import CHEAP_HASHER, DAY_MS, SITE, AccessWorld

SALT = bytes(range(32))
CARD = "1234567890"
PIN = "482913"
HOUR_MS = 3_600_000


class Desk:
    """The platform's desk, writing into the feed's appliers of one access world."""

    def __init__(self, world: AccessWorld) -> None:
        self.world = world
        self.versions = iter(range(1, 1_000_000))
        self.apply("credential_salt", "site", {"id": "site", "salt": SALT.hex()})

    def apply(self, collection: str, record_id: str, data: Mapping[str, Any] | None) -> None:
        """One record of the feed."""
        applier, version = feed.APPLIERS[collection], next(self.versions)
        given = None if data is None else dict(data)
        self.world.store.run_now(lambda unit: applier(unit, record_id, version, given))

    def give_card(self, number: str = CARD, subject: str = "res-1203", card_id: str = "card-1") -> str:
        """Register a card for a day; returns the hash of its number."""
        hashed, now_ms = card_hash(SALT, number), self.world.clock.at_ms
        window = {"from_ms": now_ms - 1000, "until_ms": now_ms + DAY_MS}
        self.apply("cards", card_id, {"subject": subject, "hash": hashed, **window})
        return hashed

    def set_pin(
        self, pin: str = PIN, subject: str = "res-1203", room: str = "3-1203", pin_id: str = "pin-1"
    ) -> None:
        """Set a person's PIN."""
        self.apply("pins", pin_id, {"subject": subject, "room": room, "hash": CHEAP_HASHER.hash(pin)})

    def deny(self, kind: str, value: str, *doors: str) -> None:
        """Put somebody or something on the deny list for a day."""
        now_ms = self.world.clock.at_ms
        window = {"from_ms": now_ms - 1000, "until_ms": now_ms + DAY_MS}
        self.apply("deny", f"deny-{kind}", {"kind": kind, "value": value, "doors": list(doors), **window})

    def record_of(self, key: SigningKey | None = None, **named: Any) -> dict[str, Any]:
        """A record of the revocation list as it comes down."""
        given = {"version": next(self.versions), "issued_ms": self.world.clock.at_ms, "site": SITE, **named}
        revoked = msgspec.convert(given, RevocationList)
        message = sign_revocations(key or self.world.passes, revoked)
        return {"message": base64.b64encode(message).decode("ascii")}

    def revoke(self, key: SigningKey | None = None, **named: Any) -> None:
        """Publish a revocation list, verified and applied as the feed does. Raises Refusal."""
        prepared = feed.prepare_list(
            self.record_of(key, **named), self.world.keys, SITE, self.world.clock.now()
        )
        self.apply("revocation_list", "site", prepared)

    @property
    def believed(self) -> ListState | None:
        """The list that the site believes."""
        return read_list(self.world.store.connection)
