"""The demo: a community worth looking at, every process on one machine, and the story that proves it."""
