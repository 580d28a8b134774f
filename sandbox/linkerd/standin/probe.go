package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"
)

// prober shakes hands between ordered pairs of ready proxies all the time: the continuity of the mesh, measured.
type prober struct {
	mesh *mesh

	mu       sync.Mutex
	running  bool
	rate     float64
	since    time.Time
	done     int64
	refused  int64
	closed   int64
	pairs    map[[2]string]bool
	refusals []refusal
	queue    [][2]*proxy
	round    time.Time
}

type refusal struct {
	Time   time.Time `json:"time"`
	From   string    `json:"from"`
	To     string    `json:"to"`
	Side   string    `json:"side"`
	Reason string    `json:"reason"`
}

const (
	keptRefusals  = 50
	probeWorkers  = 16
	probeInterval = 20 * time.Millisecond
	// A round through a large mesh takes minutes, and who has come since its start is not in it: the very pods that a
	// rotation is about.
	roundAge = 2 * time.Second
)

func newProber(m *mesh, rate float64) *prober {
	p := &prober{mesh: m, running: true, rate: rate}
	p.reset()
	return p
}

func (p *prober) reset() {
	p.since, p.done, p.refused, p.closed = time.Now(), 0, 0, 0
	p.pairs, p.refusals = map[[2]string]bool{}, nil
}

func (p *prober) run(ctx context.Context) {
	slots := make(chan struct{}, probeWorkers)
	ticker := time.NewTicker(probeInterval)
	defer ticker.Stop()
	for owed := 0.0; ; {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		p.mu.Lock()
		if p.running {
			owed = min(owed+p.rate*probeInterval.Seconds(), probeWorkers)
		}
		p.mu.Unlock()
		for ; owed >= 1; owed-- {
			from, to := p.next()
			if from == nil {
				break
			}
			slots <- struct{}{}
			go func() {
				defer func() { <-slots }()
				p.try(ctx, from, to)
			}()
		}
	}
}

// next goes through the ordered pairs in a random order for as long as a round lasts, then makes one of who lives then.
func (p *prober) next() (*proxy, *proxy) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		if len(p.queue) == 0 || time.Since(p.round) > roundAge {
			p.queue, p.round = round(p.mesh.liveProxies()), time.Now()
			if len(p.queue) == 0 {
				return nil, nil
			}
		}
		pair := p.queue[len(p.queue)-1]
		p.queue = p.queue[:len(p.queue)-1]
		if pair[0].talks() && pair[1].talks() {
			return pair[0], pair[1]
		}
	}
}

// More than are tried in a round.
const mostPairs = 4_000

func round(live []*proxy) [][2]*proxy {
	var talking []*proxy
	for _, p := range live {
		if p.talks() {
			talking = append(talking, p)
		}
	}
	if len(talking)*(len(talking)-1) > mostPairs {
		return sample(talking)
	}
	var pairs [][2]*proxy
	for _, from := range talking {
		for _, to := range talking {
			if from != to {
				pairs = append(pairs, [2]*proxy{from, to})
			}
		}
	}
	rand.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
	return pairs
}

func sample(talking []*proxy) [][2]*proxy {
	pairs := make([][2]*proxy, mostPairs)
	for i := range pairs {
		from := rand.IntN(len(talking))
		to := (from + 1 + rand.IntN(len(talking)-1)) % len(talking)
		pairs[i] = [2]*proxy{talking[from], talking[to]}
	}
	return pairs
}

func (p *proxy) talks() bool { return p.leaf.Load() != nil && p.ctx.Err() == nil }

func (p *prober) try(ctx context.Context, from, to *proxy) {
	err := from.connect(ctx, to)
	var no errRefused
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case err == nil:
		p.done++
		p.pairs[[2]string{from.identity, to.identity}] = true
	case errors.As(err, &no):
		p.refused++
		r := refusal{time.Now(), from.namespace + "/" + from.pod, to.namespace + "/" + to.pod, no.side, no.err.Error()}
		p.refusals = append(p.refusals, r)
		if len(p.refusals) > keptRefusals {
			p.refusals = p.refusals[1:]
		}
	default:
		p.closed++
	}
}
