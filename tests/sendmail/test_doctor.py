"""What the doctor says of a real Sendmail."""


def findings(host):
    done = host.house.json("doctor", "--json")
    return {remark["finding"]: remark["what"] for remark in done
            if remark["check"] == "sendmail"}


def test_it_finds_what_these_tests_need_and_nothing_else(host):
    """A daemon that offers AUTH besides submission, and passwords without
    TLS."""
    found = findings(host)
    assert set(found) == {"sendmail-auth-elsewhere", "sendmail-auth-clear"}
    assert "MTA-both" in found["sendmail-auth-elsewhere"]


def test_it_sees_that_the_milter_is_gone(host):
    host.house.stop("milter")
    try:
        assert "/run/videur/milter.sock" in findings(host)["sendmail-socket"]
    finally:
        host.house.start_milter()
