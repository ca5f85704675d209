"""In-process hints that something changed. A hint may be lost or doubled; receivers read the store again."""

import asyncio
from collections import deque
from collections.abc import Iterable
from types import TracebackType
from typing import Self

QUEUE_LIMIT = 64


class Subscription:
    """One receiver's bounded queue of topics; iterate it with ``async for`` and close it at the end."""

    def __init__(self, notifier: "Notifier", topics: frozenset[str], limit: int) -> None:
        self._notifier = notifier
        self._topics = topics
        self._waiting: deque[str] = deque(maxlen=limit)
        self._told = asyncio.Event()

    def wants(self, topic: str) -> bool:
        """Tell whether this receiver asked for a topic."""
        return topic in self._topics

    def tell(self, topic: str) -> None:
        """Queue a hint; a hint that already waits is not queued twice."""
        if topic not in self._waiting:
            self._waiting.append(topic)
        self._told.set()

    async def wait(self, timeout_s: float | None = None) -> str | None:
        """Return the next topic, or None when none comes within the time (None = wait for ever)."""
        try:
            async with asyncio.timeout(timeout_s):
                while not self._waiting:
                    self._told.clear()
                    await self._told.wait()
        except TimeoutError:
            return None
        return self._waiting.popleft()

    def close(self) -> None:
        """Stop receiving."""
        self._notifier.forget(self)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        topic = await self.wait()
        if topic is None:
            raise StopAsyncIteration
        return topic

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Notifier:
    """Spreads topics to subscribers. Used from the event loop's thread only."""

    def __init__(self) -> None:
        self._subscriptions: list[Subscription] = []

    def subscribe(self, *topics: str, limit: int = QUEUE_LIMIT) -> Subscription:
        """Return a new subscription to one or several topics."""
        subscription = Subscription(self, frozenset(topics), limit)
        self._subscriptions.append(subscription)
        return subscription

    def publish(self, topic: str) -> None:
        """Hint a topic to everyone who asked for it."""
        for subscription in self._subscriptions:
            if subscription.wants(topic):
                subscription.tell(topic)

    def publish_all(self, topics: Iterable[str]) -> None:
        """Hint several topics."""
        for topic in topics:
            self.publish(topic)

    def forget(self, subscription: Subscription) -> None:
        """Drop a subscription; dropping it twice does nothing."""
        if subscription in self._subscriptions:
            self._subscriptions.remove(subscription)
