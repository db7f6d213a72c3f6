"""An audit: what is claimed of agents, what each claim rests on, and whether requirements are met."""
