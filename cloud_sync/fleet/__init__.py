"""A fleet of simulated sites: the load of a benchmark, and a tool for whoever runs a platform."""
