"""Webhooks in the store: subscriptions, how far each device's custody was delivered, and dead letters."""

import re
import secrets
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from cloud_sync.platform.keys import new_id
from cloud_sync.platform.register import find_site
from cloud_sync.platform.store.port import Connection
from cloud_sync.platform.webhooks.addresses import WebhookInvalid

TYPES_LIMIT, OWNED_LIMIT = 50, 20
LANES_A_ROUND, EVENTS_A_ROUND, LETTERS_SHOWN = 200, 50, 100
_TYPE = re.compile(r"(community\.edge\.)?[A-Za-z][A-Za-z0-9]{0,59}(\.v[0-9]{1,3})?", re.ASCII)
OPERATORS = ""
"""The owner of webhooks that operators made."""


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription and how it goes; `site` empty: all sites, `types` empty: all types, times 0: never."""

    id: str
    owner: str
    site: str
    url: str
    types: list[str]
    salt: str
    created_ms: int
    delivered: int
    delivered_ms: int
    failed_ms: int
    failure: str
    letters: int = 0

    def wants(self, type_name: str) -> bool:
        """Whether an event of this type is to be delivered; a name without version stands for all of them."""
        short = type_name.removeprefix("community.edge.")
        return not self.types or not {type_name, short, short.partition(".")[0]}.isdisjoint(self.types)


class Lane(NamedTuple):
    """Through which event a device's custody was delivered, and how often the next one was tried in vain."""

    device: str
    epoch: int
    seq: int
    attempts: int


class Pending(NamedTuple):
    """An event of a lane, as it is in custody."""

    epoch: int
    seq: int
    id: str
    type: str
    line: bytes


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery that was given up; `again`: one more attempt was asked for."""

    webhook: str
    device: str
    epoch: int
    seq: int
    event: str
    type: str
    attempts: int
    failure: str
    given_up_ms: int
    again: int


def add_webhook(
    connection: Connection, *, owner: str, site: str, url: str, types: list[str], now_ms: int
) -> Webhook:
    """Subscribe to what happens from now on; the URL was checked. Raises WebhookInvalid."""
    if len(types) > TYPES_LIMIT or not all(_TYPE.fullmatch(name) for name in types):
        raise WebhookInvalid(reason="types")
    if site and find_site(connection, site) is None:
        raise WebhookInvalid(reason="site")
    if len(list_webhooks(connection, lambda hook: hook.owner == owner)) >= OWNED_LIMIT:
        raise WebhookInvalid(reason="too_many")
    id = new_id("hook")
    connection.execute(
        "INSERT INTO webhooks (id, owner, site, url, types, salt, created_ms) VALUES (?,?,?,?,?,?,?)",
        (id, owner, site, url, " ".join(sorted(set(types))), secrets.token_hex(16), now_ms),
    )
    heads = connection.execute("SELECT site, device, epoch, head_seq FROM streams ORDER BY device, epoch")
    newest = {head["device"]: head for head in heads if site in ("", head["site"])}
    connection.executemany(
        "INSERT INTO webhook_lanes (webhook, device, epoch, seq) VALUES (?,?,?,?)",
        [(id, device, head["epoch"], head["head_seq"]) for device, head in newest.items()],
    )
    return next(hook for hook in list_webhooks(connection) if hook.id == id)


def list_webhooks(
    connection: Connection, wanted: Callable[[Webhook], bool] = lambda hook: True
) -> list[Webhook]:
    """The subscriptions that count, the oldest first: those of a key that was taken back do not."""
    rows = connection.execute(
        "SELECT w.*, (SELECT count(*) FROM webhook_letters l WHERE l.webhook=w.id) AS letters FROM webhooks w"
        " WHERE w.removed_ms=0 AND (w.owner='' OR w.owner IN (SELECT id FROM api_keys WHERE revoked_ms=0))"
        " ORDER BY w.created_ms, w.id"
    )
    hooks = [msgspec.convert(dict(row) | {"types": row["types"].split()}, Webhook) for row in rows]
    return [hook for hook in hooks if wanted(hook)]


def remove_webhook(connection: Connection, id: str, *, now_ms: int) -> None:
    """End a subscription; what it has not delivered is not."""
    connection.execute("UPDATE webhooks SET removed_ms=? WHERE id=? AND removed_ms=0", (now_ms, id))
    connection.execute("DELETE FROM webhook_lanes WHERE webhook=?", (id,))
    connection.execute("DELETE FROM webhook_letters WHERE webhook=?", (id,))


def due_lanes(connection: Connection, hook: Webhook, *, now_ms: int) -> list[Lane]:
    """Devices of which events are to be delivered now."""
    query, values = _DUE, [hook.id, now_ms, hook.id]
    if hook.site:
        query, values = _DUE_AT_SITE, [hook.id, now_ms, hook.id, hook.site]
    return [Lane(*row) for row in connection.execute(query, (*values, LANES_A_ROUND))]


def next_events(connection: Connection, lane: Lane) -> list[Pending]:
    """The next events of a lane in order of custody."""
    rows = connection.execute(
        "SELECT epoch, seq, id, type, line FROM events WHERE device=? AND (epoch, seq) > (?, ?)"
        " ORDER BY epoch, seq LIMIT ?",
        (lane.device, lane.epoch, lane.seq, EVENTS_A_ROUND),
    )
    return [Pending(row["epoch"], row["seq"], row["id"], row["type"], bytes(row["line"])) for row in rows]


def keep_lane(connection: Connection, hook: str, lane: Lane, *, next_ms: int = 0) -> None:
    """Remember how far a lane is; nothing where the webhook was removed meanwhile."""
    connection.execute(
        "INSERT INTO webhook_lanes (webhook, device, epoch, seq, attempts, next_ms)"
        " SELECT id, ?, ?, ?, ?, ? FROM webhooks WHERE id=? AND removed_ms=0"
        " ON CONFLICT (webhook, device) DO UPDATE SET epoch=excluded.epoch, seq=excluded.seq,"
        " attempts=excluded.attempts, next_ms=excluded.next_ms",
        (lane.device, lane.epoch, lane.seq, lane.attempts, next_ms, hook),
    )


def note_delivered(connection: Connection, hook: str, count: int, *, now_ms: int) -> None:
    """Count deliveries that a receiver took."""
    connection.execute(
        "UPDATE webhooks SET delivered=delivered+?, delivered_ms=? WHERE id=?", (count, now_ms, hook)
    )


def note_failed(connection: Connection, hook: str, failure: str, *, now_ms: int) -> None:
    """Remember the newest failure."""
    connection.execute("UPDATE webhooks SET failed_ms=?, failure=? WHERE id=?", (now_ms, failure, hook))


def give_up(
    connection: Connection, hook: str, lane: Lane, event: Pending, failure: str, *, now_ms: int
) -> None:
    """Lay an event aside, so that those behind it go on."""
    connection.execute(
        "INSERT INTO webhook_letters"
        " (webhook, device, epoch, seq, event, type, attempts, failure, given_up_ms)"
        " SELECT id, ?, ?, ?, ?, ?, ?, ?, ? FROM webhooks WHERE id=? AND removed_ms=0"
        " ON CONFLICT (webhook, device, epoch, seq) DO NOTHING",
        (
            *(lane.device, event.epoch, event.seq, event.id, event.type, lane.attempts, failure),
            *(now_ms, hook),
        ),
    )


def list_letters(connection: Connection, hook: str, *, again: bool = False) -> list[Letter]:
    """Dead letters in order of custody; `again`: only those that are to be sent once more."""
    rows = connection.execute(
        "SELECT * FROM webhook_letters WHERE webhook=? AND again>=? ORDER BY device, epoch, seq LIMIT ?",
        (hook, int(again), LETTERS_SHOWN),
    )
    return [msgspec.convert(dict(row), Letter) for row in rows]


def find_event(connection: Connection, letter: Letter) -> Pending:
    """The event of a letter; custody keeps all."""
    row = connection.execute(
        "SELECT epoch, seq, id, type, line FROM events WHERE device=? AND epoch=? AND seq=?",
        (letter.device, letter.epoch, letter.seq),
    ).fetchone()
    return Pending(row["epoch"], row["seq"], row["id"], row["type"], bytes(row["line"]))


def send_again(connection: Connection, hook: str, key: tuple[str, int, int] | None = None) -> int:
    """Ask for one more attempt of a letter (device, epoch, seq), or of all; returns how many there are."""
    where, values = ("", ()) if key is None else (" AND device=? AND epoch=? AND seq=?", key)
    return connection.execute(_AGAIN + where, (hook, *values)).rowcount


def settle_letter(connection: Connection, letter: Letter, failure: str) -> None:
    """What became of the one more attempt: gone, or back in its place."""
    key = (letter.webhook, letter.device, letter.epoch, letter.seq)
    if not failure:
        connection.execute(
            "DELETE FROM webhook_letters WHERE webhook=? AND device=? AND epoch=? AND seq=?", key
        )
        return
    connection.execute(
        "UPDATE webhook_letters SET again=0, attempts=attempts+1, failure=?"
        " WHERE webhook=? AND device=? AND epoch=? AND seq=?",
        (failure, *key),
    )


def row_of(hook: Webhook) -> dict[str, Any]:
    """What an owner is told of a webhook: all but what its secret follows from."""
    shown = msgspec.to_builtins(hook)
    return {name: value for name, value in shown.items() if name not in ("salt", "owner")}


_AGAIN = "UPDATE webhook_letters SET again=1 WHERE webhook=?"
_BEHIND = (
    "SELECT s.device, coalesce(l.epoch, 0), coalesce(l.seq, 0), coalesce(l.attempts, 0) FROM streams s"
    " LEFT JOIN webhook_lanes l ON l.webhook=? AND l.device=s.device WHERE coalesce(l.next_ms, 0)<=?"
    " AND (l.device IS NULL OR s.epoch>l.epoch OR (s.epoch=l.epoch AND s.head_seq>l.seq))"
    " AND EXISTS (SELECT 1 FROM webhooks w WHERE w.id=? AND w.removed_ms=0)"
)
_GROUPED = " GROUP BY s.device, l.epoch, l.seq, l.attempts ORDER BY s.device LIMIT ?"
_DUE, _DUE_AT_SITE = _BEHIND + _GROUPED, _BEHIND + " AND s.site=?" + _GROUPED
