"""The processes of a simulation: each is told and answers in lines of JSON, and ends when its input ends."""

import asyncio
import contextlib
import resource
import sys
from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

import msgspec

from edge.errors import EdgeError

T = TypeVar("T")

END_S = 20.0
_LINE_BYTES = 1 << 24


class ProcessFailed(EdgeError):
    """A process of the simulation ended too early."""


class Child:
    """One process that answers every line with a line."""

    def __init__(self, process: asyncio.subprocess.Process, name: str) -> None:
        self._process = process
        self._name = name
        self._asking = asyncio.Lock()

    async def ask(self, request: msgspec.Struct, shape: type[T]) -> T:
        """Tell something and read the answer. Raises ProcessFailed."""
        entry, answers = self._process.stdin, self._process.stdout
        assert entry is not None
        assert answers is not None
        async with self._asking:
            try:
                entry.write(msgspec.json.encode(request) + b"\n")
                await entry.drain()
                line = await answers.readline()
            except OSError as error:
                raise ProcessFailed(f"{self._name}: {error}") from error
        if not line:
            raise ProcessFailed(f"{self._name} ended with {await self._process.wait()}")
        return msgspec.json.decode(line, type=shape)


@contextlib.asynccontextmanager
async def started(module: str, *arguments: str) -> AsyncIterator[Child]:
    """Run a module of ours as a process; at the end its input is closed, and it is waited for."""
    command: Sequence[str] = (sys.executable, "-m", module, *arguments)
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LINE_BYTES,
    )
    try:
        yield Child(process, module)
    finally:
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(END_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def allow_sockets() -> int:
    """Let this process and those it starts have as many sockets as they may; returns how many that is."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most
