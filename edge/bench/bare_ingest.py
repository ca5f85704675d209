"""The floor of `uplink`: bare aiohttp takes batches of 100 and inserts them into SQLite, one commit each.

No chain is computed, nothing is looked at twice, nothing is compressed. The other side reads its lines with
one SELECT and commits what was acknowledged, as durable as the product (WAL, FULL).
"""

import asyncio
import sqlite3
import time
from multiprocessing.connection import Connection
from pathlib import Path

import aiohttp
from aiohttp import web

from edge.store.connections import open_writer

BATCH = 100


def serve(told: Connection, folder: str) -> None:
    """Serve until the pipe says anything; the port goes through it first."""
    asyncio.run(_serve(told, Path(folder)))


async def _serve(told: Connection, folder: Path) -> None:
    database = open_writer(folder / "bare.db")
    database.execute("CREATE TABLE events (seq INTEGER PRIMARY KEY, line BLOB)")

    async def take(request: web.Request) -> web.Response:
        first = int(request.query["first"])
        lines = (await request.read()).split(b"\n")
        database.execute("BEGIN IMMEDIATE")
        database.executemany("INSERT INTO events VALUES (?, ?)", enumerate(lines, first))
        database.execute("COMMIT")
        return web.json_response({"seq": first + len(lines) - 1})

    app = web.Application(client_max_size=8 * 1024 * 1024)
    app.router.add_post("/", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    told.send(runner.addresses[0][1])
    await asyncio.to_thread(told.recv)
    await runner.cleanup()
    database.close()


async def drain(port: int, journal: Path, folder: Path, events: int) -> float:
    """Send so many events of a journal; returns seconds."""
    source = sqlite3.connect(f"file:{journal}?mode=ro", uri=True)
    noted = open_writer(folder / "noted.db")
    noted.execute("CREATE TABLE IF NOT EXISTS noted (seq INTEGER)")
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            began, last = time.perf_counter(), 0
            while last < events:
                rows = source.execute(
                    "SELECT seq, body FROM journal WHERE seq > ? ORDER BY seq LIMIT ?", (last, BATCH)
                ).fetchall()
                body = b"\n".join(row[1] for row in rows)
                async with session.post("/", params={"first": last + 1}, data=body) as answer:
                    last = (await answer.json())["seq"]
                noted.execute("BEGIN IMMEDIATE")
                noted.execute("INSERT INTO noted VALUES (?)", (last,))
                noted.execute("COMMIT")
            return time.perf_counter() - began
    finally:
        source.close()
        noted.close()
