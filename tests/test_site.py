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
    """Where a page leads, as it is written there: files, and places in them."""
    text = page.read_text(encoding="utf-8")
    found = re.findall(r"<[^>]*\s(?:href|src)=[\"']([^\"']+)", text)
    found += re.findall(r"http-equiv=\"refresh\" content=\"0; url=([^\"]+)", text)
    return [link for link in found if not link.startswith("data:")]


def lost(site):
    """Every link of every page that leads out of the site, or to nothing in it."""
    pages = {page.resolve(): page.read_text(encoding="utf-8") for page in site.rglob("*.html")}
    places = {page: set(re.findall(r"\sid=[\"']([^\"']+)", text)) for page, text in pages.items()}
    found = []
    for page in pages:
        for link in links(page):
            file, _, place = link.partition("#")
            to = (page.parent / file).resolve() if file else page
            there = "://" not in link and to.is_file() and to.is_relative_to(site.resolve())
            if not there or (place and place not in places[to]):
                found.append((page.relative_to(site.resolve()).as_posix(), link))
    return found


def test_every_link_of_every_page_leads_to_a_place_in_the_site(site):
    pages = {page.relative_to(site).as_posix() for page in site.rglob("*.html")}
    assert pages >= {
        "index.html", "table.html", "curves.html", "levels.html", "commands.html",
        "worlds/coinline.html", "films/coinline.html", "api/index.html",
    }  # fmt: skip
    assert lost(site) == []


def test_the_python_reference_is_of_the_site(site):
    """Its links are followed with all others; here, that there are any, and a way back."""
    pytest.importorskip("pdoc")
    page = site / "api" / "goalshift.html"
    assert "goalshift.html" in str(links(site / "api" / "index.html"))
    assert "../index.html" in links(page) and "#World" in links(page)
    assert not re.search(r"<(?:script|link|img)[^>]+(?:src|href)=[\"']https?:", page.read_text())


def test_a_link_that_leads_nowhere_is_found(tmp_path):
    (tmp_path / "a.html").write_text(
        '<a href="b.html#here"> <a href="b.html#gone"> <img src="no.png">'
    )
    (tmp_path / "b.html").write_text('<p id="here"> <a href="https://example.org">')
    gone = [link for _, link in lost(tmp_path)]
    assert sorted(gone) == ["b.html#gone", "https://example.org", "no.png"]


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
