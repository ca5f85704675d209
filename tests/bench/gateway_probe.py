"""Runs inside thingsboard-gateway's own environment: `put|drain|doubled KIND FOLDER EVENTS`.

It drives the event stores in which the gateway keeps what it could not send, and answers one JSON line.
Nothing of the product is imported.
"""

import json
import logging
import os
import sys
import threading
import time
from importlib import import_module
from typing import Any

EVENT_BYTES = 541
PACK_WAIT_S = 30.0
_STORES = {"sqlite": "SQLiteEventStorage", "file": "FileEventStorage"}


def open_store(kind: str, folder: str) -> Any:
    """The store of that kind over a folder: the gateway's own class, settings as in its example."""
    logger: Any = logging.getLogger("store")
    logger.trace = logger.debug
    module = import_module(f"thingsboard_gateway.storage.{kind}.{kind}_event_storage")
    settings = {
        "data_file_path": folder + "/",
        "data_folder_path": folder + "/",
        "max_file_count": 10,
        "max_records_per_file": 10_000,
        "max_records_between_fsync": 10,
    }
    return getattr(module, _STORES[kind])(settings, logger, threading.Event())


def event(number: int) -> str:
    """An event of the size of a journal line."""
    text = json.dumps({"deviceName": "till", "telemetry": [{"ts": number, "values": {"n": number}}]})
    return text[:-1] + ', "pad": "' + "x" * (EVENT_BYTES - len(text) - 11) + '"}'


def put(store: Any, events: int) -> dict[str, float]:
    """Put all events; say how many were taken, and end without any farewell, as a power cut does."""
    began = time.perf_counter()
    taken = sum(bool(store.put(event(number))) for number in range(events))
    return {"taken": taken, "seconds": time.perf_counter() - began}


def drain(store: Any, once: bool) -> dict[str, float]:
    """Read packs until none comes for a while; `once`: read one and do not say that it was processed."""
    began = last = time.perf_counter()
    seen: list[int] = []
    while time.perf_counter() - last < (PACK_WAIT_S if not seen else 3.0):
        pack = store.get_event_pack()
        if not pack:
            time.sleep(0.05)
            continue
        seen += [json.loads(one)["telemetry"][0]["ts"] for one in pack]
        last = time.perf_counter()
        if once:
            break
        store.event_pack_processing_done()
    return {"read": len(seen), "different": len(set(seen)), "seconds": last - began}


def main() -> None:
    """One step, one line, and out at once."""
    step, kind, folder, events = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    store = open_store(kind, folder)
    found = put(store, events) if step == "put" else drain(store, step == "doubled")
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()
    os._exit(0)


main()
