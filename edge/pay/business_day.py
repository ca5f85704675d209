"""The business date of a reading.

With the clock known it is the site's calendar date (China, UTC+8 all year since 1991); with the clock unknown
it is the date of the open shift, and without a shift the date of the clock's floor.
"""

import sqlite3
from datetime import UTC, datetime, timedelta

from edge.store.facts import get_fact
from edge.trust.clock import Reading
from edge.trust.time_policy import Decision, Rule, rule_for

SITE_OFFSET = timedelta(hours=8)
SHIFT_DATE_FACT = "shift_date"


def date_of(at_ms: int) -> str:
    """Return the site's calendar date at `at_ms`, as ISO text."""
    return (datetime.fromtimestamp(at_ms / 1000, UTC) + SITE_OFFSET).date().isoformat()


def business_date(connection: sqlite3.Connection, now: Reading) -> str:
    """Return the business date to book under at `now`."""
    if rule_for(Decision.BUSINESS_DATE, now.trust) is Rule.SHIFT:
        shift_date = get_fact(connection, SHIFT_DATE_FACT)
        if isinstance(shift_date, str) and shift_date:
            return shift_date
    return date_of(now.at_ms)
