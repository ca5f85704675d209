"""The relay guard: the one process that opens the gpiochip, and times every pulse itself."""
