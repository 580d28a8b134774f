package main

import (
	"maps"
	"sync"
	"time"
)

// version is the payload of a ConfigMap or Secret from a moment on.
type version struct {
	data  map[string]string
	since time.Time
}

// objects remembers every payload of the mounted objects, so that a mount can show an older one.
type objects struct {
	mu       sync.RWMutex
	versions map[string][]version
	changed  func(name string)
}

// seen records a payload; metadata changes are no change to a mount (the kubelet rewrites only if the payload changed).
func (o *objects) seen(name string, data map[string]string) {
	o.mu.Lock()
	history := o.versions[name]
	if len(history) > 0 && maps.Equal(history[len(history)-1].data, data) {
		o.mu.Unlock()
		return
	}
	o.versions[name] = append(history, version{data: data, since: time.Now()})
	o.mu.Unlock()
	o.changed(name)
}

// current is the payload as the API server has it: what env from a ConfigMap key is resolved to.
func (o *objects) current(name string) map[string]string {
	o.mu.RLock()
	defer o.mu.RUnlock()
	history := o.versions[name]
	if len(history) == 0 {
		return nil
	}
	return history[len(history)-1].data
}

// mount is one pod's view of objects through the kubelet.
type mount struct {
	started time.Time
	// The view at the start is the one before the object's last change, for this long.
	staleFor time.Duration
	// Never refreshed.
	frozen bool
}

const forever = time.Duration(1<<63 - 1)

// visible is what the mounted files hold at a moment: the payload at the pod's start, then each later one after the lag.
func (o *objects) visible(name string, m mount, lag time.Duration, now time.Time) map[string]string {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return visible(o.versions[name], m, lag, now)
}

func visible(history []version, m mount, lag time.Duration, now time.Time) map[string]string {
	at := -1
	for i, v := range history {
		if !v.since.After(m.started) {
			at = i
		}
	}
	if now.Sub(m.started) < m.staleFor {
		at = max(at-1, 0)
	} else if !m.frozen {
		for i, v := range history {
			if i > at && !v.since.Add(lag).After(now) {
				at = i
			}
		}
	}
	if at < 0 || at >= len(history) {
		return nil
	}
	return history[at].data
}
