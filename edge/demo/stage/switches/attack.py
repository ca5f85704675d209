"""Attacks by somebody who has got hold of the platform's own account at its broker, or of a printer."""

import secrets
import time
from typing import ClassVar

from cloud_sync.platform.keys import load_keys
from cloud_sync.platform.settings import load_settings
from edge.demo.actors import HOLD_S, NotSeen
from edge.demo.compare import kind_of
from edge.demo.layout import SITE
from edge.demo.stage.switches.acting import SiteSwitch
from edge.demo.stage.switches.eyes import Entry, of_kind
from edge.demo.stage.switches.overhearing import Ear
from edge.demo.stage.switches.port import Group, Reach
from edge.demo.stage.words import CannotNow, Said
from edge.trust.keys import SigningKey
from edge.trust.passes import Pass, issue_pass

ANSWERED_WITHIN_S = 8.0
NOTHING_HEARD = Said(
    "还没有听到过开门命令。先在手机上开一次门，再来偷它。",
    "No command has passed by yet. Open a door from the phone first, then steal it.",
)
REASONS = {
    "command_replayed": Said("这条命令已经用过", "this command has been used"),
    "command_expired": Said("这条命令过期了", "this command is over"),
    "command_retained": Said("留存的消息不是命令", "a retained message is no command"),
    "bad_signature": Said("签名不是平台的", "the signature is not the platform's"),
    "clock_unknown": Said("现在不知道准确时间", "the time is not known now"),
    "journal_stopped": Said("现在什么都记不下来", "nothing can be written down now"),
}


class Attack(SiteSwitch):
    """Something that must open nothing; it says what the journal and the guard's trace say of it."""

    group: Group = "attack"
    one_shot = True
    refusal: ClassVar[str]
    """The journal's event that says no."""

    def __init__(self, reach: Reach, ear: Ear) -> None:
        super().__init__(reach)
        self.ear = ear

    async def judge(self, after: int, pulses: int) -> Said:
        """What became of it: the first entry after `after` that answers it, and whether a lock moved."""
        answers = of_kind(self.refusal, "RefusalsCounted", "DoorOpenRequested")
        try:
            entry: Entry | None = await self.eyes.until_entry(after, answers, within_s=ANSWERED_WITHIN_S)
        except NotSeen:
            entry = None
        fired = self.eyes.pulses() - pulses
        moved = Said(f"锁松开了 {fired} 次！", f"Locks released: {fired}!") if fired else NOTHING_MOVED
        if entry is None:
            return Said(
                f"主机的日志里没有它，它没到主机。{moved.zh}",
                f"It did not reach the hub's journal. {moved.en}",
            )
        code = str(entry["data"].get("code", ""))
        if not code:
            seq, kind = entry["seq"], kind_of(entry)
            return Said(f"日志第 {seq} 条：{kind}。{moved.zh}", f"Entry {seq}: {kind}. {moved.en}")
        why = REASONS.get(code, Said(code, code))
        return Said(
            f"拒绝了：{why.zh}（{code}，日志第 {entry['seq']} 条）。{moved.zh}",
            f"Refused: {why.en} ({code}, entry {entry['seq']}). {moved.en}",
        )

    def stolen(self) -> bytes:
        """The newest real command. Raises CannotNow where none was heard."""
        if self.ear.last is None:
            raise CannotNow(NOTHING_HEARD)
        return self.ear.last


NOTHING_MOVED = Said("没有一把锁松开。", "No lock was released.")


class Retain(Attack):
    """A real open command published as *retained*, so that whoever connects gets it at once."""

    id = "attack.retained"
    refusal = "CommandRefused"
    words = Said("保留的开门令", "Retained open command")
    help = Said(
        "拿偷听到的真开门令，用平台自己的账号发成“保留消息”：主机每次重连都会收到。代理不肯存。",
        "A real open command, overheard, published as retained with the platform's own account: every"
        " reconnect"
        " would get it. The broker does not keep it.",
    )

    async def act(self, on: bool) -> Said:
        """Publish it, then subscribe as a newcomer and see what was kept."""
        stolen, after, pulses = self.stolen(), await self.eyes.head_seq(), self.eyes.pulses()
        if await self.ear.say(stolen, retain=True):
            judged = await self.judge(after, pulses)
            kept = await self.ear.kept()
            return Said(
                f"代理收下了，留着 {kept} 条！{judged.zh}",
                f"The broker took it and keeps {kept}! {judged.en}",
            )
        kept, fired = await self.ear.kept(), self.eyes.pulses() - pulses
        return Said(
            f"代理当场挂断：它不留消息。新来的订阅者收到 {kept} 条，锁松开 {fired} 次。",
            f"The broker hung up: it keeps no message. A newcomer gets {kept} of it, locks released:"
            f" {fired}.",
        )


class Replay(Attack):
    """The newest real command once more, byte for byte."""

    id = "attack.replay"
    refusal = "CommandRefused"
    words = Said("重放上一条", "Replay the last command")
    help = Said(
        "把刚才那条真的开门令，一个字节不差，用平台自己的账号再发一遍。",
        "The last real open command once more, byte for byte, with the platform's own account.",
    )

    async def act(self, on: bool) -> Said:
        """Send it, and read what the hub says."""
        stolen, after, pulses = self.stolen(), await self.eyes.head_seq(), self.eyes.pulses()
        if not await self.ear.say(stolen):
            return Said("代理没有收。", "The broker did not take it.")
        return await self.judge(after, pulses)


class Forge(Attack):
    """A pass that says everything right, signed with a stranger's key, held to the gate's reader."""

    id = "attack.forge"
    refusal = "PassRefused"
    words = Said("伪造通行码", "Forge a pass")
    help = Said(
        "一张什么都写对的访客码，钥匙编号也对，只是签名用的是别人的钥匙。印在卡上，给南门的摄像头看。",
        "A visitor's pass that has everything right, the key's name too, but is signed with a stranger's key;"
        " printed on a card and held to the south gate's camera.",
    )

    async def act(self, on: bool) -> Said:
        """Hold it up, and read what the hub says."""
        after, pulses = await self.eyes.head_seq(), self.eyes.pulses()
        await self.hands.hold("gate", "qr", self._forged(), seconds=HOLD_S)
        return await self.judge(after, pulses)

    def _forged(self) -> str:
        """The true key's name can be read in every true pass; the key cannot."""
        true = load_keys(load_settings(self.world.layout.platform / "platform.toml")).signing["passes"]
        now_ms = time.time_ns() // 1_000_000
        return issue_pass(
            SigningKey.generate(true.kid, "passes"),
            Pass(
                id=secrets.token_hex(8),
                kind="visitor",
                site=SITE,
                subject="visitor",
                doors=("gate",),
                not_before_ms=now_ms - 60_000,
                expires_ms=now_ms + 600_000,
                uses=1,
            ),
        )


def attack_switches(reach: Reach, ear: Ear) -> tuple[SiteSwitch, ...]:
    """This group."""
    return (Retain(reach, ear), Replay(reach, ear), Forge(reach, ear))
