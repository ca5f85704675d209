"""The two brokers, killed as by a power cut, and started again."""

import asyncio
from typing import Literal

from edge.demo.stage.switches.acting import SiteSwitch
from edge.demo.stage.switches.eyes import Stopwatch
from edge.demo.stage.switches.port import Group, Reach, SwitchState
from edge.demo.stage.words import Said
from edge.standing import BY_HTTPS

RECONNECTED_WITHIN_S = 45.0
"""The sessions' pauses grow up to half a minute while nobody answers."""


class BrokerSwitch(SiteSwitch):
    """One mosquitto: kill -9, and start."""

    group: Group = "broker"
    broker: Literal["site", "platform"]

    async def act(self, on: bool) -> Said:
        """Kill or start it, and wait until the hub has noticed."""
        watch = Stopwatch()
        if on and self.runs(f"{self.broker}-broker"):
            await asyncio.to_thread(self.world.processes.kill, f"{self.broker}-broker")
        elif not on and not self.runs(f"{self.broker}-broker"):
            await asyncio.to_thread(self.world.start_broker, self.broker)
        await self.seen(gone=on)
        return self.say_gone(watch) if on else self.say_back(watch)

    async def look(self) -> SwitchState:
        """On while the process is dead."""
        return "off" if self.runs(f"{self.broker}-broker") else "on"

    async def seen(self, *, gone: bool) -> None:
        """Wait until the hub says by itself that it is gone, or back."""
        raise NotImplementedError

    def say_gone(self, watch: Stopwatch) -> Said:
        """What the hub said when it had gone."""
        raise NotImplementedError

    def say_back(self, watch: Stopwatch) -> Said:
        """What the hub said when it was back."""
        raise NotImplementedError


class SiteBroker(BrokerSwitch):
    """The broker of lockers and satellites."""

    id = "broker.site"
    broker = "site"
    words = Said("停小区代理", "Kill the site's broker")
    help = Said(
        "柜子和北门靠它说话。它一死，柜子的情况就是“不知道”，不会当成关着。买东西、缴费、南门照常。",
        "Lockers and the north gate speak through it. Without it cells are not known, never taken for closed."
        " Shop, fees and the south gate go on.",
    )

    async def seen(self, *, gone: bool) -> None:
        """By what it knows of the locker board."""
        await self.eyes.until_part("bank:bank-a", well=not gone, within_s=RECONNECTED_WITHIN_S)

    def say_gone(self, watch: Stopwatch) -> Said:
        """The bank is not known."""
        return Said(
            f"代理死了。{watch} 秒后主机说：柜子的情况不知道。",
            f"The broker is dead. After {watch} s the hub says: the lockers are not known.",
        )

    def say_back(self, watch: Stopwatch) -> Said:
        """The board told every cell's state anew."""
        return Said(
            f"代理又活了。{watch} 秒后柜子重新报了到，每一格又是知道的。",
            f"The broker is back. After {watch} s the lockers reported anew: every cell is known.",
        )


class PlatformBroker(BrokerSwitch):
    """The broker that carries the phone's commands."""

    id = "broker.platform"
    broker = "platform"
    words = Said("停平台代理", "Kill the platform's broker")
    help = Said(
        "手机的开门命令平时走它。它死了，命令改走 HTTPS；门口的码照常。",
        "The phone's commands come through it. Without it they are fetched over HTTPS; codes at the"
        " doors go on.",
    )

    async def seen(self, *, gone: bool) -> None:
        """By the way on which its commands come."""
        detail = BY_HTTPS if gone else ""
        await self.eyes.until_detail("commands", detail, within_s=RECONNECTED_WITHIN_S)

    def say_gone(self, watch: Stopwatch) -> Said:
        """Commands come another way."""
        return Said(
            f"代理死了。{watch} 秒后主机说：代理不在，命令改用 HTTPS 去取。",
            f"The broker is dead. After {watch} s the hub says: {BY_HTTPS}.",
        )

    def say_back(self, watch: Stopwatch) -> Said:
        """The session is held again."""
        return Said(
            f"代理又活了。{watch} 秒后主机重新连上，命令又走它。",
            f"The broker is back. After {watch} s the hub was connected again.",
        )


def broker_switches(reach: Reach) -> tuple[SiteSwitch, ...]:
    """This group."""
    return (SiteBroker(reach), PlatformBroker(reach))
