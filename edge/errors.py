"""The one tree of errors.

EdgeError
├── ConfigError            every fault of every section at once
├── Refusal                expected; a stable ``code`` that the screen translates
├── DeviceError
│   ├── DeviceOffline
│   └── DeviceFault
├── StoreError
└── PlatformError
    ├── PlatformUnreachable
    └── PlatformRejected
"""

from collections.abc import Iterable
from typing import ClassVar, NamedTuple


class EdgeError(Exception):
    """Anything that the product itself raises."""


class Fault(NamedTuple):
    """One fault of the configuration: where (dotted path), line number if known, what is wrong."""

    where: str
    line: int | None
    message: str

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line is not None else ""
        return f"{place}{self.where}: {self.message}"


class ConfigError(EdgeError):
    """The configuration cannot be used; ``faults`` lists everything that is wrong with it."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class Refusal(EdgeError):
    """An expected "no". ``code`` is stable and translated by the screen; ``details`` fill its sentence."""

    code: ClassVar[str] = "refused"

    def __init__(self, **details: str | int) -> None:
        self.details: dict[str, str | int] = details
        words = ", ".join(f"{name}={value}" for name, value in details.items())
        super().__init__(f"{self.code} ({words})" if words else self.code)


class DeviceError(EdgeError):
    """A device did not do what it was asked to do."""


class DeviceOffline(DeviceError):
    """The device cannot be reached."""


class DeviceFault(DeviceError):
    """The device answered that it cannot, or answered nonsense."""


class StoreError(EdgeError):
    """The database cannot be opened, read or written."""


class PlatformError(EdgeError):
    """The platform did not do what it was asked to do."""


class PlatformUnreachable(PlatformError):
    """No answer from the platform: network, name or server is away."""


class PlatformRejected(PlatformError):
    """The platform answered no. ``status`` is the HTTP status, ``code`` the platform's stable word."""

    def __init__(self, status: int, code: str) -> None:
        self.status = status
        self.code = code
        super().__init__(f"{status} {code}")
