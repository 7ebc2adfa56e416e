"""Where tests break a refresh on purpose: ``MINZHENG_FAILPOINT=name[:kill|:raise|:enospc]``. Unset, a point costs one
comparison. Every point has its name here, in the order of a refresh, so that the tests can visit them all."""

from __future__ import annotations

import errno
import os
import signal

POINTS = (
    "raw.hashed",
    "staging.read",
    "staging.written",
    "staging.renamed",
    "staging.pointed",
    "staging.reference",
    "core.begun",
    "core.built",
    "reuse.written",
    "reconcile.saved",
    "forecast.saved",
    "evaluate.saved",
    "candidate.marts",
    "candidate.copied",
    "quality.compared",
    "quality.checked",
    "quality.reported",
    "database.rows",
    "database.written",
    "site.begun",
    "package.excel",
    "site.written",
    "package.manifest",
    "release.frozen",
    "release.renamed",
    "release.pointer_written",
    "release.pointer_replaced",
    "release.linked",
    "release.registered",
    "release.pruning",
    "release.pruned",
)
_NAME, _, _HOW = os.environ.get("MINZHENG_FAILPOINT", "").partition(":")


def failpoint(name: str) -> None:
    """Die, raise or run out of disk here if the environment says so. Raises RuntimeError or OSError (ENOSPC)."""
    if name != _NAME:
        return
    if _HOW == "raise":
        raise RuntimeError(f"failpoint {name}")
    if _HOW == "enospc":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), name)
    os.kill(os.getpid(), signal.SIGKILL if os.name != "nt" else signal.SIGTERM)
