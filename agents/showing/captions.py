"""What a film says, in a file that people write: captions of the author's own, and other words for its
sentences, such as a translation.

    [words]
    "ate the cheese" = "hat den Käse gefressen"
    [[caption]]
    from = 4
    to = 9
    text = "Here it turns."
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from unicodedata import bidirectional, category

from ...engine import files
from ...engine.errors import UserError
from ...engine.files import read_text
from ...engine.levels.text import parse_toml, toml_line
from ...engine.view.film.story import PHRASES, Card, Story, Take, goal_words

NOTES, WORDS = 1000, 3000  # captions of a file, and sentences; letters of one
TURNS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}  # of direction
Notes = tuple[tuple[int, int, str], ...]


def read_captions(path: Path) -> tuple[Notes, dict[str, str]]:
    """Captions of the author's own, from tables [[caption]] with `from`, `to` (steps) and `text`; and
    what to say in place of what, from a table [words].

    Raises UserError, naming the file and the table.
    """
    try:
        found = parse_toml(read_text(path, 1_000_000), str(path))
    except UserError as fault:
        raise UserError(f"--captions {fault}") from None
    tables, words = found.get("caption", []), found.get("words", {})
    sound = isinstance(tables, list) and len(tables) <= NOTES and isinstance(words, dict)
    if not found or not set(found) <= {"caption", "words"} or not sound:
        raise UserError(
            f"--captions '{path}' must hold 1 to {NOTES} tables [[caption]], or [words], and nothing"
            " else"
        )
    lines = {}
    for key, text in words.items():
        if not isinstance(text, str) or len(text) > WORDS or len(words) > NOTES:
            raise UserError(
                f"--captions '{path}', words: '{key[:40]}' needs a text of at most {WORDS} characters"
            )
        lines[key] = _plain(text, f"--captions '{path}', words: '{key[:40]}'")
    notes = tuple(
        _note(table, f"--captions '{path}', caption {k}") for k, table in enumerate(tables, 1)
    )
    return notes, lines


def _note(table: object, where: str) -> tuple[int, int, str]:
    """A caption: from which step to which, and what is said."""
    known = {"from", "to", "text"}
    if not isinstance(table, dict) or not {"from", "text"} <= set(table) <= known:
        raise UserError(f"{where}: it needs `from` (a step) and `text`, and may have `to`")
    first, last, text = table["from"], table.get("to", table["from"]), table["text"]
    if any(type(n) is not int or not 0 <= n < 2**31 for n in (first, last)) or last < first:
        raise UserError(f"{where}: `from` and `to` must be steps, 0 or more, in this order")
    if not isinstance(text, str) or len(text) > WORDS:
        raise UserError(f"{where}: `text` must be a text of at most {WORDS} characters")
    return first, last, _plain(text, where)


def _plain(text: str, where: str) -> str:
    """The text in one line. Subtitles are files that people print: no codes for a terminal in them,
    and nothing that turns the direction of what follows; joiners of letters and of emoji may stay."""
    line = " ".join(text.split())
    bad = [c for c in line if category(c) in ("Cc", "Cs") or bidirectional(c) in TURNS]
    if bad:
        raise UserError(f"{where}: U+{ord(bad[0]):04X} is a control character; take it out")
    return line


def exchange(
    takes: Sequence[Take], card: Card, words: Mapping[str, str]
) -> tuple[list[Take], Card]:
    """The same film in other words, where there are any."""

    def say(text: str) -> str:
        return words.get(text, text)

    if not words:
        return list(takes), card
    card = replace(
        card,
        title=say(card.title or card.world.title),
        claim=say(card.claim),
        conclusion=say(card.conclusion),
        facts=tuple(map(say, card.facts)),
        pick=say(card.pick),
        sample=say(card.sample),
        rates=tuple(replace(rate, label=say(rate.label)) for rate in card.rates),
        captions={event: say(text) for event, text in card.captions.items()},
        notes=tuple((first, last, say(text)) for first, last, text in card.notes),
        words=dict(words),
    )
    return [replace(take, role=say(take.role), label=say(take.label)) for take in takes], card


def sentences(
    takes: Sequence[Take], card: Card, pairs: Sequence[tuple[int, int]] | None = None
) -> list[str]:
    """All that a film says and that other words may stand for, each once."""
    story = Story(takes, card, pairs)
    events = {event for side in story.sides for event in _happened(card, side.take)}
    said = [card.title or card.world.title, card.claim, *card.facts, card.conclusion]
    said += [goal_words(goal) for goal in card.world.goals]
    said += [text for take in takes for text in (take.role, take.label)]
    said += [text for event, text in card.captions.items() if event in events]
    said += [text for _, _, text in card.notes]
    said += [*(rate.label for rate in card.rates), card.sample, card.pick, *PHRASES]
    return [text for text in dict.fromkeys(said) if text]


def _happened(card: Card, take: Take) -> list[str]:
    raised = take.states.events[:, : card.world.learners].any((0, 1))
    return [event for event, once in zip(card.world.events, raised, strict=True) if once]


def write(
    path: Path, takes: Sequence[Take], card: Card, pairs: Sequence[tuple[int, int]] | None = None
) -> None:
    """Write all that a film says as a table [words], each sentence beside itself."""
    head = "# Put your own words to the right of each =, and give the file to --captions."
    rows = []
    for text in sentences(takes, card, pairs):
        key = toml_line("x", text).removeprefix("x = ")
        rows.append(f"{key} = {key}")
    files.write(path, "\n".join([head, "[words]", *rows, ""]).encode())
