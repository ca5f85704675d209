"""The control socket: HTTP on a Unix socket, for the command line and for people on this machine."""

import contextlib
import logging
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from aiohttp import web

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Peer(NamedTuple):
    """Who is at the other end, as the kernel says (SO_PEERCRED, unix(7))."""

    pid: int
    uid: int
    gid: int


PEER = web.RequestKey("peer", Peer)
"""The peer of a request that was let in."""


def build_control(routes: Iterable[web.AbstractRouteDef], *, uids: frozenset[int]) -> web.Application:
    """An application that lets in only processes of these users. What moves or exports asks for a PIN too."""

    @web.middleware
    async def check_peer(request: web.Request, handler: Handler) -> web.StreamResponse:
        peer = _peer_of(request)
        if peer is None or peer.uid not in uids:
            raise web.HTTPForbidden(text='{"code":"not_your_hub"}', content_type="application/json")
        request[PEER] = peer
        return await handler(request)

    app = web.Application(middlewares=[check_peer], client_max_size=64 * 1024)
    app.add_routes(routes)
    return app


class ControlSocket:
    """Serves a control application at a path (mode 0660) until closed."""

    def __init__(self, app: web.Application, path: Path) -> None:
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False)
        self._path = path

    async def open(self) -> None:
        """Listen; a socket that a dead process left behind is replaced.

        On a disk that takes no socket the hub goes on without: its doors and its screen matter more.
        """
        await self._runner.setup()
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.unlink(missing_ok=True)
            old_mask = os.umask(0o117)
            try:
                await web.UnixSite(self._runner, str(self._path)).start()
            finally:
                os.umask(old_mask)
        except OSError as error:
            log.error("no control socket, the command line cannot reach this hub: %s", error)

    async def close(self) -> None:
        """Stop listening and remove the socket."""
        await self._runner.cleanup()
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)


def _peer_of(request: web.Request) -> Peer | None:
    transport = request.transport
    connection = None if transport is None else transport.get_extra_info("socket")
    if connection is None or connection.family != socket.AF_UNIX:
        return None
    size = struct.calcsize("3i")
    return Peer(*struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)))
