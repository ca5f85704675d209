"""One invariant checker over what hub, platform, channel, guard and people have themselves."""
