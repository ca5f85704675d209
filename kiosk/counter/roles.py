"""Who may do what at the counter. The table for people is docs/roles.md."""

from edge.staff.records import Role

EVERYBODY = frozenset(Role)
"""Who may sign in: what a person then sees depends on the role."""
READERS = frozenset({Role.CLERK, Role.SUPERVISOR, Role.MANAGER, Role.AUDITOR})
"""Who may look at payments; technicians and guards have nothing to do with money."""
SERVERS = frozenset({Role.CLERK, Role.SUPERVISOR, Role.MANAGER})
"""Who serves at the counter: asks again, takes goods back, prints again."""
JUDGES = frozenset({Role.SUPERVISOR, Role.MANAGER})
"""Who releases goods on an unknown payment, closes cases, and lets a halted bank go on."""
WATCHERS = frozenset({Role.CLERK, Role.SUPERVISOR, Role.MANAGER, Role.GUARD, Role.TECHNICIAN})
"""Who sees how doors and lockers stand."""
PORTERS = frozenset({Role.CLERK, Role.SUPERVISOR, Role.MANAGER, Role.GUARD})
"""Who opens a door with a reason, and one half of the two people who open a cell."""
KEEPERS = frozenset({Role.SUPERVISOR, Role.MANAGER, Role.GUARD})
"""Who keeps doors open or locked down, and ends the fire release."""
LOCKERS_SEEN = WATCHERS | {Role.AUDITOR}
"""Who sees what lies in the lockers."""
LOCKER_STAFF = PORTERS
"""Who stores a parcel for a courier, takes an overdue one out, sees to a case."""
RECORDERS = frozenset({Role.SUPERVISOR, Role.MANAGER, Role.GUARD, Role.AUDITOR})
"""Who searches the door records: they tell who came when."""
FITTERS = frozenset({Role.TECHNICIAN, Role.MANAGER})
"""Who tries a lock or walks along a bank."""
DEVICES_SEEN = FITTERS | {Role.SUPERVISOR}
"""Who sees the technician's list."""
