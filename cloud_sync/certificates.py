"""Our own certificate: renewed long before it ends, alarms where that does not happen, and whom we distrust.

A renewal proves that we hold the key, so it works as well after months in a drawer, when the certificate is
over. The key stays the same until the next enrolment.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from cloud_sync.enrolment_files import (
    Identity,
    read_configuration,
    read_identity,
    read_key,
    read_root,
    write_configuration,
    write_identity,
)
from cloud_sync.http import TURNED_AWAY, PlatformHttp
from cloud_sync.identity import stop
from cloud_sync.wire.enrolment import (
    TIME_ZONE,
    RenewalNonce,
    RenewalRequest,
    RenewedCertificate,
    mark_hardware,
    open_configuration,
)
from edge.errors import PlatformError, PlatformRejected, Refusal
from edge.service.alarms import clear_alarm, raise_alarm
from edge.store.facts import get_fact, put_fact
from edge.store.store import Store
from edge.store.unit import Unit
from edge.trust.certificates import DAY_MS, Holder, check_certificate, make_request
from edge.trust.clock import Clock, Trust
from edge.trust.cose import read_base64

log = logging.getLogger(__name__)

RENEW_DAYS = 45
ALARM_DAYS = (30, 14, 7)
"""Days before its end at which a certificate that could not be renewed is an alarm, each once."""
EVERY_S = 3_600.0
RETRY_S = 300.0
CLOCK_S = 2.0
"""With the clock unknown nothing can be judged; it is known as soon as the platform is reached."""
CERTIFICATE, UNTRUSTED, ENDED = "certificate", "platform_untrusted", "enrolment_ended"
WAITS = "configuration_waits"
"""Alarm: a newer configuration of the site is in place and counts from the next start."""
_OVER = "over"
_ENROLMENT = "enrolment"
_CONFIGURATION = "enrolment.configuration"
CONFIGURATION_TOPIC = "site_configuration"
_BODY = {"Content-Type": "application/json"}


class ConfigurationTooOld(Refusal):
    """A site's configuration of an older version than the one that is kept."""

    code = "configuration_too_old"


class ConfigurationForeign(Refusal):
    """The configuration of another site."""

    code = "configuration_foreign"


class ConfigurationUnfit(Refusal):
    """A configuration that this program cannot work by: a time zone other than the one that it reckons in."""

    code = "configuration_unfit"


class Standing(NamedTuple):
    """How our certificate stands: whole days until it ends (None: unknown), and why we were turned away."""

    days_left: int | None
    refused: str


class CertificateKeeper:
    """A role. `standing` is for health; `renewed` counts renewals of this process."""

    def __init__(
        self,
        *,
        folder: Path,
        store: Store,
        http: PlatformHttp,
        clock: Clock,
        hardware: str | None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._folder = folder
        self._store = store
        self._http = http
        self._clock = clock
        self._hardware = mark_hardware(hardware)
        self._sleep = sleep
        identity = read_identity(folder)
        assert identity is not None, "only an enrolled device has a certificate to keep"
        self._identity: Identity = identity
        self.renewed = 0

    @property
    def standing(self) -> Standing:
        """How the certificate stands by the trusted clock."""
        now = self._clock.now()
        if now.trust is Trust.UNKNOWN:
            return Standing(None, self._http.turned_away)
        return Standing((self._identity.until_ms - now.at_ms) // DAY_MS, self._http.turned_away)

    async def run(self) -> None:
        """Look every hour until cancelled, sooner after a renewal that failed."""
        while True:
            well = await self.look()
            known = self._clock.now().trust is not Trust.UNKNOWN
            await self._sleep(EVERY_S if well else RETRY_S if known else CLOCK_S)

    async def look(self) -> bool:
        """Renew what is due, raise or clear alarms; False when a renewal was due and failed."""
        days_left = self.standing.days_left
        if days_left is None:
            return False
        failed = ""
        if days_left < RENEW_DAYS:
            try:
                await self.renew()
            except (PlatformError, Refusal) as error:
                failed = getattr(error, "code", "") or str(error)
                log.warning("certificate: %s", failed)
        days_left = self.standing.days_left
        await self._store.run(partial(_tell, days_left=days_left, failed=failed))
        return not failed

    async def renew(self) -> None:
        """Fetch another certificate for our key. Raises PlatformError, Refusal."""
        holder = Holder(self._identity.site, self._identity.device)
        path = self._http.device_path + "/certificate"
        answered = await self._http.exchange("GET", path + "/nonce", undated=True)
        nonce = _decode(answered, RenewalNonce).nonce
        key = await asyncio.to_thread(read_key, self._folder)
        asked = RenewalRequest(csr=make_request(key, holder, nonce=nonce), hardware=self._hardware)
        answered = await self._http.exchange(
            "POST", path, body=msgspec.json.encode(asked), headers=_BODY, undated=True
        )
        certificate = _decode(answered, RenewedCertificate).certificate
        self._identity = await asyncio.to_thread(self._keep, key, certificate, holder)
        self._http.show_renewed()
        self.renewed += 1

    def _keep(self, key: str, certificate: str, holder: Holder) -> Identity:
        facts = check_certificate(certificate, key_pem=key, holder=holder)
        identity = self._identity._replace(
            serial=facts.serial, from_ms=facts.from_ms, until_ms=facts.until_ms
        )
        write_identity(self._folder, identity, key, certificate)
        return identity


def _tell(unit: Unit, *, days_left: int | None, failed: str) -> None:
    """Raise what is due of the alarms at 30, 14 and 7 days and at the end, clear what is mended."""
    assert days_left is not None
    for days, source in (*((days, str(days)) for days in ALARM_DAYS), (-1, _OVER)):
        if days_left > days:
            clear_alarm(unit, kind=CERTIFICATE, source=source)
        else:
            raise_alarm(unit, kind=CERTIFICATE, source=source, detail=f"{days_left} days left; {failed}")


async def note_trust(store: Store, source: str, code: str) -> None:
    """Whoever answers there (`https`, `broker`) is not the platform, or turns us away; empty: that is over.

    Of a clone both machines stop what leans on being the one device of the name.
    """

    def note(unit: Unit) -> None:
        if code:
            raise_alarm(unit, kind=ENDED if code in TURNED_AWAY else UNTRUSTED, source=source, detail=code)
        if code == "device_quarantined":
            stop(unit, code, 0)
        if not code:
            clear_alarm(unit, kind=UNTRUSTED, source=source)
            clear_alarm(unit, kind=ENDED, source=source)

    await store.run(note)


class ConfigurationCopy:
    """The feed's collection `site_configuration`: verified by the root key, kept beside `site.toml`.

    The record is kept with its page; a role writes the file after the commit, or at the next start.
    """

    def __init__(self, *, folder: Path, store: Store) -> None:
        self._folder = folder
        self._store = store
        self._root = read_root(folder)
        self._present = read_configuration(folder)
        self._running = self._present.version
        self.parts_off = self._present.parts_off
        """What this start has read that the site does not have."""

    def prepare_record(self, data: dict[str, Any]) -> dict[str, Any]:
        """Verify a record before its unit. Raises Refusal, ValueError."""
        told = open_configuration(read_base64(data["message"]), self._root)
        if told.site != self._present.site:
            raise ConfigurationForeign(site=told.site)
        if told.version < self._present.version:
            raise ConfigurationTooOld(version=told.version, minimum_version=self._present.version)
        if told.time_zone != TIME_ZONE:
            raise ConfigurationUnfit(time_zone=told.time_zone)
        return data

    def apply_record(self, unit: Unit, id: str, version: int, data: Mapping[str, object] | None) -> None:
        """Keep the message of a prepared record."""
        if data is not None:
            put_fact(unit.connection, _CONFIGURATION, read_base64(str(data["message"])))
            unit.hint(CONFIGURATION_TOPIC)

    async def run(self) -> None:
        """Put newer configurations in place until cancelled."""
        with self._store.notifier.subscribe(CONFIGURATION_TOPIC) as hints:
            while True:
                await self.put_in_place()
                await hints.wait()

    async def put_in_place(self) -> bool:
        """Write what the feed brought, if it is newer; it counts from the next start. True when it was.

        Until then there is an alarm, which ends where nothing newer than what this start has read is known.
        """
        message = await self._store.read(lambda connection: get_fact(connection, _CONFIGURATION))
        told = self._present
        if isinstance(message, bytes):
            told = open_configuration(message, self._root)
        if told.version <= self._running:
            await self._store.run(lambda unit: clear_alarm(unit, kind=WAITS, source=_ENROLMENT))
            return False
        if not isinstance(message, bytes) or told.version <= self._present.version:
            return False
        await asyncio.to_thread(write_configuration, self._folder, message)
        self._present = told
        log.warning("configuration %d is in place and counts from the next start", told.version)
        detail = f"version {told.version}, running with {self._running}: start the hub again"
        await self._store.run(lambda unit: _alarm_anew(unit, detail))
        return True


def _alarm_anew(unit: Unit, detail: str) -> None:
    """Say which version waits: an alarm about an earlier one is over."""
    clear_alarm(unit, kind=WAITS, source=_ENROLMENT)
    raise_alarm(unit, kind=WAITS, source=_ENROLMENT, detail=detail)


def _decode(answered: bytes, shape: type[Any]) -> Any:
    try:
        return msgspec.json.decode(answered, type=shape)
    except msgspec.MsgspecError as error:
        raise PlatformRejected(200, "malformed") from error
