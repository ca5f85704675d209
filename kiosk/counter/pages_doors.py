"""Doors: how they stand, open with a reason, keep open, lock down, end the fire release."""

from aiohttp import web

from kiosk.counter.door_views import DoorView, Search
from kiosk.counter.door_words import HOLD_MINUTES, HOLD_REASONS, LOCK_DOWN_REASONS, OPEN_REASONS
from kiosk.counter.errors import DoorNotThere, ReasonMissing
from kiosk.counter.roles import KEEPERS, PORTERS, RECORDERS, WATCHERS
from kiosk.counter.server import Route, Visit, go

MINUTE_MS = 60_000
LAST_ENTRIES = 12
NOTE_LIMIT = 200


async def list_doors(visit: Visit) -> web.Response:
    """Every door, what waits for a person, and whether fire release or lock-down stand."""
    site = await visit.deps.doors.site()
    return visit.show("doors.html", site=site, names=_names(site.doors))


async def show_door(visit: Visit) -> web.Response:
    """One door: what it does, the keys, its last entries."""
    wanted = visit.request.match_info["door"]
    site = await visit.deps.doors.site()
    door = _found(site.doors, wanted)
    found = None
    if visit.may(RECORDERS):
        found = await visit.deps.doors.records(Search(door=wanted, size=LAST_ENTRIES))
    return visit.show(
        "door.html",
        site=site,
        door=door,
        alarms=[alarm for alarm in site.alarms if alarm.door == wanted],
        entries=None if found is None else found.entries,
        open_reasons=OPEN_REASONS,
        hold_reasons=HOLD_REASONS,
        hold_minutes=HOLD_MINUTES,
    )


async def open_door(visit: Visit) -> web.Response:
    """Open once, in the name of who is signed in. Raises ReasonMissing."""
    door = visit.request.match_info["door"]
    reason, note = _reason(visit, tuple(OPEN_REASONS))
    await visit.deps.doors.open(door, staff=visit.person_id, reason=reason, note=note)
    return go(f"/doors/at/{door}")


async def hold_door(visit: Visit) -> web.Response:
    """Keep a door open for a while. Raises ReasonMissing."""
    door, minutes = visit.request.match_info["door"], visit.form.get("minutes", "")
    reason, note = _reason(visit, tuple(HOLD_REASONS))
    if minutes not in {str(each) for each in HOLD_MINUTES}:
        raise ReasonMissing
    until_ms = visit.now_ms + int(minutes) * MINUTE_MS
    await visit.deps.doors.hold(door, staff=visit.person_id, reason=reason, note=note, until_ms=until_ms)
    return go(f"/doors/at/{door}")


async def end_hold(visit: Visit) -> web.Response:
    """Let a hold go."""
    await visit.deps.doors.end_hold(visit.form.get("hold", ""), staff=visit.person_id)
    return go(f"/doors/at/{visit.request.match_info['door']}")


async def acknowledge(visit: Visit) -> web.Response:
    """Somebody has looked at an alarm."""
    await visit.deps.doors.acknowledge(visit.form.get("alarm", ""), staff=visit.person_id)
    return go("/doors")


async def show_lock_down(visit: Visit) -> web.Response:
    """The form that begins or ends a lock-down."""
    return visit.show("lock_down.html", site=await visit.deps.doors.site())


async def lock_down(visit: Visit) -> web.Response:
    """Nobody but staff, in the name of whose PIN is given. Raises ReasonMissing, PinRefused."""
    reason, note = _reason(visit, tuple(LOCK_DOWN_REASONS))
    person = await visit.countersign("login", "pin", KEEPERS)
    await visit.deps.doors.lock_down((), staff=person.id, reason=reason, note=note)
    return go("/doors")


async def end_lock_down(visit: Visit) -> web.Response:
    """As before, in the name of whose PIN is given. Raises PinRefused."""
    person = await visit.countersign("login", "pin", KEEPERS)
    await visit.deps.doors.end_lock_down(visit.form.get("lock_down", ""), staff=person.id)
    return go("/doors")


async def show_fire(visit: Visit) -> web.Response:
    """The form that ends the fire release."""
    return visit.show("fire.html", site=await visit.deps.doors.site())


async def reset_fire(visit: Visit) -> web.Response:
    """End the fire release, in the name of whose PIN is given. Raises PinRefused."""
    person = await visit.countersign("login", "pin", KEEPERS)
    await visit.deps.doors.reset_fire(visit.form.get("release", ""), staff=person.id)
    return go("/doors")


def _reason(visit: Visit, known: tuple[str, ...]) -> tuple[str, str]:
    """The chosen reason and the person's own words, without which *other* says nothing."""
    reason, note = visit.form.get("reason", ""), visit.form.get("note", "")[:NOTE_LIMIT]
    if reason not in known or (reason == "other" and not note):
        raise ReasonMissing
    return reason, note


def _found(doors: tuple[DoorView, ...], wanted: str) -> DoorView:
    door = next((door for door in doors if door.id == wanted), None)
    if door is None:
        raise DoorNotThere(door=wanted[:64])
    return door


def _names(doors: tuple[DoorView, ...]) -> dict[str, object]:
    return {door.id: door.name for door in doors}


ROUTES = (
    Route("GET", "/doors", list_doors, WATCHERS),
    Route("GET", "/doors/lock-down", show_lock_down, KEEPERS),
    Route("POST", "/doors/lock-down", lock_down, KEEPERS),
    Route("POST", "/doors/lock-down/end", end_lock_down, KEEPERS),
    Route("GET", "/doors/fire", show_fire, KEEPERS),
    Route("POST", "/doors/fire/reset", reset_fire, KEEPERS),
    Route("POST", "/doors/acknowledge", acknowledge, PORTERS),
    Route("GET", "/doors/at/{door}", show_door, WATCHERS),
    Route("POST", "/doors/at/{door}/open", open_door, PORTERS),
    Route("POST", "/doors/at/{door}/hold", hold_door, KEEPERS),
    Route("POST", "/doors/at/{door}/release", end_hold, KEEPERS),
)
