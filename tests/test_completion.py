"""Completion: what a real shell offers at <TAB> once it has read what `goalshift completion` prints."""

import os
import pty
import select
import shutil
import subprocess

import pytest

from goalshift.agents.command.main import VERBS, main

from .waiting import PATIENCE

BASH = """source ./script
COMP_WORDS=({words} "{last}"); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_goalshift; printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture
def offers(tmp_path, capsys):
    """What a shell offers for the last of some words: offers("bash", "goalshift tra")."""

    def ask(shell, line):
        if not (tmp_path / "script").exists():
            assert main(["completion", shell, "-q"]) == 0
            (tmp_path / "script").write_text(capsys.readouterr().out)
        if shell == "fish":
            code = f"source ./script; complete -C '{line}'"
        else:
            first, _, last = line.rpartition(" ")
            code = BASH.format(words=first, last=last)
        found = subprocess.run(
            [shell, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE
        )
        assert not found.stderr, found.stderr
        return [row.partition("\t")[0] for row in found.stdout.split("\n") if row]

    return ask


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_verbs_worlds_flags_values_and_files_are_offered(offers, tmp_path, shell):
    if not shutil.which(shell):
        pytest.skip(f"no {shell}")
    (tmp_path / "corner_of_mine.py").touch()
    for line, wanted in (
        ("goalshift tra", {"train"}),
        ("goalshift train corn", {"corner", "corner_of_mine.py"}),
        ("goalshift train corner --resu", {"--resume"}),
        ("goalshift train corner --see", {"--seed", "--seeds"}),
        ("goalshift level ge", {"gen"}),
        ("goalshift level gen coinr", {"coinrun"}),
        ("goalshift completion ", {"bash", "fish", "zsh"}),
        ("goalshift train corner --steps ", set()),
        ("goalshift worlds maze", {"maze_gem"}),
        ("goalshift no-verb x", set()),
    ):
        assert set(offers(shell, line)) == wanted, line
    assert "corner_of_mine.py" in offers(shell, "goalshift eval corner --out c") or shell == "fish"


def test_a_tab_in_a_terminal_completes_in_zsh(tmp_path, capsys):
    """At a real prompt, as zsh reads the words in a way of its own."""
    if not shutil.which("zsh"):
        pytest.skip("no zsh")
    assert main(["completion", "zsh", "-q"]) == 0
    (tmp_path / "script").write_text(capsys.readouterr().out)
    (tmp_path / "goalshift").write_text('#!/bin/sh\nprintf "<%s>" "$@"\n')
    (tmp_path / "goalshift").chmod(0o755)
    home = {"HOME": str(tmp_path), "PATH": f"{tmp_path}:/usr/bin:/bin", "TERM": "dumb"}
    master, terminal = pty.openpty()
    ends = dict.fromkeys(("stdin", "stdout", "stderr"), terminal)
    with subprocess.Popen(["zsh", "-f", "-i"], cwd=tmp_path, env=home, **ends) as shell:
        os.write(master, b"source ./script\ngoalshift trai\t corne\t --resu\t; exit\n")
        said = b""
        while b"<--resume>" not in said and select.select([master], [], [], 20)[0]:
            said += os.read(master, 1024)
        shell.kill()
    os.close(master)
    os.close(terminal)
    assert b"<train><corner><--resume>" in said, said


def test_every_verb_and_flag_is_in_the_script(capsys):
    assert main(["completion", "bash"]) == 0
    text = capsys.readouterr().out
    for name in VERBS:
        assert f"'{name} --') echo '--help" in text, name
    assert main(["completion", "tcsh"]) == 2
