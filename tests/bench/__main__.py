"""The benchmarks: `python -m tests.bench [--quick] [name ...]`, as root on Linux; exit status 1 when a goal is missed.

Every number stands beside a reference measured in the same run, as the machine's speed and its other load vary.
"""

from __future__ import annotations

import argparse
import sys

from tests.bench import (
    bench_actions,
    bench_delivery,
    bench_discovery,
    bench_fleet,
    bench_governance,
    bench_growth,
    bench_idle,
    bench_journal,
    bench_latency,
    bench_once,
    bench_runtime,
    bench_scarce,
    bench_soak,
    bench_tools,
    machine,
)
from tests.bench.table import print_table

BENCHES = {
    "once": bench_once.run,
    "latency": bench_latency.run,
    "idle": bench_idle.run,
    "discovery": bench_discovery.run,
    "fleet": bench_fleet.run,
    "runtime": bench_runtime.run,
    "governance": bench_governance.run,
    "journal": bench_journal.run,
    "growth": bench_growth.run,
    "actions": bench_actions.run,
    "delivery": bench_delivery.run,
    "tools": bench_tools.run,
    "soak": bench_soak.run,
    "scarce": bench_scarce.run,
}
_AN_HOUR = {"soak", "scarce"}
"""Only when it is named."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"which ones; default: {' '.join(BENCHES)}")
    parser.add_argument("--quick", action="store_true", help="few repetitions: shows that it runs, not how fast")
    parser.add_argument("--host-processes", action="store_true", help="with process events; needs a quiet machine")
    options = parser.parse_args()
    if unknown := set(options.names) - BENCHES.keys():
        parser.error(f"no benchmark named {', '.join(sorted(unknown))}")
    machine.enter_private_namespaces(processes=not options.host_processes)
    machine.compile_all()
    rows = []
    for name in options.names or [name for name in BENCHES if name not in _AN_HOUR]:
        print(f"{name} …", file=sys.stderr, flush=True)
        rows += BENCHES[name](options.quick)
    print("with process events and the load of others" if options.host_processes else "sweeps only, no process events")
    print_table(rows)
    return 0 if all(row.ok is not False for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
