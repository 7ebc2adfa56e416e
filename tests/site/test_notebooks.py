"""Notebooks are stored clean, run once on any release, and are read in both languages."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest

from pipelines.publish import notebooks
from pipelines.publish.site import build_site
from tests.desk.tiny_release import HILL, build


@pytest.mark.parametrize("path", notebooks.sources(), ids=lambda p: p.stem)
def test_stored_without_outputs_parameterised_and_in_two_languages(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [c for c in notebook.cells if c.cell_type == "code"]
    assert all(not c.outputs and c.execution_count is None for c in code)
    assert [c.source.split()[0] for c in code if "parameters" in c.metadata.get("tags", [])] == ["RELEASE"]
    prose = [tuple(c.metadata.get("tags", [])) for c in notebook.cells if c.cell_type == "markdown"]
    assert prose == [("zh",), ("en",)] * (len(prose) // 2)


def test_every_question_has_its_notebook() -> None:
    assert [p.stem for p in notebooks.sources()] == [
        "0_welcome",
        "1_counties_compared",
        "2_beds_to_2035",
        "3_cemeteries_and_money",
        "4_sql_cookbook",
    ]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("notebooks"))


@pytest.fixture(scope="module")
def run(release: Path) -> list[Path]:
    return notebooks.run_notebooks(release / "notebooks", release)


def test_each_runs_on_a_release_that_is_not_current(run: list[Path]) -> None:
    assert [p.name for p in run] == [p.name for p in notebooks.sources()]


def test_results_name_neither_the_machine_nor_the_time(run: list[Path], release: Path) -> None:
    for path in run:
        text = path.read_text(encoding="utf-8")
        assert str(release) not in text and '"iopub' not in text, path.name


def test_a_page_speaks_one_language(run: list[Path]) -> None:
    page = notebooks.read(run[2])
    assert page.title == {"zh": "到2035年的老年人口与床位", "en": "The elderly and their beds to 2035"}
    charts = {
        language: [b.content["title"] for b in blocks if b.kind == "chart"] for language, blocks in page.blocks.items()
    }
    assert charts["zh"][0].startswith("60岁及以上人口到2035年") and charts["en"][0].startswith("By 2035")


def small(folder: Path, name: str, source: str) -> Path:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    nbformat.write(notebook, folder / name)
    return folder / name


def test_a_kernel_forgets_between_two_notebooks(tmp_path: Path, release: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebooks, "AT_ONCE", 1)
    pair = [small(tmp_path, "1.ipynb", "left = 1"), small(tmp_path, "2.ipynb", "assert 'left' not in globals()")]
    assert len(notebooks.run_notebooks(tmp_path / "done", release, notebooks=pair)) == 2
    monkeypatch.setattr(notebooks, "FORGET", "no_such_name")
    with pytest.raises(RuntimeError, match=r"1\.ipynb: .*the kernel did not forget"):
        notebooks.run_notebooks(tmp_path / "done", release, notebooks=pair)


def test_kernels_wait_for_what_they_read(tmp_path: Path, release: Path) -> None:
    made: Future[Path] = Future()
    waits = small(tmp_path, "1.ipynb", f"from pathlib import Path\nassert Path({str(tmp_path / 'made')!r}).exists()")
    with ThreadPoolExecutor(1) as beside:
        done = beside.submit(notebooks.run_notebooks, tmp_path / "done", release, notebooks=[waits], after=made)
        with pytest.raises(TimeoutError):
            done.result(timeout=3)
        (tmp_path / "made").touch()
        made.set_result(tmp_path)
        assert done.result() == [tmp_path / "done" / "1.ipynb"]


def test_what_cannot_be_made_ends_the_kernels(tmp_path: Path, release: Path) -> None:
    made: Future[Path] = Future()
    made.set_exception(OSError("no room"))
    with pytest.raises(OSError, match="no room"):
        notebooks.run_notebooks(tmp_path, release, notebooks=[small(tmp_path, "1.ipynb", "1")], after=made)


def test_what_ended_half_way_is_run_again(run: list[Path], release: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    again: list[Path] = []
    monkeypatch.setattr(notebooks, "run_notebooks", lambda *_, **__: again.extend(run) or run)
    build_site(release)
    assert not again
    monkeypatch.setattr(notebooks, "sources", lambda: [*run, Path("9_more.ipynb")])
    build_site(release)
    assert again == run


def test_the_site_shows_them(run: list[Path], release: Path) -> None:
    site = build_site(release).parent
    text = (site / "notebook-2_beds_to_2035.en.html").read_text(encoding="utf-8")
    assert (
        '<figure class="chart"' in text
        and "plotly.min.js" in text
        and "http" not in text.split("</head>")[1].split("<footer>")[0]
    )
    assert 'href="notebook-0_welcome.html"' in (site / "index.html").read_text(encoding="utf-8")


def test_parameters_change_what_is_shown(release: Path, tmp_path: Path) -> None:
    path = notebooks.run_notebooks(
        tmp_path, release, parameters={"COUNTIES": [HILL]}, notebooks=[notebooks.sources()[2]]
    )[0]
    text = path.read_text(encoding="utf-8")
    assert "丘县" in text and "河市60岁" not in text and "990101" not in text.split('"source"')[0]


def test_a_failing_cell_is_named(release: Path, tmp_path: Path) -> None:
    from nbclient.exceptions import CellExecutionError

    bad = tmp_path / "9_bad.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")]), bad)
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        notebooks.run_notebooks(tmp_path / "out", release, notebooks=[bad])


def test_what_a_cell_prints_is_one_output_however_it_arrives() -> None:
    pieces = [("stdout", "a"), ("stdout", "b\n"), ("stderr", "c"), ("stdout", "d")]
    outputs = [nbformat.v4.new_output("stream", name=name, text=text) for name, text in pieces]
    assert [(o.name, o.text) for o in notebooks._coalesced(outputs)] == [
        ("stdout", "ab\n"), ("stderr", "c"), ("stdout", "d")
    ]  # fmt: skip
