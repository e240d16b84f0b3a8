"""Arguments and outputs that cannot be used."""

from __future__ import annotations

from bad.imports.places import Case, file, link

ARGUMENTS = {
    "unknown name": Case("videothinkbanch", 5, "known datasets: videothinkbench"),
    "dataset of the hub without hf://": Case("org/name", 5, "vrdata import hf://org/name"),
    "empty name": Case("' '", 2, "name of the dataset is empty"),
    "no column in --map": Case("table.csv --map final=", 2, "is not FIELD=COLUMN"),
    "no field in --map": Case("table.csv --map =solution", 2, "is not FIELD=COLUMN"),
    "no equals sign in --map": Case("table.csv --map final", 2, "is not FIELD=COLUMN"),
    "field twice in --map": Case("table.csv --map final=a --map final=b", 2, "final twice"),
    "unknown field in --map": Case("table.csv --map last=a", 2, "first, final, prompt"),
    "configuration twice": Case("hf://a/b --config x --config x", 2, "x is given twice"),
    "negative limit": Case("table.csv --limit -1", 2, "--limit"),
    "limit that is no number": Case("table.csv --limit ten", 2, "--limit"),
    "unknown format": Case("table.csv --format zip", 2, "--format"),
    "unknown scheme": Case("ftp://host/data", 3, "hf://"),
    "page of the hub": Case("https://huggingface.co/datasets/a/b/tree/main", 3, "name hf://a/b"),
    "password in a URL": Case("s3://key:hunter2@b/x", 2, "user:password@"),
    "token in a URL": Case("hf://user:hunter2@a/b", 2, "such as HF_TOKEN"),
    "space in a URL": Case("'s3://b/my data'", 2, "white space"),
    "query in a URL": Case("hf://a/b?token=hunter2", 2, "a query (?)"),
    "fragment in a URL": Case("s3://b/x#hunter2", 2, "a fragment (#)"),
    "query in a page": Case("https://huggingface.co/datasets/a/b?token=hunter2", 2, "a query (?)"),
    "password without a scheme": Case("me:hunter2@a/b", 2, "user:password@"),
    "password with an option": Case("s3://k:hunter2@b/x --config c", 2, "user:password@"),
    "encoded password": Case("hf://me%3Ahunter2%40a/b", 2, "(#) or %"),
    "configuration with 101 characters": Case(
        f"hf://a/b --config {'x' * 101}", 2, "--config cannot be used"
    ),
    "revision with 201 characters": Case(
        f"hf://a/b --revision {'x' * 201}", 2, "--revision cannot be used"
    ),
    "split of a file": Case("table.csv --split test", 2, "--split does not apply"),
    "configuration of a bucket": Case("s3://b/data --config a", 2, "--config does not apply"),
    "empty output": Case("table.csv --output ''", 2, "--output is empty"),
    "empty output of a run": Case("table.csv --output ' ' --format tar", 2, "--output is empty"),
    "bucket as a folder": Case("table.csv --output s3://b/data", 2, "--format webdataset"),
    "file as a folder": Case("table.csv --output table.csv", 2, "is a file, not a folder"),
    "folder below a file": Case("puzzles.parquet --output table.csv/out", 2, "table.csv is a file"),
    "broken link as the output": Case(
        "puzzles.parquet --output out", 2, "broken link", link("out", "nowhere/out")
    ),
    "file in the place of the state": Case(
        "puzzles.parquet --output out", 2, ".vrdata is a file", file(".vrdata", "mine")
    ),
}
