"""Templates that end while they import the generator: by their own code, or from outside."""

from __future__ import annotations

from pathlib import Path
from threading import Thread

import pytest

from support.generators.ending import API, processes_of_template
from support.polling import wait_until
from vrdata.contract.reasons import FailureReason
from vrdata.hermetic import Hermetic
from vrdata_worker.child.launch import Launch, TemplateBrokenError
from vrdata_worker.child.template import GeneratorTemplate

pytestmark = pytest.mark.slow


def template_of(folder: Path, code: str) -> GeneratorTemplate:
    """The template of a generator with this code."""
    (folder / "api").mkdir()
    (folder / "api/generator.py").write_text(code)
    return GeneratorTemplate(Launch("O-x", "api", str(folder / "api")), folder)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "signal 9, which it sent itself"),
        ("os.killpg(0, 9)", "signal 9, which it sent itself"),
        ("subprocess.run('kill -9 $PPID; sleep 9', shell=True)", "signal 9, which it sent itself"),
        ("os._exit(137)", "cannot be started: it says nothing"),
    ],
)
def test_an_import_that_ends_its_own_template_has_crashed(
    tmp_path: Path, code: str, said: str
) -> None:
    template = template_of(tmp_path, f"import os, signal, subprocess\n{code}\n")
    with pytest.raises(TemplateBrokenError, match=said) as caught:
        template.start()
    template.close()
    assert caught.value.reason is FailureReason.GENERATOR_CRASHED
    assert len(list(tmp_path.glob("t*/template.log"))) == 1


def kill_imports(folder: Path, times: int) -> Thread:
    """Kill as many templates as soon as they run the generator's code, one after the other."""

    def kill() -> None:
        for number in range(1, times + 1):
            wait_until(lambda n=number: _imports(folder) >= n, "an import")
            processes_of_template()[1].kill()

    killer = Thread(target=kill)
    killer.start()
    return killer


def _imports(folder: Path) -> int:
    logs = folder.glob("t*/template.log")
    return sum("begun" in log.read_text(errors="replace") for log in logs)


@pytest.mark.parametrize(
    ("named", "reason", "said"),
    [
        (True, FailureReason.DISRUPTED, "killed by signal 9 from outside"),
        (False, FailureReason.GENERATOR_CRASHED, "killed by signal 9 three times"),
    ],
    ids=["kernel", "python"],
)
def test_a_template_that_is_killed_at_each_import_is_charged_only_if_it_can_be_its_own_code(
    tmp_path: Path,
    named: bool,
    reason: FailureReason,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Hermetic, "names_senders", named)
    template = template_of(tmp_path, "print('begun', flush=True)\nwhile True: pass\n")
    killer = kill_imports(tmp_path, 3)
    with pytest.raises(TemplateBrokenError, match=said) as caught:
        template.start()
    killer.join()
    template.close()
    assert caught.value.reason is reason
    assert reason.charged is not named


def test_a_template_that_is_killed_at_its_import_once_starts_again(tmp_path: Path) -> None:
    (tmp_path / "api").mkdir()
    (tmp_path / "api/generator.py").write_text("import time\ntime.sleep(600)\n")

    def kill() -> None:
        wait_until(lambda: len(processes_of_template()) >= 2, "the template")
        (tmp_path / "api/generator.py").write_text(API.replace("CODE", "pass"))
        processes_of_template()[1].kill()

    killer = Thread(target=kill)
    killer.start()
    template = GeneratorTemplate(Launch("O-x", "api", str(tmp_path / "api")), tmp_path)
    template.start()
    template.close()
    killer.join()
