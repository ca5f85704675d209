"""Power: the hub's plug pulled, and the relay guard killed under it."""

import asyncio

from edge.demo.actors import NotSeen
from edge.demo.stage.switches.acting import SiteSwitch
from edge.demo.stage.switches.eyes import Stopwatch
from edge.demo.stage.switches.hub_process import NO_HUB, cut_power, hub_pid
from edge.demo.stage.switches.port import Group, Reach
from edge.demo.stage.words import CannotNow, Said

PLUG_OUT_S = 3.0
GUARD_AWAY_S = 2.0
"""As `RestartSec` of the guard's unit would have it."""
BOOTED_WITHIN_S = 45.0


class PullThePlug(SiteSwitch):
    """kill -9 of the hub; it starts again after three seconds, as after a power cut."""

    id = "power.hub"
    group: Group = "power"
    words = Said("拔掉主机", "Pull the hub's plug")
    help = Said(
        "主机当场断电（kill -9），3 秒后来电。付了一半的钱、开了一半的门，它回来都要说得清。",
        "The hub loses power at once (kill -9) and gets it back after 3 s. Half a payment, half an"
        " opening: it"
        " has to know when it is back.",
    )
    one_shot = True

    async def act(self, on: bool) -> Said:
        """Kill it, wait, start it, and look whether what had been written is there."""
        if hub_pid(self.world) is None:
            raise CannotNow(NO_HUB)
        before = await self.eyes.after(0)
        watch = Stopwatch()
        await cut_power(self.world, for_s=PLUG_OUT_S, lies=None)
        await self.eyes.until_back(within_s=BOOTED_WITHIN_S)
        after = await self.eyes.after(0)
        if after[: len(before)] != before:
            raise NotSeen("entries that had been written are not there any more")
        return Said(
            f"断电 3 秒，{watch} 秒后回来。断电前的 {len(before)} 条日志一条不少，之后又有"
            f" {len(after) - len(before)} 条。",
            f"Without power for 3 s, back after {watch} s. All {len(before)} entries from before are"
            " there, and"
            f" {len(after) - len(before)} newer ones.",
        )


class KillTheGuard(SiteSwitch):
    """kill -9 of the relay guard; it comes back by itself, as systemd would start it."""

    id = "power.guard"
    group: Group = "power"
    words = Said("杀守护", "Kill the guard")
    help = Said(
        "管继电器的小程序被杀。它一回来先把每条线断电；主机自己重新接上。2 秒后它自己回来。",
        "The small program that drives the relays is killed. Back after 2 s, it first drops every line;"
        " the hub"
        " reconnects by itself.",
    )
    one_shot = True

    async def act(self, on: bool) -> Said:
        """Kill it, wait until the hub knows, start it, wait until the hub has it again."""
        if not self.runs("guard"):
            raise CannotNow(Said("守护没有在运行。", "The guard is not running."))
        edges = len(self.eyes.edges())
        watch = Stopwatch()
        away = asyncio.create_task(asyncio.sleep(GUARD_AWAY_S))
        await asyncio.to_thread(self.world.processes.kill, "guard")
        await self.eyes.until_part("guard", well=False)
        noticed = str(watch)
        await away
        await asyncio.to_thread(self.world.restart_guard)
        await self.eyes.until_part("guard", well=True)
        since = self.eyes.edges()[edges:]
        dropped, raised = (sum(edge.level == level for edge in since) for level in (0, 1))
        return Said(
            f"{noticed} 秒后主机知道守护没了，{watch} 秒时又接上。守护一起来先给 {dropped} 条线断电；"
            f"其间松锁 {raised} 次。",
            f"After {noticed} s the hub knew that the guard was gone, at {watch} s it had it again. The"
            " guard first"
            f" dropped {dropped} lines; locks released meanwhile: {raised}.",
        )


def power_switches(reach: Reach) -> tuple[SiteSwitch, ...]:
    """This group."""
    return (PullThePlug(reach), KillTheGuard(reach))
