"""The `[counter]` section of site.toml."""

import ipaddress

import msgspec


class CounterSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the counter's pages are served, and how long a person stays signed in.

    On an address that others can reach it needs `certificate_file` (PEM, with its chain) and `key_file`.
    `names` are further names under which the pages may be asked for. `idle_minutes`: signed out after so
    long without a click.
    """

    host: str = "127.0.0.1"
    port: int = 8081
    names: tuple[str, ...] = ()
    certificate_file: str = ""
    key_file: str = ""
    idle_minutes: int = 15

    def __post_init__(self) -> None:
        if bool(self.certificate_file) != bool(self.key_file):
            raise ValueError("certificate_file and key_file come together")
        if not self.certificate_file and not _is_loopback(self.host):
            raise ValueError("host: an address that others can reach needs certificate_file and key_file")
        if not 1 <= self.idle_minutes <= 60:
            raise ValueError("idle_minutes: 1 to 60")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
