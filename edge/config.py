"""The configuration `site.toml`: read once, every fault of every section reported together.

Each room or driver owns the struct of its section; the table that joins them is passed to ``load``. An
unknown section or key is a fault. A struct may refuse a combination of values: ``ValueError`` from its
``__post_init__``.
"""

import re
import tomllib
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar, Union, get_args, get_origin
from urllib.parse import urlsplit

import msgspec

from edge.errors import ConfigError, Fault
from edge.ids import is_device_name

S = TypeVar("S", bound=msgspec.Struct)

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
SiteName = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9-]{0,31}$")]
"""What may name a site in a topic or a URL: lower-case letters, digits and hyphens."""

_HEADER = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.\-]+)\s*\]\]?")
_KEY = re.compile(r"^\s*([A-Za-z0-9_\-]+)\s*=")
_TOML_LINE = re.compile(r"at line (\d+)")
_WHERE_IN_VALUE = re.compile(r" - at `\$(.*?)`$")

Place = tuple[str | int, ...]

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""Hosts that are this machine."""


class SiteSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[site]`: which community this is and which device; ``data_dir`` is relative to the file.

    ``hardware_file`` holds the machine's serial number (left out: the Pi's own, else the machine's
    id); when it changes, the device takes a new epoch.
    """

    id: SiteName
    device: str
    name_zh: str
    name_en: str
    data_dir: str = "."
    hardware_file: str = ""

    def __post_init__(self) -> None:
        if not is_device_name(self.device):
            raise ValueError("device: a lower-case letter, then up to 15 letters or digits")


class BrokerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[broker]` and `[platform.broker]`: one MQTT broker and our account on it.

    `ca_file` is the authority (PEM) that signs the broker's certificate; without it there is no TLS, which
    only a broker on the same machine may do without.
    """

    host: str
    port: Port = 1883
    username: str
    password_file: str
    ca_file: str = ""


class SiteBrokerSettings(BrokerSettings, frozen=True, kw_only=True):
    """`[broker]`: the site's own. `discovery`: tell Home Assistant on it what the doors' contacts say."""

    discovery: bool = False


class PlatformSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[platform]`: where the platform is, and the files that make us believe each other.

    What `edge enrol` was told stands in the folder `enrolment` and is used for whatever is left out here.
    `identity_file` (PEM) holds our key and certificate. `ca_file` is the authority (PEM) that signs the
    platform's own certificate; without it an https address is believed when the system's authorities vouch
    for it. Dates are judged by the trusted clock. A platform on this very machine may be asked over http,
    with the token in `token_file`; a token is shown to no other.
    `uplink_kbps` is the most that the uplink may take of the line (kilobits a second, 0: no limit).
    `metered`: the line costs by the byte, so the hub sends rarely and in large pieces, tells a tenth of
    its telemetry, and sends a backup a week.
    """

    url: Annotated[str, msgspec.Meta(pattern="^https?://")]
    token_file: str = ""
    identity_file: str = ""
    root_key_file: str
    ca_file: str = ""
    uplink_kbps: Annotated[int, msgspec.Meta(ge=0)] = 0
    metered: bool = False
    broker: BrokerSettings

    def __post_init__(self) -> None:
        if self.is_tls:
            if self.token_file:
                raise ValueError("token_file: only a platform on this machine is shown a token")
            if not self.identity_file:
                raise ValueError("identity_file: an https url needs one; edge enrol makes it")
            return
        if self.ca_file:
            raise ValueError("ca_file: only an https url has a certificate to judge")
        if urlsplit(self.url).hostname not in LOOPBACK:
            raise ValueError("url: a platform that is not on this machine is asked over https")
        if not self.token_file:
            raise ValueError("token_file: an http url needs one")

    @property
    def is_tls(self) -> bool:
        """Whether we and the platform prove by certificates who we are."""
        return self.url.startswith("https:")


class Section(msgspec.Struct, frozen=True):
    """How a section is read: its struct, whether it is an array of tables, whether it may be left out."""

    struct: type[msgspec.Struct]
    many: bool = False
    required: bool = True


class JournalSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[journal]`: how long its entries stay in the database and its archives on disk, and the room for both.

    At least 180 days in the database (architecture, Journal); at least three years altogether (E-Commerce Law
    of the PRC, article 31: transaction records).
    """

    keep_days: Annotated[int, msgspec.Meta(ge=180)] = 180
    archive_years: Annotated[int, msgspec.Meta(ge=3)] = 3
    budget_mb: Annotated[int, msgspec.Meta(ge=100)] = 1_000


class TelemetrySettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[telemetry]`: how many samples (one a minute) the ring keeps; a week of minutes takes some 3 MB."""

    keep_rows: Annotated[int, msgspec.Meta(ge=60, le=100_000)] = 10_080


class BackupSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[backup]`: where the nightly backup goes, and for whom it is sealed.

    `to` is a folder on a stick (left out: none), in which the newest `keep` stay; `platform`: to the
    platform, too. `recipient_file` is what `edge backup sheet` leaves here of the recovery key.
    """

    to: str = ""
    keep: Annotated[int, msgspec.Meta(ge=1, le=365)] = 7
    platform: bool = True
    recipient_file: str = "secrets/recovery.json"


CORE_SECTIONS: Mapping[str, Section] = {
    "site": Section(SiteSettings),
    "platform": Section(PlatformSettings, required=False),
    "broker": Section(SiteBrokerSettings),
    "journal": Section(JournalSettings, required=False),
    "telemetry": Section(TelemetrySettings, required=False),
    "backup": Section(BackupSettings, required=False),
}


class Config:
    """A configuration without faults."""

    def __init__(self, path: Path, values: Mapping[str, tuple[msgspec.Struct, ...]]) -> None:
        self.path = path
        self._values = values

    def one(self, name: str, struct: type[S]) -> S:
        """Return a section by name and struct; raise ``KeyError`` when it was left out."""
        found = self.many(name, struct)
        if not found:
            raise KeyError(name)
        return found[0]

    def many(self, name: str, struct: type[S]) -> tuple[S, ...]:
        """Return every table of a section, in the order of the file; empty when it was left out."""
        return tuple(value for value in self._values.get(name, ()) if isinstance(value, struct))

    def resolve(self, text: str) -> Path:
        """Return a path of the configuration; a relative one counts from the file's folder."""
        return self.path.parent / text


class Finding(NamedTuple):
    """What a check over several sections found: in the table `id` of `section`, at `key`."""

    section: str
    id: str
    key: str
    message: str


Check = Callable[[Config], Iterable[Finding]]
"""Judges sections together; it sees the tables that are right by themselves."""


def load(
    path: Path,
    sections: Mapping[str, Section | type[msgspec.Struct]],
    checks: Iterable[Check] = (),
    given: Mapping[str, Any] | None = None,
) -> Config:
    """Read and judge a file; raise ConfigError with everything that is wrong with it.

    `given` are tables from elsewhere: they stand for whatever the file itself leaves out.
    """
    try:
        text = path.read_text("utf-8")
        document = tomllib.loads(text)
    except OSError as error:
        raise ConfigError([Fault(str(path), None, error.strerror or "cannot be read")]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        line = _TOML_LINE.search(str(error))
        raise ConfigError([Fault(path.name, int(line[1]) if line else None, str(error))]) from error
    document = _fill({name: table for name, table in (given or {}).items() if name in sections}, document)
    reader = _Reader(_index_lines(text))
    values: dict[str, tuple[msgspec.Struct, ...]] = {}
    for name in document.keys() - sections.keys():
        reader.fault((name,), "unknown section")
    for name, entry in sections.items():
        section = entry if isinstance(entry, Section) else Section(entry)
        values[name] = tuple(reader.read_section(name, section, document))
    config = Config(path.absolute(), values)
    for finding in (found for check in checks for found in check(config)):
        reader.fault(_place_of(document, finding), finding.message)
    if reader.faults:
        raise ConfigError(sorted(reader.faults, key=lambda fault: (fault.line or 0, fault.where)))
    return config


def _fill(given: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """The document, and what it leaves out of the given tables; what is no table there stays as it is."""
    filled = {**given, **document}
    for name in given.keys() & document.keys():
        if isinstance(given[name], Mapping) and isinstance(document[name], Mapping):
            filled[name] = _fill(given[name], document[name])
    return filled


def _place_of(document: Mapping[str, Any], finding: Finding) -> Place:
    tables = document.get(finding.section)
    if not isinstance(tables, list):
        return (finding.section, finding.key)
    # Of two tables with one id the later is meant: a check complains about what came second.
    numbers = [
        n for n, table in enumerate(tables) if isinstance(table, dict) and table.get("id") == finding.id
    ]
    return (finding.section, numbers[-1], finding.key) if numbers else (finding.section,)


class _Reader:
    """Turns tables into structs and collects what is wrong on the way."""

    def __init__(self, lines: Mapping[Place, int]) -> None:
        self._lines = lines
        self.faults: list[Fault] = []

    def fault(self, where: Place, message: str) -> None:
        """Note a fault at a place; the nearest known line around it is named."""
        place = where
        while place and place not in self._lines:
            place = place[:-1]
        dotted = ".".join(str(part) for part in where)
        self.faults.append(Fault(dotted, self._lines.get(place), message))

    def read_section(
        self, name: str, section: Section, document: Mapping[str, Any]
    ) -> Iterator[msgspec.Struct]:
        """Yield the structs of a section."""
        if name not in document:
            if section.required:
                self.fault((name,), "section is missing")
            return
        value = document[name]
        if section.many:
            if not isinstance(value, list):
                self.fault((name,), f"write [[{name}]], it may stand several times")
                return
            self._check_unique(name, value)
            tables: list[tuple[Place, Any]] = [((name, number), table) for number, table in enumerate(value)]
        else:
            tables = [((name,), value)]
        for where, table in tables:
            struct = self._read_table(where, section.struct, table)
            if struct is not None:
                yield struct

    def _check_unique(self, name: str, tables: list[Any]) -> None:
        seen: set[Any] = set()
        for number, table in enumerate(tables):
            identity = table.get("id") if isinstance(table, dict) else None
            if isinstance(identity, str) and identity in seen:
                self.fault((name, number, "id"), f"{identity!r} stands twice")
            elif isinstance(identity, str):
                seen.add(identity)

    def _read_table(self, where: Place, struct: type[msgspec.Struct], table: object) -> msgspec.Struct | None:
        if not isinstance(table, dict):
            self.fault(where, "a table is expected here")
            return None
        faults_before = len(self.faults)
        fields = {field.name: field for field in msgspec.structs.fields(struct)}
        for key in table.keys() - fields.keys():
            self.fault((*where, key), "unknown key")
        values: dict[str, Any] = {}
        for name, field in fields.items():
            if name in table:
                values[name] = self._read_value((*where, name), field.type, table[name])
            elif field.required:
                self.fault((*where, name), "is missing")
        if len(self.faults) > faults_before:
            return None
        try:
            return struct(**values)
        except ValueError as error:
            self.fault(where, str(error))
            return None

    def _read_value(self, where: Place, wanted: Any, value: object) -> Any:
        nested = _nested_struct(wanted)
        if nested is not None:
            return self._read_table(where, nested, value)
        try:
            return msgspec.convert(value, wanted, strict=True)
        except msgspec.ValidationError as error:
            self.fault(where, _WHERE_IN_VALUE.sub(r" (\1)", str(error)).replace(" ()", ""))
            return None


def _nested_struct(wanted: Any) -> type[msgspec.Struct] | None:
    """Return the struct that a field holds, directly or as ``Struct | None``."""
    choices = get_args(wanted) if get_origin(wanted) in (Union, types.UnionType) else (wanted,)
    for choice in choices:
        if isinstance(choice, type) and issubclass(choice, msgspec.Struct):
            return choice
    return None


def _index_lines(text: str) -> dict[Place, int]:
    """Return the line of every table and key, by path; tables of an array are numbered from 0."""
    lines: dict[Place, int] = {}
    counts: dict[str, int] = {}
    table: Place = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            names = header[2].split(".")
            if header[1] == "[[":
                counts[header[2]] = counts.get(header[2], -1) + 1
                table = (*names, counts[header[2]])
            else:
                last = counts.get(names[0])
                table = (names[0], last, *names[1:]) if last is not None else tuple(names)
            lines.setdefault(table, number)
            lines.setdefault((names[0],), number)
        elif key := _KEY.match(line):
            lines.setdefault((*table, key[1]), number)
    return lines
