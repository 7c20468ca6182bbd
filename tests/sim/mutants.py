#!/usr/bin/env python3
"""Would search and simulation notice a broken hand-off? Deliberate faults (faults.py), one at a
time, in copies of the sources of p2p/core; each must be caught.

  mutants.py --build-dir build/release [--only NAME] [--jobs 2] [--charts]

Only the changed file is compiled again, into BUILD/tests/sim/mutants; flblk_search and flblk_sim are
linked with it in the place of the original. Fails where a fault is not caught, and where the text
to change is not in its file exactly once.
"""
import argparse
import concurrent.futures
import os
import re
import shlex
import subprocess
import sys
import time

from faults import FAULTS

HERE = os.path.dirname(os.path.abspath(__file__))
CORE = os.path.join(HERE, "../../p2p/core")


class Build:
    """How the build tree compiles and links."""

    def __init__(self, directory):
        self.directory = os.path.abspath(directory)
        self.out = os.path.join(self.directory, "tests/sim/mutants")
        os.makedirs(self.out, exist_ok=True)
        self.lines = {program: self._ninja(program) for program in ("flblk_search", "flblk_sim")}

    def _ninja(self, program):
        return subprocess.run(["ninja", "-C", self.directory, "-t", "commands", program],
                              capture_output=True, text=True, check=True).stdout.splitlines()

    def _one(self, program, pattern):
        found = [line for line in self.lines[program] if re.search(pattern, line)]
        if len(found) != 1:
            sys.exit(f"mutants: {len(found)} commands for {program} match {pattern}")
        return found[0]

    def program(self, fault, mutated):
        """Builds the catcher with `mutated`, a map of file names to sources; its path."""
        name = fault.catcher[0]
        directory = os.path.join(self.out, fault.name)
        os.makedirs(directory, exist_ok=True)
        objects = []
        for file, source in mutated.items():
            path = os.path.join(directory, file)
            with open(path, "w", encoding="utf-8") as f:
                f.write(source)
            objects.append(self._compile(name, file, path))
        program = os.path.join(directory, name)
        link = self._one(name, f" -o tests/sim/{name} ")
        link = link.replace(f"-o tests/sim/{name} ", f"{' '.join(objects)} -o {program} ")
        subprocess.run(link, shell=True, cwd=self.directory, check=True)
        return program

    def _compile(self, program, file, path):
        args, skip = [], False
        for arg in shlex.split(self._one(program, f"/p2p/core/{re.escape(file)}$")):
            if skip or arg in ("-o", "-MT", "-MF"):
                skip = not skip
            elif arg not in ("-MD", "-g") and not arg.endswith(f"/p2p/core/{file}"):
                args.append(arg)
        out = path[:-len(".cc")] + ".o"
        subprocess.run([*args, "-w", "-O1", "-o", out, path], cwd=self.directory, check=True)
        return out


def mutate(fault):
    """The changed sources; a word of complaint where an edit does not fit."""
    sources = {}
    for file, old, new in fault.edits:
        if file not in sources:
            with open(os.path.join(CORE, file), encoding="utf-8") as f:
                sources[file] = f.read()
        count = sources[file].count(old)
        if count != 1:
            return None, f"the text to change is {count} times in {file}, not once: {old.strip().splitlines()[0]}"
        sources[file] = sources[file].replace(old, new)
    return sources, ""


def verdict(fault, output):
    """What was violated, and how far from the start; None where nothing was."""
    if fault.catcher[0] == "flblk_search":
        found = re.search(r"^(\S+) +(\d+) +\d+ +\d+ +\d+ +(\d+) +[\d.]+  (I\d: .*|a publisher may not publish)$",
                          output, re.M)
        return found and (found[1], f"depth {found[3]}", found[4])
    found = re.search(r"^violated: (.*?) \(and \d+ more\); replay: flblk_sim --replay (\d+)", output, re.M)
    return found and ("simulation", f"seed {found[2]}", found[1])


def judge(build, fault):
    """One line of the table, the whole output, and whether the fault was caught."""
    begin = time.monotonic()
    sources, complaint = mutate(fault)
    if complaint:
        return f"{fault.name:<16} NOT APPLIED: {complaint}", "", False
    program = build.program(fault, sources)
    run = subprocess.run([program, *fault.catcher[1:]], capture_output=True, text=True, check=False, timeout=600)
    took = time.monotonic() - begin
    found = verdict(fault, run.stdout) if run.returncode == 1 else None
    if not found:
        return (f"{fault.name:<16} NOT CAUGHT ({fault.words}) in {took:.1f} s, exit {run.returncode}",
                run.stdout + run.stderr, False)
    by, where, what = found
    return f"{fault.name:<16} {by:<12} {where:<9} {took:6.1f}  {what}", run.stdout, True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build-dir", required=True)
    parser.add_argument("--only", help="one fault")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--charts", action="store_true", help="print the counterexamples")
    options = parser.parse_args()
    build = Build(options.build_dir)
    faults = [f for f in FAULTS if options.only in (None, f.name)]
    if not faults:
        sys.exit(f"mutants: no fault is called '{options.only}'")
    begin = time.monotonic()
    print(f"{'fault':<16} {'caught by':<12} {'where':<9} {'s':>6}  what is violated")
    missed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for line, output, caught in pool.map(lambda f: judge(build, f), faults):
            print(line, flush=True)
            if options.charts or not caught:
                print(output)
            missed += not caught
    print(f"{len(faults)} faults, {missed} not caught, {time.monotonic() - begin:.0f} s")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
