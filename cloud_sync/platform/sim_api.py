"""Switches of the simulated channels and a look at what arrives: the demo and people who integrate."""

from typing import Annotated, Any

import msgspec
from aiohttp import web

from cloud_sync.platform import custody, payments, telemetry
from cloud_sync.platform.context import ROLES, Platform
from cloud_sync.platform.exchange import Access, Route, read_body, reply
from cloud_sync.platform.figures import SiteFigures, compute_figures
from cloud_sync.wire.payments import Channel

LATEST_EVENTS = 60


class ChannelSetting(msgspec.Struct, frozen=True):
    """How a channel is to behave; without `channel` both."""

    mode: payments.ChannelMode
    channel: Channel | None = None


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
    channels: dict[str, str]
    telemetry: list[telemetry.DeviceTelemetry]


class Health(msgspec.Struct, frozen=True):
    """Whether the platform works."""

    status: Annotated[str, msgspec.Meta(pattern="^(ok|fault)$")]
    database: str


async def post_channels(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Switch how the simulated channels behave."""
    setting = await read_body(request, ChannelSetting)
    channels = [setting.channel] if setting.channel else list(payments.QR_FORMS)

    def switch(connection: Any) -> dict[str, str]:
        for channel in channels:
            payments.set_mode(connection, channel, setting.mode)
        return {name: payments.get_mode(connection, name).value for name in payments.QR_FORMS}

    return reply(await platform.database.write(switch))


async def get_overview(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Streams, gaps, newest events and figures."""
    settings, now_ms = platform.settings, platform.clock_ms()

    def read(connection: Any) -> Overview:
        rows = connection.execute("SELECT * FROM incidents ORDER BY at_ms DESC LIMIT 20")
        return Overview(
            settings.site,
            settings.name_zh,
            settings.name_en,
            now_ms,
            compute_figures(connection),
            custody.list_streams(connection),
            custody.list_latest(connection, LATEST_EVENTS),
            [dict(row) for row in rows],
            {name: payments.get_mode(connection, name).value for name in payments.QR_FORMS},
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
        answer=dict[str, str],
    ),
    Route("GET", "/sim/overview", get_overview, Access.DEMO, "What the page shows", answer=Overview),
    Route("GET", "/health", get_health, Access.OPEN, "Health", answer=Health),
    Route(
        "GET", "/metrics", get_metrics, Access.OPEN, "Metrics for Prometheus", answer=str, media="text/plain"
    ),
)
