"""What units keep in memory of what units alone change: reads that find the same again."""

from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

LIMIT = 1024
"""Things kept at once; one more empties it."""


class Kept:
    """One executor's memory, on its thread only.

    Nothing is kept over a unit that was undone, which may have read what it had changed itself.
    """

    def __init__(self) -> None:
        self._found: dict[str, Any] = {}

    def read(self, name: str, read: Callable[[], T]) -> T:
        """What `read` finds, read once; whoever changes it calls `forget` in the same unit."""
        if name not in self._found:
            if len(self._found) >= LIMIT:
                self._found.clear()
            self._found[name] = read()
        found: T = self._found[name]
        return found

    def forget(self, name: str) -> None:
        """What is kept under this name was changed."""
        self._found.pop(name, None)

    def clear(self) -> None:
        """Forget everything."""
        self._found.clear()

    def __len__(self) -> int:
        return len(self._found)
