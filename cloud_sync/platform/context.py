"""What every handler of the platform works with."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from aiohttp import web

from cloud_sync.platform.admission import Admission
from cloud_sync.platform.bells import Bell
from cloud_sync.platform.database import Database
from cloud_sync.platform.holding import Holder
from cloud_sync.platform.keys import PlatformKeys
from cloud_sync.platform.known_devices import KnownDevices
from cloud_sync.platform.notices import NoticeDesk
from cloud_sync.platform.payments import PaymentDesk
from cloud_sync.platform.presence import PresenceBook
from cloud_sync.platform.refunds import RefundDesk
from cloud_sync.platform.settings import PlatformSettings
from cloud_sync.platform.watching import Watcher
from cloud_sync.platform.webhooks.sender import Sender


class CommandCarrier(Protocol):
    """Carries a signed command to its device; raises BrokerAway when it cannot now."""

    async def carry(self, topic: str, payload: bytes) -> None:
        """Publish once, QoS 1, not retained."""


def wall_clock_ms() -> int:
    """The platform's own time: milliseconds UTC of a machine with a kept clock."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, kw_only=True)
class Platform:
    """The platform's parts, wired in app.py."""

    settings: PlatformSettings
    keys: PlatformKeys
    database: Database
    carrier: CommandCarrier
    payments: PaymentDesk
    refunds: RefundDesk
    notices: NoticeDesk
    webhooks: Sender
    clock_ms: Callable[[], int] = wall_clock_ms
    bell: Bell
    command_bell: Bell
    watcher: Watcher
    admission: Admission = field(default_factory=Admission)
    holder: Holder = field(default_factory=Holder)
    presence: PresenceBook = field(default_factory=PresenceBook)
    known: KnownDevices = field(default_factory=KnownDevices)
    ingested: asyncio.Event = field(default_factory=asyncio.Event)


PLATFORM = web.AppKey("platform", Platform)
ROLES = web.AppKey("roles", list[asyncio.Task[None]])
