"""Platforms for the conformance run to judge: the sample connector, and many that break one promise.

Each fault is planted into a fresh copy of docs/examples/connector.py; `FAULTS` says which check names it.
"""

import contextlib
import importlib.util
import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import web

from cloud_sync.conformance.bench import Bench
from cloud_sync.conformance.peer import Credential, open_peer
from cloud_sync.conformance.run import CHECKS, Finding, judge
from cloud_sync.platform.app import build_platform, make_runner
from cloud_sync.platform.context import PLATFORM
from cloud_sync.platform.keys import make_keys
from cloud_sync.platform.seed import seed
from cloud_sync.platform.settings import DeviceSettings, PlatformSettings, StoreSettings

CONNECTOR = Path(__file__).parents[2] / "docs" / "examples" / "connector.py"
SITE, DEVICE = "heyuanli", "k9"
PAYEES = [{"id": f"p{number}", "name_zh": "甲", "name_en": "A"} for number in range(1, 6)]
WAITING = frozenset({"feed_wait_heard"})
"""Checks that wait for seconds: made only where they are what is looked at."""


def load_connector() -> Any:
    """The sample connector as a module of its own, fresh each time."""
    spec = importlib.util.spec_from_file_location("sample_connector", CONNECTOR)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Served(NamedTuple):
    """A platform that listens, and what its device needs."""

    url: str
    token: str
    root: bytes
    restart: Callable[[], Awaitable[None]]

    async def judge(self, *names: str, device: str = DEVICE) -> dict[str, Finding]:
        """The findings of the named checks; of all that do not wait when none is named."""
        checks = [c for c in CHECKS if (c.name in names if names else c.name not in WAITING)]
        async with open_peer(self.url, site=SITE, device=device, credential=Credential(self.token)) as peer:
            findings = await judge(Bench(peer, root_public=self.root, restart=self.restart), checks)
        return {finding.check: finding for finding in findings}


@contextlib.asynccontextmanager
async def serve_connector(folder: Path, module: Any) -> AsyncIterator[Served]:
    """A connector on a free port that can be ended and started again on the same one."""
    lines = [
        {"cursor": number, "collection": "payees", "id": payee["id"], "version": 1, "data": payee}
        for number, payee in enumerate(PAYEES, 1)
    ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "records.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines))
    running: list[web.AppRunner] = []

    async def start(port: int = 0) -> int:
        app = module.build(folder, SITE, DEVICE)
        runner = web.AppRunner(app, access_log=None, auto_decompress=False)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        running.append(runner)
        return int(runner.addresses[0][1])

    async def restart() -> None:
        await running.pop().cleanup()
        await start(port)

    port = await start()
    token = (folder / f"{DEVICE}.token").read_text()
    try:
        yield Served(
            f"http://127.0.0.1:{port}", token, bytes.fromhex((folder / "root.pub").read_text()), restart
        )
    finally:
        await running.pop().cleanup()


@contextlib.asynccontextmanager
async def serve_reference(folder: Path, store: StoreSettings | None) -> AsyncIterator[Served]:
    """The reference platform on a free port, over either store, that can be ended and started again."""
    settings = PlatformSettings(
        site=SITE,
        name_zh="和园里",
        name_en="Heyuan Court",
        device=[DeviceSettings(DEVICE, "keys/device.token")],
        store=store,
        folder=str(folder),
    )
    make_keys(settings)
    running: list[web.AppRunner] = []

    async def start(port: int = 0) -> int:
        app = build_platform(settings)
        platform = app[PLATFORM]
        await platform.database.write(lambda c: seed(c, platform.keys, {"payees": PAYEES}))
        runner = make_runner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        running.append(runner)
        return int(runner.addresses[0][1])

    async def restart() -> None:
        await running.pop().cleanup()
        await start(port)

    port = await start()
    token = (folder / "keys/device.token").read_text().strip()
    root = bytes.fromhex((folder / "keys/root.pub").read_text())
    try:
        yield Served(f"http://127.0.0.1:{port}", token, root, restart)
    finally:
        await running.pop().cleanup()


def red_of(findings: Iterable[Finding]) -> set[str]:
    """Names of the checks that failed."""
    return {finding.check for finding in findings if finding.state == "failed"}


Planter = Callable[[Any], None]


def _acknowledge_unkept(module: Any) -> None:
    def take(self: Any, device: str, head: Any, lines: Any, hashes: list[str], first_type: str) -> Any:
        del self, device, first_type
        last = head["first_seq"] + len(lines) - 1
        return {"acknowledged_seq": last, "epoch": head["epoch"], "hash": hashes[-1]}

    module.Connector.take = take


def _keep_in_memory(module: Any) -> None:
    module.sqlite3 = type("Memory", (), {"connect": staticmethod(lambda path: sqlite3.connect(":memory:"))})


def _take_gaps(module: Any) -> None:
    def forgive(self: Any, device: str, head: Any, lines: Any, hashes: list[str], first_type: str) -> Any:
        try:
            return taken(self, device, head, lines, hashes, first_type)
        except module.No as no:
            if no.args[1] != "gap":
                raise
            last = head["first_seq"] + len(lines) - 1
            return {"acknowledged_seq": last, "epoch": head["epoch"], "hash": hashes[-1]}

    taken = module.Connector.take
    module.Connector.take = forgive


def _skip_the_chain(module: Any) -> None:
    def read(self: Any, device: str, raw: bytes) -> Any:
        first, _, rest = raw.partition(b"\n")
        with contextlib.suppress(ValueError, KeyError, TypeError):
            head = json.loads(first)
            digest = head["previous_hash"]
            for line in rest.rstrip(b"\n").split(b"\n"):
                digest = module.hashlib.sha256(digest.encode() + line).hexdigest()
            raw = json.dumps({**head, "last_hash": digest}).encode() + b"\n" + rest
        return read_batch(self, device, raw)

    read_batch = module.Connector.read_batch
    module.Connector.read_batch = read


def _overwrite_history(module: Any) -> None:
    def take(self: Any, device: str, head: Any, lines: Any, hashes: list[str], first_type: str) -> Any:
        place = (device, head["epoch"], head["first_seq"])
        newest = self.newest(device)
        if newest and newest[0] == head["epoch"] and head["first_seq"] <= newest[1]:
            with self.db:
                self.db.execute("DELETE FROM events WHERE device=? AND epoch=? AND seq>=?", place)
                self.one(
                    "UPDATE streams SET seq=?, hash=? WHERE device=? AND epoch=?",
                    head["first_seq"] - 1,
                    head["previous_hash"],
                    *place[:2],
                )
        return taken(self, device, head, lines, hashes, first_type)

    taken = module.Connector.take
    module.Connector.take = take


def _drop_unknown(module: Any) -> None:
    def take(self: Any, device: str, head: Any, lines: Any, hashes: list[str], first_type: str) -> Any:
        answer = taken(self, device, head, lines, hashes, first_type)
        with self.db:
            self.db.execute("UPDATE events SET line=NULL WHERE instr(line, 'ConformanceTried') > 0")
        return answer

    async def event(self: Any, request: Any) -> Any:
        answer = await found(self, request)
        return answer if answer.body else module.missing()

    taken, found = module.Connector.take, module.Connector.event
    module.Connector.take, module.Connector.event = take, event


def _name_another_hash(module: Any) -> None:
    def take(self: Any, *batch: Any) -> Any:
        return {**taken(self, *batch), "hash": "a" * 64}

    taken = module.Connector.take
    module.Connector.take = take


def _refuse_repeats(module: Any) -> None:
    def take(self: Any, device: str, head: Any, *rest: Any) -> Any:
        newest = self.newest(device)
        if newest and newest[0] == head["epoch"] and head["first_seq"] <= newest[1]:
            raise module.No(409, "gap", {"expected_seq": newest[1] + 1})
        return taken(self, device, head, *rest)

    taken = module.Connector.take
    module.Connector.take = take


def _feed_from_the_cursor(module: Any) -> None:
    _patch_source(module, 'change["cursor"] > cursor', 'change["cursor"] >= cursor')


def _feed_backwards(module: Any) -> None:
    _patch_source(
        module, 'kept(self.records, "").splitlines()', 'reversed(kept(self.records, "").splitlines())'
    )


def _poll_in_silence(module: Any) -> None:
    _patch_source(module, 'await response.write(b" ")', "pass")


def _answer_old_nonces(module: Any) -> None:
    _patch_source(module, '{"nonce": nonce, "at_ms"', '{"nonce": "0" * 32, "at_ms"')


def _sign_by_another_root(module: Any) -> None:
    _patch_source(module, 'self.sign("root",', 'self.sign("time",')


def _sign_behind_the_head(module: Any) -> None:
    _patch_source(
        module, '"seq": seq, "hash": digest, "at_ms"', '"seq": max(1, seq - 1), "hash": digest, "at_ms"'
    )


def _err_in_sentences(module: Any) -> None:
    _patch_source(
        module,
        "return web.json_response(body, status=said[0],",
        'return web.Response(text="<h1>Sorry</h1>", content_type="text/html", status=said[0],',
    )


def _know_no_limit(module: Any) -> None:
    module.EVENTS = 1 << 20


def _ask_nobody(module: Any) -> None:
    _patch_source(module, "if device is None:", "if False:")
    _patch_source(module, "!= (self.site, device):", "== ():")
    _patch_source(module, "= self.tokens.get(", "= next(iter(self.tokens.values())) or (")


def _keep_epochs_open(module: Any) -> None:
    _patch_source(module, "if here != mine:", "if False:")


def _speak_everything(module: Any) -> None:
    _patch_source(module, '.split(".")[0] != "1"', " == ()")


def _patch_source(module: Any, before: str, after: str) -> None:
    """Change the connector's text and execute it anew in the same module."""
    text = module.__dict__.setdefault("_text", CONNECTOR.read_text("utf-8"))
    assert text.count(before) == 1, before
    module._text = text.replace(before, after)
    exec(compile(module._text, str(CONNECTOR), "exec"), module.__dict__)


class Fault(NamedTuple):
    """A broken promise: how it is planted, and the check that names it."""

    plant: Planter
    named_by: str


FAULTS: dict[str, Fault] = {
    "acknowledges what it does not keep": Fault(_acknowledge_unkept, "standing_follows"),
    "keeps in memory only": Fault(_keep_in_memory, "restart_keeps"),
    "takes a batch over a gap": Fault(_take_gaps, "gap_refused"),
    "does not recompute the chain": Fault(_skip_the_chain, "damage_refused"),
    "overwrites one history with another": Fault(_overwrite_history, "fork_refused"),
    "drops events of unknown types": Fault(_drop_unknown, "unknown_kept"),
    "acknowledges another hash": Fault(_name_another_hash, "acknowledgement_named"),
    "refuses what it has already": Fault(_refuse_repeats, "again_is_once"),
    "feeds from the cursor, not after it": Fault(_feed_from_the_cursor, "feed_ends"),
    "feeds backwards": Fault(_feed_backwards, "feed_whole"),
    "polls in silence": Fault(_poll_in_silence, "feed_wait_heard"),
    "signs the time for another nonce": Fault(_answer_old_nonces, "time_signed"),
    "signs the key set by another key": Fault(_sign_by_another_root, "key_set_signed"),
    "signs a checkpoint that is not the head": Fault(_sign_behind_the_head, "checkpoint_signed"),
    "says no in sentences": Fault(_err_in_sentences, "unknown_path_named"),
    "knows no limit": Fault(_know_no_limit, "many_events_refused"),
    "asks nobody who he is": Fault(_ask_nobody, "stranger_refused"),
    "lets a closed epoch go on": Fault(_keep_epochs_open, "older_epoch_closed"),
    "speaks every protocol": Fault(_speak_everything, "protocol_judged"),
}
