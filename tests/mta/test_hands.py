"""What the administrator does by hand takes effect at once."""

import time

from house import build
from mail import GOOD
from nameserver import room
from offences import dictionary_attack
from process import wait_for, write
from smtp import deliver
from truth import (ERRORS, HOUR, assert_clear, assert_one_truth, hear)


def next_second():
    """Counting starts anew in the second after the one of a clearing."""
    begun = int(time.time())
    wait_for(lambda: int(time.time()) > begun, 5, "the next second")


def test_clear_lets_mail_pass_at_once(world, address):
    dictionary_attack(world.mx, address)
    hear(world.mx, address)
    world.house.videur("clear", address, "--note", "their new admin called")
    assert deliver(world.mx, address, GOOD).code == 250
    assert_clear(world, address)
    assert world.house.sql(
        "SELECT what, note FROM audit WHERE subject = ?", address) == [
            ("clear", "their new admin called")]


def test_a_cleared_ban_does_not_come_back_with_the_next_offence(
        world, address):
    dictionary_attack(world.mx, address)
    world.house.videur("clear", address)
    next_second()
    world.house.report("recipient", address, 1)
    assert_clear(world, address)


def test_a_cleared_ban_is_still_a_step_and_a_mistake_is_none(world, fresh):
    for words, step, hours in (([], 2, 4), (["--mistake"], 1, 2)):
        address = fresh()
        dictionary_attack(world.mx, address)
        world.house.videur("clear", address, *words)
        next_second()
        world.house.report("recipient", address, 20)
        assert_one_truth(world, address, ERRORS, "error", step,
                         hours * HOUR)


def test_allowing_a_network_lifts_its_bans_and_says_how_many(world):
    inside = ["192.0.2.17", "192.0.2.18", "192.0.2.30"]
    outside = "192.0.2.33"
    for address in [*inside, outside]:
        world.house.report("recipient", address, 20)
        hear(world.mx, address)
    said = world.house.videur("allow", "add", "192.0.2.16/28",
                              "--note", "the branch office")
    assert "3" in said.replace("192.0.2.16/28", ""), said
    for address in inside:
        assert deliver(world.mx, address, GOOD).code == 250
        assert world.house.api(address)["listed"] is False
    hear(world.mx, outside)
    assert "192.0.2.16/28" in world.house.videur("allow", "list")


def test_an_allowed_client_makes_no_events(world):
    world.house.videur("allow", "add", "192.0.2.64/28")
    dictionary_attack(world.mx, "192.0.2.70")
    assert world.house.events("192.0.2.70") == {}
    assert_clear(world, "192.0.2.70")


def test_a_client_that_is_no_longer_allowed_is_counted_again(world):
    world.house.videur("allow", "add", "192.0.2.80")
    dictionary_attack(world.mx, "192.0.2.80")
    world.house.videur("allow", "remove", "192.0.2.80")
    assert_clear(world, "192.0.2.80")
    next_second()
    dictionary_attack(world.mx, "192.0.2.80")
    assert_one_truth(world, "192.0.2.80", ERRORS, "error", 1, 2 * HOUR)


def test_a_ban_by_hand_says_so(world, address):
    world.house.videur("ban", address, "36h", "--note", "by the phone")
    assert_one_truth(world, address,
                     "550 5.7.1 Blocked by the administrator", "error", 0,
                     36 * HOUR)


def test_a_ban_of_a_network_by_hand_meets_all_of_it(world):
    world.house.videur("ban", "192.0.2.128/26", "2h")
    for address in ("192.0.2.128", "192.0.2.191"):
        assert_one_truth(world, address,
                         "550 5.7.1 Blocked by the administrator", "error",
                         0, 2 * HOUR)
    assert_clear(world, "192.0.2.192")
    world.house.videur("clear", "192.0.2.128/26")
    assert_clear(world, "192.0.2.128")


def test_a_temporary_error_of_time_is_refused(world, address):
    done = world.house.run("ban", address, "soon")
    assert done.returncode == 2
    assert_clear(world, address)


def test_neighbours_of_the_host_itself_are_banned(tmp_path):
    """They share its client, a /24 here as an IPv6 /64 often is; the host's
    own address stays exempt."""
    conf = f"{tmp_path}/videur.conf"
    write(conf, f'database = "{tmp_path}/videur.db"\n'
          "client-ipv4 = 24\n")

    def videur(*words):
        return room(str(tmp_path), {"own": ["198.51.100.79"]},
                    [f"{build()}/videur", "-c", conf, *words])
    assert videur("report", "virus", "198.51.100.80").returncode == 0
    assert videur("check", "198.51.100.80").returncode == 1
    own = videur("check", "198.51.100.79")
    assert (own.returncode, "is allowed" in own.stdout) == (0, True)
