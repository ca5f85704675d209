"""Commands from the platform: received over its broker or fetched, checked in order, answered truly.

Order (architecture.md, Commands): size, key, signature, audience, nonce and counter, expiry; then the access
room: policy, intent committed, fired. A retained message is never a command. Both ways carry the same bytes:
what one of them brought, the other brings for nothing.
"""

import asyncio
import logging
import secrets
import ssl
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol, get_args

import msgspec

from cloud_sync.http import Patience, PlatformHttp
from cloud_sync.wire.commands import AnswerState, CommandAnswer, NonceNotice, answer_topic, command_topic
from edge.access.entry import Report
from edge.access.records import Opening
from edge.config import BrokerSettings
from edge.errors import DeviceOffline, PlatformError, Refusal
from edge.links.broker import BrokerMessage, BrokerSession
from edge.trust.clock import Clock
from edge.trust.commands import Command, CommandExpired, CommandReplayed, check_command, open_command
from edge.trust.keys import KeySet
from edge.trust.time_policy import Decision, is_over, judged_at

log = logging.getLogger(__name__)

MAX_RUNNING = 64
"""Commands between intent and contact at once; one more is refused as busy."""
PATIENCE = Patience(connect_s=4.0, silence_s=3.0, total_s=5.0)
MAX_REMEMBERED = 512
"""Ids of commands whose second coming, by the other way, is no replay; and of those refused, with why."""
RETAINED, BUSY = "command_retained", "busy"


class CommandDoors(Protocol):
    """The part of the access room that commands need; `edge.access.entry.DoorOpener`."""

    async def open_by_command(self, command: Command, report: Report | None = None) -> Opening:
        """Open, reporting each thing that happened; raises Refusal after it was journalled."""

    async def stored_answer(self, command_id: str) -> tuple[str, str] | None:
        """State and reason of a command taken before."""

    async def refuse_command(self, command_id: str, code: str) -> None:
        """Journal that a command opened nothing, and why."""


class CommandSession:
    """A role: one session on the platform's broker. `ready` once our nonce is known at the platform.

    `nonce_lost` is set while there is none; `CommandPull`, which fetches beside the broker, posts one then.
    `raise_floor` is told the `iat` of every command that passed all checks of this room: one dated ahead of a
    clock that is known is refused, and moves no floor.
    """

    def __init__(
        self,
        *,
        settings: BrokerSettings,
        password: str,
        site: str,
        device: str,
        http: PlatformHttp,
        clock: Clock,
        keys: Callable[[], KeySet],
        doors: CommandDoors,
        raise_floor: Callable[[int], None] = lambda at_ms: None,
        tls: ssl.SSLContext | None = None,
        note_trust: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        self._site, self._device = site, device
        self._http = http
        self._clock = clock
        self._keys = keys
        self._doors = doors
        self._raise_floor = raise_floor
        self._nonce = ""
        self._counter = 0
        self._renewing = asyncio.Lock()
        self._published: OrderedDict[str, bool] = OrderedDict()
        self._refused: OrderedDict[str, str] = OrderedDict()
        self._running: set[asyncio.Task[None]] = set()
        self.ready = False
        self.nonce_lost = asyncio.Event()
        self.nonce_lost.set()
        self._session = BrokerSession(
            host=settings.host,
            port=settings.port,
            username=settings.username,
            password=password,
            client_id=f"{site}.{device}",
            subscriptions=[command_topic(site, device)],
            on_message=self.take,
            on_ready=self.post_nonce,
            on_lost=self.forget_nonce,
            tls=tls,
            note_trust=note_trust,
        )

    @property
    def connected(self) -> bool:
        """Whether the broker carries commands now; else they are fetched over HTTPS."""
        return self._session.ready

    async def run(self) -> None:
        """Hold the session until cancelled."""
        try:
            await self._session.run()
        finally:
            for task in self._running:
                task.cancel()

    async def post_nonce(self) -> None:
        """After every SUBACK: from now on only commands that carry this nonce count. Raises PlatformError."""
        async with self._renewing:
            nonce = secrets.token_hex(16)
            self._nonce, self._counter = nonce, 0
            await self._http.exchange(
                "POST",
                self._http.device_path + "/nonce",
                body=msgspec.json.encode(NonceNotice(nonce)),
                headers={"Content-Type": "application/json"},
                patience=PATIENCE,
            )
            if self._nonce == nonce:
                self.ready = True
                self.nonce_lost.clear()

    def forget_nonce(self) -> None:
        """The session broke: what was meant for it is void."""
        self._nonce, self._counter, self.ready = "", 0, False
        self.nonce_lost.set()

    async def take(self, message: BrokerMessage) -> None:
        """Check one message of the broker; what passes runs on beside the next message."""
        if message.retained:
            await self._doors.refuse_command("", RETAINED)
            return
        await self._take(message.payload, fetched=False)

    async def take_fetched(self, message: bytes) -> bool:
        """Check one message that was fetched over HTTPS; False when it had come before."""
        return await self._take(message, fetched=True)

    async def _take(self, message: bytes, *, fetched: bool) -> bool:
        try:
            now = self._clock.now()
            keys = self._keys().without_ended(now.at_ms)
            command = open_command(message, keys, judged_at(Decision.COMMAND_END, now))
        except Refusal as refusal:
            await self._doors.refuse_command("", refusal.code)
            return True
        if self._came_by_the_other_way(command, fetched=fetched):
            if fetched:
                await self._send_stored(command.id)
            return False
        try:
            self._check(command)
            self._raise_floor(command.iat_ms)
            if len(self._running) >= MAX_RUNNING:
                raise CommandsBusy()
        except Refusal as refusal:
            await self._refuse(command, refusal)
            return True
        task = asyncio.create_task(self._execute(command))
        self._running.add(task)
        task.add_done_callback(self._finished)
        return True

    def _came_by_the_other_way(self, command: Command, *, fetched: bool) -> bool:
        """The second coming of a verified command that lives; by the broker twice it is a replay, as ever."""
        published = self._published.get(command.id)
        self._published[command.id] = bool(published) or not fetched
        if len(self._published) > MAX_REMEMBERED:
            self._published.popitem(last=False)
        lives = not is_over(command.exp_ms, self._clock.now())
        return lives and published is not None and (fetched or not published)

    def _check(self, command: Command) -> None:
        """Audience, nonce and counter, expiry; a counter once seen is used up, whatever follows."""
        try:
            check_command(
                command,
                site=self._site,
                device=self._device,
                nonce=self._nonce,
                last_counter=self._counter,
                now=self._clock.now(),
            )
        except CommandExpired:
            self._counter = max(self._counter, command.counter)
            raise
        self._counter = command.counter

    async def _refuse(self, command: Command, refusal: Refusal) -> None:
        """Journal it; a repeated command gets its stored answer, any other one `refused`."""
        await self._doors.refuse_command(command.id, refusal.code)
        if (command.site, command.device) != (self._site, self._device):
            return
        if isinstance(refusal, CommandReplayed) and await self._send_stored(command.id):
            return
        await self._send(self._answer(command.id, "refused", refusal.code))

    async def _send_stored(self, command_id: str) -> bool:
        """Tell once more what became of a command; False when there is nothing to tell."""
        stored = await self._doors.stored_answer(command_id)
        if stored is None and command_id in self._refused:
            stored = ("refused", self._refused[command_id])
        if stored is not None:
            await self._send(self._answer(command_id, *stored))
        return stored is not None

    async def _execute(self, command: Command) -> None:
        """Open, with the answers on their way beside it: a slow broker holds up no door."""
        answers = _Answers(self._send)

        async def report(state: str, reason: str) -> None:
            answers.put(self._answer(command.id, state, reason))

        try:
            await self._doors.open_by_command(command, report)
        except Refusal as refusal:
            await report("refused", refusal.code)
        finally:
            await answers.sent()

    def _answer(self, command_id: str, state: str, reason: str) -> CommandAnswer:
        return CommandAnswer(command_id, _ANSWER_STATES[state], self._clock.now().at_ms, reason)

    async def _send(self, answer: CommandAnswer) -> None:
        """Tell the platform, by HTTPS when the broker is away.

        When both are, the journal tells of an opening later, and a refusal is told again when the command is
        fetched again.
        """
        if answer.state == "refused":
            self._refused[answer.command] = answer.reason
            if len(self._refused) > MAX_REMEMBERED:
                self._refused.popitem(last=False)
        body = msgspec.json.encode(answer)
        try:
            await self._session.publish(answer_topic(self._site, self._device), body)
        except DeviceOffline as error:
            log.info("answer %s %s not published: %s", answer.command, answer.state, error)
            await self._post(body)

    async def _post(self, answer: bytes) -> None:
        try:
            await self._http.exchange(
                "POST",
                self._http.device_path + "/answers",
                body=answer,
                headers={"Content-Type": "application/json"},
                patience=PATIENCE,
            )
        except PlatformError as error:
            log.info("answer not sent: %s", error)

    def _finished(self, task: "asyncio.Task[None]") -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("command failed", exc_info=error)


class _Answers:
    """One command's answers on their way, in order; at most one a state, and no task before the first."""

    def __init__(self, send: Callable[[CommandAnswer], Awaitable[None]]) -> None:
        self._send = send
        self._left: deque[CommandAnswer] = deque()
        self._sending: asyncio.Task[None] | None = None

    def put(self, answer: CommandAnswer) -> None:
        self._left.append(answer)
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send_all())

    async def sent(self) -> None:
        """Wait until all are."""
        if self._sending is not None:
            await self._sending

    async def _send_all(self) -> None:
        while self._left:
            await self._send(self._left.popleft())


class CommandsBusy(Refusal):
    """Too many commands are under way."""

    code = BUSY


_ANSWER_STATES: dict[str, AnswerState] = {
    **{state: state for state in get_args(AnswerState)},
    "intended": "accepted",
}
"""State of an opening → what the answer says."""


def read_password(path: Path) -> str:
    """The account's password, without the line end."""
    return path.read_text("utf-8").strip()
