"""What several roles share of the outside: broker session, control socket, health, metrics, scans."""
