"""Seeds as a distribution: which goal each agent of a table takes, told and drawn."""

from goalshift.agents.judging.intervals import Estimate
from goalshift.agents.studies import seeds, seeds_figure


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
        "corner, deploy: of 5 agents 2 are torn, 1 takes 'cheese', 1 takes 'corner', 1 takes neither;"
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
