"""Makes src/common.txt from public lists of leaked passwords: those of zxcvbn (MIT) and of Django (BSD-3-Clause).

Usage: python3 common.py ZXCVBN_FOLDER DJANGO_FOLDER, the unpacked packages (zxcvbn 3.1.1 of crates, Django 5.2.19).
Each line is what a password comes down to in lower case, without what people put around it.
"""

import gzip
import pathlib
import re
import sys

# A core of fewer letters says nothing, and a password that has no core counts only if it is long enough to be one.
LEAST_CORE, LEAST_LENGTH = 4, 10


def core(text):
    """Without the digits and signs around it, as `bare` in src/rules.rs."""
    letters = [index for index, char in enumerate(text) if char.isalpha()]
    return text[letters[0]:letters[-1] + 1] if letters else ""


def passwords(zxcvbn, django):
    source = (zxcvbn / "src/frequency_lists.rs").read_text()
    for name in ("PASSWORDS", "FEMALE_NAMES", "MALE_NAMES"):
        yield from re.search(rf'const {name}: &str = "(.*?)";', source).group(1).split(",")
    with gzip.open(django / "contrib/auth/common-passwords.txt.gz", "rt") as lines:
        yield from (line.strip() for line in lines)


def main():
    here = pathlib.Path(__file__).parent / "src"
    kept = set(filter(None, (here / "well_known.txt").read_text().split("\n")))
    common = set()
    for password in passwords(*map(pathlib.Path, sys.argv[1:])):
        password = password.lower()
        if len(core(password)) >= LEAST_CORE:
            common.add(core(password))
        elif len(password) >= LEAST_LENGTH:
            common.add(password)
    (here / "common.txt").write_text("".join(f"{line}\n" for line in sorted(common - kept)))


main()
