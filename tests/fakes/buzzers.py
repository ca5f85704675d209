"""Buzzers that only remember what they were told."""


class FakeBuzzers:
    """The last pattern of each door."""

    def __init__(self) -> None:
        self.playing: dict[str, tuple[int, ...]] = {}

    def sound(self, door: str, pattern_ms: tuple[int, ...]) -> None:
        """Play, or () to stop."""
        self.playing[door] = pattern_ms
