"""Readers in threads, and what they say."""

import threading
from collections.abc import Callable

from devices.vision.decoder import Decoder
from devices.vision.protocol import Message, Scan
from devices.vision.reader import Reader
from devices.vision.sources import Source

WAIT_S = 10.0


class Heard:
    """What a reader said; waits on conditions, with a bound."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._changed = threading.Condition()

    def say(self, message: Message) -> None:
        with self._changed:
            self.messages.append(message)
            self._changed.notify_all()

    def wait(self, done: Callable[[list[Message]], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: done(self.messages), WAIT_S), self.messages

    def texts(self) -> list[str]:
        return [message.text for message in self.messages if isinstance(message, Scan)]


class Watching:
    """Readers in threads."""

    def __init__(self) -> None:
        self.heard = Heard()
        self.paying: set[str] = set()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, name: str, source: Source) -> Reader:
        reader = Reader(
            name=name, source=source, decoder=Decoder(), say=self.heard.say, pays=self.paying.__contains__
        )
        thread = threading.Thread(target=reader.run, args=(self._stop,), daemon=True)
        thread.start()
        self._threads.append(thread)
        return reader

    def end(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(WAIT_S)
