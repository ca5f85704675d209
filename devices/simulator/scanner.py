"""`python -m devices.simulator.scanner`: a reader node at the site's broker, and the hand before it.

Control: HTTP on a Unix socket. `POST /show` with `{"kind": "card" | "pin" | "text", "value": "..."}`; `POST
/node` with any of `{"queue": bool}` (keeps what it read while the broker is away and sends it late, as bad
firmware does), `{"repeats": n}`, `{"babble": bool}` (answers in another format).
"""

import argparse
import asyncio
import secrets
import tomllib
from pathlib import Path

import msgspec
from aiohttp import web

from devices.mqtt.reader_node import NodeState
from devices.simulator.doors import play
from edge.links.broker import BrokerMessage, BrokerOffline, BrokerSession, Will
from edge.links.supervisor import Role, Supervisor

MAX_QUEUED = 100


class Behaviour(msgspec.Struct, forbid_unknown_fields=True):
    """How the node misbehaves."""

    queue: bool = False
    repeats: int = 1
    babble: bool = False


class Shown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something held before the node."""

    kind: str
    value: str


class ReaderNodeProcess:
    """The node, its session and its control socket."""

    def __init__(
        self, *, device: str, host: str, port: int, username: str | None, password: str | None
    ) -> None:
        self._device = device
        self._nonce = ""
        self._number = 0
        self._outbox: asyncio.Queue[bytes] = asyncio.Queue(MAX_QUEUED)
        self._back = asyncio.Event()
        self.behaviour = Behaviour()
        self.session = BrokerSession(
            host=host,
            port=port,
            username=username,
            password=password,
            client_id=device,
            subscriptions=[f"d/{device}/cmd"],
            on_message=_ignore,
            on_ready=self._ready,
            will=Will(f"d/{device}/up", b"0"),
        )

    async def run(self) -> None:
        """Play for ever."""
        await Supervisor((Role("session", self.session.run), Role("send", self._send))).run()

    def show(self, shown: Shown) -> None:
        """Read what is shown. Its event belongs to the session in which it was read."""
        self._number += 1
        event = {"kind": shown.kind, "value": shown.value, "nonce": self._nonce, "n": self._number}
        line = b"card=" + shown.value.encode() if self.behaviour.babble else msgspec.json.encode(event)
        if not self._outbox.full():
            self._outbox.put_nowait(line)

    def control(self) -> web.Application:
        """The hand."""
        app = web.Application()
        app.router.add_post("/show", self._show)
        app.router.add_post("/node", self._change)
        return app

    async def _ready(self) -> None:
        self._nonce, self._number = secrets.token_hex(8), 0
        await self._publish("state", msgspec.json.encode(NodeState(nonce=self._nonce)), retain=True)
        await self._publish("up", b"1", retain=True)
        self._back.set()

    async def _send(self) -> None:
        while True:
            line = await self._outbox.get()
            for _ in range(self.behaviour.repeats):
                while not await self._publish("evt", line) and self.behaviour.queue:
                    self._back.clear()
                    await self._back.wait()

    async def _publish(self, leaf: str, payload: bytes, *, retain: bool = False) -> bool:
        try:
            await self.session.publish(f"d/{self._device}/{leaf}", payload, retain=retain)
        except BrokerOffline:
            return False
        return True

    async def _show(self, request: web.Request) -> web.Response:
        try:
            self.show(msgspec.json.decode(await request.read(), type=Shown))
        except msgspec.DecodeError as error:
            raise web.HTTPBadRequest from error
        return web.json_response({})

    async def _change(self, request: web.Request) -> web.Response:
        try:
            self.behaviour = msgspec.json.decode(await request.read(), type=Behaviour)
        except msgspec.DecodeError as error:
            raise web.HTTPBadRequest from error
        return web.json_response(msgspec.to_builtins(self.behaviour))


async def _ignore(_: BrokerMessage) -> None:
    """A reader node obeys nothing."""


async def _main(options: argparse.Namespace) -> None:
    broker = tomllib.loads(options.config.read_text("utf-8"))["broker"]
    password = options.password_file.read_text("utf-8").strip() if options.password_file else None
    process = ReaderNodeProcess(
        device=options.device,
        host=broker["host"],
        port=broker["port"],
        username=options.device if password else None,
        password=password,
    )
    await play(process.run(), process.control(), options.control)


def main() -> None:
    """Play until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m devices.simulator.scanner", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="site.toml with [broker]")
    parser.add_argument("--device", required=True, help="the node's name, also its account at the broker")
    parser.add_argument("--password-file", type=Path, help="none: an anonymous broker")
    parser.add_argument("--control", type=Path, required=True, help="Unix socket for the hand that plays")
    asyncio.run(_main(parser.parse_args()))


if __name__ == "__main__":
    main()
