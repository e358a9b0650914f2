"""The bans as other programs read them, asked of those programs."""

import json
import os
import signal
import socket
import subprocess
import time

import pytest

from conftest import House

BANS = (
    # who, reason, hours
    ("192.0.2.7", "spam", 3),
    ("192.0.2.7", "auth", 2),
    ("198.51.100.0/24", "virus", 24),
    ("203.0.0.0/9", "error", 24),
    ("203.0.113.5", "error", 2),
    ("203.0.113.128/26", "auth", 48),
    ("2001:db8::/44", "auth", 24),
    ("2001:db8:0:7::/64", "auth", 48),
    ("2001:db8:0:8::9", "spam", 1),
    ("2001:db8:ffff::/51", "spam", 1),
)
ALLOWED = ("198.51.100.64/26", "2001:db8:0:9::/64")

# What a DNS list and a table say of an address.
LISTED = (
    ("192.0.2.7", {"spam", "auth"}, "banned for two reasons"),
    ("192.0.2.8", set(), "beside a banned one"),
    ("198.51.100.1", {"virus"}, "in a banned network"),
    ("198.51.100.65", set(), "allowed in a banned network"),
    ("198.51.100.128", {"virus"}, "behind what is allowed in it"),
    ("203.0.113.5", {"error"}, "banned in a wider ban"),
    ("203.0.113.6", {"error"}, "beside a banned one in a wider ban"),
    ("203.0.9.9", {"error"}, "in that wider ban, far from it"),
    ("203.0.113.191", {"auth"}, "the last of a network within no byte"),
    ("203.0.113.192", {"error"}, "behind it"),
    ("203.128.0.1", set(), "behind a network within no byte"),
    ("2001:db8:0:7::1", {"auth"}, "a client in a banned network"),
    ("2001:db8:5::1", {"auth"}, "elsewhere in it"),
    ("2001:db8:0:8::9", {"spam"}, "one address in it"),
    ("2001:db8:0:8::a", {"spam"}, "the rest of its /64"),
    ("2001:db8:0:9::1", set(), "allowed in it"),
    ("2001:db8:10::1", set(), "behind it"),
    ("2001:db8:ffff:1fff::1", {"spam"}, "the last of 51 bits"),
    ("2001:db8:ffff:2000::1", set(), "behind 51 bits"),
    ("127.0.0.2", {"test"}, "the entry that tests the list (RFC 5782, 5)"),
    ("127.0.0.1", set(), "what no list has"),
    ("::ffff:7f00:2", {"test"}, "the entry that tests IPv6"),
    ("::ffff:7f00:1", set(), "what no list of IPv6 has"),
)
CODES = {"127.0.0.2": "test", "127.0.0.3": "spam", "127.0.0.4": "virus",
         "127.0.0.5": "auth", "127.0.0.6": "error"}
IDS = [why for _, _, why in LISTED]


def reversed_name(address):
    if ":" in address:
        digits = socket.inet_pton(socket.AF_INET6, address).hex()
        return ".".join(reversed(digits))
    return ".".join(reversed(address.split(".")))


def wait_for(what, seconds=10):
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.05)
    return found


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def fill(house):
    house.configure("allow = { " +
                    ", ".join(f'"{net}"' for net in ALLOWED) + " }\n"
                    'contact = "first.last@example.org"')
    for who, reason, hours in BANS:
        house.do("ban", who, f"{hours}h", "--reason", reason)
    return house


@pytest.fixture(name="filled", scope="module")
def filled_house(tmp_path_factory):
    """One that tests only read."""
    return fill(House(tmp_path_factory.mktemp("filled")))


def open_folder(folder):
    """Let other users into it."""
    for level in (folder, folder.parent, folder.parent.parent):
        os.chmod(level, 0o755)


@pytest.fixture(name="server", scope="module", params=("rbldnsd", "bind"))
def dns_server(request, tmp_path_factory):
    """A DNS server that has the list as the zone "bl.example"."""
    folder = tmp_path_factory.mktemp(request.param)
    open_folder(folder)
    house = fill(House(folder))
    zone = folder / "zone"
    house.do("export", request.param, "--out", str(zone))
    port = free_port()
    if request.param == "rbldnsd":
        argv = ["rbldnsd", "-n", "-q", "-w", str(folder),
                "-b", f"127.0.0.1/{port}", "bl.example:combined:zone"]
    else:
        conf = folder / "named.conf"
        conf.write_text(
            f'options {{ directory "{folder}"; pid-file none;\n'
            f"listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};\n"
            'recursion no; session-keyfile "key"; };\n'
            "controls { };\n"
            f'zone "bl.example" {{ type primary; file "{zone}"; }};\n')
        argv = ["named", "-g", "-n", "1", "-c", str(conf)]
    with open(folder / "log", "w", encoding="utf-8") as log:
        process = subprocess.Popen(argv, stdout=log, stderr=log)
    yield port, wait_for(lambda: ask(port, "127.0.0.2") or
                         process.poll() is not None)
    process.terminate()
    process.wait(10)


def ask(port, address, kind="A"):
    done = subprocess.run(
        ["dig", "+short", "+norecurse", "+time=2", "+tries=2", "-p", str(port),
         "@127.0.0.1", f"{reversed_name(address)}.bl.example", kind],
        capture_output=True, text=True, check=False)
    return [line for line in done.stdout.splitlines() if line[0] != ";"]


@pytest.mark.parametrize("address,reasons,_why", LISTED, ids=IDS)
def test_a_dns_list_says_who_is_blocked(server, address, reasons, _why):
    port, _ = server
    found = {CODES[line] for line in ask(port, address)}
    # rbldnsd has one answer: that of the narrowest entry.
    assert found == reasons or (reasons and found and found <= reasons)


def test_a_dns_list_says_why_and_where_to_read_more(server):
    port, _ = server
    text = ask(port, "192.0.2.7", "TXT")
    assert '"Blocked by the administrator, see ' \
        'https://postmaster.example/?ip=192.0.2.7"' in text


@pytest.mark.parametrize("address,reasons,_why", LISTED[:19], ids=IDS[:19])
def test_postfix_finds_its_reply_in_the_table(filled, address, reasons, _why):
    table = filled.folder / "access"
    filled.do("export", "postfix", "--service", "any", "--out", str(table))
    done = subprocess.run(["postmap", "-c", str(postfix(filled.folder)), "-q",
                           address, f"cidr:{table}"],
                          capture_output=True, text=True, check=False)
    if reasons:
        assert done.stdout.startswith("550 5.7.1 Blocked"), done
    else:
        assert done.stdout.strip() in ("", "DUNNO"), done


def postfix(folder):
    (folder / "main.cf").write_text("compatibility_level = 3.6\n")
    return folder


def test_of_several_bans_a_table_has_the_one_that_ends_last(filled):
    lines = filled.do("export", "postfix", "--service", "any").splitlines()
    line, = [line for line in lines if line.startswith("192.0.2.7/32 ")]
    spam, = [row for row in filled.json("list")
             if row["client"] == "192.0.2.7" and row["reason"] == "spam"]
    assert line == "192.0.2.7/32 " + spam["reply"]


def test_port_25_has_no_table_of_bans_for_logins(filled):
    assert "203.0.113.128" not in filled.do("export", "postfix")
    assert "203.0.113.128" in filled.do("export", "postfix", "--service",
                                        "submission")


def in_namespace(script):
    """Run a shell script in a network and mounts of its own."""
    return subprocess.run(["unshare", "-n", "-m", "sh", "-euc", script],
                          capture_output=True, text=True, check=False)


needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or in_namespace("true").returncode != 0,
    reason="a network namespace needs root")

# As Debian's package has it, unpacked beside other mail servers.
EXIM = os.environ.get("VIDEUR_EXIM", "")

EXIM_CONF = r"""
spool_directory = {folder}/spool
log_file_path = {folder}/log-%s
primary_hostname = mx.example
acl_smtp_rcpt = rcpt
begin acl
rcpt:
  warn   set acl_c_videur = \
           ${{lookup{{$sender_host_address}}iplsearch{{{folder}/exim}}}}
  defer  condition = ${{if match{{$acl_c_videur}}{{\N^4\N}}}}
         message = $acl_c_videur
  deny   condition = ${{if match{{$acl_c_videur}}{{\N^5\N}}}}
         message = $acl_c_videur
  accept
begin routers
begin transports
"""


@needs_root
@pytest.mark.skipif(not os.path.exists(f"{EXIM}/usr/sbin/exim4"),
                    reason="VIDEUR_EXIM names no folder with an Exim")
def test_exim_refuses_by_the_table(filled, tmp_path):
    open_folder(tmp_path)
    filled.do("export", "exim", "--service", "any", "--out",
              str(tmp_path / "exim"))
    (tmp_path / "exim").chmod(0o644)
    (tmp_path / "exim.conf").write_text(EXIM_CONF.format(folder=tmp_path))
    (tmp_path / "talk").write_text(
        "HELO a.example\r\nMAIL FROM:<a@a.example>\r\n"
        "RCPT TO:<b@mx.example>\r\nQUIT\r\n")
    listed = [row for row in LISTED if row[1] != {"test"}]
    done = in_namespace(f"""
        cd {tmp_path}
        sed '$a Debian-exim:x:993:993::/:/bin/false' /etc/passwd >passwd
        sed '$a Debian-exim:x:993:' /etc/group >group
        mount --bind passwd /etc/passwd
        mount --bind group /etc/group
        export LD_LIBRARY_PATH=$(echo {EXIM}/usr/lib/*-linux-gnu)
        for address in {' '.join(row[0] for row in listed)}; do
            {EXIM}/usr/sbin/exim4 -C exim.conf -bh $address <talk 2>&1 |
                sed -n '/^250 OK/,$p' | sed -n 2p
        done""")
    replies = done.stdout.splitlines()
    assert len(replies) == len(listed), done
    for reply, (_, reasons, why) in zip(replies, listed):
        # A long reply comes in several lines.
        assert reply.replace("-", " ", 1).startswith(
            "550 5.7.1 Blocked" if reasons else "250 Accepted"), why


@needs_root
@pytest.mark.parametrize("service,port,banned,open_to", (
    ("submission", 143, "203.0.113.130", "192.0.2.99"),
    ("submission", 143, "2001:db8:0:7::1", "2001:db8:10::1"),
    ("submission", 587, "203.0.113.130", "198.51.100.65"),
    ("mx", 25, "198.51.100.1", "198.51.100.65"),
), ids=("IMAP, IPv4", "IMAP, IPv6", "submission", "port 25"))
def test_nftables_drops_who_is_banned(filled, service, port, banned, open_to):
    rules = filled.folder / "rules"
    filled.do("export", "nftables", "--service", service, "--out", str(rules))
    done = in_namespace(f"""
        ip link set lo up
        for address in {banned} {open_to}; do ip addr add $address dev lo; done
        nft -f {rules}; nft -f {rules}
        python3 - <<'END'
import socket
for banned in ("{banned}", "{open_to}"):
    family = socket.AF_INET6 if ":" in banned else socket.AF_INET
    host = "::1" if ":" in banned else "127.0.0.1"
    with socket.create_server((host, {port}), family=family):
        client = socket.socket(family)
        client.bind((banned, 0))
        client.settimeout(1)
        try:
            client.connect((host, {port}))
            print("open")
        except TimeoutError:
            print("dropped")
END
        nft list table inet videur | grep -c 'timeout' """)
    assert done.stdout.split()[:2] == ["dropped", "open"], done
    assert int(done.stdout.split()[2]) > 2, done


@needs_root
def test_ipset_takes_the_sets(filled):
    sets = filled.folder / "sets"
    filled.do("export", "ipset", "--out", str(sets))
    done = in_namespace(f"""
        ipset restore -file {sets}; ipset restore -file {sets}
        for address in 203.0.113.130 198.51.100.65 192.0.2.99; do
            ipset -q test videur4 $address && echo in || echo out
        done
        ipset -q test videur6 2001:db8:0:7::1 && echo in""")
    if "Kernel error received" in done.stderr or \
            "Cannot open session" in done.stderr:
        pytest.skip("this kernel has no ipset")
    assert done.stdout.split() == ["in", "out", "out", "in"], done


def test_csv_and_json_are_the_rows_of_list(filled):
    assert json.loads(filled.do("export", "json")) == filled.json("list")
    assert filled.do("export", "csv") == filled.do("list", "--csv")


FORMS = ("rbldnsd", "bind", "nftables", "ipset", "postfix", "exim")


def test_sqlite3_and_jq_read_the_rows(filled, tmp_path):
    table, rows = tmp_path / "bans.csv", tmp_path / "bans.json"
    filled.do("export", "--out", str(table), "csv")
    filled.do("export", "--out", str(rows), "json")
    read = subprocess.run(
        ["sqlite3", ":memory:", "-cmd", f".import --csv {table} bans",
         "SELECT client || ' ' || reason FROM bans ORDER BY 1"],
        check=True, capture_output=True, text=True).stdout
    found = subprocess.run(
        ["jq", "-r", r'[.[] | "\(.client) \(.reason)"] | sort | .[]',
         str(rows)], check=True, capture_output=True, text=True).stdout
    assert sorted(read.splitlines()) == sorted(found.splitlines())
    assert len(read.splitlines()) == len(
        json.loads(filled.do("list", "--json")))


@pytest.mark.parametrize("form", (*FORMS, "csv", "json"))
def test_where_nobody_is_banned_the_list_is_empty_and_well(house, form):
    house.do("allow", "add", "192.0.2.99")
    out = house.do("export", form)
    assert "192.0.2" not in out
    assert json.loads(out) == [] if form == "json" else out != ""


@pytest.mark.parametrize("form", FORMS)
def test_what_is_allowed_is_told_only_where_a_ban_holds_it(house, form):
    filled = fill(house)
    filled.do("allow", "add", "192.0.2.99")
    out = filled.do("export", form, "--service",
                    "mx" if form in ("nftables", "ipset") else "any")
    assert "192.0.2.99" not in out and "99.2.0.192" not in out
    assert "198.51.100.64/26" in out or "64.100.51.198" in out


@pytest.mark.parametrize("form", FORMS)
def test_who_is_only_observed_is_in_no_list(house, form):
    house.configure("mode = observe")
    house.do("ban", "192.0.2.7", "2h", "--reason", "auth")
    assert "192.0.2.7/32" not in house.do("export", form)


@pytest.mark.parametrize("words,complaint", (
    (("nftable",), 'unknown form "nftable": did you mean "nftables"?'),
    (("xml",), 'unknown form "xml"'),
    ((), "FORM is missing"),
    (("csv", "--watch"), "--watch needs --out FILE"),
    (("csv", "--", "true"), "a command to run needs --out FILE"),
    (("nftables", "--service", "any"),
     "nftables: --service must be mx or submission: each has its own ports"),
    (("csv", "--service", "mail"),
     '--service: "mail" is not a service (any, mx, submission)'),
))
def test_bad_words_are_refused(house, words, complaint):
    done = house.run("export", *words)
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == f"videur: {complaint}"


def test_a_file_that_cannot_be_written_is_told(filled):
    out = filled.folder / "none" / "list"
    done = filled.run("export", "postfix", "--out", str(out))
    assert done.returncode == 2
    assert done.stderr == f"videur: {out}: No such file or directory\n"


def test_a_new_file_keeps_owner_and_mode_of_the_old(filled):
    out = filled.folder / "a-list"
    for form, mode in (("rbldnsd", 0o644), ("postfix", 0o640)):
        out.unlink(missing_ok=True)
        filled.do("export", form, "--out", str(out))
        assert out.stat().st_mode & 0o777 == mode
    out.chmod(0o604)
    filled.do("export", "postfix", "--out", str(out))
    assert out.stat().st_mode & 0o777 == 0o604
    assert not list(filled.folder.glob("a-list.*"))


def test_a_command_runs_once_the_file_is_there(filled):
    out = filled.folder / "list"
    copy = filled.folder / "copy"
    filled.do("export", "postfix", "--out", str(out), "--",
              "cp", str(out), str(copy))
    assert copy.read_text() == out.read_text()
    done = filled.run("export", "postfix", "--out", str(out), "--", "false")
    assert done.returncode == 1
    assert done.stderr == "videur: false ended with status 1\n"
    done = filled.run("export", "postfix", "--out", str(out), "--", "/none")
    assert done.stderr == "videur: /none: No such file or directory\n"


@pytest.fixture(name="watch")
def watching(house):
    """An export that runs on, and notes each time it was written."""
    filled = fill(house)
    out = filled.folder / "list"
    log = filled.folder / "runs"
    with subprocess.Popen(
            filled.command("export", "postfix", "--service", "any", "--watch",
                           "--out", str(out), "--",
                           "sh", "-c", f"echo >> {log}"),
            stderr=subprocess.PIPE, text=True) as process:
        wait_for(lambda: log.exists() and log.read_text() == "\n")
        yield filled, out, log, process
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        # It may come upon a database that is just replaced.
        assert [line for line in process.stderr.read().splitlines()
                if not line.endswith("is to be opened anew")] == []


def test_watch_follows_bans_lifted_ended_and_new(watch):
    house, out, log, process = watch
    began = time.monotonic()
    house.do("ban", "192.0.2.200", "2h")
    wait_for(lambda: "192.0.2.200/32" in out.read_text())
    assert time.monotonic() - began < 5
    house.do("clear", "192.0.2.200")
    wait_for(lambda: "192.0.2.200/32" not in out.read_text())
    house.do("ban", "192.0.2.201", "1s")
    wait_for(lambda: "192.0.2.201/32" not in out.read_text())
    house.do("allow", "add", "203.0.113.5")
    wait_for(lambda: "203.0.113.5/32 DUNNO" in out.read_text())
    # The command runs behind each file that was written.
    wait_for(lambda: log.stat().st_mtime_ns >= out.stat().st_mtime_ns)
    runs = len(log.read_text())
    # What is no change of the list makes no new file.
    house.do("report", "helo", "192.0.2.44")
    house.do("ban", "192.0.2.202", "2h")
    wait_for(lambda: "192.0.2.202/32" in out.read_text())
    wait_for(lambda: log.stat().st_mtime_ns >= out.stat().st_mtime_ns)
    assert len(log.read_text()) == runs + 1
    process.send_signal(signal.SIGHUP)
    wait_for(lambda: len(log.read_text()) == runs + 2)


def test_watch_goes_on_where_the_database_is_replaced(watch):
    house, out, _, _ = watch
    for part in ("", "-wal", "-shm"):
        os.unlink(f"{house.database}{part}")
    house.do("ban", "192.0.2.210", "2h")
    wait_for(lambda: "192.0.2.210/32" in out.read_text())
    assert "192.0.2.7/32" not in out.read_text()
