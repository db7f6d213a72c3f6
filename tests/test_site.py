"""The website: every page is there, every link leads somewhere, and nothing comes from elsewhere."""

import json
import re

import pytest

from goalshift.__main__ import main


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    out = tmp_path_factory.mktemp("made") / "site"
    assert main(["site", "coinline", "--out", str(out), "-q"]) == 0
    return out


def links(page):
    """Where a page leads: (as written, where that is)."""
    text = page.read_text(encoding="utf-8")
    found = re.findall(r"(?:href|src)=[\"']([^\"'#]+)", text)
    return [(link, (page.parent / link).resolve()) for link in found if "data:" not in link]


def test_every_link_of_our_pages_leads_to_a_file_of_the_site(site):
    pages = [page for page in site.rglob("*.html") if page.parent.name != "films"]
    assert {page.relative_to(site).as_posix() for page in pages} >= {
        "index.html", "table.html", "curves.html", "levels.html", "commands.html",
        "worlds/coinline.html", "api/index.html",
    }  # fmt: skip
    for page in pages:
        if page.parent.name == "api" and "pdoc" in page.read_text(encoding="utf-8").lower():
            continue  # its own business
        for link, place in links(page):
            assert "://" not in link and place.is_file() and place.is_relative_to(site), link


def test_no_page_of_ours_may_load_anything_from_elsewhere(site):
    for page in (site / "index.html", site / "worlds" / "coinline.html", site / "table.html"):
        text = page.read_text(encoding="utf-8")
        assert "default-src 'none'" in text and "<script" not in text


def test_a_world_s_page_tells_its_goals_results_and_knobs(site):
    text = (site / "worlds" / "coinline.html").read_text(encoding="utf-8")
    for told in ("goal misgeneralization", "get the coin", "length", "films/coinline.html"):
        assert told in text, told
    commands = (site / "commands.html").read_text(encoding="utf-8")
    assert "--world.KEY" not in commands or "usage: goalshift train" in commands


def test_a_folder_that_is_used_is_not_written_into(site, capsys):
    before = sorted(site.rglob("*"))
    assert main(["site", "coinline", "--out", str(site), "--json"]) == 2
    assert "--force" in json.loads(capsys.readouterr().out)["error"]
    assert sorted(site.rglob("*")) == before


def test_a_replay_of_another_version_costs_its_film_alone(tmp_path, capsys):
    kept = tmp_path / "kept"
    kept.mkdir()
    for side in ("intended", "learned"):
        (kept / f"coinline-{side}.gmr").write_bytes(b"not what it was")
    words = ["site", "coinline", "--out", str(tmp_path / "s"), "--recordings", str(kept)]
    assert main(words) == 0 and "films" in capsys.readouterr().err
    assert (tmp_path / "s" / "worlds" / "coinline.html").is_file()


def test_without_recordings_it_says_what_is_missing(tmp_path, capsys):
    words = ["site", "coinline", "--out", str(tmp_path / "s"), "--recordings", str(tmp_path)]
    assert main(words) == 0
    said = capsys.readouterr().err
    assert "no table.csv" in said and "no replays that fit of coinline" in said
