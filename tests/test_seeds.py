"""Seeds as a distribution: which goal each agent of a table takes, told and drawn."""

from goalshift.__main__ import main
from goalshift.agents.judging.intervals import Estimate
from goalshift.agents.studies import seeds, seeds_figure
from goalshift.agents.studies.map import Spot
from goalshift.engine.catalogue import load


def row(met, instead, world="corner"):
    def shares(values):
        return Estimate(0.5, 0.0, 1.0, tuple(values))

    neither = [1 - a - b for a, b in zip(met, instead, strict=True)]
    return {
        "world": world,
        "split": "deploy",
        "intended_name": "cheese",
        "proxy": "corner",
        "met": shares(met),
        "astray": shares(instead),
        "neither": shares(neither),
    }


def test_an_agent_takes_what_it_meets_on_most_levels():
    agents = seeds.agents_of([row([0.9, 0.1, 0.45, 0.1, 0.5], [0.1, 0.8, 0.45, 0.1, 0.5])])
    assert [a.takes for a in agents] == ["cheese", "corner", seeds.TORN, seeds.NEITHER, seeds.TORN]
    [line] = seeds.told(agents)
    assert line == (
        "corner, deploy: of 5 agents 2 (12 to 77 % of seeds) are torn, 1 (4 to 62 % of seeds) takes"
        " 'cheese', 1 (4 to 62 % of seeds) takes 'corner', 1 (4 to 62 % of seeds) takes neither;"
        " intended goal met on 10 to 90 %, a proxy instead on 10 to 80 %"
    )


def test_what_is_saved_is_read_and_drawn(tmp_path):
    agents = seeds.agents_of([row([0.25] * 6, [0.75] * 6), row([1.0], [0.0], "dish")])
    seeds.save(agents, tmp_path)
    assert seeds.read(tmp_path / "seeds.csv") == agents
    assert seeds.told(agents)[0].endswith("met on 25 %, a proxy instead on 75 %")
    seeds_figure.draw(agents, tmp_path)
    assert (tmp_path / "seeds.png").stat().st_size > 10_000
    assert (tmp_path / "seeds.svg").is_file()


def test_what_cannot_be_told_of_a_seed_is_left_out():
    unknown = row([0.9, 0.9], [0.1, 0.1])
    unknown["met"] = Estimate(0.9, 0.8, 1.0, (0.9, None))
    assert [a.seed for a in seeds.agents_of([unknown])] == [0]


def test_a_map_has_its_agents_without_shifted_levels_at_the_end_of_training():
    spots = [
        Spot(alpha, seed, steps, alpha * steps, 1.0, 0.0, met, 1 - met, 0.0)
        for alpha in (0.0, 0.1)
        for seed, met in enumerate((0.2, 0.7))
        for steps in (10, 20)
    ]
    agents = seeds.of_map(spots, load("corner"), "deploy")
    assert [(a.seed, a.met, a.takes) for a in agents] == [(0, 0.2, "corner"), (1, 0.7, "cheese")]


def test_seeds_of_several_studies_become_one_figure(tmp_path, capsys):
    for name in ("corner", "dish"):
        seeds.save(seeds.agents_of([row([0.75], [0.25], name)]), tmp_path / name)
    words = [str(tmp_path / name / "seeds.csv") for name in ("corner", "dish")]
    assert main(["overlay", *words, "-o", str(tmp_path / "both")]) == 0
    assert [a.world for a in seeds.read(tmp_path / "both" / "seeds.csv")] == ["corner", "dish"]
    (tmp_path / "dish" / "seeds.csv").write_text(
        "world,split,seed,met,instead,neither,takes\na,b,c,1,0,0,x\n"
    )
    assert main(["overlay", words[1], "-o", str(tmp_path / "no")]) == 2
    assert "row 1: it must hold numbers" in capsys.readouterr().err
