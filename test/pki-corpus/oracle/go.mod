module reroot.dev/pki-corpus

go 1.24
