"""The last steps: database → site → package → release. None of them runs when a critical check failed."""

from concurrent.futures import Future, ThreadPoolExecutor

import dagster as dg

from pipelines import settings
from pipelines.assets.candidate import CHECKED, key
from pipelines.assets.common import OWNERS, candidate, io_retried, reuse_of
from pipelines.failpoint import failpoint
from pipelines.publish import alerts
from pipelines.publish import database as database_file
from pipelines.publish import package as package_files
from pipelines.publish import release as releases
from pipelines.staging import store


@dg.asset(
    deps=[key(t) for t in CHECKED],
    group_name="release",
    owners=OWNERS,
    kinds={"duckdb"},
    description="只写一次的 DuckDB 文件，含 meta_ 表 / The DuckDB file, written once, with its meta_ tables.",
)
def database(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    folder = candidate(context)
    hashes = database_file.write(folder, package_files.identity(folder, settings.load()))
    failpoint("database.written")
    return dg.MaterializeResult(metadata={"tables": len(hashes), "bytes": (folder / database_file.FILE).stat().st_size})


@dg.asset(
    deps=[database],
    group_name="release",
    owners=OWNERS,
    kinds={"html", "jupyter", "plotly", "excel"},
    description="给人看的：静态网站、笔记本页面（离线可用）、Excel 工作簿、SDMX / For people: static site and notebook pages, usable offline, workbooks, SDMX.",
)
def site(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    from pipelines.publish.site import build_site

    failpoint("site.begun")
    folder, s = candidate(context), settings.load()
    exported: list[Future[None]] = []
    with ThreadPoolExecutor(1) as beside:

        def export() -> None:
            exported.append(beside.submit(package_files.export, folder, s))

        index = build_site(folder, run=bool(s.notebooks), meanwhile=export)
    with io_retried():
        exported[0].result()
    failpoint("site.written")
    pages = list(index.parent.rglob("*.html"))
    return dg.MaterializeResult(metadata={"pages": len(pages)})


@dg.asset(
    deps=[site],
    group_name="release",
    owners=OWNERS,
    kinds={"frictionless"},
    description="数据包清单与校验值 / Data package manifest and hashes.",
)
def package(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    with io_retried():
        files = package_files.write(candidate(context), settings.load())
    failpoint("package.manifest")
    return dg.MaterializeResult(metadata={"files": len(files)})


@dg.asset(
    deps=[package],
    group_name="release",
    owners=OWNERS,
    kinds={"filesystem"},
    description="切换：CURRENT 指向新版本 / The switch: CURRENT names the new release.",
)
def release(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    s = settings.load()
    folder, removed = releases.publish(s, candidate(context))
    reuse_of(s).prune()
    if held := store.held_back(s):
        alerts.send(s, "held-back", "有县暂缓更新 / a county is held back", "\n\n".join(h.words() for h in held))
    releases.let_go(s)
    index, file = folder / "site" / "index.html", folder / database_file.FILE
    return dg.MaterializeResult(
        metadata={
            "release": folder.name,
            "removed": len(removed),
            "site": dg.MetadataValue.path(str(index)),
            "database": dg.MetadataValue.path(str(file)),
        }
    )
