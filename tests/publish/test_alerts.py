"""Somebody is told: a file always, a webhook and a mail when settings name them, and no failure of these stops anything."""

from __future__ import annotations

import json
import smtplib
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from pipelines.publish import alerts
from pipelines.settings import Settings


def test_message_file_webhook_and_mail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bodies: list[dict[str, dict[str, str]]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    mails = []

    class Mail:
        def __init__(self, host: str, port: int, timeout: int) -> None:
            assert (host, port, timeout) == ("mail.example", 2525, 10)

        def __enter__(self) -> Mail:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def has_extn(self, _: str) -> bool:
            return False

        def send_message(self, message: object) -> None:
            mails.append(message)

    monkeypatch.setattr(smtplib, "SMTP", Mail)
    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.handle_request, daemon=True).start()
    s = Settings(
        data_root=tmp_path, alert_webhook=f"http://127.0.0.1:{server.server_port}/x", alert_mail_to="a@b.cn",
        alert_smtp="mail.example:2525",
    )  # fmt: skip
    path = alerts.send(s, "test", "刷新失败 / failed", "磁盘已满")
    server.server_close()
    assert "磁盘已满" in path.read_text(encoding="utf-8")
    assert "not delivered" not in path.read_text(encoding="utf-8")
    assert "磁盘已满" in bodies[0]["text"]["content"]
    assert mails[0]["To"] == "a@b.cn"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://127.0.0.1:9/x"])
def test_what_cannot_be_delivered_is_noted(tmp_path: Path, url: str) -> None:
    path = alerts.send(Settings(data_root=tmp_path, alert_webhook=url), "test", "s", "t")
    assert "not delivered: webhook" in path.read_text(encoding="utf-8")


def test_password_is_not_shown() -> None:
    assert "geheim" not in repr(Settings(data_root=Path(), alert_smtp_password="geheim"))
