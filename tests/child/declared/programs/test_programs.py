"""Stand-in programs as pipelines start them, in the sandbox."""

from __future__ import annotations

import pytest

from child.declared.conftest import FILES, Pipelines

RUN = """
def run(*words, **options):
    done = subprocess.run(words, capture_output=True, text=True, **options)
    return [done.returncode, done.stdout, done.stderr]

def files(folder):
    return {str(one.relative_to(folder)): one.read_bytes().hex()
        for one in sorted(Path(folder).rglob("*")) if one.is_file()}
"""
COPIED = {name: body.hex() for name, body in FILES.items()}


def test_aws_sync_copies_a_source_and_then_does_nothing(pipelines: Pipelines) -> None:
    facts = pipelines.run(
        f"""{RUN}
first = run("aws", "s3", "sync", "s3://b/a", "raw/", "--no-progress", "--region", "us-east-2")
copied = files("raw")
Path("raw/top.csv").write_text("x,y\\n1,3\\n")
again = run("aws", "--region", "x", "s3", "sync", "s3://b/a/", "raw", "--only-show-errors")
facts = [first, copied, again, Path("raw/top.csv").read_text(),
    sorted(path.name for path in Path("raw").iterdir())]
"""
    )
    (code, out, errors), copied, again, kept, names = facts
    assert (code, errors, copied) == (0, "", COPIED)
    assert "download: s3://b/a/train/a.txt to raw/train/a.txt" in out.splitlines()
    assert (again, kept) == ([0, "", ""], "x,y\n1,3\n")  # of equal size
    assert names == ["top.csv", "train"]


def test_aws_keeps_the_links_of_a_staged_source(pipelines: Pipelines) -> None:
    staged = f"{pipelines.sources[0]['folder']}/train/a.txt"
    facts = pipelines.run(
        f"""{RUN}
Path("raw/train").mkdir(parents=True)
Path("raw/train/a.txt").symlink_to({staged!r})
codes = [run("aws", "s3", "sync", "s3://b/a", "raw", "--quiet")[0],
    run("aws", "s3", "cp", "s3://b/a/train/a.txt", "raw/train/a.txt")[0]]
facts = [codes, Path("raw/train/a.txt").is_symlink(), len(files("raw"))]
"""
    )
    assert facts == [[0, 0], True, len(FILES)]


def test_aws_filters_apply_in_their_order(pipelines: Pipelines) -> None:
    facts = pipelines.run(
        f"""{RUN}
options = ["--exclude", "*", "--include", "*.txt", "--exclude=train/a*"]
facts = [run("aws", "s3", "sync", "s3://b/a", "raw", "--quiet", *options), list(files("raw"))]
"""
    )
    assert facts == [[0, "", ""], ["train/b c+d \u00e9%20.txt"]]


def test_aws_cp_copies_one_object_or_a_tree(pipelines: Pipelines) -> None:
    facts = pipelines.run(
        f"""{RUN}
Path("into").mkdir()
facts = [
    run("aws", "s3", "cp", "s3://b/a/train/a.txt", "new/name.txt", "--only-show-errors"),
    run("aws", "s3", "cp", "s3://b/a/train/b c+d \u00e9%20.txt", "into", "--quiet"),
    run("aws", "s3", "cp", "s3://b/a/train/a.txt", "-"),
    run("aws", "s3", "cp", "s3://b/a/train", "tree", "--recursive", "--quiet"),
    run("aws", "s3", "cp", "s3://b/a/none", "x"),
    sorted([*files("new"), *files("into"), *files("tree")]),
]
"""
    )
    assert facts[:2] == [[0, "", ""], [0, "", ""]]
    assert facts[2] == [0, "hello", ""]
    assert facts[3] == [0, "", ""]
    assert facts[4][0] == 1
    assert 'Key "a/none" does not exist' in facts[4][2]
    odd = "b c+d \u00e9%20.txt"
    assert facts[5] == sorted([odd, "name.txt", "a.txt", odd, "sub/c.bin"])


def test_aws_lists_a_source(pipelines: Pipelines) -> None:
    facts = pipelines.run(
        f"""{RUN}
facts = [run("aws", "s3", "ls", "s3://b/a/"), run("aws", "s3", "ls", "s3://b/a/tr", "--recursive"),
    run("aws", "s3", "ls", "s3://b/a/none/")[0]]
"""
    )
    listed, recursive, none = facts
    assert listed[0] == 0
    assert sorted(line.split()[-1] for line in listed[1].splitlines()) == ["top.csv", "train/"]
    assert "2020-01-01 00:00:00          5 a/train/a.txt" in recursive[1].splitlines()
    assert len(recursive[1].splitlines()) == 3
    assert none == 1


@pytest.mark.parametrize(
    ("words", "what", "said"),
    [
        (
            "aws s3 cp --recursive out s3://b/a/x --only-show-errors",
            "aws tried to upload to s3://b/a/x",
            "aws: uploads are refused: cp s3://b/a/x",
        ),
        (
            "aws s3 sync s3://b/ab raw",
            "aws tried to read s3://b/ab/, which is not a declared source",
            "aws: s3://b/ab/ is not a declared source of this pipeline; declare it with --source",
        ),
        (
            "aws s3 rm s3://b/a/x",
            "aws tried to delete s3://b/a/x",
            "aws: deletions are refused: rm s3://b/a/x",
        ),
        (
            "aws sts get-caller-identity",
            "aws tried to request aws sts get-caller-identity",
            "aws: declared sources do not answer aws sts get-caller-identity",
        ),
        (
            "apt-get install -y unar",
            "apt-get tried to install packages: apt-get install -y unar",
            "see docs/images.md",
        ),
        ("sudo -n apt-get update", "sudo tried to get the rights of root", "docs/images.md"),
        ("pip install x", "pip tried to install packages: pip install x", "requirements"),
        ("curl -O http://x/", "curl tried to use the network: curl -O http://x/", "--source"),
        ("git clone http://x/", "git tried to use the network: git clone http://x/", "--source"),
    ],
)
def test_what_a_program_must_not_do_is_refused_by_name(
    words: str, what: str, said: str, pipelines: Pipelines
) -> None:
    code = f"""{RUN}
facts = run(*{words.split()!r})
print(facts)
"""
    code_of_exit, _, errors = pipelines.run(code)
    assert code_of_exit == 1
    assert said in errors
    refused = pipelines.refused(code)
    assert len(refused) == 1, refused
    assert refused[0].startswith(what)
    assert "(FILE:" in refused[0]  # the line that started the program


def test_pip_as_a_module_is_refused_by_name(pipelines: Pipelines) -> None:
    facts = pipelines.run(
        f"""{RUN}
facts = [run(sys.executable, "-m", "pip", "install", "x"), run("git", "--version")[0]]
"""
    )
    assert facts[0][0] == 1
    assert "refused to install packages: pip install x" in facts[0][2]
    assert facts[1] == 0


def test_a_program_that_is_not_installed_is_named(pipelines: Pipelines) -> None:
    code = f"""{RUN}
alone = str(block / "bin") + ":/nowhere"
facts = [run("ffprobe", "-version", env=os.environ | {{"PATH": alone}}),
    said(lambda: run("seven-zip-none"))]
"""
    (exit_code, _, errors), raised = pipelines.run(code)
    assert exit_code == 127
    assert errors.startswith("ffprobe: ffprobe is not installed: use a worker image that has it")
    assert "No such file or directory: 'seven-zip-none'" in raised
    refused = pipelines.refused(code)
    assert any("start seven-zip-none, which is not installed (FILE:" in one for one in refused)
    assert any("ffprobe tried to start ffprobe, which is not installed" in one for one in refused)
