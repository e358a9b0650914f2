"""What is refused before the database is touched, and how."""

import subprocess

import pytest
from conftest import PROGRAM

# What is wrong, the words, and what the complaint must name.
WRONG = [
    ("an unknown verb", ["bann"], '"bann": did you mean "ban"?'),
    ("an empty verb", [""], '""'),
    ("an unknown option", ["list", "--everything"], '"--everything"'),
    ("an option misspelt", ["list", "--jsno"], "did you mean --json"),
    ("two shapes at once", ["list", "--json", "--csv"], "exclude each other"),
    ("JSON where there is none", ["export", "csv", "--json"],
     '"export" has no option --json'),
    ("what others call list", ["ls"], 'did you mean "list"'),
    ("list misspelt", ["lst"], 'did you mean "list"'),
    ("what others call clear", ["unban", "203.0.113.7"],
     'did you mean "clear"'),
    ("del", ["del", "203.0.113.7"], 'did you mean "clear"'),
    ("rm", ["rm", "203.0.113.7"], 'did you mean "clear"'),
    ("help of no verb", ["help", "lst"], 'did you mean "list"'),
    ("names of suspects", ["list", "--suspects", "203.0.113.7"],
     "--suspects"),
    ("an unknown key to sort by", ["list", "--sort", "size"], '"size"'),
    ("a limit of nothing", ["list", "--limit", "0"], "--limit"),
    ("since no time", ["list", "--since", "soon"], "--since"),
    ("a ref with a letter that is in none", ["check", "7K2M9U"], '"7K2M9U"'),
    ("ban of a host by its name", ["ban", "mail.example.org", "2h"],
     '"mail.example.org"'),
    ("an unknown short option", ["list", "-a"], '"-a"'),
    ("an option of another verb", ["list", "--note", "x"], "--note"),
    ("an option without its value", ["list", "--reason"], "--reason"),
    ("a value for an option that takes none", ["list", "--all=yes"], "--all"),
    ("an option given twice", ["list", "--all", "--all"], "--all"),
    ("an unknown reason", ["list", "--reason", "greed"], '"greed"'),
    ("a reason in capitals", ["list", "--reason", "SPAM"], '"SPAM"'),
    ("a word too many", ["status", "203.0.113.7"], '"203.0.113.7"'),
    ("many words too many", ["status", *"abcdefghijkl"],
     "unexpected argument"),
    ("check of nothing", ["check"], "IP is missing"),
    ("check of a network", ["check", "203.0.113.0/24"], "network"),
    ("check of a name", ["check", "localhost"], '"localhost"'),
    ("check of an address with a blank", ["check", "203.0.113.7 "],
     "is not an IP address"),
    ("check of an address with a zone", ["check", "fe80::1%eth0"],
     "is not an IP address"),
    ("explain of a network", ["explain", "2001:db8::/32"], "network"),
    ("ban of nobody", ["ban"], "is missing"),
    ("ban without a duration", ["ban", "203.0.113.7"], "DURATION is missing"),
    ("ban for a number", ["ban", "203.0.113.7", "60"], '"60"'),
    ("ban for no time", ["ban", "203.0.113.7", "0s"], '"0s"'),
    ("ban for a negative time", ["ban", "203.0.113.7", "--", "-1h"], '"-1h"'),
    ("ban for a thousand years", ["ban", "203.0.113.7", "365000d"],
     "not a duration"),
    ("ban of all", ["ban", "all", "2h"], '"all"'),
    ("ban of no network", ["ban", "203.0.113.0/33", "2h"], '"203.0.113.0/33"'),
    ("ban with a line's end in the note",
     ["ban", "203.0.113.7", "2h", "--note", "a\nb"], "--note"),
    ("ban with an escape in the note",
     ["ban", "203.0.113.7", "2h", "--note", "\x1b[31m"], "--note"),
    ("ban with a note that turns the writing",
     ["ban", "203.0.113.7", "2h", "--note", "a\u202eb"], "--note"),
    ("ban with 201 bytes of note",
     ["ban", "203.0.113.7", "2h", "--note", "n" * 201], "--note"),
    ("ban of everything", ["ban", "0.0.0.0/0", "2h"], "0.0.0.0/0"),
    ("ban of two /8", ["ban", "192.0.0.0/7", "2h"], "192.0.0.0/7"),
    ("ban of all of IPv6", ["ban", "::/0", "2h"], "::/0"),
    ("ban of an IPv6 /15", ["ban", "2000::/15", "2h"], "2000::/15"),
    ("ban of this host", ["ban", "127.0.0.1", "2h"], "never banned"),
    ("ban of this host in IPv6", ["ban", "::1", "2h"], "never banned"),
    ("ban of a private network", ["ban", "10.1.0.0/16", "2h"],
     "never banned"),
    ("ban of a mapped private address", ["ban", "::ffff:10.0.0.1", "2h"],
     "never banned"),
    ("allow of all there is", ["allow", "add", "0.0.0.0/0"], "--force"),
    ("allow of all of IPv6", ["allow", "add", "::/0"], "--force"),
    ("allow of two /8", ["allow", "add", "192.0.0.0/7"], "wider than /8"),
    ("allow of an IPv6 /15", ["allow", "add", "2000::/15"], "wider than /16"),
    ("clear of nobody", ["clear"], "is missing"),
    ("clear of everybody but misspelt", ["clear", "ALL"], '"ALL"'),
    ("allow of an unknown word", ["allow", "everyone"], '"everyone"'),
    ("allow add of nothing", ["allow", "add"], "is missing"),
    ("allow add for a while", ["allow", "add", "203.0.113.7", "--for", "long"],
     '"long"'),
    ("allow remove with a note", ["allow", "remove", "203.0.113.7", "--note",
                                  "x"], "--note"),
    ("report of nothing", ["report"], "KIND is missing"),
    ("report of no address", ["report", "spam"], "IP is missing"),
    ("report of an unknown kind", ["report", "error", "203.0.113.7"],
     '"error"'),
    ("report of a network", ["report", "spam", "203.0.113.0/24"], "network"),
    ("report at a time without zone",
     ["report", "spam", "203.0.113.7", "--at", "2026-11-21T18:05:42"], "--at"),
    ("report at no time", ["report", "spam", "203.0.113.7", "--at", "soon"],
     "--at"),
    ("report with a detail that is not plain",
     ["report", "spam", "203.0.113.7", "--detail", "a\tb"], "--detail"),
    ("report with 201 bytes of detail",
     ["report", "spam", "203.0.113.7", "--detail", "d" * 201], "--detail"),
    ("report - with a detail", ["report", "-", "--detail", "x"], "--detail"),
]


@pytest.mark.parametrize("words, named", [row[1:] for row in WRONG],
                         ids=[row[0] for row in WRONG])
def test_it_is_refused_by_name_and_leaves_no_database(house, words, named):
    done = house.run(*words)
    assert done.returncode == 2, done
    assert done.stdout == ""
    assert done.stderr.startswith("videur: ")
    assert named in done.stderr.splitlines()[0]
    assert not house.database.exists()
    assert not any(ord(c) < 32 and c != "\n" for c in done.stderr)


LINE = ["allow add", "allow remove", "ban", "check", "clear", "explain",
        "report spam"]


@pytest.mark.parametrize("verb", LINE)
@pytest.mark.parametrize("text, address, network", [
    ("203.0.113.7/2", "203.0.113.7", "192.0.0.0/2"),
    ("203.0.113.7/24", "203.0.113.7", "203.0.113.0/24"),
    ("2001:db8::7/64", "2001:db8::7", "2001:db8::/64")])
def test_a_network_that_is_also_an_address_is_asked_back(
        house, verb, text, address, network):
    """Nobody bans or allows a quarter of the world by a slip."""
    done = house.run(*verb.split(), text, *["2h"] * (verb == "ban"))
    assert done.returncode == 2 and not house.database.exists()
    first = done.stderr.splitlines()[0]
    assert f'"{text}"' in first
    assert f"{network} for the network or {address} for the" in first


@pytest.mark.parametrize("words", [
    ["list", "--note", "x"], ["check"], ["ban", "203.0.113.7"], ["clear"],
    ["allow", "add"], ["allow", "remove"], ["report", "spam"],
    ["report", "-", "x"], ["status", "x"], ["explain"]],
    ids=" ".join)
def test_what_is_refused_shows_how_to_say_it(house, words):
    done = house.run(*words)
    verb = " ".join(word for word in words[:2]
                    if word in (words[0], "add", "remove", "-"))
    assert any(line.startswith(f"usage: videur {verb}")
               for line in done.stderr.splitlines()), done.stderr


VERBS = ["status", "list [IP|NET|REF|HOST...]", "check IP|REF|HOST",
         "explain IP", "ban IP|NET|REF DURATION", "clear IP|NET|REF",
         "allow [list]", "allow add [IP|NET", "allow remove [IP|NET",
         "allow names",
         "report KIND IP", "report -", "rules [list]", "rules test FILE",
         "replay FILE", "codes", "decode TEXT"]


@pytest.mark.parametrize("words", [["-h"], ["--help"], ["help"]])
def test_help_prints_every_phrase(words):
    done = subprocess.run([PROGRAM, *words], text=True, capture_output=True,
                          check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for verb in VERBS:
        assert f"videur {verb}" in done.stdout


def test_help_of_one_verb_prints_its_phrases(house):
    said = house.do("allow", "--help")
    assert said.count("usage: videur allow") == 4
    assert house.do("help", "allow") == said == house.do("allow", "-h")
    assert not house.database.exists()


def test_help_of_a_verb_has_its_options_and_an_example_in_80_columns(house):
    said = house.do("help", "ban")
    assert "--note T" in said and "for example: videur ban " in said
    for line in (said + house.do("help") + house.do("help", "list")
                 + house.do("help", "setup", "postfix")).splitlines():
        assert len(line) <= 80, line


def test_no_verb_at_all_is_an_error_in_one_line(house):
    done = house.run()
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.count("\n") == 1 and "verb" in done.stderr
    assert "videur help" in done.stderr


def test_the_version_is_printed_without_a_configuration():
    done = subprocess.run([PROGRAM, "-V"], text=True, capture_output=True,
                          check=False)
    assert done.returncode == 0
    assert done.stdout.startswith("videur ")


def test_an_unknown_option_before_the_verb_is_an_error():
    done = subprocess.run([PROGRAM, "-x", "list"], text=True,
                          capture_output=True, check=False)
    assert done.returncode == 2


def test_a_configuration_that_is_not_there_is_an_error(house):
    house.conf.unlink()
    done = house.run("list")
    assert done.returncode == 2
    assert str(house.conf) in done.stderr


def test_every_error_in_the_configuration_names_file_line_and_column(house):
    house.configure('mode = "sometimes"\ncontcat = "a@example.org"')
    done = house.run("ban", "203.0.113.7", "2h")
    assert done.returncode == 2
    first, second = done.stderr.splitlines()
    assert first.startswith(f'{house.conf}:3:8: mode = "sometimes": must be ')
    assert second == (f'{house.conf}:4:1: unknown "contcat", '
                      'did you mean "contact"?')
    assert not house.database.exists()


@pytest.mark.parametrize("words", [
    ["ban", "--note", "x", "203.0.113.7", "2h"],
    ["ban", "203.0.113.7", "--note=x", "2h"],
    ["ban", "203.0.113.7", "2h", "--note", "x"],
    ["ban", "--note", "x", "--", "203.0.113.7", "2h"]], ids=" ".join)
def test_options_may_stand_anywhere_after_the_verb(house, words):
    house.do(*words)
    assert house.json("list")[0]["note"] == "x"


def test_an_answer_that_cannot_be_written_is_no_success(house):
    house.do("ban", "203.0.113.7", "2h")
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run(house.command("list"), stdout=full, text=True,
                              stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2
    assert "standard output" in done.stderr
