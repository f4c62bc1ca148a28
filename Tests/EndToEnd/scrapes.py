"""Reads what the metrics listener says, as a scraper does."""

import http.client
import time

from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from gateway import free_port

OPEN_METRICS = "application/openmetrics-text;version=1.0.0"


class Metrics:
    """The metrics listener of a gateway that is started with `section`."""

    def __init__(self):
        self.port = free_port()
        self.section = {"address": f"127.0.0.1:{self.port}"}

    def get(self, path="/metrics", method="GET", headers=None):
        """(status, fields, text)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, headers=headers or {})
            reply = connection.getresponse()
            return reply.status, dict(reply.getheaders()), reply.read().decode()
        finally:
            connection.close()

    def families(self, accept=None):
        """By name; the parser refuses what is not right in every detail."""
        status, fields, text = self.get(headers={"Accept": accept} if accept else {})
        assert status == 200, (status, text)
        parse = parse_openmetrics if "openmetrics" in fields["content-type"] else parse_text
        found = list(parse(text))
        names = [family.name for family in found]
        assert len(names) == len(set(names)), names
        return {family.name: family for family in found}

    def value(self, sample, **labels):
        """The sum of all samples of this name with these labels."""
        total = 0
        for family in self.families().values():
            for one in family.samples:
                if one.name == sample and all(one.labels.get(key) == value for key, value in labels.items()):
                    total += one.value
        return total

    def wait(self, sample, value, timeout=20, **labels):
        deadline = time.monotonic() + timeout
        while (found := self.value(sample, **labels)) != value:
            assert time.monotonic() < deadline, f"{sample}{labels} is {found} and not {value}"
            time.sleep(0.1)
