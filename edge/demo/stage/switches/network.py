"""The network between the site and the platform, and that of the phone."""

from collections.abc import Sequence

from edge.demo.stage.switches.port import Group, Reach, SwitchState
from edge.demo.stage.wires import Fault
from edge.demo.stage.words import Said

SLOW_DELAY_S = 0.3
SLOW_BYTES_PER_S = 8_192
"""A bad mobile link: 300 ms each way, 8 KB a second."""


class CutNetwork:
    """Both wires between hub and platform end at once, and refuse."""

    id = "network.cut"
    group: Group = "network"
    words = Said("断开", "Cut")
    help = Said(
        "小区和平台之间的网线断了。能扫、能算、能收余额和现金、能开门取件；手机付款会说明为什么不行。",
        "The line between site and platform is cut. Scanning, wallet, cash, doors and lockers go on; phone"
        " payment says why it cannot.",
    )
    one_shot = False

    def __init__(self, reach: Reach) -> None:
        self._wires = reach.platform_wires

    async def press(self, on: bool) -> Said:
        """Cut or mend both."""
        ended = sum(wire.open_connections for wire in self._wires)
        for wire in self._wires:
            await (wire.cut() if on else wire.mend())
        if on:
            return Said(f"断了：{ended} 条连接一下子没了。", f"Cut: {ended} connections ended at once.")
        return Said("接上了，积下的正在补送。", "Mended: what waited is being sent.")

    async def observed(self) -> SwitchState:
        """Whether the wires refuse."""
        return "on" if any(wire.fault is Fault.RESET for wire in self._wires) else "off"


class SlowNetwork:
    """Both wires are late and thin."""

    id = "network.slow"
    group: Group = "network"
    words = Said("变慢", "Slow")
    help = Said(
        "网还在，但每一步晚 0.3 秒，每秒只过 8 KB。屏幕不等它。",
        "The line is there but 0.3 s late each way, and 8 KB a second thin. The screen does not wait for it.",
    )
    one_shot = False

    def __init__(self, reach: Reach) -> None:
        self._wires = reach.platform_wires

    async def press(self, on: bool) -> Said:
        """Slow both, or let them run."""
        for wire in self._wires:
            wire.delay_s = SLOW_DELAY_S if on else 0.0
            wire.bytes_per_s = SLOW_BYTES_PER_S if on else 0
        if on:
            return Said("慢了：每秒 8 KB，晚 0.3 秒。", "Slow: 8 KB a second, 0.3 s late.")
        return Said("恢复原来的速度。", "As fast as before.")

    async def observed(self) -> SwitchState:
        """Whether they are held back."""
        return "on" if any(wire.bytes_per_s for wire in self._wires) else "off"


class PhoneNetwork:
    """The phone's own network off: its way to the platform refuses."""

    id = "phone.network"
    group: Group = "phone"
    words = Said("手机断网", "Phone offline")
    help = Said(
        "只断手机的网。自己的码在手机里签，照样能用。",
        "Only the phone loses its network. Its own code is signed on the phone and still works.",
    )
    one_shot = False

    def __init__(self, reach: Reach) -> None:
        self._phone = reach.phone

    async def press(self, on: bool) -> Said:
        """Cut or mend the phone's frame."""
        await (self._phone.cut() if on else self._phone.mend())
        if on:
            return Said("手机没有网了。", "The phone has no network.")
        return Said("手机又有网了。", "The phone has its network again.")

    async def observed(self) -> SwitchState:
        """Whether its frame refuses."""
        return "on" if self._phone.is_cut else "off"


def network_switches(reach: Reach) -> Sequence[CutNetwork | SlowNetwork | PhoneNetwork]:
    """This group."""
    return (CutNetwork(reach), SlowNetwork(reach), PhoneNetwork(reach))
