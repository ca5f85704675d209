"""The signed configuration of each site: authored here, sent at enrolment and down the feed."""

import base64

import msgspec

from cloud_sync.platform.feed import get_record, put_record
from cloud_sync.platform.keys import PlatformKeys
from cloud_sync.platform.register import Site, list_sites
from cloud_sync.platform.settings import PlatformSettings
from cloud_sync.platform.store.port import Connection
from cloud_sync.wire.enrolment import BrokerAddress, SiteConfiguration, open_configuration, sign_document

COLLECTION = "site_configuration"


def keep_configurations(connection: Connection, settings: PlatformSettings, keys: PlatformKeys) -> None:
    """Author every site's configuration anew where something in it changed; nothing without a listener."""
    if settings.device_listener is None:
        return
    for site in list_sites(connection):
        at = connection.of(site.id)
        told = _configure(settings, keys, site)
        before = read_configuration(at, keys)
        if before is None or msgspec.structs.replace(told, version=before.version) != before:
            version = 1 if before is None else before.version + 1
            message = sign_document(keys.root, msgspec.structs.replace(told, version=version))
            record = {"version": version, "message": base64.b64encode(message).decode("ascii")}
            put_record(at, COLLECTION, "site", record)


def read_configuration(connection: Connection, keys: PlatformKeys) -> SiteConfiguration | None:
    """What the unit's site was told last, None before the first time."""
    message = read_message(connection)
    return None if message is None else open_configuration(message, keys.root.public)


def read_message(connection: Connection) -> bytes | None:
    """The signed message of the unit's site."""
    record = get_record(connection, COLLECTION, "site")
    return None if record is None else base64.b64decode(record["message"])


def listener_ca(settings: PlatformSettings, keys: PlatformKeys) -> str:
    """The authority (PEM) that vouches for the device listener."""
    listener = settings.device_listener
    if listener is None or not listener.ca_file:
        return keys.authority.ca_pem
    return settings.path(listener.ca_file).read_text("ascii")


def _configure(settings: PlatformSettings, keys: PlatformKeys, site: Site) -> SiteConfiguration:
    assert settings.device_listener is not None
    return SiteConfiguration(
        version=1,
        site=site.id,
        name_zh=site.name_zh,
        name_en=site.name_en,
        url=settings.device_listener.url,
        ca=listener_ca(settings, keys),
        broker=_broker(settings),
        parts_off=site.off,
    )


def _broker(settings: PlatformSettings) -> BrokerAddress | None:
    broker = settings.broker
    if broker is None:
        return None
    ca = settings.path(broker.ca_file).read_text("ascii") if broker.ca_file else ""
    return BrokerAddress(
        host=broker.device_host or broker.host, port=broker.device_port or broker.port, ca=ca
    )
