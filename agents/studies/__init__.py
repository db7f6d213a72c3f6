"""Many agents: tables, curves and banks, and the jobs that they are made of."""
