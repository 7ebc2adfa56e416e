"""The resolved graph: everything defined is registered, described in both languages, owned, and wired in one direction."""

import re

import dagster as dg
import pytest

from pipelines import registry
from pipelines.assets import analysis, candidate, publish, raw
from pipelines.assets.automation import forget_absent, tags_for
from pipelines.assets.common import MANY, counties_of
from pipelines.definitions import defs

SPECS = {spec.key: spec for spec in defs.resolve_all_asset_specs()}


def test_every_asset_of_every_module_is_registered() -> None:
    defined = {
        key
        for module in (raw, analysis, candidate, publish)
        for value in vars(module).values()
        if isinstance(value, dg.AssetsDefinition) and not isinstance(value, dg.AssetChecksDefinition)
        for key in value.keys
    }
    assert defined == set(SPECS)


def test_every_published_table_is_an_asset_with_two_checks() -> None:
    graph = defs.resolve_asset_graph()
    checks = {(c.asset_key.path[-1], c.name) for c in graph.asset_check_keys}
    for table in registry.published():
        if table.layer in ("core", "reconcile", "mart"):
            assert dg.AssetKey(["candidate", table.name]) in SPECS
            assert {(table.name, "critical"), (table.name, "warning")} <= checks
    assert all(graph.get_check_spec(c).blocking == (c.name == "critical") for c in graph.asset_check_keys)


@pytest.mark.parametrize("key", sorted(SPECS, key=str), ids=str)
def test_every_asset_is_described_and_owned(key: dg.AssetKey) -> None:
    spec = SPECS[key]
    assert spec.description
    assert re.search("[一-鿿]", spec.description)
    assert re.search("[A-Za-z]{3}", spec.description)
    assert spec.owners
    assert spec.group_name not in (None, "default")
    assert spec.kinds


def test_every_registered_column_is_described_in_both_languages() -> None:
    assert [f"{t.name}.{c.name}" for t in registry.tables().values() for c in t.columns if not (c.zh and c.en)] == []


def test_readers_see_nothing_before_the_checks() -> None:
    graph = defs.resolve_asset_graph()
    for key in ("database", "site", "package", "release"):
        assert any(a.path[0] == "candidate" for a in graph.get_ancestor_asset_keys(dg.AssetKey(key)))


def test_a_run_without_county_tags_fails() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        result = defs.resolve_job_def("refresh").execute_in_process(instance=instance, raise_on_error=False)
    assert not result.success


def test_tags_cover_the_range_and_register_counties() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        tags = tags_for(instance, ["530425", "530112"])
        assert list(tags.values()) == ["530112", "530425"]
        assert set(instance.get_dynamic_partitions("county")) == {"530112", "530425"}
        assert list(tags_for(instance, ["620722"]).values()) == ["620722", "620722"]


def test_job_schedule_and_sensors() -> None:
    assert defs.resolve_job_def("refresh")
    assert defs.resolve_schedule_def("daily").cron_schedule.endswith("* * *")
    assert defs.resolve_sensor_def("raw_changed")
    assert defs.resolve_sensor_def("on_failure")


def test_a_large_country_is_partitioned_by_province() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        codes = [f"{province}{n:04d}" for province in (53, 62) for n in range(1, MANY)]
        assert list(tags_for(instance, codes).values()) == ["53", "62"]
        assert list(tags_for(instance, ["620001"], len(codes)).values()) == ["62", "62"]
        assert counties_of(["62"], codes) == [c for c in codes if c.startswith("62")]
        forget_absent(instance, ["530001"])
        assert instance.get_dynamic_partitions("county") == []
