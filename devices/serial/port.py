"""Serial ports through pyserial: opened for this process alone, never waited on."""

from typing import Protocol

import serial

from edge.errors import DeviceOffline

READ_BYTES = 4_096


class Port(Protocol):
    """An open port: reads what is there, writes a few bytes, never waits. Both raise DeviceOffline."""

    def fileno(self) -> int:
        """What the loop waits on."""
        ...

    def read(self) -> bytes:
        """What has come."""
        ...

    def write(self, data: bytes) -> None:
        """Hand bytes over."""
        ...

    def close(self) -> None:
        """Let it go."""
        ...


class SerialPort:
    """An open port, 8N1, without flow control. Raises DeviceOffline where it is gone."""

    def __init__(self, path: str, baud: int) -> None:
        try:
            self._port = serial.Serial(path, baud, timeout=0, write_timeout=0, exclusive=True)
        except (serial.SerialException, OSError, ValueError) as error:
            raise DeviceOffline(f"{path}: {_why(error)}") from error

    def fileno(self) -> int:
        """What the loop waits on."""
        return int(self._port.fileno())

    def read(self) -> bytes:
        """What has come; empty when nothing did. Raises DeviceOffline."""
        try:
            return bytes(self._port.read(READ_BYTES))
        except (serial.SerialException, OSError) as error:
            raise DeviceOffline(_why(error)) from error

    def write(self, data: bytes) -> None:
        """Hand a few bytes to the port. Raises DeviceOffline; then nobody can tell how many left."""
        try:
            written = self._port.write(data)
        except (serial.SerialException, OSError) as error:
            raise DeviceOffline(_why(error)) from error
        if written != len(data):
            raise DeviceOffline("the port takes no more")

    def close(self) -> None:
        """Let it go."""
        self._port.close()


def _why(error: Exception) -> str:
    reason = getattr(error, "strerror", None)
    return str(reason or error or type(error).__name__)
