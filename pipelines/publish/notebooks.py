"""Runs the question notebooks once each against a release and reads them back for the site. Notebooks are executed by kernels
of the running interpreter; the stored results carry no paths, times or counters of the machine that ran them."""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines import settings
from pipelines.desk.marts import ENVIRONMENT, FILE
from pipelines.desk.style import CHART_MIME, TABLE_MIME
from pipelines.desk.words import LANGUAGES, Language

AT_ONCE = 2
TIMEOUT = 120
PARAMETERS = "parameters"
FORGET = "get_ipython().reset(new_session=True)"
UNRECORDED = "--HistoryManager.hist_file=:memory:"
Awaited = concurrent.futures.Future[Any]


def sources() -> list[Path]:
    """The notebooks to publish, in the order of their numbers."""
    return sorted((settings.PROJECT / "notebooks").glob("[0-9]_*.ipynb"))


def run_notebooks(
    folder: Path,
    release: Path,
    *,
    parameters: dict[str, object] | None = None,
    notebooks: list[Path] | None = None,
    after: Awaited | None = None,
) -> list[Path]:
    """Execute notebooks of one folder against ``release/marts.duckdb``, two at a time → ``folder/<name>.ipynb``, in order.

    `parameters` replace names of the cell tagged `parameters`; while that file is being made, `after` stands for it, and the kernels
    start meanwhile. Raises nbclient's CellExecutionError, naming the cell, and whatever `after` raises.
    """
    folder.mkdir(parents=True, exist_ok=True)
    chosen = sources() if notebooks is None else notebooks
    seen = (release / FILE).resolve()
    with concurrent.futures.ThreadPoolExecutor(1) as apart:  # Dagster may own a running event loop in this thread
        apart.submit(asyncio.run, _run_all(chosen, folder, seen, parameters or {}, after)).result()
    return [folder / path.name for path in chosen]


async def _run_all(
    paths: list[Path], folder: Path, seen: Path, parameters: dict[str, object], after: Awaited | None
) -> None:
    left, environment = iter(paths), {**os.environ, ENVIRONMENT: str(seen)}
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(AT_ONCE, len(paths))):
                group.create_task(_run_one_by_one(left, paths[0].parent, folder, environment, parameters, after))
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None


async def _run_one_by_one(
    left: Iterator[Path],
    home: Path,
    folder: Path,
    environment: dict[str, str],
    parameters: dict[str, object],
    after: Awaited | None,
) -> None:
    """Execute notebooks while some are left, in a kernel that forgets every name between two of them (what they set in modules stays):
    to start one anew takes longer than most of them run."""
    with tempfile.TemporaryDirectory(prefix="mz") as short:
        kernel = _kernel(Path(short))
        await kernel.start_kernel(env=environment, cwd=home, extra_arguments=[UNRECORDED])
        try:
            if after:
                await asyncio.wrap_future(after)
            for path in left:
                await _run(kernel, path, folder / path.name, parameters)
        finally:
            await kernel.shutdown_kernel(now=True)


async def _run(kernel: Any, path: Path, target: Path, parameters: dict[str, object]) -> None:
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    stored = [c.source for c in notebook.cells]
    _parameterise(notebook, parameters)
    client = NotebookClient(notebook, km=kernel, timeout=TIMEOUT, record_timing=False)
    await client.async_execute()
    channels: Any = client.kc
    reply = await channels.execute(FORGET, silent=True, reply=True, timeout=TIMEOUT)
    channels.stop_channels()
    if reply["content"]["status"] != "ok":
        raise RuntimeError(f"{path.name}: 内核未能清空 / the kernel did not forget its names: {reply['content']}")
    _anonymous(notebook, stored)
    nbformat.write(notebook, target)  # type: ignore[no-untyped-call]


def _kernel(folder: Path) -> Any:
    """A kernel of this very interpreter, whatever kernels the machine has registered, reached by local sockets in
    `folder` where the system has them."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    manager = AsyncKernelManager(transport="tcp" if os.name == "nt" else "ipc", connection_file=str(folder / "k.json"))
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    manager._kernel_spec = KernelSpec(
        argv=argv, display_name="Python 3", language="python", env={"PYTHONDONTWRITEBYTECODE": "1"}
    )
    return manager


def _parameterise(notebook: Any, parameters: dict[str, object]) -> None:
    if not parameters:
        return
    cell = next(c for c in notebook.cells if PARAMETERS in c.metadata.get("tags", []))
    cell.source += "\n" + "\n".join(f"{name} = {value!r}" for name, value in parameters.items())


def _anonymous(notebook: Any, stored: list[str]) -> None:
    """Leave nothing in the file that differs from run to run or names this machine."""
    notebook.metadata = {
        "language_info": {"name": "python"},
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
    }
    for cell, source in zip(notebook.cells, stored, strict=True):
        cell.source = source
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.execution_count = None
            cell.outputs = _coalesced(cell.outputs)
            for output in (o for o in cell.outputs if o.output_type == "execute_result"):
                output.execution_count = None


def _coalesced(outputs: list[Any]) -> list[Any]:
    """What a cell printed in one piece: a kernel sends it in as many as the load of the machine makes of it."""
    whole: list[Any] = []
    for output in outputs:
        before = whole[-1] if whole else None
        if before and output.output_type == before.output_type == "stream" and output.name == before.name:
            before.text += output.text
        else:
            whole.append(output)
    return whole


@dataclass(frozen=True)
class Block:
    """One thing on a notebook page: `markdown` (HTML), `code`, `chart`, `table`, `html` or `text`."""

    kind: str
    content: Any


@dataclass(frozen=True)
class NotebookPage:
    name: str
    title: dict[Language, str]
    blocks: dict[Language, list[Block]]


def read(path: Path) -> NotebookPage:
    """An executed notebook as blocks in both languages: cells tagged with the other language are left out."""
    import nbformat

    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    blocks = {language: [b for cell in notebook.cells for b in _blocks(cell, language)] for language in LANGUAGES}
    titles = {language: _title(notebook, language) or path.stem for language in LANGUAGES}
    return NotebookPage(path.stem, titles, blocks)


def _mine(cell: Any, language: Language) -> bool:
    tags = set(cell.metadata.get("tags", []))
    return not (tags & set(LANGUAGES)) or language in tags


def _title(notebook: Any, language: Language) -> str:
    heads = [
        c.source
        for c in notebook.cells
        if c.cell_type == "markdown" and _mine(c, language) and c.source.startswith("# ")
    ]
    return heads[0].split("\n", 1)[0].removeprefix("# ").strip() if heads else ""


def _blocks(cell: Any, language: Language) -> list[Block]:
    if not _mine(cell, language):
        return []
    if cell.cell_type == "markdown":
        text = cell.source.split("\n", 1)[1] if cell.source.startswith("# ") and "\n" in cell.source else cell.source
        return [Block("markdown", _markdown(text))]  # the page has the title already
    code = [Block("code", cell.source)] if cell.source.strip() else []
    return [*code, *(_output(o, language) for o in cell.get("outputs", []))]


def _markdown(source: str) -> str:
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    return str(MarkdownWithMath(renderer=IPythonRenderer(escape=True, exclude_anchor_links=True)).render(source))


def _output(output: Any, language: Language) -> Block:
    if output.output_type == "stream":
        return Block("text", output.text)
    data = output.get("data", {})
    if CHART_MIME in data:
        return Block("chart", data[CHART_MIME][language])
    if TABLE_MIME in data:
        return Block("table", data[TABLE_MIME][language])
    if "text/html" in data:
        return Block("html", data["text/html"])
    return Block("text", data.get("text/plain", ""))
