"""Files that Landlock refuses to Python code of a generator: named with the line."""

import sys
from pathlib import Path

import pytest

from support.generators.probe import Probes
from vrdata_child.sandbox import landlock

pytestmark = pytest.mark.skipif(landlock.version() == 0, reason="needs Landlock")
PYTHON = Path(sys.executable).resolve().name

REFUSED = {
    "open(SECRET)": "read SECRET",
    "open(SECRET, 'a')": "write SECRET",
    "open(SECRET + '.new', 'w')": "write SECRET.new",
    "os.open(SECRET, os.O_RDONLY)": "read SECRET",
    "pathlib.Path(SECRET).read_bytes()": "read SECRET",
    "os.listdir(os.path.dirname(SECRET))": "list FOLDER",
    "list(os.scandir(os.path.dirname(SECRET)))": "list FOLDER",
    "os.mkdir(SECRET + '.d')": "create SECRET.d",
    "os.symlink('x', SECRET + '.s')": "create SECRET.s",
    "os.link(SECRET, 'own')": "link to SECRET",
    "os.remove(SECRET)": "remove SECRET",
    "os.rename(SECRET, 'own')": "rename SECRET",
    "shutil.copyfile(SECRET, 'own')": "read SECRET",
    "os.chmod(SECRET, 0o600)": "change a file outside of its folder",
    "os.utime(SECRET)": "change a file outside of its folder",
    "os.truncate(SECRET, 0)": "change a file outside of its folder",
    "sqlite3.connect(SECRET + '.db').execute('create table a (b)')": "write SECRET.db",
    "ctypes.CDLL(SECRET)": "load SECRET",
    "open(os.path.relpath(SECRET))": "read SECRET",
    "(os.symlink(SECRET, 'link'), open('link'))": "read SECRET",
    "open(f'/proc/{os.getppid()}/environ')": "read /proc/PID/environ",
    "open('examples/generate.py', 'a')": "write ROOT/examples/generate.py",
}
ALLOWED = (
    "open('own', 'w').write('x'); open('own').read(); os.chmod('own', 0o600); os.remove('own')",
    "os.mkdir('d'); os.rename('d', 'e'); os.listdir('e'); shutil.rmtree('e')",
    "open('examples/generate.py').read(); os.listdir('examples')",
    "tempfile.TemporaryFile(); tempfile.mkdtemp()",
    "os.symlink('/etc/passwd', 'l'); os.rename('l', 'm'); os.remove('m')",
    "open('/proc/self/environ').read(); open('/proc/cpuinfo').read(); os.listdir('/proc')",
    "open('/dev/null', 'w'); open('/dev/stdout', 'w'); open('/dev/urandom', 'rb').read(1)",
    "open('/etc/passwd').read(); os.listdir('/usr'); platform.freedesktop_os_release()",
    "shared_memory.SharedMemory(create=True, size=1).unlink()",
    "subprocess.run(['true'], check=True); subprocess.run('true', shell=True, check=True)",
    "sqlite3.connect('own.db').execute('create table a (b)'); sqlite3.connect(':memory:')",
)


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of the user, outside the generator's folders."""
    path = tmp_path_factory.mktemp("user").resolve() / "secret"
    path.write_text("secret")
    return path


def test_each_refused_file_is_named_with_its_line(probes: Probes, secret: Path) -> None:
    lines = ["import ctypes, os, pathlib, shutil, sqlite3", f"SECRET = {str(secret)!r}"]
    for code in REFUSED:
        lines += ["try:", f"    {code}", "except (OSError, sqlite3.Error): pass"]
        lines += ["else: raise AssertionError('it succeeded')"]
    found = probes.refused("\n".join(lines))
    for path, name in ((secret, "SECRET"), (secret.parent, "FOLDER"), (probes.root, "ROOT")):
        found = [line.replace(str(path), name) for line in found]
    assert found == [
        f"{PYTHON} tried to {tried} (FILE:{4 + 4 * number})"
        for number, tried in enumerate(REFUSED.values())
    ]
    assert secret.read_text() == "secret"


def test_what_is_allowed_is_not_named(probes: Probes) -> None:
    lines = ["import os, platform, shutil, sqlite3, subprocess, tempfile"]
    lines += ["from multiprocessing import shared_memory", *ALLOWED]
    assert probes.refused("\n".join(lines)) == []


def test_a_probe_of_a_missing_file_is_not_named(probes: Probes, secret: Path) -> None:
    lines = ["import os", f"MISSING = {str(secret.parent / 'missing')!r}"]
    for code in (
        "open(MISSING)",
        "os.listdir(MISSING)",
        "os.remove(MISSING)",
        "open(MISSING + '/x', 'w')",
    ):
        lines += [f"try: {code}", "except FileNotFoundError: pass"]
    assert probes.refused("\n".join(lines)) == []


def test_a_folder_that_exists_is_not_created(probes: Probes) -> None:
    code = "import pathlib\npathlib.Path('/tmp').mkdir(exist_ok=True)"
    assert probes.refused(code) == []
