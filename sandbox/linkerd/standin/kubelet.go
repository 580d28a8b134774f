package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"k8s.io/cri-streaming/pkg/streaming/portforward"
)

// serveKubelet is the one part of a kubelet that kwok cannot play for pods with addresses of their own: port-forward.
// The API server comes here for every node, whose status names this address.
func (m *mesh) serveKubelet(address string) error {
	certificate, _, err := selfSigned()
	if err != nil {
		return err
	}
	listener, err := tls.Listen("tcp", address, &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"http/1.1"}})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/portForward/{namespace}/{pod}", m.portForward)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { slog.Error("kubelet ends", "error", server.Serve(listener)) }()
	return nil
}

func (m *mesh) portForward(w http.ResponseWriter, r *http.Request) {
	options, err := portforward.NewV4Options(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	name := r.PathValue("namespace") + "/" + r.PathValue("pod")
	portforward.ServePortForward(w, r, m, name, "", options, time.Hour, 30*time.Second, portforward.SupportedProtocols)
}

// PortForward connects a stream with a port of a pod; the kubelet does so from inside the pod's network.
func (m *mesh) PortForward(ctx context.Context, name string, _ string, port int32, stream io.ReadWriteCloser) error {
	defer stream.Close()
	ip := ""
	for _, p := range m.liveProxies() {
		if p.namespace+"/"+p.pod == name {
			ip = p.ip
		}
	}
	if ip == "" {
		return fmt.Errorf("no proxy runs in pod %s", name)
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(ip, strconv.Itoa(int(port))))
	if err != nil {
		return err
	}
	defer conn.Close()
	ended := make(chan error, 2)
	go func() { _, err := io.Copy(conn, stream); ended <- err }()
	go func() { _, err := io.Copy(stream, conn); ended <- err }()
	if err := <-ended; err != nil && !strings.Contains(err.Error(), "closed") {
		return err
	}
	return nil
}
