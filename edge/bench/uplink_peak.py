"""A process that sends from a journal and says how much memory it held at most: `JOURNAL PORT TOKEN`."""

import asyncio
import re
import sys
from contextlib import closing
from pathlib import Path

from cloud_sync.http import PlatformHttp
from cloud_sync.uplink import Uplink
from edge.bench import till

SENT_EVENTS = 20_000


async def main(journal: Path, port: int, token: str) -> None:
    """Send up to 20,000 events, print the peak of the resident memory in MB."""
    url = f"http://127.0.0.1:{port}"
    with closing(till.open_till(journal)) as store:
        async with PlatformHttp(url=url, site=till.SITE, device=till.DEVICE, token=token) as http:
            uplink = Uplink(store=store, http=http)
            goal = max(0, store.executor.head.seq - SENT_EVENTS)
            task = asyncio.create_task(uplink.run())
            while uplink.waiting is None or uplink.waiting > goal:
                await asyncio.sleep(0.01)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    sys.stdout.write(f"{int(found.group(1)) / 1024:.1f}\n")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
