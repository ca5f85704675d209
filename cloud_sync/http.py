"""One HTTP client for everything that a device asks of the platform; maps library errors to ours."""

import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

import aiohttp
import msgspec

from cloud_sync.reach import Reach
from cloud_sync.tls import make_context, make_unbelieving_context, why_untrusted
from cloud_sync.wire.batches import EncodingUnsupported
from cloud_sync.wire.enrolment import HARDWARE_HEADER
from cloud_sync.wire.errors import CODES, ErrorBody
from cloud_sync.wire.protocol import PROTOCOL_HEADER, PROTOCOL_VERSION, ProtocolUnsupported, require_supported
from edge.errors import PlatformRejected, PlatformUnreachable
from edge.links.backoff import Backoff
from edge.trust.clock import Clock
from edge.trust.time_policy import Decision, Rule, rule_for

T = TypeVar("T")

ANSWER_BYTES = 32_000_000
"""No answer may fill the memory; the largest asked for is a channel's bill of a day."""
HEAD_BYTES = 65_536
RETRY_AFTER_LIMIT_S = 300.0
"""A server may ask us to wait, but never longer than this."""
PROGRAM = f"community-edge/{version('community-edge')}"
"""What the platform's operators see as our version."""


TURNED_AWAY = frozenset(
    {
        "device_unknown",
        "device_revoked",
        "device_quarantined",
        "certificate_expired",
        "certificate_superseded",
    }
)
"""What the platform says to a device whose certificate does not count; it is not a fault of the request."""


class Patience(NamedTuple):
    """How long to wait, in seconds: for a connection, for the next byte, for everything.

    A connection is one of TCP and TLS together: four ways and some 6 KB, 1.6 s at 300 ms and 8 KB/s each way.
    """

    connect_s: float = 4.0
    silence_s: float = 3.0
    total_s: float = 20.0


USUAL = Patience()


class PlatformBusy(PlatformUnreachable):
    """The platform answers, but not now (429, 5xx); `retry_after_s` when it said how long."""

    def __init__(self, status: int, retry_after_s: float | None) -> None:
        self.status = status
        self.retry_after_s = retry_after_s
        super().__init__(f"status {status}")

    def rest_s(self, backoff: Backoff) -> float:
        """How long to rest: what the platform asked for, and up to a quarter more, for it tells many."""
        if self.retry_after_s is None:
            return backoff.next_s()
        return min(RETRY_AFTER_LIMIT_S, self.retry_after_s * (1.0 + backoff.chance() / 4))


class PlatformUntrusted(PlatformUnreachable):
    """Somebody answers at the platform's address who does not prove to be the platform; `code` says how.

    Codes: `certificate_not_ours`, `certificate_wrong_host`, `certificate_expired`,
    `certificate_not_yet_valid`; `clock_unknown` when nothing was asked because dates cannot be judged.
    """

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


async def _note_nothing(code: str) -> None:
    return None


class AnswerTooLarge(PlatformUnreachable):
    """The answer goes on past what was to be read of it; `head` is how it begins."""

    def __init__(self, limit_bytes: int, head: bytes) -> None:
        self.head = head
        super().__init__(f"an answer of more than {limit_bytes} bytes")


class PlatformHttp:
    """A session with the platform. Use as an async context, or `close` it at the end.

    `reach` hears of every answer, and of every question that none came to.

    `device_path` and `site_path` begin the addresses of this device and site. Every request raises
    PlatformUnreachable (PlatformBusy and PlatformUntrusted among it) or PlatformRejected, and shows who we
    are, except an `undated` one: that is for what is signed and secret to nobody, it goes over a connection
    whose certificate's dates are not judged. An https `url` needs the trusted `clock` and the
    `identity_file` of enrolment (PEM: key and certificate); a `token` is for a platform on this machine only.
    `note_trust` is told why whoever answers there is not believed, or does not believe us, and an empty text
    once that is over.
    """

    def __init__(
        self,
        *,
        url: str,
        site: str,
        device: str,
        token: str = "",
        identity_file: Path | None = None,
        hardware: str = "",
        ca_file: Path | None = None,
        clock: Clock | None = None,
        note_trust: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        self._url = url.rstrip("/")
        if token and self._is_tls:
            raise ValueError("a token is shown to a platform on this machine only")
        self._token = token
        self._identity_file = identity_file
        self._hardware = hardware
        self._ca_file = ca_file
        self._clock = clock
        self._note_trust = note_trust or _note_nothing
        self._distrusted = ""
        self._before: list[aiohttp.ClientSession] = []
        self._session: aiohttp.ClientSession | None = None
        self._undated: aiohttp.ClientSession | None = None
        self.reach = Reach()
        self.site_path = f"/v1/sites/{site}"
        self.device_path = f"{self.site_path}/devices/{device}"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let the connections go."""
        for session in (self._session, self._undated, *self._before):
            if session is not None:
                await session.close()
        self._session = self._undated = None
        self._before.clear()

    def show_renewed(self) -> None:
        """The identity file was renewed: requests from now on go over connections that show what it holds."""
        if self._session is not None and self._identity_file is not None:
            self._before.append(self._session)
            self._session = None

    async def ask(
        self,
        method: str,
        path: str,
        shape: type[T],
        *,
        content: msgspec.Struct | None = None,
        query: Mapping[str, str | int] | None = None,
        patience: Patience = USUAL,
    ) -> T:
        """Send a struct as JSON, read a struct from JSON."""
        body = None if content is None else msgspec.json.encode(content)
        headers = {} if body is None else {"Content-Type": "application/json"}
        return await self.ask_raw(
            method, path, shape, body=body, headers=headers, query=query, patience=patience
        )

    async def ask_raw(
        self,
        method: str,
        path: str,
        shape: type[T],
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str | int] | None = None,
        patience: Patience = USUAL,
    ) -> T:
        """Send bytes, read a struct from JSON."""
        answer = await self.exchange(method, path, body=body, headers=headers, query=query, patience=patience)
        try:
            return msgspec.json.decode(answer, type=shape)
        except msgspec.MsgspecError as error:
            raise PlatformUnreachable(f"{path}: the answer is not of the protocol") from error

    async def exchange(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str | int] | None = None,
        patience: Patience = USUAL,
        undated: bool = False,
        limit_bytes: int = ANSWER_BYTES,
    ) -> bytes:
        """Send bytes, read bytes; no more than `limit_bytes` of them, else AnswerTooLarge."""
        timeout = aiohttp.ClientTimeout(
            total=patience.total_s, sock_connect=patience.connect_s, sock_read=patience.silence_s
        )
        async with (
            self._mapped(),
            self._open_session(undated=undated).request(
                method, self._url + path, data=body, headers=headers, params=query, timeout=timeout
            ) as response,
        ):
            if response.status < 400:
                _check_protocol(response)
            content = await _read_bounded(response, limit_bytes)
            self.reach.hear()
            if response.status >= 400:
                refused = _refused(response, content)
                if isinstance(refused, PlatformRejected) and refused.code in TURNED_AWAY:
                    await self._tell_trust(refused.code)
                raise refused
            if not undated:
                await self._tell_trust("")
            return content

    @property
    def turned_away(self) -> str:
        """Why the platform lets this device in no more, empty while it does."""
        return self._distrusted if self._distrusted in TURNED_AWAY else ""

    async def _tell_trust(self, code: str) -> None:
        if code != self._distrusted:
            self._distrusted = code
            await self._note_trust(code)

    def _open_session(self, *, undated: bool) -> aiohttp.ClientSession:
        if undated:
            if self._undated is None:
                context = make_context(self._ca_file, None) if self._is_tls else None
                self._undated = _make_session({}, context)
            return self._undated
        self._check_clock()
        if self._session is None:
            headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
            if self._hardware:
                headers[HARDWARE_HEADER] = self._hardware
            context = None
            if self._is_tls:
                context = make_context(self._ca_file, self._clock, self._identity_file)
            self._session = _make_session(headers, context)
        return self._session

    def _check_clock(self) -> None:
        """Until the dates of a certificate can be judged nothing is told to whoever shows it."""
        if not self._is_tls:
            return
        assert self._clock is not None, "an https url needs the trusted clock"
        if rule_for(Decision.PLATFORM_CERTIFICATE, self._clock.now().trust) is Rule.TIME_ONLY:
            raise PlatformUntrusted("clock_unknown")

    @property
    def _is_tls(self) -> bool:
        return self._url.startswith("https:")

    @contextlib.asynccontextmanager
    async def _mapped(self) -> AsyncIterator[None]:
        try:
            yield
        except aiohttp.ClientConnectorCertificateError as error:
            fault = error.certificate_error
            assert isinstance(fault, ssl.SSLCertVerificationError)
            code = why_untrusted(fault)
            await self._tell_trust(code)
            raise PlatformUntrusted(code) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self.reach.lose()
            raise PlatformUnreachable(type(error).__name__) from error


def _make_session(headers: dict[str, str], context: ssl.SSLContext | None) -> aiohttp.ClientSession:
    connector = None if context is None else aiohttp.TCPConnector(ssl=context)
    told = {PROTOCOL_HEADER: PROTOCOL_VERSION, "User-Agent": PROGRAM, **headers}
    return aiohttp.ClientSession(connector=connector, headers=told, skip_auto_headers=("User-Agent",))


async def ask_stranger(url: str, *, limit_bytes: int, patience: Patience = USUAL) -> bytes:
    """Fetch what is signed from somebody who is not believed yet. Raises PlatformError."""
    timeout = aiohttp.ClientTimeout(total=patience.total_s, sock_connect=patience.connect_s)
    try:
        async with (
            _make_session({}, make_unbelieving_context()) as session,
            session.get(url, timeout=timeout) as response,
        ):
            content = b""
            while len(content) < limit_bytes and (part := await response.content.readany()):
                content += part
            if response.status >= 400:
                raise _refused(response, content)
            return content
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise PlatformUnreachable(type(error).__name__) from error


def _check_protocol(response: aiohttp.ClientResponse) -> None:
    """An answer in another language is no answer, whatever it seems to say."""
    try:
        require_supported(response.headers.get(PROTOCOL_HEADER))
    except ProtocolUnsupported as refusal:
        raise DetailedRejection(CODES[refusal.code], refusal.code, refusal.details) from refusal


async def _read_bounded(response: aiohttp.ClientResponse, limit_bytes: int) -> bytes:
    content = bytearray()
    async for piece in response.content.iter_any():
        content += piece
        if len(content) > limit_bytes:
            raise AnswerTooLarge(limit_bytes, bytes(content[:HEAD_BYTES]))
    return bytes(content)


def _refused(response: aiohttp.ClientResponse, content: bytes) -> Exception:
    if response.status == 429 or response.status >= 500:
        return PlatformBusy(response.status, _retry_after_s(response.headers.get("Retry-After", "")))
    if response.status == HTTPStatus.UNSUPPORTED_MEDIA_TYPE:
        known = {"accept_encoding": response.headers.get("Accept-Encoding", "")}
        return DetailedRejection(response.status, EncodingUnsupported.code, known)
    try:
        code = msgspec.json.decode(content, type=ErrorBody)
    except msgspec.MsgspecError:
        return PlatformRejected(response.status, "malformed")
    return DetailedRejection(response.status, code.error, code.details)


class DetailedRejection(PlatformRejected):
    """A rejection with the details that came along."""

    def __init__(self, status: int, code: str, details: dict[str, Any]) -> None:
        self.details = details
        super().__init__(status, code)


def _retry_after_s(text: str) -> float | None:
    return min(float(text), RETRY_AFTER_LIMIT_S) if text.isascii() and text.isdecimal() else None
