"""What every attack is given: levels put to an agent, which may be used, what is found, and why the
agent fails there. `campaign.run` is a whole attack.
"""
