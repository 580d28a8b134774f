package main

import (
	"testing"
	"time"
)

func TestRenewalAtSeventyPercent(t *testing.T) {
	for remaining, want := range map[time.Duration]time.Duration{
		24 * time.Hour: 16*time.Hour + 48*time.Minute, time.Second: 10 * time.Second, 100 * time.Hour: 24 * time.Hour, -time.Hour: 10 * time.Second,
	} {
		if got := renewIn(remaining, 10*time.Second); got != want {
			t.Errorf("%v: got %v, want %v", remaining, got, want)
		}
	}
}
