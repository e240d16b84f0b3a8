"""What pip installed, read from its report and from the environment."""

import json
import sys
from pathlib import Path

import pytest

from vrdata.errors import InvalidInputError
from vrdata_generators.adapter.environment.installed import (
    built_from_source,
    check_archives,
    missing_modules,
    versions_in,
    without_display,
)
from vrdata_generators.adapter.environment.pip.run import site_packages
from vrdata_generators.adapter.environment.requirements import RequirementSet

REPORT = {
    "install": [
        {
            "metadata": {"name": "Foo.Bar"},
            "download_info": {"archive_info": {"hashes": {"sha256": "aa"}}},
        },
        {"metadata": {"name": "old"}, "download_info": {"archive_info": {"hash": "sha256=bb"}}},
        {"metadata": {"name": "added"}, "download_info": {"archive_info": {}}},
    ]
}


@pytest.mark.parametrize(("name", "allowed"), [("foo-bar", "aa"), ("old", "bb"), ("none", "cc")])
def test_an_archive_with_an_allowed_hash_is_accepted(name: str, allowed: str) -> None:
    hashes = {name: frozenset({f"sha256:{allowed}", "sha256:ff"})}
    check_archives(RequirementSet((), {}, hashes=hashes), json.dumps(REPORT))


@pytest.mark.parametrize("name", ["foo-bar", "old", "added"])
def test_an_archive_with_another_hash_is_refused(name: str) -> None:
    hashes = {name: frozenset({"sha256:ff"})}
    with pytest.raises(InvalidInputError, match=f"archive of {name} has another hash"):
        check_archives(RequirementSet((), {}, hashes=hashes), json.dumps(REPORT))


@pytest.mark.parametrize(
    ("installed", "lines"),
    [
        ({"numpy": "2", "opencv-python-headless": "4.10"}, ()),
        (
            {"opencv-python": "4.11", "opencv-python-headless": "4.10", "x": "1"},
            ("opencv-python-headless==4.10", "x==1"),
        ),
        ({"OpenCV_contrib.python": "4.11"}, ("opencv-contrib-python-headless==4.11",)),
    ],
)
def test_opencv_of_a_dependency_is_replaced_by_the_one_without_a_display(
    installed: dict[str, str], lines: tuple[str, ...]
) -> None:
    report = {
        "install": [
            {"metadata": {"name": name, "version": version}} for name, version in installed.items()
        ]
    }
    assert without_display(json.dumps(report)) == lines


def item(name: str, info: dict[str, object], **more: object) -> dict[str, object]:
    return {"metadata": {"name": name, "version": "1"}, "download_info": info, **more}


def test_a_dependency_that_names_a_url_is_installed_from_it_again() -> None:
    git = {"url": "https://x.invalid/g", "vcs_info": {"vcs": "git", "commit_id": "12ab"}}
    items = [
        item("opencv-python", {"url": "https://x.invalid/o-1-py3-none-any.whl"}),
        item("g", git, is_direct=True),
        item("a", {"url": "https://x.invalid/a.zip"}, is_direct=True),
    ]
    assert without_display(json.dumps({"install": items})) == (
        "a @ https://x.invalid/a.zip",
        "g @ git+https://x.invalid/g@12ab",
        "opencv-python-headless==1",
    )


@pytest.mark.parametrize(
    ("info", "built"),
    [
        (
            {"url": "https://x.invalid/x-1-py3-none-any.whl?y=1#sha256=aa", "archive_info": {}},
            False,
        ),
        ({"url": "file:///x-1-py3-none-any.whl", "archive_info": {}}, False),
        ({"url": "https://x.invalid/x-1.tar.gz", "archive_info": {}}, True),
        ({"url": "https://x.invalid/x.whl.zip", "archive_info": {}}, True),
        ({"url": "https://x.invalid/x.whl", "vcs_info": {"vcs": "git"}}, True),
        ({"url": "file:///x.whl", "dir_info": {}}, True),
    ],
)
def test_what_was_not_installed_from_a_wheel_was_built(
    info: dict[str, object], *, built: bool
) -> None:
    report = json.dumps({"install": [item("X", info)]})
    warnings = built_from_source(report, "")
    assert [warning.partition(" has no wheel")[0] for warning in warnings] == (
        ["X 1"] if built else []
    )


def test_the_warning_says_why_a_build_was_not_sandboxed() -> None:
    report = json.dumps({"install": [item("X", {"url": "https://x.invalid/x-1.zip"})]})
    assert built_from_source(report, "") == [
        "X 1 has no wheel and was built from its source: its code ran with network access"
    ]
    assert built_from_source(report, "the kernel has no Landlock")[0].endswith(
        "network access and with your permissions (the kernel has no Landlock)"
    )


def test_only_modules_that_the_environment_cannot_find_are_missing() -> None:
    wanted = ["numpy", "yaml", "no_such_module_anywhere", "pkg_nowhere"]
    folder = site_packages(Path(sys.executable))
    assert missing_modules(folder, wanted) == ("no_such_module_anywhere", "pkg_nowhere")
    assert missing_modules(Path("/nowhere"), ["x"]) == ()


def test_modules_and_versions_are_found_without_running_code(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "there.py").write_text("raise SystemExit")
    (tmp_path / "code.pth").write_text("import sys; sys.exit(3)\nmore\n")
    (tmp_path / "name").mkdir()
    (tmp_path / "Some.Thing-01.0.dist-info").mkdir()
    (tmp_path / "Some.Thing-01.0.dist-info" / "METADATA").write_text(
        "Name: Some.Thing\nVersion: 01.0"
    )
    assert missing_modules(tmp_path, ["there", "name", "away"]) == ("away",)
    assert versions_in(tmp_path) == {"Some.Thing": "1.0"}
