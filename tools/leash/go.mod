module reroot/tools/leash

go 1.26.0
