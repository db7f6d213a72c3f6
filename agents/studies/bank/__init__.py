"""A bank: many small networks trained side by side on one world, to see what each comes to want.

Which goal a network takes up varies with the dice it was trained by, so one agent shows nothing
about how often it happens. `nets` trains a group of them as one batched matrix product, `measure`
says what every net came to want, `grid` makes a bank at every value of some knobs, `figures` draws.
"""
