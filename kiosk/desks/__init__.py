"""What the screens ask of the rooms behind them: ports, and the adapters that answer."""
