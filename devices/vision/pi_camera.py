"""The Raspberry Pi's camera: `rpicam-vid` writes JPEG after JPEG to a pipe."""

import os
import select
import subprocess
from collections.abc import Iterator, Sequence

from devices.vision.mjpeg import TIMEOUT_S, SourceLost
from devices.vision.pictures import MAX_BYTES

JPEG_BEGIN, JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
READ_BYTES = 262_144
END_S = 2.0


def pi_command(camera: int) -> list[str]:
    """720p at 15 frames a second, without a window, until ended. Options of rpicam-vid(1)."""
    size = ["--width", "1280", "--height", "720", "--framerate", "15"]
    forever = ["--timeout", "0", "--nopreview", "--codec", "mjpeg", "--flush", "--output", "-"]
    return ["rpicam-vid", "--camera", str(camera), *size, *forever]


def read_program(command: Sequence[str]) -> Iterator[bytes]:
    """The pictures that a program writes to its standard output. Raises SourceLost; the program is ended.

    Within a JPEG no end marker occurs but its own: a 0xFF of its data is followed by a zero (ITU T.81,
    B.1.1.5). A picture that is too large is read past and comes back empty.
    """
    try:
        program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError as error:
        raise SourceLost(f"{command[0]}: {error.strerror}") from error
    assert program.stdout is not None
    try:
        yield from _pictures(program.stdout.fileno(), command[0])
    finally:
        program.stdout.close()
        program.terminate()
        try:
            program.wait(END_S)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()


def _pictures(handle: int, name: str) -> Iterator[bytes]:
    buffer, searched_bytes, too_large = bytearray(), 0, False
    while True:
        ready, _, _ = select.select([handle], [], [], TIMEOUT_S)
        data = os.read(handle, READ_BYTES) if ready else b""
        if not data:
            raise SourceLost(f"{name} " + ("ended" if ready else "says nothing"))
        buffer += data
        while (end := buffer.find(JPEG_END, searched_bytes)) >= 0:
            begin = buffer.find(JPEG_BEGIN)
            whole = bytes(buffer[begin : end + len(JPEG_END)]) if 0 <= begin < end else b""
            del buffer[: end + len(JPEG_END)]
            yield b"" if too_large else whole
            too_large, searched_bytes = False, 0
        if len(buffer) > MAX_BYTES:
            del buffer[:-1]
            too_large = True
        searched_bytes = max(0, len(buffer) - 1)
