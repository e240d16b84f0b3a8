"""Libraries find out where they run; a generator that only uses them has tried nothing."""

import pytest

from support.generators.probe import Probes
from vrdata_child.sandbox.guard.connecting import is_name_service

# Libraries with a known probe, or with settings in the user's home.
LIBRARIES = ("cv2", "huggingface_hub", "pandas", "psutil", "requests", "urllib3.util.connection")


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_import_of_a_library_is_not_named(probes: Probes, library: str) -> None:
    pytest.importorskip(library.partition(".")[0])
    assert probes.refused(f"import {library}") == []


def test_the_standard_library_makes_no_attempt(probes: Probes) -> None:
    code = """
import asyncio, concurrent.futures, getpass, http.server, locale, mimetypes, multiprocessing
import platform, socket, ssl, tempfile, uuid, webbrowser
mimetypes.guess_type("a.png"), platform.platform(), platform.libc_ver(), uuid.uuid1()
getpass.getuser(), socket.has_dualstack_ipv6(), ssl.create_default_context()
async def main():
    await (await asyncio.create_subprocess_exec("true")).wait()
asyncio.run(main())
manager = multiprocessing.get_context("fork").Manager()
manager.dict()["a"] = 1
manager.shutdown()
with concurrent.futures.ProcessPoolExecutor(2) as pool:
    list(pool.map(abs, [1, 2]))
"""
    assert probes.refused(code) == []


def test_a_library_that_uses_the_network_is_named_with_the_line_of_the_generator(
    probes: Probes,
) -> None:
    pytest.importorskip("requests")
    code = "import requests\ntry: requests.get('http://example.org')\nexcept OSError: pass"
    (found,) = probes.refused(code)
    assert found.endswith("tried to open a network connection to look up example.org (FILE:2)")


@pytest.mark.parametrize(
    ("path", "quiet"),
    [
        ("/run/nscd/socket", True),
        ("/run/systemd/userdb/io.systemd.DynamicUser", True),
        ("/var/lib/sss/pipes/nss", True),
        ("/run/docker.sock", False),
        ("/run/user/1000/bus", False),
        ("/run/nscd-other/socket", False),
    ],
)
def test_the_c_library_may_look_for_a_name_service(path: str, quiet: bool) -> None:
    assert is_name_service(path) is quiet
