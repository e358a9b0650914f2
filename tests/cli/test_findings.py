"""findings.table and the checks of the doctor name the same findings."""

import pathlib
import re

TREE = pathlib.Path(__file__).resolve().parents[2]
TABLE = (TREE / "src/doctor/findings.table").read_text(encoding="utf-8")
CODE = "".join(path.read_text(encoding="utf-8") for path in [
    *TREE.glob("src/doctor/*.c"), TREE / "src/ctl/doctor.c"])
NAMES = re.findall(r"^([a-z0-9-]+) (?:ok|fixed|warning|problem)$", TABLE,
                   re.MULTILINE)


def test_each_finding_has_a_name_of_its_own_and_is_looked_for():
    assert len(NAMES) == len(set(NAMES)) > 80
    assert [name for name in NAMES if f'"{name}"' not in CODE] == []


def test_each_finding_that_is_said_stands_in_the_table():
    said = set(re.findall(r'diagnosis_(?:say|add)\(\s*\w+,\s*"([a-z0-9-]+)"',
                          CODE))
    assert said - set(NAMES) == set()


def test_every_line_of_the_table_is_read():
    known = r"#|\t(?:-> )?\S|[a-z0-9-]+ (?:ok|fixed|warning|problem)$"
    assert [line for line in TABLE.splitlines()
            if line and not re.match(known, line)] == []
