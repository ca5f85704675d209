"""The least MQTT 3.1.1 client, packet by packet: it sees what a library hides, and knows when nothing comes.

A broker answers one connection in order. So after somebody's publication was acknowledged, a listener that
sends PINGREQ and gets its PINGRESP has every message that it will ever get of it: no waiting for silence.
"""

import socket
import ssl
from typing import NamedTuple

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, PINGREQ, PINGRESP, DISCONNECT = (
    *(0x10, 0x20, 0x30, 0x40, 0x82, 0x90, 0xC0, 0xD0, 0xE0),
)
TIMEOUT_S = 5.0
NOT_AUTHORISED = 5
"""CONNACK's return code (MQTT 3.1.1, section 3.2.2.3)."""


class Heard(NamedTuple):
    """One message."""

    topic: str
    payload: bytes
    retained: bool


class Will(NamedTuple):
    """What is to be said when the connection breaks."""

    topic: str
    payload: bytes


class MqttClient:
    """One connection with a clean session; `accepted` is false when the broker did not let it in."""

    def __init__(
        self,
        port: int,
        client_id: str,
        *,
        account: tuple[str, str] | None = None,
        will: Will | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        plain = socket.create_connection(("127.0.0.1", port), TIMEOUT_S)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = plain if tls is None else tls.wrap_socket(plain, server_hostname="127.0.0.1")
        self.heard: list[Heard] = []
        flags = 2 | (0x0C if will else 0) | (0xC0 if account else 0)
        body = _text("MQTT") + bytes([4, flags, 0, 60]) + _text(client_id)
        if will:
            body += _text(will.topic) + _text(will.payload)
        if account:
            body += _text(account[0]) + _text(account[1])
        self._send(CONNECT, body)
        self.code = self._until(CONNACK)[1]
        self.accepted = self.code == 0

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """Publish with QoS 1; false when the broker hangs up instead of acknowledging."""
        self._send(PUBLISH | 2 | int(retain), _text(topic) + b"\x00\x01" + payload)
        try:
            self._until(PUBACK)
        except ConnectionError:
            return False
        return True

    def subscribe(self, topic: str) -> int:
        """Subscribe with QoS 1; returns the code of SUBACK."""
        self._send(SUBSCRIBE, b"\x00\x02" + _text(topic) + b"\x01")
        return self._until(SUBACK)[2]

    def hear(self) -> list[Heard]:
        """Everything that came up to now, for certain."""
        self._send(PINGREQ, b"")
        self._until(PINGRESP)
        heard, self.heard = self.heard, []
        return heard

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _send(self, kind: int, body: bytes) -> None:
        length, size = b"", len(body)
        while True:
            size, digit = size // 128, size % 128
            length += bytes([digit | (0x80 if size else 0)])
            if not size:
                break
        self._socket.sendall(bytes([kind]) + length + body)

    def _until(self, wanted: int) -> bytes:
        """Read packets until one of this kind; messages on the way are kept and acknowledged."""
        while True:
            kind, body = self._packet()
            if kind & 0xF0 == wanted & 0xF0:
                return body
            if kind & 0xF0 == PUBLISH:
                self._keep(kind, body)

    def _keep(self, kind: int, body: bytes) -> None:
        size = int.from_bytes(body[:2], "big")
        topic, rest = body[2 : 2 + size].decode(), body[2 + size :]
        if kind & 6:
            self._send(PUBACK, rest[:2])
            rest = rest[2:]
        self.heard.append(Heard(topic, rest, bool(kind & 1)))

    def _packet(self) -> tuple[int, bytes]:
        kind, size, shift = self._exactly(1)[0], 0, 0
        while True:
            digit = self._exactly(1)[0]
            size |= (digit & 0x7F) << shift
            shift += 7
            if not digit & 0x80:
                return kind, self._exactly(size)

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self._socket.recv(size - len(data))
            if not more:
                raise ConnectionError("the broker hung up")
            data += more
        return data


def _text(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return len(data).to_bytes(2, "big") + data
