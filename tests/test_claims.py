"""The ledger: figures are those of their evidence, pages tell them, and claims can be made again."""

import json
import re
from pathlib import Path

import pytest

from goalshift.__main__ import main
from goalshift.agents.command import main as cli
from goalshift.agents.studies import again, claims, evidence, papers
from goalshift.agents.studies.evidence import Figure, figure
from goalshift.engine import catalogue
from goalshift.engine.files import read_csv

ROOT = Path(__file__).resolve().parent.parent
LEDGER = ROOT / "recordings" / "claims.toml"
CLAIMS = claims.read(LEDGER)
PAGES = claims.pages_of(CLAIMS, ROOT)


def found():
    return [claims.find(claim, LEDGER.parent) for claim in CLAIMS]


def test_the_page_is_what_the_ledger_and_its_evidence_say():
    page = (LEDGER.parent / "CLAIMS.md").read_text(encoding="utf-8")
    assert page == claims.markdown(found()), "goalshift reproduce --write"


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name)
def test_pages_tell_what_the_evidence_says(claim):
    assert claims.untold(claim, LEDGER.parent, PAGES) == []
    for text in (claim.command, claim.small.command if claim.small else ""):
        for command in filter(None, text.split("&&")):
            words = cli.joined(command.split())
            cli.parse(words[0], words)


def test_every_interval_in_the_readme_belongs_to_a_claim():
    text = PAGES["README.md"]
    for claim in CLAIMS:
        for sentence in claims.sentences_of(claim, LEDGER.parent, claim.told.get("README.md", ())):
            text = text.replace(sentence, "")
    assert re.findall(r"[^|]{,60}\[-?[\d.]+, -?[\d.]+\]", text) == []


def test_no_claim_is_better_than_its_agents_and_its_file():
    for one in found():
        assert one.status in claims.STATUSES and one.claim.weakest
        if one.claim.agents < 3 or one.claim.file.endswith(".md"):
            assert one.status == claims.PROVISIONAL, one.claim.name
        if one.claim.agents < claims.MANY:
            assert one.status != claims.SOLID, one.claim.name


LITTLE = """
[[claim]]
part = "p"
name = "a"
says = "s"
file = "f.csv"
at = ["kind=x & n=1", "rate"]
agents = 3
weakest = "w"
also.all = ["kind=x", "rate"]
told."page.md" = ["it is {it}, of all {all}"]
"""


def little(folder, toml=LITTLE, rate="0.25", page="it is\n25 [20, 31], of all 50 (25 to 75)."):
    (folder / "claims.toml").write_text(toml)
    rows = f"kind,n,rate,rate_low,rate_high\nx,1,{rate},0.2,0.311\nx,2,0.75,0.7,0.8\ny,1,0,0,0\n"
    (folder / "f.csv").write_text(rows)
    (folder / "page.md").write_text(page)
    [claim] = claims.read(folder / "claims.toml")
    return claim


def test_a_page_that_tells_another_figure_is_named(tmp_path):
    claim = little(tmp_path)
    assert claims.untold(claim, tmp_path, claims.pages_of([claim], tmp_path)) == []
    claim = little(tmp_path, rate="0.28")
    [lacking] = claims.untold(claim, tmp_path, claims.pages_of([claim], tmp_path))
    assert lacking == "page.md: it is 28 [20, 31], of all 52 (28 to 75)"
    assert claims.find(claim, tmp_path).figure.number == 0.28


def test_a_better_status_than_the_agents_give_is_refused(tmp_path):
    claim = little(tmp_path, LITTLE.replace("agents", 'held = "solid"\nagents'))
    with pytest.raises(Exception, match="3 agents can make it thin, and no better"):
        claims.find(claim, tmp_path)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("agents = 3", "agents = 'three'"), "must be of type int"),
        (("says", "sais"), "'says' is missing"),
        (('weakest = "w"', 'weekest = "w"'), "no field 'weekest'"),
        (("[[claim]]", "[[claim]"), "claims.toml:2:"),
        (("kind=x & n=1", "kind=z"), "no 'kind=z' at the top"),
        (('"rate"]\nagents', '"kind"]\nagents'), "is 'x', and no figure"),
        (("f.csv", "g.csv"), "g.csv: no such file"),
    ],
)
def test_a_ledger_with_a_fault_is_one_line(tmp_path, capsys, change, told):
    little(tmp_path)
    (tmp_path / "claims.toml").write_text(LITTLE.replace(*change))
    assert main(["reproduce", "--ledger", str(tmp_path / "claims.toml")]) == 2
    err = capsys.readouterr().err
    assert told in err and err.count("\n") == 1, err


def test_figures_are_read_from_tables_reports_laws_and_pages(tmp_path):
    little(tmp_path, page="fell by -3.5 % [-4, 1,000] at last")
    told = evidence.figure(
        tmp_path / "page.md", ["fell by {value} % [{low}, {high}] at"], "percent"
    )
    assert (told.number, told.least, told.most) == (-0.035, -0.04, 10.0)
    (tmp_path / "r.json").write_text(
        '{"a": [{"n": "x", "f": {"value": 0.5, "low": 0.4, "high": 0.6}}]}'
    )
    assert str(figure(tmp_path / "r.json", ["a", "n=x", "f"], "auroc")) == "0.50 [0.40, 0.60]"
    assert figure(tmp_path / "f.csv", ["kind=x", "rate"]) == Figure(0.5, 0.25, 0.75, True)
    assert [Figure(x, unit="ratio").value for x in (-0.05, -0.001)] == ["-0.05", "0.00"]
    law = figure(ROOT / "recordings" / "maps" / "coinrun.csv", ["law", "alpha"])
    assert 0 < law.least <= law.number <= law.most < 1


def test_where_a_new_figure_should_fall(tmp_path):
    claim = little(tmp_path)
    one = claims.find(claim, tmp_path)
    single = claims.expected(claims.Small("c", agents=1), one)
    assert single.least == pytest.approx(0.25 - 2 * 0.05) and single.holds(0.16)
    assert claims.expected(claims.Small("c", expect=(0.6, 0.7)), one).holds(0.65)
    assert claims.expected(claims.Small("c"), one) is None
    claimed = one.figure
    assert claims.judged(Figure(0.314), None, claimed) == "yes", "31 is told of 0.311"
    assert claims.judged(Figure(0.5, 0.3, 0.7), None, claimed) == "cannot tell"
    assert claims.judged(Figure(0.5, 0.4, 0.7), None, claimed) == "no"
    assert claims.judged(Figure(0.5, 0.3, 0.7), claimed, claimed) == "no"


def test_a_reduced_claim_is_made_again_in_seconds(tmp_path, capsys):
    words = ["reproduce", "table-coinline", "--small", "--out", str(tmp_path / "o"), "--json"]
    assert main(words) == 0
    told = capsys.readouterr()
    assert "table-coinline: about 6 seconds on a quiet core: goalshift eval" in told.err
    [made] = json.loads(told.out)["again"]
    assert made["falls"] == "yes" and made["size"] == "reduced" and made["new"]["number"] == 1.0
    assert (tmp_path / "o" / "table-coinline" / again.REPORT).is_file()
    assert main(words) == 2, "a folder that is not fresh"


def test_a_figure_elsewhere_ends_with_3_and_one_that_cannot_tell_with_4(
    tmp_path, monkeypatch, capsys
):
    small = '[claim.small]\ncommand = "eval x"\nat = ["f"]\nfile = "report.json"\n'
    for toml, value, code in (
        (LITTLE + small + "expect = [0.6, 0.7]\n", 0.9, 3),
        (LITTLE + small, 0.5, 4),
        (LITTLE + small, 0.25, 0),
    ):
        little(tmp_path, toml)

        def run(words, folder, value=value):
            (folder / "report.json").write_text(json.dumps({"f": value}))
            return again.Done(0)

        monkeypatch.setattr(again, "run", run)
        words = ["reproduce", "a", "--small", "--ledger", str(tmp_path / "claims.toml")]
        assert main([*words, "-o", str(tmp_path / f"out-{code}")]) == code
        assert f"a: {100 * value:.0f}; claimed 25 [20, 31]" in capsys.readouterr().out


def test_what_cannot_be_made_again_says_so(capsys):
    assert main(["reproduce", "five-coinrun"]) == 2
    assert "has no command: no file is kept" in capsys.readouterr().err
    assert main(["reproduce", "law-more", "--small"]) == 2
    assert "no reduced size" in capsys.readouterr().err
    assert main(["reproduce", "table-coinlime"]) == 2
    assert "Did you mean 'table-coinline'?" in capsys.readouterr().err


def test_the_page_against_the_papers_is_what_its_rows_and_the_ledger_say():
    rows = papers.read(LEDGER.parent / "papers.toml")
    page = (LEDGER.parent / "papers.md").read_text(encoding="utf-8")
    assert page == papers.markdown(rows, {one.claim.name: one for one in found()})
    assert {row.world for row in rows} >= {
        "coinrun",
        "corner",
        "dish",
        "keys",
        "maze_gem",
        "monsters",
    }
    assert {row.world for row in rows} <= set(catalogue.names())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("'agrees'", "'fits'"), "row 1: 'fits' is none of"),
        (("claims = ['a']", ""), "it agrees with what? name claims"),
        (("claims = ['a']", "claims = ['b']"), "names a claim 'b'"),
    ],
)
def test_a_row_with_a_fault_is_one_line(tmp_path, capsys, change, told):
    little(tmp_path)
    words = ("source", "world", "reports", "budget", "why")
    row = "".join(["[[row]]\n", *(f"{word} = 'x'\n" for word in words)])
    row += "stands = 'agrees'\nclaims = ['a']\n"
    (tmp_path / "papers.toml").write_text(row.replace(*change))
    assert main(["reproduce", "--write", "--ledger", str(tmp_path / "claims.toml")]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "papers.md").exists() and not (tmp_path / "CLAIMS.md").exists()


def test_what_all_claims_cost_counts_each_command_once(tmp_path):
    claim = little(tmp_path)
    first = claims.replace(claim, command="map coinrun", minutes=90)
    other = claims.replace(claim, command="map corner", minutes=30)
    assert claims.hours([first, first, other, claim]) == 2.0
    assert claims.told_hours([first, first, claim]) == (
        "about 1.5 core-hours on a quiet core, and 1 claim has no command"
    )
    assert claims.told_hours([other]) == "about 0.5 core-hours on a quiet core"


def test_the_page_of_controls_counts_who_reaches_the_goal_as_the_evidence_does():
    folder, said = LEDGER.parent / "controls", {}
    for name in ("worlds", "full", "else", "coinline-8"):
        _, rows = read_csv(folder / f"{name}.csv")
        said[name] = {row["world"] for row in rows if row["reaches"] == "yes"}
    page = evidence.read_page(folder / "README.md")
    assert f"**{len(said['worlds'])} of 29 worlds have a control" in page
    assert f"**{len(set().union(*said.values()))} of 29 have one that reaches it**" in page
