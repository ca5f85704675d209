"""`python -m cloud_sync.platform recovery-key`: the groups of a site's recovery key, for its operators."""

import argparse
import sys
from pathlib import Path

from cloud_sync.platform.recovery import OPERATORS_FILE, open_keys
from cloud_sync.platform.settings import load_settings
from cloud_sync.platform.store.opening import open_database


def run(arguments: list[str]) -> None:
    """Print the keys of a site, newest first, one a line. Raises EdgeError."""
    parser = argparse.ArgumentParser(
        prog="cloud_sync.platform recovery-key", description="What stands on a site's recovery sheet."
    )
    parser.add_argument("--config", type=Path, default=Path("platform.toml"))
    parser.add_argument("--site", default="", help="another site than home")
    parser.add_argument("--operators-key", type=Path, help=f"left out: keys/{OPERATORS_FILE}")
    options = parser.parse_args(arguments)
    settings = load_settings(options.config)
    site, file = options.site or settings.site, options.operators_key or settings.keys / OPERATORS_FILE
    database = open_database(settings)
    try:
        keys = database.write_now(lambda connection: open_keys(connection, site, file))
    finally:
        database.close()
    for groups in keys:
        sys.stdout.write(" ".join(groups) + "\n")
