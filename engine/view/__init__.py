"""Pictures of states: a pure function of a record, drawn without touching it."""
