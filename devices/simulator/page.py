"""What the simulators' pages have in common: files as they lie there, and headers that let no other in."""

from pathlib import Path

from aiohttp import web

ROOT = Path(__file__).parents[2]
POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"


async def add_headers(_: web.Request, answer: web.StreamResponse) -> None:
    """For `on_response_prepare`: nothing from elsewhere, and no guessing of types."""
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["X-Content-Type-Options"] = "nosniff"


def file_route(path: str, file: Path) -> web.RouteDef:
    """A file at an address of its own."""

    async def serve(_: web.Request) -> web.FileResponse:
        return web.FileResponse(file)

    return web.get(path, serve)
