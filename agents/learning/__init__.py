"""Training: the network, PPO, and the folder that a run is kept in."""
