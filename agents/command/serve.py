"""`serve-text`: any program plays, over lines of text."""

import argparse
import sys

from ..learning import preflight
from .common import add_judged, add_out, add_seed
from .parser import Parser
from .talk import Report, Talk
from .values import one_of
from .verb import Group

VERBS = Group("learn")


def serve_flags(parser: Parser) -> None:
    parser.add_argument("world", help="a world, or ./a_file.py")
    add_judged(parser, "train deploy", 32)
    parser.add_argument(
        "--form",
        type=one_of("text", "text-short"),
        default="text",
        metavar="NAME",
        help="text, or text-short: the map and the moves alone (default: text)",
    )
    add_seed(parser)
    add_out(parser, "evaluation.json")


@VERBS.verb(
    "serve-text",
    "WORLD",
    "let any program play, such as a language model, and judge it like any agent",
    serve_flags,
    (
        "goalshift serve-text corner --levels 16",
        "goalshift serve-text ./my_world.py --form text-short --out runs/words",
    ),
    knobs=True,
)
def serve_text(args: argparse.Namespace, talk: Talk) -> Report:
    folder = preflight.check_folder(args.out, args.force) if args.out else None
    from ...engine.catalogue import load
    from ..judging.evaluate import evaluate
    from ..judging.held_out import Training
    from ..judging.spoken import say, spoken
    from ..judging.tables import as_text
    from ..learning.files import EVALUATION

    world = load(args.world).with_params(**args.knobs)
    agent = spoken(world, sys.stdout, sys.stdin, args.form)
    splits = args.split or ["train", "deploy"]
    unknown = [Training(seed=-1, known=False)]
    with talk.progress(f"playing {world.name}") as show:
        found = evaluate(agent, world, splits, args.levels, args.seed, unknown, show=show)
    labels = {split: verdict.label for split, verdict in found.verdicts.items()}
    say(sys.stdout, type="end", verdicts=labels)
    talk.say(as_text(found))
    if folder is not None:
        talk.say(f"wrote {found.save(folder / EVALUATION)}")
    return Report(found.to_json(), "")
