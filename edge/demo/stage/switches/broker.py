"""The two brokers, killed as by a power cut, and started again."""

import asyncio
from typing import Literal

from edge.demo.stage.switches.acting import SiteSwitch
from edge.demo.stage.switches.eyes import Stopwatch
from edge.demo.stage.switches.port import Group, Reach, SwitchState
from edge.demo.stage.words import Said

RECONNECTED_WITHIN_S = 45.0
"""The sessions' pauses grow up to half a minute while nobody answers."""


class BrokerSwitch(SiteSwitch):
    """One mosquitto: kill -9, and start."""

    group: Group = "broker"
    broker: Literal["site", "platform"]
    part: str
    """What the hub's own health says of it."""

    async def act(self, on: bool) -> Said:
        """Kill or start it, and wait until the hub has noticed."""
        watch = Stopwatch()
        if on and self.runs(f"{self.broker}-broker"):
            await asyncio.to_thread(self.world.processes.kill, f"{self.broker}-broker")
        elif not on and not self.runs(f"{self.broker}-broker"):
            await asyncio.to_thread(self.world.start_broker, self.broker)
        await self.eyes.until_part(self.part, well=not on, within_s=RECONNECTED_WITHIN_S)
        return self.say_gone(watch) if on else self.say_back(watch)

    async def look(self) -> SwitchState:
        """On while the process is dead."""
        return "off" if self.runs(f"{self.broker}-broker") else "on"

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
    part = "bank:bank-a"
    words = Said("停小区代理", "Kill the site's broker")
    help = Said(
        "柜子和北门靠它说话。它一死，柜子的情况就是“不知道”，不会当成关着。买东西、缴费、南门照常。",
        "Lockers and the north gate speak through it. Without it cells are not known, never taken for closed."
        " Shop, fees and the south gate go on.",
    )

    def say_gone(self, watch: Stopwatch) -> Said:
        """The bank is not known."""
        return Said(
            f"代理死了。{watch} 秒后主机说：柜子的情况不知道。",
            f"The broker is dead. After {watch} s the hub says: the lockers are not known.",
        )

    def say_back(self, watch: Stopwatch) -> Said:
        """The board told every cell's state anew."""
        return Said(
            f"代理又活了。{watch} 秒后柜子把每一格重新说了一遍；断着时的命令一条也没有补做。",
            f"The broker is back. After {watch} s the lockers told every cell anew; no command of the time"
            " between was carried out.",
        )


class PlatformBroker(BrokerSwitch):
    """The broker that carries the phone's commands."""

    id = "broker.platform"
    broker = "platform"
    part = "commands"
    words = Said("停平台代理", "Kill the platform's broker")
    help = Said(
        "手机的开门命令平时走它。它死了，命令改走 HTTPS；门口的码照常。",
        "The phone's commands come through it. Without it they are fetched over HTTPS; codes at the"
        " doors go on.",
    )

    def say_gone(self, watch: Stopwatch) -> Said:
        """The session's nonce is void."""
        return Said(
            f"代理死了。{watch} 秒后主机说：命令通道断了，旧命令全部作废。",
            f"The broker is dead. After {watch} s the hub says: the command session is gone, what was"
            " meant for it"
            " is void.",
        )

    def say_back(self, watch: Stopwatch) -> Said:
        """A new nonce was agreed."""
        return Said(
            f"代理又活了。{watch} 秒后主机换了新的口令，只认从现在起的命令。",
            f"The broker is back. After {watch} s the hub has a new nonce and takes only commands from"
            " now on.",
        )


def broker_switches(reach: Reach) -> tuple[SiteSwitch, ...]:
    """This group."""
    return (SiteBroker(reach), PlatformBroker(reach))
