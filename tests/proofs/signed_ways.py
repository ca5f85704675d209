"""Every way by which a signed message comes into the product, each ending at the function that acts on it.

Door and locker are the access room's, commands go through the command session, time and keys through the
roles that ask for them, contract and key set through the feed's downlink. All over one store in memory.
"""

import base64
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import base45
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud_sync.certificates import ConfigurationCopy
from cloud_sync.checkpoints import CheckpointKeeper
from cloud_sync.commands import CommandSession
from cloud_sync.downlink import Downlink
from cloud_sync.enrolment_files import CONFIGURATION
from cloud_sync.enrolment_files import ROOT as ROOT_FILE
from cloud_sync.http import PlatformHttp
from cloud_sync.keyring import KeyRing
from cloud_sync.platform.authority import DeviceAuthority, make_authority
from cloud_sync.timesync import TimeSync
from cloud_sync.wire.enrolment import SiteConfiguration, sign_document
from cloud_sync.wire.feed import Change as FeedChange
from cloud_sync.wire.feed import FeedPage
from edge.access.credentials import feed as credentials_feed
from edge.access.credentials.records import read_list
from edge.config import BrokerSettings
from edge.durable import write_whole
from edge.errors import PlatformRejected, Refusal
from edge.links.broker import BrokerMessage
from edge.pay.contract import apply_contract, open_contract
from edge.store import checkpoints
from edge.store.inline import InlineStore
from edge.store.migrate import apply_to
from edge.tables import MIGRATIONS
from edge.trust.clock import TrustedClock
from edge.trust.keys import PURPOSES, KeySet, SigningKey, verifying_key
from edge.trust.passes import PREFIX
from tests.fakes.access_world import SITE, AccessWorld
from tests.proofs.mutation import Change

T = TypeVar("T")
DEVICE = "k1"
COMMAND_TOPIC = f"s/{SITE}/d/{DEVICE}/cmd"


def key_of(kid: str, purpose: str) -> SigningKey:
    """The same key for the same name in every run, so that a seed repeats."""
    return SigningKey(
        kid, purpose, Ed25519PrivateKey.from_private_bytes(hashlib.sha256(kid.encode()).digest())
    )


ROOT = key_of("root-1", "root")
KEYS = {purpose: key_of(f"{purpose}-1", purpose) for purpose in PURPOSES}
OLD = key_of("passes-0", "passes")
"""A key whose window is over."""
BELIEVED = KeySet(
    1, [*(verifying_key(key) for key in KEYS.values()), verifying_key(OLD, not_after_ms=1_000_000_000_000)]
)


class Line(PlatformHttp):
    """The line to the platform in the test's hand: it answers time, nonce and feed as told."""

    def __init__(self) -> None:
        super().__init__(url="http://platform", site=SITE, device=DEVICE, token="")
        self.time: Callable[[str], bytes] = lambda nonce: b""
        self.nonce = ""
        self.checkpoint = b""
        self.record: tuple[str, dict[str, Any]] = ("", {})
        self.cursor = 0

    async def exchange(self, method: str, path: str, **options: Any) -> bytes:
        """A page of the feed with one record, a checkpoint, signed time, the nonce, a command's answer."""
        if path.endswith("/feed"):
            self.cursor += 1
            collection, data = self.record
            change = FeedChange(self.cursor, collection, collection, self.cursor, data)
            return msgspec.json.encode(FeedPage([change], self.cursor, False))
        if path.endswith("/checkpoint"):
            return self.checkpoint
        told = msgspec.json.decode(options["body"])
        if "nonce" not in told:
            return b""
        nonce = str(told["nonce"])
        if path.endswith("/time"):
            return self.time(nonce)
        self.nonce = nonce
        return b""


class CountingDoors:
    """The opener as the command session sees it, counting what the session itself refused."""

    def __init__(self, world: AccessWorld) -> None:
        self._opener = world.opener
        self.open_by_command = world.opener.open_by_command
        self.stored_answer = world.opener.stored_answer
        self.refused = 0

    async def refuse_command(self, command_id: str, code: str) -> None:
        """Count it, and let it be journalled."""
        self.refused += 1
        await self._opener.refuse_command(command_id, code)


@dataclass
class Ways:
    """The product's doors for signed messages; each method tells whether a message had its effect."""

    folder: Path
    world: AccessWorld = field(default_factory=AccessWorld)
    line: Line = field(default_factory=Line)

    def __post_init__(self) -> None:
        world = self.world
        world.passes, world.keys = KEYS["passes"], BELIEVED
        world.phone = key_of("phone", "passes")
        apply_to(world.store.connection, MIGRATIONS)
        self.doors = CountingDoors(world)
        self.commands = CommandSession(
            settings=BrokerSettings(host="127.0.0.1", port=1, username="", password_file=""),
            password="",
            site=SITE,
            device=DEVICE,
            http=self.line,
            clock=world.clock,
            keys=lambda: BELIEVED,
            doors=self.doors,
        )
        self.authority = _make_authority(self.folder)
        self.copy = _begin_enrolled(self.folder / "enrolment", world.store)
        self.checkpoints = CheckpointKeeper(
            store=world.store, http=self.line, keys=lambda: BELIEVED, clock=world.clock
        )
        self.ring = KeyRing(store=world.store, root_public=ROOT.public)
        self.feed = Downlink(
            store=world.store,
            http=self.line,
            appliers={
                "contract": apply_contract,
                "keyset": self.ring.apply_record,
                "site_configuration": self.copy.apply_record,
                "revocation_list": credentials_feed.apply_list,
            },
            prepare={
                "revocation_list": lambda data: credentials_feed.prepare_list(
                    data, BELIEVED, SITE, world.clock.now()
                ),
                "contract": lambda data: open_contract(data["cose"], BELIEVED, None),
                "keyset": self.ring.prepare_record,
                "site_configuration": self.copy.prepare_record,
            },
        )
        self.clock = TrustedClock(boot_ms=lambda: 1_000, boot_id="b")
        believed = KeyRing(store=world.store, root_public=ROOT.public)
        believed._keys = BELIEVED
        self.time = TimeSync(
            store=world.store, http=self.line, clock=self.clock, keyring=believed, boot_ms=lambda: 1_000
        )

    async def at_door(self, text: str, door: str = "gate") -> bool:
        """A reader saw this text."""
        before = len(self.world.pulser.fired)
        await is_taken(self.world.opener.enter(text, door, source="reader"))
        return len(self.world.pulser.fired) > before

    async def at_locker(self, text: str) -> bool:
        """The kiosk saw this text."""
        return await is_taken(self.world.desk.start(text))

    async def as_command(self, message: bytes) -> bool:
        """The platform's broker brought this."""
        fired, refused = len(self.world.pulser.fired), self.doors.refused
        await self.commands.take(BrokerMessage(COMMAND_TOPIC, message, False))
        if self.doors.refused == refused:
            await self.world.settle()
        return len(self.world.pulser.fired) > fired

    async def as_keyset(self, message: bytes) -> bool:
        """The platform answered this when asked for the key set."""
        before = self.ring.current()
        await is_taken(self.ring.adopt(message))
        return self.ring.current() is not before

    async def as_fed_keyset(self, text: str) -> bool:
        """The feed brought this key set, in base64."""
        before = self.ring.current()
        self.line.record = ("keyset", {"message": text})
        await self.feed.read_next()
        return self.ring.current() is not before

    async def as_contract(self, text: str) -> bool:
        """The feed brought this contract, in base64."""
        before = self._contracts()
        self.line.record = ("contract", {"cose": text})
        await self.feed.read_next()
        return self._contracts() != before

    async def as_time(self, answer: Callable[[str], bytes]) -> bool:
        """The platform answered this when asked for the time with a nonce."""
        self.line.time = answer
        return await is_taken(self.time.ask_time())

    async def as_revocations(self, text: str) -> bool:
        """The feed brought this revocation list, in base64."""
        before = read_list(self.world.store.connection)
        self.line.record = ("revocation_list", {"message": text})
        await self.feed.read_next()
        return read_list(self.world.store.connection) != before

    async def as_configuration(self, text: str) -> bool:
        """The feed brought this configuration of the site, in base64, and its role looked at it."""
        file = self.folder / "enrolment" / CONFIGURATION
        before = file.read_bytes()
        self.line.record = ("site_configuration", {"message": text})
        await self.feed.read_next()
        await self.copy.put_in_place()
        return file.read_bytes() != before

    async def as_checkpoint(self, message: bytes) -> bool:
        """The platform answered this when asked for its counter-signature."""
        before = checkpoints.newest(self.world.store.connection)
        self.line.checkpoint = message
        await is_taken(self.checkpoints.ask())
        return checkpoints.newest(self.world.store.connection) != before

    def _contracts(self) -> list[tuple[object, ...]]:
        return self.world.store.connection.execute("SELECT * FROM contracts").fetchall()


def _make_authority(folder: Path) -> DeviceAuthority:
    """The platform's authority for devices."""
    make_authority(folder)
    return DeviceAuthority(folder)


def _begin_enrolled(folder: Path, store: InlineStore) -> ConfigurationCopy:
    """The machine has enrolled, and runs with the first configuration."""
    first = SiteConfiguration(version=1, site=SITE, name_zh="", name_en="", url="https://p", ca="CA")
    write_whole(folder / ROOT_FILE, ROOT.public.hex().encode("ascii"))
    write_whole(folder / CONFIGURATION, sign_document(ROOT, first))
    return ConfigurationCopy(folder=folder, store=store)


async def is_taken(call: Awaitable[object]) -> bool:
    """Whether the product did what it was asked for, and did not refuse it."""
    try:
        await call
    except (Refusal, PlatformRejected):
        return False
    return True


def as_text(message: bytes) -> str:
    """The text of a pass in a QR code."""
    return PREFIX + str(base45.b45encode(message), "ascii")


def as_base64(message: bytes) -> str:
    """How the feed carries signed documents."""
    return base64.b64encode(message).decode("ascii")


@dataclass(frozen=True, kw_only=True)
class Way:
    """One kind of message: an honest one, who signs it, how it comes in, and what signed ones are refused.

    ``through`` names the way in: what is honest there is taken, whichever kind it is, and so are those whose
    names are ``also``. ``take`` brings in the honest message as `change` makes it. ``wrong`` are changes of
    claims under the right key's signature.
    """

    name: str
    through: str
    honest: bytes
    signer: SigningKey
    kid: str
    take: Callable[[Change], Awaitable[bool]]
    wrong: tuple[tuple[str, Callable[[dict[Any, Any]], dict[Any, Any]]], ...]
    also: tuple[str, ...] = ()
