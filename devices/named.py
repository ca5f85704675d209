"""Every device that the site file expects on the site's broker."""

from collections.abc import Iterator

from devices.lines import InputSettings
from devices.settings import BankSettings, DoorSettings, ReaderSettings
from edge.config import Config


def named_devices(config: Config) -> Iterator[str]:
    """Names of devices, of doors, banks, readers and inputs."""
    for door in config.many("door", DoorSettings):
        if door.driver in ("mqtt", "tasmota") and door.device is not None:
            yield door.device
    for heard in config.many("input", InputSettings):
        if heard.device is not None:
            yield heard.device
    for bank in config.many("bank", BankSettings):
        if bank.driver == "mqtt":
            yield bank.device
    for reader in config.many("reader", ReaderSettings):
        if reader.driver == "mqtt":
            yield reader.source
