"""`platform.toml`: what the reference platform is told."""

import ipaddress
from pathlib import Path
from typing import Annotated

import msgspec

from cloud_sync.platform.channels.settings import AlipaySettings, WeChatSettings
from edge.errors import EdgeError


class PlatformConfigInvalid(EdgeError):
    """`platform.toml` cannot be used; the text names the place."""


class BrokerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The platform's own MQTT broker; without `username` it connects anonymously.

    `device_host`, `device_port` and `ca_file` (PEM) are what devices are told of it, left out: the same
    address and no TLS. In `accounts_dir` lies one file `{site}.{device}.password` a device.
    """

    host: str = "127.0.0.1"
    port: int = 18830
    username: str = ""
    password_file: str = ""
    device_host: str = ""
    device_port: int = 0
    ca_file: str = ""
    accounts_dir: str = ""


class DeviceListener(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[device_listener]`: where enrolled devices talk to us, over TLS with certificates of their own.

    `hosts` are the names or addresses by which devices reach it, `device_port` is the port that they are told
    where a relay stands before it (left out: the same). Without `certificate_file` and `key_file` our own
    authority vouches for it; with them (PEM), `ca_file` is the authority that devices are told to believe.
    """

    host: str = "127.0.0.1"
    port: int = 8093
    device_port: int = 0
    hosts: tuple[str, ...] = ("127.0.0.1",)
    certificate_file: str = ""
    key_file: str = ""
    ca_file: str = ""

    def __post_init__(self) -> None:
        if not bool(self.certificate_file) == bool(self.key_file) == bool(self.ca_file):
            raise ValueError("certificate_file, key_file and ca_file come together")
        if not self.hosts:
            raise ValueError("hosts: devices need one name at least")

    @property
    def url(self) -> str:
        """What devices are told to ask."""
        name = f"[{self.hosts[0]}]" if ":" in self.hosts[0] else self.hosts[0]
        return f"https://{name}:{self.device_port or self.port}"


class StoreSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A PostgreSQL database in place of the SQLite file.

    `url` in libpq's form (postgresql://user@host/name, or ?host= with a socket's folder); the password stands
    in a file of its own. `connections` take custody beside the one that writes in order.
    """

    url: str
    password_file: str = ""
    connections: Annotated[int, msgspec.Meta(ge=1, le=64)] = 4


class WebhookSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[webhooks]`: networks (CIDR) that webhooks may go to though they are not public, as 127.0.0.0/8."""

    allowed_networks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.networks()

    def networks(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """The networks. Raises ValueError."""
        return tuple(ipaddress.ip_network(text) for text in self.allowed_networks)


class DeviceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A device on this machine that may talk to us over plain HTTP; `init` writes its token (0600)."""

    id: str
    token_file: str


class DoorSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A door as the phone shows it and the device that drives it."""

    id: str
    device: str
    name_zh: str
    name_en: str
    unit_residents_only: bool = False


class PlatformSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Root of `platform.toml`. Relative paths start at the file's folder.

    With `certificate_file` (PEM, with its chain) and `key_file` it serves TLS. `demo` opens the personas'
    login and the switches of the simulated channels; `camera_url` is the page that puts a code before the
    demo's cameras. One person asks for at most `commands_per_minute` openings and has at most
    `commands_in_flight` under way. A channel without a section of its own is simulated.
    """

    site: str
    name_zh: str
    name_en: str
    host: str = "127.0.0.1"
    port: int = 8090
    certificate_file: str = ""
    key_file: str = ""
    data_dir: str = "."
    demo: bool = False
    camera_url: str = ""
    payment_life_s: int = 120
    command_life_ms: int = 15_000
    commands_per_minute: int = 10
    commands_in_flight: int = 2
    wechat: WeChatSettings | None = None
    alipay: AlipaySettings | None = None
    broker: BrokerSettings | None = None
    store: StoreSettings | None = None
    webhooks: WebhookSettings = WebhookSettings()
    device_listener: DeviceListener | None = None
    device: list[DeviceSettings] = []
    door: list[DoorSettings] = []
    folder: str = ""

    def __post_init__(self) -> None:
        if bool(self.certificate_file) != bool(self.key_file):
            raise ValueError("certificate_file and key_file come together")

    def path(self, name: str) -> Path:
        """A path from the file, made absolute."""
        return Path(self.folder, name)

    @property
    def data(self) -> Path:
        """Where database and keys lie."""
        return self.path(self.data_dir)

    @property
    def database_file(self) -> Path:
        """The platform's own SQLite file."""
        return self.data / "platform.db"

    @property
    def keys(self) -> Path:
        """Folder of the keys, all files 0600."""
        return self.data / "keys"


def load_settings(path: Path) -> PlatformSettings:
    """Read `platform.toml`; raises PlatformConfigInvalid with the place of the first fault."""
    try:
        settings = msgspec.toml.decode(path.read_bytes(), type=PlatformSettings)
    except OSError as error:
        raise PlatformConfigInvalid(f"{path}: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise PlatformConfigInvalid(f"{path}: {error}") from error
    if settings.folder:
        raise PlatformConfigInvalid(f"{path}: folder is not a setting")
    return msgspec.structs.replace(settings, folder=str(path.resolve().parent))
