"""What a device asks of the platform, through a bad network, of the real platform that is restarted half-way.

Faults are drawn by the seed, request by request (`tests/fakes/bad_network.py`); device and platform are
restarted at random moments. Uplink and feed run in every trial, and two of five errands: telemetry, fetched
commands, a backup, custody read back, checkpoints. When the faults end, both sides must come to hold the
same, without hands. Time limits are a twentieth of the real ones, so that a trial takes about a second.
"""

import asyncio
import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from unittest.mock import patch

from cloud_sync import feed_records, records
from edge.store import journal
from edge.store.identity import quarantine_of
from tests.fakes.bad_network import BadNetwork
from tests.proofs import network_site
from tests.proofs.network_bugs import PLANTED
from tests.proofs.network_errands import Errands
from tests.proofs.network_site import Site, running
from tests.proofs.proof import Proof, Trial


async def _trial(folder: Path, seed: int) -> None:
    site = Site(folder, seed)
    errands = Errands(site)
    port = await site.start_platform()
    try:
        async with BadNetwork(target_port=port, chance=Random(seed + 1)) as network:
            for life in range(3):
                async with site.device(network.url) as http, running(*errands.loops(http)):
                    await _live(site, errands)
                    if life == 1:
                        await site.stop_platform()
                        network.target_port = await site.start_platform()
                        await _live(site, errands)
                    if life == 2:
                        network.calm = True
                        await _drain(site, errands, seed)
            await _compare(site, f"seed {seed}, met {sorted(set(network.met))}")
    finally:
        await site.stop_platform()
        site.store.close()


async def _live(site: Site, errands: Errands) -> None:
    """Things happen on both sides while the network is bad; what is acknowledged must be in custody."""
    for _ in range(site.chance.randrange(4, 10)):
        for _ in range(site.chance.randrange(6)):
            site.record()
        if site.chance.random() < 0.6:
            await site.author()
        if site.chance.random() < 0.4:
            await errands.happen()
        await asyncio.sleep(site.chance.uniform(0.0, 0.03))
        await _acknowledged_is_held(site)


async def _acknowledged_is_held(site: Site) -> None:
    acknowledged = site.store.read_now(records.read_acknowledged)
    held = await site.platform.database.read(lambda c: c.execute("SELECT count(*) FROM events").fetchone()[0])
    assert acknowledged <= held, f"I2 acknowledged up to {acknowledged}, the platform holds {held}"


async def _drain(site: Site, errands: Errands, seed: int) -> None:
    end = asyncio.get_running_loop().time() + network_site.DRAIN_S
    while not (await _is_drained(site) and await errands.are_done()):
        left_s = end - asyncio.get_running_loop().time()
        assert left_s > 0, f"I13 seed {seed}: not drained {network_site.DRAIN_S:.0f} s after the faults ended"
        assert site.store.read_now(quarantine_of) is None, f"seed {seed}: took itself for a clone"
        await asyncio.sleep(0.01)
    await _acknowledged_is_held(site)


async def _is_drained(site: Site) -> bool:
    head = site.store.read_now(records.read_head_seq)
    applied = await site.platform.database.read(
        lambda c: c.execute("SELECT coalesce(sum(applied_seq), 0) FROM streams").fetchone()[0]
    )
    cursor = await site.platform.database.read(
        lambda c: c.execute("SELECT coalesce(max(cursor), 0) FROM records").fetchone()[0]
    )
    acknowledged = site.store.read_now(records.read_acknowledged)
    return (head, head, cursor) == (acknowledged, applied, site.store.read_now(feed_records.read_cursor))


async def _compare(site: Site, words: str) -> None:
    """Both sides equal: the same events, each once, the same hashes, applied; every change applied once."""
    rows = await site.platform.database.read(
        lambda c: c.execute("SELECT epoch, seq, hash, line FROM events ORDER BY seq, epoch").fetchall()
    )
    theirs = [(row["epoch"], row["seq"], row["hash"], bytes(row["line"])) for row in rows]
    ours = [
        (1, row.seq, row.hash.hex(), journal.line(row))
        for row in site.store.read_now(lambda c: list(journal.tail(c, 0)))
    ]
    assert theirs == ours, f"I2 {words}: {len(theirs)} held, {len(ours)} recorded, or not the same ones"
    opened, parked, stopped = await site.platform.database.read(
        lambda c: c.execute(
            "SELECT (SELECT count(*) FROM openings), (SELECT count(*) FROM parked),"
            " (SELECT count(*) FROM streams WHERE quarantine IS NOT NULL OR epoch > 1)"
        ).fetchone()
    )
    assert (opened, parked, stopped) == (len(ours), 0, 0), f"{words}: applied {opened} of {len(ours)}"
    assert len(site.applied) == len(set(site.applied)), f"{words}: a change was applied twice"
    newest: dict[str, int] = {}
    for name, version in site.applied:
        assert version > newest.get(name, 0), f"{words}: {name} went back to version {version}"
        newest[name] = version
    assert newest == site.authored, f"{words}: platform has {site.authored}, device {newest}"


@contextmanager
def _open() -> Iterator[Trial]:
    server_log, broker_log = (logging.getLogger(name) for name in ("aiohttp.server", "edge.links.broker"))
    with (
        tempfile.TemporaryDirectory() as base,
        asyncio.Runner() as runner,
        patch.object(server_log, "disabled", True),  # it logs every reset, and resets are the point
        patch.object(broker_log, "disabled", True),  # there is none
    ):

        def trial(seed: int) -> int:
            folder = Path(base, "trial")
            folder.mkdir()
            try:
                runner.run(_trial(folder, seed))
            finally:
                shutil.rmtree(folder)
            return 1

        yield trial


PROOF = Proof(
    name="network",
    promise="Through a broken network both sides end with the same events, each once, and every change",
    open=_open,
    suite=60,
    goal=5_000,
    planted=PLANTED,
)
