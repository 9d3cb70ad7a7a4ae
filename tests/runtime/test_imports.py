"""What stays out of the process, and still works for those who need it."""

from __future__ import annotations

import subprocess
import sys


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_neither_hashing_nor_logging_brings_openssl_or_asyncio() -> None:
    loaded = python(
        "import agent.cli.main, sys; from agent.runtime.logs import logger; logger().info('x'); import hashlib;"
        "print(hashlib.sha256(b'x').hexdigest()); print(*sys.modules)"
    ).splitlines()
    assert loaded[0] == "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    assert not {"_hashlib", "_ssl", "ssl", "asyncio"} & set(loaded[1].split())


def test_a_collector_of_others_may_use_them_all_the_same() -> None:
    code = (
        "import agent.cli.main; from agent.runtime.logs import logger; logger().info('x');"
        "import asyncio, ssl, hashlib, http.client;"
        "print(asyncio.run(asyncio.sleep(0, 'slept')), ssl.create_default_context().check_hostname)"
    )
    assert python(code).split() == ["slept", "True"]


def test_a_module_that_is_there_already_stays() -> None:
    code = (
        "import json, ssl, asyncio; from agent.runtime.imports import hollow, without\n"
        "with without('ssl'), hollow('asyncio'):\n    import ssl as inner, asyncio as other\n"
        "print(inner is ssl, other is asyncio)"
    )
    assert python(code).split() == ["True", "True"]


def test_inside_a_missing_module_is_missing_and_a_hollow_one_empty_and_neither_afterwards() -> None:
    code = (
        "import sys; from agent.runtime.imports import hollow, without\n"
        "try:\n    with without('wave'): import wave\nexcept ImportError: print('missing')\n"
        "with hollow('wave'):\n    import wave; print(hasattr(wave, 'open'))\n"
        "import wave; print(hasattr(wave, 'open'))"
    )
    assert python(code).split() == ["missing", "False", "True"]
