"""What is simulated: how many sites, how their day goes, when the network of the streets goes."""

import hashlib
import hmac
from typing import Literal, NamedTuple

import msgspec

HOME = "fleet-office"
"""The platform's home site, which has no device in a simulation."""
DOOR = "gate"


class Member(NamedTuple):
    """One site of the fleet, its one device, and the street whose network it shares."""

    site: str
    device: str
    street: int


class FleetPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Every site lives `days` days of about `visits` visits; a day is played in `day_s` seconds.

    At `cut_hour` the network of every street goes, after the last hour it comes back everywhere at once.
    `commands_per_s` doors are opened from afar over the whole fleet while the network is there. One `seed`
    gives one fleet with the same days.
    """

    sites: int = 20
    sites_a_street: int = 50
    days: int = 1
    day_s: float = 10.0
    visits: int = 40
    cut_hour: int = 14
    products: int = 5
    commands_per_s: float = 2.0
    seed: int = 1

    def __post_init__(self) -> None:
        if min(self.sites, self.sites_a_street, self.days, self.visits, self.products) < 1 or self.day_s <= 0:
            raise ValueError("a fleet has at least one site, day, visit and product")
        if not 0 <= self.cut_hour <= 24:
            raise ValueError("cut_hour is an hour of the day, 24 for never")

    @property
    def streets(self) -> int:
        """How many streets there are."""
        return -(-self.sites // self.sites_a_street)

    def members(self) -> list[Member]:
        """Every site in its order."""
        return [
            Member(f"fleet{number:05d}", f"fk{number:05d}", number // self.sites_a_street)
            for number in range(self.sites)
        ]


class HostOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What the platform's process is told in its first line; `config` is its `platform.toml`."""

    config: str
    plan: FleetPlan
    secret: str


class HostReady(msgspec.Struct, frozen=True, kw_only=True):
    """The platform's process listens; `root` is the root's public key in hex."""

    port: int
    root: str


class HostRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the platform's process is asked to do.

    `state` only asks, `feeds` for the feeds' ends, too; `author` changes a record of every site; `open` lets
    commands be issued or stops it.
    """

    do: Literal["state", "feeds", "author", "open"]
    on: bool = False


class HostState(msgspec.Struct, frozen=True, kw_only=True):
    """How the platform stands: processor time of its own and of its database server, what waits there.

    `cursors` adds up the ends of the sites' feeds, 0 where it was not asked for.
    """

    cpu_s: float
    database_cpu_s: float
    memory_mb: int
    events: int
    unapplied: int
    parked: int
    commands: dict[str, int]
    cursors: int = 0


def token_of(secret: str, device: str) -> str:
    """The token of a simulated device, known to both processes without any file."""
    return hmac.new(secret.encode(), device.encode(), hashlib.sha256).hexdigest()
