"""Doors: a leaf that is stuck, and a contact whose wire is cut."""

from edge.demo.actors import until
from edge.demo.compare import kind_of
from edge.demo.stage.switches.acting import SiteSwitch
from edge.demo.stage.switches.eyes import SEEN_WITHIN_S, of_kind
from edge.demo.stage.switches.port import Group, Reach, SwitchState
from edge.demo.stage.words import Said

JAMMED_DOOR = "gate"
CUT_DOOR = "building-3"
STATES = {
    "open": Said("开着", "open"),
    "closed": Said("关着", "closed"),
    "unknown": Said("不知道", "not known"),
}


class JamTheDoor(SiteSwitch):
    """The south gate's leaf does not move, whatever its lock does."""

    id = "door.jam"
    group: Group = "door"
    words = Said("南门卡住", "Jam the south gate")
    help = Said(
        "门扇卡死。锁照样松，门磁不动，手机上就是“不知道”，绝不会说“开了”。",
        "The leaf is stuck. The lock releases, the contact does not move: the phone says not known,"
        " never opened.",
    )

    async def act(self, on: bool) -> Said:
        """Jam it or free it."""
        door = await self.hands.door(JAMMED_DOOR, jammed=on)
        said = STATES[await self.eyes.contact(JAMMED_DOOR)]
        if on:
            return Said(
                f"南门卡死了，门扇{'开着' if door['open'] else '关着'}，主机说：{said.zh}。再开它，"
                "只会得到“不知道”。",
                f"The south gate is stuck {'open' if door['open'] else 'shut'}; the hub says: {said.en}. An"
                " opening now ends as not known.",
            )
        return Said(
            f"南门又能动了，主机说：{said.zh}。", f"The south gate moves again; the hub says: {said.en}."
        )

    async def look(self) -> SwitchState:
        """Whether the simulator has it jammed."""
        return "on" if (await self.hands.door(JAMMED_DOOR))["jammed"] else "off"


class CutTheContact(SiteSwitch):
    """The wire of building 3's contact is cut: it reads open, whatever the leaf does."""

    id = "door.contact"
    group: Group = "door"
    words = Said("3号楼门磁断线", "Cut building 3's contact")
    help = Said(
        "门磁的线断了，读出来就是“开着”。主机不会当它关着，而是报警：没人放行，门却开了。",
        "A contact's wire is cut, which reads open. The hub does not take it for closed: it raises an"
        " alarm, open"
        " without a release.",
    )

    async def act(self, on: bool) -> Said:
        """Cut it or mend it, and wait for what the hub makes of it."""
        before = await self.eyes.head_seq()
        await self.hands.door(CUT_DOOR, cut=on)
        wanted = "open" if on else "closed"

        async def look() -> bool:
            return await self.eyes.contact(CUT_DOOR) == wanted

        await until(look, f"the hub says of {CUT_DOOR}: {wanted}", SEEN_WITHIN_S)
        if on:
            alarm = await self.eyes.until_entry(
                before, of_kind("DoorForced", "DoorHeldOpen", "DoorContactLost")
            )
            kind = kind_of(alarm)
            return Said(
                f"门是关着的，主机却读到开着：记下报警 {kind}（第 {alarm['seq']} 条）。",
                f"The leaf is shut, the hub reads open: alarm {kind}, entry {alarm['seq']}.",
            )
        return Said("线接好了，主机又读到关着。", "The wire is mended, the hub reads closed again.")

    async def look(self) -> SwitchState:
        """Whether the simulator has it cut."""
        return "on" if (await self.hands.door(CUT_DOOR))["cut"] else "off"


def door_switches(reach: Reach) -> tuple[SiteSwitch, ...]:
    """This group."""
    return (JamTheDoor(reach), CutTheContact(reach))
