"""OCSF events into a real ClickHouse behind a real nginx, set up as docs/integrations.md says."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from agent.delivery.senders import make_sender
from agent.delivery.targets.ocsf import OcsfSettings
from agent.journal.journal import Journal
from tests.delivery.targets.every_kind import journal_of_everything
from tests.delivery.targets.test_documented import block

_SERVER = """<yandex>
<logger><level>warning</level><log>{folder}/log</log><errorlog>{folder}/errors</errorlog></logger>
<http_port>{port}</http_port><listen_host>127.0.0.1</listen_host>
<path>{folder}/data/</path><tmp_path>{folder}/tmp/</tmp_path><users_config>{folder}/users.xml</users_config>
<default_profile>default</default_profile><default_database>default</default_database>
<mark_cache_size>5368709</mark_cache_size>
</yandex>"""
_USERS = """<yandex><profiles><default></default></profiles><users><default><password></password>
<networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users>
<quotas><default></default></quotas></yandex>"""
_NGINX = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log; user root; events {{}}
http {{
  access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  ssl_certificate {folder}/c.pem; ssl_certificate_key {folder}/c.pem;
  server {{ listen 127.0.0.1:{port} ssl; {location} }}
}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: list[str], port: int) -> Iterator[None]:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline and process.poll() is None:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            yield
        finally:
            process.terminate()


def ask(port: int, query: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", query.encode(), timeout=60) as answer:
        return str(answer.read().decode())


@pytest.mark.skipif(not shutil.which("clickhouse-server"), reason="needs ClickHouse, which is large")
@pytest.mark.skipif(not shutil.which("nginx", path="/usr/sbin:/usr/bin"), reason="needs nginx")
def test_each_entry_is_a_row_also_after_an_answer_that_was_lost(journal: Journal, tmp_path: Path) -> None:
    journal_of_everything(journal)
    store, front = tmp_path / "clickhouse", tmp_path / "nginx"
    for folder in (store, store / "data", store / "tmp", front):
        folder.mkdir()
    inside, outside, authority = free_port(), free_port(), trustme.CA()
    (store / "config.xml").write_text(_SERVER.format(folder=store, port=inside))
    (store / "users.xml").write_text(_USERS)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(front / "c.pem"))
    location = block("ocsf", "nginx").replace("8123", str(inside))
    (front / "conf").write_text(_NGINX.format(folder=front, port=outside, location=location))
    with (
        running(["clickhouse-server", f"--config-file={store}/config.xml"], inside),
        running(["/usr/sbin/nginx", "-p", str(front), "-c", str(front / "conf")], outside),
    ):
        ask(inside, block("ocsf", "sql"))
        url = f"https://127.0.0.1:{outside}/ocsf"
        for name in ("first", "again"):
            # The same entries once more, as a target that is renamed sends them.
            sender = make_sender(journal, OcsfSettings(name=name, url=url, ca_file=tmp_path / "ca.pem"))
            sender.start()
            assert sender.flush(30), sender.status()
            sender.stop()
        rows = ask(
            inside, "SELECT `metadata.log_name`, `metadata.sequence` FROM ocsf FINAL ORDER BY `metadata.sequence`"
        ).splitlines()
        assert rows == [f"{journal.chain}\t{seq}" for seq in range(1, journal.head().seq + 1)]
        assert int(ask(inside, "SELECT count() FROM ocsf WHERE class_uid = 2003")) > 0
