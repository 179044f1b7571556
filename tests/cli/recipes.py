# SPDX-License-Identifier: GPL-2.0-or-later
"""The CI recipes of docs/exports.md, command by command, on the fake machine: no
runner, so what a runner brings is stood in for by programs that say they were called."""
import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

BUILT = os.path.realpath(os.environ.get("O", "build"))
bad = 0


def check(ok, text):
    global bad
    if not ok:
        bad = 1
        print(text)


def block(page, start):
    """The indented lines behind the line that ends with `start`."""
    lines = page[page.index(start) + len(start):].split("\n")[1:]
    while not lines[0]:
        lines.pop(0)
    inside = []
    for line in lines:
        if line and not line.startswith("    "):
            break
        inside.append(line[4:])
    return "\n".join(inside).rstrip() + "\n"


def commands(recipe, mark):
    """What stands behind `mark`, of a step or a script: one line, '|' or '>'."""
    lines, found = recipe.split("\n"), []
    for i, line in enumerate(lines):
        m = re.fullmatch(r"( *)" + mark + r"(.*)", line)
        if not m:
            continue
        text = re.sub(r" {2,}#.*", "", m.group(2))
        if text in ("|", ">"):
            rest = lines[i + 1:]
            end = next((k for k, x in enumerate(rest)
                        if x and len(x) - len(x.lstrip()) <= len(m.group(1))), len(rest))
            text = ("\n" if text == "|" else " ").join(x.strip() for x in rest[:end])
        found.append(text)
    return found


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, mode)


def stand_ins(d):
    for name in "apt-get", "gh", "curl":
        write(f"{d}/bin/{name}", f'#!/bin/sh\necho {name} "$@" >>"{d}/called"\n', 0o755)
    write(f"{d}/bin/make", f'#!/bin/sh\necho make "$@" >>"{d}/called"\nln -s "{BUILT}" kduel/build\n', 0o755)


def repository(page, d):
    """A user's: what the page says it holds, with another machine."""
    ci = block(page, "`ci.yaml`:")
    ci = re.sub(r"machine: .*", "machine: { kind: fake }", ci).replace("clock: instructions\n", "")
    write(f"{d}/ci.yaml", ci)
    write(f"{d}/kernels/6.1-mine.yaml", block(page, "`kernels/6.1-mine.yaml`:"))
    write(f"{d}/patches/mine.patch", "--- a/Makefile\n+++ b/Makefile\n@@ -1 +1 @@\n-a\n+b\n")


def run(d, lines, codes):
    for line in lines:
        p = subprocess.run(["sh", "-ec", line], cwd=d, capture_output=True, text=True,
                           env={**os.environ, **ENV, "PATH": f"{d}/bin:{os.environ['PATH']}", "HOME": d})
        wanted = next((c for word, c in codes.items() if word in line), (0,))
        check(p.returncode in wanted, f"{line}: exit {p.returncode}, not one of {wanted}: {p.stdout}{p.stderr}")


ENV = {"CI_PROJECT_ID": "7", "CI_API_V4_URL": "http://127.0.0.1:1", "CI_MERGE_REQUEST_IID": "3",
       "KDUEL_TOKEN": "none", "CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main",
       "CI_PIPELINE_ID": "1234", "PR": "5"}
# Equal kernels on a busy machine: any verdict may come, and no other end.
VERDICTS = {"kduel verify": (0, 1, 4), "kduel run --dir results ci.yaml": (0, 1, 4)}


def left(d, *files):
    for name in files:
        check(os.path.exists(f"{d}/{name}"), f"no {name}")
    check("6.1-mine" in open(f"{d}/brief.txt", encoding="utf-8").read(), "brief.txt does not name the arm")
    check(xml.parse(f"{d}/junit.xml").getroot()[0].findall("testcase"), "junit.xml has no case")


def check_github(page, tmp):
    d = f"{tmp}/github"
    stand_ins(d)
    repository(page, d)
    os.makedirs(f"{d}/kduel")
    lines = commands(block(page, "### GitHub Actions"), "(?:- )?run: ")
    check(len(lines) == 7, f"GitHub: {len(lines)} steps that run something: {lines}")
    run(d, lines, VERDICTS)
    left(d, "smaller.json", "results/report.html")
    check(json.load(open(f"{d}/smaller.json", encoding="utf-8")), "smaller.json is empty")
    check("gh pr comment 5 --body-file brief.txt" in open(f"{d}/called").read(), "no comment on the pull request")


def check_gitlab(page, tmp):
    d = f"{tmp}/gitlab"
    stand_ins(d)
    repository(page, d)
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@localhost"]
    for name, branch in ("kduel.git", "main"), ("history.git", "history"):
        made = f"{tmp}/{name}.work"
        subprocess.run([*git, "init", "-q", "-b", branch, made], check=True)
        subprocess.run([*git, "-C", made, "commit", "-q", "--allow-empty", "-m", "empty"], check=True)
        subprocess.run([*git, "clone", "-q", "--bare", made, f"{tmp}/{name}"], check=True)
    ENV.update(KDUEL_GIT=f"file://{tmp}/kduel.git", KDUEL_HISTORY=f"{tmp}/history.git")
    job = block(page, "### GitLab CI").split("  artifacts:")[0]
    lines = commands(job[job.index("script:"):], "- ")
    check(len(lines) == 10, f"GitLab: {len(lines)} commands: {lines}")
    run(d, lines, {"kduel verify": (0, 1, 4)})
    left(d, "metrics.txt", "public/index.html", "public/data/index.js")
    check("body@brief.txt" in open(f"{d}/called").read(), "no comment on the merge request")
    kept = subprocess.run(["git", "-C", f"{tmp}/history.git", "ls-tree", "-r", "--name-only", "history"],
                          capture_output=True, text=True).stdout
    check("1234/journal.kdj" in kept, f"the history has no journal: {kept}")


def main():
    page = open("docs/exports.md", encoding="utf-8").read()
    with tempfile.TemporaryDirectory() as tmp:
        check_github(page, tmp)
        check_gitlab(page, tmp)
    sys.exit(bad)


main()
