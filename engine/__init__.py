"""The simulator: NumPy and Numba. It knows no world, no agent, no torch."""
