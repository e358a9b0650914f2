"""Networks of a DROP list, imported."""

import pytest

TEXT = """; Spamhaus DROP List 2026/11/27
203.0.113.0/24 ; SBL1
198.51.100.0/25;SBL2
2001:db8:7::/48 ; SBL3
"""
JSON = """{"cidr":"203.0.113.0/24","sblid":"SBL1","rir":"ripencc"}
{"cidr":"198.51.100.0/25","sblid":"SBL2","rir":"arin"}
{"cidr":"2001:db8:7::/48","sblid":"SBL3","rir":"apnic"}
{"type":"metadata","timestamp":1790000000,"records":3}
"""


@pytest.mark.parametrize("given", [TEXT, JSON], ids=["text", "JSON lines"])
def test_a_list_is_banned_once(house, tmp_path, given):
    file = tmp_path / "drop.list"
    file.write_text(given)
    assert house.json("import", "drop", str(file), "--for", "2d") == {
        "read": 3, "banned": 3, "prolonged": 0, "already": 0, "left_out": 0}
    bans = house.json("list")
    assert {(ban["client"], ban["reason"], ban["note"]) for ban in bans} == {
        (net, "spam", "DROP list drop.list")
        for net in ("203.0.113.0/24", "198.51.100.0/25", "2001:db8:7::/48")}
    house.do("import", "drop", "-", "--for", "1d", given=given)
    assert house.json("list") == bans
    assert house.json("import", "drop", str(file), "--for", "3d")[
        "prolonged"] == 3
    assert [row[0] for row in house.sql(
        "SELECT count(*) FROM audit WHERE what = 'import drop'")] == [3]


def test_what_is_ours_or_allowed_is_left_out(house):
    house.do("allow", "add", "198.51.100.0/24")
    done = house.run("import", "drop", "-", given="127.0.0.0/8\n"
                     "198.51.100.0/25\n0.0.0.0/0\n203.0.113.0/24\n")
    assert done.returncode == 0
    for why in ("127.0.0.0/8 is left out: it is private or reserved",
                "198.51.100.0/25 is left out: it is allowed",
                "0.0.0.0/0 is left out: it is too wide"):
        assert why in done.stderr
    assert [ban["client"] for ban in house.json("list")] == ["203.0.113.0/24"]


@pytest.mark.parametrize("given, line, what", [
    ("203.0.113.0/24\nnonsense\n", 2, "is not a network"),
    ("203.0.113.7/24\n", 1, "is not a network"),
    ('203.0.113.0/24\n{"cidr":\n', 2, "is no JSON"),
    ('{"cidr":7}\n', 1, "has no cidr"),
    ("203.0.113.0/24\n\0\n", 2, "a NUL byte"),
    ("203.0.113.0/24\n" + "x" * 2000, 2, "longer than 1023 bytes"),
], ids=["no network", "bits behind it", "no JSON", "no text", "NUL", "long"])
def test_a_bad_line_changes_nothing(house, given, line, what):
    done = house.run("import", "drop", "-", given=given)
    assert done.returncode == 2
    assert f"stdin:{line}: {what}" in done.stderr
    house.do("list", status=1)


def test_a_dry_run_changes_nothing(house):
    assert "1 banned" in house.do("import", "drop", "-", "--dry-run",
                                  given="203.0.113.0/24\n")
    house.do("list", status=1)
