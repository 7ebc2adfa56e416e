"""Tells somebody: a message file always, and a webhook call and a mail when settings name them. Standard library only; what
cannot be delivered is noted in the message file and never stops a refresh."""

from __future__ import annotations

import json
import smtplib
import urllib.request
from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

from pipelines.settings import Settings

FOLDER = "messages"
_TIMEOUT = 10
_KEPT = 200


def send(settings: Settings, name: str, subject: str, text: str) -> Path:
    """Write ``marts/messages/<time>-<name>.txt`` and tell the webhook and the mail address of the settings. Returns the file."""
    now = datetime.now(ZoneInfo(settings.time_zone))
    path = settings.marts / FOLDER / f"{now:%Y%m%d-%H%M%S}-{name}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    words = f"{now:%Y-%m-%d %H:%M} {subject}\n{text}\n"
    path.write_text(words + "\n".join(_undelivered(settings, subject, words)), encoding="utf-8")
    for old in sorted(path.parent.glob("*.txt"))[:-_KEPT]:
        old.unlink()
    return path


def _undelivered(settings: Settings, subject: str, words: str) -> list[str]:
    ways: list[tuple[str, str, Callable[[], None]]] = [
        ("webhook", settings.alert_webhook, lambda: _call(settings.alert_webhook, words)),
        ("mail", settings.alert_mail_to, lambda: _mail(settings, subject, words)),
    ]
    failed = []
    for way, address, deliver in ways:
        try:
            if address:
                deliver()
        except (OSError, ValueError, smtplib.SMTPException) as error:
            failed.append(f"未能送达 / not delivered: {way}: {type(error).__name__}: {error}")
    return failed


def _call(url: str, words: str) -> None:
    """POST JSON as WeCom and DingTalk robots take it. Raises ValueError for anything but http and https."""
    if not url.startswith(("http://", "https://")):
        raise ValueError("the webhook must begin with http:// or https://")
    body = json.dumps({"msgtype": "text", "text": {"content": words}}, ensure_ascii=False).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json; charset=utf-8"})
    with urllib.request.urlopen(request, timeout=_TIMEOUT):
        pass


def _mail(settings: Settings, subject: str, words: str) -> None:
    message = EmailMessage()
    message["Subject"], message["To"] = subject, settings.alert_mail_to
    message["From"] = settings.alert_mail_from or settings.alert_mail_to
    message.set_content(words)
    host, _, port = settings.alert_smtp.partition(":")
    with smtplib.SMTP(host or "localhost", int(port or 25), timeout=_TIMEOUT) as server:
        if server.has_extn("starttls"):
            server.starttls()
        if settings.alert_smtp_user:
            server.login(settings.alert_smtp_user, settings.alert_smtp_password)
        server.send_message(message)
