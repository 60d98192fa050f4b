"""The `nap frames` command as a process: lines in, answers out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.unit.sigfox_vectors import of_kinds

NAP = [sys.executable, "-c", "import sys; from nap.cli.app import main; sys.exit(main())"]


def test_answers_come_in_order_and_a_bad_line_stops_nothing() -> None:
    vectors = of_kinds("uplink_offair")
    asked = [json.dumps({**vector, "link": "uplink"}) for vector in vectors]
    asked.insert(1, "not json")
    command = [*NAP, "frames", "decode"]
    done = subprocess.run(
        command, input="\n".join(asked), capture_output=True, text=True, check=True
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert answers.pop(1)["reason"] == "malformed"
    assert [a["payload"] for a in answers] == [v["payload"] for v in vectors]
    assert [a["rank"] for a in answers] == [v["replica"] for v in vectors]


def test_each_answer_comes_before_the_next_question() -> None:
    vector = of_kinds("downlink_offair")[0]
    wanted = {key: vector[key] for key in ("device_id", "nak", "payload")}
    question = json.dumps({"link": "downlink", "seq_number": vector["seq"], **wanted})
    # As most people have it: Python keeps what it writes to a pipe until it is told otherwise.
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([*NAP, "frames", "encode"], text=True, env=buffered, **pipes) as command:
        assert command.stdin is not None
        assert command.stdout is not None
        for _ in range(2):
            command.stdin.write(question + "\n")
            command.stdin.flush()
            assert json.loads(command.stdout.readline())["frame_hex"] == vector["frame_hex"]
        command.stdin.close()
        assert command.wait(timeout=10) == 0


def test_wrong_usage_exits_with_two() -> None:
    done = subprocess.run([*NAP, "frames", "sing"], capture_output=True, check=False)
    assert done.returncode == 2


def test_a_full_disk_behind_stdout_is_told_in_one_line() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*NAP, "frames", "decode"],
            input=b"{}\n",
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == b"nap frames: No space left on device\n"
