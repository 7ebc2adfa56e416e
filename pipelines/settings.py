"""Where things are and how the office wants them: folders, schedule, language, retention. Environment variables
`MINZHENG_*` win over `settings.toml` in the project folder, which wins over the defaults."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from itertools import groupby
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
PROFILES = ("internal", "public")
_COUNTY = re.compile(r"[0-9]{6}-[^/]+")
_CONVERTERS: dict[str, Callable[[str], object]] = {"int": int, "float": float}


@dataclass(frozen=True)
class Settings:
    """All settings. Paths are absolute; `schedule_hour` is local to `time_zone`; `retention` counts releases kept;
    `change_factor`: a figure from raw that moves by more needs a word of explanation; `notebooks` 0 leaves the notebook
    pages out; `memory_limit`: what the DuckDB that builds tables may hold before it writes to disk, `reader_memory_limit`: each
    connection of a reader; `raw_folder`: raw folders that lie elsewhere than in `data_root`; `site_counties`: a release of more
    counties shows those of `site_pinned` (codes with spaces between) or a few examples in full and lists all of them;
    `reuse_megabytes`: results of slices of counties kept on disk for the next refresh;
    `engine` builds tables and forecast, on `spark_master` if it is Spark (docs/when-to-move.md); `protection_*`: counts of
    persons below the threshold are left out of the public profile, so that what a reader can work out about them stays as
    wide (docs/publication.md); `profile`: whose releases readers open (desk, SQL, notebooks); `alert_*`: where failures are told besides the message file (docs/operate.md)."""

    data_root: Path
    schedule_hour: int = 3
    time_zone: str = "Asia/Shanghai"
    language: str = "zh"
    retention: int = 5
    seed: int = 20211231
    memory_limit: str = "2GB"
    reader_memory_limit: str = "2GB"
    reuse_megabytes: int = 1024
    change_factor: float = 3.0
    notebooks: int = 1
    site_counties: int = 24
    site_pinned: str = ""
    raw_folder: str = ""
    engine: str = "duckdb"
    spark_master: str = "local[2]"
    profile: str = "internal"
    protection_threshold: int = 10
    protection_width: int = 10
    alert_webhook: str = ""
    alert_mail_to: str = ""
    alert_mail_from: str = ""
    alert_smtp: str = ""
    alert_smtp_user: str = ""
    alert_smtp_password: str = field(default="", repr=False)

    @property
    def raw(self) -> Path:
        return Path(self.raw_folder) if self.raw_folder else self.data_root / "raw"

    @property
    def row_counts(self) -> Path:
        """The rows that there must be: kept in git for the project's own raw data, beside other raw data for those."""
        return self.raw / "row_counts.json" if self.raw_folder else PROJECT / "expectations" / "row_counts.json"

    @property
    def staging(self) -> Path:
        return self.data_root / "staging"

    @property
    def quarantine(self) -> Path:
        return self.data_root / "quarantine"

    @property
    def marts(self) -> Path:
        return self.data_root / "marts"

    @property
    def releases(self) -> Path:
        return self.marts / "releases"

    @property
    def public(self) -> PublicSettings:
        """The same with the releases of the public profile, which have a folder, a pointer and a register of their own."""
        return PublicSettings(**{f.name: getattr(self, f.name) for f in fields(self)})

    def of(self, profile: str | None = None) -> Settings:
        """The settings of a profile, by default of the one that readers open. Raises ValueError for an unknown one."""
        wanted = profile or self.profile
        if wanted not in PROFILES:
            raise ValueError(f"版本类别只有 {'、'.join(PROFILES)} / profile must be one of these, not {wanted!r}")
        return self.public if wanted == "public" else self

    def candidate(self, candidate_id: str) -> Path:
        """Where a refresh builds its release, out of readers' sight."""
        return self.releases / f".candidate-{candidate_id}"

    def county_folders(self) -> dict[str, Path]:
        """County code → raw folder, for every folder of raw/ named ``<six digits>-<slug>``, whole or damaged; the first by name
        of several (`county_twins`)."""
        return {code: folders[0] for code, folders in self._by_code().items()}

    def county_twins(self) -> dict[str, list[Path]]:
        """The folders of every county code that several have, a forgotten copy for instance: nobody can know which one counts."""
        return {code: folders for code, folders in self._by_code().items() if len(folders) > 1}

    def folders_not_read(self) -> list[Path]:
        """Folders of raw/ that are neither a county's nor the reference, by name."""
        known = {p for folders in self._by_code().values() for p in folders} | {self.raw / "reference"}
        return sorted(p for p in self.raw.glob("[!.]*") if p.is_dir() and p not in known)

    def _by_code(self) -> dict[str, list[Path]]:
        if not self.raw.is_dir():
            return {}
        with os.scandir(self.raw) as entries:  # one answer of the system says of thousands what is a folder
            names = sorted(e.name for e in entries if _COUNTY.fullmatch(e.name) and e.is_dir())
        return {code: [self.raw / name for name in same] for code, same in groupby(names, lambda name: name[:6])}


@dataclass(frozen=True)
class PublicSettings(Settings):
    """Settings whose releases are those of the public profile."""

    @property
    def marts(self) -> Path:
        return self.data_root / "marts" / "public"

    @property
    def public(self) -> PublicSettings:
        return self


def load() -> Settings:
    """Settings of this process. Raises ValueError naming the setting when a number is not a number."""
    file = PROJECT / "settings.toml"
    given: dict[str, object] = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    values: dict[str, object] = {}
    for known in fields(Settings):
        value = os.environ.get(f"MINZHENG_{known.name.upper()}", given.get(known.name))
        if value is None:
            continue
        try:
            values[known.name] = _CONVERTERS.get(str(known.type), str)(str(value))
        except ValueError as error:
            raise ValueError(
                f"设置 {known.name} 应为数字 / setting {known.name} must be a number: {value!r}"
            ) from error
    raw = Path(str(values["raw_folder"])).expanduser().resolve() if values.get("raw_folder") else None
    root = Path(str(values.pop("data_root", raw.parent if raw else PROJECT / "data"))).expanduser().resolve()
    values["raw_folder"] = str(raw or "")
    return Settings(data_root=root, **values)  # type: ignore[arg-type]
