"""The scripts of our own pages keep the types in their comments."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from server.http.static_files import ENTRANCES, MODULES
from tests.house import ROOT
from tests.yjs_peer import NODE, has_node

OPTIONS = {
    "strict": True,
    "checkJs": True,
    "allowJs": True,
    "noEmit": True,
    "target": "es2022",
    "module": "esnext",
    "moduleResolution": "bundler",
    "lib": ["es2023", "dom", "dom.iterable"],
    "paths": {f"/sdk/{name}.js": [f"{ROOT}/static/sdk/{name}.js"] for name in ENTRANCES},
}


@pytest.mark.real
@pytest.mark.skipif(not has_node(), reason="no Node.js with the npm modules")
def test_the_scripts_of_our_pages_have_no_wrong_types(tmp_path: Path) -> None:
    names = [*(name for name in MODULES if name != "served"), "reference"]
    folders = [ROOT / "static" / name for name in names]
    files = [str(path) for folder in folders for path in folder.glob("*.js")]
    config = tmp_path / "tsconfig.json"
    config.write_text(json.dumps({"compilerOptions": OPTIONS, "files": files}))
    command = ["node", str(NODE / "node_modules/typescript/bin/tsc"), "-p", str(config)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
