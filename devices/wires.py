"""What is wrong with the cables of a site taken together, before anything starts."""

from collections.abc import Iterator

from devices.settings import BankSettings, ReaderSettings
from edge.config import Config, Finding


def wire_faults(config: Config) -> Iterator[Finding]:
    """Two banks at one lock, two readers at one source, a reader at the port of lock boards."""
    locks: dict[tuple[str, int, int], str] = {}
    ports: dict[str, str] = {}
    for bank in config.many("bank", BankSettings):
        if bank.board is None:
            continue
        ports.setdefault(bank.port, f"bank {bank.id}")
        for cell, number in bank.lock_numbers().items():
            place = (bank.port, bank.board, number)
            if place in locks:
                message = f"lock {number} of board {bank.board} is {locks[place]} already"
                yield Finding("bank", bank.id, "board", message)
            locks.setdefault(place, f"cell {cell} of bank {bank.id}")
    for reader in config.many("reader", ReaderSettings):
        if reader.source in ports:
            yield Finding("reader", reader.id, "source", f"is used by {ports[reader.source]} already")
        ports.setdefault(reader.source, f"reader {reader.id}")
