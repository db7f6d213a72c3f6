"""A language model plays: it reads what is seen and says what to do.

    goalshift eval agents/examples/language_model.py --world corner --levels 16

`ask` is a stub. Put a call of your model there: it gets the conversation so far and returns text.
"""

OBS = "text"  # or "text-short": the map and the moves alone
TASK = (
    "You are playing a grid world. After each description answer with one move, its name alone."
    " Find out what is worth doing."
)


def ask(messages: list[dict[str, str]]) -> str:
    """A stub in place of a model: it walks to what is listed first, if it can."""
    text = messages[-1]["content"]
    moves = text.rsplit(": ", 1)[1].rstrip(".").split(", ")
    wanted = [way for way in ("up", "down", "left", "right") if f" {way}" in text.split("Moves")[0]]
    turn = len(messages) // 2
    able = [way for way in wanted if way in moves] or [way for way in moves if way != "stay"]
    return f"I go {able[turn % len(able)]}." if able else "stay"


class AGENT:
    """One conversation; there is a new one for every episode."""

    def __init__(self) -> None:
        self.messages = [{"role": "system", "content": TASK}]

    def act(self, text: str) -> str:
        """The move that the model's answer names, else "stay"."""
        self.messages.append({"role": "user", "content": text})
        answer = ask(self.messages)
        self.messages.append({"role": "assistant", "content": answer})
        moves = text.rsplit(": ", 1)[1].rstrip(".").split(", ")
        words = answer.lower().replace(".", " ").split()
        return next((move for move in moves if move in words), "stay")
