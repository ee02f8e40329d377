"""How a model is told to answer with changes: blocks of lines to find and lines to put there, with an example."""

EXAMPLE_FOLDER = "example_shop"
"""Of the example's path; another one is taken where the project has such a folder."""
BLOCKS = f"""Answer in two parts. First think in a few sentences: which lines are wrong, and how that makes the test fail. Then give a block for each place to change:

path of the file, as it is shown
<<<<<<< SEARCH
lines of that file, as they are shown
=======
lines that take their place
>>>>>>> REPLACE

- SEARCH holds whole lines that follow each other, copied character by character with their indentation and comments, and enough of them to be unique: usually the line to change with one or two beside it.
- Everything between SEARCH and ======= is replaced by everything up to REPLACE. Leave nothing out with "..." or "rest as before", and write no line numbers, diff signs or code fences into a block.
- To insert lines, repeat a line beside them in both halves; to delete lines, give them in SEARCH only.
- A name that has to be imported needs a block for the import as well. Blocks of one file must not overlap.

For example, where this is shown and a parcel of 20 kg should cost 12.5:

[code] {EXAMPLE_FOLDER}/tariffs.py, lines 8-11
def postage(weight):
    if weight > 20:
        return 12.5
    return 4.9

the answer is:

A parcel of exactly 20 kg falls through to the cheaper tariff, because `>` leaves the limit itself out.

{EXAMPLE_FOLDER}/tariffs.py
<<<<<<< SEARCH
    if weight > 20:
        return 12.5
=======
    if weight >= 20:
        return 12.5
>>>>>>> REPLACE"""


def for_paths(task: str, paths: list[str]) -> str:
    """The task with an example that no path of the project can be mistaken for."""
    folder, number = EXAMPLE_FOLDER, 2
    while any(folder in path.split("/") for path in paths):
        folder, number = f"{EXAMPLE_FOLDER}_{number}", number + 1
    return task.replace(EXAMPLE_FOLDER, folder)
