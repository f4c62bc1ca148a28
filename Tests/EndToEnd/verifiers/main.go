// Command verifiers puts chains in the format of x509-limbo to Go's crypto/x509: a suite on standard input, a
// LimboResult on standard output. A second opinion for test_chain_verdicts.py.
package main

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"time"
)

type peerName struct{ Kind, Value string }

type testcase struct {
	ID             string    `json:"id"`
	ValidationKind string    `json:"validation_kind"`
	Trusted        []string  `json:"trusted_certs"`
	Intermediates  []string  `json:"untrusted_intermediates"`
	Peer           string    `json:"peer_certificate"`
	Time           string    `json:"validation_time"`
	PeerName       *peerName `json:"expected_peer_name"`
}

type verdict struct {
	ID      string `json:"id"`
	Result  string `json:"actual_result"`
	Context string `json:"context"`
}

func parse(text string) (*x509.Certificate, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("no PEM")
	}
	return x509.ParseCertificate(block.Bytes)
}

func verify(test testcase) error {
	leaf, err := parse(test.Peer)
	if err != nil {
		return err
	}
	at, err := time.Parse(time.RFC3339, test.Time)
	if err != nil {
		return err
	}
	options := x509.VerifyOptions{
		Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), CurrentTime: at,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	for _, text := range test.Trusted {
		if root, err := parse(text); err == nil {
			options.Roots.AddCert(root)
		}
	}
	for _, text := range test.Intermediates {
		intermediate, err := parse(text)
		if err != nil {
			return err
		}
		options.Intermediates.AddCert(intermediate)
	}
	if test.ValidationKind == "SERVER" {
		options.KeyUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		options.DNSName = test.PeerName.Value
	}
	_, err = leaf.Verify(options)
	return err
}

func main() {
	var suite struct {
		Testcases []testcase `json:"testcases"`
	}
	if err := json.NewDecoder(os.Stdin).Decode(&suite); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	results := []verdict{}
	for _, test := range suite.Testcases {
		if err := verify(test); err != nil {
			results = append(results, verdict{test.ID, "FAILURE", err.Error()})
		} else {
			results = append(results, verdict{test.ID, "SUCCESS", ""})
		}
	}
	json.NewEncoder(os.Stdout).Encode(map[string]any{"version": 1, "harness": "go", "results": results})
}
