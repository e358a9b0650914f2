"""The metrics: their format, their documentation and what they count."""

import re
import sqlite3
import subprocess
import time

import pytest

from website import BUILD, Website, wait_for

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf"({NAME})(?:{{(.*)}})? (\S+)")
LABEL = re.compile(rf'({NAME})="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,|$)')


def read_labels(text):
    """{name: value} of what stands in the braces."""
    labels, at = {}, 0
    while at < len(text or ""):
        found = LABEL.match(text, at)
        assert found, text
        assert found[1] not in labels, text
        labels[found[1]] = found[2]
        at = found.end()
    return labels


class Exposition:
    """Prometheus's text format 0.0.4, read strictly: every metric has HELP
    and TYPE, in that order and before its samples, all of them together."""

    def __init__(self, text):
        self.kinds, self.helps, self.samples = {}, {}, {}
        current = None
        assert text.endswith("\n")
        for line in text[:-1].split("\n"):
            if line.startswith("# HELP "):
                _, _, current, words = line.split(" ", 3)
                assert re.fullmatch(NAME, current)
                assert current not in self.helps
                self.helps[current] = words
            elif line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                assert name == current
                assert kind in ("counter", "gauge")
                self.kinds[name] = kind
            else:
                self.add(current, line)
        assert set(self.kinds) == set(self.helps)

    def add(self, current, line):
        """One sample."""
        found = SAMPLE.fullmatch(line)
        assert found, line
        assert found[1] == current and current in self.kinds, line
        labels = tuple(sorted(read_labels(found[2]).items()))
        assert (current, labels) not in self.samples, line
        self.samples[current, labels] = float(found[3])

    def get(self, name, **labels):
        """One value."""
        return self.samples[name, tuple(sorted(labels.items()))]

    def of(self, name):
        """{label's value: value} of a metric with one label, zeros left
        out."""
        return {labels[0][1]: value
                for (metric, labels), value in self.samples.items()
                if metric == name and value}


def scrape(site):
    """What a monitoring system reads."""
    answer = site.ask("/metrics", where=site.metrics_where)
    assert answer.status == 200
    assert answer.headers["Content-Type"] \
        == "text/plain; version=0.0.4; charset=utf-8"
    return Exposition(answer.text)


@pytest.fixture
def measured(tmp_path):
    """A website with metrics, not started."""
    site = Website(tmp_path, more='metrics-listen = "127.0.0.1:0"')
    yield site
    site.close()


def test_what_is_counted(measured):
    measured.videur("report", "virus", "192.0.2.7")
    for _ in range(10):
        measured.videur("report", "auth", "192.0.2.9")
    measured.videur("ban", "2001:db8::/48", "2h", "--reason", "spam")
    measured.videur("ban", "192.0.2.99", "2h")
    measured.videur("clear", "192.0.2.99")
    before = time.time()
    metrics = scrape(measured.start())
    assert metrics.get("videur_database_readable") == 1
    assert metrics.of("videur_listed") == {"ipv4": 2, "ipv6": 1}
    assert metrics.of("videur_bans_active") \
        == {"virus": 1, "auth": 1, "manual": 1}
    assert metrics.of("videur_listed_addresses") == {"ipv4": 2}
    assert metrics.of("videur_listed_networks") == {"ipv6": 1}
    assert metrics.of("videur_events_total") == {"virus": 1, "auth": 10}
    begun = metrics.of("videur_bans_total")
    assert (begun["virus"], begun["auth"]) == (1, 1)
    assert metrics.get("videur_brake") == 0
    assert metrics.get("videur_schema_version") >= 1
    assert metrics.get("videur_database_bytes") > 4096
    assert abs(metrics.get("videur_collected_timestamp_seconds") - before) < 60
    version, = metrics.of("videur_build_info")
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", version)


def test_counters_end_in_total_and_gauges_do_not(measured):
    measured.videur("ban", "192.0.2.7", "2h")
    for name, kind in scrape(measured.start()).kinds.items():
        assert name.startswith("videur_")
        assert name.endswith("_total") == (kind == "counter"), name


def put_state(site, key, value, since):
    """Say what another program would."""
    with sqlite3.connect(site.database) as database:
        database.execute("INSERT OR REPLACE INTO state VALUES (?, ?, ?)",
                         (key, value, since))


def test_what_the_other_programs_said(measured):
    measured.videur("ban", "192.0.2.7", "2h")
    put_state(measured, "milter", "0.1.0", 1795284000)
    put_state(measured, "watch", "0.1.0", 1795284001)
    put_state(measured, "watch-behind", "42", 1795284001)
    put_state(measured, "brake", "on", int(time.time()))
    metrics = scrape(measured.start())
    assert metrics.of("videur_life_timestamp_seconds") \
        == {"milter": 1795284000, "watch": 1795284001}
    assert metrics.get("videur_watch_behind_seconds") == 42
    assert metrics.get("videur_brake") == 1


def put_sums(site, *sums):
    """Say what the watcher and the milter counted today: what, name, number."""
    today = int(time.time()) // 86400 * 86400
    with sqlite3.connect(site.database) as database:
        database.executemany(
            "INSERT INTO daily VALUES (?, ?, ?, ?)",
            [(today, *one) for one in sums])


def test_a_log_that_no_rule_reads_is_seen(measured):
    """Prometheus can watch the watcher: lines read and lines understood."""
    measured.videur("ban", "192.0.2.7", "2h")
    put_sums(measured, ("lines", '/var/log/"mail".log', 400),
             ("lines", "journal", 1000), ("understood", "journal", 900),
             ("findings", "journal", 20), ("dropped", "journal", 5),
             ("seen", "sessions", 70), ("seen", "message-ends", 60))
    metrics = scrape(measured.start())
    assert metrics.of("videur_source_lines") \
        == {r'/var/log/\"mail\".log': 400, "journal": 1000}
    assert metrics.get("videur_source_understood",
                       source=r'/var/log/\"mail\".log') == 0
    assert metrics.of("videur_source_understood") == {"journal": 900}
    assert metrics.of("videur_source_findings") == {"journal": 20}
    assert metrics.of("videur_source_dropped") == {"journal": 5}
    assert metrics.of("videur_milter_seen") \
        == {"sessions": 70, "message-ends": 60}
    assert metrics.get("videur_milter_seen", what="verdict-headers") == 0


def test_what_was_read_is_no_figure_of_the_page(measured):
    measured.videur("ban", "192.0.2.7", "2h")
    put_sums(measured, ("lines", "/var/log/mail.log", 424242),
             ("seen", "sessions", 434343))
    measured.start()
    for path in "/stats", "/api/v1/stats":
        answer = measured.ask(path)
        assert answer.status == 200
        for word in "mail.log", "424", "434", "lines":
            assert word not in re.sub(r"<svg.*?</svg>|v=[0-9a-f]*", "",
                                      answer.text), (path, word)


def test_who_said_nothing_is_left_out(measured):
    measured.videur("ban", "192.0.2.7", "2h")
    metrics = scrape(measured.start())
    assert metrics.of("videur_life_timestamp_seconds") == {}
    assert ("videur_watch_behind_seconds", ()) not in metrics.samples


def test_a_watcher_that_keeps_up_is_not_behind(measured):
    log = f"{measured.folder}/mail.log"
    with open(log, "w", encoding="utf-8"):
        pass
    with open(measured.conf, "a", encoding="utf-8") as file:
        file.write(f'watch {{ journal = no files = {{"{log}"}} }}\n')
    with subprocess.Popen([f"{BUILD}/videur-watch", "-c", measured.conf],
                          stdin=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as watcher:
        try:
            measured.start()
            wait_for(lambda: "watch" in scrape(measured).of(
                "videur_life_timestamp_seconds"), 30, "a sign of life")
            assert scrape(measured).get("videur_watch_behind_seconds") <= 1
        finally:
            watcher.terminate()


def test_what_a_day_took_along_stays_counted(measured):
    """A counter that fell would be read as a restart, and all of it as
    new."""
    measured.videur("report", "auth", "192.0.2.7")
    with sqlite3.connect(measured.database) as database:
        database.execute("INSERT INTO daily VALUES (86400, 'event', 'auth', "
                         "1000)")
    assert scrape(measured.start()).of("videur_events_total") \
        == {"auth": 1001}
    with sqlite3.connect(measured.database) as database:
        database.execute("DELETE FROM daily WHERE day = 86400")
    measured.videur("report", "spam", "192.0.2.7")
    wait_for(lambda: "spam" in scrape(measured).of("videur_events_total"),
             30, "the new event is counted")
    measured.videur("report", "auth", "192.0.2.7")
    wait_for(lambda: scrape(measured).of("videur_events_total")
             == {"auth": 1002, "spam": 1}, 30, "and the next")


def test_requests_by_status(measured):
    measured.videur("ban", "192.0.2.7", "2h")
    measured.start()
    for path, times in (("/?ip=192.0.2.7", 3), ("/healthz", 1), ("/?ip=x", 2),
                        ("/nothing", 4)):
        for _ in range(times):
            measured.ask(path)
    measured.ask("/", method="POST")
    assert scrape(measured).of("videur_web_requests_total") \
        == {"200": 4, "400": 2, "404": 4, "405": 1}
    assert scrape(measured).get("videur_web_requests_total", code="429") == 0


def test_what_changes_is_collected_again(measured):
    measured.videur("ban", "192.0.2.7", "2h")
    measured.start()
    assert scrape(measured).of("videur_listed") == {"ipv4": 1}
    measured.videur("ban", "192.0.2.8", "2h")
    wait_for(lambda: scrape(measured).of("videur_listed") == {"ipv4": 2},
             30, "the new ban is counted")


def test_without_a_database_that_is_what_is_said(measured):
    metrics = scrape(measured.start())
    assert metrics.get("videur_database_readable") == 0
    assert set(metrics.kinds) == {
        "videur_build_info", "videur_database_readable",
        "videur_web_requests_total", "videur_web_hangups_total",
        "videur_web_untrusted_proxy_requests_total",
        "videur_web_login_questions_total"}


def test_every_metric_is_documented(measured):
    """By its name in the manual page, and nothing that is not there."""
    measured.videur("ban", "192.0.2.7", "2h")
    with open("src/web/videur-web.8", encoding="utf-8") as file:
        documented = re.findall(r"^\.It Li (videur_\w+)", file.read(), re.M)
    assert sorted(documented) == sorted(scrape(measured.start()).kinds)


def test_metrics_are_not_on_the_page_nor_the_page_there(measured):
    measured.videur("ban", "192.0.2.7", "2h")
    measured.start()
    assert measured.ask("/metrics").status == 404
    for path in "/", "/?ip=192.0.2.7", "/healthz", "/metrics/":
        assert measured.ask(path, where=measured.metrics_where).status == 404
    answer = measured.ask("/metrics", method="POST",
                          where=measured.metrics_where)
    assert answer.status == 405
    assert measured.stop() == 0


def test_metrics_on_a_unix_socket(tmp_path):
    site = Website(tmp_path, more=f'metrics-listen = "unix:{tmp_path}/m"')
    site.videur("ban", "192.0.2.7", "2h")
    try:
        assert scrape(site.start()).of("videur_listed") == {"ipv4": 1}
        assert site.stop() == 0
    finally:
        site.close()


def test_no_metrics_unless_asked_for(shown):
    assert shown.metrics_where is None
    assert shown.ask("/metrics").status == 404
