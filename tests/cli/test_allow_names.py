"""Names on the allow list: their addresses, or what their SPF record allows."""

import subprocess

import nameserver
import pytest
from conftest import DAY, flat, now
from process import free_port, wait_for

MANY = [f"192.0.{number}.0/24" for number in range(2, 202)]


@pytest.fixture(name="zone")
def served_zone(house):
    zone = {}
    port = nameserver.start(zone)
    house.configure(f'nameserver = "127.0.0.1:{port}"')
    return zone


def allowed(house):
    """What is allowed by a name."""
    done = house.run("allow", "--json")
    assert done.stderr == ""
    return [row["network"] for row in house.json("allow")
            if row["named"]] if done.returncode == 0 else []


def refused(house, *words):
    done = house.run("allow", "add", *words)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.count("\n") == 1 and len(done.stderr) < 200
    assert house.run("allow").returncode in (1, 3)
    return done.stderr


def test_the_addresses_of_a_host_are_allowed(house, zone):
    zone["mail.example.org"] = ["203.0.113.5", "2001:db8:5::25"]
    house.do("ban", "203.0.113.5", "2h")
    done = house.json("allow", "add", "--name", "Mail.Example.ORG",
                      "--note", "a friend")
    assert done == {"how": "name", "name": "mail.example.org", "until": None,
                    "error": None, "left_out": None, "lifted": 1,
                    "networks": ["203.0.113.5", "2001:db8:5::25"]}
    assert "is allowed" in house.do("check", "203.0.113.5")
    assert "mail.example.org: a friend" in flat(
        house.do("check", "2001:db8:5::25"))
    assert house.audit()[-1] == ("allow add", "name mail.example.org",
                                 "a friend")


def test_people_see_a_name_once(house, zone):
    zone["mail.example.org"] = ["203.0.113.5", "203.0.113.6"]
    house.do("allow", "add", "--name", "mail.example.org")
    said = house.do("allow")
    assert "203.0.113" not in said and "mail.example.org" in said
    assert "2 networks of names" in said
    assert "203.0.113.6" in house.do("allow", "-l")
    name, = house.json("allow", "names")
    assert (name["how"], name["networks"], name["error"]) == ("name", 2, None)
    assert name["asked"] == name["answered"]
    assert house.json("status")["allowed_names"] == {"names": 1, "old": 0}


def test_a_dry_run_shows_what_would_be_allowed(house, zone):
    zone["mail.example.org"] = ["203.0.113.5"]
    assert "203.0.113.5" in house.do(
        "allow", "add", "--name", "mail.example.org", "--dry-run")
    house.do("allow", status=1)


def test_an_spf_record_is_followed(house, zone):
    zone.update({
        "example.org": ["TXT another text", "TXT v=spf1 ip4:198.51.100.0/24"
                        " ip4:198.51.100.7/24 a:a.example.org/30 mx"
                        " include:b.example.org ~ip4:192.0.2.1"
                        " exp=why.example.org +ip6:2001:db8:1::/48 ~all"
                        " ip4:192.0.2.2",
                        "MX mx.example.org"],
        "a.example.org": ["203.0.113.9"],
        "mx.example.org": ["203.0.113.65", "2001:db8:2::1"],
        "b.example.org": ["TXT V=SPF1 redirect=c.example.org"],
        "c.example.org": ["TXT v=spf1 ip4:192.0.2.64/28 -all"]})
    house.do("allow", "add", "--spf", "example.org")
    assert sorted(allowed(house)) == sorted([
        "198.51.100.0/24", "203.0.113.8/30", "203.0.113.65", "2001:db8:2::1",
        "192.0.2.64/28", "2001:db8:1::/48"])
    house.do("allow", "remove", "--spf", "example.org")
    house.do("allow", status=1)
    assert house.sql("SELECT count(*) FROM allow_network") == [(0,)]


def test_what_cannot_be_listed_is_left_out_and_said(house, zone):
    zone["example.org"] = ["TXT v=spf1 ip4:198.51.100.1 ptr -all"
                           " exists:%{i}.example.org"]
    zone["example.net"] = ["TXT v=spf1 exists:%{i}.s.example.net"
                           " ip4:198.51.100.2"]
    assert "left out, as nothing can be listed of it: ptr of example.org" in \
        house.do("allow", "add", "--spf", "example.org")
    assert house.json("allow", "add", "--spf", "example.net")["left_out"] == \
        "exists:%{i}.s.example.net of example.net"


HOSTILE = [
    ("all of IPv4", "ip4:0.0.0.0/0", "wider than /14"),
    ("half of it", "ip4:0.0.0.0/1 -all", "wider than /14"),
    ("all of IPv6", "ip6:::/0", "wider than /32"),
    ("a wide one by its name", "a:host.example.org/1", "wider than /14"),
    ("everybody", "+all", "everybody"),
    ("everybody, in short", "all", "everybody"),
    ("everybody, included", "include:all.example.org -all", "everybody"),
    ("much in pieces", " ".join(f"ip4:{n}.0.0.0/14" for n in range(20, 30)),
     "in all wider than a /12"),
    ("more than can be kept", " ".join(
        f"ip4:198.51.{n // 256}.{n % 256}" for n in range(600)),
     "too long"),
    ("thousands of networks", "include:1.many.example.org"
     " include:2.many.example.org include:3.many.example.org",
     "more than 512 networks"),
    ("itself", "include:example.org", "more than 10 terms"),
    ("itself, redirected", "redirect=example.org", "more than 10 terms"),
    ("eleven terms that ask", " ".join(["a:host.example.org"] * 11),
     "more than 10 terms"),
    ("three that find nothing", "a:x1.example.org a:x2.example.org"
     " mx:x3.example.org", "more than 2 terms find nothing"),
    ("eleven mail hosts", "mx:eleven.example.org", "more than 10 mail hosts"),
    ("what is no network", "ip4:203.0.113.500", "no network"),
    ("IPv6 where IPv4 is to be", "ip4:2001:db8::1", "no network"),
    ("no term", "ipv4:203.0.113.5", "no term"),
    ("a length that is none", "a/33", "no term"),
    ("a host of no name", "a:", "no term"),
    ("a control character", "ip4:203.0.113.5\x1b[2J", "no text"),
    ("an include of nothing", "include:nowhere.example.org",
     "no SPF record"),
    ("nobody", "-all", "no address"),
    ("private addresses alone", "ip4:192.168.0.0/16 ip4:127.0.0.1",
     "no address"),
]


@pytest.mark.parametrize("record, why", [row[1:] for row in HOSTILE],
                         ids=[row[0] for row in HOSTILE])
def test_a_hostile_record_allows_nothing(house, zone, record, why):
    zone.update({
        "example.org": [f"TXT v=spf1 {record}"],
        "all.example.org": ["TXT v=spf1 +all"],
        "host.example.org": ["203.0.113.9"],
        "eleven.example.org": [f"MX m{n}.example.org" for n in range(11)],
        **{f"{n}.many.example.org": ["TXT v=spf1 " + " ".join(
            f"ip4:203.{n}.{m}.0/24" for m in range(200))]
           for n in range(1, 4)}})
    assert why in refused(house, "--spf", "example.org")


@pytest.mark.parametrize("records, why", [
    (None, "no SPF record"), ([], "no SPF record"),
    (["TXT v=spf10 +all"], "no SPF record"),
    (["TXT v=spf1 -all", "TXT v=spf1 a"], "more than one SPF record"),
    ("servfail", "no answer"), ("garbage", "no answer"),
    ("silence", "no answer")])
def test_where_dns_has_no_answer_nothing_is_added(house, zone, records, why):
    if records is not None:
        zone["example.org"] = records
    assert why in refused(house, "--spf", "example.org")


def test_with_force_the_name_waits_for_an_answer(house, zone):
    zone["mail.example.org"] = "servfail"
    refused(house, "--name", "mail.example.org")
    done = house.run("allow", "add", "--name", "mail.example.org", "--force")
    assert done.returncode == 0
    assert "nothing of it is allowed before DNS answers" in flat(done.stdout)
    name, = house.json("allow", "names")
    assert (name["answered"], name["networks"]) == (None, 0)
    assert "1 name of 1 without an answer of DNS" in house.do("status")
    found = house.run("doctor", "--json").stdout
    assert "DNS never gave an answer" in found


def test_what_is_allowed_by_hand_stays(house, zone):
    zone["mail.example.org"] = ["203.0.113.5", "203.0.113.6"]
    house.do("allow", "add", "203.0.113.5", "--note", "by hand")
    house.do("allow", "add", "--name", "mail.example.org")
    assert allowed(house) == ["203.0.113.6"]
    house.do("allow", "remove", "--name", "mail.example.org")
    assert [row["note"] for row in house.json("allow")] == ["by hand"]
    house.do("allow", "add", "--name", "mail.example.org")
    done = house.run("allow", "remove", "203.0.113.5")
    assert done.returncode == 0 and "stays allowed by a name" in done.stderr
    assert allowed(house) == ["203.0.113.5", "203.0.113.6"]
    assert house.run("allow", "remove", "203.0.113.6").returncode == 1


def test_two_names_may_share_an_address(house, zone):
    zone["a.example.org"] = zone["b.example.org"] = ["203.0.113.5"]
    house.do("allow", "add", "--name", "a.example.org", "--for", "1d")
    house.do("allow", "add", "--name", "b.example.org")
    assert house.json("allow")[0]["until"] is None
    house.do("allow", "remove", "--name", "b.example.org")
    assert house.json("allow")[0]["until"] is not None
    assert allowed(house) == ["203.0.113.5"]


def test_an_old_answer_is_told(house, zone):
    zone["mail.example.org"] = ["203.0.113.5"]
    house.do("allow", "add", "--name", "mail.example.org")
    house.sql("UPDATE allow_name SET answered = ?, error = 'DNS is away'",
              now() - 3 * DAY)
    assert "3d ago; not now: DNS is away" in flat(house.do("allow"))
    assert "mail.example.org, the last 3 d ago" in flat(house.do("status"))
    assert "DNS gave its last answer 3 d ago: DNS is away" in flat(
        house.run("doctor").stdout)


@pytest.mark.parametrize("words, why", [
    (["--name", "example.org", "203.0.113.5"], "is enough"),
    (["--name", "example.org", "--spf", "example.org"], "is enough"),
    (["--name", "203.0.113.5"], "is not the name of a host"),
    (["--spf", "example.org."], "is not the name of a host"),
    (["--spf", "a b.example.org"], "is not the name of a host"),
    (["--name", "x" * 300 + ".org"], "is not the name of a host")])
def test_words_that_do_not_fit_together(house, words, why):
    done = house.run("allow", "add", *words)
    assert done.returncode == 2 and why in done.stderr


@pytest.mark.parametrize("value", ["127.0.0.1", "[::1]:53", "unix:/x",
                                   "127.0.0.1:0", "localhost:53"])
def test_a_name_server_is_an_ipv4_address_and_a_port(house, value):
    house.configure(f'nameserver = "{value}"')
    done = house.run("status")
    assert done.returncode == 2
    assert "must be an IPv4 address and a port" in done.stderr


def test_a_real_name_server_with_a_long_record(house, tmp_path):
    """named cuts it short over UDP, and tells all of it over TCP; an alias
    leads to the addresses."""
    port = free_port()
    folder = tmp_path / "named"
    folder.mkdir()
    for place in (tmp_path, *tmp_path.parents[:2]):
        place.chmod(0o755)
    text = "v=spf1 " + " ".join(f"ip4:{net}" for net in MANY) + " -all"
    parts = " ".join(f'"{text[at:at + 250]}"'
                     for at in range(0, len(text), 250))
    (folder / "zone").write_text(
        "$TTL 60\n@ SOA ns hostmaster 1 60 60 60 60\n@ NS ns\n"
        f"ns A 127.0.0.1\n@ TXT ( {parts} )\nalias CNAME host\n"
        "host A 203.0.113.5\nhost AAAA 2001:db8:5::5\n")
    (folder / "named.conf").write_text(
        f'options {{ directory "{folder}"; pid-file none; recursion no;\n'
        f'listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};\n'
        'session-keyfile "key"; };\ncontrols { };\n'
        'zone "example.org" { type primary; file "zone"; };\n')
    house.configure(f'nameserver = "127.0.0.1:{port}"')
    with open(folder / "log", "w", encoding="utf-8") as log:
        named = subprocess.Popen(
            ["named", "-g", "-n", "1", "-c", f"{folder}/named.conf"],
            stdout=log, stderr=log)
    try:
        wait_for(lambda: named.poll() is not None or house.run(
            "allow", "add", "--name", "alias.example.org").returncode == 0,
            30, "named answers")
        assert named.poll() is None, (folder / "log").read_text()
        assert allowed(house) == ["203.0.113.5", "2001:db8:5::5"]
        assert house.json("allow", "add", "--spf", "example.org")[
            "networks"][:2] == ["192.0.2.0/24", "192.0.3.0/24"]
        assert len(allowed(house)) == 2 + len(MANY)
        assert "no such name or record" in house.run(
            "allow", "add", "--name", "no.example.org").stderr
    finally:
        named.terminate()
        named.wait(10)
