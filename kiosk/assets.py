"""Static files: read once, compressed once, served under their hash for ever."""

import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

STATIC = Path(__file__).parent / "static"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
STAND_IN = "stand-in"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: media type, bytes, and the same bytes gzipped."""

    media_type: str
    body: bytes
    gzipped: bytes


class Assets:
    """All static files by URL; `urls` by name, `pictures` the goods' symbols by id."""

    def __init__(self, folder: Path = STATIC) -> None:
        self._by_url: dict[str, Asset] = {}
        self.urls: dict[str, str] = {}
        self.pictures: dict[str, str] = {}
        for path in sorted(folder.rglob("*")):
            if path.suffix in TYPES:
                self._take(path.relative_to(folder).as_posix(), path.read_bytes(), TYPES[path.suffix])

    def find(self, url: str) -> Asset | None:
        """The file under this URL."""
        return self._by_url.get(url)

    def picture(self, symbol: str) -> str:
        """Where the drawing of a product is; a drawn stand-in where there is none."""
        return self.pictures.get(symbol) or self.pictures[STAND_IN]

    @property
    def compressed_bytes(self) -> int:
        """All files together as they go over the wire."""
        return sum(len(asset.gzipped) for asset in self._by_url.values())

    def _take(self, name: str, body: bytes, media_type: str) -> None:
        url = f"/static/{hashlib.sha256(body).hexdigest()[:12]}/{name}"
        self._by_url[url] = Asset(media_type, body, gzip.compress(body, 9, mtime=0))
        self.urls[name] = url
        if name.startswith(("art/goods", "art/stand-in")):
            for symbol in re.findall(r'<symbol id="([\w-]+)"', body.decode()):
                self.pictures[symbol] = f"{url}#{symbol}"
