"""Where things are and how the office wants them: folders, schedule, language, retention. Environment variables
`MINZHENG_*` win over `settings.toml` in the project folder, which wins over the defaults."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings:
    """All settings. Paths are absolute; `schedule_hour` is local to `time_zone`; `retention` counts releases kept."""

    data_root: Path
    schedule_hour: int = 3
    time_zone: str = "Asia/Shanghai"
    language: str = "zh"
    retention: int = 5
    seed: int = 20211231
    memory_limit: str = "2GB"

    @property
    def raw(self) -> Path:
        return self.data_root / "raw"

    @property
    def staging(self) -> Path:
        return self.data_root / "staging"

    @property
    def marts(self) -> Path:
        return self.data_root / "marts"

    @property
    def releases(self) -> Path:
        return self.marts / "releases"

    def candidate(self, candidate_id: str) -> Path:
        """Where a refresh builds its release, out of readers' sight."""
        return self.releases / f".candidate-{candidate_id}"

    def county_folders(self) -> dict[str, Path]:
        """County code → raw folder, for every folder of raw/ that holds a county.toml."""
        return {p.parent.name.split("-")[0]: p.parent for p in sorted(self.raw.glob("*/county.toml"))}


def load() -> Settings:
    """Settings of this process. Raises ValueError naming the setting when a number is not a number."""
    file = PROJECT / "settings.toml"
    given: dict[str, object] = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    values: dict[str, object] = {}
    for field in fields(Settings):
        value = os.environ.get(f"MINZHENG_{field.name.upper()}", given.get(field.name))
        if value is None:
            continue
        try:
            values[field.name] = int(str(value)) if field.type == "int" else str(value)
        except ValueError as error:
            raise ValueError(
                f"设置 {field.name} 应为整数 / setting {field.name} must be a whole number: {value!r}"
            ) from error
    root = Path(str(values.pop("data_root", PROJECT / "data"))).expanduser().resolve()
    return Settings(data_root=root, **values)  # type: ignore[arg-type]
