# SPDX-License-Identifier: GPL-2.0-or-later
"""Every export of planted campaigns, held against the rules of its reader."""
import csv
import glob
import io
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

import jsonschema

BUILD = os.environ.get("O", "build")
KDUEL, PLANT = os.path.abspath(f"{BUILD}/kduel"), os.path.abspath(f"{BUILD}/tests/cli/plant")
PROMTOOL = shutil.which("promtool") or f"{BUILD}/readers/usr/bin/promtool"
COMPARE_PY = "/usr/share/benchmark/compare.py"
HOSTILE = "<b>&\"x'{y}\\n,;#%$_^~|=1+1-2"	# as tests/cli/plant.c has it
CONFIG = """
name: planted
question: Is what was planted found?
seed: 7
blocks: 10
machine: { kind: fake }
guest: { kernel: "6.1", memory: 128M }
arms:
  - { kernel: "6.1", baseline: true }
  - { kernel: "6.1", name: slow-2, cmdline: x=1 }
  - { kernel: "6.1", name: fast, cmdline: x=2 }
cells:
  - { backing: memfd, source: anon-4k, workload: ["null", null-base] }
gates:
  - { cell: "*/null", metric: ns_per_iteration }
  - { cell: "*/null-base", metric: ns_per_iteration }
expect:
  - "null.ns_per_iteration: slow-2 within 1% of 6.1"
"""
ARMS = ["arm.slow-2=1.05", "arm.fast=0.9", "hostile=1"]
bad = 0


def say(text):
    global bad
    bad = 1
    print(text)


def check(ok, text):
    if not ok:
        say(text)


def run(*args, code=0):
    p = subprocess.run(args, capture_output=True, text=True)
    check(code is None or p.returncode == code, f"{' '.join(args)}: exit {p.returncode}, not {code}: {p.stderr}")
    return p.stdout + p.stderr if code else p.stdout


def export(folder, fmt, *args, code=0):
    return run(KDUEL, "export", "--format", fmt, *args, folder, code=code)


def export_of(folder):
    return run(KDUEL, "export", "-t", "effects", folder)


def valid(document, schema, what):
    try:
        jsonschema.Draft202012Validator(schema).validate(document)
    except jsonschema.ValidationError as e:
        say(f"{what}: {e.message} at {list(e.absolute_path)}")


def near(a, b):
    return math.isclose(a, b, rel_tol=1e-9)


def effects(folder):
    return [json.loads(line) for line in export(folder, "ndjson", "-t", "effects").splitlines()]


def check_tables(folder):
    check(export_of(folder) == export(folder, "csv", "-t", "effects"), "export -t effects is csv")
    for table in "iterations", "processes", "boots", "proofs", "effects":
        rows = list(csv.DictReader(io.StringIO(export(folder, "csv", "-t", table)), strict=True))
        lines = [json.loads(x) for x in export(folder, "ndjson", "-t", table).splitlines()]
        check(rows and len(rows) == len(lines), f"{table}: {len(rows)} rows, {len(lines)} lines")
        for row, line in zip(rows, lines):
            check(list(row) == list(line) and None not in row, f"{table}: columns differ")
            for key, value in line.items():
                if isinstance(value, float):
                    check(float(row[key]) == value, f"{table}: {key}: {row[key]}, {value}")
                elif value is None:
                    check(row[key] == "", f"{table}: {key} is null, and '{row[key]}'")
        for row in rows:	# nothing begins a formula
            check(not any(re.match(r"[=+@]|-[^0-9.]", v) for v in row.values()), f"{table}: {row}")
    by = {(e["metric"], e["arm"]): e for e in effects(folder) if e["cell"].endswith("/null")}
    e = by["ns_per_iteration", "slow-2"]
    check(abs(e["effect"] - 0.05) < 0.002 and e["lo"] < e["effect"] < e["hi"], f"planted 5%: {e}")
    check(e["verdict"] == "regressed" and e["gate"] is True and e["n"] == 10, f"planted 5%: {e}")
    check(by["bandwidth", "fast"]["verdict"] == "improved", "a rate that rose is no improvement")
    check(by["tlb_misses", "fast"]["verdict"] == "described", "a count was judged")


def check_tex(folder):
    text = export(folder, "tex")
    body = text.split("\\hline\n")
    check(len(body) == 4 and body[3] == "\\end{tabular}\n", "tex: no three lines across")
    rows = body[2].splitlines()
    check(len(rows) == 16, f"tex: {len(rows)} rows")
    columns = len(re.search(r"\\begin{tabular}{(\w+)}", text).group(1))
    for row in rows:
        plain = re.sub(r"\\textbackslash\{\}|\\text\w+\{\}|\$(<|>|\\vert)\$|\\[&%$#_{}]", "", row)
        check(plain.endswith(" \\\\") and plain.count("&") == columns - 1, f"tex: {row}")
        check(not re.search(r"[%$#_{}^~<>|]", plain), f"tex: not escaped: {plain}")


GITHUB = {
    "type": "array", "minItems": 1, "items": {
        "type": "object", "required": ["name", "unit", "value"], "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "minLength": 1}, "unit": {"type": "string", "minLength": 1},
            "value": {"type": "number"}, "range": {"type": ["string", "number"]},
            "extra": {"type": "string"}}}}


def check_github(folder):
    seen = set()
    for table in "smaller", "bigger":
        values = json.loads(export(folder, "github-action-benchmark", "-t", table))
        valid(values, GITHUB, table)
        names = {v["name"] for v in values}
        check(len(names) == len(values), f"{table}: a name twice")
        check(not names & seen, f"{table}: also in the other direction")
        seen |= names
        check(all((" bandwidth " in n) == (table == "bigger") for n in names), f"{table}: {names}")
    check(not any("tlb_misses" in n for n in seen), "what has no direction is in a file of one")
    check(any(HOSTILE in n for n in seen), "the hostile name is not there")


GOOGLE = {
    "type": "object", "required": ["context", "benchmarks"], "properties": {
        "context": {"type": "object", "required": [
            "date", "host_name", "executable", "num_cpus", "mhz_per_cpu",
            "cpu_scaling_enabled", "caches", "load_avg", "library_build_type"]},
        "benchmarks": {"type": "array", "minItems": 1, "items": {
            "type": "object",
            "required": ["name", "run_name", "run_type", "repetitions", "repetition_index",
                         "threads", "iterations", "real_time", "cpu_time", "time_unit"],
            "properties": {
                "run_type": {"const": "iteration"}, "repetitions": {"const": 10},
                "repetition_index": {"type": "integer", "minimum": 0, "maximum": 9},
                "real_time": {"type": "number", "exclusiveMinimum": 0},
                "time_unit": {"enum": ["ns", "us", "ms", "s"]}}}}}}


def check_google(folder, counted, tmp):
    files = []
    for arm in "6.1", "slow-2":
        files.append(f"{tmp}/{arm}.json")
        export(folder, "google-benchmark", "--arm", arm, "-o", files[-1])
        document = json.load(open(files[-1]))
        valid(document, GOOGLE, "google-benchmark")
        rows = document["benchmarks"]
        check(len(rows) == 20, f"google-benchmark: {len(rows)} rows, not one a boot")
        check(not any("bandwidth" in r["name"] for r in rows), "a rate is written as a time")
    check("the format only knows times" in export(counted, "google-benchmark", code=2),
          "instructions are written as a time")
    if not os.path.exists(COMPARE_PY) or subprocess.run(
            ["/usr/bin/python3", "-c", "import scipy"], capture_output=True).returncode:
        print("not tried: Google Benchmark's compare.py (make deps-readers)")
        return
    out = run("/usr/bin/python3", COMPARE_PY, "--no-color", "benchmarks", *files)
    means = re.findall(r"OVERALL_GEOMEAN +([+-][0-9.]+)", out)
    check(means and abs(float(means[0]) - 0.05) < 0.002, f"compare.py: {out}")
    check("U Test, Repetitions: 10 vs 10" in out, f"compare.py finds no repetitions: {out}")


def check_go(folder, counted):
    """golang.org/design/14313-benchmark-format, and benchfmt's unit lines."""
    for where, unit in (folder, "ns/op"), (counted, "instr/op"):
        text = export(where, "go-bench")
        rows, units = {}, {}
        for line in text.splitlines():
            if line.startswith("Benchmark"):
                f = line.split()
                check(re.fullmatch(r"Benchmark[A-Z]\S*-[0-9]+", f[0]) and len(f) == 4 and
                      f[1] == "1" and float(f[2]) > 0, f"go-bench: {line}")
                rows.setdefault(f[0], []).append((float(f[2]), f[3]))
            elif line.startswith("Unit "):
                f = line.split()
                units[f[1]] = f[2:]
                check(all("=" in x for x in f[2:]), f"go-bench: {line}")
            elif line:
                check(re.match(r"[a-z][^\sA-Z]*: \S", line), f"go-bench: {line}")
        check(all(len(r) == 10 for r in rows.values()), "go-bench: no line a boot")
        check(all(len({u for _, u in r}) == 1 for r in rows.values()), "go-bench: units differ")
        check(unit in units and "better=lower" in units[unit], f"go-bench: {units}")
        check(("assume=exact" in units[unit]) == (where == counted), f"go-bench: {units}")
    check("ns/op" not in text, "go-bench: instructions are written as a time")
    benchstat = shutil.which("benchstat")
    if not benchstat:
        print("not tried: benchstat (golang.org/x/perf/cmd/benchstat)")
        return
    with tempfile.NamedTemporaryFile("w") as f:
        f.write(export(folder, "go-bench"))
        f.flush()
        out = run(benchstat, "-col", "/arm", "-filter", "/metric:ns_per_iteration", f.name)
    check(re.search(r"cell=memfd:anon-4k:null\S*\s.*\+[45]\.[0-9]+% \(p=0\.000 n=10\)", out),
          f"benchstat: {out}")


BMF = {	# bencher.dev/bmf.json, and the length that names may have
    "type": "object", "minProperties": 1, "additionalProperties": {
        "type": "object", "minProperties": 1, "additionalProperties": {
            "type": "object", "required": ["value"], "additionalProperties": False,
            "properties": {k: {"type": "number"} for k in ("value", "lower_value", "upper_value")}}}}


def check_bmf(folder):
    document = json.loads(export(folder, "bmf", "--arm", "fast"))
    valid(document, BMF, "bmf")
    # lib/bencher_valid: lengths in bytes, and nothing to trim
    names = [(m, 64) for b in document.values() for m in b] + [(b, 1024) for b in document]
    check(all(0 < len(n.encode()) <= most and n == n.strip() for n, most in names),
          f"bmf: a name that Bencher refuses: {names}")
    m = document["memfd/anon-4k/null pages=512"]["ns_per_iteration (ns)"]
    check(m["lower_value"] < m["value"] < m["upper_value"] and 88 < m["value"] < 92, f"bmf: {m}")


def openmetrics_strict(text):
    """The rules of the specification that its parsers differ about: families whole and
    once, what the unit makes of a name, escapes in labels, one EOF at the end."""
    check(text.endswith("\n# EOF\n") and text.count("# EOF") == 1, "openmetrics: the end")
    label = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
    family, done, series = None, set(), set()
    for line in text.splitlines()[:-1]:
        if line.startswith("# "):
            what, name, rest = line[2:].split(" ", 2)
            if what == "TYPE":
                check(name not in done and rest == "gauge", f"openmetrics: {line}")
                family = name
                done.add(name)
            check(name == family, f"openmetrics: {line}")
            if what == "UNIT":
                check(name.endswith("_" + rest), f"openmetrics: {line}")
            continue
        m = re.fullmatch(rf"([a-z_]+)\{{({label}(?:,{label})*)\}} (\S+)", line)
        check(m, f"openmetrics: {line}")
        if m:
            check(m.group(1) == family and math.isfinite(float(m.group(3))), f"openmetrics: {line}")
            check((m.group(1), m.group(2)) not in series, f"openmetrics: twice: {line}")
            series.add((m.group(1), m.group(2)))


def check_promtool(texts):
    if not os.path.exists(PROMTOOL):
        print("not tried: promtool (make deps-readers)")
        return
    for text in texts:
        p = subprocess.run([PROMTOOL, "check", "metrics"], input=text, capture_output=True, text=True)
        check(p.returncode == 0 and not p.stdout + p.stderr, f"promtool: {p.stdout}{p.stderr}")


def check_openmetrics(folder, counted, tmp):
    path = f"{tmp}/kduel.prom"
    export(folder, "openmetrics", "-o", path)
    text = open(path, encoding="utf-8").read()
    openmetrics_strict(text)
    check(os.listdir(tmp).count("kduel.prom") == 1 and not glob.glob(f"{tmp}/*tmp*"),
          f"openmetrics: left behind: {os.listdir(tmp)}")
    other = export(counted, "openmetrics")
    openmetrics_strict(other)
    check("kduel_time_seconds" not in other and "kduel_executed_instructions{" in other,
          "openmetrics: instructions are written as a time")
    check_promtool((text, other))
    try:
        from prometheus_client.openmetrics.parser import text_string_to_metric_families as strict
        from prometheus_client.parser import text_string_to_metric_families as older
    except ImportError:
        print("not tried: Prometheus' parsers (Debian python3-prometheus-client)")
        return
    for parse in strict, older:
        samples = [s for f in parse(text) for s in f.samples]
        by = {(s.name, s.labels["arm"]): s for s in samples
              if s.labels.get("cell", "").endswith("/null") and
              s.labels["metric"] == "ns_per_iteration"}
        check(90e-9 < by["kduel_time_seconds", "6.1"].value < 110e-9, "openmetrics: no seconds")
        check(by["kduel_verdict", "slow-2"].labels["verdict"] == "regressed", "openmetrics: verdict")
        check(any(s.labels.get("metric") == HOSTILE for s in samples), "openmetrics: hostile name")


ID = {"type": "string", "pattern": "^[a-z0-9_]+:[^\\0]*$"}
ORIGIN = {"type": "string", "pattern": "^[a-z0-9_]+$"}
TEXT = {"type": "string", "pattern": "^[^\\0]*$"}
TIME = {"type": "string", "pattern": "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(Z|[+-]\\d\\d:\\d\\d)$"}
STATUS = {"enum": ["FAIL", "ERROR", "MISS", "PASS", "DONE", "SKIP"]}
COMMON = {"id": ID, "origin": ORIGIN, "comment": TEXT, "start_time": TIME, "misc": {"type": "object"}}


def kcidb_list(required, **properties):
    return {"type": "array", "items": {
        "type": "object", "required": ["id", "origin"] + required, "additionalProperties": False,
        "properties": {**COMMON, **properties}}}


KCIDB = {	# what schema v5.0 says of the members that are used
    "type": "object", "required": ["version"], "additionalProperties": False, "properties": {
        "version": {"type": "object", "properties": {"major": {"const": 5}, "minor": {"const": 0}},
                    "required": ["major", "minor"], "additionalProperties": False},
        "checkouts": kcidb_list([], valid={"type": "boolean"}),
        "builds": kcidb_list(["checkout_id"], checkout_id=ID, architecture=TEXT, status=STATUS),
        "tests": kcidb_list(
            ["build_id"], build_id=ID, status=STATUS,
            path={"type": "string", "pattern": "^([a-zA-Z0-9_-]+(\\.[a-zA-Z0-9_-]+)*)?$"},
            number={"type": "object", "required": ["value"], "additionalProperties": False,
                    "properties": {"value": {"type": "number"}, "unit": TEXT,
                                   "prefix": {"enum": ["metric", "binary"]}}})}}


def no_nulls(value):
    if isinstance(value, dict):
        return all(no_nulls(v) for v in value.values())
    return all(no_nulls(v) for v in value) if isinstance(value, list) else value is not None


def check_kcidb(folder, counted):
    document = json.loads(export(folder, "kcidb", "--origin", "our_lab"))
    valid(document, KCIDB, "kcidb")
    try:
        from kcidb_io import schema
        check(all(v.is_valid(document) for v in (schema.V5_0, schema.V5_3)) and
              schema.LATEST.is_valid(schema.LATEST.upgrade(json.loads(json.dumps(document)))),
              "kcidb: kcidb-io refuses it")
    except ImportError:
        print("not tried: kcidb-io (no package of Debian's; set PYTHONPATH to its source)")
    check(no_nulls(document), "kcidb: a property is null")
    builds = {b["id"] for b in document["builds"]}
    check(len(builds) == 3 and all(t["build_id"] in builds for t in document["tests"]),
          "kcidb: tests of no build")
    check(len({t["id"] for t in document["tests"]}) == len(document["tests"]), "kcidb: an id twice")
    of = {(t["path"], t["build_id"].split("/")[-1]): t for t in document["tests"]}
    path = "kduel.memfd.anon-4k.null.ns_per_iteration"
    t = of[path, "slow-2"]
    check(t["status"] == "FAIL" and t["misc"]["kduel_verdict"] == "regressed" and
          t["number"]["unit"] == "s" and 100e-9 < t["number"]["value"] < 110e-9, f"kcidb: {t}")
    check(of[path, "fast"]["status"] == "PASS" and of[path, "6.1"]["status"] == "DONE", "kcidb")
    # what is no gate judges nobody
    check(of["kduel.memfd.anon-4k.null.bandwidth", "slow-2"]["status"] == "DONE", "kcidb: rates")
    units = {t["number"].get("unit") for t in json.loads(export(counted, "kcidb"))["tests"]}
    check("instr" in units and "s" not in units, f"kcidb: units of instructions: {units}")
    check("may only contain" in export(folder, "kcidb", "--origin", "Our Lab", code=2), "kcidb")


def check_junitparser(path, numbers):
    try:
        from junitparser import JUnitXml
    except ImportError:
        print("not tried: junitparser (make deps-readers)")
        return
    suite = JUnitXml.fromfile(path)
    check((suite.failures, suite.errors, suite.skipped) == numbers, f"junitparser: {suite}, {numbers}")


def kunit_py():
    """The kernel's own reader, of a source that kduel has unpacked."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    found = sorted(glob.glob(f"{cache}/kduel/sources/*/tree/tools/testing/kunit/kunit.py"))
    return found[0] if found else None


def check_kunit(texts, tmp):
    tool = kunit_py()
    if not tool:
        print("not tried: the kernel's kunit.py (no kernel was built here)")
        return
    for name, (text, outcomes) in texts.items():
        path = f"{tmp}/ktap.txt"
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        p = subprocess.run(["python3", tool, "parse", path], capture_output=True, text=True)
        said = re.search(r"Ran (\d+) tests:(.*)", p.stdout)
        counts = dict((w, int(n)) for w, n in re.findall(r"(\w+): (\d+)", said.group(2))) if said else {}
        wanted = {"passed": outcomes.count("ok"), "failed": outcomes.count("not ok"),
                  "skipped": outcomes.count("SKIP")}
        check(said and counts == {w: n for w, n in wanted.items() if n}, f"kunit.py of {name}: {p.stdout}{p.stderr}")


def check_junit(shapes, tmp):
    texts = {}
    wanted = {	# failures, errors, skipped, cases
        "good": (3, 0, 0, 5), "void": (3, 0, 2, 5), "panic": (1, 2, 0, 5), "one": (0, 0, 5, 5)}
    for name, folder in shapes.items():
        path = f"{tmp}/junit.xml"
        export(folder, "junit", "-o", path)
        if shutil.which("xmllint"):
            run("xmllint", "--noout", "--schema", "tests/cli/junit.xsd", path)
        else:
            print("not tried: xmllint (Debian libxml2-utils)")
        suite = xml.parse(path).getroot()[0]
        cases = suite.findall("testcase")
        counted = tuple(sum(c.find(e) is not None for c in cases)
                        for e in ("failure", "error", "skipped"))
        check(counted == tuple(int(suite.get(a)) for a in ("failures", "errors", "skipped")),
              f"junit {name}: the suite's numbers are not those of its cases")
        check_junitparser(path, counted)
        if name in wanted:
            check(counted + (len(cases),) == wanted[name], f"junit {name}: {counted}, {len(cases)}")
        outcomes = ["not ok" if c.find("failure") is not None or c.find("error") is not None
                    else "SKIP" if c.find("skipped") is not None else "ok" for c in cases]
        texts[name] = export(folder, "ktap"), outcomes
        check(ktap(texts[name][0]) == outcomes, f"ktap {name}: not what JUnit says")
    check_kunit(texts, tmp)


def ktap(text):
    """As the kernel's tools/testing/kunit/kunit_parser.py reads it; outcomes."""
    lines = text.splitlines()
    check(re.fullmatch(r"KTAP version 1", lines[0]), f"ktap: {lines[0]}")
    plan = re.fullmatch(r"\s*1\.\.([0-9]+)", lines[1])
    check(plan, f"ktap: {lines[1]}")
    outcomes = []
    for line in lines[2:]:
        if line.startswith("# "):
            continue
        skip = re.fullmatch(r"\s*(ok|not ok) ([0-9]+) ?(- )?(.*) # SKIP ?(.*)", line)
        m = skip or re.fullmatch(r"\s*(ok|not ok) ([0-9]+) ?(- )?([^#]*)( # .*)?", line)
        check(m and int(m.group(2)) == len(outcomes) + 1 and "#" not in m.group(4), f"ktap: {line}")
        outcomes.append("SKIP" if skip else m.group(1) if m else "")
    check(plan and int(plan.group(1)) == len(outcomes), "ktap: the plan's number")
    return outcomes


def keys_of(schema):
    if isinstance(schema, dict):
        names = set(schema.get("properties", {})) if isinstance(schema.get("properties"), dict) else set()
        return names.union(*(keys_of(v) for v in schema.values()), set())
    return set().union(*map(keys_of, schema)) if isinstance(schema, list) else set()


def check_report_schema(shapes, tmp):
    """docs/report.schema.json: every shape of report fits, what is broken does not,
    and the page beside it has the same keys."""
    schema = json.load(open("docs/report.schema.json", encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    run(KDUEL, "run", "--dir", f"{tmp}/smoke", "configs/smoke.yaml")
    for name, folder in {**shapes, "smoke": f"{tmp}/smoke"}.items():
        report = json.loads(run(KDUEL, "report", "-f", "json", folder, code=None))
        valid(report, schema, f"report.json of {name}")
        if name == "good":
            good = report
        check(report["campaign"]["folder"] == name, f"report.json of {name}: folder")
    with open("tests/golden/report.json", encoding="utf-8") as f:
        valid(json.load(f), schema, "the synthetic report.json")
    result = ("series", 0, "arms", 1, "vs_baseline")
    broken = {"a verdict": (*result, "verdict", "worse"), "p": (*result, "p", 1.5),
              "an effect": (*result, "effect", None), "a plan's hash": ("campaign", "plan_hash", "x"),
              "a version": ("kduel_report", 2), "a kind": ("series", 0, "kind", "instructions"),
              "a layer": ("proof", 0, "layer", "third"), "a value": ("series", 0, "arms", 0, "value", None)}
    for what, (*path, last, value) in broken.items():
        copy = json.loads(json.dumps(good))
        at = copy
        for key in path:
            at = at[key]
        check(last in at, f"{what}: the report has no {last}")
        at[last] = value
        check(not jsonschema.Draft202012Validator(schema).is_valid(copy), f"the schema takes {what}: {value}")
        del at[last]
        check(not jsonschema.Draft202012Validator(schema).is_valid(copy), f"the schema misses no {last}")
    with open("docs/report-format.md", encoding="utf-8") as f:
        page = set(re.findall(r"`([a-z0-9_]+)`", f.read()))
    check(keys_of(schema) <= page, f"docs/report-format.md does not have: {keys_of(schema) - page}")


def main():
    tmp = tempfile.mkdtemp()
    try:
        with open(f"{tmp}/c.yaml", "w", encoding="utf-8") as f:
            f.write(CONFIG)
        shapes = {}
        for name, words in (("good", []), ("counted", ["domain=instructions", "noise=0"]),
                            ("void", ["void=fast"]), ("panic", ["panic=slow-2"]),
                            ("one", ["blocks=1"]), ("differ", ["noise=0.2"])):
            shapes[name] = f"{tmp}/{name}"
            run(PLANT, shapes[name], f"{tmp}/c.yaml", *ARMS, *words)
        good, counted = shapes["good"], shapes["counted"]
        check_tables(good)
        check_tex(good)
        check_github(good)
        check_google(good, counted, tmp)
        check_go(good, counted)
        check_bmf(good)
        check_openmetrics(good, counted, tmp)
        check_kcidb(good, counted)
        check_junit(shapes, tmp)
        check_report_schema(shapes, tmp)
        begun = f"{tmp}/begun"	# killed in its first boot: no time is made up
        shutil.copytree(good, begun)
        whole = open(f"{good}/journal.kdj", "rb").read()
        os.truncate(f"{begun}/journal.kdj", whole.index(b"boot-end"))
        for fmt in "junit", "kcidb":
            check("1970-01-01" not in export(begun, fmt, *(("--origin", "a") if fmt == "kcidb" else ())), f"{fmt}: 1970")
        for folder in shapes.values():	# no format gives up on a campaign that went badly
            for fmt in "json", "tex", "github-action-benchmark", "bmf", "go-bench", "kcidb":
                export(folder, fmt)
        check("did you mean 'junit'?" in export(good, "juint", code=2), "no nearest format")
        check("did you mean 'slow-2'?" in export(good, "bmf", "--arm", "slow2", code=2), "arm")
    finally:
        shutil.rmtree(tmp)
    return bad


sys.exit(main())
