"""A process that is killed in the middle of an update leaves the old store or the new one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import noiseaudit as na
from noiseaudit.pipeline.increment import audit_increment
from noiseaudit.store import container
from noiseaudit.store.state import load, save

DESIGN = na.AuditDesign(case="case", judge="judge", decision="decision", design="panel")
HANGING = """
import sys, time
from pathlib import Path
from noiseaudit.store import container
from noiseaudit.store.state import load, save
place, store = sys.argv[1], Path(sys.argv[2])
def hang(*_, **__):
    print("there", flush=True)
    time.sleep(600)
state = load(store) + load(Path(sys.argv[3]))
with container.locked(store):
    if place == "writing":
        container.np.lib.format.write_array_header_1_0 = hang
    elif place == "flushing":
        container.os.fsync = hang
    else:
        container._settle = hang
    save(state, store)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("place", ["writing", "flushing", "renamed"])
def test_killed_while(place: str, tmp_path: Path) -> None:
    store = tmp_path / "store"
    audit_increment(na.simulate(judges=8, cases=20, seed=1).data, DESIGN, store)
    before = load(store)
    data = na.simulate(judges=8, cases=20, seed=3).data
    more = data.assign(case="more " + data["case"].astype(str))
    audit_increment(more, DESIGN, tmp_path / "more")
    child = subprocess.Popen(
        [sys.executable, "-c", HANGING, place, str(store), str(tmp_path / "more")],
        stdout=subprocess.PIPE,
        cwd=Path(na.__file__).parents[1],
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"there\n"
    with pytest.raises(na.CallError) as refused:
        audit_increment(na.simulate(judges=8, cases=20, seed=2).data, DESIGN, store, wait=0.05)
    assert refused.value.code == "store_busy"
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    new = load(store)
    assert len(new.parts) == (2 if place == "renamed" else 1)
    assert new.parts[:1] == before.parts
    assert new.rows_used == (2 if place == "renamed" else 1) * len(data)
    audit_increment(
        na.simulate(judges=8, cases=20, seed=2).data, DESIGN, store, wait=5
    )  # the lock went with the process
    assert len(load(store).parts) == len(new.parts) + 1
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"store", "store.lock", "more", "more.lock"}


def test_a_disk_that_is_full_leaves_the_old_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = tmp_path / "store"
    audit_increment(na.simulate(judges=8, cases=20, seed=1).data, DESIGN, store)
    good = store.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(container.os, "fsync", full)
    with pytest.raises(na.CallError, match="No space left"):
        save(load(store), store)
    assert store.read_bytes() == good
    assert sorted(path.name for path in tmp_path.iterdir()) == ["store", "store.lock"]
