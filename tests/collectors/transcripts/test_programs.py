"""The quick way of taking a command apart says what `shlex` says."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as some

from collectors.transcripts.programs import _known, _words, programs_of, risks


@given(some.text("ab=-/.$&|;()<>{}!* \t\n\r\x0b\u00e9\u3000", max_size=40))
def test_words_without_quotes(text: str) -> None:
    slow = shlex.shlex(text, posix=True, punctuation_chars=True)
    slow.whitespace_split = True
    assert list(_words(text)) == list(slow)


def test_programs_and_no_other_word() -> None:
    assert programs_of(["FOO=1 sudo -E git push && npm test | tee x; ./mine"]) == ("sudo", "git", "npm", "tee", "other")
    assert programs_of(["git commit -m 'rm -rf; npm' && cat <<E\nnpm\nE"]) == ("git", "cat")
    assert programs_of(["git commit -m 'no end"]) == ("git",)


@pytest.mark.parametrize(
    ("command", "risk"),
    [
        ("sudo -u deploy kubectl get pods", "cluster"),
        ("sudo -E -u root -- npm publish", "package_publish"),
        ("env FOO=1 npm publish", "package_publish"),
        ("env -i PATH=/bin aws s3 ls", "cloud"),
        ("bash -lc 'twine upload dist/*'", "package_publish"),
        ('sh -c "cd x && scp a b:"', "remote_copy"),
        ("python -m twine upload dist/*", "package_publish"),
        ("cd x && npm run build && npx -y @vscode/vsce@3 publish", "package_publish"),
        ("python3 -m build && uv publish", "package_publish"),
        ("docker compose -f a.yml push", "package_publish"),
        ("find . -name x -exec rclone copy {} y: \\;", "remote_copy"),
        ("if true; then helm upgrade x; fi", "cluster"),
        ("for i in 1 2; do oc delete $i; done", "cluster"),
        ('echo "$(kubectl get pods)"', "cluster"),
        ("eval 'terraform apply'", "cloud"),
        ("timeout 5m nice -n 10 rsync a b", "remote_copy"),
        ("su - root -c 'gh release create v1'", "forge"),
        ("kubectl\\\n get pods", "cluster"),
    ],
)
def test_a_risky_program_is_found_behind_what_starts_it(command: str, risk: str) -> None:
    assert risk in {risks().get(name) for name in programs_of([command])}


@pytest.mark.parametrize(
    "command",
    [
        "git commit -m 'kubectl; npm publish'", "echo twine", "grep -r kubectl .", "npm test -- a b publish",
        "cat <<E\nssh h\nE", "7z a ssh.7z", "npx create-thing aws", "docker build -t x .", "bash run.sh ssh",
    ],
)  # fmt: skip
def test_no_word_of_a_command_passes_for_a_risky_program(command: str) -> None:
    assert {risks().get(name) for name in programs_of([command])} <= {None}


@given(some.text("ab -c'\"$()`;=\n", max_size=60).map(lambda text: f"bash -c {text} npm publish"))
def test_whatever_a_command_is_only_known_names_are_told(text: str) -> None:
    assert set(programs_of([text])) <= {"other", *_known().risks}
