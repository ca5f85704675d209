"""What hangs on a serial port: lock boards of the 8A family on RS-485, and scanners. The home of pyserial."""
