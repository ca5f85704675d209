"""Every role at every route of the four servers: each cell of docs/roles.md, and no route without a row."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from aiohttp import web

import cloud_sync.platform.app
import cloud_sync.platform.commands
import cloud_sync.platform.exchange
import cloud_sync.platform.passes
import edge.control
import edge.control_match
import edge.links.control
import kiosk.counter.app
import kiosk.counter.roles
import kiosk.counter.server
import kiosk.server
from cloud_sync.platform.exchange import Access, Route
from edge.demo.layout import ROOT
from edge.links.control import Handler
from edge.staff.records import Role
from tests.cloud_sync.conftest import RESIDENT
from tests.proofs.doc_tables import Cell, read_tables
from tests.proofs.planting import replaced
from tests.proofs.proof import Proof, Trial
from tests.proofs.role_desks import DESKS

DOCUMENT = ROOT / "docs" / "roles.md"


async def check_all(tables: dict[str, list[Cell]]) -> int:
    """Ask everything once; AssertionError at a cell that is not as declared, or a route or row too many."""
    assert set(tables) == set(DESKS), f"docs/roles.md tells of {sorted(tables)}"
    asked = 0
    for title, cells in tables.items():
        async with DESKS[title]() as desk:
            declared = sorted({cell.row for cell in cells})
            assert declared == desk.routes, (
                f"{title}: without a row {sorted(set(desk.routes) - set(declared))},"
                f" without a route {sorted(set(declared) - set(desk.routes))}"
            )
            for cell in cells:
                said = await desk.ask(cell.column, cell.row)
                assert said == cell.value, f"{title}, {cell.row}: {cell.column} gets {said}, not {cell.value}"
                asked += 1
    return asked


@contextmanager
def _open() -> Iterator[Trial]:
    tables = read_tables(DOCUMENT.read_text("utf-8"))

    def trial(seed: int) -> int:
        del seed
        return asyncio.run(check_all(tables))

    yield trial


def _checks(**changes: object) -> AbstractContextManager[None]:
    """Other checks for kinds of access, by their names."""
    checks = cloud_sync.platform.exchange._CHECKS
    altered = checks | {Access[name]: check for name, check in changes.items()}
    return replaced(cloud_sync.platform.exchange, "_CHECKS", altered)


def _phones_unchecked() -> AbstractContextManager[None]:
    async def check(request: Any, platform: object) -> None:
        request[cloud_sync.platform.exchange.SUBJECT] = RESIDENT

    return _checks(PHONE=check)


def _status_of_anybody() -> AbstractContextManager[None]:
    honest = cloud_sync.platform.commands.read_status
    return replaced(
        cloud_sync.platform.commands,
        "read_status",
        lambda connection, command, subject: honest(connection, command, RESIDENT),
    )


def _visitors_of_anybody() -> AbstractContextManager[None]:
    honest = cloud_sync.platform.passes.revoke_pass

    def revoke(connection: Any, key: Any, site: str, subject: str, pass_id: str, *, now_ms: int) -> None:
        honest(connection, key, site, RESIDENT, pass_id, now_ms=now_ms)

    return replaced(cloud_sync.platform.passes, "revoke_pass", revoke)


def _allowed(request: Any) -> tuple[int, int]:
    """The user whom the socket's own name lets in: what a careless check would take on trust."""
    name = str(request.transport.get_extra_info("sockname"))
    uid = os.getuid() + int(name.endswith("foreign"))
    return uid, uid


class _SameForAll(str):
    """An origin that is never another one."""

    @property
    def netloc(self) -> "_SameForAll":
        return self

    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = str.__hash__


def _any_host(hosts: frozenset[str]) -> Any:
    @web.middleware
    async def let_in(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await handler(request)

    return let_in


def _open_to_all(roles: frozenset[Role]) -> AbstractContextManager[None]:
    """Pages of these roles are everybody's."""
    routes = tuple(
        route._replace(roles=frozenset(Role)) if route.roles == roles else route
        for route in kiosk.counter.app.ROUTES
    )
    return replaced(kiosk.counter.app, "ROUTES", routes)


def _forgotten_route() -> AbstractContextManager[None]:
    forgotten = Route("GET", "/v1/everything", cloud_sync.platform.app.get_openapi, Access.OPEN, "Forgotten")
    routes = (*cloud_sync.platform.app.ROUTES, forgotten)
    return replaced(cloud_sync.platform.app, "ROUTES", routes)


PROOF = Proof(
    name="roles",
    promise="Every role gets at every route what is declared; no route is without a row",
    open=_open,
    suite=None,
    goal=None,
    planted={
        "a route without its check": _phones_unchecked,
        "a device's check that looks at the site only": lambda: _checks(
            DEVICE=cloud_sync.platform.exchange._check_site
        ),
        "another's data": _status_of_anybody,
        "another's pass taken back": _visitors_of_anybody,
        "Origin not checked": lambda: replaced(kiosk.server, "urlsplit", _SameForAll),
        "Host not checked": lambda: replaced(kiosk.server, "_guard", _any_host),
        "a route without a row": _forgotten_route,
        "any PIN receives goods": lambda: replaced(edge.control, "RECEIVERS", set(Role)),
        "a clerk closes cases": lambda: replaced(edge.control_match, "CLOSERS", set(Role)),
        "a technician looks at payments": lambda: _open_to_all(kiosk.counter.roles.READERS),
        "a clerk locks all doors down": lambda: _open_to_all(kiosk.counter.roles.KEEPERS),
        "a clerk asks refused refunds again": lambda: _open_to_all(kiosk.counter.roles.JUDGES),
        "Origin not checked at the counter": lambda: replaced(
            kiosk.counter.server, "_is_own_origin", lambda deps, request: True
        ),
        "any user at the control socket": lambda: replaced(
            edge.links.control, "_peer_of", lambda request: edge.links.control.Peer(1, *_allowed(request))
        ),
    },
    patience=1,
)
