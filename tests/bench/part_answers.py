"""part_answers.py - the bytes of ten typical answers, text and structure, beside those of the build before (answers.tsv)."""
import os

import answers
from bench import BINARY, HERE, measure, row


@measure
def bytes_of_answers():
    with open(os.path.join(HERE, "answers.tsv")) as f:
        before = {tool: int(n) for tool, n in (line.split("\t") for line in f if not line.startswith("#"))}
    total = 0
    for tool, text, structure in answers.measure(BINARY):
        total += text + structure
        row("bytes of %s" % tool, "%d + %d" % (text, structure), "before: %d" % before[tool])
    row("bytes of ten answers", "%d" % total, "%.0f %% of %d (target <= 60 %%)" % (100.0 * total / sum(before.values()),
                                                                               sum(before.values())))


print("== answers")
bytes_of_answers()
