"""The folder `enrolment` beside `site.toml`: what the platform gave this device, and the key that it made.

`identity.pem` (0600) holds the key and the certificate, and before them, as RFC 7468 allows, lines that say
whose they are: so a hub need not load X.509 to know when its certificate ends. It is written last and in one
step: with it the enrolment counts.
"""

from pathlib import Path
from typing import Any, NamedTuple

from cloud_sync.wire.enrolment import BrokerAccount, Enrolment, SiteConfiguration, open_configuration
from edge.durable import write_whole
from edge.errors import ConfigError, Fault, Refusal
from edge.trust.certificates import CertificateFacts

FOLDER = "enrolment"
IDENTITY, ROOT, CA = "identity.pem", "root.pub", "ca.pem"
CONFIGURATION, KEYSET = "configuration.cose", "keyset.cose"
BROKER_PASSWORD, BROKER_CA = "broker.password", "broker-ca.pem"
PENDING_KEY = "pending.key"
"""The key that was made for an enrolment whose answer did not come yet: the code counts for it alone."""
_BEGIN = "-----BEGIN "


class Identity(NamedTuple):
    """Who we are to the platform. `enrolment` names the enrolment through all renewals."""

    site: str
    device: str
    enrolment: str
    epoch_above: int
    broker_user: str
    serial: str
    from_ms: int
    until_ms: int


def read_identity(folder: Path) -> Identity | None:
    """Who this device is by its certificate, None before its enrolment. Raises ConfigError."""
    file = folder / IDENTITY
    try:
        head, mark, _ = file.read_text("ascii").partition(_BEGIN)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([Fault(FOLDER, None, f"{file}: {type(error).__name__}")]) from error
    lines = dict(line.split(": ", 1) for line in head.splitlines() if ": " in line)
    try:
        identity = Identity(
            site=lines["site"],
            device=lines["device"],
            enrolment=lines["enrolment"],
            epoch_above=int(lines["epoch_above"]),
            broker_user=lines.get("broker_user", ""),
            serial=lines["serial"],
            from_ms=int(lines["from_ms"]),
            until_ms=int(lines["until_ms"]),
        )
    except (KeyError, ValueError) as error:
        raise ConfigError([Fault(FOLDER, None, f"{file} is damaged: enrol again")]) from error
    if not mark:
        raise ConfigError([Fault(FOLDER, None, f"{file} holds no key: enrol again")])
    return identity


def read_key(folder: Path) -> str:
    """The private key (PEM). Raises OSError."""
    text = (folder / IDENTITY).read_text("ascii")
    end = text.index("-----END PRIVATE KEY-----") + len("-----END PRIVATE KEY-----")
    return text[text.index(_BEGIN) : end] + "\n"


def write_enrolment(folder: Path, key: str, answer: Enrolment, facts: CertificateFacts, root: bytes) -> None:
    """Keep a verified answer; the identity last."""
    configuration = open_configuration(answer.configuration, root)
    write_whole(folder / ROOT, f"{root.hex()}\n".encode("ascii"))
    write_whole(folder / CA, answer.ca.encode("ascii"))
    write_whole(folder / KEYSET, answer.keyset)
    write_whole(folder / CONFIGURATION, answer.configuration)
    account = answer.broker or BrokerAccount(username="", password="")
    write_whole(folder / BROKER_PASSWORD, account.password.encode("ascii"))
    _write_broker_ca(folder, configuration)
    identity = Identity(
        site=answer.site,
        device=answer.device,
        enrolment=answer.csr[:16],
        epoch_above=answer.epoch_above,
        broker_user=account.username,
        serial=facts.serial,
        from_ms=facts.from_ms,
        until_ms=facts.until_ms,
    )
    write_identity(folder, identity, key, answer.certificate)
    (folder / PENDING_KEY).unlink(missing_ok=True)


def write_identity(folder: Path, identity: Identity, key: str, certificate: str) -> None:
    """Put key and certificate in place, in one step."""
    head = "".join(f"{name}: {value}\n" for name, value in identity._asdict().items())
    write_whole(folder / IDENTITY, f"{head}\n{key}{certificate}".encode("ascii"))


def write_configuration(folder: Path, message: bytes) -> None:
    """Keep a newer configuration, which counts from the next start. Raises as `open_configuration`."""
    configuration = open_configuration(message, read_root(folder))
    _write_broker_ca(folder, configuration)
    write_whole(folder / CA, configuration.ca.encode("ascii"))
    write_whole(folder / CONFIGURATION, message)


def read_root(folder: Path) -> bytes:
    """The root key that was pinned (32 bytes). Raises OSError, ValueError."""
    return bytes.fromhex((folder / ROOT).read_text("ascii").strip())


def read_configuration(folder: Path) -> SiteConfiguration:
    """The signed configuration. Raises ConfigError when it is not there or not the platform's."""
    try:
        return open_configuration((folder / CONFIGURATION).read_bytes(), read_root(folder))
    except (OSError, ValueError, Refusal) as error:
        reason = error.code if isinstance(error, Refusal) else type(error).__name__
        raise ConfigError([Fault(FOLDER, None, f"{folder / CONFIGURATION}: {reason}")]) from error


def read_given(site_file: Path) -> dict[str, Any]:
    """The tables of `site.toml` that the enrolment gives, empty before it. Raises ConfigError."""
    folder = site_file.parent / FOLDER
    identity = read_identity(folder)
    if identity is None:
        return {}
    given = read_configuration(folder)
    platform: dict[str, Any] = {
        "url": given.url,
        "identity_file": f"{FOLDER}/{IDENTITY}",
        "root_key_file": f"{FOLDER}/{ROOT}",
        "ca_file": f"{FOLDER}/{CA}",
    }
    if given.broker is not None:
        platform["broker"] = {
            "host": given.broker.host,
            "port": given.broker.port,
            "username": identity.broker_user,
            "password_file": f"{FOLDER}/{BROKER_PASSWORD}",
            **({"ca_file": f"{FOLDER}/{BROKER_CA}"} if given.broker.ca else {}),
        }
    site = {
        "id": identity.site,
        "device": identity.device,
        "name_zh": given.name_zh,
        "name_en": given.name_en,
    }
    return {"site": site, "platform": platform}


def _write_broker_ca(folder: Path, configuration: SiteConfiguration) -> None:
    if configuration.broker is not None and configuration.broker.ca:
        write_whole(folder / BROKER_CA, configuration.broker.ca.encode("ascii"))
