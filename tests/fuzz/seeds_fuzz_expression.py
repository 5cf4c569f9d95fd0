#!/usr/bin/python3
"""seeds_fuzz_expression.py FOLDER: inputs long enough to decide something in every part; always the same ones."""
import os
import random
import sys

numbers = random.Random(1)
for number in range(64):
    with open(os.path.join(sys.argv[1], f"seed-{number}"), "wb") as file:
        file.write(numbers.randbytes(numbers.randrange(40, 1200)))
