import pytest
from mcap.writer import Writer

from hybridctl.cli import main
from hybridctl.record import RunFolderError, view


@pytest.fixture(autouse=True)
def no_browser(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def opened():
    return []


@pytest.fixture
def browse(opened):
    def browse(address):
        opened.append(address)
        return True

    return browse


def test_opens_the_page_where_there_is_a_display(run_folder, monkeypatch, capsys, opened, browse):
    monkeypatch.setenv("DISPLAY", ":0")
    path = view(run_folder, browse=browse)
    assert opened == [path.as_uri()]
    assert path.name == "report.html"
    assert capsys.readouterr().out == ""


def test_prints_the_path_without_a_display(run_folder, monkeypatch, capsys, opened, browse):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    path = view(run_folder, browse=browse)
    assert opened == []
    assert capsys.readouterr().out == f"{path}\n"


def test_prints_the_path_when_no_browser_opens(run_folder, monkeypatch, capsys):
    monkeypatch.setenv("DISPLAY", ":0")
    path = view(run_folder, browse=lambda address: False)
    assert str(path) in capsys.readouterr().out


def test_a_folder_that_is_no_run_opens_nothing(tmp_path, opened, browse):
    with pytest.raises(RunFolderError):
        view(tmp_path, browse=browse)
    assert opened == []


WRONG = {
    "missing": lambda folder: None,
    "a file": lambda folder: folder.write_text("x"),
    "empty": lambda folder: folder.mkdir(),
    "a cut header": lambda folder: (folder.mkdir(), (folder / "telemetry.mcap").write_bytes(b"\x89MCAP0")),
    "an empty record": lambda folder: (folder.mkdir(), (folder / "telemetry.mcap").touch()),
    "another program's record": lambda folder: (folder.mkdir(), foreign(folder / "telemetry.mcap")),
}


def foreign(path):
    with path.open("wb") as stream:
        writer = Writer(stream)
        writer.start()
        schema = writer.register_schema("s", "ros2msg", b"uint8 x")
        writer.add_message(writer.register_channel("/controller", "cdr", schema), 1, b"\x00\xff", 1)
        writer.finish()


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_no_run_is_one_line_and_status_2(tmp_path, capsys, kind):
    folder = tmp_path / "run"
    WRONG[kind](folder)
    assert main(["view", str(folder)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert len(told.err.strip().splitlines()) == 1
    assert str(folder) in told.err
    assert not (tmp_path / "run" / "report.html").exists()


@pytest.mark.parametrize("share", [0.05, 0.3, 0.7, 0.99])
def test_a_record_that_was_cut_is_shown_as_far_as_it_goes(run_folder, tmp_path, capsys, share):
    whole = (run_folder / "telemetry.mcap").read_bytes()
    (tmp_path / "telemetry.mcap").write_bytes(whole[: int(share * len(whole))])
    status = main(["view", str(tmp_path)])
    told = capsys.readouterr()
    if status == 0:
        assert "cut short" in (tmp_path / "report.html").read_text()
        assert told.err == ""
    else:  # nothing of it was whole
        assert (status, share) == (2, 0.05)
        assert len(told.err.strip().splitlines()) == 1
