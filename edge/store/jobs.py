"""Starts jobs: short-lived processes with a read-only connection, for whatever takes over 20 ms of CPU."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

import edge
from edge.errors import StoreError

JOB_LIMIT_S = 3600.0
"""A job that takes longer than an hour is ended."""
LINE_LIMIT_BYTES = 16_000_000
"""A result is one line: what is wrong with a whole database may be long."""


async def run_job(
    name: str,
    database: Path,
    *arguments: str,
    told: Callable[[str, int, int], None] = lambda step, done, whole: None,
) -> dict[str, Any]:
    """Run one of the jobs of `edge.jobs` and return its result; `told` hears how far a long one is.

    Raises StoreError with its words.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "edge.jobs",
        name,
        str(database),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=Path(edge.__file__).parent.parent,
        limit=LINE_LIMIT_BYTES,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async with asyncio.timeout(JOB_LIMIT_S):
            said, complaint = await asyncio.gather(_hear(process.stdout, told), process.stderr.read())
            await process.wait()
    except TimeoutError as error:
        raise StoreError(f"{name} took longer than {JOB_LIMIT_S:.0f} s") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        words = complaint.decode("utf-8", "replace").strip().splitlines()
        raise StoreError(words[-1] if words else f"{name} ended with {process.returncode}")
    return msgspec.json.decode(said, type=dict[str, Any])


async def _hear(output: asyncio.StreamReader, told: Callable[[str, int, int], None]) -> bytes:
    """The result; what comes before it is told on."""
    result = b""
    async for line in output:
        if line.startswith(b"["):
            told(*msgspec.json.decode(line, type=tuple[str, int, int]))
        else:
            result += line
    return result
