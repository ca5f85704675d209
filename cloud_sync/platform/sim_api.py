"""Switches of the simulated channels and a look at what arrives: the demo and people who integrate."""

from typing import Annotated, Any, Literal

import msgspec
from aiohttp import web

from cloud_sync.platform import custody, payment_records, telemetry
from cloud_sync.platform.channels import sim_records
from cloud_sync.platform.channels.faults import FAULTS, Fault, FaultSwitch, Kind
from cloud_sync.platform.channels.opening import simulated_ones
from cloud_sync.platform.context import ROLES, Platform
from cloud_sync.platform.exchange import Access, Route, read_body, reply
from cloud_sync.platform.figures import SiteFigures, compute_figures
from cloud_sync.platform.store.port import Connection
from cloud_sync.wire.payments import Channel

LATEST_EVENTS = 60


NEWEST_PAYMENTS = 12
NEWEST_INCIDENTS = 20
FIGURE_LIMIT = 86_400


class ChannelSetting(msgspec.Struct, frozen=True):
    """Turn a fault on or off; without `channel` at both, without `fault` everything off.

    `value` is the fault's figure (seconds or fen), its usual one when left out. Everything off also makes a
    silent channel say what it had decided.
    """

    fault: Fault | None = None
    scope: Literal["always", "next", "off"] = "always"
    channel: Channel | None = None
    value: Annotated[int, msgspec.Meta(ge=-FIGURE_LIMIT, le=FIGURE_LIMIT)] | None = None


class Switch(msgspec.Struct, frozen=True):
    """A fault that is on at a channel."""

    fault: Fault
    scope: Literal["always", "next"]
    value: int


class FaultView(msgspec.Struct, frozen=True):
    """A fault that can be turned on: what takes it, its figure's unit (empty: none) and usual value."""

    fault: Fault
    kind: Kind
    does: str
    unit: Literal["", "s", "fen"]
    usual: int


class ChannelView(msgspec.Struct, frozen=True):
    """A simulated channel on the platform's page."""

    channel: Channel
    switches: list[Switch]


class Overview(msgspec.Struct, frozen=True):
    """What the platform's page shows."""

    site: str
    name_zh: str
    name_en: str
    now_ms: int
    figures: SiteFigures
    streams: list[custody.Stream]
    latest: list[custody.ReceivedEvent]
    incidents: list[dict[str, Any]]
    channels: list[ChannelView]
    faults: list[FaultView]
    payments: list[payment_records.PaymentView]
    payment_incidents: list[payment_records.PaymentIncident]
    telemetry: list[telemetry.DeviceTelemetry]


class Health(msgspec.Struct, frozen=True):
    """Whether the platform works."""

    status: Annotated[str, msgspec.Meta(pattern="^(ok|fault)$")]
    database: str


async def post_channels(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Switch how the simulated channels behave."""
    setting = await read_body(request, ChannelSetting)
    wanted = {setting.channel} if setting.channel else {"wechat", "alipay"}
    names = [one.name for one in simulated_ones(platform.payments.channels)]

    def switch(connection: Connection) -> list[ChannelView]:
        for name in names:
            if name in wanted:
                _switch(connection, name, setting)
        return [_view(connection, name) for name in names]

    return reply(await platform.database.write(switch))


def _switch(connection: Connection, channel: Channel, setting: ChannelSetting) -> None:
    if setting.fault is None:
        sim_records.clear_switches(connection, channel)
        return
    sim_records.drop_switch(connection, channel, setting.fault)
    if setting.scope != "off":
        value = FAULTS[setting.fault].usual if setting.value is None else setting.value
        sim_records.put_switch(connection, channel, FaultSwitch(setting.fault, setting.scope, value))


def _view(connection: Connection, channel: Channel) -> ChannelView:
    switches = sim_records.list_switches(connection, channel)
    return ChannelView(channel, [Switch(*switch) for switch in switches])


async def get_overview(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Streams, gaps, newest events and figures."""
    settings, now_ms = platform.settings, platform.clock_ms()

    def read(connection: Any) -> Overview:
        rows = connection.execute(
            "SELECT * FROM incidents WHERE device IN (SELECT device FROM streams WHERE site=?)"
            " ORDER BY at_ms DESC LIMIT 20",
            (connection.site,),
        )
        return Overview(
            settings.site,
            settings.name_zh,
            settings.name_en,
            now_ms,
            compute_figures(connection),
            custody.list_streams(connection),
            custody.list_latest(connection, LATEST_EVENTS),
            [dict(row) for row in rows],
            [_view(connection, one.name) for one in simulated_ones(platform.payments.channels)],
            [FaultView(fault, *behaviour) for fault, behaviour in FAULTS.items()],
            payment_records.list_newest(connection, NEWEST_PAYMENTS),
            payment_records.list_incidents(connection, NEWEST_INCIDENTS),
            telemetry.list_newest(connection),
        )

    return reply(await platform.database.read(read))


async def get_health(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Well when the database answers and every role runs."""
    await platform.database.read(lambda c: c.execute("SELECT 1").fetchone())
    well = not any(role.done() for role in request.app[ROLES])
    return reply(Health("ok" if well else "fault", "ok"), 200 if well else 503)


async def get_metrics(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Figures in the text form of Prometheus."""
    figures = await platform.database.read(compute_figures)
    lines = [
        "# TYPE platform_sales_total counter",
        f"platform_sales_total {figures.sales.count}",
        "# TYPE platform_fees_total counter",
        f"platform_fees_total {figures.fees.count}",
        "# TYPE platform_head_seq gauge",
        "# TYPE platform_applied_seq gauge",
        "# TYPE platform_parked_events gauge",
    ]
    for stream in figures.devices:
        labels = f'{{device="{stream.device}",epoch="{stream.epoch}"}}'
        lines.append(f"platform_head_seq{labels} {stream.head_seq}")
        lines.append(f"platform_applied_seq{labels} {stream.applied_seq}")
        lines.append(f"platform_parked_events{labels} {stream.parked}")
    return web.Response(text="\n".join(lines) + "\n", content_type="text/plain")


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/sim/channels",
        post_channels,
        Access.DEMO,
        "Switch the simulated channels",
        body=ChannelSetting,
        answer=list[ChannelView],
    ),
    Route("GET", "/sim/overview", get_overview, Access.DEMO, "What the page shows", answer=Overview),
    Route("GET", "/health", get_health, Access.OPEN, "Health", answer=Health),
    Route(
        "GET", "/metrics", get_metrics, Access.OPEN, "Metrics for Prometheus", answer=str, media="text/plain"
    ),
)
