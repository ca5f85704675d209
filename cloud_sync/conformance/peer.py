"""The platform that is judged, as a device reaches it: with its credential, and as a stranger."""

import contextlib
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import NamedTuple

import aiohttp
import msgspec

from cloud_sync.wire.errors import ErrorBody
from edge.errors import EdgeError, PlatformUnreachable

TOTAL_S = 15.0
"""Longest that one question may take: the run's own patience, more than any answer of the protocol needs."""


class CredentialInvalid(EdgeError):
    """Token, certificate, key or authority cannot be read."""


class Credential(NamedTuple):
    """How the run's device shows who it is: a token, or a client certificate; `ca_file` names whom it trusts.

    Without `ca_file` an https address is believed by the machine's own authorities.
    """

    token: str = ""
    certificate_file: Path | None = None
    key_file: Path | None = None
    ca_file: Path | None = None

    def context(self, *, signed_in: bool) -> ssl.SSLContext:
        """TLS for the device, or for a stranger. Raises CredentialInvalid."""
        try:
            context = ssl.create_default_context(cafile=str(self.ca_file) if self.ca_file else None)
            if signed_in and self.certificate_file:
                context.load_cert_chain(self.certificate_file, self.key_file)
        except (OSError, ssl.SSLError) as error:
            raise CredentialInvalid(f"certificate, key or authority: {error}") from error
        return context


class Answer(NamedTuple):
    """What came back, how long its first byte of body took, and how long all of it."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    first_s: float
    took_s: float

    @property
    def code(self) -> str:
        """The error's code, or why there is none."""
        try:
            return msgspec.json.decode(self.body, type=ErrorBody).error
        except msgspec.MsgspecError:
            return "(no error body)"

    @property
    def details(self) -> dict[str, str | int]:
        """The error's details; empty where there is no error body."""
        try:
            return msgspec.json.decode(self.body, type=ErrorBody).details
        except msgspec.MsgspecError:
            return {}

    def __str__(self) -> str:
        return f"{self.status} {self.code}" if self.status >= 400 else str(self.status)


class Peer:
    """Asks the platform; paths begin at its address."""

    def __init__(
        self,
        *,
        device_session: aiohttp.ClientSession,
        stranger_session: aiohttp.ClientSession,
        site: str,
        device: str,
        token: str,
    ) -> None:
        self._sessions = {True: device_session, False: stranger_session}
        self._token = token
        self.site, self.device = site, device
        self.site_path = f"/v1/sites/{site}"
        self.device_path = f"{self.site_path}/devices/{device}"

    @property
    def has_token(self) -> bool:
        """Whether the device shows a token, which only a platform on loopback takes."""
        return bool(self._token)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        body: bytes | AsyncIterator[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str | int] | None = None,
        signed_in: bool = True,
    ) -> Answer:
        """One question, whatever the status of its answer. Raises PlatformUnreachable."""
        told = {"Authorization": f"Bearer {self._token}"} if signed_in and self._token else {}
        told |= headers or {}
        if isinstance(body, bytes):
            told.setdefault("Content-Type", "application/json")
        asked = time.monotonic()
        try:
            async with self._sessions[signed_in].request(
                method, path, data=body, headers=told, params=query, allow_redirects=False
            ) as response:
                body = await response.content.readany()
                first_s = time.monotonic() - asked
                body += await response.content.read()
                took_s = time.monotonic() - asked
                return Answer(response.status, response.headers, body, first_s, took_s)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise PlatformUnreachable(f"{type(error).__name__} {error}".strip()) from error


@contextlib.asynccontextmanager
async def open_peer(url: str, *, site: str, device: str, credential: Credential) -> AsyncIterator[Peer]:
    """Sessions with and without the credential, closed at the end. Raises CredentialInvalid."""
    timeout = aiohttp.ClientTimeout(total=TOTAL_S)

    def session(*, signed_in: bool) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(ssl=credential.context(signed_in=signed_in))
        return aiohttp.ClientSession(base_url=url.rstrip("/") + "/", timeout=timeout, connector=connector)

    async with session(signed_in=True) as known, session(signed_in=False) as stranger:
        yield Peer(
            device_session=known,
            stranger_session=stranger,
            site=site,
            device=device,
            token=credential.token,
        )
