"""Hardware: the kiosk's camera unplugged, and a disk on which nothing can be written any more."""

import asyncio
from typing import Any

from edge.demo.stage.switches.acting import SiteSwitch
from edge.demo.stage.switches.eyes import Stopwatch, of_kind
from edge.demo.stage.switches.hub_process import NO_HUB, hub_pid, let_write, may_write
from edge.demo.stage.switches.port import Group, Reach, SwitchState
from edge.demo.stage.words import CannotNow, Said
from edge.service.disk_alarm import NOT_WRITABLE as DISK_ALARM

CAMERA = "kiosk"
CAMERA_PART = "reader:kiosk-camera"
WRITES_AGAIN_WITHIN_S = 20.0


class UnplugTheCamera(SiteSwitch):
    """The kiosk's camera: its stream ends, and nobody answers at its address."""

    id = "hardware.camera"
    group: Group = "hardware"
    words = Said("拔摄像头", "Unplug the camera")
    help = Said(
        "自助屏的摄像头拔了。屏幕上写明不能扫码，东西可以在屏上挑；门口的摄像头照常。",
        "The kiosk's camera is unplugged. The screen says that codes cannot be read and lets goods be picked;"
        " the cameras at the doors go on.",
    )

    async def act(self, on: bool) -> Said:
        """Pull or put back its plug, and wait until the hub knows."""
        watch = Stopwatch()
        async with self.http.post(f"{self._url}/plug", json={"camera": CAMERA, "plugged": not on}) as answer:
            answer.raise_for_status()
        await self.eyes.until_part(CAMERA_PART, well=not on)
        known = str(watch)
        shows = await self.eyes.until_banner("camera", shown=on)
        if on:
            return Said(
                f"拔了。{known} 秒后主机知道没有画面；自助屏上写着：{shows.zh}。",
                f"Unplugged. After {known} s the hub knew that there is no picture; the kiosk says:"
                f" {shows.en}.",
            )
        return Said(
            f"插上了，{watch} 秒后又有画面。", f"Plugged in; there is a picture again after {watch} s."
        )

    async def look(self) -> SwitchState:
        """Whether its plug is out."""
        async with self.http.get(f"{self._url}/cameras.json") as answer:
            cameras: dict[str, Any] = await answer.json()
        return "off" if cameras[CAMERA]["plugged"] else "on"

    @property
    def _url(self) -> str:
        return f"http://127.0.0.1:{self.world.layout.ports.camera}"


class FillTheDisk(SiteSwitch):
    """No file of the hub can take another byte: the kernel refuses every write (setrlimit(2), RLIMIT_FSIZE).

    Unlike a full partition this needs no rights, and it takes the reserve away as well: the hard case, in
    which not even doors can be written down (I14).
    """

    id = "hardware.disk"
    group: Group = "hardware"
    words = Said("写满磁盘", "Fill the disk")
    help = Said(
        "主机一个字节也写不进去了。它停止卖货，说明原因；住户自己的码照样开门，远程和一次性的码不开，"
        "因为记不下来。",
        "The hub cannot write one byte more. It stops selling and says why; residents' own codes open"
        " doors all the"
        " same, remote and single-use ones do not, because nothing could be written down.",
    )

    async def act(self, on: bool) -> Said:
        """Forbid writing or allow it again, and wait until the hub says so itself."""
        pid = hub_pid(self.world)
        if pid is None:
            raise CannotNow(NO_HUB)
        if not on and may_write(pid):
            return Said("本来就能写。", "It can be written as it is.")
        watch, before = Stopwatch(), await self.eyes.head_seq()
        let_write(pid, not on)
        if on:
            await self._give_it_something_to_write()
        await self.eyes.until_part("store", well=not on, within_s=WRITES_AGAIN_WITHIN_S)
        known = str(watch)
        shows = await self.eyes.until_banner("journal", shown=on)
        if on:
            return Said(
                f"一个字节也写不进去了，{known} 秒后主机发现。自助屏上写着：{shows.zh}。",
                f"Not a byte can be written; the hub found out after {known} s. The kiosk says: {shows.en}.",
            )
        told = await self.eyes.until_entry(before, of_kind("AlarmRaised", kind=DISK_ALARM))
        return Said(
            f"又能写了。{known} 秒后主机自己重新打开库，照常营业；"
            f"有一阵写不进去，日志第 {told['seq']} 条记着。",
            f"Writing works again. After {known} s the hub had opened its database anew by itself and sells"
            f" again; entry {told['seq']} tells for how long nothing could be written.",
        )

    async def look(self) -> SwitchState:
        """What the kernel says of the hub's limit."""
        pid = hub_pid(self.world)
        return "off" if pid is None or may_write(pid) else "on"

    async def _give_it_something_to_write(self) -> None:
        """The auditor takes a copy of the journal, which is an entry; a hub at rest writes little."""
        pin = self.world.pins()["auditor"]
        body = {"login": "auditor", "pin": pin}
        await asyncio.to_thread(self.world.control.post, "/journal/export", body)


def hardware_switches(reach: Reach) -> tuple[SiteSwitch, ...]:
    """This group."""
    return (UnplugTheCamera(reach), FillTheDisk(reach))
