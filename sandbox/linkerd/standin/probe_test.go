package main

import (
	"context"
	"fmt"
	"testing"
	"time"
)

func talking(m *mesh, names ...string) {
	for _, name := range names {
		p := &proxy{mesh: m, pod: name, ctx: context.Background()}
		p.leaf.Store(&credentials{})
		m.proxies[name] = p
	}
}

func TestProbesReachWhoHasComeSinceTheRoundBegan(t *testing.T) {
	m := &mesh{proxies: map[string]*proxy{}}
	p := newProber(m, 100)
	var many []string
	for i := range 320 {
		many = append(many, fmt.Sprint("old-", i))
	}
	talking(m, many...)
	if from, to := p.next(); from == nil || from == to {
		t.Fatal("no pair")
	}
	talking(m, "new")
	p.round = time.Now().Add(-2 * roundAge)
	p.next()
	var reached bool
	for _, pair := range p.queue {
		if pair[0] == pair[1] {
			t.Fatal("a proxy with itself")
		}
		reached = reached || pair[0].pod == "new" || pair[1].pod == "new"
	}
	if len(p.queue) != mostPairs-1 || !reached {
		t.Fatalf("%d pairs, the new one among them: %v", len(p.queue), reached)
	}
}

func TestASmallMeshIsProbedCompletely(t *testing.T) {
	m := &mesh{proxies: map[string]*proxy{}}
	talking(m, "a", "b", "c")
	pairs := map[string]bool{}
	for _, pair := range round(m.liveProxies()) {
		pairs[pair[0].pod+pair[1].pod] = true
	}
	if len(pairs) != 6 {
		t.Fatalf("%v", pairs)
	}
}
