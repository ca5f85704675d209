"""A hub's side of its enrolment, wired: the line to the platform, the certificate, the configuration."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from cloud_sync.certificates import CertificateKeeper, ConfigurationCopy, Standing, note_trust
from cloud_sync.enrolment_files import FOLDER
from cloud_sync.feed_applying import Apply
from edge.config import Config, PlatformSettings
from edge.errors import StoreError
from edge.links.health import HealthRegistry, PartHealth, State
from edge.links.supervisor import Role
from edge.site import hardware_serial, platform_http
from edge.store.parts import Part, parts_off, put_parts_off, read_parts
from edge.store.store import Store
from edge.trust.clock import Clock

log = logging.getLogger(__name__)

COLLECTION = "site_configuration"


class Enrolled:
    """The platform as this hub reaches it. Without TLS, on one machine, there is nothing to keep."""

    def __init__(self, config: Config, *, store: Store, clock: Clock) -> None:
        settings = config.one("platform", PlatformSettings)
        folder, serial = config.path.parent / FOLDER, hardware_serial(config)
        self.http = platform_http(config, clock, note_trust=partial(note_trust, store, "https"))
        self.note_broker = partial(note_trust, store, "broker")
        self._keeper = self._copy = None
        self._store = store
        if settings.is_tls:
            self._keeper = CertificateKeeper(
                folder=folder, store=store, http=self.http, clock=clock, hardware=serial
            )
            self._copy = ConfigurationCopy(folder=folder, store=store)

    @property
    def appliers(self) -> dict[str, Apply]:
        """What becomes of the feed's configurations."""
        return {COLLECTION: _leave if self._copy is None else self._copy.apply_record}

    @property
    def prepare(self) -> dict[str, Callable[[dict[str, Any]], dict[str, Any]]]:
        """How they are verified."""
        return {} if self._copy is None else {COLLECTION: self._copy.prepare_record}

    @property
    def parts_off(self) -> frozenset[Part]:
        """What the platform's operators switched off, as this start has read it."""
        return frozenset() if self._copy is None else read_parts(self._copy.parts_off)

    async def keep_parts(self) -> None:
        """Obey it from now on; where nothing can be written at present, from a later start on."""
        if await self._store.read(parts_off) == self.parts_off:
            return
        try:
            await self._store.run(lambda unit: put_parts_off(unit, self.parts_off))
        except StoreError as error:
            log.warning("parts of the site stay as they were: %s", error)

    @property
    def roles(self) -> tuple[Role, ...]:
        """What runs beside the uplink."""
        if self._keeper is None or self._copy is None:
            return ()
        return Role("certificate", self._keeper.run), Role("configuration", self._copy.run)

    def register_health(self, health: HealthRegistry) -> None:
        """Let the registry ask how the certificate stands."""
        keeper = self._keeper
        if keeper is not None:
            health.register("certificate", partial(_certificate_health, lambda: keeper.standing))


def _leave(unit: object, id: str, version: int, data: object) -> None:
    """On one machine with the platform the configuration is what stands in `site.toml`."""


async def _certificate_health(look: Callable[[], Standing]) -> PartHealth:
    days_left, refused = look()
    if refused:
        return PartHealth(State.DOWN, refused)
    if days_left is None:
        return PartHealth(State.UNKNOWN, "clock unknown")
    return PartHealth(State.OK if days_left >= 0 else State.DOWN, f"{days_left} days left")
