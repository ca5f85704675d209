"""What goes over the line between a device and the platform; the only code that both sides share."""
