"""Read codes from picture files, one JSON line a file: `python -m devices.vision.scan_files FILE...`."""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec

from devices.vision.codes import Symbology
from devices.vision.decoder import Decoder
from devices.vision.headers import PictureRefused
from devices.vision.pictures import read_picture


class FoundCode(msgspec.Struct, frozen=True):
    """A code in a picture."""

    symbology: Symbology
    text: str


class FileResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a file gave: `symbology` and `text` of the first code and all `codes`, or why it was refused."""

    file: str
    symbology: Symbology | None = None
    text: str | None = None
    codes: tuple[FoundCode, ...] = ()
    refused: str | None = None


def read_files(paths: Iterable[Path]) -> list[FileResult]:
    """Read every file within the limits of the vision process; barcodes that are not sure are left out."""
    decoder = Decoder()
    return [_read_file(decoder, path) for path in paths]


def _read_file(decoder: Decoder, path: Path) -> FileResult:
    try:
        found = [code for code in decoder.read(read_picture(path)) if code.sure]
    except PictureRefused as error:
        return FileResult(file=str(path), refused=error.reason)
    except OSError as error:
        return FileResult(file=str(path), refused=error.strerror or "unreadable")
    codes = tuple(FoundCode(code.symbology, code.text) for code in found)
    if not codes:
        return FileResult(file=str(path))
    return FileResult(file=str(path), symbology=codes[0].symbology, text=codes[0].text, codes=codes)


def main() -> int:
    """Print a line for every file; 1 when one was refused or holds no code."""
    parser = argparse.ArgumentParser(prog="python -m devices.vision.scan_files", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    results = read_files(parser.parse_args().files)
    sys.stdout.buffer.writelines(msgspec.json.encode(result) + b"\n" for result in results)
    return 0 if all(result.codes for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
