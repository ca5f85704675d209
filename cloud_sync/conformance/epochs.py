"""Epochs: another history is a fork, a new epoch goes on from what is in custody, the older one is closed.

Made last: the run's stream ends in quarantine, and a new epoch takes it out again.
"""

from cloud_sync.conformance.bench import Bench, Check, NotTested, Wrong, expect_refusal
from cloud_sync.conformance.custody import expect_acknowledged


async def refuse_fork(bench: Bench) -> str:
    """The same seq with another hash: two histories claim one identity."""
    stream = bench.require_stream()
    last = stream.sent[-1]
    answer = await bench.post(last.rewritten())
    seen = expect_refusal(answer, 409, "fork", what="another last event")
    if answer.details.get("seq") != last.last_seq or answer.details.get("epoch") != stream.epoch:
        raise Wrong(f"fork with details {answer.details}; it is at {last.last_seq} of epoch {stream.epoch}")
    await bench.expect_unmoved("a fork was refused")
    return f"{seen}, seq {last.last_seq}"


async def hold_quarantine(bench: Bench) -> str:
    """After a fork nothing more is taken from the stream, and nothing signed of it."""
    stream = bench.require_stream()
    expect_refusal(await bench.post(stream.write(1)), 409, "quarantined", what="the next batch")
    checkpoint = await bench.peer.ask("GET", bench.peer.device_path + "/checkpoint")
    expect_refusal(checkpoint, 409, "quarantined", what="checkpoint")
    if (await bench.standing()).quarantine is None:
        raise Wrong("standing does not tell the quarantine")
    return "batch and checkpoint: 409 quarantined; standing tells it"


async def demand_beginning(bench: Bench) -> str:
    """A new epoch begins with the event that says so."""
    later = bench.require_stream().next_epoch()
    later.began = True
    answer = await bench.post(later.write(2))
    return expect_refusal(answer, 422, "epoch_not_begun", what="a new epoch without EpochBegan")


async def demand_link(bench: Bench) -> str:
    """A new epoch goes on from an entry that is in custody, and from no other."""
    later = bench.require_stream().next_epoch(head_hash="e" * 64)
    answer = await bench.post(later.write(2))
    return expect_refusal(answer, 409, "fork", what="a new epoch from an unknown entry")


async def take_new_epoch(bench: Bench) -> str:
    """A new epoch that goes on from the head is taken, also out of a quarantine."""
    stream = bench.require_stream()
    later = stream.next_epoch()
    stretch = later.write(3)
    expect_acknowledged(await bench.post(stretch), stretch, what="a new epoch")
    bench.closed = stream.sent[-1]
    later.move_to(stretch)
    bench.stream = later
    await bench.expect_unmoved("a new epoch was taken")
    return f"epoch {later.epoch}, acknowledged up to {later.head_seq}"


async def close_older_epoch(bench: Bench) -> str:
    """What is here of the older epoch is acknowledged again; anything else of it is refused."""
    if bench.closed is None:
        raise NotTested("needs a second epoch, see new_epoch_taken")
    expect_acknowledged(await bench.post(bench.closed), bench.closed, what="an old batch, late")
    answer = await bench.post(bench.closed.rewritten())
    seen = expect_refusal(answer, 409, "superseded", what="news of the closed epoch")
    await bench.expect_unmoved("a closed epoch was refused")
    return f"a late batch acknowledged, {seen}"


_PART = "epochs"
CHECKS: tuple[Check, ...] = (
    Check("fork_refused", _PART, "409 fork with details.seq and details.epoch", refuse_fork),
    Check("quarantine_held", _PART, "409 quarantined until a new epoch", hold_quarantine),
    Check("epoch_must_begin", _PART, "422 epoch_not_begun without EpochBegan", demand_beginning),
    Check("epoch_must_link", _PART, "409 fork for an epoch that goes on from nothing known", demand_link),
    Check("new_epoch_taken", _PART, "200 for an epoch that goes on from the head", take_new_epoch),
    Check("older_epoch_closed", _PART, "409 superseded for news of a closed epoch", close_older_epoch),
)
