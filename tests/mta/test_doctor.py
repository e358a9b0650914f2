"""`videur doctor`: a host misconfigured in each way it knows, one at a time;
where a line fixes it, that line is taken and the doctor asked again."""

import contextlib
import os
import shutil
import socket
import subprocess
import threading
import time

import pytest

from patient import DAY, MILTERS, PAGE, Patient, Ward
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


def warning_fixed(patient, check, *words):
    """The same of a warning."""
    state, what, fix = patient.finding(check, status=0)
    assert state == "warning"
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
        "database", "sharing", "own-addresses", "postfix", "mynetworks",
        "mx", "ssh",
        "proxy", "allow", "milter-chain", "milter-action", "milter-socket",
        "helo", "smtpd", "logins", "reach", "scanners", "milter", "services",
        "mode", "logs", "clock", "page", "languages", "operator"}


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
    # One that gives signs of life listens to nobody.
    assert patient.finding("milter-socket") == [
        "problem", f"{socket} is not there", "systemctl restart videur-milter"]
    patient.sign("milter", time.time() - 600)
    assert patient.finding("milter-socket")[2] == (
        "systemctl start videur-milter")


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


# ---- what ought to be seen, and what is ----

def test_auth_on_port_25_where_no_ban_for_failed_logins_holds(patient):
    patient.service("smtp/inet", "smtpd")
    problem_fixed(patient, "logins", "smtp/inet", "port 25 offers AUTH")


def test_auth_behind_postscreen(patient):
    patient.master_cf("smtpd/pass/smtpd_sasl_auth_enable=yes")
    problem_fixed(patient, "logins", "smtpd/pass", "port 25 offers AUTH")


def test_submission_on_a_port_that_nobody_named(patient):
    patient.master_cf(f"{patient.mx}/smtpd_sasl_auth_enable=yes",
                      f"{patient.mx}/syslog_name=postfix/submission-alt")
    problem_fixed(patient, "logins", patient.mx, "not known as a submission")


def test_submission_on_a_port_that_videur_conf_names(patient):
    patient.master_cf(f"{patient.mx}/smtpd_sasl_auth_enable=yes",
                      f"{patient.mx}/syslog_name=postfix/smtps")
    patient.configure(
        more=f"submission-ports = {{465, {patient.ward.postfix.mx}}}")
    assert patient.finding("logins", status=0)[0] == "ok"


def test_submission_that_logs_like_port_25(patient):
    patient.master_cf(f"{patient.submission}/syslog_name=postfix")
    warning_fixed(patient, "logins", patient.submission, "logs as postfix")


@pytest.mark.parametrize("setting, word", [
    ("disable_vrfy_command = no", "VRFY"),
    ("smtpd_delay_reject = no", "refuses at HELO and MAIL")])
def test_a_setting_that_hides_offences(patient, setting, word):
    patient.main_cf(setting)
    warning_fixed(patient, "smtpd", "main.cf", word)


def test_a_proxy_before_the_queue_hides_messages(patient):
    patient.master_cf(f"{patient.mx}/smtpd_proxy_filter=127.0.0.1:10099")
    state, what, fix = patient.finding("smtpd", status=0)
    assert (state, patient.mx in what) == ("warning", True)
    assert "content_filter" in fix


def test_a_dead_domain_looks_like_a_dead_resolver(patient):
    patient.main_cf("smtpd_sender_restrictions = reject_unknown_sender_domain")
    warning_fixed(patient, "smtpd", "unknown_address_reject_code is 450")


def test_relay_attempts_that_are_deferred_never_count(patient):
    patient.main_cf(
        "smtpd_relay_restrictions = permit_mynetworks, defer_unauth_destination")
    warning_fixed(patient, "smtpd", "relay attempts are only deferred")


def test_it_does_not_matter_where_no_domain_is_looked_up(patient):
    patient.main_cf("unknown_address_reject_code = 450")
    assert patient.finding("smtpd", status=0)[0] == "ok"


# ---- scanners ----

@pytest.mark.parametrize("setting, name", [
    ("smtpd_milters = inet:localhost:11332, " + MILTERS, "rspamd"),
    ("smtpd_milters = unix:spamass/spamass.sock, " + MILTERS, "spamassassin"),
    ("smtpd_milters = { unix:clamav/clamav-milter.ctl }, " + MILTERS,
     "clamav"),
    ("smtpd_proxy_filter = 127.0.0.1:10024", "amavis")])
def test_a_scanner_that_nobody_named(patient, setting, name):
    patient.main_cf(setting)
    state, what, fix = patient.finding("scanners", status=0)
    assert (state, what.startswith(f"{name} scans")) == ("warning", True)
    assert fix == f"videur.conf: milter {{ scanner = {{{name}}} }}"
    patient.configure(scanner=f"{{{name}}}")
    assert patient.finding("scanners", status=0)[0] == "ok"


def test_amavis_that_is_not_told_whose_message_it_scans(patient):
    patient.transport("amavis")
    patient.main_cf("content_filter = amavis:[127.0.0.1]:10024")
    patient.configure(scanner="{amavis}")
    state, what, fix = patient.finding("scanners")
    assert (state, "not told whose" in what) == ("problem", True)
    assert fix == "postconf -P 'amavis/unix/smtp_send_xforward_command=yes'"
    patient.master_cf("amavis/unix/smtp_send_xforward_command=yes")
    assert patient.finding("scanners", status=0)[0] == "ok"


def test_a_scanner_that_is_trusted_and_absent(patient):
    patient.main_cf(f"smtpd_milters = inet:localhost:11332, {MILTERS}")
    patient.configure(scanner="{rspamd, clamav}")
    state, what, fix = patient.finding("scanners")
    assert (state, what.startswith("clamav is trusted")) == ("problem", True)
    assert fix == "videur.conf: milter { scanner = {rspamd} }"


def test_a_filter_of_no_known_name_may_be_the_scanner(patient):
    patient.main_cf(f"smtpd_milters = inet:localhost:9900, {MILTERS}")
    patient.configure(scanner="{clamav}")
    assert patient.finding("scanners", status=0)[0] == "ok"


def test_what_signs_may_stand_behind(patient):
    patient.main_cf(f"smtpd_milters = {MILTERS}, inet:localhost:8891")
    assert patient.finding("milter-chain", status=0)[0] == "ok"
    assert patient.finding("scanners", status=0)[0] == "ok"


def test_a_scanner_behind_videur(patient):
    patient.main_cf(f"smtpd_milters = {MILTERS}, inet:localhost:11332")
    patient.configure(scanner="{rspamd}")
    problem_fixed(patient, "milter-chain", "not the last", "11332")


# ---- several instances ----

def test_another_instance_of_postfix_without_videur(patient):
    patient.instance("smtpd_milters =")
    state, what, fix = patient.finding("milter-chain")
    assert (state, "not in smtpd_milters" in what) == ("problem", True)
    assert what.startswith(f"{patient.folder}/second: ")
    patient.take(fix)
    assert patient.finding("milter-chain", status=0)[0] == "ok"


def test_another_instance_that_logs_elsewhere(patient):
    patient.instance("maillog_file = /var/log/second.log")
    state, what, fix = patient.finding("logs")
    assert (state, "/var/log/second.log" in what) == ("problem", True)
    assert "files = " in fix


def test_an_instance_that_is_switched_off_is_left_out(patient):
    patient.instance("smtpd_milters =", "multi_instance_enable = no")
    assert patient.finding("milter-chain", status=0)[0] == "ok"


def test_postfix_logs_into_a_file_that_nobody_follows(patient):
    patient.main_cf("maillog_file = /var/log/postfix.log")
    state, what, _ = patient.finding("logs")
    assert (state, "/var/log/postfix.log" in what) == ("problem", True)


# ---- logs ----

LINE = "mx postfix/smtpd[7]: connect from unknown[203.0.113.9]\n"


def test_a_log_in_another_zone(patient):
    now = int(time.time())
    stamp = time.strftime("%b %e %H:%M:%S", time.gmtime(now - 7200))
    write(patient.log, f"{stamp} {LINE}")
    os.utime(patient.log, (now, now))
    state, what, fix = patient.finding("logs")
    assert (state, "2 h behind the clock" in what) == ("problem", True)
    assert "zone = " in fix
    patient.configure(zone="-02:00")
    assert patient.finding("logs", status=0)[0] == "ok"


def test_a_log_in_a_form_that_nobody_reads(patient):
    patient.daily(lines=400, understood=3, of=patient.log)
    state, what, fix = patient.finding("logs")
    assert (state, "of 400 lines" in what) == ("problem", True)
    assert fix == f"videur rules test --unmatched {patient.log}"


def test_offences_that_the_log_tells_and_the_milter_never_saw(patient):
    patient.daily(lines=900, understood=900, findings=300, dropped=300,
                  of=patient.log)
    state, what, _ = patient.finding("logs")
    assert (state, "300 offences" in what) == ("problem", True)
    patient.daily(seen=300, of="rejections")
    assert patient.finding("logs", status=0)[0] == "ok"


def test_a_log_that_is_not_written_any_more(patient):
    patient.daily(seen=500, of="sessions")
    patient.daily(seen=9, of="rejections")
    patient.daily(seen=9, of="message-ends")
    state, what, _ = patient.finding("logs", status=0)
    assert (state, "nothing was read" in what) == ("warning", True)


def test_a_unit_that_never_wrote_into_the_journal(patient):
    journal = f"{patient.folder}/x.journal"
    subprocess.run(
        ["/lib/systemd/systemd-journal-remote", "-o", journal, "-"],
        check=True, capture_output=True, text=True, input=(
            "__CURSOR=s=0123456789abcdef0123456789abcdef;i=1;"
            "b=0123456789abcdef0123456789abcdef;m=1;t=660ca0e9a2000;x=1\n"
            "__REALTIME_TIMESTAMP=1795284000000000\n__MONOTONIC_TIMESTAMP=1\n"
            "_BOOT_ID=0123456789abcdef0123456789abcdef\nMESSAGE=x\n"
            "_SYSTEMD_UNIT=mail-in@mx.service\n\n"))
    os.chmod(journal, 0o644)
    patient.configure(journal=f'"{journal}"  units = {{"mail-*.service"}}')
    assert patient.finding("logs", status=0)[0] == "ok"
    patient.configure(journal=f'"{journal}"  units = {{"mailin.service"}}')
    state, what, _ = patient.finding("logs")
    assert (state, "no unit mailin.service" in what) == ("problem", True)


# ---- the milter ----

@pytest.mark.parametrize("seen, word", [
    ({"sessions": 100, "rejections": 9}, "no message came to its end"),
    ({"sessions": 100, "message-ends": 9}, "nothing that Postfix refused"),
    ({"sessions": 900, "message-ends": 600, "rejections": 9},
     "none had a header")])
def test_what_a_milter_that_runs_never_sees(patient, seen, word):
    patient.main_cf(f"smtpd_milters = inet:localhost:11332, {MILTERS}")
    patient.configure(scanner="{rspamd}")
    patient.daily(lines=9, understood=9, of=patient.log)
    for name, number in seen.items():
        patient.daily(seen=number, of=name)
    found = [(state, what) for check, state, what, _ in patient.findings()
             if check == "milter" and state != "ok"]
    assert len(found) == 1 and found[0][0] == "warning", found
    assert word in found[0][1]


def test_a_milter_of_an_older_version(patient):
    patient.sign("milter", time.time(), "0.0.9")
    state, what, fix = patient.finding("services", status=0)
    assert (state, "0.0.9" in what) == ("warning", True)
    assert fix == "systemctl restart videur-milter"


# ---- the mode ----

def test_nobody_is_refused_while_videur_only_observes(patient):
    patient.configure(more="mode = observe")
    patient.sql("INSERT INTO state (key, value, since)"
                " VALUES ('milter-mode', 'observe', 1795284342)")
    patient.videur("report", "virus", STRANGER)
    assert patient.finding("mode", status=0) == [
        "warning", "observing since 2026-11-21T18:05:42Z, 1 bans, 0 of them "
        "suspects (mail accepted before): nobody is refused",
        "videur enforce"]
    patient.videur("enforce")
    state, what, fix = patient.finding("mode")
    assert (state, fix) == ("problem", "videur enforce")
    assert what == ("videur-milter runs in mode observe, and videur.conf says "
                    "enforce")


# ---- what is allowed too widely ----

def test_everybody_is_allowed(patient):
    patient.sql("INSERT INTO allow (network, family, bits, note)"
                " VALUES ('0.0.0.0/0', 4, 0, '')")
    problem_fixed(patient, "allow", "0.0.0.0/0", "off for everybody")


def test_a_wide_network_in_the_configuration(patient):
    patient.configure(more="allow = {202.0.0.0/7, 10.0.0.0/8, fc00::/7}")
    state, what, fix = patient.finding("allow")
    assert (state, "202.0.0.0/7" in what) == ("problem", True)
    assert fix == "videur.conf: allow without 202.0.0.0/7"


# ---- the page ----

def test_the_page_is_down(patient):
    patient.configure(web=f"unix:{patient.folder}/nobody.sock")
    assert patient.finding("page") == [
        "problem", f"videur-web does not answer at unix:{patient.folder}/"
        "nobody.sock: the page that replies name is down",
        "systemctl restart videur-web"]


@contextlib.contextmanager
def answers(path, said):
    """Something that says the same to whoever connects to a socket."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        os.chmod(path, 0o666)
        server.listen()

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    with server.accept()[0] as client:
                        client.recv(4096)
                        client.sendall(said)
        threading.Thread(target=serve, daemon=True).start()
        yield
        server.shutdown(socket.SHUT_RDWR)


def test_the_page_cannot_read_the_database(patient):
    path = f"{patient.folder}/sick.sock"
    patient.configure(web=f"unix:{path}")
    with answers(path, b"HTTP/1.1 503 Service Unavailable\r\n"
                 b"Content-Length: 0\r\n\r\n"):
        state, what, _ = patient.finding("page")
    assert (state, "cannot read the database" in what) == ("problem", True)


def test_the_pages_name_has_no_address(patient):
    del patient.zone["postmaster.example.test"]
    state, what, fix = patient.finding("page")
    assert (state, "has no address" in what) == ("problem", True)
    assert fix == "host postmaster.example.test"


def test_the_pages_name_leads_elsewhere(patient):
    patient.zone["own"] = ["198.51.100.79"]
    patient.zone["postmaster.example.test"] = ["198.51.100.80"]
    state, what, _ = patient.finding("page", status=0)
    assert (state, "198.51.100.80" in what) == ("warning", True)


def test_a_proxy_before_the_page_that_is_not_trusted(patient):
    patient.configure(web="127.0.0.1:1")
    found = {finding: fix for check, _, finding, fix in patient.findings(
        status=1) if check == "page"}
    proxy = next(what for what in found if "trusted-proxies" in what)
    assert "trusted-proxies = {127.0.0.1, ::1}" in found[proxy]
    patient.configure(web='127.0.0.1:1"  trusted-proxies = {127.0.0.1}  '
                      'site-name = "x')
    assert "trusted-proxies" not in patient.finding("page")[1]


def test_a_contact_that_postfix_would_refuse(patient):
    patient.configure(page=PAGE.replace("postmaster@", "nobody@"))
    state, what, _ = patient.finding("page")
    assert (state, "nobody@example.test" in what) == ("problem", True)


def test_a_contact_elsewhere_is_somebody_elses(patient):
    patient.configure(page=PAGE.replace("@example.test", "@other.test"))
    assert patient.finding("page", status=0)[0] == "ok"


# ---- damage, and what a ban does not reach ----

def test_a_damaged_database(patient):
    for number in range(400):
        patient.sql("INSERT INTO audit (at, who, what, subject, note)"
                    " VALUES (1, 'x', 'ban', ?, ?)", str(number), "n" * 150)
    patient.sql("PRAGMA wal_checkpoint(TRUNCATE)")
    (page,), = patient.sql("SELECT max(pageno) FROM dbstat"
                           " WHERE name = 'audit' AND pagetype = 'leaf'")
    with open(patient.database, "r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)
    state, what, fix = patient.finding("database", status=1)
    assert (state, "is damaged" in what) == ("problem", True)
    assert f"videur rescue {patient.database}.saved" in fix


def test_whoever_is_banned_for_logins_can_go_on_at_imap(patient):
    assert "Dovecot" in patient.finding("reach", status=0)[1]
    patient.videur("ban", STRANGER, "2h", "--reason", "auth")
    state, what, fix = patient.finding("reach", status=0)
    assert (state, "1 clients are banned" in what) == ("warning", True)
    assert 'web { auth-policy = "127.0.0.1:9111" }' in fix
    assert fix.endswith("videur export nftables")
