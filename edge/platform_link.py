"""A connection with the platform for a command beside the hub, or without one: time first, then keys."""

import contextlib
from collections.abc import AsyncIterator
from typing import NamedTuple

import cloud_sync.schema
import edge.service.schema
import edge.store.schema
from cloud_sync.http import PlatformHttp
from cloud_sync.keyring import KeyRing, load_root_key
from cloud_sync.timesync import TimeSync
from edge.config import Config, PlatformSettings, SiteSettings
from edge.enrolled import Enrolled
from edge.store.inline import InlineStore
from edge.trust.clock import TrustedClock
from edge.trust.keys import KeySet

_MIGRATIONS = (
    *edge.store.schema.MIGRATIONS,
    *edge.service.schema.MIGRATIONS,
    *cloud_sync.schema.MIGRATIONS,
)


class PlatformLink(NamedTuple):
    """A session, and the keys that the platform has at this moment."""

    http: PlatformHttp
    keys: KeySet


@contextlib.asynccontextmanager
async def open_link(config: Config, clock: TrustedClock) -> AsyncIterator[PlatformLink]:
    """Ask for keys and time, then hold a session. What was learned is kept nowhere but in `clock`.

    Raises PlatformError, Refusal, ConfigError.
    """
    site, settings = config.one("site", SiteSettings), config.one("platform", PlatformSettings)
    store = InlineStore.in_memory(clock=clock, migrations=_MIGRATIONS, site=site.id, device=site.device)
    try:
        async with Enrolled(config, store=store, clock=clock).http as http:
            keyring = KeyRing(store=store, root_public=load_root_key(config.resolve(settings.root_key_file)))
            await TimeSync(store=store, http=http, clock=clock, keyring=keyring).synchronise()
            yield PlatformLink(http, keyring.current())
    finally:
        store.close()
