"""What makes the drivers of `[[reader]]`; cameras are watched by the vision process instead."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from devices.hid.device import open_hid
from devices.mqtt.reader_node import MqttReaders
from devices.plugged import PluggedReader, TextDevice
from devices.readers import ReaderDesk
from devices.serial.scanner import open_scanner
from devices.settings import ReaderSettings
from devices.site_broker import SiteBroker
from edge.links.supervisor import Role


def _open_hid(reader: ReaderSettings) -> TextDevice:
    return open_hid(reader.source, keypad=reader.reads == "keypad")


def _open_serial(reader: ReaderSettings) -> TextDevice:
    return open_scanner(reader.source, reader.baud)


PLUGGED: Mapping[str, Callable[[ReaderSettings], TextDevice]] = {"hid": _open_hid, "serial": _open_serial}
"""Drivers of readers on a cable. A new one is one line here."""


def reader_roles(readers: Sequence[ReaderSettings], broker: SiteBroker, desk: ReaderDesk) -> list[Role]:
    """A role for every reader on a cable, and one for all nodes at the broker."""
    roles = [
        Role(f"reader:{reader.id}", _plug(reader, desk).run) for reader in readers if reader.driver in PLUGGED
    ]
    nodes = [reader for reader in readers if reader.driver == "mqtt"]
    if nodes:
        driver = MqttReaders(
            nodes,
            desk=desk,
            host=broker.host,
            port=broker.port,
            username=broker.username,
            password=broker.password,
            client_id=f"{broker.client_id}-readers",
            tls=broker.tls,
        )
        roles.append(Role("reader-nodes", driver.run))
    return roles


def _plug(reader: ReaderSettings, desk: ReaderDesk) -> PluggedReader:
    return PluggedReader(
        open_device=partial(PLUGGED[reader.driver], reader),
        on_text=partial(desk.take_text, reader.id),
        on_state=partial(desk.set_state, reader.id),
    )
