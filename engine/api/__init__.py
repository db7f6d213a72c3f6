"""The worlds under the interfaces that others know: PettingZoo, Gymnasium, Stable-Baselines3."""
