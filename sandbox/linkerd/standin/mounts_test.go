package main

import (
	"testing"
	"time"
)

func TestMountsLagBehind(t *testing.T) {
	start := time.Unix(1000, 0)
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	history := []version{{map[string]string{"v": "1"}, at(0)}, {map[string]string{"v": "2"}, at(10)}, {map[string]string{"v": "3"}, at(20)}}
	for name, c := range map[string]struct {
		mount mount
		now   int
		want  string
	}{
		"what was there at the start":       {mount{started: at(5)}, 6, "1"},
		"not before the lag is over":        {mount{started: at(5)}, 12, "1"},
		"after the lag":                     {mount{started: at(5)}, 13, "2"},
		"a later pod sees the newest":       {mount{started: at(20)}, 20, "3"},
		"a frozen one never changes":        {mount{started: at(5), frozen: true}, 90, "1"},
		"a stale start sees the one before": {mount{started: at(11), staleFor: time.Minute}, 12, "1"},
		"until it ends":                     {mount{started: at(11), staleFor: time.Second}, 30, "3"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := visible(history, c.mount, 3*time.Second, at(c.now))["v"]; got != c.want {
				t.Fatalf("got %s, want %s", got, c.want)
			}
		})
	}
}
