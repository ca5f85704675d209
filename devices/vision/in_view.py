"""What is before the camera now: a code counts once for as long as it stays there."""

from collections.abc import Iterable

from devices.vision.codes import Code

GONE_MS = 1_200
"""A code that was not read for so long has been taken away; shown again, it counts again."""

AGREEING_FRAMES = 3
"""So many frames must give the same unsure barcode before it counts."""

MAX_CODES = 64


class InView:
    """Turns what single frames show into scans."""

    def __init__(self, *, gone_ms: int = GONE_MS) -> None:
        self._gone_ms = gone_ms
        self._seen_at_ms: dict[Code, float] = {}
        self._unsure: dict[Code, tuple[int, float]] = {}

    def arrived(self, codes: Iterable[Code], now_ms: float) -> list[Code]:
        """Take what a decoded frame shows; return the codes that have newly come into view."""
        self._forget(now_ms)
        new = []
        for code in codes:
            if not code.sure and not self._agreed(code, now_ms):
                continue
            known = Code(code.symbology, code.text)
            if known not in self._seen_at_ms:
                if len(self._seen_at_ms) >= MAX_CODES:
                    continue
                new.append(known)
            self._seen_at_ms[known] = now_ms
        return new

    def still(self, now_ms: float) -> None:
        """The picture does not move: what was in view still is."""
        for code in self._seen_at_ms:
            self._seen_at_ms[code] = now_ms

    def clear(self) -> None:
        """The camera was away; nothing is known."""
        self._seen_at_ms.clear()
        self._unsure.clear()

    def _agreed(self, code: Code, now_ms: float) -> bool:
        """Count an unsure barcode; a different one starts the count again."""
        if Code(code.symbology, code.text) in self._seen_at_ms:
            return True
        frames, _ = self._unsure.get(code, (0, now_ms))
        self._unsure = {code: (frames + 1, now_ms)}
        return frames + 1 >= AGREEING_FRAMES

    def _forget(self, now_ms: float) -> None:
        oldest_ms = now_ms - self._gone_ms
        self._seen_at_ms = {code: at_ms for code, at_ms in self._seen_at_ms.items() if at_ms >= oldest_ms}
        self._unsure = {code: entry for code, entry in self._unsure.items() if entry[1] >= oldest_ms}
