"""What the walk-test needs of a bank's driver."""

from collections.abc import Mapping
from typing import Protocol


class WalkedBanks(Protocol):
    """Banks whose doors can be tried before anything about their contacts is proved."""

    async def try_cell(self, opening_id: str, bank: str, cell: str) -> None:
        """Send one opening under this id. Raises NotMoved when certainly nothing was done, DeviceError."""
        ...

    def levels(self, bank: str) -> Mapping[str, str | None]:
        """What each cell's contact reads, in the board's own words; None where nothing is known."""
        ...

    def expected_open(self, bank: str) -> str | None:
        """What the contact of an open door should read, where the board or the site's file says."""
        ...

    def wiring(self, bank: str) -> str:
        """A text that changes when a proof of this bank would no longer be good for it."""
        ...

    def prove(self, bank: str, closed_level: str | None) -> None:
        """From now on this level is *closed*; None: nothing is proved."""
        ...
