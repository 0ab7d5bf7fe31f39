import pytest

from hybridctl.record import RunFolderError, view


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
