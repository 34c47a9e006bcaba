"""The same minimal agent for the Python worker."""

import json
import os
import time

from livekit.agents import JobContext, JobProcess, WorkerOptions, cli

OPTIONS = json.loads(os.environ.get("BENCH_OPTIONS", "{}"))


def tell(fact: str, room: str = "") -> None:
    at = time.monotonic_ns() / 1e6
    line = json.dumps({"fact": fact, "at": at, "pid": os.getpid(), "room": room})
    with open(os.environ["BENCH_FACTS"], "a") as facts:
        facts.write(line + "\n")


def prewarm(_proc: JobProcess) -> None:
    tell("warm")


def no_load() -> float:
    return 0.0


async def entry(ctx: JobContext) -> None:
    tell("entry", ctx.job.room.name)
    await ctx.connect()
    tell("connected", ctx.job.room.name)


if __name__ == "__main__":
    # Whatever its limit: the server offers nothing to a worker that tells a load of 0.7.
    limit = {"load_fnc": no_load} if OPTIONS.get("loadLimit") == "none" else {}
    cli.run_app(
        WorkerOptions(
            entrypoint_fnc=entry,
            prewarm_fnc=prewarm,
            agent_name="bench",
            host="127.0.0.1",
            port=OPTIONS["port"],
            num_idle_processes=OPTIONS["numIdleProcesses"],
            **limit,
        )
    )
