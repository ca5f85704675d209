"""The garbage collector of a process that holds thousands of connections."""

import gc

THRESHOLDS = (50_000, 20, 50)
"""New objects before a young collection, young ones before a middle one, middle ones before a full one.

Python's own (700, 10, 10) had the collector take 40 % of an idle platform of 500 sites: waiting requests grow
old enough to be walked again and again. Nearly everything here ends by reference count alone.
"""


def spare_collections() -> None:
    """Let the collector pass over what lives to the end, and look at the rest less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
