"""The technician's page: what is wrong with which device, readers, boards, lines with their cycles, tests."""

from aiohttp import web

from kiosk.counter.roles import DEVICES_SEEN, FITTERS
from kiosk.counter.server import Route, Visit, go


async def show_devices(visit: Visit) -> web.Response:
    """Everything that is wired to the hub."""
    desk = visit.deps.devices
    return visit.show(
        "devices.html",
        findings=await desk.findings(),
        lines=await desk.lines(),
        readers=await desk.readers(),
        boards=await desk.boards(),
        parts=await desk.parts(),
    )


async def ask_pulse(visit: Visit) -> web.Response:
    """One door's device, and the key that tries its lock."""
    wanted = visit.request.match_info["door"]
    lines = await visit.deps.devices.lines()
    line = next((line for line in lines if line.id == wanted and line.testable), None)
    if line is None:
        return go("/devices")
    site = await visit.deps.doors.site()
    return visit.show("pulse.html", line=line, door=next((d for d in site.doors if d.id == wanted), None))


async def pulse(visit: Visit) -> web.Response:
    """Try a lock once, in the name of who is signed in; the contact's word stands on the page."""
    door = visit.request.match_info["door"]
    await visit.deps.devices.pulse(door, staff=visit.person_id)
    return go(f"/devices/test/{door}")


ROUTES = (
    Route("GET", "/devices", show_devices, DEVICES_SEEN),
    Route("GET", "/devices/test/{door}", ask_pulse, FITTERS),
    Route("POST", "/devices/test/{door}", pulse, FITTERS),
)
