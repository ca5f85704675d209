"""What a person orders on the platform's command line, and with what it is carried out."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

import msgspec

from cloud_sync.platform.settings import PlatformSettings
from cloud_sync.platform.store.port import Connection

T = TypeVar("T")


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A command and what it was told; what it has no use for is empty. `file` is an absolute path."""

    command: str
    name: str = ""
    site: str = ""
    scopes: list[str] = []
    hashed: str = ""
    file: str = ""


class Typed(NamedTuple):
    """A command as it was typed: the configuration's file, the order, and what to print when it is done."""

    config: Path
    order: Order
    told: str = ""


class Units(Protocol):
    """Units of work for a thread without a loop: of this process's own store, or of a running platform's."""

    @property
    def site(self) -> str:
        """The site that they are of."""

    def of(self, site: str) -> "Units":
        """Units of work of another site."""

    def write_now(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction and wait for its COMMIT. Raises StoreAway."""


class Desk(NamedTuple):
    """Where an order is carried out."""

    settings: PlatformSettings
    units: Units


Work = Callable[[Desk, Order], str]
"""Carries an order out; returns what is to be printed. Raises EdgeError."""
