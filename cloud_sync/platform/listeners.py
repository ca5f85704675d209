"""Where the platform listens: pages on one address, enrolled devices on another with certificates."""

import asyncio
import ssl
from collections.abc import Callable

from aiohttp import web

from cloud_sync.platform.authority import RENEW_DAYS, device_context
from cloud_sync.platform.keys import PlatformKeys
from cloud_sync.platform.settings import DeviceListener, PlatformSettings
from edge.trust.certificates import DAY_MS

LOOK_S = 3_600.0


class Listeners:
    """Starts the listeners of a runner, and renews the certificate that the platform made for itself."""

    def __init__(
        self, settings: PlatformSettings, keys: PlatformKeys, *, clock_ms: Callable[[], int]
    ) -> None:
        self._settings = settings
        self._keys = keys
        self._clock_ms = clock_ms
        self._until_ms = 0
        self._context: ssl.SSLContext | None = None

    async def start(self, runner: web.AppRunner) -> list[str]:
        """Listen; returns the addresses, pages first. Raises OSError."""
        settings = self._settings
        context = make_server_context(settings)
        await web.TCPSite(runner, settings.host, settings.port, ssl_context=context).start()
        urls = [f"{'http' if context is None else 'https'}://{settings.host}:{settings.port}/"]
        listener = settings.device_listener
        if listener is not None:
            self._context = await asyncio.to_thread(self._make_context, listener)
            await web.TCPSite(runner, listener.host, listener.port, ssl_context=self._context).start()
            urls.append(f"{listener.url}/")
        return urls

    async def keep_certificate(self) -> None:
        """Make another certificate for the device listener long before the present one ends."""
        while True:
            await asyncio.sleep(LOOK_S)
            await asyncio.to_thread(self.renew_due)

    def renew_due(self) -> bool:
        """Renew what is due: new connections meet the new certificate. True when it was."""
        listener = self._settings.device_listener
        due = self._until_ms - self._clock_ms() < RENEW_DAYS * DAY_MS
        if listener is None or listener.certificate_file or self._context is None or not due:
            return False
        self._issue(listener)
        self._context.load_cert_chain(self._keys.authority.listener_file)
        return True

    def _make_context(self, listener: DeviceListener) -> ssl.SSLContext:
        authority = self._keys.authority
        if listener.certificate_file:
            path = self._settings.path
            return device_context(authority, path(listener.certificate_file), path(listener.key_file))
        self._issue(listener)
        return device_context(authority, authority.listener_file, None)

    def _issue(self, listener: DeviceListener) -> None:
        issued = self._keys.authority.issue_listener(listener.hosts, now_ms=self._clock_ms())
        self._until_ms = issued.until_ms


def make_server_context(settings: PlatformSettings) -> ssl.SSLContext | None:
    """TLS with the certificate of the settings, or None where there is none: plain HTTP, for loopback."""
    if not settings.certificate_file:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(settings.path(settings.certificate_file), settings.path(settings.key_file))
    return context
