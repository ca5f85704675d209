"""A reader on a cable: opened, read, and opened again when it was unplugged; never a restart."""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from edge.errors import DeviceError
from edge.links.backoff import Backoff

log = logging.getLogger(__name__)


class ReaderBusy(DeviceError):
    """Another program has the device for itself."""


class TextDevice(Protocol):
    """An open device that gives whole texts."""

    def fileno(self) -> int:
        """What the loop waits on."""
        ...

    def read(self) -> list[str]:
        """The texts that were finished by what can be read now, without waiting. Raises DeviceError."""
        ...

    def close(self) -> None:
        """Let it go."""
        ...


class PluggedReader:
    """Keeps one device open while it is there.

    `on_text` gets every text; `on_state(state, why)` is told live, lost or busy. `open_device` may block: it
    runs in a thread.
    """

    def __init__(
        self,
        *,
        open_device: Callable[[], TextDevice],
        on_text: Callable[[str], None],
        on_state: Callable[[str, str], None],
        backoff: Backoff | None = None,
    ) -> None:
        self._open_device = open_device
        self._on_text = on_text
        self._on_state = on_state
        self._backoff = backoff or Backoff(first_s=0.25, limit_s=2.0)

    async def run(self) -> None:
        """Read for ever; a device that is lost is looked for again."""
        while True:
            try:
                await self._read_until_lost()
            except ReaderBusy as error:
                self._on_state("busy", str(error))
            except DeviceError as error:
                self._on_state("lost", str(error))
            await asyncio.sleep(self._backoff.next_s())

    async def _read_until_lost(self) -> None:
        device = await asyncio.to_thread(self._open_device)
        loop = asyncio.get_running_loop()
        lost: asyncio.Future[None] = loop.create_future()

        def take() -> None:
            try:
                texts = device.read()
            except DeviceError as error:
                loop.remove_reader(device)
                if not lost.done():
                    lost.set_exception(error)
                return
            for text in texts:
                self._on_text(text)

        try:
            loop.add_reader(device, take)
            self._on_state("live", "")
            self._backoff.reset()
            await lost
        finally:
            loop.remove_reader(device)
            device.close()
