"""The one database of a hub: units of work on a writer thread, the journal, migrations and hints."""
