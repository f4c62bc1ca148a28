// A TLS peer with Go's defaults.
//
//	tlspeer client ADDRESS NAME ROOT CERTIFICATE KEY
//	tlspeer server CERTIFICATE KEY CLIENTROOT
//
// The client makes one request and prints the group and the first line of the answer. The server prints its port,
// answers every request with the group of its connection, and ends with its standard input.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
)

func pool(file string) *x509.CertPool {
	text, err := os.ReadFile(file)
	check(err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	return roots
}

func check(err error) {
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

func client(address, name, root, certificate, key string) {
	pair, err := tls.LoadX509KeyPair(certificate, key)
	check(err)
	connection, err := tls.Dial("tcp", address, &tls.Config{
		ServerName: name, RootCAs: pool(root), Certificates: []tls.Certificate{pair}, NextProtos: []string{"http/1.1"}})
	check(err)
	fmt.Fprintf(connection, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", name)
	line, err := bufio.NewReader(connection).ReadString('\n')
	check(err)
	fmt.Printf("%v %s", connection.ConnectionState().CurveID, line)
}

func server(certificate, key, clients string) {
	pair, err := tls.LoadX509KeyPair(certificate, key)
	check(err)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{pair}, ClientCAs: pool(clients), ClientAuth: tls.RequireAndVerifyClientCert,
		NextProtos: []string{"http/1.1"}})
	check(err)
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%v from %s", r.TLS.CurveID, r.TLS.PeerCertificates[0].Subject.CommonName)
	}))
	io.Copy(io.Discard, os.Stdin)
}

func main() {
	if os.Args[1] == "client" {
		client(os.Args[2], os.Args[3], os.Args[4], os.Args[5], os.Args[6])
	} else {
		server(os.Args[2], os.Args[3], os.Args[4])
	}
}
