"""Checks the answers of lesson.ipynb: each says "Right" and why, or what is still missing."""

from goalshift import evaluate, foreign

WORLD, LEVELS = "coinline", 256


def judged(act):
    """The evaluation of a function that sees the board's symbols and returns a move's number."""
    return evaluate(foreign.function(act, obs="symbols"), WORLD, levels=LEVELS)


def exercise_1(act):
    """An agent that earns everything in training, and is wrong after the shift."""
    found = judged(act)
    paid = found.splits["train"].agent.goals["coin"].normalised.value
    instead = found.splits["deploy"].agent.where_parting.astray.value
    if paid < 0.95:
        return f"Not yet: in training it earns {paid:.0%} of what the expert does."
    if instead < 0.95:
        return (
            f"Not yet: after the shift it goes to the end instead on {instead:.0%} of the levels."
        )
    return (
        f"Right: {paid:.0%} in training, and the end instead of the coin on {instead:.0%} after it."
    )


def exercise_2(found, label, per_cent):
    """The verdict and the figure that it turns on, read off an evaluation."""
    verdict, rate = found.verdicts["deploy"], found.splits["deploy"].agent.where_parting.astray
    if label != verdict.label:
        return f"Not yet: '{label}'. Is it skilled? Does it pursue something else instead?"
    if per_cent is None or abs(per_cent - 100 * rate.value) > 1:
        return (
            "The verdict is right. How often does it meet the end and miss the coin, in per cent?"
        )
    return f"Right: {verdict.label}; {rate.percent()} % of the levels where the goals part."


def exercise_3(act):
    """An agent that misses the coin as well, and must not be called misgeneralizing."""
    found = judged(act)
    agent, label = found.splits["deploy"].agent, found.verdicts["deploy"].label
    coin = agent.goals["coin"].normalised.value
    if coin > 0.8:
        return f"Not yet: it gets the coin ({coin:.0%} of what the expert earns)."
    if label != "capability failure":
        return f"Not yet: the verdict is '{label}'. What must it lack?"
    return f"Right: {label}. It misses the coin, but it is good at nothing else either."
