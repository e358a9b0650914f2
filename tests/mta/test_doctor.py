"""`videur doctor`: a host misconfigured in each way it knows, one at a time;
where a line fixes it, that line is taken and the doctor asked again."""

import os
import shutil
import time

import pytest

from patient import DAY, MILTERS, Patient, Ward
from process import own, write

STRANGER = "203.0.113.77"


@pytest.fixture(name="ward", scope="module")
def ward_fixture():
    shared = Ward()
    yield shared
    shared.close()


@pytest.fixture(name="patient")
def patient_fixture(ward):
    return Patient(ward)


def problem_fixed(patient, check, *words):
    """It is a problem, says these words, and its line fixes it."""
    state, what, fix = patient.finding(check)
    assert state == "problem"
    for word in words:
        assert word in what, (word, what)
    patient.take(fix)
    assert patient.finding(check, status=0)[0] == "ok"


# ---- all is well ----

def test_of_a_healthy_host_it_says_so_and_ends_with_0(patient, ward):
    ward.house.videur("allow", "add", "192.0.2.250")
    patient.database = ward.house.database  # of services really alive
    patient.configure()
    found = patient.findings()
    # A container's clock may be kept right by nobody it can see.
    assert {(check, state) for check, state, *_ in found
            if state != "ok"} <= {("clock", "warning")}
    assert {check for check, *_ in found} == {
        "database", "own-addresses", "postfix", "mynetworks", "mx", "ssh",
        "proxy", "allow", "milter-chain", "milter-action", "milter-socket",
        "helo", "smtpd", "logins", "reach", "services", "logs", "clock",
        "page"}


def test_people_read_a_line_a_finding_and_below_it_what_fixes_it(patient):
    patient.main_cf("smtpd_helo_required = no")
    done = patient.run()
    assert done.returncode == 1, done
    lines = done.stdout.splitlines()
    at = next(i for i, line in enumerate(lines) if " helo " in line)
    assert lines[at].startswith("problem ")
    assert all(len(line) <= 80 for line in lines if " -> " not in line)
    fix = next(line for line in lines[at:] if " -> " in line)
    assert fix.strip() == (
        f"-> postconf -c '{patient.etc}' -e 'smtpd_helo_required = yes'")
    assert lines[-1].startswith("1 problem, ")
    assert done.stderr == ""


def test_it_shows_the_addresses_of_this_host(patient):
    state, what, _ = patient.finding("own-addresses", status=0)
    assert (state, "127.0.0.1" in what) == ("ok", True)


# ---- who must never be banned ----

def test_a_network_that_may_relay_and_can_be_banned(patient):
    patient.main_cf("mynetworks = 127.0.0.0/8 198.51.100.0/24")
    problem_fixed(patient, "mynetworks", "198.51.100.0/24")


def test_an_ipv6_network_that_may_relay(patient):
    patient.main_cf("mynetworks = [2001:db8:7::]/48, [fd00::]/8")
    problem_fixed(patient, "mynetworks", "2001:db8:7::/48")


def test_networks_are_read_from_the_tables_that_name_them(patient):
    write(f"{patient.folder}/nets", "# ours\n198.51.100.0/24 OK\n")
    patient.main_cf(f"mynetworks = cidr:{patient.folder}/nets")
    problem_fixed(patient, "mynetworks", "198.51.100.0/24")


def test_a_table_that_cannot_be_listed_is_named(patient):
    patient.main_cf("mynetworks = regexp:/nowhere")
    state, what, _ = patient.finding("mynetworks", status=0)
    assert (state, "regexp:/nowhere" in what) == ("warning", True)


def test_a_network_allowed_only_for_a_while(patient):
    patient.videur("allow", "add", "198.51.100.0/24", "--for", "1d")
    patient.main_cf("mynetworks = 198.51.100.0/24")
    problem_fixed(patient, "mynetworks", "198.51.100.0/24", "only until")


def test_a_network_too_wide_to_be_its_own_is_not_allowed(patient):
    patient.main_cf("mynetworks = 198.0.0.0/8 [2001:db8::]/31")
    found = patient.findings("--fix", status=1)
    wide = [what for check, state, what, _ in found
            if (check, state) == ("mynetworks", "problem")]
    assert len(wide) == 2 and all("too wide" in what for what in wide)
    assert patient.sql("SELECT network FROM allow") == [("192.0.2.250",)]


def test_a_secondary_mx_that_can_be_banned(patient):
    patient.zone["example.test"] = ["MX mx.example.test", "MX backup.test"]
    patient.zone["backup.test"] = ["203.0.113.25"]
    problem_fixed(patient, "mx", "backup.test", "203.0.113.25",
                   "example.test")


def test_each_address_of_a_mail_host_counts(patient):
    patient.zone["example.test"] = ["MX backup.test"]
    patient.zone["backup.test"] = ["203.0.113.25", "2001:db8:2::25",
                                   "192.168.7.7"]
    found = [what for check, state, what, _ in patient.findings(status=1)
             if (check, state) == ("mx", "problem")]
    assert ["203.0.113.25" in found[0], "2001:db8:2::25" in found[1],
            len(found)] == [True, True, 2]


@pytest.mark.parametrize("setting", [
    "relay_domains", "virtual_mailbox_domains", "virtual_alias_domains",
    "mydestination"])
def test_domains_of_every_kind_are_looked_at(patient, setting):
    patient.zone["other.test"] = ["MX backup.test"]
    patient.zone["backup.test"] = ["203.0.113.25"]
    patient.main_cf(f"{setting} = localhost, other.test")
    problem_fixed(patient, "mx", "other.test")


def test_domains_are_listed_from_a_table(patient):
    write(f"{patient.folder}/domains", "other.test anything\n")
    patient.zone["other.test"] = ["203.0.113.25"]  # without MX: itself
    patient.main_cf(f"relay_domains = texthash:{patient.folder}/domains")
    problem_fixed(patient, "mx", "other.test", "203.0.113.25")


@pytest.mark.parametrize("answer", ["garbage", "silence"])
def test_a_resolver_that_gives_no_answer_is_no_problem(patient, answer):
    patient.zone["example.test"] = answer
    state, what, fix = patient.finding("mx", status=0)
    assert (state, "example.test" in what) == ("warning", True)
    assert fix == "host -t mx example.test"


def test_a_domain_that_takes_no_mail_has_no_mail_host(patient):
    patient.zone["example.test"] = ["MX ."]
    assert patient.finding("mx", status=0)[0] == "ok"


# ---- the administrator ----

def ssh(address):
    return {"SSH_CONNECTION": f"{address} 50000 192.0.2.1 22"}


def test_the_administrator_is_not_allowed_yet(patient):
    state, what, fix = patient.finding("ssh", status=0, env=ssh(STRANGER))
    assert (state, STRANGER in what) == ("warning", True)
    patient.take(fix)
    state, what, _ = patient.finding("ssh", status=0, env=ssh(STRANGER))
    assert (state, "allowed until" in what) == ("ok", True)


def test_the_administrator_is_banned(patient):
    patient.videur("ban", STRANGER, "2h")
    state, what, _ = patient.finding("ssh", env=ssh(STRANGER))
    assert (state, "banned until" in what) == ("problem", True)


def test_behind_sudo_the_session_shows_in_a_parent(patient):
    parent = ["/usr/bin/env", "SSH_CLIENT=2001:db8:7::9 50000 22",
              "/bin/sh", "-c", 'env -u SSH_CLIENT "$@"; exit $?', "sudo"]
    state, what, _ = patient.finding("ssh", status=0, parent=parent)
    assert (state, "2001:db8:7::9" in what) == ("warning", True)


def test_a_session_from_a_private_network_is_never_banned(patient):
    state, what, _ = patient.finding("ssh", status=0, env=ssh("10.1.2.3"))
    assert (state, "never banned" in what) == ("ok", True)


def test_a_made_up_session_is_none(patient):
    assert patient.finding("ssh", status=0,
                           env={"SSH_CONNECTION": "x" * 5000})[0] == "ok"


# ---- a proxy ----

def test_a_proxy_in_front_hides_the_clients(patient):
    for _ in range(5):
        patient.videur("report", "spam", "10.9.8.7")
    state, what, fix = patient.finding("proxy")
    assert (state, "10.9.8.7" in what) == ("problem", True)
    assert "haproxy" in fix


def test_a_private_client_among_others_is_no_proxy(patient):
    for address in ["10.9.8.7"] * 5 + [STRANGER]:
        patient.videur("report", "spam", address)
    assert patient.finding("proxy", status=0)[0] == "ok"


def test_one_public_client_is_no_proxy(patient):
    for _ in range(5):
        patient.videur("report", "command", STRANGER)
    assert patient.finding("proxy", status=0)[0] == "ok"


# ---- the chain of milters ----

def test_videur_is_missing_from_the_chain(patient):
    patient.main_cf("smtpd_milters = inet:127.0.0.1:9900")
    problem_fixed(patient, "milter-chain", "main.cf", "not in smtpd_milters")


def test_videur_is_missing_where_a_service_has_a_chain_of_its_own(patient):
    patient.master_cf(f"{patient.submission}/smtpd_milters=inet:127.0.0.1:1")
    problem_fixed(patient, "milter-chain", patient.submission)


def test_videur_is_not_the_last_of_the_chain(patient):
    patient.main_cf(f"smtpd_milters = {MILTERS}, inet:127.0.0.1:9900")
    problem_fixed(patient, "milter-chain", "not the last",
                   "inet:127.0.0.1:9900")


def test_what_a_scanner_hands_back_needs_no_milter(patient):
    patient.master_cf(f"{patient.submission}/smtpd_milters=")
    assert patient.finding("milter-chain", status=0)[0] == "ok"


def test_mail_would_wait_for_a_milter_that_does_not_answer(patient):
    patient.main_cf("smtpd_milters = unix:videur/milter.sock",
                    "milter_default_action = tempfail")
    problem_fixed(patient, "milter-action", "tempfail")


def test_the_action_of_the_milter_itself_wins(patient):
    patient.main_cf("milter_default_action = tempfail")
    assert patient.finding("milter-action", status=0)[0] == "ok"
    patient.main_cf("milter_default_action = accept", "smtpd_milters = "
                    "{ unix:videur/milter.sock, { default_action = reject } }")
    problem_fixed(patient, "milter-action", "reject")


def test_who_would_rather_have_mail_wait_may(patient):
    patient.main_cf("smtpd_milters = unix:videur/milter.sock",
                    "milter_default_action = tempfail")
    patient.configure(listen=f'unix:{patient.ward.house.socket}"'
                      '  on-error = "tempfail')
    assert patient.finding("milter-action", status=0)[0] == "ok"


def test_who_leaves_out_helo_is_stopped(patient):
    patient.main_cf("smtpd_helo_required = no")
    problem_fixed(patient, "helo", "main.cf")


def test_helo_of_one_service(patient):
    patient.master_cf(f"{patient.mx}/smtpd_helo_required=no")
    problem_fixed(patient, "helo", patient.mx)


# ---- the socket ----

def test_both_sides_name_different_sockets(patient):
    patient.main_cf("smtpd_milters = "
                    "{ unix:videur/other.sock, default_action=accept }")
    problem_fixed(patient, "milter-socket", "unix:videur/other.sock")


def test_in_a_chroot_the_absolute_path_leads_elsewhere(patient):
    patient.chroot()
    assert patient.finding("milter-socket", status=0)[0] == "ok"
    patient.main_cf(
        f"smtpd_milters = {{ unix:{patient.ward.house.socket}, "
        "default_action=accept }")
    problem_fixed(patient, "milter-socket", "chroot")


def test_from_a_chroot_no_socket_outside_can_be_reached(patient):
    socket = f"{patient.folder}/milter.sock"
    os.symlink(patient.ward.house.socket, socket)
    patient.configure(listen=f"unix:{socket}")
    patient.main_cf(f"smtpd_milters = {{ unix:{socket}, "
                    "default_action=accept }")
    patient.chroot()
    found = [(state, what, fix) for check, state, what, fix
             in patient.findings(status=1) if check == "milter-socket"]
    assert {state for state, *_ in found} == {"problem"}
    assert all("outside" in what for _, what, _ in found)
    spool = patient.ward.postfix.spool
    assert all(f'listen = "unix:{spool}/videur/milter.sock"' in fix
               for *_, fix in found)


def test_nobody_listens_at_the_socket(patient):
    socket = f"{patient.folder}/milter.sock"
    patient.configure(listen=f"unix:{socket}")
    patient.main_cf(f"smtpd_milters = {{ unix:{socket}, "
                    "default_action=accept }")
    assert patient.finding("milter-socket") == [
        "problem", f"{socket} is not there", "systemctl start videur-milter"]


def test_postfix_cannot_pass_through_the_folder_of_the_socket(patient):
    door = f"{patient.folder}/door"
    os.makedirs(door)
    os.chmod(door, 0o700)
    os.symlink(patient.ward.house.socket, f"{door}/milter.sock")
    patient.configure(listen=f"unix:{door}/milter.sock")
    patient.main_cf(f"smtpd_milters = {{ unix:{door}/milter.sock, "
                    "default_action=accept }")
    problem_fixed(patient, "milter-socket", "postfix", door)


def test_postfix_may_not_connect_to_the_socket(patient):
    socket = patient.ward.house.socket
    mode = os.stat(socket).st_mode
    os.chmod(socket, 0o600)
    try:
        state, what, fix = patient.finding("milter-socket")
    finally:
        os.chmod(socket, mode)
    assert (state, "may not connect" in what) == ("problem", True)
    assert 'socket-mode = "0660"' in fix


def test_a_milter_by_tcp_is_known_by_its_port(patient):
    patient.configure(listen="inet:9911@127.0.0.1")
    patient.main_cf("smtpd_milters = "
                    "{ inet:127.0.0.1:9911, default_action=accept }")
    for check in ("milter-chain", "milter-action", "milter-socket"):
        assert patient.finding(check, status=0)[0] == "ok"


# ---- Postfix itself ----

def test_without_postfix_its_checks_are_left_out(patient):
    found = patient.findings(hidden=["/usr/sbin"], postfix=False)
    assert [(state, "not installed" in what) for check, state, what, _ in found
            if check == "postfix"] == [("ok", True)]
    assert not {"mynetworks", "mx", "milter-chain", "milter-action",
                "milter-socket", "helo"} & {check for check, *_ in found}


def test_a_postfix_that_cannot_be_asked(patient):
    os.remove(f"{patient.etc}/master.cf")
    state, _, fix = patient.finding("postfix")
    assert (state, "--postfix DIR" in fix) == ("problem", True)


def test_a_folder_without_a_configuration_is_a_usage_error(patient):
    os.remove(f"{patient.etc}/main.cf")
    done = patient.run()
    assert done.returncode == 2 and "main.cf" in done.stderr, done


# ---- the host ----

@pytest.mark.parametrize("group, mode, fix", [
    ("adm", 0o640, "usermod -aG adm nobody"),
    ("root", 0o600, "setfacl -m u:nobody:r ")])
def test_a_log_that_the_watcher_cannot_read(patient, group, mode, fix):
    shutil.chown(patient.log, "root", group)
    os.chmod(patient.log, mode)
    found = patient.finding("logs")
    assert found[0] == "problem" and patient.log in found[1]
    assert found[2].startswith(fix)


def test_a_log_that_is_not_there(patient):
    os.remove(patient.log)
    state, what, _ = patient.finding("logs")
    assert (state, f"{patient.log} is not there" in what) == ("problem", True)


def test_a_user_there_is_not(patient):
    patient.configure(more="user = nosuchuser")
    assert patient.finding("logs")[0] == "problem"


@pytest.mark.parametrize("service", ["milter", "watch"])
def test_a_service_that_went_silent(patient, service):
    patient.sign(service, time.time() - 600)
    state, what, fix = patient.finding("services")
    assert (state, f"videur-{service}" in what) == ("problem", True)
    assert fix == f"systemctl restart videur-{service}"


def test_a_service_that_never_ran(patient):
    patient.sql("DELETE FROM state WHERE key = 'watch'")
    state, what, _ = patient.finding("services")
    assert (state, "never" in what) == ("problem", True)


def jumped(patient):
    found = [(state, what) for check, state, what, _
             in patient.findings(status=1)
             if check == "clock" and state != "warning"]
    assert len(found) == 1 and found[0][0] == "problem", found
    assert "the clock jumped" in found[0][1]
    return found[0][1]


def test_a_sign_of_life_from_the_future(patient):
    patient.sign("milter", time.time() + 900)
    assert "a sign of life" in jumped(patient)


def test_a_ban_from_the_future(patient):
    patient.videur("ban", STRANGER, "2h")
    patient.sql("UPDATE ban SET begins = begins + 900")
    assert "a ban" in jumped(patient)


def test_events_from_the_future(patient):
    patient.videur("report", "spam", STRANGER)
    patient.sql("UPDATE tally SET hour = hour + 7200")
    assert "events" in jumped(patient)


def test_a_page_that_nobody_is_told_of(patient):
    patient.configure(page="")
    found = [(state, what, fix) for check, state, what, fix
             in patient.findings() if check == "page"]
    assert [state for state, *_ in found] == ["warning", "warning"]
    assert "lookup-url = " in found[0][2] and "contact = " in found[1][2]


def test_a_database_that_cannot_be_used_ends_with_3(patient):
    write(patient.database, "no database at all " * 100)
    found = {check: state for check, state, *_ in patient.findings(status=3)}
    assert found["database"] == "problem"
    assert found["helo"] == "ok"  # all else is still looked at


def test_a_database_that_is_not_there_yet(patient):
    for name in os.listdir(patient.lib):
        os.remove(f"{patient.lib}/{name}")
    state, what, _ = patient.finding("database", status=3)
    assert (state, "no database yet" in what) == ("problem", True)
    assert os.listdir(patient.lib) == []


# ---- --fix ----

@pytest.fixture(name="locked_out")
def locked_out_fixture(patient):
    """A network, a secondary MX and the administrator, all banned."""
    patient.main_cf("mynetworks = 198.51.100.0/24 192.168.0.0/16")
    patient.zone["example.test"] = ["MX mx.example.test", "MX backup.test"]
    patient.zone["backup.test"] = ["203.0.113.25"]
    for address in ("198.51.100.7", "198.51.100.8", "203.0.113.25", STRANGER,
                    "203.0.113.99"):
        patient.videur("ban", address, "2h")
    return patient


def test_fix_allows_them_and_lifts_their_bans(locked_out):
    before = int(time.time())
    found = locked_out.findings("--fix", status=0, env=ssh(STRANGER))
    fixed = [(check, what) for check, state, what, _ in found
              if state == "fixed"]
    assert [check for check, _ in fixed] == ["mynetworks", "mx", "ssh"]
    assert "198.51.100.0/24 for good" in fixed[0][1]
    assert [what.endswith(f"lifted {bans}") for (_, what), bans in zip(
        fixed, ("2 bans", "1 ban", "1 ban"))] == [True] * 3
    allowed = {net: (note, until) for net, note, until in locked_out.sql(
        "SELECT network, note, until FROM allow")}
    assert set(allowed) == {"192.0.2.250", "198.51.100.0/24", "203.0.113.25",
                            STRANGER}
    assert "mynetworks" in allowed["198.51.100.0/24"][0]
    assert "example.test" in allowed["203.0.113.25"][0]
    assert not allowed["198.51.100.0/24"][1]
    assert not allowed["203.0.113.25"][1]
    assert 0 <= allowed[STRANGER][1] - 7 * DAY - before <= 60
    assert locked_out.bans() == ["203.0.113.99"]


def test_fix_writes_each_of_them_into_the_audit(locked_out):
    locked_out.findings("--fix", status=0, env=ssh(STRANGER))
    assert [subject for subject, in locked_out.sql(
        "SELECT subject FROM audit WHERE what = 'allow add'"
        " AND note LIKE 'doctor: %' ORDER BY id")] == [
            "198.51.100.0/24", "203.0.113.25", STRANGER]


def test_fix_leaves_what_is_fixed_alone(locked_out):
    locked_out.findings("--fix", status=0, env=ssh(STRANGER))
    again = locked_out.findings("--fix", status=0, env=ssh(STRANGER))
    assert "fixed" not in {state for _, state, *_ in again}


def test_fix_prolongs_the_administrators_visit(locked_out):
    locked_out.videur("allow", "add", STRANGER, "--for", "1d")
    locked_out.findings("--fix", status=0, env=ssh(STRANGER))
    (until,), = locked_out.sql(
        "SELECT until FROM allow WHERE network = ?", STRANGER)
    assert until - time.time() > 6 * DAY


def test_fix_allows_the_administrators_ipv6_client(patient):
    patient.videur("ban", "2001:db8:7::9", "2h")
    patient.findings("--fix", status=0, env=ssh("2001:db8:7::9"))
    assert ("2001:db8:7::/64",) in patient.sql("SELECT network FROM allow")
    assert patient.bans() == []


def test_fix_does_not_touch_postfix_and_says_what_is_left(locked_out):
    locked_out.main_cf("smtpd_helo_required = no")
    with open(f"{locked_out.etc}/main.cf", encoding="utf-8") as file:
        before = file.read()
    assert locked_out.finding("helo", "--fix", status=1)[0] == "problem"
    with open(f"{locked_out.etc}/main.cf", encoding="utf-8") as file:
        assert file.read() == before


def test_fix_makes_the_database_where_there_is_none(patient):
    for name in os.listdir(patient.lib):
        os.remove(f"{patient.lib}/{name}")
    patient.findings("--fix", status=1)  # no service has signed yet
    assert patient.sql("SELECT network FROM allow") == [("192.0.2.250",)]
    own(patient.database, "nobody")
