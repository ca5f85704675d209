"""A scanner, card reader or keypad that sends lines over a serial port."""

from collections.abc import Callable

from devices.readings import MAX_TEXT_CHARS
from devices.serial.port import SerialPort
from edge.trust.clock import boot_time_ms

LINE_ENDS = b"\r\n\t\x03"
"""CR, LF, Tab or ETX: what scanners are set to put behind a code."""

FRAME_STARTS = b"\x02"
GAP_MS = 500
"""A line that stopped for so long was cut off; a person's keypad sends its line in one go."""


class SerialScanner:
    """Puts bytes together into lines; what is no ASCII stays so and is refused where lines are judged."""

    def __init__(self, port: SerialPort, now_ms: Callable[[], int] = boot_time_ms) -> None:
        self._port = port
        self._now_ms = now_ms
        self._line = bytearray()
        self._last_ms = 0

    def fileno(self) -> int:
        """The port's file descriptor."""
        return self._port.fileno()

    def read(self) -> list[str]:
        """The lines that were ended by what has come. Raises DeviceOffline."""
        data = self._port.read()
        now_ms = self._now_ms()
        if now_ms - self._last_ms > GAP_MS:
            self._line.clear()
        self._last_ms = now_ms
        lines = []
        for byte in data:
            if byte in LINE_ENDS:
                lines.append(self._line.decode("latin-1"))
                self._line.clear()
            elif byte not in FRAME_STARTS and len(self._line) <= MAX_TEXT_CHARS:
                self._line.append(byte)
        return [line for line in lines if line]

    def close(self) -> None:
        """Let the port go."""
        self._port.close()


def open_scanner(path: str, baud: int) -> SerialScanner:
    """Open a serial scanner. Raises DeviceOffline."""
    return SerialScanner(SerialPort(path, baud))
