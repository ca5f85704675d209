"""Prepare the two mosquittos from the project's own configuration in `systemd/mosquitto/`."""

import getpass
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from string import Template

from edge.demo.layout import DEVICE, LOCKER_DEVICE, ROOT, SATELLITE, SITE, Layout
from edge.errors import EdgeError
from edge.links.authority import Authority

CONFIGURATION = ROOT / "systemd" / "mosquitto"


class BrokerMissing(EdgeError):
    """mosquitto is not installed here."""


def mosquitto() -> str:
    """Path of the mosquitto program. Raises BrokerMissing with the line that mends it."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/sbin")
    if found is None:
        raise BrokerMissing("mosquitto is not installed: sudo apt-get install -y mosquitto")
    return found


def hub_account(site: str, device: str) -> str:
    """A hub's user name on the platform's broker. No '/' in it: mosquitto refuses that in patterns."""
    return f"{site}.{device}"


def prepare_brokers(
    layout: Layout, *, devices: Sequence[str] = (LOCKER_DEVICE, SATELLITE), hubs: Sequence[str] = (DEVICE,)
) -> None:
    """Write configuration, access lists and password files of both brokers (rights: docs/brokers.md).

    Passwords are made once and kept beside, one file an account (mode 0600), for whoever uses the account.
    """
    site = layout.broker("site")
    _write(site, "site.conf", layout.ports.site_broker, layout.ports.site_broker_tls)
    _write_private(site / "access", (CONFIGURATION / "site.access").read_text())
    _accounts(site, ["hub", *devices])

    platform = layout.broker("platform")
    _write(platform, "platform.conf", layout.ports.platform_broker, layout.ports.platform_broker_tls)
    hub = Template((CONFIGURATION / "platform-hub.access").read_text())
    blocks = [hub.substitute(site=SITE, device=device) for device in hubs]
    _write_private(platform / "access", (CONFIGURATION / "platform.access").read_text() + "".join(blocks))
    _accounts(platform, ["platform", *(hub_account(SITE, device) for device in hubs)])


def password_file(folder: Path, account: str) -> Path:
    """The file that holds this account's password."""
    return folder / f"{account}.password"


def ca_file(folder: Path) -> Path:
    """The authority that signed this broker's certificate."""
    return folder / "authority.pem"


def _write(folder: Path, template: str, port: int, tls_port: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if not ca_file(folder).exists():
        folder.chmod(0o700)
        Authority(folder).issue("broker")
    text = Template((CONFIGURATION / template).read_text())
    values = {
        "port": port,
        "tls_port": tls_port,
        "address": "127.0.0.1",
        "folder": folder,
        "user": getpass.getuser(),
    }
    (folder / "mosquitto.conf").write_text(text.substitute(values))


def _accounts(folder: Path, accounts: list[str]) -> None:
    lines = ""
    for account in accounts:
        path = password_file(folder, account)
        if not path.exists():
            _write_private(path, secrets.token_urlsafe(24))
        lines += f"{account}:{path.read_text()}\n"
    passwords = folder / "passwords"
    _write_private(passwords, lines)
    hasher = shutil.which("mosquitto_passwd") or "mosquitto_passwd"
    subprocess.run([hasher, "-U", str(passwords)], check=True, capture_output=True)


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(text)
