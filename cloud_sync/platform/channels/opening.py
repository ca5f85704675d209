"""Which channels a platform has: a real one where `platform.toml` has its section, else a simulated one."""

import secrets
from collections.abc import Awaitable, Callable, Mapping

from cloud_sync.platform.channels.port import Channel
from cloud_sync.platform.channels.simulated import SimulatedChannel
from cloud_sync.platform.settings import PlatformSettings
from cloud_sync.platform.store.port import Units
from cloud_sync.wire.payments import Channel as ChannelName

KEY_BYTES = 32


def open_channels(
    settings: PlatformSettings,
    units: Units,
    *,
    clock_ms: Callable[[], int],
    pause: Callable[[float], Awaitable[None]],
) -> dict[ChannelName, Channel]:
    """The channels by name. Raises OSError or ValueError when a real one's keys cannot be read."""
    key = secrets.token_bytes(KEY_BYTES)
    names: tuple[ChannelName, ...] = ("wechat", "alipay")
    channels: dict[ChannelName, Channel] = {
        name: SimulatedChannel(name, units, clock_ms=clock_ms, pause=pause, key=key) for name in names
    }
    if settings.wechat is not None:
        # The library is an extra: a platform without its own keys needs none of it.
        from cloud_sync.platform.channels.wechat import WeChatChannel

        channels["wechat"] = WeChatChannel(settings.wechat, settings.path("."), clock_ms)
    if settings.alipay is not None:
        from cloud_sync.platform.channels.alipay import AlipayChannel

        channels["alipay"] = AlipayChannel(settings.alipay, settings.path("."))
    return channels


def simulated_ones(channels: Mapping[ChannelName, Channel]) -> list[SimulatedChannel]:
    """Those that are simulated."""
    return [channel for channel in channels.values() if isinstance(channel, SimulatedChannel)]
