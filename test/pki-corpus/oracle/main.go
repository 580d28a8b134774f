// The oracle says what Go makes of files and chains: what identity, which is written in Go, reads and verifies.
package main

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"time"
)

type question struct {
	Files  map[string][]byte `json:"files"`
	Chains map[string]chain  `json:"chains"`
}

type chain struct {
	Chain   [][]byte  `json:"chain"`
	Anchors [][]byte  `json:"anchors"`
	At      time.Time `json:"at"`
}

type file struct {
	// Fingerprints of what is read; none with an error.
	Certificates []string `json:"certificates"`
	Error        string   `json:"error"`
}

type answer struct {
	Files map[string]file `json:"files"`
	// Why a chain does not verify; empty: it does.
	Chains map[string]string `json:"chains"`
}

func main() {
	var asked question
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		panic(err)
	}
	said := answer{Files: map[string]file{}, Chains: map[string]string{}}
	for name, text := range asked.Files {
		said.Files[name] = read(text)
	}
	for name, chain := range asked.Chains {
		said.Chains[name] = verify(chain)
	}
	if err := json.NewEncoder(os.Stdout).Encode(said); err != nil {
		panic(err)
	}
}

// read obeys linkerd2 pkg/tls/codec.go DecodePEMCertPool: a block of another kind ends it, a tail is an error.
func read(text []byte) file {
	certificates := []string{}
	for rest := text; len(rest) > 0; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return file{Error: "not a PEM certificate"}
		}
		if block.Type != "CERTIFICATE" {
			break
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return file{Error: err.Error()}
		}
		sum := sha256.Sum256(certificate.Raw)
		certificates = append(certificates, hex.EncodeToString(sum[:]))
	}
	if len(certificates) == 0 {
		return file{Error: "no certificates found"}
	}
	return file{Certificates: certificates}
}

// verify obeys linkerd2 pkg/identity/service.go loadCredentials: the first of the chain against the anchors, over the others.
func verify(asked chain) string {
	certificates, err := parse(asked.Chain)
	anchors, err2 := parse(asked.Anchors)
	if err := errors.Join(err, err2); err != nil {
		return err.Error()
	}
	options := x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), CurrentTime: asked.At}
	for _, anchor := range anchors {
		options.Roots.AddCert(anchor)
	}
	for _, certificate := range certificates[1:] {
		options.Intermediates.AddCert(certificate)
	}
	if _, err := certificates[0].Verify(options); err != nil {
		return err.Error()
	}
	return ""
}

func parse(ders [][]byte) ([]*x509.Certificate, error) {
	var certificates []*x509.Certificate
	for _, der := range ders {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		certificates = append(certificates, certificate)
	}
	return certificates, nil
}
