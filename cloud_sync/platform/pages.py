"""The pages for people: the owner's phone, and what the platform sees. Static files, no inline script."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

STATIC = Path(__file__).parent / "static"
_PAGES = {"/": "platform.html", "/phone": "phone.html"}


def add_pages(app: web.Application) -> None:
    """Serve the pages and their files."""
    for path, name in _PAGES.items():
        app.router.add_get(path, _serve(STATIC / name))
    app.router.add_get("/phone/worker.js", _serve(STATIC / "worker.js"))
    app.router.add_static("/static/", STATIC)


def _serve(file: Path) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def serve(request: web.Request) -> web.StreamResponse:
        return web.FileResponse(
            file, headers={"Cache-Control": "no-cache", "Service-Worker-Allowed": "/phone"}
        )

    return serve
