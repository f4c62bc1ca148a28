"""Asks sslyze about a server and prints what it found as JSON. Runs in .venv/scan, apart from the tests.

    scanner.py PORT SERVER_NAME GUIDELINES.json AUTHORITY.pem [CLIENT.pem CLIENT.key]
"""

import json
import sys
from pathlib import Path

from sslyze import (
    CertificateInfoExtraArgument, ClientAuthenticationCredentials, Scanner, ServerNetworkConfiguration, ServerNetworkLocation, ServerScanRequest,
    ScanCommandsExtraArguments)
from sslyze.mozilla_tls_profile.tls_config_checker import (
    SCAN_COMMANDS_NEEDED_BY_MOZILLA_CHECKER, ServerNotCompliantWithTlsConfiguration, TlsConfigurationAsJson,
    check_server_against_tls_configuration)

VERSIONS = {"ssl_3_0": "SSL 3.0", "tls_1_0": "TLS 1.0", "tls_1_1": "TLS 1.1", "tls_1_2": "TLS 1.2", "tls_1_3": "TLS 1.3"}


def issues(result, configuration):
    try:
        check_server_against_tls_configuration(result, configuration)
        return {}
    except ServerNotCompliantWithTlsConfiguration as found:
        return found.issues


def main(port, name, guidelines, authority, *client):
    credentials = ClientAuthenticationCredentials(*map(Path, client)) if client else None
    extra = ScanCommandsExtraArguments(certificate_info=CertificateInfoExtraArgument(custom_ca_file=Path(authority)))
    request = ServerScanRequest(
        server_location=ServerNetworkLocation(hostname=name, ip_address="127.0.0.1", port=int(port)),
        network_configuration=ServerNetworkConfiguration(tls_server_name_indication=name, network_timeout=20, tls_client_auth_credentials=credentials),
        scan_commands=SCAN_COMMANDS_NEEDED_BY_MOZILLA_CHECKER, scan_commands_extra_arguments=extra)
    scanner = Scanner(per_server_concurrent_connections_limit=2)
    scanner.queue_scans([request])
    result = next(iter(scanner.get_results()))
    if not result.scan_result:
        raise SystemExit(f"sslyze did not scan: {result.connectivity_error_trace}")
    suites = {
        version: sorted(suite.cipher_suite.name for suite in
                        getattr(result.scan_result, f"{field}_cipher_suites").result.accepted_cipher_suites)
        for field, version in VERSIONS.items()}
    curves = result.scan_result.elliptic_curves.result.supported_curves or []
    tables = json.loads(Path(guidelines).read_text())["configurations"]
    print(json.dumps({
        "versions": [version for version, found in suites.items() if found],
        "suites": suites,
        "curves": sorted(curve.name for curve in curves),
        "compression": result.scan_result.tls_compression.result.supports_compression,
        "mozilla": {name: issues(result, TlsConfigurationAsJson(**table)) for name, table in tables.items()},
    }))


main(*sys.argv[1:])
