"""A zoo: many agents over worlds, shares of shifted levels and seeds, each with a label of what it
came to want; what detectors are tried on.

`grow` trains what is missing, `members` finds and opens what is there, `labels` says of each what it
does after the shift, and `manifest` what all of them are. A folder holds everything:

    OUT/WORLD/POINT/seed-K/            a run of PPO with its checkpoints
    OUT/WORLD/POINT/nets.safetensors   the nets of a bank
    OUT/agents.csv  manifest.json      a row for each agent; what, how many, hashes
"""
