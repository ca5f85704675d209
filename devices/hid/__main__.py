"""`python -m devices.hid`: grab a scanner and print what it reads, one JSON object a line, until stopped.

A technician's look at one device. Payment codes are thrown away here as everywhere.
"""

import argparse
import asyncio
import json
import sys
from functools import partial

from devices.hid.device import open_hid
from devices.plugged import PluggedReader
from devices.readings import read_text
from devices.settings import ReaderSettings
from edge.pay.codes import CodeTable


def say(**words: object) -> None:
    """Print one line at once."""
    sys.stdout.write(json.dumps(words, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def show(settings: ReaderSettings, text: str) -> None:
    """Print what a text is."""
    if CodeTable().owner(text):
        say(symbology="payment_code", text="")
        return
    found = read_text(text, settings)
    if found is None:
        say(refused=f"{len(text)} characters that no such reader sends")
    else:
        say(symbology=found.symbology, text=found.text)


def main() -> None:
    """Run until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m devices.hid", description=__doc__)
    parser.add_argument("--source", required=True, help="an event device, or usb:VVVV:PPPP")
    parser.add_argument("--reads", choices=("codes", "cards", "keypad"), default="codes")
    parser.add_argument("--card-number", choices=("decimal", "hex", "hex_reversed"), default="decimal")
    options = parser.parse_args()
    settings = ReaderSettings(
        id="shown",
        driver="hid",
        source=options.source,
        serves="kiosk:shown",
        reads=options.reads,
        card_number=options.card_number,
    )
    reader = PluggedReader(
        open_device=partial(open_hid, settings.source, keypad=settings.reads == "keypad"),
        on_text=partial(show, settings),
        on_state=lambda state, why: say(state=state, why=why),
    )
    asyncio.run(reader.run())


if __name__ == "__main__":
    main()
