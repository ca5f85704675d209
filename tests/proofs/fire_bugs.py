"""Bugs of the fire linkage that its proof has to find; the proof plants them in this process."""

from collections.abc import Mapping

from edge.access.doors.site import SiteDoors
from tests.proofs.doors_bugs import PLANTED as DOORS
from tests.proofs.planting import replaced_all
from tests.proofs.proof import Plant


async def _start_knowing_nothing(self: SiteDoors) -> None:
    await self.refresh()


PLANTED: Mapping[str, Plant] = {
    "the doors are told at the next look": lambda: replaced_all(
        (SiteDoors, "_follow_soon", lambda self: None)
    ),
    "fire forgotten at restart": lambda: replaced_all((SiteDoors, "start", _start_knowing_nothing)),
    "lock-down beats fire": DOORS["lock-down beats fire"],
    "the guard that comes back is told of no fire": DOORS["hold lost when the device comes back"],
}
