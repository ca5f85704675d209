"""`python -m cloud_sync.platform recovery-key`: the groups of a site's recovery key, for its operators."""

import argparse
from pathlib import Path

from cloud_sync.platform.orders import Desk, Order, Typed, Work
from cloud_sync.platform.recovery import OPERATORS_FILE, open_keys


def read(arguments: list[str]) -> Typed:
    """What was typed; what cannot be read ends the program."""
    parser = argparse.ArgumentParser(
        prog="cloud_sync.platform recovery-key", description="What stands on a site's recovery sheet."
    )
    parser.add_argument("--config", type=Path, default=Path("platform.toml"))
    parser.add_argument("--site", default="", help="another site than home")
    parser.add_argument("--operators-key", type=Path, help=f"left out: keys/{OPERATORS_FILE}")
    options = parser.parse_args(arguments)
    file = "" if options.operators_key is None else str(options.operators_key.absolute())
    return Typed(options.config, Order("recovery-key", site=options.site, file=file))


def list_keys(desk: Desk, order: Order) -> str:
    """The keys of a site, newest first, one a line. Raises EdgeError."""
    site = order.site or desk.settings.site
    file = Path(order.file) if order.file else desk.settings.keys / OPERATORS_FILE
    keys = desk.units.write_now(lambda connection: open_keys(connection, site, file))
    return "".join(" ".join(groups) + "\n" for groups in keys)


ORDERS: dict[str, Work] = {"recovery-key": list_keys}
