"""The commands of `edge`, one module each."""

COMMANDS = {
    "init": "Make a site's folder: configuration, secrets, database.",
    "enrol": "Make this machine a device of the platform, with a one-time code.",
    "run": "Run the hub of a site.",
    "demo": "The whole product on this machine, or its story checked once (--check).",
    "doctor": "Say what is wrong with a site and how to mend it.",
    "books": "The trial balance, or a check of all the books.",
    "match": "Journal, channel's bill and platform of a date, held against each other.",
    "cases": "Differences of the match: list them, close them with a reason.",
    "backup": "The recovery sheet, a sealed backup now, what backups there are.",
    "restore": "Put a sealed backup onto this machine, with what the platform has since.",
    "db": "Check the database; copy it as it is, put such a copy back.",
    "journal": "Verify, export or follow the journal.",
    "lockers": "Walk along a bank of lockers and prove its locks; what is proved.",
    "clock": "The trusted clock, and a person's word for a time that jumped.",
    "identity": "Epoch and quarantine of this device, and how a person settles it.",
    "status": "How the running hub is: parts, journal, newest gauges.",
    "devices": "Doors, banks and readers of the running hub, and what is wrong with them.",
    "scan": "Read codes from pictures.",
    "conformance": "Prove from outside whether a platform keeps the protocol.",
    "fleet": "Many simulated sites against a platform: outages, reconnect storms, nothing lost.",
    "bench": "Benchmarks, each with its floor beside it.",
    "reference": "Print the reference of settings, events, refusals, ledger and commands.",
}
"""Command name to its one line of help. The module is `edge.commands.NAME`, its function `command`."""
