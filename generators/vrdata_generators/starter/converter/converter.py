"""M-my-task: questions with a picture and a solution. Replace the columns with your own."""

from __future__ import annotations

from collections.abc import Iterator

from vrdata_generators.api import Converted, Converter, Item, Options


class MyTask(Converter):
    """One sample of each row of a table."""

    name = "M-my-task"
    domain = "my_task"
    version = "1"  # increase it when the same item gives another sample

    def convert(self, item: Item, options: Options) -> Iterator[Converted]:
        """Yield one sample; a ValueError makes the item fail, and the others are converted."""
        row = item.row
        if not row["question"]:
            raise ValueError("the question is empty")
        yield Converted(
            first=row["image"],
            final=row["solution"],
            prompt=row["question"],
            metadata={"id": row["id"], "language": options.get("language", "en")},
        )
