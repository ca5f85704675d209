"""USB scanners, card readers and keypads that type: event devices of the kernel, grabbed exclusively."""
