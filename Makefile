# make run      install what is missing, build, start the demo           (ARGS="--port 10443" for the demo)
# make test     every test there is; the last line counts them
# make build    release build
# make bench    against nginx, HAProxy, Envoy and Caddy
# make fuzz     each fuzz target for SECONDS (60)
# make format   rewrite the sources in the house style

SECONDS ?= 60

.PHONY: run test build bench fuzz format

run: build
	exec .build/release/sallyport demo $(ARGS)

build:
	dev/install build
	swift build -c release --product sallyport

test:
	dev/test

bench:
	dev/install build
	Benchmarks/run

fuzz:
	dev/install build
	Fuzz/run $(SECONDS)

format:
	swift format --in-place --parallel --recursive Sources Tests Package.swift
