"""Bundles of npm packages for pages in a browser. The packages are those of tests/node."""

from __future__ import annotations

import subprocess

from tests.yjs_peer import NODE

ESBUILD = NODE / "node_modules" / ".bin" / "esbuild"


def can_bundle() -> bool:
    return ESBUILD.exists()


def bundle(source: str, loader: str = "js") -> str:
    """Return one module with a source and its packages. Imports from addresses stay imports."""
    done = subprocess.run(
        [
            *(str(ESBUILD), "--bundle", "--format=esm", f"--loader={loader}"),
            '--define:process.env.NODE_ENV="development"',
            "--log-level=warning",
        ],
        input=source,
        cwd=NODE,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
