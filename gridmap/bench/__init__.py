"""How fast gridmap serves on this machine, as ratios within one run: processor time, which noise barely moves."""
