"""`minzheng …`: the commands of the office. Each one calls the package; heavy libraries load only in the command that
needs them."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import settings
from pipelines.ingest.problems import InputError

if TYPE_CHECKING:
    import duckdb

    from pipelines.core.engine import Engine

PUBLISHED, REFUSED = 0, 1
ENGINE = "计算引擎（缺省取设置） / duckdb or spark; default: the settings"


def main(argv: list[str] | None = None) -> int:
    """Run one command. Exit codes: 0 done, 1 refused or failed, 3 published with a county held back."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.call(arguments) or 0)
    except InputError as error:
        print(error, file=sys.stderr)
    except (ValueError, FileNotFoundError, RuntimeError) as error:
        print(error, file=sys.stderr)
    except KeyError as error:  # its message is the key alone
        print(f"KeyError: {error}", file=sys.stderr)
    except OSError as error:
        print(
            f"文件系统出错（磁盘已满或不可写？） / the file system refused (disk full or read-only?): {error}",
            file=sys.stderr,
        )
    return REFUSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="minzheng", description="民政规划数据集市 / Minzheng Marts")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, call: object, words: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=words, description=words)
        made.set_defaults(call=call)
        return made

    run = command("run", _run, "刷新：从原始数据到发布 / refresh: from raw to release")
    run.add_argument("--county", action="append", metavar="CODE", help="只重读这个县 / re-read this county only")
    run.add_argument(
        "--raw",
        type=Path,
        metavar="DIR",
        help="县文件夹所在处；版本写在其旁 / where the county folders lie; releases go beside them",
    )
    run.add_argument("--force", action="store_true", help="没有变化也重建 / rebuild even if nothing changed")
    run.add_argument("--engine", help=ENGINE)
    status = command("status", _status, "当前版本与检查状态 / the current release and its checks")
    release = command("release", _release, "版本：list|path|diff|use|pin|verify|public|past / releases")
    release.add_argument(
        "action",
        choices=["list", "path", "diff", "use", "pin", "verify", "public", "past"],
        help="public：由内部版生成公开版 / make a public release of an internal one; past：历次预测 / every forecast ever published",
    )
    release.add_argument("id", nargs="?")
    sql = command("sql", _sql, "只读查询 / read-only query")
    sql.add_argument("query", nargs="?", help="不给则打开交互窗口 / omit for a shell")
    sql.add_argument("--format", choices=["table", "csv", "xlsx"], default="table")
    sql.add_argument("--release", metavar="ID")
    page = command("page", _page, "为指定的县生成网页与工作簿 / make pages and workbooks of these counties")
    page.add_argument("codes", nargs="+", metavar="CODE")
    page.add_argument("--out", type=Path, default=Path("pages"), metavar="DIR")
    page.add_argument("--release", metavar="ID")
    trace = command("trace", _trace, "追溯一个数字 / trace a figure")
    trace.add_argument("id")
    trace.add_argument("--document", type=Path, metavar="FILE")
    for reader in (status, release, sql, page, trace):
        reader.add_argument(
            "--public",
            dest="profile",
            action="store_const",
            const="public",
            help="对公开版而言（缺省为内部版）/ of the public releases; default: the internal ones",
        )
    audit = command("audit", _audit, "核对文档中的全部数字 / account for every numeral of a document")
    audit.add_argument("--county", required=True, metavar="CODE")
    audit.add_argument("--document", required=True, type=Path, metavar="FILE")
    validate = command("validate", _validate, "检查一个文件或县文件夹 / check a file or a county folder")
    validate.add_argument("path", type=Path)
    template = command("template", _template, "生成填报模板 / write templates to fill in")
    template.add_argument("--out", type=Path, default=Path("templates"))
    template.add_argument("--year", type=int, default=2023)
    template.add_argument(
        "--county", metavar="CODE", help="只列该县的目标和项目 / only this county's targets and projects"
    )
    ahead = command("forecast", _forecast, "预测老年人口 / forecast the elderly")
    ahead.add_argument(
        "--panel", type=Path, metavar="DIR", help="全国普查面板；缺省为本项目各县 / default: the project's counties"
    )
    ahead.add_argument("--draws", type=int, default=1000)
    ahead.add_argument("--to", type=int, default=2035)
    ahead.add_argument("--out", type=Path, default=Path("forecast"), metavar="DIR")
    ahead.add_argument("--engine", help=ENGINE)
    back = command("backtest", _backtest, "回测：2010 年预测 2020 年 / backtest 2010 → 2020")
    back.add_argument("--train", required=True, type=Path, metavar="DIR")
    back.add_argument("--score", type=Path, metavar="DIR")
    back.add_argument("--out", type=Path, default=Path("backtest.parquet"), metavar="FILE")
    back.add_argument("--by", choices=["province"])
    new = command("new-county", _new_county, "新建一个县的文件夹 / start a county's folder")
    new.add_argument("code")
    new.add_argument("name")
    return parser


def _run(arguments: argparse.Namespace) -> int:
    from pipelines.run import refresh

    if arguments.raw:
        os.environ["MINZHENG_RAW_FOLDER"] = str(arguments.raw)
    _engine(arguments)
    return refresh(settings.load(), only=arguments.county or [], force=arguments.force)


def _status(arguments: argparse.Namespace) -> int:
    from pipelines import open_marts
    from pipelines.publish import release

    s = settings.load().of(arguments.profile)
    now = release.current_id(s)
    if now is None:
        first = "minzheng release public" if s is s.public else "minzheng run"
        print(f"还没有发布版本，请先 {first} / no release yet: {first}")
        return REFUSED
    with open_marts(now, profile=arguments.profile) as con:
        built = _row(con, "meta_release")
        checks = con.execute(
            "SELECT severity, count(*), sum(CASE WHEN passed THEN 0 ELSE 1 END) FROM mart_quality GROUP BY 1 ORDER BY 1"
        ).fetchall()
        has_held = con.execute("SELECT 1 FROM information_schema.tables WHERE table_name = 'mart_held_back'").fetchone()
        held = (
            con.execute("SELECT message_zh, message_en FROM mart_held_back ORDER BY county_code").fetchall()
            if has_held
            else []
        )
    made = _profile(str(built.get("profile")), built.get("made_from"), built.get("threshold"))
    print(
        f"版本 / release   {now}{made}\n生成 / built     {built.get('built_at', '')}\n代码 / code      {built.get('git_commit', '')}\n"
        f"内容 / content   {str(built.get('content_hash', ''))[:16]}"
    )
    for severity, total, failed in checks:
        print(f"检查 / checks    {severity}: {total} ({int(failed)} 未通过 / failed)")
    for zh, en in held:
        print(f"⚠ {zh}\n  {en}")
    return PUBLISHED


def _row(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, Any]:
    """The first row of a table by column, whatever columns the release's version of it has."""
    found = con.execute(f"SELECT * FROM {table}")
    return dict(zip([c[0] for c in found.description], found.fetchone() or (), strict=False))


def _release(arguments: argparse.Namespace) -> int:
    from pipelines.publish import diff, package, public, release

    s = settings.load().of(arguments.profile)
    if arguments.action == "public":
        if arguments.profile:
            raise ValueError("公开版由内部版生成，请去掉 --public / made of an internal release: leave --public out")
        return _public(settings.load(), arguments.id)
    wanted = arguments.id or release.current_id(s)
    if arguments.action == "list":
        for r in release.releases(s):
            print(f"{'*' if r.current else ' '} {r.id}{'  (pinned)' if r.pinned else ''}")
        return PUBLISHED
    if arguments.action == "past":
        return _past(s.marts, arguments.id)
    if wanted is None or not (s.releases / wanted).is_dir():
        raise FileNotFoundError(f"没有这个版本 / no such release: {wanted}")
    folder = s.releases / wanted
    match arguments.action:
        case "path":
            print(folder)
        case "diff":
            file = folder / diff.FILE
            print(
                diff.in_words(json.loads(file.read_text(encoding="utf-8")))
                if file.exists()
                else "没有记录变化 / no changes recorded"
            )
            print(f"全部 / all of it: {file}")
        case "use":
            if broken := package.verify(folder):
                raise ValueError(f"版本不完整，不能使用 / the release is not whole: {', '.join(broken[:5])}")
            release.hold(s, f"minzheng release use {wanted}")
            release.use(s, wanted)
            release.let_go(s)
            print(f"当前版本 / current: {wanted}")
        case "pin":
            release.pin(s, wanted)
            print(f"永久保留 / kept for good: {wanted}")
        case "verify":
            broken = package.verify(folder) or (public.verify(folder, settings.load()) if s is s.public else [])
            print("\n".join(broken) or f"完整 / whole{_untried(folder) if s is s.public else ''}")
            return REFUSED if broken else PUBLISHED
    return PUBLISHED


def _untried(folder: Path) -> str:
    """What could not be verified about a public release."""
    from pipelines.publish import public

    gone = public.made_of(folder, settings.load()) is None
    return (
        "\n  内部版已不在，未再推算隐去的数 / the internal release is gone: left-out counts were not tried again" * gone
    )


def _profile(name: str, made_from: str | None, threshold: int | None) -> str:
    return f"  （公开版，来自 {made_from}，门槛 {threshold} / {name}, below {threshold} left out）" if made_from else ""


def _past(marts: Path, release_id: str | None) -> int:
    from pipelines.desk import past

    for made in past.forecasts(marts).iter_rows(named=True):
        if release_id in (None, made["release_id"]):
            print(
                f"{made['release_id']}  {made['built_at']}  {made['method_version']}  {made['assumption_set']}  seed {made['seed']}"
            )
    if release_id:
        files = past.kept(release_id, marts)
        print("\n".join(f"{table}: FROM read_parquet({[str(f) for f in parts]})" for table, parts in files.items()))
        for p in past.changed_parameters(release_id, marts).iter_rows(named=True) if past.PARAMETERS in files else ():
            spread = f"{p['value']:g} ({p['low']:g}–{p['high']:g}) {p['unit']}, {p['distribution']}"
            print(f"{p['release_id']}  {p['name_zh']} / {p['name_en']}: {spread}")
    return PUBLISHED


def _public(s: settings.Settings, release_id: str | None) -> int:
    from pipelines.publish import database, pattern, public, release

    wanted = release_id or release.current_id(s)
    folder, protected = public.publish(s, wanted)
    print(f"""已发布公开版 / public release  {folder.name}  （来自 / made from {wanted}）
  隐去 / suppressed          {len(protected.hidden)}（少于 / below {s.protection_threshold}）
  网站首页 / site index      {folder / "site" / "index.html"}
  DuckDB 数据库 / database   {folder / database.FILE}""")
    if protected.told:
        print(
            f"⚠ 其中 {len(protected.told)} 个数以前的公开版已公布过，收不回来 / "
            f"{len(protected.told)} of them stood in an earlier public release and cannot be taken back"
        )
    if protected.whole:
        print(f"⚠ {pattern.WHOLE}\n{pattern.told(protected.tables, protected.whole)}\n{pattern.NEXT}")
    return PUBLISHED


def _sql(arguments: argparse.Namespace) -> int:
    from pipelines.desk.shell import query, shell

    if not arguments.query:
        return shell(arguments.release, profile=arguments.profile)
    query(arguments.query, arguments.format, arguments.release, profile=arguments.profile)
    return PUBLISHED


def _page(arguments: argparse.Namespace) -> int:
    from pipelines.publish.site import write_pages

    s = settings.load().of(arguments.profile)
    print(write_pages(s, arguments.codes, arguments.out, arguments.release))
    return PUBLISHED


def _trace(arguments: argparse.Namespace) -> int:
    from pipelines import open_marts
    from pipelines.desk.trace import trace

    with open_marts(profile=arguments.profile) as con:
        print(trace(arguments.id, document=arguments.document, con=con))
    return PUBLISHED


def _audit(arguments: argparse.Namespace) -> int:
    from pipelines.ingest.audit import audit

    report, complete = audit(settings.load(), arguments.county, arguments.document)
    print(report)
    return PUBLISHED if complete else REFUSED


def _validate(arguments: argparse.Namespace) -> int:
    from pipelines.staging.validate import validate

    problems = validate(arguments.path)
    print("\n".join(str(p) for p in problems) or f"{arguments.path}: 没有问题 / no problems")
    return REFUSED if problems else PUBLISHED


def _template(arguments: argparse.Namespace) -> int:
    from pipelines.ingest.templates import write_templates

    folder = settings.load().county_folders()[arguments.county] if arguments.county else None
    for path in write_templates(arguments.out, arguments.year, folder):
        print(path)
    return PUBLISHED


def _forecast(arguments: argparse.Namespace) -> int:
    from pipelines.forecast.commands import run_forecast

    run_forecast(arguments.panel, arguments.draws, arguments.to, arguments.out, run=_engine(arguments).map)
    return PUBLISHED


def _engine(arguments: argparse.Namespace) -> Engine:
    """The engine that the command names, for everything in this process; says at once what is not installed."""
    from pipelines import engine

    if arguments.engine:
        os.environ["MINZHENG_ENGINE"] = arguments.engine  # the assets load the settings themselves
    return engine.of(settings.load())


def _backtest(arguments: argparse.Namespace) -> int:
    from pipelines.forecast.commands import run_backtest

    run_backtest(arguments.train, arguments.score, arguments.out, arguments.by)
    return PUBLISHED


def _new_county(arguments: argparse.Namespace) -> int:
    from pipelines.ingest.templates import new_county

    print(new_county(settings.load(), arguments.code, arguments.name))
    return PUBLISHED


if __name__ == "__main__":
    sys.exit(main())
