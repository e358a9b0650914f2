"""What an administrator does with the packages, from the first to the last.

One host a release goes through it all: the tests follow each other.
"""

import re
import subprocess
import time

import pytest

from host import wait_for

UNITS = ["videur-milter", "videur-watch", "videur-web"]
BANNED = "203.0.113.9"
CONF = "/etc/videur/videur.conf"
# What apt, dpkg, logs and other units change meanwhile.
NOT_OURS = ("/var/cache/", "/var/lib/apt/", "/var/lib/dpkg/", "/var/log/",
            "/var/spool/postfix/", "/run/systemd/", "/run/udev/", "/run/log/",
            "/run/adduser",
            "/var/lib/systemd/", "/var/tmp/systemd-private-", "/var/mail/",
            "/var/lib/postfix/", "/etc/postfix/", "/etc/ld.so.cache",
            "/etc/passwd-", "/etc/group-", "/etc/shadow-", "/etc/gshadow-",
            "/etc/subuid", "/etc/subgid")


def state(host):
    """Files that no package has, but for those of others, and accounts."""
    owned = set(host.says("cat /var/lib/dpkg/info/*.list").splitlines())
    files = host.says("find /etc /var /usr /run -xdev; find /run; "
                      "find /var/spool/postfix/videur /var/lib/systemd "
                      "-name '*videur*' 2>&1 | sed 's/^/left: /'")
    return {line for line in files.splitlines()
            if not line.startswith(NOT_OURS) and line not in owned and
            line.removeprefix("/usr") not in owned} | \
        set(host.says("getent passwd; getent group").splitlines())


def older(host, deb, conf):
    """The package as an earlier version had it, with that configuration."""
    host.run(f"""set -e; rm -rf /root/older; dpkg-deb -R {deb} /root/older
        sed -i 's/^Version: .*/Version: 0.0.9/
            s/videur (= [^)]*)/videur (= 0.0.9)/' /root/older/DEBIAN/control
        if [ -e /root/older{CONF} ]; then
            printf '%s' '{conf}' >/root/older{CONF}
        fi
        dpkg-deb -b /root/older {deb.replace('.deb', '_older.deb')}""")


def versions(host):
    return set(host.says("dpkg-query -W -f '${Version}\\n' videur "
                         "videur-web").splitlines())


@pytest.fixture(scope="module")
def files(host, debs):
    """The packages as files on the host."""
    for name, deb in debs.items():
        host.put(f"/root/{name}.deb", deb.read_bytes())
        older(host, f"/root/{name}.deb", "mode = observe\n")
    return {"newest": "/root/videur.deb /root/videur-web.deb",
            "older": "/root/videur_older.deb /root/videur-web_older.deb",
            "before": state(host)}


def test_an_upgrade_keeps_bans_and_what_the_administrator_changed(host, files):
    host.apt("install " + files["older"])
    assert versions(host) == {"0.0.9"}
    host.run(f"echo 'mode = enforce # mine' >{CONF}; "
             f"systemctl reload videur-milter; videur ban {BANNED} 2h")
    host.apt("-o Dpkg::Options::=--force-confdef "
             "-o Dpkg::Options::=--force-confold install " + files["newest"])
    assert "0.0.9" not in versions(host)
    assert host.says(f"cat {CONF}") == "mode = enforce # mine"
    assert host.says("systemctl is-active " + " ".join(UNITS)) == \
        "active\nactive\nactive"
    assert BANNED in host.says("videur list")


def test_removal_keeps_the_database_and_the_configuration(host, files):
    host.apt("remove videur videur-web")
    assert host.run("systemctl is-active videur-milter", check=False).returncode
    host.run(f"test -s /var/lib/videur/videur.db && test -s {CONF}")


def test_purge_leaves_nothing(host, files):
    host.apt("purge --autoremove videur videur-web")
    assert sorted(state(host) ^ files["before"]) == []


def test_two_minutes_from_installing_to_the_first_refusal(host, files, release):
    began = time.monotonic()
    told = host.apt("install /root/videur.deb")
    steps = re.findall(r"^    (\S.*)$", told.split("videur observes", 1)[1],
                       re.MULTILINE)
    assert "220" not in host.refusal(BANNED)
    for step in steps:
        # As at a terminal: where it is asked, "y".
        host.run(f"script -qec '{step}' /dev/null", stdin="y\n")
    host.run(f"videur ban {BANNED} 2h")
    reply = host.refusal(BANNED)
    seconds = time.monotonic() - began
    print(f"{release}: {seconds:.0f} s from apt install to the first refusal")
    assert reply.startswith("550 5.7.1 Blocked by the administrator"), reply
    assert host.refusal("203.0.113.10").startswith("250 ")
    assert seconds < 120


def test_the_page_comes_with_a_package_of_its_own(host, files):
    host.apt("install /root/videur-web.deb")
    page = subprocess.run(
        ["nsenter", f"--target={host.pid}", "--net", "/usr/bin/python3", "-c",
         "import urllib.request as r; print(r.urlopen("
         f"'http://127.0.0.1:8025/api/v1/ip/{BANNED}').read().decode())"],
        capture_output=True, text=True, timeout=60, check=False)
    assert '"listed":true' in page.stdout, page.stderr


@pytest.mark.parametrize("path, owner", [
    ("/etc/videur/videur.conf", "root root 644"),
    ("/var/lib/videur", "videur videur 2770"),
    ("/var/lib/videur/videur.db", "videur videur 660"),
    ("/var/spool/postfix/videur", "videur postfix 2750"),
    ("/var/spool/postfix/videur/milter.sock", "videur postfix 660"),
    ("/run/videur", "videur videur 755"),
    ("/usr/sbin/videur-milter", "root root 755"),
    ("/usr/share/man/man8/videur-web.8.gz", "root root 644"),
    ("/usr/share/doc/videur/examples/franceserv.conf", "root root 644"),
])
def test_files_and_whose_they_are(host, path, owner):
    assert host.says(f"stat -c '%U %G %a' {path}") == owner


def test_the_configuration_shows_every_setting_and_observes(host):
    """As it was installed: the steps above changed only the mode."""
    shown = host.says("cat /usr/share/doc/videur/examples/videur.conf")
    assert host.says(f"cat {CONF}").replace("mode = enforce", "") == \
        shown.replace("#mode = enforce", "")


def test_the_user_and_its_groups(host):
    assert set(host.says("id -nG videur").split()) == \
        {"videur", "adm", "systemd-journal", "postfix"}
    assert host.says("getent passwd videur").endswith(
        ":/var/lib/videur:/usr/sbin/nologin")


@pytest.mark.parametrize("unit", UNITS)
def test_a_service_runs_restricted(host, release, unit):
    show = host.says(f"systemctl show {unit} -P Type -P ActiveState -P User "
                     "-P WatchdogUSec -P NRestarts").split()
    assert sorted(show) == sorted(["notify", "active", "videur", "1min", "0"])
    said = host.says(f"systemd-analyze security --no-pager {unit}")
    exposure = float(re.search(r"exposure level for \S+: (\S+)", said)[1])
    print(f"{release}: {unit}: exposure {exposure}")
    assert exposure <= 2.0
    assert host.says(f"systemd-analyze --man=no verify {unit}.service") == ""
    log = host.says(f"journalctl -q --no-pager -u {unit} -p warning -o cat")
    assert log == ""


@pytest.mark.parametrize("unit", UNITS)
def test_a_reload_of_a_broken_configuration_fails_and_changes_nothing(
        host, unit):
    pid = host.says(f"systemctl show -P MainPID {unit}")
    host.run(f"echo 'nonsense = 1' >>{CONF}")
    assert host.run(f"systemctl reload {unit}", check=False).returncode != 0
    host.run(f"sed -i '/^nonsense/d' {CONF}")
    assert "nonsense" in host.says(
        f"journalctl -q --no-pager -u {unit} -o cat")
    assert host.refusal(BANNED).startswith("550 ")
    host.run(f"systemctl reload {unit}")
    assert re.search("configuration (re|read )",
                     host.says(f"journalctl -q --no-pager -u {unit} -o cat"))
    assert host.says(f"systemctl show -P MainPID {unit}") == pid


def test_all_stop_and_start_with_the_target(host):
    host.run("systemctl stop videur.target")
    # The target is stopped first: who stops it has not waited for the services.
    wait_for(lambda: host.run("systemctl is-active " + " ".join(UNITS),
                              check=False).stdout.split() == ["inactive"] * 3,
             "end of the services")
    assert host.refusal(BANNED).startswith("250 ")
    host.run("systemctl start videur.target")
    assert host.refusal(BANNED).startswith("550 ")


def test_a_second_purge_leaves_nothing_either(host, files):
    host.run("videur setup postfix --undo --yes")
    host.apt("purge --autoremove videur videur-web")
    assert sorted(state(host) ^ files["before"]) == []


def test_sharing_comes_with_a_package_of_its_own_and_waits_for_its_section(
        host, files):
    host.apt("install /root/videur.deb /root/videur-share.deb")
    assert host.says("systemctl is-enabled videur-share || true") == "disabled"
    assert host.says("systemctl is-active videur-share || true") == "inactive"
    assert "has no section share" in host.says("videur-share 2>&1 || true")
    assert "CREATE SCHEMA videur" in host.says("videur-share schema")
    assert host.says("ls /usr/share/doc/videur-share/share.md")
    host.apt("purge --autoremove videur videur-share")
    assert host.says("ls /usr/sbin/videur-share 2>&1 || true").endswith(
        "No such file or directory")


def test_complaints_come_with_a_package_of_its_own(host, files):
    """The last, as GnuPG, which it brings, leaves some of its own."""
    host.apt("install /root/videur.deb /root/videur-feedback.deb")
    host.run("""runuser -u videur -- /usr/bin/videur-feedback <<END
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b
Content-Type: message/feedback-report

Feedback-Type: abuse
Source-IP: 203.0.113.11
END""")
    assert host.says("videur export fbl 203.0.113.11 | tail -n 1").endswith(
        ",203.0.113.11,1,0")
    host.apt("purge --autoremove videur-feedback")
    assert host.says("videur export fbl 203.0.113.11 | wc -l") == "2"
