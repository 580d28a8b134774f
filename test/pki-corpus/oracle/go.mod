module reroot.dev/pki-corpus

go 1.26.0
