"""The dashboard for Grafana asks for what /metrics tells, and for all of it."""

import json
import os
import re
import sqlite3

import pytest

from website import Website

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                    *[os.pardir] * 2, "docs", "grafana.json")
# Nothing to look at in a chart: when the numbers are of, and a version.
LEFT_OUT = {"videur_collected_timestamp_seconds", "videur_schema_version"}


@pytest.fixture(name="metrics", scope="module")
def told_metrics(tmp_path_factory):
    """Each metric: its type, and the labels it may have."""
    site = Website(tmp_path_factory.mktemp("run"),
                   more='metrics-listen = "127.0.0.1:0"')
    site.videur("report", "spam", "203.0.113.7")
    with sqlite3.connect(site.database) as base:
        base.execute("INSERT INTO state VALUES ('milter', '0.1.0', 1)")
    base.close()
    site.start()
    text = site.ask("/metrics", where=site.metrics_where).text
    assert site.stop() == 0
    site.close()
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    return {name: (kind, set(re.findall(
        rf"^{name}\{{(\w+)=", text, re.MULTILINE)))
            for name, kind in types.items()}


@pytest.fixture(name="board", scope="module")
def read_board():
    with open(FILE, encoding="utf-8") as file:
        return json.load(file)


def queries(board):
    for panel in board["panels"]:
        for target in panel["targets"]:
            yield target["expr"], target["legendFormat"]


def names(text):
    return re.findall(r"\bvideur_\w+", text)


def test_every_metric_it_names_is_there_and_all_are_named(board, metrics):
    named = set(names(json.dumps(board)))
    assert named <= set(metrics)
    assert set(metrics) - named == LEFT_OUT


def test_counters_are_asked_for_as_such_and_by_labels_they_have(
        board, metrics):
    for expr, legend in queries(board):
        name, = names(expr)
        kind, labels = metrics[name]
        rated = bool(re.search(r"\b(rate|increase)\(", expr))
        assert rated == (kind == "counter"), expr
        asked = set(re.findall(r"\{\{(\w+)\}\}", legend)) | set(
            re.findall(r"by \((\w+)\)", expr))
        # Of a log, only where one is followed.
        if not name.startswith("videur_source_"):
            assert asked <= labels | {"instance"}, (expr, legend, labels)
        assert expr.count("(") == expr.count(")")


def test_panels_do_not_overlap_and_have_numbers_of_their_own(board):
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"])
                 for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken and at["x"] + at["w"] <= 24
        taken |= cells
