"""What a newcomer may rely on: locks, the size of files, the two commands, nothing left lying about."""

import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ["requirements.lock", "requirements-test.lock"]
PINNED = re.compile(r"^([a-z0-9-]+)==\S+", re.MULTILINE)
NOT_OURS = {
    ".git",
    ".venv",
    ".cache",
    "instance",
    "dist",
    "__pycache__",
    "node_modules",
    ".hypothesis",
}


def _ours(*endings: str) -> Iterator[tuple[str, str]]:
    """Every text file but this one, with one of the endings (none: any), as (path, text)."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [f for f in folders if f not in NOT_OURS and not f.endswith("_cache")]
        for name in names:
            path = Path(folder, name)
            if (
                path != Path(__file__)
                and name not in NOT_OURS
                and (not endings or path.suffix in endings)
            ):
                try:
                    yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
                except UnicodeDecodeError:
                    continue


def _names(requirements: list[str]) -> set[str]:
    """The normalised project names of `Flask-WTF>=1.3`, `psycopg[binary]>=3.3` ..."""
    found = (re.match(r"[A-Za-z0-9._-]+", requirement) for requirement in requirements)
    return {re.sub(r"[._-]+", "-", match[0]).lower() for match in found if match}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_versions_and_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    blocks = re.split(r"\n(?=\S)", text.strip())
    assert len(blocks) > 10
    assert [
        block for block in blocks if not PINNED.match(block) or "--hash=sha256:" not in block
    ] == []
    assert re.findall(r"https?:|file:|@ |index|#", text) == []


def test_the_locks_hold_every_package_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = {
        "requirements.lock": _names(project["project"]["dependencies"]),
        "requirements-test.lock": _names(project["dependency-groups"]["test"]),
    }
    for lock, names in asked.items():
        assert names - set(PINNED.findall((ROOT / lock).read_text())) == set()


def test_both_locks_agree_on_the_packages_they_share() -> None:
    run, tests = (
        dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE))
        for lock in LOCKS
    )
    assert {name: run[name] for name in run.keys() & tests} == {
        name: tests[name] for name in run.keys() & tests
    }


def test_no_file_of_the_product_is_longer_than_six_hundred_lines() -> None:
    lengths = {path: text.count("\n") for path, text in _ours(".py") if path.startswith("tracker/")}
    assert len(lengths) > 10
    assert {path: length for path, length in lengths.items() if length > 600} == {}


def test_nothing_is_promised_for_later_and_no_test_is_skipped() -> None:
    words = re.compile(
        r"\b(?:TODO|FIXME|XXX)\b|mark\.skip|mark\.xfail|type: ignore(?!\[)|noqa(?!:)"
    )
    found = [
        (path, match[0])
        for path, text in _ours(".py", ".html", ".css", ".txt")
        for match in words.finditer(text)
    ]
    assert found == []


def test_no_file_names_a_registry_or_a_place_on_somebodys_machine() -> None:
    words = re.compile(
        r"(?:pypi|pythonhosted|npmjs|debian)\.(?:org|com|net)\b|(?<![\w.])/(?:work|root|tmp/house)/"
    )
    found = [(path, match[0]) for path, text in _ours() for match in words.finditer(text)]
    assert found == []


def test_the_commands_explain_themselves_and_refuse_what_they_do_not_know() -> None:
    asked = subprocess.run([ROOT / "dev"], capture_output=True, text=True, check=True)
    for command in ("./dev run", "./dev test", "./dev tracker", "./dev lock"):
        assert command in asked.stdout
    wrong = subprocess.run([ROOT / "dev", "tset"], capture_output=True, text=True, check=False)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "./dev test" in wrong.stderr


def test_linters_run_beside_the_tests_and_any_of_them_can_fail(tmp_path: Path) -> None:
    for name in ("dev", *LOCKS):
        shutil.copy(ROOT / name, tmp_path)
    programs = tmp_path / ".venv/bin"
    programs.mkdir(parents=True)
    # Stands for Python and all it runs, for lint-imports, and for what would install packages.
    for name in ("python", "lint-imports", "apt-get", "sudo"):
        (programs / name).write_text(
            f'#!/bin/sh\nargs="{name} $*"\necho "output of $args"\n'
            'case "$args" in *"$FAILS"* | apt-get* | sudo*) exit 1 ;; esac\n'
        )
        (programs / name).chmod(0o755)
    locks = sha256(b"".join((ROOT / name).read_bytes() for name in LOCKS)).hexdigest()
    (tmp_path / ".venv/test.stamp").write_text(f"{tmp_path} {locks}  -\n")
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    linters = ("ruff check", "ruff format", "lint-imports", "djlint", "mypy")
    for fails in (*linters, "pytest", "nobody"):
        done = subprocess.run(
            [tmp_path / "dev", "test"],
            env={**environment, "FAILS": fails},
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout + done.stderr
        assert (done.returncode == 0) is (fails == "nobody"), said
        shown = [words for words in (*linters, "pytest") if re.search(f"output of .*{words}", said)]
        assert shown == [*([fails] if fails in linters else []), "pytest"], said
        assert said.count("ok  ") == len(linters) - (fails in linters)


def test_ci_runs_the_readers_second_command_and_nothing_else() -> None:
    lines = (ROOT / ".ci/run").read_text().splitlines()
    commands = [line for line in lines if line and not line.startswith("#")]
    assert len(commands) == 1
    assert commands[0].endswith('/../dev" test')
    assert os.access(ROOT / ".ci/run", os.X_OK)
