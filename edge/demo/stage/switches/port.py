"""What a switch of the stage is, and what it may lay hands on."""

from dataclasses import dataclass
from typing import Literal, Protocol

import aiohttp

from edge.demo.stage.frames import Frame
from edge.demo.stage.wires import Wire
from edge.demo.stage.words import Said
from edge.demo.world import World

SwitchState = Literal["off", "on", "busy", "unavailable"]
"""`busy` while an act is under way; `unavailable` where this machine cannot do it (`help` says why)."""

Group = Literal["network", "broker", "power", "door", "hardware", "attack", "other", "phone"]
"""Where the page puts it; `phone` stands under the phone."""


class Switch(Protocol):
    """One way to hurt the demo. It keeps no state of its own but that an act is under way.

    A `one_shot` acts and is off again by itself; any other stays on until it is switched off.
    """

    @property
    def id(self) -> str:
        """`group.name`, stable: the tour and the tests name it so."""

    @property
    def group(self) -> Group:
        """The row of the page."""

    @property
    def words(self) -> Said:
        """What stands on the key."""

    @property
    def help(self) -> Said:
        """What it does, and what one should see then."""

    @property
    def one_shot(self) -> bool:
        """Whether it ends by itself."""

    async def press(self, on: bool) -> Said:
        """Act; returns what really happened, once it is seen. Raises CannotNow."""

    async def observed(self) -> SwitchState:
        """What can be seen of it now: a process that runs, a wire that is cut. Cheap: asked each look."""


@dataclass(frozen=True, kw_only=True)
class Reach:
    """What switches may lay hands on.

    `http` has the patience of a hand. `world`'s own calls block: they go into threads.
    """

    world: World
    http: aiohttp.ClientSession
    platform_wires: tuple[Wire, ...]
    phone: Frame
